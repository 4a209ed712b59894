"""The engine that lets Hypothesis draw an operation's arguments, and shrink those that fail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DrawFn, SearchStrategy
from numpy.typing import NDArray

from octave_compress.equivalence.cases import CASES, Call
from octave_compress.equivalence.source import Source

_T = TypeVar("_T")


class HypothesisSource(Source):
    """Draws through Hypothesis."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def number(self, low: float, high: float) -> float:
        return self._draw(_numbers(low, high, (low, high)))

    def choice(self, options: Sequence[_T]) -> _T:
        return self._draw(st.sampled_from(options))

    def values(
        self, count: int, low: float, high: float, special: Sequence[float]
    ) -> NDArray[np.float64]:
        return self._draw(arrays(np.float64, count, elements=_numbers(low, high, special)))


def _numbers(low: float, high: float, special: Sequence[float]) -> SearchStrategy[float]:
    kinds = [st.floats(low, high)]
    first, last = math.ceil(low * 4), math.floor(high * 4)
    if first <= last:
        kinds.insert(0, st.integers(first, last).map(lambda n: n / 4))
    if special:
        kinds.append(st.sampled_from(special))
    return st.one_of(*kinds)


@st.composite
def calls(draw: DrawFn, name: str) -> Call:
    """Return the arguments of one valid call of an operation."""
    return CASES[name](HypothesisSource(draw))


def as_lists(value: Any) -> Any:
    """Return a result with its arrays as lists, to compare with values written by hand."""
    if isinstance(value, tuple):
        return tuple(as_lists(item) for item in value)
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
