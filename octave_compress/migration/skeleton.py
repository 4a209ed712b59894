"""The pytest file that goes with a port: it runs as it is written, and fails until it is filled."""

from __future__ import annotations

import os
from pathlib import Path

from octave_compress.atomic import write_atomically
from octave_compress.migration.survey import Survey

_TEXT = '''"""Checks the port of {script} against what the script does in Octave.

The first run records the script, with Octave; keep {golden} with the test, and later runs
need no Octave. When the script changes, delete {golden}.
"""

from pathlib import Path

import pytest

from octave_compress.equivalence import EXACT, Golden, load_golden, record

SCRIPT = Path(__file__).parent / {relative!r}
GOLDEN = Path(__file__).parent / {golden!r}

# How equal floats must be: EXACT, ulp(4), rtol(1e-9), ... of octave_compress.equivalence.
LEVEL = EXACT


@pytest.fixture(scope="module")
def golden() -> Golden:
    if not GOLDEN.exists():
        record(SCRIPT, GOLDEN)
    recorded = load_golden(GOLDEN)
    recorded.check_script(SCRIPT)
    return recorded


def port():
    """Yield the port's variables, as it gets them, with the lines of the script.

    Fill in one after the other: `yield "line 12", {{"x": x}}`. Statements of the script:

{statements}
    """
    yield from ()


def test_the_script_ran(golden: Golden) -> None:
    assert golden.error is None, golden.error


def test_port(golden: Golden) -> None:
    if not list(port()):
        pytest.skip("the port is empty: fill in port()")
    replay = golden.replay(port, level=LEVEL)
    print("not compared yet:", ", ".join(replay.unchecked) or "nothing")
'''


def write_test(path: str | os.PathLike[str], script: str | os.PathLike[str], found: Survey) -> None:
    """Write a pytest file that records a script and checks its port.

    Raises
    ------
    FileAccessError
        If it cannot be written.
    """
    target = Path(path).resolve()
    relative = os.path.relpath(Path(script).resolve(), target.parent)
    listed = [
        f"    {number:4}  {line}".rstrip().replace("\\", "\\\\").replace('"""', "'''")
        for number, line in enumerate(found.lines, 1)
        if line.strip() and not line.strip().startswith(("%", "#"))
    ]
    text = _TEXT.format(
        script=Path(script).name,
        golden=f"{Path(script).stem}.golden.mat",
        relative=relative,
        statements="\n".join(listed),
    )
    write_atomically(path, text.encode())
