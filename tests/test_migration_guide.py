"""The guide from Octave to Python: its commands run as they stand there, step by step."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "migration.md").read_text("utf-8")
STEPS = re.split(r"^## (?=\d\. )", GUIDE, flags=re.MULTILINE)[1:]


def run(command: str, folder: Path, programs: Path) -> str:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={
            **os.environ,
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    fails = command.rstrip().endswith("# fails")
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def write_port(path: Path, code: str) -> None:
    """Do with a file what the first line of a block of Python says."""
    first, _, rest = code.partition("\n")
    text = path.read_text("utf-8")
    if first.endswith("in place of port()"):
        text, count = re.subn(
            r"^(LEVEL|def port).*?(?=^def test_the_script_ran|^@pytest.fixture)",
            "",
            text,
            flags=re.MULTILINE | re.DOTALL,
        )
        text = re.sub(r"^# move.*?(?=^@pytest.fixture)", "", text, flags=re.M | re.S)
        assert count > 0
        text = text.replace("@pytest.fixture", f"{code}\n\n@pytest.fixture", 1)
    else:
        old, new = rest.split("\n", 1)
        assert text.count(old) == 1, old
        text = text.replace(old, new.rstrip("\n"))
    path.write_text(text, "utf-8")


@pytest.mark.octave
def test_the_five_steps(tmp_path: Path) -> None:
    assert [step[0] for step in STEPS] == list("12345")
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "examples" / "migration", folder / "examples" / "migration")
    (folder / "m_files").symlink_to(ROOT / "m_files")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, module in (("octave-compress", "octave_compress"), ("pytest", "pytest")):
        script = f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n'
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    for step in STEPS:
        printed = ""
        for language, code in re.findall(r"```(\w+)\n(.*?)```", step, re.DOTALL):
            if language == "sh":
                printed = "".join(run(line, folder, programs) for line in code.strip().splitlines())
            elif language == "python":
                write_port(folder / "move" / "test_edge_device.py", code)
            else:
                for line in code.strip().splitlines():
                    assert line.strip() in printed, f"{line}\n---\n{printed}"
    port = (folder / "move" / "test_edge_device.py").read_text()
    assert "round_half_away(np.arange" in port
    assert not (folder / "examples" / "migration" / "edge_device.mat").exists()


def test_every_step_has_commands() -> None:
    for step in STEPS:
        assert "```sh\n" in step
    assert "(tolerance.md)" in GUIDE
