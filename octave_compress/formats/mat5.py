"""MATLAB's format 5, as ``save -v6`` and ``save -v7`` write it, read with every length checked.

SciPy's compiled reader believes a damaged tag and takes the process down with it. What stands here
knows the classes that a model is made of and raises one typed error for everything else.
It writes, too, as SciPy's writer loses letters outside of ASCII on their way to Octave.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from octave_compress.errors import InvalidTypeError, ModelFileError
from octave_compress.structs import Cells, StructArray

HEADER = b"MATLAB 5.0 MAT-file, written by octave-compress".ljust(116) + bytes(8) + b"\x00\x01IM"
"""What a file begins with; variables follow, one after the other."""

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
_CLASS_OF = {code: kind for kind, code in _CLASSES.items()}
_NUMBER_OF = {code: kind for kind, code in _NUMBERS.items() if kind < 16}
_UTF16, _UTF32 = 17, 18
_LARGEST = 1 << 32
_LONG = 1 << 20
_Pieces = list[bytes | memoryview]
_OPAQUE = 17
_UNREADABLE = {3: "object", 16: "function_handle", _OPAQUE: "object"}
_LOGICAL, _COMPLEX = 0x200, 0x800
_DEEPEST = 32
# No DEFLATE stream expands by more than this.
_LARGEST_EXPANSION = 1032


class Opaque:
    """Stands for a function handle or an object, which a file holds in no readable way.

    Parameters
    ----------
    kind : str
        Its class, as far as it is known.
    text : str
        What it says of itself; may be empty.
    """

    def __init__(self, kind: str, text: str = "") -> None:
        self.kind = kind
        self.text = text

    def __repr__(self) -> str:
        return f"<{self.kind}{' ' * bool(self.text)}{self.text}>"


def read(data: bytes, *, lossless: bool = False) -> dict[str, Any]:
    """Return the variables of a file.

    A scalar struct is a dict and a larger one a list of dicts, a cell array a list, char a str,
    a sparse matrix SciPy's; of the rest, function handles and objects, variables are left out and
    parts of others are text that names their kind.

    With `lossless`, values are as :mod:`octave_compress.octave.codec` describes them, a 1x1
    number a NumPy scalar for instance, and what cannot be read is `Opaque`.

    Raises
    ------
    ModelFileError
        If it is damaged.
    """
    order = "<" if data[126:128] == b"IM" else ">"
    form = _LOSSLESS if lossless else _SIMPLE
    elements = _Elements(memoryview(data)[128:], order)
    content = {}
    while elements.left:
        kind, body = elements.take(_MATRIX, _COMPRESSED)
        if kind == _COMPRESSED:
            _, body = _Elements(_unpacked(body, order), order).take(_MATRIX)
        name, value = _matrix(body, order, _DEEPEST, form)
        if name:  # MATLAB's own workspace behind the variables has none
            content[name] = value
    return content


def write(variables: Mapping[str, Any]) -> bytes:
    """Return a file of variables (``-v7``), which `read` gives back with `lossless`.

    Values are as :mod:`octave_compress.octave.codec` describes them.

    Raises
    ------
    InvalidTypeError
        If a value has no form in such a file: more than 4 GB, sparse logical (Octave's own such
        files are damaged), an empty struct array, text that is no UTF-8.
    """
    return b"".join([HEADER, *write_more(variables)])


def write_more(variables: Mapping[str, Any]) -> Iterator[bytes | memoryview]:
    """Yield what more variables add to the end of a file."""
    for name, value in variables.items():
        pieces = _written(name, value)
        if _is_worth_packing(pieces):
            packer = zlib.compressobj(6 if len(pieces) == 1 else 1)
            packed = [*map(packer.compress, pieces), packer.flush()]
            yield struct.pack("<II", _COMPRESSED, sum(map(len, packed)))
            yield from packed
        else:
            yield from pieces


def _is_worth_packing(pieces: _Pieces) -> bool:
    """Return whether samples of long data become much shorter: noise does not, and takes long."""
    samples = [
        bytes(piece[at : at + 4096])
        for piece in pieces
        if len(piece) >= _LONG
        for at in range(0, len(piece), len(piece) // 16)
    ]
    size = sum(map(len, samples))
    return not samples or len(zlib.compress(b"".join(samples), 1)) < 0.9 * size


def _element(kind: int, pieces: _Pieces) -> _Pieces:
    """Return an element: in one piece unless it is long, which is not copied."""
    length = sum(map(len, pieces))
    if length >= _LARGEST:
        raise InvalidTypeError("a variable of 4 GB or more cannot be written")
    whole: _Pieces = [struct.pack("<II", kind, length), *pieces, b"\0" * (-length % 8)]
    return whole if length >= _LONG else [b"".join(whole)]


def _written(name: str, value: Any) -> _Pieces:
    """Return a variable, or a part of one, as an element of a file."""
    if isinstance(value, str):
        # One unit a character, as SciPy counts them.
        kind, codec, width = (_UTF16, "utf-16-le", 2)
        if any(ord(letter) > 0xFFFF for letter in value):
            kind, codec, width = (_UTF32, "utf-32-le", 4)
        try:
            units = value.encode(codec)
        except UnicodeEncodeError:
            raise InvalidTypeError("text that is no UTF-8 cannot be written") from None
        shape = (1, len(units) // width) if units else (0, 0)
        return _variable(name, _CHAR, shape, _element(kind, [units]))
    if isinstance(value, Mapping):
        return _variable(name, _STRUCT, (1, 1), _fields(list(value), [value]))
    if isinstance(value, StructArray):
        if not value.size or not value.flat[0]:
            raise InvalidTypeError("a struct array without elements or fields cannot be written")
        rows = list(value.ravel(order="F"))
        return _variable(name, _STRUCT, value.shape, _fields(list(rows[0]), rows))
    if isinstance(value, list):
        shape = (1, len(value)) if value else (0, 0)
        if len(value) > 1 and all(type(part) is np.float64 for part in value):
            return _variable(name, _CELL, shape, [_scalars(np.array(value))])
        return _variable(name, _CELL, shape, [p for part in value for p in _written("", part)])
    if hasattr(value, "tocsc"):
        return _written_sparse(name, value)
    array = np.asarray(value)
    shape = array.shape if array.ndim >= 2 else (1, array.size)
    flat = array.ravel(order="F")
    if array.dtype == object:
        return _variable(name, _CELL, shape, [p for part in flat for p in _written("", part)])
    if array.dtype.kind == "b":
        return _variable(name, 9 | _LOGICAL, shape, _element(2, [flat.view(np.uint8).data]))
    kind, data = _plain_numbers(flat)
    return _variable(name, kind, shape, data)


def _plain_numbers(flat: NDArray[Any]) -> tuple[int, _Pieces]:
    """Return the class, with the mark of complex ones, and the elements of numbers."""
    if flat.dtype.kind == "c":
        kind, real = _plain_numbers(flat.real)
        return kind | _COMPLEX, real + _plain_numbers(flat.imag)[1]
    code = flat.dtype.str[1:]
    if code not in _CLASS_OF:
        raise InvalidTypeError(f"numbers of type {flat.dtype} cannot be written")
    stored = np.ascontiguousarray(flat, flat.dtype.newbyteorder("<"))
    return _CLASS_OF[code], _element(_NUMBER_OF[code], [stored.view(np.uint8).data])


def _scalars(values: NDArray[np.float64]) -> bytes:
    """Return the elements of a cell array of nothing but 1x1 double."""
    one = np.frombuffer(_written("", values[0])[0], np.uint8)
    many = np.tile(one, (len(values), 1))
    many[:, -8:] = values.astype("<f8").view(np.uint8).reshape(-1, 8)
    return many.tobytes()


def _variable(
    name: str, flags: int, shape: tuple[int, ...], content: _Pieces, size: int = 0
) -> _Pieces:
    start = _element(_UINT32, [struct.pack("<II", flags, size)])
    start += _element(_INT32, [struct.pack(f"<{len(shape)}i", *shape)])
    return _element(_MATRIX, [*start, *_element(_INT8, [name.encode()]), *content])


def _fields(names: list[str], rows: list[Mapping[str, Any]]) -> _Pieces:
    width = max((len(name.encode()) for name in names), default=0) + 1
    text = b"".join(name.encode().ljust(width, b"\0") for name in names)
    # The few bytes of a number have their tag in the same word: Octave wants it so.
    start = [struct.pack("<HHi", _INT32, 4, width), *_element(_INT8, [text])]
    return [*start, *(p for row in rows for name in names for p in _written("", row[name]))]


def _written_sparse(name: str, value: Any) -> _Pieces:
    columns = value.tocsc(copy=True)
    columns.sum_duplicates()
    if columns.dtype.kind not in "fc":
        raise InvalidTypeError(f"a sparse matrix of type {columns.dtype} cannot be written")
    kind = "c16" if columns.dtype.kind == "c" else "f8"
    flags, numbers = _plain_numbers(columns.data.astype(kind))
    places = [
        piece
        for part in (columns.indices, columns.indptr)
        for piece in _element(_INT32, [part.astype("<i4").tobytes()])
    ]
    flags = _SPARSE | (flags & _COMPLEX)
    return _variable(name, flags, columns.shape, places + numbers, max(1, columns.nnz))


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
    # Octave counts four bytes too many for char matrices of few characters.
    return memoryview(whole.ljust(length + 8, b"\0") if len(whole) + 4 == length + 8 else whole)


@dataclass(frozen=True)
class _Form:
    """What becomes of the parts of a file."""

    number: Callable[[NDArray[Any]], Any]
    cell: Callable[[list[Any], tuple[int, ...]], Any]
    structs: Callable[[list[dict[str, Any]], tuple[int, ...]], Any]
    opaque: Callable[[str], Any]
    keeps_opaque_variables: bool
    keeps_sparse_logical: bool


def _objects(items: list[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape, order="F")


_SIMPLE = _Form(
    number=lambda values: values,
    cell=lambda items, shape: items,
    structs=lambda rows, shape: rows[0] if len(rows) == 1 else rows,
    opaque=lambda kind: f"<{kind}>",
    keeps_opaque_variables=False,
    keeps_sparse_logical=False,
)
_LOSSLESS = _Form(
    number=lambda values: values.reshape(-1)[0] if values.shape == (1, 1) else values,
    cell=lambda items, shape: (
        Cells(items)
        if len(shape) == 2 and (shape[0] == 1 or shape == (0, 0))
        else _objects(items, shape)
    ),
    structs=lambda rows, shape: (
        rows[0] if shape == (1, 1) else _objects(rows, shape).view(StructArray)
    ),
    opaque=Opaque,
    keeps_opaque_variables=True,
    keeps_sparse_logical=True,
)


def _matrix(body: memoryview, order: str, depth: int, form: _Form) -> tuple[str, Any]:
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
        name = ""
        if form.keeps_opaque_variables:
            if kind != _OPAQUE:
                elements.numbers(_INT32)  # its size
            name = bytes(elements.take(_INT8)[1]).decode("latin-1")
        return name, form.opaque(_UNREADABLE[kind])
    shape = tuple(map(int, elements.numbers(_INT32)))
    if not 2 <= len(shape) <= 32 or min(shape) < 0:
        _damaged("a variable without a size")
    name = bytes(elements.take(_INT8)[1]).decode("latin-1")
    count = math.prod(shape)
    if kind == _CELL:
        return name, form.cell(_parts(elements, count, order, depth, form), shape)
    if kind == _STRUCT:
        return name, _structs(elements, shape, order, depth, form)
    if kind == _CHAR:
        return name, _characters(elements.text(), shape)
    if kind == _SPARSE:
        return name, _sparse(elements, shape, flag, form)
    if kind not in _CLASSES:
        _damaged(f"a variable of class {kind}")
    values = _values(elements, flag, count, np.dtype(_CLASSES[kind]))
    return name, form.number(values.reshape(shape, order="F"))


def _values(elements: _Elements, flag: int, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return numbers, which may be stored in a smaller type than their own."""
    parts = [elements.numbers() for _ in range(1 + bool(flag & _COMPLEX))]
    if any(part.size != count for part in parts):
        _damaged("a variable has more or fewer numbers than its size says")
    with np.errstate(all="ignore"):
        if flag & _LOGICAL:
            return parts[0].astype(bool)
        values = [part.astype(dtype) for part in parts]
        return values[0] if len(values) == 1 else _complex(*values)


