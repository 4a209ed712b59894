"""Octave's packages as fixtures."""

from __future__ import annotations

import pytest

from octave_compress import OctaveError, Session


def load(octave: Session, package: str) -> Session:
    # The packages bring functions of their own for some of Octave's, and Octave says so each time.
    octave.call("warning", "off", "Octave:shadowed-function", nout=0)
    try:
        octave.call("pkg", "load", package, nout=0)
    except OctaveError:
        pytest.skip(f"needs a package of Octave: sudo apt-get install octave-{package}")
    return octave


@pytest.fixture
def statistics(octave: Session) -> Session:
    return load(octave, "statistics")


@pytest.fixture
def signal(octave: Session) -> Session:
    return load(octave, "signal")
