"""Whole networks pruned, quantized and distilled: by hand, by simulation, by what is promised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from generators import as_lists
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, rel_entr, softmax

from octave_compress import Dense, Model, use_backend
from octave_compress.demo import digits
from octave_compress.ops import (
    distill_model,
    predict_model,
    prune_model,
    quantize_model,
    retrain_model,
    train_model,
)

BACKENDS = pytest.mark.parametrize(
    "backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)]
)
HIDDEN = ("linear", "relu", "sigmoid", "tanh")
ACTIVATIONS: dict[str, Any] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": expit,
    "tanh": np.tanh,
    "softmax": lambda z: softmax(z, axis=1),
}


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


def network(
    sizes: Sequence[int], hidden: str = "relu", last: str = "linear", seed: int = 0
) -> Model:
    """Return a network without zeros and without two weights of one magnitude."""
    random = np.random.default_rng([seed, *sizes])
    shapes = list(zip(sizes[1:], sizes, strict=False))
    names = [hidden] * (len(shapes) - 1) + [last]
    return Model(
        tuple(
            Dense(random.normal(size=shape), random.normal(size=shape[0]), name)
            for shape, name in zip(shapes, names, strict=True)
        )
    )


def weights(model: Model) -> Any:
    return [as_lists(layer.weights) for layer in model.layers]


def values(model: Model) -> Any:
    return [(as_lists(layer.weights), as_lists(layer.bias)) for layer in model.layers]


def outputs_of(model: Model, X: Any) -> Any:
    """Return what a network of plain floats makes of samples, by its definition."""
    for layer in model.layers:
        X = ACTIVATIONS[layer.activation](X @ layer.weights.T + layer.bias)
    return X


def zeros(model: Model) -> int:
    return sum(int((layer.weights == 0).sum()) for layer in model.layers)


def size(model: Model) -> int:
    return sum(layer.weights.size for layer in model.layers)


def round_half_away(x: Any) -> Any:
    return np.sign(x) * np.floor(np.abs(x) + 0.5)


def some(sizes: Sequence[int] = (6, 9, 5, 4)) -> Any:
    return st.builds(network, st.just(sizes), st.sampled_from(HIDDEN), seed=st.integers(0, 10**6))


# Pruning connections

SMALL = [[[1.0, -2.0], [3.0, 4.0]], [[10.0, -20.0]]]


@BACKENDS
@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        ({"threshold": 3}, [[0, 0], [3, 4]], [[10, -20]]),
        ({"threshold": 3, "scope": "global"}, [[0, 0], [3, 4]], [[10, -20]]),
        ({"threshold": [2, 15]}, [[0, -2], [3, 4]], [[0, -20]]),
        ({"rate": 0.5}, [[0, -2], [3, 4]], [[10, -20]]),
        ({"rate": 0.5, "scope": "global"}, [[0, 0], [0, 0]], [[10, -20]]),
        # The largest of the columns are 3 and 4; the single row is compared as a whole.
        ({"rate": 0.6, "scope": "column"}, [[0, 0], [3, 4]], [[0, -20]]),
        ({"rate": 0.4, "scope": "column"}, [[0, -2], [3, 4]], [[10, -20]]),
        ({"rate": [0, 1]}, [[1, -2], [3, 4]], [[0, -20]]),
        ({"sparsity": 0.5}, [[0, 0], [3, 4]], [[0, -20]]),
        ({"sparsity": 0.5, "scope": "global"}, [[0, 0], [0, 4]], [[10, -20]]),
        ({"sparsity": [0.25, 1]}, [[0, -2], [3, 4]], [[0, 0]]),
        ({"sparsity": 1, "scope": "global"}, [[0, 0], [0, 0]], [[0, 0]]),
    ],
)
def test_connections_by_hand(
    options: dict[str, Any], first: Any, second: Any, backend: Any
) -> None:
    model = Model.from_arrays(SMALL, [[5.0, 6.0], [7.0]], ["tanh", "linear"])
    pruned = prune_model(model, **options, backend=backend)
    assert weights(pruned) == [first, second]
    masks = [as_lists(layer.mask) for layer in pruned.layers]
    assert masks == [(np.array(w) != 0).tolist() for w in (first, second)]
    assert [as_lists(layer.bias) for layer in pruned.layers] == [[5.0, 6.0], [7.0]]
    assert [layer.activation for layer in pruned.layers] == ["tanh", "linear"]
    assert weights(model) == SMALL


@settings(deadline=None, derandomize=True, max_examples=50)
@given(some(), st.floats(0, 1))
def test_sparsity_is_reached_in_the_whole_network(model: Model, share: float) -> None:
    pruned = prune_model(model, sparsity=share, scope="global")
    assert zeros(pruned) == round_half_away(share * size(model))
    gone, kept = [], []
    for before, after in zip(model.layers, pruned.layers, strict=True):
        assert after.mask is not None
        assert as_lists(after.weights[after.mask]) == as_lists(before.weights[after.mask])
        gone += np.abs(before.weights[~after.mask]).tolist()
        kept += np.abs(before.weights[after.mask]).tolist()
    assert max(gone, default=0) <= min(kept, default=np.inf)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(some(), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_sparsity_is_reached_in_each_layer(model: Model, shares: list[float]) -> None:
    by_layer = prune_model(model, sparsity=shares)
    for share, before, after in zip(shares, model.layers, by_layer.layers, strict=True):
        assert (after.weights == 0).sum() == round_half_away(share * before.weights.size)
    alike = prune_model(model, sparsity=shares[0])
    for layer in alike.layers:
        assert (layer.weights == 0).sum() == round_half_away(shares[0] * layer.weights.size)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(some(), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["layer", "global"]))
def test_what_was_pruned_stays_pruned(model: Model, once: float, again: float, scope: str) -> None:
    first = prune_model(model, sparsity=once, scope=scope)
    second = prune_model(first, sparsity=again, scope=scope)
    for before, after in zip(first.layers, second.layers, strict=True):
        assert before.mask is not None
        assert after.mask is not None
        assert not after.mask[~before.mask].any()
        assert not after.weights[~before.mask].any()
    # Zeros are the smallest, so both shares are reached and neither is added to the other.
    expected = prune_model(model, sparsity=max(once, again), scope=scope)
    assert weights(second) == weights(expected)


def test_the_two_scopes_differ_where_layers_do() -> None:
    model = Model.from_arrays([np.eye(2) + 1, 100 * (np.eye(2) + 1)])
    assert zeros(prune_model(model, sparsity=0.5)) == 4
    overall = prune_model(model, sparsity=0.5, scope="global")
    assert not overall.layers[0].weights.any()
    assert overall.layers[1].weights.all()


# Pruning neurons

NORMS = Model.from_arrays(
    [
        [[1.0, 0.0], [3.0, 4.0], [0.0, 2.0]],  # rows of norm 1, 5, 2
        [[1.5, 0.0, 0.0], [0.0, 6.0, 8.0]],  # rows of norm 1.5, 10
        [[1.0, 1.0]],
    ],
    [[2.0, 0.0, 0.0], [4.0, 0.0], [0.0]],
)


@BACKENDS
@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        ({"threshold": 2}, [1, 2], [1]),
        ({"threshold": 2.5, "scope": "global"}, [1], [1]),
        ({"threshold": [1.5, 0]}, [1, 2], [0, 1]),
        ({"rate": 0.3}, [1, 2], [1]),
        ({"rate": 0.3, "scope": "global"}, [1], [1]),
        ({"rate": [0.5, 0.1]}, [1], [0, 1]),
        ({"sparsity": 1 / 3}, [1, 2], [1]),
        ({"sparsity": 0.2, "scope": "global"}, [1, 2], [0, 1]),
        ({"sparsity": 0.6, "scope": "global"}, [1], [1]),
        ({"sparsity": [1 / 3, 0]}, [1, 2], [0, 1]),
        # One stays in each layer, the longest.
        ({"sparsity": 1}, [1], [1]),
        ({"threshold": 1e9}, [1], [1]),
    ],
)
def test_neurons_by_hand(
    options: dict[str, Any], first: list[int], second: list[int], backend: Any
) -> None:
    pruned = prune_model(NORMS, **options, unit="neuron", backend=backend)
    w = [layer.weights for layer in NORMS.layers]
    expected = [w[0][first], w[1][np.ix_(second, first)], w[2][:, second]]
    assert weights(pruned) == [as_lists(array) for array in expected]
    # The first neuron of the first layer always goes, and sends its bias of 2 on.
    bias = np.array([4.0, 0.0]) + 2.0 * w[1][:, 0]
    assert as_lists(bias) == [7.0, 0.0]
    assert as_lists(pruned.layers[1].bias) == as_lists(bias[second])
    # That of the second layer, where it goes, sends on what it has got by then.
    assert as_lists(pruned.layers[2].bias) == [0.0 if 0 in second else 7.0]
    assert [layer.mask for layer in pruned.layers] == [None, None, None]


@settings(deadline=None, derandomize=True, max_examples=50)
@given(some(), st.floats(0, 1), st.sampled_from(["layer", "global"]))
def test_at_least_one_neuron_stays_and_the_share_is_reached(
    model: Model, share: float, scope: str
) -> None:
    pruned = prune_model(model, sparsity=share, scope=scope, unit="neuron")
    assert (pruned.sizes[0], pruned.sizes[-1]) == (6, 4)
    assert min(pruned.sizes) >= 1
    if scope == "layer":
        assert pruned.sizes[1:3] == tuple(max(1, n - round_half_away(share * n)) for n in (9, 5))
    else:
        missing = round_half_away(share * 14) - (14 - sum(pruned.sizes[1:3]))
        assert 0 <= missing <= pruned.sizes[1:3].count(1)  # one may have been spared in a layer


@settings(deadline=None, derandomize=True, max_examples=50)
@given(some(), st.data())
def test_removing_neurons_without_inputs_changes_no_output(model: Model, data: Any) -> None:
    layers, alive = list(model.layers), []
    for i, layer in enumerate(layers[:-1]):
        dead = data.draw(st.lists(st.integers(1, layer.outputs - 1), unique=True))
        w = layer.weights.copy()
        w[dead] = 0
        layers[i] = Dense(w, layer.bias, layer.activation)
        alive.append(layer.outputs - len(dead))
    model = Model(tuple(layers))
    pruned = prune_model(model, threshold=1e-12, unit="neuron")
    assert list(pruned.sizes[1:-1]) == alive
    X = np.random.default_rng(0).normal(size=(20, 6))
    expected = outputs_of(model, X)
    bound = 1e-12 * np.abs(expected).max()  # the same terms, added in another order
    np.testing.assert_allclose(outputs_of(pruned, X), expected, rtol=0, atol=bound)
    np.testing.assert_allclose(predict_model(pruned, X), expected, rtol=0, atol=bound)


@BACKENDS
@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_removed_neuron_sends_its_activation_on(hidden: str, backend: Any) -> None:
    model = Model.from_arrays(
        [[[0.0], [2.0]], [[3.0, 5.0]]], [[0.75, 0.0], [1.0]], [hidden, "linear"]
    )
    pruned = prune_model(model, threshold=1, unit="neuron", backend=backend)
    sent = float(ACTIVATIONS[hidden](np.float64(0.75)))
    assert pruned.layers[1].bias[0] == pytest.approx(1 + 3 * sent, rel=1e-15)
    assert weights(pruned) == [[[2.0]], [[5.0]]]


def test_masks_shrink_with_the_matrices() -> None:
    model = prune_model(network([6, 8, 4]), sparsity=0.4)
    pruned = prune_model(model, sparsity=0.5, unit="neuron")
    rows = np.argsort(np.linalg.norm(model.layers[0].weights, axis=1))[4:]
    first, second = model.layers[0].mask, model.layers[1].mask
    assert first is not None
    assert second is not None
    assert as_lists(pruned.layers[0].mask) == as_lists(first[sorted(rows)])
    assert as_lists(pruned.layers[1].mask) == as_lists(second[:, sorted(rows)])


def test_pruning_a_quantized_model_leaves_floats() -> None:
    model = quantize_model(network([6, 8, 4]), activations=np.ones((2, 6)))
    for unit in ("connection", "neuron"):
        pruned = prune_model(model, sparsity=0.25, unit=unit)
        assert [layer.quantization for layer in pruned.layers] == [None, None]


# Quantization


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("bits", [2, 4, 8, 16])
@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
def test_no_weight_moves_by_more_than_half_a_scale(
    scheme: str, bits: int, axis: int | None
) -> None:
    model = network([6, 9, 5, 4])
    small = quantize_model(model, bits=bits, scheme=scheme, axis=axis)
    for before, after in zip(model.layers, small.layers, strict=True):
        held = after.quantization
        assert held is not None
        shape = {None: (1, 1), 0: (after.outputs, 1), 1: (1, after.inputs)}[axis]
        assert held.scale.shape == held.zero_point.shape == shape
        moved = np.abs(after.weights - before.weights)
        assert (moved <= held.scale / 2 * (1 + 1e-12)).all()
        assert moved.max() > held.scale.min() / 10  # it is no copy
        assert as_lists((held.codes - held.zero_point) * held.scale) == as_lists(after.weights)
        assert as_lists(after.bias) == as_lists(before.bias)
        assert after.activation == before.activation
        assert after.input_range is None


@BACKENDS
def test_symmetric_codes_by_hand(backend: Any) -> None:
    model = Model.from_arrays([[[1.27, -0.5], [0.014, 0.0]], [[-3.0, 2.0]]])
    small = quantize_model(model, backend=backend)
    first, second = (layer.quantization for layer in small.layers)
    assert as_lists(first.codes) == [[127, -50], [1, 0]]
    assert as_lists(second.codes) == [[-127, 85]]  # 84.67
    assert first.scale[0, 0] == pytest.approx(0.01, rel=1e-15)
    assert second.scale[0, 0] == pytest.approx(3 / 127, rel=1e-15)
    by_row = quantize_model(model, axis=0, backend=backend).layers[0].quantization
    assert as_lists(by_row.codes) == [[127, -50], [127, 0]]
    by_column = quantize_model(model, axis=1, backend=backend).layers[0].quantization
    assert as_lists(by_column.codes) == [[127, -127], [1, 0]]


@BACKENDS
def test_affine_codes_by_hand(backend: Any) -> None:
    model = Model.from_arrays([[[-1.0, 0.0], [14.0, 6.4]]])
    held = quantize_model(model, bits=4, scheme="affine", backend=backend).layers[0].quantization
    assert as_lists(held.codes) == [[0, 1], [15, 7]]
    assert as_lists((held.scale, held.zero_point)) == ([[1.0]], [[1.0]])
    held = quantize_model(model, bits=4, scheme="affine", axis=0, backend=backend)
    held = held.layers[0].quantization
    assert as_lists(held.codes) == [[0, 15], [15, 7]]
    assert as_lists(held.zero_point) == [[15.0], [0.0]]


@BACKENDS
@pytest.mark.parametrize("bits", [4, 8])
def test_the_grid_is_the_articles_line(bits: int, backend: Any) -> None:
    levels = 2**bits - 1
    model = network([6, 9, 4])
    first = model.layers[0].weights.copy()
    first[0] = [0.5, -0.5, 1.5, -1.5, 0.0, 1.0]  # the first four are halves of a step
    model = Model((Dense(first), model.layers[1]))
    small = quantize_model(model, scheme="grid", bits=bits, backend=backend)
    for before, after in zip(model.layers, small.layers, strict=True):
        expected = round_half_away(before.weights * levels) / levels
        assert as_lists(after.weights) == as_lists(expected)
        assert as_lists(after.quantization.codes / levels) == as_lists(expected)
    halves = small.layers[0].quantization.codes[0, :4]
    assert as_lists(halves) == [(levels + 1) // 2, -(levels + 1) // 2, *halves[2:]]
    assert halves[2] == -halves[3] == (3 * levels + 1) // 2


@BACKENDS
@pytest.mark.parametrize(
    ("scheme", "bits", "kind", "needed"),
    [
        ("symmetric", 2, "int8", 2),
        ("symmetric", 8, "int8", 8),
        ("symmetric", 9, "int16", 9),
        ("symmetric", 17, "int32", 17),
        ("affine", 1, "uint8", 1),
        ("affine", 8, "uint8", 8),
        ("affine", 12, "uint16", 12),
        ("affine", 32, "uint32", 32),
        ("grid", 4, "int16", 5),
        ("grid", 8, "int16", 9),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_codes_are_held_in_the_smallest_type(
    dtype: str, scheme: str, bits: int, kind: str, needed: int, backend: Any
) -> None:
    model = Model.from_arrays([[[1.0, -0.5]], [[-1.0], [0.75]]]).astype(dtype)
    small = quantize_model(model, scheme=scheme, bits=bits, backend=backend)
    assert small.dtype == np.dtype(dtype)
    for layer in small.layers:
        assert layer.quantization.codes.dtype == np.dtype(kind)
        assert (layer.quantization.bits, layer.quantization.scheme) == (needed, scheme)


@pytest.mark.parametrize(("largest", "needed"), [(1.0, 9), (1.1, 10), (2.0, 10), (2.1, 11)])
def test_the_grids_codes_need_more_bits_beyond_one(largest: float, needed: int) -> None:
    small = quantize_model(Model.from_arrays([[[largest, 0.1]]]), scheme="grid")
    held = small.layers[0].quantization
    assert held is not None
    assert held.bits == needed
    assert -(2 ** (needed - 1)) <= -held.codes.max() <= -(2 ** (needed - 2))


@pytest.mark.parametrize(("scheme", "axis"), [("symmetric", 0), ("affine", 0), ("affine", None)])
def test_channels_do_not_disturb_each_other(scheme: str, axis: int | None) -> None:
    w = np.array([[1.0, -0.3, 0.7], [0.001, 0.0004, -0.0007]])
    small = quantize_model(Model.from_arrays([w]), bits=4, scheme=scheme, axis=axis)
    after = small.layers[0].weights
    alone = [
        quantize_model(Model.from_arrays([row]), bits=4, scheme=scheme).layers[0].weights[0]
        for row in w
    ]
    if axis == 0:
        assert as_lists(after) == [as_lists(row) for row in alone]
    else:
        assert not after[1].any()  # lost beside the larger row


@settings(deadline=None, derandomize=True, max_examples=50)
@given(
    some(),
    st.floats(0, 1),
    st.sampled_from([("symmetric", None), ("symmetric", 0), ("affine", None), ("affine", 1)]),
    st.integers(2, 12),
)
def test_zeros_and_masks_stay(
    model: Model, share: float, how: tuple[str, int | None], bits: int
) -> None:
    pruned = prune_model(model, sparsity=share)
    for scheme, axis in (how, ("grid", None)):
        small = quantize_model(pruned, bits=bits, scheme=scheme, axis=axis)
        for before, after in zip(pruned.layers, small.layers, strict=True):
            assert not after.weights[before.weights == 0].any()
            assert as_lists(after.mask) == as_lists(before.mask)


def test_quantizing_again_replaces_codes_and_ranges() -> None:
    model = quantize_model(network([6, 4]), bits=4, activations=np.ones((3, 6)))
    assert model.layers[0].input_range is not None
    again = quantize_model(model, bits=8, scheme="affine").layers[0]
    assert again.input_range is None
    assert again.quantization is not None
    assert (again.quantization.bits, again.quantization.scheme) == (8, "affine")


def simulated(model: Model, small: Model, seen: Any, X: Any, bits: int) -> Any:
    """Return what weights and values rounded to `bits` predict, written out plainly.

    Ranges are those of the calibration samples `seen` in the network of rounded weights, whose
    values are not yet rounded.
    """
    qmax = 2**bits - 1
    for layer, rounded in zip(model.layers, small.layers, strict=True):
        step = np.abs(layer.weights).max() / (2 ** (bits - 1) - 1)
        w = round_half_away(layer.weights / step) * step
        low, high = min(seen.min(), 0.0), max(seen.max(), 0.0)
        scale = (high - low) / qmax
        zero_point = round_half_away(-low / scale)
        assert rounded.input_range is not None
        assert rounded.input_range.bits == bits
        assert rounded.input_range.scale == pytest.approx(scale, rel=1e-13)
        assert rounded.input_range.zero_point == zero_point
        codes = np.clip(round_half_away(X / scale) + zero_point, 0, qmax)
        X = ACTIVATIONS[layer.activation]((codes - zero_point) * scale @ w.T + layer.bias)
        seen = ACTIVATIONS[layer.activation](seen @ w.T + layer.bias)
    return X


@BACKENDS
@pytest.mark.parametrize("bits", [3, 8])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_predictions_with_rounded_inputs_are_those_of_a_simulation(
    hidden: str, bits: int, backend: Any
) -> None:
    random = np.random.default_rng(17)
    model = network([6, 9, 5, 4], hidden, "softmax")
    seen, X = random.normal(size=(40, 6)), 1.5 * random.normal(size=(30, 6))
    small = quantize_model(model, bits=bits, activations=seen, backend=backend)
    found = predict_model(small, X, backend=backend)
    np.testing.assert_allclose(found, simulated(model, small, seen, X, bits), rtol=1e-11)
    plain = predict_model(quantize_model(model, bits=bits), X)
    assert np.abs(found - plain).max() > 1e-4  # rounding the values does something


def test_inputs_beyond_the_range_are_limited() -> None:
    seen = np.random.default_rng(1).uniform(-1, 2, (50, 6))
    small = quantize_model(network([6, 9, 4]), activations=seen)
    far = np.linspace(-9, 9, 18).reshape(3, 6)
    limited = predict_model(small, np.clip(far, seen.min(), seen.max()))
    assert as_lists(predict_model(small, far)) == as_lists(limited)


@cache
def trained() -> Model:
    part = digits()[0]
    with use_backend("numpy"):
        return train_model(part.X, part.y, [64, 32, 10], epochs=30, seed=1)


@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("scheme", ["symmetric", "affine", "grid"])
def test_eight_bits_change_few_predictions(scheme: str, axis: int | None) -> None:
    if scheme == "grid":
        axis = None
    train, validation, _ = digits()
    small = quantize_model(trained(), scheme=scheme, axis=axis, activations=train.X)
    before, after = (predict_model(m, validation.X) for m in (trained(), small))
    assert 0 < np.abs(after - before).max() < 0.15
    assert np.abs(after - before).mean() < 2e-3
    assert (after.argmax(axis=1) == before.argmax(axis=1)).mean() > 0.98


def test_more_bits_cost_less_error() -> None:
    train, validation, _ = digits()
    before = predict_model(trained(), validation.X)
    errors = []
    for bits in (3, 5, 8, 12, 16):
        small = quantize_model(trained(), bits=bits, activations=train.X)
        errors.append(np.abs(predict_model(small, validation.X) - before).mean())
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 1e3


# Distillation

X = np.random.default_rng(31).normal(size=(40, 6))
CLASSES = np.random.default_rng(32).integers(0, 4, 40)
TEACHER = network([6, 12, 4], "tanh", "softmax", seed=3)


def softened(model: Model, temperature: float) -> Any:
    """Return a softmax network's probabilities at a temperature."""
    return softmax(np.log(outputs_of(model, X)) / temperature, axis=1)


