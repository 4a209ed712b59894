"""Why Python and Octave differ: known causes, each with the evidence that speaks for it.

`HINTS` is the table. A cause is named only if the two results, and where needed the arguments or
another run of the Python function, bear it out; a guess that no number supports is not given.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octave_compress.equivalence.levels import Level, differing

_Array = NDArray[Any]

_MOST_EXAMINED = 1_000_000  # elements: a cause that takes more to show is seen in fewer, too


def is_examined(value: Any) -> bool:
    """Tell whether a value is an array of numbers, or a number, that can be evidence."""
    is_array = isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc"
    return is_array and value.size <= _MOST_EXAMINED


@dataclass(frozen=True)
class Evidence:
    """What is known about one difference: the two arrays, and how they came about.

    Attributes
    ----------
    actual, expected : ndarray
        What Python and Octave returned, in Octave's shapes.
    args : tuple of ndarray
        The arguments that are arrays or numbers, in Octave's shapes.
    level : Level
        How equal the two should be.
    again : callable
        Calls the Python function with changed arguments (one for each of `args`) and returns the
        output in question, or None if that fails.
    """

    actual: _Array
    expected: _Array
    args: tuple[_Array, ...]
    level: Level
    again: Callable[[tuple[_Array, ...]], _Array | None]

    @property
    def same_shape(self) -> bool:
        return self.actual.shape == self.expected.shape

    @cached_property
    def apart(self) -> NDArray[np.bool_]:
        """Which elements differ, where the shapes are the same."""
        if self.actual.dtype != self.expected.dtype:
            wide = np.result_type(self.actual, self.expected)
            return differing(self.actual.astype(wide), self.expected.astype(wide), self.level)
        return differing(self.actual, self.expected, self.level)

    @cached_property
    def is_near(self) -> bool:
        """Whether no more than rounding is between the two."""
        return self.close(self.actual, self.expected)

    def close(self, a: Any, b: Any) -> bool:
        """Whether two arrays have the same shape and, but for rounding, the same values."""
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or not a.size:
            return False
        is_single = np.float32 in (a.dtype, b.dtype) or np.complex64 in (a.dtype, b.dtype)
        wide_a, wide_b = _wide(a), _wide(b)
        size = np.abs(wide_b[np.isfinite(wide_b)])
        tolerance = 1e-5 if is_single else 1e-9
        with np.errstate(all="ignore"):
            return bool(
                np.allclose(
                    wide_a,
                    wide_b,
                    rtol=tolerance,
                    atol=tolerance * 1e-3 * float(size.max(initial=0.0)),
                    equal_nan=True,
                )
            )

    def explains(self, candidate: Any) -> bool:
        """Whether `candidate`, made from what Python knows, is what Octave returned."""
        return candidate is not None and not self.is_near and self.close(candidate, self.expected)

    def operands(self) -> Iterator[tuple[_Array, _Array]]:
        """Yield ordered pairs of real arguments that an elementwise function could combine."""
        fitting = [
            _wide(x)
            for x in self.args
            if x.dtype.kind in "iufb" and x.shape in ((), self.expected.shape)
        ]
        yield from itertools.permutations(fitting, 2)


@dataclass(frozen=True)
class Hint:
    """A likely cause of a difference.

    Attributes
    ----------
    cause : str
        What differs between the two languages.
    advice : str
        What to write in Python, or what to look at.
    shows : callable
        Whether the evidence speaks for it; or, where the two are the other way round than usual,
        the advice for that.
    """

    cause: str
    advice: str
    shows: Callable[[Evidence], bool | str]

    def __str__(self) -> str:
        return f"{self.cause}: {self.advice}"


def hints_for(evidence: Evidence) -> tuple[Hint, ...]:
    """Return the causes that the evidence speaks for, in the order of the table."""
    with np.errstate(all="ignore"):
        found = ((hint, hint.shows(evidence)) for hint in HINTS)
        return tuple(
            replace(hint, advice=shown) if isinstance(shown, str) else hint
            for hint, shown in found
            if shown
        )


# What to write in Python for a class that Octave has.
_CLASSES = {
    "double": "Octave's numbers are doubles unless it is told: use .astype(float)",
    "single": "use .astype(np.float32)",
    "logical": "use .astype(bool)",
    "char": "return a str",
    "complex double": "use .astype(complex)",
    "complex single": "use .astype(np.complex64)",
    "cell": "a cell is a list in Python",
    "struct": "a struct is a dict in Python",
    **{f"{u}int{n}": f"use .astype(np.{u}int{n})" for u in ("", "u") for n in (8, 16, 32, 64)},
    **{
        f"sparse {kind}": f"return a scipy.sparse.csc_array{of}"
        for kind, of in (("double", ""), ("logical", " of bool"), ("complex double", " of complex"))
    },
}


def class_advice(actual: str, expected: str) -> str:
    """Return what to write in Python where a value has another class than Octave's, or nothing."""
    if actual == "cell" and expected not in ("cell", "struct"):
        return "a row of cells is no array: return an array, or a list of numbers"
    if actual.startswith("sparse ") and not expected.startswith("sparse "):
        return "return .toarray()" if expected in _CLASSES else ""
    return _CLASSES.get(expected, "")


