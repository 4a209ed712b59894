"""Warped images against SciPy's affine transform, and what the options promise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import affine_transform

from octave_compress import use_backend
from octave_compress.ops import warp_images
from octave_compress.ops.augmentation import warp_matrix
from octave_compress.random import OctaveRandom

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9))
STRONG = {"shift": 3.0, "rotation": 40.0, "scale": 0.5, "shear": 0.7}


@pytest.fixture(autouse=True)
def _numpy() -> Any:
    with use_backend("numpy"):
        yield


def images(count: int, size: tuple[int, int], seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0, 1, (count, *size))


def backwards(amounts: Any) -> tuple[Any, Any]:
    """Return matrix and shift of the map from output to input, from the steps forwards."""
    down, right, angle, tall, wide, shear = amounts
    grow = np.diag([1 + tall, 1 + wide])
    slant = np.array([[1.0, 0.0], [shear, 1.0]])
    # On (row, column), with rows that count downwards, this turns counterclockwise.
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    inverse = np.linalg.inv(turn @ slant @ grow)
    return inverse, -inverse @ [down, right]


@settings(deadline=None, derandomize=True)
@given(SIZES, st.integers(0, 2**32 - 1))
def test_one_warp_is_scipys_affine_transform(size: tuple[int, int], seed: int) -> None:
    picture = images(1, size, seed)
    u = 2 * OctaveRandom(seed).rand(6, 1)[:, 0] - 1
    amounts = u * [3, 3, math.radians(40), 0.5, 0.5, 0.7]
    matrix, shift = backwards(amounts)
    middle = (np.array(size) - 1) / 2
    expected = affine_transform(
        picture[0], matrix, middle + shift - matrix @ middle, order=1, mode="grid-constant"
    )
    found = warp_images(picture.reshape(1, -1), image_size=size, seed=seed, **STRONG)
    np.testing.assert_allclose(found.reshape(size), expected, rtol=1e-9, atol=1e-12)


def test_counterclockwise_on_the_screen() -> None:
    picture = np.zeros((3, 3))
    picture[0, 1] = 1  # at the top
    turned = (warp_matrix((3, 3), [0, 0, math.pi / 2, 0, 0, 0]) @ picture.ravel()).reshape(3, 3)
    assert turned[1, 0] == pytest.approx(1)  # at the left


def test_down_and_to_the_right() -> None:
    picture = np.zeros((3, 3))
    picture[0, 0] = 1
    moved = (warp_matrix((3, 3), [1, 2, 0, 0, 0, 0]) @ picture.ravel()).reshape(3, 3)
    assert np.argwhere(moved).tolist() == [[1, 2]]


@settings(deadline=None, derandomize=True)
@given(SIZES, st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_nothing_asked_for_nothing_done(
    size: tuple[int, int], count: int, batch: int, seed: int
) -> None:
    X = images(count, size).reshape(count, -1)
    same = warp_images(X, image_size=size, batch_size=batch, seed=seed)
    assert same.tolist() == X.tolist()


def test_at_most_four_entries_a_row_that_add_up_to_one_inside() -> None:
    matrix = warp_matrix((28, 28), [0.3, -0.6, 0.1, 0.05, -0.02, 0.1])
    assert np.diff(matrix.indptr).max() == 4
    sums = np.asarray(matrix.sum(axis=1)).reshape(28, 28)
    np.testing.assert_allclose(sums[6:-6, 6:-6], 1, rtol=1e-12)
    assert sums.min() >= 0
    assert sums.max() <= 1 + 1e-12


def test_a_group_is_warped_alike_and_groups_are_not() -> None:
    X = np.tile(images(1, (6, 6)).reshape(1, -1), (10, 1))
    warped = warp_images(X, batch_size=4, seed=1, **STRONG)
    assert len({row.tobytes() for row in warped}) == 3
    for group in (warped[:4], warped[4:8], warped[8:]):
        assert (group == group[0]).all()
    # What comes first does not depend on what follows.
    assert warp_images(X[:4], batch_size=4, seed=1, **STRONG).tolist() == warped[:4].tolist()


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8])
def test_the_float_type_stays(kind: Any) -> None:
    X = (255 * images(3, (5, 5))).reshape(3, -1).astype(kind)
    warped = warp_images(X, **STRONG)
    assert warped.dtype == (np.float64 if kind is np.uint8 else kind)
    expected = warp_images(X.astype(np.float64), **STRONG)
    np.testing.assert_allclose(warped, expected, rtol=1e-6)


@pytest.mark.octave
def test_both_sides_warp_a_whole_set_alike() -> None:
    X = images(300, (28, 28)).reshape(300, -1).astype(np.float32)
    options = {"shift": 2, "rotation": 12, "scale": 0.1, "shear": 0.1, "seed": 9}
    ours = warp_images(X, **options)
    theirs = warp_images(X, **options, backend="octave")
    np.testing.assert_allclose(theirs, ours, rtol=1e-6, atol=1e-7)