def divergence(teacher: Model, student: Model, temperature: float) -> float:
    soft = rel_entr(softened(teacher, temperature), softened(student, temperature))
    return float(soft.sum(axis=1).mean())


@BACKENDS
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("loss", ["kl", "mse"])
def test_without_the_teacher_it_is_plain_training(loss: str, solver: str, backend: Any) -> None:
    options: Any = {
        "solver": solver,
        "epochs": 4,
        "batch_size": 16,
        "weight_decay": 0.1,
        "sample_weight": np.linspace(0, 1, 40),
        "seed": 6,
        "backend": backend,
    }
    student = distill_model(TEACHER, [6, 5, 4], X, CLASSES, alpha=0, loss=loss, **options)
    assert values(student) == values(train_model(X, CLASSES, [6, 5, 4], **options))
    start = network([6, 5, 4], "sigmoid", "softmax", seed=4)
    student = distill_model(TEACHER, start, X, CLASSES, alpha=0, loss=loss, **options)
    assert values(student) == values(retrain_model(start, X, CLASSES, **options))


def test_without_a_linear_teacher_it_is_plain_regression() -> None:
    teacher, y = network([6, 3]), np.random.default_rng(1).normal(size=(40, 3))
    student = distill_model(teacher, [6, 5, 3], X, y, alpha=0, loss="mse", epochs=4, seed=2)
    assert values(student) == values(train_model(X, y, [6, 5, 3], loss="mse", epochs=4, seed=2))


