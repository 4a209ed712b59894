"""Causes of differences: each is named for a natural pair that shows it, and for nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from octave_compress.equivalence.differential import assert_equivalent
from octave_compress.equivalence.hints import HINTS, Evidence, hints_for
from octave_compress.equivalence.levels import EXACT, Level, rtol, ulp

NAN = np.nan
rng = np.random.default_rng(5)
X = rng.normal(size=(5, 3))
SQUARE = rng.normal(size=(4, 4))
TIES = np.array([3.0, 1.0, 3.0, 2.0, 1.0, 1.0])
Z = rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3))
GRID = (np.arange(-10, 11) + 0.5) / 255

Function = Callable[..., Any]

# Cause, Python, Octave (a name, or the body of y = f(x, ...)), arguments, number of outputs.
PAIRS: list[tuple[str, Function, str, tuple[Any, ...], int]] = [
    ("rounding of halves", np.round, "round", (np.array([0.5, 1.2, 2.5]),), 1),
    ("rounding of halves", np.rint, "round", (np.array([-2.5]),), 1),
    (
        "rounding of halves",
        lambda w: np.round(w * 255) / 255,
        "y = round(x * 255) / 255;",
        (GRID,),
        1,
    ),
    (
        "rounding of halves",
        lambda x: np.rint(x).astype(np.int32),
        "y = int32(x);",
        (np.array([[1.5, 2.5], [0.0, 4.5]]),),
        1,
    ),
    (
        "wrapping and saturating integers",
        np.add,
        "plus",
        (np.array([100, -100, 3], np.int8), np.array([100, -100, 4], np.int8)),
        1,
    ),
    (
        "wrapping and saturating integers",
        np.subtract,
        "minus",
        (np.array([[1, 200], [3, 4]], np.uint8), np.array([[2, 1], [5, 1]], np.uint8)),
        1,
    ),
    (
        "wrapping and saturating integers",
        lambda x: x.astype(np.int64).astype(np.uint8),
        "y = uint8(x);",
        (np.array([300.0, -5.0, 7.0]),),
        1,
    ),
    (
        "row- and column-major order",
        lambda x: x.reshape(2, 3),
        "y = reshape(x, 2, 3);",
        (np.arange(6.0),),
        1,
    ),
    ("row- and column-major order", lambda x: 2 * x.ravel(), "y = 2 * x(:);", (X,), 1),
    (
        "row- and column-major order",
        lambda x: np.flatnonzero(x > 0) + 1.0,
        "y = find(x > 0)';",
        (np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),),
        1,
    ),
    ("0- and 1-based indices", lambda x: float(np.argmax(x)), "[~, y] = max(x);", (TIES,), 1),
    (
        "0- and 1-based indices",
        lambda x: np.argsort(x, axis=0, kind="stable").astype(float),
        "[~, y] = sort(x);",
        (X,),
        1,
    ),
    ("ddof", np.std, "std", (TIES,), 1),
    ("ddof", np.var, "var", (np.array([2.0, 6.0]),), 1),
    ("ddof", lambda x: np.var(x, axis=0), "var", (X,), 1),
    ("ddof", lambda x: np.cov(x, rowvar=False, bias=True), "cov", (X,), 1),
    ("sample axis", np.cov, "cov", (X,), 1),
    ("sample axis", lambda x: x @ x.T, "y = x' * x;", (X,), 1),
    ("sample axis", np.diff, "diff", (X,), 1),
    ("sample axis", lambda x: x, "transpose", (X,), 1),
    ("sample axis", np.sort, "sort", (SQUARE,), 1),
    (
        "division of whole numbers",
        lambda a, b: a // b,
        "rdivide",
        (np.array([7, 9, -7], np.int32), np.array([2, 4, 2], np.int32)),
        1,
    ),
    (
        "division of whole numbers",
        lambda a: a // 2,
        "y = a / 2;",
        (np.array([7, 8, 9], np.int16),),
        1,
    ),
    ("division of whole numbers", lambda a: a // 3, "y = a / 3;", (np.array([7.0, 8.0]),), 1),
    ("the first dimension that is not 1", np.max, "max", (X,), 1),
    ("the first dimension that is not 1", np.sum, "sum", (X,), 1),
    ("the first dimension that is not 1", np.median, "median", (X,), 1),
    (
        "the first dimension that is not 1",
        lambda x: 0.1 * np.max(np.abs(x)),
        "y = 0.1 * max(abs(x));",
        (X,),
        1,
    ),
    ("the first dimension that is not 1", lambda x: np.mean(x, axis=1), "mean", (X,), 1),
    (
        "the first dimension that is not 1",
        lambda x: np.max(x, axis=0),
        "max",
        (np.array([[1.0, 4.0, 2.0]]),),
        1,
    ),
    ("ties", lambda x: np.argsort(x)[::-1] + 1.0, "[~, y] = sort(x, 'descend');", (TIES,), 1),
    (
        "ties",
        lambda x: x.size - float(np.argmax(x[::-1])),
        "[~, y] = max(x);",
        (TIES,),
        1,
    ),
    (
        "single and double precision",
        lambda a, b: a * b,
        "times",
        (np.float32([0.1, 0.3]), np.array([0.7, 0.9])),
        1,
    ),
    (
        "single and double precision",
        lambda x: x.astype(np.float32).astype(float),
        "y = x;",
        (X,),
        1,
    ),
    ("NaN in max and min", lambda x: np.max(x, axis=0), "max", (np.array([[1, NAN], [2, 3]]),), 1),
    ("NaN in max and min", np.minimum, "min", (np.array([1, NAN]), np.array([NAN, 2])), 1),
    ("complex conjugate transpose", lambda z: z.T, "ctranspose", (Z,), 1),
    ("complex conjugate transpose", lambda z: z.T @ z, "y = z' * z;", (Z,), 1),
    ("complex conjugate transpose", lambda z: np.sum(z * z), "y = z * z';", (Z[0],), 1),
    ("complex conjugate transpose", lambda a, b: a.T @ b, "y = a' * b;", (Z, Z + 1), 1),
    ("last bits", lambda x: np.sum(x), "y = sum(x(end:-1:1));", (rng.normal(size=1001),), 1),
    ("last bits", lambda x: x / 3 * 10, "y = x * (10 / 3);", (X,), 1),
]

# The same causes the other way round: what helps there, not what helps in the usual case.
MIRRORED: list[tuple[str, Function, str, tuple[Any, ...], str]] = [
    ("ddof", lambda x: np.var(x, ddof=1), "y = var(x, 1);", (TIES,), "pass ddof=0"),
    ("ddof", lambda x: np.std(x, axis=0, ddof=1), "y = std(x, 1);", (X,), "pass ddof=0"),
    ("ddof", lambda x: np.cov(x, rowvar=False), "y = cov(x, 1);", (X,), "pass ddof=0"),
    (
        "row- and column-major order",
        lambda x: x.ravel(order="F"),
        "y = x.'; y = y(:);",
        (X,),
        'drop order="F"',
    ),
    (
        "row- and column-major order",
        lambda x: x.ravel(order="F"),
        "y = x.'; y = y(:);",
        (SQUARE,),
        'drop order="F"',
    ),
    (
        "the first dimension that is not 1",
        lambda x: np.max(x, axis=0),
        "y = max(x(:));",
        (X,),
        "leave axis= away",
    ),
    (
        "the first dimension that is not 1",
        lambda x: np.median(x, axis=0),
        "y = median(x, 2);",
        (X,),
        "take the other axis=",
    ),
    (
        "sample axis",
        lambda x: np.cov(x, rowvar=False),
        "y = cov(x');",
        (X,),
        "take the other axis= (or rowvar=)",
    ),
    (
        "ties",
        lambda x: float(np.argmax(x)) + 1,
        "[~, k] = max(x(end:-1:1)); y = numel(x) + 1 - k;",
        (TIES,),
        "Octave's code a later one",
    ),
    (
        "single and double precision",
        lambda x: x.astype(np.float32) / 3,
        "y = x / 3;",
        (X,),
        "use .astype(float) on the arguments",
    ),
    (
        "single and double precision",
        lambda x: (x.astype(np.float32) / 3).astype(float),
        "y = x / 3;",
        (X,),
        "use .astype(float) on the arguments",
    ),
    ("complex conjugate transpose", lambda z: z.conj().T, "y = z.';", (Z,), "x.' is x.T"),
]

# Differences that are none of the above.
NOISE = rng.normal(size=(5, 3))
UNRELATED: list[tuple[Any, Any, tuple[Any, ...]]] = [
    (X + 0.01 * NOISE, X, (X,)),
    (X * 1.001, X, (X,)),
    (X[:, 0], X[:, 1], (X,)),
    (np.round(X) + 1, np.round(X), (X,)),
    (np.arange(6.0) + 1, np.arange(6.0), (np.arange(6.0),)),
    (np.array([1.0, 3.0, 7.0]), np.array([2.0, 5.0, 4.0]), (np.array([2.0, 5.0, 4.0]),)),
    (np.float64(7.0), np.float64(8.0), (X,)),
    (np.float64(0.0), np.float64(1.0), (X,)),
    (np.float64(2.0), np.float64(1.0), (np.array([0.5, 0.7]),)),
    (np.float64(1.0), np.float64(2.0), (np.array([0.5, 7.5, 9.0]),)),
    (np.int8([1, 2, 3]), np.int8([1, 2, 4]), (np.int8([1, 2, 3]),)),
    (np.uint8([9, 2, 3]), np.uint8([0, 2, 3]), (np.uint8([1, 2, 3]),)),
    (np.array([True, False]), np.array([True, True]), (X,)),
    (np.float64(1.5), np.array([[1.0, 2.5, 3.5]]), (X,)),
    (np.array([NAN, 1.0]), np.array([7.5, 1.0]), (np.array([NAN, 1.0]),)),
    (np.array([NAN, 1.0]), np.array([2.0, 1.0]), (np.array([2.0, 1.0]),)),
    (Z * 1j, Z, (Z,)),
    (Z + 1, Z, (Z,)),
    (np.float32(1.0), np.float64(2.0), (X,)),
    (np.array([2.0, 1.0, 3.0]), np.array([1.0, 2.0, 3.0]), (np.array([0.3, 0.1, 0.2]),)),
    (np.zeros((2, 3)), np.ones((3, 2)), (X,)),
    (np.array([1.0, np.inf]), np.array([1.0, 2.0]), (X,)),
    (np.zeros((0, 3)), np.zeros((3, 0)), (X,)),
]


ARRAYS = arrays(
    st.sampled_from(
        [np.float64, np.float32, np.int8, np.uint8, np.int64, np.uint64, np.bool_, np.complex128]
    ),
    array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@settings(max_examples=300)
@given(ARRAYS, ARRAYS, st.lists(ARRAYS, max_size=2), st.sampled_from([EXACT, ulp(2), rtol(1e-9)]))
@example(np.array(0.0), np.array(np.inf), [np.array(0.0)], EXACT)
def test_any_evidence_is_examined(actual: Any, expected: Any, args: Any, level: Level) -> None:
    for again in (lambda args: None, lambda args: args[0] if args else None):
        for left in (actual, expected, np.resize(actual, expected.shape)):
            evidence = Evidence(left, expected, tuple(args), level, again)
            assert isinstance(hints_for(evidence), tuple)


def causes(error: pytest.ExceptionInfo[AssertionError]) -> list[str]:
    text = " ".join(str(error.value).split())
    return [hint.cause for hint in HINTS if f"likely cause: {hint.cause}:" in text]


@pytest.mark.octave
@pytest.mark.parametrize(
    ("cause", "python", "octave", "args", "nout"),
    PAIRS,
    ids=[f"{k}-{pair[0].replace(' ', '_')}" for k, pair in enumerate(PAIRS)],
)
def test_a_natural_pair_shows_its_cause_and_no_other(
    cause: str,
    python: Function,
    octave: str,
    args: tuple[Any, ...],
    nout: int,
    tmp_path: Path,
) -> None:
    function: Any = octave
    if not re.fullmatch(r"\w+", octave):
        # Each has a name of its own: Octave looks at changed files again, but once a second.
        function = tmp_path / f"pair_{abs(hash(octave))}.m"
        names = ", ".join(sorted(set(re.findall(r"\b[abxz]\b", octave))))
        function.write_text(f"function y = {function.stem}({names})\n  {octave}\nend\n")
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(python, function, *args, nout=nout)
    assert causes(caught) == [cause]


@pytest.mark.octave
@pytest.mark.parametrize(
    ("cause", "python", "octave", "args", "advice"),
    MIRRORED,
    ids=[f"{k}-{pair[0].replace(' ', '_')}" for k, pair in enumerate(MIRRORED)],
)
def test_advice_for_the_other_way_round(
    cause: str, python: Function, octave: str, args: tuple[Any, ...], advice: str, tmp_path: Path
) -> None:
    name = f"mirrored_{abs(hash((octave, str(args))))}"
    argument = "z" if "z" in octave else "x"
    (tmp_path / f"{name}.m").write_text(f"function y = {name}({argument})\n  {octave}\nend\n")
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(python, tmp_path / f"{name}.m", *args)
    assert causes(caught) == [cause]
    assert advice in " ".join(str(caught.value).split())


@pytest.mark.octave
def test_advice_for_the_usual_way_round(tmp_path: Path) -> None:
    usual: list[tuple[Function, str, str]] = [
        (np.var, "var", "pass ddof=1"),
        (lambda x: x.ravel(), "y = x(:);", 'pass order="F"'),
        (np.max, "max", "unless axis= is given"),
        (lambda x: x.astype(float), "y = single(x);", "cast where Octave does"),
    ]
    for python, octave, advice in usual:
        function: Any = octave
        x = TIES if octave == "var" else X
        if " " in octave:
            function = tmp_path / f"usual_{len(octave)}.m"
            function.write_text(f"function y = {function.stem}(x)\n  {octave}\nend\n")
        with pytest.raises(AssertionError) as caught:
            assert_equivalent(python, function, x)
        assert advice in " ".join(str(caught.value).split())


def test_every_cause_has_a_pair() -> None:
    assert {pair[0] for pair in PAIRS} == {hint.cause for hint in HINTS}


@pytest.mark.parametrize("case", range(len(UNRELATED)))
@pytest.mark.parametrize("level", [EXACT, ulp(2), rtol(1e-12)], ids=str)
def test_unrelated_differences_have_no_cause(case: int, level: Level) -> None:
    actual, expected, args = (
        UNRELATED[case][0],
        UNRELATED[case][1],
        tuple(np.asarray(x) for x in UNRELATED[case][2]),
    )
    evidence = Evidence(np.asarray(actual), np.asarray(expected), args, level, lambda args: None)
    assert [hint.cause for hint in hints_for(evidence)] == []


@pytest.mark.octave
def test_a_cause_is_told_for_an_output_among_several() -> None:
    def sorted_with_places(x: Any) -> Any:
        return np.sort(x), np.argsort(x, kind="stable").astype(float)

    with pytest.raises(AssertionError, match="output 2") as caught:
        assert_equivalent(sorted_with_places, "sort", TIES, nout=2)
    assert causes(caught) == ["0- and 1-based indices"]


@pytest.mark.octave
def test_a_cause_is_told_for_a_part_of_a_struct(tmp_path: Path) -> None:
    file = tmp_path / "describe.m"
    file.write_text("function s = describe(x)\n  s.n = numel(x); s.spread = {std(x)};\nend\n")
    with pytest.raises(AssertionError, match=r"result\.spread\{1\}") as caught:
        assert_equivalent(lambda x: {"n": x.size, "spread": [np.std(x)]}, file, TIES)
    assert causes(caught) == ["ddof"]
