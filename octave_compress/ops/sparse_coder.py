"""Positions, signs and levels of a sparse weight matrix, modelled for the range coder.

Neurons go one by one. The number of nonzeros of each is sent first; then, for each nonzero, how
far it is to the next one. The chance that position k is the next is ``rate * w_k`` over the sum
of w from k on, with a rate that grows with the nonzeros to come and w_k made of two factors:
what the neurons before this one had there (``shared``), and, where the inputs are a square
image, what this neuron has near there (``near``). Neurons sorted by their number of nonzeros
cost less; those with equally many less again if they are sorted by their first position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octave_compress.errors import ModelFileError
from octave_compress.ops.range_coder import (
    RangeReader,
    Steps,
    get_bit,
    get_flag,
    get_whole,
    new_contexts,
    put_bit,
    put_flag,
    put_whole,
)

Codes = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Array = NDArray[Any]

_RESOLUTION = 1 << 20  # probabilities of positions are multiples of one in so many

# By squared distance in the image: what a nonzero adds to `shared` for the neurons after it,
_SHARED = {0: 2.0, 1: 1.0, 2: 1.0, 4: 0.6, 5: 0.5}
# to `near` for the positions of its own neuron after it,
_NEAR = {
    **{1: 5.5, 2: 3.4, 4: 3.0, 5: 2.2, 8: 1.5, 9: 1.6, 10: 1.3, 13: 1.1},
    **{16: 1.0, 17: 0.8, 18: 0.75, 20: 0.5, 25: 0.5, 26: 0.4, 29: 0.2},
}
# and to the expected sign there. Whole numbers, so that sums are exact in any order.
_SIGN = {1: 172, 2: 115, 4: 52, 5: 35, 8: 10, 9: 7, 10: 5, 13: 1}
_SIGN_BOUNDS = np.array([-128, -26, -1, 1, 26, 128])
_CROWD = 8  # a nonzero's neighbours within two pixels, counted up to 7
_COUNT_BOUNDS = np.array([2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64])


@dataclass(frozen=True)
class _Shape:
    """What the model knows about the inputs.

    `near` and `shared` hold, for every position, the positions that a nonzero there changes;
    one behind the last position stands for those outside the image.
    """

    width: int
    shared: Floats
    shared_at: Indices
    shared_by: Floats
    near_at: Indices
    near_by: Floats
    rate: float
    extra: float
    most: float
    decay: float


def _shape(inputs: int, width: int) -> _Shape:
    if width == 0:
        positions = np.arange(inputs)[:, None]
        nothing = np.zeros((inputs, 0), np.int64)
        return _Shape(
            0,
            np.ones(inputs + 1),
            positions,
            np.array([0.0625]),
            nothing,
            np.zeros(0),
            1.0,
            0.0,
            0.98,
            1.0,
        )
    line = (2.0 * np.arange(width) - (width - 1)) / width
    edge = 1.0 - line * line * (line * line)
    prior = np.append(32.0 * (edge[:, None] * edge + 0.005).ravel(), 1.0)
    shared_at, shared_by = _stamp(width, 2, _SHARED, 0)
    near_at, near_by = _stamp(width, 5, _NEAR, 1)
    return _Shape(width, prior, shared_at, shared_by, near_at, near_by, 0.39, 2.527, 0.904, 0.99)


def _stamp(width: int, radius: int, table: dict[int, float], after: int) -> tuple[Indices, Floats]:
    """Return the neighbours of every position, and what the table says about each."""
    offsets = [
        (dy, dx)
        for dy in range(-radius * (1 - after), radius + 1)
        for dx in range(-radius, radius + 1)
        if dy * dy + dx * dx in table and (not after or dy > 0 or dx > 0)
    ]
    dy, dx = np.array(offsets).T
    y, x = np.divmod(np.arange(width * width)[:, None], width)
    inside = (y + dy >= 0) & (y + dy < width) & (x + dx >= 0) & (x + dx < width)
    at = np.where(inside, (y + dy) * width + x + dx, width * width)
    return at, np.array([table[int(d)] for d in dy * dy + dx * dx])


def _ends(
    w: Floats, start: int, left: int, shape: _Shape, alike: int, upto: int
) -> NDArray[np.int64]:
    """Return the cumulative weights of the next nonzero's positions, from `start` on.

    `left` nonzeros are to come, the next among them; at most `upto` weights are made.
    """
    ahead = w[start:-1]
    last = len(ahead) - left + 1  # room for the others
    shown = min(last, upto)
    remaining = np.cumsum(ahead[::-1])[::-1][:shown]
    chance = np.minimum(shape.rate * (left + shape.extra) * ahead[:shown] / remaining, shape.most)
    if shown == last:
        chance[-1] = 1.0
    missed = np.cumprod(1.0 - chance)
    if alike > 1:  # the first of so many neurons whose order is known
        missed = _power(missed, alike)
    reached: NDArray[np.int64] = np.floor((1.0 - missed) * _RESOLUTION).astype(np.int64)
    return reached + np.arange(1, shown + 1)


def _power(base: Array, exponent: int) -> Array:
    result = np.ones_like(base)
    while exponent > 0:
        if exponent & 1:
            result = result * base
        base = base * base
        exponent >>= 1
    return result


def _groups(counts: Indices) -> tuple[Indices, Indices]:
    """Return for each neuron how many of equal count follow in a row, itself included, and
    whether the one before it has the same count."""
    same = np.append(counts[1:] == counts[:-1], False)
    alike = np.ones(len(counts), np.int64)
    for i in range(len(counts) - 2, -1, -1):
        if same[i]:
            alike[i] = alike[i + 1] + 1
    return alike, np.append(False, same[:-1])


def _put_counts(steps: Steps, counts: Indices) -> None:
    falling = bool((counts[1:] <= counts[:-1]).all())
    put_flag(steps, falling)
    contexts, before = new_contexts(), int(counts[0])
    put_whole(steps, new_contexts(), before)
    for count in counts[1:].tolist():
        put_whole(steps, contexts, before - count if falling else count)
        before = count


def _get_counts(reader: RangeReader, rows: int, columns: int) -> Indices:
    falling = get_flag(reader)
    contexts = new_contexts()
    counts = [get_whole(reader, new_contexts())]
    for _ in range(rows - 1):
        number = get_whole(reader, contexts)
        counts.append(counts[-1] - number if falling else number)
    if min(counts) < 0 or max(counts) > columns:
        raise ModelFileError("damaged: a neuron has too many weights")
    return np.array(counts, np.int64)


@dataclass(frozen=True)
class _Levels:
    """How the levels beside zero are told apart: by sign, then by rank away from zero."""

    negative: int
    positive: int

    @property
    def signs_differ(self) -> bool:
        return self.negative > 0 and self.positive > 0

    def tables(self) -> _Tables:
        nodes = 1 << (max(self.negative, self.positive) - 1).bit_length()
        return _Tables(
            np.ones((len(_SIGN_BOUNDS) + 1, 2), np.int64),
            np.ones((2 * _CROWD, nodes, 2), np.int64),
            np.ones((len(_COUNT_BOUNDS) + 1, nodes, 2), np.int64),
        )

    def depth(self, sign: int) -> int:
        """Return the bits of a rank on one side of zero."""
        return ((self.positive if sign else self.negative) - 1).bit_length()


@dataclass(frozen=True)
class _Tables:
    """Counts of zeros and ones: of signs by what the nonzeros nearby let expect, of the bits of
    ranks by how many nonzeros are nearby (or by the sign) and by how many the neuron has."""

    signs: Indices
    crowds: Indices
    sizes: Indices


def _distances(at: Indices, width: int) -> Indices:
    """Return the squared distances in the image between positions."""
    y, x = np.divmod(at, width)
    result: Indices = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2
    return result


def _pull(distances: Indices) -> Indices:
    """Return what each nonzero adds to the expected signs of the others."""
    table = np.zeros(14, np.int64)
    table[list(_SIGN)] = list(_SIGN.values())
    result: Indices = table[np.minimum(distances, 13)] * (distances <= 13)
    return result


def _crowd(at: Indices, width: int) -> Indices:
    y, x = np.divmod(at, width)
    near = (np.abs(y[:, None] - y) <= 2) & (np.abs(x[:, None] - x) <= 2)
    result: Indices = np.minimum(near.sum(axis=1) - 1, _CROWD - 1)
    return result


def put_sparse(codes: Codes, zero: int, levels: int, width: int) -> Steps:
    """Return the steps of a matrix of codes, most of them `zero`; `width` 0 means no image."""
    steps: Steps = []
    mask = codes != zero
    counts = mask.sum(axis=1)
    _put_counts(steps, counts)
    alike, follows = _groups(counts)
    first = np.where(counts > 0, mask.argmax(axis=1), 0)
    ordered = not bool((follows & (first < np.append(0, first[:-1]))).any())
    put_flag(steps, ordered)
    shape = _shape(codes.shape[1], width)
    shared = shape.shared.copy()
    kinds = _Levels(zero, levels - 1 - zero)
    tables = kinds.tables()
    for i in np.flatnonzero(counts).tolist():
        at = np.flatnonzero(mask[i])
        w = shared.copy()
        start = int(first[i - 1]) if ordered and follows[i] else 0
        left = len(at)
        for k in at.tolist():
            begins = ordered and left == len(at)
            ends = _ends(w, start, left, shape, int(alike[i]) if begins else 1, k - start + 1)
            before = int(ends[-2]) if len(ends) > 1 else 0
            total = _RESOLUTION + len(w) - start - left
            steps.append((before, int(ends[-1]) - before, total))
            if width > 0:
                changed = shape.near_at[k]
                w[changed] += shared[changed] * shape.near_by
            start, left = k + 1, left - 1
        _put_levels(steps, codes[i, at].astype(np.int64) - zero, at, width, kinds, tables)
        shared *= shape.decay
        for k in at.tolist():
            shared[shape.shared_at[k]] += shape.shared_by
    return steps


def get_sparse(
    reader: RangeReader, size: tuple[int, int], zero: int, levels: int, width: int, most: int
) -> Codes:
    """Read what `put_sparse` returned: codes of `size`, with at most `most` nonzeros."""
    codes = np.full(size, zero, np.uint8)
    counts = _get_counts(reader, *size)
    if counts.sum() > most:
        raise ModelFileError("damaged: more weights than bytes can hold")
    alike, follows = _groups(counts)
    ordered = get_flag(reader)
    shape = _shape(size[1], width)
    shared = shape.shared.copy()
    kinds = _Levels(zero, levels - 1 - zero)
    tables = kinds.tables()
    first = 0
    for i in np.flatnonzero(counts).tolist():
        w = shared.copy()
        start = first if ordered and follows[i] else 0
        count = int(counts[i])
        found = []
        for left in range(count, 0, -1):
            total = _RESOLUTION + len(w) - start - left
            if total <= _RESOLUTION:
                raise ModelFileError("damaged: a neuron's weights do not fit")
            target = reader.target(total)
            begins = ordered and left == count
            ends = _ends(w, start, left, shape, int(alike[i]) if begins else 1, size[1])
            step = int(np.searchsorted(ends, target, side="right"))
            before = int(ends[step - 1]) if step > 0 else 0
            reader.take(before, int(ends[step]) - before)
            k = start + step
            found.append(k)
            if width > 0:
                changed = shape.near_at[k]
                w[changed] += shared[changed] * shape.near_by
            start = k + 1
        first = found[0]
        at = np.array(found)
        codes[i, at] = zero + _get_levels(reader, at, width, kinds, tables)
        shared *= shape.decay
        for k in found:
            shared[shape.shared_at[k]] += shape.shared_by
    return codes


def _put_levels(
    steps: Steps,
    steps_from_zero: Indices,
    at: Indices,
    width: int,
    kinds: _Levels,
    tables: _Tables,
) -> None:
    """Add the signs and ranks of one neuron's nonzeros; a rank counts from 0, the nearest."""
    signs = tables.signs
    is_positive = (steps_from_zero > 0).astype(np.int64)
    if kinds.signs_differ:
        pull = _pull(_distances(at, width)) if width > 0 else np.zeros((len(at), len(at)), np.int64)
        expected = np.tril(pull, -1) @ (2 * is_positive - 1)
        for context, sign in zip(
            _sign_context(expected).tolist(), is_positive.tolist(), strict=True
        ):
            put_bit(steps, signs[context].tolist(), sign)
            signs[context, sign] += 2
    for j, counts in enumerate(_rank_counts(at, width, is_positive, tables)):
        rank = int(abs(steps_from_zero[j])) - 1
        node = 1
        for place in range(kinds.depth(int(is_positive[j])) - 1, -1, -1):
            bit = rank >> place & 1
            put_bit(steps, sum(count[node] for count in counts).tolist(), bit)
            for count in counts:
                count[node, bit] += 2
            node = 2 * node + bit