def test_with_the_teacher_the_network_is_another() -> None:
    alone = distill_model(TEACHER, [6, 5, 4], X, CLASSES, alpha=0, epochs=4)
    for loss in ("kl", "mse"):
        taught = distill_model(TEACHER, [6, 5, 4], X, CLASSES, alpha=0.1, loss=loss, epochs=4)
        assert np.abs(taught.layers[0].weights - alone.layers[0].weights).max() > 1e-4


@BACKENDS
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_loss_is_the_divergence_and_it_falls(temperature: float, backend: Any) -> None:
    heard: list[float] = []
    options: Any = {"alpha": 1.0, "temperature": temperature, "seed": 5, "batch_size": 40}
    options |= {"learning_rate": 0.02, "backend": backend}
    start = distill_model(TEACHER, [6, 12, 4], X, None, epochs=0, **options)
    student = distill_model(
        TEACHER,
        [6, 12, 4],
        X,
        None,
        epochs=150,
        callback=lambda info: heard.append(info["loss"]),
        **options,
    )
    first = divergence(TEACHER, start, temperature)
    assert heard[0] == pytest.approx(temperature**2 * first, rel=1e-10)
    assert divergence(TEACHER, student, temperature) < first / 50
    assert heard[-1] < heard[0] / 50


def test_the_loss_is_the_weighted_sum_of_both() -> None:
    heard: list[float] = []
    options: Any = {"temperature": 2.0, "alpha": 0.3, "batch_size": 40, "seed": 5}
    weight = np.linspace(0, 2, 40)
    start = distill_model(TEACHER, [6, 5, 4], X, CLASSES, epochs=0, **options)
    distill_model(
        TEACHER,
        [6, 5, 4],
        X,
        CLASSES,
        epochs=1,
        sample_weight=weight,
        callback=lambda info: heard.append(info["loss"]),
        **options,
    )
    soft = rel_entr(softened(TEACHER, 2.0), softened(start, 2.0)).sum(axis=1)
    hard = -np.log(outputs_of(start, X)[np.arange(40), CLASSES])
    expected = np.average(0.3 * 4 * soft + 0.7 * hard, weights=weight)
    assert heard == [pytest.approx(expected, rel=1e-10)]


