"""Weight sharing trained: levels that move while their weights stay together, or apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.model import Layer, Model, Quantization
from octave_compress.ops.network import checked_model
from octave_compress.ops.sharing import kmeans_levels, level_codes, nearest_level
from octave_compress.ops.training import (
    TRAINED,
    Hooks,
    Run,
    WorkingLayer,
    fit,
    retraining,
)
from octave_compress.progress import Callback

CLUSTERED_EVERY = 20  # steps


@operation(level=TRAINED, returns=("model",))
def retrain_shared_model(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    *,
    update: str = "centroid",
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
    """Return a model with shared weights, trained further so that they stay shared.

    Zeros stay where they are.

    Parameters
    ----------
    model : Model
        From `share_model`: every layer has a codebook.
    X : array_like, (samples, features)
    y : array_like, (samples,) or (samples, outputs)
        As for `train_model`.
    update : {"centroid", "straight_through"}
        What learns. ``"centroid"``: the levels of the codebooks, each by the sum of the gradients
        of its weights (Han et al. 2015); codes stay. ``"straight_through"``: a float weight
        behind each code; the network predicts with the nearest levels, whose gradients go to
        the float weights as they are, and every 20 steps the levels are clustered anew.
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
    >>> from octave_compress.ops import share_model
    >>> shared = share_model(Model.from_arrays([[[1, 1.1, 0]]]), k=1, backend="numpy")
    >>> tuned = retrain_shared_model(shared, [[1, 2, 3]], [9.0], epochs=2, backend="numpy")
    >>> bool(tuned.layers[0].weights[0, 0] == tuned.layers[0].weights[0, 1])
    True
    """
    op = "retrain_shared_model"
    held_codes = [layer.quantization for layer in checked_model(op, "MODEL", model).layers]
    if any(held is None or held.codebook is None for held in held_codes):
        requirement = "have a codebook in every layer (share_model gives them)"
        checks.value_error(op, "MODEL", requirement)
    checks.choice(op, "UPDATE", update, ("centroid", "straight_through"))
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
    shared = [_codes_of(layer) for layer in model.layers]
    layers = [
        replace(layer, mask=before.weights != 0)
        for layer, before in zip(held, model.layers, strict=True)
    ]
    run = Run(layers)
    if update == "centroid":
        for working, (codes, _) in zip(run.layers, shared, strict=True):
            working.clusters = codes.astype(np.intp)
        fit(op, run, view, options, random)
        finished = [_recoded(*pair) for pair in zip(run.layers, shared, strict=True)]
    else:
        levels = [row[row != 0].astype(np.float64) for _, (row,) in shared]
        hooks = Hooks(partial(_at_levels, levels), partial(_cluster_anew, levels))
        fit(op, run, view, options, random, hooks)
        quantized = _at_levels(levels, run.layers)
        finished = [_settled(*pair) for pair in zip(quantized, levels, strict=True)]
    return Model(
        tuple(
            replace(
                before,
                weights=weights,
                bias=working.bias,
                quantization=Quantization.shared(codes, codebook),
                input_range=None,
            )
            for before, working, (weights, codes, codebook) in zip(
                model.layers, run.layers, finished, strict=True
            )
        )
    )


def _codes_of(layer: Layer) -> tuple[NDArray[Any], FloatArray]:
    """Return a layer's codes and its codebook."""
    held = layer.quantization
    assert held is not None
    assert held.codebook is not None
    return held.codes, held.codebook


def _recoded(layer: WorkingLayer, shared: tuple[NDArray[Any], FloatArray]) -> Any:
    """Return weights, codes and the codebook that they have come to: levels may change places."""
    codes, codebook = shared
    levels = codebook[0].astype(np.float64)
    levels[codes.ravel()] = layer.weights.ravel()
    order = np.argsort(levels, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return layer.weights, rank[codes].astype(codes.dtype), levels[order][None, :]


def _at_levels(levels: list[Any], layers: Sequence[WorkingLayer]) -> list[WorkingLayer]:
    """Return layers whose weights are at the nearest levels."""
    settled = []
    for layer, ascending in zip(layers, levels, strict=True):
        seen = copy(layer)
        assert layer.mask is not None
        weights = layer.weights.copy()
        w = weights[layer.mask]
        codes = nearest_level(w.astype(np.float64), ascending)
        weights[layer.mask] = ascending.astype(w.dtype)[codes]
        seen.weights = weights
        settled.append(seen)
    return settled


def _cluster_anew(levels: list[Any], run: Run, share: float) -> None:
    if run.step % CLUSTERED_EVERY:
        return
    for k, layer in enumerate(run.layers):
        assert layer.mask is not None
        w = np.sort(layer.weights[layer.mask]).astype(np.float64)
        levels[k] = kmeans_levels(w, levels[k])


def _settled(layer: WorkingLayer, levels: Any) -> Any:
    """Return weights, codes and codebook of a layer whose weights are where the levels are now."""
    dtype = layer.weights.dtype
    codebook = np.unique(np.append(levels.astype(dtype), layer.weights.ravel()))[None, :]
    return layer.weights, level_codes(layer.weights, codebook), codebook
