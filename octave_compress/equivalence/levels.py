"""What it means that two results are equal: exactly, within ulps, or within a relative bound.

The level belongs to an operation's declaration, or to a test, and this module is the only judge
of it: `compare` for a verdict, `differences` for all that differs, as data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octave_compress.structs import StructArray, is_sparse


@dataclass(frozen=True)
class Level:
    """How equal the two backends' results must be.

    Attributes
    ----------
    kind : {"exact", "ulp", "rtol", "measured"}
    bound, single : float
        Largest difference for float64 and for float32, in ulps or relative.
    """

    kind: str
    bound: float = 0.0
    single: float = 0.0

    def __str__(self) -> str:
        if self.kind in ("exact", "measured"):
            return self.kind
        return f"{self.kind}({self.bound:g})"


EXACT = Level("exact")
# A time is not a function of its arguments: type, shape and sign are all that can agree.
MEASURED = Level("measured")


def ulp(n: float) -> Level:
    """At most `n` units in the last place, of each part of a complex number."""
    return Level("ulp", n, n)


def rtol(x: float, single: float | None = None) -> Level:
    """At most ``x * |b|``, with a floor of ``x / 1000`` of the largest ``|b|`` in the array.

    The floor is there because a sum that nearly cancels has no relative accuracy. For float32
    the bound is `single`, by default `x` times the ratio of the two machine epsilons.
    """
    return Level("rtol", x, x * 2.0**29 if single is None else single)


@dataclass(frozen=True)
class Comparison:
    """The outcome of one comparison.

    Attributes
    ----------
    worst, worst_single : float
        Largest difference found in float64 and in float32, in the level's own unit.
    mismatch : str or None
        Where and how the results first differ by more than allowed; None if they agree.
    differences : tuple of Difference
        All that differs, as `differences` returns it.
    """

    worst: float
    worst_single: float
    mismatch: str | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One place where two values differ by more than the level allows.

    Attributes
    ----------
    path, python_path : str
        The variable, as Octave and as Python name it: ``m.W{2}`` and ``m['W'][1]``.
    kind : {"value", "class", "shape", "fields", "missing", "text", "incomparable"}
        What differs. The rest of the attributes is about values of arrays.
    message : str
        How they differ, in words.
    actual, expected : object
        The first elements that differ, in column-major order; or the classes, shapes or texts.
    index : tuple of int or None
        Where those elements are, counted from 0 as in Python.
    ulps, relative, absolute : float or None
        Largest difference among the elements that differ and are finite on both sides: in units
        in the last place, relative to `expected`, and absolute. None where there is none;
        `ulps` and `relative` also for whole numbers.
    count, size : int
        How many elements differ, of how many.
    values : tuple
        The two values at `path`, whole.
    """

    path: str
    python_path: str
    kind: str
    message: str
    actual: Any = None
    expected: Any = None
    index: tuple[int, ...] | None = None
    ulps: float | None = None
    relative: float | None = None
    absolute: float | None = None
    count: int = 0
    size: int = 0
    values: tuple[Any, Any] = field(default=(None, None), repr=False, compare=False)

    @property
    def octave_index(self) -> tuple[int, ...] | None:
        """Where the first differing elements are, counted from 1 as in Octave."""
        return None if self.index is None else tuple(i + 1 for i in self.index)

    @property
    def location(self) -> str:
        """The first differing element as Octave names it: ``m.W{2}(3,1)``."""
        return self.path + (f"({_joined(self.octave_index)})" if self.octave_index else "")

    @property
    def python_location(self) -> str:
        """The first differing element as Python names it: ``m['W'][1][2, 0]``."""
        return self.python_path + (f"[{_joined(self.index, ', ')}]" if self.index else "")

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"


def compare(actual: Any, expected: Any, level: Level, name: str = "result") -> Comparison:
    """Compare two results; what equality means is said at `differences`."""
    worst = {True: 0.0, False: 0.0}  # by whether it is single precision
    found = []
    for judged in _walk(_Place(name, name), actual, expected, level):
        worst[judged.is_single] = max(worst[judged.is_single], judged.worst)
        if judged.difference is not None:
            found.append(judged.difference)
    mismatch = str(found[0]) if found else None
    return Comparison(worst[False], worst[True], mismatch, tuple(found))


