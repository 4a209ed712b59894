"""Pruning: removing connections and neurons that matter little."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.equivalence.levels import EXACT, rtol
from octave_compress.model import Layer, Model, replace_weights
from octave_compress.ops.losses import accuracy
from octave_compress.ops.network import (
    check_samples,
    check_targets,
    checked_model,
    forward,
    layer_input,
)
from octave_compress.ops.rounding import round_half_away

Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]

_INTERVALS = {
    "threshold": "[0, Inf]",
    "rate": "[0, 1]",
    "sparsity": "[0, 1]",
    "quality": "[0, Inf)",
}


@operation(level=EXACT, returns=("w", "mask"))
def prune_threshold(
    w: ArrayLike, threshold: float, *, backend: Backend | None = None
) -> tuple[FloatArray, Mask]:
    """Return the weights without those whose magnitude is below a threshold, and the mask.

    The edge article's pruning, with the mask the right way round: a weight stays when
    ``abs(w) >= threshold``.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN is refused.
    threshold : float
        Smallest magnitude that stays, in the unit of `w`; at least 0.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w : ndarray, (out, in)
        `w` with zeros where `mask` is false, in the type of `w`.
    mask : ndarray of bool, (out, in)
        True where a weight stays.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If `w` holds NaN or `threshold` is negative.

    Examples
    --------
    >>> prune_threshold([[0.5, -0.001]], 0.01, backend="numpy")[1]
    array([[ True, False]])
    """
    op = "prune_threshold"
    weights = checks.matrix(op, "W", w, allow="inf")
    mask = np.abs(weights) >= checks.number(op, "THRESHOLD", threshold, "[0, Inf]")
    return _apply(weights, mask), mask


@operation(level=EXACT, returns=("w", "mask"))
def prune_relative(
    w: ArrayLike, rate: float, *, scope: str = "layer", backend: Backend | None = None
) -> tuple[FloatArray, Mask]:
    """Return the weights without those that are small beside the largest one, and the mask.

    The deep-learning article's pruning: a weight goes when ``abs(w) < rate * max(abs(w))``.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN never sets the maximum and is never removed, as in Octave's `max` and `<`.
    rate : float
        Share of the largest magnitude, in [0, 1].
    scope : {"layer", "column"}
        ``"layer"`` compares with the largest of the matrix. ``"column"`` is what the article's
        line does in Octave: the largest along the first dimension that is not 1, so of each
        column, but of the whole row for a 1×n matrix.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w, mask : ndarray, (out, in)
        As for `prune_threshold`.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> prune_relative([[1.0, 0.1], [0.5, 0.2]], 0.3, backend="numpy")[1]
    array([[ True, False],
           [ True, False]])
    """
    op = "prune_relative"
    weights = checks.matrix(op, "W", w, allow="nan")
    share = checks.number(op, "RATE", rate, "[0, 1]")
    checks.choice(op, "SCOPE", scope, ("layer", "column"))
    if weights.size == 0:
        return weights.copy(), np.ones(weights.shape, dtype=bool)
    axis = None if scope == "layer" else (1 if len(weights) == 1 else 0)
    largest = np.fmax.reduce(np.abs(weights), axis=axis, keepdims=True)
    # share * NaN and share * Inf compare as Octave's do, so no case needs its own branch.
    mask = ~(np.abs(weights) < share * largest)
    return _apply(weights, mask), mask


@operation(level=EXACT, returns=("w", "mask"))
def prune_magnitude(
    w: ArrayLike, sparsity: float, *, backend: Backend | None = None
) -> tuple[FloatArray, Mask]:
    """Return the weights without a given share of them, the smallest, and the mask.

    ``round(sparsity * numel(w))`` weights go, halves rounded away from zero; among equals the
    first in column-major order goes first.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN is refused.
    sparsity : float
        Share of zeros wanted, in [0, 1].
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w, mask : ndarray, (out, in)
        As for `prune_threshold`.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> prune_magnitude([[3.0, -1.0], [2.0, 4.0]], 0.5, backend="numpy")[0]
    array([[3., 0.],
           [0., 4.]])
    """
    op = "prune_magnitude"
    weights = checks.matrix(op, "W", w, allow="inf")
    share = checks.number(op, "SPARSITY", sparsity, "[0, 1]")
    mask = keep_largest(np.abs(weights).ravel(order="F"), share)
    mask = mask.reshape(weights.shape, order="F")
    return _apply(weights, mask), mask


@operation(level=EXACT, returns=("w", "mask"))
def prune_quality(
    w: ArrayLike, quality: float, *, backend: Backend | None = None
) -> tuple[FloatArray, Mask]:
    """Return the weights without those that are small beside their spread, and the mask.

    The threshold of Han et al. 2015: a weight stays when ``abs(w) >= quality * s``, with ``s``
    the standard deviation (by n - 1) of the weights that are not zero, so that what was pruned
    before does not count.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN and Inf are refused.
    quality : float
        At least 0.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w, mask : ndarray, (out, in)
        As for `prune_threshold`.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> prune_quality([[2.0, -2.0, 0.5, -0.5]], 1, backend="numpy")[1]
    array([[ True,  True, False, False]])
    """
    op = "prune_quality"
    weights = checks.matrix(op, "W", w)
    factor = checks.number(op, "QUALITY", quality, "[0, Inf)")
    ordered = weights.ravel(order="F")
    spread = _mean_and_std(ordered[ordered != 0])[1]
    return prune_threshold(weights, factor * spread)


@operation(level=EXACT, returns=("mask",))
def surgery_mask(
    w: ArrayLike,
    mask: ArrayLike,
    quality: float,
    *,
    margin: float = 0.1,
    backend: Backend | None = None,
) -> Mask:
    """Return the mask of weights after one step of dynamic network surgery.

    The rule of Guo, Yao and Chen 2016, by which what was pruned can come back. With the mean and
    the standard deviation of ``abs(w)`` where `mask` is true, the threshold is
    ``t = max(mean + quality * std, 0)``. A weight that the mask keeps goes below
    ``(1 - margin) * t``; one that was pruned comes back at ``(1 + margin) * t``; in between
    nothing changes.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights, those behind the mask too, which training goes on changing. NaN and Inf are
        refused.
    mask : array_like of bool, (out, in)
        True where a weight stays so far.
    quality : float
        How many standard deviations above the mean the threshold lies; may be negative.
    margin : float
        In [0, 1).
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray of bool, (out, in)

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> surgery_mask([[1, 3, 1.9, 2.1, 5]], [[1, 1, 1, 0, 0]], 0, backend="numpy")
    array([[False,  True,  True, False,  True]])
    """
    op = "surgery_mask"
    weights = checks.matrix(op, "W", w)
    kept = checks.matrix(op, "MASK", mask) != 0
    checks.same_size(op, "MASK", kept, "W", weights)
    factor = checks.number(op, "QUALITY", quality, "(-Inf, Inf)")
    share = checks.number(op, "MARGIN", margin, "[0, 1)")
    magnitude = np.abs(weights)
    center, spread = _mean_and_std(magnitude.ravel(order="F")[kept.ravel(order="F")])
    threshold = max(center + factor * spread, 0.0)
    stays: Mask = kept & (magnitude >= (1 - share) * threshold)
    return stays | (magnitude >= (1 + share) * threshold)


@operation(level=EXACT, returns=("schedule",))
def sparsity_schedule(
    steps: ArrayLike,
    first: float,
    last: float,
    initial: float,
    final: float,
    *,
    backend: Backend | None = None,
) -> NDArray[np.float64]:
    """Return how sparse a network should be at given steps of gradual pruning.

    The cubic rule of Zhu and Gupta 2017: `initial` until the step `first`, `final` from the step
    `last`, and in between a mean of both, with the weight ``(1 - t)**3`` for `initial` and t
    from 0 to 1. Much goes early, while there is much to spare.

    Parameters
    ----------
    steps : array_like, (n,)
        Real numbers.
    first, last : float
        Where the sparsity begins and ends to change; `last` is the larger one.
    initial, final : float
        In [0, 1].
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray of float64, (n,)

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> sparsity_schedule([0, 5, 10, 15, 20], 5, 15, 0, 0.8, backend="numpy")
    array([0. , 0. , 0.7, 0.8, 0.8])
    """
    op = "sparsity_schedule"
    at = checks.matrix(op, "STEPS", steps).astype(np.float64).reshape(-1)
    start = checks.number(op, "FIRST", first, "(-Inf, Inf)")
    end = checks.number(op, "LAST", last, "(-Inf, Inf)")
    if end <= start:
        requirement = f"be larger than FIRST, {checks.number_text(start)}"
        checks.value_error(op, "LAST", requirement, checks.number_text(end))
    low = checks.number(op, "INITIAL", initial, "[0, 1]")
    high = checks.number(op, "FINAL", final, "[0, 1]")
    return cubic_sparsity((at - start) / (end - start), low, high)


def cubic_sparsity(
    share: float | NDArray[np.float64],
    initial: float | NDArray[np.float64],
    final: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the sparsity when a share of the pruning is done, by Zhu and Gupta 2017."""
    rest = 1 - np.fmin(np.fmax(share, 0), 1)
    rest = rest * rest * rest
    return np.asarray(initial * rest + final * (1 - rest))


