"""The pytest file that `octave-compress migrate --test` writes, run as written and filled in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from octave_compress.migration import survey, write_test

SCRIPT = '''% a script with "quotes", {braces}, \\back\\slashes and """three""" of them
x = [1, 2; 3, 4];
s = sum(x);   % größe
t = "{x}\\n";
if s(1) > 3
  y = s / 2;
end
'''


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


def pytest_in(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(
        *["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"], cwd=folder, **environment
    )


@pytest.mark.octave
def test_the_skeleton_runs_as_written_and_filled(tmp_path: Path) -> None:
    (tmp_path / "script.m").write_text(SCRIPT)
    (tmp_path / "tests").mkdir()
    done = run(
        *["-m", "octave_compress", "migrate", "script.m", "--test", "tests/test_port.py"],
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "wrote tests/test_port.py" in done.stdout
    done = pytest_in(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 skipped" in done.stdout

    path = tmp_path / "tests" / "test_port.py"
    text = path.read_text()
    port = """    import numpy as np
    x = np.array([[1.0, 2], [3, 4]])
    yield "line 2", {"x": x}
    s = x.sum(axis=0)
    yield "line 3", {"s": s}
    yield "line 6", {"y": s / 2}
"""
    path.write_text(text.replace("    yield from ()\n", port))
    without_octave = {"OCTAVE_EXECUTABLE": "/nonexistent"}
    done = pytest_in(tmp_path, **without_octave)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout

    path.write_text(text.replace("    yield from ()\n", port.replace("axis=0", "axis=1")))
    done = pytest_in(tmp_path, **without_octave)
    assert done.returncode == 1
    assert "after line 3 (s = sum(x);   % größe)" in done.stdout

    (tmp_path / "script.m").write_text(SCRIPT + "z = 1;\n")
    assert "has changed since it was recorded" in pytest_in(tmp_path, **without_octave).stdout


def test_the_skeleton_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "script.m").write_text(SCRIPT)
    found = survey(tmp_path / "script.m")
    write_test(tmp_path / "test_port.py", tmp_path / "script.m", found)
    compile((tmp_path / "test_port.py").read_text(), "test_port.py", "exec")
    for arguments, message in (
        (("scirpt.m",), "cannot read: No such file or directory"),
        (("script.m", "--test", "none/test.py"), "cannot write: No such file or directory"),
    ):
        done = run("-m", "octave_compress", "migrate", *arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr
