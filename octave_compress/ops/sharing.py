"""Weight sharing: a few levels that k-means finds stand for all weights of a layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.equivalence.levels import EXACT
from octave_compress.model import Layer, Model, Quantization, bits_for, code_type, limited
from octave_compress.ops.network import checked_model
from octave_compress.ops.quantization import Codes
from octave_compress.ops.rounding import round_half_away
from octave_compress.random import OctaveRandom

Double = NDArray[np.float64]

INITS = ("linear", "density", "random")
_UNITS = {"k": "[1, 65536]", "bits": "[1, 16]"}
_SEEDS = "[0, 4294967295]"
_MOST_ROUNDS = 3000


@operation(level=EXACT, returns=("codebook",))
def kmeans_codebook(
    w: ArrayLike, k: int, *, init: str = "linear", seed: int = 0, backend: Backend | None = None
) -> FloatArray:
    """Return levels for weights to share, the centres that k-means finds, as an ascending row.

    Where some weights are zero, 0 is a level of its own beside those for the others: a sparse
    matrix stays as sparse as it is. The levels are those of Lloyd's iteration, until no weight
    changes its cluster or 3000 times. A level that no weight is nearest to goes where weights
    are many and far apart: the cluster with the largest count times squared range is split,
    halfway between its mean and its ends. There are fewer levels than `k` only if there are
    fewer different weights, and then each is a level.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN and Inf are refused.
    k : int
        Largest number of levels for weights that are not zero, in [1, 65536].
    init : {"linear", "density", "random"}
        Where the levels begin: in equal steps from the smallest weight to the largest, which
        Han et al. 2015 found best (few weights are large, and they matter); at the weights in
        the middle of `k` equal shares of them all; or at weights drawn by Octave's `randperm`
        from the sorted ones.
    seed : int
        For ``init="random"``.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray, (1, levels)
        In the type of `w`.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> kmeans_codebook([[1, 2, 0], [9, 0, 11]], 2, backend="numpy")
    array([[ 0. ,  1.5, 10. ]])
    """
    op = "kmeans_codebook"
    weights = checks.matrix(op, "W", w)
    count = checks.integer(op, "K", k, _UNITS["k"])
    checks.choice(op, "INIT", init, INITS)
    random = OctaveRandom(checks.integer(op, "SEED", seed, _SEEDS))
    return shared_levels(weights, count, init, random)


@operation(level=EXACT, returns=("w", "codes"))
def quantize_codebook(
    w: ArrayLike, codebook: ArrayLike, *, backend: Backend | None = None
) -> tuple[FloatArray, Codes]:
    """Return the weights at the levels of a codebook that are nearest to them, and their codes.

    Halfway between two levels the lower one is taken. If some weights are zero and 0 is a level,
    the first such level is theirs alone (unless it is the only one): no other weight becomes
    zero.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN and Inf are refused.
    codebook : array_like, (1, levels)
        Ascending.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w : ndarray, (out, in)
        ``codebook[0, codes]`` in the type of `w`.
    codes : ndarray of uint8, uint16 or uint32, (out, in)
        Which level, counted from 0, in the smallest type.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> quantize_codebook([[0.1, 0.0, 3.0]], [0.0, 1.0, 2.0], backend="numpy")
    (array([[1., 0., 2.]]), array([[1, 0, 2]], dtype=uint8))
    """
    op = "quantize_codebook"
    weights = checks.matrix(op, "W", w)
    levels = limited(checks.levels(op, "CODEBOOK", codebook), weights.dtype)
    codes = level_codes(weights, levels)
    return levels[0][codes], codes


@operation(level=EXACT, returns=("model",))
def share_model(
    model: Model,
    *,
    k: int | Sequence[int] | None = None,
    bits: int | Sequence[int] | None = None,
    init: str = "linear",
    seed: int = 0,
    backend: Backend | None = None,
) -> Model:
    """Return a model whose weights share a few levels, which k-means finds layer by layer.

    Each layer keeps the codes with their codebook, and its weights become what the codes stand
    for. Biases stay floats; masks stay, and so do zeros: where a layer has any, 0 is a level of
    its own, as in `kmeans_codebook`.

    Parameters
    ----------
    model : Model
    k, bits : int or sequence of int, optional
        How many levels, by one of the two, for all layers or one value a layer: `k` levels, in
        [1, 65536], for weights that are not zero; or as many as codes of so many `bits`, in
        [1, 16], can tell apart, the level 0 included.
    init : {"linear", "density", "random"}
        As in `kmeans_codebook`.
    seed : int
        For ``init="random"``; the layers draw one after the other.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model
        Input ranges of an earlier quantization are dropped.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> small = share_model(Model.from_arrays([[[1, 1.5, 0, 7]]]), k=2, backend="numpy")
    >>> small.layers[0].weights
    array([[1.25, 1.25, 0.  , 7.  ]])
    """
    op = "share_model"
    unit, amount = checks.one_of(op, {"k": k, "bits": bits})
    checks.choice(op, "INIT", init, INITS)
    random = OctaveRandom(checks.integer(op, "SEED", seed, _SEEDS))
    layers = checked_model(op, "MODEL", model).layers
    amounts = checks.per_layer(op, unit.upper(), amount, len(layers), checks.integer, _UNITS[unit])
    return Model(
        tuple(
            _share_layer(layer, unit, count, init, random)
            for layer, count in zip(layers, amounts, strict=True)
        )
    )


def level_codes(weights: FloatArray, levels: FloatArray) -> Codes:
    """Return the codes of the levels that stand for the weights, the first level 0 for zeros."""
    values, ascending = weights.astype(np.float64), levels.astype(np.float64).ravel()
    is_zero, own = values == 0, np.flatnonzero(ascending == 0)[:1]
    if own.size and ascending.size > 1 and is_zero.any():
        codes = nearest_level(values, np.delete(ascending, own))
        codes += codes >= own
        codes[is_zero] = own
    else:
        codes = nearest_level(values, ascending)
    smallest: Codes = codes.astype(code_type("uint", bits_for(levels.size)))
    return smallest


def kmeans_levels(x: Double, levels: Double) -> Double:
    """Return what Lloyd's iteration makes of ascending `levels` for ascending numbers `x`.

    A cluster of sorted numbers is a run of them, so that its mean takes two cumulative sums,
    which both languages add up in the same order.
    """
    total = np.concatenate(([0.0], np.cumsum(x)))
    k, centres = levels.size, levels
    ends: NDArray[np.intp] | None = None
    for _ in range(_MOST_ROUNDS):
        inner = np.searchsorted(x, _midpoints(levels), side="right")
        before, ends = ends, np.concatenate(([0], inner, [x.size]))
        if before is not None and np.array_equal(ends, before):
            break
        counts = np.diff(ends)
        filled = counts > 0
        counts, first, last = counts[filled], ends[:-1][filled], ends[1:][filled]
        low, high = x[first], x[last - 1]
        # Sums of many numbers are not exact; a mean lies among its numbers all the same.
        centres = np.fmin(np.fmax((total[last] - total[first]) / counts, low), high)
        missing = k - centres.size
        levels = _split_widest(centres, counts, low, high, missing) if missing else centres
    return centres


def _split_widest(
    levels: Double, counts: NDArray[np.intp], low: Double, high: Double, missing: int
) -> Double:
    """Let levels that no number is nearest to help others.

    Two stand for a cluster of many numbers far apart, halfway between its mean and its ends; a
    cluster of equal numbers needs no help.
    """
    spread = np.sqrt(counts) * (high - low)  # squares of small ones would vanish
    split = np.argsort(-spread, kind="stable")[: min(missing, np.count_nonzero(spread))]
    halves = (low[split] / 2 + levels[split] / 2, levels[split] / 2 + high[split] / 2)
    return np.sort(np.concatenate((np.delete(levels, split), *halves)))


def _share_layer(layer: Layer, unit: str, amount: int, init: str, random: OctaveRandom) -> Layer:
    w = layer.weights
    k = amount if unit == "k" else 2**amount - (not w.all())
    codebook = shared_levels(w, k, init, random)
    codes = level_codes(w, codebook)
    held = Quantization.shared(codes, codebook)
    return replace(layer, weights=codebook[0][codes], quantization=held, input_range=None)


def shared_levels(w: FloatArray, k: int, init: str, random: OctaveRandom) -> FloatArray:
    """Return up to `k` levels for the weights that are not zero, and 0 if there are others."""
    x = np.sort(w[w != 0]).astype(np.float64)
    levels = kmeans_levels(x, initial_levels(x, k, init, random)) if x.size else x
    if x.size == 0 or x.size < w.size:
        levels = np.sort(np.append(levels, 0.0))
    return levels.astype(w.dtype)[None, :]


def initial_levels(x: Double, k: int, init: str, random: OctaveRandom) -> Any:
    """Return up to `k` ascending levels to begin with, for ascending numbers `x`."""
    n = x.size
    if init == "linear":
        step = x[-1] / max(k - 1, 1) - x[0] / max(k - 1, 1)
        # The last one must not overshoot the largest weight.
        return np.minimum(x[0] + np.arange(k) * step, x[-1])
    if init == "density":
        return x[(2 * np.arange(1, k + 1) - 1) * n // (2 * k)]
    return np.sort(x[random.randperm(n, min(k, n), dtype=int)])


def _midpoints(levels: Double) -> Double:
    return levels[:-1] / 2 + levels[1:] / 2


def nearest_level(values: Double, levels: Double) -> Any:
    """Return the codes of the levels nearest to numbers; halfway between two, the lower one's."""
    # Sorted boundaries: a matrix of weights x levels would take the memory of a whole machine.
    return np.searchsorted(_midpoints(levels), values, side="left")


def short_numbers(x: FloatArray) -> FloatArray:
    """Return numbers rounded, halves away from zero, to multiples of a power of two.

    The largest magnitude has 256 of them at most: a file holds such numbers in about a byte.
    """
    if x.size == 0:
        return x
    wide = x.astype(np.float64)
    part, exponent = math.frexp(float(np.abs(wide).max()))
    exponent -= part == 0.5  # a power of two is 256 steps, so what was rounded up to one stays
    step = math.ldexp(1.0, max(exponent - 8, -1074))  # the smallest double
    short: FloatArray = (round_half_away(wide / step) * step).astype(x.dtype)
    return short