def differences(
    actual: Any, expected: Any, level: Level, name: str = "result"
) -> tuple[Difference, ...]:
    """Return all differences of two values: arrays, numbers, text, lists, dicts, models.

    Classes, shapes, field names, truth values, whole numbers and text must be the same at every
    level; the level is about floats. NaN equals NaN, and at the exact level the sign of zero
    counts. Lists and arrays of objects are cells, dicts structs, and dataclasses and models
    count as structs. The order of fields is not compared. Arrays of any size are compared in
    linear time, a block at a time.

    Parameters
    ----------
    actual, expected : object
        `expected` is what relative differences are relative to.
    level : Level
        How equal floats must be.
    name : str
        What the variable is called in the paths.

    Returns
    -------
    tuple of Difference
        Empty if the values agree. There is one entry for each array, text or struct that
        differs, not one for each element. Values that nothing is known about, such as function
        handles, never agree: their entry is "incomparable".
    """
    return compare(actual, expected, level, name).differences


def differing(actual: NDArray[Any], expected: NDArray[Any], level: Level) -> NDArray[np.bool_]:
    """Return which elements of two arrays, of one class and shape, differ by more than allowed."""
    floor = 1e-3 * _largest_magnitude(expected) if level.kind == "rtol" else 0.0
    bound = level.single if _is_single(expected) else level.bound
    apart: NDArray[np.bool_] = _distance(actual, expected, level, floor) > bound
    return apart


# An array is compared in blocks of so many elements, which stay in the cache.
_BLOCK = 1 << 16


@dataclass(frozen=True)
class _Place:
    octave: str
    python: str

    def field(self, key: str) -> _Place:
        return _Place(f"{self.octave}.{key}", f"{self.python}[{key!r}]")

    def element(self, index: tuple[int, ...], brackets: str) -> _Place:
        # A row needs one index in Octave; a list has only one in Python.
        ones = tuple(i + 1 for i in index)
        return _Place(
            f"{self.octave}{brackets[0]}{_joined(ones)}{brackets[1]}",
            f"{self.python}[{_joined(index, ', ')}]",
        )

    def difference(
        self,
        kind: str,
        message: str,
        values: tuple[Any, Any],
        differ: tuple[Any, Any] | None = None,
    ) -> _Judged:
        actual, expected = values if differ is None else differ
        found = Difference(self.octave, self.python, kind, message, actual, expected, values=values)
        return _Judged(found, np.inf)


@dataclass(frozen=True)
class _Judged:
    """The verdict about one array, text or struct."""

    difference: Difference | None = None
    worst: float = 0.0
    is_single: bool = False


_SAME = _Judged()


def _joined(index: tuple[int, ...] | None, comma: str = ",") -> str:
    return comma.join(map(str, index or ()))


def _walk(place: _Place, left: Any, right: Any, level: Level) -> Iterator[_Judged]:
    """Yield the verdict on each pair of leaves of two values."""
    left, right = _plain(left), _plain(right)
    kinds = _class(left), _class(right)
    if "" in kinds:
        unknown = " and ".join(sorted({type(v).__name__ for v in (left, right) if not _class(v)}))
        message = f"cannot be compared: {unknown} is no number, text, cell or struct"
        yield place.difference("incomparable", message, (left, right))
    elif kinds[0] != kinds[1]:
        message = f"class {kinds[0]} is not {kinds[1]}"
        yield place.difference("class", message, (left, right), kinds)
    elif isinstance(left, dict) and isinstance(right, dict):
        yield from _walk_fields(place, left, right, level)
    elif isinstance(left, str):
        yield _SAME if left == right else _judge_text(place, left, right)
    elif left is None:
        yield _SAME
    elif _shape(left) != _shape(right):
        message = f"shape {_shape_text(left)} is not {_shape_text(right)}"
        yield place.difference("shape", message, (left, right), (_shape(left), _shape(right)))
    elif isinstance(left, list) or left.dtype == object:
        yield from _walk_elements(place, left, right, level)
    elif isinstance(left, np.ndarray):
        yield _judge_numbers(place, left, right, level)
    else:
        yield _judge_sparse(place, left, right, level)


