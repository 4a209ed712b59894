"""Networks as plain frozen values: what every operation takes and returns.

A :class:`Model` is a tuple of layers. Arrays inside are copies and read-only, so a model
never changes once it exists; operations return a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.errors import ModelFileError

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "softmax")
SCHEMES = ("grid", "symmetric", "affine")

Struct = Mapping[str, Any]


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    copy = np.array(array, order="C")
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True, eq=False)
class Quantization:
    """How a weight matrix is held in whole numbers: ``(codes - zero_point) * scale``.

    Attributes
    ----------
    codes : ndarray of int, (out, in)
        Whole numbers in the smallest type that holds `bits`.
    scale, zero_point : ndarray of float64, (1, 1), (out, 1) or (1, in)
        One value for the tensor, or one a channel.
    bits : int
        Bits that one code needs.
    scheme : {"grid", "symmetric", "affine"}
        ``"grid"`` decodes as ``codes / (1 / scale)``: a division by the number of levels.
    """

    codes: NDArray[np.integer[Any]]
    scale: NDArray[np.float64]
    zero_point: NDArray[np.float64]
    bits: int
    scheme: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", _frozen(np.atleast_2d(self.codes)))
        for name in ("scale", "zero_point"):
            value = np.atleast_2d(np.asarray(getattr(self, name), dtype=np.float64))
            object.__setattr__(self, name, _frozen(value))


@dataclass(frozen=True)
class InputRange:
    """How the values that enter a layer are held in whole numbers (affine, one scale)."""

    scale: float
    zero_point: float
    bits: int


@dataclass(frozen=True, eq=False)
class Dense:
    """A fully connected layer: ``activation(weights @ x + bias)``.

    Parameters
    ----------
    weights : array_like, (out, in)
        float32 or float64; anything else becomes float64.
    bias : array_like, (out,), optional
        Zeros if left out. Held in the type of the weights.
    activation : {"linear", "relu", "sigmoid", "tanh", "softmax"}
    mask : array_like of bool, (out, in), optional
        False where a connection was pruned. Retraining keeps those at zero.
    quantization : Quantization, optional
        The whole numbers that `weights` stand for.
    input_range : InputRange, optional
        How the layer's inputs are rounded when the model predicts.
    """

    type: ClassVar[str] = "dense"

    weights: NDArray[np.floating[Any]]
    bias: NDArray[np.floating[Any]] = None  # type: ignore[assignment]
    activation: str = "relu"
    mask: NDArray[np.bool_] | None = None
    quantization: Quantization | None = None
    input_range: InputRange | None = None

    def __post_init__(self) -> None:
        op = "Dense"
        weights = checks.matrix(op, "WEIGHTS", self.weights, allow="nan")
        bias = np.zeros(len(weights)) if self.bias is None else np.asarray(self.bias)
        bias = checks.matrix(op, "BIAS", bias.reshape(-1), allow="nan").reshape(-1)
        if bias.size != len(weights):
            checks.value_error(op, "BIAS", f"have {len(weights)} elements", str(bias.size))
        checks.choice(op, "ACTIVATION", self.activation, ACTIVATIONS)
        object.__setattr__(self, "weights", _frozen(weights))
        object.__setattr__(self, "bias", _frozen(bias.astype(weights.dtype)))
        if self.mask is not None:
            mask = np.atleast_2d(np.asarray(self.mask)).astype(bool)
            checks.same_size(op, "MASK", mask, "WEIGHTS", weights)
            object.__setattr__(self, "mask", _frozen(mask))
        if self.quantization is not None:
            checks.same_size(op, "CODES", self.quantization.codes, "WEIGHTS", weights)

    @property
    def inputs(self) -> int:
        """Values that enter."""
        return int(self.weights.shape[1])

    @property
    def outputs(self) -> int:
        """Values that leave."""
        return int(self.weights.shape[0])


Layer = Dense


@dataclass(frozen=True, eq=False)
class Model:
    """A feed-forward network.

    Parameters
    ----------
    layers : sequence of Dense
        From input to output; the sizes must fit and the float types agree.

    Examples
    --------
    >>> import octave_compress as oc
    >>> oc.Model.from_arrays([[[1.0, -1.0]]], [[0.5]])
    Model(2-1, float64: linear)
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        op = "Model"
        layers = tuple(self.layers)
        if not layers or not all(isinstance(layer, Dense) for layer in layers):
            checks.type_error(op, "LAYERS", "be one or more Dense layers")
        for i, (before, after) in enumerate(pairwise(layers), start=2):
            if after.inputs != before.outputs:
                checks.value_error(
                    op,
                    "LAYERS",
                    f"fit: layer {i} takes {after.inputs} inputs",
                    f"{before.outputs} from layer {i - 1}",
                )
        dtype = np.result_type(*(layer.weights.dtype for layer in layers))
        object.__setattr__(
            self,
            "layers",
            tuple(
                layer if layer.weights.dtype == dtype else _cast(layer, dtype) for layer in layers
            ),
        )

    @classmethod
    def from_arrays(
        cls,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike] | None = None,
        activations: Sequence[str] | None = None,
    ) -> Model:
        """Return a model of dense layers.

        Parameters
        ----------
        weights : sequence of array_like, each (out, in)
        biases : sequence of array_like, each (out,), optional
            Zeros if left out.
        activations : sequence of str, optional
            relu for hidden layers and linear for the last if left out.
        """
        count = len(weights)
        chosen = activations or default_activations(count)
        given = biases or [None] * count  # type: ignore[list-item]
        if not len(chosen) == len(given) == count:
            checks.value_error("Model", "BIASES and ACTIVATIONS", "be one a layer")
        return cls(
            tuple(
                Dense(np.asarray(w), None if b is None else np.asarray(b), a)
                for w, b, a in zip(weights, given, chosen, strict=True)
            )
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Width of the input and of every layer, ``(64, 32, 10)`` for instance."""
        return (self.layers[0].inputs, *(layer.outputs for layer in self.layers))

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.layers[0].weights.dtype

    def astype(self, dtype: str) -> Model:
        """Return the model with its weights and biases in `dtype`, float32 or float64."""
        checks.choice("Model", "DTYPE", dtype, ("float64", "float32"))
        return Model(tuple(_cast(layer, np.dtype(dtype)) for layer in self.layers))

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"Model({sizes}, {self.dtype}: {', '.join(a.activation for a in self.layers)})"

    def to_struct(self) -> dict[str, Any]:
        """Return the nested form that the ``.m`` functions and ``.mat`` files use.

        One field, ``layers``: a list of dicts with ``type``, ``weights``, ``bias`` (a column),
        ``activation`` and, where the layer has them, ``mask``, ``codes``, ``scale``,
        ``zero_point``, ``bits``, ``scheme``, ``input_scale``, ``input_zero_point``,
        ``input_bits``.
        """
        return {"layers": [_layer_struct(layer) for layer in self.layers]}

    @classmethod
    def from_struct(cls, struct: Struct) -> Model:
        """Return the model that a ``.m`` function's struct or a ``.mat`` file's content means.

        Takes both shapes: ``layers`` (a list of structs) and ``W`` with ``b``. Missing biases
        are zeros, missing activations relu for hidden layers and linear for the last, missing
        weights are decoded from their codes. Other fields are ignored.

        Raises
        ------
        ModelFileError
            If it is not a model.
        """
        return cls(tuple(_layer_from(fields) for fields in _layer_fields(struct)))


def default_activations(count: int) -> list[str]:
    """Return what missing activations mean: relu for hidden layers, linear for the last."""
    return ["relu"] * (count - 1) + ["linear"]


def replace_weights(layer: Layer, weights: NDArray[Any], **changes: Any) -> Layer:
    """Return `layer` with other weights, and without the codes that no longer match them."""
    return replace(layer, weights=weights, **{"quantization": None, **changes})


def decode(quantization: Quantization) -> NDArray[np.float64]:
    """Return the weights that the codes stand for, as float64."""
    codes = quantization.codes.astype(np.float64)
    if quantization.scheme == "grid":
        return codes / np.round(1.0 / quantization.scale)
    return (codes - quantization.zero_point) * quantization.scale


def _cast(layer: Layer, dtype: np.dtype[Any]) -> Layer:
    return replace(layer, weights=layer.weights.astype(dtype), bias=layer.bias.astype(dtype))


def _layer_struct(layer: Layer) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "type": layer.type,
        "weights": layer.weights,
        "bias": layer.bias[:, None],
        "activation": layer.activation,
    }
    if layer.mask is not None:
        fields["mask"] = layer.mask
    if layer.quantization is not None:
        for name in ("codes", "scale", "zero_point", "bits", "scheme"):
            fields[name] = getattr(layer.quantization, name)
    if layer.input_range is not None:
        for name in ("scale", "zero_point", "bits"):
            fields[f"input_{name}"] = getattr(layer.input_range, name)
    return fields


# The W-shaped struct holds one cell per property; these are the layer fields that they mean.
_CELLS = {
    "W": "weights",
    "b": "bias",
    "activation": "activation",
    "mask": "mask",
    "codes": "codes",
    "scale": "scale",
    "zero_point": "zero_point",
    "bits": "bits",
    "scheme": "scheme",
    "input_scale": "input_scale",
    "input_zero_point": "input_zero_point",
    "input_bits": "input_bits",
}


def _layer_fields(struct: Struct) -> list[dict[str, Any]]:
    if "layers" in struct:
        layers = [dict(layer) for layer in _as_list(struct["layers"])]
    elif "W" in struct or "codes" in struct:
        count = len(_as_list(struct.get("W", struct.get("codes"))))
        layers = [{} for _ in range(count)]
        for cell, name in _CELLS.items():
            values = _as_list(struct[cell]) if cell in struct else []
            for fields, value in zip(layers, values, strict=False):
                if not (isinstance(value, np.ndarray) and value.size == 0):
                    fields[name] = value
    else:
        found = ", ".join(sorted(map(str, struct))) or "nothing"
        raise ModelFileError(f"not a model: no field LAYERS, W or CODES (found {found})")
    if not layers:
        raise ModelFileError("not a model: it has no layers")
    for fields, activation in zip(layers, default_activations(len(layers)), strict=True):
        fields.setdefault("activation", activation)
    return layers


def cells_from_layers(layers: Sequence[Struct]) -> dict[str, list[Any]]:
    """Return the W-shaped struct for a list of layer structs; ``[]`` where a layer lacks one."""
    return {
        cell: [layer.get(name, np.zeros((0, 0))) for layer in layers]
        for cell, name in _CELLS.items()
        if any(name in layer for layer in layers)
    }


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, np.ndarray) and value.dtype != object:
        return [value]
    if isinstance(value, np.ndarray):
        return list(value.ravel(order="F"))
    return list(value)


def _number(value: Any) -> float:
    return float(np.asarray(value).item())


def _layer_from(fields: dict[str, Any]) -> Layer:
    kind = fields.get("type", "dense")
    if kind != Dense.type:
        raise ModelFileError(f'not a model that this version knows: layer type "{kind}"')
    if "weights" not in fields and "codes" not in fields:
        raise ModelFileError("not a model: a layer has neither WEIGHTS nor CODES")
    quantization = input_range = None
    if "codes" in fields:
        quantization = Quantization(
            fields["codes"],
            fields["scale"],
            fields["zero_point"],
            int(_number(fields["bits"])),
            str(fields["scheme"]),
        )
    if "input_scale" in fields:
        input_range = InputRange(
            _number(fields["input_scale"]),
            _number(fields["input_zero_point"]),
            int(_number(fields["input_bits"])),
        )
    bias = fields.get("bias")
    weights = fields.get("weights")
    if weights is None and quantization is not None:
        dtype = np.float64 if bias is None else np.asarray(bias).dtype
        weights = decode(quantization).astype(dtype)
    return Dense(
        np.atleast_2d(np.asarray(weights)),
        None if bias is None else np.asarray(bias).reshape(-1),  # type: ignore[arg-type]
        str(fields["activation"]),
        None if "mask" not in fields else np.atleast_2d(np.asarray(fields["mask"])),
        quantization,
        input_range,
    )
