"""Array-level quantizers: hand-worked values, and what they promise, on the NumPy definitions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from generators import HypothesisSource, as_lists
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from octave_compress import use_backend
from octave_compress.ops import (
    dequantize_affine,
    dequantize_grid,
    dequantize_symmetric,
    quantize_affine,
    quantize_grid,
    quantize_symmetric,
)

REALMAX = float(np.finfo(np.float64).max)


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


@st.composite
def weights(draw: DrawFn) -> Any:
    """Matrices of both float types, with ties, zeros and subnormals."""
    return HypothesisSource(draw).matrix()


def error_bound(w: Any, scale: Any) -> Any:
    """Return half a scale, plus the rounding of `w`'s own type."""
    return scale / 2 * (1 + 1e-9) + 2 * np.spacing(np.abs(w))


def test_grid_by_hand() -> None:
    w, codes, scale, zero_point = quantize_grid([[0.5, -1.0], [0.001, 2.0]])
    assert codes.dtype == np.int16
    assert as_lists(codes) == [[128, -255], [0, 510]]
    assert as_lists(w) == [[128 / 255, -1.0], [0.0, 2.0]]
    assert as_lists((scale, zero_point)) == ([[1 / 255]], [[0.0]])


def test_grid_is_what_the_articles_line_computes() -> None:
    w = np.random.default_rng(0).normal(size=(50, 30))  # no product here ends in a half
    assert as_lists(quantize_grid(w)[0]) == as_lists(np.round(w * 255) / 255)


def test_grid_has_511_levels_within_one() -> None:
    codes = quantize_grid(np.linspace(-1, 1, 10_001))[1]
    assert np.unique(codes).size == 511


def test_grid_rounds_halves_away_from_zero() -> None:
    codes = quantize_grid([0.5, -0.5, 1.5, 2.5, -2.5], bits=1)[1]
    assert as_lists(codes) == [[1, -1, 2, 3, -3]]


@pytest.mark.parametrize("bits", range(1, 16))
def test_grid_uses_all_of_int16_and_no_more(bits: int) -> None:
    limit = 32767 / (2**bits - 1)
    assert as_lists(quantize_grid([limit, -limit], bits=bits)[1]) == [[32767, -32767]]
    with pytest.raises(ValueError, match=r"W must be in .* for codes of 16 bits, got -"):
        quantize_grid([0, -np.nextafter(limit, np.inf)], bits=bits)


def test_symmetric_by_hand() -> None:
    w, codes, scale, zero_point = quantize_symmetric([[0.5, -1.0], [0.25, 0.0]], bits=4)
    assert codes.dtype == np.int8
    assert as_lists((codes, scale, zero_point)) == ([[4, -7], [2, 0]], [[1 / 7]], [[0.0]])
    assert as_lists(w) == [[4 * (1 / 7), -7 * (1 / 7)], [2 * (1 / 7), 0.0]]


def test_symmetric_scale_of_each_row_and_column() -> None:
    w = [[1.0, 2.0], [0.0, 0.0], [-6.0, 3.0]]
    rows = quantize_symmetric(w, bits=2, axis=0)
    assert as_lists(rows[1:3]) == ([[1, 1], [0, 0], [-1, 1]], [[2.0], [1.0], [6.0]])
    columns = quantize_symmetric(w, bits=2, axis=1)
    assert as_lists(columns[1:3]) == ([[0, 1], [0, 0], [-1, 1]], [[6.0, 3.0]])


def test_affine_by_hand() -> None:
    w, codes, scale, zero_point = quantize_affine([[0.0, 2.0, -1.0, 0.4]], bits=2)
    assert codes.dtype == np.uint8
    assert as_lists((codes, scale, zero_point)) == ([[1, 3, 0, 1]], [[1.0]], [[1.0]])
    assert as_lists(w) == [[0.0, 2.0, -1.0, 0.0]]


def test_affine_range_includes_zero() -> None:
    _, codes, scale, zero_point = quantize_affine([[5.0, 10.0], [-3.0, -1.0]], bits=1, axis=0)
    assert as_lists((scale, zero_point)) == ([[10.0], [3.0]], [[0.0], [1.0]])
    assert as_lists(codes) == [[1, 1], [0, 1]]


@pytest.mark.parametrize(
    ("bits", "name"), [(2, "8"), (8, "8"), (9, "16"), (16, "16"), (17, "32"), (32, "32")]
)
def test_codes_have_the_smallest_type(bits: int, name: str) -> None:
    w = [-1.0, 0.3, 1.0]
    signed, unsigned = quantize_symmetric(w, bits=bits)[1], quantize_affine(w, bits=bits)[1]
    assert (signed.dtype.name, unsigned.dtype.name) == (f"int{name}", f"uint{name}")
    assert as_lists(signed[0, [0, 2]]) == [1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1]
    assert as_lists(unsigned[0, [0, 2]]) == [0, 2**bits - 1]


@settings(deadline=None, derandomize=True)
@given(weights(), st.integers(2, 32), st.sampled_from([None, 0, 1]))
def test_no_weight_moves_by_more_than_half_a_scale(w: Any, bits: int, axis: int | None) -> None:
    for quantize in (quantize_symmetric, quantize_affine):
        moved, _, scale, _ = quantize(w, bits=bits, axis=axis)
        assert moved.dtype == w.dtype
        assert np.all(np.abs(moved.astype(np.float64) - w) <= error_bound(w, scale))
    if bits < 14:
        moved, _, scale, _ = quantize_grid(w, bits=bits)
        assert np.all(np.abs(moved.astype(np.float64) - w) <= error_bound(w, scale))


