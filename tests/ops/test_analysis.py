"""Counts against buffers that are really built, and energy against arithmetic by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from generators import as_lists
from scipy.sparse import csr_matrix

from octave_compress import Dense, InputRange, Model, Quantization, use_backend
from octave_compress.ops import (
    count_model,
    energy_model,
    prune_model,
    quantize_model,
    time_model,
)

BACKENDS = pytest.mark.parametrize(
    "backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)]
)


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


# Buffers, built


def to_bits(codes: Any, bits: int) -> Any:
    """Return the codes packed into `bits` each: two's complement, one after the other."""
    places = (codes.astype(np.int64).reshape(-1, 1) >> np.arange(bits)) & 1
    return np.packbits(places.astype(np.uint8))


def from_bits(packed: Any, count: int, bits: int, signed: bool) -> Any:
    places = np.unpackbits(packed, count=count * bits).reshape(count, bits).astype(np.int64)
    values = (places << np.arange(bits)).sum(axis=1)
    return values - (places[:, -1] << bits) if signed else values


def smallest(values: Any, largest: int) -> Any:
    return np.asarray(values).astype(np.min_scalar_type(largest))


def held(layer: Dense) -> Any:
    """Return what stands for the weights: codes if there are any."""
    return layer.weights if layer.quantization is None else layer.quantization.codes


def rest(layer: Dense) -> list[Any]:
    """Return what is stored beside the weights whatever the format."""
    if layer.quantization is None:
        return [layer.bias]
    if layer.quantization.codebook is not None:
        return [layer.bias, layer.quantization.codebook]
    parts = [layer.bias, layer.quantization.scale]
    if layer.quantization.scheme == "affine":
        parts.append(layer.quantization.zero_point.astype(layer.quantization.codes.dtype))
    return parts


def packed(values: Any, layer: Dense) -> Any:
    """Return values, codes or floats, in as few bytes as their bits need."""
    if layer.quantization is None:
        return np.frombuffer(values.tobytes(), np.uint8)
    bits, signed = layer.quantization.bits, values.dtype.kind == "i"
    result = to_bits(values, bits)
    assert as_lists(from_bits(result, values.size, bits, signed)) == values.ravel().tolist()
    return result


def sparse(layer: Dense) -> list[Any]:
    """Return the parts of a compressed-row matrix; its first row always begins at 0."""
    kept = layer.weights != 0
    matrix = csr_matrix(kept)
    return [
        packed(held(layer)[kept], layer),
        smallest(matrix.indices, layer.inputs - 1),
        smallest(matrix.indptr[1:], matrix.nnz),
    ]


def size(parts: list[Any]) -> int:
    return sum(part.nbytes for part in parts)


def assert_sizes(model: Model) -> None:
    counts = count_model(model)
    layers = model.layers
    assert counts.bytes_dense == sum(size([held(layer), *rest(layer)]) for layer in layers)
    assert counts.bytes_packed == sum(
        size([packed(held(layer), layer), *rest(layer)]) for layer in layers
    )
    assert counts.bytes_sparse == sum(size([*sparse(layer), *rest(layer)]) for layer in layers)


def network(sizes: list[int], dtype: str = "float64", sparsity: float = 0.0) -> Model:
    random = np.random.default_rng(sum(sizes))
    layers = []
    for inputs, outputs in pairwise(sizes):
        w = random.uniform(-1, 1, (outputs, inputs)).astype(dtype)
        layers.append(Dense(w, random.normal(size=outputs)))
    model = Model(tuple(layers))
    return prune_model(model, sparsity=sparsity) if sparsity else model


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.9, 1.0])
def test_bytes_of_floats_are_those_of_buffers(sparsity: float, dtype: str) -> None:
    model = network([7, 11, 3], dtype, sparsity)
    assert_sizes(model)
    assert count_model(model).bytes_packed == count_model(model).bytes_dense


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize(
    ("scheme", "bits"),
    [("symmetric", bits) for bits in (2, 3, 4, 8, 9, 16, 17, 32)]
    + [("affine", bits) for bits in (1, 2, 5, 8, 11, 16, 32)],
)
@pytest.mark.parametrize("sparsity", [0.0, 0.7])
def test_bytes_of_codes_are_those_of_buffers(
    sparsity: float, scheme: str, bits: int, axis: int | None
) -> None:
    model = network([7, 11, 3], "float32", sparsity)
    assert_sizes(quantize_model(model, bits=bits, scheme=scheme, axis=axis))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("levels", [1, 2, 3, 17, 256, 257])
