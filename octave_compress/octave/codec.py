"""Values on their way to Octave and back, in Octave's own binary format, without loss.

Octave's ``load`` and ``save -binary`` read and write this format in compiled code, for every
class that they know and with every bit as it is in memory; this module is the other side.

==========================================  ===============================================
Python                                      Octave
==========================================  ===============================================
bool, array of bool                         logical
NumPy integers, 8 to 64 bits                the integer class of that width
np.float32, np.float64                      single, double
complex64, complex128                       single complex, double complex
int, float, complex                         double; an int beyond 2**53 is refused
range                                       double row
str, pathlib.Path                           char row (its UTF-8 bytes); ``""`` is 0x0
EmptyText                                   char of 1x0
CharMatrix: a list of rows                  any other char array
dict                                        scalar struct
list, tuple of nothing but numbers          array: a row, a matrix if nested; ``[]`` is 0x0
any other list, tuple                       row of cells
Cells: a list, as `cells` makes it          row of cells
array of objects, array of str              cell array of that shape
StructArray: an array of dicts              struct array
structured array, one record of it          struct array, scalar struct
SciPy sparse, of bool, float64, complex128  sparse logical, double, complex
callable                                    function handle that calls it
==========================================  ===============================================

A 0-D array is 1x1 and a 1-D array a row; memory order and byte order do not matter. On the way
back a 1x1 number is a NumPy scalar of its own type, everything else keeps its shape; ranges,
diagonal and permutation matrices are full; a row of cells (and 0x0 ones) is `Cells`, a list, and
any other cell an array of objects; a char row is a str. What came out of Octave goes back in as
what it was. Bytes of char that are no UTF-8 are lone surrogates in a str, as in Python's own file
names. Sparse matrices hold no zeros.

A list is an array where it holds nothing but numbers (Python's, NumPy's scalars) or lists of
them, however deep; then all must be of the same length, as for ``np.array``. Python's numbers and
float64 are double, logical gives way to numbers, double to complex; other classes do not mix, as
Octave and NumPy take the common class for another. ``cells([1, 2])`` is ``{1, 2}``.

Octave itself keeps a result as complex only while its imaginary part has something to say.

What cannot cross faithfully raises :class:`~octave_compress.errors.InvalidTypeError`.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import os
import struct
from array import array as BufferArray
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from numbers import Number
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from octave_compress.errors import InvalidTypeError, OctaveDiedError
from octave_compress.structs import Cells, CharMatrix, EmptyText, StructArray, is_sparse, objects

Array = NDArray[Any]
Chunk = bytes | Array
"""A piece of a file: bytes as they are, or an array whose elements follow in column-major order."""

# Lengths are 32-bit in the format.
LARGEST = 2**31 - 1
# Octave can name any number of elements that take no bytes: fields of no value, rows of no width.
_MOST_EMPTY = 1 << 20


@dataclass(frozen=True)
class Mark:
    """Stands for a value that does not travel: ``ocx_resolve.m`` knows it by its number."""

    name: str
    number: int


_HEADER = b"Octave-1-L\0"
_ELEMENT = b"<cell-element>"
_ELEMENT_START = struct.pack("<i", len(_ELEMENT)) + _ELEMENT + b"\0\0\0\0\0\xff"
_DOUBLE_START = _ELEMENT_START + struct.pack("<i", 6) + b"scalar\x07"
_MANY = 16  # elements from which on it pays to look at all of them at once
_WHOLE = struct.Struct("<i")
_TWO_DIMENSIONS = struct.Struct("<3i")
_FLOAT_TAG = {"f4": b"\x06", "f8": b"\x07", "c8": b"\x06", "c16": b"\x07"}
_PREFIX = {"f4": "float ", "f8": "", "c8": "float complex ", "c16": "complex ", "b1": "bool "}
_KNOWN = {
    **{f"{sign}{size}": np.dtype(f"<{sign}{size}") for sign in "iu" for size in (1, 2, 4, 8)},
    **{name: np.dtype(f"<{name}") for name in ("f4", "f8", "c8", "c16")},
    "b1": np.dtype(bool),
}
# Of the tags that may stand before the numbers of a float array; Octave 7 uses the last two.
_TAGGED = dict(
    enumerate(np.dtype(f"<{t}") for t in ("u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8"))
)
_LOGICAL, _SINGLE, _DOUBLE = (np.dtype(kind) for kind in ("?", "f4", "f8"))
_COMPLEX_OF = {np.dtype(f"c{2 * d.itemsize}"): d for d in (_SINGLE, _DOUBLE)}
_BARE = {bool: _LOGICAL, int: _DOUBLE, float: _DOUBLE, complex: np.dtype("c16")}

Register = Callable[[Any], Mark | None]


def _nobody(value: Any) -> None:
    return None


def encode(
    values: Sequence[Any], register: Register = _nobody, largest: int = LARGEST
) -> list[Chunk]:
    """Return the pieces of a file that holds `values` as a row of cells called ``args``.

    Parameters
    ----------
    values : sequence
    register : callable, optional
        Is asked for each value that does not travel by itself, wherever it stands, and returns
        the mark that stands for it, or None if it does not know it either. The file says in a
        variable ``marks`` where there are any, which ``ocx_resolve.m`` reads.
    largest : int
        How many bytes an array may have.

    Raises
    ------
    InvalidTypeError
        If a value has no faithful form in Octave.
    """
    encoder = _Encoder(register, largest)
    encoder.chunks.append(_HEADER)
    try:
        encoder.cell(values, (1, len(values)), b"args")
    except RecursionError:
        raise InvalidTypeError(
            "a value that contains itself, or is nested too deep, cannot cross to Octave"
        ) from None
    if encoder.marks:
        encoder.value(_places(encoder.marks), b"marks")
    return encoder.chunks


def encode_variables(**values: Any) -> list[Chunk]:
    """Return further pieces of a file: variables of these names."""
    encoder = _Encoder(_nobody, LARGEST)
    for name, value in values.items():
        encoder.value(value, name.encode())
    return encoder.chunks


# Where a value stands in another one: in which cell, in which element of a struct array, in
# which field. Cells and elements count from 0 here, in column-major order.
_Step = tuple[str, int | str]


def _places(marks: list[tuple[_Step, ...]]) -> Any:
    """Return the positions of arguments that are marks, or, if some are inside, index structs."""
    if all(len(steps) == 1 for steps in marks):
        return np.array([steps[0][1] for steps in marks], np.float64) + 1
    return Cells(StructArray([{"type": t, "subs": _subscript(k)} for t, k in m]) for m in marks)


def _subscript(key: int | str) -> Any:
    return key if isinstance(key, str) else Cells([key + 1])


def _where(steps: Iterable[_Step], root: str) -> str:
    """Return the place of a value in Octave's words."""
    for kind, key in steps:
        if not isinstance(key, str):
            root += f"{kind[0]}{key + 1}{kind[1]}"
        else:
            root += f".{key}" if key.isidentifier() and key.isascii() else f".({key!r})"
    return root


