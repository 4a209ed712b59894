"""What the documents say is true: the table of operations, and every example in the README."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme", ROOT / "tools" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def examples(language: str, page: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_table_of_operations_is_up_to_date() -> None:
    assert _tool().filled(README) == README, "run `make readme`"


def test_an_outdated_table_would_be_noticed() -> None:
    spoiled = README.replace("| exact |", "| roughly |", 1)
    assert _tool().filled(spoiled) != spoiled


def test_links_to_files_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if not link.startswith("http"):
                assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.octave
def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    main_job, own_files, workspace, pool = examples("python")[:4]
    (tmp_path / "my_functions").mkdir()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            main_job + own_files + "print(q.shape, r.shape)\n" + workspace + pool,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "(2, 2) (2, 2)\n5.0 1.41421356" in done.stdout
    assert done.stdout.endswith(f"-2.0 {[np.float64(k) for k in (1, 2, 3)]}\n")
    assert (tmp_path / "small.mat").is_file()


@pytest.mark.octave
def test_what_is_told_to_users_of_oct2py_is_so(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "from-oct2py.md").read_text("utf-8")
    names: dict[str, object] = {}
    for example in examples("python", page):
        exec(example, names)
    assert capsys.readouterr().out == "1.414214 0.368\n"


@pytest.mark.octave
def test_the_test_file_of_the_readme_says_what_the_readme_says(tmp_path: Path) -> None:
    (tests,) = [block for block in examples("python") if "assert_equivalent" in block]
    (tmp_path / "test_port.py").write_text(tests)
    (tmp_path / "my_functions").mkdir()
    (tmp_path / "my_functions" / "to_whole.m").write_text(
        "function y = to_whole(x)\n  y = round(x);\nend\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "pytest_octave_compress", "test_port.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    (said,) = examples("text")
    printed = [line.removeprefix("E").strip() for line in done.stdout.splitlines()]
    assert [line for line in said.splitlines() if line.strip() not in printed] == []


@pytest.mark.octave
def test_the_snippets_on_tolerances_hold() -> None:
    page = (ROOT / "docs" / "tolerance.md").read_text("utf-8")
    snippets = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(snippets) == 4
    exec("".join(snippets), {})


@pytest.mark.octave
def test_the_octave_of_the_readme_runs(tmp_path: Path) -> None:
    from octave_compress.octave.locate import octave_command

    (script,) = examples("octave")
    for folder in ("m_files", "octave_compress"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "script.m").write_text(script)
    done = subprocess.run(
        [*octave_command(), "--no-gui", "--no-init-file", "--quiet", "script.m"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert re.search(r"\d\d\.\d\d % right, \d+ of \d+ weights left", done.stdout), done.stderr
    assert (tmp_path / "small.mat").is_file()


def test_contributing_quotes_the_real_operation() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    sources = {
        "python": (ROOT / "octave_compress/ops/pruning.py").read_text("utf-8")
        + (ROOT / "octave_compress/equivalence/cases.py").read_text("utf-8"),
        "octave": (ROOT / "m_files/prune_threshold.m").read_text("utf-8"),
    }
    for language, source in sources.items():
        known = {line.strip() for line in source.splitlines()}
        for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL):
            for line in filter(None, map(str.strip, block.splitlines())):
                assert line in known or line in ("...", '"""') or line.startswith("%!"), line


def _levels_in_the_examples() -> set[tuple[str, str]]:
    """The functions and levels that the decorators and calls in examples/equivalence name."""
    found = set()
    for file in (ROOT / "examples" / "equivalence").glob("test_*.py"):
        text = file.read_text("utf-8").split("def test_first_tr")[0]
        for name, call in re.findall(
            r'(?:@equivalent\(\s*|tree, )"(\w+)"(.*?)\n(?:def |\n)', text, re.DOTALL
        ):
            level = re.search(r"level=(\w+)\(([\d.e-]+)\)", call)
            found.add((name, f"{level[1]}({float(level[2]):g})" if level else "exact"))
    return found


def test_the_report_on_octaves_packages_has_the_levels_of_its_tests() -> None:
    report = (ROOT / "examples" / "equivalence" / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .* \| (exact|\w+\([\d.e-]+\)) \|", report, re.MULTILINE)
    assert set(rows) == _levels_in_the_examples()
    assert len(rows) >= 20
