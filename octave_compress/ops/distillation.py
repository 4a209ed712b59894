"""Distillation: a small network learns from what a large one says (Hinton et al. 2015)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.equivalence.levels import rtol
from octave_compress.model import Model
from octave_compress.ops.losses import (
    Weight,
    checked_batch,
    crossentropy_kernel,
    mse_kernel,
    shifted_rows,
    softmax_rows,
)
from octave_compress.ops.network import (
    activation_backward,
    check_samples,
    check_targets,
    checked_model,
    forward,
    objective_for,
)
from octave_compress.ops.training import (
    TRAINED,
    BatchObjective,
    check_sizes,
    check_training,
    held_layer,
    initial_layers,
    trained,
    training_weight,
)
from octave_compress.progress import Callback
from octave_compress.random import OctaveRandom


@operation(level=rtol(1e-14), returns=("probabilities",))
def soft_targets(
    logits: ArrayLike, temperature: float, *, backend: Backend | None = None
) -> FloatArray:
    """Return what a teacher says at a temperature: ``softmax(logits / temperature)``.

    Parameters
    ----------
    logits : array_like, (samples, outputs)
        What the teacher said, before softmax.
    temperature : float
        In (0, Inf). 1 leaves the probabilities alone, more makes them softer.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray, (samples, outputs)
        Probabilities; each row sums to 1. In the float type of `logits`.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If `logits` is empty or holds NaN or Inf, or `temperature` is not positive.

    Examples
    --------
    >>> soft_targets([[0.0, 2.0]], 2.0, backend="numpy").round(3)
    array([[0.269, 0.731]])
    """
    op = "soft_targets"
    said = checks.matrix(op, "LOGITS", logits)
    checks.not_empty(op, "LOGITS", said)
    heat = checks.number(op, "TEMPERATURE", temperature, "(0, Inf)")
    # A temperature beyond the float type would become 0 or Inf in it; the limit is the same.
    bounds = np.finfo(said.dtype)
    heat = min(max(heat, float(bounds.tiny)), float(bounds.max))
    return softmax_rows((said - said.max(axis=1, keepdims=True)) / heat)


@operation(level=rtol(1e-11, single=1e-3), returns=("value", "gradient"))
def distillation_loss(
    logits: ArrayLike,
    teacher_logits: ArrayLike,
    targets: ArrayLike,
    *,
    temperature: float = 4.0,
    alpha: float = 0.5,
    sample_weight: Sequence[float] | None = None,
    backend: Backend | None = None,
) -> tuple[np.floating[Any], FloatArray]:
    """Return the loss of a student that learns from a teacher and from labels, and its gradient.

    ``alpha * T**2 * KL(teacher || student) + (1 - alpha) * cross-entropy``, the mean over the
    samples of ``sample_weight`` times that. KL compares the softmaxes at temperature T; the
    factor T**2 keeps its gradient's size as T grows.

    Parameters
    ----------
    logits, teacher_logits : array_like, (samples, outputs)
        What student and teacher said, before softmax. The computation is in the float type of
        the student's.
    targets : array_like, (samples, outputs), or (samples,) class numbers from 0
        Wanted probabilities.
    temperature : float
        T, in [0.01, 1000].
    alpha : float
        Weight of the soft loss, in [0, 1].
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
        If sizes do not fit, the batch is empty, a value is NaN or Inf, or `temperature` or
        `alpha` is out of range.

    Examples
    --------
    >>> value, gradient = distillation_loss(
    ...     [[0.0, 0.0]], [[3.0, 3.0]], [1], alpha=1.0, backend="numpy"
    ... )
    >>> float(value), gradient
    (0.0, array([[0., 0.]]))
    """
    op = "distillation_loss"
    said, wanted = checked_batch(op, "LOGITS", logits, targets)
    taught = checks.matrix(op, "TEACHER_LOGITS", teacher_logits)
    checks.same_batch(op, "TEACHER_LOGITS", taught, said)
    taught = checks.narrowed(op, "TEACHER_LOGITS", taught, said.dtype)
    heat = checks.number(op, "TEMPERATURE", temperature, "[0.01, 1000]")
    share = checks.number(op, "ALPHA", alpha, "[0, 1]")
    weight = checks.sample_weight(op, sample_weight, said)
    return distillation_kernel(said, taught, wanted, weight, heat, share)


def distillation_kernel(
    logits: FloatArray,
    teacher_logits: FloatArray,
    targets: FloatArray,
    weight: Weight,
    temperature: float,
    alpha: float,
) -> tuple[np.floating[Any], FloatArray]:
    """Return value and gradient of `distillation_loss`, unchecked; like those in `losses`."""
    hard, gradient = crossentropy_kernel(logits, targets, weight)
    soft, soft_gradient = _divergence(logits, teacher_logits, weight, temperature)
    factor = alpha * temperature**2
    gradient *= 1.0 - alpha
    soft_gradient *= factor
    gradient += soft_gradient
    return factor * soft + (1.0 - alpha) * hard, gradient


def _divergence(
    logits: FloatArray, teacher_logits: FloatArray, weight: Weight, temperature: float
) -> tuple[np.floating[Any], FloatArray]:
    """Return the mean of KL(teacher || student) at a temperature, and its gradient."""
    samples, classes = logits.shape
    # A high temperature leaves small differences of numbers near 1: in double, and less that 1.
    student = shifted_rows(logits.astype(np.float64) / temperature)
    teacher = shifted_rows(teacher_logits.astype(np.float64) / temperature)
    q, p = np.expm1(student), np.expm1(teacher)
    q_mean, p_mean = q.mean(axis=1, keepdims=True), p.mean(axis=1, keepdims=True)
    teacher -= student
    teacher += np.log1p(q_mean) - np.log1p(p_mean)
    q = (q + 1) / (classes * (q_mean + 1))
    p = (p + 1) / (classes * (p_mean + 1))
    q -= p
    if weight is not None:
        p *= weight[:, None]
        q *= weight[:, None]
    q /= samples * temperature
    return logits.dtype.type(np.vdot(p, teacher) / samples), q.astype(logits.dtype)


@operation(level=TRAINED, returns=("model",))
def distill_model(
    teacher: Model,
    student: Model | Sequence[int],
    X: ArrayLike,
    y: ArrayLike | None,
    *,
    temperature: float = 4.0,
    alpha: float = 0.5,
    loss: str = "kl",
    solver: str = "adam",
    epochs: int = 100,
    batch_size: int = 32,
    learning_rate: float | None = None,
    annealing: str = "none",
    weight_decay: float = 0.0,
    dropout: float | Sequence[float] = 0.0,
    augment: Mapping[str, Any] | None = None,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
    progress: bool = False,
    callback: Callback | None = None,
    backend: Backend | None = None,
) -> Model:
    """Return a small network trained to answer as a large one does.

    The loss is ``alpha`` times the soft loss plus ``1 - alpha`` times the loss on `y`:
    cross-entropy, or the mean squared error where the student's last layer is not softmax and
    `loss` is ``"mse"``. Hinton, Vinyals and Dean 2015; Ba and Caruana 2014 for ``"mse"``.

    Parameters
    ----------
    teacher : Model
    student : Model or sequence of int
        Trained further, with its masks held; or the sizes of a new network.
    X : array_like, (samples, features)
    y : array_like, (samples,) or (samples, outputs), or None
        Class numbers from 0, values of a single output, or targets; None with ``alpha=1``.
    temperature : float
        What ``"kl"`` divides the logits by.
    alpha : float
        Weight of the soft loss, in [0, 1].
    loss : {"kl", "mse"}
        The soft loss. ``"kl"``: ``temperature**2`` times the Kullback-Leibler divergence of the
        softened outputs, as in `distillation_loss`. ``"mse"``: the mean squared difference of
        the two networks' outputs (before a softmax).
    solver, epochs, batch_size, learning_rate, annealing, weight_decay, dropout
        As for `train_model`.
    augment
        As for `train_model`; the teacher answers for the warped samples.
    sample_weight, seed
        As for `train_model`.
    progress, callback
        As for `train_model`.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If teacher and student have other inputs or outputs, among the rest.

    Examples
    --------
    >>> teacher = Model.from_arrays([[[2.0, -1.0]]])
    >>> student = distill_model(
    ...     teacher,
    ...     [2, 1],
    ...     [[1.0, 0.0], [0.0, 1.0]],
    ...     None,
    ...     loss="mse",
    ...     alpha=1.0,
    ...     epochs=5,
    ...     backend="numpy",
    ... )
    >>> student
    Model(2-1, float64: linear)
    """
    op = "distill_model"
    checked_model(op, "TEACHER", teacher)
    features, outputs = teacher.sizes[0], teacher.sizes[-1]
    samples = check_samples(op, "X", X, features)
    checks.choice(op, "LOSS", loss, ("kl", "mse"))
    heat = checks.number(op, "TEMPERATURE", temperature, "[0.01, 1000]")
    share = checks.number(op, "ALPHA", alpha, "[0, 1]")
    if isinstance(student, Model):
        small, count = checked_model(op, "STUDENT", student), len(student.layers)
    else:
        sizes = check_sizes(op, "STUDENT", student, features)
        count = len(sizes) - 1
    options = check_training(
        op,
        count,
        solver=solver,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        annealing=annealing,
        weight_decay=weight_decay,
        dropout=dropout,
        augment=augment,
        seed=seed,
        callback=callback,
    )
    random = OctaveRandom(options.seed)
    if not isinstance(student, Model):
        last = "softmax" if teacher.layers[-1].activation == "softmax" else "linear"
        small = Model(initial_layers(random, sizes, "relu", last, teacher.dtype))
    if small.sizes[0] != features:
        checks.value_error(op, "STUDENT", f"take {features} features", str(small.sizes[0]))
    if small.sizes[-1] != outputs:
        checks.value_error(op, "STUDENT", f"have {outputs} outputs", str(small.sizes[-1]))
    if share == 1 and np.asarray(y).size == 0:
        y = np.zeros((len(samples), outputs))
    targets = check_targets(op, "Y", y, outputs, len(samples), small.dtype)
    samples = checks.narrowed(op, "X", samples, small.dtype)
    weight = training_weight(op, sample_weight, targets)
    last = small.layers[-1].activation
    held = tuple(held_layer(layer) for layer in small.layers)

    def objective_of(x: FloatArray) -> BatchObjective:
        return soft_objective(op, teacher, last, x, targets, weight, loss, heat, share)

    return Model(trained(op, held, samples, objective_of, options, random))


def soft_objective(
    op: str,
    teacher: Model,
    last: str,
    samples: FloatArray,
    targets: FloatArray,
    weight: Weight,
    loss: str,
    temperature: float,
    alpha: float,
) -> BatchObjective:
    """Return the distillation loss of samples, for `fit`; the teacher answers once, for all.

    `last` is the student's last activation.
    """
    said = teacher.layers[-1].activation
    # In the student's type on both sides, whatever the teacher's: one rounding, not two.
    dtype = targets.dtype
    for i, layer in enumerate(teacher.layers, start=1):
        for values in (layer.weights, layer.bias):
            checks.narrowed(op, f"layer {i} of TEACHER", values, dtype)
    a, z = forward(teacher.astype(dtype.name).layers, samples.astype(dtype))
    if loss == "kl":
        for activation in (said, last):
            if activation not in ("softmax", "linear"):
                requirement = f'be "mse" for a last layer with {activation}'
                checks.value_error(op, "LOSS", requirement, '"kl"')
    taught = z if loss == "kl" or said == "softmax" else a
    hard = objective_for("crossentropy" if last == "softmax" else "mse", last)

    def objective(z: FloatArray, a: FloatArray, batch: Any) -> tuple[Any, FloatArray]:
        wanted, heavy = targets[batch], None if weight is None else weight[batch]
        if loss == "kl":
            return distillation_kernel(z, taught[batch], wanted, heavy, temperature, alpha)
        value, dz = hard(z, a, wanted, heavy)
        if last == "softmax":
            soft, soft_dz = mse_kernel(z, taught[batch], heavy)
        else:
            soft, da = mse_kernel(a, taught[batch], heavy)
            soft_dz = activation_backward(da, z, a, last)
        return alpha * soft + (1 - alpha) * value, alpha * soft_dz + (1 - alpha) * dz

    return objective
