"""Networks at work: the forward pass, the backward pass, predictions and gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.equivalence.levels import rtol
from octave_compress.model import ACTIVATIONS, Dense, Layer, Model
from octave_compress.ops.losses import crossentropy_kernel, mse_kernel
from octave_compress.ops.rounding import round_half_away
from octave_compress.random import OctaveRandom

# The last pre-activations and outputs of a batch to the loss and its derivative for the former.
Objective = Callable[[FloatArray, FloatArray], tuple[Any, FloatArray]]
LOSSES = ("crossentropy", "mse")


@operation(level=rtol(1e-12), returns=("outputs", "z"))
def dense_forward(
    w: ArrayLike,
    bias: ArrayLike,
    X: ArrayLike,
    activation: str,
    *,
    backend: Backend | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return the outputs of one dense layer for samples, and its pre-activations.

    ``z = X @ w.T + bias``, and `outputs` is `activation` of it.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights; everything is computed in their type.
    bias : array_like, (out,)
    X : array_like, (samples, in)
    activation : {"linear", "relu", "sigmoid", "tanh", "softmax"}
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    outputs, z : ndarray, (samples, out)

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If sizes do not fit or a value is NaN or Inf.

    Examples
    --------
    >>> dense_forward([[1.0, -1.0]], [0.5], [[1.0, 3.0]], "relu", backend="numpy")[0]
    array([[0.]])
    """
    layer, samples = _layer("dense_forward", w, bias, X, activation)
    z = samples @ layer.weights.T + layer.bias
    return activate(z, layer.activation), z