@operation(level=EXACT, returns=("w", "keep"))
def prune_neurons(
    w: ArrayLike, sparsity: float, *, backend: Backend | None = None
) -> tuple[FloatArray, Mask]:
    """Return the weights without a given share of neurons, those of smallest norm, and the rest.

    A neuron is a row of `w`; its norm is ``sqrt(sum(w .^ 2, 2))``, summed from the first input
    to the last on both sides, since a ranking rests on it. ``round(sparsity * rows)`` neurons
    go, the first among equals.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN and Inf are refused.
    sparsity : float
        Share of neurons that go, in [0, 1].
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w : ndarray, (kept, in)
        The rows that stay: a smaller matrix.
    keep : ndarray of bool, (out,)
        True where a neuron stays.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> prune_neurons([[3.0, 4.0], [0.1, 0.0]], 0.5, backend="numpy")[0]
    array([[3., 4.]])
    """
    op = "prune_neurons"
    weights = checks.matrix(op, "W", w)
    share = checks.number(op, "SPARSITY", sparsity, "[0, 1]")
    keep = keep_largest(_row_norms(weights), share)
    return weights[keep], keep


@operation(level=EXACT, returns=("model",))
def prune_model(
    model: Model,
    *,
    threshold: float | Sequence[float] | None = None,
    rate: float | Sequence[float] | None = None,
    sparsity: float | Sequence[float] | None = None,
    quality: float | Sequence[float] | None = None,
    scope: str = "layer",
    unit: str = "connection",
    backend: Backend | None = None,
) -> Model:
    """Return a model without its least important connections or neurons.

    Exactly one of `threshold`, `rate`, `sparsity` and `quality` says how much goes. Connections
    that go become zeros and are noted in each layer's mask, which `retrain_model` holds; a
    connection that an earlier mask removed stays removed. Neurons that go leave smaller
    matrices: what a neuron without inputs would still send on, ``activation(bias)``, moves into
    the next layer's bias, so that removing a dead neuron changes no output.

    Parameters
    ----------
    model : Model
    threshold, rate, sparsity, quality : float or sequence of float, optional
        As in `prune_threshold`, `prune_relative`, `prune_magnitude` and `prune_quality`; for
        neurons the first three apply to the norms of the rows. A sequence gives one value a
        layer (a hidden layer, for neurons) and needs ``scope="layer"``.
    scope : {"layer", "global", "column"}
        Where weights compete: inside their layer, in the whole network, or (with `rate`, for
        connections) as `prune_relative` does it by column.
    unit : {"connection", "neuron"}
        Neurons are removed from hidden layers, and at least one stays in each.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model
        Float weights: codes and input ranges of an earlier quantization are dropped.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If not exactly one criterion is given, or a weight is NaN.

    Examples
    --------
    >>> small = prune_model(Model.from_arrays([[[1.0, 0.1]]]), sparsity=0.5, backend="numpy")
    >>> small.layers[0].weights
    array([[1., 0.]])
    """
    op = "prune_model"
    criteria = {"threshold": threshold, "rate": rate, "sparsity": sparsity, "quality": quality}
    criterion, amount = checks.one_of(op, criteria)
    checks.choice(op, "SCOPE", scope, ("layer", "global", "column"))
    checks.choice(op, "UNIT", unit, ("connection", "neuron"))
    if scope == "column" and (criterion != "rate" or unit != "connection"):
        checks.value_error(op, "SCOPE", 'be "column" only with RATE and connections')
    if criterion == "quality" and unit == "neuron":
        checks.value_error(op, "UNIT", 'be "connection" with QUALITY')
    # A connection that an earlier mask forbids competes as the zero that it is.
    weights = [
        layer.weights if layer.mask is None else _apply(layer.weights, layer.mask)
        for layer in checked_model(op, "MODEL", model).layers
    ]
    if unit == "connection":
        keep = _keep(op, weights, criterion, amount, scope)
        return Model(
            tuple(_mask_layer(layer, mask) for layer, mask in zip(model.layers, keep, strict=True))
        )
    norms = [_row_norms(w)[:, None] for w in weights[:-1]]
    rows = [
        _keep_one(mask[:, 0], norm[:, 0])
        for mask, norm in zip(_keep(op, norms, criterion, amount, scope), norms, strict=True)
    ]
    return _remove_neurons(model, rows)