@BACKENDS
def test_a_linear_student_recovers_its_linear_teacher(backend: Any) -> None:
    teacher = network([6, 3], seed=8)
    student = distill_model(
        teacher,
        [6, 3],
        X,
        None,
        alpha=1,
        loss="mse",
        solver="sgd",
        learning_rate=0.1,
        epochs=500,
        batch_size=40,
        backend=backend,
    )
    # Descent in full batches converges to the last bits.
    np.testing.assert_allclose(student.layers[0].weights, teacher.layers[0].weights, rtol=1e-9)
    np.testing.assert_allclose(student.layers[0].bias, teacher.layers[0].bias, rtol=1e-9)


@pytest.mark.parametrize("last", ["softmax", "linear"])
def test_mse_with_softmax_compares_what_comes_before_it(last: str) -> None:
    teacher = network([6, 3], last="softmax", seed=8)
    start = network([6, 3], last=last, seed=9)
    options: Any = {"alpha": 1, "loss": "mse", "solver": "sgd", "learning_rate": 0.1}
    student = distill_model(teacher, start, X, None, epochs=500, batch_size=40, **options)
    # Probabilities alone would leave a constant open; the logits do not.
    np.testing.assert_allclose(student.layers[0].weights, teacher.layers[0].weights, rtol=1e-9)
    np.testing.assert_allclose(student.layers[0].bias, teacher.layers[0].bias, rtol=1e-9)
    assert student.layers[0].activation == last


