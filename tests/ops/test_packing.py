"""Packed models: what goes in comes out, small, and nothing else is ever read."""

from __future__ import annotations

import hashlib
import lzma
import zlib
from pathlib import Path
from typing import Any

import mutations
import numpy as np
import pytest
from generators import HypothesisSource
from hypothesis import given, settings
from hypothesis import strategies as st

import octave_compress as oc
from octave_compress import ops
from octave_compress.equivalence.cases import CASES

BACKENDS = ["numpy", pytest.param("octave", marks=pytest.mark.octave)]
RANDOM = np.random.default_rng(0)


def pack(model: oc.Model, **options: Any) -> bytes:
    return ops.pack_model(model, backend="numpy", **options).tobytes()


def unpack(packed: bytes, backend: Any = "numpy") -> oc.Model:
    return ops.unpack_model(packed, backend=backend)


def assert_same(read: oc.Model, model: oc.Model) -> None:
    """Require the same function: weights, biases, activations, types, ranges and masks."""
    assert read.dtype == model.dtype
    for a, b in zip(read.layers, model.layers, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.bias, b.bias)
        assert a.activation == b.activation
        assert a.input_range == b.input_range
        assert (a.mask is None) == (b.mask is None)
        if a.mask is not None:
            np.testing.assert_array_equal(a.mask, b.weights != 0)


def network(*weights: Any, dtype: Any = np.float32) -> oc.Model:
    return oc.Model.from_arrays([np.asarray(w, dtype) for w in weights])


@st.composite
def models(draw: st.DrawFn) -> oc.Model:
    return CASES["pack_model"](HypothesisSource(draw))[0][0]


@settings(deadline=None, max_examples=60)
@given(models())
def test_any_model_comes_back(model: oc.Model) -> None:
    packed = pack(model)
    read = unpack(packed)
    assert_same(read, model)
    assert pack(read) == packed