@operation(level=EXACT, returns=("model",))
def compact_model(model: Model, *, backend: Backend | None = None) -> Model:
    """Return the same network without its dead neurons, and with the others in order.

    A hidden neuron without outgoing weights goes; so does one without incoming weights, and the
    constant that it sends on moves into the biases of the next layer. Since that may leave
    others dead, it is repeated until nothing changes. At least one neuron stays in each layer,
    and all do in hidden layers with softmax. Then the neurons of each hidden layer are put in
    order of their number of incoming weights that are not zero, most first, and those with
    equally many in order of the first of these, which makes packed files smaller.

    Parameters
    ----------
    model : Model
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model
        What it answers is the same but for rounding: sums are added in another order. Masks,
        codes and input ranges stay.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> model = Model.from_arrays([[[0, 0], [1, 2]], [[3, 1]]], [[2, 0], [0]])
    >>> small = compact_model(model, backend="numpy")
    >>> small.sizes, small.layers[1].bias
    ((2, 1, 1), array([6.]))
    """
    layers = list(checked_model("compact_model", "MODEL", model).layers)
    changed = True
    while changed:
        changed = False
        for i in range(len(layers) - 1):
            outgoing = layers[i + 1].weights.any(axis=0)
            alive = np.asarray(layers[i].weights.any(axis=1) & outgoing)
            if not alive.any():
                alive[0] = True
            if alive.all() or layers[i].activation == "softmax":
                continue
            constant = np.flatnonzero(~alive & outgoing)
            layers[i + 1] = _fold_neurons(layers[i], layers[i + 1], constant)
            layers[i : i + 2] = _select_neurons(layers[i], layers[i + 1], np.flatnonzero(alive))
            changed = True
    for i in range(len(layers) - 1):
        zeros = layers[i].weights == 0
        leading = np.logical_and.accumulate(zeros, axis=1).sum(axis=1)
        order = np.lexsort((leading, zeros.sum(axis=1)))
        layers[i : i + 2] = _select_neurons(layers[i], layers[i + 1], order)
    return Model(tuple(layers))


