"""The sequential coder of packed models: a range coder, and the adaptive models that feed it.

An encoder collects *steps*, whole numbers ``(low, width, total)``: of `total` equally likely
cases, those in ``[low, low + width)`` happened. `range_bytes` turns them into bytes, with less
than two bytes more than their information; a `RangeReader` asks for them one by one. All
probabilities come from whole-number counts, or from ``+ - * /`` in float64 and `floor`, so that
Octave makes the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from octave_compress.errors import ModelFileError

Step = tuple[int, int, int]
Steps = list[Step]
Counts = list[list[int]]

_TOP, _BOTTOM = 1 << 48, 1 << 40
_LONGEST = 53  # bits of a whole number


def range_bytes(steps: Steps) -> bytes:
    """Return the bytes that stand for `steps`; zeros at the end are left out."""
    low, width, out = 0, _TOP, bytearray()
    for start, count, total in steps:
        share = width // total
        low += share * start
        width = share * count
        if low >= _TOP:
            low -= _TOP
            _carry(out)
        while width < _BOTTOM:
            out.append(low >> 40)
            low = (low & (_BOTTOM - 1)) << 8
            width <<= 8
    for size in range(7):  # the number in [low, low + width) that needs the fewest bytes
        unit = 1 << (48 - 8 * size)
        value = -(-low // unit) * unit
        if value < low + width:
            break
    if value >= _TOP:
        value -= _TOP
        _carry(out)
    out += value.to_bytes(6, "big")
    return bytes(out).rstrip(b"\0")


def _carry(out: bytearray) -> None:
    at = len(out) - 1
    while out[at] == 255:
        out[at] = 0
        at -= 1
    out[at] += 1


class RangeReader:
    """Reads steps back; behind the last byte it sees zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 6
        self._code = int.from_bytes(data[:6].ljust(6, b"\0"), "big")
        self._width = _TOP
        self._share = 1

    def target(self, total: int) -> int:
        """Return which of `total` cases happened."""
        self._share = self._width // total
        case = self._code // self._share
        if case >= total:
            raise ModelFileError("damaged: its coding is wrong")
        return case

    def reaches(self, start: int, total: int) -> int:
        """Return 1 if the case that happened is `start` or a later one, else 0."""
        self._share = self._width // total
        return int(self._code >= self._share * start)

    def take(self, start: int, count: int) -> None:
        """Go on, with the step's cases."""
        self._code -= self._share * start
        self._width = self._share * count
        while self._width < _BOTTOM:
            byte = self._data[self._at] if self._at < len(self._data) else 0
            self._code = self._code << 8 | byte
            self._width <<= 8
            self._at += 1

    @property
    def is_done(self) -> bool:
        """Whether every byte was read, and all of them were such as an encoder writes."""
        return self._at >= len(self._data) and self._code < self._width


# Bits and whole numbers, by counts of what came before


def new_contexts() -> Counts:
    """Return the counts that one kind of whole number adapts."""
    return [[1, 1] for _ in range(2 * _LONGEST + 2)]


def put_flag(steps: Steps, flag: bool) -> None:
    """Add a flag that nothing predicts."""
    steps.append((int(flag), 1, 2))


def get_flag(reader: RangeReader) -> bool:
    """Read what `put_flag` added."""
    flag = reader.target(2)
    reader.take(flag, 1)
    return bool(flag)


def put_bit(steps: Steps, counts: Sequence[int], bit: int) -> None:
    """Add a bit, after so many zeros and ones."""
    steps.append((counts[0] * bit, counts[bit], counts[0] + counts[1]))


def get_bit(reader: RangeReader, counts: Sequence[int]) -> int:
    """Read what `put_bit` added."""
    bit = reader.reaches(counts[0], counts[0] + counts[1])
    reader.take(counts[0] * bit, counts[bit])
    return bit


def _put_counted(steps: Steps, counts: list[int], bit: int) -> None:
    put_bit(steps, counts, bit)
    counts[bit] += 2


def _get_counted(reader: RangeReader, counts: list[int]) -> int:
    bit = get_bit(reader, counts)
    counts[bit] += 2
    return bit


def put_whole(steps: Steps, contexts: Counts, value: int) -> None:
    """Add a whole number in [0, 2^53): the length of ``value + 1`` in bits, then its bits."""
    value += 1
    length = value.bit_length() - 1
    for i in range(length):
        _put_counted(steps, contexts[i], 1)
    _put_counted(steps, contexts[length], 0)
    if length > 0:
        left = length - 1
        _put_counted(steps, contexts[_LONGEST + length], value >> left & 1)
        while left > 0:
            size = min(left, 16)
            left -= size
            steps.append((value >> left & ((1 << size) - 1), 1, 1 << size))


def get_whole(reader: RangeReader, contexts: Counts) -> int:
    """Read what `put_whole` added."""
    length = 0
    while _get_counted(reader, contexts[length]):
        length += 1
        if length > _LONGEST:
            raise ModelFileError("damaged: a number is too long")
    value = 1
    if length > 0:
        left = length - 1
        value = value << 1 | _get_counted(reader, contexts[_LONGEST + length])
        while left > 0:
            size = min(left, 16)
            left -= size
            bits = reader.target(1 << size)
            reader.take(bits, 1)
            value = value << size | bits
    return value - 1


def put_symbol(steps: Steps, weights: NDArray[np.int64], symbol: int) -> None:
    """Add one of several symbols that have whole-number weights."""
    ends = np.cumsum(weights)
    steps.append((int(ends[symbol] - weights[symbol]), int(weights[symbol]), int(ends[-1])))


def get_symbol(reader: RangeReader, weights: NDArray[np.int64]) -> int:
    """Read what `put_symbol` added."""
    ends = np.cumsum(weights)
    target = reader.target(int(ends[-1]))
    symbol = int(np.searchsorted(ends, target, side="right"))
    reader.take(int(ends[symbol] - weights[symbol]), int(weights[symbol]))
    return symbol


def put_bytes(steps: Steps, data: bytes) -> None:
    """Add bytes that nothing predicts."""
    steps.extend((byte, 1, 256) for byte in data)


def get_bytes(reader: RangeReader, count: int) -> bytes:
    """Read what `put_bytes` added."""
    out = bytearray()
    for _ in range(count):
        out.append(reader.target(256))
        reader.take(out[-1], 1)
    return bytes(out)
