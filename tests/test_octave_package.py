"""The package for Octave's `pkg install`, in an empty prefix and with no Python in sight."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

import octave_compress
from octave_compress.octave.locate import octave_command

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "octave-package.md").read_text("utf-8")


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tool("octave_package").build(tmp_path_factory.mktemp("dist")))


def run(code: str, prefix: Path, **environment: str) -> str:
    """Return what a fresh Octave prints that has its packages in a folder of its own."""
    quoted = str(prefix).replace("'", "''")
    start = (
        f"setenv('PATH', '{quoted}/bin');"
        f"pkg prefix '{quoted}' '{quoted}'; pkg local_list '{quoted}/list';"
        f"pkg global_list '{quoted}/global'; page_screen_output(false);"
    )
    # Only what Octave's own scripts call; a Python is not among it. Octave puts its own folder
    # into PATH when it starts.
    programs = prefix / "bin"
    if not programs.exists():
        programs.mkdir(parents=True)
        for name in ("sh", "tar", "gzip", "gunzip", "makeinfo", "gnuplot", "uname", "rm", "cp"):
            found = shutil.which(name)
            if found is not None:
                (programs / name).symlink_to(found)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DISPLAY"))}
    done = subprocess.run(
        [*octave_command(), "--no-init-file", "--quiet", "--eval", start + code],
        cwd=prefix,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def prefix(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prefix")
    shutil.copy(package, folder)
    run(f"pkg install {package.name}", folder)
    return folder


def test_the_package_is_complete_and_the_same_each_time(package: Path, tmp_path: Path) -> None:
    top = f"octave-compress-{octave_compress.__version__}"
    assert package.name == f"{top}.tar.gz"
    with tarfile.open(package) as archive:
        names = set(archive.getnames())
        assert {(m.uid, m.gid, m.mtime) for m in archive} == {(0, 0, next(iter(archive)).mtime)}
    for name in ("DESCRIPTION", "INDEX", "COPYING", "NEWS"):
        assert f"{top}/{name}" in names
    for path in (ROOT / "m_files").rglob("*.m"):
        assert f"{top}/inst/{path.relative_to(ROOT / 'm_files')}" in names
    again = tool("octave_package").build(tmp_path)
    assert again.read_bytes() == package.read_bytes()


@pytest.mark.octave
def test_it_loads_and_works(prefix: Path) -> None:
    code = (
        "assert(exist('prune_model'), 0); pkg load octave-compress;"
        "setenv('PATH', [pwd(), '/bin']);"  # pkg has put the old one back
        "disp(prune_magnitude([3, -1; 2, 4], 0.5)); disp(exist('trainNetwork'));"
        "addpath(fullfile(fileparts(which('prune_model')), 'compat'));"
        "m = trainNetwork(rand(3, 9), rand(1, 9), [3, 2, 1], 'adam', 'mse', 2);"
        "disp(size(m.W{1})); [status, out] = system('python3 --version'); disp(status);"
    )
    lines = [line.split() for line in run(code, prefix).splitlines()]
    assert lines == [["3", "0"], ["0", "4"], ["0"], ["2", "3"], ["127"]]


@pytest.mark.octave
def test_help_lookfor_news_and_index(prefix: Path) -> None:
    load = "pkg load octave-compress;"
    assert "Return the weights without a given share" in run(load + "help prune_magnitude", prefix)
    found = run(load + "lookfor 'a given share of them, the smallest'", prefix)
    assert "prune_magnitude" in found
    described = run("pkg describe -verbose octave-compress", prefix)
    assert octave_compress.__version__ in described
    for path in (ROOT / "m_files").glob("*.m"):
        assert f"\t{path.stem}\n" in described
    assert octave_compress.__version__ in run("news octave-compress", prefix)


@pytest.mark.octave
def test_its_self_tests_pass(prefix: Path) -> None:
    printed = run("pkg load octave-compress; pkg test octave-compress", prefix, HOME=str(prefix))
    public = [path for path in (ROOT / "m_files").rglob("*.m") if path.parent.name != "private"]
    assert printed.count(" pass ") == len(public)
    assert any(line.split() == ["FAIL", "0"] for line in printed.splitlines())


DEMOS = [path.stem for path in (ROOT / "m_files").glob("*.m") if "%!demo" in path.read_text()]


@pytest.mark.octave
@pytest.mark.parametrize("name", DEMOS)
def test_demos_are_quiet_without_a_display(prefix: Path, name: str) -> None:
    code = f"pkg load octave-compress; demo('{name}'); disp(isempty(get(0, 'children')));"
    lines = run(code, prefix).splitlines()
    assert lines[0] == f"{name} example 1:"
    # Octave prints the demo itself; the demo prints nothing.
    assert [line for line in lines[1:] if line and not line.startswith(" ")] == ["1"]


@pytest.mark.octave
@pytest.mark.parametrize("name", DEMOS)
def test_demos_draw_with_gnuplot(prefix: Path, name: str) -> None:
    if shutil.which("gnuplot") is None:
        pytest.skip("gnuplot is not installed")
    code = (
        "pkg load octave-compress; graphics_toolkit('gnuplot');"
        "set(0, 'defaultfigurevisible', 'off');"
        "function answer = have_window_system(), answer = true; end;"
        f"demo('{name}'); assert(numel(get(0, 'children')), 1);"
        "print('-dsvg', 'demo.svg'); disp(stat('demo.svg').size > 1000);"
    )
    try:
        printed = run(code, prefix)
    except AssertionError as error:
        if "text_renderer" in str(error):
            pytest.skip("Octave finds no fonts")
        raise
    assert printed.splitlines()[-1] == "1"


def test_there_are_demos() -> None:
    assert len(DEMOS) >= 4


def test_the_table_of_octave_only_functions_is_up_to_date() -> None:
    module = tool("matlab_table")
    assert module.unsorted_names() == set(), "put them into OCTAVE_ONLY or BOTH"
    assert module.filled(PAGE) == PAGE, "run `make readme`"
    assert not module.BOTH & set(module.OCTAVE_ONLY)
    # By hand: check_matrix calls iscomplex, and everything begins with print_usage.
    assert module.octave_only("prune_threshold") == {"iscomplex", "print_usage"}
    assert "rand('twister', ...)" in module.octave_only("train_model")


def test_the_syntax_is_also_matlabs(tmp_path: Path) -> None:
    def lint(folder: Path) -> subprocess.CompletedProcess[str]:
        (folder / "miss_hit.cfg").write_text("project_root\n")  # which means MATLAB
        command = [str(Path(sys.executable).with_name("mh_lint")), "--brief", "."]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )

    ours = tmp_path / "ours"
    shutil.copytree(ROOT / "m_files", ours)
    done = lint(ours)
    assert done.returncode == 0, done.stdout
    octave_syntax = tool("matlab_table").octave_syntax
    for path in ours.rglob("*.m"):
        assert octave_syntax(path.read_text()) == [], path.name

    other = tmp_path / "other"
    other.mkdir()
    for text in ("# a\nx = 1;\n", "x = 1;\nx++;\n", "if x\nendif\n", "x = !y;\n"):
        (other / "octave_only.m").write_text(text)
        assert lint(other).returncode != 0, text
    for text in (
        "if x != 2, end",
        "x += 1;",
        "do\n  x = 1;\nuntil x",
        "x = a(1)(2);",
        "x = y(1){2};",
    ):
        assert octave_syntax(text) != [], text
