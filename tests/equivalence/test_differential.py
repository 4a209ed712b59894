"""`assert_equivalent`: what agrees, what it says of what does not; nothing slips through."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.sparse import csc_array, csr_array

import octave_compress as oc
from octave_compress.equivalence import EXACT, as_octave, assert_equivalent, rtol, ulp
from octave_compress.equivalence.levels import differences
from octave_compress.structs import StructArray

pytestmark = pytest.mark.octave

Define = Callable[..., Path]


@pytest.fixture(scope="module")
def octave() -> Iterator[oc.Session]:
    with oc.Session() as session:
        yield session


@pytest.fixture
def define(tmp_path: Path) -> Define:
    """Write an Octave function whose body is given; its arguments are named in it."""

    def write(name: str, body: str, head: str = "y = {}(x)") -> Path:
        file = tmp_path / f"{name}.m"
        file.write_text(f"function {head.format(name)}\n{body}\nend\n", encoding="utf-8")
        return file

    return write


def report(*args: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(*args, **options)
    return str(caught.value)


def refuses(x: Any) -> Any:
    raise ValueError("no")


class Identified(UserWarning):
    identifier = "my:warning"


class IdentifiedError(ValueError):
    identifier = "my:error"


# Agreement


@pytest.mark.parametrize(
    ("python", "octave_function", "args"),
    [
        (np.add, "plus", (np.array([1.0, 2.0]), np.array([3.0, 4.0]))),
        (lambda x: x.T, "transpose", (np.ones((2, 3)),)),
        (lambda x: float(len(x)), "numel", (np.arange(5.0),)),
        (lambda x: x * (1 + 0j), "double", (np.arange(5.0),)),
        (lambda x: np.zeros(0), "zeros", (0,)),
        (lambda x: np.array([]), "find", (np.zeros((0, 0)),)),
        (str.upper, "upper", ("word",)),
        (lambda a, b: {"a": b}, "struct", ("a", 5.0)),
        (lambda x: csr_array(x), "sparse", (np.eye(3),)),
        (lambda x: x > 1, "logical", (np.array([0.0, 2.0]),)),
        (lambda x: np.zeros((2, 2, 1)), "zeros", (2,)),
        (lambda x: x, "deal", (np.zeros((0, 3)),)),
        (lambda x: [1.0, np.array("a").item()], "deal", ([1.0, "a"],)),
    ],
)
def test_what_agrees_passes(
    octave: oc.Session, python: Any, octave_function: str, args: tuple[Any, ...]
) -> None:
    assert_equivalent(python, octave_function, *args, session=octave)


def test_a_flat_array_is_a_row_or_a_column(octave: oc.Session) -> None:
    for shape in ((3, 1), (1, 3)):
        assert_equivalent(lambda x: x.ravel(), "double", np.ones(shape), session=octave)
    assert "1x3 in Octave, 3x1 in Python" in report(
        lambda x: x.reshape(3, 1), "double", np.ones((1, 3)), session=octave
    )
    assert "2x2 in Octave, 1x4 in Python" in report(
        lambda x: x.ravel(), "double", np.ones((2, 2)), session=octave
    )


def test_levels_are_obeyed(octave: oc.Session) -> None:
    x = np.array([1.0, 2.0])
    one_up = np.nextafter(x, 9)
    assert_equivalent(lambda x: one_up, "double", x, level=ulp(1), session=octave)
    assert_equivalent(lambda x: x + 1e-12, "double", x, level=rtol(1e-11), session=octave)
    text = report(lambda x: one_up, "double", x, session=octave)
    assert "2 of 2 elements differ; the largest difference is 1 ulp, 2.22e-16 relative" in text
    assert "1 ulp" in report(lambda x: one_up, "double", x, level=ulp(0.5), session=octave)


def test_several_outputs_and_several_counts(octave: oc.Session) -> None:
    x = np.array([3.0, 1.0, 2.0])

    def both(x: Any) -> Any:
        return np.sort(x), np.argsort(x, kind="stable") + 1.0

    assert_equivalent(both, "sort", x, nout=(0, 1, 2), session=octave)
    text = report(lambda x: (np.sort(x), np.argsort(x) * 1.0), "sort", x, nout=2, session=octave)
    assert "output 2(1,1), in Python output 2[0]:" in text
    assert "output 1" not in text
    text = report(lambda x: np.sort(x), "sort", x, nout=(1, 2), session=octave)
    assert "Python returns 1 of the 2 outputs" in text


def test_a_function_can_be_told_how_many_outputs_are_asked_for(octave: oc.Session) -> None:
    def size(x: Any, nargout: int) -> Any:
        return x.shape if nargout > 1 else np.array([x.shape])

    x = np.ones((2, 3))
    told = report(size, "size", x, nout=(1, 2), session=octave)
    assert "class double in Octave, int64 in Python\n    (Octave's numbers are doubles" in told

    def size_of_doubles(x: Any, nargout: int) -> Any:
        sizes = tuple(map(float, x.shape))
        return sizes if nargout > 1 else np.array([sizes])

    assert_equivalent(size_of_doubles, "size", x, nout=(1, 2), session=octave)


def test_a_file_is_found_by_its_path(define: Define, octave: oc.Session) -> None:
    file = define("thrice", "  y = 3 * x;")
    assert_equivalent(lambda x: 3 * x, file, 2.0, session=octave)
    assert_equivalent(lambda x: 3 * x, str(file), 2.0)
    text = report(lambda x: 2 * x, file, 2.0, session=octave)
    assert f"Octave file: {file}" in text
    assert "argument 1: 2.0" in text


def test_a_path_of_any_letters(define: Define, tmp_path: Path, octave: oc.Session) -> None:
    folder = tmp_path / "it's größer 世"
    folder.mkdir()
    file = define("in_odd_folder", "  y = x;").rename(folder / "in_odd_folder.m")
    assert_equivalent(lambda x: x, file, 2.0, session=octave)


def test_a_file_in_octaves_own_folder_is_found(
    define: Define, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = define("at_home", "  y = x;")
    with oc.Session() as octave:
        octave.call("cd", str(tmp_path), nout=0)
        monkeypatch.chdir(tmp_path.parent)
        assert_equivalent(lambda x: x, file, 1.0, session=octave)
        assert_equivalent(lambda x: x, f"{tmp_path.name}/at_home.m", 1.0, session=octave)


def test_an_edited_file_is_read_again(define: Define, octave: oc.Session) -> None:
    file = define("edited", "  y = 1;")
    assert_equivalent(lambda x: 1.0, file, 0, session=octave)
    define("edited", "  y = 2;")
    assert_equivalent(lambda x: 2.0, file, 0, session=octave)


def test_python_cannot_change_the_arguments(octave: oc.Session) -> None:
    def in_place(x: Any) -> Any:
        x += 1
        return x

    x = np.zeros(3)
    assert "argument 1: array([0., 0., 0.])" in report(in_place, "double", x, session=octave)
    np.testing.assert_array_equal(x, np.zeros(3))
    assert_equivalent(lambda x: in_place(x) - 1, "double", x, nout=(1, 1), session=octave)


# The report


def test_where_in_a_struct_of_cells(define: Define, octave: oc.Session) -> None:
    file = define("net", "  y.W = {1, [1 2; 3 4; 5 6]};")
    other = {"W": [1.0, np.array([[1.0, 2], [3, 4], [7, 6]])]}
    text = report(lambda x: other, file, 0, session=octave)
    assert "result.W{2}(3,1), in Python result['W'][1][2, 0]:" in text
    assert "Octave  np.float64(5.0)\n    Python  np.float64(7.0)" in text
    assert "1 of 6 elements differ; the largest difference is" in text


def test_fields_texts_and_classes(define: Define, octave: oc.Session) -> None:
    file = define("mixed", "  y = struct('a', single(1), 'b', 'text', 'c', true);")
    text = report(lambda x: {"a": 1.0, "b": "test", "d": True}, file, 0, session=octave)
    assert "result: field c is missing, field d is not expected" in text
    assert "result.a: class single in Octave, double in Python" in text
    assert "result.b: 'test' is not 'text'" in text
    assert "a row of cells is no array: return an array" in report(
        lambda x: [np.ones(1), 2.0], "double", np.array([1.0, 2.0]), session=octave
    )


def test_many_differences_are_cut_short(define: Define, octave: oc.Session) -> None:
    file = define("cells", "  y = num2cell(1:50);")
    text = report(lambda x: [0.0] * 50, file, 0, session=octave)
    assert "result: 40 more differences" in text
    assert len(text.splitlines()) < 100


def test_what_octave_prints_is_shown_and_does_not_count(
    define: Define, octave: oc.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    file = define("prints", "  disp('step one');\n  for k = 1:1000\n  disp(k);\n  end\n  y = x")
    assert_equivalent(lambda x: x, file, 1.0, session=octave)
    text = report(lambda x: 2 * x, file, 1.0, session=octave)
    assert "Octave printed:\n    step one\n    1\n" in text
    assert len(text.splitlines()) < 60
    assert capsys.readouterr().out == ""


# Errors and warnings


def test_both_must_raise(define: Define, octave: oc.Session) -> None:
    file = define(
        "positive", "  if x < 0\n  error('my:error', 'negative: %d', x);\n  end\n  y = x;"
    )

    def refuses(x: float) -> float:
        if x < 0:
            raise ValueError("x is negative")
        return x

    for x in (1.0, -1.0):
        assert_equivalent(refuses, file, x, session=octave)
    text = report(lambda x: x, file, -1.0, session=octave)
    assert "Octave raises an error and Python does not:\n    negative: -1" in text
    assert f"positive at {file}:3" in text

    def always(x: float) -> float:
        raise ValueError("x is bad")

    text = report(always, file, 1.0, session=octave)
    assert "Python raises an error and Octave does not:\n    ValueError: x is bad" in text


def test_identifiers_of_errors_are_compared_if_both_have_one(
    define: Define, octave: oc.Session
) -> None:
    file = define("other_error", "  error('other:error', 'no');")

    def identified(x: float) -> float:
        raise IdentifiedError("no")

    text = report(identified, file, 1.0, session=octave)
    assert "Both raise, with different identifiers" in text
    assert_equivalent(identified, define("my_error", "  error('my:error', 'no');"), 1.0)
    assert_equivalent(identified, define("plain_error", "  error('no');"), 1.0)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("  y = undefined_name(x);", "'undefined_name' undefined"),
        ("  y = input('?');", "a session has no keyboard"),
        ("  keyboard();", "a session has no keyboard"),
        ("  y = (x + ;", "(parse|syntax) error"),
        ("  z = x;", "'y' undefined|element number 1 undefined in return list"),
    ],
)
def test_code_that_cannot_run_agrees_with_nothing(
    define: Define, octave: oc.Session, body: str, said: str
) -> None:
    file = define("broken", body)
    for python in (refuses, lambda x: x):
        text = report(python, file, 1.0, session=octave)
        assert "The Octave code cannot run" in text
        assert re.search(said, text)


@pytest.mark.parametrize("error", [NameError, ImportError, NotImplementedError])
def test_python_that_cannot_run_agrees_with_nothing(
    octave: oc.Session, error: type[Exception]
) -> None:
    def broken(x: float) -> float:
        raise error("there is nothing")

    text = report(broken, "error", "no", session=octave, nout=0)
    assert f"The Python code cannot run: {error.__name__}: there is nothing" in text


def test_a_script_is_no_function(tmp_path: Path, octave: oc.Session) -> None:
    (tmp_path / "a_script.m").write_text("a = 1;\nb = 2;\n")
    text = report(lambda: 1.0, tmp_path / "a_script.m", session=octave)
    assert "invalid call to script" in text


def test_warnings_are_compared_by_identifier(define: Define, octave: oc.Session) -> None:
    file = define("warns", "  if x > 0\n  warning('my:warning', 'large');\n  end\n  y = x;")

    def warns(x: float) -> float:
        if x > 0:
            warnings.warn("large", Identified, stacklevel=1)
        return x

    def warns_otherwise(x: float) -> float:
        warnings.warn("large", RuntimeWarning, stacklevel=1)
        return x

    for x in (0.0, 1.0):
        assert_equivalent(warns, file, x, session=octave)
    assert_equivalent(warns_otherwise, file, 0.0, session=octave)
    text = report(warns_otherwise, file, 1.0, session=octave)
    assert "Octave warns my:warning (large), Python does not." in text
    assert "RuntimeWarning: large has no attribute" in text
    assert "Python warns my:warning, Octave does not." in report(
        warns, "double", 1.0, session=octave
    )


def test_only_the_last_of_several_warnings_is_known(define: Define, octave: oc.Session) -> None:
    file = define("two", "  warning('a:b', 'one');\n  warning('my:warning', 'two');\n  y = x;")

    def warns(x: float) -> float:
        warnings.warn("two", Identified, stacklevel=1)
        return x

    assert_equivalent(warns, file, 1.0, session=octave)
    assert "Octave warns my:warning" in report(lambda x: x, file, 1.0, session=octave)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clashes", "function y = another_name(x)\n  y = x;\nend\n"),
        ("is_old", "function y = is_old(x)\n  y = x + isstr(x);\nend\n"),
        ("suggests", "function y = suggests(x)\n  if z = x, end\n  y = x;\nend\n"),
    ],
)
def test_warnings_of_loading_are_no_behaviour(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / f"{name}.m").write_text(text)

    def warns(x: float) -> float:
        warnings.warn("surplus", Identified, stacklevel=1)
        return x

    with oc.Session() as fresh:
        fresh.addpath(tmp_path)
        for _ in range(2):
            assert_equivalent(lambda x: x, name, 1.0, session=fresh)
    with oc.Session() as fresh:
        fresh.addpath(tmp_path)
        for _ in range(2):
            said = report(warns, name, 1.0, session=fresh)
            assert "Python warns my:warning, Octave does not." in said
    with oc.Session() as fresh:
        fresh.addpath(tmp_path)
        with pytest.warns(oc.OctaveWarning):  # it is given, once
            fresh.call(name, 1.0)


def test_a_warning_before_one_of_loading_counts(define: Define) -> None:
    body = "  warning('my:warning', 'one');\n  y = x + isstr(x);"
    file = define("warns_then_loads", body)

    def warns(x: float) -> float:
        warnings.warn("one", Identified, stacklevel=1)
        return x

    with oc.Session() as fresh:
        for _ in range(2):
            assert_equivalent(warns, file, 1.0, session=fresh)
        assert "Octave warns my:warning" in report(lambda x: x, file, 1.0, session=fresh)


def test_a_surplus_warning_is_told(define: Define, octave: oc.Session) -> None:
    class Other(UserWarning):
        identifier = "other:warning"

    file = define("warns_once", "  warning('my:warning', 'one');\n  y = x;")

    def warns(x: float) -> float:
        warnings.warn("one", Identified, stacklevel=1)
        warnings.warn("two", Other, stacklevel=1)
        return x

    said = report(warns, file, 1.0, session=octave)
    assert "Python warns other:warning, Octave does not." in said
    assert "my:warning" not in said


def test_warnings_can_be_ignored(define: Define, octave: oc.Session) -> None:
    file = define("warns_alone", "  warning('my:warning', 'one');\n  y = x;")
    for ignored in ("my:warning", ["other:id", "my:warning"], "all"):
        assert_equivalent(lambda x: x, file, 1.0, session=octave, ignore_warnings=ignored)
    for ignored in ((), "other:id"):
        with pytest.raises(AssertionError, match="Octave warns my:warning"):
            assert_equivalent(lambda x: x, file, 1.0, session=octave, ignore_warnings=ignored)

    def warns(x: float) -> float:
        warnings.warn("one", Identified, stacklevel=1)
        return x

    assert_equivalent(warns, "double", 1.0, session=octave, ignore_warnings="my:warning")
    for wrong in ([1], [""], ""):
        with pytest.raises(oc.InvalidTypeError, match="IGNORE_WARNINGS must be identifiers"):
            assert_equivalent(
                *(warns, file, 1.0),
                session=octave,
                ignore_warnings=wrong,  # type: ignore[arg-type]
            )


# Bad input


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("  y = @(z) z + x;", "function_handle"),
        ("  y = containers.Map();", "containers.Map"),
        ("  y = inputParser();", "inputParser"),
    ],
)
def test_outputs_that_have_no_value_are_told(
    define: Define, octave: oc.Session, body: str, kind: str
) -> None:
    file = define("opaque", body)
    for python in (lambda x: x, lambda x: len, lambda x: None):
        text = report(python, file, 1.0, session=octave)
        assert f"result: cannot be compared: Octave returned a {kind}" in text


@pytest.mark.parametrize(
    "value", [None, len, object(), np.datetime64("2020-01-01"), {"f": len}, b"bytes"]
)
def test_python_values_that_octave_cannot_have_are_told(octave: oc.Session, value: Any) -> None:
    assert "result: cannot be compared: " in report(lambda x: value, "double", 1.0, session=octave)


def test_a_function_that_never_ends_meets_its_deadline(define: Define) -> None:
    file = define("endless", "  while true\n  end")
    with oc.Session() as octave, pytest.raises(oc.OctaveTimeoutError, match="endless: no answer"):
        assert_equivalent(lambda x: x, file, 1.0, session=octave, timeout=0.5)


def test_a_function_that_ends_octave_is_told(define: Define) -> None:
    file = define("leaves", "  exit(0);")
    with oc.Session() as octave, pytest.raises(oc.OctaveDiedError):
        assert_equivalent(lambda x: x, file, 1.0, session=octave)


def test_a_function_that_plots_passes_or_says_that_nothing_can_draw(define: Define) -> None:
    file = define("draws", "  plot(x);\n  drawnow();\n  y = x;")
    with oc.Session() as octave:
        try:
            # Octave 11 warns of gnuplot, which may be the only one to draw.
            assert_equivalent(
                lambda x: x, file, np.arange(3.0), session=octave, ignore_warnings="all"
            )
        except AssertionError as error:
            # No toolkit, or no font. Who refuses to draw does not agree with that either.
            for text in (str(error), report(refuses, file, np.arange(3.0), session=octave)):
                assert "The Octave code cannot run" in text
                assert "sudo apt-get install gnuplot-nox fonts-freefont-otf" in text
        octave.reset()
        assert np.size(octave.call("get", 0, "children")) == 0


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        ("no_such_function", oc.InvalidValueError, "Octave knows no function 'no_such_function'"),
        ("1 + 1", oc.InvalidValueError, "must be the name of a function"),
        ("no/such/file.m", oc.FileAccessError, "no such file"),
        (Path("pyproject"), oc.FileAccessError, "no such file"),
        (b"sin", oc.InvalidTypeError, "must be a name or a path"),
    ],
)
def test_a_function_must_exist(
    octave: oc.Session, function: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=re.escape(said)):
        assert_equivalent(lambda: 1.0, function, session=octave)


@pytest.mark.parametrize("name", ["größe", "two words", "1st"])
def test_a_file_must_have_a_name_that_octave_can_call(
    define: Define, octave: oc.Session, name: str
) -> None:
    with pytest.raises(oc.InvalidValueError, match="is ASCII letters, digits and _"):
        assert_equivalent(lambda x: x, define(name, "  y = x;"), 1.0, session=octave)


@pytest.mark.parametrize("folder", ["private", "+package", "@class"])
def test_a_function_that_is_not_on_the_path_by_itself(
    define: Define, tmp_path: Path, folder: str
) -> None:
    (tmp_path / folder).mkdir()
    inner = define("inner", "  y = x;").rename(tmp_path / folder / "inner.m")
    with oc.Session() as octave:
        assert_equivalent(lambda x: x, inner, 1.0, session=octave)
        assert "differ" in report(lambda x: 2 * x, inner, 1.0, session=octave)


def test_a_hidden_file_is_told(define: Define, tmp_path: Path) -> None:
    mine = define("doubled", "  y = 2 * x;")
    (tmp_path / "other").mkdir()
    with oc.Session() as octave:
        octave.addpath(tmp_path)
        octave.addpath(tmp_path / "other")
        (tmp_path / "other" / "doubled.m").write_text("function y = doubled(x)\n  y = 0;\nend\n")
        with pytest.raises(oc.InvalidValueError, match="is hidden by"):
            assert_equivalent(lambda x: 2 * x, mine, 1.0, session=octave)


def test_a_function_of_octaves_name_is_the_users_own(define: Define) -> None:
    mine = define("primes", "  y = -x;")
    with oc.Session() as octave:
        assert_equivalent(lambda x: -x, mine, 1.0, session=octave)


def test_arguments_are_checked_before_they_can_be_mistaken_for_a_refusal(
    octave: oc.Session,
) -> None:
    with pytest.raises(oc.InvalidTypeError, match="does not take 1 arguments"):
        assert_equivalent(lambda: 1.0, "sin", 1.0, session=octave)
    with pytest.raises(oc.InvalidTypeError, match="cannot cross to Octave"):
        assert_equivalent(lambda x: 1.0, "sin", np.float16(1.0), session=octave)
    for nout in (-1, (), (1, "2"), 1.5):
        with pytest.raises((oc.InvalidValueError, TypeError)):
            assert_equivalent(lambda x: x, "sin", 1.0, nout=nout, session=octave)  # type: ignore[arg-type]


# The form in which values are compared


NUMBERS = arrays(
    st.sampled_from([np.float64, np.float32, np.int8, np.uint64, np.complex128, np.bool_]),
    array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
)
VALUES = st.recursive(
    NUMBERS | st.text("aé世 ", max_size=4) | st.booleans() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3).map(oc.cells)
        | st.lists(st.floats(), max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_as_octave_is_what_octave_gives_back(value: Any) -> None:
    back = _octave().call("deal", value)
    assert differences(as_octave(value, back), back, EXACT) == ()


def _octave() -> oc.Session:
    from octave_compress.equivalence.differential import shared_session

    return shared_session()


def test_as_octave_keeps_struct_arrays_and_sparse_matrices() -> None:
    structs = np.array([{"a": np.ones(2)}, {"a": np.ones(3)}], dtype=object).view(StructArray)
    for value in (structs, csc_array(np.eye(3)), [structs, {"s": structs}]):
        back = _octave().call("deal", value)
        assert differences(as_octave(value, back), back, EXACT) == ()


def test_a_list_is_what_octave_has() -> None:
    array, row = np.array([[1.0, 2.0]]), oc.cells([np.float64(1), np.float64(2)])
    for like in (array, row, {"a": row}):
        value = {"a": [1.0, 2.0]} if isinstance(like, dict) else [1.0, 2.0]
        assert differences(as_octave(value, like), like, EXACT) == ()
    assert differences(as_octave([1.0, 3.0], row), row, EXACT) != ()
    ragged = oc.cells([array, oc.cells([np.float64(3)])])
    assert differences(as_octave([[1, 2], [3]], ragged), ragged, EXACT) == ()
    with pytest.raises(oc.InvalidTypeError, match="cells"):
        as_octave([[1, 2], [3]], array)


def test_a_difference_is_not_fitted_away() -> None:
    like = np.array([[1.0], [2.0]])
    assert differences(as_octave(np.array([1.0, 3.0]), like), like, EXACT) != ()
    assert differences(as_octave(np.array([1.0, 2.0 + 1e-300j]), like), like, EXACT) != ()