@lru_cache(1024)
def _variable(name: bytes, kind: str) -> bytes:
    text = kind.encode()
    start = struct.pack("<i", len(name)) + name + b"\0\0\0\0\0\xff"
    return start + struct.pack("<i", len(text)) + text


def _dimensions(shape: tuple[int, ...]) -> bytes:
    if len(shape) == 2:
        return _TWO_DIMENSIONS.pack(-2, *shape)
    return struct.pack(f"<{len(shape) + 1}i", -len(shape), *shape)


def _shape(array: Array) -> tuple[int, ...]:
    """Return the shape that an array has in Octave: two dimensions or more, no ones at the end."""
    shape = array.shape if array.ndim >= 2 else (1, array.size)
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


class _Encoder:
    """Collects the pieces of a file."""

    def __init__(self, register: Register, largest: int) -> None:
        self.chunks: list[Chunk] = []
        self.marks: list[tuple[_Step, ...]] = []
        self._register = register
        self._largest = largest
        self._steps: list[_Step] = []  # to the value at hand

    def value(self, value: Any, name: bytes) -> None:
        """Add a variable, or a part of one."""
        if isinstance(value, str):
            self._text(value, name)
        elif isinstance(value, np.ndarray | np.generic):
            self._array(value, name)
        elif isinstance(value, float | complex | bool):
            self._numbers(np.asarray(value), name)
        elif isinstance(value, int):
            self._numbers(np.asarray(self._double(value)), name)
        elif isinstance(value, list | tuple):
            self._list(value, name)
        elif is_sparse(value):  # before mappings: one of them is a dict too
            self._sparse(value, name)
        elif isinstance(value, Mapping):
            self._struct(value, name)
        elif isinstance(value, range):
            self._range(value, name)
        elif isinstance(value, os.PathLike):
            self._text(os.fsdecode(value), name)
        else:
            self._mark(value, name)

    def cell(self, items: Iterable[Any], shape: tuple[int, ...], name: bytes) -> None:
        """Add a cell array of items in column-major order."""
        self.chunks.append(_variable(name, "cell") + _dimensions(shape))
        steps = self._steps
        steps.append(("{}", 0))
        for k, item in enumerate(items):
            steps[-1] = ("{}", k)
            self.value(item, _ELEMENT)
        steps.pop()

    def _mark(self, value: Any, name: bytes) -> None:
        mark = self._register(value)
        if mark is None:
            self._refuse(f"a value of type {type(value).__name__}", _advice(value))
        self.marks.append(tuple(self._steps))
        self._struct({mark.name: float(mark.number)}, name)

    def _refuse(self, what: str, advice: str) -> NoReturn:
        place = f" (it is {_where(self._steps, 'args')})" if len(self._steps) > 1 else ""
        raise InvalidTypeError(f"{what} cannot cross to Octave: {advice}{place}")

    def _double(self, value: int) -> float:
        """Return a bare Python int, which means what it would mean in Octave: a double."""
        if abs(value) > 2**53:
            self._refuse(
                f"an int of {value.bit_length()} bits",
                "it is beyond 2**53, up to which Octave's double is exact; say which one you "
                "mean, np.int64(...) or float(...)",
            )
        return float(value)

    def _list(self, value: Sequence[Any], name: bytes) -> None:
        if isinstance(value, CharMatrix):
            self._char_matrix(value, name)
        elif isinstance(value, Cells):
            self.cell(value, value.shape, name)
        elif (types := _number_types(value)) is None:
            self.cell(value, (1, len(value)), name)
        else:
            self._numbers(self._array_of(value, types), name)

    def _array_of(self, value: Sequence[Any], types: set[type]) -> Array:
        """Return the array that a list of numbers of these types stands for."""
        dtypes = {_dtype_of(kind) for kind in types} or {_DOUBLE}
        if len(dtypes) > 1:
            dtypes.discard(_LOGICAL)
        if len(dtypes) > 1:
            dtypes -= {part for whole, part in _COMPLEX_OF.items() if whole in dtypes}
        if len(dtypes) > 1:
            words = ", ".join(sorted(str(dtype) for dtype in dtypes))
            self._refuse(
                f"a list of numbers of the types {words}",
                "Octave and NumPy disagree about what it is; send np.array(..., dtype), or "
                "cells(...) for a row of cells",
            )
        if any(issubclass(kind, int) for kind in types):
            for number in _flat(value):
                if isinstance(number, int):
                    self._double(number)
        try:
            array = np.array(value, dtypes.pop())
        except ValueError:
            self._refuse(
                "a list of numbers and of lists of other lengths",
                "it is no array; send cells(...) for a row of cells",
            )
        return array if array.shape != (0,) else array.reshape(0, 0)

    def _range(self, value: range, name: bytes) -> None:
        self._check_size(8 * len(value), (len(value),))
        for end in (*value[:1], *value[-1:]):
            self._double(end)
        step = value.step if len(value) > 1 else 0
        numbers = np.arange(len(value)) * step + (value[0] if value else 0)
        self._numbers(numbers.astype(np.float64), name)

    def _struct(self, value: Mapping[Any, Any], name: bytes) -> None:
        self.chunks.append(_variable(name, "scalar struct") + struct.pack("<i", len(value)))
        for key, item in value.items():
            field = self._field(key)
            self._steps.append((".", key))
            self.value(item, field)
            self._steps.pop()

    def _field(self, key: Any) -> bytes:
        # Octave reads a name up to its first NUL.
        if not isinstance(key, str) or "\0" in key:
            self._refuse(
                f"a dict with the key {key!r:.80}", "the fields of a struct have texts as names"
            )
        return self._bytes(key)

    def _struct_array(self, value: StructArray, name: bytes) -> None:
        shape = _shape(value)
        items = value.ravel(order="F").tolist()
        fields = dict.fromkeys(value.fields)
        if not all(isinstance(item, Mapping) and item.keys() == fields.keys() for item in items):
            self._refuse("a StructArray", "its elements must be dicts with the same keys")
        self.chunks.append(
            _variable(name, "struct") + _dimensions(shape) + struct.pack("<i", len(fields))
        )
        for key in fields:
            self.chunks.append(_variable(self._field(key), "cell") + _dimensions(shape))
            for k, item in enumerate(items):
                self._steps += [("()", k), (".", key)]
                self.value(item[key], _ELEMENT)
                del self._steps[-2:]

    def _text(self, value: str, name: bytes) -> None:
        data = self._bytes(value)
        shape = (1, len(data)) if data or isinstance(value, EmptyText) else (0, 0)
        self.chunks.append(_variable(name, "sq_string") + _dimensions(shape) + data)

    def _bytes(self, text: str) -> bytes:
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            self._refuse(
                "text with a lone surrogate that stands for no byte",
                f"its text is UTF-8 ({error.reason} at {error.start})",
            )

    def _char_matrix(self, value: CharMatrix, name: bytes) -> None:
        shape = value.shape
        rows = [self._bytes(row) for row in value]
        if any(len(row) != shape[1] for row in rows):
            self._refuse(
                "a CharMatrix", "its rows must be of one length in bytes of UTF-8: pad with blanks"
            )
        pages = np.frombuffer(b"".join(rows), np.uint8)
        # Rows of all pages one after the other; in Octave the columns come first.
        page = pages.reshape((math.prod(shape[2:]), shape[0], shape[1])).transpose(0, 2, 1)
        self.chunks.append(_variable(name, "sq_string") + _dimensions(shape) + page.tobytes())

    def _array(self, value: Array | np.generic, name: bytes) -> None:
        array = np.asarray(value)
        if isinstance(value, np.ma.MaskedArray):
            self._refuse(
                "a value of type MaskedArray",
                "the mask would be lost; send .filled(...) and, if it matters, the mask beside it",
            )
        if isinstance(value, StructArray):
            self._struct_array(value, name)
        elif array.dtype.kind in "OUT":
            self.cell(array.ravel(order="F").tolist(), _shape(array), name)
        elif array.dtype.names is not None:
            self._records(array, name)
        else:
            self._numbers(array, name)

    def _records(self, array: Array, name: bytes) -> None:
        """Add a structured array as the struct array that it is in Octave."""
        names = array.dtype.names or ()
        rows = [{key: row[key] for key in names} for row in array.ravel(order="F")]
        if array.ndim == 0:
            self._struct(rows[0], name)
        else:
            self._struct_array(StructArray(objects(rows, array.shape), names), name)

    def _numbers(self, array: Array, name: bytes) -> None:
        kind = array.dtype.str[1:]
        if kind not in _KNOWN:
            self._refuse(f"an array of type {array.dtype}", _advice_on(array.dtype))
        if array.dtype != _KNOWN[kind]:
            array = array.astype(_KNOWN[kind])
        self._check_size(array.nbytes, array.shape)
        word = _PREFIX.get(kind) or ("" if kind == "f8" else f"{array.dtype.name} ")
        tag = _FLOAT_TAG.get(kind, b"")
        shape = _shape(array)
        if shape == (1, 1):
            text = "bool" if kind == "b1" else f"{word}scalar"
            self.chunks.append(_variable(name, text) + tag + array.tobytes())
            return
        self.chunks.append(_variable(name, f"{word}matrix") + _dimensions(shape) + tag)
        self.chunks.append(array.reshape(shape))

    def _check_size(self, size: int, shape: tuple[int, ...]) -> None:
        if size > self._largest or max(shape, default=0) > LARGEST:
            self._refuse(
                f"an array of {size:,} bytes and shape {shape}",
                f"the limit is {self._largest:,} bytes; send it in parts",
            )

    def _sparse(self, value: Any, name: bytes) -> None:
        kinds = {"b1": "sparse bool", "f8": "sparse", "c16": "sparse complex"}
        kind = value.dtype.str[1:]
        if kind not in kinds or value.ndim != 2:
            self._refuse(
                f"a sparse array of type {value.dtype} and {value.ndim} dimensions",
                "it has sparse logical, double and complex matrices; choose one with .astype(...)",
            )
        columns = value.astype(_KNOWN[kind]).tocsc(copy=True)
        columns.sum_duplicates()
        columns.eliminate_zeros()
        if columns.data.nbytes > self._largest or max(columns.shape) > LARGEST:
            self._refuse(
                f"a sparse array of {columns.nnz:,} elements and shape {columns.shape}",
                "it is too large",
            )
        sizes = struct.pack("<4i", -2, *columns.shape, columns.nnz)
        indices = [part.astype("<i4").tobytes() for part in (columns.indptr, columns.indices)]
        tag = _FLOAT_TAG.get(kind, b"")
        data = b"".join([sizes, *indices, tag, columns.data.tobytes()])
        self.chunks.append(_variable(name, f"{kinds[kind]} matrix") + data)


