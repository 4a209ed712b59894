"""Generated arguments for every operation: one row each, under the operation's name.

A row draws one valid call from a :class:`~octave_compress.equivalence.source.Source` and
returns its positional and its keyword arguments, without ``backend``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from octave_compress import ops
from octave_compress.equivalence.source import Source
from octave_compress.model import (
    ACTIVATIONS,
    Dense,
    Model,
    Quantization,
    decode,
    replace_weights,
)

Call = tuple[tuple[Any, ...], dict[str, Any]]
Row = Callable[[Source], Call]

CASES: dict[str, Row] = {}


def case(row: Row) -> Row:
    """Register a row under its own name, which is the operation's."""
    CASES[row.__name__] = row
    return row


# Pruning


@case
def prune_threshold(source: Source) -> Call:
    return (source.matrix(allow="inf", huge=True), source.number(0, 2)), {}


@case
def prune_relative(source: Source) -> Call:
    options = source.some(scope=source.choice(("layer", "column")))
    return (source.matrix(allow="nan"), source.number(0, 1)), options


@case
def prune_magnitude(source: Source) -> Call:
    return (source.matrix(allow="inf", huge=True), source.number(0, 1)), {}


@case
def prune_quality(source: Source) -> Call:
    return (source.matrix(huge=True), source.number(0, 3)), {}


@case
def surgery_mask(source: Source) -> Call:
    w = source.matrix(huge=True)
    mask = source.matrix(*w.shape, low=0, high=1) >= 0.5
    return (w, mask, source.number(-2, 2)), source.some(margin=source.number(0, 0.75))


@case
def sparsity_schedule(source: Source) -> Call:
    steps = source.matrix(1, low=-9, high=9)[0]
    first = source.number(-5, 5)
    last = first + source.number(0.25, 5)
    return (steps, first, last, source.number(0, 1), source.number(0, 1)), {}


@case
def sensitivity_model(source: Source) -> Call:
    model = source.model(ties=False, outputs=source.size(1) + 1)
    n = source.size(1)
    X, y = source.reals(n, model.sizes[0]), source.labels(n, model.sizes[-1])
    shares = source.matrix(1, source.size(1), low=0, high=1)[0].tolist()
    return (model, X, y), source.some(sparsity=shares)


@case
def prune_neurons(source: Source) -> Call:
    return (source.matrix(huge=True), source.number(0, 1)), {}


@case
def prune_model(source: Source) -> Call:
    unit = source.choice(("connection", "neuron"))
    criteria = ("threshold", "rate", "sparsity", "quality")
    criterion = source.choice(criteria if unit == "connection" else criteria[:3])
    scopes = ["layer", "global"]
    if unit == "connection" and criterion == "rate":
        scopes.append("column")
    hidden = [name for name in ACTIVATIONS if unit == "connection" or name != "softmax"]
    scope = source.choice(scopes)
    model = source.model(hidden=hidden)
    places = len(model.layers) - (unit == "neuron")
    amount: float | list[float] = source.number(0, 1)
    if scope == "layer" and places > 0 and source.flag():
        amount = [source.number(0, 1) for _ in range(places)]
    return (model,), {"unit": unit, "scope": scope, criterion: amount}


@case
def compact_model(source: Source) -> Call:
    model = source.model(ties=False) if source.flag() else _maybe_quantized(source)
    pruned = ops.prune_model(model, sparsity=source.number(0.5, 1), backend="numpy")
    if source.flag():
        pruned = ops.share_model(pruned, k=2, backend="numpy")
    elif source.flag():
        args, options = _quantization(source, pruned)
        pruned = ops.quantize_model(*args, **options, backend="numpy")
    return (pruned,), {}


# Quantization


@case
def quantize_grid(source: Source) -> Call:
    bits = source.integer(1, 15)
    levels = 2.0**bits - 1
    limit = min(3.0, 0.999 * 32767 / levels)  # float32 may round up
    w = source.matrix(low=-limit, high=limit)
    if source.flag():
        w = (np.trunc(w * levels * 0.9) + source.choice((0.5, -0.5))).astype(w.dtype) / levels
    return (w.astype(source.dtype()),), {"bits": bits}


