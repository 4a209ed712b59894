"""The pytest plugin, in pytest runs of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

HEAD = """
import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.extra.numpy import arrays
from octave_compress.equivalence import EXACT, assert_equivalent, equivalent, rtol, ulp
"""

NEEDS_OCTAVE = """
import pytest

@pytest.mark.octave
def test_marked():
    pass

def test_with_fixture(octave):
    assert octave.call("plus", 1, 2) == 3

def test_without():
    pass
"""


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(
        "-p", "pytest_octave_compress", "-p", "no:cacheprovider", "--strict-markers", *options
    )


def define(pytester: pytest.Pytester, name: str, body: str) -> None:
    file = Path(pytester.path, f"{name}.m")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"function y = {file.stem}(x)\n  {body}\nend\n")


def summary(result: pytest.RunResult) -> list[str]:
    """The lines of the plugin's section, with single blanks."""
    text = result.stdout.str()
    if "equivalence with Octave" not in text:
        return []
    section = text.split("equivalence with Octave", 1)[1].splitlines()[1:]
    lines = []
    for line in section:
        if line.startswith("="):
            break
        lines.append(re.sub(r"\s+", " ", line).strip())
    return lines


def test_nothing_is_loaded_or_said_without_use(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import sys

        def pytest_unconfigure():
            heavy = {"numpy", "octave_compress", "oct2py", "hypothesis.extra.numpy"}
            print("loaded:", sorted(heavy & set(sys.modules)))
        """
    )
    pytester.makepyfile("def test_nothing():\n    pass\n")
    result = run(pytester)
    result.assert_outcomes(passed=1)
    assert "loaded: []" in result.stdout.str()
    assert summary(result) == []
    # pytest itself lists the packages that have plugins.
    said = [line for line in result.outlines if not line.startswith("plugins: ")]
    assert "octave" not in "\n".join(said).replace("pytest_octave_compress", "").lower()


@pytest.mark.parametrize(
    ("options", "on_server", "outcomes"),
    [
        ((), "", {"passed": 1, "skipped": 2}),
        ((), "true", {"passed": 1, "failed": 1, "errors": 1}),
        (("--octave=skip",), "true", {"passed": 1, "skipped": 2}),
        (("--octave=require",), "", {"passed": 1, "failed": 1, "errors": 1}),
    ],
)
def test_where_there_is_no_octave(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    on_server: str,
    outcomes: dict[str, int],
) -> None:
    monkeypatch.setenv("OCTAVE_EXECUTABLE", "no-such-octave")
    monkeypatch.setenv("CI", on_server)
    pytester.makepyfile(NEEDS_OCTAVE)
    result = run(pytester, "-rs", *options)
    got = result.parseoutcomes()
    # A marked test fails in its set-up, which pytest calls an error.
    assert got.pop("failed", 0) + got.pop("errors", 0) == outcomes.pop("failed", 0) + outcomes.pop(
        "errors", 0
    )
    assert got == outcomes
    assert "OCTAVE_EXECUTABLE names 'no-such-octave'" in result.stdout.str()


@pytest.mark.octave
def test_each_test_finds_octave_clean(pytester: pytest.Pytester) -> None:
    define(pytester, "m/counts", "persistent n; n = [n, 1]; y = numel(n);")
    pytester.makepyfile(
        HEAD
        + """
@pytest.mark.parametrize("k", range(3))
def test_clean(octave, k):
    assert octave.call("evalin", "base", "exist('left_over')") == 0
    assert octave.call("evalin", "base", "exist('shared', 'var')") == 0
    assert octave.call("exist", "counts", "file") == 0
    octave.addpath("m")
    assert octave.call("counts", 0) == 1
    assert octave.call("counts", 0) == 2
    folder = octave.call("pwd")
    assert not folder.endswith("/m")
    octave.call("cd", "m", nout=0)
    octave.call("assignin", "base", "left_over", 1, nout=0)
    octave.call("evalin", "base", "global shared; shared = 1;", nout=0)
    octave.call("warning", "off", "all", nout=0)

def test_states_of_warnings(octave):
    with pytest.warns(match="heard"):
        octave.call("warning", "my:id", "heard", nout=0)

pids = set()

@pytest.mark.parametrize("k", range(3))
def test_one_process(octave, k):
    pids.add(int(octave.call("getpid")))
    assert len(pids) == 1
"""
    )
    run(pytester, "-p", "no:randomly").assert_outcomes(passed=7)


@pytest.mark.octave
def test_generated_arguments_are_shrunk(pytester: pytest.Pytester) -> None:
    define(pytester, "to_whole", "y = round(x);")
    pytester.makepyfile(
        HEAD
        + """
@equivalent("to_whole.m", arrays(float, 3, elements=st.integers(-40, 40).map(lambda n: n / 4)))
def test_wrong(x):
    return np.round(x)

@equivalent(
    "to_whole.m",
    arrays(float, 3, elements=st.floats(-1e6, 1e6)),
    settings=settings(max_examples=30),
)
def test_right(x):
    return np.trunc(x + np.copysign(0.5, x) * (x % 1 != 0.49999999999999994))

class TestMethods:
    @equivalent("hypot", st.floats(0, 9), st.floats(0, 9), level=ulp(1))
    def test_method(self, x, y):
        return np.hypot(x, y)

@pytest.fixture
def factor():
    return 2.0

@equivalent("plus", st.floats(0, 9), st.just(1.0))
def test_with_fixture(octave, factor, x, one):
    assert factor == 2.0 and octave.call("plus", 1, 1) == 2
    return x + one

@equivalent("size", arrays(float, (2, 3)), nout=(1, 2))
def test_outputs(x, *, nargout):
    return (2.0, 3.0) if nargout == 2 else np.array([[2.0, 3.0]])
"""
    )
    result = run(pytester)
    result.assert_outcomes(passed=4, failed=1)
    text = result.stdout.str()
    # The smallest example: one half that the two sides round in different directions.
    assert re.search(r"x=array\(\[(0\. , )*0?\.5", text) or "x=array([0.5, 0. , 0. ])" in text
    assert "likely cause: rounding of halves" in text


@pytest.mark.octave
def test_what_the_summary_says(pytester: pytest.Pytester) -> None:
    define(pytester, "m/covered", "y = x / 3;")
    define(pytester, "m/wrong", "y = 2 * x;")
    define(pytester, "m/forgotten", "y = x;")
    define(pytester, "m/sub/deep", "y = x;")
    define(pytester, "m/private/inner", "y = x;")
    define(pytester, "m/refuses", "error('no');")
    pytester.makepyfile(
        HEAD
        + """
@pytest.mark.octave
@pytest.mark.parametrize("x", [1.0, 2.0, 7.0])
def test_covered(x):
    one_up = np.nextafter(x / 3, 9) if x == 7 else x / 3
    assert_equivalent(lambda x: one_up, "m/covered.m", x, level=ulp(2))
    assert_equivalent(lambda x: x / np.float32(3), "m/covered.m", np.float32(x))

def test_wrong(octave):
    assert_equivalent(lambda x: 2 * x, "m/wrong.m", 1.0)
    assert_equivalent(lambda x: 3 * x, "m/wrong.m", 1.0)

def test_refuses(octave):
    def refuses(x):
        raise ValueError("no")

    for x in range(3):
        assert_equivalent(refuses, "m/refuses.m", x)

def test_built_in(octave):
    assert_equivalent(np.sin, "sin", 1.0, level=rtol(1e-9))
"""
    )
    expected = [
        "function level cases worst difference",
        "covered exact 3 0",
        "covered ulp(2) 3 1",
        "refuses exact 3 (3 raise) 0",
        "sin rtol(1e-09) 1 0",
        "wrong exact 2 1 DIFFER (the others: 0)",
        "4 functions compared in 12 cases",
        f"{pytester.path}/m: 2 of 5 .m files without an equivalence test",
        "forgotten.m",
        "sub/deep.m",
    ]
    assert summary(run(pytester, "--octave-folder=m")) == expected
    pytester.makeini("[pytest]\noctave_folders = m\n")
    assert summary(run(pytester)) == expected
    # Both workers send what they have compared.
    assert summary(run(pytester, "-n", "2")) == expected


@pytest.mark.octave
def test_bad_files_fail_with_a_reason_and_leave_the_others_alone(pytester: pytest.Pytester) -> None:
    define(pytester, "m/syntax", "y = (x + ;")
    define(pytester, "m/prints", "disp('hello'); y = x")
    define(pytester, "m/asks", "y = input('how many? ');")
    define(pytester, "m/endless", "while true, end")
    define(pytester, "m/leaves", "exit(3);")
    define(pytester, "m/opaque", "y = @() x;")
    define(pytester, "m/größe", "y = x;")
    define(pytester, "größer 世/fine", "y = x;")
    pytester.makepyfile(
        HEAD
        + """
def refuse(x):
    raise ValueError("no")

@pytest.mark.octave
@pytest.mark.parametrize("port", [lambda x: x, refuse], ids=["answers", "refuses"])
@pytest.mark.parametrize("name", ["syntax", "asks", "endless", "leaves", "opaque", "größe"])
def test_bad(name, port):
    assert_equivalent(port, f"m/{name}.m", 1.0, timeout=0.5)

@pytest.mark.octave
def test_prints():
    assert_equivalent(lambda x: x, "m/prints.m", 1.0)
    assert_equivalent(lambda x: x, "größer 世/fine.m", 1.0)

@pytest.mark.octave
def test_one_side_refuses():
    assert_equivalent(refuse, "m/prints.m", 1.0)

@pytest.mark.octave
def test_the_other_side_refuses():
    assert_equivalent(lambda *args: 1.0, "error", "my:id", "no", nout=0)
"""
    )
    result = run(pytester, "-rf")
    result.assert_outcomes(passed=1, failed=14)
    text = result.stdout.str()
    for said in (
        "The Octave code cannot run:",
        " error near line 2",  # "parse" up to Octave 9, "syntax" in 11
        "input: a session has no keyboard",
        "OctaveTimeoutError: endless: no answer within 0.5 s",
        "OctaveDiedError: leaves: Octave did not finish",
        "cannot be compared: Octave returned a function_handle",
        "'größe.m' cannot be called",
        "Python raises an error and Octave does not",
        "Octave raises an error and Python does not",
    ):
        assert said in text


@pytest.mark.octave
def test_workers_have_an_octave_each(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.parametrize("k", range(4))
        def test_pid(octave, k):
            with open(f"{os.environ['PYTEST_XDIST_WORKER']}.pid", "a") as file:
                print(int(octave.call("getpid")), file=file)
        """
    )
    run(pytester, "-n", "2", "--dist", "each").assert_outcomes(passed=8)
    pids = [
        set(Path(pytester.path, f"{worker}.pid").read_text().split()) for worker in ("gw0", "gw1")
    ]
    assert [len(p) for p in pids] == [1, 1]
    assert pids[0] != pids[1]


