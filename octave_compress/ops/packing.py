"""Packed models: a whole network in one vector of bytes, as small as its weights allow.

The bytes are ``OCZ``, the version, the first four bytes of the MD5 of all that follows, the
number of bytes in the *bulk* (seven bits a byte, the lowest first), a *stream* of the range
coder, and the bulk. The stream holds the architecture, tables, and small or sparse arrays; the
bulk what is coded in lanes (`rans_encode`) or not at all, in the order in which the stream asks
for it.

An array is its levels, ascending, and for each element which level it has, or its floats as
they are, byte by byte. Each array is coded in every way that suits it, and the shortest is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.equivalence.levels import EXACT
from octave_compress.errors import InvalidTypeError, InvalidValueError, ModelFileError
from octave_compress.model import (
    ACTIVATIONS,
    Dense,
    InputRange,
    Model,
    Quantization,
    bits_for,
    default_activations,
)
from octave_compress.ops.coding import (
    ByteReader,
    Bytes,
    code_lengths,
    han_index,
    huffman_bytes,
    huffman_symbols,
    rans_bytes,
    rans_symbols,
    varint,
)
from octave_compress.ops.network import checked_model
from octave_compress.ops.range_coder import (
    Counts,
    RangeReader,
    Steps,
    get_bytes,
    get_flag,
    get_symbol,
    get_whole,
    new_contexts,
    put_bytes,
    put_flag,
    put_symbol,
    put_whole,
    range_bytes,
)
from octave_compress.ops.sparse_coder import get_sparse, put_sparse

Array = NDArray[Any]

MAGIC = b"OCZ"
VERSION = 1

# Ways to code an array. The first three are in the stream alone.
_DENSE, _SPARSE, _IMAGE, _LANES, _GAPS, _FLOATS, _FLOAT_GAPS, _HUFFMAN = range(8)

# What one file may ask for, so that damage cannot ask for more: see docs of `unpack_model`.
_FREE_ELEMENTS, _ELEMENTS_A_BYTE = 1 << 20, 256
_FREE_SYMBOLS, _SYMBOLS_A_BYTE = 64, 4

_MOST_SYMBOLS = 1 << 15  # of one file in the stream: they go one by one
_MOST_WORK = 1 << 25  # nonzeros times inputs, likewise
_MOST_TABLE = 256  # levels whose table is in the stream
_MOST_LEVELS = 1 << 16
_FILLER = 255  # a gap that is longer than this has no weight at its end


@operation(level=EXACT, returns=("packed",))
def pack_model(
    model: Model,
    *,
    coding: str = "entropy",
    index_bits: int = 5,
    backend: Backend | None = None,
) -> Bytes:
    """Return a model as a vector of bytes, entropy-coded, without loss.

    Every matrix is coded by its distinct values and which of them each weight has (or as plain
    floats where nearly all differ); positions of nonzeros by a model that knows how many a
    neuron has, what its neighbours in a square image have, and what the neurons before it had.
    Small networks are coded symbol by symbol, large ones in lanes.

    All that a prediction needs is inside: weights, biases, activations, the float type, how
    inputs are rounded, and which layers had a mask. Nothing is lost but the sign of zeros and
    the names of the schemes that codes came from.

    Files are smallest if hidden neurons are sorted by their number of incoming nonzeros,
    falling, and those with equally many by the position of the first.

    Parameters
    ----------
    model : Model
        NaN and Inf are refused.
    coding : {"entropy", "huffman"}
        ``"huffman"`` codes weights as Deep Compression does, to compare with: their relative
        index (see `relative_index`) and their levels, 256 at most, each in Huffman's code.
    index_bits : int
        In [1, 8], for ``"huffman"``.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    packed : ndarray of uint8, (bytes,)
        What `unpack_model` takes; ``oc.save("model.ocz", model)`` writes it.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If a weight or bias is not finite, or a layer has too many levels for ``"huffman"``.

    Examples
    --------
    >>> import octave_compress as oc
    >>> packed = pack_model(oc.Model.from_arrays([[[0.5, 0.0, -0.5]]]), backend="numpy")
    >>> packed.size, packed.dtype.name
    (15, 'uint8')
    """
    op = "pack_model"
    checked_model(op, "MODEL", model)
    checks.choice(op, "CODING", coding, ("entropy", "huffman"))
    index_bits = checks.integer(op, "INDEX_BITS", index_bits, "[1, 8]")
    steps = _header(model)
    bulk: list[bytes] = []
    left = _MOST_SYMBOLS - len(model.layers)
    for k, layer in enumerate(model.layers, start=1):
        if coding == "entropy":
            coded = _array(layer.weights, left, layer)
        else:
            coded = _in_huffman(op, k, layer, index_bits)
        left -= coded.symbols
        steps += coded.steps
        bulk += coded.bulk
    coded = _array(np.concatenate([layer.bias for layer in model.layers])[None, :], left)
    steps += coded.steps
    bulk += coded.bulk
    return np.frombuffer(_container(range_bytes(steps), bulk, _elements(model)), np.uint8).copy()


@operation(level=EXACT, returns=("model",))
def unpack_model(packed: ArrayLike, *, backend: Backend | None = None) -> Model:
    """Return the model in the bytes that `pack_model` made.

    Layers whose weights have few distinct values come back with the scheme ``"codebook"``. A
    layer that had a mask has one: it is true where a weight is not zero, so a connection that
    was allowed and zero is pruned afterwards.

    Parameters
    ----------
    packed : array_like of uint8, or bytes
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    model : Model

    Raises
    ------
    ModelFileError
        If the bytes are damaged, of a newer version, or no packed model. Memory is bounded: by
        2^20 weights and 256 more for every byte.

    Examples
    --------
    >>> import octave_compress as oc
    >>> packed = pack_model(oc.Model.from_arrays([[[0.5, 0.0, -0.5]]]), backend="numpy")
    >>> unpack_model(packed, backend="numpy").layers[0].weights
    array([[ 0.5,  0. , -0.5]])
    """
    data = np.asarray(packed, np.uint8).tobytes()
    source = _opened(data)
    try:
        heads, dtype = _read_header(source)
        arrays = [_read_array(source, (head.outputs, head.inputs), dtype) for head in heads]
        sizes = np.cumsum([0, *(head.outputs for head in heads)])
        biases = _read_array(source, (1, int(sizes[-1])), dtype)
        source.finish()
        if not all(np.isfinite(array.values).all() for array in (*arrays, biases)):
            raise _damaged("a weight is not finite")
        return Model(
            tuple(
                Dense(
                    array.values,
                    biases.values[0, sizes[i] : sizes[i + 1]],
                    head.activation,
                    array.values != 0 if head.has_mask else None,
                    array.quantization,
                    head.input_range,
                )
                for i, (head, array) in enumerate(zip(heads, arrays, strict=True))
            )
        )
    except (InvalidTypeError, InvalidValueError) as error:
        raise _damaged(str(error)) from error


@operation(level=EXACT, returns=("sizes",))
def count_huffman_model(
    model: Model, *, index_bits: int = 5, backend: Backend | None = None
) -> NDArray[np.float64]:
    """Return how many bits Deep Compression's own count gives to a model's weights.

    It counts the weights, their relative index and the codebook (32 bits a level), and neither
    biases nor the lengths of the codes, which a file needs: see ``pack_model(coding="huffman")``.

    Parameters
    ----------
    model : Model
        With 256 levels a layer at most.
    index_bits : int
        In [1, 8].
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    sizes : ndarray, (layers, 6)
        Entries (nonzeros and fillers); bits of the weights and of the index before Huffman's
        code; bits of both in it; bits of the codebook.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If a weight is not finite, or a layer has too many levels.

    Examples
    --------
    >>> import octave_compress as oc
    >>> model = oc.Model.from_arrays([[[0.5, 0.0, -0.5, 0.5]]])
    >>> count_huffman_model(model, index_bits=2, backend="numpy")
    array([[ 3.,  3.,  6.,  3.,  3., 64.]])
    """
    op = "count_huffman_model"
    checked_model(op, "MODEL", model)
    index_bits = checks.integer(op, "INDEX_BITS", index_bits, "[1, 8]")
    sizes = np.zeros((len(model.layers), 6))
    for k, layer in enumerate(model.layers, start=1):
        levels, codes, index = _han_entries(op, k, layer, index_bits)
        kinds = len(np.unique(codes))
        plain = len(codes) * np.array([1, bits_for(max(kinds, 1)), index_bits])
        nonzero = np.count_nonzero(levels)
        sizes[k - 1] = [*plain, _huffman_bits(codes), _huffman_bits(index), 32 * nonzero]
    return sizes


def _huffman_bits(symbols: Array) -> float:
    counts = np.bincount(symbols, minlength=1)
    return float((counts * code_lengths(counts.astype(np.float64)).astype(np.int64)).sum())


def _damaged(why: str) -> ModelFileError:
    return ModelFileError(f"unpack_model: PACKED is damaged ({why})")


# The container


def _container(stream: bytes, bulk: list[bytes], elements: int) -> bytes:
    body = b"".join(bulk)
    promised = -(-max(0, elements - _FREE_ELEMENTS) // _ELEMENTS_A_BYTE)
    body += bytes(max(0, promised - len(body) - len(stream)))
    rest = varint(len(body)) + stream + body
    return MAGIC + bytes([VERSION]) + hashlib.md5(rest, usedforsecurity=False).digest()[:4] + rest


class _Source:
    """The stream and the bulk of a file, and what may still be read from them."""

    def __init__(self, size: int, stream: bytes, bulk: bytes) -> None:
        self.reader = RangeReader(stream)
        self.elements = _FREE_ELEMENTS + _ELEMENTS_A_BYTE * size
        self.symbols = min(_SYMBOLS_A_BYTE * size, _MOST_SYMBOLS) + _FREE_SYMBOLS
        self._bulk = bulk
        self._at = 0

    def spend(self, symbols: int) -> None:
        """Count symbols of the stream."""
        self.symbols -= symbols
        if self.symbols < 0:
            raise _damaged("more symbols than bytes can hold")

    def block(self, size: int) -> bytes:
        """Return the next bytes of the bulk."""
        if size > len(self._bulk) - self._at:
            raise _damaged("it ends too early")
        self._at += size
        return self._bulk[self._at - size : self._at]

    def finish(self) -> None:
        """Require that nothing is left."""
        if not self.reader.is_done or self._bulk[self._at :].strip(b"\0"):
            raise _damaged("bytes are left at its end")


def _opened(data: bytes) -> _Source:
    if data[:3] != MAGIC or len(data) < 9:
        raise ModelFileError("unpack_model: PACKED is not a packed model")
    if data[3] != VERSION:
        text = f"unpack_model: PACKED has version {data[3]}, this package reads {VERSION}"
        raise ModelFileError(text)
    if hashlib.md5(data[8:], usedforsecurity=False).digest()[:4] != data[4:8]:
        raise _damaged("its checksum is wrong")
    rest = ByteReader("unpack_model", data[8:])
    size = rest.varint()
    stream = rest.take(rest.left - size)
    return _Source(len(data), stream, rest.take(size))


# The architecture


@dataclass(frozen=True)
class _Head:
    inputs: int
    outputs: int
    activation: str
    has_mask: bool
    input_range: InputRange | None


def _elements(model: Model) -> int:
    return sum(layer.weights.size + layer.bias.size for layer in model.layers)


def _header(model: Model) -> Steps:
    steps: Steps = []
    contexts = new_contexts()
    put_flag(steps, model.dtype == np.float64)
    put_whole(steps, contexts, len(model.layers) - 1)
    put_whole(steps, contexts, model.sizes[0])
    usual = default_activations(len(model.layers))
    for layer, expected in zip(model.layers, usual, strict=True):
        put_whole(steps, contexts, layer.outputs)
        kind = ACTIVATIONS.index(layer.activation) - ACTIVATIONS.index(expected)
        put_whole(steps, contexts, kind % len(ACTIVATIONS))
        put_flag(steps, layer.mask is not None)
        put_flag(steps, layer.input_range is not None)
        if layer.input_range is not None:
            ends = [layer.input_range.scale, layer.input_range.zero_point]
            put_bytes(steps, np.array(ends, "<f8").tobytes())
            put_whole(steps, contexts, layer.input_range.bits)
    return steps


def _read_header(source: _Source) -> tuple[list[_Head], np.dtype[Any]]:
    reader, contexts = source.reader, new_contexts()
    dtype = np.dtype(np.float64 if get_flag(reader) else np.float32)
    count = get_whole(reader, contexts) + 1
    source.spend(count)
    inputs = get_whole(reader, contexts)
    heads = []
    for expected in default_activations(count):
        outputs = get_whole(reader, contexts)
        source.elements -= outputs * (inputs + 1)
        if source.elements < 0:
            raise _damaged("more weights than bytes can hold")
        kind = get_whole(reader, contexts) + ACTIVATIONS.index(expected)
        has_mask = get_flag(reader)
        input_range = None
        if get_flag(reader):
            scale, zero_point = np.frombuffer(get_bytes(reader, 16), "<f8").tolist()
            input_range = InputRange(scale, zero_point, get_whole(reader, contexts))
        activation = ACTIVATIONS[kind % len(ACTIVATIONS)]
        heads.append(_Head(inputs, outputs, activation, has_mask, input_range))
        inputs = outputs
    return heads, dtype


# One array


@dataclass(frozen=True)
class _Coded:
    """An array in one of the ways to code it."""

    steps: Steps
    bulk: list[bytes]
    symbols: int = 0  # that are read one by one

    @cached_property
    def size(self) -> int:
        return len(range_bytes(self.steps)) + sum(map(len, self.bulk))


@dataclass(frozen=True)
class _Values:
    """An array that was read, and how it is held if that is by a codebook."""

    values: Array
    quantization: Quantization | None


def _array(values: Array, left: int, layer: Dense | None = None) -> _Coded:
    """Return the shortest coding of a matrix, with at most `left` symbols one by one."""
    if values.size == 0:
        return _Coded([], [])
    ways = []
    held = None if layer is None else layer.quantization
    found = _levels_and_codes(values, held, layer is not None and layer.mask is not None)
    if found is not None:
        levels, codes = found
        if len(levels) <= _MOST_TABLE:
            ways += _in_stream(levels, codes, left)
        if len(levels) <= max(_MOST_TABLE, values.size // 2):
            ways.append(_in_lanes(levels, codes))
    if found is None or 4 * len(found[0]) > values.size:
        ways.append(_as_floats(values + 0))
    return min(ways, key=lambda way: way.size)  # the first of equals


def _in_stream(levels: Array, codes: Array, left: int) -> list[_Coded]:
    """Return the ways to code symbol by symbol, those that are worth it."""
    ways = []
    zero = int(np.searchsorted(levels, 0))
    has_zero = zero < len(levels) and levels[zero] == 0
    nonzeros = int(np.count_nonzero(codes != zero)) if has_zero else codes.size
    rows, columns = codes.shape
    if len(levels) == 1:
        return [_way(_DENSE, levels, [], 0)]
    if 2 * nonzeros >= codes.size and codes.size <= left:
        ways.append(_way(_DENSE, levels, _put_dense(codes, len(levels)), codes.size))
    if has_zero and nonzeros + rows <= left and nonzeros * columns <= _MOST_WORK:
        width = _width(columns)
        if width > 0 and not _is_clustered(codes != zero, width):
            width = 0
        steps = put_sparse(codes, zero, len(levels), width)
        kind = _IMAGE if width > 0 else _SPARSE
        ways.append(_way(kind, levels, steps, nonzeros + rows))
    # A reader gives up where a file has more symbols than this.
    return [way for way in ways if way.symbols <= _SYMBOLS_A_BYTE * way.size]


def _way(kind: int, levels: Array, steps: Steps, symbols: int) -> _Coded:
    out: Steps = [(kind, 1, 8)]
    _put_table(out, levels)
    return _Coded(out + steps, [], symbols)


def _width(columns: int) -> int:
    """Return the width of the square image that the inputs may be, or 0."""
    width = int(np.sqrt(columns))
    return width if width * width == columns and width > 3 else 0


def _is_clustered(mask: NDArray[np.bool_], width: int) -> bool:
    """Return whether nonzeros of a neuron stand above each other in the image clearly more often
    than by chance."""
    pairs = np.count_nonzero(mask[:, :-width] & mask[:, width:])
    counts = mask.sum(axis=1)
    return bool(2 * mask.shape[1] * pairs > 3 * (counts * (counts - 1)).sum())


def _gain(symbols: int) -> int:
    """Return by how much a symbol's weight grows each time that it is met."""
    return 2 + symbols // 8


