"""How each argument and result crosses between Python and Octave.

One vocabulary serves both languages, so the name of an argument decides how it travels, and of
a scalar its annotation: tables, not code in the operations. What one language could take and the
other refuse is refused here, before either of them works, so that the words are the same.

In Python samples are rows, class numbers and axes count from 0; in Octave samples are columns,
targets are an (outputs × samples) matrix and dimensions count from 1. A C-ordered (samples,
features) array is byte for byte the column-major (features × samples) one, so turning it costs
nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.errors import InvalidTypeError, StaleHandleError
from octave_compress.model import Model
from octave_compress.results import Counts, Energy

if TYPE_CHECKING:
    from octave_compress.octave import Handle, Session

Arguments = Mapping[str, Any]


class Samples:
    """Samples that cross to Octave once: what `octave_compress.samples` returns.

    Attributes
    ----------
    array : ndarray, (samples, features)
        The samples. Nothing can change them.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        # A copy in the memory of a bytes object: unlike a read-only array's, its flag stays down.
        native = array.dtype.newbyteorder("=")
        kept = np.frombuffer(array.astype(native, copy=False).tobytes(), native, array.size)
        self.array: NDArray[Any] = kept.reshape(array.shape)
        self._sent: tuple[Session, Handle] | None = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.array, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self.array)

    def __reduce__(self) -> Any:
        return samples, (self.array,)

    def __repr__(self) -> str:
        count, features = self.array.shape
        where = "in Octave" if self._sent else "not yet in Octave"
        megabytes = self.array.nbytes / 1e6
        text = f"{count} x {features} {self.array.dtype}, {megabytes:.1f} MB, {where}"
        return f"<Samples: {text}>"

    def handle(self, session: Session) -> Handle:
        """Return what stands for the samples, in columns, in a session: sent there if need be."""
        sent = self._sent
        if sent is None or sent[0] is not session:
            sent = self._sent = (session, session.put(self.array.T))
        return sent[1]

    def forget_if_lost(self, session: Session) -> bool:
        """Return whether the value in Octave went with a process that ended, and forget it then."""
        try:
            session.call("ocx_same", self.handle(session), nout=0)
        except StaleHandleError:
            self._sent = None
            return True
        return False


def samples(X: ArrayLike) -> Samples:
    """Return samples that cross to Octave once, however many operations use them.

    What it returns stands wherever an operation takes samples in rows (``X``, ``X_val``,
    ``activations``, ...), with both backends. The values go to Octave with the first operation
    that runs there and stay; after a restart of Octave they go again by themselves. They are
    freed there when the last reference to the result goes.

    Parameters
    ----------
    X : array_like, (samples, features)
        Copied: later changes of it change nothing here, and the copy (`Samples.array`, which
        ``np.asarray`` gives too) cannot be written to. Its type is kept, so that images in uint8
        take an eighth of the room in Octave.

    Returns
    -------
    Samples

    Raises
    ------
    InvalidTypeError
        If `X` is no real matrix. What else an operation asks of samples, it says itself.

    Examples
    --------
    >>> import octave_compress as oc
    >>> data = oc.samples([[0, 0], [1, 0], [0, 1], [1, 1]])
    >>> model = oc.train(data, [0, 1, 1, 0], [2, 8, 2], epochs=5, backend="numpy")
    >>> oc.predict(model, data, backend="numpy").shape
    (4, 2)
    """
    if isinstance(X, Samples):
        return X
    return Samples(_samples("samples", "X", X, {}))


@dataclass(frozen=True)
class Kind:
    """How one kind of value crosses.

    `normalise(op, name, value, arguments)` gives the form that a NumPy body computes with
    (`Samples` stay as they are: whoever calls the body or Octave looks inside), `to_octave` and
    `from_octave` turn that form into what the codec carries and back.
    """

    normalise: Callable[[str, str, Any, Arguments], Any]
    to_octave: Callable[[Any], Any]
    from_octave: Callable[[Any], Any]


