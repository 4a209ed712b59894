"""Where generated arguments come from: one interface, driven by more than one engine.

The rows of :mod:`octave_compress.equivalence.cases` ask a :class:`Source` for values.
:class:`NumpySource` draws them from a seed, for ``octave-compress verify``; the test suite has
one that Hypothesis drives, which shrinks what fails.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from octave_compress.model import ACTIVATIONS, Dense, Model

_T = TypeVar("_T")
_Array = NDArray[Any]

SIZES = (1, 2, 3, 5, 7, 11)
DTYPES = ("float64", "float32")


class Source(ABC):
    """Draws arguments; an engine supplies the first four methods."""

    @abstractmethod
    def integer(self, low: int, high: int) -> int:
        """Return a whole number, both bounds possible."""

    @abstractmethod
    def number(self, low: float, high: float) -> float:
        """Return a real number; the bounds themselves and quarters are likely."""

    @abstractmethod
    def choice(self, options: Sequence[_T]) -> _T:
        """Return one of the options."""

    @abstractmethod
    def values(self, count: int, low: float, high: float, special: Sequence[float]) -> _Array:
        """Return a float64 vector: reals, quarters (which repeat) and special values, mixed."""

    def flag(self) -> bool:
        """Return a truth value."""
        return self.choice((False, True))

    def some(self, **options: Any) -> dict[str, Any]:
        """Return a part of the options, for arguments that may be left out."""
        return {name: value for name, value in options.items() if self.flag()}

    def dtype(self) -> str:
        """Return ``"float64"`` or ``"float32"``."""
        return self.choice(DTYPES)

    def size(self, smallest: int = 0) -> int:
        """Return a number of rows or columns: none, one, small primes."""
        return self.choice((0, *SIZES) if smallest == 0 else SIZES)

    def matrix(
        self,
        rows: int | None = None,
        columns: int | None = None,
        *,
        dtype: str | None = None,
        low: float = -3.0,
        high: float = 3.0,
        allow: str = "finite",
        huge: bool = False,
    ) -> _Array:
        """Return a matrix with ties, both zeros and subnormals among its elements.

        `allow` is as in :func:`octave_compress.checks.matrix`; `huge` adds the largest numbers
        that the type holds, for operations that never add or multiply without a care.
        """
        kind = np.dtype(dtype or self.dtype())
        shape = (self.size() if rows is None else rows, self.size() if columns is None else columns)
        limits = np.finfo(kind)
        special = [0.0, -0.0, float(limits.smallest_subnormal), -float(limits.tiny) / 4]
        if huge:
            special += [float(limits.max), -float(limits.max)]
        if allow != "finite":
            special += [np.inf, -np.inf]
        if allow == "nan":
            special += [np.nan]
        inside = [x for x in special if low <= x <= high or huge or not np.isfinite(x)]
        count = shape[0] * shape[1]
        values: _Array = self.values(count, low, high, inside).astype(kind).reshape(shape)
        return values

    def reals(self, rows: int, columns: int, dtype: str | None = None) -> _Array:
        """Return a matrix without ties, for sums.

        Where sums of equal products cancel, one order of adding leaves 0 and another a last
        bit, and a relu or an optimizer makes something of the difference: that is no mistake.
        """
        random = np.random.default_rng(self.integer(0, 2**32 - 1))
        drawn: _Array = random.uniform(-2, 2, (rows, columns)).astype(dtype or self.dtype())
        return drawn

    def labels(self, samples: int, classes: int) -> _Array:
        """Return class numbers from 0."""
        return np.array([self.integer(0, classes - 1) for _ in range(samples)], dtype=np.int64)

    def targets(self, samples: int, outputs: int) -> _Array:
        """Return class numbers, or one row of probabilities a sample."""
        if outputs > 1 and self.flag():
            return self.labels(samples, outputs)
        return self.matrix(samples, outputs, low=0.0, high=1.0)

    def weights(self, samples: int) -> _Array:
        """Return one weight a sample, not negative, some of them 0."""
        return self.matrix(1, samples, low=0.0, high=3.0).reshape(-1)

    def model(
        self,
        *,
        layers: int = 3,
        inputs: int | None = None,
        outputs: int | None = None,
        hidden: Sequence[str] = ACTIVATIONS,
        last: Sequence[str] = ACTIVATIONS,
        masks: bool = True,
        ties: bool = True,
        dtype: str | None = None,
    ) -> Model:
        """Return a network of at most that many dense layers, some with masks.

        Its weights are as in `matrix`, or without `ties` as in `reals`.
        """
        kind = dtype or self.dtype()
        count = self.integer(1, layers)
        widths = [self.size(1) for _ in range(count + 1)]
        widths[0] = inputs or widths[0]
        widths[-1] = outputs or widths[-1]
        return Model(
            tuple(
                self._layer(
                    widths[i + 1],
                    widths[i],
                    self.choice(last if i == count - 1 else hidden),
                    masks and self.flag(),
                    ties,
                    kind,
                )
                for i in range(count)
            )
        )

    def _layer(
        self, rows: int, columns: int, activation: str, masked: bool, ties: bool, dtype: str
    ) -> Dense:
        draw = self.matrix if ties else self.reals
        weights = draw(rows, columns, dtype=dtype)
        if not ties:
            # Larger sums would saturate activations, whose slopes then have few true digits.
            weights = weights / weights.dtype.type(np.sqrt(columns))
        bias = draw(1, rows, dtype=dtype).reshape(-1)
        if not masked:
            return Dense(weights, bias, activation)
        mask = self.reals(rows, columns) > -1.0
        return Dense(np.where(mask, weights, weights.dtype.type(0)), bias, activation, mask)


class NumpySource(Source):
    """Draws from NumPy's generator: the same seed, the same arguments.

    Parameters
    ----------
    seed : int or sequence of int
        Not negative.
    """

    def __init__(self, seed: int | Sequence[int]) -> None:
        self._random = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high, endpoint=True))

    def number(self, low: float, high: float) -> float:
        return float(self.values(1, low, high, (low, high))[0])

    def choice(self, options: Sequence[_T]) -> _T:
        return options[self.integer(0, len(options) - 1)]

    def values(self, count: int, low: float, high: float, special: Sequence[float]) -> _Array:
        reals = self._random.uniform(low, high, count)
        quarters = np.clip(np.round(reals * 4) / 4, low, high)
        specials = self._random.choice(special, count) if special else reals
        # Some arrays hold ties alone, some none.
        repeated = self._random.random(count) < self.choice((0.0, 0.5, 1.0))
        rare = self._random.random(count) < self.choice((0.0, 0.2))
        return np.where(rare, specials, np.where(repeated, quarters, reals))
