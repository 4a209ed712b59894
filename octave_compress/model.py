"""Networks as plain frozen values: what every operation takes and returns.

A :class:`Model` is a tuple of layers. Arrays inside are copies and read-only, so a model
never changes once it exists; operations return a new one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise, starmap
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.errors import InvalidTypeError, InvalidValueError, ModelFileError

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "softmax")
SCHEMES = ("grid", "symmetric", "affine", "codebook")
_STALE = "stand for the weights (leave quantization out if they changed)"

# Elements of a sparse matrix that are made full: a file of a few bytes can claim any number.
_MOST_DENSE = 1 << 27

Struct = Mapping[str, Any]


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    copy = np.array(array, order="C")
    copy.flags.writeable = False
    return copy


class _Remade:
    """Makes copies, pickled or not, by its class: what holds for one value holds for its copy."""

    def __reduce__(self) -> Any:
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        return type(self), tuple(values)


@dataclass(frozen=True, eq=False)
class Quantization(_Remade):
    """How a weight matrix is held in whole numbers: ``(codes - zero_point) * scale``.

    With the scheme ``"codebook"`` the weights share levels instead: ``codebook[0, codes]``.
    `shared` makes such a one.

    Attributes
    ----------
    codes : ndarray of int, (out, in)
        Whole numbers in the smallest type that holds `bits`; from 0 for a codebook.
    scale, zero_point : ndarray of float64, (1, 1), (out, 1) or (1, in)
        One value for the tensor, or one a channel. None for a codebook.
    bits : int
        Bits that one code needs.
    scheme : {"grid", "symmetric", "affine", "codebook"}
        ``"grid"`` decodes as ``codes / (1 / scale)``: a division by the number of levels.
    codebook : ndarray, (1, k)
        The levels, ascending; inside a layer in the type of its weights. None for the other
        schemes.
    """

    codes: NDArray[np.integer[Any]]
    # None only beside a codebook, which whoever reads them has looked for.
    scale: NDArray[np.float64]
    zero_point: NDArray[np.float64]
    bits: int
    scheme: str
    codebook: NDArray[np.floating[Any]] | None = None

    def __post_init__(self) -> None:
        op = "Quantization"
        codes = np.asarray(self.codes)
        if codes.dtype.kind not in "iu" or codes.ndim > 2:
            checks.type_error(op, "CODES", "be a matrix of an integer class")
        codes = np.atleast_2d(codes)
        checks.choice(op, "SCHEME", self.scheme, SCHEMES)
        object.__setattr__(self, "bits", checks.integer(op, "BITS", self.bits, "[1, 64]"))
        if self.scheme == "codebook":
            levels = checks.levels(op, "CODEBOOK", self.codebook)
            object.__setattr__(self, "codebook", _frozen(levels))
            codes = self._codes_of(op, codes, levels.size)
        else:
            for name in ("scale", "zero_point"):
                value = checks.per_channel(op, name.upper(), getattr(self, name), codes)
                object.__setattr__(self, name, _frozen(value))
            if not (self.scale > 0).all():
                got = checks.number_text(float(self.scale.min()))
                checks.value_error(op, "SCALE", "be in (0, Inf)", got)
        for name in ("scale", "zero_point") if self.scheme == "codebook" else ("codebook",):
            if getattr(self, name) is not None:
                requirement = f'be left out for the scheme "{self.scheme}"'
                checks.value_error(op, name.upper(), requirement)
        object.__setattr__(self, "codes", _frozen(codes))

    @classmethod
    def shared(cls, codes: ArrayLike, codebook: ArrayLike) -> Quantization:
        """Return the scheme ``"codebook"``: `codes` say, from 0, which level each weight shares."""
        bits = bits_for(np.size(codebook))
        none: Any = None
        return cls(np.asarray(codes), none, none, bits, "codebook", np.asarray(codebook))

    def _codes_of(self, op: str, codes: NDArray[Any], count: int) -> NDArray[Any]:
        """Return codes that point into a codebook of so many levels, in the smallest type."""
        if self.bits != bits_for(count):
            checks.value_error(
                op, "BITS", f"be {bits_for(count)} for {count} levels", f"{self.bits}"
            )
        beyond = codes.ravel(order="F")
        beyond = beyond[(beyond < 0) | (beyond >= count)]
        if beyond.size:
            checks.value_error(op, "CODES", f"be in [0, {count - 1}]", f"{beyond[0]}")
        return codes.astype(code_type("uint", self.bits))


@dataclass(frozen=True)
class InputRange:
    """How the values that enter a layer are held in whole numbers (affine, one scale)."""

    scale: float
    zero_point: float
    bits: int

    def __post_init__(self) -> None:
        op = "InputRange"
        values = (
            checks.number(op, "SCALE", self.scale, "(0, Inf)"),
            checks.number(op, "ZERO_POINT", self.zero_point, "(-Inf, Inf)"),
            checks.integer(op, "BITS", self.bits, "[1, 64]"),
        )
        for name, value in zip(("scale", "zero_point", "bits"), values, strict=True):
            object.__setattr__(self, name, value)


@dataclass(frozen=True, eq=False)
class Dense(_Remade):
    """A fully connected layer: ``activation(weights @ x + bias)``.

    Parameters
    ----------
    weights : array_like, (out, in)
        float32 or float64; anything else becomes float64.
    bias : array_like, (out,), optional
        Zeros if left out. Held in the type of the weights.
    activation : {"linear", "relu", "sigmoid", "tanh", "softmax"}
    mask : array_like of bool, (out, in), optional
        False where a connection was pruned: its weight is zero, and retraining keeps it there.
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
        if self.mask is not None:
            mask = checks.matrix(op, "MASK", self.mask) != 0
            checks.same_size(op, "MASK", mask, "WEIGHTS", weights)
            object.__setattr__(self, "mask", _frozen(mask))
        object.__setattr__(self, "weights", _frozen(self._held(weights)))
        object.__setattr__(self, "bias", _frozen(bias.astype(weights.dtype)))
        held = self.quantization
        if held is not None:
            checks.same_size(op, "CODES", held.codes, "WEIGHTS", weights)
            if not np.array_equal(self._held(decode(held, weights.dtype)), self.weights):
                checks.value_error(op, "CODES", _STALE)
            if held.codebook is not None and held.codebook.dtype != weights.dtype:
                levels = limited(held.codebook, weights.dtype)
                object.__setattr__(self, "quantization", replace(held, codebook=levels))

    def _held(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Return weights that are zero where the mask forbids a connection."""
        return weights if self.mask is None else np.where(self.mask, weights, weights.dtype.type(0))

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
        ``zero_point`` or ``codebook``, ``bits``, ``scheme``, ``input_scale``,
        ``input_zero_point``, ``input_bits``.
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
        try:
            return cls(tuple(starmap(_layer_from, enumerate(_layer_fields(struct), start=1))))
        except (InvalidTypeError, InvalidValueError) as error:
            raise ModelFileError(f"not a model: {error}") from error


def default_activations(count: int) -> list[str]:
    """Return what missing activations mean: relu for hidden layers, linear for the last."""
    return ["relu"] * (count - 1) + ["linear"]


def replace_weights(layer: Layer, weights: NDArray[Any], **changes: Any) -> Layer:
    """Return `layer` with other weights, and without the codes that no longer match them."""
    return replace(layer, weights=weights, **{"quantization": None, **changes})


def decode(quantization: Quantization, dtype: Any = np.float64) -> NDArray[Any]:
    """Return the weights that the codes stand for, limited to what `dtype` can hold."""
    if quantization.codebook is not None:
        shared: NDArray[Any] = limited(quantization.codebook, dtype)[0][quantization.codes]
        return shared
    codes = quantization.codes.astype(np.float64)
    if quantization.scheme == "grid":
        weights = codes / np.maximum(np.round(1.0 / quantization.scale), 1.0)
    else:
        weights = (codes - quantization.zero_point) * quantization.scale
    return limited(weights, dtype)


def bits_for(levels: int) -> int:
    """Return the bits that the code of one of so many levels needs, at least 1."""
    return max(1, (levels - 1).bit_length())


def code_type(kind: str, bits: int) -> str:
    """Return the smallest integer type of a kind, ``int`` or ``uint``, with that many bits."""
    return f"{kind}{next((size for size in (8, 16, 32) if bits <= size), 64)}"


def limited(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return `values` in a float type, where they saturate."""
    largest = float(np.finfo(dtype).max)
    return np.clip(values.astype(np.float64), -largest, largest).astype(dtype)


def _cast(layer: Layer, dtype: np.dtype[Any]) -> Layer:
    held = layer.quantization
    weights = layer.weights.astype(dtype) if held is None else decode(held, dtype)
    return replace(layer, weights=weights, bias=layer.bias.astype(dtype))


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
        for name in ("codes", "scale", "zero_point", "codebook", "bits", "scheme"):
            if getattr(layer.quantization, name) is not None:
                fields[name] = getattr(layer.quantization, name)
    if layer.input_range is not None:
        for name in ("scale", "zero_point", "bits"):
            fields[f"input_{name}"] = getattr(layer.input_range, name)
    return fields


# The W-shaped struct holds one cell per property; these are the layer fields that they mean.
_CELLS = {
    "W": "weights",
    "codes": "codes",
    "b": "bias",
    "activation": "activation",
    "mask": "mask",
    "scale": "scale",
    "zero_point": "zero_point",
    "codebook": "codebook",
    "bits": "bits",
    "scheme": "scheme",
    "input_scale": "input_scale",
    "input_zero_point": "input_zero_point",
    "input_bits": "input_bits",
}


def _layer_fields(struct: Struct) -> list[dict[str, Any]]:
    if "layers" in struct:
        given = _as_list(struct["layers"])
    elif "W" in struct or "codes" in struct:
        given = _layers_from_cells(struct)
    else:
        found = ", ".join(sorted(map(str, struct))) or "nothing"
        raise ModelFileError(f"not a model: no field LAYERS, W or CODES (found {found})")
    if not given:
        raise ModelFileError("not a model: it has no layers")
    layers: list[dict[str, Any]] = []
    for layer, activation in zip(given, default_activations(len(given)), strict=True):
        if not isinstance(layer, Mapping):
            raise ModelFileError(f"not a model: layer {len(layers) + 1} must be a struct")
        present = {name: _dense(value) for name, value in layer.items() if not _missing(value)}
        layers.append({"activation": activation, **present})
    return layers


def _layers_from_cells(struct: Struct) -> list[dict[str, Any]]:
    given = {cell: struct[cell] for cell in _CELLS if not _missing(struct.get(cell))}
    count = len(_as_list(next(iter(given.values()), [])))
    layers: list[dict[str, Any]] = [{} for _ in range(count)]
    for cell, value in given.items():
        if count > 1 and not _is_list(value):
            raise ModelFileError(f"not a model: {cell} must be a cell array, one cell a layer")
        for layer, part in zip(layers, _as_list(value), strict=False):
            layer[_CELLS[cell]] = part
    return layers


def _missing(value: Any) -> bool:
    """Return whether a value is Octave's ``[]``, ``''`` or ``{}``: what fills a struct array."""
    if value is None or isinstance(value, str | list):
        return not value
    return isinstance(value, np.ndarray) and value.shape == (0, 0)


def _dense(value: Any) -> Any:
    """Return a sparse matrix in full."""
    if not hasattr(value, "toarray"):
        return value
    if math.prod(value.shape) > _MOST_DENSE:
        raise ModelFileError(f"a sparse matrix of {checks.size_text(value)} is too large")
    return value.toarray()


def cells_from_layers(layers: Sequence[Struct]) -> dict[str, list[Any]]:
    """Return the W-shaped struct for a list of layer structs; ``[]`` where a layer lacks one."""
    return {
        cell: [layer.get(name, np.zeros((0, 0))) for layer in layers]
        for cell, name in _CELLS.items()
        if any(name in layer for layer in layers)
    }


def _is_list(value: Any) -> bool:
    """Return whether a value is a cell array or a struct array."""
    return isinstance(value, list | tuple) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "O"
    )


