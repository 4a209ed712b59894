"""Two files of variables, or two recordings, compared: what ``octave-compress compare`` prints."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from octave_compress.equivalence.golden import (
    Golden,
    HashedArray,
    Statement,
    load_golden,
    recorded_differences,
)
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
    """One variable of two files, or of a statement in two recordings.

    Attributes
    ----------
    name : str
        In recordings with its line before it, ``"line 12: x"``.
    left, right : str
        Its size and class in each file, ``"3x4 double"``; empty where the file has none.
    differences : tuple of Difference
        Empty if it agrees.
    causes : tuple of str
        Of recordings, likely ones: another version of Octave, or another BLAS.
    """

    name: str
    left: str
    right: str
    differences: tuple[Difference, ...]
    causes: tuple[str, ...] = ()


def compare_files(
    left: str | os.PathLike[str], right: str | os.PathLike[str], level: Level = EXACT
) -> tuple[Variable, ...]:
    """Return how each variable of two files differs, in the order of their names.

    The files are MATLAB's up to ``-v7`` or Octave's text, binary and HDF5 ones, which need
    Octave. Two recordings of scripts are compared statement by statement: what each one changed,
    cleared, printed and warned, its error, and how the scripts ended.

    Parameters
    ----------
    left, right : str or path-like
        `right` holds what is expected: relative differences are relative to it.
    level : Level

    Raises
    ------
    FileAccessError, ModelFileError, GoldenFileError
        If a file cannot be read, or is damaged.
    """
    ours, theirs = read_variables(left), read_variables(right)
    if "golden" in ours and "golden" in theirs:
        return tuple(_recordings(load_golden(left), load_golden(right), level))
    places = (os.fspath(left), os.fspath(right))
    return tuple(
        _variable(name, name, ours, theirs, places, level)
        for name in sorted(ours.keys() | theirs.keys())
    )


def _variable(
    title: str,
    name: str,
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    places: tuple[str, str],
    level: Level,
) -> Variable:
    """Compare a variable of two workspaces, of which at least one has it."""
    apart: tuple[Difference, ...]
    if name in ours and name in theirs:
        apart = differences(ours[name], theirs[name], level, name)
    else:
        where = places[name in theirs]
        apart = (Difference(name, name, "missing", f"only in {where}"),)
    return Variable(
        title,
        described(ours[name]) if name in ours else "",
        described(theirs[name]) if name in theirs else "",
        apart,
    )


def _recordings(left: Golden, right: Golden, level: Level) -> Iterator[Variable]:
    places = (left.path, right.path)
    for one, other in _aligned(left.statements, right.statements):
        statement = one or other
        assert statement is not None
        if one is None or other is None:
            text = f"only in {places[one is None]}"
            apart = Difference(statement.place, statement.place, "missing", text)
            yield Variable(statement.place, "", "", (apart,))
            continue
        title = f"line {one.line}" if one.line == other.line else f"lines {one.line}, {other.line}"
        for name in dict.fromkeys((*one.changed, *other.changed)):
            yield _changed(f"{title}: {name}", name, (one, other), (left, right), level)
        yield from _told(title, one, other)
    if left.ended != right.ended:
        yield _facts("end", "how it ended", left.ended, right.ended)


def _aligned(
    left: tuple[Statement, ...], right: tuple[Statement, ...]
) -> Iterator[tuple[Statement | None, Statement | None]]:
    """Yield the statements of two scripts that have the same text, and those of one alone."""
    ours, theirs = ([one.text for one in side] for side in (left, right))
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind == "equal":
            yield from zip(left[i:i_end], right[j:j_end], strict=True)
        else:
            yield from ((one, None) for one in left[i:i_end])
            yield from ((None, one) for one in right[j:j_end])


def _changed(
    title: str,
    name: str,
    statements: tuple[Statement, Statement],
    goldens: tuple[Golden, Golden],
    level: Level,
) -> Variable:
    ours, theirs = (statement.changed for statement in statements)
    places = (goldens[0].path, goldens[1].path)
    if name not in ours or name not in theirs:
        return _variable(title, name, ours, theirs, places, level)
    apart, causes = recorded_differences(goldens, statements, name, level)
    return Variable(title, described(ours[name]), described(theirs[name]), apart, causes)


def _told(title: str, one: Statement, other: Statement) -> Iterator[Variable]:
    """Yield what two runs of a statement differ in beside the variables."""
    warned = [", ".join(w.identifier or w.message for w in side.warnings) for side in (one, other)]
    for what, ours, theirs in (
        ("cleared", ", ".join(one.vanished), ", ".join(other.vanished)),
        ("printed", one.printed, other.printed),
        ("warnings", *warned),
        ("error", str(one.error or ""), str(other.error or "")),
    ):
        if ours != theirs:
            yield _facts(f"{title}: {what}", what, ours, theirs)


def _facts(title: str, what: str, ours: str, theirs: str) -> Variable:
    return Variable(title, "", "", differences(ours, theirs, EXACT, what))


def described(value: Any) -> str:
    """Return the size and the class of a value, as Octave would name them."""
    if isinstance(value, Opaque):
        return value.kind
    if isinstance(value, HashedArray):
        kind = "char" if value.dtype is None else octave_class(np.empty(0, value.dtype))
        return f"{'x'.join(map(str, value.shape))} {kind}"
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
