"""The argument checks: what passes, in which form, and the exact texts of the errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from octave_compress import (
    InvalidTypeError,
    InvalidValueError,
    OctaveCompressError,
    checks,
    ops,
)

NAN, INF = math.nan, math.inf


class Foreign:
    """As another library's array that NumPy cannot read."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("call .cpu() first")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.5"),
        (-0.0, "-0"),
        (3.0, "3"),
        (1e-20, "1e-20"),
        (0.3, "0.3"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1 + 2**-52, "1.0000000000000002"),
        (1e15, "1e+15"),
        (123456789012345.0, "123456789012345"),
        (NAN, "NaN"),
        (-NAN, "NaN"),
        (INF, "Inf"),
        (-INF, "-Inf"),
        (5e-324, "4.94065645841247e-324"),
    ],
)
def test_numbers_in_errors(value: float, text: str) -> None:
    assert checks.number_text(value) == text


@pytest.mark.octave
@pytest.mark.parametrize(
    "value", [1.5, 3.0, 1e15, 1e22, 5 / 3, 1 + 2**-52, -0.3, -1e-20, -5e-324, NAN, INF, -INF]
)
def test_octave_writes_numbers_the_same_way(value: float) -> None:
    with pytest.raises(InvalidValueError) as caught:
        ops.prune_relative([1.0], value, backend="octave")
    assert str(caught.value).endswith(f"RATE must be in [0, 1], got {checks.number_text(value)}")


def test_sizes_in_errors() -> None:
    assert checks.size_text(np.zeros((3, 4))) == "3x4"


@pytest.mark.parametrize(
    ("value", "interval", "inside"),
    [
        (0, "[0, 1]", True),
        (1, "[0, 1]", True),
        (0, "(0, 1)", False),
        (1, "(0, 1)", False),
        (1, "(0, 1]", True),
        (0, "[0, 1)", True),
        (INF, "[0, Inf]", True),
        (INF, "[0, Inf)", False),
        (-1e-300, "[0, 1]", False),
        (NAN, "[0, Inf]", False),
        (np.float32(0.5), "[0, 1]", True),
        (np.array([[0.5]]), "[0, 1]", True),
        (True, "[0, 1]", True),
    ],
)
def test_intervals(value: Any, interval: str, inside: bool) -> None:
    if inside:
        result = checks.number("op", "A", value, interval)
        assert type(result) is float
        assert result == value
        return
    with pytest.raises(InvalidValueError) as caught:
        checks.number("op", "A", value, interval)
    assert str(caught.value) == f"op: A must be in {interval}, got {checks.number_text(value)}"


