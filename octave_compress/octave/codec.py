"""Values on their way to Octave and back, without loss.

Every value travels as a *node*, a tuple whose first entry says what it is, so that nothing
depends on how the transport treats bare values:

======================================  ==========================================
Python                                  node
======================================  ==========================================
bool, int, float, NumPy numbers         ``("array", class, size, elements)``
array of bool, integers, float32/64     the same; elements in column-major order
complex numbers and arrays              ``("complex", class, size, real, imaginary)``
str                                     ``("text", UTF-8 bytes)``
dict with text keys                     ``("struct", keys, nodes)``
list, tuple                             ``("cell", size, nodes)``: a row
callable (only to Octave)               ``("callback", number)``
======================================  ==========================================

On the way back a 1×1 number is a NumPy scalar of its own type, everything else keeps its
2-D (or N-D) shape; a row of cells is a list, any other cell an object array.
What cannot cross faithfully raises :class:`~octave_compress.errors.InvalidTypeError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from octave_compress.errors import InvalidTypeError

Node = tuple[Any, ...]

OCTAVE_CLASS: dict[Any, str] = {
    np.dtype(kind): name
    for kind, name in {
        "bool": "logical",
        "float32": "single",
        "float64": "double",
        **{
            f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
        },
    }.items()
}
DTYPE = {name: dtype for dtype, name in OCTAVE_CLASS.items()}
COMPLEX = {
    np.dtype(np.complex64): np.dtype(np.float32),
    np.dtype(np.complex128): np.dtype(np.float64),
}


def encode(value: Any, callbacks: list[Callable[..., Any]]) -> Node:
    """Return the node for `value`; callables are added to `callbacks` and sent by number."""
    if isinstance(value, str):
        return ("text", np.frombuffer(value.encode(), np.uint8))
    if isinstance(value, Mapping):
        for key in value:
            if not (
                isinstance(key, str) and key.isidentifier() and key.isascii() and len(key) < 64
            ):
                raise InvalidTypeError(
                    f"a dict with the key {key!r} cannot become an Octave struct: "
                    "keys must be plain names of at most 63 characters"
                )
        nodes = tuple(encode(item, callbacks) for item in value.values())
        return ("struct", tuple(encode(key, callbacks) for key in value), nodes)
    if isinstance(value, list | tuple):
        nodes = tuple(encode(item, callbacks) for item in value)
        return ("cell", _size((1, len(nodes))), nodes)
    if callable(value):
        callbacks.append(value)
        return ("callback", float(len(callbacks)))
    return _encode_array(value)


def _encode_array(value: Any) -> Node:
    if isinstance(value, np.ma.MaskedArray) or not isinstance(
        value, bool | int | float | complex | np.generic | np.ndarray
    ):
        raise InvalidTypeError(f"a value of type {type(value).__name__} cannot cross to Octave")
    array = np.asarray(value)
    if type(value) is int and array.dtype.kind == "i":
        # A bare Python number means what it would mean in Octave: a double.
        if abs(value) > 2**53:
            raise InvalidTypeError(f"{value} is no exact double; say np.int64({value})")
        array = array.astype(np.float64)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    shape = (1, *array.shape)[-2:] if array.ndim < 2 else array.shape
    size = _size((1,) * (2 - len(shape)) + tuple(shape))
    elements = array.ravel(order="F")
    if array.dtype in COMPLEX:
        name = OCTAVE_CLASS[COMPLEX[array.dtype]]
        return ("complex", name, size, elements.real.copy(), elements.imag.copy())
    if array.dtype not in OCTAVE_CLASS:
        raise InvalidTypeError(f"an array of type {array.dtype} cannot cross to Octave")
    return ("array", OCTAVE_CLASS[array.dtype], size, elements)


def _size(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(shape, dtype=np.float64)


def decode(node: Any) -> Any:
    """Return the value of a node that Octave sent."""
    tag, *parts = np.asarray(node, dtype=object).ravel()
    if tag == "text":
        return _elements(parts[0], np.dtype(np.uint8)).tobytes().decode(errors="surrogateescape")
    if tag == "array":
        return _shaped(_elements(parts[2], DTYPE[parts[0]]), parts[1])
    if tag == "complex":
        real, imaginary = (_elements(part, DTYPE[parts[0]]) for part in parts[2:])
        values = np.empty(real.size, np.result_type(real.dtype, np.complex64))
        values.real, values.imag = real, imaginary
        return _shaped(values, parts[1])
    if tag == "struct":
        names, fields = (_items(part) for part in parts)
        return {decode(name): decode(field) for name, field in zip(names, fields, strict=True)}
    if tag == "cell":
        shape = tuple(int(n) for n in np.ravel(parts[0]))
        items = [decode(item) for item in _items(parts[1])]
        if (len(shape) == 2 and shape[0] == 1) or 0 in shape:
            return items
        cell = np.empty(len(items), dtype=object)
        cell[:] = items
        return cell.reshape(shape, order="F")
    raise InvalidTypeError(f"Octave returned a value that cannot cross: {parts[0]}")


def _items(cell: Any) -> list[Any]:
    return list(np.asarray(cell, dtype=object).ravel())


def _elements(value: Any, dtype: np.dtype[Any]) -> Any:
    return np.asarray(value, dtype=dtype).reshape(-1)


def _shaped(elements: Any, size: Any) -> Any:
    shape = tuple(int(n) for n in np.ravel(size))
    if shape == (1, 1):
        return elements[0]
    return np.ascontiguousarray(elements.reshape(shape, order="F"))