def test_bytes_of_codebooks_are_those_of_buffers(levels: int, dtype: str) -> None:
    random = np.random.default_rng(levels)
    layers = []
    for layer in network([7, 11, 3], dtype).layers:
        codebook = np.arange(levels, dtype=dtype) - 1
        held = Quantization.shared(random.integers(0, levels, layer.weights.shape), codebook)
        layers.append(Dense(codebook[held.codes], layer.bias, quantization=held))
    assert_sizes(Model(tuple(layers)))


def test_shared_weights_are_multiplied_as_floats() -> None:
    held = Quantization.shared(np.zeros((1, 2), np.uint8), [[1.0]])
    layer = Dense([[1.0, 1.0]], quantization=held, input_range=InputRange(1.0, 0.0, 8))
    assert energy_model(Model((layer,))).mac_pj == 3.7 + 0.9


@pytest.mark.parametrize("bits", [1, 4, 8, 13])
@pytest.mark.parametrize("largest", [0.4, 1.0, 2.0, 3.9])
def test_bytes_of_the_articles_grid_are_those_of_buffers(largest: float, bits: int) -> None:
    layers = [Dense(largest * layer.weights) for layer in network([7, 11, 3]).layers]
    corners = Model((*layers, Dense([[largest, -largest, 0.0]])))
    assert_sizes(quantize_model(corners, scheme="grid", bits=bits))


@pytest.mark.parametrize("inputs", [1, 2, 255, 256, 257, 65_536, 65_537])
def test_column_numbers_take_the_bytes_of_the_largest(inputs: int) -> None:
    w = np.zeros((2, inputs), np.float32)
    w[1, -1] = 1.0
    assert_sizes(Model((Dense(w),)))


@pytest.mark.parametrize("kept", [0, 1, 255, 256, 65_535, 65_536])
def test_row_ends_take_the_bytes_of_the_largest(kept: int) -> None:
    w = np.zeros((300, 300), np.float32)
    w.flat[:kept] = 1.0
    assert_sizes(Model((Dense(w),)))


def test_a_matrix_can_be_read_back_from_the_sparse_parts() -> None:
    model = quantize_model(network([300, 9], sparsity=0.8), bits=5)
    layer = model.layers[0]
    assert layer.quantization is not None
    data, indices, ends = sparse(layer)
    assert (indices.dtype, ends.dtype) == (np.uint16, np.uint16)
    codes = from_bits(data, int(ends[-1]), 5, True)
    again = csr_matrix((codes, indices.astype(int), [0, *ends.astype(int)]), shape=(9, 300))
    assert as_lists(again.toarray()) == as_lists(layer.quantization.codes)


def test_sizes_by_hand() -> None:
    # 6 weights and 2 biases of 4 bytes; 3 weights stay, 1 byte of column each, 2 row ends.
    model = Model((Dense(np.float32([[1, 0, 2], [0, 0, -2]]), np.float32([0, 5])),))
    counts = count_model(model)
    assert (counts.bytes_dense, counts.bytes_packed) == (32, 32)
    assert counts.bytes_sparse == 3 * 4 + 3 * 1 + 2 * 1 + 2 * 4
    # Codes of 3 bits: 18 bits in 3 bytes, of those that stay 9 bits in 2; a scale of 8 bytes.
    counts = count_model(quantize_model(model, bits=3))
    assert counts.bytes_dense == 6 + 8 + 8
    assert counts.bytes_packed == 3 + 8 + 8
    assert counts.bytes_sparse == 2 + 3 + 2 + 8 + 8
    # Affine codes have a zero point of one byte beside the scale, for each of two rows.
    counts = count_model(quantize_model(model, bits=3, scheme="affine", axis=0))
    assert counts.bytes_packed == 3 + 2 * (8 + 1) + 8


