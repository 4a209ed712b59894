"""Deep Compression: pruning over time, shared weights and distillation in one training."""

from __future__ import annotations

import hashlib
import io
import itertools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.atomic import write_atomically
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.model import Dense, Layer, Model, Quantization
from octave_compress.ops.distillation import soft_objective
from octave_compress.ops.losses import accuracy
from octave_compress.ops.network import check_samples, check_targets, checked_model
from octave_compress.ops.network import forward as forward_pass
from octave_compress.ops.pruning import Mask, compact_model, keep_largest
from octave_compress.ops.rounding import round_half_away
from octave_compress.ops.sharing import initial_levels, kmeans_levels, level_codes, nearest_level
from octave_compress.ops.training import (
    TRAINED,
    Hooks,
    Run,
    Training,
    View,
    WorkingLayer,
    check_training,
    fit,
    held_layer,
    retraining,
    sample_views,
    trained_layers,
)
from octave_compress.progress import Callback
from octave_compress.random import OctaveRandom

_ROUNDS = 100  # how many times connections go
_UNTIL = 0.8  # share of the first stage after which none go any more
_FIRST_SPARSITY = 0.8  # what goes at once
_PULL = (3e-4, 0.1)  # share of the way to its level that a weight goes in the first and last step
_CLUSTERED_EVERY = 20  # steps
_PARTS = ("weights", "bias", "mask")


@dataclass(frozen=True)
class _Plan:
    """The options of `deep_compress_model`, checked, one value a layer or a stage."""

    density: NDArray[np.float64]
    k: list[int]
    bias_levels: int
    stage_epochs: list[int]
    locality: float
    training: Training


@dataclass(frozen=True)
class _Pruning:
    """How connections go: sparsities, one a layer or 0-D for the whole network, and when."""

    initial: NDArray[np.float64]
    final: NDArray[np.float64]
    until: float
    locality: float
    regrow: bool = False


@dataclass
class _State:
    """How far the work has come.

    `run` is None between two stages; `inputs` are the features that a connection takes; `levels`
    are those of the third stage, `clusters` those of the fourth, by layer.
    """

    stage: int
    layers: list[Layer]
    inputs: NDArray[np.bool_]
    run: Run | None = None
    levels: list[Any] = field(default_factory=list)
    clusters: list[Any] = field(default_factory=list)
    best: list[Layer] = field(default_factory=list)
    best_accuracy: float = -1.0
    is_stopped: bool = False