def _walk_fields(
    place: _Place, left: dict[str, Any], right: dict[str, Any], level: Level
) -> Iterator[_Judged]:
    if left.keys() != right.keys():
        yield _judge_keys(place, left, right)
    for key in left:
        if key in right:
            yield from _walk(place.field(key), left[key], right[key], level)


def _judge_keys(place: _Place, left: dict[str, Any], right: dict[str, Any]) -> _Judged:
    missing = [key for key in right if key not in left]
    extra = [key for key in left if key not in right]
    parts = [f"field {key} is missing" for key in missing]
    parts += [f"field {key} is not expected" for key in extra]
    return place.difference("fields", ", ".join(parts), (left, right), (tuple(left), tuple(right)))


def _walk_elements(place: _Place, left: Any, right: Any, level: Level) -> Iterator[_Judged]:
    is_struct = isinstance(left, StructArray)
    if is_struct:
        fields_left, fields_right = dict.fromkeys(left.fields), dict.fromkeys(right.fields)
        if fields_left.keys() != fields_right.keys():
            # Told once: all elements of a struct array have the same fields.
            yield _judge_keys(place, fields_left, fields_right)
            common = fields_left.keys() & fields_right.keys()
            left, right = _only(left, common), _only(right, common)
    if isinstance(left, list):
        pairs = (((i,), a, b) for i, (a, b) in enumerate(zip(left, right, strict=True)))
    else:
        # Octave's order of elements.
        pairs = ((at[::-1], left[at[::-1]], right[at[::-1]]) for at in np.ndindex(left.T.shape))
    for index, a, b in pairs:
        yield from _walk(place.element(index, "()" if is_struct else "{}"), a, b, level)


def _only(array: Any, keys: Any) -> Any:
    result = np.empty(array.shape, dtype=object).view(StructArray)
    for at in np.ndindex(array.shape):
        result[at] = {key: array[at][key] for key in array[at] if key in keys}
    return result


def _judge_text(place: _Place, left: str, right: str) -> _Judged:
    pairs = zip(left, right, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))
    message = f"{_excerpt(left, at)} is not {_excerpt(right, at)}"
    if len(left) != len(right):
        message += f" (lengths {len(left)} and {len(right)})"
    return place.difference("text", message, (left, right))


def _excerpt(text: str, at: int) -> str:
    """Return a piece of a text around a position, quoted."""
    start, end = max(0, at - 30), at + 30
    return ("..." * (start > 0)) + repr(text[start:end]) + ("..." * (end < len(text)))


