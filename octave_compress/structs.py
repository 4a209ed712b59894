"""Values that Octave has and Python has not: they go back into Octave as they came out of it.

Each is a list, a text or an array with what Octave knows about it beyond that.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any, SupportsIndex, cast, overload

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]


class StructArray(np.ndarray[Any, Any]):
    """An Octave struct array: an array of dicts that all have the same keys.

    Parameters
    ----------
    items : iterable of dicts, or array of dicts
        An iterable makes a row.
    fields : sequence of str, optional
        The names of the fields, which an array without elements has too. Those of the first
        element by default.

    Examples
    --------
    >>> StructArray([{"a": 1}, {"a": 2}]).shape
    (2,)
    >>> StructArray([], fields=["a", "b"]).fields
    ('a', 'b')
    """

    _fields: tuple[str, ...]

    def __new__(
        cls,
        items: Iterable[Mapping[str, Any]] | NDArray[Any] = (),
        fields: Iterable[str] | None = None,
    ) -> StructArray:
        """Make an array of the shape of `items`."""
        array = items if isinstance(items, np.ndarray) else objects(list(items))
        made = array.view(cls)
        if fields is not None:
            made._fields = tuple(fields)
        return made

    def __array_finalize__(self, obj: Any) -> None:
        """Take the fields over from the array that this one is made of."""
        if isinstance(obj, StructArray):
            self._fields = obj.fields
        else:
            self._fields = _keys(obj)

    def __reduce__(self) -> Any:
        """Pickle the names of the fields, too."""
        make, arguments, state, *_ = cast("tuple[Any, ...]", super().__reduce__())
        return make, arguments, (state, self._fields)

    def __setstate__(self, state: Any) -> None:
        """Undo what `__reduce__` did."""
        array, self._fields = state
        super().__setstate__(array)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields: the keys of the first element, if there is one."""
        return _keys(self) or self._fields


def _keys(array: Any) -> tuple[str, ...]:
    """Return the keys of an array's first element, none if it has no such element."""
    if isinstance(array, np.ndarray) and array.dtype == object and array.size:
        first = array.flat[0]
        return tuple(first) if isinstance(first, Mapping) else ()
    return ()


class Cells(list[Any]):
    """A row of cells: a list that is one in Octave too, whatever it holds.

    A plain list of numbers is an array there; ``cells([1, 2])`` is ``{1, 2}``. Results have their
    cells as such lists, so that what came out goes back in as what it was. Parts and sums of
    one are `Cells` as well.
    """

    _empty: Shape = (0, 0)

    @property
    def shape(self) -> Shape:
        """The shape in Octave: a row; 0x0 without elements, unless it came from there as 1x0."""
        return (1, len(self)) if self else self._empty

    @overload
    def __getitem__(self, index: SupportsIndex) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Cells: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        """Return an element, or a row of some of them."""
        part = super().__getitem__(index)
        return Cells(part) if isinstance(index, slice) else part

    def __add__(self, other: list[Any]) -> Cells:
        """Return a row with the elements of both."""
        return Cells(super().__add__(other))

    def __mul__(self, count: SupportsIndex) -> Cells:
        """Return a row that repeats the elements."""
        return Cells(super().__mul__(count))

    def copy(self) -> Cells:
        """Return another row of the same elements."""
        made = Cells(self)
        made._empty = self._empty
        return made


def cells(items: Iterable[Any] = ()) -> Cells:
    """Return a row of cells for Octave, of whatever there is in an iterable.

    Examples
    --------
    >>> cells([1, 2]) == [1, 2]
    True
    """
    return Cells(items)


class CharMatrix(list[str]):
    """The rows of an Octave char array that is no single row of text.

    Parameters
    ----------
    rows : iterable of str
        All of the same length in bytes of UTF-8.
    shape : tuple of int, optional
        The shape in Octave: of an array without rows, or without columns, or with more than two
        dimensions, whose pages give their rows one after the other.

    Examples
    --------
    >>> CharMatrix(["ab", "cd"]).shape
    (2, 2)
    """

    def __init__(self, rows: Iterable[str] = (), shape: Shape | None = None) -> None:
        super().__init__(rows)
        self._shape = shape

    @property
    def shape(self) -> Shape:
        """The shape in Octave."""
        shape = self._shape
        if shape is not None and shape[0] * math.prod(shape[2:]) == len(self):
            return shape
        return (len(self), len(self[0].encode(errors="surrogateescape")) if self else 0)


class EmptyText(str):
    """Text without letters that Octave holds as 1x0 char; a plain ``""`` is 0x0 there."""

    __slots__ = ()

    shape = (1, 0)


def is_sparse(value: Any) -> bool:
    """Return whether a value is one of SciPy's sparse matrices."""
    sparse = sys.modules.get("scipy.sparse")  # which takes long to import; without it is none
    return sparse is not None and bool(sparse.issparse(value))


def objects(items: list[Any], shape: Shape | None = None) -> NDArray[Any]:
    """Return an array of objects with `items` in column-major order; a row by default."""
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array.reshape(array.shape if shape is None else shape, order="F")
