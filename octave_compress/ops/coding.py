"""Entropy coding of whole arrays: interleaved rANS, Huffman's code, and Han's relative index.

Coded arrays are vectors of bytes that hold all that decoding needs.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.equivalence.levels import EXACT
from octave_compress.errors import ModelFileError

Bytes = NDArray[np.uint8]
Counts = NDArray[np.int64]

_BITS = 12  # a frequency is a share of 2^12
_SCALE = 1 << _BITS
_LOWEST = 1 << 16  # a lane's state lies in [2^16, 2^32)
_BLOCK = 1 << 24  # symbols that share one table of frequencies
_LANE = 1 << 10  # symbols, at least, for which a lane pays
_MOST_LANES = 1 << 13
_LONGEST = 15  # bits of a Huffman code word


@operation(level=EXACT, returns=("packed",))
def rans_encode(symbols: ArrayLike, *, backend: Backend | None = None) -> Bytes:
    """Return symbols coded near their entropy, by asymmetric numeral systems in lanes.

    Symbol j belongs to lane j mod N; all lanes advance in one vector step, so many lanes are
    fast. Their number is the power of two that leaves 1,024 symbols or more to each, at most
    8,192; a lane costs about 3 bytes. Frequencies have 12 bits, one table for 2^24 symbols.

    Parameters
    ----------
    symbols : array_like of whole numbers in [0, 255], one dimension
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    packed : ndarray of uint8
        The number of symbols, the frequencies, states and words of the lanes.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If a symbol is no whole number in [0, 255].

    Examples
    --------
    >>> rans_encode([7] * 1000, backend="numpy")
    array([232,   7,   7,   7], dtype=uint8)
    """
    return _vector(rans_bytes(_symbols("rans_encode", symbols)))


@operation(level=EXACT, returns=("symbols",))
def rans_decode(packed: ArrayLike, *, backend: Backend | None = None) -> Bytes:
    """Return the symbols that `rans_encode` coded.

    Parameters
    ----------
    packed : array_like of uint8, or bytes
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    symbols : ndarray of uint8, (symbols,)

    Raises
    ------
    ModelFileError
        If the bytes are damaged: states and words must come out even.

    Examples
    --------
    >>> rans_decode(bytes([3, 7, 7]), backend="numpy")
    array([7, 7, 7], dtype=uint8)
    """
    return rans_symbols("rans_decode", np.asarray(packed, np.uint8).tobytes(), None)


@operation(level=EXACT, returns=("lengths",))
def huffman_lengths(frequencies: ArrayLike, *, backend: Backend | None = None) -> Bytes:
    """Return how many bits Huffman's code gives to each symbol, 0 to those that never occur.

    No prefix code makes the sum of ``frequencies * lengths`` smaller. Of equal ones the symbols
    with the lower number are joined first, and symbols before joined ones. Lengths are limited
    to 15, by halving the frequencies (rounded up) until they are; a single symbol gets one bit.

    Parameters
    ----------
    frequencies : array_like of whole numbers, (symbols,)
        How often each symbol occurs.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    lengths : ndarray of uint8, (symbols,)

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If a frequency is no whole number, or negative.

    Examples
    --------
    >>> huffman_lengths([5, 0, 2, 1], backend="numpy")
    array([1, 0, 2, 2], dtype=uint8)
    """
    values = (
        checks.matrix("huffman_lengths", "FREQUENCIES", frequencies).reshape(-1).astype(np.float64)
    )
    wrong = values[(values != np.trunc(values)) | (values < 0) | (values > 2.0**53)]
    if wrong.size:
        got = checks.number_text(float(wrong[0]))
        checks.value_error("huffman_lengths", "FREQUENCIES", "be whole numbers in [0, 2^53]", got)
    return code_lengths(values)


@operation(level=EXACT, returns=("packed",))
def huffman_encode(symbols: ArrayLike, *, backend: Backend | None = None) -> Bytes:
    """Return symbols in canonical Huffman code, with the lengths that decoding needs.

    Parameters
    ----------
    symbols : array_like of whole numbers in [0, 255], one dimension
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    packed : ndarray of uint8
        The number of symbols (seven bits a byte), the first and the last symbol that occur, the
        lengths from the one to the other (four bits each), the code words. One symbol alone
        needs neither lengths nor words.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If a symbol is no whole number in [0, 255].

    Examples
    --------
    >>> huffman_encode([1, 3, 1, 1, 2], backend="numpy")
    array([  5,   1,   3,  33,   2, 100], dtype=uint8)
    """
    return _vector(huffman_bytes(_symbols("huffman_encode", symbols)))


@operation(level=EXACT, returns=("symbols",))
def huffman_decode(packed: ArrayLike, *, backend: Backend | None = None) -> Bytes:
    """Return the symbols that `huffman_encode` coded.

    Parameters
    ----------
    packed : array_like of uint8, or bytes
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    symbols : ndarray of uint8, (symbols,)

    Raises
    ------
    ModelFileError
        If the bytes are damaged.

    Examples
    --------
    >>> huffman_decode(bytes([5, 1, 3, 33, 2, 100]), backend="numpy")
    array([1, 3, 1, 1, 2], dtype=uint8)
    """
    return huffman_symbols("huffman_decode", np.asarray(packed, np.uint8).tobytes(), None)


@operation(level=EXACT, returns=("values", "index"))
def relative_index(
    w: ArrayLike, *, index_bits: int = 5, backend: Backend | None = None
) -> tuple[NDArray[Any], Bytes]:
    """Return the nonzero weights and the zeros before each, as Deep Compression stores them.

    Weights are taken neuron by neuron, row after row. An index counts the zeros since the
    entry before; where there are ``2**index_bits`` or more, fillers stand in between: entries
    of value zero and the largest index. ``cumsum(index + 1) - 1`` are the entries' positions;
    zeros behind the last one are left out.

    Parameters
    ----------
    w : array_like, (out, in)
        NaN and Inf are refused.
    index_bits : int
        In [1, 8].
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    values : ndarray, (entries,)
        In the type of `w`.
    index : ndarray of uint8, (entries,)

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If `index_bits` is out of range, or a weight is not finite.

    Examples
    --------
    >>> values, index = relative_index([[0, 7, 0, 0], [0, 0, 0, 9]], index_bits=2, backend="numpy")
    >>> values, index
    (array([7., 0., 9.]), array([1, 3, 1], dtype=uint8))
    """
    op = "relative_index"
    weights = checks.matrix(op, "W", w).reshape(-1)
    bits = checks.integer(op, "INDEX_BITS", index_bits, "[1, 8]")
    index = han_index(np.flatnonzero(weights), bits)
    return weights[np.cumsum(index + 1) - 1], index.astype(np.uint8)


def han_index(at: Counts, bits: int) -> Counts:
    """Return the zeros before each of the entries that stand for nonzeros at ascending `at`."""
    gaps = np.diff(at, prepend=-1) - 1
    ends = np.cumsum((gaps >> bits) + 1)
    index = np.full(int(ends[-1]) if len(ends) else 0, (1 << bits) - 1, np.int64)
    index[ends - 1] = gaps & ((1 << bits) - 1)
    return index


def _symbols(op: str, symbols: ArrayLike) -> Bytes:
    values = checks.matrix(op, "SYMBOLS", symbols).reshape(-1)
    wrong = values[(values != np.trunc(values)) | (values < 0) | (values > 255)]
    if wrong.size:
        got = checks.number_text(float(wrong[0]))
        checks.value_error(op, "SYMBOLS", "be whole numbers in [0, 255]", got)
    return values.astype(np.uint8)


def _vector(data: bytes) -> Bytes:
    return np.frombuffer(data, np.uint8).copy()


# Huffman's code


def code_lengths(counts: NDArray[np.float64]) -> Bytes:
    """Return what `huffman_lengths` does."""
    lengths = np.zeros(len(counts), np.uint8)
    used = np.flatnonzero(counts)
    if used.size:
        weights = counts[used]
        depths = _depths(weights)
        while max(depths) > _LONGEST:
            weights = np.ceil(weights / 2)
            depths = _depths(weights)
        lengths[used] = depths
    return lengths


def _depths(weights: NDArray[np.float64]) -> list[int]:
    """Return the depth of every leaf of Huffman's tree."""
    count = len(weights)
    if count == 1:
        return [1]
    order = np.argsort(weights, kind="stable").tolist()
    nodes = weights[order].tolist()  # the leaves, then what joins two nodes, all ascending
    parents = [0] * (2 * count - 1)
    leaf, inner = 0, count
    for joined in range(count, 2 * count - 1):
        total = 0.0
        for _ in range(2):
            if leaf < count and (inner >= joined or nodes[leaf] <= nodes[inner]):
                chosen, leaf = leaf, leaf + 1
            else:
                chosen, inner = inner, inner + 1
            parents[chosen] = joined
            total += nodes[chosen]
        nodes.append(total)
    depths = [0] * (2 * count - 1)
    for node in range(2 * count - 3, -1, -1):
        depths[node] = depths[parents[node]] + 1
    result = [0] * count
    for place, symbol in enumerate(order):
        result[symbol] = depths[place]
    return result


