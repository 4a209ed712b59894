"""The wheel, installed into an empty environment, is complete."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
        *("--wheel-dir", folder, ROOT),
        cwd=folder,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_functions_and_the_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (ROOT / "m_files").rglob("*.m"):
        assert f"octave_compress/{path.relative_to(ROOT)}" in names
    for name in (
        "py.typed",
        "data/digits.mat",
        "data/README.md",
        "octave/bridge/ocx_serve.m",
        "octave/recorder/ocx_record.m",
    ):
        assert f"octave_compress/{name}" in names
    assert "pytest_octave_compress.py" in names
    assert not [name for name in names if name.startswith(("tests/", "m_files/"))]


def test_installing_the_wheel_is_enough_for_pytest_to_load_the_plugin(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "[pytest11]\npytest_octave_compress = pytest_octave_compress\n" in (
        archive.read(points).decode()
    )


@pytest.mark.octave
def test_the_wheel_runs_the_demo_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    program = home / "bin" / "octave-compress"
    run(home / "bin" / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    printed = run(program, "demo", "--out", "out", cwd=tmp_path)
    assert "student distilled" in printed
    assert "no picture: pictures need matplotlib" in printed
    assert (tmp_path / "out" / "quantized_model.mat").is_file()
    where = "import octave_compress.octave.locate as l; print(l.m_files())"
    folder = Path(run(home / "bin" / "python", "-c", where, cwd=tmp_path).strip())
    assert folder.is_relative_to(home)