def test_files_are_left_out_by_where_they_are_in_the_folder(pytester: pytest.Pytester) -> None:
    define(pytester, "private/m/seen", "y = x;")
    define(pytester, "private/m/private/unseen", "y = x;")
    define(pytester, "private/m/@class/unseen", "y = x;")
    pytester.makepyfile("def test_nothing():\n    pass\n")
    assert summary(run(pytester, "--octave-folder=private/m"))[-2:] == [
        f"{pytester.path}/private/m: 1 of 1 .m file without an equivalence test",
        "seen.m",
    ]


@pytest.mark.parametrize(
    ("options", "outcomes"),
    [
        (("--octave=skip",), {"skipped": 3, "failed": 1}),
        (("--octave=require",), {"failed": 4}),
    ],
)
def test_an_unmarked_comparison_without_octave(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    outcomes: dict[str, int],
) -> None:
    monkeypatch.setenv("OCTAVE_EXECUTABLE", "no-such-octave")
    pytester.makepyfile(
        HEAD
        + """
import unittest
import octave_compress as oc
from hypothesis import given

def test_plain():
    assert_equivalent(np.sin, "sin", 1.0)

@given(st.floats(0, 1))
def test_drawn(x):
    assert_equivalent(np.sin, "sin", x)

class TestCase(unittest.TestCase):
    def test_method(self):
        with oc.Session() as session:
            assert_equivalent(np.sin, "sin", 1.0, session=session)

def test_that_compares_nothing():
    oc.Session().call("sin", 1.0)
"""
    )
    result = run(pytester, "-rs", *options)
    assert result.parseoutcomes() == outcomes
    text = result.stdout.str()
    assert "OCTAVE_EXECUTABLE names 'no-such-octave'" in text
    if "failed" in outcomes and "skipped" not in outcomes:
        assert "pytest --octave=skip skips such tests" in text


