"""What a Python value is in Octave: the form in which the two are compared."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import numpy as np

from octave_compress.errors import InvalidTypeError
from octave_compress.octave.codec import decode, encode
from octave_compress.structs import Cells


def as_octave(value: Any, like: Any = None) -> Any:
    """Return a Python value as it would come back from Octave if it were sent there.

    A bare Python number becomes a double, a 1-D array a row, trailing dimensions of one go, a
    1x1 array becomes a scalar of its type; the table is in :mod:`octave_compress.octave.codec`.

    Parameters
    ----------
    value : object
        Numbers, arrays, text, lists, dicts, sparse arrays.
    like : object, optional
        What Octave returned, to compare with. Three things that Python does not say are then taken
        from there: a list of numbers is a row of cells if `like` is one; a 1-D array has no
        orientation, so it is a row or a column, whichever `like` is (and an empty one may be 0x0);
        and a complex array without imaginary parts is real if `like` is, as Octave forgets
        imaginary parts that are all zero.

    Raises
    ------
    InvalidTypeError
        If Octave has no such value: None, functions, dates, objects.
    """
    if callable(value) and not isinstance(value, np.generic | np.ndarray):
        raise InvalidTypeError(
            f"a Python {type(value).__name__} has no value in Octave that could be compared"
        )
    chunks = encode([_with_cells(value, like)])
    data = bytearray().join(c if isinstance(c, bytes) else c.tobytes(order="F") for c in chunks)
    return _fitted(decode(data)[0], value, like)


def _with_cells(value: Any, like: Any) -> Any:
    """Return a value whose lists are cells where Octave has cells, even if they hold numbers."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: _with_cells(item, like.get(key)) for key, item in value.items()}
    if isinstance(value, list | tuple) and isinstance(like, list):
        pairs = zip_longest(value, like[: len(value)])
        return Cells(_with_cells(*pair) for pair in pairs)
    return value


def _fitted(value: Any, original: Any, like: Any) -> Any:
    """Return a value with the orientation and realness that `original` leaves open."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: _fitted(value[key], original[key], like.get(key)) for key in value}
    if isinstance(value, list) and isinstance(like, list) and isinstance(original, list | tuple):
        rest = [None] * max(0, len(value) - len(like))
        pairs = zip(value, original, [*like, *rest], strict=False)
        return [_fitted(*pair) for pair in pairs]
    if isinstance(value, np.ndarray) and value.dtype == object:
        if isinstance(like, np.ndarray) and like.shape == value.shape == np.shape(original):
            for at in np.ndindex(value.shape):
                value[at] = _fitted(value[at], original[at], like[at])
        return value
    if isinstance(value, np.ndarray | np.generic) and isinstance(like, np.ndarray | np.generic):
        if value.dtype.kind == "c" and like.dtype.kind == "f" and not np.any(np.imag(value)):
            value = value.real
        if np.ndim(original) == 1 and value.size == like.size and _is_vector(like):
            value = value.reshape(like.shape)
    return value


def _is_vector(array: Any) -> bool:
    return bool(sum(n != 1 for n in array.shape) <= 1 or array.shape == (0, 0))