def _wide(a: _Array) -> _Array:
    return a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)


def _is_whole(*arrays: _Array) -> bool:
    return all(
        a.dtype.kind in "iu"
        or (a.dtype.kind == "f" and bool(np.all(np.isfinite(a) & (a == np.floor(a)))))
        for a in arrays
    )


def _half_away(x: _Array) -> _Array:
    return np.asarray(np.trunc(x + np.copysign(0.5, x)))


def _rounds_halves(e: Evidence) -> bool:
    if not e.same_shape or e.is_near or {e.actual.dtype.kind, e.expected.dtype.kind} - set("iuf"):
        return False
    a, b = _wide(e.actual[e.apart]), _wide(e.expected[e.apart])
    # The results may be on a grid, as those of round(w * 255) / 255 are.
    steps = np.abs(b - a)
    step = steps.min(initial=np.inf)
    if not (0 < step < np.inf) or not np.allclose(steps, step, rtol=1e-6):
        return False
    tolerance = 1e-6 if e.expected.dtype.kind in "iu" or e.expected.itemsize == 8 else 1e-3
    even, odd = a / step, b / step
    ours, theirs = np.rint(even), np.rint(odd)
    on_grid = max(np.abs(even - ours).max(), np.abs(odd - theirs).max()) < tolerance
    away = (np.abs(theirs) == np.abs(ours) + 1) & (ours % 2 == 0) & (ours * theirs >= 0)
    if not (on_grid and away.all()):
        return False
    halves = (
        _wide(x).ravel("F")[e.apart.ravel("F")] / step
        for x in e.args
        if x.dtype.kind in "iuf" and x.size == e.expected.size
    )
    return bool(a.size >= 4) or any(np.allclose(np.abs(x) % 1, 0.5, atol=tolerance) for x in halves)


def _saturates(e: Evidence) -> bool:
    kind = e.expected.dtype.kind
    if not e.same_shape or e.actual.dtype != e.expected.dtype or kind not in "iu":
        return False
    limits = np.iinfo(e.expected.dtype)
    a, b = e.actual[e.apart], e.expected[e.apart]
    if not a.size or not np.all((b == limits.max) | (b == limits.min)):
        return False
    if kind == "i":
        # What has run over the upper limit comes out at the lower one.
        return bool(np.all(np.where(b == limits.max, a < 0, a >= 0)))
    if e.expected.itemsize == 8:
        return False
    results = itertools.chain(
        (f(x, y) for x, y in e.operands() for f in (np.add, np.subtract, np.multiply)),
        (np.rint(_wide(x)) for x in e.args if x.shape == e.expected.shape),
    )
    span = float(limits.max) + 1
    wanted, got = _wide(e.expected), _wide(e.actual)
    return any(
        np.array_equal(np.clip(r, 0, limits.max), wanted)
        and np.array_equal(np.mod(np.trunc(r), span), got)
        for r in results
        if r.shape == wanted.shape and np.isfinite(r).all()
    )


def _order(e: Evidence) -> bool | str:
    n = e.expected.size
    if e.actual.size != n or (n == 1 and not _is_whole(e.actual, e.expected)):
        return False
    return _reordered(e) or _renumbered(e)


