"""Two files of variables, compared: what ``octave-compress compare`` prints."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from octave_compress.equivalence.levels import (
    EXACT,
    Difference,
    Level,
    differences,
    octave_class,
)
from octave_compress.formats.mat import read_variables
from octave_compress.formats.mat5 import Opaque


@dataclass(frozen=True)
class Variable:
    """One variable of two files.

    Attributes
    ----------
    name : str
    left, right : str
        Its size and class in each file, ``"3x4 double"``; empty where the file has none.
    differences : tuple of Difference
        Empty if it agrees.
    """

    name: str
    left: str
    right: str
    differences: tuple[Difference, ...]


def compare_files(
    left: str | os.PathLike[str], right: str | os.PathLike[str], level: Level = EXACT
) -> tuple[Variable, ...]:
    """Return how each variable of two files differs, in the order of their names.

    The files are MATLAB's up to ``-v7`` or Octave's text and binary ones, which need Octave.

    Parameters
    ----------
    left, right : str or path-like
        `right` holds what is expected: relative differences are relative to it.
    level : Level

    Raises
    ------
    FileAccessError, ModelFileError
        If a file cannot be read, or is damaged.
    """
    ours, theirs = read_variables(left), read_variables(right)
    found = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name in ours and name in theirs:
            apart = differences(ours[name], theirs[name], level, name)
        else:
            where = os.fspath(right if name in theirs else left)
            apart = (Difference(name, name, "missing", f"only in {where}"),)
        found.append(
            Variable(
                name,
                described(ours[name]) if name in ours else "",
                described(theirs[name]) if name in theirs else "",
                apart,
            )
        )
    return tuple(found)


def described(value: Any) -> str:
    """Return the size and the class of a value, as Octave would name them."""
    if isinstance(value, Opaque):
        return value.kind
    if isinstance(value, str):
        shape: tuple[int, ...] = (
            (1, len(value.encode(errors="surrogateescape"))) if value else (0, 0)
        )
    elif isinstance(value, list):
        shape = (1, len(value)) if value else (0, 0)
    elif isinstance(value, dict):
        shape = (1, 1)
    else:
        shape = np.shape(value) or (1, 1)
        if hasattr(value, "tocsc"):
            shape = value.shape
    return f"{'x'.join(map(str, shape))} {octave_class(value) or type(value).__name__}"
