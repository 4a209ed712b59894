"""What crosses between the languages: scalars alike on both sides, samples once."""

from __future__ import annotations

import copy
import doctest
import gc
import os
import pickle
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import octave_compress as oc
from octave_compress import InputRange, Model, backends, border
from octave_compress.border import SAMPLES
from octave_compress.equivalence.cases import CASES
from octave_compress.equivalence.levels import EXACT, compare
from octave_compress.equivalence.source import NumpySource
from octave_compress.equivalence.verify import operations, public_function
from octave_compress.octave import Session, default_session, session

OPERATIONS = operations()
BACKENDS = ["numpy", pytest.param("octave", marks=pytest.mark.octave)]

X = np.random.default_rng(5).normal(size=(12, 3))
Y = np.arange(12) % 2
MODEL = oc.train(X, Y, [3, 4, 2], epochs=2, backend="numpy")


# What is taken and refused


class Plain:
    """No number, whatever one does with it."""


STRANGE: list[Any] = [
    None,
    True,
    np.True_,
    0,
    1,
    -1,
    2.5,
    np.nextafter(1, 2),
    2**53 + 1,
    10**400,
    -(10**400),
    float("nan"),
    float("inf"),
    np.float16(0.5),
    np.float32(0.1),
    np.longdouble("0.1"),
    np.int8(2),
    np.uint64(2**63),
    np.timedelta64(2, "s"),
    np.datetime64("2020-01-01"),
    Decimal("0.5"),
    Fraction(1, 2),
    0.5 + 0j,
    np.complex64(1),
    np.array(0.5),
    np.array(1, dtype=object),
    np.array(0.5, dtype=np.float16),
    np.array([[0.5]]),
    np.ma.masked,
    np.ma.masked_array([0.5], [True]),
    csr_matrix([[0.5]]),
    [0.5],
    [[0.5]],
    [0.5, 0.25],
    [[0.5, 0.25], [0.5, 0.25]],
    [[0.5], [0.25, 1]],
    [],
    {},
    {"ocx_handle_": 1.0},
    {0.5},
    "",
    "0.5",
    "relu\n",
    "a\0b",
    "é",
    "\ud800",
    np.str_("none"),
    np.str_("nothing"),
    b"none",
    range(1),
    Plain(),
    len,
    np.float64,
    MODEL,
]


REFUSALS = (oc.InvalidValueError, oc.InvalidTypeError, oc.ModelFileError)  # the last of bytes


