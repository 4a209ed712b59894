"""Entropy coding of whole arrays: interleaved rANS, Huffman's code, and Han's relative index.

Coded arrays are vectors of bytes that hold all that decoding needs.
"""

from __future__ import annotations

from typing import NoReturn

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
    values = checks.matrix("rans_encode", "SYMBOLS", symbols).reshape(-1)
    wrong = values[(values != np.trunc(values)) | (values < 0) | (values > 255)]
    if wrong.size:
        got = checks.number_text(float(wrong[0]))
        checks.value_error("rans_encode", "SYMBOLS", "be whole numbers in [0, 255]", got)
    return np.frombuffer(rans_bytes(values.astype(np.uint8)), np.uint8).copy()


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
    triples = np.frombuffer(data.ljust(-(-len(data) // 3) * 3, b"\0"), np.uint8).astype(np.int64)
    triples = triples.reshape(-1, 3)
    low = triples[:, 0] | (triples[:, 1] & 15) << 8
    high = triples[:, 1] >> 4 | triples[:, 2] << 4
    result: Counts = np.stack([low, high], axis=1).reshape(-1)[:count]
    return result
