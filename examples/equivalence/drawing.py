"""What the tests draw: vectors and matrices of moderate numbers."""

from __future__ import annotations

import functools

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from octave_compress import equivalence

# The same examples in every run: these tests report what is, and do not search for more.
equivalent = functools.partial(
    equivalence.equivalent, settings=settings(derandomize=True, max_examples=30, database=None)
)


def numbers(low=-10.0, high=10.0):
    return st.floats(low, high, allow_subnormal=False).map(lambda x: round(x, 6) + 0.0)


def vectors(low=-10.0, high=10.0, least=1, most=20):
    return arrays(float, st.integers(least, most), elements=numbers(low, high))


def matrices(least=2, most=6):
    sides = st.tuples(st.integers(least, most), st.integers(least, most))
    return arrays(float, sides, elements=numbers())


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)