def _number_types(items: Iterable[Any]) -> set[type] | None:
    """Return the types of the numbers in lists of lists; None if there is anything else."""
    types = set(map(type, items))
    lists = {t for t in types if issubclass(t, list | tuple)}
    numbers = types - lists
    if not all(map(_is_number, numbers)) or any(issubclass(t, Cells | CharMatrix) for t in lists):
        return None
    if lists:
        for item in items:
            if isinstance(item, list | tuple):
                inner = _number_types(item)
                if inner is None:
                    return None
                numbers |= inner
    return numbers


def _is_number(kind: type) -> bool:
    if issubclass(kind, np.generic):
        return issubclass(kind, np.number | np.bool_) and not issubclass(kind, np.timedelta64)
    return issubclass(kind, int | float | complex)


def _dtype_of(kind: type) -> np.dtype[Any]:
    """Return the type that numbers of a Python type have in an array."""
    if issubclass(kind, np.generic):
        return np.dtype(kind)
    return next(dtype for bare, dtype in _BARE.items() if issubclass(kind, bare))


def _flat(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        if isinstance(item, list | tuple):
            yield from _flat(item)
        else:
            yield item


def _has(*names: str) -> Callable[[Any], bool]:
    return lambda value: all(hasattr(value, name) for name in names)


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


# What to do about a value that cannot cross: the first that fits.
_ADVICE: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (
        lambda value: value is None or type(value).__name__ in ("NAType", "NaTType"),
        "it has no such value; send np.nan, [] or leave the argument out",
    ),
    (callable, "only as an argument of a call it can be a function that calls Python"),
    (_is(bytes, bytearray, memoryview), "send text as str, or np.frombuffer(..., np.uint8)"),
    (_is(Set), "send sorted(...)"),
    (dataclasses.is_dataclass, "send dataclasses.asdict(...)"),
    (_has("to_struct"), "send .to_struct()"),
    (
        _has("to_numpy", "columns"),
        'send .to_numpy(), or .to_dict("list") for a struct of the columns; the index would be '
        "lost, so send it beside if it matters",
    ),
    (_has("to_numpy"), "send .to_numpy(), and the index beside it if it matters"),
    (_is(enum.Enum), "send its .value"),
    (_is(Number), "send float(...)"),
    (_is(datetime.date, datetime.time, datetime.timedelta), "send text, str(...), or a number"),
    (
        lambda value: _has("__array__")(value) or isinstance(value, BufferArray),
        "send np.asarray(...)",
    ),
    (_is(Iterable), "send list(...)"),
    (lambda value: True, "send numbers, arrays, text, lists and dicts"),
)
_ADVICE_ON = {
    "f": "it has no floats of that width; send .astype(np.float32), which keeps every float16, "
    "or .astype(np.float64)",
    "c": "it has no floats of that width; send .astype(np.complex128)",
    "S": "send text, as .astype(str) gives",
    "M": "it has no dates; send .astype(np.int64) and remember the unit",
    "m": "it has no dates; send .astype(np.int64) and remember the unit",
}


