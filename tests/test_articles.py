"""The articles' routines in Octave: what a line in their style does there, and what ours does.

One test a row of docs/errata.md. The lines are run by Octave as a script would run them.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat

import octave_compress as oc
from octave_compress.octave.locate import m_files, octave_command

pytestmark = pytest.mark.octave

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
COMPAT_NAMES = ("trainNetwork", "quantize", "mse", "optimize")

# Runs statements with the given variables, then evaluates the wanted expressions.
LISTING = """
function values__ = listing(code__, given__, wanted__)
  names__ = fieldnames(given__);
  for k__ = 1:numel(names__)
    eval([names__{k__}, ' = given__.(names__{k__});']);
  end
  eval(code__);
  values__ = cell(1, numel(wanted__));
  for k__ = 1:numel(wanted__)
    values__{k__} = eval(wanted__{k__});
  end
end
"""

Listing = Callable[..., Any]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[oc.Session]:
    folder = tmp_path_factory.mktemp("listing")
    (folder / "listing.m").write_text(LISTING)
    with oc.Session(timeout=120) as octave:
        octave.addpath(folder)
        octave.addpath(m_files() / "compat")
        yield octave


@pytest.fixture
def octave(session: oc.Session, tmp_path: Path) -> Listing:
    """Run Octave statements in an empty folder and return the wanted expressions' values."""
    session.call("cd", str(tmp_path), nout=0)

    def run(code: str, *wanted: str, **given: Any) -> Any:
        values = session.call("listing", code, given, list(wanted))
        return values[0] if len(wanted) == 1 else tuple(values)

    return run


def layered(*weights: Any) -> dict[str, Any]:
    return {"layers": [{"weights": np.atleast_2d(np.asarray(w, dtype=float))} for w in weights]}


# The errata, in the order of the page's table.


@pytest.mark.parametrize(
    "line",
    [
        "q = round(w 255) / 255;",
        "small = abs(w) < rate max(abs(w));",
        "copied = (w out) / out;",
        "energy = numel(w) 1e-6;",
    ],
)
def test_lost_asterisk(octave: Listing, line: str) -> None:
    given = {"w": np.array([[0.5, -1.0]]), "rate": 0.2, "out": 2.0}
    with pytest.raises(oc.OctaveError, match=r"(parse|syntax) error"):
        octave(line, **given)
    name, _, expression = line.rstrip(";").partition(" = ")
    mended = re.sub(r"(\w|\)) (?=\w)", r"\1 * ", expression)
    assert octave(f"{name} = {mended};", f"numel({name}) > 0", **given)


def test_train_network(octave: Listing) -> None:
    with oc.Session() as bare:
        assert [bare.call("exist", name) for name in COMPAT_NAMES] == [0, 0, 0, 0]
        with pytest.raises(oc.OctaveError, match="'trainNetwork' undefined"):
            bare.call("eval", "trainNetwork(rand(10, 1), rand(1, 1), [10, 1], 'adam', 'mse', 1);")

    train = "model = trainNetwork(rand(10, 1), rand(1, 1), [10, 5, 1], 'adam', 'mse', 100);"
    first, second, bias, output = octave(
        train, "size(model.W{1})", "size(model.W{2})", "size(model.b{1})", "size(model.trainOutput)"
    )
    assert np.ravel(first).tolist() == [5, 10]
    assert np.ravel(second).tolist() == [1, 5]
    assert np.ravel(bias).tolist() == [5, 1]
    assert np.ravel(output).tolist() == [1, 1]
    # Random weights, as the articles expect; the script's own seed makes them repeatable.
    again = f"rand('twister', 4); {train} a = model.W{{1}}; {train} b = model.W{{1}};"
    again += f"rand('twister', 4); {train} c = model.W{{1}};"
    assert octave(again, "[isequal(a, b), isequal(a, c)]").ravel().tolist() == [False, True]


