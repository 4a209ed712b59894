"""What another version of Octave, or another BLAS, does otherwise than the one that was recorded.

`CHANGES` is the table, measured with Octave 7.3, 9.4 and 11.3 unless its entry says otherwise.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from octave_compress.errors import OctaveNotFoundError
from octave_compress.random import default_version

Effect = Literal["values", "last bits", "error"]


@dataclass(frozen=True)
class Change:
    """Something that functions do otherwise from a version of Octave on.

    Attributes
    ----------
    functions : tuple of str
    since : int
        The first version of those that were tried, or read about, that does it.
    effect : {"values", "last bits", "error"}
        What differs: values or shapes, no more than rounding, or whether there is an error.
    what : str
    """

    functions: tuple[str, ...]
    since: int
    effect: Effect
    what: str


CHANGES: tuple[Change, ...] = (
    Change(
        ("randi",),
        11,
        "values",
        "randi draws other numbers from the same state, and OctaveRandom(seed, version=...) those "
        "of either",
    ),
    Change(
        ("qr",),
        11,
        "values",
        "qr with one output returns R alone, where it returned LAPACK's packed form",
    ),
    Change(("movmin", "movmax"), 10, "values", "movmin and movmax omit NaN"),  # read, not run
    Change(("mean",), 9, "last bits", "mean of single precision sums otherwise"),
    Change(("mean", "norm"), 11, "last bits", "mean and norm use compensated sums"),
    Change(("std", "var"), 11, "error", "std and var refuse integers of type int8 and its like"),
    Change(("mean",), 11, "error", "mean refuses text"),
    Change(
        ("cellfun",),
        11,
        "error",
        "results of mixed classes are refused where they were converted to the first one's",
    ),
    Change(
        ("sparse", "bsxfun"),
        11,
        "error",
        "sparse matrices broadcast, where they were nonconformant",
    ),
    Change(("strncmp", "strncmpi"), 11, "error", "strncmp(..., 0) is true, where it was refused"),
    Change(
        ("max", "min"), 11, "error", 'max and min take "all" and several dimensions'
    ),  # read, not run
)
# Where the C library, not Octave, rounds otherwise.
_LIBRARY = ("tanh",)


@dataclass(frozen=True)
class Machine:
    """An Octave and its BLAS, as ``version`` and ``version ("-blas")`` name them."""

    octave: str
    blas: str


@cache
def machine_here() -> Machine | None:
    """Return the Octave that is here, or None if there is none; it is asked once."""
    from octave_compress.octave.locate import octave_eval

    try:
        printed = octave_eval("disp(version()); disp(version('-blas'))").splitlines()
    except (OctaveNotFoundError, OSError, subprocess.SubprocessError):
        return None
    return Machine(printed[0], printed[1]) if len(printed) == 2 else None


def version_causes(
    effect: Effect,
    texts: Iterable[str],
    recorded: Machine,
    other: Machine | None,
    *,
    drawn: str = "",
    here: str = "here it is",
) -> Iterator[str]:
    """Yield what may be between a recording and another Octave, for a difference of some effect.

    Parameters
    ----------
    effect : {"values", "last bits", "error"}
    texts : iterable of str
        The statements on which the value rests.
    recorded : Machine
        What made the recording.
    other : Machine or None
        What it is compared with; None where there is no Octave. Then only what `OctaveRandom`
        draws can be of another version.
    drawn : str
        The version that numbers were drawn as, by default that of `OctaveRandom`.
    here : str
        What stands before the other version in a text.
    """
    called = {name for text in texts for name in _called(text)}
    theirs = _major(recorded.octave)
    for change in CHANGES:
        names = [name for name in change.functions if name in called]
        if change.effect != effect or not names:
            continue
        ours = other.octave if other is not None else ""
        if "randi" in names:
            ours = drawn or default_version()
        if ours and (theirs < change.since) != (_major(ours) < change.since):
            yield (
                f"another version of Octave: from {change.since} on {change.what}; the recording "
                f"is by {recorded.octave}, and {here} {ours}"
            )
    if effect == "last bits" and other is not None and other != recorded:
        library = [name for name in _LIBRARY if name in called]
        of = f" ({', '.join(library)} is the C library's)" if library else ""
        yield (
            f"another version of Octave or BLAS{of}: the recording is by {_named(recorded)}, and "
            f"{here} {_named(other)}"
        )


def _called(text: str) -> set[str]:
    """Return the names in a statement that may be functions: before a parenthesis, or handles."""
    found = re.findall(r"@\s*([A-Za-z]\w*)|\b([A-Za-z]\w*)\s*\(", text)
    return {handle or name for handle, name in found}


def _major(version: str) -> int:
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0


def _named(machine: Machine) -> str:
    return f"{machine.octave} with {machine.blas}" if machine.blas else machine.octave
