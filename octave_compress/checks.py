"""Argument checks whose error texts are the same, letter for letter, in ``m_files/private``.

Every check takes the operation's name and the argument's name in upper case, returns the
value in the form that the operation computes with, and raises
:class:`~octave_compress.errors.InvalidValueError` or ``InvalidTypeError``.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from octave_compress.errors import InvalidTypeError, InvalidValueError

FloatArray = NDArray[np.floating[Any]]

_T = TypeVar("_T")


def number_text(value: float) -> str:
    """Return a number as both sides write it in an error: ``NaN``, ``Inf``, or its digits.

    15 of them where they say which number it is, else 17: what is just above 1 is not "1".
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    text = f"{value:.15g}"
    return text if float(text) == value else f"{value:.17g}"


def size_text(array: NDArray[Any]) -> str:
    """Return a shape as Octave writes it: ``3x4``."""
    return "x".join(str(n) for n in array.shape)


def value_error(op: str, argument: str, requirement: str, got: str | None = None) -> NoReturn:
    """Raise ``op: ARGUMENT must requirement, got value``."""
    text = f"{op}: {argument} must {requirement}"
    raise InvalidValueError(text if got is None else f"{text}, got {got}")


def type_error(op: str, argument: str, requirement: str, got: str | None = None) -> NoReturn:
    """Raise ``op: ARGUMENT must requirement`` for a value of the wrong type."""
    text = f"{op}: {argument} must {requirement}"
    raise InvalidTypeError(text if got is None else f"{text}, got {got}")


def real_array(
    op: str, argument: str, value: object, requirement: str, dimensions: Sequence[int] = (0, 1, 2)
) -> NDArray[Any]:
    """Return an array of numbers of a type that both languages have, or say what to write."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        # The second is what another library says about its arrays.
        is_ragged = "inhomogeneous" in str(error)
        type_error(op, argument, requirement, "rows of unequal length" if is_ragged else str(error))
    wide = array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8)
    is_real = array.dtype.kind in "buif" and not wide and not np.ma.isMaskedArray(value)
    if not is_real:
        type_error(op, argument, requirement, _what_it_is(value, array))
    if array.ndim not in dimensions:
        several = "" if array.ndim == 1 else "s"
        type_error(op, argument, requirement, f"{array.ndim} dimension{several}")
    return array


def _what_it_is(value: object, array: NDArray[Any]) -> str | None:
    """Return what was found in place of numbers, and how to turn it into some if it can be."""
    if np.ma.isMaskedArray(value):
        return "a masked array: fill its gaps with .filled(...)"
    if type(value).__module__.startswith("scipy.sparse"):
        return "a sparse matrix: convert it with .toarray()"
    if array.dtype.kind == "f":
        wanted = "np.float32" if array.dtype.itemsize < 4 else "np.float64"
        return f"{array.dtype}: convert it with .astype({wanted})"
    if value is None:
        return "None"
    if array.dtype.kind == "O" and array.ndim > 0:
        return "objects: convert them with .astype(float)"
    if array.dtype.kind == "O":
        return f"a value of type {type(value).__name__}: convert it with float(...)"
    return None


@cache
def _bounds(interval: str) -> tuple[float, float, bool, bool]:
    low, high = interval[1:-1].split(",")
    return float(low), float(high), interval[0] == "(", interval[-1] == ")"


def _inside(value: float, interval: str) -> bool:
    low, high, low_open, high_open = _bounds(interval)
    above = value > low if low_open else value >= low
    below = value < high if high_open else value <= high
    return above and below


def number(op: str, argument: str, value: object, interval: str) -> float:
    """Return a real scalar as a float; `interval` is both the rule and its text, ``[0, 1]``."""
    result = real_scalar(op, argument, value, "be a real number")
    if not _inside(result, interval):
        value_error(op, argument, f"be in {interval}", number_text(result))
    return result


def integer(op: str, argument: str, value: object, interval: str) -> int:
    """Return a whole number inside `interval` as an int."""
    result = real_scalar(op, argument, value, "be a whole number")
    if not _inside(result, interval) or result != math.floor(result):
        value_error(op, argument, f"be a whole number in {interval}", number_text(result))
    return int(result)


def real_scalar(op: str, argument: str, value: object, requirement: str) -> float:
    """Return the double nearest to a real number, of Python's or of NumPy's types.

    An array of one number will do, as in Octave, and so will a truth value.
    """
    if isinstance(value, np.ndarray) and value.size == 1 and not np.ma.isMaskedArray(value):
        value = value.reshape(())[()]
    if isinstance(value, numbers.Real) and not isinstance(value, np.generic):
        try:
            return float(value)
        except OverflowError:  # an int or a fraction beyond all doubles
            return -math.inf if value < 0 else math.inf
    if isinstance(value, np.floating):  # of any width
        return float(value)
    array = real_array(op, argument, value, requirement, range(64))
    if array.size != 1:
        type_error(op, argument, requirement)
    return float(array.reshape(()))


def flag(op: str, argument: str, value: object) -> bool:
    """Return a truth value."""
    return real_scalar(op, argument, value, "be true or false") != 0


def choice(op: str, argument: str, value: object, options: Sequence[str]) -> str:
    """Return `value` if it is one of `options`."""
    quoted = [f'"{option}"' for option in options]
    listed = " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
    if not isinstance(value, str):
        type_error(op, argument, f"be {listed}")
    if value not in options:
        value_error(op, argument, f"be {listed}", f'"{value}"')
    return value


def matrix(op: str, argument: str, value: object, allow: str = "finite") -> FloatArray:
    """Return a real matrix as float64, or as float32 if it is that.

    `allow` is ``"finite"``, ``"inf"`` (infinities pass, NaN does not) or ``"nan"`` (both pass).
    A 1-D array is a row; whole numbers and truth values become float64.
    """
    array = np.atleast_2d(real_array(op, argument, value, "be a real matrix"))
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    elif not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if allow != "nan" and bool(np.isnan(array).any()):
        value_error(op, argument, "not contain NaN")
    if allow == "finite" and bool(np.isinf(array).any()):
        value_error(op, argument, "not contain Inf")
    return array


def narrowed(
    op: str, argument: str, array: FloatArray, dtype: np.dtype[Any] | type[Any]
) -> FloatArray:
    """Return finite numbers in a float type that may be too narrow for them, or raise.

    What leaves the range becomes Inf, of which a network can make a plausible answer.
    """
    with np.errstate(over="ignore"):
        narrow: FloatArray = array.astype(dtype, copy=False)
    if narrow.dtype.itemsize < array.dtype.itemsize and not np.isfinite(narrow).all():
        bound, high = number_text(float(np.finfo(dtype).max)), float(np.max(array))
        # Not the first one: Octave's order is another.
        got = high if np.isinf(np.max(narrow)) else float(np.min(array))
        requirement = f"be in [-{bound}, {bound}], the range of 32-bit floats"
        value_error(op, argument, requirement, number_text(got))
    return narrow


def same_size(op: str, argument: str, array: NDArray[Any], other: str, model: NDArray[Any]) -> None:
    """Require that two arrays have one shape."""
    if array.shape != model.shape:
        value_error(op, argument, f"have the size of {other}, {size_text(model)}", size_text(array))


def per_channel(op: str, argument: str, value: object, codes: NDArray[Any]) -> NDArray[np.float64]:
    """Return one number for the matrix `codes`, or one a row or a column, as a 2-D array."""
    array = matrix(op, argument, value).astype(np.float64)
    rows, columns = codes.shape
    if array.shape not in ((1, 1), (rows, 1), (1, columns)):
        requirement = f"have size 1x1, {rows}x1 or 1x{columns}"
        value_error(op, argument, requirement, size_text(array))
    return array


def levels(op: str, argument: str, value: object) -> FloatArray:
    """Return the levels of a codebook: a row of one or more finite numbers in ascending order."""
    array = matrix(op, argument, value)
    if array.size == 0 or array.size != max(array.shape):
        value_error(op, argument, "be one row of levels", size_text(array))
    array = array.reshape(1, -1) + 0  # a level has no sign of zero
    if bool((array[0, 1:] < array[0, :-1]).any()):
        value_error(op, argument, "be in ascending order")
    return array


def one_of(op: str, options: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the name and the value of the one option that was given."""
    given = [item for item in options.items() if item[1] is not None and np.size(item[1])]
    if len(given) != 1:
        *names, last = (name.upper() for name in options)
        value_error(op, f"one of {', '.join(names)} and {last}", "be given", str(len(given)))
    return given[0]