def test_whole_numbers() -> None:
    result = checks.integer("op", "A", np.int8(3), "[1, 8]")
    assert type(result) is int
    assert result == 3
    assert checks.integer("op", "A", 3.0, "[1, Inf)") == 3
    for value in (0, 2.5, 9, NAN, INF):
        with pytest.raises(
            InvalidValueError, match=r"op: A must be a whole number in \[1, 8\], got"
        ):
            checks.integer("op", "A", value, "[1, 8]")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: checks.number("op", "A", "1", "[0, 1]"), "op: A must be a real number"),
        (lambda: checks.number("op", "A", None, "[0, 1]"), "op: A must be a real number, got None"),
        (lambda: checks.number("op", "A", [0.1, 0.2], "[0, 1]"), "op: A must be a real number"),
        (lambda: checks.number("op", "A", 1j, "[0, 1]"), "op: A must be a real number"),
        (lambda: checks.integer("op", "A", "1", "[0, 1]"), "op: A must be a whole number"),
        (lambda: checks.flag("op", "A", "yes"), "op: A must be true or false"),
        (lambda: checks.choice("op", "A", 1, ("a", "b")), 'op: A must be "a" or "b"'),
        (lambda: checks.matrix("op", "A", "a"), "op: A must be a real matrix"),
        (lambda: checks.matrix("op", "A", [1j]), "op: A must be a real matrix"),
        (
            lambda: checks.matrix("op", "A", np.zeros((1, 1, 1))),
            "op: A must be a real matrix, got 3 dimensions",
        ),
        (
            lambda: checks.matrix("op", "A", np.float16(1)),
            "op: A must be a real matrix, got float16: convert it with .astype(np.float32)",
        ),
        (
            lambda: checks.matrix("op", "A", np.longdouble(1)),
            f"op: A must be a real matrix, got {np.dtype(np.longdouble)}: "
            "convert it with .astype(np.float64)",
        ),
        (
            lambda: checks.matrix("op", "A", Foreign()),
            "op: A must be a real matrix, got call .cpu() first",
        ),
    ],
)
def test_wrong_types(call: Callable[[], object], text: str) -> None:
    with pytest.raises(InvalidTypeError) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, OctaveCompressError)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: checks.choice("op", "A", "d", ("a", "b", "c")),
            'op: A must be "a", "b" or "c", got "d"',
        ),
        (lambda: checks.choice("op", "A", "", ("a",)), 'op: A must be "a", got ""'),
        (lambda: checks.matrix("op", "A", [NAN, INF]), "op: A must not contain NaN"),
        (lambda: checks.matrix("op", "A", [INF]), "op: A must not contain Inf"),
        (lambda: checks.matrix("op", "A", [NAN], "inf"), "op: A must not contain NaN"),
        (lambda: checks.not_empty("op", "A", np.zeros((0, 3))), "op: A must not be empty"),
        (
            lambda: checks.same_size("op", "A", np.zeros((1, 2)), "W", np.zeros((2, 1))),
            "op: A must have the size of W, 2x1, got 1x2",
        ),
        (
            lambda: checks.same_batch("op", "A", np.zeros((5, 3)), np.zeros((5, 4))),
            "op: A must have 4 outputs and 5 samples, got 3 and 5",
        ),
        (
            lambda: checks.sample_weight("op", [1.0], np.zeros((2, 3))),
            "op: SAMPLE_WEIGHT must have 2 values, got 1",
        ),
        (
            lambda: checks.sample_weight("op", [1.0, -2.0], np.zeros((2, 3))),
            "op: SAMPLE_WEIGHT must be in [0, Inf), got -2",
        ),
        (
            lambda: checks.sample_weight("op", [NAN, 1.0], np.zeros((2, 3))),
            "op: SAMPLE_WEIGHT must not contain NaN",
        ),
    ],
)
def test_wrong_values(call: Callable[[], object], text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, OctaveCompressError)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.ones(3, np.float32), np.float32),
        (np.ones(3, np.float64), np.float64),
        (np.ones(3, np.int8), np.float64),
        (np.ones(3, np.uint64), np.float64),
        (np.ones(3, bool), np.float64),
        (np.ones(3, ">f4"), np.float32),
        ([1, 2, 3], np.float64),
    ],
)
def test_matrices_become_float(given: Any, dtype: type) -> None:
    result = checks.matrix("op", "A", given)
    assert result.dtype == dtype
    assert result.dtype.isnative
    assert result.shape == (1, 3)
    assert result.tolist() == [list(map(float, given))]


def test_matrices_keep_what_is_allowed() -> None:
    assert checks.matrix("op", "A", [INF], "inf").tolist() == [[INF]]
    assert np.isnan(checks.matrix("op", "A", [NAN, -INF], "nan")[0, 0])
    assert checks.matrix("op", "A", 5).shape == (1, 1)
    assert checks.matrix("op", "A", np.zeros((0, 3))).shape == (0, 3)


def test_flags() -> None:
    assert checks.flag("op", "A", 1) is True
    assert checks.flag("op", "A", np.False_) is False


def test_sample_weights_take_the_outputs_float_type() -> None:
    assert checks.sample_weight("op", None, np.zeros((2, 3))) is None
    weight = checks.sample_weight("op", [1, 0], np.zeros((2, 3), np.float32))
    assert weight is not None
    assert weight.dtype == np.float32
    assert weight.tolist() == [1.0, 0.0]


def test_numbers_beyond_a_float_type_are_refused() -> None:
    values = np.array([[1.0, -4e38], [3e38, 1e-60]])
    assert checks.narrowed("op", "A", values, np.float64) is values
    with pytest.raises(InvalidValueError) as caught:
        checks.narrowed("op", "A", values, np.float32)
    limit = "3.4028234663852886e+38"
    text = f"op: A must be in [-{limit}, {limit}], the range of 32-bit floats, got -4e+38"
    assert str(caught.value) == text
    narrow = checks.narrowed("op", "A", values / 2, np.dtype(np.float32))
    assert narrow.tolist() == [[0.5, np.float32(-2e38)], [np.float32(1.5e38), 0.0]]
