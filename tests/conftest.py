"""What every test shares: which folder the `.m` functions are in."""

from __future__ import annotations

from pathlib import Path

import pytest

from octave_compress.octave.locate import m_files


@pytest.fixture(scope="session")
def functions() -> Path:
    """The folder of the `.m` functions."""
    return m_files()