def _plain(value: Any) -> Any:
    """Return a value as dict, list, array, sparse array, text or None; or itself if unknown."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.ma.MaskedArray):
        return value
    if isinstance(value, np.ndarray):
        if isinstance(value, StructArray):
            # A 1x1 struct array is a struct, also in Octave.
            return value.flat[0] if value.size == 1 and value.ndim == 2 else value
        if value.dtype == object and (value.ndim == 1 or value.shape[:-1] == (1,)):
            return list(value.flat)  # a row of cells
        return value if type(value) is np.ndarray else np.asarray(value)
    if isinstance(value, bool | int | float | complex | np.generic):
        return np.asarray(value)
    if is_sparse(value):
        return value
    if hasattr(value, "to_struct"):
        return value.to_struct()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    return value


_CLASSES = {
    "b1": "logical",
    "f4": "single",
    "f8": "double",
    "c8": "complex single",
    "c16": "complex double",
    **{f"i{n}": f"int{8 * n}" for n in (1, 2, 4, 8)},
    **{f"u{n}": f"uint{8 * n}" for n in (1, 2, 4, 8)},
}


def octave_class(value: Any) -> str:
    """Return the name of the class that a value has in Octave; ``""`` if it has none.

    Whether a number is complex or a matrix sparse is part of the name: ``"complex double"``,
    ``"sparse logical"``.
    """
    return _class(_plain(value))


def _class(value: Any) -> str:
    if isinstance(value, str):
        return "char"
    if isinstance(value, dict | StructArray):
        return "struct"
    if isinstance(value, list):
        return "cell"
    if value is None:
        return "None"
    if is_sparse(value):
        known = _CLASSES.get(value.dtype.str[1:], "")
        return f"sparse {known}" if known and value.ndim == 2 else ""
    if isinstance(value, np.ndarray) and not np.ma.isMA(value):
        return "cell" if value.dtype == object else _CLASSES.get(value.dtype.str[1:], "")
    return ""


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, dict):
        return (1, 1)
    return (len(value),) if isinstance(value, list) else tuple(value.shape)


def _shape_text(value: Any) -> str:
    shape = _shape(value)
    if len(shape) == 1:
        return f"({shape[0]},)" if isinstance(value, np.ndarray) else f"1x{shape[0]}"
    return "x".join(map(str, shape)) if shape else "1x1 (a scalar)"


def _judge_numbers(place: _Place, left: Any, right: Any, level: Level) -> _Judged:
    # Most values agree, and cells may hold very many small ones.
    if left.nbytes <= 4096 and left.tobytes() == right.tobytes():
        return _Judged(is_single=_is_single(left))
    tally = _Tally(level, left, right)
    blocks = np.nditer(
        [left, right], ["external_loop", "buffered", "zerosize_ok"], order="F", buffersize=_BLOCK
    )
    for a, b in blocks:
        tally.add(a, b)
    if tally.first is None:
        return _Judged(None, tally.worst, tally.is_single)
    at = np.unravel_index(tally.first, left.shape, order="F")
    return tally.verdict(place, tuple(int(i) for i in at), left.size, (left, right))


def _judge_sparse(place: _Place, left: Any, right: Any, level: Level) -> _Judged:
    keys_left, values_left = _coordinates(left)
    keys_right, values_right = _coordinates(right)
    keys = np.union1d(keys_left, keys_right)
    a, b = (np.zeros(keys.size, values.dtype) for values in (values_left, values_right))
    a[np.searchsorted(keys, keys_left)] = values_left
    b[np.searchsorted(keys, keys_right)] = values_right
    tally = _Tally(level, a, b)
    for start in range(0, keys.size, _BLOCK):
        tally.add(a[start : start + _BLOCK], b[start : start + _BLOCK])
    if tally.first is None:
        return _Judged(None, tally.worst, tally.is_single)
    column, row = divmod(int(keys[tally.first]), left.shape[0])
    return tally.verdict(place, (row, column), keys.size, (left, right))


def _coordinates(matrix: Any) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return where a sparse matrix has elements, counted column by column, and the elements."""
    columns = matrix.tocsc(copy=True)
    columns.sum_duplicates()
    columns.eliminate_zeros()
    counts = np.diff(columns.indptr)
    start = np.repeat(np.arange(columns.shape[1], dtype=np.int64), counts) * columns.shape[0]
    return start + columns.indices, columns.data


def _is_single(array: NDArray[Any]) -> bool:
    return array.dtype.str[1:] in ("f4", "c8")


class _Tally:
    """Counts and measures the differences of two arrays, a block at a time."""

    def __init__(self, level: Level, left: NDArray[Any], right: NDArray[Any]) -> None:
        self.level = level
        self.is_single = _is_single(right)
        self.bound = level.single if self.is_single else level.bound
        self.floor = 1e-3 * _largest_magnitude(right) if level.kind == "rtol" else 0.0
        self.worst = 0.0
        self.first: int | None = None
        self.elements: tuple[Any, Any] = (None, None)
        self.gaps: dict[str, float] = {}
        self.count = 0
        self._seen = 0

    def add(self, a: NDArray[Any], b: NDArray[Any]) -> None:
        start, self._seen = self._seen, self._seen + a.size
        if not a.size:
            return
        distance = _distance(a, b, self.level, self.floor)
        self.worst = max(self.worst, float(distance.max()))
        apart = distance > self.bound
        if not apart.any():
            return
        if self.first is None:
            at = int(apart.argmax())
            self.first = start + at
            self.elements = (a[at], b[at])
        self.count += int(apart.sum())
        for name, gap in _gaps(a[apart], b[apart]).items():
            self.gaps[name] = max(self.gaps.get(name, 0.0), gap)

    def verdict(
        self, place: _Place, index: tuple[int, ...], size: int, values: tuple[Any, Any]
    ) -> _Judged:
        actual, expected = self.elements
        message = f"{actual!r} is not {expected!r} ({self.count} of {size} differ"
        if "ulps" in self.gaps:
            message += f", by at most {self.gaps['ulps']:.6g} ulp"
            message += f" or {self.gaps['relative']:.3g} relative"
        elif "absolute" in self.gaps:
            message += f", by at most {self.gaps['absolute']:.6g}"
        if self.level.kind in ("ulp", "rtol"):
            message += f"; {self.level} allows {self.bound:g}, found {self.worst:g}"
        difference = Difference(
            place.octave,
            place.python,
            "value",
            f"{message})",
            actual,
            expected,
            index,
            self.gaps.get("ulps"),
            self.gaps.get("relative"),
            self.gaps.get("absolute"),
            self.count,
            size,
            values,
        )
        return _Judged(difference, self.worst, self.is_single)


