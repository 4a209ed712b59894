"""The random numbers of GNU Octave, of each of its versions from 7 on, bit for bit, in NumPy.

Octave draws words from the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998) and shapes
them in :mod:`octave_compress.ziggurat`. `rand`, `randi` and `randperm` share one state, `randn`
and `rande` have their own. All versions draw alike, but for `randi`.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NoReturn, SupportsFloat, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from octave_compress.errors import InvalidTypeError, InvalidValueError, OctaveNotFoundError
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

# The versions for which the numbers were compared with a running Octave: 7.3, 9.4 and 11.3.
_OLDEST, _NEWEST = 7, 11
# From this version on `randi` is written anew. Octave 10 was not tried: its source has the older
# algorithm, and the notes of Octave 11 speak of the new one.
_NEW_RANDI = 11
_REFUSED_SINCE_NEW_RANDI = ("int64", "uint64")

# What Octave takes among the sizes, and what stands for it here.
_WORDS = {
    "seed": "the old generators, which rand('seed', x) switches to, are not here: seed the script "
    "by rand('twister', x) and write OctaveRandom(x)",
    "state": "write OctaveRandom(x) for a seed, and state() or set_state() for a whole state",
    "twister": "write OctaveRandom(x) for a seed, and state() or set_state() for a whole state",
    "double": 'write dtype="float64"',
    "single": 'write dtype="float32"',
}

# The version of the Octave whose script is being replayed, see `drawing_as`.
_replayed: ContextVar[str | None] = ContextVar("_replayed", default=None)


@contextlib.contextmanager
def drawing_as(version: str) -> Iterator[None]:
    """Let each `OctaveRandom` that is made inside, without a version of its own, have this one."""
    token = _replayed.set(version)
    try:
        yield
    finally:
        _replayed.reset(token)


def default_version() -> str:
    """Return the version whose numbers an `OctaveRandom` that is made here draws: see there."""
    return _replayed.get() or _version_here()


def _version_here() -> str:
    from octave_compress.octave.locate import octave_version

    try:
        return octave_version()
    except OctaveNotFoundError:
        return str(_NEWEST)


def _major(version: str | int) -> int:
    found = re.match(r"(\d{1,4})(\.|$)", str(version))
    if found is None or not isinstance(version, str | int):
        raise InvalidValueError(
            f'OctaveRandom: VERSION must be a version of Octave such as "9.4.0", got {version!r}'
        )
    major = int(found[1])
    if major < _OLDEST:
        raise InvalidValueError(
            f"OctaveRandom: VERSION must be {_OLDEST} or later, got {version!r}"
        )
    return major


def _real(value: Any) -> int | float | None:
    """Return a real number of any class as Python's own; None for what is none."""
    if isinstance(value, np.ndarray | np.generic) and value.ndim == 0:
        value = value.item()
    if isinstance(value, int):
        return value
    return float(value) if isinstance(value, Real) else None


def _whole(value: Any) -> int | None:
    """Return a number as an int if it is a whole one: in Octave it is a double in any case."""
    number = _real(value)
    if number is None or not (isinstance(number, int) or number.is_integer()):
        return None
    return int(number)


def _count(function: str, name: str, value: Any) -> int:
    count = _whole(value)
    if count is None:
        raise InvalidTypeError(f"{function}: {name} must be an integer, got {value!r}")
    if count < 0:
        raise InvalidValueError(f"{function}: {name} must be at least 0, got {count}")
    return count