def _put_dense(codes: Array, levels: int) -> Steps:
    steps: Steps = []
    weights, step = np.ones(levels, np.int64), _gain(levels)
    for code in codes.ravel().tolist():
        put_symbol(steps, weights, code)
        weights[code] += step
    return steps


def _get_dense(reader: RangeReader, size: tuple[int, int], levels: int) -> Array:
    weights, step = np.ones(levels, np.int64), _gain(levels)
    codes = np.zeros(size[0] * size[1], np.uint8)
    if levels > 1:
        for i in range(len(codes)):
            codes[i] = get_symbol(reader, weights)
            weights[codes[i]] += step
    return codes.reshape(size)


def _in_lanes(levels: Array, codes: Array) -> _Coded:
    zero = int(np.searchsorted(levels, 0))
    has_zero = zero < len(levels) and levels[zero] == 0
    flat = codes.ravel()
    differ = flat != zero
    is_sparse = has_zero and 4 * np.count_nonzero(differ) <= len(flat)
    steps: Steps = [(_GAPS if is_sparse else _LANES, 1, 8)]
    contexts = new_contexts()
    bulk: list[bytes] = []
    put_flag(steps, len(levels) <= _MOST_TABLE)
    if len(levels) <= _MOST_TABLE:
        _put_table(steps, levels)
    else:
        put_whole(steps, contexts, len(levels))
        _put_planes(steps, bulk, contexts, levels)
    if is_sparse:
        _put_gaps(steps, bulk, contexts, np.flatnonzero(differ))
        flat = flat[differ]
    wide = "<u1" if len(levels) <= _MOST_TABLE else "<u2"
    _put_planes(steps, bulk, contexts, flat.astype(wide))
    return _Coded(steps, bulk)


