"""Checking a port against a recording, without Octave; and files that are none."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import loadmat, savemat
from scipy.sparse import csc_array

import octave_compress as oc
from octave_compress.equivalence import EXACT, Golden, differences, load_golden, rtol, ulp
from octave_compress.equivalence.golden import (
    HashedArray,
    Package,
    RecordedError,
    RecordedWarning,
    Statement,
    array_sha256,
    stored,
    unstored,
    write_golden,
)
from octave_compress.equivalence.versions import Machine, machine_here
from octave_compress.errors import Frame
from octave_compress.formats import mat5
from octave_compress.formats.mat5 import Opaque
from octave_compress.random import OctaveRandom
from octave_compress.structs import StructArray, cells

A = np.array([[1.0, 2.0], [3.0, 4.0]])
STATEMENTS = (
    Statement(2, 2, "x = 3", {"x": np.float64(3)}, printed="x = 3\n", printed_bytes=6),
    Statement(4, 6, "A = [1 2\n\n  3 4];", {"A": A}),
    Statement(8, 8, "clear x; s.t = {1, 'é'};", {"s": {"t": [np.float64(1), "é"]}}, ("x",)),
    Statement(
        *(9, 9, "y = A(:, 1); x = 4;", {"y": A[:, :1], "x": np.float64(4)}),
        warnings=(RecordedWarning("careful", "my:id"),),
    ),
)


def golden(
    tmp_path: Path, statements: tuple[Statement, ...] = STATEMENTS, ended: str = ""
) -> Golden:
    about = Golden(
        *("script.m", hashlib.sha256(b"x").hexdigest(), (), ended or "completed"),
        *("7.3.0", "OpenBLAS", "x86_64", "octave-compress 0"),
        packages=(Package("statistics", "1.5.3", True),),
    )
    write_golden(tmp_path / "golden.mat", about, statements)
    return load_golden(tmp_path / "golden.mat")


def test_a_recording_comes_back(tmp_path: Path) -> None:
    error = RecordedError("no", "a:b", (Frame("f", "/f.m", 3, 5),))
    last = Statement(11, 11, "f", {}, error=error)
    read = golden(tmp_path, (*STATEMENTS, last), "error")
    assert read.error == error
    assert read.packages == (Package("statistics", "1.5.3", True),)
    assert (read.ended, read.octave, read.limit) == ("error", "7.3.0", np.inf)
    for ours, theirs in zip(read.statements, STATEMENTS, strict=False):
        assert differences(dict(ours.changed), dict(theirs.changed), EXACT) == ()
        assert (ours.text, ours.vanished, ours.printed) == (
            theirs.text,
            theirs.vanished,
            theirs.printed,
        )
        assert ours.warnings == theirs.warnings
    assert Golden.load(tmp_path / "golden.mat").script == "script.m"


def test_checks_that_pass(tmp_path: Path) -> None:
    g = golden(tmp_path)
    g.check("line 2", x=3)
    g.check(2, x=3.0)
    for line in ("line 4", "line 5", 6):
        g.check(line, x=3, A=A)
    g.check("line 8", s={"t": [1, "é"]}, A=A)
    g.check("end", x=4, y=np.array([1.0, 3.0]))  # a 1-D array has no orientation
    g.check("end", {"x": 4}, level=ulp(2))
    g.check("end", y=A[:, :1] * (1 + 1e-12), level=rtol(1e-9))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"A": A.T}, r"A\(2,1\): np.float64\(2.0\) is not np.float64\(3.0\)"),
        ({"A": A * (1 + 1e-15)}, "4 of 4 differ"),
        ({"A": A.astype(np.float32)}, "class single is not double"),
        ({"A": A.astype(np.int64)}, "class int64 is not double"),
        ({"A": A.ravel()}, "shape"),
        ({"A": None}, "A: cannot be compared"),
        ({"A": np.sin}, "A"),
        ({"A": A, "s": {"t": [2, "e"]}}, r"(?s)1 of 2 variables differ.*s\.t\{1\}.*s\.t\{2\}"),
    ],
)
def test_checks_that_fail(tmp_path: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message) as caught:
        golden(tmp_path).check("line 8", **values)
    assert "script.m, after line 8 (clear x; s.t = {1, 'é'};)" in str(caught.value)


def test_what_is_wrong_with_a_class_is_said(tmp_path: Path) -> None:
    values = {
        "d": np.array([[1.0, 2.0]]),
        "s": np.float32([[1.0]]),
        "t": np.array([[True, False]]),
        "k": np.int8([[1, 2]]),
        "w": "word",
        "c": [np.float64(1), "a"],
        "e": csc_array(np.eye(2)),
    }
    g = golden(tmp_path, (Statement(1, 1, "f", values),))
    for name, value, advice in (
        ("d", np.array([1, 2]), "class int64 is not double (Octave's numbers are doubles unless"),
        ("d", cells([1.0, 2.0]), "a row of cells is no array: return an array"),
        ("s", np.array([[1.0]]), "use .astype(np.float32)"),
        ("t", np.array([1.0, 0.0]), "use .astype(bool)"),
        ("k", np.array([1.0, 2.0]), "use .astype(np.int8)"),
        ("w", np.array([1.0]), "return a str"),
        ("c", np.array([1.0, 2.0]), "a cell is a list in Python"),
        ("e", np.eye(2), "return a scipy.sparse.csc_array"),
    ):
        with pytest.raises(AssertionError) as caught:
            g.check("line 1", {name: value})
        assert advice in str(caught.value)


# A script's statement, the port, and the cause that the values before the statement bear out.
X = np.array([[2.0, 7.0], [1.0, 8.0], [2.0, 8.5]])
V = np.array([[3.0, 1.0, 3.0, 2.0, 1.0, 1.0]])
CAUSES: list[tuple[str, Any, Any, str]] = [
    ("s = std(x);", np.std(X, 0, ddof=1)[None], np.std(X, axis=0), "ddof: Octave's std, var"),
    ("s = var(x, 1);", np.var(X, 0)[None], np.var(X, axis=0, ddof=1), "ddof: Octave divides by n"),
    ("m = max(x);", np.max(X, 0)[None], np.max(X), "the first dimension that is not 1"),
    (
        "m = median(x, 2);",
        np.median(X, 1)[:, None],
        np.median(X, axis=0),
        "the other along the rows",
    ),
    ("[~, k] = max(v);", np.float64(1), 0.0, "0- and 1-based indices"),
    ("y = x(:);", X.ravel("F")[:, None], X.ravel(), "row- and column-major order"),
    ("c = cov(x);", np.cov(X, rowvar=False), np.cov(X), "sample axis"),
    (
        "[~, k] = sort(v, 'descend');",
        np.array([[1.0, 3, 4, 2, 5, 6]]),
        np.array([3.0, 1, 4, 6, 5, 2]),
        "ties: both point to equal elements: Octave's sort is stable",
    ),
    ("y = cumsum(x);", np.cumsum(X, 0), np.cumsum(X, axis=1), "sample axis"),
    ("n = numel(x);", np.float64(6), 7.0, ""),
]


@pytest.mark.parametrize(("text", "theirs", "ours", "cause"), CAUSES)
def test_causes_that_rest_on_the_workspace(
    tmp_path: Path, text: str, theirs: Any, ours: Any, cause: str
) -> None:
    start = Statement(1, 1, "load data", {"x": X, "v": V})
    g = golden(
        tmp_path, (start, Statement(2, 2, text, {"y": theirs}), Statement(3, 3, "z = 1", {}))
    )
    for where in ("line 2", "end"):
        with pytest.raises(AssertionError) as caught:
            g.check(where, y=ours)
        assert str(caught.value).count("  likely: ") == bool(cause)
        assert cause in str(caught.value)


HERE = Machine("11.3.0", "OpenBLAS 9")


@pytest.mark.parametrize(
    ("text", "theirs", "ours", "octave", "cause"),
    [
        ("y = randi(10, 1, 3);", [[5, 1, 1]], [[1, 5, 1]], "7.3.0", "from 11 on randi draws other"),
        ("y = randi(10, 1, 3);", [[5, 1, 1]], [[1, 5, 1]], "11.1.0", None),
        ("q = randi(9); y = q + 0.5;", [[5.5]], [[1.5]], "9.4.0", "from 11 on randi draws other"),
        ("y = randy(10);", [[5]], [[1]], "7.3.0", None),
        ("y = qr(A);", [[5, 1]], [[1, 7]], "9.4.0", "from 11 on qr with one output returns R"),
        ("y = movmin(v, 3);", [[5, 1]], [[1, 7]], "9.4.0", "from 10 on movmin and movmax omit NaN"),
        ("y = movmin(v, 3);", [[5, 1]], [[1, 7]], "10.2.0", None),
        (
            "y = mean(v);",
            [[0.3]],
            [[0.1 + 0.2]],
            "9.4.0",
            "from 11 on mean and norm use compensated",
        ),
        (
            "y = norm(v);",
            [[0.3]],
            [[0.1 + 0.2]],
            "7.3.0",
            "from 11 on mean and norm use compensated",
        ),
        (
            "y = tanh(v);",
            [[0.3]],
            [[0.1 + 0.2]],
            "11.3.0",
            "or BLAS (tanh is the C library's): the",
        ),
        (
            "y = a * b;",
            [[0.3]],
            [[0.1 + 0.2]],
            "9.4.0",
            "version of Octave or BLAS: the recording is",
        ),
        ("y = mean(v);", [[0.3]], [[9.0]], "9.4.0", None),
    ],
)
def test_another_version_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    theirs: Any,
    ours: Any,
    octave: str,
    cause: str | None,
) -> None:
    monkeypatch.setattr("octave_compress.equivalence.golden.machine_here", lambda: HERE)
    monkeypatch.setattr("octave_compress.equivalence.versions.default_version", lambda: "11.3.0")
    statement = Statement(1, 1, text, {"y": np.array(theirs, float)})
    g = replace(golden(tmp_path, (statement,)), octave=octave)
    with pytest.raises(AssertionError) as caught:
        g.check("end", y=np.array(ours, float))
    named = [line for line in str(caught.value).splitlines() if "another version of Oct" in line]
    if cause is None:
        assert not named
    else:
        assert any(cause in line for line in named)
        assert all(octave in line and "11.3.0" in line for line in named)


def test_a_replay_draws_as_the_recorded_octave_so_that_is_no_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octave_compress.equivalence.golden.machine_here", lambda: HERE)
    monkeypatch.setattr("octave_compress.octave.locate.octave_version", lambda: HERE.octave)
    g = golden(tmp_path, (Statement(1, 1, "y = randi(10);", {"y": np.float64(5)}),))
    with pytest.raises(AssertionError) as caught:
        g.replay(lambda: {"y": OctaveRandom(1).randi(10) + 17})
    assert "another version" not in str(caught.value)
    with pytest.raises(AssertionError, match="another version of Octave: from 11 on randi"):
        g.check("end", y=22)


def test_the_same_octave_is_no_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    g = golden(tmp_path, (Statement(1, 1, "y = mean(v);", {"y": np.float64(0.3)}),))
    for here, named in (
        (g.machine, False),
        (None, False),
        (replace(g.machine, blas="other"), True),
    ):
        monkeypatch.setattr("octave_compress.equivalence.golden.machine_here", lambda h=here: h)
        with pytest.raises(AssertionError) as caught:
            g.check("end", y=0.1 + 0.2)
        assert ("another version of Octave or BLAS" in str(caught.value)) is named
        assert "likely: last bits: " in str(caught.value)


def test_an_error_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octave_compress.equivalence.golden.machine_here", lambda: HERE)
    last = Statement(1, 1, "t = strncmp('a', 'b', 0);", {}, error=RecordedError("must be > 0"))
    g = golden(tmp_path, (last,), "error")
    with pytest.raises(AssertionError, match=r"from 11 on strncmp\(\.\.\., 0\) is true"):
        g.replay(dict)


@pytest.mark.octave
def test_the_octave_that_is_here_is_known() -> None:
    here = machine_here()
    with oc.Session() as session:
        assert here is not None
        assert here.octave == session.call("version")
        assert here.blas == session.call("version", "-blas")


def test_likely_causes_are_named(tmp_path: Path) -> None:
    codes = np.floor(np.arange(1, 17) / 2 + 0.5)[None]
    wide = np.arange(6.0).reshape(2, 3)
    read = golden(tmp_path, (Statement(1, 1, "c", {"codes": codes, "wide": wide}),))
    with pytest.raises(AssertionError, match=r"likely: .*halves"):
        read.check(1, codes=np.round(np.arange(1, 17) / 2))
    with pytest.raises(AssertionError, match=r"likely: .*column"):
        read.check(1, wide=wide.ravel(order="F").reshape(2, 3))


@pytest.mark.parametrize(
    ("where", "values", "message"),
    [
        ("line 3", {"x": 3}, r"no statement at line 3 .*line 2 \(x = 3\) and lines 4-6 \(A = \["),
        ("line 1", {"x": 3}, r"the nearest are line 2 \(x = 3\)$"),
        (99, {"x": 3}, r"the nearest are line 9 "),
        ("Line 2", {"x": 3}, "WHERE must be"),
        (True, {"x": 3}, "WHERE must be"),
        ("line 2", {"y": 3}, r"no variable y after line 2 .*; it appears at line 9"),
        ("line 8", {"x": 3}, r"no variable x after line 8 .*; it appears at line 9"),
        ("line 9", {"z": 3}, "no variable z .*; there are A, s, x, y"),
        ("line 2", {}, "pass the variables to compare"),
    ],
)
def test_what_is_not_there(tmp_path: Path, where: Any, values: Any, message: str) -> None:
    with pytest.raises(oc.InvalidValueError, match=message):
        golden(tmp_path).check(where, **values)


def test_what_a_reader_should_know(tmp_path: Path) -> None:
    error = RecordedError("no graphics toolkits are available!")
    last = Statement(11, 11, "figure", {"f": [Opaque("function_handle", "@sin")]}, error=error)
    notes = golden(tmp_path, (*STATEMENTS, last), "error").notes
    assert notes[0] == "f is or holds a function_handle, of which only the class is kept"
    assert "gnuplot-nox" in notes[1]
    assert golden(tmp_path).notes == ()


def test_names_that_cannot_be_keywords(tmp_path: Path) -> None:
    long_name = "n" * 80
    read = golden(tmp_path, (Statement(1, 1, "level = 1", {"level": A, long_name: A, "b": A + 1}),))
    read.check(1, {"level": A, long_name: A}, b=A + 1, level=EXACT)
    with pytest.raises(AssertionError):
        read.check(1, {long_name: A + 1})


def test_replay(tmp_path: Path) -> None:
    g = golden(tmp_path)

    def at_the_end() -> dict[str, Any]:
        return {"A": A, "x": 4}

    def on_the_way() -> Any:
        yield "line 2", {"x": 3}
        yield "line 9", {"x": 4, "y": A[:, 0]}

    assert g.replay(at_the_end).checked == ((9, "A"), (9, "x"))
    assert g.replay(at_the_end).unchecked == ("s", "y")
    assert g.replay(on_the_way).checked == ((2, "x"), (9, "x"), (9, "y"))
    with pytest.raises(AssertionError, match=r"x: np.float64\(5.0\) is not np.float64\(4.0\)"):
        g.replay(lambda: {"x": 5})
    with pytest.raises(AssertionError, match="nothing was compared"):
        g.replay(lambda: {})
    with pytest.raises(oc.InvalidValueError, match="must return a dict of variables or yield"):
        g.replay(lambda: 3)
    with pytest.raises(ZeroDivisionError):
        g.replay(lambda: {"x": 1 / 0})


@pytest.mark.parametrize(("octave", "second"), [("7.3.0", [5, 1, 1]), ("11.3.0", [1, 5, 1])])
def test_a_port_draws_as_the_octave_that_was_recorded(
    tmp_path: Path, octave: str, second: list[float]
) -> None:
    statement = Statement(1, 1, "y = randi(10, 1, 3);", {"y": np.array([second], float)})
    g = replace(golden(tmp_path, (statement,)), octave=octave)

    def drawn() -> np.ndarray[Any, Any]:
        source = OctaveRandom(7)
        source.randi(10, 1, 8)
        return source.randi(10, 1, 3)

    def on_the_way() -> Any:
        yield "line 1", {"y": drawn()}

    g.replay(lambda: {"y": drawn()})
    g.replay(on_the_way)
    other = OctaveRandom(7, version="11" if octave == "7.3.0" else "7")
    other.randi(10, 1, 8)
    with pytest.raises(AssertionError):
        g.replay(lambda: {"y": other.randi(10, 1, 3)})


def test_replay_of_a_script_that_failed(tmp_path: Path) -> None:
    last = Statement(11, 11, "f", {}, error=RecordedError("no", "a:b"))
    g = golden(tmp_path, (*STATEMENTS, last), "error")

    def fails(x: float) -> Any:
        yield "line 2", {"x": x}
        raise RuntimeError("no")

    assert g.replay(lambda: fails(3)).checked == ((2, "x"),)
    with pytest.raises(AssertionError, match="x"):
        g.replay(lambda: fails(4))
    with pytest.raises(
        AssertionError, match=r"ended with an error, no \(a:b\), and the port did not"
    ):
        g.replay(lambda: {"x": 4})


@given(st.integers(0, 2**32 - 1), st.sampled_from(["f8", "f4", "c16", "i2", "b1"]))
def test_hashes_see_every_bit(seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    flat = (random.normal(size=50) * 3).astype(kind)
    assert array_sha256(flat) == array_sha256(flat.copy())
    other = flat.copy()
    other[random.integers(50)] = -other[random.integers(50)] - 1 if kind != "b1" else True
    assert (array_sha256(flat) == array_sha256(other)) == (flat.tobytes() == other.tobytes())


scalars = st.one_of(
    st.floats(width=64).map(np.float64),
    st.floats(width=32).map(np.float32),
    st.booleans().map(np.bool_),
    st.integers(-128, 127).map(np.int8),
    st.integers(0, 2**64 - 1).map(np.uint64),
    st.complex_numbers().map(np.complex128),
)
arrays = st.sampled_from(
    [
        *(np.zeros((0, 3)), np.ones((2, 3, 2), np.int16), np.array([[True, False]]), A.T),
        *(np.array([[1 + 2j, np.nan]], np.complex64), np.empty((2, 0), dtype=object)),
        *(csc_array([[0, 2.0], [1, 0]]), csc_array([[True, False]]), csc_array([[1j, 0]])),
        np.array([{"a": np.float64(1)}, {"a": "b"}], dtype=object)[:, None].view(StructArray),
        *(StructArray(np.empty((0, 2), object), names) for names in ([], ["a", "bc"])),
    ]
)
values = st.recursive(
    scalars | arrays | st.text(max_size=5) | st.just("\udcc8A"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.from_regex(r"[a-z]\w{0,4}", fullmatch=True).filter(str.isascii), inner)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0, 4), (2, 3), (2, 1, 3)])
def test_struct_arrays_without_fields_keep_their_size(shape: tuple[int, ...]) -> None:
    array = np.empty(shape, dtype=object)
    for at in np.ndindex(shape):
        array[at] = {}
    back = unstored(stored(array.view(StructArray)))
    assert isinstance(back, StructArray)
    assert back.shape == shape
    assert all(one == {} for one in back.flat)


SHAPES: list[Any] = [3, [], [3], [-1, 2], [2, 1 << 20], [1 << 15, 1 << 15], [1] * 33, [np.nan, 1]]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_damaged_shapes_are_no_struct_arrays(tmp_path: Path, shape: Any) -> None:
    golden(tmp_path, (Statement(1, 1, "s", {"s": np.empty((0, 3), object).view(StructArray)}),))
    content = dict(mat5.read((tmp_path / "golden.mat").read_bytes(), lossless=True))
    note = {"ocx_class": "struct", "ocx_shape": np.array([shape], float)}
    content["line_1"] = {"s": note}
    (tmp_path / "damaged.mat").write_bytes(mat5.write(content))
    with pytest.raises(oc.GoldenFileError, match=r"damaged\.mat: damaged"):
        load_golden(tmp_path / "damaged.mat")


@pytest.mark.parametrize(
    "damage",
    [
        {"ocx_size": [[2, 1]]},  # the sample is beyond it
        {"ocx_size": [[0, 9]]},
        {"ocx_size": [[-2, -2]]},
        {"ocx_index": [[1, 5]]},
        {"ocx_index": [[0, 4]]},
        {"ocx_index": [[1, 2, 4]]},
        {"ocx_index": np.zeros((1, 0)), "ocx_sample": np.zeros((0, 1))},
        {"ocx_sample": [[1.0], [2.0], [3.0]]},
        {"ocx_class": "no_class"},
    ],
    ids=str,
)
def test_damaged_notes_of_large_arrays(tmp_path: Path, damage: dict[str, Any]) -> None:
    large = HashedArray(np.dtype("f8"), (2, 2), "0" * 64, np.array([0, 3]), np.array([1.0, 4.0]))
    golden(tmp_path, (Statement(1, 1, "z", {"z": large}),))
    content = dict(mat5.read((tmp_path / "golden.mat").read_bytes(), lossless=True))
    changed = {k: v if isinstance(v, str) else np.array(v, float) for k, v in damage.items()}
    content["line_1"] = {"z": {**content["line_1"]["z"], **changed}}
    (tmp_path / "damaged.mat").write_bytes(mat5.write(content))
    with pytest.raises(oc.GoldenFileError, match=r"damaged\.mat: damaged"):
        load_golden(tmp_path / "damaged.mat")


@given(values)
def test_values_survive_the_file(value: Any) -> None:
    back = mat5.read(mat5.write({"v": stored(value)}), lossless=True)["v"]
    assert differences(unstored(back), value, EXACT) == ()


def test_scipy_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "values.mat"
    wide = np.arange(24.0).reshape(2, 3, 4)
    path.write_bytes(
        mat5.write({"wide": wide, "t": "größe 𝛼", "c": [A, {"k": np.int8(-3)}], "z": A * 1j})
    )
    content = loadmat(path)
    assert np.array_equal(content["wide"], wide)
    assert content["t"][0] == "größe 𝛼"
    assert np.array_equal(content["c"][0, 0], A)
    assert content["c"][0, 1]["k"][0, 0] == -3
    assert content["c"][0, 1]["k"][0, 0].dtype == np.int8
    assert np.array_equal(content["z"], A * 1j)
    savemat(tmp_path / "theirs.mat", {"wide": wide, "t": "abc", "c": A}, do_compression=True)
    theirs = mat5.read((tmp_path / "theirs.mat").read_bytes(), lossless=True)
    assert differences(theirs, {"wide": wide, "t": "abc", "c": A}, EXACT) == ()


def test_files_that_are_no_recordings(tmp_path: Path) -> None:
    path = tmp_path / "no.mat"
    with pytest.raises(oc.FileAccessError, match="cannot read"):
        load_golden(path)
    for data, message in (
        (b"", "not a MAT file"),
        (b"# Created by Octave", "not a MAT file"),
        (mat5.write({"x": A}), "octave-compress record makes one"),
        (mat5.write({"golden": A}), "damaged"),
        (
            mat5.write({"golden": {"format": np.float64(2), "tool": "octave-compress 9"}}),
            "format 2",
        ),
    ):
        path.write_bytes(data)
        with pytest.raises(oc.GoldenFileError, match=message) as caught:
            load_golden(path)
        assert str(path) in str(caught.value)


@given(st.data())
def test_damaged_files_raise_one_error(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    note = HashedArray(np.dtype("f8"), (2, 2), "0" * 64, np.array([0, 3]), np.array([1.0, 4.0]))
    golden(folder, (*STATEMENTS, Statement(10, 10, "z", {"z": note, "h": Opaque("f")})))
    content = mat5.read((folder / "golden.mat").read_bytes(), lossless=True)
    # Inside of the compression, where a checksum would catch it.
    whole = dict(content)
    place: Any = whole
    for _ in range(data.draw(st.integers(1, 4))):
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        if isinstance(place[key], dict | list) and len(place[key]):
            parent, place = place, place[key]
        else:
            parent = place
            break
    wrong = data.draw(st.sampled_from([A, "text", [], {}, np.float64(-1), np.float64(np.nan), [A]]))
    parent[key] = wrong
    path = folder / "damaged.mat"
    path.write_bytes(mat5.write(whole))
    with contextlib.suppress(oc.GoldenFileError):  # and no other error
        load_golden(path)


def test_cut_and_flipped_files(tmp_path: Path) -> None:
    golden(tmp_path)
    whole = (tmp_path / "golden.mat").read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / "damaged.mat"
    failures = 0
    for k in range(200):
        data = bytearray(whole)
        if k % 2:
            data = data[: random.integers(len(data))]
        else:
            data[random.integers(124, len(data))] ^= 1 << random.integers(8)
        path.write_bytes(data)
        try:
            load_golden(path)
        except oc.GoldenFileError:
            failures += 1
    assert failures > 150


def test_checking_needs_no_octave(tmp_path: Path) -> None:
    golden(tmp_path)
    code = (
        "import sys, octave_compress.equivalence as e\n"
        f"e.load_golden({str(tmp_path / 'golden.mat')!r}).check('line 2', x=3)\n"
        "heavy = 'oct2py', 'pytest', 'hypothesis'\n"
        "print([m for m in sys.modules if m.split('.')[0] in heavy])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"OCTAVE_EXECUTABLE": "/nonexistent", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