def _get_levels(
    reader: RangeReader,
    at: Indices,
    width: int,
    kinds: _Levels,
    tables: _Tables,
) -> Indices:
    signs = tables.signs
    is_positive = np.full(len(at), int(kinds.positive > 0))
    if kinds.signs_differ:
        expected = np.zeros(len(at), np.int64)
        pull = _pull(_distances(at, width)) if width > 0 else np.zeros((len(at), len(at)), np.int64)
        for j in range(len(at)):
            context = int(_sign_context(expected[j]))
            sign = get_bit(reader, signs[context].tolist())
            signs[context, sign] += 2
            is_positive[j] = sign
            expected += pull[j] * (2 * sign - 1)
    ranks = np.zeros(len(at), np.int64)
    for j, counts in enumerate(_rank_counts(at, width, is_positive, tables)):
        depth = kinds.depth(int(is_positive[j]))
        node = 1
        for _ in range(depth):
            bit = get_bit(reader, sum(count[node] for count in counts).tolist())
            for count in counts:
                count[node, bit] += 2
            node = 2 * node + bit
        ranks[j] = node - (1 << depth)
        if ranks[j] >= (kinds.positive if is_positive[j] else kinds.negative):
            raise ModelFileError("damaged: a level is missing")
    result: Indices = (ranks + 1) * (2 * is_positive - 1)
    return result


def _sign_context(expected: Any) -> Indices:
    result: Indices = np.searchsorted(_SIGN_BOUNDS, expected, side="right")
    return result


def _rank_counts(
    at: Indices, width: int, is_positive: Indices, tables: _Tables
) -> Iterator[tuple[Indices, ...]]:
    """Return for each nonzero the counts, views, by which its rank's bits are coded."""
    if width == 0:
        return ((tables.crowds[sign],) for sign in is_positive.tolist())
    size = tables.sizes[int(np.searchsorted(_COUNT_BOUNDS, len(at), side="right"))]
    return ((tables.crowds[crowd], size) for crowd in _crowd(at, width).tolist())