def _han_entries(op: str, number: int, layer: Dense, bits: int) -> tuple[Array, Array, Array]:
    """Return the levels of a layer, and the codes and relative index of its entries."""
    if layer.weights.size == 0:
        return np.zeros(0), np.zeros(0, np.uint8), np.zeros(0, np.uint8)
    found = _levels_and_codes(layer.weights, layer.quantization, layer.mask is not None)
    if found is None or len(found[0]) > _MOST_TABLE:
        checks.value_error(op, f"layer {number} of MODEL", f"have at most {_MOST_TABLE} levels")
    levels, codes = found
    flat = codes.ravel()
    index = han_index(np.flatnonzero(levels[flat]), bits)
    return levels, flat[np.cumsum(index + 1) - 1].astype(np.uint8), index.astype(np.uint8)


def _in_huffman(op: str, number: int, layer: Dense, bits: int) -> _Coded:
    levels, codes, index = _han_entries(op, number, layer, bits)
    if layer.weights.size == 0:
        return _Coded([], [])
    steps: Steps = [(_HUFFMAN, 1, 8)]
    contexts = new_contexts()
    _put_table(steps, levels)
    bulk = [huffman_bytes(index), huffman_bytes(codes)]
    for value in (len(index), len(bulk[0]), len(bulk[1])):
        put_whole(steps, contexts, value)
    return _Coded(steps, bulk)


