"""What every test shares: whether there is an Octave, and which folder its functions are in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octave_compress import OctaveNotFoundError
from octave_compress.octave.locate import m_files, octave_executable


def _why_no_octave() -> str | None:
    try:
        octave_executable()
    except OctaveNotFoundError as error:
        return str(error).splitlines()[0]
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked `octave` where there is none; on a build server that is a failure."""
    if item.get_closest_marker("octave") is None:
        return
    reason = _why_no_octave()
    if reason is not None and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def functions() -> Path:
    """The folder of the `.m` functions."""
    return m_files()