def _largest_magnitude(array: NDArray[Any]) -> float:
    if array.dtype.kind not in "fc":
        return 0.0
    largest = 0.0
    for block in np.nditer(array, ["external_loop", "buffered", "zerosize_ok"], buffersize=_BLOCK):
        size = np.abs(block).astype(np.float64)
        largest = max(largest, float(np.max(size, initial=0.0, where=np.isfinite(size))))
    return largest


def _distance(a: NDArray[Any], b: NDArray[Any], level: Level, floor: float) -> NDArray[np.float64]:
    """Return how far elements are apart, in the level's unit; Inf where nothing is allowed."""
    if a.dtype.kind not in "fc":
        return np.where(a == b, 0.0, np.inf)
    if a.dtype.kind == "c" and level.kind != "rtol":
        real = _distance(a.real, b.real, level, floor)
        return np.maximum(real, _distance(a.imag, b.imag, level, floor))
    if level.kind == "measured":
        return np.where((a >= 0) == (b >= 0), 0.0, np.inf)
    same = _same(a, b)
    if level.kind == "exact":
        return np.where(same & ((np.signbit(a) == np.signbit(b)) | np.isnan(a)), 0.0, np.inf)
    if same.all():
        return np.zeros(a.shape)
    wild = ~same & ~(np.isfinite(a) & np.isfinite(b))
    if level.kind == "ulp":
        distance = _ulps(a, b)
    else:
        with np.errstate(all="ignore"):
            wide_a, wide_b = _wide(a), _wide(b)
            distance = np.abs(wide_a - wide_b) / (np.abs(wide_b) + floor)
    return np.where(same, 0.0, np.where(wild, np.inf, distance))


def _same(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    if a.dtype.kind == "c":
        return _same(a.real, b.real) & _same(a.imag, b.imag)
    same: NDArray[np.bool_] = (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def _wide(a: NDArray[Any]) -> NDArray[Any]:
    return a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)


def _gaps(a: NDArray[Any], b: NDArray[Any]) -> dict[str, float]:
    """Return the largest differences of elements that are finite on both sides."""
    if a.dtype.kind == "b":
        return {}
    if a.dtype.kind in "iu":
        # The difference of two whole numbers may need one more bit than they have.
        unsigned = np.dtype(f"u{a.dtype.itemsize}")
        return {"absolute": float(np.where(a > b, a - b, b - a).view(unsigned).max())}
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.any():
        return {}
    a, b = a[finite], b[finite]
    parts = ((a.real, b.real), (a.imag, b.imag)) if a.dtype.kind == "c" else ((a, b),)
    with np.errstate(all="ignore"):
        absolute = np.abs(_wide(a) - _wide(b))
        relative = np.where(absolute == 0, 0.0, absolute / np.abs(_wide(b)))
    return {
        "ulps": max(float(_ulps(x, y).max()) for x, y in parts),
        "relative": float(relative.max()),
        "absolute": float(absolute.max()),
    }


def _ulps(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Return how many representable numbers lie between: floats of one sign sort like integers."""
    kind = np.int32 if a.dtype == np.float32 else np.int64
    lowest = np.iinfo(kind).min

    def ranks(x: NDArray[Any]) -> NDArray[np.float64]:
        bits: NDArray[Any] = np.ascontiguousarray(x).view(kind).reshape(x.shape)
        return np.where(bits < 0, lowest - bits, bits)

    ra, rb = ranks(a), ranks(b)
    same_sign = (ra >= 0) == (rb >= 0)
    exact = np.abs(ra - rb, where=same_sign, out=np.zeros_like(ra)).astype(np.float64)
    apart = np.abs(ra.astype(np.float64)) + np.abs(rb.astype(np.float64))
    return np.where(same_sign, exact, apart)