@case
def dequantize_grid(source: Source) -> Call:
    return (_codes(source, -32767, 32767),), source.some(bits=source.integer(1, 15))


@case
def quantize_symmetric(source: Source) -> Call:
    bits = source.integer(2, 32)
    w = _halves(source, 2 ** (bits - 1) - 1) if source.flag() else source.matrix(huge=True)
    return (w,), {"bits": bits, **source.some(axis=source.integer(0, 1))}


@case
def dequantize_symmetric(source: Source) -> Call:
    codes = _codes(source, -127, 127)
    return (codes, _per_channel(source, codes, 0.125, 3)), {}


@case
def quantize_affine(source: Source) -> Call:
    bits = source.integer(1, 32)
    w = _halves(source, 2**bits - 1) if source.flag() else source.matrix(huge=True)
    return (w,), {"bits": bits, **source.some(axis=source.integer(0, 1))}


@case
def dequantize_affine(source: Source) -> Call:
    codes = _codes(source, 0, 255)
    scale = _per_channel(source, codes, 0.125, 3)
    return (codes, scale, _per_channel(source, codes, 0, 255).round()), {}


def _halves(source: Source, qmax: int) -> Any:
    """Return multiples of a half beside the largest code: the scale is 1, so they are ties."""
    w = source.matrix(source.size(1), source.size(1), low=0, high=min(qmax, 9), dtype="float64")
    w = np.round(w * 2) / 2
    w[0, 0] = qmax
    return w


def _codes(source: Source, low: int, high: int) -> Any:
    codes = source.matrix(low=low, high=high, dtype="float64").round()
    return codes.astype(source.choice(("int16", "int32", "float64")))


def _per_channel(source: Source, codes: Any, low: float, high: float) -> Any:
    rows, columns = codes.shape
    shape = source.choice(((1, 1), (rows, 1), (1, columns)))
    return source.matrix(*shape, low=low, high=high, dtype="float64")


# Weight sharing


@case
def kmeans_codebook(source: Source) -> Call:
    w = source.matrix(source.size(), source.size(), huge=True)
    options = source.some(
        init=source.choice(("linear", "density", "random")), seed=source.integer(0, 2**32 - 1)
    )
    return (w, source.choice((1, 2, 3, 8, 200))), options


@case
def quantize_codebook(source: Source) -> Call:
    levels = np.sort(source.matrix(1, source.size(1), huge=True))
    w = source.matrix(huge=True)
    if source.flag() and w.size:
        # Levels at weights: boundaries halfway between two of them, which are ties.
        levels = np.sort(w.reshape(1, -1)[:, : source.size(1)])
    return (w, levels), {}


@case
def share_model(source: Source) -> Call:
    model = source.model()
    unit, most = source.choice((("k", 9), ("bits", 4)))
    amount: int | list[int] = source.integer(1, most)
    if source.flag():
        amount = [source.integer(1, most) for _ in model.layers]
    options = source.some(
        init=source.choice(("linear", "density", "random")), seed=source.integer(0, 2**32 - 1)
    )
    return (model,), {unit: amount, **options}


# Augmentation


@case
def warp_images(source: Source) -> Call:
    height, width, n = source.size(1), source.size(1), source.size(1)
    options = source.some(
        shift=source.number(0, 3),
        rotation=source.number(0, 180),
        scale=source.number(0, 0.75),
        shear=source.number(0, 1),
        batch_size=source.integer(1, n),
        seed=source.integer(0, 2**32 - 1),
    )
    if height != width or source.flag():
        options["image_size"] = [height, width]
    return (source.matrix(n, height * width),), options


# Losses and distillation


@case
def loss_mse(source: Source) -> Call:
    n, k = source.size(1), source.size(1)
    options = source.some(sample_weight=source.weights(n))
    return (source.matrix(n, k), source.targets(n, k)), options


@case
def loss_crossentropy(source: Source) -> Call:
    n, k = source.size(1), source.size(1)
    options = source.some(sample_weight=source.weights(n))
    return (source.matrix(n, k), source.targets(n, k)), options


