"""What it means that two results are equal: exactly, within ulps, or within a relative bound.

The level belongs to an operation's declaration, and this module is the only judge of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
    """At most `n` units in the last place."""
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
        Where and how the results differ by more than allowed; None if they agree.
    """

    worst: float
    worst_single: float
    mismatch: str | None


def compare(actual: Any, expected: Any, level: Level) -> Comparison:
    """Compare two results: arrays, numbers, text, lists, dicts, dataclasses, models.

    Types, shapes, truth values, whole numbers and text must be the same at every level;
    the level is about floats. NaN equals NaN, and at the exact level the sign of zero counts.
    """
    worst = {True: 0.0, False: 0.0}  # by whether it is single precision
    for path, left, right in _pairs("result", actual, expected):
        if isinstance(left, _Different):
            return Comparison(np.inf, worst[True], f"{path}: {left.text}")
        difference = _difference(left, right, level)
        at = int(np.argmax(difference)) if difference.size else 0
        largest = float(difference.reshape(-1)[at]) if difference.size else 0.0
        is_single = bool(left.dtype == np.float32)
        worst[is_single] = max(worst[is_single], largest)
        bound = level.single if is_single else level.bound
        if largest > bound:
            index = tuple(int(i) for i in np.unravel_index(at, difference.shape))
            return Comparison(
                worst[False],
                worst[True],
                f"{path}{list(index)}: {left[index]!r} is not {right[index]!r} "
                f"({level} allows {bound:g}, found {largest:g}; "
                f"{int((difference > bound).sum())} of {difference.size} differ)",
            )
    return Comparison(worst[False], worst[True], None)


@dataclass(frozen=True)
class _Different:
    text: str


def _pairs(path: str, left: Any, right: Any) -> list[tuple[str, Any, Any]]:
    """Return every pair of arrays to compare; a structural difference ends as `_Different`."""
    left, right = _plain(left), _plain(right)
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return [(path, _Different(f"fields {sorted(left)} are not {sorted(right)}"), None)]
        return [pair for key in left for pair in _pairs(f"{path}.{key}", left[key], right[key])]
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return [(path, _Different(f"{len(left)} elements are not {len(right)}"), None)]
        return [
            pair
            for i, (a, b) in enumerate(zip(left, right, strict=True))
            for pair in _pairs(f"{path}[{i}]", a, b)
        ]
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        if left.dtype != right.dtype or left.shape != right.shape:
            text = f"{left.dtype} {left.shape} is not {right.dtype} {right.shape}"
            return [(path, _Different(text), None)]
        return [(path, left, right)]
    if type(left) is type(right) and left == right:
        return []
    return [(path, _Different(f"{left!r} is not {right!r}"), None)]


def _plain(value: Any) -> Any:
    if hasattr(value, "to_struct"):
        return value.to_struct()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool | int | float | np.generic) and not isinstance(value, np.str_):
        return np.asarray(value)
    return value


def _difference(a: NDArray[Any], b: NDArray[Any], level: Level) -> NDArray[Any]:
    if a.dtype.kind != "f":
        return np.where(a == b, 0.0, np.inf)
    if level.kind == "measured":
        return np.where((a >= 0) == (b >= 0), 0.0, np.inf)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if level.kind == "exact":
        return np.where(same & ((np.signbit(a) == np.signbit(b)) | np.isnan(a)), 0.0, np.inf)
    wild = ~same & ~(np.isfinite(a) & np.isfinite(b))
    if level.kind == "ulp":
        distance = _ulps(a, b)
    else:
        size = np.abs(b[np.isfinite(b)]).astype(np.float64)
        floor = 1e-3 * size.max() if size.size else 0.0
        with np.errstate(all="ignore"):
            wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
            distance = np.abs(wide_a - wide_b) / (np.abs(wide_b) + floor)
    return np.where(same, 0.0, np.where(wild, np.inf, distance))


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
