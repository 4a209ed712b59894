"""Recording scripts: what is in the file is what plain Octave does with the same script."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

import octave_compress as oc
from octave_compress.equivalence import EXACT, Golden, differences, load_golden, record, rtol
from octave_compress.equivalence.golden import HashedArray
from octave_compress.formats.mat5 import Opaque
from octave_compress.octave import default_session
from octave_compress.octave.locate import octave_command

pytestmark = pytest.mark.octave

TRICKY = r"""1;
% a comment
function y = twice(x)
  % end
  y = 2 * x;
end

x = twice(2); y = ...
  3;
%{
  z = 1;
  %{
  nested
  %}
%}
if x > 3, % why
  %{
  end
  %}
  s = 'end';
end, t = x';

  # another comment
A = [1, 2

     3, 4];
c = {"%{", ...  a continuation
     'it''s'
    };
for k = 1:3 n(k) = k; end
do
  x--;
until x < 0
switch s
  case {'a', 'end'}
    w = 1;
end
format long
x -= 2;
unwind_protect
  u = 1;
unwind_protect_cleanup
  v = 2;
end_unwind_protect
try
  error('Some:id', 'trouble');
catch err
  m = err.message;
end
clear err
begin.end_ = 1;
function nothing()
endfunction
nothing
q = A';
q (1) = 7;
3 + 4;
r = 0:0.1:0.5;
B = (A ...
     + 1)';  # ' %{
e = "a\"b %{"; f = @(t) t';
clear f
g = 1; while g < 3, g++; end
"""
LINES = [
    *((1, 1), (3, 6), (8, 9), (16, 21), (24, 26), (27, 29), (30, 30), (31, 33), (34, 37)),
    *((38, 38), (39, 39), (40, 44), (45, 49), (50, 50), (51, 51), (52, 53), (54, 54), (55, 55)),
    *((56, 56), (57, 57), (58, 58), (59, 60), (61, 61), (62, 62), (63, 63)),
]


def recorded(folder: Path, text: str | bytes, name: str = "script.m", **options: object) -> Golden:
    script = folder / name
    script.write_bytes(text if isinstance(text, bytes) else text.encode())
    return record(script, folder / "golden.mat", **options)  # type: ignore[arg-type]


def plain_octave(folder: Path, name: str = "script.m") -> dict[str, object]:
    """Return the workspace that plain Octave has at the end of a script."""
    code = f"source('{name}'); save('-binary', 'plain.bin');"
    command = [*octave_command(), "--no-init-file", "--quiet", "--eval", code]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )
    assert (folder / "plain.bin").exists(), done.stderr
    workspace = default_session().call("ocx_load_variables", str(folder / "plain.bin"))
    assert isinstance(workspace, dict)
    return workspace


def test_statements_are_found_by_octave(tmp_path: Path) -> None:
    golden = recorded(tmp_path, TRICKY)
    assert golden.ended == "completed", golden.error
    assert [(one.line, one.last_line) for one in golden.statements] == LINES
    lines = TRICKY.splitlines()
    for one in golden.statements:
        assert one.text.splitlines() == lines[one.line - 1 : one.last_line]


@pytest.mark.parametrize(
    "text",
    [
        TRICKY,
        TRICKY.replace("\n", "\r\n"),
        "x = 1;\n3 + x\nans = ans + 1;\nwho = 2; exist('ans')",  # ans is the script's own
        "a = 1; clear all\nb = exist('a')\nclear b\nc = 1; clearvars = 3;",
        "1;\nfunction f()\n  evalin('base', 'h = 4;');\n  assignin('base', 'i', 5);\nend\n"
        "f(); j = h + i;",
        "global g\ng = 1;\nfunction add()\n  global g\n  g = g + 1;\nend\nadd(); add(); h = g;",
        "rand('twister', 5); a = rand(2); restoredefaultpath; b = rand(3, 1); clear functions",
        "s(2).x = int8([200, -200]); t = {1, 'a'; s, single(pi)}; z = 1i; e = [];",
        "if true\n  x = 1;\n  return\nend\ny = 2;",
        "n = numel(argv()) > 0; clear a; eval('k = 3;'); t++; ".replace("t++", "k++"),
        "x = [1, 2, 3];\nx(end) = [];\nfprintf('%d\\n', x);\ny = z = 3;",
    ],
)
def test_the_workspace_is_that_of_plain_octave(tmp_path: Path, text: str) -> None:
    golden = recorded(tmp_path, text)
    assert golden.error is None
    ours, theirs = golden.variables(), plain_octave(tmp_path)
    assert sorted(ours) == sorted(theirs)
    assert ours
    for name, value in theirs.items():
        assert differences(ours[name], value, EXACT, name) == ()


def test_each_statement_runs_once(tmp_path: Path) -> None:
    text = "x = 1;\n" + "".join(
        f"f = fopen('log', 'a'); fprintf(f, '{k} '); fclose(f);\n" for k in range(5)
    )
    text += "for k = 5:7\n  f = fopen('log', 'a');\n  fprintf(f, '%d ', k);\n  fclose(f);\nend\n"
    recorded(tmp_path, text)
    assert (tmp_path / "log").read_text() == "0 1 2 3 4 5 6 7 "


def test_changes_prints_and_warnings(tmp_path: Path) -> None:
    golden = recorded(
        tmp_path,
        "x = 1\ny = x;\nx = 1;\nx = -0;\nx = 0;\nx = single(0);\nz = NaN;\nz = NaN;\n"
        "clear y\nwarning('my:id', 'take care'); warning('first'); warning('other:id', 'last');\n"
        "system('echo outside');\nfprintf(stderr, 'warning: by hand\\n');",
    )
    changes = [(sorted(one.changed), one.vanished) for one in golden.statements]
    assert changes == [
        *((["x"], ()), (["y"], ()), ([], ()), (["x"], ()), (["x"], ()), (["x"], ())),
        *((["z"], ()), ([], ()), ([], ("y",)), ([], ()), (["ans"], ()), ([], ())),
    ]
    assert golden.at(1).printed == "x = 1\n"
    assert golden.at(11).printed == "outside\n"
    warned = [(one.message, one.identifier) for one in golden.at(10).warnings]
    assert warned == [("take care", ""), ("first", ""), ("last", "other:id")]


def test_what_no_file_can_hold_is_named(tmp_path: Path) -> None:
    golden = recorded(
        tmp_path,
        "a = 1; f = @(x) x + a;\nm = containers.Map();\ns.deep = {1, @sin};\na = 2;\n"
        "f = @(x) x + a;\n",
    )
    f, m = golden.variables()["f"], golden.variables()["m"]
    assert isinstance(f, Opaque)
    assert (f.kind, f.text) == ("function_handle", "@(x) x + a")
    assert isinstance(m, Opaque)
    assert m.kind == "containers.Map"
    assert "f" in golden.at(5).changed  # its text is the same, but not what it has captured
    assert len(golden.notes) == 3
    with pytest.raises(AssertionError, match="f: cannot be compared"):
        golden.check("end", f=1.0)
    with pytest.raises(AssertionError, match=r"s\.deep\{2\}: cannot be compared"):
        golden.check("end", s={"deep": [1.0, 2.0]})


def test_a_project_with_packages_and_classes(tmp_path: Path) -> None:
    for name, text in {
        "+geo/area.m": "function a = area(r)\n  a = 3 * r ^ 2;\nend",
        "Counter.m": "classdef Counter < handle\n  properties\n    n = 0;\n  end\n  methods\n"
        "    function add(self)\n      self.n = self.n + 1;\n    end\n  end\nend",
        "inc.m": "inc = 1;",
        "sub/private.txt": "",
        "helper.m": "function h = helper()\n  h = mfilename('fullpath');\nend",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    golden = recorded(
        tmp_path,
        "a = geo.area(2);\nc = Counter(); c.add(); n = c.n;\ncd sub\nthere = pwd();\ncd ..\n"
        "source('inc.m'); run('inc.m');\nme = mfilename(); where = mfilename('fullpath');\n"
        "h = helper(); addpath(fileparts(mfilename('fullpath')));\nclear classes\nz = 1;",
        "näme.m",
    )
    values = golden.variables(7)
    assert golden.error is None
    assert (values["a"], values["n"], values["inc"]) == (12, 1, 1)
    assert values["there"] == str(tmp_path / "sub")
    assert (values["me"], values["where"]) == ("näme", str(tmp_path / "näme"))
    assert golden.variables(8)["h"] == str(tmp_path / "helper")
    assert list(golden.variables()) == ["z"]
    assert golden.script == "näme.m"


@pytest.mark.parametrize(
    ("text", "ended", "statements", "message"),
    [
        ("a = 1;\nb = undefined_thing;\nc = 2;", "error", 2, "'undefined_thing' undefined"),
        ("a = 1;\nexit(3)\nc = 2;", "exit", 2, ""),
        ("a = 1;\nreturn\nc = 2;", "return", 2, ""),
        ("a = 1;\nwhile true, end\n", "deadline", 2, "did not end within 3 s"),
        ("a = 1;\nkill(getpid(), 9);\n", "died", 2, "signal 9"),
        ("a = 1;\nb = input('How many? ');", "error", 2, "input: nobody is at the keyboard"),
        ("a = 1;\nkeyboard", "error", 2, "keyboard: nobody is at the keyboard"),
        ("a = 1;\nyes_or_no('Sure? ');", "error", 2, "nobody is at the keyboard"),
        ("a = 1;\npause\n", "completed", 2, ""),
        ("a = 1;\npause(0.01)\nq = 1 / 0;", "completed", 3, ""),
        ("", "completed", 0, ""),
        ("% only\n%{\nx = 1;\n%}\n", "completed", 0, ""),
    ],
)
def test_how_scripts_end(
    tmp_path: Path, text: str, ended: str, statements: int, message: str
) -> None:
    golden = recorded(tmp_path, text, deadline=3 if ended == "deadline" else 60)
    assert golden.ended == ended
    assert len(golden.statements) == statements
    if message:
        assert golden.error is not None
        assert message in golden.error.message
    else:
        assert golden.error is None
    if statements:
        assert golden.variables()["a"] == 1
    assert load_golden(tmp_path / "golden.mat").ended == ended


def test_where_an_error_came_from(tmp_path: Path) -> None:
    (tmp_path / "broken.m").write_text(
        "function broken()\n  x = 1;\n  error('a:b', 'no %d', 3);\nend"
    )
    error = recorded(tmp_path, "y = 1;\n\nbroken();").error
    assert error is not None
    assert (error.message, error.identifier) == ("no 3", "a:b")
    assert [(frame.name, frame.line) for frame in error.stack] == [("broken", 3)]


def test_a_script_that_exits_leaves_its_last_variables(tmp_path: Path) -> None:
    golden = recorded(tmp_path, "a = 1;\nb = 2; disp('bye'); exit(0)")
    assert golden.variables() == {"a": 1, "b": 2}
    assert golden.at(2).printed == "bye\n"


def test_printing_without_end(tmp_path: Path) -> None:
    text = "a = 1;\nx = repmat('x', 1, 1e6);\nfor k = 1:3, disp(x), end\n"
    golden = recorded(tmp_path, text)
    assert golden.at(3).printed_bytes == 3_000_003
    assert len(golden.at(3).printed) == 1 << 16
    golden = recorded(tmp_path, text + "while true, disp(x), end")
    assert golden.ended == "output"
    assert golden.error is not None
    assert "printed more than 64 MB" in golden.error.message


def test_syntax_errors_are_told_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(oc.OctaveError, match=r"script\.m cannot run .*near line 3") as caught:
        recorded(tmp_path, "f = fopen('log', 'w'); fclose(f);\n\nx = (1;\n")
    assert caught.value.identifier == "Octave:parse-error"
    assert not (tmp_path / "log").exists()
    assert not (tmp_path / "golden.mat").exists()


def test_a_file_that_begins_with_a_function_is_no_script(tmp_path: Path) -> None:
    text = "% help\nfunction f()\n  assignin('base', 'x', 1);\nend\ny = 2;"
    with pytest.raises(oc.OctaveError, match='write "1;" on a line before it'):
        recorded(tmp_path, text)
    assert "y" not in plain_octave(tmp_path)  # it is so in plain Octave: it calls f
    assert recorded(tmp_path, "1;\n" + text).variables()["y"] == 2


def test_files_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(oc.FileAccessError, match="cannot read"):
        record(tmp_path / "missing.m", tmp_path / "golden.mat")
    (tmp_path / "script.m").write_text("f = fopen('log', 'w'); fclose(f);")
    with pytest.raises(oc.FileAccessError, match="cannot write"):
        record(tmp_path / "script.m", tmp_path / "none" / "golden.mat")
    with pytest.raises(oc.FileAccessError, match="cannot write"):
        record(tmp_path / "script.m", tmp_path)
    with pytest.raises(oc.FileAccessError, match="no such folder"):
        record(tmp_path / "script.m", tmp_path / "golden.mat", folder=tmp_path / "none")
    with pytest.raises(oc.InvalidValueError, match=r"record: DEADLINE must be in \(0, Inf\)"):
        record(tmp_path / "script.m", tmp_path / "golden.mat", deadline=0)
    assert not (tmp_path / "log").exists()  # nothing ran


def test_a_folder_and_names_outside_of_ascii(tmp_path: Path) -> None:
    folder = tmp_path / "größe 数据"
    folder.mkdir()
    golden = recorded(
        folder, "t = 'größe'; f = fopen('ß.txt', 'w'); fclose(f);\ndisp(t)", "naïve file.m"
    )
    assert golden.variables()["t"] == "größe"
    assert golden.at(2).printed == "größe\n"
    assert (folder / "ß.txt").exists()
    latin = recorded(tmp_path, "x = 1; % größe\ny = 2;".encode("latin-1"))
    assert latin.variables() == {"x": 1, "y": 2}


def test_large_arrays_are_kept_as_hash_and_sample(tmp_path: Path) -> None:
    text = (
        "A = reshape(1:6000, 60, 100) / 7; B = complex(single(A), -1); C = {uint16(A), 1};\n"
        "N = A; N(5) = 0 / 0; N(6) = NaN; L = A > 3; t = repmat('ab', 1, 3000); small = 1;\n"
    )
    golden = recorded(tmp_path, text, limit=4000)
    values = golden.variables()
    assert isinstance(values["A"], HashedArray)
    assert (tmp_path / "golden.mat").stat().st_size < 60_000
    A = (np.arange(1.0, 6001) / 7).reshape(100, 60).T
    N = A.copy()
    N[4, 0], N[5, 0] = np.nan, -np.nan
    B = (A - 1j).astype(np.complex64)
    port = {
        **{"A": A, "B": B, "C": [(A + 0.5).astype(np.uint16), 1.0], "N": N, "L": A > 3},
        **{"t": "ab" * 3000, "small": 1},
    }
    port["B"] = A.astype(np.float32) - np.complex64(1j)
    golden.check("end", port)
    assert recorded(tmp_path, text).variables()["A"].shape == (60, 100)  # whole without a limit

    for name, wrong, found in (
        ("A", A.T, "shape 100x60 is not 60x100"),
        ("A", A.astype(np.float32), "class float32 is not float64"),
        ("A", np.nextafter(A, 9999), r"A\(1,1\): .* in a sample of \d+ of 6000 elements"),
        ("C", [A.astype(np.uint16) + np.uint16(2), 1.0], r"C\{1\}\("),
        ("t", "ba" * 3000, "t"),
    ):
        with pytest.raises(AssertionError, match=found):
            golden.check("end", {name: wrong})
    unseen = A.copy()
    outside = sorted(set(range(6000)) - set(values["A"].index))[0]
    unseen[np.unravel_index(outside, A.shape, order="F")] += 1
    with pytest.raises(AssertionError, match="the hash differs, and the sample"):
        golden.check("end", A=unseen)
    golden.check("end", A=A * (1 + 1e-15), level=rtol(1e-12))
    with pytest.raises(AssertionError, match="rtol"):
        golden.check("end", A=A * (1 + 1e-9), level=rtol(1e-12))


def test_a_golden_file_is_a_mat_file_for_everybody(tmp_path: Path) -> None:
    golden = recorded(tmp_path, "x = [1, 2; 3, 4];\nt = 'größe'; s.a = {int8(3), sparse([1, 0])};")
    content = loadmat(tmp_path / "golden.mat", simplify_cells=True)
    assert content["line_1"]["x"].tolist() == [[1, 2], [3, 4]]
    assert content["golden"]["script_sha256"] == golden.script_sha256
    assert content["golden"]["statements"][1]["text"].startswith("t = 'größe'")
    code = "g = load('golden.mat'); printf('%d ', g.line_1.x, double(g.line_2.t), g.line_2.s.a{1});"
    command = [*octave_command(), "--no-init-file", "--quiet", "--eval", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    expected = [1, 3, 2, 4, *"größe".encode(), 3]
    assert list(map(int, done.stdout.split())) == expected


def test_what_made_it_is_told(tmp_path: Path) -> None:
    golden = recorded(tmp_path, "x = 1;")
    assert golden.octave == default_session().call("version")
    assert golden.blas == default_session().call("version", "-blas")
    assert golden.tool == f"octave-compress {oc.__version__}"
    again = load_golden(tmp_path / "golden.mat")
    assert again.statements == golden.statements
    golden.check_script(tmp_path / "script.m")
    (tmp_path / "script.m").write_text("x = 2;")
    with pytest.raises(AssertionError, match="has changed since it was recorded"):
        golden.check_script(tmp_path / "script.m")


def test_packages_are_loaded_and_told(tmp_path: Path) -> None:
    if not default_session().call("exist", "normpdf"):
        installed = default_session().call("pkg", "list", "statistics")
        if not installed:
            pytest.skip("the Octave package statistics is not installed")
    golden = recorded(tmp_path, "pkg load statistics\nx = normpdf(0);")
    assert golden.variables()["x"] == pytest.approx(0.3989422804014327)
    assert [one.name for one in golden.packages if one.loaded][-1] == "statistics"


def test_plotting_without_a_display(tmp_path: Path) -> None:
    if shutil.which("gnuplot") is None:
        pytest.skip("Octave draws without a display only with gnuplot")
    environment = {k: v for k, v in os.environ.items() if k != "DISPLAY"}
    assert "DISPLAY" not in environment
    golden = recorded(tmp_path, "figure; plot(1:3); title('x'); hold on\nclose all\nx = 1;")
    if golden.error is not None and "text_renderer" in golden.error.message:
        pytest.skip("Octave finds no fonts")
    assert golden.error is None
    assert golden.variables()["x"] == 1


def test_octave_dies_with_python(tmp_path: Path) -> None:
    (tmp_path / "endless.m").write_text(
        "f = fopen ('pid', 'w'); fprintf (f, '%d ', getpid ()); fclose (f);\nwhile true, end\n"
    )
    command = [sys.executable, "-m", "octave_compress", "record", "endless.m", "--out", "x.mat"]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        number = tmp_path / "pid"
        limit = time.monotonic() + 60
        while not (number.exists() and number.read_text().endswith(" ")):
            assert time.monotonic() < limit
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    octave = Path("/proc") / number.read_text().strip()
    limit = time.monotonic() + 10
    while octave.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    assert not octave.exists() or "Z (zombie)" in (octave / "status").read_text()