@case
def accuracy(source: Source) -> Call:
    n, k = source.size(1), source.size(1) + 1
    return (source.matrix(n, k, allow="inf", huge=True), source.targets(n, k)), {}


@case
def soft_targets(source: Source) -> Call:
    logits = source.matrix(source.size(1), source.size(1))
    return (logits, source.number(0.25, 20)), {}


@case
def distillation_loss(source: Source) -> Call:
    n, k = source.size(1), source.size(1)
    options = source.some(
        temperature=source.number(0.01, 1000),
        alpha=source.number(0, 1),
        sample_weight=source.weights(n),
    )
    return (source.matrix(n, k), source.matrix(n, k), source.targets(n, k)), options


@case
def distill_model(source: Source) -> Call:
    teacher = source.model(ties=False, last=("softmax", "linear"))
    features, outputs, n = teacher.sizes[0], teacher.sizes[-1], source.size(1)
    student: Any = [features, source.size(1), outputs]
    if source.flag():
        student = source.model(
            ties=False,
            inputs=features,
            outputs=outputs,
            last=("softmax", "linear"),
            dtype=teacher.dtype.name,
        )
    options = source.some(
        temperature=source.number(0.5, 8),
        alpha=source.number(0, 1),
        loss=source.choice(("kl", "mse")),
    )
    X, y = source.reals(n, features), source.targets(n, outputs)
    return (teacher, student, X, y), {**options, **_training(source, n)}


# Networks and training


@case
def dense_forward(source: Source) -> Call:
    w, bias, X = _dense(source)
    return (w, bias, X, source.choice(ACTIVATIONS)), {}


@case
def dense_backward(source: Source) -> Call:
    w, bias, X = _dense(source)
    return (w, bias, X, source.reals(len(X), len(w)), source.choice(ACTIVATIONS)), {}


@case
def predict_model(source: Source) -> Call:
    model = _maybe_quantized(source)
    return (model, source.reals(source.size(1), model.sizes[0])), {}


@case
def gradient_model(source: Source) -> Call:
    model = source.model(ties=False)
    n = source.size(1)
    options = {**_loss(source, model), **source.some(sample_weight=source.weights(n))}
    X, y = source.reals(n, model.sizes[0]), source.targets(n, model.sizes[-1])
    return (model, X, y), options


@case
def adam_step(source: Source) -> Call:
    w, dw, m, s = _states(source, 4)
    options = source.some(
        learning_rate=source.number(0.001, 1),
        beta1=source.number(0, 0.99),
        beta2=source.number(0, 0.999),
        epsilon=source.number(1e-8, 1),
    )
    return (w, dw, m, np.abs(s), source.integer(1, 1000)), options


@case
def sgd_step(source: Source) -> Call:
    w, dw, velocity = _states(source, 3)
    options = source.some(learning_rate=source.number(0.001, 1), momentum=source.number(0, 0.99))
    return (w, dw, velocity), options


@case
def train_model(source: Source) -> Call:
    n, features, outputs = source.size(1), source.size(1), source.size(1)
    hidden = [source.size(1) for _ in range(source.integer(0, 2))]
    options = source.some(
        activation=source.choice(("relu", "sigmoid", "tanh", "linear")),
        loss=source.choice(("crossentropy", "mse")),
        dtype=source.dtype(),
    )
    if outputs == 1:
        options["loss"] = "mse"
    call = (source.reals(n, features), source.targets(n, outputs), [features, *hidden, outputs])
    return call, {**options, **_training(source, n)}


@case
def retrain_model(source: Source) -> Call:
    model = source.model(ties=False)
    n = source.size(1)
    X, y = source.reals(n, model.sizes[0]), source.targets(n, model.sizes[-1])
    return (model, X, y), {**_loss(source, model), **_training(source, n)}


@case
def gradual_prune_model(source: Source) -> Call:
    model = source.model(ties=False)
    n = source.size(1)
    X, y = source.reals(n, model.sizes[0]), source.targets(n, model.sizes[-1])
    options = source.some(
        initial_sparsity=source.number(0, 1),
        until=source.number(0.1, 1),
        regrow=source.flag(),
        locality=source.number(0, 1),
    )
    sparsity: float | list[float] = source.number(0, 1)
    scope = source.choice(("layer", "global"))
    if scope == "layer" and source.flag():
        sparsity = [source.number(0, 1) for _ in model.layers]
    options |= {"scope": scope, **_loss(source, model), **_training(source, n)}
    return (model, X, y, sparsity), options