def _get_huffman(source: _Source, levels: int, zero: int, count: int) -> Array:
    contexts = new_contexts()
    entries, *sizes = (get_whole(source.reader, contexts) for _ in range(3))
    if entries > count:
        raise _damaged("more gaps than weights")
    index, codes = (huffman_symbols("unpack_model", source.block(size), entries) for size in sizes)
    at = np.cumsum(index.astype(np.int64) + 1) - 1
    if entries and at[-1] >= count:
        raise _damaged("a gap is too long")
    if (entries < count and zero < 0) or (entries and codes.max() >= levels):
        raise _damaged("a level is missing")
    result = np.full(count, max(zero, 0), np.uint8)
    result[at] = codes
    return result


def _as_floats(values: Array) -> _Coded:
    flat = values.ravel()
    at = np.flatnonzero(flat)
    is_sparse = 4 * len(at) <= len(flat)
    steps: Steps = [(_FLOAT_GAPS if is_sparse else _FLOATS, 1, 8)]
    contexts = new_contexts()
    bulk: list[bytes] = []
    if is_sparse:
        _put_gaps(steps, bulk, contexts, at)
        flat = flat[at]
    _put_planes(steps, bulk, contexts, flat)
    return _Coded(steps, bulk)


def _read_array(source: _Source, size: tuple[int, int], dtype: np.dtype[Any]) -> _Values:
    """Return an array of `size`."""
    count = size[0] * size[1]
    if count == 0:
        return _Values(np.zeros(size, dtype), None)
    reader, contexts = source.reader, new_contexts()
    kind = reader.target(8)
    reader.take(kind, 1)
    if kind in (_FLOATS, _FLOAT_GAPS):
        if kind == _FLOATS:
            return _Values(_get_planes(source, contexts, dtype, count).reshape(size), None)
        at = _get_gaps(source, contexts, count)
        values = np.zeros(count, dtype)
        values[at] = _get_planes(source, contexts, dtype, len(at))
        return _Values(values.reshape(size), None)
    if kind in (_LANES, _GAPS) and not get_flag(reader):
        levels_count = get_whole(reader, contexts)
        if not _MOST_TABLE < levels_count <= _MOST_LEVELS:
            raise _damaged("too many levels")
        levels = _get_planes(source, contexts, dtype, levels_count)
    else:
        levels = _get_table(reader, dtype)
    if not np.isfinite(levels).all() or (np.diff(levels) <= 0).any():
        raise _damaged("its levels are wrong")
    zero = int(np.searchsorted(levels, 0))
    if kind in (_SPARSE, _IMAGE, _GAPS) and (zero == len(levels) or levels[zero] != 0):
        raise _damaged("no level is zero")
    if kind == _DENSE:
        if len(levels) > 1:
            source.spend(count)
        codes = _get_dense(reader, size, len(levels))
    elif kind in (_SPARSE, _IMAGE):
        source.spend(size[0])
        width = _width(size[1]) if kind == _IMAGE else 0
        if kind == _IMAGE and width == 0:
            raise _damaged("the inputs are no image")
        codes = get_sparse(reader, size, zero, len(levels), width, source.symbols)
        source.spend(int(np.count_nonzero(codes != zero)))
    elif kind == _HUFFMAN:
        has_zero = zero < len(levels) and levels[zero] == 0
        codes = _get_huffman(source, len(levels), zero if has_zero else -1, count).reshape(size)
    else:
        wide = np.dtype("<u1" if len(levels) <= _MOST_TABLE else "<u2")
        if kind == _GAPS:
            at = _get_gaps(source, contexts, count)
            codes = np.full(count, zero, wide)
            codes[at] = _get_planes(source, contexts, wide, len(at))
        else:
            codes = _get_planes(source, contexts, wide, count)
        codes = codes.reshape(size)
        if codes.max() >= len(levels):
            raise _damaged("a level is missing")
    quantization = Quantization.shared(codes, levels)
    return _Values(levels[codes], quantization)


