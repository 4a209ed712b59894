"""Pruning over time: connections that go while the others learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.model import Layer, Model
from octave_compress.ops.network import checked_model
from octave_compress.ops.pruning import Mask, cubic_sparsity, keep_largest
from octave_compress.ops.training import (
    TRAINED,
    Hooks,
    Run,
    WorkingLayer,
    fit,
    retraining,
    trained_layers,
)
from octave_compress.progress import Callback

_ROUNDS = 100  # how many times connections go


@dataclass(frozen=True)
class Pruning:
    """How connections go: sparsities, one a layer or 0-D for the whole network, and when."""

    initial: NDArray[np.float64]
    final: NDArray[np.float64]
    until: float
    locality: float
    regrow: bool = False


@operation(level=TRAINED, returns=("model",))
def gradual_prune_model(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    sparsity: float | Sequence[float],
    *,
    scope: str = "layer",
    initial_sparsity: float = 0.0,
    until: float = 0.75,
    regrow: bool = False,
    locality: float = 0.0,
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
    """Return a model trained further while more and more of its connections go.

    In 100 rounds the sparsity rises along the cubic schedule of Zhu and Gupta 2017. In each
    round the connections of smallest magnitude go; the masks of the result say which stay.

    Parameters
    ----------
    model : Model
    X : array_like, (samples, features)
    y : array_like, (samples,) or (samples, outputs)
        As for `train_model`.
    sparsity : float or sequence of float
        Share of zeros at the end; with ``scope="layer"`` also one value a layer.
    scope : {"layer", "global"}
        Where weights compete: in their layer, or in the whole network.
    initial_sparsity : float
        Where the schedule begins.
    until : float
        Share of the training after which no connection goes any more, in (0, 1].
    regrow : bool
        Whether a connection can come back. Its weight then goes on learning out of sight, and
        every round takes the largest of all (dynamic network surgery, Guo et al. 2016).
    locality : float
        How much the cost of coding a position counts, as in `deep_compress_model`.
    loss, solver, epochs, batch_size, learning_rate, annealing, weight_decay, dropout, augment
        As for `retrain_model`.
    sample_weight, seed, progress, callback
        As for `retrain_model`.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> model = Model.from_arrays([[[3.0, 1.0, 0.1, 2.0]]])
    >>> pruned = gradual_prune_model(model, np.eye(4), np.ones(4), 0.5, epochs=5, backend="numpy")
    >>> int(pruned.layers[0].mask.sum())
    2
    """
    op = "gradual_prune_model"
    count = len(checked_model(op, "MODEL", model).layers)
    checks.choice(op, "SCOPE", scope, ("layer", "global"))
    if scope == "global":
        final = np.asarray(checks.number(op, "SPARSITY", sparsity, "[0, 1]"))
    else:
        each = checks.per_layer(op, "SPARSITY", sparsity, count, checks.number, "[0, 1]")
        final = np.asarray(each)
    initial = checks.number(op, "INITIAL_SPARSITY", initial_sparsity, "[0, 1]")
    pruning = Pruning(
        np.minimum(initial, final),
        final,
        checks.number(op, "UNTIL", until, "(0, 1]"),
        checks.number(op, "LOCALITY", locality, "[0, Inf)"),
        checks.flag(op, "REGROW", regrow),
    )
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
    layers = [masked(layer) for layer in held]
    run = Run(layers)
    hooks = Hooks(step=partial(prune_round, pruning))
    if pruning.regrow:
        for layer in run.layers:
            layer.gate, layer.mask = layer.mask, None
        hooks = replace(hooks, forward=_gated)
    fit(op, run, view, options, random, hooks)
    prune_round(pruning, run, 1.0)
    for layer in run.layers:
        if layer.gate is not None:
            layer.mask = layer.gate
    return Model(trained_layers(run, layers))


def prune_round(pruning: Pruning, run: Run, share: float) -> None:
    """Do the pruning that a run owes when `share` of its steps are done: a hook of `fit`.

    The sparsity follows the cubic schedule of Zhu and Gupta 2017. What is gone stays gone,
    unless layers have a gate in place of the mask: then it may return.
    """
    done = int(np.floor(_ROUNDS * min(1.0, share / pruning.until)))
    if done == run.round:
        return
    run.round = done
    sparsity = cubic_sparsity(done / _ROUNDS, pruning.initial, pruning.final)
    scores = [_pruning_scores(layer, pruning) for layer in run.layers]
    for layer, keep in zip(run.layers, _kept(scores, sparsity), strict=True):
        if pruning.regrow:
            layer.gate = keep
            continue
        assert layer.mask is not None
        layer.mask = keep & layer.mask
        zero = layer.weights.dtype.type(0)
        layer.weights = np.where(layer.mask, layer.weights, zero)
        moments = layer.moments["weights"]
        moments[0] = np.where(layer.mask, moments[0], zero)


def _kept(scores: Sequence[FloatArray], sparsity: NDArray[np.float64]) -> list[Mask]:
    """Return what stays of each matrix, by one sparsity a matrix, or one for all together."""
    flat = [score.ravel(order="F") for score in scores]
    if sparsity.ndim:
        kept = [keep_largest(part, share) for part, share in zip(flat, sparsity, strict=True)]
    else:
        together = keep_largest(np.concatenate(flat), float(sparsity))
        kept = np.split(together, np.cumsum([part.size for part in flat])[:-1])
    return [keep.reshape(score.shape, order="F") for keep, score in zip(kept, scores, strict=True)]


def _pruning_scores(layer: WorkingLayer, pruning: Pruning) -> FloatArray:
    """Return magnitudes, less where a connection is expensive to code: where few others are near.

    An entropy coder pays -log2(p) bits for a position of probability p, and ``p**locality`` is
    the exponential of minus a multiple of that.
    """
    scores: FloatArray = np.abs(layer.weights)
    mask = layer.gate if pruning.regrow else layer.mask
    assert mask is not None
    if pruning.locality > 0:
        in_row = mask.sum(axis=1, keepdims=True) + 1
        in_column = mask.sum(axis=0, keepdims=True) + 1
        p = np.minimum(in_row * in_column / max(int(mask.sum()), 1), 0.5)
        scores = np.asarray(scores * p**pruning.locality, dtype=scores.dtype)
    if pruning.regrow:
        return scores
    open_scores: FloatArray = np.where(mask, scores, scores.dtype.type(0))
    return open_scores


def masked(layer: Layer) -> Layer:
    """Return a layer with a mask, true where nothing was pruned."""
    return (
        layer
        if layer.mask is not None
        else replace(layer, mask=np.ones(layer.weights.shape, dtype=bool))
    )


def _gated(layers: Sequence[WorkingLayer]) -> list[WorkingLayer]:
    """Return layers whose weights are zero where a gate is shut."""
    gated = []
    for layer in layers:
        seen = copy(layer)
        assert layer.gate is not None
        seen.weights = layer.weights * layer.gate
        gated.append(seen)
    return gated