def _advice(value: Any) -> str:
    """Return what to do about a value that cannot cross."""
    return next(advice for fits, advice in _ADVICE if fits(value))


def _advice_on(dtype: np.dtype[Any]) -> str:
    """Return what to do about an array that cannot cross."""
    return _ADVICE_ON.get(dtype.kind, "send an array of numbers, text or objects")


class _CannotCross(Exception):
    """A value of Octave's that has no form in Python; `steps` lead to it, the last ones first."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.steps: list[_Step] = []


def decode(data: Any) -> Any:
    """Return the value of the first variable in the bytes of a file that Octave wrote.

    Large arrays are views of `data`, which should therefore be writable memory of their own.

    Raises
    ------
    InvalidTypeError
        If the value has no faithful form in Python. The text names the place: ``result.f{2}`` in
        the only output of a call, ``outputs{2}.f{2}`` in one of several.
    OctaveDiedError
        If the bytes are damaged.
    """
    reader = _Reader(data)
    try:
        if reader.take(len(_HEADER)) != _HEADER:
            raise OctaveDiedError("Octave's reply is not in its binary format")
        name, kind = reader.head()
        return reader.value(kind)
    except _CannotCross as error:
        steps = error.steps[::-1]
        keep = "; keep=True leaves it in Octave and returns a handle" * (name == "outputs")
        if name == "outputs" and _is_one(data):
            name, steps = "result", steps[1:]
        place = _where(steps, name)
        raise InvalidTypeError(f"{place} cannot cross to Python: it is {error}{keep}") from None
    except RecursionError:
        raise InvalidTypeError("Octave returned a value that is nested too deep") from None
    except (struct.error, ValueError, LookupError, OverflowError) as error:
        raise OctaveDiedError(f"Octave's reply is damaged: {error}") from None


def _is_one(data: Any) -> bool:
    """Return whether the first variable of a file has one element."""
    reader = _Reader(data)
    reader.take(len(_HEADER))
    reader.head()
    return reader.shape() == (1, 1)


class _Reader:
    """Reads one value after the other from a buffer."""

    def __init__(self, data: Any) -> None:
        self._data = memoryview(data)
        self._at = 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._data) - self._at:
            raise ValueError("it ends too early")
        self._at += count
        return bytes(self._data[self._at - count : self._at])

    def whole(self) -> int:
        (value,) = _WHOLE.unpack_from(self._data, self._at)
        self._at += 4
        return int(value)

    def count(self) -> int:
        """Read a number that counts something."""
        count = self.whole()
        if count < 0:
            raise ValueError("a count is negative")
        return count

    def text(self) -> str:
        return self.take(self.count()).decode(errors="surrogateescape")

    def shape(self) -> tuple[int, ...]:
        count = -self.whole()
        shape = struct.unpack_from(f"<{count}i", self._data, self._at)
        self._at += 4 * count
        if len(shape) < 2 or min(shape) < 0:
            raise ValueError(f"it holds an array of shape {shape}")
        return shape

    def numbers(self, dtype: np.dtype[Any], count: int) -> Array:
        if count * dtype.itemsize > len(self._data) - self._at:
            raise ValueError("it ends too early")
        array = np.frombuffer(self._data, dtype, count, self._at)
        self._at += array.nbytes
        return array

    def floats(self, dtype: np.dtype[Any], count: int) -> Array:
        """Read numbers behind a tag that says how they are stored."""
        stored = _TAGGED[self.take(1)[0]]
        parts = 1 + (dtype.kind == "c")
        part = np.dtype(f"<f{dtype.itemsize // parts}")
        if stored == part:
            return self.numbers(dtype, count)
        return self.numbers(stored, parts * count).astype(part).view(dtype)

    def head(self) -> tuple[str, str]:
        """Read the name of a variable and that of its type."""
        start = self._at
        self._at += len(_ELEMENT_START)
        if self._data[start : self._at] == _ELEMENT_START:  # in one go, as there may be many
            return "", self.text()
        self._at = start
        name = self.text()
        self.text()  # its documentation
        self.take(2)  # whether it is global, and that a type's name follows
        return name, self.text()

    def value(self, kind: str) -> Any:
        if kind in _SCALARS:
            dtype, tagged = _SCALARS[kind]
            return (self.floats if tagged else self.numbers)(dtype, 1)[0]
        if kind in _MATRICES:
            dtype, tagged = _MATRICES[kind]
            shape = self.shape()
            flat = (self.floats if tagged else self.numbers)(dtype, math.prod(shape))
            return flat[0] if shape == (1, 1) else flat.reshape(shape, order="F")
        method = _OTHERS.get(kind)
        if method is None:
            raise _CannotCross(f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}")
        return method(self)

    def characters(self) -> Any:
        shape = self.shape()
        size = math.prod(shape)
        if len(shape) == 2 and (shape[0] == 1 or shape == (0, 0)):
            text = self.take(size).decode(errors="surrogateescape")
            return text if size or shape == (0, 0) else EmptyText()
        count = shape[0] * math.prod(shape[2:])
        _check_empty(count, size)
        letters = self.numbers(np.dtype("u1"), size)
        pages = letters.reshape((math.prod(shape[2:]), shape[1], shape[0])).transpose(0, 2, 1)
        rows = pages.reshape(count, shape[1])
        return CharMatrix((row.tobytes().decode(errors="surrogateescape") for row in rows), shape)

    def cell(self) -> Any:
        shape = self.shape()
        items = self.items(math.prod(shape))
        if len(shape) != 2 or (shape[0] != 1 and shape != (0, 0)):
            return objects(items, shape)
        row = Cells(items)
        if shape == (1, 0):
            row._empty = shape
        return row

    def items(self, count: int) -> list[Any]:
        """Read the elements of a cell array."""
        items = self.doubles(count)
        try:
            for _ in range(count - len(items)):
                items.append(self.value(self.head()[1]))
        except _CannotCross as error:
            error.steps.append(("{}", len(items)))
            raise
        return items

    def doubles(self, count: int) -> list[Any]:
        """Read the 1x1 doubles that the elements of a cell array begin with, all at once."""
        start = self._data[self._at : self._at + len(_DOUBLE_START)]
        if count < _MANY or start != _DOUBLE_START:
            return []
        size = len(_DOUBLE_START) + 8
        most = min(count, (len(self._data) - self._at) // size)
        rows = np.frombuffer(self._data, np.uint8, most * size, self._at).reshape(most, size)
        is_one = (rows[:, :-8] == np.frombuffer(_DOUBLE_START, np.uint8)).all(axis=1)
        found = most if is_one.all() else int(is_one.argmin())
        self._at += found * size
        return list(rows[:found, -8:].copy().view("<f8")[:, 0])

    def scalar_struct(self) -> Any:
        made = {}
        for _ in range(self.count()):
            name, kind = self.head()
            try:
                made[name] = self.value(kind)
            except _CannotCross as error:
                error.steps.append((".", name))
                raise
        return made

    def struct_array(self) -> Any:
        shape = self.shape()
        count = math.prod(shape)
        columns = {}
        for _ in range(self.count()):
            name, kind = self.head()
            if kind != "cell" or self.shape() != shape:
                raise ValueError("the values of a field are no cell array of the right size")
            try:
                columns[name] = self.items(count)
            except _CannotCross as error:
                # What is in a cell here is an element of the array there.
                (_, place) = error.steps.pop()
                error.steps += [(".", name), ("()", place)]
                raise
        names = tuple(columns)
        _check_empty(count, count * len(names))
        rows = zip(*columns.values(), strict=True) if names else [()] * count
        items = [dict(zip(names, row, strict=True)) for row in rows]
        return StructArray(objects(items, shape), names)

    def old_object(self) -> Any:
        raise _CannotCross(f"an object of the class {self.text()}")

    def diagonal(self, dtype: np.dtype[Any]) -> Any:
        rows, columns = self.count(), self.count()
        values = self.floats(dtype, min(rows, columns))
        _check_full(rows * columns * dtype.itemsize)
        full = np.zeros((rows, columns), dtype, order="F")
        np.fill_diagonal(full, values)
        return full

    def permutation(self) -> Any:
        size = self.count()
        by_column = self.take(1)[0]
        order = self.numbers(np.dtype("<i8"), size)
        _check_full(8 * size * size)
        if size and not 0 <= order.min() <= order.max() < size:
            raise ValueError("a permutation points outside of itself")
        full = np.zeros((size, size), order="F")
        full[(order, range(size)) if by_column else (range(size), order)] = 1
        return full

    def range(self) -> Any:
        self.take(1)
        base, limit, step = map(float, self.numbers(np.dtype("<f8"), 3))
        if step == 0:  # then the limit stands for the number of elements
            count = int(limit)
        else:
            with np.errstate(all="ignore"):
                count = _range_count(np.float64(base), np.float64(limit), np.float64(step))
        _check_full(8 * count)
        values = np.arange(count, dtype=np.float64)
        values *= step
        values += base
        if count:
            values[0] = base
        if count > 1 and step:
            values[-1] = _range_end(values[-1], base, limit, step)
        return values[0] if count == 1 else values.reshape(1, -1)

    def sparse(self, dtype: np.dtype[Any]) -> Any:
        from scipy.sparse import csc_array

        if self.whole() != -2:
            raise ValueError("a sparse matrix has no two dimensions")
        rows, columns, count = self.count(), self.count(), self.count()
        ends = self.numbers(np.dtype("<i4"), columns + 1).copy()
        indices = self.numbers(np.dtype("<i4"), count).copy()
        read = self.numbers if dtype.kind == "b" else self.floats
        data = read(dtype, count).copy()
        inside = ends[0] == 0 and ends[-1] == count and (np.diff(ends) >= 0).all()
        if not inside or (count and not 0 <= indices.min() <= indices.max() < rows):
            raise ValueError("a sparse matrix points outside of itself")
        return csc_array((data, indices, ends), shape=(rows, columns))


def _check_empty(count: int, size: int) -> None:
    if count > max(size, _MOST_EMPTY):
        raise _CannotCross(f"an array of {count:,} values without content")


def _check_full(size: int) -> None:
    if size > LARGEST:
        raise _CannotCross(
            f"a range, diagonal or permutation matrix that takes {size:,} bytes when it is full "
            f"(the limit is {LARGEST:,})"
        )


def _range_count(base: Any, limit: Any, step: Any) -> int:
    """Return how many elements a range has, by Octave's own rules for rounding."""
    if limit < base if step > 0 else not limit <= base:
        return 0
    tolerance = 3 * np.finfo(float).eps

    def close(x: Any) -> bool:
        return bool(abs(x - limit) < max(abs(x), abs(limit)) * tolerance)

    if (limit <= base and base + step < limit) or (limit >= base and base + step > limit):
        return 1
    count = _tolerant_floor((limit - base + step) / step, tolerance)
    if not close(base + (count - 1) * step):
        if close(base + (count - 2) * step):
            return count - 1
        if close(base + count * step):
            return count + 1
    return count


