"""Functions of Octave itself against NumPy and SciPy."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.fft
import scipy.signal
from drawing import equivalent, matrices, noise, numbers, vectors
from hypothesis import strategies as st

from octave_compress.equivalence import assert_equivalent, rtol, ulp

COEFFICIENTS = (np.array([0.2, 0.3, 0.1]), np.array([1.0, -0.4, 0.2]))


@equivalent(
    "filter", vectors(least=3, most=3), st.just(COEFFICIENTS[1]), vectors(), level=rtol(1e-12)
)
def test_filter(b, a, x):
    return scipy.signal.lfilter(b, a, x)


@equivalent("conv2", matrices(), matrices(least=1, most=3), level=rtol(1e-14))
def test_conv2(a, b):
    return scipy.signal.convolve2d(a, b)


@equivalent("conv", vectors(), vectors(), level=rtol(1e-12))
def test_conv(a, b):
    return np.convolve(a, b)


@equivalent("interp1", st.just(np.arange(6.0)), vectors(least=6, most=6), vectors(), level=ulp(1))
def test_interp1(x, y, at):
    # Outside of x Octave answers NA, which is a NaN; np.interp repeats the last value.
    return np.interp(at, x, y, left=np.nan, right=np.nan)


@equivalent(
    "polyfit", st.just(np.arange(8.0)), vectors(least=8, most=8), st.just(2.0), level=rtol(1e-9)
)
def test_polyfit(x, y, degree):
    return np.polyfit(x, y, int(degree))


@equivalent("polyval", vectors(most=6), vectors())
def test_polyval(p, x):
    return np.polyval(p, x)


@equivalent("cov", matrices(), level=rtol(1e-12))
def test_cov(x):
    return np.cov(x, rowvar=False)


@equivalent("std", matrices(), level=rtol(1e-12))
def test_std(x):
    return np.std(x, axis=0, ddof=1)


@equivalent("median", matrices())
def test_median(x):
    return np.median(x, axis=0)


@equivalent("quantile", vectors(least=2), st.just(np.array([0.1, 0.25, 0.5, 0.9])), level=ulp(4))
def test_quantile(x, p):
    return np.quantile(x, p, method="hazen")


@equivalent("histc", vectors(), st.just(np.arange(-4.0, 5.0)))
def test_histc(x, edges):
    # The last class holds what equals the last edge; np.histogram adds it to the one before.
    inside = x[(x >= edges[0]) & (x <= edges[-1])]
    places = np.searchsorted(edges, inside, side="right") - 1
    return np.bincount(places, minlength=edges.size).astype(float)


@equivalent(
    "unique",
    vectors(most=12).map(lambda x: np.round(x / 4) + 0.0),
    nout=(1, 3),
)
def test_unique(x):
    values, first, inverse = np.unique(x, return_index=True, return_inverse=True)
    return values, first + 1.0, inverse + 1.0


@equivalent("fft", vectors(), level=rtol(1e-11))
def test_fft(x):
    return scipy.fft.fft(x)


@equivalent("cumsum", vectors())
def test_cumsum(x):
    return np.cumsum(x)


@equivalent("kron", matrices(most=3), matrices(most=3))
def test_kron(a, b):
    return np.kron(a, b)


@equivalent("circshift", matrices(), st.integers(-3, 3))
def test_circshift(x, n):
    return np.roll(x, n, axis=0)


@equivalent("cross", vectors(least=3, most=3), vectors(least=3, most=3))
def test_cross(a, b):
    return np.cross(a, b)


@equivalent("trapz", vectors(least=2), level=rtol(1e-12))
def test_trapz(y):
    return np.trapezoid(y)


@equivalent("hypot", numbers(), numbers(), level=ulp(1))
def test_hypot(x, y):
    return np.hypot(x, y)


# What a port gets wrong at first: the kit finds it and names the cause.

X = noise(20, 3)
COLUMNS = "the first dimension that is not 1"


@pytest.mark.octave
@pytest.mark.parametrize(
    ("name", "port", "args", "said", "cause"),
    [
        ("cov", np.cov, (X,), "3x3 in Octave, 20x20 in Python", "sample axis"),
        ("std", lambda x: np.std(x, axis=0), (X,), "3 of 3", "ddof"),
        ("median", np.median, (X,), "1x3 in Octave, 1x1 in Python", COLUMNS),
        ("mean", np.mean, (X,), "1x3 in Octave, 1x1 in Python", COLUMNS),
        ("max", np.max, (np.array([1.0, np.nan, 3.0]),), "nan", "NaN in max and min"),
        ("round", np.round, (np.arange(-5.0, 6.0) / 2,), "4 of 11", "rounding of halves"),
        ("quantile", np.quantile, (X[:, 0], 0.3), "1 of 1", None),
        ("filter", scipy.signal.lfilter, (*COEFFICIENTS, X), "59 of 60", "sample axis"),
    ],
)
def test_first_tries_differ(octave, name, port, args, said, cause):
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(port, name, *args, level=rtol(1e-9))
    text = str(caught.value)
    assert said in text
    assert re.findall("likely cause: (.*?):", text) == ([cause] if cause else [])
