"""An array of structs, which Octave has and NumPy has not."""

from __future__ import annotations

from typing import Any

import numpy as np


class StructArray(np.ndarray[Any, Any]):
    """An Octave struct array: an array of dicts that all have the same keys.

    ``np.array([{"a": 1}, {"a": 2}], dtype=object).view(StructArray)`` makes one.
    """
