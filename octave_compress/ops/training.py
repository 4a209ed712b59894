"""Training: the optimizers, and networks trained and retrained by mini-batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.equivalence.levels import EXACT, rtol
from octave_compress.model import Dense, Layer, Model
from octave_compress.ops.augmentation import check_augment, warp_groups
from octave_compress.ops.network import (
    LOSSES,
    backprop,
    check_loss,
    check_samples,
    check_targets,
    checked_model,
    objective_for,
)
from octave_compress.progress import Callback
from octave_compress.random import OctaveRandom

# The last pre-activations, the outputs and the numbers of a batch's samples to its loss.
BatchObjective = Callable[[FloatArray, FloatArray, Any], tuple[Any, FloatArray]]
# Samples, in rows, and their loss.
View = Callable[[], tuple[FloatArray, BatchObjective]]

# Both sides add and multiply in other orders, and training amplifies the last bits.
TRAINED = rtol(1e-9, single=1e-2)
_LEARNING_RATE = {"adam": 0.001, "sgd": 0.01}
_MOMENTUM = 0.9


@dataclass(frozen=True)
class Training:
    """The options that every training operation shares, checked."""

    solver: str
    epochs: int
    batch_size: int
    learning_rate: float
    annealing: str
    weight_decay: float
    dropout: tuple[float, ...]
    augment: Mapping[str, Any] | None
    seed: int
    callback: Callback | None
    # What only an operation of several stages changes.
    view_epochs: int = 1
    epochs_before: int = 0
    epochs_in_all: int | None = None


@operation(level=EXACT, returns=("w", "m", "s"))
def adam_step(
    w: ArrayLike,
    dw: ArrayLike,
    m: ArrayLike,
    s: ArrayLike,
    step: int,
    *,
    learning_rate: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    backend: Backend | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weights after one step of Adam, with both moments.

    Adam (Kingma and Ba 2015) with the *root* of the second moment as state: ``hypot`` updates
    it without a square root of every weight, and both bias corrections are scalars.

    Parameters
    ----------
    w, dw : array_like
        Weights and gradient, of one shape.
    m, s : array_like
        First moment and root of the second one, of that shape; zeros at first.
    step : int
        Counts from 1.
    learning_rate, beta1, beta2, epsilon : float
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w, m, s : ndarray
        In the type of `w`.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> float(adam_step([[1.0]], [[0.5]], [[0.0]], [[0.0]], 1, backend="numpy")[0][0, 0])
    0.99900000002
    """
    op = "adam_step"
    weights = checks.matrix(op, "W", w)
    gradient, first, second = (
        _state(op, name, value, weights) for name, value in (("DW", dw), ("M", m), ("S", s))
    )
    step = checks.integer(op, "STEP", step, "[1, Inf)")
    rate = checks.number(op, "LEARNING_RATE", learning_rate, "(0, Inf)")
    beta1 = checks.number(op, "BETA1", beta1, "[0, 1)")
    beta2 = checks.number(op, "BETA2", beta2, "[0, 1)")
    epsilon = checks.number(op, "EPSILON", epsilon, "(0, Inf)")
    share, root = 1 - beta1, math.sqrt(1 - beta2)
    weights, first, second = adam_kernel(
        weights, gradient, first / share, second / root, step, rate, beta1, beta2, epsilon
    )
    return weights, share * first, root * second


