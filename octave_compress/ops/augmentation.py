"""Augmentation: more samples to train with from those that there are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.backends import Backend, operation
from octave_compress.checks import FloatArray
from octave_compress.equivalence.levels import rtol
from octave_compress.random import OctaveRandom

Double = NDArray[np.float64]


@operation(level=rtol(1e-11), returns=("X",))
def warp_images(
    X: ArrayLike,
    *,
    shift: float = 0.0,
    rotation: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    batch_size: int = 128,
    image_size: Sequence[int] | None = None,
    seed: int = 0,
    backend: Backend | None = None,
) -> FloatArray:
    """Return images moved, turned, grown and sheared a little at random, to train with.

    Samples are taken in groups of `batch_size`, and all images of a group are warped in the same
    way, which makes a warp one product with a sparse matrix. Values between pixels are bilinear,
    and what comes from outside is zero. About its centre an image grows, then shears, then
    turns, then moves. The amounts are uniform between minus and plus what the arguments say, and
    without arguments nothing changes.

    Parameters
    ----------
    X : array_like, (samples, pixels)
        The pixels of an image are numbered row after row, as in MNIST's files.
    shift : float
        Pixels, drawn for the way down and then for the way to the right.
    rotation : float
        Degrees counterclockwise, at most 180.
    scale : float
        Growth, below 1: 0.1 means factors from 0.9 to 1.1, drawn for height and then for width.
    shear : float
        Columns that a row moves to the right of the row above it.
    batch_size : int
        Samples that are warped alike.
    image_size : sequence of int, optional
        Height and width, if the images are not square.
    seed : int
        For Octave's `rand`, which draws the six amounts of a group in the order above.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    ndarray, (samples, pixels)
        In the type of `X`.

    Raises
    ------
    InvalidValueError, InvalidTypeError

    Examples
    --------
    >>> warp_images(np.eye(4), shift=1, seed=2, backend="numpy").shape
    (4, 4)
    """
    op = "warp_images"
    samples = checks.matrix(op, "X", X)
    checks.not_empty(op, "X", samples)
    warp = check_warp(
        op,
        samples.shape[1],
        shift=shift,
        rotation=rotation,
        scale=scale,
        shear=shear,
        batch_size=batch_size,
        image_size=image_size,
    )
    random = OctaveRandom(checks.integer(op, "SEED", seed, "[0, 4294967295]"))
    return warp_groups(samples, warp, random)


@dataclass(frozen=True)
class Warp:
    """How images are warped, checked; `limits` are those of `warp_amounts`."""

    limits: tuple[float, float, float, float]
    batch_size: int
    image_size: tuple[int, int]


def check_warp(
    op: str,
    features: int,
    *,
    shift: Any = 0.0,
    rotation: Any = 0.0,
    scale: Any = 0.0,
    shear: Any = 0.0,
    batch_size: Any = 128,
    image_size: Any = None,
) -> Warp:
    """Return how images of so many pixels are warped, checked."""
    limits = (
        checks.number(op, "SHIFT", shift, "[0, Inf)"),
        checks.number(op, "ROTATION", rotation, "[0, 180]"),
        checks.number(op, "SCALE", scale, "[0, 1)"),
        checks.number(op, "SHEAR", shear, "[0, Inf)"),
    )
    group = checks.integer(op, "BATCH_SIZE", batch_size, "[1, Inf)")
    return Warp(limits, group, check_image_size(op, image_size, features))


def check_augment(op: str, augment: Mapping[str, Any], features: int) -> Warp:
    """Return how the option `augment` of training warps images."""
    return check_warp(op, features, **augment)


def warp_groups(x: FloatArray, warp: Warp, random: OctaveRandom) -> FloatArray:
    """Return images in rows, group by group warped by what `rand` says."""
    warped = np.empty_like(x)
    size = warp.batch_size
    amounts = warp_amounts(warp.limits, -(-len(x) // size), random)
    for k, amount in enumerate(amounts.T.tolist()):
        batch = slice(k * size, (k + 1) * size)
        matrix = warp_matrix(warp.image_size, amount)
        warped[batch] = (matrix @ x[batch].T.astype(np.float64)).T
    return warped


def check_image_size(op: str, image_size: Any, features: int) -> tuple[int, int]:
    """Return height and width of images with so many pixels; None means square ones."""
    if image_size is None:
        side = math.isqrt(features)
        if side * side != features:
            requirement = f"be given for {features} features, which are no square"
            checks.value_error(op, "IMAGE_SIZE", requirement)
        return side, side
    size = checks.matrix(op, "IMAGE_SIZE", image_size).reshape(-1)
    if size.size != 2:
        checks.value_error(op, "IMAGE_SIZE", "have 2 values, height and width", str(size.size))
    height, width = (checks.integer(op, "IMAGE_SIZE", value, "[1, Inf)") for value in size)
    if height * width != features:
        checks.value_error(op, "IMAGE_SIZE", f"fit {features} features", f"{height}x{width}")
    return height, width


def warp_amounts(limits: Sequence[float], count: int, random: OctaveRandom) -> Double:
    """Return random warps for `warp_matrix`, one a column.

    Six numbers each, one warp after the other, between minus and plus `limits` (shift, rotation
    in degrees, scale, shear).
    """
    shift, rotation, scale, shear = limits
    largest = np.array([shift, shift, rotation * (math.pi / 180), scale, scale, shear])
    amounts: Double = largest[:, None] * (2 * random.rand(6, count) - 1)
    return amounts


def warp_matrix(image_size: tuple[int, int], amounts: Sequence[float]) -> Any:
    """Return a small affine warp of images as a sparse matrix: ``(matrix @ X.T).T``.

    Bilinear, at most four entries a row, zero outside. `amounts` are the shifts down and to the
    right in pixels, the angle in radians (counterclockwise), the growth of height and of width,
    and the shear in columns a row.
    """
    from scipy.sparse import csr_matrix

    height, width = image_size
    pixels = height * width
    middle = (height - 1) / 2, (width - 1) / 2
    # Where each pixel comes from: the steps backwards.
    down = (np.arange(height) - middle[0] - amounts[0])[:, None]
    right = np.arange(width) - middle[1] - amounts[1]
    # The C library's own functions, as Octave calls them.
    cosine, sine = math.cos(amounts[2]), math.sin(amounts[2])
    row = sine * right + cosine * down
    column = cosine * right - sine * down - amounts[5] * row
    row = row.ravel() / (1 + amounts[3]) + middle[0]
    column = column.ravel() / (1 + amounts[4]) + middle[1]
    top, left = np.floor(row), np.floor(column)
    below, beside = row - top, column - left
    weight = np.concatenate(
        (
            (1 - below) * (1 - beside),
            (1 - below) * beside,
            below * (1 - beside),
            below * beside,
        )
    )
    row = np.concatenate((top, top, top + 1, top + 1))
    column = np.concatenate((left, left + 1, left, left + 1))
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    came = (row * width + column)[inside].astype(np.int64)
    to = np.tile(np.arange(pixels), 4)[inside]
    return csr_matrix((weight[inside], (to, came)), shape=(pixels, pixels))