@pytest.mark.parametrize("last", ["sigmoid", "tanh"])
def test_mse_compares_the_outputs_of_squashing_layers(last: str) -> None:
    heard: list[float] = []
    teacher, start = network([6, 3], last=last, seed=8), network([6, 3], last=last, seed=9)
    student = distill_model(
        teacher,
        start,
        X,
        None,
        alpha=1,
        loss="mse",
        epochs=300,
        batch_size=40,
        learning_rate=0.05,
        callback=lambda info: heard.append(info["loss"]),
    )
    first = np.mean((outputs_of(start, X) - outputs_of(teacher, X)) ** 2)
    assert heard[0] == pytest.approx(first, rel=1e-12)
    assert np.mean((outputs_of(student, X) - outputs_of(teacher, X)) ** 2) < first / 1e3


def test_with_the_teacher_alone_labels_do_not_matter() -> None:
    for loss in ("kl", "mse"):
        options: Any = {"alpha": 1, "loss": loss, "epochs": 3}
        without = distill_model(TEACHER, [6, 5, 4], X, None, **options)
        other = distill_model(TEACHER, [6, 5, 4], X, CLASSES, **options)
        for one, two in zip(without.layers, other.layers, strict=True):
            np.testing.assert_allclose(one.weights, two.weights, rtol=1e-12, atol=1e-15)


