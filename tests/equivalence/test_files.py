"""Two recordings compared, and the text of scripts, without Octave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import octave_compress as oc
from octave_compress.equivalence import EXACT, assert_equivalent, compare_files, record, rtol
from octave_compress.equivalence.files import Variable
from octave_compress.equivalence.golden import (
    Golden,
    HashedArray,
    RecordedError,
    RecordedWarning,
    Statement,
    array_sha256,
    write_golden,
)
from octave_compress.equivalence.scripts import source_text

X = np.array([[1.0, 2.0]])
LARGE = np.arange(1000.0)[:, None]
ABOUT = Golden("s.m", "0", (), "completed", "9.4.0", "OpenBLAS 1", "x86_64", "octave-compress 0")


def hashed(array: Any) -> HashedArray:
    index = np.array([0, 500, 999])
    flat = array.ravel("F")
    return HashedArray(flat.dtype, array.shape, array_sha256(flat), index, flat[index])


def compared(
    tmp_path: Path, ours: Statement, theirs: Statement, level: Any = EXACT, **about: str
) -> dict[str, Variable]:
    write_golden(tmp_path / "left.mat", replace(ABOUT, **about), (ours,))
    write_golden(tmp_path / "right.mat", ABOUT, (theirs,))
    return {
        row.name: row for row in compare_files(tmp_path / "left.mat", tmp_path / "right.mat", level)
    }


def test_what_a_statement_did_is_compared(tmp_path: Path) -> None:
    one = Statement(1, 1, "f", {"x": X, "y": X, "m": X}, printed="a", printed_bytes=1)
    two = replace(
        one,
        changed={"x": X, "y": X + 1, "n": X},
        vanished=("q",),
        printed="b",
        warnings=(RecordedWarning("careful", "my:id"),),
        error=RecordedError("no"),
    )
    rows = compared(tmp_path, one, two, ended="error")
    assert set(rows) == {
        *(f"line 1: {name}" for name in ("x", "y", "m", "n")),
        *(f"line 1: {what}" for what in ("cleared", "printed", "warnings", "error")),
        "end",
    }
    assert rows["line 1: x"].differences == ()
    assert rows["line 1: x"].left == rows["line 1: x"].right == "1x2 double"
    (apart,) = rows["line 1: y"].differences
    assert (apart.path, apart.count) == ("y", 2)
    assert "only in" in str(rows["line 1: m"].differences[0])
    assert rows["line 1: m"].right == rows["line 1: n"].left == ""
    for what, said in (
        ("cleared", "'' is not 'q'"),
        ("printed", "'a' is not 'b'"),
        ("warnings", "'my:id'"),
        ("error", "'no'"),
    ):
        assert said in str(rows[f"line 1: {what}"].differences[0])
    assert "'error' is not 'completed'" in str(rows["end"].differences[0])


def test_large_arrays_are_compared_by_their_hashes(tmp_path: Path) -> None:
    seen, unseen = LARGE.copy(), LARGE.copy()
    seen[500], unseen[7] = 0, 0
    for ours, theirs, said in (
        (hashed(LARGE), hashed(LARGE), None),
        (hashed(LARGE), LARGE, None),
        (LARGE, hashed(LARGE), None),
        (hashed(seen), hashed(LARGE), "x(501,1): np.float64(0.0) is not np.float64(500.0)"),
        (seen, hashed(LARGE), "x(501,1): np.float64(0.0) is not np.float64(500.0)"),
        (hashed(unseen), hashed(LARGE), "x: the hash differs, and the sample of 3 of 1000"),
        (unseen, hashed(LARGE), "x: the hash differs, and the sample of 3 of 1000"),
        (hashed(LARGE), unseen, "x: the hash differs, and the sample of 3 of 1000"),
        (hashed(LARGE[:, :, None].reshape(500, 2)), hashed(LARGE), "x: shape 500x2 is not 1000x1"),
        (hashed(LARGE.astype(np.float32)), hashed(LARGE), "x: class float32 is not float64"),
    ):
        row = compared(tmp_path, *(Statement(1, 1, "f", {"x": v}) for v in (ours, theirs)))[
            "line 1: x"
        ]
        if said is None:
            assert row.differences == ()
            assert row.left == row.right == "1000x1 double"
        else:
            assert said in str(row.differences[0])


def test_versions_are_named_as_causes(tmp_path: Path) -> None:
    for text, ours, about, said in (
        (
            "x = randi(9, 1, 2);",
            X + 1,
            {"octave": "11.3.0"},
            "from 11 on randi draws other numbers",
        ),
        ("x = randi(9, 1, 2);", X + 1, {"octave": "7.3.0"}, ""),
        ("x = mean(y);", X * (1 + 2**-52), {"octave": "11.3.0"}, "use compensated sums"),
        ("x = y * z;", X * (1 + 2**-52), {"blas": "other"}, "9.4.0 with other"),
        ("x = y * z;", X * (1 + 2**-52), {}, ""),
    ):
        pair = (Statement(1, 1, text, {"x": value}) for value in (ours, X))
        row = compared(tmp_path, *pair, **about)["line 1: x"]
        assert row.differences
        assert said in " ".join(row.causes)
        assert bool(row.causes) is bool(said)
        for cause in row.causes:
            assert "the recording is by 9.4.0" in cause
            assert "the other one's is" in cause
    near = (Statement(1, 1, "x = y * z;", {"x": value}) for value in (X * (1 + 2**-52), X))
    assert not compared(tmp_path, *near, level=rtol(1e-12))["line 1: x"].differences


def test_line_ends_and_encodings_of_scripts() -> None:
    for data in (b"x = 1;\ny", b"x = 1;\r\ny", b"x = 1;\ry", b"\xef\xbb\xbfx = 1;\ry"):
        assert source_text("s.m", data) == b"x = 1;\ny"
    assert source_text("s.m", "é\r".encode("latin-1")) == b"\xe9\n"
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        with pytest.raises(oc.InvalidValueError, match=r"s\.m is UTF-16, or no text: Octave reads"):
            source_text("s.m", "x = 1;\n".encode(encoding))


@pytest.mark.octave
def test_files_that_octave_would_misread(tmp_path: Path) -> None:
    text = "function y = old_mac(x)\n% a comment\n y = x + 1;\nend\n"
    (tmp_path / "old_mac.m").write_bytes(text.replace("\n", "\r").encode())
    assert_equivalent(lambda x: x + 1, tmp_path / "old_mac.m", 2.0)
    (tmp_path / "wide.m").write_text(text.replace("old_mac", "wide"), encoding="utf-16")
    with pytest.raises(oc.InvalidValueError, match=r"wide\.m is UTF-16"):
        assert_equivalent(lambda x: x + 1, tmp_path / "wide.m", 2.0)
    (tmp_path / "script.m").write_bytes(b"% a comment\rx = 1;\ry = 2;\r")
    golden = record(tmp_path / "script.m", tmp_path / "golden.mat")
    assert [statement.text for statement in golden.statements] == ["x = 1;", "y = 2;"]
    golden.check("line 3", x=1, y=2)
    golden.check_script(tmp_path / "script.m")
    (tmp_path / "wide_script.m").write_text("x = 1;\n", encoding="utf-16")
    with pytest.raises(oc.InvalidValueError, match=r"wide_script\.m is UTF-16"):
        record(tmp_path / "wide_script.m", tmp_path / "none.mat")
    assert not (tmp_path / "none.mat").exists()
