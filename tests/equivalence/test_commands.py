"""The commands record and compare, as a stranger types them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from octave_compress.octave.locate import octave_command


def run(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "octave_compress", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env={
            **os.environ,
            "COLUMNS": "120",
            "PYTHONPATH": os.pathsep.join(sys.path),
            **environment,
        },
    )


@pytest.mark.octave
def test_record(tmp_path: Path) -> None:
    (tmp_path / "script.m").write_text("x = 3;\nf = @sin;\ny = x + 1")
    done = run("record", "script.m", "--out", "golden.mat", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "golden.mat: 3 statements of script.m, 3 variables" in done.stdout
    assert "note: f is or holds a function_handle, of which only the class is kept" in done.stdout
    assert "the script ended: completed" in done.stdout


@pytest.mark.octave
def test_record_a_script_that_fails(tmp_path: Path) -> None:
    (tmp_path / "script.m").write_text("x = 3;\ny = nothing_like_it(x);\n")
    done = run("record", "script.m", "--out", "golden.mat", cwd=tmp_path)
    assert done.returncode == 1
    assert "stopped at line 2 (y = nothing_like_it(x);): 'nothing_like_it' undefined" in done.stderr
    assert (tmp_path / "golden.mat").exists()


@pytest.mark.octave
def test_record_badly(tmp_path: Path) -> None:
    (tmp_path / "script.m").write_text("x = (3;\n")
    for arguments, message in (
        (("script.m", "--out", "golden.mat"), "cannot run as a script: (parse|syntax) error near"),
        (("scirpt.m", "--out", "golden.mat"), "cannot read: No such file or directory"),
        (("script.m", "--out", "none/golden.mat"), "cannot write: No such file or directory"),
        (("script.m", "--out", "golden.mat", "--deadline", "-1"), "DEADLINE must be in .0, Inf"),
    ):
        done = run("record", *arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert re.search(message, done.stderr)
        assert done.stderr.startswith("octave-compress: ")
        assert "Traceback" not in done.stderr
    assert run("record", "script.m", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "golden.mat").exists()
    missing = run(
        *("record", "script.m", "--out", "golden.mat"), cwd=tmp_path, OCTAVE_EXECUTABLE="/none"
    )
    assert missing.returncode == 1
    assert "Install it" in missing.stderr


@pytest.fixture
def files(tmp_path: Path) -> Path:
    A = np.array([[1.0, 2.0], [3.0, 4.0]])
    savemat(tmp_path / "a.mat", {"A": A, "n": np.int8(3), "t": "text", "s": {"w": A}})
    savemat(tmp_path / "b.mat", {"A": A, "n": np.int8(3), "t": "text", "s": {"w": A}})
    near = A.copy()
    near[1, 0] += 2**-51
    savemat(tmp_path / "near.mat", {"A": A, "n": np.int8(3), "t": "text", "s": {"w": near}})
    other = {"A": A.astype(np.float32), "n": np.int8(4), "t": "text", "extra": A[:, :1]}
    savemat(tmp_path / "other.mat", other)
    (tmp_path / "damaged.mat").write_bytes((tmp_path / "a.mat").read_bytes()[:400])
    return tmp_path


def test_files_that_agree(files: Path) -> None:
    done = run("compare", "a.mat", "b.mat", cwd=files)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 of 4 variables agree at level exact" in done.stdout
    assert "2x2 double" in done.stdout


def test_files_that_nearly_agree(files: Path) -> None:
    done = run("compare", "near.mat", "b.mat", cwd=files)
    assert done.returncode == 1
    assert "s.w(2,1): " in done.stdout
    assert "1 ulp" in done.stdout
    assert "3 of 4 variables agree at level exact" in done.stdout
    for level in ("ulp(1)", "rtol(1e-12)", "rtol=1e-12", "ulp:1"):
        assert run("compare", "near.mat", "b.mat", "--level", level, cwd=files).returncode == 0
    assert run("compare", "near.mat", "b.mat", "--level", "rtol(1e-17)", cwd=files).returncode == 1


def test_files_that_differ(files: Path) -> None:
    done = run("compare", "a.mat", "other.mat", "--level", "rtol(1)", cwd=files)
    assert done.returncode == 1
    for text in (
        "A: class double is not single",
        "n: ",
        "s: only in a.mat",
        "extra: only in other.mat",
        "1 of 5 variables agree",
    ):
        assert text in done.stdout


def test_files_that_cannot_be_compared(files: Path) -> None:
    for arguments, message in (
        (("a.mat", "none.mat"), "none.mat"),
        (("damaged.mat", "a.mat"), "damaged.mat: damaged"),
        (("a.mat", "a.mat", "--level", "rtol(-1)"), "must be exact, ulp(4)"),
        (("a.mat", "a.mat", "--level", "close"), "must be exact, ulp(4)"),
        (("a.mat",), "B.mat"),
    ):
        done = run("compare", *arguments, cwd=files)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.octave
@pytest.mark.parametrize("option", ["-text", "-binary", "-v7", "-v6", "-zip", "-hdf5"])
def test_files_that_octave_wrote(files: Path, option: str) -> None:
    code = (
        "A = [1, 2; 3, 4]; n = int8(3); t = 'text'; s.w = A; c = {A, 'a'; 1, {}}; z = 1i;"
        f"save('{option}', 'octave.mat'); f = @sin; save('handle.mat', 'f', 'A');"
        "s.w(2, 1) = 5; c{2, 1} = single(1); clear f; save('-v7', 'changed.mat');"
    )
    command = [*octave_command(), "--no-init-file", "--quiet", "--eval", code]
    subprocess.run(command, cwd=files, capture_output=True, timeout=60, check=True)
    done = run("compare", "octave.mat", "octave.mat", cwd=files)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 of 6 variables agree" in done.stdout
    done = run("compare", "octave.mat", "changed.mat", cwd=files)
    assert done.returncode == 1
    assert "s.w(2,1): np.float64(3.0) is not np.float64(5.0)" in done.stdout
    assert "c{2,1}: class double is not single" in done.stdout
    assert "4 of 6 variables agree" in done.stdout
    # A handle is never taken for equal.
    done = run("compare", "handle.mat", "handle.mat", cwd=files)
    assert done.returncode == 1
    assert "f: cannot be compared" in done.stdout
    assert "1 of 2 variables agree" in done.stdout


def test_files_that_nothing_reads(files: Path) -> None:
    (files / "matlab.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n")
    (files / "keras.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600))
    (files / "text.mat").write_text("# Created by Octave\n# name: x\n", encoding="utf-16")
    for name, said in (
        ("matlab.mat", "save it again with save -v7"),
        ("keras.h5", "save it again with save -v7"),
        ("text.mat", "text in UTF-16, which Octave does not read: write it as UTF-8"),
    ):
        done = run("compare", name, "a.mat", cwd=files)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{name}: " in done.stderr
        assert said in done.stderr


BOTH = """x = 1;
y = {x, 'a'};
disp('hello')
clear x
z = 2;
"""


@pytest.mark.octave
def test_recordings_are_compared_statement_by_statement(tmp_path: Path) -> None:
    (tmp_path / "one.m").write_text(BOTH)
    changed = BOTH.replace("z = 2;", "only_here = 1;\nz = 2;").replace("y =", "x = 5; y =")
    (tmp_path / "two.m").write_text(changed)
    other = "x = 1 + eps;\n" + BOTH.partition("\n")[2]
    (tmp_path / "three.m").write_text(other)
    for name in ("one", "two", "three"):
        assert run("record", f"{name}.m", "--out", f"{name}.mat", cwd=tmp_path).returncode == 0
    done = run("compare", "one.mat", "one.mat", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "line 2: y" in done.stdout
    assert "3 of 3 variables agree at level exact" in done.stdout
    done = run("compare", "two.mat", "one.mat", cwd=tmp_path)
    assert done.returncode == 1
    text = " ".join(done.stdout.split())
    assert "line 5 (only_here = 1;): only in two.mat" in text
    assert "line 2 (x = 5; y = {x, 'a'};): only in two.mat" in text
    assert "line 2 (y = {x, 'a'};): only in one.mat" in text
    assert "lines 6, 5: z" in text
    assert "2 of 5 variables agree" in text
