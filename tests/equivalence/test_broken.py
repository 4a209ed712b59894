"""Code that cannot run is told from a refusal, in the words of every version of Octave.

The texts were printed by Octave 7.3, 9.4 and 11.3; the last tests run the one that is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import octave_compress as oc
from octave_compress.equivalence import assert_equivalent, load_golden, record
from octave_compress.equivalence.broken import octave_cannot_run
from octave_compress.errors import Frame

UNDEFINED = "Octave:undefined-function"
COUNTS = "Octave:invalid-fun-call"

CANNOT_RUN = [
    # 7.3 and 9.4
    ("parse error near line 2 of file /m/f.m\n\n  syntax error\n\n>>>   y = x x;\n", ""),
    ("parse error:\n\n  syntax error\n\n>>> y = (1;\n          ^", ""),
    ("parse error near line 3 of file /m/f.m\n\n  break must appear within a loop\n\n", ""),
    # 11.3
    ("syntax error near line 2, column 9 in file /m/f.m", "Octave:parse-error"),
    ("break must appear within a loop near line 3, column 7 in file f.m", "Octave:parse-error"),
    # an output that is never set: 7.3
    ("'y' undefined near line 1, column 10", UNDEFINED),
    ("'b' undefined near line 1, column 14", ""),  # by way of nthargout
    # 9.4 and 11.3
    ("value on right hand side of assignment is undefined", ""),
    ("element number 2 undefined in return list", ""),
    ("some elements undefined in return list", ""),
    ("undefined element in matrix list", ""),
    ("if: undefined value used in conditional expression", ""),
    ("do-until: undefined value used in conditional expression", ""),
    ("invalid empty index list", ""),
    ("invalid index type '{' for function call", ""),  # 9.4
    ("indexing undefined value", ""),  # 11.3
    ("cellfun: function returned fewer than nargout values", ""),  # 11.3
    # in all
    ("f: function called with too many outputs", COUNTS),  # nout says more than there are
    ("helper: function called with too many outputs", COUNTS),
    ("helper: function called with too many inputs", COUNTS),
    ("invalid call to script /m/f.m", ""),
    ("feval: function 'nosuch' not found", ""),
    ("invalid function handle, unable to find function for @nosuch", ""),
    ("cellfun: invalid function NAME: nosuch", ""),
    ("cellfun: invalid function NAME: nosuch", "Octave:invalid-input-arg"),  # 11.3
    ("package nosuch is not installed", ""),
    ("__go_axes__: ft_text_renderer: invalid bounding box, cannot render", ""),
    ("no graphics toolkits are available!", ""),
    ("a session has no keyboard", "octave_compress:keyboard"),
]

REFUSES = [
    ("x is negative", ""),
    ("f: X must be a matrix", "Octave:some-id"),
    ("parse error of the configuration in x", ""),
    ("parse error: in the user's own format", ""),
    ("element 3 undefined", ""),
    ("my value is undefined", ""),
    ("value on right hand side of assignment is undefined", "my:id"),
    ("f: function called with too many inputs", COUNTS),
    ("Invalid call to f.  Correct usage is:\n\n -- f (X)", COUNTS),
    ("nonconformant arguments (operator +: 1x2 and 1x3)", "Octave:nonconformant-args"),
    ("index (9): out of bound 1 (dimensions are 1x1)", "Octave:index-out-of-bounds"),
    ("scalar cannot be indexed with .", ""),
]


def frame(name: str, file: str = "") -> Frame:
    return Frame(name, file or f"/home/me/{name}.m", 1, 1)


PRINT_USAGE = frame("print_usage", "/usr/share/octave/9.4.0/m/help/print_usage.m")
NUM2STR = frame("num2str", "/usr/share/octave/9.4.0/m/general/num2str.m")


@pytest.mark.parametrize(("message", "identifier"), CANNOT_RUN)
def test_what_cannot_run(message: str, identifier: str) -> None:
    assert octave_cannot_run(message, identifier, (), "f")


@pytest.mark.parametrize(("message", "identifier"), REFUSES)
def test_what_refuses(message: str, identifier: str) -> None:
    assert not octave_cannot_run(message, identifier, (), "f")


@pytest.mark.parametrize(
    ("used", "stack", "expected"),
    [
        ("inv", (PRINT_USAGE, frame("f")), True),  # compiled: it has no frame
        ("num2str", (PRINT_USAGE, NUM2STR, frame("f")), True),
        ("helper", (PRINT_USAGE, frame("helper"), frame("f")), False),
        ("f", (PRINT_USAGE, frame("f")), False),
        ("merge", (PRINT_USAGE,), False),  # f is another name of merge
    ],
)
def test_usage_is_that_of_the_function_that_was_called(
    used: str, stack: tuple[Frame, ...], expected: bool
) -> None:
    message = f"Invalid call to {used}.  Correct usage is:\n\n -- Y = {used} (X)"
    assert octave_cannot_run(message, COUNTS, stack, "f") is expected


@pytest.fixture(scope="module")
def octave() -> Iterator[oc.Session]:
    with oc.Session() as session:
        yield session


def refuses(*args: Any, nargout: int = 1) -> Any:
    raise ValueError("no")


BODIES = [
    "y = x x;",
    "y = (x + ;",
    "y = 'abc;",
    "if x\n if x\n y = x;",
    "y = x;\nbreak",
    "eval('y = (1;');",
    "y = str2func('@(x) (');",
    "z = x;",
    "y = unset(x);",
    "y = 1 + unset(x);",
    "y = [1, unset(x)];",
    "y.a = unset(x);",
    "y = 1; y += unset(x);",
    "if unset(x), y = 1; end",
    "while unset(x), y = 1; end",
    "y = 1; y(unset(x)) = 1;",
    "y = feval(@unset, x);",
    "f = @() unset(x); y = f();",
    "[~, y] = half(x);",
    "y = nthargout(2, @half, x);",
    "y = num2str(unset(x));",
    "y = sin(unset(x));",
    "y = unset(x)(1);",
    "y = unset(x).a;",
    "y = none(x);",
    "y = cellfun(@none, {x});",
    "[~, y] = unset(x);",
    "y = none(x, 1, 2);",
    "y = undefined_name(x);",
    "y = x + undefined_name;",
    "y = feval('undefined_name', x);",
    "y = cellfun('undefined_name', {x});",
    "f = @undefined_name; y = f(x);",
    "y = zero_arguments(x);",
    "y = inv();",
    "pkg load no_such_package",
    "y = input('?');",
    "keyboard();",
]
HELPERS = {
    "unset": "function y = unset(x)\n z = x;\nend\n",
    "half": "function [a, b] = half(x)\n a = x;\nend\n",
    "none": "function none(x)\nend\n",
    "zero_arguments": "function y = zero_arguments()\n y = 1;\nend\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("broken")
    for name, text in HELPERS.items():
        (place / f"{name}.m").write_text(text)
    return place


def function(folder: Path, name: str, body: str) -> Path:
    (folder / f"{name}.m").write_text(f"function y = {name}(x)\n{body}\nend\n")
    return folder / f"{name}.m"


@pytest.mark.octave
@pytest.mark.parametrize("number", range(len(BODIES)), ids=BODIES)
def test_broken_files_agree_with_nothing(octave: oc.Session, folder: Path, number: int) -> None:
    file = function(folder, f"broken_{number}", BODIES[number])
    for port in (refuses, lambda x: x):
        with pytest.raises(AssertionError, match="The Octave code cannot run"):
            assert_equivalent(port, file, 5.0, session=octave)


@pytest.mark.octave
@pytest.mark.parametrize(
    "body",
    [
        "error('no');",
        "error('my:id', 'parse error:\\n\\n  in x');",
        "error('Octave:some-id', 'x is undefined');",
        "y = x(7);",
        "y = ones(2, 3) * ones(2, 3);",
        "y = x{1};",
        "y = str2func(x);",
        "y = validatestring(x, {'a'});",
        "y = strtrim(x);",
    ],
)
def test_refusals_agree(octave: oc.Session, folder: Path, body: str) -> None:
    file = function(folder, f"refuses_{abs(hash(body))}", body)
    assert_equivalent(refuses, file, 5.0, session=octave)


@pytest.mark.octave
def test_the_number_of_arguments_may_be_refused(octave: oc.Session, folder: Path) -> None:
    documented = "% -- usage (x)\nfunction y = usage(x)\n if nargin < 1\n print_usage();\n end\n"
    (folder / "usage.m").write_text(documented + " y = x;\nend\n")
    assert_equivalent(refuses, folder / "usage.m", session=octave)
    assert_equivalent(refuses, folder / "usage.m", 1.0, 2.0, session=octave)
    assert_equivalent(refuses, "sin", session=octave)
    # A test that asks for outputs that there are not would else pass without running anything.
    with pytest.raises(AssertionError, match="none: function called with too many outputs"):
        assert_equivalent(refuses, folder / "none.m", 1.0, session=octave)


@pytest.mark.octave
def test_a_second_output_that_is_never_set(octave: oc.Session, folder: Path) -> None:
    def port(x: float) -> tuple[float, Any]:
        return x, []

    # Octave 7 raises an error; later ones return and leave a value that is none.
    said = (
        "cannot run:\n    'b' undefined|output 2: .* nothing: the function never sets this output"
    )
    with pytest.raises(AssertionError, match=said):
        assert_equivalent(port, folder / "half.m", 5.0, nout=2, session=octave)
    with pytest.raises(AssertionError):
        assert_equivalent(refuses, folder / "half.m", 5.0, nout=2, session=octave)


@pytest.mark.octave
@pytest.mark.parametrize(
    "line", ["y = unset(1);", "y = undefined_name(1);", "y = none(1);", "eval('y = (1;');"]
)
def test_a_recording_of_what_cannot_run_agrees_with_nothing(folder: Path, line: str) -> None:
    script = folder / "script.m"
    script.write_text(f"x = 1;\n{line}\n")
    golden = record(script, folder / "golden.mat")
    assert golden.ended == "error"
    with pytest.raises(AssertionError, match=r"it cannot run, which no port can agree with"):
        golden.replay(refuses)
    golden.check("line 1", x=1)


@pytest.mark.octave
def test_a_recorded_refusal_wants_a_refusal(folder: Path) -> None:
    script = folder / "script.m"
    script.write_text("x = 1;\nerror('my:id', 'no');\n")
    record(script, folder / "golden.mat")
    golden = load_golden(folder / "golden.mat")
    golden.replay(refuses)

    def unfinished() -> Any:
        raise NotImplementedError("later")

    with pytest.raises(NotImplementedError):
        golden.replay(unfinished)


@pytest.mark.octave
def test_hypothesis_steers_its_tests_through_ours(folder: Path) -> None:
    file = function(folder, "always_refuses", "error('no');")
    script = folder / "script.m"
    script.write_text("error('no');\n")
    golden = record(script, folder / "golden.mat")
    finished = []

    @settings(max_examples=20, database=None, deadline=None)
    @given(st.integers(0, 9))
    def test(x: int) -> None:
        def port(*args: float) -> float:
            assume(x > 4)
            raise ValueError("no")

        if x % 2:
            assert_equivalent(port, file, float(x))
        else:
            golden.replay(port)
        finished.append(x)

    test()
    # An assumption that does not hold ends the example: it is no refusal that agrees with Octave's.
    assert finished
    assert min(finished) > 4
