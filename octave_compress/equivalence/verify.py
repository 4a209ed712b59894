"""Octave against NumPy, operation by operation, on generated arguments.

It says of every registered operation how far the two sides are apart, and of some deliberate
mistakes that they are found.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from octave_compress import ops
from octave_compress.backends import OPERATIONS, Operation
from octave_compress.equivalence.cases import CASES
from octave_compress.equivalence.levels import Comparison, Level, compare
from octave_compress.equivalence.source import NumpySource
from octave_compress.errors import InvalidTypeError, InvalidValueError, OctaveError


@dataclass(frozen=True)
class VerifyRow:
    """What comparing one operation's two sides showed.

    Attributes
    ----------
    operation, family : str
    level : Level
        How equal the two sides must be.
    cases : int
        How many generated calls were compared.
    worst, worst_single : float
        Largest difference found in float64 and in float32, in the level's own unit.
    mismatch : str or None
        The first call that differed by more than allowed, or what is missing; None if all is well.
    """

    operation: str
    family: str
    level: Level
    cases: int
    worst: float
    worst_single: float
    mismatch: str | None


@dataclass(frozen=True)
class Control:
    """A deliberate mistake in one operation's NumPy side, and whether the comparison found it.

    Attributes
    ----------
    operation, mistake : str
    caught : bool
    """

    operation: str
    mistake: str
    caught: bool


def operations() -> dict[str, Operation]:
    """Return every operation of the package by name, in the order of their families."""
    for module in pkgutil.iter_modules(ops.__path__):
        importlib.import_module(f"{ops.__name__}.{module.name}")
    return dict(sorted(OPERATIONS.items(), key=lambda item: (item[1].family, item[0])))


def public_function(op: Operation) -> Callable[..., Any]:
    """Return the function that a user calls: the one that takes ``backend=``."""
    return getattr(sys.modules[op.body.__module__], op.name)  # type: ignore[no-any-return]


def verify(cases: int = 25, seed: int = 0) -> tuple[VerifyRow, ...]:
    """Compare Octave with NumPy for every operation.

    Parameters
    ----------
    cases : int
        Generated calls for each operation.
    seed : int
        Decides the calls; the same seed, the same calls.

    Returns
    -------
    tuple of VerifyRow
        In the order of the families.

    Raises
    ------
    OctaveNotFoundError
        If there is no Octave to compare with.
    """
    return tuple(verify_operation(op, cases, seed) for op in operations().values())


def verify_operation(op: Operation, cases: int = 25, seed: int = 0) -> VerifyRow:
    """Compare the two sides of one operation; a missing twin or row of cases is a mismatch."""
    missing = _missing(op)
    if missing is not None:
        return VerifyRow(op.name, op.family, op.level, 0, 0.0, 0.0, missing)
    function = public_function(op)
    compared, found = _judge(op, partial(function, backend="numpy"), cases, seed)
    return VerifyRow(
        op.name,
        op.family,
        op.level,
        compared,
        found.worst,
        found.worst_single,
        found.mismatch,
    )


def negative_controls(cases: int = 25, seed: int = 0) -> tuple[Control, ...]:
    """Compare Octave with NumPy functions that hold a mistake each.

    They are judged exactly as `verify` judges the right ones, so a control that is not caught
    means that the comparison, or the generated calls, are too weak.
    """
    every = operations()
    controls = []
    for name, mistake, wrong in _MISTAKES:
        spoiled = partial(_spoil, wrong, public_function(every[name]))
        caught = _judge(every[name], spoiled, cases, seed)[1].mismatch is not None
        controls.append(Control(name, mistake, caught))
    return tuple(controls)


def _spoil(wrong: Callable[..., Any], right: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return wrong(right(*args, **options, backend="numpy"), *args, **options)


def _missing(op: Operation) -> str | None:
    from octave_compress.octave.locate import m_files

    if not (m_files() / f"{op.name}.m").is_file():
        return f"there is no {op.name}.m"
    if op.name not in CASES:
        return f"there is no row for {op.name} in the cases"
    return None


def _judge(
    op: Operation, other: Callable[..., Any], cases: int, seed: int
) -> tuple[int, Comparison]:
    """Compare Octave with `other` up to the first mismatch; return how many calls, and what."""
    octave = public_function(op)
    worst = Comparison(0.0, 0.0, None)
    for number in range(cases):
        # Each call has a seed of its own, so that a new operation changes no other one's.
        args, options = CASES[op.name](NumpySource((seed, zlib.crc32(op.name.encode()), number)))
        try:
            expected = other(*args, **options)
            actual = octave(*args, **options, backend="octave")
        except (InvalidValueError, InvalidTypeError, OctaveError) as error:
            return number + 1, replace(worst, mismatch=f"call {number} failed: {error}")
        found = compare(actual, expected, op.level)
        worst = Comparison(
            max(worst.worst, found.worst), max(worst.worst_single, found.worst_single), None
        )
        if found.mismatch is not None:
            return number + 1, replace(worst, mismatch=f"call {number}: {found.mismatch}")
    return cases, worst


# Each takes the right result and the call's arguments, and returns a wrong result.


def _strictly_above(result: Any, w: Any, threshold: float) -> Any:
    mask = np.abs(w) > threshold
    return np.where(mask, w, w.dtype.type(0)), mask


def _masked_by_product(result: Any, w: Any, threshold: float) -> Any:
    with np.errstate(invalid="ignore"):
        return w * result[1], result[1]


def _ties_by_row(result: Any, w: Any, sparsity: float) -> Any:
    mask = np.ones(w.size, dtype=bool)
    mask[np.argsort(np.abs(w).ravel(), kind="stable")[: np.sum(~result[1])]] = False
    mask = mask.reshape(w.shape)
    return np.where(mask, w, w.dtype.type(0)), mask


def _half_to_even(result: Any, w: Any, bits: int = 8) -> Any:
    levels = 2.0**bits - 1
    codes = np.rint(w.astype(np.float64) * levels).astype(np.int16)
    return (codes / levels).astype(w.dtype), codes, *result[2:]


def _one_ulp_up(result: Any, w: Any, **options: Any) -> Any:
    return (*result[:2], np.nextafter(result[2], np.inf), *result[3:])


def _always_double(result: Any, w: Any, **options: Any) -> Any:
    return (result[0].astype(np.float64), *result[1:])


def _last_among_equals(result: Any, outputs: Any, y: Any) -> Any:
    said = outputs.shape[1] - 1 - outputs[:, ::-1].argmax(axis=1)
    wanted = y if y.ndim == 1 else y.argmax(axis=1)
    return np.float64(np.mean(said == wanted))


def _slightly_large(result: Any, *args: Any, **options: Any) -> Any:
    factor = result[0].dtype.type(1.001)
    return result[0] * factor, result[1]


def _summed_not_averaged(result: Any, outputs: Any, *args: Any, **options: Any) -> Any:
    return result[0], result[1] * len(outputs)


def _next_seed(result: Any, *args: Any, seed: int = 0, **options: Any) -> Any:
    return ops.train_model(*args, **options, seed=(seed + 1) % 2**32, backend="numpy")


_MISTAKES: Sequence[tuple[str, str, Callable[..., Any]]] = (
    ("prune_threshold", "keeps what is above, not what is not below", _strictly_above),
    ("prune_threshold", "multiplies by the mask, which leaves -0", _masked_by_product),
    ("prune_magnitude", "breaks ties row by row", _ties_by_row),
    ("quantize_grid", "rounds halves to even", _half_to_even),
    ("quantize_symmetric", "a scale that is one unit in the last place up", _one_ulp_up),
    ("quantize_affine", "float32 becomes float64", _always_double),
    ("accuracy", "takes the last among equals", _last_among_equals),
    ("loss_mse", "is one in a thousand too large", _slightly_large),
    ("train_model", "draws its weights from the next seed", _next_seed),
    ("loss_crossentropy", "a gradient that is the sum over samples", _summed_not_averaged),
)