def test_threshold_pruning(octave: Listing) -> None:
    w = np.array([[0.5, -0.009, 0.01, -2.0, 0.001]])
    listed = "kept = zeros(size(w)); mask = abs(w) < 0.01; kept(mask) = w(mask);"
    assert octave(listed, "kept", w=w).tolist() == [[0, -0.009, 0, 0, 0.001]]
    ours = octave("", "prune_threshold(w, 0.01)", w=w)
    assert ours.tolist() == [[0.5, 0, 0.01, -2.0, 0]]


def test_retraining_after_pruning(octave: Listing) -> None:
    train = "trainNetwork(X, Y, [3, 5, 1], 'adam', 'mse', 5)"
    listed = (
        "rand('twister', 1); X = rand(3, 40); Y = X(1, :) - X(2, :);"
        f"model = {train}; model.W{{1}}(1:2, :) = 0; pruned = model; model = {train};"
    )
    zeros = "sum(sum(%s.W{1} == 0))"
    assert octave(listed, zeros % "pruned", zeros % "model") == (6, 0)
    ours = listed + "model = retrain_model(pruned, X, Y, 'epochs', 5);"
    before, after = octave(ours, "pruned.W{1}", "model.W{1}")
    assert np.array_equal(after == 0, before == 0)
    assert np.all(after[2:] != before[2:])
    assert np.allclose(after[2:], before[2:], atol=0.05)  # further from there, not anew


def test_relative_pruning(octave: Listing) -> None:
    listed = "goes = abs(w) < 0.5 * max(abs(w));"
    w = np.array([[8.0, 0.3], [-1.0, 0.2], [np.nan, 0.1]])
    by_column = [[False, False], [True, False], [False, True]]
    assert octave(listed, "goes", w=w).tolist() == by_column
    # Along the row for a single neuron; NaN never sets the maximum and never goes.
    row = np.array([[8.0, 0.3, np.nan]])
    assert octave(listed, "goes", w=row).tolist() == [[False, True, False]]

    mask = "nthargout(2, @prune_relative, w, 0.5%s)"
    compared = mask % ", 'scope', 'column'"
    assert octave("", compared, w=w).tolist() == np.logical_not(by_column).tolist()
    assert octave("", compared, w=row).tolist() == [[True, False, True]]
    # What the text says: small beside the largest weight of all.
    assert octave("", mask % "", w=w).tolist() == [[True, False], [False, False], [True, False]]


def test_pruned_copy_is_not_saved(octave: Listing, tmp_path: Path) -> None:
    model = layered([[1.0, 0.1], [0.5, 0.2]])
    listed = (
        "weights = model.layers{1}.weights;"
        "weights(abs(weights) < 0.6 * max(abs(weights))) = 0;"
        "save('-v7', 'listed.mat', 'model');"
    )
    assert octave(listed, "nnz(weights)", model=model) == 2
    assert np.count_nonzero(oc.load(tmp_path / "listed.mat").layers[0].weights) == 4
    octave(
        "model = prune_model(model, 'rate', 0.4); save('-v7', 'ours.mat', '-struct', 'model');",
        model=model,
    )
    assert oc.load(tmp_path / "ours.mat").layers[0].weights.tolist() == [[1, 0], [0.5, 0]]


def test_neurons_are_pruned_too(octave: Listing) -> None:
    model = layered([[3.0, 4.0], [0.1, 0.0], [1.0, 1.0]], [[1.0, 2.0, 3.0]])
    # Zeros leave the matrices, and the time that they take, as they were.
    zeroed = "model.layers{1}.weights(abs(model.layers{1}.weights) < 0.5) = 0;"
    assert octave(zeroed, "size(model.layers{1}.weights)", model=model).ravel().tolist() == [3, 2]
    pruned = "model = prune_model(model, 'sparsity', 1 / 3, 'unit', 'neuron');"
    first, second = octave(
        pruned, "model.layers{1}.weights", "model.layers{2}.weights", model=model
    )
    assert first.tolist() == [[3, 4], [1, 1]]
    assert second.tolist() == [[1, 3]]


