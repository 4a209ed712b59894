"""MATLAB's format 5, as ``save -v6`` and ``save -v7`` write it, read with every length checked.

SciPy's compiled reader believes a damaged tag and takes the process down with it. What stands here
knows the classes that a model is made of and raises one typed error for everything else.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from octave_compress.errors import ModelFileError

_NUMBERS = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"},
    **{16: "u1", 17: "u2", 18: "u4"},
}
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_TEXT = {1: "utf-8", 2: "utf-8", 16: "utf-8", 4: "utf-16", 17: "utf-16", 18: "utf-32"}
_CELL, _STRUCT, _CHAR, _SPARSE = 1, 2, 4, 5
_CLASSES = {
    **{6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4"},
    **{14: "i8", 15: "u8"},
}
_UNREADABLE = {3: "<object>", 16: "<function_handle>", 17: "<object>"}
_LOGICAL, _COMPLEX = 0x200, 0x800
_DEEPEST = 32
# No DEFLATE stream expands by more than this.
_LARGEST_EXPANSION = 1032


def read(data: bytes) -> dict[str, Any]:
    """Return the variables of a file.

    A scalar struct is a dict and a larger one a list of dicts, a cell array a list, char a str,
    a sparse matrix SciPy's; of the rest, function handles and objects, variables are left out and
    parts of others are text that names their kind.

    Raises
    ------
    ModelFileError
        If it is damaged.
    """
    order = "<" if data[126:128] == b"IM" else ">"
    elements = _Elements(memoryview(data)[128:], order)
    content = {}
    while elements.left:
        kind, body = elements.take(_MATRIX, _COMPRESSED)
        if kind == _COMPRESSED:
            _, body = _Elements(_unpacked(body, order), order).take(_MATRIX)
        name, value = _matrix(body, order, _DEEPEST)
        if name:  # MATLAB's own workspace behind the variables has none
            content[name] = value
    return content


def _damaged(what: str) -> NoReturn:
    raise ModelFileError(f"damaged: {what}")


class _Elements:
    """Takes the elements of a file, or of one of its elements, one after the other."""

    def __init__(self, data: memoryview, order: str) -> None:
        self.left = data
        self._order = order

    def take(self, *kinds: int) -> tuple[int, memoryview]:
        """Return the kind and the content of the next element, which is one of `kinds`."""
        if len(self.left) < 8:
            _damaged("the file ends inside a variable")
        kind, length = struct.unpack(f"{self._order}II", self.left[:8])
        start = 8
        if kind >> 16:  # a few bytes, within the tag
            start, kind, length = 4, kind & 0xFFFF, kind >> 16
        if kind not in kinds:
            _damaged(f"an element of kind {kind} in a place where there can be none")
        if length > (len(self.left) if start == 8 else 8) - start:
            _damaged("the file ends inside a variable")
        body = self.left[start : start + length]
        end = start + length
        self.left = self.left[end if kind == _COMPRESSED else -(-end // 8) * 8 :]
        return kind, body

    def numbers(self, *kinds: int) -> NDArray[Any]:
        """Return the numbers in the next element."""
        kind, body = self.take(*(kinds or _NUMBERS))
        dtype = np.dtype(self._order + _NUMBERS[kind])
        if len(body) % dtype.itemsize:
            _damaged("an element ends inside a number")
        return np.frombuffer(body, dtype)

    def text(self) -> str:
        """Return the characters in the next element."""
        kind, body = self.take(*_TEXT)
        codec = _TEXT[kind]
        if codec != "utf-8":
            codec += "-le" if self._order == "<" else "-be"
        return bytes(body).decode(codec, errors="replace")


def _unpacked(body: memoryview, order: str) -> memoryview:
    """Return a compressed variable, within the length that it claims at its start."""
    try:
        start = zlib.decompressobj().decompress(body, 8)
        length = 8 + struct.unpack(f"{order}II", start)[1]
        if length > _LARGEST_EXPANSION * len(body) + 64:
            _damaged("a variable claims more than the file can hold")
        stream = zlib.decompressobj()
        whole = stream.decompress(body, length + 8)
    except (zlib.error, struct.error) as error:
        _damaged(f"a variable does not unpack ({error})")
    if not stream.eof:
        _damaged("a variable does not unpack to the length that it claims")
    return memoryview(whole)


def _matrix(body: memoryview, order: str, depth: int) -> tuple[str, Any]:
    """Return the name and the value of a variable, or of a part of one."""
    if not body:
        return "", np.zeros((0, 0))
    if not depth:
        _damaged("variables inside each other without end")
    elements = _Elements(body, order)
    flags = elements.numbers(_UINT32)
    if flags.size != 2:
        _damaged("a variable without a class")
    flag = int(flags[0])
    kind = flag & 0xFF
    if kind in _UNREADABLE:
        return "", _UNREADABLE[kind]
    shape = tuple(map(int, elements.numbers(_INT32)))
    if not 2 <= len(shape) <= 32 or min(shape) < 0:
        _damaged("a variable without a size")
    name = bytes(elements.take(_INT8)[1]).decode("latin-1")
    count = math.prod(shape)
    if kind == _CELL:
        return name, _parts(elements, count, order, depth)
    if kind == _STRUCT:
        return name, _structs(elements, count, order, depth)
    if kind == _CHAR:
        return name, _characters(elements.text(), shape)
    if kind == _SPARSE:
        return name, _sparse(elements, shape, flag)
    if kind not in _CLASSES:
        _damaged(f"a variable of class {kind}")
    values = _values(elements, flag, count, np.dtype(_CLASSES[kind]))
    return name, values.reshape(shape, order="F")


def _values(elements: _Elements, flag: int, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return numbers, which may be stored in a smaller type than their own."""
    parts = [elements.numbers() for _ in range(1 + bool(flag & _COMPLEX))]
    if any(part.size != count for part in parts):
        _damaged("a variable has more or fewer numbers than its size says")
    with np.errstate(all="ignore"):
        if flag & _LOGICAL:
            return parts[0].astype(bool)
        values = [part.astype(dtype) for part in parts]
        return values[0] if len(values) == 1 else values[0] + 1j * values[1]