@operation(level=rtol(1e-12), returns=("accuracies",))
def sensitivity_model(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    *,
    sparsity: Sequence[float] = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95),
    backend: Backend | None = None,
) -> NDArray[np.float64]:
    """Return how accurate a model stays with one layer at a time pruned.

    The weights of one layer are pruned as `prune_magnitude` does; the other layers stay as they
    are. A layer whose row falls early should keep more.

    Parameters
    ----------
    model : Model
    X : array_like, (samples, features)
    y : array_like, (samples,) or (samples, outputs)
        Class numbers from 0, or one row of targets a sample.
    sparsity : sequence of float
        Shares of zeros, in [0, 1].
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray of float64, (layers, sparsities)
        The share of samples whose class is right.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> model = Model.from_arrays([np.eye(2), [[1, 0], [0.2, 1]]])
    >>> sensitivity_model(model, np.eye(2), [0, 1], sparsity=[0.25, 1], backend="numpy")
    array([[1. , 0.5],
           [1. , 0.5]])
    """
    op = "sensitivity_model"
    layers = checked_model(op, "MODEL", model).layers
    outputs = model.sizes[-1]
    if outputs == 1:
        checks.value_error(op, "MODEL", "have 2 outputs or more", "1")
    inputs = check_samples(op, "X", X, model.sizes[0], model.dtype)
    targets = check_targets(op, "Y", y, outputs, len(inputs))
    given = checks.matrix(op, "SPARSITY", sparsity).ravel(order="F")
    shares = [checks.number(op, "SPARSITY", share, "[0, 1]") for share in given]
    accuracies = np.zeros((len(layers), len(shares)))
    for i, layer in enumerate(layers):
        for j, share in enumerate(shares):
            pruned = replace_weights(layer, prune_magnitude(layer.weights, share)[0])
            accuracies[i, j] = accuracy(forward((pruned, *layers[i + 1 :]), inputs)[0], targets)
        inputs = forward([layer], inputs)[0]
    return accuracies