def test_grid_is_not_eight_bits(octave: Listing) -> None:
    listed = "q = round(w * 255) / 255;"
    for bound, levels in ((1, 511), (2, 1021)):
        w = np.linspace(-bound, bound, 20001)[None, :]
        assert octave(listed, "numel(unique(q))", w=w) == levels
        assert octave(listed, "sizeof(q) / sizeof(w)", w=w) == 1  # and no byte is saved
        q, codes, kind = octave("[q, codes] = quantize_grid(w);", "q", "codes", "class(codes)", w=w)
        assert np.array_equal(q, octave(listed, "q", w=w))
        assert kind == "int16"
        assert codes.min() == -255 * bound
        assert codes.max() == 255 * bound
    small = "model.W = {w}; model = quantize_model(model, 'scheme', 'grid');"
    assert octave(small, "model.bits{1}", w=np.array([[0.3, -1.0]])) == 9
    assert octave(small, "model.bits{1}", w=np.array([[0.3, -2.0]])) == 10
    eight = "[~, codes] = quantize_symmetric(w);"
    assert octave(eight, "class(codes)", w=np.array([[0.3, -2.0]])) == "int8"


def test_quantize(octave: Listing, tmp_path: Path) -> None:
    with oc.Session() as bare, pytest.raises(oc.OctaveError, match="'quantize' undefined"):
        bare.call("eval", "quantize(0.3, 8)")
    for name in ("weights", "activation"):
        with pytest.raises(oc.OctaveError, match=f"'{name}' undefined") as failure:
            octave(f"q = quantize({name}, 8);")
        assert failure.value.identifier == "Octave:undefined-function"

    w = [[-1.0, 0.4, 0.123456, 2.0]]
    listed = (
        "weights = model.layers{1}.weights; quant_weights = quantize(weights, 8);"
        "save('-v7', 'listed.mat', 'model');"
    )
    octave(listed, model=layered(w))
    assert oc.load(tmp_path / "listed.mat").layers[0].weights.tolist() == w

    wq, codes, scale, zero_point, kind = octave(
        "[wq, codes, scale, zero_point] = quantize(w, 8);",
        *("wq", "codes", "scale", "zero_point", "class(codes)"),
        w=np.array(w),
    )
    assert kind == "uint8"
    assert scale == pytest.approx(3 / 255)
    assert np.array_equal(wq, (codes.astype(float) - zero_point) * scale)
    assert np.abs(wq - w).max() <= scale / 2
    octave(
        "model = quantize_model(model, 'scheme', 'affine', 'activations', X);"
        "save('-v7', 'ours.mat', '-struct', 'model');",
        model=layered(w),
        X=np.eye(4),
    )
    saved = oc.load(tmp_path / "ours.mat").layers[0]
    assert saved.weights.tolist() == wq.tolist()
    assert saved.quantization is not None
    assert saved.quantization.codes.dtype == np.uint8
    assert saved.input_range is not None