# Levels


def _levels_and_codes(
    values: Array, quantization: Quantization | None, is_masked: bool
) -> tuple[Array, Array] | None:
    """Return the distinct values, ascending, and which one each element has.

    None if there are too many.
    """
    if quantization is not None and quantization.codebook is not None:
        found = _levels_in_use(quantization.codebook[0], quantization.codes)
        # The codes were checked to stand for the weights; but a mask may have made zeros.
        if not is_masked or np.array_equal(found[0][found[1]], values):
            return found
    flat = values.ravel()
    levels = np.unique(flat[:_MOST_LEVELS]) + 0
    while True:
        if len(levels) > _MOST_LEVELS:
            return None
        codes = np.minimum(np.searchsorted(levels, flat), len(levels) - 1)
        missing = flat[levels[codes] != flat]
        if missing.size == 0:
            return levels, codes.reshape(values.shape)
        levels = np.union1d(levels, missing[:_MOST_LEVELS] + 0)


def _levels_in_use(codebook: Array, codes: Array) -> tuple[Array, Array]:
    """Return the levels that some code points to, each once, and codes that point into them."""
    used = np.flatnonzero(np.bincount(codes.ravel(), minlength=len(codebook)))
    levels, place = np.unique(codebook[used], return_inverse=True)
    if len(levels) == len(codebook):
        return levels + 0, codes
    lookup = np.zeros(len(codebook), codes.dtype)
    lookup[used] = place
    return levels + 0, lookup[codes]