@BACKENDS
@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.99])
def test_labels_are_needed_unless_the_teacher_is_alone(alpha: float, backend: Any) -> None:
    with pytest.raises(ValueError, match=r"^distill_model: Y must have 4 outputs and 40 samples"):
        distill_model(TEACHER, [6, 5, 4], X, None, alpha=alpha, epochs=1, backend=backend)


@BACKENDS
@pytest.mark.parametrize("loss", ["kl", "mse"])
def test_a_pruned_students_masks_are_held(loss: str, backend: Any) -> None:
    start = network([6, 9, 4], "tanh", "softmax", seed=5)
    student = prune_model(start, sparsity=0.6)
    options: Any = {"loss": loss, "epochs": 4, "weight_decay": 0.1, "backend": backend}
    tuned = distill_model(TEACHER, student, X, CLASSES, **options)
    assert tuned.sizes == student.sizes
    for before, after in zip(student.layers, tuned.layers, strict=True):
        assert as_lists(after.mask) == as_lists(before.mask)
        assert not after.weights[~before.mask].any()
        assert (after.weights != before.weights)[before.mask].all()
        assert after.activation == before.activation


@BACKENDS
def test_without_a_mask_a_students_zeros_are_held_unless_it_was_quantized(backend: Any) -> None:
    w = np.where(np.eye(4, 6) == 1, 0.0, 0.5)
    student = Model((Dense(w, activation="softmax"),))
    options: Any = {"epochs": 2, "backend": backend}
    tuned = distill_model(TEACHER, student, X, CLASSES, **options).layers[0]
    assert as_lists(tuned.weights != 0) == as_lists(w != 0)
    # A zero among codes may be a small weight that was rounded.
    quantized = quantize_model(student, activations=X, backend=backend)
    tuned = distill_model(TEACHER, quantized, X, CLASSES, **options).layers[0]
    assert tuned.weights.all()
    assert tuned.quantization is None
    assert tuned.input_range is None


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_one_full_step_by_hand(temperature: float) -> None:
    start = network([6, 4], last="softmax", seed=5)
    w, b, rate, alpha = start.layers[0].weights, start.layers[0].bias, 0.1, 0.3
    options: Any = {"solver": "sgd", "learning_rate": rate, "epochs": 1, "batch_size": 40}
    found = distill_model(
        TEACHER, start, X, CLASSES, alpha=alpha, temperature=temperature, **options
    )
    # T**2 times the derivative of the divergence, which has 1 / T.
    soft = temperature * (softened(start, temperature) - softened(TEACHER, temperature))
    hard = outputs_of(start, X) - np.eye(4)[CLASSES]
    dz = (alpha * soft + (1 - alpha) * hard) / 40
    np.testing.assert_allclose(found.layers[0].weights, w - rate * dz.T @ X, rtol=1e-11)
    np.testing.assert_allclose(found.layers[0].bias, b - rate * dz.sum(axis=0), rtol=1e-11)


