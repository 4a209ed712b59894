"""The random numbers of GNU Octave 7, bit for bit, in NumPy.

Octave draws words from the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) and shapes
them in :mod:`octave_compress.ziggurat`. `rand`, `randi` and `randperm` share one state, `randn`
and `rande` have their own.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress.errors import InvalidTypeError, InvalidValueError
from octave_compress.ziggurat import (
    Floats,
    exponential_numbers,
    fill,
    normal_numbers,
    uniform_numbers,
)

if TYPE_CHECKING:
    from octave_compress.octave import Session

StreamName: TypeAlias = Literal["rand", "randn", "rande"]
FloatName: TypeAlias = Literal["float64", "float32"]
_Source: TypeAlias = "Callable[[np.random.RandomState, int, np.dtype[Any]], Floats]"

_STREAMS: tuple[StreamName, ...] = ("rand", "randn", "rande")
_WHOLE_NUMBERS = {
    **{name: np.iinfo(name) for name in ("int8", "int16", "int32", "int64")},
    **{name: np.iinfo(name) for name in ("uint8", "uint16", "uint32", "uint64")},
}
# Up to these, every whole number is a float.
_WHOLE_FLOATS = {"float64": 2**53, "float32": 2**24}
_KEY_WORDS = 624
_FLINTMAX = 2**53


def _count(function: str, name: str, value: int) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        raise InvalidTypeError(f"{function}: {name} must be an integer, got {value!r}") from None
    if count < 0:
        raise InvalidValueError(f"{function}: {name} must be at least 0, got {count}")
    return count


def _word_from_seed(seed: float) -> int:
    """Round half away from zero and saturate, as Octave casts a seed; Inf and NaN become 0."""
    if not isinstance(seed, Real):
        raise InvalidTypeError(f"OctaveRandom: SEED must be a real number, got {seed!r}")
    if seed != seed or abs(seed) == math.inf:
        return 0
    bounded = min(max(seed, 0), 2**32 - 1)
    whole = math.floor(bounded)
    return whole + (bounded - whole >= 0.5)


def _limits(bounds: int | Sequence[int]) -> tuple[int, int]:
    try:
        imin, imax = map(operator.index, bounds if isinstance(bounds, Sequence) else (1, bounds))
    except (TypeError, ValueError):
        raise InvalidTypeError(
            f"randi: BOUNDS must be one or two integers, got {bounds!r}"
        ) from None
    if imax < imin:
        raise InvalidValueError(f"randi: IMAX must be at least {imin}, got {imax}")
    for name, limit in (("IMIN", imin), ("IMAX", imax)):
        if abs(limit) >= _FLINTMAX:
            raise InvalidValueError(f"randi: {name} must be within +-{_FLINTMAX - 1}, got {limit}")
    if imax - imin >= _FLINTMAX - 1:
        raise InvalidValueError(
            f"randi: IMAX - IMIN must be below {_FLINTMAX - 1}, got {imax - imin}"
        )
    return imin, imax


def _check_class(dtype: str, imin: int, imax: int) -> None:
    if dtype in _WHOLE_FLOATS:
        low, high = -_WHOLE_FLOATS[dtype], _WHOLE_FLOATS[dtype]
    elif dtype in _WHOLE_NUMBERS:
        low, high = _WHOLE_NUMBERS[dtype].min, _WHOLE_NUMBERS[dtype].max
    else:
        known = ", ".join((*_WHOLE_FLOATS, *_WHOLE_NUMBERS))
        raise InvalidValueError(f"randi: DTYPE must be one of {known}, got {dtype!r}")
    if imin < low or imax > high:
        raise InvalidValueError(
            f"randi: BOUNDS must be within [{low}, {high}] for {dtype}, got ({imin}, {imax})"
        )


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
    InvalidTypeError
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
        InvalidTypeError, InvalidValueError
            If an argument is not as above.
        """
        return self._matrix("rand", rows, cols, dtype, uniform_numbers)

    def randn(self, rows: int, cols: int = 1, *, dtype: FloatName = "float64") -> Floats:
        """Return normal numbers with mean 0 and variance 1.

        Parameters and errors are those of `rand`.

        Returns
        -------
        ndarray, shape (rows, cols)
        """
        return self._matrix("randn", rows, cols, dtype, normal_numbers)

    def rande(self, rows: int, cols: int = 1, *, dtype: FloatName = "float64") -> Floats:
        """Return exponential numbers with mean 1.

        Parameters and errors are those of `rand`.

        Returns
        -------
        ndarray, shape (rows, cols)
        """
        return self._matrix("rande", rows, cols, dtype, exponential_numbers)

    def randi(
        self, bounds: int | Sequence[int], rows: int, cols: int = 1, *, dtype: str = "int64"
    ) -> NDArray[Any]:
        """Return integers uniform on [1, imax] or [imin, imax].

        Parameters
        ----------
        bounds : int or pair of int
            `imax` or `(imin, imax)`, below 2**53 in magnitude, their difference below 2**53 - 1.
        rows, cols : int
            The shape, each at least 0.
        dtype : str
            An integer type, or "float64" or "float32", Octave's "double" (its default) and
            "single"; it must hold the bounds. The numbers do not depend on it.

        Returns
        -------
        ndarray, shape (rows, cols)

        Raises
        ------
        InvalidTypeError, InvalidValueError
            If an argument is not as above.

        Notes
        -----
        Uniform integers below 2**53 are drawn and those above the largest multiple of the range
        rejected. Octave draws a surplus to make up for the rejected ones and forgets what remains
        of it, so that asking twice for n numbers is not the same as asking once for 2 n.
        """
        imin, imax = _limits(bounds)
        _check_class(dtype, imin, imax)
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
        return result.astype(dtype).reshape(shape, order="F")

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
        InvalidTypeError, InvalidValueError
            If an argument is not as above.
        """
        n = _count("randperm", "N", n)
        m = n if m is None else _count("randperm", "M", m)
        if m > n:
            raise InvalidValueError(f"randperm: M must be at most N = {n}, got {m}")
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
        InvalidValueError
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
        InvalidValueError
            If there is no state of that name or `vector` is not a state.
        """
        stream = self._stream("set_state", name)
        words = np.asarray(vector).ravel()
        if words.size != _KEY_WORDS + 1:
            raise InvalidValueError(f"set_state: VECTOR must have 625 elements, got {words.size}")
        if not np.all((words >= 0) & (words < 2**32) & (words == np.floor(words))):
            raise InvalidValueError("set_state: VECTOR must hold integers in [0, 4294967295]")
        left = int(words[-1])
        if not 1 <= left <= _KEY_WORDS:
            # Octave would take such a vector for a seed.
            raise InvalidValueError(
                f"set_state: the last element of VECTOR must be in [1, 624], got {left}"
            )
        key = words[:-1].astype(np.uint32)
        stream.set_state(("MT19937", key, _KEY_WORDS + 1 - left, 0, 0.0))

    def to_octave(self, session: Session) -> None:
        """Make a running Octave continue where this source is, in all three states.

        Both draw the same numbers from there on, each by itself.

        Parameters
        ----------
        session : Session
        """
        for name in _STREAMS:
            session.call(name, "twister", self.state(name), nout=0)

    @classmethod
    def from_octave(cls, session: Session) -> OctaveRandom:
        """Return a source that continues where a running Octave is, in all three states.

        Octave must draw from its present generators: `rand ("seed", x)` switches all functions to
        old ones, whose states are others, until `rand ("twister", x)` or `to_octave`.

        Parameters
        ----------
        session : Session
        """
        source = cls(0)
        for name in _STREAMS:
            source.set_state(name, session.call(name, "twister"))
        return source

    def _stream(self, function: str, name: StreamName) -> np.random.RandomState:
        if name not in _STREAMS:
            raise InvalidValueError(
                f"{function}: NAME must be one of {', '.join(_STREAMS)}, got {name!r}"
            )
        return self._streams[name]

    def _matrix(
        self, name: StreamName, rows: int, cols: int, dtype: FloatName, source: _Source
    ) -> Floats:
        shape = (_count(name, "ROWS", rows), _count(name, "COLS", cols))
        if dtype not in ("float64", "float32"):
            raise InvalidValueError(f"{name}: DTYPE must be float64 or float32, got {dtype!r}")
        width = np.dtype(dtype)
        stream = self._streams[name]
        flat = fill(shape[0] * shape[1], width, lambda count: source(stream, count, width))
        return flat.reshape(shape, order="F")
