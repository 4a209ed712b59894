"""Octave's statistics package against SciPy."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.stats
from drawing import equivalent, matrices, noise, numbers, vectors
from hypothesis import strategies as st
from scipy.cluster import hierarchy
from scipy.spatial import distance

from octave_compress.equivalence import assert_equivalent, rtol, ulp

positive = numbers(0.1, 10.0)
shares = vectors(0.001, 0.999)


@equivalent("normpdf", vectors(), numbers(), positive, level=rtol(1e-13))
def test_normpdf(statistics, x, mean, spread):
    return scipy.stats.norm.pdf(x, mean, spread)


@equivalent("normcdf", vectors(), numbers(-1, 1), positive, level=rtol(1e-12))
def test_normcdf(statistics, x, mean, spread):
    return scipy.stats.norm.cdf(x, mean, spread)


@equivalent("norminv", shares, numbers(), positive, level=rtol(1e-13))
def test_norminv(statistics, p, mean, spread):
    return scipy.stats.norm.ppf(p, mean, spread)


@equivalent("betapdf", shares, positive, positive, level=rtol(1e-12))
def test_betapdf(statistics, x, a, b):
    return scipy.stats.beta.pdf(x, a, b)


@equivalent("betacdf", shares, positive, positive, level=rtol(1e-12))
def test_betacdf(statistics, x, a, b):
    return scipy.stats.beta.cdf(x, a, b)


@equivalent("gampdf", vectors(0.1, 20), positive, positive, level=rtol(1e-12))
def test_gampdf(statistics, x, shape, scale):
    return scipy.stats.gamma.pdf(x, shape, scale=scale)


@equivalent("gamcdf", vectors(0.1, 20), positive, positive, level=rtol(1e-12))
def test_gamcdf(statistics, x, shape, scale):
    return scipy.stats.gamma.cdf(x, shape, scale=scale)


@equivalent("tcdf", vectors(), positive, level=rtol(1e-12))
def test_tcdf(statistics, x, freedom):
    return scipy.stats.t.cdf(x, freedom)


@equivalent("poisspdf", st.just(np.arange(12.0)), positive, level=rtol(1e-12))
def test_poisspdf(statistics, k, mean):
    return scipy.stats.poisson.pmf(k, mean)


@equivalent(
    "binopdf", st.just(np.arange(12.0)), st.just(30.0), numbers(0.01, 0.99), level=rtol(1e-12)
)
def test_binopdf(statistics, k, n, p):
    return scipy.stats.binom.pmf(k, n, p)


@equivalent("pdist", matrices(), level=ulp(4))
def test_pdist(statistics, x):
    return distance.pdist(x)


@equivalent("squareform", vectors(0, 10, least=6, most=6))
def test_squareform(statistics, d):
    return distance.squareform(d)


def tree(d, method):
    """Octave's form of a tree: three columns, clusters counted from 1, the smaller one first."""
    joined = hierarchy.linkage(d, method)
    return np.column_stack([np.sort(joined[:, :2] + 1, axis=1), joined[:, 2]])


@pytest.mark.parametrize("method", ["single", "complete", "average", "ward"])
def test_linkage(statistics, method):
    for seed in range(20):
        d = distance.pdist(noise(12, 3, seed=seed))
        assert_equivalent(tree, "linkage", d, method, level=ulp(8))


@equivalent("zscore", matrices(), level=rtol(1e-11))
def test_zscore(statistics, x):
    spread = x.std(axis=0, ddof=1)
    return (x - x.mean(axis=0)) / np.where(spread == 0, 1, spread)


@equivalent("skewness", st.just(noise(9, 3)).map(lambda x: x + 1), level=rtol(1e-12))
def test_skewness(statistics, x):
    return scipy.stats.skew(x)


@pytest.mark.parametrize(
    ("name", "port", "x", "said", "cause"),
    [
        ("zscore", scipy.stats.zscore, noise(20, 3), "60 of 60", "ddof"),
        ("iqr", scipy.stats.iqr, noise(20), "1 of 1", None),
    ],
)
def test_first_tries_differ(statistics, name, port, x, said, cause):
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(port, name, x, level=rtol(1e-9))
    text = str(caught.value)
    assert said in text
    assert re.findall("likely cause: (.*?):", text) == ([cause] if cause else [])