# Operations


def test_operations_by_hand() -> None:
    counts = count_model(
        Model.from_arrays([[[1.0, 0.0, 2.0], [0.0, -0.0, 3.0]], [[0.0, 4.0]]], [[0.0, 1.0], [0.5]])
    )
    assert (counts.parameters, counts.nonzeros) == (6 + 2 + 2 + 1, 3 + 1 + 1 + 1)
    assert (counts.macs, counts.macs_nonzero, counts.flops) == (8, 4, 16)


def test_operations_are_those_that_plain_loops_do() -> None:
    model = network([5, 7, 4, 3], sparsity=0.4)
    every = useful = 0
    a = [1.0] * 5
    for layer in model.layers:
        z = [0.0] * layer.outputs
        for row in range(layer.outputs):
            for column in range(layer.inputs):
                z[row] += layer.weights[row, column] * a[column]
                every += 1
                useful += layer.weights[row, column] != 0
        a = z
    counts = count_model(model)
    assert (counts.macs, counts.macs_nonzero, counts.flops) == (every, useful, 2 * every)
    assert useful < every


def test_removed_neurons_count_for_nothing() -> None:
    model = prune_model(network([5, 8, 3]), sparsity=0.5, unit="neuron")
    assert count_model(model).macs == 5 * 4 + 4 * 3
    assert count_model(model).parameters == (5 + 1) * 4 + (4 + 1) * 3


# Energy


@BACKENDS
def test_energy_of_floats_by_hand(backend: Any) -> None:
    # 3 inputs, 2 neurons, 1 output: 6 + 2 products; 8 weights and 3 biases of 4 bytes.
    model = Model((Dense(np.ones((2, 3), np.float32)), Dense(np.ones((1, 2), np.float32))))
    energy = energy_model(model, backend=backend)
    assert energy.format == "dense"
    assert energy.proportional == pytest.approx(11e-6, rel=1e-15)
    assert (energy.mac_pj, energy.memory_pj, energy.activation_pj) == (3.7 + 0.9, 640.0, 5.0)
    assert energy.compute_pj == pytest.approx(8 * 4.6, rel=1e-14)
    assert energy.weights_pj == pytest.approx(11 * 640.0, rel=1e-14)
    assert energy.activations_pj == pytest.approx((3 + 2) * 5.0, rel=1e-14)
    assert energy.total_pj == pytest.approx(8 * 4.6 + 11 * 640 + 25, rel=1e-14)
    on_chip = energy_model(model, memory="sram", backend=backend)
    assert on_chip.memory_pj == 5.0
    assert on_chip.weights_pj == pytest.approx(55.0, rel=1e-14)
    assert on_chip.compute_pj == energy.compute_pj


@BACKENDS
def test_doubles_are_two_words_each(backend: Any) -> None:
    energy = energy_model(Model((Dense(np.ones((2, 3))),)), backend=backend)
    assert energy.weights_pj == pytest.approx(8 * 2 * 640.0, rel=1e-14)
    assert energy.activations_pj == pytest.approx(3 * 2 * 5.0, rel=1e-14)
    assert energy.compute_pj == pytest.approx(6 * 4.6, rel=1e-14)


@BACKENDS
def test_energy_of_a_sparse_model_by_hand(backend: Any) -> None:
    w = np.zeros((2, 100), np.float32)
    w[:, :10] = 1.0
    energy = energy_model(Model((Dense(w),)), backend=backend)
    assert energy.format == "sparse"
    # 20 weights of 4 bytes with a column of 1, 2 row ends of 1, 2 biases of 4: 110 bytes.
    assert energy.weights_pj == pytest.approx(110 / 4 * 640, rel=1e-14)
    assert energy.compute_pj == pytest.approx(20 * 4.6, rel=1e-14)
    assert energy.activations_pj == pytest.approx(100 * 5.0, rel=1e-14)