def test_distilling_by_copying(octave: Listing) -> None:
    data = "rand('twister', 6); X = rand(10, 60); Y = X(1, :) .* X(2, :); x = X(:, 1); y = Y(1);"
    networks = (
        "large = trainNetwork(x, y, [10, 5, 1], 'adam', 'mse', 3);"
        "small = trainNetwork(x, y, [10, 1], 'adam', 'mse', 3);"
    )
    copying = (
        "for i = 1:numel(large.W)"
        "  small.W{i} = (large.W{i} * large.trainOutput) / large.trainOutput;"
        "end;"
    )
    listed = data + networks + copying
    drift = "max(abs(small.W{1}(:) - large.W{1}(:)))"
    assert octave(listed, drift) < 1e-14  # the large network's own weights,
    shapes = octave(listed, "size(small.W{1})", "size(small.W{2})", "size(small.b{1})")
    assert [np.ravel(shape).tolist() for shape in shapes] == [[5, 10], [1, 5], [1, 1]]
    with pytest.raises(oc.InvalidValueError, match="bias of layer 1 of MODEL must have 5 elements"):
        octave(listed + "predict_model(small, x);")
    with pytest.raises(oc.OctaveError, match="nonconformant"):  # more than one output or sample
        octave(listed + "large.trainOutput = [1, 2];" + copying)

    # The retraining that follows gives the same network whatever the teacher was.
    retraining = "rand('twister', 9); small = trainNetwork(x, y, [10, 1], 'adam', 'mse', 3);"
    other = networks.replace("large = ", "rand('twister', 8); large = ")
    mine, theirs = (
        octave(
            data + teacher + "large_w = large.W{1};" + copying + retraining, "large_w", "small.W{1}"
        )
        for teacher in (networks, other)
    )
    assert not np.array_equal(mine[0], theirs[0])
    assert np.array_equal(mine[1], theirs[1])

    ours = (
        data + "large = train_model(X, Y, [10, 5, 1], 'loss', 'mse', 'epochs', 60);"
        "student = distill_model(large, [10, 1], X, [], 'loss', 'mse', 'alpha', 1,"
        "'learning_rate', 0.01, 'epochs', %d);"
    )
    distance = "mse(predict_model(student, X), predict_model(large, X))"
    assert octave(ours % 200, distance) < octave(ours % 0, distance) / 10


def test_distilling_first_layers(octave: Listing) -> None:
    X = np.array([[1.0, 0.5], [2.0, -1.0]])
    large, small = layered(np.eye(2), [[1.0, 1.0]]), layered(np.eye(2), [[-5.0, 3.0]])
    outputs = (
        "for which = {'large', 'small'}"
        "  m = eval(which{1});"
        "  m.layers{1}.output = predict_model(struct('layers', {m.layers(1)}), X);"
        "  eval([which{1}, ' = m;']);"
        "end;"
    )
    listed = outputs + "loss = mse(large.layers{1}.output, small.layers{1}.output);"
    given = {"X": X, "large": large, "small": small}
    assert octave(listed, "loss", **given) == 0  # and yet they answer differently:
    answers = "mse(predict_model(large, X), predict_model(small, X))"
    assert octave("", answers, **given) > 1
    # Layers of two widths cannot be compared at all.
    with pytest.raises(oc.InvalidValueError, match="TARGETS must have 2 outputs and 2 samples"):
        octave(listed, X=X, large=large, small=layered([[1.0, 1.0]]))


def test_optimize(octave: Listing) -> None:
    given = {
        "X": np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]]),
        "large": layered([[2.0, -1.0]]),
        "small": layered([[0.5, 0.5]]),
    }
    target = "target = predict_model(large, X);"
    with pytest.raises(
        oc.InvalidTypeError, match=r"optimize: LOSS must be a function handle.*pass "
    ):
        octave(
            target + "loss = mse(predict_model(small, X), target);"
            "small = optimize(small, 'loss', loss);",
            **given,
        )
    handle = target + "loss = @(model) mse(predict_model(model, X), target);"
    thrown_away = handle + "optimize(small, 'loss', loss);"
    assert octave(thrown_away, "small.layers{1}.weights", **given).tolist() == [[0.5, 0.5]]
    kept = handle + "small = optimize(small, 'loss', loss);"
    weights, distance = octave(kept, "small.layers{1}.weights", "loss(small)", **given)
    assert weights == pytest.approx(np.array([[2.0, -1.0]]), abs=1e-3)
    assert distance < 1e-6
    # A gradient says the same, and a mask is held.
    with_gradient = (
        target + "loss = @(model) gradient_model(model, X, target);"
        "tuned = optimize(small, 'loss', loss);"
        "small.layers{1}.mask = [true, false]; held = optimize(small, 'loss', loss);"
    )
    tuned, held = octave(
        with_gradient, "tuned.layers{1}.weights", "held.layers{1}.weights", **given
    )
    assert tuned == pytest.approx(weights, abs=1e-3)
    assert held[0, 0] == pytest.approx(2.0, abs=1e-3)
    assert held[0, 1] == 0


