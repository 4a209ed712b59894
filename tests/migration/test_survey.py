"""What the survey of a script says, and that it is never confidently wrong."""

from __future__ import annotations

import glob
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import octave_compress as oc
from octave_compress.lexer import read
from octave_compress.migration import Survey, survey, survey_text
from octave_compress.migration.survey import CONSTRUCTS
from octave_compress.migration.tables import CALLS, NUMPY, OF_NAMES, PLAIN, TRAPS, WORDS
from octave_compress.octave import default_session
from octave_compress.random import OctaveRandom

ROOT = Path(__file__).resolve().parents[2]


def words(text: str) -> list[list[str]]:
    statements, doubts = read(text)
    assert doubts == []
    return [[token.text for token in one.tokens] for one in statements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = b'; c = 'd'", [["a", "=", "b", "'"], ["c", "=", "d"]]),
        ("x = [a' b' 'c']", [["x", "=", "[", "a", "'", "b", "'", "c", "]"]]),
        ("x = [a 'b']; y = a ';", [["x", "=", "[", "a", "b", "]"], ["y", "=", "a", "'"]]),
        ("x = {1, 'it''s'}'", [["x", "=", "{", "1", ",", "it's", "}", "'"]]),
        ("x = f(1)'.*y'", [["x", "=", "f", "(", "1", ")", "'", ".*", "y", "'"]]),
        ("x(end)' ", [["x", "(", "end", ")", "'"]]),
        ("s = \"a % b\"; % c\nt = '# d'; # e", [["s", "=", "a % b"], ["t", "=", "# d"]]),
        ("x = 1 + ... why\n  2", [["x", "=", "1", "+", "2"]]),
        ("%{\n x = 1\n %{\n %}\n%}\ny = 2", [["y", "=", "2"]]),
        ("x = [1 %{\n 2]", [["x", "=", "[", "1", ";", "2", "]"]]),
        (
            "x = 1.'; y = 1./2; z = 1e-3i",
            [["x", "=", "1", ".'"], ["y", "=", "1", "./", "2"], ["z", "=", "1e-3i"]],
        ),
        ("hold on", [["hold", "on"]]),
        ("a = 1; a -1", [["a", "=", "1"], ["a", "-", "1"]]),
        ("a -1", [["a", "-1"]]),
        ("a - 1", [["a", "-", "1"]]),
        ("a == b", [["a", "==", "b"]]),
        ("save -v7 'my file.mat' x; y = 1", [["save", "-v7", "my file.mat", "x"], ["y", "=", "1"]]),
        ("disp hello, disp 'a, b' % c", [["disp", "hello"], ["disp", "a, b"]]),
        ("m = [1, 2\n 3, 4];", [["m", "=", "[", "1", ",", "2", ";", "3", ",", "4", "]"]]),
        (
            "s.end = 1; s.('a').b",
            [["s", ".", "end", "=", "1"], ["s", ".", "(", "a", ")", ".", "b"]],
        ),
        ('x = "a ""b"" \\" c"; y = 1', [["x", "=", 'a "b" \\" c'], ["y", "=", "1"]]),
        ('x = ["one \\\n two", 3]; y', [["x", "=", "[", "one \\", ",", "3", "]"], ["y"]]),
    ],
)
def test_words(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@given(st.text(alphabet="ab1 =+-*/'\"()[]{}%#;,.\n\\@!~&|<>:", max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(str(survey_text(text)), str)


@given(st.text(max_size=60))
def test_any_letters_are_read(text: str) -> None:
    assert isinstance(str(survey_text(text)), str)


def octave_files() -> list[str]:
    folders = ["/usr/share/octave/*/m/**/*.m", "/usr/share/octave/packages/**/*.m"]
    return sorted(name for folder in folders for name in glob.glob(folder, recursive=True))


def test_files_that_octave_takes_hold_no_lost_operators() -> None:
    """Octave's own files, and ours: whatever is found wrong in them is wrong here."""
    files = [*map(str, (ROOT / "m_files").rglob("*.m")), *octave_files()]
    assert len(files) > 90
    for file in files:
        found = survey(file)
        assert "lost_asterisk" not in found.traps, file
        unread = [text for _, text in found.doubts if "does not end" in text or "closed" in text]
        assert unread == [], file


CLASS = """classdef (Abstract, Sealed = true) Net < handle & Layer
  properties (SetAccess = private, GetAccess = public)
    width (1,1) double = 2
  endproperties
  enumeration
    Few (1)
  end
  methods (Static)
    function y = f(x)
      if x > 0
        y = round(x 255);
      end
    end
  endmethods
  events (ListenAccess = public)
    Changed
  end
endclassdef
"""


def test_only_the_methods_of_a_class_are_read() -> None:
    found = survey_text(CLASS)
    assert found.traps["lost_asterisk"] == (11,)
    assert found.unknown == {}
    assert found.doubts == ((1, "only the methods of a class are read"),)
    script = CLASS.replace("classdef", "x = 1; disp")
    assert 3 in survey_text(script).traps["lost_asterisk"]


LISTING = """rand('twister', 3);
model = load('model.mat');
weights = model.layers{1}.weights;
threshold = prune_rate max(abs(weights));
mask = abs(weights) < 0.01;
weights = weights .* mask;
q = round(weights(:, 1) * 255) / 255;
save('pruned.mat', 'model');
accuracy = mean(outputs);
size_of = sum(cellfun(@(x) numel(x), w_list));
model = trainNetwork(X, Y, [10, 5, 1], 'adam', 'mse', 100);
[w, mask] = prune_relative(weights, 0.5, 'scope', 'column');
m = prune_model(model, 'sparsity', 0.8);
e = mse(a, b);
mystery(3);
"""


def test_a_listing() -> None:
    found = survey_text(LISTING, beside=["helper"])
    python = {one.line: one.python for one in found.suggestions}
    assert python[1] == "random = OctaveRandom(3)"
    assert python[2] == "model = oc.load('model.mat')"
    assert python[11] == (
        "model = oc.train(X, Y, layers=[10, 5, 1], solver='adam', loss='mse', epochs=100, seed=...)"
    )
    assert python[12] == "w, mask = oc.ops.prune_relative(weights, 0.5, scope='column')"
    assert python[13] == "m = oc.prune(model, sparsity=0.8)"
    assert python[14] == "e, _ = oc.ops.loss_mse(a, b)"
    lines = {
        "lost_asterisk": (4,),
        "inverted_mask": (6,),
        "max_per_column": (4,),
        "grid": (7,),
        "round": (7,),
        "mean_accuracy": (9,),
        "cellfun": (10,),
        "load_shape": (2,),
        "save_text": (8,),
        "index": (3,),
    }
    assert {name: found.traps[name] for name in lines} == lines
    assert found.unknown["mystery"] == (15,)
    text = str(found)
    for part in ("line 4: An operator is missing", "mystery (line 15)", "w, mask = oc.ops."):
        assert part in text


@pytest.mark.parametrize(
    ("trap", "text"),
    [
        ("inverted_mask", "w = w .* (abs(w) < t);"),
        ("inverted_mask", "w *= abs(w) <= t;"),
        ("lost_asterisk", "x = 3 b;"),
        ("lost_asterisk", "x = f(w 255);"),
        ("grid", "q = round(255 * w) ./ 255;"),
        ("ddof", "s = std(x);"),
        ("ties", "[s, k] = sort(x, 'descend');"),
        ("nan_max", "m = max(x);"),
        ("first_dimension", "s = sum(x);"),
        ("integers", "x = uint8(y) + 3;"),
        ("single", "x = single(y);"),
        ("column_major", "x = reshape(y, 2, 3);"),
        ("column_major", "x = 1; y = x(:);"),
        ("index", "x = 1; y = x(1);"),
        ("transpose", "x = 1; y = x';"),
        ("matrix_product", "y = a * b;"),
        ("division", "y = a / b;"),
        ("power", "y = a ^ b;"),
        ("copy", "a = 1; b = a;"),
        ("load_blind", "load model.mat"),
        ("load_blind", "load('model.mat');"),
        ("save_text", "save model.mat model"),
        ("eval", "eval('x = 1;');"),
        ("random", "x = randn(3, 2);"),
        ("find", "k = find(x);"),
        ("unique", "u = unique(x);"),
    ],
)
def test_traps_are_seen(trap: str, text: str) -> None:
    assert trap in survey_text(text).traps


@pytest.mark.parametrize(
    ("trap", "text"),
    [
        ("inverted_mask", "w = w .* (abs(w) >= t);"),
        ("inverted_mask", "mask = abs(w) < t; w(mask) = 0;"),
        ("inverted_mask", "mask = abs(w) < t; mask = ~mask; w = w .* mask;"),
        ("lost_asterisk", "x = [a b 'c' -1 (2)];"),
        ("lost_asterisk", "f = @(x) sum(x); g = {@(y) y, 2};"),
        ("lost_asterisk", "if (x) y = 2; end, disp hello, for k = 1:3 disp(k); end"),
        ("lost_asterisk", "x = a (1); y = [a' b'];"),
        ("max_per_column", "t = max(abs(w(:)));"),
        ("max_per_column", "t = max(abs(w), [], 2);"),
        ("grid", "q = round(w * 100) / 100;"),
        ("mean_accuracy", "accuracy = mean(p == y);"),
        ("save_text", "save('-v7', 'm.mat', 'model');"),
        ("save_text", "save -v7 m.mat model"),
        ("load_blind", "m = load('m.mat');"),
        ("nan_max", "max = 3; x = max(2);"),
        ("round", "round = 2; y = round;"),
        ("division", "x = y / 2;"),
        ("matrix_product", "x = 2 * y;"),
        ("transpose", "x = 'it''s';"),
        ("eval", "% eval('x')"),
    ],
)
def test_traps_that_are_not_there(trap: str, text: str) -> None:
    assert trap not in survey_text(text).traps


def test_variables_are_not_called() -> None:
    found = survey_text(
        "mse = 3; x = mse(1); for load = 1:2, y = load; end\nf = @(train_model) train_model;"
    )
    assert found.suggestions == ()
    assert found.unknown == {}
    found = survey_text("x = quantize(w, 8);\nquantize = 3;")
    assert found.suggestions == ()
    assert found.doubts == (
        (1, "quantize is used as a function here and is a variable from line 2 on"),
    )


def test_forms_that_are_not_sure() -> None:
    found = survey_text(
        "m = prune_model(model, 'sparsty', 0.8);\nr = prune_model(m, options{:});\n"
    )
    assert [one.python for one in found.suggestions] == [
        "m = oc.prune(model, ...)",
        "r = oc.prune(m, ...)",
    ]
    assert found.doubts[0] == (1, "prune_model has no option sparsty that is known here")
    found = survey_text("w = prune_threshold(f(2) + 1, 0.1) * 2;\nrand('seed', 3);")
    assert found.suggestions[0].python == "oc.ops.prune_threshold(..., 0.1)  # returns 2 values"
    assert "unless it is 'twister' or 'state'" in found.suggestions[1].note
    found = survey_text(
        "w = quantize_symmetric(v, 'axis', 1);\nw = quantize_symmetric(v, 'axis', a);"
    )
    assert [one.python for one in found.suggestions] == [
        "w, _, _, _ = oc.ops.quantize_symmetric(v, axis=0)",
        "w, _, _, _ = oc.ops.quantize_symmetric(v, axis=...)",
    ]


def test_own_functions_and_files(tmp_path: Path) -> None:
    (tmp_path / "helper.m").write_text("function helper(), end")
    script = tmp_path / "größe.m"
    script.write_text("1;\nfunction y = local(x)\n  y = x;\nend\nz = local(helper(2));\n")
    found = survey(script)
    assert found.own == {"local": (5,), "helper": (5,)}
    assert found.unknown == {}
    script.write_bytes("x = 'größe';".encode("latin-1"))
    assert isinstance(survey(script), Survey)
    with pytest.raises(oc.FileAccessError, match="cannot read"):
        survey(tmp_path / "none.m")


def test_the_examples_have_python_forms_for_every_operation() -> None:
    found = survey(ROOT / "examples" / "edge_article.m")
    assert found.unknown == {}
    python = (ROOT / "examples" / "edge_article.py").read_text()
    for line in (
        "pruned = oc.prune(model, threshold=threshold)",
        "eight_bits = oc.quantize(pruned, bits=8, activations=X)",
    ):
        assert line in python
        assert line in {one.python for one in found.suggestions}


def test_tables_agree_with_each_other() -> None:
    assert set(OF_NAMES) <= set(NUMPY) | set(WORDS) | set(CALLS) | PLAIN
    used = {trap for traps in OF_NAMES.values() for trap in traps} | {
        name for name, _ in CONSTRUCTS
    }
    assert used == set(TRAPS)
    assert set(CALLS) <= set(WORDS)
    for form in CALLS.values():
        numbers = {int(k) for k in re.findall(r"\{(\d)\}", form.python)}
        assert numbers == set(range(form.arguments))


@pytest.mark.octave
def test_every_form_names_a_function_of_octave() -> None:
    session = default_session()
    folder = str(ROOT / "m_files" / "compat")
    for name in (*NUMPY, *CALLS, *WORDS, *OF_NAMES):
        here = (Path(folder) / f"{name}.m").exists()
        assert here or session.call("exist", name) in (2, 5, 103), name


@pytest.mark.octave
def test_what_the_traps_say_is_so() -> None:
    """Each claim about Octave, asked of Octave; and the Python side of it, of NumPy."""
    call = default_session().call
    assert (call("round", 2.5), np.round(2.5)) == (3, 2)
    assert call("plus", np.uint8(200), 100) == 255
    assert call("idivide", np.int32(7), np.int32(2)) == 3
    A = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(call("reshape", A, 1, 4), A.reshape(1, 4, order="F"))
    assert call("std", np.array([1.0, 2, 4])) == pytest.approx(np.std([1, 2, 4], ddof=1))
    assert call("max", A).tolist() == [[3, 4]]
    assert call("max", A[:1]) == 2
    assert call("max", np.array([1, np.nan])) == 1
    assert np.fmax.reduce([1, np.nan]) == 1
    assert np.array_equal(call("ctranspose", A * 1j), (A * 1j).conj().T)
    values, order = call("sort", np.array([2.0, 1, 2, np.nan]), "descend", nout=2)
    assert order.tolist() == [[4, 1, 3, 2]]
    assert np.isnan(values[0, 0])
    assert call("plus", np.float32([1, 2]), 1.5).dtype == np.float32
    assert call("unique", np.array([7.0, 5, 5])).ravel().tolist() == [5, 7]
    assert call("unique", np.array([5.0, 5, 7]), nout=2)[1].ravel()[1] == 3
    assert call("find", np.array([[0.0, 1], [1, 0]])).ravel().tolist() == [2, 3]
    assert call("mod", 5, 0) == 5
    found = call("quantile", np.array([[1.0], [2], [4], [9]]), 0.3)
    assert found == pytest.approx(np.quantile([1, 2, 4, 9], 0.3, method="hazen"))
    assert sorted(OctaveRandom(3).randperm(4).ravel()) == [0, 1, 2, 3]
