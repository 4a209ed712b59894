"""What a model costs: parameters, bytes, operations, energy and time."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.equivalence.levels import EXACT, MEASURED, ulp
from octave_compress.model import Layer, Model
from octave_compress.ops.network import check_samples, checked_model, forward
from octave_compress.results import Counts, Energy

# Picojoules at 45 nm: Horowitz, "Computing's energy problem", ISSCC 2014, as tabulated by Han
# et al. in EIE, 2016. Memory is for 32 bits.
FLOAT_MAC_PJ = 3.7 + 0.9
WHOLE_MAC_PJ = 0.2 + 0.1
MEMORY_PJ = {"dram": 640.0, "sram": 5.0}
ACTIVATION_PJ = 5.0


@operation(level=EXACT, returns=("counts",))
def count_model(model: Model, *, backend: Backend | None = None) -> Counts:
    """Return how large a model is: parameters, operations and bytes.

    Parameters
    ----------
    model : Model
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Counts
        ``parameters`` (weights and biases) and ``nonzeros`` among them; ``macs``
        (multiplications with addition for one sample), ``macs_nonzero`` (of weights that are
        not zero) and ``flops`` (twice ``macs``). ``bytes_dense``: every weight in the type that
        it is held in (codes, if there are any), and biases. ``bytes_packed``: codes packed into
        their bits, with float64 scales and zero points or a codebook in the weights' type, and
        biases. ``bytes_sparse``: weights that are not zero, each with its column number, and
        the ends of the rows, both in the smallest whole numbers that fit, and the rest as
        packed.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> count_model(Model.from_arrays([[[1.0, 0.0], [2.0, 3.0]]]), backend="numpy").nonzeros
    3
    """
    op = "count_model"
    checked_model(op, "MODEL", model)
    rows = np.array([_layer_counts(layer) for layer in model.layers], dtype=np.int64)
    parameters, nonzeros, macs, macs_nonzero, dense, packed, sparse = map(int, rows.sum(axis=0))
    return Counts(parameters, nonzeros, macs, macs_nonzero, 2 * macs, dense, packed, sparse)


@operation(level=ulp(4), returns=("energy",))
def energy_model(model: Model, *, memory: str = "dram", backend: Backend | None = None) -> Energy:
    """Return estimates of the energy of one prediction, with the constants that they use.

    Parameters
    ----------
    model : Model
    memory : {"dram", "sram"}
        Where the weights are.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Energy
        ``proportional``: the edge article's model, parameters times 1e-6, in no unit.
        ``total_pj``: picojoules of one sample by physical constants (45 nm; Horowitz 2014, Han
        2016), the sum of ``compute_pj`` (products and sums, ``mac_pj`` each), ``weights_pj``
        (each fetched once, ``memory_pj`` for 32 bits) and ``activations_pj`` (each value that
        enters a layer, ``activation_pj`` for 32 bits). ``format``: which of dense, packed and
        sparse has the fewest bytes; that is what is fetched, and only sparse skips zeros.
        Decoding is not counted; 64-bit floats are counted with the arithmetic of 32.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> energy_model(Model.from_arrays([np.float32([[1, 2]])]), backend="numpy").format
    'dense'
    """
    checks.choice("energy_model", "MEMORY", memory, tuple(MEMORY_PJ))
    checked_model("energy_model", "MODEL", model)
    counts = count_model(model)
    sizes = {
        "dense": counts.bytes_dense,
        "packed": counts.bytes_packed,
        "sparse": counts.bytes_sparse,
    }
    smallest = min(sizes, key=sizes.__getitem__)
    is_whole = all(
        layer.quantization is not None
        and layer.quantization.codebook is None
        and layer.quantization.bits <= 8
        and layer.input_range is not None
        for layer in model.layers
    )
    mac = WHOLE_MAC_PJ if is_whole else FLOAT_MAC_PJ
    compute = (counts.macs_nonzero if smallest == "sparse" else counts.macs) * mac
    weights = sizes[smallest] / 4 * MEMORY_PJ[memory]
    activations = sum(_input_words(layer) for layer in model.layers) * ACTIVATION_PJ
    return Energy(
        format=smallest,
        proportional=counts.parameters * 1e-6,
        mac_pj=mac,
        memory_pj=MEMORY_PJ[memory],
        activation_pj=ACTIVATION_PJ,
        compute_pj=compute,
        weights_pj=weights,
        activations_pj=activations,
        total_pj=compute + weights + activations,
    )


@operation(level=MEASURED, returns=("seconds",))
def time_model(
    model: Model, X: ArrayLike, *, repeats: int = 30, backend: Backend | None = None
) -> NDArray[np.float64]:
    """Return the seconds that each of several predictions of the same samples took.

    Measured where the model runs: with the Octave backend inside Octave, without the way there.

    Parameters
    ----------
    model : Model
    X : array_like, (samples, features)
    repeats : int
        One prediction that is not counted goes first.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    seconds : ndarray of float64, (repeats,)
        Quote the median with its spread.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> time_model(Model.from_arrays([[[1.0]]]), [[1.0]], repeats=5, backend="numpy").shape
    (5,)
    """
    op = "time_model"
    count = checks.integer(op, "REPEATS", repeats, "[1, Inf)")
    checked_model(op, "MODEL", model)
    samples = check_samples(op, "X", X, model.sizes[0], model.dtype)
    forward(model.layers, samples)
    seconds = np.zeros(count)
    for k in range(count):
        start = time.perf_counter()
        forward(model.layers, samples)
        seconds[k] = time.perf_counter() - start
    return seconds


def _layer_counts(layer: Layer) -> tuple[int, ...]:
    """Return parameters, nonzeros, MACs, nonzero MACs and the three sizes of one layer."""
    weights, kept = layer.weights.size, int(np.count_nonzero(layer.weights))
    extra = layer.bias.nbytes
    held, bits = layer.weights.itemsize, 8 * layer.weights.itemsize
    quantization = layer.quantization
    if quantization is not None:
        held, bits = quantization.codes.itemsize, quantization.bits
        if quantization.codebook is not None:
            extra += quantization.codebook.nbytes
        else:
            # Scales are float64; a zero point is a whole number of the codes' width.
            extra += quantization.scale.nbytes
            if quantization.scheme == "affine":
                extra += quantization.zero_point.size * held
    ends = _whole_bytes(kept) * layer.outputs
    return (
        weights + layer.bias.size,
        kept + int(np.count_nonzero(layer.bias)),
        weights,
        kept,
        weights * held + extra,
        -(-weights * bits // 8) + extra,
        -(-kept * bits // 8) + kept * _whole_bytes(layer.inputs - 1) + ends + extra,
    )


def _whole_bytes(largest: int) -> int:
    """Return the bytes of the smallest unsigned type that holds `largest`."""
    count = 1
    while largest >= 256**count:
        count *= 2
    return count


def _input_words(layer: Layer) -> float:
    """Return the 32-bit words that enter a layer for one sample."""
    bits = 8 * layer.weights.itemsize if layer.input_range is None else layer.input_range.bits
    return layer.inputs * bits / 32