def _parts(elements: _Elements, count: int, order: str, depth: int, form: _Form) -> list[Any]:
    if 8 * count > len(elements.left):
        _damaged("the file ends inside a variable")
    return [_matrix(elements.take(_MATRIX)[1], order, depth - 1, form)[1] for _ in range(count)]


def _structs(
    elements: _Elements, shape: tuple[int, ...], order: str, depth: int, form: _Form
) -> Any:
    count = math.prod(shape)
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
    values = _parts(elements, count * len(keys), order, depth, form)
    rows = [
        dict(zip(keys, values[at : at + len(keys)], strict=True))
        for at in range(0, len(values), len(keys))
    ]
    return form.structs(rows, shape)


def _characters(text: str, shape: tuple[int, ...]) -> Any:
    if shape[0] <= 1 or len(text) != math.prod(shape):
        return text
    return [text[row :: shape[0]] for row in range(shape[0])]


def _sparse(elements: _Elements, shape: tuple[int, ...], flag: int, form: _Form) -> Any:
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
    is_logical = form.keeps_sparse_logical and bool(flag & _LOGICAL)
    values: NDArray[Any] = stored[0][:count].astype(bool if is_logical else np.float64)
    if len(stored) == 2:
        values = _complex(values, stored[1][:count])
    return csc_array((values, places.astype(np.int32), ends.astype(np.int32)), shape=shape)


def _complex(real: NDArray[Any], imaginary: NDArray[Any]) -> NDArray[Any]:
    """Return complex numbers from their parts: an infinity times 1j would add a NaN."""
    numbers = np.empty(real.shape, np.result_type(real, np.complex64))
    numbers.real, numbers.imag = real, imaginary
    return numbers