def test_size(octave: Listing) -> None:
    size = "sum(cellfun(@(x) numel(x), %s))"
    with pytest.raises(oc.OctaveError, match="cellfun: C must be a cell array"):
        octave("", size % "pruned", pruned=np.zeros((1, 5)))
    model = layered([[0.5, 0.001], [0.002, 0.7]])
    listed = "W = {model.layers{1}.weights}; W{1}(abs(W{1}) < 0.01) = 0;"
    assert octave(listed, size % "W", model=model) == 4  # as before: zeros count
    counts = octave(
        "counts = count_model(prune_model(model, 'threshold', 0.01));", "counts", model=model
    )
    assert counts["parameters"] == 6
    assert counts["nonzeros"] == 2
    assert counts["bytes_dense"] == 6 * 8
    assert counts["bytes_sparse"] == (2 + 2) * 8 + 2 + 2  # weights, biases, columns, row ends


def test_accuracy_and_speed(octave: Listing) -> None:
    with pytest.raises(oc.OctaveError, match="cellfun: C must be a cell array"):
        octave("", "mean(cellfun(@(x) mean(x), out))", out=np.array([[0.1, 0.9]]))
    targets = np.eye(2)[:, [0, 1, 0]]
    right, wrong = 0.8 * targets + 0.1, 0.8 * targets[::-1] + 0.1
    for outputs, share in ((right, 1), (wrong, 0)):
        mean, ours = octave("", "mean(out(:))", "accuracy(out, T)", out=outputs, T=targets)
        assert mean == pytest.approx(0.5)  # the same for the best and the worst network
        assert ours == share
    seconds = octave("", "time_model(model, ones(2, 3))", model=layered([[1.0, 2.0]]))
    assert seconds.shape == (1, 30)
    assert seconds.min() > 0


def test_energy(octave: Listing) -> None:
    given = {"model": layered(np.ones((20, 20)))}
    listed = "size_of = numel(model.layers{1}.weights) + 20; listed = size_of * 1e-6;"
    ours = "dense = energy_model(model);pruned = energy_model(prune_model(model, 'sparsity', 0.9));"
    article, dense, pruned = octave(listed + ours, "listed", "dense", "pruned", **given)
    assert dense["proportional"] == pytest.approx(article)
    assert pruned["proportional"] == dense["proportional"]  # it does not see the zeros
    assert pruned["total_pj"] < dense["total_pj"] / 3
    assert dense["total_pj"] == pytest.approx(400 * 4.6 + 420 * 8 / 4 * 640 + 20 * 2 * 5)


def test_own_output_does_not_reload(octave: Listing, tmp_path: Path) -> None:
    model = layered([[1.0, 2.0]])
    listed = "save('-v7', 'pruned_model.mat', 'model'); model = load('pruned_model.mat');"
    assert octave(listed, "isfield(model, 'layers')", model=model) == 0
    with pytest.raises(oc.OctaveError, match="layers"):
        octave(listed + "weights = model.layers{1}.weights;", model=model)

    at_the_top = "save('-v7', 'top.mat', '-struct', 'model'); model = load('top.mat');"
    assert octave(at_the_top, "model.layers{1}.weights", model=model).tolist() == [[1, 2]]
    octave(
        "small_model = model; save('-v7', 'sole.mat', 'small_model');"
        "cells.W = {[1, 2]}; save('-v7', 'cells.mat', '-struct', 'cells');",
        model=model,
    )
    for name in ("pruned_model", "top", "sole", "cells"):
        assert oc.load(tmp_path / f"{name}.mat").layers[0].weights.tolist() == [[1, 2]]

    ours = tmp_path / "ours.mat"
    oc.save(ours, oc.load(tmp_path / "top.mat"))
    weights = octave("model = load('ours.mat');", "model.layers{1}.weights")
    assert weights.tolist() == [[1, 2]]
    assert ours.read_bytes().startswith(b"MATLAB 5.0 MAT-file")