EDGES: dict[str, oc.Model] = {
    "one weight": network([[0.5]]),
    "no inputs": network(np.zeros((3, 0)), np.ones((2, 3))),
    "no neurons": network(np.zeros((0, 4)), np.zeros((2, 0))),
    "all zero": network(np.zeros((30, 40))),
    "many zeros": network(np.zeros((2000, 1000))),
    "one level": network(np.full((30, 40), -0.25)),
    "one level beside zero": network(RANDOM.random((30, 40)) < 0.1),
    "2^16 levels": network((np.arange(2**17) % 2**16 - 300).reshape(512, 256)),
    "2^16 + 1 levels": network((np.arange(2**17) % (2**16 + 1)).reshape(512, 256)),
    "all different": network(RANDOM.normal(size=(40, 50)), dtype=np.float64),
    "sparse floats": network(RANDOM.normal(size=(90, 90)) * (RANDOM.random((90, 90)) < 0.1)),
    "subnormal": network([[5e-324, 0.0, -1.7e308]], dtype=np.float64),
    "single subnormal": network([[1e-45, 3e38]]),
    "many of few": network(RANDOM.integers(0, 9, (600, 500))),
    "sparse and large": network(
        RANDOM.integers(1, 9, (900, 800)) * (RANDOM.random((900, 800)) < 0.1)
    ),
    "full neurons": network(np.ones((5, 49)) * np.array([[1], [0], [2], [-1], [1]])),
    "empty neurons": network(np.eye(12)[[0, 3, 3, 11]]),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", EDGES)
def test_edges_come_back(name: str, backend: Any) -> None:
    packed = ops.pack_model(EDGES[name], backend=backend)
    assert_same(unpack(packed.tobytes(), backend), EDGES[name])
    assert packed.tobytes() == pack(EDGES[name])


def test_zeros_lose_their_sign_alone() -> None:
    model = network([[-0.0, 1.0]])
    weights = unpack(pack(model)).layers[0].weights
    assert weights.tolist() == [[0.0, 1.0]]
    assert not np.signbit(weights).any()


def test_few_levels_come_back_as_a_codebook() -> None:
    held = unpack(pack(network([[0.5, -1.0, 0.5, 0.0]]))).layers[0].quantization
    assert held is not None
    assert held.codebook is not None
    assert held.codebook.tolist() == [[-1.0, 0.0, 0.5]]
    assert held.codes.tolist() == [[2, 0, 2, 1]]


def test_levels_that_no_weight_has_are_forgotten() -> None:
    held = oc.Quantization.shared([[1, 3, 3]], np.array([[-1.0, 0.0, 0.25, 0.5]], np.float32))
    layer = oc.Dense(np.array([[0.0, 0.5, 0.5]], np.float32), None, "linear", None, held)
    read = unpack(pack(oc.Model((layer,)))).layers[0].quantization
    assert read is not None
    assert read.codebook is not None
    assert read.codebook.tolist() == [[0.0, 0.5]]


def test_everything_that_predicts_is_inside() -> None:
    X, y = RANDOM.random((40, 16)), RANDOM.integers(0, 3, 40)
    model = oc.train(X, y, [16, 9, 3], epochs=1, backend="numpy")
    model = ops.prune_model(model, sparsity=0.5, backend="numpy")
    model = oc.quantize(model, bits=4, activations=X, backend="numpy")
    read = unpack(pack(model))
    assert_same(read, model)
    predicted = oc.predict(read, X, backend="numpy")
    np.testing.assert_array_equal(predicted, oc.predict(model, X, backend="numpy"))


def sparse_network() -> oc.Model:
    """Return a network whose neurons look at patches of an image, as trained ones do."""
    random = np.random.default_rng(1)
    first = np.zeros((60, 28, 28))
    for image in first:
        y, x = random.integers(6, 20, 2)
        at = np.unique(np.clip(random.normal(0, 2, (12, 2)).round().astype(int), -5, 5), axis=0)
        image[y + at[:, 0], x + at[:, 1]] = random.choice([-0.5, 0.5]) * random.integers(1, 3)
    first = first.reshape(60, 784)
    counts = (first != 0).sum(axis=1)
    first = first[np.lexsort(((first != 0).argmax(axis=1), -counts))]
    last = random.integers(-1, 2, (10, 60)) * 0.25
    return network(first, last)


def test_positions_cost_less_than_if_they_were_anywhere() -> None:
    model = sparse_network()
    flat = 0.0
    for layer in model.layers:
        share = np.count_nonzero(layer.weights) / layer.weights.size
        rest = 1 - share
        flat -= layer.weights.size * (share * np.log2(share) + rest * np.log2(rest)) / 8
    nonzeros = sum(np.count_nonzero(layer.weights) for layer in model.layers)
    assert len(pack(model)) < 0.75 * (flat + nonzeros * 2 / 8)


def test_a_small_model_has_a_small_header() -> None:
    assert len(pack(network([[0.5]]))) <= 25
    assert len(pack(network(np.zeros((300, 784)), np.zeros((100, 300)), np.zeros((10, 100))))) <= 40


def test_large_codes_are_smaller_than_by_zlib_and_lzma() -> None:
    codes = np.clip(np.round(RANDOM.normal(15.5, 5, (500, 800))), 0, 31).astype(np.uint8)
    model = network(np.linspace(-1, 1, 32)[codes])
    size = len(pack(model))
    assert size < len(zlib.compress(codes.tobytes(), 9))
    assert size < len(lzma.compress(codes.tobytes()))


def test_deep_compressions_coding_costs_what_it_counts_and_its_tables() -> None:
    model = sparse_network()
    packed = pack(model, coding="huffman")
    assert_same(unpack(packed), model)
    counted = ops.count_huffman_model(model, backend="numpy")
    bits = counted[:, 3:5].sum()
    assert bits / 8 < len(packed) < bits / 8 + 400
    assert (counted[:, 3:5] <= counted[:, 1:3]).all()
    assert len(pack(model)) < len(packed)


# Damage


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_cut_and_every_bit_is_noticed(backend: Any) -> None:
    packed = pack(network([[0.5, 0.0, -0.5, 0.0, 0.25, 0.0]]))
    broken = [packed[:size] for size in range(len(packed))] + [packed + b"\0"]
    for at in range(8 * len(packed)):
        changed = bytearray(packed)
        changed[at // 8] ^= 1 << at % 8
        broken.append(bytes(changed))
    for data in broken:
        with pytest.raises(oc.ModelFileError, match="unpack_model: PACKED"):
            unpack(data, backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_newer_version_is_named(backend: Any) -> None:
    packed = bytearray(pack(network([[0.5]])))
    packed[3] = 2
    with pytest.raises(oc.ModelFileError, match="PACKED has version 2, this package reads 1"):
        unpack(bytes(packed), backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_follows_the_end_is_refused_with_a_right_checksum_too(backend: Any) -> None:
    packed = mutations.signed(pack(network([[0.5, 0.25]])) + b"\x00\x01" * 5)
    assert packed[4:8] == hashlib.md5(packed[8:]).digest()[:4]
    with pytest.raises(oc.ModelFileError, match="PACKED is damaged"):
        unpack(packed, backend)


@pytest.mark.parametrize("sign", [False, True])
def test_damaged_files_in_numpy(sign: bool) -> None:
    outcomes, _, megabytes = mutations.by_numpy(mutations.batch(400, 1, sign=sign))
    assert set(outcomes) <= set(mutations.OUTCOMES[: 1 + sign])
    assert megabytes < 100


@pytest.mark.octave
@pytest.mark.parametrize("sign", [False, True])
def test_damaged_files_in_octave(sign: bool) -> None:
    outcomes, _, megabytes = mutations.by_octave(mutations.batch(400, 1, sign=sign))
    assert set(outcomes) <= set(mutations.OUTCOMES[: 1 + sign])
    assert len(outcomes) == 400
    assert megabytes < 100


# Files


@pytest.mark.parametrize(("name", "options"), [("m.ocz", {}), ("m.mat", {"layout": "packed"})])
def test_packed_files_are_read_as_they_were_written(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    model = sparse_network()
    oc.save(tmp_path / name, model, **options)
    assert_same(oc.load(tmp_path / name), model)
    size = (tmp_path / name).stat().st_size
    assert size - len(pack(model)) == 0 if name == "m.ocz" else size - len(pack(model)) < 250


def test_damaged_packed_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "m.ocz").write_bytes(pack(network([[0.5]]))[:-1])
    with pytest.raises(oc.ModelFileError, match=r"m\.ocz: .*PACKED is damaged"):
        oc.load(tmp_path / "m.ocz")
