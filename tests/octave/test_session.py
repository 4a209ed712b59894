"""The session: what calls return, what happens when something goes wrong."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import octave_compress as oc

pytestmark = pytest.mark.octave


@pytest.fixture(scope="module")
def octave() -> Iterator[oc.Session]:
    with oc.Session() as session:
        yield session


VALUES = [
    True,
    np.int8(-128),
    np.uint64(2**64 - 1),
    np.int64(-(2**63)),
    np.float32(0.1),
    2.5,
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(24, dtype=np.int16).reshape(2, 3, 4),
    np.arange(12.0).reshape(3, 4)[::2, ::-1],
    np.array([[True, False], [False, True]]),
    np.zeros((0, 3), np.int8),
    np.zeros((3, 0), np.float32),
    np.array([[1 + 2j, 0j]]),
    np.array([[np.nan, np.inf, -np.inf, -0.0, 5e-324]]),
    "plain",
    "Grüße, 世界",
    "",
    oc.cells(),
    [np.float64(1), "two", oc.cells([np.int32(3)])],
    {"a": np.float64(1), "nested": {"b": [np.array([[1.0, 2.0]]), "x"]}},
]


def same(left: object, right: object) -> bool:
    """Whether two values are alike in value, shape and type."""
    if isinstance(right, dict):
        return (
            isinstance(left, dict)
            and left.keys() == right.keys()
            and all(same(left[key], right[key]) for key in right)
        )
    if isinstance(right, list):
        return (
            isinstance(left, list)
            and len(left) == len(right)
            and all(same(a, b) for a, b in zip(left, right, strict=True))
        )
    if isinstance(right, str):
        return left == right
    a, b = np.asarray(left), np.asarray(right)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("value", VALUES, ids=[repr(v)[:30] for v in VALUES])
def test_a_value_comes_back_as_it_was_sent(octave: oc.Session, value: object) -> None:
    assert same(octave.call("deal", value), value)


def test_same_can_fail() -> None:
    assert not same(np.float32(1), np.float64(1))
    assert not same(np.zeros((2, 1)), np.zeros((1, 2)))
    assert not same([1.0], [1.0, 2.0])
    assert not same({"a": 0.0}, {"a": -0.0})


def test_a_big_endian_array_crosses_by_value(octave: oc.Session) -> None:
    value = np.array([[1.5, -2.5]], dtype=">f8")
    np.testing.assert_array_equal(octave.call("deal", value), value)


def test_a_one_dimensional_array_is_a_row(octave: oc.Session) -> None:
    np.testing.assert_array_equal(octave.call("size", np.arange(3)), [[1, 3]])


@pytest.mark.parametrize(
    ("value", "octave_class"),
    [(1, "double"), (np.int32(1), "int32"), (np.float32(1), "single"), (True, "logical")],
)
def test_octave_sees_the_class(octave: oc.Session, value: object, octave_class: str) -> None:
    assert octave.call("class", value) == octave_class


@pytest.mark.parametrize(
    "value",
    [
        None,
        object(),
        np.float16(1),
        np.ma.masked_array([1.0], [True]),
        np.datetime64("2020-01-01"),
        {1: 2},
        {"with\0NUL": 1},
        2**53 + 1,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_cross_is_refused(octave: oc.Session, value: object) -> None:
    with pytest.raises(oc.InvalidTypeError):
        octave.call("deal", value)


def test_what_cannot_come_back_is_refused(octave: oc.Session) -> None:
    with pytest.raises(oc.InvalidTypeError, match="a function handle"):
        octave.call("str2func", "sin")
    assert octave.call("plus", 1, 1) == 2


def test_several_outputs_are_a_tuple(octave: oc.Session) -> None:
    assert octave.call("max", np.array([3.0, 9.0, 4.0]), nout=2) == (9, 2)
    assert octave.call("disp", "", nout=0, stdout=lambda line: None) is None


def test_octave_errors_carry_identifier_message_and_stack(tmp_path: Path) -> None:
    (tmp_path / "fails_inside.m").write_text(
        "function fails_inside(x)\n  deeper(x);\nend\n"
        "function deeper(x)\n  error('my:id', 'no %d', x);\nend\n"
    )
    with oc.Session() as octave:
        octave.addpath(tmp_path)
        with pytest.raises(oc.OctaveError) as caught:
            octave.call("fails_inside", 7, nout=0)
        assert caught.value.identifier == "my:id"
        assert caught.value.message == "no 7"
        assert caught.value.stack[0].line == 5
        assert caught.value.stack[0].file == str(tmp_path / "fails_inside.m")
        assert octave.call("plus", 1, 2) == 3


@pytest.mark.parametrize("name", ["1+1", "system('x')", "a b", "", "f;g", "é"])
def test_only_names_are_called(octave: oc.Session, name: str) -> None:
    with pytest.raises(oc.InvalidValueError, match="NAME must be a function's name"):
        octave.call(name)


@pytest.mark.parametrize(
    ("nout", "kind", "text"),
    [
        (-1, oc.InvalidValueError, "NOUT must be a whole number in [0, Inf), got -1"),
        (True, oc.InvalidTypeError, "NOUT must be a whole number"),
        (1.0, oc.InvalidTypeError, "NOUT must be a whole number"),
        ("1", oc.InvalidTypeError, "NOUT must be a whole number"),
        (None, oc.InvalidTypeError, "NOUT must be a whole number"),
    ],
)
def test_the_number_of_outputs_is_checked(
    octave: oc.Session, nout: Any, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        octave.call("plus", 1, 2, nout=nout)
    assert str(caught.value) == f"Session.call: {text}"
    assert octave.call("size", "abc", nout=np.int64(2)) == (1, 3)


def test_an_unknown_function_is_an_octave_error(octave: oc.Session) -> None:
    with pytest.raises(oc.OctaveError, match="no_such_function"):
        octave.call("no_such_function")


def test_paths_with_spaces_quotes_and_other_scripts_work(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s a "föö" 世'
    folder.mkdir()
    (folder / "twice_of.m").write_text("function y = twice_of(x)\n  y = 2 * x;\nend\n")
    with oc.Session() as octave:
        octave.addpath(folder)
        assert octave.call("twice_of", 4) == 8
        with pytest.raises(oc.FileAccessError, match="no such folder"):
            octave.addpath(folder / "missing")
        (folder / "a:b").mkdir()
        with pytest.raises(oc.InvalidValueError, match="FOLDERS must not contain ':'"):
            octave.addpath(folder / "a:b")


def test_printed_lines_reach_python(octave: oc.Session, capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    octave.call("printf", "one\n\nthree\n", nout=0, stdout=lines.append)
    assert lines == ["one", "", "three"]
    octave.call("disp", "shown", nout=0)
    assert capsys.readouterr().out == "shown\n"


def test_callbacks_get_scalars_and_answer_with_a_truth_value(octave: oc.Session) -> None:
    seen: list[dict[str, float]] = []

    def above_one(info: dict[str, float]) -> bool:
        seen.append(info)
        return info["x"] > 1

    answer = octave.call("cellfun", above_one, [{"x": 1}, {"x": 0.1 + 2}])
    np.testing.assert_array_equal(answer, [[False, True]])
    assert seen == [{"x": 1.0}, {"x": 0.1 + 2}]


def test_many_callbacks_in_a_row_all_get_their_own_answer(octave: oc.Session) -> None:
    count = 2000
    answer = octave.call("cellfun", lambda i: i["k"] % 3 == 0, [{"k": k} for k in range(count)])
    np.testing.assert_array_equal(answer[0], np.arange(count) % 3 == 0)


def test_functions_of_python_take_any_arguments_and_return_values(octave: oc.Session) -> None:
    root = octave.call("fzero", lambda x: x**2 - 2, np.array([0.0, 2.0]))
    np.testing.assert_allclose(root, np.sqrt(2), rtol=1e-12)
    t, y = octave.call("ode45", lambda t, y: -2 * y, np.array([0.0, 1.0]), 3.0, nout=2)
    np.testing.assert_allclose(y[-1], 3 * np.exp(-2 * t[-1]), rtol=1e-2)
    low, high = octave.call(
        "arrayfun", lambda a, b: (min(a, b), max(a, b)), np.array([1, 5]), np.array([4, 2]), nout=2
    )
    assert (low.tolist(), high.tolist()) == ([[1, 2]], [[4, 5]])
    texts = octave.call("cellfun", lambda s: s.upper(), ["a", "b"], "UniformOutput", False)
    assert texts == ["A", "B"]
    assert octave.call("arrayfun", lambda *a: float(len(a)), [1, 2], [3, 4]).tolist() == [[2, 2]]
    assert octave.call("feval", lambda m: m.T, np.arange(6.0).reshape(2, 3)).shape == (3, 2)


def test_what_a_function_of_python_must_return(octave: oc.Session) -> None:
    with pytest.raises(oc.InvalidTypeError, match="returned None, and Octave asks for a value"):
        octave.call("feval", lambda: None)
    with pytest.raises(oc.InvalidValueError, match="returned 1 values, and Octave asks for 2"):
        octave.call("feval", lambda: 1, nout=2)
    with pytest.raises(oc.InvalidTypeError, match="cannot cross"):
        octave.call("feval", lambda: object())
    assert octave.call("feval", lambda: None, nout=0) is None


def test_octave_code_may_catch_what_python_raised(octave: oc.Session, tmp_path: Path) -> None:
    (tmp_path / "caught.m").write_text(
        "function text = caught(f)\n  try, f(1); text = ''; catch e, text = e.message; end\nend\n"
    )
    octave.addpath(tmp_path)
    assert octave.call("caught", lambda x: {}["of no use"]) == "KeyError: 'of no use'"


def test_a_function_of_python_stays_where_it_was_left(octave: oc.Session) -> None:
    octave.push("thrice", lambda x: 3 * x)
    assert octave.eval("thrice (4)", nout=1) == 12
    kept = octave.put(lambda x: x + 1)
    assert octave.call("feval", kept, 1) == 2
    octave.call("setappdata", 0, "left", lambda: 1, nout=0)
    with pytest.raises(oc.OctaveCompressError, match="after the call that it was given to"):
        octave.eval("f = getappdata (0, 'left'); f ();")


def test_the_workspace_is_that_of_the_prompt(
    octave: oc.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    octave.push("x", np.array([1.0, 2.0]))
    octave.eval("y = x + 1")
    assert capsys.readouterr().out == "y =\n\n   2   3\n\n"
    assert octave.pull("y").tolist() == [[2, 3]]
    assert octave.eval("max (y)", nout=2) == (3, 2)
    assert octave.pull("y", keep=True).get().tolist() == [[2, 3]]
    with pytest.raises(oc.InvalidValueError, match="a variable of the base workspace, got sin"):
        octave.pull("sin")
    with pytest.raises(oc.InvalidValueError, match="be the name of a variable, got 'a b'"):
        octave.push("a b", 1)
    with pytest.raises(oc.OctaveError, match=r"parse error|syntax error"):
        octave.eval("1 +* 2")


def test_startup_code_and_paths_survive_a_restart(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "which_one.m").write_text(
            f"function y = which_one()\n  y = '{name}';\nend\n"
        )
    with oc.Session(startup="started = 5; global g; g = 7;") as octave:
        octave.addpath(tmp_path / "two", f"{tmp_path}/one:{tmp_path}/three")
        octave.addpath(str(tmp_path / "one"), "-end")
        for _ in range(2):
            assert octave.pull("started") == 5
            assert octave.call("which_one") == "two"
            path = octave.call("path")
            assert path.index("/two") < path.index("/three") < path.index("/one")
            with pytest.raises(oc.OctaveDiedError):
                octave.call("exit", nout=0)
        octave.rmpath(tmp_path / "two", tmp_path / "three")
        assert octave.call("which_one") == "one"
        octave.reset()
        assert octave.pull("started") == 5
        with pytest.raises(oc.OctaveError, match="'which_one' not found"):
            octave.call("which_one")


def test_a_function_is_called_by_the_path_of_its_file(octave: oc.Session, tmp_path: Path) -> None:
    (tmp_path / "by_path.m").write_text("function y = by_path(x)\n  y = 10 * x;\nend\n")
    assert octave.call(str(tmp_path / "by_path.m"), 2) == 20
    with pytest.raises(oc.FileAccessError, match="no such file"):
        octave.call(str(tmp_path / "missing.m"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "by_path.m").write_text("function y = by_path(x)\n  y = -x;\nend\n")
    assert octave.call(str(other / "by_path.m"), 2) == -2
    with pytest.raises(oc.InvalidValueError, match="another file comes before"):
        octave.call(str(tmp_path / "by_path.m"), 2)


@pytest.mark.parametrize(
    "name", ["run", "resolve", "deliver", "check_lengths", "is_whole", "serve"]
)
def test_a_name_means_what_it_means_to_the_user(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.m").write_text(f"function y = {name}(x)\n  y = x + 1;\nend\n")
    with oc.Session(startup="warning ('off', 'Octave:shadowed-function');") as octave:
        octave.addpath(tmp_path)
        assert octave.call(name, 5.0) == 6.0


def test_a_script_is_run_by_octaves_own_run(octave: oc.Session, tmp_path: Path) -> None:
    (tmp_path / "script_of_mine.m").write_text("printf ('ran\\n');\n")
    lines: list[str] = []
    octave.call("run", str(tmp_path / "script_of_mine.m"), nout=0, stdout=lines.append)
    assert lines == ["ran"]


def test_what_is_printed_as_an_error_arrives(
    octave: oc.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.warns(oc.OctaveWarning, match="first") as caught:
        octave.eval(
            "fputs (stderr, \"a\\n\"); warning ('w:id', \"first\\nsecond\"); fputs (stderr, 'b');"
        )
    assert caught[0].message.identifier == "w:id"  # type: ignore[union-attr]
    assert capsys.readouterr().err == "a\nsecond\nb"
    lines: list[str] = []
    octave.call("system", "echo complaint >&2", stderr=lines.append)
    assert lines == ["complaint"]
    assert octave.call("lastwarn") == "first\nsecond"  # it survives between calls


def test_a_warning_does_not_hide_an_error(octave: oc.Session) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(oc.OctaveError, match="the error"):
            octave.eval("warning ('the warning'); error ('the error');")
        with pytest.raises(oc.OctaveWarning, match="the warning"):
            octave.eval("warning ('the warning');")


def test_no_two_values_share_a_number(octave: oc.Session) -> None:
    octave.eval("function varargout = warns (), warning ('w'); varargout = {1, 2}; end")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(oc.OctaveWarning):
            octave.call("warns", keep=True, nout=2)
    with pytest.raises(oc.OctaveError):
        octave.call("error", "on purpose", keep=True, nout=2)
    with pytest.raises(oc.OctaveTimeoutError):
        octave.call("fzero", lambda x: time.sleep(3) or x, 1, keep=True, timeout=0.2)
    gc.collect()
    handles = [octave.call("deal", k, k + 0.5, keep=True, nout=2) for k in range(5)]
    assert [(a.get(), b.get()) for a, b in handles] == [(k, k + 0.5) for k in range(5)]


def test_a_copy_of_a_handle_is_the_handle(octave: oc.Session) -> None:
    original = octave.put(1.5)
    copies = [copy.copy(original), copy.deepcopy([original])[0]]
    del original
    gc.collect()
    octave.put(2.5)
    assert [c.get() for c in copies] == [1.5, 1.5]
    with pytest.raises(oc.InvalidTypeError, match="no file can hold"):
        pickle.dumps(copies[0])


def test_an_error_in_a_callback_comes_through(octave: oc.Session) -> None:
    def fail(info: dict[str, float]) -> bool:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        octave.call("cellfun", fail, [{"x": 1}])
    assert octave.call("plus", 1, 2) == 3


def test_a_session_cannot_be_used_inside_its_own_callback(octave: oc.Session) -> None:
    with pytest.raises(oc.OctaveCompressError, match="use another Session"):
        octave.call("cellfun", lambda info: octave.call("plus", 1, 1), [{"x": 1}])
    assert octave.call("plus", 1, 2) == 3


def test_a_call_that_takes_too_long_is_stopped() -> None:
    with oc.Session(timeout=60) as octave:
        octave.call("plus", 1, 1)
        with pytest.raises(oc.OctaveTimeoutError, match=r"no answer within 0\.5 s"):
            octave.call("pause", 30, nout=0, timeout=0.5)
        assert octave.call("plus", 1, 2) == 3


def test_a_call_that_keeps_printing_is_stopped_too(tmp_path: Path) -> None:
    (tmp_path / "chatter.m").write_text(
        "function chatter()\n  while true\n    disp('.');\n    fflush(stdout);\n"
        "    pause(0.01);\n  end\nend\n"
    )
    with oc.Session() as octave:
        octave.addpath(tmp_path)
        with pytest.raises(oc.OctaveTimeoutError):
            octave.call("chatter", nout=0, timeout=0.5, stdout=lambda line: None)
        octave.call("disp", "still there", nout=0, stdout=lambda line: None)


def test_a_process_that_ends_is_told_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "still_known.m").write_text("function y = still_known()\n  y = 5;\nend\n")
    with oc.Session() as octave:
        octave.addpath(tmp_path)
        with pytest.raises(oc.OctaveDiedError, match="variables are lost"):
            octave.call("exit", nout=0, stdout=lambda line: None)
        assert octave.call("still_known") == 5


def test_a_process_killed_while_idle_is_told_and_replaced() -> None:
    with oc.Session() as octave:
        victim = int(octave.call("getpid"))
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(oc.OctaveDiedError):
            octave.call("plus", 1, 1)
        assert octave.call("plus", 1, 2) == 3
        assert int(octave.call("getpid")) != victim


def states(warnings: np.ndarray) -> dict[str, str]:
    return {w["identifier"]: w["state"] for w in warnings.ravel()}


def test_a_reset_session_is_as_it_was_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "counts.m").write_text(
        "function y = counts()\n  persistent n\n  n = [n, 1];\n  y = numel(n);\nend\n"
    )
    with oc.Session() as octave:
        state = [octave.call(name) for name in ("path", "pwd", "warning")]
        handle = octave.put(7.0)
        for _ in range(2):
            octave.addpath(tmp_path)
            assert [octave.call("counts") for _ in range(2)] == [1, 2]
            octave.call("cd", str(tmp_path), nout=0)
            octave.call("assignin", "base", "left_over", 1, nout=0)
            octave.call("evalin", "base", "global shared; shared = 1;", nout=0)
            octave.call("warning", "off", "my:id", nout=0)
            octave.call("warning", "on", "Octave:array-to-scalar", nout=0)
            octave.reset()
            assert same([octave.call(name) for name in ("path", "pwd")], state[:2])
            assert states(octave.call("warning")) == states(state[2])
            assert octave.call("evalin", "base", "exist('left_over', 'var')") == 0
            assert octave.call("evalin", "base", "numel(who('global'))") == 0
            with pytest.raises(oc.OctaveError, match="counts"):
                octave.call("counts")
        assert handle.get() == 7
        # The loop comes back after an interrupt, for which it needs a variable of its own.
        with pytest.raises(oc.OctaveTimeoutError, match="variables are still there"):
            octave.call("pause", 30, nout=0, timeout=0.3)
        assert octave.call("plus", 1, 2) == 3
        # A process that takes the place of a dead one starts clean, too.
        octave.addpath(tmp_path)
        octave.reset()
        with pytest.raises(oc.OctaveDiedError):
            octave.call("exit", nout=0)
        octave.reset()
        assert octave.call("exist", "counts", "file") == 0


def test_a_closed_session_says_so() -> None:
    octave = oc.Session()
    octave.call("plus", 1, 1)
    octave.close()
    octave.close()
    with pytest.raises(oc.OctaveDiedError, match="closed"):
        octave.call("plus", 1, 1)


def test_threads_take_turns(octave: oc.Session) -> None:
    results: dict[int, list[float]] = {}

    def work(k: int) -> None:
        results[k] = [float(octave.call("plus", 1000 * k, i)) for i in range(20)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {k: [1000.0 * k + i for i in range(20)] for k in range(6)}


def test_a_closed_session_leaves_no_process_and_no_folder() -> None:
    octave = oc.Session()
    pid = int(octave.call("getpid"))
    assert octave._channel is not None
    folder = octave._channel.folder
    assert Path(folder).is_dir()
    octave.close()
    assert not Path(folder).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_script_that_just_ends_prints_nothing_on_stderr() -> None:
    code = "import octave_compress as oc; print(oc.Session().call('plus', 1, 2))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "3.0\n"
    assert done.stderr == ""


def test_octave_can_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("OCTAVE_EXECUTABLE", raising=False)
    with pytest.raises(oc.OctaveNotFoundError) as caught:
        oc.Session().call("plus", 1, 1)
    for part in ("sudo apt-get install octave", 'backend="numpy"', "OCTAVE_COMPRESS_BACKEND"):
        assert part in str(caught.value)
    monkeypatch.setenv("OCTAVE_EXECUTABLE", str(tmp_path / "nothing"))
    with pytest.raises(oc.OctaveNotFoundError, match="OCTAVE_EXECUTABLE names"):
        oc.Session().call("plus", 1, 1)


def test_changed_functions_are_read_again_wherever_they_are(
    octave: oc.Session, tmp_path: Path
) -> None:
    def write(room: str, name: str, value: int) -> None:
        (tmp_path / room).mkdir(exist_ok=True)
        (tmp_path / room / f"{name}.m").write_text(f"function y = {name} ()\n  y = {value};\nend\n")

    write("private", "hidden_one", 1)
    write("+rooms", "packed_one", 1)
    (tmp_path / "calls_hidden.m").write_text(
        "function y = calls_hidden ()\n  y = hidden_one ();\nend\n"
    )
    octave.addpath(tmp_path)
    for value in (1, 2, 3):  # within one second, and of the same size
        write("private", "hidden_one", value)
        write("+rooms", "packed_one", value)
        assert octave.call("calls_hidden") == value
        assert octave.eval("rooms.packed_one ()", nout=1) == value
