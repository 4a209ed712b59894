"""Weight sharing against brute force, scikit-learn's k-means and what it promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from generators import HypothesisSource, as_lists
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from sklearn.cluster import KMeans

from octave_compress import Dense, Model, use_backend
from octave_compress.equivalence.levels import EXACT, compare
from octave_compress.ops import (
    kmeans_codebook,
    predict_model,
    prune_model,
    quantize_codebook,
    quantize_model,
    share_model,
)
from octave_compress.random import OctaveRandom

INITS = ("linear", "density", "random")


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


@st.composite
def weights(draw: DrawFn, smallest: int = 0) -> Any:
    source = HypothesisSource(draw)
    return source.matrix(source.size(smallest), source.size(smallest))


@st.composite
def models(draw: DrawFn) -> Model:
    return HypothesisSource(draw).model()


def starts(w: Any, k: int, init: str) -> Any:
    """Return where each start is by its definition, for weights without zeros."""
    x = np.sort(w.ravel()).astype(np.float64)
    if init == "linear":
        return np.linspace(x[0], x[-1], k)
    if init == "density":
        return x[[int((i + 0.5) / k * x.size) for i in range(k)]]
    return np.sort(x[OctaveRandom(0).randperm(x.size, k, dtype=int)])


def inertia(w: Any, codebook: Any) -> float:
    shared = quantize_codebook(w, codebook)[0]
    return float(((shared.astype(np.float64) - w) ** 2).sum())


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("k", [2, 7, 32])
@pytest.mark.parametrize(
    ("tails", "dtype"), [("normal", "float32"), ("laplace", "float64"), ("uniform", "float64")]
)
def test_as_good_as_scikit_learn_from_the_same_start(
    tails: str, dtype: str, k: int, init: str
) -> None:
    random = np.random.default_rng(k)
    w = getattr(random, tails)(0.05, 0.1, (20, 61)).astype(dtype)
    start = starts(w, k, init)[:, None]
    judge = KMeans(k, init=start, n_init=1, tol=0, max_iter=500).fit(w.reshape(-1, 1))
    codebook = kmeans_codebook(w, k, init=init)
    assert codebook.dtype == w.dtype
    assert codebook.shape == (1, k)
    # Empty clusters go elsewhere than scikit-learn's, to another optimum that may be no worse.
    worse = 1.001 if len(set(judge.labels_)) == k and not gaps(w, start) else 1.1
    assert inertia(w, codebook) <= worse * judge.inertia_


def gaps(w: Any, start: Any) -> bool:
    """Return whether a level is nearest to no weight at the start."""
    nearest = np.abs(w.reshape(1, -1) - start).argmin(axis=0)
    return len(set(nearest.tolist())) < len(start)


@pytest.mark.parametrize("init", INITS)
def test_levels_are_a_fixed_point(init: str) -> None:
    w = np.random.default_rng(0).normal(size=(40, 50))
    codebook = kmeans_codebook(w, 16, init=init)
    nearest = np.abs(w.ravel()[:, None] - codebook).argmin(axis=1)
    means = [w.ravel()[nearest == i].mean() for i in range(16)]
    np.testing.assert_allclose(codebook[0], means, rtol=1e-12)


def test_a_small_case_finds_the_optimum() -> None:
    w = [1.0, 2.0, 9.0, 11.0, 30.0, 31.5]
    assert as_lists(kmeans_codebook(w, 3)) == [[1.5, 10.0, 30.75]]


def test_a_level_without_weights_helps_where_they_are_spread() -> None:
    # From -8, 0 and 8 nothing is nearest to 0; the eight weights at 7 to 9 are split, not -8.
    w = [-8.0, 7.0, 7.0, 7.0, 7.0, 9.0, 9.0, 9.0, 8.0]
    assert as_lists(kmeans_codebook(w, 3)) == [[-8.0, 7.0, 8.75]]


@settings(deadline=None, derandomize=True)
@given(weights(), st.sampled_from(INITS), st.integers(0, 2**32 - 1))
def test_few_different_weights_are_kept_as_they_are(w: Any, init: str, seed: int) -> None:
    codebook = kmeans_codebook(w, 200, init=init, seed=seed)
    shared, codes = quantize_codebook(w, codebook)
    # Two that are neighbours among all floats may not be told apart.
    np.testing.assert_allclose(shared, w, rtol=1e-6, atol=1e-300)
    assert as_lists(shared) == as_lists(codebook[0][codes])


@settings(deadline=None, derandomize=True)
@given(weights(), st.integers(1, 9), st.sampled_from(INITS))
def test_zeros_stay_and_nothing_else_becomes_zero(w: Any, k: int, init: str) -> None:
    codebook = kmeans_codebook(w, k, init=init)
    codes = quantize_codebook(w, codebook)[1]
    if (w == 0).any():
        assert codebook.size <= k + 1
        own = int(np.flatnonzero(codebook[0] == 0)[0])
        assert codebook.size == 1 or as_lists(codes == own) == as_lists(w == 0)
    else:
        assert codebook.size <= max(k, 1)


@settings(deadline=None, derandomize=True)
@given(weights(1), weights(1))
def test_each_weight_goes_to_the_nearest_level(w: Any, levels: Any) -> None:
    w = w.astype(np.float64)
    codebook = np.sort(levels.astype(np.float64).ravel())[None, :]
    shared, codes = quantize_codebook(w, codebook)
    others = codebook[0]
    if (w == 0).any() and (others == 0).any() and others.size > 1:
        others = np.delete(others, np.flatnonzero(others == 0)[0])
    best = np.abs(w[:, :, None] - others).min(axis=2)
    # The boundary between two levels is rounded as every number is.
    assert (np.abs(w - shared) <= best + 1e-15 * np.abs(w))[w != 0].all()
    assert as_lists(shared) == as_lists(codebook[0][codes])


def test_halfway_the_lower_level_is_taken() -> None:
    assert as_lists(quantize_codebook([1.5, 2.5], [1.0, 2.0, 3.0])[1]) == [[0, 1]]


def test_a_mean_of_zero_beside_zeros() -> None:
    w = [-1.0, 1.0, -1.0, 1.0, 5.0, 0.0]
    codebook = kmeans_codebook(w, 2)
    assert as_lists(codebook) == [[0.0, 0.0, 5.0]]
    assert as_lists(quantize_codebook(w, codebook)[1]) == [[1, 1, 1, 1, 2, 0]]


@pytest.mark.parametrize(("k", "kind"), [(255, "uint8"), (256, "uint16"), (65536, "uint32")])
def test_very_many_levels(k: int, kind: str) -> None:
    w = np.random.default_rng(1).permutation(np.arange(70000.0))[None, :]
    codebook = kmeans_codebook(w, k)
    assert codebook.shape == (1, k + 1)  # 0 is one of the weights
    shared, codes = quantize_codebook(w, codebook)
    assert codes.dtype == kind
    assert np.abs(shared - w).max() < 70000 / k * 2


def test_numbers_at_the_ends_of_the_range() -> None:
    largest, smallest = np.finfo(np.float64).max, 5e-324
    w = [[-largest, -largest, largest, smallest, -smallest]]
    assert as_lists(kmeans_codebook(w, 5)) == [[-largest, -smallest, smallest, largest]]
    assert np.isfinite(kmeans_codebook(w, 2)).all()


@pytest.mark.octave
@pytest.mark.parametrize("init", INITS)
def test_both_sides_find_the_same_levels_among_many_weights(init: str) -> None:
    w = np.random.default_rng(2).standard_t(3, (300, 700)).astype(np.float32)
    w[np.abs(w) < 0.5] = 0
    results = [
        quantize_codebook(w, kmeans_codebook(w, 100, init=init, seed=3, backend=side), backend=side)
        for side in ("numpy", "octave")
    ]
    assert compare(*results, EXACT).mismatch is None


# Models


@settings(deadline=None, derandomize=True)
@given(models(), st.integers(1, 5), st.sampled_from(INITS))
def test_bits_are_never_exceeded(model: Model, bits: int, init: str) -> None:
    for layer in share_model(model, bits=bits, init=init).layers:
        assert layer.quantization is not None
        assert layer.quantization.bits <= bits


@settings(deadline=None, derandomize=True)
@given(models(), st.integers(1, 5))
def test_layers_are_those_of_the_array_operations(model: Model, k: int) -> None:
    for before, after in zip(model.layers, share_model(model, k=k).layers, strict=True):
        shared, codes = quantize_codebook(before.weights, kmeans_codebook(before.weights, k))
        held = after.quantization
        assert held is not None
        assert as_lists((after.weights, held.codes)) == as_lists((shared, codes))
        assert as_lists((after.bias, after.mask)) == as_lists((before.bias, before.mask))
        assert not after.weights[before.weights == 0].any()


def test_the_layers_draw_one_after_the_other() -> None:
    w = np.random.default_rng(0).normal(size=(9, 9))
    first, second = share_model(Model((Dense(w), Dense(w))), k=20, init="random", seed=5).layers
    assert as_lists(first.weights) == as_lists(
        share_model(Model((Dense(w),)), k=20, init="random", seed=5).layers[0].weights
    )
    assert as_lists(first.weights) != as_lists(second.weights)


def test_sharing_follows_pruning_and_quantization() -> None:
    random = np.random.default_rng(3)
    model = Model(
        (Dense(random.normal(size=(30, 20))), Dense(random.normal(size=(5, 30)), None, "linear"))
    )
    pruned = prune_model(model, sparsity=0.8)
    X = random.normal(size=(50, 20))
    shared = share_model(pruned, k=16)
    again = share_model(quantize_model(pruned, bits=8, activations=X), k=[16, 8])
    for layer, other in zip(shared.layers, again.layers, strict=True):
        assert layer.quantization is not None
        assert layer.quantization.codebook.size == 17
        assert layer.mask is not None
        assert not layer.weights[~layer.mask].any()
        assert other.input_range is None
    before, after = predict_model(pruned, X), predict_model(shared, X)
    assert np.linalg.norm(after - before) < 0.1 * np.linalg.norm(before)
    assert quantize_model(shared, bits=8).layers[0].quantization.codebook is None
