"""Values on their way to Octave and back, in Octave's own binary format, without loss.

Octave's ``load`` and ``save -binary`` read and write this format in compiled code, for every
class that they know and with every bit as it is in memory; this module is the other side.

==========================================  ===============================================
Python                                      Octave
==========================================  ===============================================
bool, array of bool                         logical
NumPy integers, 8 to 64 bits                the integer class of that width
np.float32, np.float64                      single, double
complex64, complex128                       single complex, double complex
int, float, complex                         double; an int beyond 2**53 is refused
str                                         char row (its UTF-8 bytes); ``""`` is 0x0
dict with plain names as keys               scalar struct
list, tuple                                 row of cells
array of objects                            cell array of that shape
StructArray: an array of dicts              struct array
SciPy sparse, of bool, float64, complex128  sparse logical, double, complex
callable (as an argument itself)            function handle that calls it
==========================================  ===============================================

A 0-D array is 1x1 and a 1-D array a row; memory order and byte order do not matter. On the way
back a 1x1 number is a NumPy scalar of its own type, everything else keeps its shape; ranges,
diagonal and permutation matrices are full; a row of cells (and 0x0 ones) is a list and any other
cell an array of objects; char with several rows is a list of str. Bytes of char that are no UTF-8
become lone surrogates, as in Python's own file names. Sparse matrices hold no zeros.

Octave itself keeps a result as complex only while its imaginary part has something to say.

What cannot cross faithfully raises :class:`~octave_compress.errors.InvalidTypeError`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octave_compress.errors import InvalidTypeError, OctaveDiedError
from octave_compress.structs import StructArray

Array = NDArray[Any]
Chunk = bytes | Array
"""A piece of a file: bytes as they are, or an array whose elements follow in column-major order."""

# Lengths are 32-bit in the format.
LARGEST = 2**31 - 1
# Octave can name any number of elements that take no bytes: fields of no value, rows of no width.
_MOST_EMPTY = 1 << 20


@dataclass(frozen=True)
class Mark:
    """Stands for an argument that does not travel: ``ocx_respond.m`` resolves it by its number."""

    name: str
    number: int


_HEADER = b"Octave-1-L\0"
_ELEMENT = b"<cell-element>"
_ELEMENT_START = struct.pack("<i", len(_ELEMENT)) + _ELEMENT + b"\0\0\0\0\0\xff"
_WHOLE = struct.Struct("<i")
_FLOAT_TAG = {"f4": b"\x06", "f8": b"\x07", "c8": b"\x06", "c16": b"\x07"}
_PREFIX = {"f4": "float ", "f8": "", "c8": "float complex ", "c16": "complex ", "b1": "bool "}
_KNOWN = {
    **{f"{sign}{size}": np.dtype(f"<{sign}{size}") for sign in "iu" for size in (1, 2, 4, 8)},
    **{name: np.dtype(f"<{name}") for name in ("f4", "f8", "c8", "c16")},
    "b1": np.dtype(bool),
}
# Of the tags that may stand before the numbers of a float array; Octave 7 uses the last two.
_TAGGED = dict(
    enumerate(np.dtype(f"<{t}") for t in ("u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8"))
)


def encode(
    values: Sequence[Any], callbacks: list[Callable[..., Any]], largest: int = LARGEST
) -> list[Chunk]:
    """Return the pieces of a file that holds `values` as a row of cells called ``args``.

    Callables among them are added to `callbacks` and sent by number.
    """
    chunks: list[Chunk] = [_HEADER, _variable(b"args", "cell"), _dimensions((1, len(values)))]
    for value in values:
        if callable(value) and not isinstance(value, np.generic | np.ndarray):
            callbacks.append(value)
            value = Mark("ocx_callback_", len(callbacks))
        if isinstance(value, Mark):
            value = {value.name: float(value.number)}
        elif isinstance(value, Mapping) and any(str(key).startswith("ocx_") for key in value):
            raise InvalidTypeError(
                "a dict with a key that begins with ocx_ cannot be an argument itself: "
                "the session means something of its own by it"
            )
        try:
            _encode(value, _ELEMENT, chunks, largest)
        except RecursionError:
            raise InvalidTypeError(
                "a value that contains itself, or is nested too deep, cannot cross to Octave"
            ) from None
    return chunks


def encode_variables(**values: Any) -> list[Chunk]:
    """Return further pieces of a file: variables of these names."""
    chunks: list[Chunk] = []
    for name, value in values.items():
        _encode(value, name.encode(), chunks, LARGEST)
    return chunks


def _variable(name: bytes, kind: str) -> bytes:
    text = kind.encode()
    start = struct.pack("<i", len(name)) + name + b"\0\0\0\0\0\xff"
    return start + struct.pack("<i", len(text)) + text


def _dimensions(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f"<{len(shape) + 1}i", -len(shape), *shape)


def _shape(array: Array) -> tuple[int, ...]:
    """Return the shape that an array has in Octave: two dimensions or more, no ones at the end."""
    shape = array.shape if array.ndim >= 2 else (1, array.size)
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _encode(value: Any, name: bytes, chunks: list[Chunk], largest: int) -> None:
    if isinstance(value, str):
        _encode_text(value, name, chunks)
    elif type(value).__module__.startswith("scipy.sparse."):  # one of them is a dict too
        _encode_sparse(value, name, chunks, largest)
    elif isinstance(value, Mapping):
        chunks.append(_variable(name, "scalar struct") + struct.pack("<i", len(value)))
        for key, item in value.items():
            _encode(item, _field(key), chunks, largest)
    elif isinstance(value, list | tuple):
        _encode_cell(value, (1, len(value)), name, chunks, largest)
    elif isinstance(value, StructArray):
        _encode_struct_array(value, name, chunks, largest)
    elif isinstance(value, np.ndarray) and value.dtype == object and not np.ma.isMA(value):
        _encode_cell(value.ravel(order="F"), _shape(value), name, chunks, largest)
    else:
        _encode_array(value, name, chunks, largest)


def _field(key: Any) -> bytes:
    if not (isinstance(key, str) and key.isascii() and key.isidentifier()):
        raise InvalidTypeError(
            f"a dict with the key {key!r} cannot become an Octave struct: keys must be plain names"
        )
    return key.encode()


def _encode_cell(
    items: Any, shape: tuple[int, ...], name: bytes, chunks: list[Chunk], largest: int
) -> None:
    chunks.append(_variable(name, "cell") + _dimensions(shape))
    for item in items:
        _encode(item, _ELEMENT, chunks, largest)


def _encode_struct_array(
    value: StructArray, name: bytes, chunks: list[Chunk], largest: int
) -> None:
    shape = _shape(value)
    items = value.ravel(order="F").tolist()
    keys = list(items[0]) if items and isinstance(items[0], Mapping) else []
    if not all(isinstance(item, Mapping) and item.keys() == set(keys) for item in items):
        raise InvalidTypeError("the elements of a StructArray must be dicts with the same keys")
    chunks.append(_variable(name, "struct") + _dimensions(shape) + struct.pack("<i", len(keys)))
    for key in keys:
        _encode_cell([item[key] for item in items], shape, _field(key), chunks, largest)


def _encode_text(value: str, name: bytes, chunks: list[Chunk]) -> None:
    try:
        data = value.encode()
    except UnicodeEncodeError as error:
        raise InvalidTypeError(
            f"text with a lone surrogate cannot cross to Octave, whose text is UTF-8 ({error})"
        ) from None
    shape = (1, len(data)) if data else (0, 0)
    chunks.append(_variable(name, "sq_string") + _dimensions(shape) + data)


def _encode_array(value: Any, name: bytes, chunks: list[Chunk], largest: int) -> None:
    if isinstance(value, np.ma.MaskedArray) or not isinstance(
        value, bool | int | float | complex | np.generic | np.ndarray
    ):
        raise InvalidTypeError(
            f"a value of type {type(value).__name__} cannot cross to Octave: {_advice(value)}"
        )
    if isinstance(value, int) and not isinstance(value, bool):
        # A bare Python number means what it would mean in Octave: a double.
        if abs(value) > 2**53:
            raise InvalidTypeError(
                f"an int of {value.bit_length()} bits is beyond 2**53, up to which Octave's "
                "double is exact: say which one you mean, np.int64(...) or float(...)"
            )
        value = float(value)
    array = np.asarray(value)
    kind = array.dtype.str[1:]
    if kind not in _KNOWN:
        raise InvalidTypeError(
            f"an array of type {array.dtype} cannot cross to Octave: {_advice(array)}"
        )
    if array.dtype != _KNOWN[kind]:
        array = array.astype(_KNOWN[kind])
    if array.nbytes > largest or max(array.shape, default=0) > LARGEST:
        raise InvalidTypeError(
            f"an array of {array.nbytes:,} bytes and shape {array.shape} cannot cross at once "
            f"(the limit is {largest:,} bytes): send it in parts"
        )
    word = _PREFIX.get(kind) or ("" if kind == "f8" else f"{array.dtype.name} ")
    tag = _FLOAT_TAG.get(kind, b"")
    shape = _shape(array)
    if shape == (1, 1):
        text = "bool" if kind == "b1" else f"{word}scalar"
        chunks.append(_variable(name, text) + tag + array.tobytes())
        return
    chunks.append(_variable(name, f"{word}matrix") + _dimensions(shape) + tag)
    chunks.append(array.reshape(shape))


def _advice(value: Any) -> str:
    """Return what to do about a value that cannot cross."""
    if value is None:
        return "it has no such value; send np.nan, [] or leave the argument out"
    if callable(value):
        return "it can call Python only as an argument itself, not inside another value"
    if isinstance(value, np.ma.MaskedArray):
        return "the mask would be lost; send .filled(...) and, if it matters, the mask beside it"
    if isinstance(value, bytes | bytearray | memoryview):
        return "send text as str, or np.frombuffer(value, np.uint8)"
    kind = value.dtype.kind if isinstance(value, np.ndarray) else ""
    if kind in "fc" and kind:
        return "it has no floats of that width; choose one with .astype(...)"
    if kind in "US" and kind:
        return "send a list of str, as .tolist() gives"
    if kind in "mM" and kind:
        return "it has no dates; send .astype(np.int64) and remember the unit"
    return "send numbers, arrays, text, lists and dicts"


def _encode_sparse(value: Any, name: bytes, chunks: list[Chunk], largest: int) -> None:
    kinds = {"b1": "sparse bool", "f8": "sparse", "c16": "sparse complex"}
    kind = value.dtype.str[1:]
    if kind not in kinds or value.ndim != 2:
        raise InvalidTypeError(
            f"a sparse array of type {value.dtype} and {value.ndim} dimensions cannot cross to "
            "Octave, which has sparse logical, double and complex matrices"
        )
    columns = value.astype(_KNOWN[kind]).tocsc(copy=True)
    columns.sum_duplicates()
    columns.eliminate_zeros()
    if columns.data.nbytes > largest or max(columns.shape) > LARGEST:
        raise InvalidTypeError(
            f"a sparse array of {columns.nnz:,} elements and shape {columns.shape} is too large "
            "to cross"
        )
    sizes = struct.pack("<4i", -2, *columns.shape, columns.nnz)
    indices = [part.astype("<i4").tobytes() for part in (columns.indptr, columns.indices)]
    tag = _FLOAT_TAG.get(kind, b"")
    data = columns.data.tobytes()
    chunks.append(_variable(name, f"{kinds[kind]} matrix") + sizes + b"".join(indices) + tag + data)


def decode(data: Any) -> Any:
    """Return the value of the first variable in the bytes of a file that Octave wrote.

    Large arrays are views of `data`, which should therefore be writable memory of their own.

    Raises
    ------
    InvalidTypeError
        If the value has no faithful form in Python.
    OctaveDiedError
        If the bytes are damaged.
    """
    reader = _Reader(data)
    try:
        if reader.take(len(_HEADER)) != _HEADER:
            raise OctaveDiedError("Octave's reply is not in its binary format")
        return reader.variable()[1]
    except RecursionError:
        raise InvalidTypeError("Octave returned a value that is nested too deep") from None
    except (struct.error, ValueError, LookupError, OverflowError) as error:
        raise OctaveDiedError(f"Octave's reply is damaged: {error}") from None


class _Reader:
    """Reads one value after the other from a buffer."""

    def __init__(self, data: Any) -> None:
        self._data = memoryview(data)
        self._at = 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._data) - self._at:
            raise ValueError("it ends too early")
        self._at += count
        return bytes(self._data[self._at - count : self._at])

    def whole(self) -> int:
        (value,) = _WHOLE.unpack_from(self._data, self._at)
        self._at += 4
        return int(value)

    def count(self) -> int:
        """Read a number that counts something."""
        count = self.whole()
        if count < 0:
            raise ValueError("a count is negative")
        return count

    def text(self) -> str:
        return self.take(self.count()).decode(errors="surrogateescape")

    def shape(self) -> tuple[int, ...]:
        count = -self.whole()
        shape = struct.unpack_from(f"<{count}i", self._data, self._at)
        self._at += 4 * count
        if len(shape) < 2 or min(shape) < 0:
            raise ValueError(f"it holds an array of shape {shape}")
        return shape

    def numbers(self, dtype: np.dtype[Any], count: int) -> Array:
        if count * dtype.itemsize > len(self._data) - self._at:
            raise ValueError("it ends too early")
        array = np.frombuffer(self._data, dtype, count, self._at)
        self._at += array.nbytes
        return array

    def floats(self, dtype: np.dtype[Any], count: int) -> Array:
        """Read numbers behind a tag that says how they are stored."""
        stored = _TAGGED[self.take(1)[0]]
        parts = 1 + (dtype.kind == "c")
        part = np.dtype(f"<f{dtype.itemsize // parts}")
        if stored == part:
            return self.numbers(dtype, count)
        return self.numbers(stored, parts * count).astype(part).view(dtype)

    def variable(self) -> tuple[str, Any]:
        start = self._at
        self._at += len(_ELEMENT_START)
        if self._data[start : self._at] == _ELEMENT_START:  # in one go, as there may be many
            return "", self.value(self.text())
        self._at = start
        name = self.text()
        self.text()  # its documentation
        self.take(2)  # whether it is global, and that a type's name follows
        return name, self.value(self.text())

    def value(self, kind: str) -> Any:
        if kind in _SCALARS:
            dtype, tagged = _SCALARS[kind]
            return (self.floats if tagged else self.numbers)(dtype, 1)[0]
        if kind in _MATRICES:
            dtype, tagged = _MATRICES[kind]
            shape = self.shape()
            flat = (self.floats if tagged else self.numbers)(dtype, _product(shape))
            return flat[0] if shape == (1, 1) else flat.reshape(shape, order="F")
        method = _OTHERS.get(kind)
        if method is None:
            raise InvalidTypeError(f"Octave returned a value that cannot cross: a {kind}")
        return method(self)

    def characters(self) -> Any:
        shape = self.shape()
        if len(shape) > 2:
            raise InvalidTypeError("Octave returned char with more than two dimensions")
        size = _product(shape)
        if shape[0] == 1:
            return self.take(size).decode(errors="surrogateescape")
        _check_empty(shape[0], size)
        rows = self.numbers(np.dtype("u1"), size).reshape(shape, order="F")
        texts = [row.tobytes().decode(errors="surrogateescape") for row in rows]
        return texts or ""

    def cell(self) -> Any:
        shape = self.shape()
        items = [self.variable()[1] for _ in range(_product(shape))]
        row = len(shape) == 2 and (shape[0] == 1 or shape == (0, 0))
        return items if row else _objects(items, shape)

    def fields(self) -> list[tuple[str, Any]]:
        return [self.variable() for _ in range(self.count())]

    def scalar_struct(self) -> Any:
        return dict(self.fields())

    def struct_array(self) -> Any:
        shape = self.shape()
        count = _product(shape)
        columns = {name: _as_list(values) for name, values in self.fields()}
        if any(len(column) != count for column in columns.values()):
            raise ValueError("a field has the wrong number of values")
        names = list(columns)
        _check_empty(count, count * len(names))
        rows = zip(*columns.values(), strict=True) if names else [()] * count
        items = [dict(zip(names, row, strict=True)) for row in rows]
        return _objects(items, shape).view(StructArray)

    def diagonal(self, dtype: np.dtype[Any]) -> Any:
        rows, columns = self.count(), self.count()
        values = self.floats(dtype, min(rows, columns))
        _check_full(rows * columns * dtype.itemsize)
        full = np.zeros((rows, columns), dtype, order="F")
        np.fill_diagonal(full, values)
        return full

    def permutation(self) -> Any:
        size = self.count()
        by_column = self.take(1)[0]
        order = self.numbers(np.dtype("<i8"), size)
        _check_full(8 * size * size)
        if size and not 0 <= order.min() <= order.max() < size:
            raise ValueError("a permutation points outside of itself")
        full = np.zeros((size, size), order="F")
        full[(order, range(size)) if by_column else (range(size), order)] = 1
        return full

    def range(self) -> Any:
        self.take(1)
        base, limit, step = map(float, self.numbers(np.dtype("<f8"), 3))
        if step == 0:  # then the limit stands for the number of elements
            count = int(limit)
        else:
            with np.errstate(all="ignore"):
                count = _range_count(np.float64(base), np.float64(limit), np.float64(step))
        _check_full(8 * count)
        values = np.arange(count, dtype=np.float64)
        values *= step
        values += base
        if count:
            values[0] = base
        if count > 1 and step:
            values[-1] = _range_end(values[-1], base, limit, step)
        return values[0] if count == 1 else values.reshape(1, -1)

    def sparse(self, dtype: np.dtype[Any]) -> Any:
        from scipy.sparse import csc_array

        if self.whole() != -2:
            raise ValueError("a sparse matrix has no two dimensions")
        rows, columns, count = self.count(), self.count(), self.count()
        ends = self.numbers(np.dtype("<i4"), columns + 1).copy()
        indices = self.numbers(np.dtype("<i4"), count).copy()
        read = self.numbers if dtype.kind == "b" else self.floats
        data = read(dtype, count).copy()
        inside = ends[0] == 0 and ends[-1] == count and (np.diff(ends) >= 0).all()
        if not inside or (count and not 0 <= indices.min() <= indices.max() < rows):
            raise ValueError("a sparse matrix points outside of itself")
        return csc_array((data, indices, ends), shape=(rows, columns))


def _as_list(values: Any) -> list[Any]:
    if not isinstance(values, list | np.ndarray):
        raise ValueError("the values of a field are no cell array")
    return values if isinstance(values, list) else values.ravel(order="F").tolist()


def _check_empty(count: int, size: int) -> None:
    if count > max(size, _MOST_EMPTY):
        raise InvalidTypeError(f"Octave returned {count:,} values without content")


def _check_full(size: int) -> None:
    if size > LARGEST:
        raise InvalidTypeError(
            f"Octave returned a range, diagonal or permutation matrix that takes {size:,} bytes "
            f"when it is full (the limit is {LARGEST:,})"
        )


def _range_count(base: Any, limit: Any, step: Any) -> int:
    """Return how many elements a range has, by Octave's own rules for rounding."""
    if limit < base if step > 0 else not limit <= base:
        return 0
    tolerance = 3 * np.finfo(float).eps

    def close(x: Any) -> bool:
        return bool(abs(x - limit) < max(abs(x), abs(limit)) * tolerance)

    if (limit <= base and base + step < limit) or (limit >= base and base + step > limit):
        return 1
    count = _tolerant_floor((limit - base + step) / step, tolerance)
    if not close(base + (count - 1) * step):
        if close(base + (count - 2) * step):
            return count - 1
        if close(base + count * step):
            return count + 1
    return count