@operation(level=rtol(1e-12), returns=("dw", "db", "dX"))
def dense_backward(
    w: ArrayLike,
    bias: ArrayLike,
    X: ArrayLike,
    gradient: ArrayLike,
    activation: str,
    *,
    backend: Backend | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the derivatives of a loss with respect to a dense layer's weights, bias and inputs.

    Parameters
    ----------
    w, bias, X, activation
        As for `dense_forward`.
    gradient : array_like, (samples, out)
        Derivative of the loss with respect to the layer's outputs.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    dw : ndarray, (out, in)
    db : ndarray, (out,)
    dX : ndarray, (samples, in)

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> dense_backward([[1.0, 2.0]], [0.0], [[3.0, 4.0]], [[1.0]], "linear", backend="numpy")[0]
    array([[3., 4.]])
    """
    op = "dense_backward"
    layer, samples = _layer(op, w, bias, X, activation)
    da = check_targets(op, "GRADIENT", gradient, layer.outputs, len(samples), samples.dtype)
    z = samples @ layer.weights.T + layer.bias
    outputs = activate(z, layer.activation)
    dz = activation_backward(da, z, outputs, layer.activation)
    return dz.T @ samples, dz.sum(axis=0), dz @ layer.weights


@operation(level=rtol(1e-12), returns=("outputs",))
def predict_model(model: Model, X: ArrayLike, *, backend: Backend | None = None) -> FloatArray:
    """Return what a model makes of samples.

    Parameters
    ----------
    model : Model
        Layers that quantize their inputs round them first.
    X : array_like, (samples, features)
        Computed with in the type of the weights.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    outputs : ndarray, (samples, outputs)
        Probabilities, if the last layer is softmax.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If `X` is empty, has another number of features, or holds NaN or Inf.

    Examples
    --------
    >>> predict_model(Model.from_arrays([[[1.0, 2.0]]], [[0.5]]), [[1.0, 1.0]], backend="numpy")
    array([[3.5]])
    """
    op = "predict_model"
    checked_model(op, "MODEL", model)
    samples = check_samples(op, "X", X, model.sizes[0], model.dtype)
    return forward(model.layers, samples)[0]


@operation(level=rtol(1e-11), returns=("value", "model"))
def gradient_model(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | None = None,
    sample_weight: ArrayLike | None = None,
    backend: Backend | None = None,
) -> tuple[float, Model]:
    """Return a model's loss on samples, and its derivative for every weight and bias.

    Parameters
    ----------
    model : Model
    X : array_like, (samples, features)
    y : array_like, (samples,) or (samples, outputs)
        Class numbers from 0, the values of a single output, or targets.
    loss : {"crossentropy", "mse"}, optional
        By default the first if the last layer is softmax.
    sample_weight : array_like, (samples,), optional
        Non-negative; used as it is.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    value : float
    gradient : Model
        Derivatives in place of weights and biases.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> value, gradient = gradient_model(
    ...     Model.from_arrays([[[2.0]]]), [[3.0]], [5.0], backend="numpy"
    ... )
    >>> float(value), float(gradient.layers[0].weights[0, 0])
    (1.0, 6.0)
    """
    op = "gradient_model"
    checked_model(op, "MODEL", model)
    samples = check_samples(op, "X", X, model.sizes[0], model.dtype)
    targets = check_targets(op, "Y", y, model.sizes[-1], len(samples), model.dtype)
    last = model.layers[-1].activation
    chosen = check_loss(op, loss, last)
    weight = checks.sample_weight(op, sample_weight, targets)
    objective = objective_for(chosen, last)
    value, dw, db = backprop(model.layers, samples, lambda z, a: objective(z, a, targets, weight))
    return value, Model(
        tuple(
            Dense(w, b, layer.activation) for w, b, layer in zip(dw, db, model.layers, strict=True)
        )
    )


def activate(z: FloatArray, activation: str) -> FloatArray:
    """Return the activations of pre-activations, one row a sample."""
    if activation == "relu":
        return np.maximum(z, z.dtype.type(0))  # NaN stays: it comes of sums that overflowed
    if activation == "sigmoid":
        return 1 / (1 + np.exp(-z))
    if activation == "tanh":
        return np.tanh(z)
    if activation == "softmax":
        a = np.exp(z - z.max(axis=1, keepdims=True))
        shares: FloatArray = a / a.sum(axis=1, keepdims=True)
        return shares
    return z


def activation_backward(
    da: FloatArray, z: FloatArray, a: FloatArray, activation: str
) -> FloatArray:
    """Return the derivative with respect to `z` from the one for `a`, its activations."""
    if activation == "relu":
        return da * (z > 0)
    if activation == "sigmoid":
        return da * (a * (1 - a))
    if activation == "tanh":
        return da * (1 - a * a)
    if activation == "softmax":
        mean: FloatArray = (da * a).sum(axis=1, keepdims=True)  # weighted by the activations
        return a * (da - mean)
    return da


def layer_input(layer: Layer, x: FloatArray) -> FloatArray:
    """Return what a layer computes with: rounded where the layer quantizes its inputs."""
    spec = layer.input_range
    if spec is None:
        return x
    codes = round_half_away(x.astype(np.float64) / spec.scale) + spec.zero_point
    codes = np.clip(codes, 0, 2**spec.bits - 1)
    return ((codes - spec.zero_point) * spec.scale).astype(x.dtype)  # type: ignore[no-any-return]


def forward(layers: Sequence[Layer], x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the outputs and the last pre-activations of a network."""
    a = z = x
    for layer in layers:
        z = layer_input(layer, a) @ layer.weights.T + layer.bias
        a = activate(z, layer.activation)
    return a, z


def backprop(
    layers: Sequence[Any],
    x: FloatArray,
    objective: Objective,
    dropout: Sequence[float] = (),
    random: OctaveRandom | None = None,
    factor: float = 1.0,
) -> tuple[Any, list[FloatArray], list[FloatArray]]:
    """Return the value and the gradients, for weights and biases, of an objective for one batch.

    `dropout` is the share of values that a draw of ``rand`` leaves out in front of each layer. The
    gradients are multiplied by `factor` here, where that is cheap.
    """
    inputs, zs, outputs = [], [], []
    kept: list[FloatArray | None] = [None] * len(layers)
    a = x
    for k, layer in enumerate(layers):
        inputs.append(layer_input(layer, a))
        if random is not None and dropout[k] > 0:
            draw = random.rand(a.shape[1], len(a), dtype=a.dtype)
            is_left_out = dropout[k] > draw.T
            scale = ~is_left_out * a.dtype.type(1 / (1 - dropout[k]))
            inputs[k], kept[k] = inputs[k] * scale, scale
        zs.append(inputs[-1] @ layer.weights.T + layer.bias)
        a = activate(zs[-1], layer.activation)
        outputs.append(a)
    value, dz = objective(zs[-1], a)
    dz = factor * dz
    dw: list[FloatArray] = []
    db: list[FloatArray] = []
    for k in reversed(range(len(layers))):
        # The rounding of an input has a derivative of one: the straight-through estimate.
        dw.insert(0, dz.T @ inputs[k])
        db.insert(0, dz.sum(axis=0))
        if k > 0:
            da = dz @ layers[k].weights
            if kept[k] is not None:
                da = da * kept[k]
            dz = activation_backward(da, zs[k - 1], outputs[k - 1], layers[k - 1].activation)
    return value, dw, db


def objective_for(loss: str, activation: str) -> Callable[..., tuple[Any, FloatArray]]:
    """Return the training loss of a network whose last layer has `activation`.

    A function of the last pre-activations, the outputs, the targets and the sample weights.
    """
    if loss == "crossentropy":
        return lambda z, a, t, weight: crossentropy_kernel(z, t, weight)

    def mse_objective(
        z: FloatArray, a: FloatArray, t: FloatArray, weight: FloatArray | None
    ) -> tuple[Any, FloatArray]:
        value, da = mse_kernel(a, t, weight)
        return value, activation_backward(da, z, a, activation)

    return mse_objective


def checked_model(op: str, argument: str, model: Model) -> Model:
    """Return `model` if its weights and biases are finite."""
    for i, layer in enumerate(model.layers, start=1):
        name = f"layer {i} of {argument}"
        checks.matrix(op, name, layer.weights)
        checks.matrix(op, name, layer.bias)
    return model


def check_samples(
    op: str, argument: str, X: Any, features: int, dtype: np.dtype[Any] | None = None
) -> FloatArray:
    """Return samples in rows: a finite real matrix with `features` columns, in a float type."""
    samples = checks.matrix(op, argument, X)
    checks.not_empty(op, argument, samples)
    if samples.shape[1] != features:
        checks.value_error(op, argument, f"have {features} features", str(samples.shape[1]))
    return samples if dtype is None else checks.narrowed(op, argument, samples, dtype)


def check_targets(
    op: str,
    argument: str,
    y: Any,
    outputs: int,
    samples: int,
    dtype: np.dtype[Any] | None = None,
) -> FloatArray:
    """Return targets: a finite real matrix of one row a sample, in a float type."""
    targets = checks.matrix(op, argument, y)
    if targets.shape != (samples, outputs):
        checks.value_error(
            op,
            argument,
            f"have {outputs} outputs and {samples} samples",
            f"{targets.shape[1]} and {targets.shape[0]}",
        )
    return targets if dtype is None else checks.narrowed(op, argument, targets, dtype)


def check_loss(op: str, loss: str | None, activation: str) -> str:
    """Return the loss to train with; None means the one that fits the last activation."""
    if loss is None:
        return "crossentropy" if activation == "softmax" else "mse"
    checks.choice(op, "LOSS", loss, LOSSES)
    if loss == "crossentropy" and activation not in ("softmax", "linear"):
        requirement = f'be "mse" for a last layer with {activation}'
        checks.value_error(op, "LOSS", requirement, '"crossentropy"')
    return loss


def _layer(op: str, w: Any, bias: Any, X: Any, activation: str) -> tuple[Layer, FloatArray]:
    weights = checks.matrix(op, "W", w)
    checks.not_empty(op, "W", weights)
    values = checks.matrix(op, "BIAS", bias).reshape(-1)
    if values.size != len(weights):
        checks.value_error(op, "BIAS", f"have {len(weights)} elements", str(values.size))
    values = checks.narrowed(op, "BIAS", values, weights.dtype)
    samples = check_samples(op, "X", X, weights.shape[1], weights.dtype)
    checks.choice(op, "ACTIVATION", activation, ACTIVATIONS)
    return Dense(weights, values, activation), samples
