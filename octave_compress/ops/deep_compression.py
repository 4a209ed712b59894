"""Deep Compression: pruning over time, shared weights and distillation in one training."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.model import Layer, Model, Quantization
from octave_compress.ops.checkpoint import State, resumed, save_state
from octave_compress.ops.distillation import soft_objective
from octave_compress.ops.gradual_pruning import Pruning, prune_round
from octave_compress.ops.losses import accuracy
from octave_compress.ops.network import check_samples, check_targets, checked_model
from octave_compress.ops.network import forward as forward_pass
from octave_compress.ops.pruning import Mask, compact_model
from octave_compress.ops.rounding import round_half_away
from octave_compress.ops.shared_training import CLUSTERED_EVERY
from octave_compress.ops.sharing import (
    initial_levels,
    kmeans_levels,
    level_codes,
    nearest_level,
    short_numbers,
)
from octave_compress.ops.training import (
    TRAINED,
    Hooks,
    Run,
    Training,
    View,
    check_training,
    fit,
    sample_views,
    trained_layers,
)
from octave_compress.progress import Callback
from octave_compress.random import OctaveRandom

_UNTIL = 0.8  # share of the first stage after which none go any more
_FIRST_SPARSITY = 0.8  # what goes at once
_PULL = (3e-4, 0.1)  # share of the way to its level that a weight goes in the first and last step


@dataclass(frozen=True)
class _Plan:
    """The options of `deep_compress_model`, checked, one value a layer or a stage."""

    density: NDArray[np.float64]
    k: list[int]
    bias_levels: int
    stage_epochs: list[int]
    locality: float
    training: Training


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
    samples = check_samples(op, "X", X, features, model.dtype)
    targets = check_targets(op, "Y", y, outputs, len(samples), model.dtype)
    X_val = check_samples(op, "X_VAL", X_val, features, model.dtype)
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
    if tutor.sizes[0] != features:
        checks.value_error(op, "TEACHER", f"take {features} features", str(tutor.sizes[0]))
    if tutor.sizes[-1] != outputs:
        checks.value_error(op, "TEACHER", f"have {outputs} outputs", str(tutor.sizes[-1]))
    last = model.layers[-1].activation

    def objective_of(x: FloatArray) -> Any:
        return soft_objective(op, tutor, last, x, targets, None, "kl", heat, share)

    random = OctaveRandom(training.seed)
    view = sample_views(op, samples, objective_of, augment, random)
    about = _fingerprint(model, plan, heat, share)
    state = resumed(op, checkpoint, about, random, model)
    save = partial(save_state, checkpoint, about, random)
    while state.stage <= 4:
        _run_stage(op, state, plan, view, X_val, y_val, random, save)
    layers = _finished(state, features)
    if checkpoint and not state.is_stopped and os.path.exists(checkpoint):
        os.unlink(checkpoint)
    return Model(tuple(layers))


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


def _run_stage(
    op: str,
    state: State,
    plan: _Plan,
    view: View,
    X_val: FloatArray,
    y_val: FloatArray,
    random: OctaveRandom,
    save: Callable[[State], None],
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
    pruning = partial(prune_round, Pruning(first, final, _UNTIL, plan.locality))
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


def _begin_stage(state: State, plan: _Plan, random: OctaveRandom) -> Run:
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


def _pull_weights(levels: list[Any], run: Run, share: float) -> None:
    """Draw the weights of a run towards their levels, harder and harder: a hook of `fit`."""
    low, high = _PULL
    pull = low * (high / low) ** share
    for k, layer in enumerate(run.layers):
        w = layer.weights[layer.mask]
        if (run.step - 1) % CLUSTERED_EVERY == 0:
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


def _keep_best(state: State, X_val: FloatArray, y_val: FloatArray, run: Run) -> None:
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


def _finished(state: State, features: int) -> list[Layer]:
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
