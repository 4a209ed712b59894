"""Models: frozen values with checked shapes, and the two shapes that Octave uses."""

from __future__ import annotations

import dataclasses

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
    for scheme in ("symmetric", "affine", "grid"):
        model = oc.quantize(small(), scheme=scheme, backend="numpy")
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
