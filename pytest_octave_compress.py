"""The pytest plugin of octave-compress: the marker and the fixture ``octave``, and a summary.

It is a module of its own, outside the package, because pytest loads it in every run: the package,
NumPy and Octave are loaded by the first test that asks for them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from octave_compress import Session
    from octave_compress.equivalence.tally import Row, Tally

_SENT = "octave_compress"  # what a worker of pytest-xdist sends back goes by this name
_TALLY = pytest.StashKey["Tally"]()
_MOST_NAMES = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("octave", "equivalence with GNU Octave")
    group.addoption(
        "--octave",
        choices=("skip", "require"),
        help="what to do with tests that need Octave where there is none: skip them, or let them "
        "fail (default: require if CI=true, else skip)",
    )
    group.addoption(
        "--octave-folder",
        action="append",
        metavar="DIR",
        help="name the .m files of this folder that no test has compared; may be repeated "
        "(default: the setting octave_folders)",
    )
    parser.addini("octave_folders", "folders of .m files that tests should compare", "paths")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "octave: needs GNU Octave, and finds it in a clean state")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Prepare Octave for a test that is marked."""
    function = getattr(item, "obj", None)
    generated = getattr(function, "octave_compress_generated", None)
    if generated is not None and (problem := generated.problem(function)):
        pytest.fail(problem, pytrace=False)
    if item.get_closest_marker("octave") is not None:
        _prepare(item.config)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tell a test of `equivalent` that has its parameters in an order that cannot be."""
    generated = getattr(metafunc.function, "octave_compress_generated", None)
    if generated is None:
        return
    given: list[str] = []
    for mark in metafunc.definition.iter_markers("parametrize"):
        names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
        given += [n.strip() for n in names.split(",")] if isinstance(names, str) else names
    if problem := generated.problem(metafunc.function, given):
        pytest.fail(problem, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Skip a test that is not marked and has met that there is no Octave to compare with."""
    report = yield
    module = sys.modules.get("octave_compress.equivalence.differential")
    if call.excinfo is None or module is None or _requires_octave(item.config):
        return report
    error = call.excinfo.value
    if report.failed and isinstance(error, module.NothingToCompareError):
        path, line, _ = item.reportinfo()
        report.outcome = "skipped"
        report.longrepr = (str(path), (line or 0) + 1, f"Skipped: {error.reason}")
    return report


@pytest.fixture
def octave(request: pytest.FixtureRequest) -> Session:
    """A running Octave without variables, added paths and loaded packages; one for each worker."""
    _prepare(request.config)
    from octave_compress.equivalence.differential import shared_session

    return shared_session()


def _prepare(config: pytest.Config) -> None:
    """Skip or fail where there is no Octave; where it runs already, clean it."""
    from octave_compress.errors import OctaveNotFoundError
    from octave_compress.octave.locate import octave_command

    try:
        octave_command()
    except OctaveNotFoundError as error:
        reason = str(error).splitlines()[0]
        if _requires_octave(config):
            pytest.fail(f"{reason} (--octave=skip skips such tests)", pytrace=False)
        pytest.skip(reason)
    from octave_compress.equivalence.differential import shared_session

    shared_session().reset()


def _requires_octave(config: pytest.Config) -> bool:
    default = "require" if os.environ.get("CI") == "true" else "skip"
    return bool((config.getoption("--octave") or default) == "require")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what a worker of pytest-xdist has compared to the process that started it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and _own_rows() is not None:
        output[_SENT] = _own_rows()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of pytest-xdist has compared; one that crashed sends nothing."""
    rows = getattr(node, "workeroutput", {}).get(_SENT)
    if rows:
        _tally(node.config).merge(rows)


def _own_rows() -> list[dict[str, Any]] | None:
    """Return what has been compared in this process, without loading anything."""
    module = sys.modules.get("octave_compress.equivalence.tally")
    return None if module is None else module.TALLY.to_plain()


def _tally(config: pytest.Config) -> Tally:
    from octave_compress.equivalence.tally import Tally

    return config.stash.setdefault(_TALLY, Tally())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what was compared, and which files of the named folders were not."""
    own = _own_rows()
    if own:
        _tally(config).merge(own)
    rows = config.stash[_TALLY].rows() if _TALLY in config.stash else []
    named = config.getoption("--octave-folder")
    folders = [config.invocation_params.dir / name for name in named] if named else []
    folders = folders or config.getini("octave_folders")
    if not rows and not folders:
        return
    terminalreporter.section("equivalence with Octave")
    for line in _table(rows):
        terminalreporter.write_line(line)
    for folder in folders:
        for line in _uncovered(Path(folder), rows):
            terminalreporter.write_line(line)


def _table(rows: list[Row]) -> Iterator[str]:
    cells = [("function", "level", "cases", "worst difference")]
    for row in rows:
        worst = f"{row.worst:.2g}"
        if row.worst_single:
            worst += f", in single {row.worst_single:.2g}"
        if row.failures:
            worst = f"{row.failures} DIFFER (the others: {worst})"
        raised = f" ({row.raised} raise)" if row.raised else ""
        cells.append((row.function, row.level, f"{row.cases}{raised}", worst))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for cell in cells if rows else []:
        padded = (text.ljust(width) for text, width in zip(cell, widths, strict=True))
        yield "  ".join(padded).rstrip()
    functions = {(row.function, row.file) for row in rows}
    cases = sum(row.cases for row in rows)
    yield f"{_count(len(functions), 'function')} compared in {_count(cases, 'case')}"


def _uncovered(folder: Path, rows: list[Row]) -> Iterator[str]:
    if not folder.is_dir():
        yield f"{folder}: no such folder"
        return
    covered = {Path(row.file).resolve() for row in rows if row.file}
    files = sorted(file.relative_to(folder) for file in folder.rglob("*.m"))
    # What cannot be called by its name is tested through its callers.
    files = [f for f in files if not any(p == "private" or p[0] == "@" for p in f.parts)]
    missing = [str(file) for file in files if (folder / file).resolve() not in covered]
    yield f"{folder}: {len(missing)} of {_count(len(files), '.m file')} without an equivalence test"
    for name in missing[:_MOST_NAMES]:
        yield f"    {name}"
    if len(missing) > _MOST_NAMES:
        yield f"    ... and {len(missing) - _MOST_NAMES} more"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
