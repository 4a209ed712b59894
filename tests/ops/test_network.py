"""Predictions against scikit-learn and SciPy, gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from generators import as_lists
from scipy.special import expit, log_softmax, softmax
from sklearn.neural_network import MLPClassifier, MLPRegressor

from octave_compress import Dense, InputRange, Model, use_backend
from octave_compress.ops import dense_backward, dense_forward, gradient_model, predict_model

BACKENDS = pytest.mark.parametrize(
    "backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)]
)
# What the activations are called by scikit-learn, and by us.
NAMES = {"relu": "relu", "tanh": "tanh", "logistic": "sigmoid", "identity": "linear"}
# The same functions by another hand.
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": expit,
    "tanh": np.tanh,
    "softmax": lambda z: softmax(z, axis=1),
}
STEP = 1e-6

RANDOM = np.random.default_rng(11)
SAMPLES = RANDOM.normal(size=(60, 6))


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


@pytest.fixture
def random() -> Any:
    return np.random.default_rng(12)


def slope(value: Callable[[Any], float], at: Any) -> Any:
    """Return central differences of a function of an array."""
    result = np.zeros(at.shape)
    for index in np.ndindex(*at.shape):
        change = np.zeros(at.shape)
        change[index] = STEP
        result[index] = (value(at + change) - value(at - change)) / (2 * STEP)
    return result


def assert_slopes(found: Any, expected: Any) -> None:
    """Central differences of numbers near 1 are good for about ten digits after the point."""
    assert np.abs(expected).max() > 1e-3  # else the next line says nothing
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-9)


# Predictions


def model_of(network: Any, last: str) -> Model:
    """Return the model with the weights of a scikit-learn network, whose matrices lie (in, out)."""
    hidden = [NAMES[network.activation]] * (len(network.coefs_) - 1)
    return Model.from_arrays([w.T for w in network.coefs_], network.intercepts_, [*hidden, last])


def trained(network: Any, y: Any, passes: int = 5, **options: Any) -> Any:
    """Return the network after a few passes: far from its first weights, with biases."""
    for _ in range(passes):
        network.partial_fit(SAMPLES, y, **options)
    return network


@BACKENDS
@pytest.mark.parametrize("hidden", [(7,), (9, 5)])
@pytest.mark.parametrize("activation", NAMES)
def test_scikit_learns_classifier_predicts_the_same(
    activation: str, hidden: tuple[int, ...], backend: Any, random: Any
) -> None:
    network = MLPClassifier(hidden_layer_sizes=hidden, activation=activation, random_state=1)
    trained(network, random.integers(0, 4, 60), classes=range(4))
    found = predict_model(model_of(network, "softmax"), SAMPLES, backend=backend)
    np.testing.assert_allclose(found, network.predict_proba(SAMPLES), rtol=1e-12, atol=1e-12)
    assert as_lists(found.argmax(axis=1)) == as_lists(network.predict(SAMPLES))


@BACKENDS
@pytest.mark.parametrize("activation", NAMES)
def test_scikit_learns_binary_classifier_predicts_the_same(
    activation: str, backend: Any, random: Any
) -> None:
    network = MLPClassifier(hidden_layer_sizes=(8,), activation=activation, random_state=2)
    trained(network, random.integers(0, 2, 60), classes=[0, 1])
    found = predict_model(model_of(network, "sigmoid"), SAMPLES, backend=backend)
    assert found.shape == (60, 1)
    expected = network.predict_proba(SAMPLES)[:, 1:]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@BACKENDS
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("activation", NAMES)
def test_scikit_learns_regressor_predicts_the_same(
    activation: str, outputs: int, backend: Any, random: Any
) -> None:
    y = random.normal(size=(60, outputs))
    network = MLPRegressor(hidden_layer_sizes=(8, 4), activation=activation, random_state=3)
    trained(network, y.ravel() if outputs == 1 else y)
    found = predict_model(model_of(network, "linear"), SAMPLES, backend=backend)
    expected = network.predict(SAMPLES).reshape(60, outputs)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_network_with_a_weight_changed_predicts_something_else(random: Any) -> None:
    network = MLPClassifier(hidden_layer_sizes=(7,), random_state=1)
    trained(network, random.integers(0, 4, 60), classes=range(4))
    network.coefs_[0][2, 3] += 1e-6
    changed = predict_model(model_of(network, "softmax"), SAMPLES)
    network.coefs_[0][2, 3] -= 1e-6
    assert not np.allclose(changed, network.predict_proba(SAMPLES), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_forward_is_its_formula(activation: str, kind: Any, random: Any) -> None:
    w, bias = random.normal(size=(5, 6)).astype(kind), random.normal(size=5).astype(kind)
    outputs, z = dense_forward(w, bias, SAMPLES, activation)
    assert outputs.dtype == z.dtype == kind
    sums = np.einsum("oi,ni->no", w.astype(np.float64), SAMPLES.astype(kind)) + bias
    bound = 1e-13 if kind == np.float64 else 1e-5
    np.testing.assert_allclose(z, sums, rtol=bound, atol=bound)
    np.testing.assert_allclose(outputs, ACTIVATIONS[activation](sums), rtol=bound, atol=bound)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_activations_far_from_zero(activation: str, kind: Any) -> None:
    z = np.array([[-1e4, 1e4, 0, 20, -20, 80]], kind)
    outputs, _ = dense_forward(np.eye(6, dtype=kind), np.zeros(6), z, activation)
    assert np.isfinite(outputs).all()
    expected = ACTIVATIONS[activation](z.astype(np.float64))
    np.testing.assert_allclose(outputs, expected, rtol=1e-13 if kind == np.float64 else 1e-5)


def test_forward_by_hand() -> None:
    outputs, z = dense_forward([[1.0, -1.0], [2.0, 0.5]], [0.5, -4.0], [[1.0, 3.0]], "relu")
    assert as_lists((outputs, z)) == ([[0.0, 0.0]], [[-1.5, -0.5]])
    outputs, _ = dense_forward([[1.0, -1.0]], [0.5], [[1.0, 3.0], [3.0, 1.0]], "linear")
    assert as_lists(outputs) == [[-1.5], [2.5]]


def test_samples_are_predicted_one_by_one(random: Any) -> None:
    model = Model.from_arrays([random.normal(size=(4, 6)), random.normal(size=(3, 4))])
    whole = predict_model(model, SAMPLES)
    # Another shape of product may add in another order.
    single = np.concatenate([predict_model(model, SAMPLES[[i]]) for i in range(60)])
    np.testing.assert_allclose(whole, single, rtol=1e-12, atol=1e-13)


def test_predictions_have_the_type_of_the_weights() -> None:
    model = Model.from_arrays([np.ones((2, 6), np.float32)])
    assert predict_model(model, SAMPLES).dtype == np.float32
    assert predict_model(model.astype("float64"), SAMPLES.astype(np.float32)).dtype == np.float64


def test_a_layer_that_quantizes_its_inputs_rounds_and_limits_them() -> None:
    layer = Dense([[1.0]], activation="linear", input_range=InputRange(0.5, 1.0, 2))
    # Codes 0 to 3 stand for -0.5, 0, 0.5 and 1; a half goes away from zero.
    X = [[-7.0], [-0.26], [-0.25], [-0.24], [0.0], [0.24], [0.25], [0.75], [9.0]]
    found = predict_model(Model((layer,)), X)
    assert found.ravel().tolist() == [-0.5, -0.5, -0.5, 0.0, 0.0, 0.0, 0.5, 1.0, 1.0]


# Gradients of one layer


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layer_gradients_are_those_of_finite_differences(activation: str, random: Any) -> None:
    w, bias = random.normal(size=(4, 3)), random.normal(size=4)
    X, gradient = random.normal(size=(5, 3)), random.normal(size=(5, 4))
    assert np.abs(X @ w.T + bias).min() > 1e-3  # no relu within a step of its kink

    def value(w: Any, bias: Any, X: Any) -> float:
        return float((gradient * ACTIVATIONS[activation](X @ w.T + bias)).sum())

    dw, db, dX = dense_backward(w, bias, X, gradient, activation)
    assert_slopes(dw, slope(lambda at: value(at, bias, X), w))
    assert_slopes(db, slope(lambda at: value(w, at, X), bias))
    assert_slopes(dX, slope(lambda at: value(w, bias, at), X))


@BACKENDS
def test_layer_gradients_by_hand(backend: Any) -> None:
    # z = (1, -1): relu lets the first pass.
    dw, db, dX = dense_backward(
        [[1.0, -1.0], [0.0, -0.5]], [0.0, 0.0], [[3.0, 2.0]], [[10.0, 7.0]], "relu", backend=backend
    )
    assert as_lists((dw, db)) == ([[30.0, 20.0], [0.0, 0.0]], [10.0, 0.0])
    assert as_lists(dX) == [[10.0, -10.0]]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layer_gradients_in_single_precision_stay_single(activation: str, random: Any) -> None:
    w = random.normal(size=(4, 6)).astype(np.float32)
    results = dense_backward(w, np.zeros(4), SAMPLES, np.ones((60, 4)), activation)
    wide = dense_backward(w.astype(float), np.zeros(4), SAMPLES, np.ones((60, 4)), activation)
    for found, expected in zip(results, wide, strict=True):
        assert found.dtype == np.float32
        # Sixty samples add up to a few hundred roundings.
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


# Gradients of a network

COMBINATIONS = [
    ("crossentropy", "softmax"),
    ("crossentropy", "linear"),
    *(("mse", last) for last in ACTIVATIONS),
]
BATCH = RANDOM.normal(size=(5, 3))
TARGETS = RANDOM.random((5, 4))  # the rows of these need not sum to 1
HEAVY = np.array([0.0, 1.0, 0.3, 2.5, 1.7])


def build(hidden: Sequence[str], last: str) -> Model:
    sizes = [3, *range(6, 6 - len(hidden), -1), 4]
    random = np.random.default_rng(len(hidden))
    return Model(
        tuple(
            Dense(random.normal(size=(out, into)), random.normal(size=out), name)
            for into, out, name in zip(sizes[:-1], sizes[1:], [*hidden, last], strict=True)
        )
    )


def loss_of(model: Model, loss: str, weight: Any) -> float:
    """Return the loss as its definition reads."""
    a = z = BATCH
    for layer in model.layers:
        z = a @ layer.weights.T + layer.bias
        a = ACTIVATIONS[layer.activation](z)
    factor = np.ones(5) if weight is None else weight
    if loss == "mse":
        return float((factor[:, None] * (a - TARGETS) ** 2).mean())
    return float((factor * -(TARGETS * log_softmax(z, axis=1)).sum(axis=1)).mean())


def changed(model: Model, i: int, **fields: Any) -> Model:
    layers = list(model.layers)
    layers[i] = replace(layers[i], **fields)
    return Model(tuple(layers))


@pytest.mark.parametrize("weight", [None, HEAVY], ids=["plain", "weighted"])
@pytest.mark.parametrize(("loss", "last"), COMBINATIONS)
@pytest.mark.parametrize("hidden", [(name, "tanh") for name in ACTIVATIONS], ids=ACTIVATIONS)
def test_network_gradients_are_those_of_finite_differences(
    hidden: tuple[str, ...], loss: str, last: str, weight: Any
) -> None:
    model = build(hidden, last)
    value, gradient = gradient_model(model, BATCH, TARGETS, loss=loss, sample_weight=weight)
    assert value == pytest.approx(loss_of(model, loss, weight), rel=1e-13)
    steepest = 0.0
    for i, layer in enumerate(model.layers):
        for name in ("weights", "bias"):

            def at(values: Any, i: int = i, name: str = name) -> float:
                return loss_of(changed(model, i, **{name: values}), loss, weight)

            expected = slope(at, getattr(layer, name))
            found = getattr(gradient.layers[i], name)
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-9)
            steepest = max(steepest, np.abs(expected).max())
    assert steepest > 1e-2  # far above the tolerance
    assert [layer.activation for layer in gradient.layers] == [*hidden, last]


@pytest.mark.octave
@pytest.mark.parametrize(("loss", "last"), COMBINATIONS)
def test_octaves_network_gradients_are_those_of_finite_differences(loss: str, last: str) -> None:
    model = build(("relu",), last)
    value, gradient = gradient_model(
        model, BATCH, TARGETS, loss=loss, sample_weight=HEAVY, backend="octave"
    )
    assert value == pytest.approx(loss_of(model, loss, HEAVY), rel=1e-13)
    first = model.layers[0].weights
    expected = slope(lambda w: loss_of(changed(model, 0, weights=w), loss, HEAVY), first)
    assert_slopes(gradient.layers[0].weights, expected)


def test_the_loss_fits_the_last_activation() -> None:
    for last in ACTIVATIONS:
        model = build((), last)
        loss = "crossentropy" if last == "softmax" else "mse"
        assert gradient_model(model, BATCH, TARGETS)[0] == pytest.approx(
            loss_of(model, loss, None), rel=1e-13
        )


def test_class_numbers_are_one_hot_targets() -> None:
    model, classes = build(("tanh",), "softmax"), np.array([3, 0, 2, 2, 1])
    value, gradient = gradient_model(model, BATCH, classes)
    again, same = gradient_model(model, BATCH, np.eye(4)[classes])
    assert value == again
    for one, other in zip(gradient.layers, same.layers, strict=True):
        assert as_lists(one.weights) == as_lists(other.weights)


def test_the_derivative_of_a_rounded_input_is_one() -> None:
    plain = build(("tanh",), "linear")
    # The range of the first layer rounds to multiples of 1/4; the batch is rounded here instead.
    rounded = np.round(BATCH * 4) / 4
    assert np.abs(rounded).max() < 8
    assert np.abs(rounded - BATCH).max() > 0.1
    model = changed(plain, 0, input_range=InputRange(0.25, 32.0, 6))
    value, gradient = gradient_model(model, BATCH, TARGETS)
    expected, same = gradient_model(plain, rounded, TARGETS)
    assert value == pytest.approx(expected, rel=1e-14)
    for one, other in zip(gradient.layers, same.layers, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, rtol=1e-13)
        np.testing.assert_allclose(one.bias, other.bias, rtol=1e-13)


def test_a_gradient_goes_straight_through_a_rounded_hidden_value() -> None:
    # 3 * 0.7 = 2.1 enters the second layer as 2: output 8, error 1 against 7, times 2.
    layers = (
        Dense([[3.0]], activation="linear"),
        Dense([[4.0]], activation="linear", input_range=InputRange(1.0, 0.0, 4)),
    )
    value, gradient = gradient_model(Model(layers), [[0.7]], [7.0])
    assert value == 1.0
    assert as_lists(gradient.layers[1].weights) == [[2.0 * 2.0]]
    assert gradient.layers[0].weights[0, 0] == pytest.approx(2.0 * 4.0 * 0.7, rel=1e-15)


def test_single_precision_stays_single() -> None:
    model = build(("relu",), "softmax")
    value, gradient = gradient_model(model.astype("float32"), BATCH, TARGETS)
    assert gradient.dtype == np.float32
    expected, wide = gradient_model(model, BATCH, TARGETS)
    assert value == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(gradient.layers[0].weights, wide.layers[0].weights, atol=1e-5)


@BACKENDS
@pytest.mark.parametrize(
    ("X", "text"),
    [
        (np.ones((2, 4)), "X must have 3 features, got 4"),
        (np.ones((0, 3)), "X must not be empty"),
        ([[1.0, np.nan, 1.0]], "X must not contain NaN"),
        ([[1.0, -np.inf, 1.0]], "X must not contain Inf"),
    ],
)
def test_bad_samples_are_refused(X: Any, text: str, backend: Any) -> None:
    with pytest.raises(ValueError, match=f"^predict_model: {text}$"):
        predict_model(build((), "linear"), X, backend=backend)


@BACKENDS
def test_a_model_with_a_weight_that_is_no_number_is_refused(backend: Any) -> None:
    model = Model.from_arrays([[[1.0, 2.0, 3.0]], [[np.nan]]])
    with pytest.raises(ValueError, match=r"^predict_model: layer 2 of MODEL must not contain NaN$"):
        predict_model(model, BATCH, backend=backend)


@BACKENDS
def test_crossentropy_after_a_squashing_layer_is_refused(backend: Any) -> None:
    text = 'gradient_model: LOSS must be "mse" for a last layer with tanh, got "crossentropy"'
    with pytest.raises(ValueError, match=f"^{text}$"):
        gradient_model(build((), "tanh"), BATCH, TARGETS, loss="crossentropy", backend=backend)
