"""The random numbers of GNU Octave 7, bit for bit, in NumPy.

Octave draws words from the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) and shapes
them into normal and exponential numbers with the ziggurat method (Marsaglia and Tsang, 2000).
A draw takes a varying number of words, so the order in which they are spent is part of the result.
Everything here works in *units*, the words that one uniform number costs: a pair for float64 and
a single word for float32. Each candidate and each uniform spends exactly one unit, so that a block
of units can be shaped in one sweep and only the rare candidates outside the ziggurat's rectangles
are looked at one by one.
"""

from __future__ import annotations

import ctypes
import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cache
from numbers import Real
from typing import Any, ClassVar, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]
StreamName: TypeAlias = Literal["rand", "randn", "rande"]
FloatName: TypeAlias = Literal["float64", "float32"]
_Source: TypeAlias = "Callable[[np.random.RandomState, int, np.dtype[Any]], Floats]"

_STREAMS: tuple[StreamName, ...] = ("rand", "randn", "rande")
_KEY_WORDS = 624
_LAYERS = 256
_FLINTMAX = 2**53
_BLOCK = 1 << 16  # units shaped in one sweep: their temporaries stay in the processor's cache


def _words(stream: np.random.RandomState, count: int) -> NDArray[np.uint32]:
    return stream.randint(0, 2**32, size=count, dtype=np.uint32)