@operation(level=EXACT, returns=("w", "velocity"))
def sgd_step(
    w: ArrayLike,
    dw: ArrayLike,
    velocity: ArrayLike,
    *,
    learning_rate: float = 0.01,
    momentum: float = 0.9,
    backend: Backend | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return weights after one step of gradient descent with momentum, and the velocity.

    ``velocity = momentum * velocity - learning_rate * dw`` is added to `w`.

    Parameters
    ----------
    w, dw, velocity : array_like
        Weights, gradient and last velocity (zeros at first), of one shape.
    learning_rate, momentum : float
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w, velocity : ndarray
        In the type of `w`.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> sgd_step([[1.0]], [[0.5]], [[0.0]], backend="numpy")[0]
    array([[0.995]])
    """
    op = "sgd_step"
    weights = checks.matrix(op, "W", w)
    gradient = _state(op, "DW", dw, weights)
    state = _state(op, "VELOCITY", velocity, weights)
    rate = checks.number(op, "LEARNING_RATE", learning_rate, "(0, Inf)")
    momentum = checks.number(op, "MOMENTUM", momentum, "[0, 1)")
    return sgd_kernel(weights, -rate * gradient, state, momentum)


@operation(level=TRAINED, returns=("model",))
def train_model(
    X: ArrayLike,
    y: ArrayLike,
    layers: Sequence[int],
    *,
    activation: str = "relu",
    loss: str = "crossentropy",
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
    dtype: DTypeLike = "float64",
    progress: bool = False,
    callback: Callback | None = None,
    backend: Backend | None = None,
) -> Model:
    """Return a dense network trained on samples.

    First weights come from Octave's ``randn``, scaled by He's rule before a relu and by
    ``1 / sqrt(inputs)`` elsewhere; each epoch visits the samples in the order of one
    ``randperm``. The same seed gives the same network on both backends.

    Parameters
    ----------
    X : array_like, (samples, features)
    y : array_like, (samples,) or (samples, outputs)
        Class numbers from 0, the values of a single output, or targets.
    layers : sequence of int
        Sizes from the input to the output, ``[64, 32, 10]`` for instance.
    activation : {"relu", "sigmoid", "tanh", "linear"}
        Of the hidden layers.
    loss : {"crossentropy", "mse"}
        The last layer is softmax for the first and linear for the second.
    solver : {"adam", "sgd"}
        Gradient descent has a momentum of 0.9.
    epochs, batch_size : int
        Passes over the data, and samples a step.
    learning_rate : float, optional
        Step size; 0.001 for adam and 0.01 for sgd.
    annealing : {"none", "cosine"}
        With ``"cosine"`` the step size falls to zero along half a cosine.
    weight_decay : float
        Each step also takes the learning rate times this share from every weight: decoupled
        decay (Loshchilov and Hutter 2019), which leaves the optimizer's moments alone.
    dropout : float or sequence of float
        Share of values left out at random in front of each layer but the first, or one share a
        layer; those that stay are divided by the rest of 1 (Srivastava et al. 2014).
    augment : dict, optional
        Options of `warp_images`, with which every epoch meets the samples warped anew.
    sample_weight : array_like, (samples,), optional
        Non-negative; scaled to a mean of 1.
    seed : int
        From 0 to 4294967295.
    dtype : {"float64", "float32"}
    progress : bool
        Show a progress bar on the terminal.
    callback : callable, optional
        Called after each epoch with a dict of ``epoch``, ``epochs`` and ``loss`` (the mean over
        the epoch's batches); training stops if it returns something true.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If an argument makes no sense, or the loss stops being finite.

    Examples
    --------
    >>> X, y = [[0, 0], [1, 0], [0, 1], [1, 1]], [0, 1, 1, 0]
    >>> train_model(X, y, [2, 8, 2], epochs=5, backend="numpy")
    Model(2-8-2, float64: relu, softmax)
    """
    op = "train_model"
    samples = checks.matrix(op, "X", X)
    checks.not_empty(op, "X", samples)
    sizes = check_sizes(op, "LAYERS", layers, samples.shape[1])
    targets = check_targets(op, "Y", y, sizes[-1], len(samples))
    checks.choice(op, "ACTIVATION", activation, ("relu", "sigmoid", "tanh", "linear"))
    checks.choice(op, "LOSS", loss, LOSSES)
    if loss == "crossentropy" and sizes[-1] == 1:
        # The softmax of one output is always 1.
        checks.value_error(op, "LOSS", 'be "mse" for one output', '"crossentropy"')
    options = check_training(
        op,
        len(sizes) - 1,
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
    kind = np.dtype(dtype)
    samples = checks.narrowed(op, "X", samples, kind)
    targets = checks.narrowed(op, "Y", targets, kind)
    weight = training_weight(op, sample_weight, targets)
    last = "softmax" if loss == "crossentropy" else "linear"
    random = OctaveRandom(options.seed)
    untrained = initial_layers(random, sizes, activation, last, kind)
    objective = batch_objective(loss, last, targets, weight)
    return Model(trained(op, untrained, samples, lambda x: objective, options, random))


@operation(level=TRAINED, returns=("model",))
def retrain_model(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | None = None,
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
    """Return a model trained further from its present weights, with pruned connections held.

    A layer's mask says which connections exist; without one, those whose weight is not zero
    (unless the weights were quantized: a zero may then be a small weight). Shapes stay. Codes and
    input ranges of an earlier quantization no longer fit and are dropped.

    Parameters
    ----------
    model : Model
    X : array_like, (samples, features)
    y : array_like, (samples,) or (samples, outputs)
        As for `train_model`.
    loss : {"crossentropy", "mse"}, optional
        By default the first if the last layer is softmax.
    solver, epochs, batch_size, learning_rate, annealing, weight_decay, dropout, augment
        As for `train_model`.
    sample_weight, seed
        As for `train_model`; the seed decides the order of samples and what dropout and warps draw.
    progress, callback
        As for `train_model`.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> pruned = Model.from_arrays([[[1.0, 0.0]]])
    >>> tuned = retrain_model(pruned, [[1.0, 2.0]], [3.0], epochs=5, backend="numpy")
    >>> float(tuned.layers[0].weights[0, 1])
    0.0
    """
    op = "retrain_model"
    held, view, options, random = retraining(
        op,
        model,
        X,
        y,
        loss,
        sample_weight,
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
    run = Run(held)
    fit(op, run, view, options, random)
    return Model(trained_layers(run, held))


def retraining(
    op: str,
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    loss: str | None,
    sample_weight: ArrayLike | None,
    **settings: Any,
) -> tuple[list[Layer], View, Training, OctaveRandom]:
    """Return what `retrain_model` and its kin begin with, all checked.

    The layers, held by their masks, what `fit` asks for samples, the options and the generator.
    """
    checked_model(op, "MODEL", model)
    samples = check_samples(op, "X", X, model.sizes[0], model.dtype)
    targets = check_targets(op, "Y", y, model.sizes[-1], len(samples), model.dtype)
    last = model.layers[-1].activation
    chosen = check_loss(op, loss, last)
    options = check_training(op, len(model.layers), **settings)
    weight = training_weight(op, sample_weight, targets)
    objective = batch_objective(chosen, last, targets, weight)
    random = OctaveRandom(options.seed)
    view = sample_views(op, samples, lambda x: objective, options.augment, random)
    return [held_layer(layer) for layer in model.layers], view, options, random


def adam_kernel(
    w: FloatArray,
    dw: FloatArray,
    m: FloatArray,
    s: FloatArray,
    step: int,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Do one step of Adam.

    `m` is the first moment without its factor ``1 - beta1``, and `s` the root of the second one
    without its factor ``sqrt(1 - beta2)``: what all weights share is left to scalars, because
    each pass over the weights costs, and ``hypot`` saves the square root of every one.
    """
    shrunk = math.sqrt((1 - beta2**step) / (1 - beta2))
    m = beta1 * m + dw
    s = np.hypot(math.sqrt(beta2) * s, dw)
    factor = rate * (1 - beta1) / (1 - beta1**step) * shrunk
    return w - factor * m / (s + epsilon * shrunk), m, s


def sgd_kernel(
    w: FloatArray, change: FloatArray, velocity: FloatArray, momentum: float
) -> tuple[FloatArray, FloatArray]:
    """Do one step of gradient descent; `change` is the gradient times minus the rate."""
    velocity = momentum * velocity + change
    return w + velocity, velocity


def check_training(
    op: str,
    count: int,
    *,
    solver: str,
    epochs: int,
    batch_size: int,
    learning_rate: float | None,
    annealing: str,
    weight_decay: float,
    dropout: float | Sequence[float],
    augment: Mapping[str, Any] | None,
    seed: int,
    callback: Callback | None,
) -> Training:
    """Return the options that every training operation shares, checked, for `count` layers."""
    checks.choice(op, "SOLVER", solver, tuple(_LEARNING_RATE))
    epochs = checks.integer(op, "EPOCHS", epochs, "[0, Inf)")
    batch_size = checks.integer(op, "BATCH_SIZE", batch_size, "[1, Inf)")
    rate = _LEARNING_RATE[solver] if learning_rate is None else learning_rate
    shares = checks.per_layer(op, "DROPOUT", dropout, count, checks.number, "[0, 1)")
    if np.size(dropout) == 1:
        shares[0] = 0.0  # a single number is for all layers but the first
    options = Training(
        solver=solver,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=checks.number(op, "LEARNING_RATE", rate, "(0, Inf)"),
        annealing=checks.choice(op, "ANNEALING", annealing, ("none", "cosine")),
        dropout=tuple(shares),
        weight_decay=checks.number(op, "WEIGHT_DECAY", weight_decay, "[0, Inf)"),
        augment=augment,
        seed=checks.integer(op, "SEED", seed, "[0, 4294967295]"),
        callback=callback,
    )
    if callback is not None and not callable(callback):
        checks.type_error(op, "CALLBACK", "be a function")
    return options


def check_sizes(op: str, argument: str, layers: Any, features: int) -> list[int]:
    """Return layer sizes, from the input to the output."""
    sizes = checks.matrix(op, argument, layers)
    if sizes.size < 2 or 1 not in sizes.shape:
        checks.value_error(op, argument, "have at least 2 sizes, inputs first", str(sizes.size))
    whole = [checks.integer(op, argument, size, "[1, Inf)") for size in sizes.reshape(-1)]
    if whole[0] != features:
        requirement = f"begin with the number of features, {features}"
        checks.value_error(op, argument, requirement, str(whole[0]))
    return whole


def training_weight(op: str, weight: Any, targets: FloatArray) -> FloatArray | None:
    """Return one weight a sample, scaled to a mean of 1, in the type of `targets`, or None."""
    values = checks.sample_weight(op, weight, targets)
    if values is None:
        return None
    if not values.any():
        checks.value_error(op, "SAMPLE_WEIGHT", "not be all zeros")
    values = values / values.max()  # a sum of large ones could overflow
    scaled: FloatArray = values / (values.sum() / values.size)
    return scaled


def initial_layers(
    random: OctaveRandom,
    sizes: Sequence[int],
    activation: str,
    last: str,
    dtype: np.dtype[Any],
) -> tuple[Layer, ...]:
    """Return untrained layers, drawn from the first to the last."""
    activations = [activation] * (len(sizes) - 2) + [last]
    layers = []
    for inputs, outputs, name in zip(sizes[:-1], sizes[1:], activations, strict=True):
        gain = 2.0 if name == "relu" else 1.0
        w = random.randn(outputs, inputs) * math.sqrt(gain / inputs)
        layers.append(Dense(w.astype(dtype), np.zeros(outputs, dtype), name))
    return tuple(layers)


def held_layer(layer: Layer) -> Layer:
    """Return a layer ready to be retrained: plain weights, zero where its mask forbids one."""
    mask = layer.mask
    if mask is None and layer.quantization is None and not layer.weights.all():
        mask = layer.weights != 0
    weights = layer.weights
    if mask is not None:
        weights = np.where(mask, weights, weights.dtype.type(0))
    return replace(layer, weights=weights, mask=mask, quantization=None, input_range=None)


def batch_objective(
    loss: str, activation: str, targets: FloatArray, weight: FloatArray | None
) -> BatchObjective:
    """Return the loss of a batch of samples, for `fit`."""
    whole = objective_for(loss, activation)

    def objective(z: FloatArray, a: FloatArray, batch: Any) -> tuple[Any, FloatArray]:
        return whole(z, a, targets[batch], None if weight is None else weight[batch])

    return objective


@dataclass(frozen=True)
class Hooks:
    """What a caller of `fit` may add; the defaults do nothing.

    Attributes
    ----------
    forward : callable
        The layers to the layers that a batch meets.
    step : callable
        Changes the run after each step; gets the share of all steps that is done.
    epoch : callable
        Changes the run after each epoch.
    save : callable
        Gets the run before each new view, from where it can go on.
    """

    forward: Callable[[Sequence[WorkingLayer]], Sequence[WorkingLayer]] = lambda layers: layers
    step: Callable[[Run, float], None] = lambda run, share: None
    epoch: Callable[[Run], None] = lambda run: None
    save: Callable[[Run], None] = lambda run: None


class WorkingLayer:
    """A layer in training: what `backprop` reads of a layer, and the optimizer's state."""

    input_range = None

    def __init__(self, layer: Layer) -> None:
        self.weights, self.bias = layer.weights, layer.bias
        self.mask, self.activation = layer.mask, layer.activation
        self.clusters: NDArray[np.intp] | None = None
        self.gate: NDArray[np.bool_] | None = None  # a mask whose hidden weights learn on
        self.moments = {
            name: [np.zeros_like(value), np.zeros_like(value)]
            for name, value in (("weights", layer.weights), ("bias", layer.bias))
        }

    def is_finite(self) -> bool:
        """Return whether training has not diverged."""
        return bool(np.isfinite(self.weights).all() and np.isfinite(self.bias).all())

    def update(
        self, dw: FloatArray, db: FloatArray, step: int, rate: float, options: Training
    ) -> None:
        """Do one step of the optimizer."""
        if step % 100 == 0:
            _drop_traces(self.moments["weights"][0])
        if self.mask is not None:
            dw = dw * self.mask  # what the mask forbids has no gradient
        if self.clusters is not None:
            # Weights of one cluster are one number: it gets the sum of their gradients (Han 2015).
            sums = np.bincount(self.clusters.ravel(order="F"), dw.ravel(order="F"))
            dw = sums[self.clusters].astype(dw.dtype)
        if options.weight_decay > 0:
            self.weights = (1 - rate * options.weight_decay) * self.weights
        for name, gradient in (("weights", dw), ("bias", db)):
            state, value = self.moments[name], getattr(self, name)
            if options.solver == "adam":
                value, state[0], state[1] = adam_kernel(
                    value, gradient, state[0], state[1], step, rate, 0.9, 0.999, 1e-8
                )
            else:
                value, state[0] = sgd_kernel(value, gradient, state[0], _MOMENTUM)
            setattr(self, name, value)


def _drop_traces(moment: FloatArray) -> None:
    # Where no gradient comes any more, 0.9 times itself soon leaves a subnormal number, and those
    # take a hundred times as long to add and multiply. No weight notices numbers far larger.
    limits = np.finfo(moment.dtype)
    moment[np.abs(moment) < limits.tiny / limits.eps**2] = 0


class Run:
    """What `fit` trains: layers with the optimizer's state, and how far it has come.

    `round` counts what a hook did.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = [WorkingLayer(layer) for layer in layers]
        self.step = self.epoch = self.round = 0
        self.is_stopped = False


def trained(
    op: str,
    layers: Sequence[Layer],
    x: FloatArray,
    objective_of: Callable[[FloatArray], BatchObjective],
    options: Training,
    random: OctaveRandom,
) -> tuple[Layer, ...]:
    """Return layers trained on samples with the user's options.

    `objective_of` gives the loss of samples.
    """
    run = Run(layers)
    fit(op, run, sample_views(op, x, objective_of, options.augment, random), options, random)
    return trained_layers(run, layers)


def trained_layers(run: Run, layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return `layers` as a run has left them."""
    return tuple(
        replace(layer, weights=state.weights, bias=state.bias, mask=state.mask)
        for layer, state in zip(layers, run.layers, strict=True)
    )


def sample_views(
    op: str,
    x: FloatArray,
    objective_of: Callable[[FloatArray], BatchObjective],
    augment: Mapping[str, Any] | None,
    random: OctaveRandom,
) -> View:
    """Return what `fit` asks for samples and their loss: `x`, or `x` warped anew each time."""
    if augment is None:
        objective = objective_of(x)
        return lambda: (x, objective)
    checked = check_augment(op, augment, x.shape[1])

    def warped() -> tuple[FloatArray, BatchObjective]:
        view = warp_groups(x, checked, random)
        return view, objective_of(view)

    return warped


def fit(
    op: str,
    run: Run,
    view: View,
    options: Training,
    random: OctaveRandom,
    hooks: Hooks = Hooks(),
) -> None:
    """Train the layers of a run by mini-batches, one permutation of the samples an epoch.

    `view` gives the samples, in rows, and their loss, and is asked again every
    ``options.view_epochs`` epochs.
    """
    for epoch in range(run.epoch + 1, options.epochs + 1):
        if (epoch - 1) % options.view_epochs == 0:
            hooks.save(run)
            x, objective = view()
            steps = math.ceil(len(x) / options.batch_size) * options.epochs
        order = random.randperm(len(x), dtype=int)
        total = 0.0
        for start in range(0, len(x), options.batch_size):
            batch = order[start : start + options.batch_size]

            batch_loss = partial(_batch_loss, objective, batch)
            rate = options.learning_rate
            if options.annealing == "cosine":
                rate = rate * (1 + math.cos(math.pi * run.step / steps)) / 2
            # Gradient descent takes gradients that are steps already: a pass over the weights less.
            factor = -rate if options.solver == "sgd" else 1.0
            value, dw, db = backprop(
                hooks.forward(run.layers), x[batch], batch_loss, options.dropout, random, factor
            )
            total += float(value) * len(batch)
            run.step += 1
            for layer, w, b in zip(run.layers, dw, db, strict=True):
                layer.update(w, b, run.step, rate, options)
            hooks.step(run, run.step / steps)
        run.epoch = epoch
        hooks.epoch(run)
        finite = math.isfinite(total) and all(layer.is_finite() for layer in run.layers)
        number = epoch + options.epochs_before
        run.is_stopped = _report(op, number, total / len(x), finite, options)
        if run.is_stopped:
            break


def _batch_loss(objective: BatchObjective, batch: Any, z: FloatArray, a: FloatArray) -> Any:
    return objective(z, a, batch)


def _report(op: str, epoch: int, loss: float, finite: bool, options: Training) -> bool:
    if not finite:
        requirement = f"be smaller: training diverges in epoch {epoch}"
        got = checks.number_text(options.learning_rate)
        checks.value_error(op, "LEARNING_RATE", requirement, got)
    if options.callback is None:
        return False
    epochs = options.epochs if options.epochs_in_all is None else options.epochs_in_all
    return bool(options.callback({"epoch": float(epoch), "epochs": float(epochs), "loss": loss}))


def _state(op: str, argument: str, value: Any, weights: FloatArray) -> FloatArray:
    array = checks.matrix(op, argument, value)
    checks.same_size(op, argument, array, "W", weights)
    return checks.narrowed(op, argument, array, weights.dtype)
