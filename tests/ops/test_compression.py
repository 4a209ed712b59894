"""Training that prunes and shares weights, against counts, hand-worked values and itself."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from octave_compress import InvalidValueError, Model, Session, ops
from octave_compress.demo import digits
from octave_compress.ops.sharing import short_numbers

BACKENDS = pytest.mark.parametrize(
    "backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)]
)
TRAIN, VALIDATION, _ = digits()
DATA = (TRAIN.X, TRAIN.y, VALIDATION.X, VALIDATION.y)


@cache
def trained() -> Model:
    """A network that knows the digits."""
    return ops.train_model(
        TRAIN.X, TRAIN.y, [64, 40, 20, 10], epochs=20, dtype="float32", backend="numpy"
    )


def accuracy(model: Model, backend: Any = "numpy") -> float:
    outputs = ops.predict_model(model, VALIDATION.X, backend=backend)
    return float(ops.accuracy(outputs, VALIDATION.y, backend="numpy"))


def same(a: Model, b: Model) -> bool:
    return all(
        np.array_equal(one.weights, two.weights) and np.array_equal(one.bias, two.bias)
        for one, two in zip(a.layers, b.layers, strict=True)
    )


@pytest.fixture(scope="module", params=["numpy", pytest.param("octave", marks=pytest.mark.octave)])
def small(request: Any) -> Model:
    return ops.deep_compress_model(
        trained(), *DATA, density=0.2, k=6, bias_levels=8, epochs=30, backend=request.param
    )


def test_what_comes_out_is_small_and_still_right(small: Model) -> None:
    assert accuracy(small) > accuracy(trained()) - 0.04
    for layer in small.layers:
        held = layer.quantization
        assert held is not None
        assert held.codebook is not None
        assert held.codebook.size <= 7
        assert np.count_nonzero(held.codebook) <= 6
        assert np.array_equal(layer.mask, layer.weights != 0)
    biases = np.concatenate([layer.bias for layer in small.layers])
    assert np.unique(biases).size <= 8 + 1  # constants of dead neurons are folded in before that


def test_the_density_is_kept_and_divided_by_sizes(small: Model) -> None:
    wanted = np.array([0.2 * 3560 * (i + o) / 194 for i, o in ((64, 40), (40, 20), (20, 10))])
    kept = np.array([np.count_nonzero(layer.weights) for layer in small.layers])
    # Dead neurons take their connections along.
    assert (kept <= np.round(wanted) + 1).all()
    assert kept.sum() > 0.9 * 0.2 * 3560


def test_no_neuron_is_dead_and_the_fullest_come_first(small: Model) -> None:
    for layer, following in zip(small.layers[:-1], small.layers[1:], strict=True):
        fan_in = np.count_nonzero(layer.weights, axis=1)
        assert fan_in.min() > 0
        assert (np.diff(fan_in) <= 0).all()
        assert np.count_nonzero(following.weights, axis=0).min() > 0


def test_numbers_take_a_byte(small: Model) -> None:
    biases = np.concatenate([layer.bias for layer in small.layers])
    for array in (biases, *(layer.weights for layer in small.layers)):
        whole = array.astype(np.float64) * 2.0 ** (8 - math.frexp(np.abs(array).max())[1])
        assert np.array_equal(whole, np.round(whole))
        assert np.abs(whole).max() <= 256


@given(hnp.arrays(np.float64, st.integers(0, 9), elements=st.floats(-7e4, 7e4)))
@example(np.array([511.0, 1.0]))  # rounded up to a power of two
def test_short_numbers_are_near(x: Any) -> None:
    found = short_numbers(x)
    largest = np.abs(x).max(initial=0.0)
    assert (np.abs(found - x) <= largest / 256).all()
    assert np.array_equal(short_numbers(found), found)


_SHORT = [
    # The largest is above 1 and at most 2, so the step is 2 ** (1 - 8) = 1 / 128.
    (
        [1.5, 0.51 / 128, -0.5 / 128, 0.49 / 128, 100.5 / 128],
        [1.5, 1 / 128, -1 / 128, 0.0, 101 / 128],
    ),
    ([2.0, 0.75 / 128], [2.0, 1 / 128]),
    # 255.5 and 0.5 steps of 2. The answer has the same step, so that it stays as it is.
    ([511.0, 1.0], [512.0, 2.0]),
    ([512.0, 2.0], [512.0, 2.0]),
    ([5e-324, 0.0], [5e-324, 0.0]),
    ([0.0, 0.0], [0.0, 0.0]),
]


def test_short_numbers_by_hand() -> None:
    for x, expected in _SHORT:
        assert short_numbers(np.array(x)).tolist() == expected


@pytest.mark.octave
def test_octave_shortens_numbers_alike(functions: Path, tmp_path: Path) -> None:
    shutil.copy(functions / "private" / "short_numbers.m", tmp_path)  # private: hidden where it is
    with Session() as octave:
        octave.addpath(tmp_path)
        for x, expected in _SHORT:
            assert octave.call("short_numbers", np.array(x)).tolist() == [expected]


@BACKENDS
def test_the_teacher_teaches(backend: Any) -> None:
    """With labels of no use, what the student knows comes from the teacher."""
    student = ops.train_model(TRAIN.X, TRAIN.y, [64, 30, 10], epochs=0, backend="numpy")
    options: dict[str, Any] = {"density": 1, "bits": 8, "epochs": 15, "backend": backend}
    nonsense = (TRAIN.X, np.zeros(len(TRAIN.X)), VALIDATION.X, VALIDATION.y)
    taught = ops.deep_compress_model(
        student, *nonsense, teacher=trained().astype("float64"), alpha=1, **options
    )
    alone = ops.deep_compress_model(student, *nonsense, alpha=1, **options)
    assert accuracy(taught) > 0.9
    assert accuracy(alone) < 0.5


@BACKENDS
def test_locality_makes_positions_cheaper(backend: Any) -> None:
    def touched(locality: float) -> int:
        model = ops.deep_compress_model(
            trained(), *DATA, density=0.1, epochs=6, locality=locality, backend=backend
        )
        inputs = int(model.layers[0].weights.any(axis=0).sum())
        return inputs + sum(model.sizes[1:-1])

    assert touched(1.0) < touched(0.0)


@BACKENDS
def test_a_callback_stops_it_and_the_result_is_whole(backend: Any) -> None:
    seen: list[dict[str, float]] = []

    def stop(info: dict[str, float]) -> bool:
        seen.append(info)
        return info["epoch"] == 4

    model = ops.deep_compress_model(
        trained(), *DATA, density=0.2, k=3, epochs=20, callback=stop, backend=backend
    )
    assert [info["epoch"] for info in seen] == [1, 2, 3, 4]
    assert {info["epochs"] for info in seen} == {20}
    assert max(np.unique(layer.weights).size for layer in model.layers) <= 4


WORK = """
import sys
from octave_compress import ops
sys.path[:0] = {paths!r}
from ops.test_compression import DATA, OPTIONS, trained
ops.deep_compress_model(
    trained(), *DATA, **OPTIONS, checkpoint={path!r}, backend={backend!r},
    callback=lambda info: print(int(info["epoch"]), flush=True),
)
"""
OPTIONS: dict[str, Any] = {"density": 0.2, "k": 4, "epochs": 12, "seed": 3, "view_epochs": 2}
AUGMENT: dict[str, Any] = {"shift": 1, "batch_size": 64}
OPTIONS["augment"] = AUGMENT


@BACKENDS
@pytest.mark.parametrize("epoch", [3, 8, 11])
def test_killed_work_goes_on_from_the_checkpoint(backend: Any, epoch: int, tmp_path: Path) -> None:
    path = tmp_path / "work.checkpoint"
    tests = str(Path(__file__).parents[1])
    text = WORK.format(paths=[tests, str(Path(tests).parent)], path=str(path), backend=backend)
    with subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == epoch:
                break
        os.kill(process.pid, signal.SIGKILL)
    time.sleep(0.2)  # its Octave ends, too
    assert path.exists()
    seen: list[float] = []
    resumed = ops.deep_compress_model(
        trained(),
        *DATA,
        **OPTIONS,
        checkpoint=str(path),
        backend=backend,
        callback=lambda info: seen.append(info["epoch"]),
    )
    assert seen[0] > 1
    assert seen[-1] == 12
    assert not path.exists()
    assert same(resumed, ops.deep_compress_model(trained(), *DATA, **OPTIONS, backend=backend))


@BACKENDS
def test_the_checkpoint_of_other_work_is_refused(backend: Any, tmp_path: Path) -> None:
    path = tmp_path / "work.checkpoint"

    class Stopped(Exception):
        pass

    def stop(info: dict[str, float]) -> None:
        if info["epoch"] == 4:
            raise Stopped

    call = (trained(), *DATA)
    common: dict[str, Any] = {"epochs": 12, "checkpoint": str(path), "backend": backend}
    with pytest.raises(Stopped):
        ops.deep_compress_model(*call, density=0.2, **common, callback=stop)
    assert path.exists()
    with pytest.raises(InvalidValueError, match="CHECKPOINT must be a file of a call with the"):
        ops.deep_compress_model(*call, density=0.3, **common)
    path.write_bytes(b"something else")
    with pytest.raises(InvalidValueError, match="CHECKPOINT must be a file of a call with the"):
        ops.deep_compress_model(*call, density=0.2, **common)


@BACKENDS
@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize("regrow", [False, True])
def test_gradual_pruning_meets_its_target(backend: Any, scope: str, regrow: bool) -> None:
    pruned = ops.gradual_prune_model(
        trained(),
        TRAIN.X,
        TRAIN.y,
        0.9,
        scope=scope,
        regrow=regrow,
        epochs=15,
        learning_rate=0.003,
        backend=backend,
    )
    counts = [int(layer.mask.sum()) for layer in pruned.layers if layer.mask is not None]
    if scope == "layer":
        assert counts == [256, 80, 20]
    else:
        assert sum(counts) == 356
    assert accuracy(pruned) > 0.85
    at_once = ops.prune_model(trained(), sparsity=0.9, scope=scope, backend="numpy")
    assert accuracy(pruned) > accuracy(at_once) + 0.2


@BACKENDS
def test_the_cubic_schedule_sets_the_pace(backend: Any) -> None:
    """After half of the rounds, 1 - 1/8 of the way from the first sparsity to the last is done."""
    half = ops.gradual_prune_model(
        trained(),
        TRAIN.X,
        TRAIN.y,
        0.8,
        until=1.0,
        epochs=10,
        callback=lambda info: info["epoch"] == 5,
        backend="numpy",
    )
    # A run that is stopped is pruned to the end all the same.
    assert [int(layer.mask.sum()) for layer in half.layers if layer.mask is not None] == [
        512,
        160,
        40,
    ]


@BACKENDS
@pytest.mark.parametrize("update", ["centroid", "straight_through"])
def test_shared_weights_learn_and_stay_shared(backend: Any, update: str) -> None:
    shared = ops.share_model(
        ops.prune_model(trained(), sparsity=0.7, backend="numpy"), k=3, backend="numpy"
    )
    rate = 0.001 if update == "straight_through" else 0.002
    tuned = ops.retrain_shared_model(
        shared, TRAIN.X, TRAIN.y, update=update, epochs=8, learning_rate=rate, backend=backend
    )
    assert accuracy(tuned) > accuracy(shared)
    for before, after in zip(shared.layers, tuned.layers, strict=True):
        assert np.unique(after.weights).size <= 4
        assert np.array_equal(after.weights == 0, before.weights == 0)
        if update == "centroid":
            for level in np.unique(before.weights):
                assert np.unique(after.weights[before.weights == level]).size == 1


@BACKENDS
def test_dropout_keeps_the_mean(backend: Any) -> None:
    """Gradient descent on linear units: each input arrives half of the time, doubled."""
    model = Model.from_arrays([np.zeros((1, 4000)), [[1.0]]], None, ["linear", "linear"])
    X = np.ones((1, 4000))
    # Weights move by rate * 2 * error * input: 0 where an input was left out, else 0.25 * 2 * 2.
    tuned = ops.retrain_model(
        model_with_mask(model),
        X,
        [1.0],
        epochs=1,
        solver="sgd",
        learning_rate=0.25,
        dropout=[0.5, 0],
        backend=backend,
    )
    moved = tuned.layers[0].weights
    assert set(np.unique(moved)) == {0.0, 1.0}
    assert abs(np.mean(moved == 0) - 0.5) < 0.05


def model_with_mask(model: Model) -> Model:
    """Return the model with zeros that are weights, not pruned connections."""
    from dataclasses import replace

    return Model(
        tuple(replace(layer, mask=np.ones_like(layer.weights, bool)) for layer in model.layers)
    )


@BACKENDS
def test_a_cosine_ends_at_zero(backend: Any) -> None:
    """One sample, one weight: each step takes a share of the error that the cosine sets."""
    model = Model.from_arrays([[[1.0]]])
    tuned = ops.retrain_model(
        model,
        [[1.0]],
        [0.0],
        epochs=2,
        solver="sgd",
        learning_rate=0.1,
        annealing="cosine",
        backend=backend,
    )
    # Both the weight and the bias move by -rate * 2 * output; momentum 0.9; rates 0.1 and 0.05.
    weight, bias, velocity = 1.0, 0.0, 0.0
    for rate in (0.1, 0.05):
        velocity = 0.9 * velocity - rate * 2 * (weight + bias)
        weight, bias = weight + velocity, bias + velocity
    assert tuned.layers[0].weights[0, 0] == pytest.approx(weight, rel=1e-12)
    assert tuned.layers[0].bias[0] == pytest.approx(bias, rel=1e-12)
