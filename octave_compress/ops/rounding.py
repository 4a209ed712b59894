"""Rounding as Octave does it."""

from __future__ import annotations

from typing import Any

import numpy as np


def round_half_away(x: Any) -> Any:
    """Return `x` rounded as Octave rounds: halves go away from zero, the float type stays."""
    # The fraction is exact, so a value just below a half never becomes one; Inf has none.
    fraction, whole = np.modf(x)
    return whole + np.copysign(np.abs(fraction) >= 0.5, x)