def _put_table(steps: Steps, levels: Array) -> None:
    """Add at most 256 ascending levels: as multiples of a power of two, or as they are."""
    put_whole(steps, new_contexts(), len(levels) - 1)
    found = _multiples(levels.astype(np.float64))
    put_flag(steps, found is not None)
    if found is None:
        put_bytes(steps, levels.astype(levels.dtype.newbyteorder("<")).tobytes())
        return
    numbers, exponent = found
    contexts = new_contexts()
    put_whole(steps, new_contexts(), 2 * abs(exponent) - (exponent < 0))
    put_whole(steps, new_contexts(), 2 * abs(numbers[0]) - (numbers[0] < 0))
    for before, number in pairwise(numbers):
        put_whole(steps, contexts, number - before - 1)


def _get_table(reader: RangeReader, dtype: np.dtype[Any]) -> Array:
    count = get_whole(reader, new_contexts()) + 1
    if count > _MOST_TABLE:
        raise _damaged("too many levels")
    if not get_flag(reader):
        raw = get_bytes(reader, count * dtype.itemsize)
        return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype)
    exponent = _signed(get_whole(reader, new_contexts()))
    numbers = [_signed(get_whole(reader, new_contexts()))]
    contexts = new_contexts()
    for _ in range(count - 1):
        numbers.append(numbers[-1] + get_whole(reader, contexts) + 1)
    if abs(exponent) > 1000 or max(map(abs, numbers)) > 1 << 52:
        raise _damaged("a level is too large")
    levels = np.array(numbers, np.float64) * 2.0**exponent
    return levels.astype(dtype)


