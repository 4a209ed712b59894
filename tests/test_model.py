"""Models: frozen values with checked shapes, and the two shapes that Octave uses."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import octave_compress as oc
from octave_compress.equivalence.levels import EXACT, compare
from octave_compress.model import cells_from_layers


def small() -> oc.Model:
    return oc.Model.from_arrays([np.ones((3, 2)), np.ones((1, 3))], [[1, 2, 3], [4]])


def test_what_is_left_out_has_a_meaning() -> None:
    model = oc.Model.from_arrays([np.ones((3, 2)), np.ones((1, 3))])
    assert [layer.activation for layer in model.layers] == ["relu", "linear"]
    assert [layer.bias.tolist() for layer in model.layers] == [[0, 0, 0], [0]]
    assert model.sizes == (2, 3, 1)
    assert repr(model) == "Model(2-3-1, float64: relu, linear)"


def test_a_model_never_changes() -> None:
    weights = np.ones((3, 2))
    model = oc.Model.from_arrays([weights])
    weights[:] = 7
    assert model.layers[0].weights.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        model.layers[0].weights[0, 0] = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.layers[0].activation = "tanh"  # type: ignore[misc]


def test_operations_leave_their_model_alone() -> None:
    model = small()
    before = model.to_struct()
    oc.prune(model, sparsity=0.5, backend="numpy")
    oc.quantize(model, backend="numpy")
    oc.retrain(model, [[1.0, 2.0]], [3.0], epochs=2, backend="numpy")
    assert compare(model, oc.Model.from_struct(before), EXACT).mismatch is None


def shared(dtype: str = "float64") -> oc.Model:
    held = oc.Quantization.shared(np.array([[2, 0], [1, 2]]), [-0.5, 0.0, 0.1])
    weights = np.array([[0.1, -0.5], [0.0, 0.1]])
    return oc.Model((oc.Dense(weights, quantization=held),)).astype(dtype)


def test_a_codebook_says_what_codes_mean() -> None:
    held = shared().layers[0].quantization
    assert held is not None
    assert (held.scheme, held.bits, held.codes.dtype) == ("codebook", 2, np.uint8)
    assert held.scale is None
    assert held.zero_point is None
    assert not held.codebook.flags.writeable
    assert set(shared().to_struct()["layers"][0]) == {
        *("type", "weights", "bias", "activation", "codes", "codebook", "bits", "scheme")
    }


@pytest.mark.parametrize(
    ("levels", "bits", "kind"),
    [
        *[(1, 1, "uint8"), (2, 1, "uint8"), (3, 2, "uint8"), (256, 8, "uint8")],
        *[(257, 9, "uint16"), (65536, 16, "uint16"), (65537, 17, "uint32")],
    ],
)
def test_codes_take_the_smallest_type(levels: int, bits: int, kind: str) -> None:
    held = oc.Quantization.shared(np.array([[0, levels - 1]]), np.arange(float(levels)))
    assert (held.bits, held.codes.dtype) == (bits, np.dtype(kind))


def test_a_codebook_follows_the_float_type() -> None:
    single = shared("float32").layers[0]
    assert single.quantization is not None
    assert single.quantization.codebook.dtype == np.float32
    assert single.weights[0, 0] == np.float32(0.1)
    wide = shared("float32").astype("float64").layers[0]
    assert wide.quantization is not None
    assert wide.quantization.codebook.tolist() == [[-0.5, 0.0, float(np.float32(0.1))]]
    huge = oc.Dense([[1e300]], quantization=oc.Quantization.shared(np.array([[0]]), [1e300]))
    assert oc.Model((huge,)).astype("float32").layers[0].weights == np.finfo(np.float32).max


@pytest.mark.parametrize(
    ("codes", "levels", "message"),
    [
        ([[0, 3]], [1, 2, 3], "CODES must be in [0, 2], got 3"),
        ([[0, -1]], [1, 2, 3], "CODES must be in [0, 2], got -1"),
        ([[2**63]], [1], "CODES must be in [0, 0], got 9223372036854775808"),
        ([[0.0]], [1], "CODES must be a matrix of an integer class"),
        ([[0]], [2, 1], "CODEBOOK must be in ascending order"),
        ([[0]], [1, np.nan], "CODEBOOK must not contain NaN"),
        ([[0]], [1, np.inf], "CODEBOOK must not contain Inf"),
        ([[0]], [], "CODEBOOK must be one row of levels, got 1x0"),
        ([[0]], [[1, 2], [3, 4]], "CODEBOOK must be one row of levels, got 2x2"),
        ([[0]], "ab", "CODEBOOK must be a real matrix"),
    ],
)
def test_a_codebook_that_does_not_fit(codes: Any, levels: Any, message: str) -> None:
    with pytest.raises(oc.OctaveCompressError) as caught:
        oc.Quantization.shared(np.array(codes), levels)
    assert str(caught.value) == f"Quantization: {message}"


def test_each_scheme_has_its_own_fields() -> None:
    codes: Any = np.array([[0]], np.uint8)
    none: Any = None
    with pytest.raises(oc.InvalidValueError, match='SCALE must be left out for the scheme "code'):
        oc.Quantization(codes, np.ones((1, 1)), none, 1, "codebook", np.ones((1, 1)))
    with pytest.raises(oc.InvalidValueError, match="CODEBOOK must be left out"):
        oc.Quantization(codes, np.ones((1, 1)), np.zeros((1, 1)), 8, "affine", np.ones((1, 1)))
    with pytest.raises(oc.InvalidValueError, match="BITS must be 2 for 3 levels, got 8"):
        oc.Quantization(codes, none, none, 8, "codebook", np.ones((1, 3)))


def test_one_float_type_for_the_whole_network() -> None:
    model = oc.Model.from_arrays([np.ones((3, 2), np.float32), np.ones((1, 3))])
    assert {layer.weights.dtype for layer in model.layers} == {np.dtype(np.float64)}
    assert model.astype("float32").dtype == np.float32
    assert model.astype("float32").layers[0].bias.dtype == np.float32
    with pytest.raises(oc.InvalidValueError, match='DTYPE must be "float64" or "float32"'):
        model.astype("int8")


@pytest.mark.parametrize("layout", ["layers", "W"])
def test_struct_shapes_hold_everything(layout: str) -> None:
    model = oc.quantize(
        oc.prune(small(), sparsity=0.5, backend="numpy"), activations=[[1.0, 2.0]], backend="numpy"
    )
    struct = model.to_struct()
    if layout == "W":
        struct = cells_from_layers(struct["layers"])
    assert compare(oc.Model.from_struct(struct), model, EXACT).mismatch is None


def test_weights_are_decoded_from_codes_alone() -> None:
    schemes = ("symmetric", "affine", "grid")
    models = [oc.quantize(small(), scheme=scheme, backend="numpy") for scheme in schemes]
    for model in (*models, shared(), shared("float32")):
        struct = model.to_struct()
        for fields in struct["layers"]:
            del fields["weights"]
        assert compare(oc.Model.from_struct(struct), model, EXACT).mismatch is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: oc.Dense(np.ones((2, 2)), np.ones(3)), "BIAS must have 2 elements, got 3"),
        (lambda: oc.Dense(np.ones((2, 2)), activation="gelu"), 'got "gelu"'),
        (lambda: oc.Dense(np.ones((2, 2)), mask=np.ones((2, 3))), "MASK must have the size"),
        (lambda: oc.Dense(np.array([["a"]])), "WEIGHTS must be a real matrix"),
        (lambda: oc.Model(()), "LAYERS must be one or more Dense layers"),
        (
            lambda: oc.Model.from_arrays([np.ones((3, 2)), np.ones((1, 4))]),
            "layer 2 takes 4 inputs, got 3 from layer 1",
        ),
        (lambda: oc.Model.from_arrays([np.ones((3, 2))], [[0], [1]]), "be one a layer"),
        (lambda: oc.Model.from_struct({"x": 1}), "no field LAYERS, W or CODES"),
        (lambda: oc.Model.from_struct({"layers": []}), "it has no layers"),
    ],
)
def test_what_does_not_fit_is_refused(make: object, message: str) -> None:
    with pytest.raises(oc.OctaveCompressError, match=message):
        make()  # type: ignore[operator]


def quantized(scheme: str = "symmetric") -> oc.Model:
    return oc.quantize(oc.Model.from_arrays([[[0.5, -1.0]]]), scheme=scheme, backend="numpy")


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_are_read_only_too(again: Callable[[oc.Model], oc.Model]) -> None:
    model = oc.prune(quantized(), sparsity=0.5, backend="numpy")
    for original in (model, quantized(), shared()):
        other = again(original)
        assert compare(other, original, EXACT).mismatch is None
        layer = again(original.layers[0])
        for held in (layer, other.layers[0], layer.quantization):
            for array in vars(held).values() if held is not None else ():
                assert not isinstance(array, np.ndarray) or not array.flags.writeable


@pytest.mark.parametrize("scheme", ["symmetric", "affine", "grid"])
def test_codes_stand_for_the_weights(scheme: str) -> None:
    layer = quantized(scheme).layers[0]
    with pytest.raises(oc.InvalidValueError, match="Dense: CODES must stand for the weights"):
        dataclasses.replace(layer, weights=np.array([[7.0, 7.0]]))
    changed = dataclasses.replace(layer, weights=np.array([[7.0, 7.0]]), quantization=None)
    assert changed.weights.tolist() == [[7.0, 7.0]]


def test_codes_follow_the_float_type() -> None:
    single = oc.quantize(oc.Model.from_arrays([np.float32([[0.1, 0.7]])]), backend="numpy")
    wide = single.astype("float64").layers[0]
    assert wide.quantization is not None
    assert wide.weights.tolist() == (wide.quantization.codes * wide.quantization.scale).tolist()


def test_what_a_mask_forbids_is_zero() -> None:
    layer = oc.Dense(np.array([[1.0, 2.0]]), mask=np.array([[1, 0]]))
    assert layer.weights.tolist() == [[1.0, 0.0]]
    held = quantized().layers[0]
    masked = dataclasses.replace(held, mask=np.array([[False, True]]))
    assert masked.weights.tolist() == [[0.0, -1.0]]
    assert dataclasses.replace(masked, bias=np.array([1.0])).quantization is not None


CODES = np.array([[2, -4]], np.int8)


@pytest.mark.parametrize(
    "fields",
    [
        {"codes": CODES, "scale": 0.5, "scheme": "symmetric"},
        {"codes": CODES, "scale": 0.5, "scheme": "affine", "weights": np.zeros((0, 0))},
        {"codes": CODES, "scale": 0.5, "scheme": "affine", "codebook": np.zeros((0, 0))},
        {"weights": np.array([[1.0, -2.0]]), "bias": [], "mask": np.zeros((0, 0)), "scheme": ""},
    ],
)
def test_what_is_empty_is_missing(fields: dict[str, Any]) -> None:
    for struct in (
        {"layers": fields},
        cells_from_layers([fields]),
        {name: cell[0] for name, cell in cells_from_layers([fields]).items()},
    ):
        layer = oc.Model.from_struct(struct).layers[0]
        assert layer.weights.tolist() == [[1.0, -2.0]]
        assert layer.activation == "linear"
        assert layer.quantization is None or layer.quantization.bits == 8


@pytest.mark.parametrize(
    ("struct", "message"),
    [
        ({"layers": {"codes": CODES}}, "layer 1 must have scale beside codes"),
        ({"layers": {"codes": CODES, "scale": 1.0}}, "layer 1 must have scheme beside codes"),
        (
            {"layers": {"codes": CODES * 1.0, "scale": 1.0, "scheme": "grid"}},
            "CODES must be a matrix of an integer class",
        ),
        (
            {"layers": {"codes": CODES, "scale": np.ones((1, 3)), "scheme": "grid"}},
            "SCALE must have size 1x1, 1x1 or 1x2, got 1x3",
        ),
        ({"layers": {"codes": CODES, "scale": 0.0, "scheme": "grid"}}, "SCALE must be in .0, Inf"),
        ({"layers": {"codes": CODES, "scale": 1.0, "scheme": "x"}}, "SCHEME must be"),
        (
            {"layers": {"codes": CODES, "scale": 1.0, "scheme": "codebook"}},
            "layer 1 must have codebook beside codes",
        ),
        (
            {"layers": {"codes": CODES, "codebook": [1.0, 2.0, 3.0], "scheme": "codebook"}},
            "CODES must be in .0, 2., got -4",
        ),
        (
            {
                "layers": {
                    "codes": CODES * 0,
                    "codebook": [1.0, 2.0],
                    "scheme": "codebook",
                    "bits": 9,
                }
            },
            "BITS must be 1 for 2 levels, got 9",
        ),
        (
            {"layers": {"codes": CODES * 0, "codebook": [2.0, 1.0], "scheme": "codebook"}},
            "CODEBOOK must be in ascending order",
        ),
        (
            {"layers": {"codes": CODES * 0, "codebook": "text", "scheme": "codebook"}},
            "CODEBOOK must be a real matrix",
        ),
        (
            {"layers": {"codes": CODES, "scale": 1.0, "scheme": "grid", "bits": 0.5}},
            "BITS must be a whole number in .1, 64., got 0.5",
        ),
        (
            {"layers": {"codes": CODES, "scale": 1.0, "scheme": "affine", "weights": CODES + 1}},
            "CODES must stand for the weights",
        ),
        (
            {"layers": {"weights": 1.0, "input_scale": 1.0, "input_zero_point": 0.0}},
            "layer 1 must have input_bits beside input_scale",
        ),
        ({"layers": {"weights": 1.0, "mask": np.nan}}, "MASK must not contain NaN"),
        ({"layers": {"weights": 1.0, "activation": 3.0}}, "ACTIVATION must be"),
        ({"layers": 3.0}, "layer 1 must be a struct"),
        ({"W": [CODES, 1.0], "b": 3.0}, "b must be a cell array, one cell a layer"),
    ],
)
def test_a_struct_that_does_not_fit(struct: dict[str, Any], message: str) -> None:
    with pytest.raises(oc.ModelFileError, match=message):
        oc.Model.from_struct(struct)
