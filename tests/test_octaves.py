"""The tool that runs the suite beside other Octaves: what it copies, and what it tells."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
PASSED = "7 passed in 0.1s"


@pytest.fixture
def octaves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.syspath_prepend(TOOLS)
    module = importlib.import_module("octaves")
    monkeypatch.setenv("OCTAVE_ROOTS", str(tmp_path / "roots"))
    monkeypatch.setattr(module, "missing", lambda: [])
    return module


@pytest.fixture
def fails(octaves: Any) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise octaves.NotMadeError("the mirror sleeps")

    return fail


def test_a_copy_holds_what_the_folder_holds_now(
    octaves: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for name in ("tests/a.py", "tests/__pycache__/a.pyc", "build/b", ".venv/own", ".git/HEAD"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("new")
    for name in ("tests/deleted.py", "gone/c", ".venv/kept"):
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        (there / name).write_text("old")
    (there / "link").symlink_to(here)
    (here / ".gitignore").write_text("# built\n__pycache__/\nbuild/\n.venv/\n")
    monkeypatch.setattr(octaves, "SOURCE", here)
    octaves.copy_source(there)
    files = {str(p.relative_to(there)) for p in there.rglob("*") if p.is_file()}
    assert files == {".gitignore", "tests/a.py", ".venv/kept"}
    assert (here / "build/b").exists()


def test_settings_replace_links_and_follow_none(
    octaves: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named, target, root = tmp_path / "named.crt", tmp_path / "target", tmp_path / "root"
    named.write_text("certificates")
    target.write_text("mine")
    inside = root / named.relative_to("/")
    inside.parent.mkdir(parents=True)
    (root / "etc/apt/apt.conf.d").mkdir(parents=True)
    inside.symlink_to(target)
    monkeypatch.setenv("PIP_CERT", str(named))
    monkeypatch.setattr(octaves, "FILES", ())
    octaves.copy_settings(root)
    assert inside.read_text() == "certificates"
    assert target.read_text() == "mine"


def test_a_root_takes_over_only_what_it_needs(
    octaves: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:1")
    monkeypatch.setenv("PYTHONPATH", "/here")
    monkeypatch.setenv("MAKEFLAGS", "w")
    found = octaves.environment()
    assert found["https_proxy"] == "http://proxy:1"
    assert not {"PYTHONPATH", "MAKEFLAGS", "OCTAVE_ROOTS"} & set(found)


def test_a_step_tells_the_last_line_of_what_failed(
    octaves: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    octaves.step("Right", ["sh", "-c", "echo fine"], tmp_path / "log")
    with pytest.raises(octaves.NotMadeError, match=r"^Wrong failed: no such package$"):
        octaves.step("Wrong", ["sh", "-c", "echo no such package; exit 3"], tmp_path / "log")
    monkeypatch.setattr(octaves, "STEP", 0.1)
    with pytest.raises(octaves.NotMadeError, match=r"^Slow took more than 0\.1 s$"):
        octaves.step("Slow", ["sleep", "60"], tmp_path / "log")


def test_a_root_is_tried_twice(
    octaves: Any, fails: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tries = iter([fails, fails, fails, lambda *_: None])
    monkeypatch.setattr(octaves, "make_root", lambda *given: next(tries)(*given))
    for name in ("copy_settings", "copy_source"):
        monkeypatch.setattr(octaves, name, lambda *_: None)
    monkeypatch.setattr(octaves, "step", lambda what, command, log: log.write_text("a\nOctave 9\n"))
    octaves.roots().mkdir()
    with pytest.raises(octaves.NotMadeError, match="the mirror sleeps"):
        octaves.prepare("sid", tmp_path, fresh=False)
    assert octaves.prepare("sid", tmp_path, fresh=False) == "Octave 9"


@pytest.mark.parametrize("status", [0, 1])
def test_pytests_closing_line_is_read(
    octaves: Any, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    code = f"printf '== {PASSED} ==\\nmore\\n'; exit {status}"
    monkeypatch.setattr(octaves, "entered", lambda root, command: ["sh", "-c", code])
    assert octaves.run_tests(Path("/")) == (status == 0, PASSED)


@pytest.mark.parametrize(
    ("passes", "status", "told"), [(True, 0, "sid: passed"), (False, 1, "sid: FAILED")]
)
def test_a_failing_test_fails_and_a_missing_root_does_not(
    octaves: Any,
    fails: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    passes: bool,
    status: int,
    told: str,
) -> None:
    made = {"trixie": fails, "sid": lambda *_, **__: "Octave 11.3.0"}
    monkeypatch.setattr(octaves, "prepare", lambda suite, *given, **more: made[suite](*given))
    monkeypatch.setattr(octaves, "run_tests", lambda root: (passes, PASSED))
    assert octaves.main() == status
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "==> trixie: NOT RUN, its root could not be made: the mirror sleeps",
        f"==> {told} ({PASSED}) with Octave 11.3.0",
    ]


def test_elsewhere_it_says_what_is_missing(
    octaves: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(octaves.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", os.devnull)
    assert octaves.main() == 2
    printed = capsys.readouterr().out
    assert "Missing here: root, apt-get, chroot, mount, unshare." in printed
    assert "docker run" in printed


def test_an_unknown_suite_is_refused(octaves: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert octaves.main("potato") == 2
    assert "octaves.py SUITE COMMAND" in capsys.readouterr().err
