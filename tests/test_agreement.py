"""Every operation in Octave against its NumPy definition: results, and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from generators import calls
from hypothesis import given, settings
from scipy.sparse import csr_matrix

from octave_compress import InvalidTypeError, InvalidValueError, Model, OctaveError
from octave_compress.equivalence.cases import CASES, Call
from octave_compress.equivalence.levels import compare
from octave_compress.equivalence.verify import operations, public_function

OPERATIONS = operations()
NAN, INF = float("nan"), float("inf")
CODES = [[1, 2, 3], [4, 5, 6]]
PAIR = [[1.0, 2.0], [3.0, 4.0]]
NETWORK = Model.from_arrays([[[1.0, 2.0]]])
TEACHER = Model.from_arrays([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])


def test_every_operation_has_a_row_of_cases() -> None:
    assert set(CASES) == set(OPERATIONS)


@pytest.mark.octave
@pytest.mark.parametrize("name", OPERATIONS)
def test_octave_and_numpy_agree(name: str) -> None:
    function, level = public_function(OPERATIONS[name]), OPERATIONS[name].level

    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(calls(name))
    def agree(call: Call) -> None:
        args, options = call
        defined = function(*args, **options, backend="numpy")
        run = function(*args, **options, backend="octave")
        found = compare(run, defined, level)
        assert found.mismatch is None, found.mismatch

    agree()


# Operation, arguments, options, and the text that follows the operation's name.
BAD_VALUES: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    (
        "train_model",
        (PAIR, [0, 1], [2, 2]),
        {"annealing": "linear"},
        'ANNEALING must be "none" or "cosine", got "linear"',
    ),
    ("train_model", (PAIR, [0, 1], [2, 2]), {"dropout": 1}, "DROPOUT must be in [0, 1), got 1"),
    (
        "train_model",
        (PAIR, [0, 1], [2, 3, 2]),
        {"dropout": [0, 0, 0]},
        "DROPOUT must have 1 or, by layer, 2 values, got 3",
    ),
    (
        "train_model",
        (PAIR, [0, 1], [2, 2]),
        {"augment": {"shift": 1}},
        "IMAGE_SIZE must be given for 2 features, which are no square",
    ),
    (
        "train_model",
        (PAIR, [0, 1], [2, 2]),
        {"augment": {"shfit": 1}},
        'options must be of shift, rotation, scale, shear, batch_size, image_size, got "shfit"',
    ),
    (
        "gradual_prune_model",
        (NETWORK, PAIR, [0, 1], [0.1, 0.2]),
        {},
        "SPARSITY must have 1 or, by layer, 1 values, got 2",
    ),
    (
        "gradual_prune_model",
        (NETWORK, PAIR, [0, 1], 0.5),
        {"until": 0},
        "UNTIL must be in (0, 1], got 0",
    ),
    (
        "gradual_prune_model",
        (NETWORK, PAIR, [0, 1], 0.5),
        {"scope": "column"},
        'SCOPE must be "layer" or "global", got "column"',
    ),
    (
        "retrain_shared_model",
        (NETWORK, PAIR, [0, 1]),
        {},
        "MODEL must have a codebook in every layer (share_model gives them)",
    ),
    (
        "deep_compress_model",
        (TEACHER, PAIR, [0, 1], PAIR, [0, 1]),
        {"teacher": Model.from_arrays([[[1.0, 2.0, 3.0]]])},
        "TEACHER must take 2 features, got 3",
    ),
    (
        "deep_compress_model",
        (TEACHER, PAIR, [0, 1], PAIR, [0, 1]),
        {"teacher": NETWORK},
        "TEACHER must have 3 outputs, got 1",
    ),
    (
        "deep_compress_model",
        (TEACHER, PAIR, [0, 1], PAIR, [0, 1]),
        {"density": 0},
        "DENSITY must be in (0, 1], got 0",
    ),
    (
        "deep_compress_model",
        (TEACHER, PAIR, [0, 1], PAIR, [0, 1]),
        {"k": 2, "bits": 2},
        "one of K and BITS must be given, got 2",
    ),
    (
        "deep_compress_model",
        (TEACHER, PAIR, [0, 1], PAIR, [0, 1]),
        {"schedule": [1, 2, 3]},
        "SCHEDULE must have 4 shares, got 3",
    ),
    (
        "deep_compress_model",
        (TEACHER, PAIR, [0, 1], PAIR, [0, 1]),
        {"schedule": [0, 0, 0, 0]},
        "SCHEDULE must not be all zeros",
    ),
    (
        "deep_compress_model",
        (TEACHER, PAIR, [0, 1], [[1.0, NAN]], [0]),
        {},
        "X_VAL must not contain NaN",
    ),
    ("prune_threshold", ([1, NAN], 0.1), {}, "W must not contain NaN"),
    ("prune_threshold", ([1], -0.5), {}, "THRESHOLD must be in [0, Inf], got -0.5"),
    ("prune_threshold", ([1], NAN), {}, "THRESHOLD must be in [0, Inf], got NaN"),
    ("prune_relative", ([1], INF), {}, "RATE must be in [0, 1], got Inf"),
    (
        "prune_relative",
        ([1], 0.5),
        {"scope": "row"},
        'SCOPE must be "layer" or "column", got "row"',
    ),
    ("prune_magnitude", ([1], 1.5), {}, "SPARSITY must be in [0, 1], got 1.5"),
    ("prune_neurons", ([1], -1e-20), {}, "SPARSITY must be in [0, 1], got -1e-20"),
    ("prune_neurons", ([1, -INF], 0.5), {}, "W must not contain Inf"),
    (
        "prune_model",
        (NETWORK,),
        {},
        "one of THRESHOLD, RATE, SPARSITY and QUALITY must be given, got 0",
    ),
    ("prune_model", (NETWORK,), {"sparsity": 1.5}, "SPARSITY must be in [0, 1], got 1.5"),
    (
        "prune_model",
        (NETWORK,),
        {"sparsity": [0.1, 0.2]},
        "SPARSITY must have 1 or, by layer, 1 values, got 2",
    ),
    (
        "prune_model",
        (NETWORK,),
        {"rate": 0.5, "unit": "layer"},
        'UNIT must be "connection" or "neuron", got "layer"',
    ),
    (
        "prune_model",
        (NETWORK,),
        {"quality": 0.5, "unit": "neuron"},
        'UNIT must be "connection" with QUALITY',
    ),
    ("prune_model", (NETWORK,), {"quality": INF}, "QUALITY must be in [0, Inf), got Inf"),
    ("prune_quality", ([1], -1), {}, "QUALITY must be in [0, Inf), got -1"),
    ("prune_quality", ([1, -INF], 1), {}, "W must not contain Inf"),
    ("surgery_mask", ([1, 2], [1], 1), {}, "MASK must have the size of W, 1x2, got 1x1"),
    ("surgery_mask", ([1], [NAN], 1), {}, "MASK must not contain NaN"),
    ("surgery_mask", ([1], [1], NAN), {}, "QUALITY must be in (-Inf, Inf), got NaN"),
    ("surgery_mask", ([1], [1], 1), {"margin": 1}, "MARGIN must be in [0, 1), got 1"),
    ("sparsity_schedule", ([1], 5, 5, 0, 1), {}, "LAST must be larger than FIRST, 5, got 5"),
    ("sparsity_schedule", ([1], 0, 5, -1, 1), {}, "INITIAL must be in [0, 1], got -1"),
    ("sparsity_schedule", ([1, NAN], 0, 5, 0, 1), {}, "STEPS must not contain NaN"),
    ("sensitivity_model", (NETWORK, PAIR, [0, 0]), {}, "MODEL must have 2 outputs or more, got 1"),
    (
        "sensitivity_model",
        (TEACHER, PAIR, [0, 2]),
        {"sparsity": [0.5, 1.5]},
        "SPARSITY must be in [0, 1], got 1.5",
    ),
    (
        "sensitivity_model",
        (TEACHER, PAIR, [0]),
        {},
        "Y must have 3 outputs and 2 samples, got 3 and 1",
    ),
    (
        "warp_images",
        (PAIR,),
        {},
        "IMAGE_SIZE must be given for 2 features, which are no square",
    ),
    ("warp_images", (PAIR,), {"image_size": [2, 2]}, "IMAGE_SIZE must fit 2 features, got 2x2"),
    (
        "warp_images",
        (PAIR,),
        {"image_size": [2]},
        "IMAGE_SIZE must have 2 values, height and width, got 1",
    ),
    (
        "warp_images",
        (PAIR,),
        {"image_size": [0, 2]},
        "IMAGE_SIZE must be a whole number in [1, Inf), got 0",
    ),
    ("warp_images", (PAIR,), {"scale": 1}, "SCALE must be in [0, 1), got 1"),
    ("warp_images", (PAIR,), {"rotation": 181}, "ROTATION must be in [0, 180], got 181"),
    ("warp_images", ([[NAN]],), {}, "X must not contain NaN"),
    ("quantize_grid", ([1],), {"bits": 0}, "BITS must be a whole number in [1, 15], got 0"),
    ("quantize_grid", ([1],), {"bits": 16}, "BITS must be a whole number in [1, 15], got 16"),
    (
        "quantize_grid",
        ([[1, 300], [-200, 1]],),
        {},
        "W must be in [-128.49803921568628, 128.49803921568628] for codes of 16 bits, got -200",
    ),
    ("quantize_grid", ([NAN],), {}, "W must not contain NaN"),
    ("kmeans_codebook", ([1], 0), {}, "K must be a whole number in [1, 65536], got 0"),
    ("kmeans_codebook", ([1], 1.5), {}, "K must be a whole number in [1, 65536], got 1.5"),
    ("kmeans_codebook", ([NAN], 2), {}, "W must not contain NaN"),
    (
        "kmeans_codebook",
        ([1], 2),
        {"init": "best"},
        'INIT must be "linear", "density" or "random", got "best"',
    ),
    (
        "kmeans_codebook",
        ([1], 2),
        {"seed": -1},
        "SEED must be a whole number in [0, 4294967295], got -1",
    ),
    ("quantize_codebook", ([INF], [1]), {}, "W must not contain Inf"),
    ("quantize_codebook", ([1], [2, 1]), {}, "CODEBOOK must be in ascending order"),
    ("quantize_codebook", ([1], [1, NAN]), {}, "CODEBOOK must not contain NaN"),
    ("quantize_codebook", ([1], []), {}, "CODEBOOK must be one row of levels, got 1x0"),
    ("quantize_codebook", ([1], CODES), {}, "CODEBOOK must be one row of levels, got 2x3"),
    ("share_model", (NETWORK,), {}, "one of K and BITS must be given, got 0"),
    ("share_model", (NETWORK,), {"k": 1, "bits": 1}, "one of K and BITS must be given, got 2"),
    ("share_model", (NETWORK,), {"k": [1, 2]}, "K must have 1 or, by layer, 1 values, got 2"),
    ("share_model", (NETWORK,), {"bits": 17}, "BITS must be a whole number in [1, 16], got 17"),
    ("quantize_symmetric", ([1],), {"bits": 1}, "BITS must be a whole number in [2, 32], got 1"),
    ("quantize_symmetric", ([1],), {"bits": 33}, "BITS must be a whole number in [2, 32], got 33"),
    ("quantize_symmetric", ([INF],), {}, "W must not contain Inf"),
    ("quantize_symmetric", ([1],), {"axis": 2}, "AXIS must be a whole number in [0, 1], got 2"),
    ("quantize_affine", ([1],), {"bits": 2.5}, "BITS must be a whole number in [1, 32], got 2.5"),
    ("quantize_affine", ([1],), {"bits": 33}, "BITS must be a whole number in [1, 32], got 33"),
    ("quantize_affine", ([1, NAN],), {"axis": 0}, "W must not contain NaN"),
    ("dequantize_grid", ([1, 0.25],), {}, "CODES must be whole numbers, got 0.25"),
    ("dequantize_grid", ([1],), {"bits": NAN}, "BITS must be a whole number in [1, 15], got NaN"),
    (
        "dequantize_symmetric",
        (CODES, [1, 2]),
        {},
        "SCALE must have size 1x1, 2x1 or 1x3, got 1x2",
    ),
    (
        "dequantize_affine",
        (CODES, 1, [[1], [2], [3]]),
        {},
        "ZERO_POINT must have size 1x1, 2x1 or 1x3, got 3x1",
    ),
    ("loss_mse", ([[]], [[]]), {}, "OUTPUTS must not be empty"),
    (
        "loss_mse",
        (np.ones((32, 10)), np.ones((32, 9))),
        {},
        "TARGETS must have 10 outputs and 32 samples, got 9 and 32",
    ),
    ("loss_mse", (PAIR, [[1, NAN], [0, 1]]), {}, "TARGETS must not contain NaN"),
    (
        "loss_mse",
        (PAIR, PAIR),
        {"sample_weight": [1, 2, 3]},
        "SAMPLE_WEIGHT must have 2 values, got 3",
    ),
    ("loss_mse", (PAIR, PAIR), {"sample_weight": []}, "SAMPLE_WEIGHT must have 2 values, got 0"),
    (
        "loss_crossentropy",
        (PAIR, PAIR),
        {"sample_weight": [1, -0.5]},
        "SAMPLE_WEIGHT must be in [0, Inf), got -0.5",
    ),
    ("loss_crossentropy", (PAIR, [0, 2]), {}, "TARGETS must be class numbers in [0, 1], got 2"),
    ("loss_crossentropy", ([[1, INF]], [0]), {}, "LOGITS must not contain Inf"),
    ("accuracy", (PAIR, [0, -1]), {}, "Y must be class numbers in [0, 1], got -1"),
    (
        "train_model",
        (PAIR, [[0], [1]], [2, 3]),
        {},
        "Y must have one row of 3 targets a sample, got 2x1: for class numbers write y.ravel()",
    ),
    (
        "deep_compress_model",
        (TEACHER, PAIR, [0, 1], PAIR, [[0, 1]]),
        {},
        "Y_VAL must have one row of 3 targets a sample, got 1x2: "
        "for class numbers write y_val.ravel()",
    ),
    ("accuracy", (PAIR, [[0, 1]]), {}, "Y must have 2 outputs and 2 samples, got 2 and 1"),
    ("accuracy", (PAIR, [0]), {}, "Y must have 2 outputs and 2 samples, got 2 and 1"),
    ("accuracy", ([[1.0], [2.0]], [0, 1]), {}, "OUTPUTS must have 2 outputs or more, got 1"),
    ("accuracy", ([[NAN, 1.0]], [0]), {}, "OUTPUTS must not contain NaN"),
    ("soft_targets", (PAIR, 0), {}, "TEMPERATURE must be in (0, Inf), got 0"),
    ("soft_targets", (PAIR, INF), {}, "TEMPERATURE must be in (0, Inf), got Inf"),
    ("soft_targets", (np.ones((0, 2)), 1), {}, "LOGITS must not be empty"),
    (
        "distillation_loss",
        (PAIR, [[1.0], [2.0]], [0, 1]),
        {},
        "TEACHER_LOGITS must have 2 outputs and 2 samples, got 1 and 2",
    ),
    (
        "distillation_loss",
        (PAIR, PAIR, [0, 1]),
        {"temperature": 0},
        "TEMPERATURE must be in [0.01, 1000], got 0",
    ),
    (
        "distillation_loss",
        (PAIR, PAIR, [0, 1]),
        {"alpha": 1.1},
        "ALPHA must be in [0, 1], got 1.1",
    ),
    ("distill_model", (TEACHER, [2, 2], PAIR, [0, 2]), {}, "STUDENT must have 3 outputs, got 2"),
    ("distill_model", (TEACHER, NETWORK, PAIR, [0, 2]), {}, "STUDENT must have 3 outputs, got 1"),
    (
        "distill_model",
        (TEACHER, [2, 3], PAIR, [0, 3]),
        {},
        "Y must be class numbers in [0, 2], got 3",
    ),
]

BAD_VALUES += [
    ("rans_encode", ([1, 256],), {}, "SYMBOLS must be whole numbers in [0, 255], got 256"),
    ("huffman_encode", ([0.5],), {}, "SYMBOLS must be whole numbers in [0, 255], got 0.5"),
    ("huffman_lengths", ([3, -1],), {}, "FREQUENCIES must be whole numbers in [0, 2^53], got -1"),
    (
        "relative_index",
        ([1],),
        {"index_bits": 0},
        "INDEX_BITS must be a whole number in [1, 8], got 0",
    ),
    ("relative_index", ([INF],), {}, "W must not contain Inf"),
    (
        "pack_model",
        (NETWORK,),
        {"coding": "zip"},
        'CODING must be "entropy" or "huffman", got "zip"',
    ),
    (
        "pack_model",
        (Model.from_arrays([[[1.0, NAN]]]),),
        {},
        "layer 1 of MODEL must not contain NaN",
    ),
    (
        "pack_model",
        (Model.from_arrays([[[1.0]]], [[INF]]),),
        {},
        "layer 1 of MODEL must not contain Inf",
    ),
    (
        "pack_model",
        (Model.from_arrays([[list(range(257))]]),),
        {"coding": "huffman"},
        "layer 1 of MODEL must have at most 256 levels",
    ),
    (
        "count_huffman_model",
        (NETWORK,),
        {"index_bits": 9},
        "INDEX_BITS must be a whole number in [1, 8], got 9",
    ),
]

ROWS = "a real matrix with one row a sample"
ONE_DIMENSION = (
    "1 dimension: write .reshape(1, -1) for one sample or .reshape(-1, 1) for one feature"
)

BAD_TYPES: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("prune_threshold", ("weights", 0.1), {}, "W must be a real matrix"),
    ("unpack_model", ("OCZ",), {}, "PACKED must be a vector of uint8"),
    ("unpack_model", ([79.0, 67.0],), {}, "PACKED must be a vector of uint8"),
    ("rans_decode", (np.zeros((2, 2), np.uint8),), {}, "PACKED must be a vector of uint8"),
    ("huffman_encode", ("ab",), {}, "SYMBOLS must be a list of numbers"),
    ("prune_threshold", (np.ones((2, 2, 2)), 0.1), {}, "W must be a real matrix, got 3 dimensions"),
    ("prune_threshold", ([1j], 0.1), {}, "W must be a real matrix"),
    (
        "prune_threshold",
        ([[1, 2], [3]], 0.1),
        {},
        "W must be a real matrix, got rows of unequal length",
    ),
    (
        "prune_threshold",
        (np.ones(3, np.float16), 0.1),
        {},
        "W must be a real matrix, got float16: convert it with .astype(np.float32)",
    ),
    (
        "prune_threshold",
        (np.ones(3, np.longdouble), 0.1),
        {},
        f"W must be a real matrix, got {np.dtype(np.longdouble)}: "
        "convert it with .astype(np.float64)",
    ),
    (
        "prune_threshold",
        (np.ma.masked_less([1, 2], 2), 0.1),
        {},
        "W must be a real matrix, got a masked array: fill its gaps with .filled(...)",
    ),
    (
        "prune_threshold",
        (csr_matrix([[1.0, 0.0]]), 0.1),
        {},
        "W must be a real matrix, got a sparse matrix: convert it with .toarray()",
    ),
    (
        "prune_threshold",
        (np.array([1, None]), 0.1),
        {},
        "W must be a real matrix, got objects: convert them with .astype(float)",
    ),
    ("prune_threshold", (None, 0.1), {}, "W must be a real matrix, got None"),
    ("prune_threshold", ([1], "0.1"), {}, "THRESHOLD must be a real number"),
    ("prune_magnitude", ([1], [0.1, 0.2]), {}, "SPARSITY must be a real number"),
    ("prune_relative", ([1], 0.5), {"scope": 1}, 'SCOPE must be "layer" or "column"'),
    ("prune_model", (NETWORK,), {"rate": ["0.1"]}, "RATE must be a real number or a list of them"),
    (
        "prune_model",
        (NETWORK,),
        {"sparsity": "0.5"},
        "SPARSITY must be a real number or a list of them",
    ),
    ("prune_model", ([[1.0]],), {"rate": 0.1}, "MODEL must be a Model (oc.load reads one)"),
    ("surgery_mask", ([1], "ab", 1), {}, "MASK must be a real matrix"),
    (
        "sparsity_schedule",
        (CODES, 0, 1, 0, 1),
        {},
        "STEPS must be a list of numbers, got 2 dimensions",
    ),
    ("warp_images", ([1.0, 2.0],), {}, f"X must be {ROWS}, got {ONE_DIMENSION}"),
    (
        "warp_images",
        (np.ones((3, 2, 2)),),
        {},
        f"X must be {ROWS}, got 3 dimensions: write .reshape(len(X), -1)",
    ),
    ("warp_images", (PAIR,), {"image_size": "2x1"}, "IMAGE_SIZE must be a list of numbers"),
    ("warp_images", (PAIR,), {"shift": "1"}, "SHIFT must be a real number"),
    ("kmeans_codebook", ([1], "2"), {}, "K must be a whole number"),
    ("kmeans_codebook", ([1], [2, 3]), {}, "K must be a whole number"),
    ("quantize_codebook", ([1], "ab"), {}, "CODEBOOK must be a real matrix"),
    ("share_model", (NETWORK,), {"bits": "2"}, "BITS must be a whole number or a list of them"),
    ("accuracy", (PAIR, "ab"), {}, "Y must be class numbers or one row of targets a sample"),
    ("quantize_symmetric", ([1],), {"bits": "8"}, "BITS must be a whole number"),
    ("quantize_affine", ([1],), {"axis": "rows"}, "AXIS must be a whole number"),
    ("loss_mse", ([1.0, 2.0], [1.0]), {}, f"OUTPUTS must be {ROWS}, got {ONE_DIMENSION}"),
    (
        "loss_mse",
        (PAIR, PAIR),
        {"sample_weight": "all"},
        "SAMPLE_WEIGHT must be a list of numbers",
    ),
    ("soft_targets", (PAIR, [1, 2]), {}, "TEMPERATURE must be a real number"),
    ("distillation_loss", (PAIR, PAIR, [0, 1]), {"alpha": "a"}, "ALPHA must be a real number"),
    ("train_model", (PAIR, [0, 1], "2-2"), {}, "LAYERS must be a list of numbers"),
    (
        "train_model",
        (PAIR, [0, 1], [2, [2]]),
        {},
        "LAYERS must be a list of numbers, got rows of unequal length",
    ),
    ("train_model", (PAIR, [0, 1], None), {}, "LAYERS must be a list of numbers, got None"),
    ("train_model", (PAIR, [0, 1], [2, 2]), {"progress": "no"}, "PROGRESS must be true or false"),
    (
        "train_model",
        (PAIR, [0, 1], [2, 2]),
        {"progress": True, "epochs": "9"},
        "EPOCHS must be a whole number",
    ),
    (
        "train_model",
        (PAIR, [0, 1], [2, 2]),
        {"progress": True, "callback": 5},
        "CALLBACK must be a function",
    ),
]


@pytest.mark.parametrize("backend", ["numpy", pytest.param("octave", marks=pytest.mark.octave)])
@pytest.mark.parametrize(
    ("kind", "name", "args", "options", "text"),
    [(InvalidValueError, *row) for row in BAD_VALUES]
    + [(InvalidTypeError, *row) for row in BAD_TYPES],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_arguments_raise_the_same_error(
    kind: type[Exception],
    name: str,
    args: tuple[Any, ...],
    options: dict[str, Any],
    text: str,
    backend: str,
) -> None:
    function: Callable[..., Any] = public_function(OPERATIONS[name])
    with pytest.raises((InvalidValueError, InvalidTypeError, OctaveError)) as caught:
        function(*args, **options, backend=backend)
    assert type(caught.value) is kind
    assert str(caught.value) == f"{name}: {text}"
