"""Files of samples to train with."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from octave_compress.errors import FileAccessError, ModelFileError
from octave_compress.formats.mat import PathLike, read_variables

_NAMES = ("X", "y", "X_val", "y_val")


def load_samples(path: PathLike) -> dict[str, Any]:
    """Return the arrays ``X`` and ``y`` of a file, and ``X_val`` and ``y_val`` if it has them.

    Samples are rows in a ``.npz`` file, as in Python, and columns in a ``.mat`` file, as in
    Octave; there class numbers count from 1. What is returned is always Python's.

    Raises
    ------
    FileAccessError
        If the file cannot be opened.
    ModelFileError
        If it is damaged, or ``X`` or ``y`` is missing.
    """
    name = os.fspath(path)
    content = _npz(name) if name.endswith(".npz") else read_variables(name)
    found = {key: np.asarray(content[key]) for key in _NAMES if key in content}
    for key in ("X", "y"):
        if key not in found:
            raise ModelFileError(f"{name}: no variable {key} (found {', '.join(content)})")
    if name.endswith(".npz"):
        return found
    for key, array in found.items():
        if array.ndim != 2 or array.dtype.kind not in "buif":
            raise ModelFileError(f"{name}: {key} is not a real matrix")
    return {
        key: array.T if key.startswith("X") or min(array.shape) > 1 else array.reshape(-1) - 1
        for key, array in found.items()
    }


def _npz(name: str) -> dict[str, Any]:
    from zipfile import BadZipFile

    try:
        with np.load(name, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except OSError as error:
        if error.errno is None:
            raise ModelFileError(f"{name}: not a .npz file: {error}") from error
        raise FileAccessError(error.errno, f"cannot read: {error.strerror}", name) from None
    except (ValueError, EOFError, BadZipFile) as error:
        raise ModelFileError(f"{name}: not a .npz file: {error}") from error