def _tolerant_floor(x: Any, tolerance: float) -> int:
    """Round down, unless `x` is less than a few units in the last place below a whole number."""
    most = 1 / (2 - tolerance)
    whole = np.floor(x + max(tolerance, min(most, tolerance * (1 + np.floor(x)))))
    return int(whole if whole - x < most else whole - 1)


def _range_end(value: Any, base: float, limit: float, step: float) -> Any:
    """Return the last element, which Octave clips to the limit; -5:1:-0 ends in -0."""
    if (value >= limit) if step > 0 else (value <= limit):
        value = limit
    return np.round(value) if base == round(base) and step == round(step) else value


def _kinds(word: str, one: str) -> dict[str, tuple[np.dtype[Any], bool]]:
    kinds = {
        f"{_PREFIX.get(name, dtype.name + ' ')}{word}": (dtype, name in _FLOAT_TAG)
        for name, dtype in _KNOWN.items()
    }
    kinds[one] = kinds.pop(f"bool {word}")
    return kinds


# Octave marks constants in its code: an empty one may delete elements, a large integer is exact.
_SCALARS = _kinds("scalar", "bool")
_SCALARS |= dict.fromkeys(("magic_int", "magic_uint"), _SCALARS["scalar"])
_MATRICES = _kinds("matrix", "bool matrix")
_MATRICES["null_matrix"] = _MATRICES["matrix"]
_OTHERS: dict[str, Callable[[_Reader], Any]] = {
    **dict.fromkeys(("string", "sq_string", "null_string", "null_sq_string"), _Reader.characters),
    "class": _Reader.old_object,
    "cell": _Reader.cell,
    "scalar struct": _Reader.scalar_struct,
    "struct": _Reader.struct_array,
    "lazy_index": lambda reader: reader.value(reader.head()[1]),
    "double_range": _Reader.range,
    "range": _Reader.range,
    "permutation matrix": _Reader.permutation,
    "diagonal matrix": lambda reader: reader.diagonal(_KNOWN["f8"]),
    "float diagonal matrix": lambda reader: reader.diagonal(_KNOWN["f4"]),
    "complex diagonal matrix": lambda reader: reader.diagonal(_KNOWN["c16"]),
    "float complex diagonal matrix": lambda reader: reader.diagonal(_KNOWN["c8"]),
    "sparse matrix": lambda reader: reader.sparse(_KNOWN["f8"]),
    "sparse bool matrix": lambda reader: reader.sparse(_KNOWN["b1"]),
    "sparse complex matrix": lambda reader: reader.sparse(_KNOWN["c16"]),
}
