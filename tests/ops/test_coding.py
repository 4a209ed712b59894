"""Entropy coders against the entropy, hand-worked codes, Kraft's sum and each other."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import octave_compress as oc
from octave_compress import ops

BYTES = st.lists(st.integers(0, 255), max_size=300)
BACKENDS = ["numpy", pytest.param("octave", marks=pytest.mark.octave)]


def entropy(symbols: np.ndarray) -> float:
    """Return the bytes that symbols need if each is drawn by its share."""
    counts = np.bincount(symbols)
    counts = counts[counts > 0]
    return float(-(counts * np.log2(counts / counts.sum())).sum() / 8)


def best_cost(counts: list[int]) -> int:
    """Return the bits of a best prefix code: the sum of all joined weights."""
    heap = [count for count in counts if count]
    heapq.heapify(heap)
    total = heap[0] if len(heap) == 1 else 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    return total


@given(st.lists(st.integers(0, 50), max_size=40))
def test_huffman_lengths_are_as_good_as_any(counts: list[int]) -> None:
    lengths = ops.huffman_lengths(counts, backend="numpy").astype(float)
    used = [length for length, count in zip(lengths, counts, strict=True) if count]
    assert all(length == 0 for length, count in zip(lengths, counts, strict=True) if not count)
    if used:
        assert float(np.dot(lengths, counts)) == best_cost(counts)
        assert sum(2.0**-length for length in used) == (1.0 if len(used) > 1 else 0.5)


def test_huffman_lengths_of_a_textbook() -> None:
    # Cormen, Leiserson, Rivest, Stein: a..f with 45, 13, 12, 16, 9, 5.
    lengths = ops.huffman_lengths([45, 13, 12, 16, 9, 5], backend="numpy")
    assert lengths.tolist() == [1, 3, 3, 3, 4, 4]


def test_huffman_lengths_are_limited() -> None:
    fibonacci = [1, 1]
    while len(fibonacci) < 40:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    lengths = ops.huffman_lengths(fibonacci, backend="numpy").astype(float)
    assert lengths.max() == 15
    assert (2.0**-lengths).sum() == 1.0


@pytest.mark.parametrize("coder", ["huffman", "rans"])
@given(symbols=BYTES)
def test_what_was_coded_comes_back(coder: str, symbols: list[int]) -> None:
    encode, decode = getattr(ops, f"{coder}_encode"), getattr(ops, f"{coder}_decode")
    packed = encode(symbols, backend="numpy")
    assert decode(packed, backend="numpy").tolist() == symbols
    assert packed.dtype == np.uint8


@pytest.mark.parametrize("count", [1000, 30_000, 300_000])
@pytest.mark.parametrize("spread", [2.0, 12.0, 60.0])
def test_rans_is_near_the_entropy(count: int, spread: float) -> None:
    random = np.random.default_rng(0)
    symbols = np.clip(np.round(random.normal(128, spread, count)), 0, 255).astype(np.uint8)
    size = ops.rans_encode(symbols, backend="numpy").size
    assert 0.999 * entropy(symbols) < size < 1.006 * entropy(symbols) + 400


def test_huffman_is_within_a_bit_of_the_entropy() -> None:
    symbols = np.random.default_rng(0).geometric(0.3, 20_000).clip(max=255).astype(np.uint8)
    size = ops.huffman_encode(symbols, backend="numpy").size
    assert entropy(symbols) < size < entropy(symbols) + len(symbols) / 8


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("coder", ["huffman", "rans"])
def test_damage_is_one_error(coder: str, backend: Any) -> None:
    packed = getattr(ops, f"{coder}_encode")([1, 2, 2, 3, 3, 3, 3], backend="numpy").tobytes()
    for broken in (packed[:-1], packed + b"\0", b"", b"\xff" * 12):
        with pytest.raises(oc.ModelFileError, match=f"{coder}_decode: PACKED is damaged"):
            getattr(ops, f"{coder}_decode")(broken, backend=backend)


@given(st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.5, -2.0]), max_size=400), st.integers(1, 8))
def test_relative_index_says_where_the_weights_are(w: list[float], bits: int) -> None:
    values, index = ops.relative_index([w], index_bits=bits, backend="numpy")
    back = np.zeros(len(w))
    back[np.cumsum(index.astype(int) + 1) - 1] = values
    assert back.tolist() == w
    assert index.max(initial=0) < 2**bits
    fillers = values == 0
    assert (index[fillers] == 2**bits - 1).all()
    assert not fillers[-1:].any()


def test_relative_index_of_deep_compression() -> None:
    # Figure 2 of Han 2015: spans of 8 at most, a filler where one is longer.
    w = np.zeros(16)
    w[[1, 4, 15]] = [3.4, 0.9, 1.7]
    values, index = ops.relative_index(w, index_bits=3, backend="numpy")
    assert values.tolist() == [3.4, 0.9, 0.0, 1.7]
    assert (index + 1).tolist() == [2, 3, 8, 3]
