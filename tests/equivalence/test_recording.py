"""Recording scripts: what is in the file is what plain Octave does with the same script."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
    (folder / "plain_runner.m").write_text(f"source('{name}'); save('-binary', 'plain.bin');")
    command = [*octave_command(), "--no-init-file", "--quiet", "plain_runner.m"]
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
        # Where a statement goes on, and where it does not.
        "a = 1; b = 2;\nx = a ...\n + b;",
        "a = 1; b = 2;\nx = a ... why\n\t+ b;\ny = [1 ... one\n 2 % two\n 3 4];\nz = '...';",
        "a = 1; b = 2;\nx = a ...\n ... % more\n + b; % ...\ny = 3; # ...\nz = 4;",
        "a = 1;\nx = (a ...\n + 1 ...\n);\nc = {1, ...\n'...'; \"...\", 2};\nif a ...\n == 1\n"
        "  y = 2;\nend",
        'x = "ab\\\ncd"; y = 1;\nz = 2;',
        "x = [1 -1]'; y = x';z = [x' ; y];\nw = [x', 3]; v = {x', 'a'' % b'};\n",
        "1;\nfunction r = f(x)\n  r = x';\nend\nu = f([1 2])'; % it's\nt = u.'; s = 'it''s % no';",
        "if 1, x = 1; else, x = 2; end, y = 3;\nfor k = 1:3 x(k) = k; end\n"
        "while false, end, z = 1;",
        "if (1) x = 3, end\ndo x--; until x < 0\nswitch 1 case 1 y = 2; otherwise y = 3; end",
        "s.end = 1; s.if = 2; x = [4 5 6](end); y = s.end; m = s.if;\nif true\n  z = x(end);\nend",
        "format long % x\nhold_on = 3; disp hello; x = 1;\ndisp a(b\ny = 2;\n"
        "disp 'a % b' % c\nz = 3;",
        "%{\n x = 1;\n%}\ny = 1; #{ not a block\n#{\n z = 2;\n#}\nw = [1 2\n%{\n 3 4\n%}\n 5 6];",
        "unwind_protect, x = 1;\nunwind_protect_cleanup\n y = 2;\nend_unwind_protect".replace(
            "error('e');", ""
        ),
        "try, error('a:b', 'c'), catch e, x = e.identifier; end_try_catch, y = 1;\n"
        "try\ncatch\nend\nclear e\nz = lasterr();",
        "1;\nfunction f(), evalin('base', 'q = 1;'); end, x = 2;\nf()\ny = 3;",
        "1;\nfunction varargout = g(varargin)\n  varargout = varargin;\nend\n"
        "[a, b{2}, c.d] = g(1, 2, 3);\n[~, e] = g(4, 5);\n[a(2), f] = g(6, 7);",
        "x = 5;\nx += 2; x *= 3;\nx ^= 2;\ny = x++; --x;\nz.a.b(3).c = x;\n"
        "z.a.b(1) = [];\nz(2).a = 1;",
        "f = @(x, y) x + ...\n y;\ng = f(1, 2);\n"
        "h = cellfun(@(t) t', {1, [1 2]}, 'UniformOutput', false);\nclear f",
        "x = 0x1F; y = 1e3; z = .5; w = [1.' 2]; v = 1:3'; u = 3.^2; t = 2.';",
        "a.b = 'x'; n = 'b'; q = a.(n); a.(n) = 'y'; c = a. b;",
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
    assert [(frame.name, frame.line) for frame in error.stack] == [("broken", 3), ("script", 3)]


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
        recorded(tmp_path, text + "f = fopen('log', 'w'); fclose(f);")
    assert not (tmp_path / "log").exists()
    (tmp_path / "script.m").write_text(text)
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
    assert recorded(folder, "x = 1;", "script.txt").variables() == {"x": 1}
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


def test_figures_are_drawn_on_request(tmp_path: Path) -> None:
    if shutil.which("gnuplot") is None:
        pytest.skip("Octave draws without a display only with gnuplot")
    golden = recorded(
        tmp_path, "figure; plot(1:3);\nprint -dpng x.png\nclose all\nx = 1;", graphics="draw"
    )
    if golden.error is not None and "text_renderer" in golden.error.message:
        pytest.skip("Octave finds no fonts")
    assert golden.error is None
    assert golden.variables()["x"] == 1
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


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


# Each of them is one statement, and does something to x or y.
_FRAGMENTS = (
    "x = {n};",
    "x = {n} ...\n + 1;",
    "x = [x(1) ... ]\n {n}];",
    "x(end + 1) = {n}; % x = 0;",
    "y = 'it''s % {n}';",
    'y = "a\\\n{n}";',
    "y = x';  # '",
    "y = {{x', '%{{', {n}}};",
    "for k = 1:{n}\n  x(k) = k;\nend",
    "if numel(x) > {n}, x = x(end); else x = [x, x]; end",
    "%{{\nx = 0;\n%}}\nx = -x;",
    "do\n  x = x + 1;\nuntil all(x > {n})",
    "switch {n}\n  case {{1, 2}}\n    y = 'end';\n  otherwise\n    x = [x, {n}];\nend",
    "try\n  error('{n}');\ncatch err\n  y = err.message;\nend",
    "eval('x = {n};');",
    "evalin('base', 'y = {n};');",
    "assign_y({n})",
    "call_assign_y({n});",
    "f = @() assign_y({n}); f();",
    "cellfun(@assign_y, {{{n}}});",
    "h = 'assign_y'; feval(h, {n});",
    "add_to_g({n}), x = g;",
    "add_to_g({n})",
    "clear y",
    "clear y, y = {n};",
    "x += {n};",
    "[x, y] = deal({n}, x);",
    "y = x = {n};",
    "disp hello % x = 1;",
    "s = struct('x', x); x = s.x(end);",
    "load values.txt",
    "in_a_file",
    "source('in_a_file.m');",
    "save values.bin x; x = 0; load('values.bin');",
    "3 + {n}; y = ans;",
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from(_FRAGMENTS), st.integers(1, 4)), min_size=5, max_size=25),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_recorded_behind_each_line_is_what_was_there(
    tmp_path_factory: pytest.TempPathFactory, fragments: list[tuple[str, int]], end: str
) -> None:
    folder = tmp_path_factory.mktemp("fragments")
    (folder / "values.txt").write_text("7 8\n")
    (folder / "in_a_file.m").write_text("x = 9;\ny = x;\n")
    (folder / "assign_y.m").write_text("function assign_y(n)\n  assignin('base', 'y', n);\nend\n")
    (folder / "private").mkdir()
    (folder / "call_assign_y.m").write_text("function call_assign_y(n)\n  inner(n);\nend\n")
    (folder / "private" / "inner.m").write_text("function inner(n)\n  assign_y(n + 1);\nend\n")
    (folder / "add_to_g.m").write_text("function add_to_g(n)\n  global g\n  g = g + n;\nend\n")
    lines = ["global g = 0", "x = 1; y = 2; seen = {}; values = 0;"]
    first = []
    for text, n in fragments:
        first.append(len(lines) + 1)
        lines += text.format(n=n).split("\n")
        # What the script itself finds, in values that the recorder does not look at before.
        lines += ["seen{end + 1} = {x, g, 0}; if exist('y', 'var'), seen{end}{3} = y; end"]
        lines += ["if ~exist('y', 'var'), seen{end}{3} = 'none'; end"]
    golden = recorded(folder, end.join(lines))
    assert golden.error is None, golden.error
    starts = [one.line for one in golden.statements]
    assert len(starts) == 2 + 3 * len(fragments)
    seen = golden.variables()["seen"]
    for k, (x, g, y) in enumerate(seen):
        after = golden.variables(starts[2 + 3 * k])
        found = (after["x"], after["g"], after.get("y", "none"))
        for ours, theirs in zip(found, (x, g, y), strict=True):
            assert differences(ours, theirs, EXACT, fragments[k][0]) == ()


def test_lines_stacks_and_names_are_the_scripts_own(tmp_path: Path) -> None:
    (tmp_path / "thrower.m").write_text("function thrower()\n  error('a:b', 'thrown');\nend\n")
    text = """1;