def outcome(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    try:
        return call(*args, **options)
    except oc.OctaveCompressError as error:
        return type(error), str(error)


@pytest.mark.octave
@pytest.mark.parametrize(
    ("name", "argument"),
    [(name, argument) for name, op in OPERATIONS.items() for argument in op.kinds],
)
def test_both_backends_take_and_refuse_the_same_values(name: str, argument: str) -> None:
    op = OPERATIONS[name]
    args, options = CASES[name](NumpySource(3))
    given = dict(op.signature.bind(*args, **options).arguments)
    if "epochs" in op.signature.parameters:
        given["epochs"] = 1
    for value in STRANGE:
        call = {**given, argument: value}
        if argument == "checkpoint" and isinstance(value, str) and value:
            continue  # a file, which tests of checkpoints write
        if argument == "callback" and callable(value):
            continue  # what these raise when they are called is theirs
        if argument in ("epochs", "repeats") and isinstance(value, int | np.uint64) and value > 99:
            continue  # as good as for ever
        sides = [outcome(public_function(op), **call, backend=side) for side in ("octave", "numpy")]
        if isinstance(sides[1], tuple) and isinstance(sides[1][0], type):
            assert sides[0] == sides[1], repr(value)
            assert sides[1][0] in REFUSALS, repr(value)
            assert sides[1][1].startswith(f"{name}: "), repr(value)
        else:
            found = compare(sides[0], sides[1], op.level)
            assert found.mismatch is None, (value, found.mismatch)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("value", "same"),
    [
        (np.float16(0.5), 0.5),
        (Fraction(1, 2), 0.5),
        (np.longdouble("0.5"), 0.5),
        (np.array(0.5, np.float16), 0.5),
        (np.array([[0.5]]), 0.5),
        ([0.5], 0.5),
        (True, 1.0),
        (10**400, np.inf),
    ],
)
def test_every_real_number_is_one(value: Any, same: float, backend: Any) -> None:
    w = [0.25, 0.5, np.inf]
    got = oc.ops.prune_threshold(w, value, backend=backend)
    np.testing.assert_array_equal(got[1], [[abs(x) >= same for x in w]])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.5"), "got a value of type Decimal: convert it with float(...)"),
        (None, "got None"),
        (csr_matrix([[0.5]]), "got a sparse matrix: convert it with .toarray()"),
        (np.ma.masked, "got a masked array: fill its gaps with .filled(...)"),
    ],
)
def test_what_is_no_number_hears_what_to_write(value: Any, text: str, backend: Any) -> None:
    with pytest.raises(oc.InvalidTypeError) as caught:
        oc.ops.prune_threshold([0.5], value, backend=backend)
    assert str(caught.value) == f"prune_threshold: THRESHOLD must be a real number, {text}"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_number_just_outside_does_not_look_as_if_inside(backend: Any) -> None:
    with pytest.raises(oc.InvalidValueError) as caught:
        oc.ops.prune_magnitude([0.5], np.nextafter(1, 2), backend=backend)
    assert str(caught.value).endswith("SPARSITY must be in [0, 1], got 1.0000000000000002")
    with pytest.raises(oc.InvalidValueError) as caught:
        oc.ops.accuracy([[0.0, 1.0]], [np.nextafter(1, 2)], backend=backend)
    assert str(caught.value).endswith("class numbers in [0, 1], got 1.0000000000000002")


@pytest.mark.parametrize("backend", BACKENDS)
def test_numbers_of_layers_come_in_one_row_only(backend: Any) -> None:
    network = Model.from_arrays([np.ones((2, 2))] * 4)
    with pytest.raises(oc.InvalidTypeError, match="or a list of them, got 2 dimensions"):
        oc.prune(network, sparsity=[[0.1, 0.2], [0.3, 0.4]], backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("augment", "text"),
    [
        ({"shift": Decimal(1)}, "SHIFT must be a real number, got a value of type Decimal"),
        ({"Shift": 1.0}, 'options must be of shift, rotation, .*, got "Shift"'),
        ({"batch_size": "all"}, "BATCH_SIZE must be a whole number"),
        ({"image_size": "2x1"}, "IMAGE_SIZE must be a list of numbers"),
    ],
)
def test_options_of_warps_are_checked_alike(augment: Any, text: str, backend: Any) -> None:
    with pytest.raises((oc.InvalidTypeError, oc.InvalidValueError), match=f"train_model: {text}"):
        oc.train(X, Y, [3, 2], augment=augment, backend=backend)


@pytest.mark.octave
def test_none_leaves_an_option_of_a_warp_out() -> None:
    options = {"shift": np.float16(1), "image_size": None, "scale": None}
    images = np.random.default_rng(2).normal(size=(6, 4))
    sides = [
        oc.train(images, Y[:6], [4, 2], epochs=2, augment=options, backend=side)
        for side in ("octave", "numpy")
    ]
    plain = oc.train(images, Y[:6], [4, 2], epochs=2, augment={"shift": 1.0}, backend="numpy")
    np.testing.assert_allclose(sides[0].layers[0].weights, plain.layers[0].weights, rtol=1e-9)
    np.testing.assert_array_equal(sides[1].layers[0].weights, plain.layers[0].weights)


def test_an_argument_without_a_kind_is_an_error_at_import() -> None:
    def mystery(w: Any, oracle: object, *, backend: Any = None) -> None:
        """Do nothing."""

    with pytest.raises(KeyError, match="oracle"):
        backends.operation(level=EXACT, returns=("w",))(mystery)
    assert "mystery" not in backends.OPERATIONS


