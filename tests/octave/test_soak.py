"""A short run of the soak: every kind of fault once, and nothing wrong or left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.octave

SOAK = Path(__file__).resolve().parents[1] / "benchmarks" / "soak.py"


def test_every_fault_leaves_the_next_calls_correct(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    options = ["--calls", "2000", "--every", "54", "--sessions", "5", "--json", str(figures)]
    done = subprocess.run(
        [sys.executable, str(SOAK), *options], capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text())
    assert found["calls"] == 2000
    assert found["faults"] == 37


def test_a_session_that_answers_wrongly_would_be_noticed() -> None:
    code = f"""
import runpy, sys
from octave_compress.octave import session

decode, seen = session.decode, []

def sometimes_the_last_one(data):
    seen.append(decode(data))
    return seen[-1 - (len(seen) % 50 == 0)]

session.decode = sometimes_the_last_one
sys.argv = ["soak.py", "--calls", "400", "--every", "0", "--sessions", "0"]
runpy.run_path({str(SOAK)!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=280)
    assert done.returncode == 1
    assert "WRONG" in done.stderr