@settings(deadline=None, derandomize=True)
@given(weights(), st.integers(2, 32), st.sampled_from([None, 0, 1]))
def test_zeros_stay_zero(w: Any, bits: int, axis: int | None) -> None:
    for quantize in (quantize_symmetric, quantize_affine):
        moved, codes, _, zero_point = quantize(w, bits=bits, axis=axis)
        assert not moved[w == 0].any()
        assert not np.signbit(moved[w == 0]).any()
        assert np.all((codes == zero_point)[w == 0])
        assert np.all(zero_point == np.round(zero_point))


@settings(deadline=None, derandomize=True)
@given(weights(), st.integers(2, 32), st.sampled_from([None, 0, 1]))
def test_channels_are_matrices_of_their_own(w: Any, bits: int, axis: int | None) -> None:
    for quantize in (quantize_symmetric, quantize_affine):
        whole = quantize(w, bits=bits, axis=axis)
        pieces = [quantize(w, bits=bits)]
        if axis is not None:
            pieces = [quantize(np.take(w, [i], axis), bits=bits) for i in range(w.shape[axis])]
        assume(pieces)
        for result, parts in zip(whole, zip(*pieces, strict=True), strict=True):
            assert result.tolist() == np.concatenate(parts, axis or 0).tolist()


@settings(deadline=None, derandomize=True)
@given(weights(), st.integers(2, 15), st.sampled_from([None, 0, 1]))
def test_codes_decode_to_the_quantized_weights(w: Any, bits: int, axis: int | None) -> None:
    kind = w.dtype
    moved, codes, scale, _ = quantize_symmetric(w, bits=bits, axis=axis)
    assert np.array_equal(dequantize_symmetric(codes, scale).astype(kind), moved)
    moved, codes, scale, zero_point = quantize_affine(w, bits=bits, axis=axis)
    assert np.array_equal(dequantize_affine(codes, scale, zero_point).astype(kind), moved)
    w = np.clip(w, -1, 1)
    moved, codes, _, _ = quantize_grid(w, bits=bits)
    assert np.array_equal(dequantize_grid(codes, bits=bits).astype(kind), moved)


@pytest.mark.parametrize("bits", [2, 8, 16, 32])
def test_quantizing_twice_changes_nothing(bits: int) -> None:
    w = np.random.default_rng(1).normal(size=(7, 5))
    first = quantize_symmetric(w, bits=bits)
    again = quantize_symmetric(first[0], bits=bits)
    assert as_lists(again[1]) == as_lists(first[1])
    assert np.allclose(again[0], first[0], rtol=1e-15, atol=0)


def test_more_bits_cost_less_error() -> None:
    w = np.random.default_rng(2).normal(size=(64, 64))
    errors = [np.abs(quantize_affine(w, bits=bits)[0] - w).max() for bits in range(1, 17)]
    assert all(after < before for before, after in itertools.pairwise(errors))


@pytest.mark.parametrize("quantize", [quantize_symmetric, quantize_affine])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_largest_numbers_do_not_overflow(quantize: Any, kind: Any) -> None:
    largest = np.finfo(kind).max
    w = np.array([[largest, -largest, 1]], kind)
    moved = quantize(w, bits=8)[0]
    assert np.isfinite(moved).all()
    assert moved[0, 0] == pytest.approx(largest, rel=0.01)


@pytest.mark.parametrize("quantize", [quantize_symmetric, quantize_affine])
def test_nothing_but_subnormals_has_the_scale_one(quantize: Any) -> None:
    moved, codes, scale, _ = quantize([[5e-324, -1e-310]])
    assert as_lists((moved, codes - codes, scale)) == ([[0.0, 0.0]], [[0, 0]], [[1.0]])


@pytest.mark.parametrize("quantize", [quantize_symmetric, quantize_affine])
@pytest.mark.parametrize(
    ("shape", "axis", "channels"),
    [((0, 3), None, (1, 1)), ((0, 3), 1, (1, 3)), ((2, 0), 0, (2, 1)), ((0, 3), 0, (0, 1))],
)
def test_empty_weights(
    quantize: Any, shape: tuple[int, int], axis: int | None, channels: tuple[int, int]
) -> None:
    w, codes, scale, zero_point = quantize(np.zeros(shape), axis=axis)
    assert w.shape == codes.shape == shape
    assert as_lists(scale) == np.ones(channels).tolist()
    assert as_lists(zero_point) == np.zeros(channels).tolist()


def test_dequantize_takes_a_scale_for_each_row_or_column() -> None:
    codes = np.array([[1, 2], [3, 4]], np.int8)
    assert as_lists(dequantize_symmetric(codes, 0.5)) == [[0.5, 1.0], [1.5, 2.0]]
    assert as_lists(dequantize_symmetric(codes, [[1], [10]])) == [[1.0, 2.0], [30.0, 40.0]]
    assert as_lists(dequantize_symmetric(codes, [1, 10])) == [[1.0, 20.0], [3.0, 40.0]]
    assert as_lists(dequantize_affine(codes, [1, 10], [[1], [3]])) == [[0.0, 10.0], [0.0, 10.0]]
    assert as_lists(dequantize_grid(codes, bits=2)) == [[1 / 3, 2 / 3], [1.0, 4 / 3]]
    assert dequantize_symmetric(codes, np.float32(0.5)).dtype == np.float64


def test_dequantize_of_the_largest_code_saturates() -> None:
    assert as_lists(dequantize_symmetric([[2]], REALMAX)) == [[REALMAX]]