# The range of 32-bit floats

NARROW = MODEL.astype("float32")
HUGE = np.where(np.arange(36).reshape(12, 3) == 7, 2e39, X)
LIMITS = "[-3.4028234663852886e+38, 3.4028234663852886e+38], the range of 32-bit floats"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "args", "options", "argument"),
    [
        ("predict_model", (NARROW, HUGE), {}, "X"),
        ("time_model", (NARROW, HUGE), {}, "X"),
        ("gradient_model", (NARROW, HUGE, Y), {}, "X"),
        ("gradient_model", (NARROW, X, HUGE[:, :2]), {}, "Y"),
        ("gradient_model", (NARROW, X, Y), {"sample_weight": abs(HUGE[:, 1])}, "SAMPLE_WEIGHT"),
        ("train_model", (HUGE, Y, [3, 2]), {"dtype": "float32"}, "X"),
        ("train_model", (X, HUGE, [3, 3]), {"dtype": "float32", "loss": "mse"}, "Y"),
        ("retrain_model", (NARROW, HUGE, Y), {}, "X"),
        ("retrain_model", (NARROW, X, HUGE[:, :2]), {}, "Y"),
        ("gradual_prune_model", (NARROW, HUGE, Y, 0.5), {}, "X"),
        ("distill_model", (MODEL, NARROW, HUGE, Y), {}, "X"),
        ("distill_model", (MODEL, NARROW, X, HUGE[:, :2]), {}, "Y"),
        ("deep_compress_model", (NARROW, HUGE, Y, X, Y), {}, "X"),
        ("deep_compress_model", (NARROW, X, Y, HUGE, Y), {}, "X_VAL"),
        ("sensitivity_model", (NARROW, HUGE, Y), {}, "X"),
        ("dense_forward", (np.ones((1, 3), "f4"), [0], HUGE, "relu"), {}, "X"),
        ("dense_forward", (np.ones((1, 3), "f4"), [2e39], X, "relu"), {}, "BIAS"),
        ("dense_backward", (np.ones((3, 3), "f4"), [0] * 3, X, HUGE, "relu"), {}, "GRADIENT"),
        ("loss_mse", (np.float32(X), HUGE), {}, "TARGETS"),
        ("loss_crossentropy", (np.float32(X), HUGE), {}, "TARGETS"),
        ("distillation_loss", (np.float32(X), HUGE, abs(X)), {}, "TEACHER_LOGITS"),
        ("sgd_step", (np.float32(X), HUGE, X), {}, "DW"),
        ("adam_step", (np.float32(X), X, X, HUGE, 1), {}, "S"),
    ],
)
def test_what_leaves_the_range_of_a_network_is_refused(
    name: str, args: Any, options: Any, argument: str, backend: Any
) -> None:
    with pytest.raises(oc.InvalidValueError) as caught:
        public_function(OPERATIONS[name])(*args, **options, backend=backend)
    assert str(caught.value) == f"{name}: {argument} must be in {LIMITS}, got 2e+39"
    # What fits is taken: a number that rounds down to the largest one, too.
    fits = np.array([[3.40282350e38, -3.4028234e38, 1e-300]])
    assert np.isfinite(oc.predict(Model.from_arrays([np.float32(np.eye(3))]), fits)).all()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("negative", [False, True])
