"""The operations' docstrings: complete, and with examples that run."""

from __future__ import annotations

import doctest
import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest

from octave_compress.equivalence.verify import operations, public_function

OPERATIONS = operations()


@pytest.fixture(params=OPERATIONS)
def function(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return public_function(OPERATIONS[request.param])


def test_every_section_is_there(function: Callable[..., Any]) -> None:
    text = inspect.getdoc(function) or ""
    sections = [
        "Parameters\n----------",
        "Returns\n-------",
        "Raises\n------",
        "Examples\n--------",
    ]
    assert [section for section in sections if section not in text] == []
    assert text.split("\n")[0].endswith(".")


def test_every_parameter_is_described(function: Callable[..., Any]) -> None:
    text = inspect.getdoc(function) or ""
    described = text.split("Parameters\n")[1].split("Returns\n")[0]
    names = [line.split(" : ")[0].split(", ") for line in described.split("\n") if line[:1].strip()]
    listed = {name for group in names for name in group}
    assert set(inspect.signature(function).parameters) <= listed


def test_the_example_runs(function: Callable[..., Any]) -> None:
    finder = doctest.DocTestFinder(recurse=False)
    names = vars(sys.modules[function.__module__])
    [example] = finder.find(inspect.unwrap(function), function.__name__, globs=names)
    assert 'backend="numpy"' in example.docstring
    assert len(example.examples) > 0
    printed: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=printed.append)
    assert result.failed == 0, "".join(printed)
