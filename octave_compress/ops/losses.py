"""Losses with their gradients, and accuracy.

Each loss is an operation that checks its arguments and a kernel that does not: training calls
the kernel for every mini-batch. A kernel takes (samples, outputs) arrays and (samples,)
weights, or None, all of one float type, and stays in that type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.equivalence.levels import EXACT, rtol

Weight = NDArray[np.floating[Any]] | None


@operation(level=rtol(1e-14), returns=("value", "gradient"))
def loss_mse(
    outputs: ArrayLike,
    targets: ArrayLike,
    *,
    sample_weight: Sequence[float] | None = None,
    backend: Backend | None = None,
) -> tuple[np.floating[Any], FloatArray]:
    """Return the mean squared error of a batch and its gradient.

    The mean over samples of ``sample_weight * mean((outputs - targets) ** 2)``, the inner mean
    over the outputs of one sample.

    Parameters
    ----------
    outputs : array_like, (samples, outputs)
        What the network said. Its float type is the type of the computation.
    targets : array_like, (samples, outputs), or (samples,) class numbers from 0
        What it should have said.
    sample_weight : sequence of float, (samples,), optional
        Not negative; used as given, so that weights of mean 1 keep the scale. Ones if left out.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    value : float
        The loss, in the squared unit of `outputs`.
    gradient : ndarray, (samples, outputs)
        Derivative of the loss with respect to `outputs`.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If the sizes do not fit, the batch is empty, or a value is NaN or Inf.

    Examples
    --------
    >>> value, gradient = loss_mse([[1.0, 2.0]], [[0.0, 2.0]], backend="numpy")
    >>> float(value), gradient
    (0.5, array([[1., 0.]]))
    """
    op = "loss_mse"
    said, wanted = checked_batch(op, "OUTPUTS", outputs, targets)
    return mse_kernel(said, wanted, checks.sample_weight(op, sample_weight, said))


@operation(level=rtol(2e-13, single=2e-4), returns=("value", "gradient"))
def loss_crossentropy(
    logits: ArrayLike,
    targets: ArrayLike,
    *,
    sample_weight: Sequence[float] | None = None,
    backend: Backend | None = None,
) -> tuple[np.floating[Any], FloatArray]:
    """Return the cross-entropy of a batch after softmax, and its gradient.

    The mean over samples of ``-sample_weight * sum(targets * log(softmax(logits)))``. The
    softmax is inside, so that no probability is ever rounded to 0 before its logarithm.

    Parameters
    ----------
    logits : array_like, (samples, outputs)
        What the network said, before softmax. Its float type is the type of the computation.
    targets : array_like, (samples, outputs), or (samples,) class numbers from 0
        Wanted probabilities; they need not sum to 1.
    sample_weight : sequence of float, (samples,), optional
        As in `loss_mse`.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    value : float
        The loss in nats.
    gradient : ndarray, (samples, outputs)
        Derivative of the loss with respect to `logits`.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        As in `loss_mse`.

    Examples
    --------
    >>> value, gradient = loss_crossentropy([[0.0, 0.0]], [1], backend="numpy")
    >>> round(float(value), 6), gradient
    (0.693147, array([[ 0.5, -0.5]]))
    """
    op = "loss_crossentropy"
    said, wanted = checked_batch(op, "LOGITS", logits, targets)
    return crossentropy_kernel(said, wanted, checks.sample_weight(op, sample_weight, said))


@operation(level=EXACT, returns=("share",))
def accuracy(
    outputs: ArrayLike, y: ArrayLike, *, backend: Backend | None = None
) -> np.floating[Any]:
    """Return the share of samples whose largest output is their class.

    Among equal outputs the first counts, and among equal targets too.

    Parameters
    ----------
    outputs : array_like, (samples, outputs)
        What the network said: logits or probabilities, two outputs or more. NaN is refused.
    y : array_like, (samples,) class numbers from 0, or (samples, outputs) targets
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If the sizes do not fit, there are no samples, or a class does not exist.

    Examples
    --------
    >>> float(accuracy([[0.9, 0.1], [0.8, 0.2]], [0, 1], backend="numpy"))
    0.5
    """
    op = "accuracy"
    said = checks.matrix(op, "OUTPUTS", outputs, allow="inf")
    checks.not_empty(op, "OUTPUTS", said)
    wanted = checks.matrix(op, "Y", y)
    checks.same_batch(op, "Y", wanted, said)
    if said.shape[1] == 1:
        checks.value_error(op, "OUTPUTS", "have 2 outputs or more", "1")
    return np.float64(np.mean(said.argmax(axis=1) == wanted.argmax(axis=1)))


def checked_batch(
    op: str, name: str, outputs: object, targets: object
) -> tuple[FloatArray, FloatArray]:
    """Return a batch's outputs and its targets in the same float type, or raise."""
    said = checks.matrix(op, name, outputs)
    checks.not_empty(op, name, said)
    wanted = checks.matrix(op, "TARGETS", targets)
    checks.same_batch(op, "TARGETS", wanted, said)
    return said, checks.narrowed(op, "TARGETS", wanted, said.dtype)


def mse_kernel(
    outputs: FloatArray, targets: FloatArray, weight: Weight
) -> tuple[np.floating[Any], FloatArray]:
    """Return value and gradient of `loss_mse`, unchecked."""
    difference = outputs - targets
    weighted = difference if weight is None else difference * weight[:, None]
    value = np.vdot(weighted, difference) / outputs.size
    return value, weighted * (2.0 / outputs.size)


def crossentropy_kernel(
    logits: FloatArray, targets: FloatArray, weight: Weight
) -> tuple[np.floating[Any], FloatArray]:
    """Return value and gradient of `loss_crossentropy`, unchecked."""
    samples = len(logits)
    shifted = shifted_rows(logits)
    gradient = np.exp(shifted)
    total = gradient.sum(axis=1)
    if weight is not None:
        targets = targets * weight[:, None]
    mass = targets.sum(axis=1)
    value = (np.dot(np.log(total), mass) - np.vdot(shifted, targets)) / samples
    gradient *= (mass / total)[:, None]
    gradient -= targets
    gradient /= samples
    return value, gradient


def shifted_rows(z: FloatArray) -> FloatArray:
    """Return each row less its largest, finite: an infinity times a target of 0 would be NaN."""
    shifted: FloatArray = z - z.max(axis=1, keepdims=True)
    return np.maximum(shifted, np.finfo(z.dtype).min, out=shifted)


def softmax_rows(z: FloatArray) -> FloatArray:
    """Return the softmax of each row, unchecked."""
    p: FloatArray = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p