@operation(level=TRAINED, returns=("model",))
def deep_compress_model(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    X_val: ArrayLike,
    y_val: ArrayLike,
    *,
    density: float | Sequence[float] = 0.1,
    k: int | Sequence[int] | None = None,
    bits: int | Sequence[int] | None = None,
    bias_levels: int = 16,
    epochs: int = 100,
    schedule: Sequence[float] = (0.3, 0.3, 0.35, 0.05),
    locality: float = 0.15,
    teacher: Model | None = None,
    temperature: float = 3.0,
    alpha: float = 0.9,
    batch_size: int = 64,
    learning_rate: float = 0.05,
    weight_decay: float = 2e-4,
    augment: Mapping[str, Any] | None = None,
    view_epochs: int = 3,
    checkpoint: str = "",
    seed: int = 0,
    progress: bool = False,
    callback: Callback | None = None,
    backend: Backend | None = None,
) -> Model:
    """Return a network that is pruned, whose weights share few levels, and that packs small.

    Deep Compression (Han, Mao and Dally 2015) in four stages, in each of which the network
    learns from a teacher: connections go, more and more of them (Zhu and Gupta 2017), those
    first whose magnitude is small and whose position is expensive to code; the rest is trained
    further; its weights are drawn towards `k` levels a layer (the penalty of Carreira-Perpiñán
    and Idelbayev 2017); and the levels themselves are trained, each by the sum of its weights'
    gradients, where the epoch with the best accuracy on the validation samples is kept.

    Dead neurons are removed and those of hidden layers sorted by their number of inputs, which
    changes no output. Levels and biases are multiples of a power of two, of which the largest
    has 256 at most, so that a file holds each in about a byte. `pack_model` and
    ``oc.save("name.ocz", model)`` make the bytes.

    Parameters
    ----------
    model : Model
        Trained; its last layer is softmax or linear.
    X, X_val : array_like, (samples, features)
        To train on and to choose the best epoch on.
    y, y_val : array_like, (samples,) or (samples, outputs)
        Class numbers from 0, or targets.
    density : float or sequence of float
        Share of connections that stay, in (0, 1]: in the whole network, divided so that a
        layer's share is proportional to ``(in + out) / (in * out)`` (Mocanu et al. 2018), or
        one share a layer.
    k, bits : int or sequence of int, optional
        How many levels, besides zero, the weights of a layer have, or that of codes of so many
        bits (``2**bits - 1``); 4 bits by default. For all layers, or one value a layer.
    bias_levels : int
        How many values all biases share.
    epochs : int
        Of the four stages together.
    schedule : sequence of float
        Shares of the epochs for the four stages.
    locality : float
        How much the cost of a position counts in pruning; 0 prunes by magnitude alone.
    teacher : Model, optional
        By default `model`.
    temperature, alpha : float
        As in `distill_model`.
    batch_size, learning_rate, weight_decay, seed
        As in `train_model`; gradient descent with momentum.
    augment : dict, optional
        As in `train_model`.
    view_epochs : int
        How many epochs meet the same warped samples; also how often a checkpoint is written.
    checkpoint : str
        Name of a file that keeps the state of the work. A call with the same arguments goes on
        from there after a crash, or after a callback stopped it; the file is removed at the
        end. The two backends write different files.
    progress, callback
        As for `train_model`.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model
        With masks and shared weights.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> X, y = [[0, 0], [1, 0], [0, 1], [1, 1]], [0, 1, 1, 0]
    >>> model = Model.from_arrays([np.ones((8, 2)), np.ones((2, 8))], None, ["relu", "softmax"])
    >>> small = deep_compress_model(model, X, y, X, y, density=0.5, k=2, epochs=4, backend="numpy")
    >>> small.layers[0].quantization.scheme
    'codebook'
    """
    op = "deep_compress_model"
    checked_model(op, "MODEL", model)
    if any(layer.activation == "softmax" for layer in model.layers[:-1]):
        checks.value_error(op, "MODEL", "have no hidden softmax layer")
    features, outputs = model.sizes[0], model.sizes[-1]
    samples = check_samples(op, "X", X, features).astype(model.dtype)
    targets = check_targets(op, "Y", y, outputs, len(samples)).astype(model.dtype)
    X_val = check_samples(op, "X_VAL", X_val, features).astype(model.dtype)
    y_val = check_targets(op, "Y_VAL", y_val, outputs, len(X_val))
    sizes = [layer.weights.shape for layer in model.layers]
    densities = _densities(op, density, sizes)
    if k is None and bits is None:
        bits = 4
    unit, amount = checks.one_of(op, {"k": k, "bits": bits})
    interval = "[1, 65536]" if unit == "k" else "[1, 16]"
    amounts = checks.per_layer(op, unit.upper(), amount, len(sizes), checks.integer, interval)
    counts = amounts if unit == "k" else [2**n - 1 for n in amounts]
    bias_count = checks.integer(op, "BIAS_LEVELS", bias_levels, "[1, 65536]")
    shares = _stage_shares(op, schedule)
    local = checks.number(op, "LOCALITY", locality, "[0, Inf)")
    heat = checks.number(op, "TEMPERATURE", temperature, "[0.01, 1000]")
    share = checks.number(op, "ALPHA", alpha, "[0, 1]")
    views = checks.integer(op, "VIEW_EPOCHS", view_epochs, "[1, Inf)")
    if not isinstance(checkpoint, str):
        checks.type_error(op, "CHECKPOINT", "be the name of a file")
    training = check_training(
        op,
        len(sizes),
        solver="sgd",
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        annealing="none",
        weight_decay=weight_decay,
        dropout=0.0,
        augment=augment,
        seed=seed,
        callback=callback,
    )
    ends = [
        int(round_half_away(training.epochs * part / sum(shares)))
        for part in itertools.accumulate(shares)
    ]
    stage_epochs = [int(n) for n in np.diff([0, *ends])]
    plan = _Plan(
        densities,
        counts,
        bias_count,
        stage_epochs,
        local,
        replace(training, view_epochs=views),
    )
    tutor = model if teacher is None else checked_model(op, "TEACHER", teacher)
    last = model.layers[-1].activation

    def objective_of(x: FloatArray) -> Any:
        return soft_objective(op, tutor, last, x, targets, None, "kl", heat, share)

    random = OctaveRandom(training.seed)
    view = sample_views(op, samples, objective_of, augment, random)
    about = _fingerprint(model, plan, heat, share)
    state = _resumed(op, checkpoint, about, random, model)
    save = partial(_save_state, checkpoint, about, random)
    while state.stage <= 4:
        _run_stage(op, state, plan, view, X_val, y_val, random, save)
    layers = _finished(state, features)
    if checkpoint and not state.is_stopped and os.path.exists(checkpoint):
        os.unlink(checkpoint)
    return Model(tuple(layers))


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
    pruning = _Pruning(
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
    layers = [_masked(layer) for layer in held]
    run = Run(layers)
    hooks = Hooks(step=partial(_prune_round, pruning))
    if pruning.regrow:
        for layer in run.layers:
            layer.gate, layer.mask = layer.mask, None
        hooks = replace(hooks, forward=_gated)
    fit(op, run, view, options, random, hooks)
    _prune_round(pruning, run, 1.0)
    for layer in run.layers:
        if layer.gate is not None:
            layer.mask = layer.gate
    return Model(trained_layers(run, layers))


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
    if run.step % _CLUSTERED_EVERY:
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


def _masked(layer: Layer) -> Layer:
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


def _densities(
    op: str, density: float | Sequence[float], sizes: Sequence[tuple[int, ...]]
) -> NDArray[np.float64]:
    given = np.asarray(density).reshape(-1)
    if given.size == 1:
        whole = checks.number(op, "DENSITY", given[0], "(0, 1]")
        return _divided_density(whole, sizes)
    each = checks.per_layer(op, "DENSITY", given, len(sizes), checks.number, "(0, 1]")
    return np.asarray(each, dtype=np.float64)


def _divided_density(density: float, sizes: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
    """Return one density a layer, in proportion to (in + out) / (in * out) as far as 1 allows."""
    weights = np.array([rows * columns for rows, columns in sizes], dtype=np.float64)
    wish = np.array([rows + columns for rows, columns in sizes], dtype=np.float64)
    wanted = density * weights.sum()
    full = np.zeros(len(sizes), dtype=bool)
    shares = np.ones(len(sizes))
    while not full.all():
        scale = (wanted - weights[full].sum()) / wish[~full].sum()
        shares[~full] = scale * wish[~full] / weights[~full]
        over = ~full & (shares > 1)
        if not over.any():
            break
        shares[over] = 1
        full |= over
    return np.maximum(shares, 0)


def _stage_shares(op: str, schedule: Sequence[float]) -> list[float]:
    given = np.asarray(schedule).reshape(-1)
    if given.size != 4:
        checks.value_error(op, "SCHEDULE", "have 4 shares", str(given.size))
    shares: list[float] = [checks.number(op, "SCHEDULE", value, "[0, Inf)") for value in given]
    if not any(shares):
        checks.value_error(op, "SCHEDULE", "not be all zeros")
    return shares


def _first_state(model: Model) -> _State:
    layers = [_masked(held_layer(layer)) for layer in model.layers]
    return _State(1, layers, np.ones(model.sizes[0], dtype=bool))


def _run_stage(
    op: str,
    state: _State,
    plan: _Plan,
    view: View,
    X_val: FloatArray,
    y_val: FloatArray,
    random: OctaveRandom,
    save: Callable[[_State], None],
) -> None:
    """Do what is left of a stage and prepare the next one."""
    before = sum(plan.stage_epochs[: state.stage - 1])
    settings = replace(
        plan.training,
        epochs=0 if state.is_stopped else plan.stage_epochs[state.stage - 1],
        epochs_before=before,
        epochs_in_all=plan.training.epochs,
    )
    if state.run is None:
        state.run = _begin_stage(state, plan, random)
    run, seen = state.run, X_val[:, state.inputs]
    keep_best = partial(_keep_best, state, seen, y_val)
    final = 1 - plan.density
    first = np.minimum(_FIRST_SPARSITY, final)
    pruning = partial(_prune_round, _Pruning(first, final, _UNTIL, plan.locality))
    hooks = Hooks(save=lambda run: save(state))
    if state.stage == 1:
        hooks = replace(hooks, step=pruning)
    elif state.stage == 2:
        settings = replace(settings, annealing="cosine")
    elif state.stage == 3:
        rate = 0.6 * settings.learning_rate
        settings = replace(settings, annealing="cosine", learning_rate=rate)
        hooks = replace(hooks, step=partial(_pull_weights, state.levels))
    else:
        rate = settings.learning_rate / 100
        settings = replace(settings, solver="adam", annealing="cosine", learning_rate=rate)
        biases = [layer.bias for layer in run.layers]
        hooks = replace(hooks, step=partial(_hold_biases, biases), epoch=keep_best)
    fit(op, run, lambda: _seen_by(view, state.inputs), settings, random, hooks)
    state.is_stopped = state.is_stopped or run.is_stopped
    if state.stage == 1:
        pruning(run, 1.0)
        state.layers = list(compact_model(Model(trained_layers(run, state.layers))).layers)
        widest, mask = state.layers[0], _mask(state.layers[0])
        state.inputs = np.asarray(mask.any(axis=0))
        state.layers[0] = replace(
            widest, weights=widest.weights[:, state.inputs], mask=mask[:, state.inputs]
        )
    elif state.stage < 4:
        state.layers = list(trained_layers(run, state.layers))
    else:
        keep_best(run)
        state.layers = state.best
    state.run = None
    state.stage += 1


def _begin_stage(state: _State, plan: _Plan, random: OctaveRandom) -> Run:
    """Return the run that a stage begins with."""
    if state.stage == 3:
        state.levels = []
        for layer, count in zip(state.layers, plan.k, strict=True):
            w = np.sort(layer.weights[layer.mask]).astype(np.float64)
            start = initial_levels(w, count, "density", random) if w.size else w
            state.levels.append(kmeans_levels(w, start))
    if state.stage < 4:
        return Run(state.layers)
    state.clusters = []
    for k, (layer, levels) in enumerate(zip(state.layers, state.levels, strict=True)):
        codes = nearest_level(layer.weights[layer.mask].astype(np.float64), levels)
        weights, clusters = layer.weights.copy(), np.zeros(layer.weights.shape, dtype=np.intp)
        weights[layer.mask] = levels[codes]
        clusters[layer.mask] = codes + 1
        state.layers[k] = replace(layer, weights=weights)
        state.clusters.append(clusters)
    state.layers = _share_biases(state.layers, plan.bias_levels, random)
    run = Run(state.layers)
    for working, clusters in zip(run.layers, state.clusters, strict=True):
        working.clusters = clusters
    return run


def _prune_round(pruning: _Pruning, run: Run, share: float) -> None:
    """Do the pruning that a run owes when `share` of its steps are done: a hook of `fit`.

    The sparsity follows the cubic schedule of Zhu and Gupta 2017. What is gone stays gone,
    unless layers have a gate in place of the mask: then it may return.
    """
    done = int(np.floor(_ROUNDS * min(1.0, share / pruning.until)))
    if done == run.round:
        return
    run.round = done
    sparsity = pruning.final + (pruning.initial - pruning.final) * (1 - done / _ROUNDS) ** 3
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


def _pruning_scores(layer: WorkingLayer, pruning: _Pruning) -> FloatArray:
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
        p = np.minimum(in_row * in_column / max(mask.sum(), 1), 0.5)
        scores = np.asarray(scores * p**pruning.locality, dtype=scores.dtype)
    if pruning.regrow:
        return scores
    open_scores: FloatArray = np.where(mask, scores, scores.dtype.type(0))
    return open_scores


def _pull_weights(levels: list[Any], run: Run, share: float) -> None:
    """Draw the weights of a run towards their levels, harder and harder: a hook of `fit`."""
    low, high = _PULL
    pull = low * (high / low) ** share
    for k, layer in enumerate(run.layers):
        w = layer.weights[layer.mask]
        if (run.step - 1) % _CLUSTERED_EVERY == 0:
            levels[k] = kmeans_levels(np.sort(w).astype(np.float64), levels[k])
        goal = levels[k].astype(w.dtype)[nearest_level(w.astype(np.float64), levels[k])]
        weights = layer.weights.copy()
        weights[layer.mask] = w + w.dtype.type(pull) * (goal - w)
        layer.weights = weights


def _hold_biases(biases: list[FloatArray], run: Run, share: float) -> None:
    for layer, bias in zip(run.layers, biases, strict=True):
        layer.bias = bias


def _share_biases(layers: list[Layer], count: int, random: OctaveRandom) -> list[Layer]:
    """Return layers whose biases have one of `count` values in the whole network."""
    x = np.sort(np.concatenate([layer.bias for layer in layers]).astype(np.float64))
    levels = short_numbers(kmeans_levels(x, initial_levels(x, count, "density", random))).astype(
        np.float64
    )
    return [
        replace(layer, bias=levels[nearest_level(layer.bias.astype(np.float64), levels)])
        for layer in layers
    ]


def _keep_best(state: _State, X_val: FloatArray, y_val: FloatArray, run: Run) -> None:
    """Note the layers, with short levels as a file holds them, if they are as good as any."""
    layers = [
        replace(layer, weights=short_numbers(layer.weights))
        for layer in trained_layers(run, state.layers)
    ]
    share = float(accuracy(forward_pass(layers, X_val)[0], y_val))
    if share >= state.best_accuracy:
        state.best_accuracy, state.best = share, layers


def _seen_by(view: View, inputs: NDArray[np.bool_]) -> Any:
    """Return a view without the features that no connection takes."""
    x, objective = view()
    return (x if inputs.all() else x[:, inputs]), objective


def _finished(state: _State, features: int) -> list[Layer]:
    """Return the layers of the result: all features, levels as codebooks."""
    layers = list(state.layers)
    first = layers[0]
    whole = np.zeros((first.outputs, features), first.weights.dtype)
    whole[:, state.inputs] = first.weights
    layers[0] = replace(first, weights=whole, mask=None)
    finished = []
    for layer in layers:
        codebook = np.unique(layer.weights)[None, :]
        codes = level_codes(layer.weights, codebook)
        finished.append(
            replace(
                layer, mask=layer.weights != 0, quantization=Quantization.shared(codes, codebook)
            )
        )
    return finished


def short_numbers(x: FloatArray) -> FloatArray:
    """Return numbers rounded, halves away from zero, to multiples of a power of two.

    The largest magnitude has 256 of them at most: a file holds such numbers in about a byte.
    """
    if x.size == 0:
        return x
    wide = x.astype(np.float64)
    exponent = int(np.frexp(np.abs(wide).max())[1])
    step = math.ldexp(1.0, max(exponent - 8, -1074))  # the smallest double
    short: FloatArray = (round_half_away(wide / step) * step).astype(x.dtype)
    return short


def _mask(layer: Layer) -> Mask:
    assert layer.mask is not None
    return layer.mask


def _fingerprint(model: Model, plan: _Plan, *numbers: float) -> str:
    """Return what must be the same for a run to go on from a checkpoint."""
    about = hashlib.sha256()
    settings = replace(plan.training, callback=None)
    about.update(repr((plan.density, plan.k, plan.bias_levels, plan.stage_epochs)).encode())
    about.update(repr((plan.locality, settings, numbers)).encode())
    for layer in model.layers:
        about.update(layer.weights.tobytes())
    return about.hexdigest()


def _save_state(path: str, about: str, random: OctaveRandom, state: _State) -> None:
    """Write the checkpoint: whole or not at all."""
    if not path:
        return
    arrays: dict[str, Any] = {
        "about": np.array(about),
        "inputs": state.inputs,
        "rand": random.state("rand"),
        "randn": random.state("randn"),
        "stage": np.array(state.stage),
        "best_accuracy": np.array(state.best_accuracy),
        "is_stopped": np.array(state.is_stopped),
    }
    for name in ("layers", "best"):
        for k, layer in enumerate(getattr(state, name)):
            for part in _PARTS:
                arrays[f"{name}.{k}.{part}"] = getattr(layer, part)
    for name in ("levels", "clusters"):
        arrays |= {f"{name}.{k}": array for k, array in enumerate(getattr(state, name))}
    run = state.run
    assert run is not None
    arrays["progress"] = np.array([run.step, run.epoch, run.round])
    for k, layer in enumerate(run.layers):
        for part in _PARTS:
            arrays[f"run.{k}.{part}"] = getattr(layer, part)
        for part, moments in layer.moments.items():
            arrays[f"run.{k}.moments.{part}"] = np.stack(moments)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    write_atomically(path, stream.getvalue())


def _resumed(op: str, path: str, about: str, random: OctaveRandom, model: Model) -> _State:
    """Return the state in the checkpoint, or the first one."""
    if not path or not os.path.exists(path):
        return _first_state(model)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        is_ours = str(arrays["about"]) == about
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        is_ours = False
    if not is_ours:
        requirement = "be a file of a call with the same arguments (or be deleted)"
        checks.value_error(op, "CHECKPOINT", requirement, f'"{path}"')

    def layers_called(name: str) -> list[Layer]:
        return [
            Dense(
                arrays[f"{name}.{k}.weights"],
                arrays[f"{name}.{k}.bias"],
                layer.activation,
                arrays[f"{name}.{k}.mask"],
            )
            for k, layer in enumerate(model.layers)
            if f"{name}.{k}.weights" in arrays
        ]

    count = range(len(model.layers))
    state = _State(
        int(arrays["stage"]),
        layers_called("layers"),
        arrays["inputs"],
        Run(layers_called("run")),
        [arrays[f"levels.{k}"] for k in count if f"levels.{k}" in arrays],
        [arrays[f"clusters.{k}"] for k in count if f"clusters.{k}" in arrays],
        layers_called("best"),
        float(arrays["best_accuracy"]),
        bool(arrays["is_stopped"]),
    )
    assert state.run is not None
    state.run.step, state.run.epoch, state.run.round = map(int, arrays["progress"])
    for k, layer in enumerate(state.run.layers):
        layer.moments = {part: list(arrays[f"run.{k}.moments.{part}"]) for part in layer.moments}
        if state.clusters:
            layer.clusters = state.clusters[k]
    random.set_state("rand", arrays["rand"])
    random.set_state("randn", arrays["randn"])
    return state