@case
def retrain_shared_model(source: Source) -> Call:
    # In float64: a weight half-way between two levels goes where the last bits of float32 say.
    model = source.model(ties=False, dtype="float64")
    n = source.size(1)
    X, y = source.reals(n, model.sizes[0]), source.targets(n, model.sizes[-1])
    shared = ops.share_model(model, k=source.integer(1, 4), backend="numpy")
    update = source.choice(("centroid", "straight_through"))
    return (shared, X, y), {"update": update, **_loss(source, model), **_training(source, n)}


@case
def deep_compress_model(source: Source) -> Call:
    features, outputs, n = source.size(1), source.integer(2, 4), source.integer(2, 6)
    last = source.choice(("softmax", "linear"))
    hidden = [name for name in ACTIVATIONS if name != "softmax"]
    model = source.model(ties=False, hidden=hidden, inputs=features, outputs=outputs, last=(last,))
    samples = [source.reals(count, features) for count in (n, 3)]
    targets = [source.targets(count, outputs) for count in (n, 3)]
    options = source.some(
        density=source.number(0.05, 1),
        bits=source.integer(1, 3),
        bias_levels=source.integer(1, 5),
        schedule=[source.integer(0, 2), source.integer(0, 2), 1, 1],
        locality=source.number(0, 1),
        temperature=source.number(0.5, 8),
        alpha=source.number(0, 1),
        batch_size=source.integer(1, n),
        learning_rate=source.number(0.001, 0.05),
        view_epochs=source.integer(1, 3),
        seed=source.integer(0, 2**32 - 1),
    )
    call = (model, samples[0], targets[0], samples[1], targets[1])
    return call, {"epochs": source.integer(0, 6), **options}


def _dense(source: Source) -> tuple[Any, Any, Any]:
    rows, columns, n = source.size(1), source.size(1), source.size(1)
    dtype = source.dtype()
    w = source.reals(rows, columns, dtype) / np.sqrt(columns, dtype=dtype)
    return w, source.reals(1, rows, dtype)[0], source.reals(n, columns)


def _states(source: Source, count: int) -> list[Any]:
    rows, columns, dtype = source.size(), source.size(), source.dtype()
    return [source.matrix(rows, columns, dtype=dtype) for _ in range(count)]


def _loss(source: Source, model: Model) -> dict[str, str]:
    fits = model.layers[-1].activation in ("softmax", "linear")
    return source.some(loss=source.choice(("crossentropy", "mse")) if fits else "mse")


def _training(source: Source, samples: int) -> dict[str, Any]:
    """Return options for two epochs at most: differences grow as training goes on."""
    weight = source.weights(samples)
    weight[0] = 1.0  # not all zeros
    options = source.some(
        solver=source.choice(("adam", "sgd")),
        learning_rate=source.number(0.001, 0.05),
        batch_size=source.integer(1, samples),
        annealing=source.choice(("none", "cosine")),
        weight_decay=source.number(0, 0.1),
        dropout=source.number(0, 0.5),
        sample_weight=weight,
        seed=source.integer(0, 2**32 - 1),
    )
    return {"epochs": source.integer(0, 2), **options}


def _maybe_quantized(source: Source) -> Model:
    model = source.model(ties=False)
    kind = source.choice(("plain", "shared", "quantized"))
    if kind == "plain":
        return model
    if kind == "shared":
        return Model(tuple(_shared(source, layer) for layer in model.layers))
    args, options = _quantization(source, model)
    return ops.quantize_model(*args, **options, backend="numpy")


def _shared(source: Source, layer: Dense) -> Dense:
    """Return a layer of the same shape whose weights are levels of a codebook."""
    levels = np.sort(source.matrix(1, source.size(1), dtype=layer.weights.dtype.name))
    codes = np.array([source.integer(0, levels.size - 1) for _ in range(layer.weights.size)])
    held = Quantization.shared(codes.reshape(layer.weights.shape), levels)
    return Dense(decode(held, levels.dtype), layer.bias, layer.activation, layer.mask, held)


