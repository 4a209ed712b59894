"""Proof that two implementations agree: levels of equality, comparison, differential tests.

The names below are loaded at first use, so that what needs only a level does not load Octave's
side, and what needs no test does not load pytest or Hypothesis.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from octave_compress.equivalence.differential import assert_equivalent
    from octave_compress.equivalence.files import compare_files
    from octave_compress.equivalence.generated import equivalent
    from octave_compress.equivalence.golden import Golden, load_golden
    from octave_compress.equivalence.levels import (
        EXACT,
        Comparison,
        Difference,
        Level,
        compare,
        differences,
        rtol,
        ulp,
    )
    from octave_compress.equivalence.recording import record
    from octave_compress.equivalence.values import as_octave
    from octave_compress.random import OctaveRandom

_HOMES = {
    "EXACT": "equivalence.levels",
    "Comparison": "equivalence.levels",
    "Difference": "equivalence.levels",
    "Golden": "equivalence.golden",
    "Level": "equivalence.levels",
    "OctaveRandom": "random",
    "as_octave": "equivalence.values",
    "assert_equivalent": "equivalence.differential",
    "compare": "equivalence.levels",
    "compare_files": "equivalence.files",
    "differences": "equivalence.levels",
    "equivalent": "equivalence.generated",
    "load_golden": "equivalence.golden",
    "record": "equivalence.recording",
    "rtol": "equivalence.levels",
    "ulp": "equivalence.levels",
}

__all__ = [
    "EXACT",
    "Comparison",
    "Difference",
    "Golden",
    "Level",
    "OctaveRandom",
    "as_octave",
    "assert_equivalent",
    "compare",
    "compare_files",
    "differences",
    "equivalent",
    "load_golden",
    "record",
    "rtol",
    "ulp",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"octave_compress.{home}"), name)
