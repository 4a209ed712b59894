"""The judge of equality itself: what it lets pass, what it finds, and that mistakes are caught."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array

from octave_compress import Dense, Model
from octave_compress.backends import OPERATIONS
from octave_compress.equivalence import verify as module
from octave_compress.equivalence.cases import CASES
from octave_compress.equivalence.levels import (
    EXACT,
    MEASURED,
    Level,
    compare,
    differing,
    rtol,
    ulp,
)
from octave_compress.equivalence.source import NumpySource
from octave_compress.equivalence.verify import (
    negative_controls,
    operations,
    verify,
    verify_operation,
)
from octave_compress.ops.rounding import round_half_away

ONE_UP = np.nextafter(1.0, 2.0)
TINY = 5e-324
NAN, INF = np.nan, np.inf


def bits_as_float(bits: int) -> np.float64:
    return np.int64(bits).view(np.float64)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        (np.array([1.0, NAN, -INF]), np.array([1.0, NAN, -INF]), EXACT),
        (NAN, bits_as_float(-0x8000000000000), EXACT),
        (np.float32(NAN), np.float32(-np.float32(NAN)), EXACT),
        (1.0, ONE_UP, ulp(1)),
        (np.float32(1), np.nextafter(np.float32(1), np.float32(0)), ulp(1)),
        (-0.0, 0.0, ulp(0)),
        (-TINY, TINY, ulp(2)),
        (1e300, -1e300, ulp(2.0**64)),
        (100.0, 100.0 + 1e-10, rtol(1e-12)),
        (np.array([1.0, 1e-30]), np.array([1.0, 2e-30]), rtol(1e-12)),
        (np.float32(1), np.float32(1.0001), rtol(1e-12)),
        (np.array([0.1, 0.2]), np.array([5.0, 0.3]), MEASURED),
        ("text", "text", EXACT),
        ([1, {"a": np.arange(3)}], [1, {"a": np.arange(3)}], EXACT),
        (np.zeros((0, 3)), np.zeros((0, 3)), rtol(1e-12)),
        (None, None, EXACT),
    ],
)
def test_equal_enough(left: Any, right: Any, level: Level) -> None:
    assert compare(left, right, level).mismatch is None
    assert compare(right, left, level).mismatch is None


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        (1.0, ONE_UP, EXACT),
        (0.0, -0.0, EXACT),
        (np.array([0.0, 1.0]), np.array([-0.0, 1.0]), EXACT),
        (NAN, 1.0, EXACT),
        (1.0, np.float32(1), EXACT),
        (np.int8(1), np.int16(1), EXACT),
        (np.ones((1, 2)), np.ones((2, 1)), EXACT),
        (np.ones(2), np.ones((1, 2)), rtol(1.0)),
        (np.array([True, False]), np.array([True, True]), rtol(1.0)),
        (np.array([1, 2]), np.array([1, 3]), ulp(1e9)),
        (1.0, np.nextafter(ONE_UP, 2.0), ulp(1)),
        (-TINY, TINY, ulp(1)),
        (np.finfo(float).max, INF, ulp(1)),
        (INF, -INF, rtol(1.0)),
        (NAN, 1.0, rtol(1.0)),
        (1.0, NAN, ulp(1e18)),
        (100.0, 100.0 + 1e-9, rtol(1e-12)),
        (np.array([1.0, 1e-3]), np.array([1.0, 1.1e-3]), rtol(1e-12)),
        (np.float32(1), np.float32(1.001), rtol(1e-12)),
        (0.5, -0.5, MEASURED),
        ("text", "Text", EXACT),
        ([1, 2], [1, 2, 3], EXACT),
        ({"a": 1}, {"b": 1}, EXACT),
        ({"a": 1}, 1, EXACT),
        (None, 0.0, EXACT),
    ],
)
def test_not_equal_enough(left: Any, right: Any, level: Level) -> None:
    assert compare(left, right, level).mismatch is not None
    assert compare(right, left, level).mismatch is not None


@pytest.mark.parametrize("wild", [INF, -INF, NAN])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.complex128])
def test_what_is_not_finite_excuses_no_other_element(wild: float, kind: Any) -> None:
    level = rtol(1e-6, single=1e-3)
    for size in (3, 200_000):  # in the same block, and in another
        expected = np.ones(size, kind)
        expected[-1] = wild
        actual = expected.copy()
        actual[0] = 1.5
        for one, other in ((actual, expected), (actual[None], expected[None])):
            found = compare(one, other, level)
            assert found.mismatch is not None
            assert found.differences[0].count == 1
        assert differing(actual, expected, level).nonzero()[0].tolist() == [0]
        assert compare(expected, expected.copy(), level).mismatch is None
    sparse = csc_array(np.array([[1.0, 0.0, wild]]))
    changed = csc_array(np.array([[1.5, 0.0, wild]]))
    assert compare(changed, sparse, level).mismatch is not None


def test_models_are_compared_field_by_field() -> None:
    weights = np.ones((2, 3))
    plain, masked = Dense(weights), Dense(weights, mask=np.ones((2, 3)))
    assert compare(Model((plain,)), Model((plain,)), EXACT).mismatch is None
    found = compare(Model((plain,)), Model((masked,)), EXACT)
    assert found.mismatch == "result.layers{1}: field mask is missing"
    other = Model((Dense(weights, activation="tanh"),))
    assert "activation" in str(compare(Model((plain,)), other, EXACT).mismatch)


def test_a_mismatch_says_where_and_how_far() -> None:
    found = compare(
        (np.ones(3), np.array([[1.0, 2.0]])), (np.ones(3), np.array([[1.0, 4.0]])), EXACT
    )
    assert found.worst == INF
    assert "result{2}(1,2): np.float64(2.0) is not np.float64(4.0)" in str(found.mismatch)
    found = compare(np.array([1.0, 2.0]), np.array([1.0, 3.0]), rtol(0.1))
    assert found.worst == pytest.approx(1 / 3.003)


def test_the_worst_difference_is_kept_below_the_bound() -> None:
    found = compare(1.0, np.nextafter(ONE_UP, 2.0), ulp(4))
    assert found == type(found)(2.0, 0.0, None)


def test_float32_has_its_own_bound() -> None:
    left, right = np.float32(1), np.float32(1.01)
    assert compare(left, right, rtol(1e-12, single=0.1)).mismatch is None
    assert compare(left, right, rtol(1e-12)).mismatch is not None
    assert (
        compare(np.float64(left), np.float64(right), rtol(1e-12, single=0.1)).mismatch is not None
    )


def test_halves_go_away_from_zero() -> None:
    x = np.array([0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, -0.3, 0.0, -0.0, INF, -INF])
    expected = np.array([1.0, -1.0, 2.0, 3.0, -3.0, 0.0, -0.0, 0.0, -0.0, INF, -INF])
    assert compare(round_half_away(x), expected, EXACT).mismatch is None
    single = round_half_away(np.array([2.5, -0.5, 8388609.0, INF, NAN], np.float32))
    expected = np.array([3, -1, 8388609, INF, NAN], np.float32)
    assert compare(single, expected, EXACT).mismatch is None
    assert round_half_away(2.5) == 3.0


def test_numpy_source_repeats_itself_and_varies() -> None:
    def draw(seed: int) -> list[Any]:
        source = NumpySource(seed)
        return [source.matrix(), source.number(0, 1), source.model().to_struct(), source.weights(5)]

    assert compare(draw(1), draw(1), EXACT).mismatch is None
    assert compare(draw(1), draw(2), EXACT).mismatch is not None


def test_numpy_source_draws_the_special_values() -> None:
    matrices = [NumpySource(seed).matrix(allow="nan", huge=True) for seed in range(200)]
    joined = np.concatenate([m.ravel().astype(np.float64) for m in matrices])
    assert {m.dtype.name for m in matrices} == {"float32", "float64"}
    assert any(m.size == 0 for m in matrices)
    assert any(m.size == 1 for m in matrices)
    assert np.isnan(joined).any()
    assert {INF, -INF, TINY, float(np.finfo(np.float64).max)} <= set(joined.tolist())
    assert np.signbit(joined[joined == 0]).any()
    assert not np.signbit(joined[joined == 0]).all()
    ties = [m for m in matrices if np.unique(m[np.isfinite(m)]).size < np.isfinite(m).sum()]
    assert len(ties) > 50


@pytest.mark.octave
def test_verify_finds_every_operation_in_agreement() -> None:
    rows = verify(cases=3, seed=7)
    assert [row.operation for row in rows] == list(operations())
    assert {row.operation: row.mismatch for row in rows if row.mismatch is not None} == {}
    assert all(row.cases == 3 for row in rows)


@pytest.mark.octave
def test_deliberate_mistakes_are_caught() -> None:
    controls = negative_controls()
    assert len(controls) >= 9
    assert [control for control in controls if not control.caught] == []


@pytest.mark.octave
def test_a_control_without_a_mistake_is_not_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    harmless = ("prune_threshold", "none", lambda result, *args, **options: result)
    monkeypatch.setattr(module, "_MISTAKES", (harmless,))
    assert [control.caught for control in negative_controls(cases=5)] == [False]


def test_a_missing_twin_or_row_is_a_mismatch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    op = operations()["prune_threshold"]
    with monkeypatch.context() as changed:
        changed.delitem(CASES, "prune_threshold")
        assert "no row for prune_threshold" in str(verify_operation(op).mismatch)
    monkeypatch.setattr("octave_compress.octave.locate.m_files", lambda: tmp_path)
    assert verify_operation(op).mismatch == "there is no prune_threshold.m"
    assert op is OPERATIONS["prune_threshold"]


@pytest.mark.octave
def test_a_call_that_fails_on_one_side_is_a_mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CASES, "prune_threshold", lambda source: ((np.ones((1, 1)), -1.0), {}))
    row = verify_operation(operations()["prune_threshold"], cases=2)
    assert "call 0 failed: prune_threshold: THRESHOLD must be in [0, Inf]" in str(row.mismatch)