# Coding


@case
def rans_encode(source: Source) -> Call:
    return (_symbols(source),), {}


@case
def rans_decode(source: Source) -> Call:
    return (ops.rans_encode(_symbols(source), backend="numpy"),), {}


@case
def huffman_lengths(source: Source) -> Call:
    random = np.random.default_rng(source.integer(0, 2**32 - 1))
    counts = random.integers(0, source.choice((2, 9, 1000)), source.size())
    return (np.floor(counts ** source.choice((1.0, 4.0))),), {}


@case
def huffman_encode(source: Source) -> Call:
    return (_symbols(source),), {}


@case
def huffman_decode(source: Source) -> Call:
    return (ops.huffman_encode(_symbols(source), backend="numpy"),), {}


@case
def relative_index(source: Source) -> Call:
    w = source.matrix(huge=True)
    return (np.where(np.abs(w) > 2, w, w.dtype.type(0)),), _index_bits(source)


@case
def pack_model(source: Source) -> Call:
    model = _any_model(source)
    if source.flag():
        return (_with_few_levels(model),), {"coding": "huffman", **_index_bits(source)}
    return (model,), source.some(coding="entropy")


@case
def unpack_model(source: Source) -> Call:
    return (ops.pack_model(_any_model(source), backend="numpy"),), {}


@case
def count_huffman_model(source: Source) -> Call:
    return (_with_few_levels(_any_model(source)),), _index_bits(source)


def _index_bits(source: Source) -> dict[str, Any]:
    return source.some(index_bits=source.integer(1, 8))


def _with_few_levels(model: Model) -> Model:
    return Model(
        tuple(
            replace_weights(layer, np.clip(np.round(layer.weights), -100, 100))
            for layer in model.layers
        )
    )


def _symbols(source: Source) -> Any:
    """Return bytes, for one lane or several."""
    random = np.random.default_rng(source.integer(0, 2**32 - 1))
    count = source.choice((0, 1, source.size(), 5000))
    spread = source.choice((1, 3, 100, 256))
    return np.floor(spread * random.random(count) ** 2).astype(np.uint8)


def _any_model(source: Source) -> Model:
    """Return a model that is packed in any of the ways there are."""
    if source.flag():
        return _maybe_quantized(source)
    random = np.random.default_rng(source.integer(0, 2**32 - 1))
    inputs = source.choice((16, 25, 7, 300))
    sizes = [inputs, source.choice((1, 9, 200)), source.choice((1, 3))]
    density, levels = source.choice((0.0, 0.05, 0.4, 1.0)), source.choice((2, 5, 40, 300, 10**6))
    shapes = [(sizes[1], sizes[0]), (sizes[2], sizes[1])]
    weights = [
        np.where(random.random(shape) < density, random.integers(-levels, levels, shape) / 64.0, 0)
        for shape in shapes
    ]
    dtype = source.dtype()
    model = Model.from_arrays([w.astype(dtype) for w in weights])
    if source.flag():
        model = ops.prune_model(model, sparsity=0.5, backend="numpy")
    return model


# Whole models: quantized, counted, timed


@case
def quantize_model(source: Source) -> Call:
    return _quantization(source, source.model(ties=False))


def _quantization(source: Source, model: Model) -> Call:
    scheme = source.choice(("grid", "symmetric", "affine"))
    options = {"scheme": scheme, "bits": source.integer(2, 8)}
    if scheme != "grid":
        options |= source.some(axis=source.integer(0, 1))
    activations = source.reals(source.size(1), model.sizes[0])
    return (model,), options | source.some(activations=activations)


@case
def count_model(source: Source) -> Call:
    return (_maybe_quantized(source),), {}


@case
def energy_model(source: Source) -> Call:
    return (_maybe_quantized(source),), source.some(memory=source.choice(("dram", "sram")))


@case
def time_model(source: Source) -> Call:
    model = _maybe_quantized(source)
    X = source.reals(source.size(1), model.sizes[0])
    return (model, X), {"repeats": source.integer(1, 3)}