def test_neither_network_given_is_changed() -> None:
    student = network([6, 5, 4], last="softmax", seed=5)
    before = values(TEACHER), values(student)
    distill_model(TEACHER, student, X, CLASSES, epochs=2)
    assert (values(TEACHER), values(student)) == before


def test_a_new_student_is_like_its_teacher_at_the_end() -> None:
    small = distill_model(TEACHER.astype("float32"), [6, 5, 4], X, CLASSES, epochs=1)
    assert (small.sizes, small.dtype) == ((6, 5, 4), np.float32)
    assert [layer.activation for layer in small.layers] == ["relu", "softmax"]
    linear = distill_model(network([6, 4]), [6, 5, 4], X, CLASSES, loss="mse", epochs=1)
    assert [layer.activation for layer in linear.layers] == ["relu", "linear"]


def test_a_student_keeps_its_own_type() -> None:
    start = network([6, 5, 4], last="softmax", seed=5).astype("float32")
    assert distill_model(TEACHER, start, X, CLASSES, epochs=1).dtype == np.float32


def test_a_teacher_of_whole_numbers_teaches_what_it_says() -> None:
    teacher = quantize_model(TEACHER, bits=3, activations=X)
    heard: list[float] = []
    start = network([6, 5, 4], last="softmax", seed=5)
    distill_model(
        teacher,
        start,
        X,
        None,
        alpha=1,
        temperature=1,
        epochs=1,
        batch_size=40,
        callback=lambda info: heard.append(info["loss"]),
    )
    expected = rel_entr(predict_model(teacher, X), outputs_of(start, X)).sum(axis=1).mean()
    assert heard == [pytest.approx(expected, rel=1e-10)]


@BACKENDS
@pytest.mark.parametrize(
    ("student", "options", "text"),
    [
        ([6, 5, 3], {}, "STUDENT must have 4 outputs, got 3"),
        ([5, 4], {}, "STUDENT must begin with the number of features, 6, got 5"),
        (network([5, 4]), {}, "STUDENT must take 6 features, got 5"),
        (network([6, 3]), {}, "STUDENT must have 4 outputs, got 3"),
        (network([6, 4], last="tanh"), {}, 'LOSS must be "mse" for a last layer with tanh'),
        ([6, 4], {"loss": "mae"}, 'LOSS must be "kl" or "mse", got "mae"'),
        ([6, 4], {"alpha": 1.5}, "ALPHA must be in [0, 1], got 1.5"),
        ([6, 4], {"temperature": 0}, "TEMPERATURE must be in [0.01, 1000], got 0"),
    ],
)
def test_bad_students_and_options_are_refused(
    student: Any, options: dict[str, Any], text: str, backend: Any
) -> None:
    y = np.eye(4)[CLASSES]
    with pytest.raises(ValueError, match="^distill_model: " + re.escape(text)):
        distill_model(TEACHER, student, X, y, epochs=1, **options, backend=backend)
