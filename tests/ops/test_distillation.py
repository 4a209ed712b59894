"""Soft targets and the distillation loss against SciPy, finite differences and hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from generators import as_lists
from scipy.special import log_softmax, rel_entr, softmax

from octave_compress import use_backend
from octave_compress.ops import distillation_loss, loss_crossentropy, soft_targets
from octave_compress.ops.distillation import distillation_kernel

RANDOM = np.random.default_rng(4)
STUDENT = RANDOM.normal(size=(11, 5)) * 2
TEACHER = RANDOM.normal(size=(11, 5)) * 4
CLASSES = RANDOM.integers(0, 5, 11)
WEIGHT = RANDOM.random(11) * 2


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


def expected_loss(student: Any, temperature: float, alpha: float, weight: Any = 1.0) -> float:
    """Return the loss as its definition reads, with SciPy's functions."""
    p, q = softmax(TEACHER / temperature, axis=1), softmax(student / temperature, axis=1)
    soft = temperature**2 * rel_entr(p, q).sum(axis=1)
    hard = -log_softmax(student, axis=1)[np.arange(11), CLASSES]
    return float(np.mean(weight * (alpha * soft + (1 - alpha) * hard)))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 100.0])
def test_soft_targets_are_scipys(temperature: float) -> None:
    found = soft_targets(TEACHER, temperature)
    np.testing.assert_allclose(found, softmax(TEACHER / temperature, axis=1), rtol=1e-13)


def test_soft_targets_by_hand() -> None:
    e = np.e
    found = soft_targets([[0.0, 2.0], [3.0, 3.0]], 2.0)
    np.testing.assert_allclose(found, [[1 / (1 + e), e / (1 + e)], [0.5, 0.5]], rtol=1e-15)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_soft_targets_at_the_ends_of_the_scale(kind: Any) -> None:
    logits = np.array([[1, 2, 2], [-300, 300, 0]], kind)
    cold, hot = soft_targets(logits, 1e-300), soft_targets(logits, 1e300)
    assert as_lists(cold) == [[0.0, 0.5, 0.5], [0.0, 1.0, 0.0]]
    np.testing.assert_allclose(hot, np.full((2, 3), 1 / 3), rtol=1e-6)
    assert cold.dtype == hot.dtype == kind


def test_a_higher_temperature_is_softer() -> None:
    entropies = []
    for temperature in (0.5, 1.0, 2.0, 4.0, 8.0):
        p = soft_targets(TEACHER, temperature)
        np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-14)
        entropies.append(-(p * np.log(p)).sum())
    assert entropies == sorted(entropies)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_loss_is_its_definition(temperature: float, alpha: float, weight: Any) -> None:
    value, _ = distillation_loss(
        STUDENT, TEACHER, CLASSES, temperature=temperature, alpha=alpha, sample_weight=weight
    )
    expected = expected_loss(STUDENT, temperature, alpha, 1.0 if weight is None else weight)
    assert value == pytest.approx(expected, rel=1e-12)


def test_defaults() -> None:
    assert distillation_loss(STUDENT, TEACHER, CLASSES)[0] == pytest.approx(
        expected_loss(STUDENT, 4.0, 0.5), rel=1e-12
    )


@pytest.mark.parametrize("temperature", [0.5, 4.0, 20.0])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_gradient_is_that_of_finite_differences(
    temperature: float, alpha: float, weight: Any
) -> None:
    options = {"temperature": temperature, "alpha": alpha, "sample_weight": weight}
    gradient = distillation_loss(STUDENT, TEACHER, CLASSES, **options)[1]
    factor = 1.0 if weight is None else weight
    step = 1e-6
    for index in np.ndindex(*STUDENT.shape):
        change = np.zeros_like(STUDENT)
        change[index] = step
        up = expected_loss(STUDENT + change, temperature, alpha, factor)
        down = expected_loss(STUDENT - change, temperature, alpha, factor)
        assert gradient[index] == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-8)


def test_by_hand() -> None:
    # Teacher (1, e) / (1 + e) at temperature 2 against an undecided student.
    value, gradient = distillation_loss([[0.0, 0.0]], [[0.0, 2.0]], [1], temperature=2.0, alpha=1.0)
    p = np.array([1.0, np.e]) / (1 + np.e)
    assert value == pytest.approx(4 * (p * np.log(2 * p)).sum(), rel=1e-14)
    np.testing.assert_allclose(gradient, 2 * (0.5 - p)[None, :], rtol=1e-14)


def test_without_the_soft_loss_it_is_the_crossentropy() -> None:
    value, gradient = distillation_loss(STUDENT, TEACHER, CLASSES, alpha=0.0)
    expected, slopes = loss_crossentropy(STUDENT, CLASSES)
    assert value == expected
    assert as_lists(gradient) == as_lists(slopes)


def test_a_student_like_its_teacher_has_nothing_to_learn() -> None:
    shifted = TEACHER + 7.0  # the softmax is the same
    value, gradient = distillation_loss(shifted, TEACHER, CLASSES, alpha=1.0)
    assert abs(value) < 1e-13
    np.testing.assert_allclose(gradient, 0, atol=1e-14)


def test_single_precision_stays_single() -> None:
    value, gradient = distillation_loss(STUDENT.astype(np.float32), TEACHER, CLASSES)
    assert value.dtype == gradient.dtype == np.float32
    assert value == pytest.approx(expected_loss(STUDENT, 4.0, 0.5), rel=1e-4)


def test_the_kernel_leaves_its_arguments_alone() -> None:
    arguments = [STUDENT.copy(), TEACHER.copy(), np.eye(5)[CLASSES], WEIGHT.copy()]
    before = [argument.copy() for argument in arguments]
    for argument in arguments:
        argument.flags.writeable = False
    distillation_kernel(*arguments, 4.0, 0.5)
    assert as_lists(tuple(arguments)) == as_lists(tuple(before))