def _reordered(e: Evidence) -> bool | str:
    """Whether one has written row by row what the other has written column by column."""
    n = e.expected.size
    if n < 3 or e.close(e.actual.T, e.expected):
        return False  # nothing to reorder, or a transpose
    theirs, ours = e.expected.ravel("F"), e.actual.ravel("C")
    shapes = {x.shape for x in e.args if x.ndim == 2 and x.size == n}
    rows = {shape[0] for shape in shapes} | {1}
    if n <= 1 << 16:
        rows |= {r for r in range(2, n) if n % r == 0}
    found = [
        r
        for r in rows
        if not (e.same_shape and e.is_near)
        and not (r in (1, n) and min(e.expected.shape, default=1) == 1)
        and e.close(theirs.reshape((r, n // r), order="F").ravel("C"), ours)
    ]
    # Going through a matrix of r rows in one order and then in the other: it is Octave that goes
    # along the rows if r is the number of columns of what both have got.
    if found and not {shape[0] for shape in shapes} & set(found):
        across = {shape[1] for shape in shapes} & set(found)
    else:
        across = {
            x.shape[1]
            for x in e.args
            if x.shape in shapes and found and e.close(x.ravel("C"), theirs)
        }
    if across:
        return (
            "Octave's code goes along the rows here, as it transposes first, and Python down the "
            'columns; drop order="F", or work on x.T'
        )
    return bool(found)


def _renumbered(e: Evidence) -> bool:
    """Whether both point to the same elements of a matrix, counted by row and by column."""
    if not e.same_shape or not e.expected.size or not _is_whole(e.actual, e.expected) or e.is_near:
        return False
    theirs = _wide(e.expected).astype(np.int64) - 1
    for x in e.args:
        if x.ndim != 2 or min(x.shape) < 2 or theirs.min() < 0 or theirs.max() >= x.size:
            continue
        rows, columns = np.unravel_index(theirs, x.shape, order="F")
        by_row = np.ravel_multi_index((rows, columns), x.shape)
        ours = _wide(e.actual)
        if not np.array_equal(by_row, theirs) and (
            np.array_equal(ours, by_row) or np.array_equal(ours, by_row + 1)
        ):
            return True
    return False


def _counts_from_zero(e: Evidence) -> bool:
    if not e.same_shape or not e.expected.size or not _is_whole(e.actual, e.expected):
        return False
    ours, theirs = _wide(e.actual), _wide(e.expected)
    if not np.all(ours + 1 == theirs) or theirs.min() < 1:
        return False
    if theirs.size > 1:
        return any(theirs.max() <= x.size for x in e.args)
    # A single number might be anything: it must point to something that one would look for.
    return any(_is_remarkable(x.ravel("F"), int(theirs.item()) - 1) for x in e.args)


def _is_remarkable(x: _Array, at: int) -> bool:
    """Whether an element is the largest or smallest, or the first one behind zeros."""
    if at >= x.size or x.size < 2 or x.dtype.kind == "c":
        return False
    nonzero = np.flatnonzero(x)
    first = at > 0 and nonzero.size > 0 and nonzero[0] == at
    return bool(first or x[at] in (np.nanmax(x), np.nanmin(x)))


def _ddof(e: Evidence) -> bool | str:
    if not e.same_shape or e.is_near or e.expected.dtype.kind != "f":
        return False
    ours, theirs = _wide(e.actual), _wide(e.expected)
    ratio = (theirs / ours)[(ours != 0) & np.isfinite(ours)]
    if not ratio.size or not np.allclose(ratio, ratio[0], rtol=1e-9):
        return False
    if _is_whole(e.actual, e.expected) and not any(
        x.dtype.kind in "iuf" and x.size > 1 and e.close(f(x), e.actual.reshape(()))
        for x in e.args
        for f in (np.std, np.var)
        if e.actual.size == 1
    ):
        return False  # small whole numbers have such ratios by chance
    counts = {n for x in e.args for n in (*x.shape, x.size) if n > 1}

    def is_times(*powers: float) -> bool:
        return any(e.explains(e.actual * ((n - 1) / n) ** p) for n in counts for p in powers)

    if is_times(0.5, 1):  # Octave's is the smaller one
        return (
            "Octave divides by n here, as std(x, 1), var(x, 1) and cov(x, 1) do, and Python by "
            "n - 1; pass ddof=0"
        )
    return is_times(-0.5, -1)


def _matrices_transposed(e: Evidence, larger_than: int = 1) -> Iterator[_Array | None]:
    for k, x in enumerate(e.args):
        if x.ndim == 2 and x.size > larger_than:
            yield e.again((*e.args[:k], x.T, *e.args[k + 1 :]))


def _is_vector(a: _Array) -> bool:
    return a.size > 1 and sum(n > 1 for n in a.shape) <= 1


def _transposed(e: Evidence) -> bool:
    if e.expected.ndim != 2 or _is_vector(e.expected) or e.expected.size == 1:
        return False
    if e.explains(e.actual.T):
        return True
    return any(
        result is not None and (e.explains(result) or e.explains(result.T))
        for result in itertools.chain(_matrices_transposed(e), _along_the_other(e, _ALONG))
    )


# Of a matrix and an axis; what the port may have done, where it cannot be called again.
_ALONG: tuple[Callable[[_Array, int], _Array], ...] = (
    lambda x, axis: np.sort(x, axis),
    lambda x, axis: np.diff(x, axis=axis),
    lambda x, axis: np.cumsum(x, axis),
    lambda x, axis: np.cumprod(x, axis),
    lambda x, axis: np.asarray(np.cov(x, rowvar=bool(axis))),
    lambda x, axis: np.asarray(np.corrcoef(x, rowvar=bool(axis))),
    lambda x, axis: x @ x.T if axis else x.T @ x,
)
_REDUCE: tuple[Callable[[_Array, int], _Array], ...] = (
    *(
        lambda x, axis, f=f: f(x, axis)
        for f in (np.max, np.min, np.sum, np.mean, np.median, np.prod, np.any, np.all)
    ),
    *(lambda x, axis, f=f, d=d: f(x, axis, ddof=d) for f in (np.std, np.var) for d in (0, 1)),
)


def _along_the_other(
    e: Evidence, functions: tuple[Callable[[_Array, int], _Array], ...]
) -> Iterator[_Array]:
    """Yield what a function gives along the other axis than the one along which Python's is it."""
    for x in e.args:
        if x.ndim != 2 or min(x.shape) < 2 or x.dtype.kind not in "biuf":
            continue
        for f, axis in itertools.product(functions, (0, 1)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if e.close(f(x, axis).ravel(), e.actual.ravel()):
                    yield f(x, 1 - axis)


# More columns than that are not tried one by one: the Python function may be slow.
_MOST_COLUMNS = 10
_REDUCERS = (np.max, np.min, np.sum, np.mean, np.prod, np.any, np.all)


def _first_dimension(e: Evidence) -> bool | str:
    one, many = sorted((e.actual, e.expected), key=np.size)
    if one.size == 1 and _is_vector(many):
        across = any(many.size in x.shape and x.ndim >= 2 for x in e.args)
        reduced = (np.asarray(f(many)).reshape(()) for f in _REDUCERS)
        if not across:
            return False
        if any(e.close(value, one.reshape(())) for value in reduced):
            return one is e.actual or (
                "Octave's result is that of all elements, as sum(x(:)) or max(max(x)) is, and "
                "Python's has one for each row or column; leave axis= away"
            )
        return _works_by_column(e)
    if not (_is_vector(e.actual) and _is_vector(e.expected)):
        return False
    results = itertools.chain(
        _matrices_transposed(e, larger_than=e.expected.size), _along_the_other(e, _REDUCE)
    )
    if not any(
        result is not None
        and result.size == e.expected.size
        # A result along a dimension of one argument is the other way round.
        and e.explains(result.reshape(e.expected.shape))
        for result in results
    ):
        return False
    return (
        "one goes down the columns, as Octave does unless it is told a dimension or has a row "
        "vector, and the other along the rows: take the other axis="
    )


def _works_by_column(e: Evidence) -> bool:
    """Whether Octave's result is what Python returns for each column by itself."""
    for k, x in enumerate(e.args):
        if x.ndim != 2 or x.shape[1] != e.expected.size or x.shape[1] > _MOST_COLUMNS:
            continue
        columns = (x[:, [j]] for j in range(x.shape[1]))
        results = [e.again((*e.args[:k], column, *e.args[k + 1 :])) for column in columns]
        single = [r.ravel() for r in results if r is not None and r.size == 1]
        if len(single) == x.shape[1]:
            return e.close(np.concatenate(single), e.expected.ravel())
    return False


def _divides_whole_numbers(e: Evidence) -> bool:
    if not e.same_shape or e.is_near:
        return False
    constants = [np.asarray(float(k)) for k in range(2, 11)]
    pairs = itertools.chain(
        e.operands(),
        ((_wide(x), k) for x in e.args if x.shape == e.expected.shape for k in constants),
    )
    for x, y in pairs:
        quotient = x / y
        if not _is_whole(x, y) or quotient.shape != e.expected.shape:
            continue
        down = e.close(e.actual, np.floor(quotient)) or e.close(e.actual, np.trunc(quotient))
        if down and (e.explains(_half_away(quotient)) or e.explains(quotient)):
            return True
    return False


def _breaks_ties(e: Evidence) -> bool | str:
    if not e.same_shape or not e.expected.size or not _is_whole(e.actual, e.expected):
        return False
    theirs = _wide(e.expected).astype(np.int64) - 1
    for x, base in itertools.product(e.args, (0, 1)):
        ours = _wide(e.actual).astype(np.int64) - base
        if _points_to_equals(x, ours, theirs):
            if _takes_first(x, theirs) or not _takes_first(x, ours):
                return True
            return (
                "both point to equal elements: Python takes the first of equals, and Octave's code "
                "a later one, as it does where it goes through the elements backwards"
            )
    return False


def _takes_first(x: _Array, indices: _Array) -> bool:
    """Whether indices into `x` have the first of equal elements before the others."""
    flat, at = x.ravel("F"), indices.ravel("F")
    if at.size == 1:
        return bool(np.flatnonzero(flat == flat[at[0]])[0] == at[0])
    if at.size > flat.size or indices.size != max(indices.shape, default=0):
        return True  # one for each column: not looked at
    equal = flat[at[1:]] == flat[at[:-1]]
    return bool(np.all(at[1:][equal] > at[:-1][equal]))


def _points_to_equals(x: _Array, ours: _Array, theirs: _Array) -> bool:
    """Whether two arrays of indices into `x` differ, and point to equal elements."""
    if np.array_equal(ours, theirs) or min(ours.min(), theirs.min()) < 0:
        return False
    most = max(ours.max(), theirs.max())
    if x.size > most and (_is_vector(x) or theirs.size == 1):
        flat = x.ravel("F")
        return bool(np.array_equal(flat[ours], flat[theirs]))
    if x.ndim != 2 or theirs.ndim != 2:
        return False
    return any(
        x.shape[axis] > most
        and theirs.shape[1 - axis] == x.shape[1 - axis]
        and np.array_equal(np.take_along_axis(x, ours, axis), np.take_along_axis(x, theirs, axis))
        for axis in (0, 1)
    )


_DOUBLE = (
    "Python computes in single precision and Octave in double, as its numbers are unless it is "
    "told; use .astype(float) on the arguments"
)


def _is_single_precision(e: Evidence) -> bool | str:
    kinds = e.actual.dtype, e.expected.dtype
    if not e.same_shape or not e.expected.size or any(k.kind not in "fc" for k in kinds):
        return False
    if kinds[0] != kinds[1]:
        if kinds[0].kind != kinds[1].kind or not e.is_near:
            return False
        return kinds[1].itemsize < kinds[0].itemsize or _DOUBLE
    if kinds[0] != np.float64:
        return False
    short = [
        np.array_equal(x, x.astype(np.float32), equal_nan=True) for x in (e.actual, e.expected)
    ]
    near = np.allclose(e.actual, e.expected, rtol=1e-5, equal_nan=True)
    if not near or short[0] == short[1]:
        return False
    return short[1] or _DOUBLE


def _skips_nan(e: Evidence) -> bool:
    if not e.same_shape or any(a.dtype.kind != "f" for a in (e.actual, e.expected)):
        return False
    a, b = e.actual[e.apart], e.expected[e.apart]
    values = [x.ravel() for x in e.args if x.dtype.kind == "f"]
    if not a.size or not np.isnan(a).all() or np.isnan(b).any() or not values:
        return False
    known = np.concatenate(values)
    return bool(np.isnan(known).any() and np.isin(b, known).all())


def _conjugates(e: Evidence) -> bool:
    if "c" not in (e.actual.dtype.kind, e.expected.dtype.kind):
        return False
    if e.explains(np.conj(e.actual)) or _is_hermitian_not_symmetric(e):
        return True
    results = (
        e.again((*e.args[:k], np.conj(x), *e.args[k + 1 :]))
        for k, x in enumerate(e.args)
        if x.dtype.kind == "c"
    )
    return any(e.explains(result) for result in results)


def _is_hermitian_not_symmetric(e: Evidence) -> bool:
    """Whether Python has x.T @ x where Octave has x' * x, of a matrix or a vector."""
    if e.same_shape and e.expected.ndim == 2 and not e.is_near:
        return e.close(e.actual.T, e.actual) and e.close(e.expected.conj().T, e.expected)
    return e.expected.size == 1 and any(
        e.close(np.sum(x * x), e.actual) and e.close(np.sum(np.abs(x) ** 2), e.expected.real)
        for x in e.args
        if x.dtype.kind == "c"
    )


def _last_bits(e: Evidence) -> bool:
    if not e.same_shape or e.actual.dtype != e.expected.dtype or e.expected.dtype.kind not in "fc":
        return False
    return e.is_near and bool(np.isfinite(e.actual[e.apart]).all())


HINTS: tuple[Hint, ...] = (
    Hint(
        "rounding of halves",
        "Octave's round goes away from zero (2.5 to 3), NumPy's round and rint to even (2.5 to "
        "2); write np.trunc(x + np.copysign(0.5, x))",
        _rounds_halves,
    ),
    Hint(
        "wrapping and saturating integers",
        "Octave's integers stop at their limits (int8(100) + int8(100) is 127), NumPy's wrap "
        "(-56); compute in a wider type, np.clip, and cast back",
        _saturates,
    ),
    Hint(
        "row- and column-major order",
        "Octave reshapes, flattens and counts down the columns, NumPy along the rows; pass "
        'order="F" to reshape, ravel, unravel_index, or work on x.T',
        _order,
    ),
    Hint(
        "0- and 1-based indices",
        "Octave counts from 1; return indices + 1 to compare them",
        _counts_from_zero,
    ),
    Hint(
        "ddof",
        "Octave's std, var and cov divide by n - 1, NumPy's std and var by n; pass ddof=1",
        _ddof,
    ),
    Hint(
        "sample axis",
        "the result is that of the transposed matrix: Octave's functions take one observation a "
        "row and work down the columns unless they are told, some of NumPy's the other way round; "
        "take the other axis= (or rowvar=), or transpose",
        _transposed,
    ),
    Hint(
        "division of whole numbers",
        "Octave rounds the quotient of integers to the nearest (int32(7) / int32(2) is 4) and "
        "leaves that of doubles as it is, Python's // rounds down (3)",
        _divides_whole_numbers,
    ),
    Hint(
        "the first dimension that is not 1",
        "max, min, sum, prod, mean, median, any and all of Octave work down each column of a "
        "matrix and along a row vector; NumPy's take all elements unless axis= is given",
        _first_dimension,
    ),
    Hint(
        "ties",
        "both point to equal elements: Octave's sort is stable and its max and min take the first "
        'of equals; use np.argsort(x, kind="stable"), and for descending order np.argsort(-x, ...) '
        "in place of reversing",
        _breaks_ties,
    ),
    Hint(
        "single and double precision",
        "one side computes in single precision: in Octave a single operand makes the result "
        "single, in NumPy a float64 array makes it float64; cast where Octave does",
        _is_single_precision,
    ),
    Hint(
        "NaN in max and min",
        "Octave's max and min skip NaN, NumPy's return it; use np.nanmax, np.nanmin, np.fmax or "
        "np.fmin",
        _skips_nan,
    ),
    Hint(
        "complex conjugate transpose",
        "Octave's x' conjugates, and NumPy's x.T does not; x' is x.conj().T, and x.' is x.T",
        _conjugates,
    ),
    Hint(
        "last bits",
        "nothing but rounding is between the two: sums in another order, another BLAS or another "
        "library of elementary functions; if that is acceptable, compare with ulp(n) or rtol(x)",
        _last_bits,
    ),
)