def _pairs(words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return 64-bit integers, the first word of each pair in their lower half."""
    return words.astype("<u4", copy=False).view("<i8")


def _fill(count: int, dtype: np.dtype[Any], draw: Callable[[int], Floats]) -> Floats:
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


def _uniform(stream: np.random.RandomState, count: int, dtype: np.dtype[Any]) -> Floats:
    """Return the uniform numbers in the next COUNT units: Octave skips zeros."""
    numbers = _fractions(_words(stream, count * dtype.itemsize // 4), dtype)
    return numbers[numbers > 0]


class _Block:
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
        return _fill(1, dtype, lambda count: _uniform(self._stream, count, dtype)).item()


@cache
def _single_log() -> Callable[[float], float]:
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


class _Ziggurat(ABC):
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
        self.log = math.log if dtype == np.float64 else _single_log()
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
        block = _Block(words, stream, self.dtype)
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


class _Normal(_Ziggurat):
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


class _Exponential(_Ziggurat):
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
def _ziggurat(kind: type[_Normal] | type[_Exponential], dtype: np.dtype[Any]) -> _Ziggurat:
    return kind(dtype)


def _normal(stream: np.random.RandomState, count: int, dtype: np.dtype[Any]) -> Floats:
    return _ziggurat(_Normal, dtype).draw(stream, count)


def _exponential(stream: np.random.RandomState, count: int, dtype: np.dtype[Any]) -> Floats:
    return _ziggurat(_Exponential, dtype).draw(stream, count)


def _count(function: str, name: str, value: int) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{function}: {name} must be an integer, got {value!r}") from None
    if count < 0:
        raise ValueError(f"{function}: {name} must be at least 0, got {count}")
    return count


def _word_from_seed(seed: float) -> int:
    """Round half away from zero and saturate, as Octave casts a seed; Inf and NaN become 0."""
    if not isinstance(seed, Real):
        raise TypeError(f"OctaveRandom: SEED must be a real number, got {seed!r}")
    if seed != seed or abs(seed) == math.inf:
        return 0
    bounded = min(max(seed, 0), 2**32 - 1)
    whole = math.floor(bounded)
    return whole + (bounded - whole >= 0.5)


def _limits(bounds: int | Sequence[int]) -> tuple[int, int]:
    try:
        imin, imax = map(operator.index, bounds if isinstance(bounds, Sequence) else (1, bounds))
    except (TypeError, ValueError):
        raise TypeError(f"randi: BOUNDS must be one or two integers, got {bounds!r}") from None
    if imax < imin:
        raise ValueError(f"randi: IMAX must be at least {imin}, got {imax}")
    for name, limit in (("IMIN", imin), ("IMAX", imax)):
        if abs(limit) >= _FLINTMAX:
            raise ValueError(f"randi: {name} must be within +-{_FLINTMAX - 1}, got {limit}")
    if imax - imin >= _FLINTMAX - 1:
        raise ValueError(f"randi: IMAX - IMIN must be below {_FLINTMAX - 1}, got {imax - imin}")
    return imin, imax


class OctaveRandom:
    """Random numbers equal to those of GNU Octave 7 after seeding with `"twister"`.

    As in Octave, `rand`, `randi` and `randperm` share one state, `randn` and `rande` have their
    own, and float64 and float32 draws of one function share its state.

    Parameters
    ----------
    seed : float
        Seeds all three states as `rand ("twister", seed)`, `randn ("twister", seed)` and
        `rande ("twister", seed)` would: rounded half away from zero and saturated to
        [0, 2**32 - 1]; Inf and NaN count as 0.

    Raises
    ------
    TypeError
        If `seed` is not a real number.

    Notes
    -----
    Arrays have the shape (rows, cols) and are filled, and laid out in memory, column by column.

    Equality was established on x86-64 with Octave 7.3 and glibc 2.36. An Octave that fuses
    multiplication and addition, or uses another C library than Python does, may differ in rare
    draws.

    Examples
    --------
    >>> from octave_compress.random import OctaveRandom
    >>> OctaveRandom(42).rand(2)
    array([[0.6394268 ],
           [0.02501076]])
    """

    def __init__(self, seed: float) -> None:
        # A list, since NumPy hashes a bare number in another way than Octave.
        word = [_word_from_seed(seed)]
        self._streams = {name: np.random.RandomState(word) for name in _STREAMS}

    def rand(self, rows: int, cols: int = 1, *, dtype: FloatName = "float64") -> Floats:
        """Return numbers uniform on (0, 1).

        Parameters
        ----------
        rows, cols : int
            The shape, each at least 0.
        dtype : {"float64", "float32"}
            Octave's "double" or "single".

        Returns
        -------
        ndarray, shape (rows, cols)

        Raises
        ------
        TypeError, ValueError
            If an argument is not as above.
        """
        return self._matrix("rand", rows, cols, dtype, _uniform)

    def randn(self, rows: int, cols: int = 1, *, dtype: FloatName = "float64") -> Floats:
        """Return normal numbers with mean 0 and variance 1.

        Parameters and errors are those of `rand`.

        Returns
        -------
        ndarray, shape (rows, cols)
        """
        return self._matrix("randn", rows, cols, dtype, _normal)

    def rande(self, rows: int, cols: int = 1, *, dtype: FloatName = "float64") -> Floats:
        """Return exponential numbers with mean 1.

        Parameters and errors are those of `rand`.

        Returns
        -------
        ndarray, shape (rows, cols)
        """
        return self._matrix("rande", rows, cols, dtype, _exponential)

    def randi(self, bounds: int | Sequence[int], rows: int, cols: int = 1) -> NDArray[np.int64]:
        """Return integers uniform on [1, imax] or [imin, imax].

        Parameters
        ----------
        bounds : int or pair of int
            `imax` or `(imin, imax)`, below 2**53 in magnitude, their difference below 2**53 - 1.
        rows, cols : int
            The shape, each at least 0.

        Returns
        -------
        ndarray of int64, shape (rows, cols)

        Raises
        ------
        TypeError, ValueError
            If an argument is not as above.

        Notes
        -----
        Uniform integers below 2**53 are drawn and those above the largest multiple of the range
        rejected. Octave draws a surplus to make up for the rejected ones and forgets what remains
        of it, so that asking twice for n numbers is not the same as asking once for 2 n.
        """
        imin, imax = _limits(bounds)
        shape = (_count("randi", "ROWS", rows), _count("randi", "COLS", cols))
        wanted = shape[0] * shape[1]
        span = imax - imin + 1
        repeats = _FLINTMAX // span  # how many of the drawn integers mean the same result
        share = repeats * span / _FLINTMAX
        expected = wanted / share
        ample = math.ceil(expected + 10 * math.sqrt(expected - wanted))
        accepted: Floats = np.empty(0)
        while accepted.size < wanted:
            drawn = self.rand(ample)[:, 0] * _FLINTMAX
            accepted = drawn[drawn < repeats * span]
        result = np.floor(accepted[:wanted] / repeats).astype(np.int64) + imin
        return result.reshape(shape, order="F")

    def randperm(self, n: int, m: int | None = None) -> NDArray[np.int64]:
        """Return the first `m` entries of a random permutation of 0, ..., n - 1.

        The entries are 0-based: Octave's less one.

        Parameters
        ----------
        n : int
            How many numbers to permute, at least 0.
        m : int, optional
            How many entries to return, at most `n`, which is the default.

        Returns
        -------
        ndarray of int64, shape (m,)

        Raises
        ------
        TypeError, ValueError
            If an argument is not as above.
        """
        n = _count("randperm", "N", n)
        m = n if m is None else _count("randperm", "M", m)
        if m > n:
            raise ValueError(f"randperm: M must be at most N = {n}, got {m}")
        place = np.arange(m)
        swaps = place + np.floor(self.rand(m)[:, 0] * (n - place)).astype(np.int64)
        if m < n // 5:
            # A few entries of a long permutation: keep only the ones that have moved.
            moved: dict[int, int] = {}
            chosen = []
            for i, k in enumerate(swaps.tolist()):
                chosen.append(moved.get(k, k))
                moved[k] = moved.get(i, i)
            return np.array(chosen, dtype=np.int64)
        entries = list(range(n))
        for i, k in enumerate(swaps.tolist()):
            entries[i], entries[k] = entries[k], entries[i]
        return np.array(entries[:m], dtype=np.int64)

    def state(self, name: StreamName) -> NDArray[np.uint32]:
        """Return a state as Octave's `rand ("twister")` and its siblings do.

        Parameters
        ----------
        name : {"rand", "randn", "rande"}
            Which of the three states.

        Returns
        -------
        ndarray of uint32, shape (625, 1)
            The generator's 624 words, then how many of them are left, plus one.

        Raises
        ------
        ValueError
            If there is no state of that name.
        """
        inner = self._stream("state", name).get_state(legacy=False)["state"]
        return np.append(inner["key"], np.uint32(_KEY_WORDS + 1 - inner["pos"])).reshape(-1, 1)

    def set_state(self, name: StreamName, vector: ArrayLike) -> None:
        """Continue from a state that `state` or Octave's `rand ("twister")` returned.

        Parameters
        ----------
        name : {"rand", "randn", "rande"}
            Which of the three states to replace.
        vector : array_like, 625 elements of any real type and shape
            Words in [0, 2**32 - 1], the last one in [1, 624].

        Raises
        ------
        ValueError
            If there is no state of that name or `vector` is not a state.
        """
        stream = self._stream("set_state", name)
        words = np.asarray(vector).ravel()
        if words.size != _KEY_WORDS + 1:
            raise ValueError(f"set_state: VECTOR must have 625 elements, got {words.size}")
        if not np.all((words >= 0) & (words < 2**32) & (words == np.floor(words))):
            raise ValueError("set_state: VECTOR must hold integers in [0, 4294967295]")
        left = int(words[-1])
        if not 1 <= left <= _KEY_WORDS:
            # Octave would take such a vector for a seed.
            raise ValueError(
                f"set_state: the last element of VECTOR must be in [1, 624], got {left}"
            )
        key = words[:-1].astype(np.uint32)
        stream.set_state(("MT19937", key, _KEY_WORDS + 1 - left, 0, 0.0))

    def _stream(self, function: str, name: StreamName) -> np.random.RandomState:
        if name not in _STREAMS:
            raise ValueError(f"{function}: NAME must be one of {', '.join(_STREAMS)}, got {name!r}")
        return self._streams[name]

    def _matrix(
        self, name: StreamName, rows: int, cols: int, dtype: FloatName, source: _Source
    ) -> Floats:
        shape = (_count(name, "ROWS", rows), _count(name, "COLS", cols))
        if dtype not in ("float64", "float32"):
            raise ValueError(f"{name}: DTYPE must be float64 or float32, got {dtype!r}")
        width = np.dtype(dtype)
        stream = self._streams[name]
        flat = _fill(shape[0] * shape[1], width, lambda count: source(stream, count, width))
        return flat.reshape(shape, order="F")