@pytest.mark.parametrize("option", ["", "'-text', ", "'-binary', "])
def test_default_save_is_text(octave: Listing, tmp_path: Path, option: str) -> None:
    path = tmp_path / "model.mat"
    octave(f"save({option}'model.mat', 'model');", model=layered([[1.0, 2.0]]))
    assert path.read_bytes().startswith(
        b"Octave-1-L" if "binary" in option else b"# Created by Octave"
    )
    with pytest.raises((TypeError, ValueError)):
        loadmat(path)
    assert oc.load(path).layers[0].weights.tolist() == [[1, 2]]
    with pytest.raises(oc.ModelFileError, match="save it again with save -v7"):
        oc.load(path, backend="numpy")


def test_soft_targets(octave: Listing) -> None:
    logits = np.array([[4.0], [2.0], [0.0]])
    cold, hot = octave("", "soft_targets(z, 1)", "soft_targets(z, 8)", z=logits)
    assert cold == pytest.approx(np.exp(logits) / np.exp(logits).sum())
    assert hot.max() < 0.5 < cold.max()
    ours = (
        "rand('twister', 3); X = rand(4, 90); [~, k] = max(X(1:3, :)); I = eye(3); T = I(:, k);"
        "teacher = train_model(X, T, [4, 12, 3], 'epochs', 60);"
        "student = distill_model(teacher, [4, 3], X, [], 'temperature', 8, 'alpha', 1,"
        "'learning_rate', 0.02, 'epochs', %d);"
    )
    agreement = "accuracy(predict_model(student, X), predict_model(teacher, X))"
    assert octave(ours % 150, agreement) > 0.9 > octave(ours % 0, agreement)


def test_errata_page_names_these_tests() -> None:
    rows = (ROOT / "docs" / "errata.md").read_text(encoding="utf-8").splitlines()
    named = {
        name for row in rows if row.startswith("|") for name in re.findall(r"`(test_\w+)`", row)
    }
    present = {name for name in globals() if name.startswith("test_")}
    others = {name for name in present if "example" in name or "page" in name or "numbers" in name}
    assert named == present - others


# The examples.


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_octave(name: str, folder: Path) -> str:
    return run([*octave_command(), "--no-init-file", "--quiet", str(EXAMPLES / name)], folder)


def run_python(name: str, folder: Path, backend: str) -> str:
    command = [sys.executable, str(EXAMPLES / name)]
    return run(command, folder, OCTAVE_COMPRESS_BACKEND=backend)


def assert_same_numbers(first: list[str], second: list[str]) -> None:
    """Require the same lines: words alike, numbers within 1e-9."""
    assert len(first) == len(second)
    for line, other in zip(first, second, strict=True):
        words, others = line.replace(",", " ").split(), other.replace(",", " ").split()
        assert len(words) == len(others), (line, other)
        for word, counterpart in zip(words, others, strict=True):
            try:
                same = math.isclose(float(word), float(counterpart), rel_tol=1e-9)
            except ValueError:
                same = word == counterpart
            assert same, (line, other)