def _matrix(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return np.atleast_2d(checks.real_array(op, name.upper(), value, "be a real matrix"))


def _samples(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    if isinstance(value, Samples):
        return value
    requirement = "be a real matrix with one row a sample"
    array = checks.real_array(op, name.upper(), value, requirement, range(64))
    if array.ndim == 2:
        return array
    hint = {
        0: "a single number",
        1: "1 dimension: write .reshape(1, -1) for one sample or .reshape(-1, 1) for one feature",
    }
    got = hint.get(array.ndim, f"{array.ndim} dimensions: write .reshape(len({name}), -1)")
    return checks.type_error(op, name.upper(), requirement, got)


def _row(op: str, name: str, value: Any, requirement: str) -> NDArray[Any]:
    """Return a list of numbers, also one that stands in a row or a column."""
    array = checks.real_array(op, name.upper(), value, requirement)
    if array.size != max(array.shape, default=1):
        checks.type_error(op, name.upper(), requirement, f"{array.ndim} dimensions")
    return array.reshape(-1)


def _vector(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return _row(op, name, value, "be a list of numbers")


def _number(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return checks.real_scalar(op, name.upper(), value, "be a real number")


def _integer(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return checks.real_scalar(op, name.upper(), value, "be a whole number")


def _numbers(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return _one_or_more(op, name, value, "be a real number or a list of them")


def _integers(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return _one_or_more(op, name, value, "be a whole number or a list of them")


def _one_or_more(op: str, name: str, value: Any, requirement: str) -> Any:
    if not np.iterable(value):
        return checks.real_scalar(op, name.upper(), value, requirement)
    row = _row(op, name, value, requirement)
    if row.size == 0:  # in Octave it would mean "left out"
        checks.value_error(op, name.upper(), requirement, "none")
    return row


def _text(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    """Return a word; the operation's own check knows which ones there are."""
    is_text = isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)
    # What is no text becomes what crosses and is none either.
    return str(value) if is_text else False


def _function(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    if not callable(value):
        checks.type_error(op, name.upper(), "be a function")
    return value


def _flag(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    return checks.flag(op, name.upper(), value)


def _targets(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    """Return (samples, outputs) targets; 1-D means class numbers, or the values of one output."""
    if value is None:
        return np.zeros((0, 0))  # no targets, and Octave's []
    requirement = "be class numbers or one row of targets a sample"
    array = checks.real_array(op, name.upper(), value, requirement, (1, 2))
    outputs = _outputs(op, arguments)
    if array.ndim == 2:
        rows, columns = array.shape
        if outputs > 1 and (columns == 1 or (rows == 1 and columns != outputs)):
            got = f"{rows}x{columns}: for class numbers write {name}.ravel()"
            checks.value_error(op, name.upper(), f"have one row of {outputs} targets a sample", got)
        return array
    if outputs == 1:
        return array[:, None]
    wrong = array[(array != np.round(array)) | (array < 0) | (array >= outputs)]
    if wrong.size:
        got = checks.number_text(float(wrong[0]))
        checks.value_error(op, name.upper(), f"be class numbers in [0, {outputs - 1}]", got)
    try:
        targets = np.zeros((array.size, outputs))
    except (MemoryError, ValueError):
        got = f"{outputs} outputs of {array.size} samples"
        checks.value_error(op, name.upper(), "be targets that fit into memory", got)
    targets[np.arange(array.size), array.astype(np.int64)] = 1
    return targets


def _outputs(op: str, arguments: Arguments) -> int:
    """Return how many outputs the network among the arguments has."""
    for name in ("model", "teacher", "layers", "outputs", "logits"):
        if name in arguments:
            value = kind_of(name).normalise(op, name, arguments[name], arguments)
            if isinstance(value, Model):
                return value.sizes[-1]
            value = np.asarray(value)
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
    for key in value:
        if key not in _WARP:
            checks.value_error(op, "options", f"be of {', '.join(_WARP)}", f'"{key}"')
    return {
        key: _WARP[key].normalise(op, key, option, arguments)
        for key, option in value.items()
        if option is not None
    }


def _path(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str) or "\0" in path:
        checks.type_error(op, name.upper(), "be the name of a file")
    # Octave may work in another folder.
    return os.path.abspath(path) if path else path


def _dtype(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    try:
        text = np.dtype(value).name
    except (TypeError, ValueError, SyntaxError):
        text = value
    return checks.choice(op, name.upper(), text, ("float64", "float32"))


def _packed(op: str, name: str, value: Any, arguments: Arguments) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        value = np.frombuffer(value, np.uint8)
    array = checks.real_array(op, name.upper(), value, "be a vector of uint8")
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
SAMPLES = Kind(
    _samples,
    lambda a: a if isinstance(a, Samples) else a.T,
    lambda a: np.ascontiguousarray(np.atleast_2d(a).T),
)
TARGETS = Kind(_targets, SAMPLES.to_octave, SAMPLES.from_octave)
VECTOR = Kind(_vector, _as_is, lambda a: np.atleast_1d(a).reshape(-1))
BIAS = Kind(_vector, lambda a: a[:, None], VECTOR.from_octave)
NUMBER = Kind(_number, _as_is, _as_is)
INTEGER = Kind(_integer, _as_is, _as_is)
FLAG = Kind(_flag, _as_is, _as_is)
TEXT = Kind(_text, _as_is, _as_is)
AXIS = Kind(_axis, lambda axis: axis + 1, _as_is)
MODEL = Kind(_model, Model.to_struct, _from_struct)
NETWORK = Kind(_network, lambda v: v.to_struct() if isinstance(v, Model) else v, _from_struct)
DTYPE = Kind(_dtype, {"float64": "double", "float32": "single"}.__getitem__, _as_is)
AUGMENT = Kind(_options, _as_is, _as_is)
PATH = Kind(_path, _as_is, _as_is)
PACKED = Kind(_packed, _as_is, lambda a: np.atleast_1d(a).reshape(-1))

COUNTS = Kind(_given, _as_is, lambda s: Counts(**{k: int(v) for k, v in s.items()}))
ENERGY = Kind(_given, _as_is, _energy)

# Scalars, by their annotation; " | None" behind it makes no difference.
_SCALARS: dict[str, Kind] = {
    "float": NUMBER,
    "int": INTEGER,
    "bool": FLAG,
    "str": TEXT,
    "Callback": Kind(_function, _as_is, _as_is),
    "float | Sequence[float]": Kind(_numbers, _as_is, _as_is),
    "int | Sequence[int]": Kind(_integers, _as_is, _as_is),
}
_SCALARS_BY_NAME: dict[str, Kind] = {"axis": AXIS, "checkpoint": PATH}

_WARP: dict[str, Kind] = {
    **dict.fromkeys(("shift", "rotation", "scale", "shear"), NUMBER),
    "batch_size": INTEGER,
    "image_size": VECTOR,
}

_NAMES: dict[Kind, str] = {
    MATRIX: "w codes mask scale zero_point dw m s velocity codebook accuracies sizes",
    SAMPLES: "X X_val activations z dz dX logits teacher_logits outputs probabilities gradient",
    TARGETS: "y y_val targets",
    VECTOR: (
        "sample_weight layers keep seconds steps schedule image_size sparsity symbols "
        "frequencies lengths values index"
    ),
    BIAS: "bias db",
    MODEL: "model teacher",
    NETWORK: "student",
    DTYPE: "dtype",
    AUGMENT: "augment",
    PACKED: "packed",
    COUNTS: "counts",
    ENERGY: "energy",
    PLAIN: "value share",
}
_KINDS: dict[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split()}


def kind_of(name: str, annotation: str = "") -> Kind:
    """Return how the argument or result called `name`, with an annotation, crosses.

    A name without a kind is a KeyError: nothing crosses unchecked.
    """
    scalar = _SCALARS_BY_NAME.get(name) or _SCALARS.get(annotation.removesuffix(" | None"))
    return scalar or _KINDS[name]