def test_a_teacher_beyond_the_range_of_its_student_is_refused(negative: bool, backend: Any) -> None:
    teacher = Model.from_arrays([[[1.0, -2e39 if negative else 2e39]]])
    student = Model.from_arrays([np.float32([[1, 2]])])
    with pytest.raises(oc.InvalidValueError, match=r"layer 1 of TEACHER must be .*, got -?2e\+39"):
        oc.distill(teacher, student, X[:, :2], Y, loss="mse", backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rounded", [None, InputRange(1.0, 0.0, 8)])
def test_sums_that_overflow_answer_nan(backend: Any, rounded: InputRange | None) -> None:
    # Inf - Inf, of which a relu by Octave's max, that ignores NaN, would make 0.
    network = Model.from_arrays(
        [np.float32([[1, 1], [-1, -1]]), np.float32([[1, 1]]), np.float32([[1]])],
        None,
        ["linear", "relu", "linear"],
    )
    *first, last = network.layers
    network = Model((*first, replace(last, input_range=rounded)))
    said = oc.predict(network, [[2e38, 2e38], [1.0, 1.0]], backend=backend)
    np.testing.assert_array_equal(said, [[np.nan], [0.0]])


# Samples that cross once


class Traffic:
    """How often the samples X go to Octave, as arrays, and how many bytes of arrays in all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times, self.bytes = 0, 0
        send = Session.call

        def call(session: Session, name: str, *args: Any, **options: Any) -> Any:
            arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
            self.bytes += sum(array.nbytes for array in arrays)
            self.times += sum(np.array_equal(array, X.T) for array in arrays)
            return send(session, name, *args, **options)

        monkeypatch.setattr(Session, "call", call)


def every_operation(data: Any, backend: Any) -> list[Any]:
    """Return what each operation with samples says of them."""
    options: dict[str, Any] = {"epochs": 2, "backend": backend}
    model = oc.train(data, Y, [3, 4, 2], **options)
    shared = oc.share(model, k=2, backend=backend)
    half = {"density": 0.5, "k": 2, **options}
    w, ones = model.layers[0].weights, np.ones((12, 4))
    gradient = oc.ops.gradient_model(model, data, Y, backend=backend)
    return [
        model,
        oc.retrain(model, data, Y, **options),
        oc.quantize(model, activations=data, backend=backend),
        oc.predict(model, data, backend=backend),
        oc.distill(model, [3, 2], data, Y, **options),
        oc.sensitivity(model, data, Y, backend=backend),
        oc.gradual_prune(model, data, Y, 0.5, **options),
        oc.retrain_shared(shared, data, Y, **options),
        oc.deep_compress(model, data, Y, data, Y, **half),
        gradient,
        oc.ops.time_model(model, data, repeats=3, backend=backend).shape,
        oc.ops.dense_forward(w, [0] * 4, data, "tanh", backend=backend),
        oc.ops.dense_backward(w, [0] * 4, data, ones, "tanh", backend=backend),
        oc.ops.warp_images(data, image_size=[1, 3], shift=1, backend=backend),
        oc.ops.accuracy(data, Y, backend=backend),
        oc.ops.loss_mse(data, np.zeros(X.shape), backend=backend),
        oc.ops.soft_targets(data, 2, backend=backend),
        oc.ops.distillation_loss(data, data, Y, backend=backend),
        oc.report({"it": model}, data, Y, repeats=1, backend=backend).rows[0].accuracy,
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_samples_stand_wherever_an_array_does(
    backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = {name for op in OPERATIONS.values() for name in op.kinds if op.kinds[name] is SAMPLES}
    assert taken == {"X", "X_val", "activations", "outputs", "logits", "teacher_logits", "gradient"}
    plain, data, traffic = every_operation(X, backend), oc.samples(X), Traffic(monkeypatch)
    for said, expected in zip(every_operation(data, backend), plain, strict=True):
        assert compare(said, expected, EXACT).mismatch is None
    assert traffic.times == (backend == "octave")


@pytest.mark.octave
def test_samples_go_to_octave_once_and_leave_with_the_last_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, traffic = oc.samples(X), Traffic(monkeypatch)
    assert repr(data) == "<Samples: 12 x 3 float64, 0.0 MB, not yet in Octave>"
    for _ in range(3):
        oc.predict(MODEL, data)
    assert traffic.times == 1
    assert repr(data) == "<Samples: 12 x 3 float64, 0.0 MB, in Octave>"
    handle = weakref.ref(data.handle(default_session()))
    assert handle() is not None
    del data
    gc.collect()
    assert handle() is None  # which frees the value there


@pytest.mark.octave
def test_samples_cross_again_after_a_restart_and_for_another_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, other, traffic = oc.samples(X), oc.samples(X[::-1]), Traffic(monkeypatch)
    expected = oc.predict(MODEL, data)
    oc.predict(MODEL, other)
    with pytest.raises(oc.OctaveDiedError):
        default_session().call("exit", nout=0)
    # Both are lost; one call finds out about both of its arguments.
    value = oc.ops.distillation_loss(data, other, Y)
    assert compare(value, oc.ops.distillation_loss(X, X[::-1], Y), EXACT).mismatch is None
    assert traffic.times == 3  # two of them for `data`, and the last call's X itself
    with Session() as another:
        monkeypatch.setattr(session, "_default", another)
        np.testing.assert_array_equal(oc.predict(MODEL, data), expected)
        np.testing.assert_array_equal(oc.predict(MODEL, data), expected)
    assert traffic.times == 4


@pytest.mark.octave
def test_a_callbacks_stale_handle_does_not_train_again() -> None:
    data, epochs = oc.samples(X), []

    def callback(info: dict[str, float]) -> None:
        epochs.append(info["epoch"])
        raise oc.StaleHandleError("of a handle of one's own")

    with pytest.raises(oc.StaleHandleError, match="one's own"):
        oc.train(data, Y, [3, 2], epochs=3, callback=callback)
    assert epochs == [1]


@pytest.mark.octave
def test_threads_and_forked_children_share_samples() -> None:
    data = oc.samples(X)
    expected = oc.predict(MODEL, X)
    with ThreadPoolExecutor(8) as pool:
        for said in pool.map(lambda _: oc.predict(MODEL, data), range(32)):
            np.testing.assert_array_equal(said, expected)
    child = os.fork()
    if child == 0:
        os._exit(not np.array_equal(oc.predict(MODEL, data), expected))
    assert os.waitpid(child, 0)[1] == 0
    np.testing.assert_array_equal(oc.predict(MODEL, data), expected)


def test_samples_cannot_change() -> None:
    original = X.copy()
    data = oc.samples(original)
    expected = oc.predict(MODEL, data, backend="numpy")
    original[:] = 0
    np.testing.assert_array_equal(oc.predict(MODEL, data, backend="numpy"), expected)
    with pytest.raises(ValueError, match="read-only"):
        data.array[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        data.array.setflags(write=True)
    array = np.asarray(data)
    assert np.shares_memory(array, data.array)
    writable = np.array(data)
    writable[0, 0] = 7
    np.testing.assert_array_equal(data.array, X)


@pytest.mark.parametrize(
    "given",
    [X, np.asfortranarray(X), X.astype(">f4"), np.arange(6, dtype=np.uint8).reshape(2, 3)[:, ::2]],
)
def test_samples_keep_what_they_are(given: Any) -> None:
    data = oc.samples(given)
    np.testing.assert_array_equal(data.array, given)
    assert data.array.dtype == given.dtype.newbyteorder("=")
    assert len(data) == len(given)
    assert oc.samples(data) is data
    for twin in (copy.copy(data), copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        assert isinstance(twin, oc.Samples)
        np.testing.assert_array_equal(twin.array, given)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bad_samples_raise_what_the_operation_says(backend: Any) -> None:
    for bad in (X[:, :2], X[:0], np.where(X > 0, np.nan, X)):
        errors = [
            outcome(oc.predict, MODEL, given, backend=backend) for given in (bad, oc.samples(bad))
        ]
        assert errors[0] == errors[1]
        assert errors[0][0] is oc.InvalidValueError
    for strange in ("ab", [1.0, 2.0], None, csr_matrix(X), np.float16(X)):
        text = outcome(oc.predict, MODEL, strange, backend=backend)[1]
        with pytest.raises(oc.InvalidTypeError) as caught:
            oc.samples(strange)
        assert str(caught.value) == text.replace("predict_model:", "samples:")


def test_the_example_runs() -> None:
    assert doctest.testmod(border) == (0, 4)
