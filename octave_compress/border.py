"""How each named argument and result crosses between Python and Octave.

One vocabulary serves both languages, so the name of an argument decides how it travels:
a table, not code in the operations. In Python samples are rows, class numbers and axes count
from 0; in Octave samples are columns, targets are an (outputs × samples) matrix and
dimensions count from 1. A C-ordered (samples, features) array is byte for byte the
column-major (features × samples) one, so turning it costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from octave_compress import checks
from octave_compress.errors import InvalidTypeError
from octave_compress.model import Model
from octave_compress.results import Counts, Energy

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """How one kind of value crosses.

    `normalise(op, name, value, arguments)` gives the form that a NumPy body computes with,
    `to_octave` and `from_octave` turn that form into what the codec carries and back.
    """

    normalise: Callable[[str, str, Any, Arguments], Any]
    to_octave: Callable[[Any], Any]
    from_octave: Callable[[Any], Any]


def _array(
    op: str, name: str, value: Any, requirement: str, dimensions: tuple[int, ...] = (0, 1, 2)
) -> Any:
    """Return an array of a type that both languages have, or raise."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        checks.type_error(op, name.upper(), requirement)
    wide = array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8)
    masked = isinstance(value, np.ma.MaskedArray)
    if array.dtype.kind not in "buif" or wide or masked or array.ndim not in dimensions:
        checks.type_error(op, name.upper(), requirement)
    return array