def _tolerant_floor(x: Any, tolerance: float) -> int:
    """Round down, unless `x` is less than a few units in the last place below a whole number."""
    most = 1 / (2 - tolerance)
    whole = np.floor(x + max(tolerance, min(most, tolerance * (1 + np.floor(x)))))
    return int(whole if whole - x < most else whole - 1)


def _range_end(value: Any, base: float, limit: float, step: float) -> Any:
    """Return the last element, which Octave clips to the limit; -5:1:-0 ends in -0."""
    if (value >= limit) if step > 0 else (value <= limit):
        value = limit
    return np.round(value) if base == round(base) and step == round(step) else value


def _kinds(word: str, one: str) -> dict[str, tuple[np.dtype[Any], bool]]:
    kinds = {
        f"{_PREFIX.get(name, dtype.name + ' ')}{word}": (dtype, name in _FLOAT_TAG)
        for name, dtype in _KNOWN.items()
    }
    kinds[one] = kinds.pop(f"bool {word}")
    return kinds


_SCALARS = _kinds("scalar", "bool")
_MATRICES = _kinds("matrix", "bool matrix")
_OTHERS: dict[str, Callable[[_Reader], Any]] = {
    "string": _Reader.characters,
    "sq_string": _Reader.characters,
    "cell": _Reader.cell,
    "scalar struct": _Reader.scalar_struct,
    "struct": _Reader.struct_array,
    "lazy_index": lambda reader: reader.variable()[1],
    "double_range": _Reader.range,
    "range": _Reader.range,
    "permutation matrix": _Reader.permutation,
    "diagonal matrix": lambda reader: reader.diagonal(_KNOWN["f8"]),
    "float diagonal matrix": lambda reader: reader.diagonal(_KNOWN["f4"]),
    "complex diagonal matrix": lambda reader: reader.diagonal(_KNOWN["c16"]),
    "float complex diagonal matrix": lambda reader: reader.diagonal(_KNOWN["c8"]),
    "sparse matrix": lambda reader: reader.sparse(_KNOWN["f8"]),
    "sparse bool matrix": lambda reader: reader.sparse(_KNOWN["b1"]),
    "sparse complex matrix": lambda reader: reader.sparse(_KNOWN["c16"]),
}


def _product(shape: tuple[int, ...]) -> int:
    return math.prod(shape)


def _objects(items: list[Any], shape: tuple[int, ...]) -> Any:
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array.reshape(shape, order="F")
