"""Octave's signal package against SciPy."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.signal
from drawing import equivalent, matrices, noise, numbers, vectors
from hypothesis import assume
from hypothesis import strategies as st

from octave_compress.equivalence import assert_equivalent, rtol, ulp

lengths = st.integers(2, 60)
cutoffs = numbers(0.05, 0.95)
orders = st.integers(1, 6)
LOWPASS = scipy.signal.butter(4, 0.3)


@equivalent("hamming", lengths, level=rtol(1e-13))
def test_hamming(signal, n):
    return scipy.signal.windows.hamming(n)


@equivalent("hanning", lengths, level=rtol(1e-13))
def test_hanning(signal, n):
    # Octave's begins and ends with zero, like np.hanning; MATLAB's does not.
    return np.hanning(n)


@equivalent("blackman", lengths, level=rtol(1e-12))
def test_blackman(signal, n):
    return scipy.signal.windows.blackman(n)


@equivalent("butter", orders, cutoffs, nout=2, level=rtol(1e-9))
def test_butter(signal, n, cutoff):
    return scipy.signal.butter(n, cutoff)


@equivalent("freqz", st.just(LOWPASS[0]), st.just(LOWPASS[1]), lengths, nout=2, level=rtol(1e-11))
def test_freqz(signal, b, a, n):
    w, h = scipy.signal.freqz(b, a, n)
    return h, w


@equivalent(
    "filtfilt",
    st.just(LOWPASS[0]),
    st.just(LOWPASS[1]),
    vectors(least=30, most=60),
    level=rtol(1e-9),
)
def test_filtfilt(signal, b, a, x):
    # Octave mirrors 3 (n - 1) samples at each end, SciPy 3 n by default.
    return scipy.signal.filtfilt(b, a, x, padlen=3 * (max(len(a), len(b)) - 1))


@equivalent("medfilt1", vectors(least=5), st.just(5.0))
def test_medfilt1(signal, x, n):
    return scipy.signal.medfilt(x, int(n))


@equivalent("detrend", matrices(least=3), level=rtol(1e-9))
def test_detrend(signal, x):
    return scipy.signal.detrend(x, axis=0)


@equivalent("hilbert", vectors(least=2), level=rtol(1e-9))
def test_hilbert(signal, x):
    assume(np.ptp(x) > 0)  # of a constant Octave says that the result is real
    return scipy.signal.hilbert(x)


@equivalent("xcorr", vectors(least=8, most=8), vectors(least=8, most=8), level=rtol(1e-9))
def test_xcorr(signal, a, b):
    return np.correlate(a, b, "full")


@equivalent("sinc", vectors(), level=ulp(2))
def test_sinc(signal, x):
    return np.sinc(x)


@pytest.mark.parametrize(
    ("name", "port", "args", "said", "cause"),
    [
        ("filtfilt", scipy.signal.filtfilt, (*LOWPASS, noise(50)), "50 of 50", None),
        ("detrend", scipy.signal.detrend, (noise(20, 3),), "60 of 60", "sample axis"),
    ],
)
def test_first_tries_differ(signal, name, port, args, said, cause):
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(port, name, *args, level=rtol(1e-6))
    text = str(caught.value)
    assert said in text
    assert re.findall("likely cause: (.*?):", text) == ([cause] if cause else [])
