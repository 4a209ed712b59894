"""Uniform, normal and exponential numbers from random words, shaped as Octave shapes them.

The ziggurat method (Marsaglia and Tsang, 2000) takes a varying number of words for a draw, so
the order in which they are spent is part of the result. Everything here works in *units*, the
words that one uniform number costs: a pair for float64 and a single word for float32. Each
candidate and each uniform spends exactly one unit, so that a block of units can be shaped in one
sweep and only the rare candidates outside the ziggurat's rectangles are looked at one by one.
"""

from __future__ import annotations

import ctypes
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]

_LAYERS = 256
_BLOCK = 1 << 16  # units shaped in one sweep: their temporaries stay in the processor's cache


def _words(stream: np.random.RandomState, count: int) -> NDArray[np.uint32]:
    return stream.randint(0, 2**32, size=count, dtype=np.uint32)


def _pairs(words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return 64-bit integers, the first word of each pair in their lower half."""
    return words.astype("<u4", copy=False).view("<i8")


def fill(count: int, dtype: np.dtype[Any], draw: Callable[[int], Floats]) -> Floats:
    """Collect COUNT numbers from DRAW, which makes at most as many as it is asked for.

    No number costs less than a unit, so asking for the missing ones never draws a word too many
    and the generator need not be rewound.
    """
    out = np.empty(count, dtype)
    filled = 0
    while filled < count:
        drawn = draw(min(count - filled, _BLOCK))
        out[filled : filled + drawn.size] = drawn
        filled += drawn.size
    return out


def _fractions(words: NDArray[np.uint32], dtype: np.dtype[Any]) -> Floats:
    """Return the numbers in [0, 1) that the units in WORDS stand for."""
    if dtype == np.float64:
        return ((words[::2] >> 5) * 2.0**26 + (words[1::2] >> 6)) * 2.0**-53
    return (words & (2**24 - 1)).astype(np.float32) * np.float32(2.0**-24)


def uniform_numbers(stream: np.random.RandomState, count: int, dtype: np.dtype[Any]) -> Floats:
    """Return the uniform numbers in the next COUNT units: Octave skips zeros."""
    numbers = _fractions(_words(stream, count * dtype.itemsize // 4), dtype)
    return numbers[numbers > 0]


class Block:
    """Uniform numbers from a block of units and, past its end, from the stream itself."""

    def __init__(
        self, words: NDArray[np.uint32], stream: np.random.RandomState, dtype: np.dtype[Any]
    ):
        self._numbers = _fractions(words, dtype)
        self._stream = stream
        self.position = 0  # the first unit not yet spent

    def uniform(self) -> float:
        while self.position < self._numbers.size:
            number = self._numbers.item(self.position)
            self.position += 1
            if number > 0:
                return number
        dtype = self._numbers.dtype
        return fill(1, dtype, lambda count: uniform_numbers(self._stream, count, dtype)).item()


@cache
def single_log() -> Callable[[float], float]:
    """Return C's `logf`, or where it cannot be had the correctly rounded logarithm.

    Both agree but for one argument in a hundred or so, where `logf` is off by the last bit.
    """
    try:
        logf = ctypes.CDLL(None).logf
    except (AttributeError, OSError, TypeError):
        return lambda x: float(np.float32(math.log(x)))
    logf.argtypes = [ctypes.c_float]
    logf.restype = ctypes.c_float
    return cast(Callable[[float], float], logf)


class Ziggurat(ABC):
    """A density on x >= 0 covered by 256 layers of equal area, for one float width.

    Sums, products and quotients of table entries and numbers are rounded to that width, the
    constants are float64, and so are all functions but the tail's logarithm. They are the C
    library's, as in Octave: NumPy's vectorised `exp` and `log` differ in the last bit, which moves
    some of the thresholds.
    """

    edge: ClassVar[float]  # where the bottom layer's rectangle ends and the tail begins
    area: ClassVar[float]  # of each layer

    def __init__(self, dtype: np.dtype[Any], bits: int) -> None:
        self.dtype = dtype
        # Python's own floats are the faster float64 scalars.
        self.real: type[float] | type[np.float32] = float if dtype == np.float64 else np.float32
        self.log = math.log if dtype == np.float64 else single_log()
        span = 2.0**bits
        width = [self.real(self.edge)] * _LAYERS
        self.height = [self.real(self.density(float(width[-1])))] * _LAYERS
        inside = [0] * _LAYERS
        for i in range(_LAYERS - 2, 0, -1):
            above = self.area / float(width[i + 1]) + float(self.height[i + 1])
            width[i] = self.real(self.inverse(above))
            self.height[i] = self.real(self.density(float(width[i])))
            inside[i + 1] = int(float(width[i] / width[i + 1]) * span)
        # The bottom layer is a rectangle and the tail, drawn as one rectangle of the same area.
        inside[0] = int(float(width[-1] * self.height[-1]) / self.area * span)
        width[0] = self.real(self.area / float(self.height[-1]))
        self.height[0] = self.real(1)
        self.inside = np.array(inside, np.int64 if dtype == np.float64 else np.uint32)
        self.scale = np.array(width, dtype) / self.real(span)

    @abstractmethod
    def density(self, x: float) -> float:
        """Return the density at X, 1 at zero."""

    @abstractmethod
    def inverse(self, height: float) -> float:
        """Return where the density equals HEIGHT."""

    @abstractmethod
    def split(self, words: NDArray[np.uint32]) -> tuple[Integers, Integers]:
        """Return the signed integers in WORDS, one a unit, and what chooses their layer."""

    @abstractmethod
    def tail(self, magnitude: int, uniform: Callable[[], float]) -> float | np.float32:
        """Return a number from beyond the edge."""

    def draw(self, stream: np.random.RandomState, count: int) -> Floats:
        """Return the numbers that begin in the next COUNT units, and finish the last of them."""
        words = _words(stream, count * self.dtype.itemsize // 4)
        signed, magnitude = self.split(words)
        layer = magnitude & (_LAYERS - 1)
        numbers = signed.astype(self.dtype) * self.scale[layer]
        block = Block(words, stream, self.dtype)
        spent: list[int] = []
        for at in np.flatnonzero(magnitude >= self.inside[layer]).tolist():
            if at < block.position:  # this unit has served as an earlier number's uniform
                continue
            block.position = at + 1
            if layer[at] == 0:
                numbers[at] = self.tail(int(magnitude[at]), block.uniform)
            elif not self.is_below(numbers.item(at), layer.item(at), block.uniform()):
                spent.append(at)
            spent.extend(range(at + 1, min(block.position, count)))
        return np.delete(numbers, spent)

    def is_below(self, x: float, layer: int, uniform: float) -> bool:
        """Tell whether the point at X and a random height in LAYER lies under the density."""
        low, high = self.height[layer], self.height[layer - 1]
        return float((high - low) * self.real(uniform) + low) < self.density(x)


class Normal(Ziggurat):
    edge = 3.6541528853610088
    area = 0.00492867323399

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__(dtype, bits=53 if dtype == np.float64 else 31)

    def density(self, x: float) -> float:
        return math.exp(-0.5 * x * x)

    def inverse(self, height: float) -> float:
        return math.sqrt(-2.0 * math.log(height))

    def split(self, words: NDArray[np.uint32]) -> tuple[Integers, Integers]:
        if self.dtype == np.float32:
            # Two's complement: for a negative number the low 31 bits are not its magnitude.
            return words.view(np.int32), words & np.uint32(2**31 - 1)
        unit = _pairs(words) & (2**54 - 1)
        magnitude = unit >> 1
        return np.where(unit & 1, -magnitude, magnitude), magnitude

    def tail(self, magnitude: int, uniform: Callable[[], float]) -> float | np.float32:
        a = b = self.real(0)
        while b + b <= a * a:
            a = self.real(-self.log(uniform()) * (1.0 / self.edge))
            b = self.real(-self.log(uniform()))
        x = self.real(self.edge + float(a))
        return -x if magnitude & 0x100 else x


class Exponential(Ziggurat):
    edge = 7.69711747013104972
    area = 0.0039496598225815571993

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__(dtype, bits=53 if dtype == np.float64 else 32)

    def density(self, x: float) -> float:
        return math.exp(-x)

    def inverse(self, height: float) -> float:
        return -math.log(height)

    def split(self, words: NDArray[np.uint32]) -> tuple[Integers, Integers]:
        magnitude = words if self.dtype == np.float32 else _pairs(words) & (2**53 - 1)
        return magnitude, magnitude

    def tail(self, magnitude: int, uniform: Callable[[], float]) -> float | np.float32:
        return self.real(self.edge - self.log(uniform()))


@cache
def ziggurat(kind: type[Normal] | type[Exponential], dtype: np.dtype[Any]) -> Ziggurat:
    return kind(dtype)


def normal_numbers(stream: np.random.RandomState, count: int, dtype: np.dtype[Any]) -> Floats:
    return ziggurat(Normal, dtype).draw(stream, count)


def exponential_numbers(stream: np.random.RandomState, count: int, dtype: np.dtype[Any]) -> Floats:
    return ziggurat(Exponential, dtype).draw(stream, count)