def _apply(weights: FloatArray, mask: Mask) -> FloatArray:
    # A selection, not a product, which would leave -0 and turn a pruned Inf into NaN.
    return np.where(mask, weights, weights.dtype.type(0))


def keep_largest(scores: FloatArray, sparsity: float) -> Mask:
    """Return True for all but the `round(sparsity * n)` smallest of a 1-D array."""
    order = np.argsort(scores, kind="stable")
    keep = np.ones(scores.size, dtype=bool)
    keep[order[: int(round_half_away(sparsity * scores.size))]] = False
    return keep


def _mean_and_std(values: FloatArray) -> tuple[float, float]:
    """Return mean and standard deviation, by n - 1, of a 1-D array; zeros if it has too few."""
    if values.size == 0:
        return 0.0, 0.0
    # The largest is taken out first: squares of small or large numbers leave the range.
    largest = float(np.abs(values).max()) or 1.0
    scaled = values.astype(np.float64) / largest
    center = np.cumsum(scaled)[-1] / scaled.size
    variance = np.cumsum((scaled - center) ** 2)[-1] / max(scaled.size - 1, 1)
    spread = min(largest * np.sqrt(variance), np.finfo(np.float64).max)
    return float(largest * center), float(spread)


def _row_norms(weights: FloatArray) -> NDArray[np.float64]:
    if weights.shape[1] == 0:
        return np.zeros(len(weights))
    # The largest weight is taken out first: squares of small or large ones leave the range.
    largest = float(np.abs(weights).max(initial=0.0)) or 1.0
    scaled = weights.astype(np.float64) / largest
    # np.sum adds in pairs, Octave one after the other; cumsum is the sequential sum.
    norms: NDArray[np.float64] = largest * np.sqrt(np.cumsum(scaled**2, axis=1)[:, -1])
    return norms