function s = stack_of()
  s = dbstack();
end

a = argv(); p = program_name(); w = lastwarn();
n = mfilename(); f = mfilename('fullpath'); e = mfilename('fullpathext');
s = stack_of();

try
  thrower();
catch err
  frames = {err.stack.name}; lines = [err.stack.line]; files = {err.stack.file};
end
try,   undefined_thing, catch, end  % a comment
m = lasterr(); clear err
evalc('dbstack_text = 1;'); before = path();
x = 1; error('Some:id', 'last %d', 3)
"""
    golden = recorded(tmp_path, text, "näme it.m")
    values = golden.variables()
    script = str(tmp_path / "näme it.m")
    assert values["a"].shape == (0, 0) if hasattr(values["a"], "shape") else values["a"] == []
    assert values["p"] == "näme it.m"
    assert (values["n"], values["f"], values["e"]) == ("näme it", script[:-2], script)
    frames = values["s"].ravel()
    assert [frame["line"] for frame in frames] == [3, 8]
    assert [frame["file"] for frame in frames] == [script, script]
    assert list(values["frames"]) == ["thrower", "näme it"]
    assert values["lines"].tolist() == [[2, 11]]
    assert list(values["files"]) == [str(tmp_path / "thrower.m"), script]
    assert values["m"] == "'undefined_thing' undefined near line 15, column 8"
    assert values["w"] == ""
    assert "octave_compress" not in values["before"]
    assert golden.error is not None
    assert (golden.error.message, golden.error.identifier) == ("last 3", "Some:id")
    frame = golden.error.stack[-1]
    assert (frame.name, frame.file, frame.line, frame.column) == ("näme it", script, 18, 8)


def test_what_is_printed_is_what_plain_octave_prints(tmp_path: Path) -> None:
    text = "who\nx = 3\nx' % it's\n1:3,\necho on\ny = [1 2] % c\necho off\ndbstack\nz = 2\nwho\n"
    golden = recorded(tmp_path, text)
    (tmp_path / "octave_runs.m").write_text("script\n")
    command = [*octave_command(), "--no-init-file", "--quiet", "--no-gui", "octave_runs.m"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    ours = "".join(one.printed for one in golden.statements)
    plain = re.sub(r".*octave_runs.*\n", "", done.stdout)  # which has one frame more
    assert re.sub(" +", " ", ours) == re.sub(" +", " ", plain)


def test_plain_values_of_every_kind_are_kept(tmp_path: Path) -> None:
    golden = recorded(
        tmp_path,
        "c = {[], 1};\nd = {'', 1; \"\", {}};\ns = struct('a', []);\no = optimset('TolX', 1e-3);\n"
        "b = {9007199254740993};\nr = {0:3, eye(2), int8(1):int8(3)};\n"
        "e = cellfun(@(x) [], {1, 2}, 'UniformOutput', false);\nz = 1;",
    )
    values = golden.variables()
    assert golden.error is None
    assert golden.notes == ()
    assert differences(values["c"], oc.cells([np.zeros((0, 0)), 1.0]), EXACT, "c") == ()
    assert values["s"]["a"].shape == (0, 0)
    assert values["o"]["TolX"] == 1e-3
    assert values["b"] == [9007199254740992.0]
    assert values["r"][0].tolist() == [[0, 1, 2, 3]]
    assert values["r"][1].tolist() == [[1, 0], [0, 1]]
    assert values["r"][2].dtype == np.int8
    assert [one.shape for one in values["e"]] == [(0, 0), (0, 0)]
    assert load_golden(tmp_path / "golden.mat").variables().keys() == values.keys()


def test_one_value_that_cannot_be_read_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from octave_compress.octave import codec

    decode = codec.decode

    def unable(data: bytearray) -> object:
        if b"unheard of" in data:
            raise oc.InvalidTypeError("it is a unheard_of_type")
        return decode(data)

    monkeypatch.setattr(codec, "decode", unable)
    golden = recorded(tmp_path, "a = 1; c = {'unheard of'}; d = {2};\nb = 2;")
    values = golden.variables()
    assert (values["a"], values["b"], values["d"]) == (1, 2, [2])
    assert isinstance(values["c"], Opaque)
    assert "unheard_of_type" in values["c"].text


def test_objects_are_never_recorded_as_something_else(tmp_path: Path) -> None:
    (tmp_path / "Point.m").write_text("classdef Point\n  properties\n    x = 1;\n  end\nend\n")
    golden = recorded(
        tmp_path,
        "m = containers.Map('a', 1);\np = Point();\nc = {p, 2, struct('deep', m)};\n"
        "s.m = m; s.n = 3;\nt = struct('q', {1, @sin});\n",
    )
    values = golden.variables()
    assert golden.error is None
    assert [values[name].kind for name in "mp"] == ["containers.Map", "Point"]
    assert isinstance(values["c"][0], Opaque)
    assert values["c"][1] == 2
    assert values["c"][2]["deep"].kind == "containers.Map"
    assert values["s"]["m"].kind == "containers.Map"
    assert values["s"]["n"] == 3
    assert values["t"][0, 0]["q"] == 1
    assert values["t"][0, 1]["q"].kind == "function_handle"


def test_figures_without_a_display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("OCTAVE_EXECUTABLE", octave_command()[0])
    monkeypatch.setenv("PATH", "/none")  # no gnuplot
    (tmp_path / "no_fonts").write_text("<fontconfig></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "no_fonts"))
    golden = recorded(
        tmp_path,
        "h = figure; p = plot(1:3, 'r'); title('x'); hold on; legend('a');\nd = get(p, 'ydata');\n"
        "ok = ishandle(h); subplot(2, 1, 2); n = hist([1 2 2 3], 3); bar(n); print -dpng x.png\n"
        "a = axis(); surf(peaks(8)); colorbar; drawnow; saveas(h, 'y.png'); pause(0.01);\n"
        "close all\nstill = ishandle(h); x = 1;",
    )
    assert golden.error is None, golden.error
    assert [one.warnings for one in golden.statements] == [()] * 6
    values = golden.variables()
    assert (values["h"], values["ok"], values["still"], values["x"]) == (1, True, False, 1)
    assert values["d"].tolist() == [[1, 2, 3]]
    assert values["n"].tolist() == [[1, 2, 1]]
    assert not list(tmp_path.glob("*.png"))
    with pytest.raises(oc.InvalidValueError, match=r'GRAPHICS must be "ignore" or "draw"'):
        recorded(tmp_path, "x = 1;", graphics="no")


def test_answers_are_given_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "answers.txt").write_text("3 * 4\nword\n\nmaybe\nyes\nb = 7;\ndbcont\nq\n")
    golden = recorded(
        tmp_path,
        "a = input('How many? ');\ns = input('Which? ', 's'); e = input('');\n"
        "y = yes_or_no('Sure? ');\nkeyboard\nk = kbhit(); z = 1;\nf = input('More? ');",
        answers=tmp_path / "answers.txt",
    )
    values = golden.variables()
    assert (values["a"], values["s"], values["y"], values["b"]) == (12, "word", True, 7)
    assert values["e"].shape == (0, 0)
    assert (values["k"], values["z"]) == ("q", 1)
    assert golden.at(1).printed == "How many? 3 * 4\n"
    assert "b" in golden.at(4).changed
    assert golden.error is not None
    assert "input: nobody is at the keyboard" in golden.error.message
    with pytest.raises(oc.FileAccessError, match="cannot read"):
        recorded(tmp_path, "x = 1;", answers=tmp_path / "none.txt")


def test_what_a_killed_python_left_is_swept_and_what_lives_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "slow.m").write_text("f = fopen('begun', 'w'); fclose(f);\npause(60)\n")
    command = [sys.executable, "-m", "octave_compress", "record", "slow.m", "--out", "x.mat"]

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, cwd=tmp_path / "work")
        limit = time.monotonic() + 60
        while not (tmp_path / "work" / "begun").exists():
            assert time.monotonic() < limit
            time.sleep(0.02)
        (tmp_path / "work" / "begun").unlink()
        return process

    def folders() -> set[Path]:
        return set(tmp_path.glob("octave_compress_held_*"))

    with start() as dead:
        dead.send_signal(signal.SIGKILL)
    (left,) = folders()
    with start() as alive:
        assert left not in folders()
        (theirs,) = folders()
        recorded(tmp_path / "work", "x = 1;")
        assert folders() == {theirs}
        alive.send_signal(signal.SIGKILL)
    recorded(tmp_path / "work", "x = 1;")
    assert folders() == set()


def test_a_folder_that_hides_octaves_functions(tmp_path: Path) -> None:
    for name in ("fieldnames", "deal", "repmat", "ismember", "num2str", "strjoin", "load", "save"):
        (tmp_path / f"{name}.m").write_text(f"function {name}(varargin)\n  error('mine');\nend\n")
    golden = recorded(tmp_path, "s.a = {1, 'b'}; eval('x = 1;');\nclear x\ny = 2;")
    assert golden.error is None, golden.error
    assert sorted(golden.variables()) == ["s", "y"]
    assert golden.at(2).vanished == ("x",)


def test_a_script_that_clears_functions_and_forks(tmp_path: Path) -> None:
    golden = recorded(
        tmp_path,
        "x = 1;\nclear all\ny = 2;\nclear functions\nclear -f\nrestoredefaultpath;\nz = 3;\n"
        "w = input('?');",
    )
    assert sorted(golden.variables()) == ["ans", "y", "z"]
    assert golden.error is not None
    assert "nobody is at the keyboard" in golden.error.message


def test_large_values_are_not_looked_at_for_nothing(tmp_path: Path) -> None:
    """Each statement is written with what it changed, not with what it might have."""
    golden = recorded(tmp_path, "X = ones(300);\nX = ones(300);\nX(1) = 2;\ny = X(1); c = {X};\n")
    assert [sorted(one.changed) for one in golden.statements] == [["X"], [], ["X"], ["c", "y"]]
    assert golden.variables(3)["X"][0, 0] == 2
    assert golden.variables(2)["X"][0, 0] == 1