def per_layer(
    op: str, argument: str, values: object, count: int, check: Callable[..., _T], interval: str
) -> list[_T]:
    """Return `count` values from one for all layers or one a layer, each through a check."""
    several = np.asarray(values).reshape(-1)
    if several.size not in (1, count):
        value_error(op, argument, f"have 1 or, by layer, {count} values", str(several.size))
    checked = [check(op, argument, value, interval) for value in several]
    return checked * count if len(checked) == 1 else checked


def not_empty(op: str, argument: str, array: NDArray[Any]) -> None:
    """Require at least one element."""
    if array.size == 0:
        value_error(op, argument, "not be empty")


def same_batch(op: str, argument: str, array: NDArray[Any], outputs: NDArray[Any]) -> None:
    """Require (samples, outputs) arrays of one shape; in text, counts: Octave's are turned."""
    if array.shape != outputs.shape:
        samples, width = outputs.shape
        requirement = f"have {width} outputs and {samples} samples"
        value_error(op, argument, requirement, f"{array.shape[1]} and {array.shape[0]}")


def sample_weight(op: str, value: object, outputs: FloatArray) -> FloatArray | None:
    """Return one weight a row of `outputs`, in its float type, or None if none were given."""
    if value is None:
        return None
    weight = matrix(op, "SAMPLE_WEIGHT", value).reshape(-1)
    if weight.size != len(outputs):
        value_error(op, "SAMPLE_WEIGHT", f"have {len(outputs)} values", str(weight.size))
    negative = weight[weight < 0]
    if negative.size:
        value_error(op, "SAMPLE_WEIGHT", "be in [0, Inf)", number_text(float(negative[0])))
    return narrowed(op, "SAMPLE_WEIGHT", weight, outputs.dtype)
