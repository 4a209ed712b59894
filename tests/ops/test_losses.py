"""Losses, gradients and accuracy against SciPy, scikit-learn, finite differences and hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from generators import as_lists
from scipy.special import log_softmax, softmax
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

from octave_compress import use_backend
from octave_compress.ops import accuracy, loss_crossentropy, loss_mse
from octave_compress.ops.losses import crossentropy_kernel, mse_kernel

RANDOM = np.random.default_rng(3)
OUTPUTS = RANDOM.normal(size=(13, 7)) * 3
TARGETS = RANDOM.random((13, 7))
CLASSES = RANDOM.integers(0, 7, 13)
WEIGHT = np.append(RANDOM.random(12) * 2, 0.0)

LOSSES = pytest.mark.parametrize("loss", [loss_mse, loss_crossentropy])


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


def slope(value: Callable[[Any], Any], at: Any, step: float = 1e-5) -> Any:
    """Return central differences of a function of a matrix.

    The step is near the cube root of the precision: rounding the values costs about 1e-15 / step,
    the third derivative about step**2 / 6, and neither reaches 1e-9.
    """
    result = np.zeros_like(at)
    for index in np.ndindex(*at.shape):
        change = np.zeros_like(at)
        change[index] = step
        result[index] = (value(at + change) - value(at - change)) / (2 * step)
    return result


def test_mse_by_hand() -> None:
    value, gradient = loss_mse([[1.0, 2.0], [0.0, 4.0]], [[0.0, 2.0], [0.0, 2.0]])
    assert as_lists((value, gradient)) == (1.25, [[0.5, 0.0], [0.0, 1.0]])
    value, gradient = loss_mse([[1.0], [3.0]], [[0.0], [0.0]], sample_weight=[2.0, 0.0])
    assert as_lists((value, gradient)) == (1.0, [[2.0], [0.0]])


def test_mse_is_scikit_learns() -> None:
    value, _ = loss_mse(OUTPUTS, TARGETS)
    assert value == pytest.approx(mean_squared_error(TARGETS, OUTPUTS), rel=1e-14)
    value, _ = loss_mse(OUTPUTS, TARGETS, sample_weight=WEIGHT / WEIGHT.mean())
    expected = mean_squared_error(TARGETS, OUTPUTS, sample_weight=WEIGHT)
    assert value == pytest.approx(expected, rel=1e-14)


def test_crossentropy_by_hand() -> None:
    value, gradient = loss_crossentropy([[0.0, 0.0]], [1])
    assert value == pytest.approx(np.log(2), rel=1e-15)
    assert as_lists(gradient) == [[0.5, -0.5]]


def test_crossentropy_is_scikit_learns() -> None:
    value, _ = loss_crossentropy(OUTPUTS, CLASSES)
    p = softmax(OUTPUTS, axis=1)
    assert value == pytest.approx(log_loss(CLASSES, p, labels=range(7)), rel=1e-13)
    value, _ = loss_crossentropy(OUTPUTS, CLASSES, sample_weight=WEIGHT / WEIGHT.mean())
    expected = log_loss(CLASSES, p, labels=range(7), sample_weight=WEIGHT)
    assert value == pytest.approx(expected, rel=1e-13)


def test_crossentropy_takes_any_targets() -> None:
    value, gradient = loss_crossentropy(OUTPUTS, TARGETS, sample_weight=WEIGHT)
    each = -(TARGETS * log_softmax(OUTPUTS, axis=1)).sum(axis=1)
    assert value == pytest.approx((WEIGHT * each).mean(), rel=1e-13)
    p, mass = softmax(OUTPUTS, axis=1), TARGETS.sum(axis=1, keepdims=True)
    expected = (p * mass - TARGETS) * WEIGHT[:, None] / 13
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-17)


def test_crossentropy_of_logits_far_apart() -> None:
    value, gradient = loss_crossentropy([[1e5, 0.0, -1e5]], [2])
    assert as_lists((value, gradient)) == (2e5, [[1.0, 0.0, -1.0]])
    value, gradient = loss_crossentropy([[1e300, 0.0]], [0])
    assert as_lists((value, gradient)) == (0.0, [[0.0, 0.0]])


@LOSSES
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_gradients_are_those_of_finite_differences(loss: Any, weight: Any) -> None:
    gradient = loss(OUTPUTS, TARGETS, sample_weight=weight)[1]
    expected = slope(lambda z: loss(z, TARGETS, sample_weight=weight)[0], OUTPUTS)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


@LOSSES
def test_weights_count_samples(loss: Any) -> None:
    repeated = np.repeat(np.arange(13), 3)
    value, gradient = loss(OUTPUTS, TARGETS, sample_weight=np.full(13, 3.0))
    more, slopes = loss(OUTPUTS[repeated], TARGETS[repeated])
    assert value == pytest.approx(3 * more, rel=1e-13)
    np.testing.assert_allclose(gradient, 9 * slopes[::3], rtol=1e-12)


@LOSSES
def test_class_numbers_are_one_hot_targets(loss: Any) -> None:
    assert as_lists(loss(OUTPUTS, CLASSES)) == as_lists(loss(OUTPUTS, np.eye(7)[CLASSES]))


@LOSSES
def test_single_precision_stays_single(loss: Any) -> None:
    value, gradient = loss(OUTPUTS.astype(np.float32), TARGETS, sample_weight=WEIGHT)
    assert value.dtype == gradient.dtype == np.float32
    expected, slopes = loss(OUTPUTS, TARGETS, sample_weight=WEIGHT)
    assert value == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kernel", [mse_kernel, crossentropy_kernel])
def test_kernels_leave_their_arguments_alone(kernel: Any) -> None:
    arguments = [OUTPUTS.copy(), TARGETS.copy(), WEIGHT.copy()]
    for argument in arguments:
        argument.flags.writeable = False
    kernel(*arguments)
    assert as_lists(tuple(arguments)) == as_lists((OUTPUTS, TARGETS, WEIGHT))


def test_accuracy_by_hand() -> None:
    outputs = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]
    assert accuracy(outputs, [0, 1, 1]) == 2 / 3
    assert accuracy(outputs, [[1, 0], [0, 1], [0, 1]]) == 2 / 3


def test_the_first_among_equals_counts() -> None:
    assert accuracy([[1.0, 1.0]], [0]) == 1.0
    assert accuracy([[1.0, 1.0]], [1]) == 0.0
    assert accuracy([[-np.inf, np.inf, np.inf]], [1]) == 1.0
    assert accuracy([[2.0, 1.0]], [[0.5, 0.5]]) == 1.0


def test_accuracy_is_scikit_learns() -> None:
    assert accuracy(OUTPUTS, CLASSES) == accuracy_score(CLASSES, OUTPUTS.argmax(axis=1))
