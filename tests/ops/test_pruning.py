"""Pruning against hand-worked values, brute force and what it promises."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from generators import HypothesisSource, as_lists
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from octave_compress import Dense, Model, Quantization, use_backend
from octave_compress.equivalence.levels import EXACT, compare
from octave_compress.ops import (
    accuracy,
    compact_model,
    predict_model,
    prune_magnitude,
    prune_model,
    prune_neurons,
    prune_quality,
    prune_relative,
    prune_threshold,
    quantize_model,
    sensitivity_model,
    share_model,
    sparsity_schedule,
    surgery_mask,
)

NAN, INF = np.nan, np.inf


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


@st.composite
def weights(draw: DrawFn) -> Any:
    return HypothesisSource(draw).matrix()


@st.composite
def models(draw: DrawFn, ties: bool = True) -> Model:
    """Networks whose hidden layers can lose neurons."""
    hidden = ("linear", "relu", "sigmoid", "tanh")
    return HypothesisSource(draw).model(hidden=hidden, ties=ties)


def round_half_away(x: float) -> int:
    return int(np.floor(x + 0.5))


def test_threshold_keeps_what_is_not_below() -> None:
    w, mask = prune_threshold([[0.5, -0.01, 0.009], [0.0, -0.0, -INF]], 0.01)
    assert as_lists(w) == [[0.5, -0.01, 0.0], [0.0, 0.0, -INF]]
    assert as_lists(mask) == [[True, True, False], [False, False, True]]


def test_threshold_of_zero_keeps_everything() -> None:
    assert prune_threshold([0.0, 5e-324], 0)[1].all()


def test_pruned_elements_are_plus_zero() -> None:
    w, mask = prune_threshold([-0.001, -5.0], 0.01)
    assert not np.signbit(w[~mask]).any()


def test_relative_by_layer_and_by_column() -> None:
    w = [[1.0, 0.1], [0.5, 0.2]]
    assert as_lists(prune_relative(w, 0.6)[1]) == [[True, False], [False, False]]
    columns = prune_relative(w, 0.6, scope="column")[1]
    assert as_lists(columns) == [[True, False], [False, True]]


def test_relative_by_column_takes_a_single_row_as_a_whole() -> None:
    assert as_lists(prune_relative([4.0, 1.0, 2.0], 0.5, scope="column")[0]) == [[4.0, 0.0, 2.0]]


def test_relative_ignores_nan_and_keeps_it() -> None:
    w, mask = prune_relative([[NAN, 1.0, 4.0]], 0.5)
    assert as_lists(mask) == [[True, False, True]]
    assert np.isnan(w[0, 0])
    assert prune_relative([[NAN, NAN]], 1.0)[1].all()


def test_magnitude_by_hand() -> None:
    assert as_lists(prune_magnitude([[3.0, -1.0], [2.0, 4.0]], 0.5)[0]) == [[3.0, 0.0], [0.0, 4.0]]


def test_magnitude_takes_ties_in_column_major_order() -> None:
    mask = prune_magnitude(np.ones((2, 3)), 0.5)[1]
    assert as_lists(mask) == [[False, False, True], [False, True, True]]


@pytest.mark.parametrize(("count", "share", "gone"), [(5, 0.5, 3), (3, 0.5, 2), (7, 0.5, 4)])
def test_magnitude_rounds_halves_up(count: int, share: float, gone: int) -> None:
    assert (~prune_magnitude(np.arange(1.0, count + 1), share)[1]).sum() == gone


@settings(deadline=None, derandomize=True)
@given(weights(), st.floats(0, 1))
def test_magnitude_reaches_its_share_with_the_smallest(w: Any, share: float) -> None:
    kept, mask = prune_magnitude(w, share)
    assert (~mask).sum() == round_half_away(share * w.size)
    gone, stays = np.abs(w[~mask]), np.abs(w[mask])
    assert gone.size == 0 or stays.size == 0 or gone.max() <= stays.min()
    assert as_lists(kept[mask]) == as_lists(w[mask])
    assert not kept[~mask].any()


@settings(deadline=None, derandomize=True)
@given(weights(), st.floats(0, 1))
def test_magnitude_is_a_ranked_list(w: Any, share: float) -> None:
    ranked = sorted((abs(w[i, j]), j, i) for i in range(len(w)) for j in range(w.shape[1]))
    expected = np.ones(w.shape, bool)
    for _, j, i in ranked[: round_half_away(share * w.size)]:
        expected[i, j] = False
    assert as_lists(prune_magnitude(w, share)[1]) == as_lists(expected)


@settings(deadline=None, derandomize=True)
@given(weights(), st.floats(0, 4))
def test_quality_is_a_multiple_of_the_standard_deviation(w: Any, quality: float) -> None:
    kept, mask = prune_quality(w, quality)
    values = w[w != 0].astype(np.float64)
    threshold = quality * np.std(values, ddof=1) if values.size > 1 else 0.0
    distance = np.abs(w).astype(np.float64) - threshold
    # Below the smallest float32 a threshold is zero for some weights' type.
    clear = np.abs(distance) > 1e-6 * (threshold + 1e-30)
    assert as_lists(mask[clear]) == as_lists((distance >= 0)[clear])
    assert as_lists(kept) == as_lists(np.where(mask, w, 0))


def test_quality_leaves_out_what_was_pruned_before() -> None:
    w = [1.0, -3.0, 0.2, 4.0, 0.7, -2.0]
    assert as_lists(prune_quality([*w, *[0.0] * 50], 0.5)[0][0, :6]) == as_lists(
        prune_quality(w, 0.5)[0][0]
    )


def test_quality_at_the_ends_of_the_range() -> None:
    largest = np.finfo(np.float64).max
    assert as_lists(prune_quality([[largest, -largest]], 0.0)[1]) == [[True, True]]
    assert as_lists(prune_quality([[1e-300, 3e-300]], 1.0)[1]) == [[False, True]]


# Pruning over time


def test_surgery_by_hand() -> None:
    w, kept = [[1.0, 3.0, 1.9, 2.1, 5.0]], [[1, 1, 1, 0, 0]]  # mean 5.9 / 3 = 1.97
    assert as_lists(surgery_mask(w, kept, 0)) == [[False, True, True, False, True]]
    assert as_lists(surgery_mask(w, kept, 0, margin=0)) == [[False, True, False, True, True]]


@settings(deadline=None, derandomize=True)
@given(weights(), st.randoms(use_true_random=False), st.floats(-1, 2), st.floats(0, 0.9))
def test_surgery_has_hysteresis(w: Any, random: Any, quality: float, margin: float) -> None:
    kept = np.array([random.random() < 0.5 for _ in range(w.size)], bool).reshape(w.shape)
    mask = surgery_mask(w, kept, quality, margin=margin)
    held = np.abs(w)[kept].astype(np.float64)
    spread = np.std(held, ddof=1) if held.size > 1 else 0.0
    t = max(held.mean() + quality * spread, 0.0) if held.size else 0.0
    for size, before, after in zip(np.abs(w).flat, kept.flat, mask.flat, strict=True):
        near = 1e-6 * (t + 1e-300)
        if size > (1 + margin) * t + near:
            assert after
        elif size < (1 - margin) * t - near:
            assert not after
        elif (1 - margin) * t + near < size < (1 + margin) * t - near:
            assert after == before


def test_what_surgery_prunes_can_come_back() -> None:
    w = np.array([[0.1, 1.0, 2.0, 3.0]])
    mask = surgery_mask(w, np.ones((1, 4)), 0)
    assert as_lists(mask) == [[False, False, True, True]]
    assert as_lists(surgery_mask(w + np.array([[0, 9, 0, 0]]), mask, 0)) == [
        [False, True, False, True]
    ]


def test_the_schedule_of_zhu_and_gupta() -> None:
    # s_t = s_f + (s_i - s_f) (1 - (t - t_0) / (n dt))^3 with t_0 = 100 and n dt = 400
    steps = np.arange(0, 700, 50)
    expected = [0.9 + (0.1 - 0.9) * (1 - (t - 100) / 400) ** 3 for t in steps]
    found = sparsity_schedule(steps, 100, 500, 0.1, 0.9)
    np.testing.assert_allclose(found[2:11], expected[2:11], rtol=1e-14)
    assert as_lists(found[[0, 1, 2, 10, 11, -1]]) == [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]
    assert (np.diff(found) >= 0).all()


def test_neurons_by_hand() -> None:
    w, keep = prune_neurons([[3.0, 4.0], [0.1, 0.0], [1.0, 1.0]], 1 / 3)
    assert as_lists((w, keep)) == ([[3.0, 4.0], [1.0, 1.0]], [True, False, True])


@settings(deadline=None, derandomize=True)
@given(weights(), st.floats(0, 1))
def test_neurons_that_stay_are_the_longest(w: Any, share: float) -> None:
    kept, keep = prune_neurons(w, share)
    assert as_lists(kept) == as_lists(w[keep])
    assert (~keep).sum() == round_half_away(share * len(w))
    norms = np.linalg.norm(w.astype(np.float64), axis=1)
    if keep.any() and not keep.all():
        assert norms[~keep].max() <= norms[keep].min() * (1 + 1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_float_type_stays(kind: Any) -> None:
    w = np.ones((2, 3), kind)
    for prune in (prune_threshold, prune_relative, prune_magnitude, prune_neurons):
        assert prune(w, 0.5)[0].dtype == kind
    model = Model((Dense(w, activation="tanh"), Dense(np.ones((1, 2), kind))))
    assert prune_model(model, sparsity=0.5, unit="neuron").dtype == kind


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_empty_weights(shape: tuple[int, int]) -> None:
    for prune in (prune_threshold, prune_relative, prune_magnitude):
        w, mask = prune(np.zeros(shape), 0.5)
        assert w.shape == mask.shape == shape
    assert prune_neurons(np.zeros(shape), 0.0)[0].shape == shape


# Models


def nonzeros(model: Model) -> list[int]:
    return [int(np.count_nonzero(layer.weights)) for layer in model.layers]


def test_model_by_quality() -> None:
    random = np.random.default_rng(0)
    model = Model((Dense(random.normal(size=(40, 30))), Dense(3 * random.normal(size=(5, 40)))))
    pruned = prune_model(model, quality=[1.0, 0.5])
    # Of normal numbers, 68.3 % lie within one standard deviation and 38.3 % within a half.
    shares = [
        1 - nonzero / layer.weights.size
        for nonzero, layer in zip(nonzeros(pruned), model.layers, strict=True)
    ]
    np.testing.assert_allclose(shares, [0.683, 0.383], atol=0.08)
    again = prune_model(pruned, quality=[0.0, 0.0])
    assert nonzeros(again) == nonzeros(pruned)
    assert nonzeros(prune_model(model, quality=1, scope="global"))[1] > 100


@settings(deadline=None, derandomize=True)
@given(models(ties=False), st.lists(st.floats(0, 1), max_size=3), st.integers(0, 9))
def test_sensitivity_is_pruning_one_layer_at_a_time(
    model: Model, shares: list[float], seed: int
) -> None:
    if model.sizes[-1] == 1:
        return
    random = np.random.default_rng(seed)
    X = random.uniform(-1, 1, (7, model.sizes[0]))
    y = random.integers(0, model.sizes[-1], 7)
    found = sensitivity_model(model, X, y, sparsity=shares)
    assert found.shape == (len(model.layers), len(shares))
    for i in range(len(model.layers)):
        for j, share in enumerate(shares):
            alone = [share if k == i else 0.0 for k in range(len(model.layers))]
            pruned = prune_model(model, sparsity=alone)
            assert found[i, j] == accuracy(predict_model(pruned, X), y)


def assert_same_answers(before: Model, after: Model) -> None:
    X = np.linspace(-1, 1, 5 * before.sizes[0]).reshape(5, -1)
    left, right = predict_model(before, X), predict_model(after, X)
    precision = 1e-12 if before.dtype == np.float64 else 1e-4
    bound = precision * (1 + np.abs(left).max())
    np.testing.assert_allclose(right, left, rtol=precision, atol=bound)


@settings(deadline=None, derandomize=True)
@given(models(ties=False), st.floats(0.3, 1), st.booleans())
def test_compact_changes_no_answer_and_leaves_nothing_dead(
    model: Model, share: float, shared: bool
) -> None:
    pruned = prune_model(model, sparsity=share)
    pruned = share_model(pruned, k=3) if shared else pruned
    small = compact_model(pruned)
    assert_same_answers(pruned, small)
    assert (small.sizes[0], small.sizes[-1]) == (model.sizes[0], model.sizes[-1])
    for layer, following in pairwise(small.layers):
        incoming = np.count_nonzero(layer.weights, axis=1)
        outgoing = np.count_nonzero(following.weights, axis=0)
        assert (np.diff(incoming) <= 0).all()
        assert layer.outputs == 1 or (incoming.all() and outgoing.all())
    for layer in small.layers:
        assert layer.mask is not None
        assert (layer.quantization is not None) == shared
    again = compact_model(small)
    assert compare(again, small, EXACT).mismatch is None


def test_compact_follows_a_dead_end_to_its_source() -> None:
    model = Model.from_arrays([np.eye(3), np.diag([1.0, 2.0, 3.0]), [[1.0, 0.0, 0.0]]])
    assert compact_model(model).sizes == (3, 1, 1, 1)
    model = Model.from_arrays([np.diag([1.0, 0.0]), np.eye(2), [[1.0, 1.0]]], [[0, 3], [0, 1], [0]])
    small = compact_model(model)
    assert small.sizes == (2, 1, 1, 1)
    assert as_lists(small.layers[2].bias) == [4.0]  # relu(relu(3) + 1)


def test_compact_keeps_the_rounding_of_inputs() -> None:
    random = np.random.default_rng(4)
    model = Model(
        tuple(
            Dense(random.normal(size=size), random.normal(size=size[0]))
            for size in ((9, 6), (8, 9), (3, 8))
        )
    )
    pruned = prune_model(model, sparsity=0.85)
    X = random.normal(size=(40, 6))
    for axis in (None, 0, 1):
        held = quantize_model(pruned, bits=4, axis=axis, activations=X)
        small = compact_model(held)
        assert sum(small.sizes) < sum(held.sizes)
        np.testing.assert_allclose(predict_model(small, X), predict_model(held, X), atol=1e-12)


def test_compact_with_a_hidden_softmax_only_sorts() -> None:
    model = Model((Dense([[0.0, 0.0], [1.0, 2.0]], activation="softmax"), Dense([[1.0, 0.0]])))
    small = compact_model(model)
    assert as_lists(small.layers[0].weights) == [[1.0, 2.0], [0.0, 0.0]]
    assert_same_answers(model, small)


def test_pruned_neurons_leave_no_codes_behind() -> None:
    model = quantize_model(Model.from_arrays([[[1.0, 2.0]]]), activations=[[1.0, 2.0]])
    layer = prune_model(model, sparsity=0.5, unit="neuron").layers[0]
    assert layer.quantization is None
    assert layer.input_range is None


def masks(model: Model) -> list[Any]:
    return [layer.mask for layer in model.layers]


BOTH = [[[1.0, 2.0], [3.0, 4.0]], [[10.0, 20.0]]]


def test_model_by_layer_and_globally() -> None:
    model = Model.from_arrays(BOTH)
    assert nonzeros(prune_model(model, sparsity=0.5)) == [2, 1]
    assert nonzeros(prune_model(model, sparsity=0.5, scope="global")) == [1, 2]
    assert nonzeros(prune_model(model, rate=0.5)) == [3, 2]
    assert nonzeros(prune_model(model, rate=0.5, scope="global")) == [0, 2]
    assert nonzeros(prune_model(model, rate=0.6, scope="column")) == [2, 1]
    assert nonzeros(prune_model(model, threshold=3.5)) == [1, 2]


def test_model_with_an_amount_for_each_layer() -> None:
    model = Model.from_arrays(BOTH)
    assert nonzeros(prune_model(model, sparsity=[0.25, 1.0])) == [3, 0]
    with pytest.raises(ValueError, match="SPARSITY must have 1 or, by layer, 2 values, got 3"):
        prune_model(model, sparsity=[0.1, 0.2, 0.3])


@settings(deadline=None, derandomize=True)
@given(models(), st.floats(0, 1))
def test_model_layers_are_pruned_like_matrices(model: Model, share: float) -> None:
    pruned = prune_model(model, sparsity=share)
    for before, after in zip(model.layers, pruned.layers, strict=True):
        mask = prune_magnitude(before.weights, share)[1]
        if before.mask is not None:
            mask = mask & before.mask
        assert as_lists(after.mask) == as_lists(mask)
        assert as_lists(after.weights) == as_lists(np.where(mask, before.weights, 0))
        assert as_lists(after.bias) == as_lists(before.bias)
        assert after.activation == before.activation


@settings(deadline=None, derandomize=True)
@given(models(), st.floats(0, 1))
def test_neurons_leave_and_one_stays(model: Model, share: float) -> None:
    pruned = prune_model(model, sparsity=share, unit="neuron")
    assert (pruned.sizes[0], pruned.sizes[-1]) == (model.sizes[0], model.sizes[-1])
    for before, after in zip(model.sizes[1:-1], pruned.sizes[1:-1], strict=True):
        assert after == max(1, before - round_half_away(share * before))


@settings(deadline=None, derandomize=True)
@given(models(ties=False), st.randoms(use_true_random=False))
def test_removing_dead_neurons_changes_no_output(model: Model, random: Any) -> None:
    layers = []
    for layer in model.layers[:-1]:
        alive = np.array([random.random() < 0.5 for _ in range(layer.outputs)])
        alive[0] = True
        weights = np.where(alive[:, None], np.where(layer.weights == 0, 1, layer.weights), 0)
        layers.append(Dense(weights.astype(np.float64), layer.bias, layer.activation))
    model = Model((*layers, model.layers[-1])).astype("float64")
    X = np.linspace(-1, 1, 3 * model.sizes[0]).reshape(3, -1)
    pruned = prune_model(model, threshold=1e-300, unit="neuron")
    alive = [int(np.any(layer.weights, axis=1).sum()) for layer in model.layers[:-1]]
    assert list(pruned.sizes[1:-1]) == alive
    before, after = predict_model(model, X), predict_model(pruned, X)
    np.testing.assert_allclose(after, before, rtol=1e-12, atol=1e-12 * (1 + np.abs(before).max()))


def test_what_a_removed_neuron_sends_moves_into_the_next_bias() -> None:
    model = Model.from_arrays(
        [[[0.1, 0.0], [2.0, 2.0]], [[3.0, 5.0], [7.0, 11.0]]],
        [[4.0, 0.0], [1.0, -1.0]],
        ["linear", "softmax"],
    )
    pruned = prune_model(model, sparsity=0.5, unit="neuron")
    assert as_lists(pruned.layers[0].weights) == [[2.0, 2.0]]
    assert as_lists(pruned.layers[1].weights) == [[5.0], [11.0]]
    assert as_lists(pruned.layers[1].bias) == [1.0 + 3.0 * 4.0, -1.0 + 7.0 * 4.0]


def test_an_earlier_mask_stays_in_force() -> None:
    mask = np.array([[True, False, True]])
    model = Model((Dense([[1.0, 0.0, 3.0]], mask=mask),))
    assert as_lists(prune_model(model, threshold=0.0).layers[0].mask) == [[True, False, True]]
    once = prune_model(model, sparsity=0.4)
    assert as_lists(once.layers[0].mask) == [[True, False, True]]


def test_codes_that_no_longer_fit_are_dropped() -> None:
    codes = Quantization(np.int8([[64, 127]]), 1 / 127, 0, 8, "symmetric")
    model = Model((Dense([[64 / 127, 1.0]], quantization=codes),))
    assert prune_model(model, sparsity=0.5).layers[0].quantization is None


def test_the_model_given_is_not_changed() -> None:
    model = Model.from_arrays(BOTH)
    for unit in ("connection", "neuron"):
        prune_model(model, sparsity=0.5, unit=unit)
    assert [as_lists(layer.weights) for layer in model.layers] == BOTH
    assert masks(model) == [None, None]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "one of THRESHOLD, RATE, SPARSITY and QUALITY must be given, got 0"),
        ({"rate": 0.1, "sparsity": 0.1}, "RATE, SPARSITY and QUALITY must be given, got 2"),
        ({"sparsity": 0.5, "scope": "column"}, 'SCOPE must be "column" only with RATE'),
        ({"sparsity": [0.5, 0.5], "scope": "global"}, "SPARSITY must have 1 or, by layer"),
        ({"sparsity": [0.5, 1.5]}, r"SPARSITY must be in \[0, 1\], got 1.5"),
    ],
)
def test_bad_options(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        prune_model(Model.from_arrays(BOTH), **options)


def test_neurons_before_a_hidden_softmax_are_refused() -> None:
    model = Model.from_arrays([[[1.0], [2.0]], [[1.0, 2.0]]], activations=["softmax", "linear"])
    with pytest.raises(ValueError, match='UNIT must be "connection" for a model with a hidden'):
        prune_model(model, sparsity=0.5, unit="neuron")