def _signed(number: int) -> int:
    return -(number + 1) // 2 if number % 2 else number // 2


def _multiples(levels: NDArray[np.float64]) -> tuple[list[int], int] | None:
    """Return the whole numbers and the largest exponent with ``numbers * 2.0**exponent``."""
    fractions, exponents = np.frexp(levels[levels != 0])
    if fractions.size == 0:
        return [0], 0
    numbers = fractions * 2.0**53
    lowest = exponents.astype(np.int64) - 53
    for _ in range(53):
        even = np.mod(numbers, 2) == 0
        numbers = np.where(even, numbers / 2, numbers)
        lowest = lowest + even
    exponent = int(lowest.min())
    if abs(exponent) > 1000:
        return None
    scaled = levels / 2.0**exponent
    if np.abs(scaled).max() > 2.0**52:
        return None
    return [int(x) for x in scaled.tolist()], exponent


# Gaps, and bytes in planes


def _put_gaps(steps: Steps, bulk: list[bytes], contexts: Counts, at: Array) -> None:
    """Add ascending positions as the gaps before them, with fillers where they are long."""
    gaps = np.diff(at, prepend=-1) - 1
    fillers = gaps // _FILLER
    ends = np.cumsum(fillers + 1)
    symbols = np.full(int(ends[-1]) if len(ends) else 0, _FILLER, np.uint8)
    symbols[ends - 1] = gaps % _FILLER
    put_whole(steps, contexts, len(symbols))
    _put_planes(steps, bulk, contexts, symbols)


def _get_gaps(source: _Source, contexts: Counts, count: int) -> Array:
    size = get_whole(source.reader, contexts)
    if size > count:
        raise _damaged("more gaps than weights")
    symbols = _get_planes(source, contexts, np.dtype(np.uint8), size)
    is_weight = symbols != _FILLER
    steps = symbols.astype(np.int64) + is_weight
    at: Array = np.cumsum(steps)[is_weight] - 1
    if len(at) and at[-1] >= count:
        raise _damaged("a gap is too long")
    return at


def _put_planes(steps: Steps, bulk: list[bytes], contexts: Counts, values: Array) -> None:
    """Add numbers byte by byte: their lowest bytes first, then the next ones."""
    width = values.dtype.itemsize
    little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False))
    planes = little.view(np.uint8).reshape(-1, width)
    for i in range(width):
        plane = np.ascontiguousarray(planes[:, i])
        coded = rans_bytes(plane)
        is_shorter = len(coded) < len(plane)
        put_flag(steps, is_shorter)
        if is_shorter:
            put_whole(steps, contexts, len(coded))
        bulk.append(coded if is_shorter else plane.tobytes())


def _get_planes(source: _Source, contexts: Counts, dtype: np.dtype[Any], count: int) -> Array:
    planes = np.zeros((count, dtype.itemsize), np.uint8)
    for i in range(dtype.itemsize):
        if get_flag(source.reader):
            coded = source.block(get_whole(source.reader, contexts))
            planes[:, i] = rans_symbols("unpack_model", coded, count)
        else:
            planes[:, i] = np.frombuffer(source.block(count), np.uint8)
    return planes.reshape(-1).view(dtype.newbyteorder("<")).astype(dtype)
