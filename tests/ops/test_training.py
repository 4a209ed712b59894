"""Optimizers and training against formulas, scikit-learn and least squares; Octave and NumPy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from generators import as_lists
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from octave_compress import Dense, InputRange, Model, Quantization, Session, use_backend
from octave_compress.demo import digits
from octave_compress.octave import default_session
from octave_compress.ops import (
    adam_step,
    distill_model,
    gradient_model,
    predict_model,
    prune_model,
    quantize_model,
    retrain_model,
    sgd_step,
    train_model,
)
from octave_compress.random import OctaveRandom

BACKENDS = pytest.mark.parametrize(
    "backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)]
)
SOLVERS = pytest.mark.parametrize("solver", ["adam", "sgd"])

RANDOM = np.random.default_rng(21)
X = RANDOM.normal(size=(10, 3))
CLASSES = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
VALUES = RANDOM.normal(size=(10, 2))
OUTPUTS = RANDOM.normal(size=(10, 3))


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


def arrays(model: Model) -> list[Any]:
    """Return the weights and biases, from the first layer to the last."""
    return [array for layer in model.layers for array in (layer.weights, layer.bias)]


def values(model: Model) -> Any:
    return [as_lists(array) for array in arrays(model)]


def assert_close(found: Model, expected: Model, bound: float) -> None:
    for one, other in zip(arrays(found), arrays(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=bound, atol=bound)


# Optimizers


class KingmaBa:
    """Adam as Algorithm 1 of the paper writes it, one array at a time."""

    def __init__(
        self, rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        self.rate, self.beta1, self.beta2, self.epsilon = rate, beta1, beta2, epsilon
        self.m: Any = 0.0
        self.v: Any = 0.0
        self.t = 0

    def step(self, w: Any, g: Any) -> Any:
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        m = self.m / (1 - self.beta1**self.t)
        v = self.v / (1 - self.beta2**self.t)
        return w - self.rate * m / (np.sqrt(v) + self.epsilon)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"learning_rate": 0.3, "beta1": 0.5, "beta2": 0.7, "epsilon": 0.1},
        {"learning_rate": 0.01, "beta1": 0.0, "beta2": 0.0},
    ],
)
def test_adam_is_the_papers(options: dict[str, float]) -> None:
    random = np.random.default_rng(1)
    w = expected = random.normal(size=(4, 3))
    m = s = np.zeros((4, 3))
    judge = KingmaBa(*options.values())
    for step in range(1, 13):
        gradient = random.normal(size=(4, 3)) * 10.0 ** random.integers(-6, 3, (4, 3))
        expected = judge.step(expected, gradient)
        w, m, s = adam_step(w, gradient, m, s, step, **options)
        np.testing.assert_allclose(w, expected, rtol=1e-12)
        # After steps of both signs the first moment has lost digits to cancellation.
        np.testing.assert_allclose(m, judge.m, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(s**2, judge.v, rtol=1e-12)


def test_adam_by_hand() -> None:
    w, m, s = adam_step([[1.0]], [[-2.0]], [[0.0]], [[0.0]], 1, learning_rate=0.25, epsilon=2.0)
    assert (m[0, 0], s[0, 0] ** 2) == pytest.approx((-0.2, 0.004), rel=1e-14)
    assert w[0, 0] == pytest.approx(1 + 0.25 * 2 / (2 + 2), rel=1e-14)


def test_adam_is_scikit_learns() -> None:
    random = np.random.default_rng(2)
    expected = [random.normal(size=(4, 3))]
    w = expected[0].copy()
    # scikit-learn adds epsilon before the bias correction: the two agree as it goes to zero.
    judge = AdamOptimizer(expected, learning_rate_init=0.01, epsilon=1e-30)
    m = s = np.zeros((4, 3))
    for step in range(1, 13):
        gradient = random.normal(size=(4, 3))
        judge.update_params(expected, [gradient])
        w, m, s = adam_step(w, gradient, m, s, step, learning_rate=0.01, epsilon=1e-30)
        np.testing.assert_allclose(w, expected[0], rtol=1e-12)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e200])
def test_adams_first_step_is_the_learning_rate_whatever_the_gradient(size: float) -> None:
    w, _, s = adam_step([[0.0, 0.0]], [[size, -size]], [[0.0, 0.0]], [[0.0, 0.0]], 1)
    assert np.isfinite(s).all()
    np.testing.assert_allclose(w, [[-0.001, 0.001]], rtol=2e-5)  # epsilon / 1e-3


def test_adam_leaves_a_weight_without_gradient_alone() -> None:
    w, m, s = adam_step([[5.0]], [[0.0]], [[0.0]], [[0.0]], 1)
    assert as_lists((w, m, s)) == ([[5.0]], [[0.0]], [[0.0]])


def test_sgd_by_hand() -> None:
    w, velocity = sgd_step(
        [[1.0, 2.0]], [[4.0, -8.0]], [[0.5, 0.0]], learning_rate=0.25, momentum=0.5
    )
    assert as_lists((w, velocity)) == ([[0.25, 4.0]], [[-0.75, 2.0]])
    w, velocity = sgd_step(w, [[0.0, 0.0]], velocity, learning_rate=0.25, momentum=0.5)
    assert as_lists((w, velocity)) == ([[-0.125, 5.0]], [[-0.375, 1.0]])


def test_sgd_is_scikit_learns() -> None:
    random = np.random.default_rng(3)
    expected = [random.normal(size=(4, 3))]
    w, velocity = expected[0].copy(), np.zeros((4, 3))
    judge = SGDOptimizer(expected, learning_rate_init=0.1, momentum=0.8, nesterov=False)
    for _ in range(12):
        gradient = random.normal(size=(4, 3))
        judge.update_params(expected, [gradient])
        w, velocity = sgd_step(w, gradient, velocity, learning_rate=0.1, momentum=0.8)
        np.testing.assert_allclose(w, expected[0], rtol=1e-12, atol=1e-15)


def test_optimizers_stay_in_the_type_of_the_weights() -> None:
    w, other = np.ones((2, 2), np.float32), np.full((2, 2), 0.1)
    for result in (*adam_step(w, other, other, other, 3), *sgd_step(w, other, other)):
        assert result.dtype == np.float32


# What training finds


@BACKENDS
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_xor_is_learnt(activation: str, backend: Any) -> None:
    samples, y = [[0, 0], [1, 0], [0, 1], [1, 1]], [0, 1, 1, 0]
    model = train_model(
        samples,
        y,
        [2, 16, 2],
        activation=activation,
        epochs=300,
        learning_rate=0.03,
        backend=backend,
    )
    p = predict_model(model, samples)
    assert as_lists(p.argmax(axis=1)) == y
    assert p.max(axis=1).min() > 0.95


def test_no_line_separates_xor() -> None:
    samples, y = [[0, 0], [1, 0], [0, 1], [1, 1]], [0, 1, 1, 0]
    model = train_model(samples, y, [2, 2], epochs=300, learning_rate=0.03)
    assert (predict_model(model, samples).argmax(axis=1) == y).sum() < 4


@pytest.mark.parametrize("weight", [None, np.linspace(0.2, 2.0, 40)], ids=["plain", "weighted"])
def test_regression_finds_the_least_squares(weight: Any) -> None:
    random = np.random.default_rng(5)
    samples = random.normal(size=(40, 3))
    known = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, -1.0]])
    y = samples @ known.T + [0.25, -4.0] + 0.1 * random.normal(size=(40, 2))
    options = {"loss": "mse", "solver": "sgd", "learning_rate": 0.1, "batch_size": 40}
    model = train_model(samples, y, [3, 2], epochs=600, sample_weight=weight, **options)
    root = np.sqrt(np.ones(40) if weight is None else weight)[:, None]
    design = np.column_stack([samples, np.ones(40)])
    solution = np.linalg.lstsq(design * root, y * root)[0].T
    # Gradient descent in full batches converges to the last bits.
    np.testing.assert_allclose(model.layers[0].weights, solution[:, :3], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(model.layers[0].bias, solution[:, 3], rtol=1e-9)
    np.testing.assert_allclose(model.layers[0].weights, known, atol=0.1)


def test_classification_finds_scikit_learns_logistic_regression() -> None:
    random = np.random.default_rng(6)
    samples = random.normal(size=(90, 2))
    y = (samples @ [[2.0, 0.0, -1.0], [0.0, 1.5, -1.0]] + random.gumbel(size=(90, 3))).argmax(1)
    judge = LogisticRegression(C=1e12, tol=1e-10, max_iter=10_000).fit(samples, y)
    options = {"solver": "sgd", "learning_rate": 0.5, "batch_size": 90, "epochs": 1500}
    found = predict_model(train_model(samples, y, [2, 3], **options), samples)
    # The judge itself stops at about six digits.
    np.testing.assert_allclose(found, judge.predict_proba(samples), atol=1e-5)


# One run, step by step


def by_hand(
    start: Model,
    order: Callable[[], Any],
    y: Any,
    loss: str,
    solver: str,
    epochs: int,
    batch_size: int,
    decay: float,
) -> list[Any]:
    """Train with nothing but `gradient_model`: plain Adam, or momentum, on each array."""
    rate = 0.02
    current = [array.copy() for array in arrays(start)]
    adams = [KingmaBa(rate) for _ in current]
    velocities = [np.zeros_like(array) for array in current]
    for _ in range(epochs):
        visited = order()
        for first in range(0, len(X), batch_size):
            batch = visited[first : first + batch_size]
            activations = [layer.activation for layer in start.layers]
            model = Model.from_arrays(current[::2], current[1::2], activations)
            slopes = arrays(gradient_model(model, X[batch], y[batch], loss=loss)[1])
            for i, (w, g) in enumerate(zip(current, slopes, strict=True)):
                if solver == "adam":
                    after = adams[i].step(w, g)
                else:
                    velocities[i] = 0.9 * velocities[i] - rate * g
                    after = w + velocities[i]
                is_weight = i % 2 == 0
                current[i] = after - rate * decay * w if is_weight else after
    return current


@SOLVERS
@pytest.mark.parametrize("decay", [0.0, 0.4])
@pytest.mark.parametrize("loss", ["crossentropy", "mse"])
def test_training_is_steps_along_the_gradients_of_shuffled_batches(
    loss: str, decay: float, solver: str
) -> None:
    y = CLASSES if loss == "crossentropy" else OUTPUTS
    options = {"loss": loss, "activation": "tanh", "seed": 9, "solver": solver}
    start = train_model(X, y, [3, 5, 3], epochs=0, **options)
    random = OctaveRandom(9)
    random.randn(5, 3)
    random.randn(3, 5)  # the first weights come before the first order
    expected = by_hand(start, lambda: random.randperm(10, dtype=int), y, loss, solver, 3, 4, decay)
    found = train_model(
        X,
        y,
        [3, 5, 3],
        epochs=3,
        batch_size=4,
        learning_rate=0.02,
        weight_decay=decay,
        **options,
    )
    for one, other in zip(arrays(found), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


def test_one_full_step_with_weight_decay_by_hand() -> None:
    start = train_model(X, VALUES, [3, 2], loss="mse", epochs=0, seed=4)
    w, b = arrays(start)
    found = train_model(
        X,
        VALUES,
        [3, 2],
        loss="mse",
        solver="sgd",
        epochs=1,
        batch_size=10,
        learning_rate=0.1,
        weight_decay=0.5,
        seed=4,
    )
    error = X @ w.T + b - VALUES  # the mean is over samples and outputs
    expected_w = w - 0.1 * (2 / 20 * error.T @ X) - 0.1 * 0.5 * w
    expected_b = b - 0.1 * (2 / 20 * error.sum(axis=0))
    np.testing.assert_allclose(found.layers[0].weights, expected_w, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(found.layers[0].bias, expected_b, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@BACKENDS
def test_a_weight_without_gradient_glides_to_rest(dtype: str, backend: Any) -> None:
    # Only one sample moves the weight; momentum carries it on, ten times as far in the end.
    count, seed = 1000, 4
    x, y = np.zeros((count, 1)), np.zeros(count)
    x[0] = 1
    random = OctaveRandom(seed)
    random.randn(1, 1)
    glides = count - int(np.flatnonzero(random.randperm(count) == 0)[0])
    assert glides > 700  # long enough for float32 to run out of exponents
    options = {"loss": "mse", "solver": "sgd", "seed": seed, "dtype": dtype, "backend": backend}
    w = float(train_model(x, y, [1, 1], epochs=0, **options).layers[0].weights[0, 0])
    found = train_model(x, y, [1, 1], epochs=1, batch_size=1, learning_rate=0.01, **options)
    expected = w - 0.01 * 2 * w * (1 - 0.9**glides) / (1 - 0.9)
    assert found.layers[0].weights[0, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("solver", "rate"), [("adam", 0.001), ("sgd", 0.01)])
def test_defaults(solver: str, rate: float) -> None:
    options: Any = {"solver": solver, "epochs": 2}
    short = train_model(X, CLASSES, [3, 4, 3], **options)
    explicit: Any = {"batch_size": 32, "seed": 0, "activation": "relu", "loss": "crossentropy"}
    long = train_model(X, CLASSES, [3, 4, 3], learning_rate=rate, **explicit, **options)
    assert values(short) == values(long)
    again = retrain_model(short, X, CLASSES, **options)
    assert values(again) == values(retrain_model(short, X, CLASSES, learning_rate=rate, **options))


def test_weight_decay_makes_weights_smaller() -> None:
    sizes = [
        np.linalg.norm(train_model(X, CLASSES, [3, 8, 3], weight_decay=decay).layers[0].weights)
        for decay in (0.0, 0.5, 5.0)
    ]
    assert sizes[0] > sizes[1] > sizes[2]


# Seeds and first weights


@SOLVERS
@BACKENDS
def test_a_seed_decides_the_network(solver: str, backend: Any) -> None:
    def train(seed: int) -> Any:
        options: Any = {"solver": solver, "epochs": 3, "batch_size": 3, "backend": backend}
        return values(train_model(X, CLASSES, [3, 4, 3], seed=seed, **options))

    assert train(5) == train(5)
    assert train(5) != train(6)


def test_in_retraining_the_seed_decides_the_order_alone() -> None:
    model = Model.from_arrays([np.eye(3)], activations=["softmax"])

    def retrain(seed: int, batch_size: int, epochs: int = 3) -> Any:
        return retrain_model(model, X, CLASSES, epochs=epochs, batch_size=batch_size, seed=seed)

    assert values(retrain(5, 3)) == values(retrain(5, 3))
    assert values(retrain(5, 3)) != values(retrain(6, 3))
    assert values(retrain(5, 3, epochs=0)) == values(model)
    # In full batches the order is no more than an order of adding.
    assert_close(retrain(5, 10), retrain(6, 10), 1e-12)


@pytest.mark.parametrize(
    ("activation", "gain"), [("relu", 2.0), ("tanh", 1.0), ("sigmoid", 1.0), ("linear", 1.0)]
)
def test_without_epochs_the_weights_are_random_by_hes_rule(activation: str, gain: float) -> None:
    sizes = [300, 200, 100]
    model = train_model(np.zeros((1, 300)), [0], sizes, activation=activation, epochs=0)
    for layer, factor in zip(model.layers, (gain, 1.0), strict=True):
        # Five standard errors of a standard deviation and of a mean.
        deviation, count = math.sqrt(factor / layer.inputs), layer.weights.size
        assert layer.weights.std() == pytest.approx(deviation, rel=5 / math.sqrt(2 * count))
        assert abs(layer.weights.mean()) < 5 * deviation / math.sqrt(count)
        assert not layer.bias.any()
    assert [layer.activation for layer in model.layers] == [activation, "softmax"]


@pytest.mark.octave
@BACKENDS
def test_first_weights_are_octaves_randn(backend: Any) -> None:
    model = train_model(X, CLASSES, [3, 4, 3], epochs=0, seed=77, backend=backend)
    with Session() as octave:
        octave.call("randn", "twister", 77, nout=0)
        first, second = octave.call("randn", 4, 3), octave.call("randn", 3, 4)
    assert as_lists(model.layers[0].weights) == as_lists(first * math.sqrt(2 / 3))
    assert as_lists(model.layers[1].weights) == as_lists(second * math.sqrt(1 / 4))


def test_numpys_generator_is_left_alone() -> None:
    def state() -> Any:
        return as_lists(np.random.get_state()[1]), np.random.get_state()[2]  # noqa: NPY002

    before = state()
    model = train_model(X, CLASSES, [3, 4, 3], epochs=2, seed=1)
    retrain_model(model, X, CLASSES, epochs=2)
    distill_model(model, [3, 3], X, CLASSES, epochs=2)
    assert state() == before
    np.random.random()  # noqa: NPY002
    assert state() != before


@pytest.mark.octave
def test_octaves_generators_are_left_alone() -> None:
    octave = default_session()

    def state() -> Any:
        return [as_lists(octave.call(name, "twister")) for name in ("rand", "randn")]

    options: Any = {"epochs": 2, "backend": "octave"}
    before = state()
    model = train_model(X, CLASSES, [3, 4, 3], seed=1, **options)
    assert state() == before
    retrain_model(model, X, CLASSES, **options)
    assert state() == before
    distill_model(model, [3, 3], X, CLASSES, **options)
    assert state() == before
    with pytest.raises(ValueError, match="LEARNING_RATE"):
        train_model(X, VALUES, [3, 2], loss="mse", learning_rate=1e200, **options)
    assert state() == before
    for name in ("rand", "randn"):
        octave.call(name)
    assert all(one != other for one, other in zip(state(), before, strict=True))


# Masks, shapes and types


def masked() -> Model:
    random = np.random.default_rng(8)
    mask = random.random((6, 3)) < 0.5
    first = Dense(np.where(mask, random.normal(size=(6, 3)), 0), activation="tanh", mask=mask)
    return Model((first, Dense(random.normal(size=(3, 6)), activation="softmax")))


@BACKENDS
@SOLVERS
def test_retraining_holds_masks_and_keeps_shapes(solver: str, backend: Any) -> None:
    model = masked()
    before, mask = values(model), model.layers[0].mask
    tuned = retrain_model(
        model, X, CLASSES, solver=solver, epochs=5, weight_decay=0.1, backend=backend
    )
    assert tuned.sizes == model.sizes
    assert [layer.activation for layer in tuned.layers] == ["tanh", "softmax"]
    assert as_lists(tuned.layers[0].mask) == as_lists(mask)
    assert tuned.layers[1].mask is None
    assert not tuned.layers[0].weights[~mask].any()
    assert (tuned.layers[0].weights != model.layers[0].weights)[mask].all()
    assert (tuned.layers[1].weights != model.layers[1].weights).all()
    assert values(model) == before


@SOLVERS
def test_without_a_mask_zeros_are_held(solver: str) -> None:
    first, second = masked().layers
    assert first.mask is not None
    bare = Model((Dense(first.weights, first.bias, "tanh"), second))
    options: Any = {"solver": solver, "epochs": 5}
    tuned = retrain_model(bare, X, CLASSES, **options)
    assert values(tuned) == values(retrain_model(masked(), X, CLASSES, **options))
    assert not tuned.layers[0].weights[~first.mask].any()


def test_a_weight_that_its_mask_forbids_becomes_zero() -> None:
    layer = Dense([[1.0, 2.0, 3.0]], activation="linear", mask=[[True, False, True]])
    tuned = retrain_model(Model((layer,)), X, VALUES[:, :1], epochs=1)
    assert tuned.layers[0].weights[0, 1] == 0
    assert np.count_nonzero(tuned.layers[0].weights) == 2


def test_a_zero_that_its_mask_allows_may_grow() -> None:
    layer = Dense([[0.0, 2.0, 3.0]], activation="linear", mask=np.ones((1, 3), bool))
    tuned = retrain_model(Model((layer,)), X, VALUES[:, :1], epochs=1)
    assert tuned.layers[0].weights.all()


def test_retraining_drops_codes_and_input_ranges() -> None:
    codes = Quantization(np.int8([[64, 127, -3]]), 1 / 127, 0, 8, "symmetric")
    layer = Dense(
        np.array([[64, 127, -3]]) / 127,
        activation="linear",
        quantization=codes,
        input_range=InputRange(1.0, 0.0, 8),
    )
    plain = Model.from_arrays([layer.weights])
    tuned = retrain_model(Model((layer,)), X, VALUES[:, :1], epochs=4)
    assert tuned.layers[0].quantization is None
    assert tuned.layers[0].input_range is None
    assert values(tuned) == values(retrain_model(plain, X, VALUES[:, :1], epochs=4))


@BACKENDS
@SOLVERS
def test_float32_stays_float32(solver: str, backend: Any) -> None:
    options: Any = {"solver": solver, "epochs": 2, "weight_decay": 0.1, "backend": backend}
    options["sample_weight"] = np.arange(10.0)
    model = train_model(X, CLASSES, [3, 4, 3], dtype="float32", **options)
    tuned = retrain_model(model, X, CLASSES, **options)
    small = distill_model(model, [3, 3], X, CLASSES, **options)
    for network in (model, tuned, small):
        assert {array.dtype for array in arrays(network)} == {np.dtype(np.float32)}
    wide = train_model(X, CLASSES, [3, 4, 3], **options)
    assert wide.dtype == np.float64
    assert_close(model, wide, 1e-3)  # a few float32 steps from the same first weights


def test_class_numbers_are_one_hot_targets() -> None:
    one = train_model(X, CLASSES, [3, 4, 3], epochs=3)
    assert values(one) == values(train_model(X, np.eye(3)[CLASSES], [3, 4, 3], epochs=3))


def test_the_values_of_one_output_may_be_a_list() -> None:
    one = train_model(X, VALUES[:, 0], [3, 1], loss="mse", epochs=3)
    assert values(one) == values(train_model(X, VALUES[:, :1], [3, 1], loss="mse", epochs=3))
    assert one.layers[0].activation == "linear"


# Sample weights


@SOLVERS
@pytest.mark.parametrize("loss", ["crossentropy", "mse"])
def test_a_sample_of_weight_k_is_like_k_samples(loss: str, solver: str) -> None:
    counts = np.array([1, 3, 0, 2, 1, 1, 5, 0, 1, 2])
    y = CLASSES if loss == "crossentropy" else OUTPUTS
    options: Any = {"loss": loss, "solver": solver, "epochs": 20, "batch_size": 100}
    weighted = train_model(X, y, [3, 6, 3], sample_weight=counts, **options)
    repeated = np.repeat(np.arange(10), counts)
    more = train_model(X[repeated], y[repeated], [3, 6, 3], **options)
    # Sums in another order, amplified over twenty steps.
    assert_close(weighted, more, 1e-9)
    plain = train_model(X, y, [3, 6, 3], **options)
    assert np.abs(plain.layers[0].weights - more.layers[0].weights).max() > 1e-4


def test_only_the_ratio_of_sample_weights_counts() -> None:
    weight = np.arange(1.0, 11.0)
    one = train_model(X, CLASSES, [3, 4, 3], epochs=5, batch_size=4, sample_weight=weight)
    other = train_model(X, CLASSES, [3, 4, 3], epochs=5, batch_size=4, sample_weight=weight * 256)
    assert values(one) == values(other)  # 256 is a power of two: no digit changes


@BACKENDS
def test_weights_of_nothing_but_zeros_are_refused(backend: Any) -> None:
    with pytest.raises(ValueError, match=r"^train_model: SAMPLE_WEIGHT must not be all zeros$"):
        train_model(X, CLASSES, [3, 3], sample_weight=np.zeros(10), backend=backend)


# Callbacks


@BACKENDS
def test_the_callback_hears_of_every_epoch(backend: Any) -> None:
    heard: list[dict[str, float]] = []
    train_model(X, CLASSES, [3, 4, 3], epochs=4, callback=heard.append, backend=backend)
    assert [sorted(info) for info in heard] == [["epoch", "epochs", "loss"]] * 4
    assert [(info["epoch"], info["epochs"]) for info in heard] == [(n, 4) for n in (1, 2, 3, 4)]
    losses = [info["loss"] for info in heard]
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == 4


@BACKENDS
def test_the_loss_that_it_hears_is_the_mean_over_all_samples(backend: Any) -> None:
    weight = np.arange(10.0)
    heard: list[float] = []
    options: Any = {"sample_weight": weight, "batch_size": 4, "seed": 2, "backend": backend}
    # A rate of next to nothing: every batch, the shorter last one too, sees the first weights.
    train_model(
        X,
        CLASSES,
        [3, 4, 3],
        epochs=1,
        learning_rate=1e-300,
        callback=lambda info: heard.append(info["loss"]),
        **options,
    )
    start = train_model(X, CLASSES, [3, 4, 3], epochs=0, **options)
    expected, _ = gradient_model(start, X, CLASSES, sample_weight=weight / weight.mean())
    assert heard == [pytest.approx(expected, rel=1e-13)]


@BACKENDS
@pytest.mark.parametrize("truth", [True, 1, np.True_])
def test_training_stops_where_the_callback_says_so(truth: object, backend: Any) -> None:
    heard: list[float] = []

    def stop(info: dict[str, float]) -> object:
        heard.append(info["epoch"])
        return truth if info["epoch"] == 2 else None

    options: Any = {"batch_size": 4, "backend": backend}
    model = train_model(X, CLASSES, [3, 4, 3], epochs=9, callback=stop, **options)
    assert heard == [1, 2]
    assert values(model) == values(train_model(X, CLASSES, [3, 4, 3], epochs=2, **options))


@BACKENDS
def test_a_callback_that_raises_ends_the_training(backend: Any) -> None:
    def fail(info: dict[str, float]) -> object:
        raise RuntimeError(f"in epoch {info['epoch']:g}")

    with pytest.raises(RuntimeError, match=r"^in epoch 1$"):
        train_model(X, CLASSES, [3, 3], epochs=3, callback=fail, backend=backend)


# Errors


@BACKENDS
@pytest.mark.parametrize(
    ("loss", "rate", "dtype", "epoch"),
    [
        ("mse", 1e30, "float64", 3),
        ("mse", 1e10, "float32", 2),
        ("crossentropy", 1e200, "float64", 2),
    ],
)
def test_a_learning_rate_that_is_too_large_has_a_clear_error(
    loss: str, rate: float, dtype: str, epoch: int, backend: Any
) -> None:
    y = CLASSES if loss == "crossentropy" else OUTPUTS
    text = (
        f"train_model: LEARNING_RATE must be smaller: training diverges in epoch {epoch}, "
        f"got {rate:.15g}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        train_model(
            X,
            y,
            [3, 8, 3],
            loss=loss,
            solver="sgd",
            learning_rate=rate,
            epochs=30,
            dtype=dtype,
            backend=backend,
        )


@BACKENDS
@SOLVERS
def test_a_network_with_infinite_weights_is_never_returned(solver: str, backend: Any) -> None:
    # The last step's weights overflow, which no later loss would tell.
    with pytest.raises(ValueError, match=r"^train_model: LEARNING_RATE must be smaller"):
        train_model(
            X,
            CLASSES,
            [3, 3],
            solver=solver,
            learning_rate=1e100,
            epochs=1,
            dtype="float32",
            backend=backend,
        )


@BACKENDS
@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        ((X, CLASSES, [4, 3]), {}, "LAYERS must begin with the number of features, 3, got 4"),
        ((X, CLASSES, [3]), {}, "LAYERS must have at least 2 sizes, inputs first, got 1"),
        ((X, CLASSES + 1, [3, 3]), {}, "Y must be class numbers in [0, 2], got 3"),
        ((X, CLASSES[:9], [3, 3]), {}, "Y must have 3 outputs and 10 samples, got 3 and 9"),
        ((X * np.nan, CLASSES, [3, 3]), {}, "X must not contain NaN"),
        ((X[:0], CLASSES[:0], [3, 3]), {}, "X must not be empty"),
        ((X, CLASSES, [3, 3]), {"solver": "lbfgs"}, 'SOLVER must be "adam" or "sgd", got "lbfgs"'),
        ((X, CLASSES, [3, 3]), {"epochs": -1}, "EPOCHS must be a whole number in [0, Inf), got -1"),
        (
            (X, CLASSES, [3, 3]),
            {"batch_size": 0},
            "BATCH_SIZE must be a whole number in [1, Inf), got 0",
        ),
        (
            (X, CLASSES, [3, 3]),
            {"seed": 2**32},
            "SEED must be a whole number in [0, 4294967295], got 4294967296",
        ),
        (
            (X, CLASSES, [3, 3]),
            {"learning_rate": 0},
            "LEARNING_RATE must be in (0, Inf), got 0",
        ),
    ],
)
def test_bad_arguments_are_refused(
    arguments: tuple[Any, ...], options: dict[str, Any], text: str, backend: Any
) -> None:
    with pytest.raises(ValueError, match=f"^train_model: {re.escape(text)}$"):
        train_model(*arguments, **options, backend=backend)


# A whole run on real data, in Octave and in NumPy


@cache
def real() -> tuple[Any, Any, Any, Model]:
    """Return digits, a weight for each, and a network that has seen them."""
    part = digits()[0]
    model = train_model(part.X, part.y, [64, 32, 10], epochs=2, seed=3, backend="numpy")
    return part.X, part.y, np.random.default_rng(9).random(len(part.y)) * 2, model


def run_training(**options: Any) -> Model:
    images, y, _, _ = real()
    return train_model(images, y, [64, 32, 16, 10], **options)


def run_retraining(**options: Any) -> Model:
    images, y, _, model = real()
    return retrain_model(prune_model(model, sparsity=0.8), images, y, **options)


def run_retraining_of_a_quantized_model(**options: Any) -> Model:
    images, y, _, model = real()
    small = quantize_model(prune_model(model, sparsity=0.5, unit="neuron"), bits=4)
    return retrain_model(small, images, y, **options)


def run_distillation(**options: Any) -> Model:
    images, y, _, model = real()
    return distill_model(model, [64, 8, 10], images, y, alpha=0.7, temperature=3.0, **options)


def run_distillation_by_mse(**options: Any) -> Model:
    images, _, _, model = real()
    return distill_model(model, [64, 8, 10], images, None, alpha=1.0, loss="mse", **options)


RUNS = [
    run_training,
    run_retraining,
    run_retraining_of_a_quantized_model,
    run_distillation,
    run_distillation_by_mse,
]


def disagreement(found: Model, expected: Model) -> float:
    """Return the largest difference, in shares of what is allowed.

    That is 1e-9 of each weight or bias, and at least 1e-12 of the layer's largest weight.
    """
    worst = 0.0
    for one, other in zip(found.layers, expected.layers, strict=True):
        floor = 1e-12 * np.abs(other.weights).max()
        for a, b in ((one.weights, other.weights), (one.bias, other.bias)):
            allowed = np.maximum(1e-9 * np.abs(b), floor)
            worst = max(worst, float((np.abs(a - b) / allowed).max()))
    return worst


@pytest.mark.octave
@SOLVERS
@pytest.mark.parametrize("extras", [False, True], ids=["plain", "decay and sample weights"])
@pytest.mark.parametrize("run", RUNS)
def test_a_whole_run_in_octave_and_numpy_agrees(
    run: Callable[..., Model], extras: bool, solver: str
) -> None:
    options: Any = {"solver": solver, "epochs": 2, "seed": 5}
    if extras:
        options |= {"weight_decay": 0.3, "sample_weight": real()[2]}
    defined = run(**options, backend="numpy")
    assert disagreement(run(**options, backend="octave"), defined) <= 1
    if run is run_training:
        assert max(np.abs(layer.weights).max() for layer in defined.layers) > 0.1


@pytest.mark.octave
@SOLVERS
@pytest.mark.parametrize("run", RUNS)
def test_a_run_with_another_seed_does_not_agree(run: Callable[..., Model], solver: str) -> None:
    options: Any = {"solver": solver, "epochs": 2}
    defined = run(**options, seed=5, backend="numpy")
    assert disagreement(run(**options, seed=6, backend="octave"), defined) > 1e3
