"""What happens to tests that need Octave where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TEST = "test_m_files.py::test_no_public_name_exists_in_octave"


def outcome(**changes: str) -> str:
    """Return what pytest prints about one such test in a machine without Octave."""
    environment = {**os.environ, "OCTAVE_EXECUTABLE": "no-such-octave", **changes}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rsf", TEST]
    folder = Path(__file__).parent
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout


def test_they_are_skipped_with_the_reason() -> None:
    printed = outcome(CI="")
    assert "1 skipped" in printed
    assert "OCTAVE_EXECUTABLE names 'no-such-octave'" in printed


def test_they_fail_on_a_build_server() -> None:
    printed = outcome(CI="true")
    assert "1 failed" in printed or "1 error" in printed
    assert "skipped" not in printed