def _parts(elements: _Elements, count: int, order: str, depth: int) -> list[Any]:
    if 8 * count > len(elements.left):
        _damaged("the file ends inside a variable")
    return [_matrix(elements.take(_MATRIX)[1], order, depth - 1)[1] for _ in range(count)]


def _structs(elements: _Elements, count: int, order: str, depth: int) -> Any:
    width = elements.numbers(_INT32)
    names = bytes(elements.take(_INT8)[1])
    if width.size != 1 or width[0] < 1 or len(names) % width[0]:
        _damaged("a struct without names of its fields")
    step = int(width[0])
    keys = [
        names[at : at + step].split(b"\0")[0].decode("latin-1") for at in range(0, len(names), step)
    ]
    if len(set(keys)) < len(keys):
        _damaged("a struct with two fields of one name")
    if not keys:
        return {}
    values = _parts(elements, count * len(keys), order, depth)
    rows = [
        dict(zip(keys, values[at : at + len(keys)], strict=True))
        for at in range(0, len(values), len(keys))
    ]
    return rows[0] if count == 1 else rows


def _characters(text: str, shape: tuple[int, ...]) -> Any:
    if shape[0] <= 1 or len(text) != math.prod(shape):
        return text
    return [text[row :: shape[0]] for row in range(shape[0])]


def _sparse(elements: _Elements, shape: tuple[int, ...], flag: int) -> Any:
    from scipy.sparse import csc_array

    places = elements.numbers(_INT32)
    ends = elements.numbers(_INT32)
    if len(shape) != 2 or len(ends) != shape[1] + 1 or ends[0] or (np.diff(ends) < 0).any():
        _damaged("a sparse matrix without columns")
    count = int(ends[-1])
    places = places[:count]
    if len(places) < count or (count and not 0 <= places.min() <= places.max() < shape[0]):
        _damaged("a sparse matrix points outside of itself")
    stored = [elements.numbers() for _ in range(1 + bool(flag & _COMPLEX))]
    if any(len(part) < count for part in stored):
        _damaged("a sparse matrix has fewer numbers than it says")
    values: NDArray[Any] = stored[0][:count].astype(np.float64)
    if len(stored) == 2:
        values = values + 1j * stored[1][:count]
    return csc_array((values, places.astype(np.int32), ends.astype(np.int32)), shape=shape)