@BACKENDS
def test_energy_of_whole_numbers_by_hand(backend: Any) -> None:
    model = Model((Dense(np.arange(1, 9, dtype=np.float32).reshape(2, 4) / 8),))
    inputs = np.linspace(-1, 1, 8).reshape(2, 4)
    energy = energy_model(
        quantize_model(model, bits=4, activations=inputs, backend=backend), backend=backend
    )
    assert energy.format == "packed"
    assert energy.mac_pj == pytest.approx(0.2 + 0.1, rel=1e-15)
    assert energy.compute_pj == pytest.approx(8 * 0.3, rel=1e-14)
    # 8 codes of half a byte, a scale of 8 bytes and 2 biases of 4.
    assert energy.weights_pj == pytest.approx(20 / 4 * 640, rel=1e-14)
    assert energy.activations_pj == pytest.approx(4 * 4 / 32 * 5.0, rel=1e-14)


@pytest.mark.parametrize(
    ("bits", "scheme", "rounds_inputs", "is_whole"),
    [
        (8, "symmetric", True, True),
        (8, "affine", True, True),
        (8, "symmetric", False, False),
        (9, "symmetric", True, False),
        (8, "grid", True, False),  # nine bits in truth
        (7, "grid", True, True),
    ],
)
def test_only_models_of_whole_bytes_multiply_cheaply(
    bits: int, scheme: str, rounds_inputs: bool, is_whole: bool
) -> None:
    model = Model((Dense([[1.0, -0.5]], activation="relu"), Dense([[1.0]])))
    inputs = [[0.25, 1.0], [0.5, 0.0]] if rounds_inputs else None
    small = quantize_model(model, bits=bits, scheme=scheme, activations=inputs)
    assert energy_model(small).mac_pj == pytest.approx(0.3 if is_whole else 4.6, rel=1e-15)


def test_one_layer_of_floats_makes_the_products_floats() -> None:
    model = Model((Dense([[1.0, -0.5]]), Dense([[1.0]])))
    small = quantize_model(model, activations=[[0.25, 1.0]])
    mixed = Model((small.layers[0], model.layers[1]))
    assert energy_model(small).mac_pj == pytest.approx(0.3, rel=1e-15)
    assert energy_model(mixed).mac_pj == pytest.approx(4.6, rel=1e-15)


@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("bits", [None, 2, 8])
def test_the_format_is_the_smallest(sparsity: float, bits: int | None) -> None:
    model = network([20, 10], "float32", sparsity)
    small = model if bits is None else quantize_model(model, bits=bits)
    counts, energy = count_model(small), energy_model(small)
    sizes = {name: getattr(counts, f"bytes_{name}") for name in ("dense", "packed", "sparse")}
    assert sizes[energy.format] == min(sizes.values())
    assert energy.weights_pj == pytest.approx(min(sizes.values()) / 4 * 640, rel=1e-14)
    products = counts.macs_nonzero if energy.format == "sparse" else counts.macs
    assert energy.compute_pj == pytest.approx(products * energy.mac_pj, rel=1e-14)


@BACKENDS
def test_unknown_memory_is_refused(backend: Any) -> None:
    text = '^energy_model: MEMORY must be "dram" or "sram", got "flash"$'
    with pytest.raises(ValueError, match=text):
        energy_model(network([2, 2]), memory="flash", backend=backend)


# Time


@BACKENDS
def test_times_are_as_many_as_asked_for(backend: Any) -> None:
    seconds = time_model(network([20, 10]), np.ones((50, 20)), repeats=7, backend=backend)
    assert seconds.shape == (7,)
    assert seconds.dtype == np.float64
    assert ((seconds >= 0) & (seconds < 10)).all()
    assert seconds.max() > 0