# What stands in the file, and what the run says of it.
MISTAKES = {
    "settings above": (
        """
@settings(max_examples=3)
@equivalent("sin", st.floats(0, 1))
def test_it(x):
    return np.sin(x)
""",
        "write @equivalent(..., settings=settings(...)) in place of @settings: one above",
    ),
    "settings below": (
        """
@equivalent("sin", st.floats(0, 1))
@settings(max_examples=3)
def test_it(x):
    return np.sin(x)
""",
        "write @equivalent(..., settings=settings(...)) in place of @settings: one below",
    ),
    "parametrized last": (
        """
@pytest.mark.parametrize("k", [1, 2])
@equivalent("sin", st.floats(0, 1))
def test_it(x, k):
    return np.sin(x)
""",
        "parametrize gives k too: write def test_it(k, x)",
    ),
    "parametrized below, several": (
        """
@equivalent("plus", st.floats(0, 1), st.floats(0, 1))
@pytest.mark.parametrize(("k", "m"), [(1, 2)])
def test_it(x, y, k, m):
    return x + y
""",
        "parametrize gives k, m too: write def test_it(k, m, x, y)",
    ),
    "parametrized, as text": (
        """
class TestIt:
    @equivalent("plus", st.floats(0, 1), st.floats(0, 1))
    @pytest.mark.parametrize("m, k", [(1, 2)])
    def test_it(self, k, x, m, y):
        return x + y
""",
        "parametrize gives m too: write def test_it(self, k, m, x, y)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_to_write_is_said(pytester: pytest.Pytester, mistake: str) -> None:
    text, said = MISTAKES[mistake]
    pytester.makepyfile(HEAD + text)
    result = run(pytester)
    outcomes = result.parseoutcomes()
    assert outcomes.get("passed", 0) == 0
    assert outcomes.get("errors", 0) + outcomes.get("failed", 0) == 1
    assert said in " ".join(result.stdout.str().split())


@pytest.mark.octave
def test_what_is_said_is_right(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
seen = []

@equivalent("sin", st.floats(0, 1), settings=settings(max_examples=3), level=ulp(4))
def test_settings(x):
    seen.append(x)
    return np.sin(x)

def test_they_count():
    assert 0 < len(seen) <= 3

@pytest.mark.parametrize("k", [1, 2])
@equivalent("times", st.floats(0, 1), st.just(2.0))
def test_parametrized(k, x, y):
    return x * y
"""
    )
    run(pytester).assert_outcomes(passed=4)


@pytest.mark.parametrize("strict", [(), ("--strict-markers",)])
def test_without_the_plugin(pytester: pytest.Pytester, strict: tuple[str, ...]) -> None:
    pytester.makepyfile(HEAD + "@equivalent('sin', st.floats(0, 1))\ndef test_it(x):\n  return x")
    off = ("-p", "no:pytest_octave_compress", "-p", "no:octave_compress")
    result = pytester.runpytest_subprocess(*off, "-p", "no:cacheprovider", *strict)
    assert result.parseoutcomes() == {"errors": 1}
    text = " ".join(result.stdout.str().split())
    assert "leave -p no:pytest_octave_compress away, or write -p pytest_octave_compress" in text


def test_a_missing_folder_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing():\n    pass\n")
    (line,) = summary(run(pytester, "--octave-folder=nowhere"))[-1:]
    assert line == f"{pytester.path}/nowhere: no such folder"


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from octave_compress import OctaveCompressError
    from octave_compress.equivalence import equivalent

    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(OctaveCompressError, match="hypothesis is missing: pip install pytest"):
        equivalent("sin")


def test_strategies_need_parameters() -> None:
    from hypothesis import strategies as st

    from octave_compress import InvalidTypeError
    from octave_compress.equivalence import equivalent

    with pytest.raises(InvalidTypeError, match="a parameter for each of 2 strategies, got 1"):

        @equivalent("plus", st.just(1.0), st.just(2.0))
        def test(x: float) -> float:
            return x