def _shape(function: str, sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the shape that Octave gives an array of these sizes; () for a single number."""
    for size in sizes:
        if isinstance(size, str):
            advice = _WORDS.get(size, "write integers")
            raise InvalidTypeError(f"{function}: {size!r} is no size: {advice}")
    if len(sizes) == 1 and isinstance(sizes[0], Sequence | np.ndarray) and np.ndim(sizes[0]):
        sizes = tuple(np.ravel(sizes[0]).tolist())
        if not sizes:
            raise InvalidValueError(f"{function}: the list of sizes is empty")
    names = ("ROWS", "COLS", *(f"dimension {k}" for k in range(3, len(sizes) + 1)))
    shape = [_count(function, name, size) for name, size in zip(names, sizes, strict=False)]
    if len(shape) == 1:
        return shape[0], shape[0]
    while len(shape) > 2 and shape[-1] == 1:
        shape.pop()
    return tuple(shape)


def _laid_out(flat: NDArray[Any], shape: tuple[int, ...]) -> Any:
    """Return numbers in a shape, column by column; a single number where there is no shape."""
    return flat.reshape(shape, order="F") if shape else flat[0]


def _word_from_seed(seed: Any) -> int:
    """Round half away from zero and saturate, as Octave casts a seed; Inf and NaN become 0."""
    number = _real(seed)
    if number is None:
        raise InvalidTypeError(f"OctaveRandom: SEED must be a real number, got {seed!r}")
    if number != number or number in (math.inf, -math.inf):
        return 0
    bounded = min(max(number, 0), 2**32 - 1)
    whole = math.floor(bounded)
    return whole + (bounded - whole >= 0.5)


def _limits(bounds: Any) -> tuple[int, int]:
    is_list = isinstance(bounds, Sequence | np.ndarray) and np.ndim(bounds) > 0
    limits = [_whole(one) for one in (bounds if is_list else [bounds])]
    whole = [one for one in limits if one is not None]
    if len(whole) < len(limits) or len(limits) not in (1, 2):
        raise InvalidTypeError(f"randi: BOUNDS must be one or two integers, got {bounds!r}")
    imin, imax = whole if len(whole) == 2 else (1, whole[0])
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


def _class(function: str, dtype: DTypeLike, known: Sequence[str]) -> str:
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = ""
    if name not in known or dtype is None:
        *most, last = known
        raise InvalidValueError(
            f"{function}: DTYPE must be {', '.join(most)} or {last}, got {dtype!r}"
        )
    return name


def _refuse(function: str, kind: str) -> NoReturn:
    raise InvalidValueError(
        f"{function}: OctaveRandom draws no {kind} numbers; let Octave draw them, "
        f"session.call('{function}', 'twister', seed, nout=0) and "
        f"session.call('{function}', parameter, rows, cols), and save what it drew"
    )


def _check_class(dtype: str, imin: int, imax: int) -> None:
    if dtype in _WHOLE_FLOATS:
        low, high = -_WHOLE_FLOATS[dtype], _WHOLE_FLOATS[dtype]
    else:
        low, high = _WHOLE_NUMBERS[dtype].min, _WHOLE_NUMBERS[dtype].max
    if imin < low or imax > high:
        raise InvalidValueError(
            f"randi: BOUNDS must be within [{low}, {high}] for {dtype}, got ({imin}, {imax})"
        )


class OctaveRandom:
    """Random numbers equal to those of GNU Octave after seeding with `"twister"`.

    As in Octave, `rand`, `randi` and `randperm` share one state, `randn` and `rande` have their
    own, and float64 and float32 draws of one function share its state.

    Parameters
    ----------
    seed : float
        Seeds all three states as `rand ("twister", seed)`, `randn ("twister", seed)` and
        `rande ("twister", seed)` would: rounded half away from zero and saturated to
        [0, 2**32 - 1]; Inf and NaN count as 0.
    version : str or int, optional
        Which Octave to equal, ``"9.4.0"`` or 9 for instance, from 7 on; only `randi` depends on
        it. By default that of the Octave that sessions start, which is asked once, when it
        matters; the recording's inside of `Golden.replay`; and where there is no Octave, 11. So
        pass the version if `randi` has to draw the same numbers on every machine.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        If `seed` is not a real number, or `version` no version.

    Notes
    -----
    Sizes are as in Octave: ``rand()`` is a number, ``rand(3)`` is 3x3, ``rand(3, 1)`` a column,
    ``rand(2, 3, 4)`` and ``rand([2, 3, 4])`` have three dimensions. Arrays are filled, and laid
    out in memory, column by column.

    Octave's `randg`, `randp` and its old generators, which `rand ("seed", x)` switches to, are not
    here.

    Equality was established on x86-64 with Octave 7.3, 9.4 and 11.3. Octave 8 and 10 are taken to
    draw as 7.3 and 9.4 do, as the source of `randi` did not change before 11, and later versions
    as 11.3. An Octave that fuses multiplication and addition, or uses another C library than
    Python does, may differ in rare draws.

    Examples
    --------
    >>> from octave_compress.random import OctaveRandom
    >>> OctaveRandom(42).rand(2, 1)
    array([[0.6394268 ],
           [0.02501076]])
    """

    def __init__(self, seed: SupportsFloat, *, version: str | int | None = None) -> None:
        # A list, since NumPy hashes a bare number in another way than Octave.
        word = [_word_from_seed(seed)]
        self._streams = {name: np.random.RandomState(word) for name in _STREAMS}
        self._version = _replayed.get() if version is None else str(version)
        if version is not None:
            _major(version)

    @property
    def version(self) -> str:
        """The version of Octave whose numbers these are."""
        if self._version is None:
            self._version = _version_here()
        return self._version

    @overload
    def rand(self, /, *, dtype: DTypeLike = ...) -> np.floating[Any]: ...
    @overload
    def rand(self, size: ArrayLike, /, *sizes: SupportsFloat, dtype: DTypeLike = ...) -> Floats: ...
    def rand(self, /, *sizes: Any, dtype: DTypeLike = "float64") -> Any:
        """Return numbers uniform on (0, 1).

        Parameters
        ----------
        *sizes : int
            None for a single number, one for a square matrix, or two and more; or one list of
            them. Each is at least 0.
        dtype : {"float64", "float32"}
            Octave's "double" or "single".

        Returns
        -------
        number or ndarray

        Raises
        ------
        InvalidTypeError, InvalidValueError
            If an argument is not as above.
        """
        return self._array("rand", sizes, dtype, uniform_numbers)

    @overload
    def randn(self, /, *, dtype: DTypeLike = ...) -> np.floating[Any]: ...
    @overload
    def randn(
        self, size: ArrayLike, /, *sizes: SupportsFloat, dtype: DTypeLike = ...
    ) -> Floats: ...
    def randn(self, /, *sizes: Any, dtype: DTypeLike = "float64") -> Any:
        """Return normal numbers with mean 0 and variance 1.

        Parameters and errors are those of `rand`.

        Returns
        -------
        number or ndarray
        """
        return self._array("randn", sizes, dtype, normal_numbers)

    @overload
    def rande(self, /, *, dtype: DTypeLike = ...) -> np.floating[Any]: ...
    @overload
    def rande(
        self, size: ArrayLike, /, *sizes: SupportsFloat, dtype: DTypeLike = ...
    ) -> Floats: ...
    def rande(self, /, *sizes: Any, dtype: DTypeLike = "float64") -> Any:
        """Return exponential numbers with mean 1.

        Parameters and errors are those of `rand`.

        Returns
        -------
        number or ndarray
        """
        return self._array("rande", sizes, dtype, exponential_numbers)

    def randi(
        self,
        bounds: ArrayLike,
        /,
        *sizes: Any,
        dtype: DTypeLike = "float64",
    ) -> Any:
        """Return integers uniform on [1, imax] or [imin, imax].

        Parameters
        ----------
        bounds : int or pair of int
            `imax` or `(imin, imax)`, below 2**53 in magnitude, their difference below 2**53 - 1.
        *sizes : int
            As those of `rand`.
        dtype : str
            "float64", Octave's "double", which is the default, or "float32", or an integer type;
            it must hold the bounds. The numbers do not depend on it. Octave 11 refuses int64 and
            uint64.

        Returns
        -------
        number or ndarray

        Raises
        ------
        InvalidTypeError, InvalidValueError
            If an argument is not as above.

        Notes
        -----
        Uniform integers below 2**53 are drawn and those above the largest multiple of the range
        rejected. Up to version 10 Octave draws a surplus to make up for the rejected ones and
        forgets what remains of it, so that asking twice for n numbers is not the same as asking
        once for 2 n. From version 11 on it draws n integers and then others in place of the
        rejected ones, from the first to the last.
        """
        imin, imax = _limits(bounds)
        name = _class("randi", dtype, (*_WHOLE_FLOATS, *_WHOLE_NUMBERS))
        _check_class(name, imin, imax)
        shape = _shape("randi", sizes)
        if name in _REFUSED_SINCE_NEW_RANDI and self._has_new_randi():
            raise InvalidValueError(
                f"randi: DTYPE {name} is refused by Octave {self.version}: draw float64, the "
                f'default, and write .astype("{name}")'
            )
        span = imax - imin + 1
        repeats = _FLINTMAX // span  # how many of the drawn integers mean the same result
        integers = self._integers(math.prod(shape), repeats * span)
        result = np.floor(integers / repeats).astype(np.int64) + imin
        return _laid_out(result.astype(name), shape)

    def _has_new_randi(self) -> bool:
        return _major(self.version) >= _NEW_RANDI

    def _integers(self, wanted: int, limit: int) -> Floats:
        """Return integers below LIMIT of which each is a uniform one below 2**53, or rejected."""

        def drawn(count: int) -> Floats:
            return self.rand(count, 1)[:, 0] * _FLINTMAX

        if limit == _FLINTMAX:  # none is rejected, in whatever version
            return drawn(wanted)
        if self._has_new_randi():
            integers = drawn(wanted)
            rejected = np.flatnonzero(integers >= limit)

            def accepted(count: int) -> Floats:
                again = drawn(count)
                return again[again < limit]

            integers[rejected] = fill(rejected.size, integers.dtype, accepted)
            return integers
        expected = wanted / (limit / _FLINTMAX)
        ample = math.ceil(expected + 10 * math.sqrt(expected - wanted))
        integers = np.empty(0)
        while integers.size < wanted:
            integers = drawn(ample)
            integers = integers[integers < limit]
        return integers[:wanted]

    def randperm(
        self, n: SupportsFloat, m: SupportsFloat | None = None, *, dtype: DTypeLike = "float64"
    ) -> NDArray[Any]:
        """Return the first `m` entries of a random permutation of 0, ..., n - 1.

        The entries are 0-based: Octave's less one. Its own are ``randperm(n) + 1``; indices for
        NumPy are ``randperm(n, dtype=int)``.

        Parameters
        ----------
        n : int
            How many numbers to permute, at least 0.
        m : int, optional
            How many entries to return, at most `n`, which is the default.
        dtype : str
            "float64", the class that they have in Octave, or "float32", or an integer type.

        Returns
        -------
        ndarray, shape (m,)

        Raises
        ------
        InvalidTypeError, InvalidValueError
            If an argument is not as above.
        """
        n = _count("randperm", "N", n)
        m = n if m is None else _count("randperm", "M", m)
        name = _class("randperm", dtype, (*_WHOLE_FLOATS, *_WHOLE_NUMBERS))
        if m > n:
            raise InvalidValueError(f"randperm: M must be at most N = {n}, got {m}")
        most = _WHOLE_FLOATS[name] if name in _WHOLE_FLOATS else _WHOLE_NUMBERS[name].max
        if n > most:
            raise InvalidValueError(f"randperm: N must be at most {most} for {name}, got {n}")
        place = np.arange(m)
        swaps = place + np.floor(self.rand(m, 1)[:, 0] * (n - place)).astype(np.int64)
        if m < n // 5:
            # A few entries of a long permutation: keep only the ones that have moved.
            moved: dict[int, int] = {}
            chosen = []
            for i, k in enumerate(swaps.tolist()):
                chosen.append(moved.get(k, k))
                moved[k] = moved.get(i, i)
            return np.array(chosen, dtype=name)
        entries = list(range(n))
        for i, k in enumerate(swaps.tolist()):
            entries[i], entries[k] = entries[k], entries[i]
        return np.array(entries[:m], dtype=name)

    def randg(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: gamma numbers are not here, ask Octave for them.

        Raises
        ------
        InvalidValueError
        """
        _refuse("randg", "gamma")

    def randp(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: Poisson numbers are not here, ask Octave for them.

        Raises
        ------
        InvalidValueError
        """
        _refuse("randp", "Poisson")

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

        Both draw the same numbers from there on, each by itself. A source that was made without a
        version takes that Octave's.

        Parameters
        ----------
        session : Session

        Raises
        ------
        InvalidValueError
            If the source's version has another `randi` than that Octave; nothing is sent then.
        """
        theirs = session.call("version")
        if self._version is None:
            self._version = theirs
        elif self._has_new_randi() != (_major(theirs) >= _NEW_RANDI):
            raise InvalidValueError(
                f"to_octave: SESSION runs Octave {theirs}, whose randi is not that of "
                f"{self._version}, which this source draws: make it by OctaveRandom(seed, "
                f'version="{theirs}")'
            )
        for name in _STREAMS:
            session.call(name, "twister", self.state(name), nout=0)

    @classmethod
    def from_octave(cls, session: Session) -> OctaveRandom:
        """Return a source that continues where a running Octave is, in all three states.

        Its version is that of the Octave.

        Parameters
        ----------
        session : Session

        Raises
        ------
        InvalidValueError
            If Octave draws from its old generators, which `rand ("seed", x)` switches all
            functions to. Their states are others, and are not here.
        """
        source = cls(0, version=session.call("version"))
        for name in _STREAMS:
            source.set_state(name, session.call(name, "twister"))
        # Only a draw shows which generators are in use; it is taken back.
        seed = session.call("rand", "seed")
        session.call("rand")
        state = source.state("rand")
        if np.array_equal(session.call("rand", "twister"), state):
            session.call("rand", "seed", seed, nout=0)
            raise InvalidValueError(
                "from_octave: SESSION draws from Octave's old generators since a rand('seed', x): "
                "seed by rand('twister', x) there, or send it a state with to_octave"
            )
        session.call("rand", "twister", state, nout=0)
        return source

    def _stream(self, function: str, name: StreamName) -> np.random.RandomState:
        if name not in _STREAMS:
            raise InvalidValueError(
                f"{function}: NAME must be one of {', '.join(_STREAMS)}, got {name!r}"
            )
        return self._streams[name]

    def _array(
        self, name: StreamName, sizes: tuple[Any, ...], dtype: DTypeLike, source: _Source
    ) -> Any:
        shape = _shape(name, sizes)
        width = np.dtype(_class(name, dtype, tuple(_WHOLE_FLOATS)))
        stream = self._streams[name]
        flat = fill(math.prod(shape), width, lambda count: source(stream, count, width))
        return _laid_out(flat, shape)
