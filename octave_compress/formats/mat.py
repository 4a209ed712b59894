"""Models in ``.mat`` files, in both articles' shapes and as MATLAB and Octave write them."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octave_compress import checks
from octave_compress.atomic import write_atomically
from octave_compress.backends import Backend, current_backend
from octave_compress.errors import (
    FileAccessError,
    InvalidTypeError,
    ModelFileError,
    OctaveError,
)
from octave_compress.formats import mat5
from octave_compress.model import Model, cells_from_layers
from octave_compress.ops.packing import MAGIC, pack_model, unpack_model

PathLike = str | os.PathLike[str]

_OCTAVE_STARTS = (b"Octave-1-L", b"Octave-1-B", b"# Created by Octave", b"# name:", b"\x1f\x8b")


def load(path: PathLike, *, variable: str | None = None, backend: Backend | None = None) -> Model:
    """Return the model in a ``.mat`` file, or in a packed one (``.ocz``).

    The fields of the model (``layers``, or ``W`` with ``b``) may stand at the top level, in a
    variable called ``model``, or in the only struct there is. MATLAB's formats up to ``-v7`` are
    read in Python; Octave's own text, binary and HDF5 formats by Octave. A variable ``packed`` with
    the bytes of `pack_model` is unpacked. What kind a file is, its first bytes say.

    Parameters
    ----------
    path : str or path-like
    variable : str, optional
        The variable to take, where a file holds several structs.
    backend : {"octave", "numpy"}, optional
        Only Octave can read Octave's own formats.

    Returns
    -------
    Model
        Missing biases are zeros; missing activations relu for hidden layers and linear for the
        last; missing weights are decoded from their codes.

    Raises
    ------
    FileAccessError
        If the file cannot be opened.
    ModelFileError
        If it is damaged, of another format, or holds no model.
    """
    name = os.fspath(path)
    data = _bytes(name)
    try:
        if data.startswith(MAGIC):
            return _unpacked(data)
        content = _read(name, data, backend)
        packed = content.get("packed" if variable is None else variable)
        if isinstance(packed, np.ndarray) and packed.dtype == np.uint8:
            return _unpacked(packed)
        return Model.from_struct(_choose(content, variable))
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from error.__cause__


def _unpacked(packed: Any) -> Model:
    try:
        return unpack_model(packed, backend="numpy")
    except InvalidTypeError as error:
        raise ModelFileError(str(error)) from error


def read_variables(path: PathLike) -> dict[str, Any]:
    """Return all variables of a ``.mat`` file, whatever they are.

    Values are as :mod:`octave_compress.octave.codec` describes them; what a file holds in no
    readable way is :class:`~octave_compress.formats.mat5.Opaque`. Octave's own formats, its HDF5
    among them, are read by Octave.

    Raises
    ------
    FileAccessError
        If the file cannot be opened.
    ModelFileError
        If it is damaged, or of another format.
    """
    name = os.fspath(path)
    data = _bytes(name)
    try:
        return dict(_read(name, data, "octave", lossless=True))
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from error.__cause__


def _bytes(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise FileAccessError(error.errno, f"cannot read: {error.strerror}", name) from None


def save(path: PathLike, model: Model, *, layout: str | None = None) -> None:
    """Write a model to a ``.mat`` file (``-v7``) that Octave, MATLAB and SciPy read, or packed.

    A name that ends in ``.ocz`` asks for the bytes of `pack_model`, entropy-coded.
    The fields stand at the top level, so ``model = load (file)`` gives the model in Octave.
    Codes are written in their own type; a layer that has them is written without the weights
    that they stand for, which every function here decodes again. The file appears whole or not
    at all.

    Parameters
    ----------
    path : str or path-like
        An existing file is replaced.
    model : Model
    layout : {"layers", "W", "packed"}, optional
        ``model.layers{i}.weights``, or ``model.W{i}`` with ``model.b{i}``, or one variable
        ``packed`` with the bytes of `pack_model`, which `unpack_model` takes in Octave too.
        A ``.ocz`` file is packed; others have layers unless said otherwise.

    Raises
    ------
    FileAccessError
        If the file cannot be written; an older one is then still whole.
    """
    is_plain = os.fspath(path).lower().endswith(".ocz")
    choices = ("packed",) if is_plain else ("layers", "W", "packed")
    layout = checks.choice("save", "LAYOUT", layout or choices[0], choices)
    if not isinstance(model, Model):
        raise InvalidTypeError("save: MODEL must be a Model")
    if layout != "packed":
        write_atomically(path, mat_bytes(model, layout))
        return
    packed = pack_model(model, backend="numpy")
    write_atomically(
        path, packed.tobytes() if is_plain else _mat({"packed": packed[None, :]}, False)
    )


def mat_bytes(model: Model, layout: str = "layers") -> bytes:
    """Return what `save` writes in the layouts that are no packed one."""
    layers = model.to_struct()["layers"]
    for fields in layers:
        if "codes" in fields:
            del fields["weights"]
        for name, value in fields.items():
            if isinstance(value, int):
                fields[name] = float(value)  # a number in Octave, not an int64
    content = {"layers": layers} if layout == "layers" else cells_from_layers(layers)
    return _mat({name: _cell(values) for name, values in content.items()}, True)


def _mat(content: Mapping[str, Any], compress: bool) -> bytes:
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, content, do_compression=compress, long_field_names=True)
    # SciPy writes the time into the header; the same model should be the same file.
    header = b"MATLAB 5.0 MAT-file, written by octave-compress"
    return header.ljust(116) + stream.getvalue()[116:]


def _cell(values: list[Any]) -> NDArray[np.object_]:
    cell = np.empty((1, len(values)), dtype=object)
    cell[0, :] = values
    return cell


def _read(
    name: str, data: bytes, backend: Backend | None, *, lossless: bool = False
) -> Mapping[str, Any]:
    """Return the variables of a file."""
    if data.startswith(_OCTAVE_STARTS):
        return _read_by_octave(name, backend, lossless)
    if data[:8] == b"\x89HDF\r\n\x1a\n" and b"OCTAVE_NEW_FORMAT" in data:
        return _read_by_octave(name, backend, lossless)
    if data[:8] == b"\x89HDF\r\n\x1a\n" or data[512:520] == b"\x89HDF\r\n\x1a\n":
        raise ModelFileError("an HDF5 file (MATLAB's -v7.3): save it again with save -v7")
    if not data:
        raise ModelFileError("the file is empty")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ModelFileError("text in UTF-16, which Octave does not read: write it as UTF-8")
    if data[124:128] in (b"\x00\x01IM", b"\x01\x00MI"):
        return mat5.read(data, lossless=lossless)
    if 0 not in data[:4]:  # the sign of MATLAB's format 4
        raise ModelFileError("not a MAT file")
    from scipy.io import loadmat

    try:
        content = loadmat(io.BytesIO(data), chars_as_strings=True)
    except (Exception, MemoryError) as error:  # SciPy raises many kinds for damaged files
        raise ModelFileError(f"damaged, or not a MAT file ({error})") from error
    values = {key: _plain(value) for key, value in content.items() if not key.startswith("__")}
    if lossless:
        return {key: x[0, 0] if np.shape(x) == (1, 1) else x for key, x in values.items()}
    return values


def _read_by_octave(name: str, backend: Backend | None, lossless: bool) -> Mapping[str, Any]:
    if (backend or current_backend()) != "octave":
        raise ModelFileError(
            "in Octave's own format, which only Octave reads: save it again with save -v7, "
            'or load it with backend="octave"'
        )
    from octave_compress.octave import default_session

    try:
        function = "ocx_load_variables" if lossless else "ocx_load_model"
        content = default_session().call(function, os.path.abspath(name))
    except (OctaveError, InvalidTypeError) as error:
        raise ModelFileError(f"Octave cannot read it ({error})") from error
    if not isinstance(content, Mapping):
        raise ModelFileError("holds no variables")
    return {key: _noted(value) for key, value in content.items()} if lossless else content


def _noted(value: Any) -> Any:
    """Return a value with `Opaque` for the notes of ``ocx_load_variables.m``."""
    if isinstance(value, dict) and "ocx_class" in value:
        return mat5.Opaque(str(value["ocx_class"]))
    if isinstance(value, dict):
        return {name: _noted(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_noted(part) for part in value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        for at in np.ndindex(value.shape):
            value[at] = _noted(value[at])
    return value


def _plain(value: Any) -> Any:
    """Return text for SciPy's arrays of text, and other values as they are."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        return str(value.reshape(-1)[0]) if value.size else ""
    return value


def _choose(content: Mapping[str, Any], variable: str | None) -> Mapping[str, Any]:
    """Return the variables, or the one of them, that hold the model's fields."""
    structs = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    held = ", ".join(sorted(content)) or "nothing"
    if variable is not None:
        if variable not in structs:
            raise ModelFileError(f"no struct called {variable} (the file holds {held})")
        return structs[variable]
    is_model: Callable[[Mapping[str, Any]], bool] = lambda fields: (  # noqa: E731
        "layers" in fields or "W" in fields or "codes" in fields
    )
    if is_model(content):
        return content
    if "model" in structs:
        return structs["model"]
    if len(structs) == 1:
        return next(iter(structs.values()))
    if len(structs) > 1:
        raise ModelFileError(f"several structs, name one with variable=: {', '.join(structs)}")
    raise ModelFileError(f"not a model: no field layers, W or codes (the file holds {held})")