def _as_list(value: Any) -> list[Any]:
    """Return the items of a cell array or struct array; anything else is one item."""
    if not _is_list(value):
        return [value]
    return list(value.ravel(order="F")) if isinstance(value, np.ndarray) else list(value)


def _number(value: Any) -> Any:
    """Return the number in a 1x1 matrix as Python's; anything else is for a check to refuse."""
    array = np.asarray(value)
    return array.item() if array.size == 1 and array.dtype.kind in "buif" else value


def _layer_from(number: int, fields: dict[str, Any]) -> Layer:
    kind = fields.get("type", Dense.type)
    if kind != Dense.type:
        raise ModelFileError(f'not a model that this version knows: layer type "{kind}"')
    if "weights" not in fields and "codes" not in fields:
        raise ModelFileError("not a model: a layer has neither WEIGHTS nor CODES")
    quantization = input_range = None
    if "codes" in fields:
        quantization = _quantization_from(number, fields)
    if "input_scale" in fields:
        _require(number, fields, "input_scale", "input_zero_point", "input_bits")
        input_range = InputRange(
            *(_number(fields[f"input_{name}"]) for name in ("scale", "zero_point", "bits"))
        )
    bias = fields.get("bias")
    weights = fields.get("weights")
    if weights is None and quantization is not None:
        single = np.asarray(fields.get("codebook") if bias is None else bias).dtype == np.float32
        weights = decode(quantization, np.float32 if single else np.float64)
    return Dense(
        np.asarray(weights),
        None if bias is None else np.asarray(bias),  # type: ignore[arg-type]
        fields["activation"],
        fields.get("mask"),
        quantization,
        input_range,
    )


def _quantization_from(number: int, fields: Struct) -> Quantization:
    """Return what a layer's codes mean; the fields of other schemes are ignored."""
    codes = np.asarray(fields["codes"])
    is_shared = str(fields.get("scheme")) == "codebook"
    _require(number, fields, "codes", "codebook" if is_shared else "scale", "scheme")
    if is_shared:
        levels = fields["codebook"]
        bits = _number(fields.get("bits", bits_for(np.size(levels))))
        return Quantization(codes, None, None, bits, "codebook", levels)  # type: ignore[arg-type]
    return Quantization(
        codes,
        fields["scale"],
        fields.get("zero_point", 0.0),
        _number(fields.get("bits", 8 * codes.itemsize)),
        fields["scheme"],
    )


def _require(number: int, fields: Struct, beside: str, *names: str) -> None:
    for name in names:
        if name not in fields:
            raise ModelFileError(f"not a model: layer {number} must have {name} beside {beside}")