def numbers_of(text: str, *left_out: str) -> list[str]:
    """Return the lines that another run must repeat."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [line for line in lines if not line.strip().startswith(left_out)]


def test_numbers_are_compared() -> None:
    assert_same_numbers(["error 1.0 of x,"], ["error 1.0000000001 of x,"])
    for other in ("error 1.00000001, of x", "error 1.0 of y,", "error 1.0 of", "error one of x,"):
        with pytest.raises(AssertionError):
            assert_same_numbers(["error 1.0 of x,"], [other])
    with pytest.raises(AssertionError):
        assert_same_numbers(["a", "b"], ["a"])


@pytest.fixture(scope="module")
def edge_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return run_octave("edge_article.m", tmp_path_factory.mktemp("edge"))


@pytest.fixture(scope="module")
def deep_learning_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deep_learning")
    (folder / "output.txt").write_text(run_octave("deep_learning_article.m", folder))
    return folder


@pytest.mark.parametrize("backend", ["octave", "numpy"])
def test_edge_example(tmp_path: Path, edge_text: str, backend: str) -> None:
    in_octave = numbers_of(edge_text, "measured")
    in_python = numbers_of(run_python("edge_article.py", tmp_path, backend), "measured")
    assert len(in_octave) == 5 + 6 * 5
    assert_same_numbers(in_octave, in_python)


@pytest.mark.parametrize("backend", ["octave", "numpy"])
def test_deep_learning_example(tmp_path: Path, deep_learning_folder: Path, backend: str) -> None:
    text = (deep_learning_folder / "output.txt").read_text()
    in_python = numbers_of(run_python("deep_learning_article.py", tmp_path, backend))
    assert_same_numbers(numbers_of(text, "optimize"), in_python)
    found = re.search(r"optimize +distance (\S+) before, (\S+) after", text)
    assert found is not None
    assert float(found[2]) < float(found[1])

    for name in ("model", "pruned_model", "quantized_model", "distilled_model"):
        ours, theirs = (
            oc.load(folder / f"{name}.mat") for folder in (deep_learning_folder, tmp_path)
        )
        assert ours.sizes == theirs.sizes
        for layer, other in zip(ours.layers, theirs.layers, strict=True):
            floor = 1e-12 * np.abs(layer.weights).max()
            np.testing.assert_allclose(layer.weights, other.weights, rtol=1e-9, atol=floor)
            np.testing.assert_allclose(layer.bias, other.bias, rtol=1e-9, atol=floor)
            assert layer.activation == other.activation
            assert (layer.mask is None) == (other.mask is None)
            if layer.mask is not None and other.mask is not None:
                assert np.array_equal(layer.mask, other.mask)
            assert (layer.quantization is None) == (other.quantization is None)
            if layer.quantization is not None and other.quantization is not None:
                assert np.array_equal(layer.quantization.codes, other.quantization.codes)


def test_quickstart_example_in_octave(tmp_path: Path) -> None:
    text = run_octave("quickstart.m", tmp_path)
    rows = [line.split("|") for line in text.splitlines() if re.match(r"[a-z].*\|.*%.*\+-", line)]
    accuracy = {row[0].split("  ")[0]: float(row[2].split()[0]) for row in rows}
    names = ["teacher", "pruned connections", "pruned neurons", "pruned, 8 bits"]
    assert list(accuracy) == [*names, "small, alone", "small, distilled"]
    assert min(accuracy.values()) > 90
    folder = tmp_path / "quickstart-output"
    teacher, pruned = oc.load(folder / "model.mat"), oc.load(folder / "pruned_model.mat")
    assert oc.load(folder / "distilled_model.mat").sizes == (64, 16, 10)
    for layer, full in zip(pruned.layers, teacher.layers, strict=True):
        assert np.count_nonzero(layer.weights) == full.weights.size - round(0.8 * full.weights.size)
    stored = loadmat(folder / "quantized_model.mat")["layers"][0, 0]
    assert stored["codes"][0, 0].dtype == np.int8
    assert "weights" not in stored.dtype.names
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert sizes["quantized_model.mat"] < sizes["pruned_model.mat"] < sizes["model.mat"]


def test_quickstart_example_in_python(tmp_path: Path) -> None:
    text = run_python("quickstart.py", tmp_path, "octave")
    for name in ("teacher", "pruned", "8 bits", "student"):
        assert re.search(rf"^{name} .*\d %", text, re.MULTILINE)
    first = oc.load(tmp_path / "quantized_model.mat").layers[0]
    assert first.quantization is not None
    assert first.quantization.codes.dtype == np.int8