def _code_words(lengths: Counts) -> Counts:
    """Return the canonical code: words of one length ascend with the symbols, and those of
    shorter ones come first."""
    words = np.zeros(len(lengths), np.int64)
    word = 0
    for length in range(1, _LONGEST + 1):
        word *= 2
        for symbol in np.flatnonzero(lengths == length).tolist():
            words[symbol] = word
            word += 1
    return words


def huffman_bytes(symbols: Bytes) -> bytes:
    """Return what `huffman_encode` does, of uint8."""
    head = varint(len(symbols))
    if not len(symbols):
        return head
    counts = np.bincount(symbols, minlength=256)
    used = np.flatnonzero(counts)
    first, last = int(used[0]), int(used[-1])
    if first == last:
        return head + bytes([first, last])
    lengths = code_lengths(counts.astype(np.float64)).astype(np.int64)
    words = _code_words(lengths)
    each = lengths[symbols]
    ends = np.cumsum(each)
    bits = np.zeros(int(ends[-1]), np.uint8)
    starts, word = ends - each, words[symbols]
    for place in range(int(each.max())):
        has = each > place
        bits[starts[has] + place] = word[has] >> (each[has] - 1 - place) & 1
    table = np.append(lengths[first : last + 1], 0)[: (last - first + 2) // 2 * 2]
    nibbles = (table[0::2] + 16 * table[1::2]).astype(np.uint8)
    return b"".join([head, bytes([first, last]), nibbles.tobytes(), np.packbits(bits).tobytes()])


def huffman_symbols(op: str, data: bytes, expected: int | None) -> Bytes:
    """Return the symbols in `data`, `expected` of them if that is known."""
    reader = ByteReader(op, data)
    count = reader.varint()
    if expected is not None and count != expected:
        reader.damaged("a wrong number of symbols")
    if count == 0:
        symbols = np.zeros(0, np.uint8)
    else:
        first, last = reader.take(2)
        if first == last:
            symbols = np.full(count, first, np.uint8)
        elif first > last:
            reader.damaged("a wrong table")
        else:
            symbols = _huffman_words(reader, count, first, last)
    if reader.left:
        reader.damaged("bytes are left at its end")
    return symbols


def _huffman_words(reader: ByteReader, count: int, first: int, last: int) -> Bytes:
    nibbles = np.frombuffer(reader.take((last - first + 2) // 2), np.uint8).astype(np.int64)
    lengths = np.stack([nibbles & 15, nibbles >> 4], axis=1).reshape(-1)[: last - first + 1]
    if (1 << _LONGEST >> lengths[lengths > 0]).sum() != 1 << _LONGEST:
        reader.damaged("a wrong table")
    if count > 8 * reader.left:
        reader.damaged("it ends too early")
    # By the next 15 bits: which symbol they begin with. Shorter words come first.
    by_length = np.argsort(np.where(lengths > 0, lengths, 16), kind="stable")
    by_length = by_length[: np.count_nonzero(lengths)]
    share = 1 << _LONGEST >> lengths[by_length]
    symbol_at = np.repeat(by_length + first, share)
    length_at = np.repeat(lengths[by_length], share)
    data = np.frombuffer(reader.take(reader.left), np.uint8).astype(np.int64)
    padded = np.append(data, [0, 0])
    window = padded[:-2] << 16 | padded[1:-1] << 8 | padded[2:]
    ahead = (window[:, None] >> (9 - np.arange(8))).reshape(-1) & ((1 << _LONGEST) - 1)
    after = (np.arange(8 * len(data)) + length_at[ahead]).tolist()
    at, starts = 0, []
    for _ in range(count):
        if at >= len(after):
            reader.damaged("it ends too early")
        starts.append(at)
        at = after[at]
    if -(-at // 8) != len(data) or data[-1] & ((1 << -at % 8) - 1):
        reader.damaged("bits are left at its end")
    symbols: Bytes = symbol_at[ahead[starts]].astype(np.uint8)
    return symbols


# Lanes


def rans_bytes(symbols: Bytes) -> bytes:
    """Return what `rans_encode` does, of uint8."""
    parts = [varint(len(symbols))]
    for start in range(0, len(symbols), _BLOCK):
        parts += _encode_block(symbols[start : start + _BLOCK])
    return b"".join(parts)


def varint(value: int) -> bytes:
    """Return a whole number, seven bits a byte, the lowest first."""
    out = bytearray()
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


class ByteReader:
    """Takes bytes from the front, and complains when there are no more."""

    def __init__(self, op: str, data: bytes) -> None:
        self._op = op
        self._data = data
        self._at = 0

    def damaged(self, why: str) -> NoReturn:
        """Raise the error of a damaged file."""
        raise ModelFileError(f"{self._op}: PACKED is damaged ({why})")

    @property
    def left(self) -> int:
        """Bytes that were not taken."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        if not 0 <= size <= self.left:
            self.damaged("it ends too early")
        self._at += size
        return self._data[self._at - size : self._at]

    def varint(self) -> int:
        """Return what `varint` wrote."""
        value = 0
        for shift in range(0, 49, 7):
            byte = self.take(1)[0]
            value += (byte & 127) << shift
            if byte < 128:
                return value
        self.damaged("a number is too long")


def _lanes(count: int) -> int:
    lanes = 1
    while lanes < _MOST_LANES and 2 * lanes * _LANE <= count:
        lanes *= 2
    return lanes


def shares(counts: Counts) -> Counts:
    """Return frequencies that sum to 4096, at least 1 where a symbol occurs."""
    total = int(counts.sum())
    scaled = counts * _SCALE
    result = np.where(counts > 0, np.maximum(scaled // total, 1), 0)
    lacking = _SCALE - int(result.sum())
    if lacking > 0:  # to those that lost most by rounding
        order = np.argsort(-(scaled - result * total), kind="stable")
        result[order[:lacking]] += 1
    while lacking < 0:
        largest = int(np.argmax(result))
        result[largest] -= 1
        lacking += 1
    return result


def _encode_block(symbols: Bytes) -> list[bytes]:
    counts = np.bincount(symbols, minlength=256)
    used = np.flatnonzero(counts)
    first, last = int(used[0]), int(used[-1])
    ends = bytes([first, last])
    if first == last:
        return [ends]
    frequencies = shares(counts)
    table = _twelve_bits(frequencies[first : last + 1])
    starts = np.cumsum(frequencies) - frequencies
    lanes = _lanes(len(symbols))
    f64 = frequencies.astype(np.float64)
    missing = (_SCALE - frequencies).astype(np.uint32)
    limit = (frequencies << 20).astype(np.uint64).clip(max=(1 << 32) - 1).astype(np.uint32)
    begin = starts.astype(np.uint32)
    state = np.full(lanes, _LOWEST, np.uint32)
    words = np.empty(len(symbols) + 1, "<u2")
    at = len(words)
    for stop in range(-(-len(symbols) // lanes) * lanes, 0, -lanes):
        now = symbols[stop - lanes : stop]
        x = state[: len(now)]
        full = np.flatnonzero(x >= limit.take(now))
        if full.size:
            at -= full.size
            large = x[full]
            words[at : at + full.size] = large & 0xFFFF
            x[full] = large >> 16
        quotient = (x / f64.take(now)).astype(np.uint32)
        x += begin.take(now) + quotient * missing.take(now)
    spent = words[at:]
    return [ends, table, varint(len(spent)), state.astype("<u4").tobytes(), spent.tobytes()]


def rans_symbols(op: str, data: bytes, expected: int | None) -> Bytes:
    """Return the symbols in `data`, `expected` of them if that is known."""
    reader = ByteReader(op, data)
    count = reader.varint()
    if expected is not None and count != expected:
        reader.damaged("a wrong number of symbols")
    if count > _BLOCK * (1 + reader.left // 2):  # a block takes two bytes or more
        reader.damaged("it ends too early")
    blocks = []
    for start in range(0, count, _BLOCK):
        blocks.append(_decode_block(reader, min(_BLOCK, count - start)))
    if reader.left:
        reader.damaged("bytes are left at its end")
    return np.concatenate(blocks) if blocks else np.zeros(0, np.uint8)


def _decode_block(reader: ByteReader, count: int) -> Bytes:
    first, last = reader.take(2)
    if first == last:
        return np.full(count, first, np.uint8)
    if first > last:
        reader.damaged("a wrong table")
    frequencies = _from_twelve_bits(
        reader.take((3 * (last - first + 1) + 1) // 2), last - first + 1
    )
    if frequencies.sum() != _SCALE:
        reader.damaged("a wrong table")
    slots = np.repeat(np.arange(first, last + 1, dtype=np.uint8), frequencies)
    width = np.repeat(frequencies, frequencies).astype(np.uint32)
    starts = np.cumsum(frequencies) - frequencies
    offset = (np.arange(_SCALE) - np.repeat(starts, frequencies)).astype(np.uint32)
    lanes = _lanes(count)
    spent = reader.varint()
    if 4 * lanes + 2 * spent > reader.left:
        reader.damaged("it ends too early")
    state = np.frombuffer(reader.take(4 * lanes), "<u4").astype(np.uint32)
    words = np.frombuffer(reader.take(2 * spent), "<u2").astype(np.uint32)
    if (state < _LOWEST).any():
        reader.damaged("a wrong state")
    symbols = np.empty(count, np.uint8)
    at = 0
    for start in range(0, count, lanes):
        now = symbols[start : start + lanes]
        x = state[: len(now)]
        slot = x & (_SCALE - 1)
        slots.take(slot, out=now, mode="clip")
        x >>= _BITS
        x *= width.take(slot)
        x += offset.take(slot)
        empty = np.flatnonzero(x < _LOWEST)
        if empty.size:
            if at + empty.size > spent:
                reader.damaged("it ends too early")
            x[empty] = x[empty] << 16 | words[at : at + empty.size]
            at += empty.size
    if at != spent or (state != _LOWEST).any():
        reader.damaged("its states are wrong")
    return symbols


def _twelve_bits(numbers: Counts) -> bytes:
    """Return numbers below 4096 in a byte and a half each."""
    pairs = np.append(numbers, 0)[: len(numbers) + len(numbers) % 2].reshape(-1, 2)
    low, high = pairs[:, 0], pairs[:, 1]
    packed = np.stack([low & 255, low >> 8 | (high & 15) << 4, high >> 4], axis=1)
    return packed.astype(np.uint8).tobytes()[: (3 * len(numbers) + 1) // 2]


def _from_twelve_bits(data: bytes, count: int) -> Counts:
    whole = data.ljust(-(-len(data) // 3) * 3, b"\0")
    triples = np.frombuffer(whole, np.uint8).astype(np.int64).reshape(-1, 3)
    low = triples[:, 0] | (triples[:, 1] & 15) << 8
    high = triples[:, 1] >> 4 | triples[:, 2] << 4
    result: Counts = np.stack([low, high], axis=1).reshape(-1)[:count]
    return result
