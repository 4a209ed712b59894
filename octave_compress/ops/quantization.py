"""Quantization: weights on a grid of whole numbers, and back.

Quantizers return the weights on their original scale ("fake quantize") beside the codes that
stand for them. All arithmetic is in float64; halves round away from zero; the weights are cast
to their own type at the end, and saturate there rather than overflow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.equivalence.levels import EXACT, rtol
from octave_compress.model import InputRange, Layer, Model, Quantization, code_type
from octave_compress.ops.network import activate, check_samples, checked_model
from octave_compress.ops.rounding import round_half_away

Codes = NDArray[np.integer[Any]]
Double = NDArray[np.float64]
Quantized = tuple[FloatArray, Codes, Double, Double]

_DOUBLE: np.dtype[Any] = np.dtype(np.float64)
_BITS = {"grid": "[1, 15]", "symmetric": "[2, 32]", "affine": "[1, 32]"}
_RESULTS = ("w", "codes", "scale", "zero_point")


@operation(level=EXACT, returns=_RESULTS)
def quantize_grid(w: ArrayLike, *, bits: int = 8, backend: Backend | None = None) -> Quantized:
    """Return the weights on the fixed grid of both articles, ``round(w * 255) / 255``.

    The grid's step is ``1 / (2**bits - 1)`` whatever the weights are. The articles call it
    8 bits; within ±1 it has 511 levels, which need nine, and beyond ±1 more. The codes are kept
    as int16, so weights beyond ``32767 / (2**bits - 1)`` are refused.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN and Inf are refused.
    bits : int
        In [1, 15].
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w : ndarray, (out, in)
        ``codes / (2**bits - 1)`` in the type of `w`.
    codes : ndarray of int16, (out, in)
    scale, zero_point : ndarray of float64, (1, 1)
        ``1 / (2**bits - 1)``, and 0.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If a code would not fit into int16, or `bits` is out of range.

    Examples
    --------
    >>> quantize_grid([[0.5, -1.0]], backend="numpy")[1]
    array([[ 128, -255]], dtype=int16)
    """
    op = "quantize_grid"
    weights = checks.matrix(op, "W", w)
    levels = 2.0 ** checks.integer(op, "BITS", bits, _BITS["grid"]) - 1.0
    values = weights.astype(np.float64)
    _check_codes_fit(op, values, levels)
    codes = round_half_away(values * levels).astype(np.int16)
    quantized = (codes / levels).astype(weights.dtype)
    return quantized, codes, np.array([[1.0 / levels]]), np.zeros((1, 1))


@operation(level=EXACT, returns=("w",))
def dequantize_grid(codes: ArrayLike, *, bits: int = 8, backend: Backend | None = None) -> Double:
    """Return the weights that codes of `quantize_grid` stand for, ``codes / (2**bits - 1)``.

    Parameters
    ----------
    codes : array_like of whole numbers, (out, in)
    bits : int
        In [1, 15], as it was for `quantize_grid`.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray of float64, (out, in)

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If `codes` are not whole numbers or `bits` is out of range.

    Examples
    --------
    >>> dequantize_grid([[51, -255]], backend="numpy")
    array([[ 0.2, -1. ]])
    """
    op = "dequantize_grid"
    whole = _whole_codes(op, codes)
    return whole / (2.0 ** checks.integer(op, "BITS", bits, _BITS["grid"]) - 1.0)


@operation(level=EXACT, returns=_RESULTS)
def quantize_symmetric(
    w: ArrayLike, *, bits: int = 8, axis: int | None = None, backend: Backend | None = None
) -> Quantized:
    """Return the weights on a grid of whole numbers around zero, scaled to the largest one.

    ``codes = round(w / scale)`` with ``scale = max(abs(w)) / qmax`` and
    ``qmax = 2**(bits - 1) - 1``, so the codes lie in [-qmax, qmax]. No weight moves by more than
    half a scale. Where the scale would be 0, or subnormal, it is 1.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN and Inf are refused.
    bits : int
        In [2, 32].
    axis : {0, 1}, optional
        One scale a row (0) or a column (1); one for the matrix if left out. In Octave the
        dimensions are 1 and 2.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w : ndarray, (out, in)
        ``codes * scale`` in the type of `w`.
    codes : ndarray of int8, int16 or int32, (out, in)
        The smallest that holds `bits`.
    scale, zero_point : ndarray of float64, (1, 1), (out, 1) or (1, in)
        Scales in the unit of `w`, and zeros.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> quantize_symmetric([[0.5, -1.0]], backend="numpy")[1]
    array([[  64, -127]], dtype=int8)
    """
    op = "quantize_symmetric"
    weights = checks.matrix(op, "W", w)
    width = checks.integer(op, "BITS", bits, _BITS["symmetric"])
    values = weights.astype(np.float64)
    low, high = _range(values, axis)
    qmax = 2.0 ** (width - 1) - 1.0
    scale = _or_one(np.maximum(high, -low) / qmax)
    zero_point = np.zeros(scale.shape)
    whole = np.clip(round_half_away(values / scale), -qmax, qmax)
    codes = whole.astype(code_type("int", width))
    quantized = _decode(codes, scale, zero_point, weights.dtype).astype(weights.dtype)
    return quantized, codes, scale, zero_point


@operation(level=EXACT, returns=("w",))
def dequantize_symmetric(
    codes: ArrayLike, scale: ArrayLike, *, backend: Backend | None = None
) -> Double:
    """Return the weights that codes of `quantize_symmetric` stand for, ``codes * scale``.

    Parameters
    ----------
    codes : array_like of whole numbers, (out, in)
    scale : array_like, (1, 1), (out, 1) or (1, in)
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray of float64, (out, in)

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If `codes` are not whole numbers or `scale` does not fit them.

    Examples
    --------
    >>> dequantize_symmetric([[64, -127]], 0.5, backend="numpy")
    array([[ 32. , -63.5]])
    """
    op = "dequantize_symmetric"
    whole = _whole_codes(op, codes)
    factor = checks.per_channel(op, "SCALE", scale, whole)
    return _decode(whole, factor, 0.0)


@operation(level=EXACT, returns=_RESULTS)
def quantize_affine(
    w: ArrayLike, *, bits: int = 8, axis: int | None = None, backend: Backend | None = None
) -> Quantized:
    """Return the weights on a grid of whole numbers from the smallest to the largest one.

    ``codes = round(w / scale) + zero_point``, limited to [0, qmax] with ``qmax = 2**bits - 1``
    and ``scale = (max(w) - min(w)) / qmax``. The range always includes 0, and 0 is exact. No
    weight moves by more than half a scale; where that would be 0, or subnormal, it is 1.

    Parameters
    ----------
    w : array_like, (out, in)
        Weights. NaN and Inf are refused.
    bits : int
        In [1, 32].
    axis : {0, 1}, optional
        As in `quantize_symmetric`.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    w : ndarray, (out, in)
        ``(codes - zero_point) * scale`` in the type of `w`.
    codes : ndarray of uint8, uint16 or uint32, (out, in)
        The smallest that holds `bits`.
    scale, zero_point : ndarray of float64, (1, 1), (out, 1) or (1, in)
        Scales in the unit of `w`, and the codes of 0.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Notes
    -----
    The scheme of Jacob et al. 2018, "Quantization and training of neural networks for
    efficient integer-arithmetic-only inference".

    Examples
    --------
    >>> quantize_affine([[0.0, 2.0, -1.0]], bits=2, backend="numpy")[:2]
    (array([[ 0.,  2., -1.]]), array([[1, 3, 0]], dtype=uint8))
    """
    op = "quantize_affine"
    weights = checks.matrix(op, "W", w)
    width = checks.integer(op, "BITS", bits, _BITS["affine"])
    values = weights.astype(np.float64)
    low, high = _range(values, axis)
    qmax = 2.0**width - 1.0
    # Not (high - low) / qmax, which could overflow; and 0 - low, which is never -0.
    scale = _or_one(high / qmax - low / qmax)
    zero_point = np.clip(round_half_away((0.0 - low) / scale), 0.0, qmax)
    whole = np.clip(round_half_away(values / scale) + zero_point, 0.0, qmax)
    codes = whole.astype(code_type("uint", width))
    quantized = _decode(codes, scale, zero_point, weights.dtype).astype(weights.dtype)
    return quantized, codes, scale, zero_point


@operation(level=EXACT, returns=("w",))
def dequantize_affine(
    codes: ArrayLike, scale: ArrayLike, zero_point: ArrayLike, *, backend: Backend | None = None
) -> Double:
    """Return what codes of `quantize_affine` stand for, ``(codes - zero_point) * scale``.

    Parameters
    ----------
    codes : array_like of whole numbers, (out, in)
    scale, zero_point : array_like, (1, 1), (out, 1) or (1, in)
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray of float64, (out, in)

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If `codes` are not whole numbers, or `scale` or `zero_point` does not fit them.

    Examples
    --------
    >>> dequantize_affine([[1, 3, 0]], 1.0, 1, backend="numpy")
    array([[ 0.,  2., -1.]])
    """
    op = "dequantize_affine"
    whole = _whole_codes(op, codes)
    factor = checks.per_channel(op, "SCALE", scale, whole)
    offset = checks.per_channel(op, "ZERO_POINT", zero_point, whole)
    return _decode(whole, factor, offset)


@operation(level=rtol(1e-11), returns=("model",))
def quantize_model(
    model: Model,
    *,
    bits: int = 8,
    scheme: str = "symmetric",
    axis: int | None = None,
    activations: ArrayLike | None = None,
    backend: Backend | None = None,
) -> Model:
    """Return a model with its weights, and its layers' inputs too if wanted, in whole numbers.

    Each layer keeps the codes with their scale, and its weights become what the codes stand
    for. Biases stay floats; masks stay, and so do zeros.

    Parameters
    ----------
    model : Model
    bits : int
        Bits a code, as in `quantize_symmetric` and its sisters.
    scheme : {"symmetric", "affine", "grid"}
        ``"grid"`` is the articles' fixed grid: its codes need one bit more, and still more
        beyond a magnitude of 1.
    axis : {0, 1}, optional
        One scale a neuron (0) or an input (1); one a layer if left out. Not for the grid.
    activations : array_like, (samples, features), optional
        Samples. With them the values that enter each layer are also held in `bits` (affine, by
        their range over the samples), and `predict_model` rounds them.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Model

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> small = quantize_model(Model.from_arrays([[[0.5, -1.0]]]), backend="numpy")
    >>> small.layers[0].quantization.codes
    array([[  64, -127]], dtype=int8)
    """
    op = "quantize_model"
    checks.choice(op, "SCHEME", scheme, tuple(_BITS))
    if scheme == "grid" and axis is not None:
        checks.value_error(op, "AXIS", 'be left out for the scheme "grid"')
    width = checks.integer(op, "BITS", bits, _BITS[scheme])
    checked_model(op, "MODEL", model)
    a: FloatArray | None = None
    if activations is not None:
        # In float64 whatever the weights are: a zero point must not rest on a sum's last bits.
        a = check_samples(op, "ACTIVATIONS", activations, model.sizes[0]).astype(np.float64)
    layers = []
    for layer in model.layers:
        small = _quantize_layer(layer, width, scheme, axis)
        if a is not None:
            ends = np.array([[a.min(), a.max()]])
            _, _, scale, zero_point = quantize_affine(ends, bits=width)
            spec = InputRange(float(scale[0, 0]), float(zero_point[0, 0]), width)
            small = replace(small, input_range=spec)
            # The ranges of later layers come from unrounded values: no decision rests on another.
            a = activate(a @ small.weights.T + small.bias, small.activation)
        layers.append(small)
    return Model(tuple(layers))


def _quantize_layer(layer: Layer, bits: int, scheme: str, axis: int | None) -> Layer:
    if scheme == "grid":
        w, codes, scale, zero_point = quantize_grid(layer.weights, bits=bits)
        # The grid has a sign beside its 2**bits - 1 steps, and goes on beyond a magnitude of 1.
        bits = max(bits, int(np.abs(codes.astype(np.int64)).max(initial=0)).bit_length()) + 1
    elif scheme == "symmetric":
        w, codes, scale, zero_point = quantize_symmetric(layer.weights, bits=bits, axis=axis)
    else:
        w, codes, scale, zero_point = quantize_affine(layer.weights, bits=bits, axis=axis)
    held = Quantization(codes, scale, zero_point, bits, scheme)
    return replace(layer, weights=w, quantization=held, input_range=None)


def _check_codes_fit(op: str, values: Double, levels: float) -> None:
    limit = 32767.0 / levels
    beyond = values.ravel(order="F")
    beyond = beyond[np.abs(beyond) > limit]
    if beyond.size:
        bound = checks.number_text(limit)
        requirement = f"be in [-{bound}, {bound}] for codes of 16 bits"
        checks.value_error(op, "W", requirement, checks.number_text(float(beyond[0])))


def _range(values: Double, axis: int | None) -> tuple[Double, Double]:
    """Return the smallest and the largest value, 0 among them, of the matrix or each channel."""
    along = None if axis is None else 1 - axis
    low: Double = values.min(axis=along, keepdims=True, initial=0.0)
    high: Double = values.max(axis=along, keepdims=True, initial=0.0)
    return low, high


def _or_one(scale: Double) -> Double:
    # A subnormal scale has too few digits to keep the promise of half a scale.
    return np.where(scale < np.finfo(np.float64).tiny, 1.0, scale)


def _decode(
    codes: NDArray[Any], scale: Double, zero_point: Double | float, dtype: np.dtype[Any] = _DOUBLE
) -> Double:
    """Return ``(codes - zero_point) * scale``, limited to what `dtype` can hold."""
    largest = float(np.finfo(dtype).max)
    values = (codes.astype(np.float64) - zero_point) * scale
    return np.clip(values, -largest, largest)


def _whole_codes(op: str, codes: object) -> Double:
    values = checks.matrix(op, "CODES", codes).astype(np.float64)
    ordered = values.ravel(order="F")
    broken = ordered[ordered != np.trunc(ordered)]
    if broken.size:
        checks.value_error(op, "CODES", "be whole numbers", checks.number_text(float(broken[0])))
    return values + 0.0  # a code has no sign of zero