def _matrix(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return np.atleast_2d(_array(op, name, value, "be a real matrix"))


def _samples(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return _array(op, name, value, "be a real matrix with one row a sample", (2,))


def _vector(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    array = _array(op, name, value, "be a list of numbers")
    if array.size != max(array.shape, default=1):
        checks.type_error(op, name.upper(), "be a list of numbers")
    return array.reshape(-1)


def _amount(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    # A list would cross as a row of cells, and text as a row of numbers.
    is_plain = not isinstance(value, list | tuple | str)
    return value if is_plain else _array(op, name, value, "be a real number")


def _count(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    is_plain = not isinstance(value, list | tuple | str)
    return value if is_plain else _array(op, name, value, "be a whole number")


def _flag(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return checks.flag(op, name.upper(), value)


def _targets(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    """Return (samples, outputs) targets; 1-D means class numbers, or the values of one output."""
    if value is None:
        return np.zeros((0, 0))  # no targets, and Octave's []
    array = _array(op, name, value, "be class numbers or one row of targets a sample", (1, 2))
    if array.ndim == 2:
        return array
    outputs = _outputs(op, arguments)
    if outputs == 1:
        return array[:, None]
    wrong = array[(array != np.round(array)) | (array < 0) | (array >= outputs)]
    if wrong.size:
        got = checks.number_text(float(wrong[0]))
        checks.value_error(op, name.upper(), f"be class numbers in [0, {outputs - 1}]", got)
    return np.eye(outputs)[array.astype(np.int64)]


def _outputs(op: str, arguments: Arguments) -> int:
    """Return how many outputs the network among the arguments has."""
    for name in ("teacher", "layers", "model", "outputs", "logits"):
        if name in arguments:
            value = kind_of(name).normalise(op, name, arguments[name], arguments)
            if isinstance(value, Model):
                return value.sizes[-1]
            # Of rows of outputs their length, of sizes the last; the body says what is wrong.
            last = (value.shape if value.ndim == 2 else value.tolist() or [1])[-1]
            return int(last) if 1 <= last < np.inf else 1
    return 1


def _axis(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    if value is None:
        return None
    return checks.integer(op, name.upper(), value, "[0, 1]")


def _model(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    if not isinstance(value, Model):
        raise InvalidTypeError(f"{op}: {name.upper()} must be a Model (oc.load reads one)")
    return value


def _network(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return value if isinstance(value, Model) else _vector(op, name, value, arguments)


def _options(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        checks.type_error(op, name.upper(), "be options of warp_images by name")
    return {key: _amount(op, key, option, arguments) for key, option in value.items()}


def _path(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    try:
        path = os.fspath(value)
    except TypeError:
        checks.type_error(op, name.upper(), "be the name of a file")
    # Octave may work in another folder.
    return os.path.abspath(path) if path else path


def _dtype(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    try:
        text = np.dtype(value).name
    except TypeError:
        text = value
    return checks.choice(op, name.upper(), text, ("float64", "float32"))


def _packed(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        value = np.frombuffer(value, np.uint8)
    array = _array(op, name, value, "be a vector of uint8")
    if array.dtype != np.uint8 or array.size != max(array.shape, default=1):
        checks.type_error(op, name.upper(), "be a vector of uint8")
    return array.reshape(-1)


def _as_is(value: Any) -> Any:
    return value


def _given(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return value


def _energy(struct: Mapping[str, Any]) -> Energy:
    fields: dict[str, Any] = {
        name: value if isinstance(value, str) else float(value) for name, value in struct.items()
    }
    return Energy(**fields)


def _from_struct(value: Any) -> Model:
    return Model.from_struct(value)


PLAIN = Kind(_given, _as_is, _as_is)
MATRIX = Kind(_matrix, _as_is, np.atleast_2d)
SAMPLES = Kind(_samples, lambda a: a.T, lambda a: np.ascontiguousarray(np.atleast_2d(a).T))
TARGETS = Kind(_targets, SAMPLES.to_octave, SAMPLES.from_octave)
VECTOR = Kind(_vector, _as_is, lambda a: np.atleast_1d(a).reshape(-1))
AMOUNT = Kind(_amount, _as_is, _as_is)
COUNT = Kind(_count, _as_is, _as_is)
FLAG = Kind(_flag, _as_is, _as_is)
BIAS = Kind(_vector, lambda a: a[:, None], VECTOR.from_octave)
AXIS = Kind(_axis, lambda axis: axis + 1, _as_is)
MODEL = Kind(_model, Model.to_struct, _from_struct)
NETWORK = Kind(_network, lambda v: v.to_struct() if isinstance(v, Model) else v, _from_struct)
DTYPE = Kind(_dtype, {"float64": "double", "float32": "single"}.__getitem__, _as_is)

AUGMENT = Kind(_options, _as_is, _as_is)
PATH = Kind(_path, _as_is, _as_is)
PACKED = Kind(_packed, _as_is, lambda a: np.atleast_1d(a).reshape(-1))

COUNTS = Kind(_given, _as_is, lambda s: Counts(**{k: int(v) for k, v in s.items()}))
ENERGY = Kind(_given, _as_is, _energy)

KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        ("w", "codes", "mask", "scale", "zero_point", "dw", "m", "s", "velocity"), MATRIX
    ),
    **dict.fromkeys(("codebook", "accuracies"), MATRIX),
    **dict.fromkeys(
        (
            "X",
            "X_val",
            "z",
            "dz",
            "dX",
            "logits",
            "teacher_logits",
            "outputs",
            "probabilities",
            "gradient",
        ),
        SAMPLES,
    ),
    "activations": SAMPLES,
    **dict.fromkeys(("y", "y_val", "targets"), TARGETS),
    **dict.fromkeys(
        ("sample_weight", "layers", "keep", "seconds", "steps", "schedule", "image_size"), VECTOR
    ),
    **dict.fromkeys(("threshold", "rate", "sparsity", "quality", "density", "dropout"), AMOUNT),
    **dict.fromkeys(("k", "bits"), COUNT),
    **dict.fromkeys(("bias", "db"), BIAS),
    "axis": AXIS,
    **dict.fromkeys(("progress", "regrow"), FLAG),
    **dict.fromkeys(("model", "teacher"), MODEL),
    "student": NETWORK,
    "dtype": DTYPE,
    "augment": AUGMENT,
    "checkpoint": PATH,
    "packed": PACKED,
    **dict.fromkeys(("symbols", "frequencies", "lengths", "values", "index"), VECTOR),
    "sizes": MATRIX,
    "counts": COUNTS,
    "energy": ENERGY,
}


def kind_of(name: str) -> Kind:
    """Return how the argument or result called `name` crosses."""
    return KINDS.get(name, PLAIN)