def _keep(
    op: str,
    scores: Sequence[FloatArray],
    criterion: str,
    amount: float | Sequence[float],
    scope: str,
) -> list[Mask]:
    """Return what stays of each score matrix, by magnitudes."""
    interval = _INTERVALS[criterion]
    amounts = np.asarray(amount).reshape(-1)
    if amounts.size != 1 and (scope != "layer" or amounts.size != len(scores)):
        checks.value_error(
            op, criterion.upper(), f"have 1 or, by layer, {len(scores)} values", str(amounts.size)
        )
    values = [checks.number(op, criterion.upper(), value, interval) for value in amounts]
    if scope == "global":
        joined = np.concatenate([score.ravel(order="F") for score in scores] or [np.zeros(0)])
        kept = _decide(joined[:, None], criterion, values[0])[:, 0]
        ends = np.cumsum([score.size for score in scores])[:-1]
        parts = np.split(kept, ends) if scores else []
        return [
            part.reshape(score.shape, order="F") for part, score in zip(parts, scores, strict=True)
        ]
    values = values * len(scores) if len(values) == 1 else values
    return [
        _decide(score, criterion, value, scope) for score, value in zip(scores, values, strict=True)
    ]


def _decide(score: FloatArray, criterion: str, value: float, scope: str = "layer") -> Mask:
    if criterion == "threshold":
        return prune_threshold(score, value)[1]
    if criterion == "rate":
        return prune_relative(score, value, scope="column" if scope == "column" else "layer")[1]
    if criterion == "quality":
        return prune_quality(score, value)[1]
    return prune_magnitude(score, value)[1]


def _mask_layer(layer: Any, mask: Mask) -> Any:
    mask = mask if layer.mask is None else mask & layer.mask
    return replace_weights(layer, _apply(layer.weights, mask), mask=mask, input_range=None)


def _keep_one(rows: Mask, norms: FloatArray) -> Mask:
    if not rows.any():
        rows = rows.copy()
        rows[np.argmax(norms)] = True
    return rows


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


# The C library's own functions, as Octave calls them: a bias must come out the same bit for bit.
_SCALAR = {
    "linear": lambda z: z,
    "relu": lambda z: z if z > 0.0 else 0.0,
    "sigmoid": lambda z: 1.0 / (1.0 + _exp(-z)),
    "tanh": math.tanh,
}


def _remove_neurons(model: Model, rows: list[Mask]) -> Model:
    # A model-level operation that prunes drops codes and input ranges.
    layers = [replace_weights(layer, layer.weights, input_range=None) for layer in model.layers]
    for i, keep in enumerate(rows):
        if layers[i].activation == "softmax":
            checks.value_error(
                "prune_model", "UNIT", 'be "connection" for a model with a hidden softmax layer'
            )
        layers[i + 1] = _fold_neurons(layers[i], layers[i + 1], np.flatnonzero(~keep))
        layers[i : i + 2] = _select_neurons(layers[i], layers[i + 1], np.flatnonzero(keep))
    return Model(tuple(layers))


def _fold_neurons(layer: Layer, following: Layer, gone: Indices) -> Layer:
    """Return the layer after a hidden one with what neurons without inputs send in its bias."""
    bias = following.bias.astype(np.float64)
    for j in gone:
        sent = np.array([_SCALAR[layer.activation](float(layer.bias[j]))])
        bias = bias + following.weights[:, j].astype(np.float64) * layer_input(following, sent)
    return replace(following, bias=bias.astype(following.bias.dtype))


def _select_neurons(layer: Layer, following: Layer, chosen: Indices) -> tuple[Layer, Layer]:
    """Return a hidden layer with the chosen neurons, in that order, and the next to match."""
    return (
        _select(layer, lambda a: a[chosen], 0, bias=layer.bias[chosen]),
        _select(following, lambda a: a[:, chosen], 1),
    )


def _select(layer: Layer, choose: Callable[[Any], Any], axis: int, **changes: Any) -> Layer:
    """Return a layer with a choice of its rows or columns, which are along `axis`."""
    held = layer.quantization
    if held is not None:
        # Of scales, those that are one a row or a column.
        held = replace(
            held,
            **{
                name: choose(value)
                for name in ("codes", "scale", "zero_point")
                if (value := getattr(held, name)) is not None
                and value.shape[axis] == layer.weights.shape[axis]
            },
        )
    mask = None if layer.mask is None else choose(layer.mask)
    weights = choose(layer.weights)
    return replace(layer, weights=weights, mask=mask, quantization=held, **changes)
