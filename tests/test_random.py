"""OctaveRandom against a running Octave: numbers, shapes and states must agree to the last bit.

A case is a seed and a list of steps. The same steps become Octave code and Python calls, and the
states of all three generators are compared at the end of every case.
"""

from __future__ import annotations

import math
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from octave_compress import OctaveError, OctaveNotFoundError, Session
from octave_compress.equivalence import OctaveRandom as Exported
from octave_compress.random import OctaveRandom, drawing_as
from octave_compress.ziggurat import Exponential, Normal, single_log, ziggurat

Step: TypeAlias = tuple[Any, ...]
Case: TypeAlias = tuple[float, list[Step]]
Arrays: TypeAlias = list[NDArray[Any]]

STREAMS = ("rand", "randn", "rande")
WIDTHS = {"float64": "double", "float32": "single"}
SEEDS = (0, 1, 42, 2**32 - 1, 2**32, 1.5, 0.5, 0.49999999999999994, -3, math.nan, math.inf)
ODD_SIZES = (1, 2, 3, 7, 255, 1, 4097, 65535, 65537, 9973)
RANGES = (
    (1, 10),
    (4, 4),
    (-5, 10),
    (-(2**40), -7),
    (1, 2**52),
    (0, 2**52),  # rejects almost half of the integers drawn
    (-(2**52), 2**51),
    (1, 2**53 // 3 + 1),
    (0, 2**53 - 3),
    (1 - 2**53, -1),
)


def _state_emitting(words: Sequence[int]) -> NDArray[np.uint32]:
    """Return a state whose next words are WORDS, at most 623, by undoing MT19937's tempering."""
    y = np.array(words, np.uint32)
    y ^= y >> np.uint32(18)
    y ^= (y << np.uint32(15)) & np.uint32(0xEFC60000)
    tempered = y.copy()
    for _ in range(4):  # each pass uncovers seven more bits
        y = tempered ^ ((y << np.uint32(7)) & np.uint32(0x9D2C5680))
    tempered = y.copy()
    for _ in range(2):
        y = tempered ^ (y >> np.uint32(11))
    state = OctaveRandom(0).state("rand").ravel()
    state[1 : 1 + y.size] = y
    state[-1] = 624
    return state


def _threshold_steps(name: str, dtype: str) -> list[Step]:
    """Return steps that draw just below and just above the threshold of every layer."""
    layers = ziggurat(Normal if name == "randn" else Exponential, np.dtype(dtype))
    thresholds = layers.inside.tolist()
    per_unit = 2 if dtype == "float64" else 1
    sign_bits = 1 if (name, dtype) == ("randn", "float64") else 0
    uniforms = np.random.RandomState(1)
    words: list[int] = []
    for layer in (*range(1, 256), 0):  # the tail comes last, as it spends more than one unit
        above = thresholds[layer] + (layer - thresholds[layer]) % 256
        for magnitude in (max(above - 256, layer), above):
            unit = magnitude << sign_bits
            words += [unit % 2**32, unit >> 32][:per_unit]
            words += uniforms.randint(0, 2**32, per_unit, np.uint32).tolist()
    steps: list[Step] = []
    for start in range(0, len(words), 620):
        steps.append(("set_state", name, _state_emitting(words[start : start + 620])))
        steps.append((name, 400, 1, dtype))
    return steps


def _zero_steps(name: str, dtype: str) -> list[Step]:
    """Return steps that meet zeros as uniform numbers, alone, in the tail and in a wedge."""
    zeros = ([0, 0], [1, 0], [5, 7], [0, 0, 0, 1], [2**24, 2**25], [31, 63, 32, 0], [0, 64])
    steps: list[Step] = []
    for low_word in (2**32 - 512, 2**32 - 254):  # the largest candidates of two layers
        candidate = [low_word, 2**32 - 1] if dtype == "float64" else [low_word]
        for zero in zeros:
            for words in (zero, [*candidate, *zero], [*candidate, 9, 2**31, *zero]):
                steps.append(("set_state", name, _state_emitting(words)))
                steps.append((name, 9, 1, dtype))
    return steps


def _cases() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for name in STREAMS:
        for dtype in WIDTHS:
            cases[f"{name}-{dtype}"] = 7, [(name, 10**6, 1, dtype)]
            cases[f"{name}-{dtype}-chunks"] = 11, [(name, n, 1, dtype) for n in ODD_SIZES]
            cases[f"{name}-{dtype}-matrix"] = 3, [(name, r, c, dtype) for r, c in ((5, 3), (0, 4))]
            cases[f"{name}-{dtype}-zeros"] = 0, _zero_steps(name, dtype)
            if name != "rand":
                cases[f"{name}-{dtype}-thresholds"] = 0, _threshold_steps(name, dtype)
        mixed = [(name, n, 2, "float32" if i % 3 else "float64") for i, n in enumerate(ODD_SIZES)]
        cases[f"{name}-interleaved"] = 12, mixed
        cases[f"{name}-states"] = (
            5,
            [
                step
                for count in (1, 310, 1, 312, 1001)
                for step in ((name, count, 1, "float64"), ("state", name), (name, 1, 1, "float32"))
            ],
        )
    # Here C's logf is not correctly rounded (randn, 95620), and a wedge's height equals the
    # density in single precision but not in double (rande, 688663).
    cases["single-last-bits"] = (
        101,
        [
            ("randn", 100000, 1, "float32"),
            ("rande", 700000, 1, "float32"),
        ],
    )
    for seed in SEEDS:
        cases[f"seed-{seed}"] = seed, [(name, 50, 1, "float64") for name in STREAMS]
    for bounds in RANGES:
        cases[f"randi-{bounds}"] = 9, [("randi", bounds, 1, 1), ("randi", bounds, 411, 3)]
    for bounds in ((1, 10), (-(2**40), 2**52), (0, 3 * 2**51 - 1)):
        cases[f"randi-million-{bounds}"] = 21, [("randi", bounds, 10**6, 1), ("randi", 10, 1, 3)]
    cases["randperm-million"] = 22, [("randperm", 10**6, 10**6)]
    cases["randi-imax"] = 9, [("randi", 1, 2, 2), ("randi", 6, 4, 5), ("randi", 6, 0, 5)]
    cases["randi-twice"] = 7, [("randi", 10, 1, 8), ("randi", 10, 1, 3)]
    for name in STREAMS:
        shapes: tuple[tuple[int, ...], ...] = (
            (),
            (3,),
            (1,),
            (0,),
            (2, 3, 4),
            (3, 1, 1),
            (2, 0, 3),
        )
        cases[f"{name}-shapes"] = 4, [("shape", name, None, *shape) for shape in shapes]
    cases["randi-shapes"] = 4, [("shape", "randi", (1, 2**53 // 3 + 1), *s) for s in shapes]
    for n in (0, 1, 2, 5, 1000, 60000):
        cases[f"randperm-{n}"] = 6, [("randperm", n, n)] * 2
    few = [(1000, m) for m in (0, 1, 199, 200, 201, 999)]
    cases["randperm-few"] = 6, [("randperm", *nm) for nm in (*few, (60000, 128), (2**31, 50))]
    cases["shared-state"] = (
        8,
        [
            ("rand", 3, 1, "float32"),
            ("randi", 6, 9, 1),
            ("randperm", 9, 9),
            ("randn", 2, 2, "float64"),
            ("rand", 3, 1, "float64"),
            ("rande", 3, 1, "float32"),
            ("randn", 5, 1, "float32"),
        ],
    )
    return cases


CASES = _cases()


def _octave_number(value: float) -> str:
    return repr(value).replace("nan", "NaN").replace("inf", "Inf")


def _octave_step(step: Step) -> str:
    match step:
        case ("state", name):
            return f'put (f, {name} ("twister"));'
        case ("set_state", name, vector):
            return f'{name} ("twister", [{"; ".join(map(str, vector))}]);'
        case ("randi", (low, high), rows, cols):
            return f"put (f, randi ([{low}, {high}], {rows}, {cols}));"
        case ("randi", high, rows, cols):
            return f"put (f, randi ({high}, {rows}, {cols}));"
        case ("randperm", n, m):
            return f"put (f, randperm ({n}, {m})(:) - 1);"
        case ("shape", name, bounds, *sizes):
            words = [] if bounds is None else [str(list(bounds))]
            return f"put (f, {name} ({', '.join([*words, *map(str, sizes)])}));"
    name, rows, cols, dtype = step
    return f'put (f, {name} ({rows}, {cols}, "{WIDTHS[dtype]}"));'


def _with_states(steps: list[Step]) -> list[Step]:
    return [*steps, *(("state", name) for name in STREAMS)]


def _octave_script() -> str:
    lines = [
        "1;",
        "function put (f, x)",
        '  fwrite (f, [isa(x, "single"), ndims(x), size(x)], "double");',
        '  fwrite (f, x, "double");',
        "end",
    ]
    for i, (seed, steps) in enumerate(CASES.values()):
        lines.append(f'f = fopen ("{i}.bin", "w");')
        lines += [f'{name} ("twister", {_octave_number(seed)});' for name in STREAMS]
        lines += [_octave_step(step) for step in _with_states(steps)]
        lines.append("fclose (f);")
    return "\n".join(lines)


def _read(path: Path) -> Arrays:
    numbers = np.fromfile(path, np.float64)
    arrays: Arrays = []
    start = 0
    while start < numbers.size:
        is_single, dimensions = numbers[start : start + 2].astype(int).tolist()
        start += 2 + dimensions
        shape = tuple(numbers[start - dimensions : start].astype(int).tolist())
        values = numbers[start:][: math.prod(shape)].reshape(shape, order="F")
        arrays.append(values.astype(np.float32) if is_single else values)
        start += math.prod(shape)
    return arrays


def _in_python(seed: float, steps: list[Step], version: str | None = None) -> Arrays:
    source = OctaveRandom(seed, version=version)
    arrays: Arrays = []
    for function, *args in _with_states(steps):
        if function == "shape":
            name, bounds, *sizes = args
            drawn = getattr(source, name)(*([] if bounds is None else [bounds]), *sizes)
            assert isinstance(drawn, np.ndarray) == bool(sizes)
            arrays.append(np.atleast_2d(drawn))
            continue
        keywords = {"dtype": args.pop()} if function in STREAMS else {}
        result = getattr(source, function)(*args, **keywords)
        if function == "randperm":
            result = result.reshape(-1, 1)
        if function != "set_state":
            arrays.append(result)
    return arrays


def _assert_same(actual: NDArray[Any], expected: NDArray[Any]) -> None:
    if actual.dtype.kind in "iu":  # Octave's integers arrive as doubles
        actual = actual.astype(np.float64)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    bits = np.dtype(f"u{actual.dtype.itemsize}")
    np.testing.assert_array_equal(actual.ravel("F").view(bits), expected.ravel("F").view(bits))


@pytest.fixture(scope="module")
def octave(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Arrays]:
    """What one Octave process returns for all cases."""
    executable = shutil.which("octave-cli") or shutil.which("octave")
    if executable is None:
        pytest.skip("needs GNU Octave: neither octave-cli nor octave is on the PATH")
    folder = tmp_path_factory.mktemp("octave")
    (folder / "draw.m").write_text(_octave_script())
    # Some builds complain on stderr and fail as they exit: only what they wrote counts.
    command = [executable, "--no-init-file", "--quiet", "--eval", 'source ("draw.m");']
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    files = {name: folder / f"{i}.bin" for i, name in enumerate(CASES)}
    missing = [name for name, file in files.items() if not file.exists()]
    assert not missing, f"Octave wrote nothing for {missing}: {done.stderr}"
    results = {name: _read(file) for name, file in files.items()}
    for file in files.values():
        file.unlink()
    return results


@pytest.mark.octave
@pytest.mark.parametrize("case", CASES)
def test_equals_octave(case: str, octave: dict[str, Arrays]) -> None:
    for ours, theirs in zip(_in_python(*CASES[case]), octave[case], strict=True):
        _assert_same(ours, theirs)


@pytest.mark.octave
@pytest.mark.parametrize("name", STREAMS)
def test_continues_from_a_state_of_octave(name: str, octave: dict[str, Arrays]) -> None:
    _, steps = CASES[f"{name}-states"]
    source = OctaveRandom(99)
    results = octave[f"{name}-states"]
    for i in range(1, len(steps), 3):
        assert steps[i] == ("state", name)
        source.set_state(name, results[i])  # type: ignore[arg-type]
        _assert_same(getattr(source, name)(1, 1, dtype="float32"), results[i + 1])
        if i + 2 < len(steps):
            _assert_same(getattr(source, name)(*steps[i + 2][1:3]), results[i + 2])


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as running:
        yield running


def _drawn_by_octave(session: Session) -> Arrays:
    return [
        session.call("rand", 7, 3),
        session.call("randn", 1000, 1),
        session.call("rande", 5, 5, "single"),
        session.call("randi", np.array([-5.0, 10.0]), 40, 2),
        session.call("randperm", 30) - 1,
        session.call("rand", 1, 99, "single"),
    ]


def _drawn_by_us(source: OctaveRandom) -> Arrays:
    return [
        source.rand(7, 3),
        source.randn(1000, 1),
        source.rande(5, 5, dtype="float32"),
        source.randi((-5, 10), 40, 2),
        source.randperm(30).reshape(1, -1),
        source.rand(1, 99, dtype="float32"),
    ]


@pytest.mark.octave
def test_states_travel_in_both_directions(session: Session) -> None:
    source = OctaveRandom(77)
    source.randn(10, 1)  # the three states are at different places
    source.rand()
    source.to_octave(session)
    for _ in range(3):
        for ours, theirs in zip(_drawn_by_us(source), _drawn_by_octave(session), strict=True):
            _assert_same(ours, theirs)
    other = OctaveRandom.from_octave(session)
    for name in STREAMS:
        np.testing.assert_array_equal(other.state(name), source.state(name))
    for ours, theirs in zip(_drawn_by_us(other), _drawn_by_octave(session), strict=True):
        _assert_same(ours, theirs)
    # `source` has stayed behind: the comparison can fail.
    with pytest.raises(AssertionError):
        _assert_same(source.rand(5, 1), session.call("rand", 5, 1))


@pytest.mark.octave
def test_sending_a_state_leaves_the_old_generators(session: Session) -> None:
    session.call("rand", "seed", 5, nout=0)
    source = OctaveRandom(3)
    source.to_octave(session)
    _assert_same(source.rand(9, 1), session.call("rand", 9, 1))


@pytest.mark.octave
def test_old_generators_are_noticed_and_left_as_they_are(session: Session) -> None:
    session.call("randn", "seed", 5, nout=0)
    session.call("rand", "seed", 5, nout=0)
    expected = [session.call("rand"), session.call("rand")]
    session.call("rand", "seed", 5, nout=0)
    with pytest.raises(ValueError, match=r"old generators since a rand\('seed', x\): seed by rand"):
        OctaveRandom.from_octave(session)
    assert [session.call("rand"), session.call("rand")] == expected
    session.call("rand", "twister", 5, nout=0)
    source = OctaveRandom.from_octave(session)
    assert source.rand() == session.call("rand") == OctaveRandom(5).rand()


@pytest.mark.octave
@pytest.mark.parametrize("dtype", [*WIDTHS, "int8", "uint16", "uint32", "int64", "uint64"])
def test_randi_in_every_class(session: Session, dtype: str) -> None:
    source = OctaveRandom(8)
    source.to_octave(session)
    args = (np.array([0.0, 99.0]), 50, 2, WIDTHS.get(dtype, dtype))
    if dtype in ("int64", "uint64") and int(source.version.split(".")[0]) >= 11:
        with pytest.raises(OctaveError, match=f"unknown requested output CLASS '{dtype}'"):
            session.call("randi", *args)
        with pytest.raises(ValueError, match=f"DTYPE {dtype} is refused by Octave 11"):
            source.randi((0, 99), 50, 2, dtype=dtype)
        return
    theirs = session.call("randi", *args)
    ours = source.randi((0, 99), 50, 2, dtype=dtype)
    assert ours.dtype == theirs.dtype == dtype
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(source.state("rand"), session.call("rand", "twister"))


# What rand("twister", 7), randi(10, 1, 8), randi(10, 1, 3) gave in 7.3, 9.4 and 11.3: beside one
# of them nothing else would notice that all versions draw alike.
@pytest.mark.parametrize(
    ("version", "second"),
    [
        ("7.3.0", [5, 1, 1]),
        (8, [5, 1, 1]),
        ("9.4.0", [5, 1, 1]),
        ("10.2.0", [5, 1, 1]),
        ("11.3.0", [1, 5, 1]),
        (12, [1, 5, 1]),
    ],
)
def test_randi_of_each_version(version: str | int, second: list[int]) -> None:
    source = OctaveRandom(7, version=version)
    assert source.randi(10, 1, 8).tolist() == [[4, 2, 7, 1, 6, 4, 1, 6]]
    assert source.randi(10, 1, 3).tolist() == [second]
    # A range that divides 2^53 rejects nothing, and is drawn alike.
    alike = [OctaveRandom(7, version=one).randi((0, 7), 3) for one in (version, 7)]
    np.testing.assert_array_equal(*alike)


# rand("twister", 1); mod(randi([0, 3*2^51-1], 1, 20), 1000); randi(1000), as 7.3 and 11.3 gave
# it. Of the first twenty drawn, those at 2 3 8 11 13 18 19 are rejected.
REJECTING = {
    7: "57 630 69 857 938 186 803 841 569 589 688 115 363 543 60 375 209 471 442 770 847",
    11: "57 543 60 630 69 857 938 375 186 803 209 841 471 569 589 688 115 442 770 363 438",
}


@pytest.mark.parametrize("version", REJECTING)
def test_what_is_rejected_is_drawn_again_in_order(version: int) -> None:
    source = OctaveRandom(1, version=version)
    drawn = source.randi((0, 3 * 2**51 - 1), 20, 1).ravel() % 1000
    numbers = [*drawn.astype(int).tolist(), int(source.randi(1000))]
    assert " ".join(map(str, numbers)) == REJECTING[version]


def test_the_version_is_that_of_the_octave_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def octave_version() -> str:
        asked.append(1)
        return "9.4.0"

    monkeypatch.setattr("octave_compress.octave.locate.octave_version", octave_version)
    source = OctaveRandom(7)
    source.rand(2)
    source.randn(2)
    source.randperm(9)
    source.randi(8, 3)
    assert not asked  # it does not matter
    source.randi(10, 3)
    source.randi(10, 3)
    assert source.version == "9.4.0"
    assert len(asked) == 1
    before = OctaveRandom(7)
    with drawing_as("11.3.0"):
        inside = OctaveRandom(7)
        assert before.version == "9.4.0"
        assert OctaveRandom(7, version="8.4.0").version == "8.4.0"
    assert inside.version == "11.3.0"
    assert OctaveRandom(7).version == "9.4.0"

    def nothing() -> str:
        raise OctaveNotFoundError("none")

    monkeypatch.setattr("octave_compress.octave.locate.octave_version", nothing)
    assert OctaveRandom(7).version == "11"


@pytest.mark.octave
def test_the_version_belongs_to_the_session(session: Session) -> None:
    running = session.call("version")
    assert OctaveRandom(1).version == OctaveRandom.from_octave(session).version == running
    other = "9.4.0" if int(running.split(".")[0]) >= 11 else "11.3.0"
    before = session.call("rand", "twister")
    with pytest.raises(ValueError, match=f"SESSION runs Octave {running}, whose randi is not that"):
        OctaveRandom(1, version=other).to_octave(session)
    np.testing.assert_array_equal(session.call("rand", "twister"), before)
    for same in (running, int(running.split(".")[0])):
        OctaveRandom(1, version=same).to_octave(session)


@pytest.mark.octave
def test_another_seed_differs_from_octave(octave: dict[str, Arrays]) -> None:
    _, steps = CASES["seed-42"]
    for ours, theirs in zip(_in_python(43, steps), octave["seed-42"], strict=True):
        with pytest.raises(AssertionError):
            _assert_same(ours, theirs)


def test_comparison_sees_one_bit_a_sign_and_a_width() -> None:
    numbers = OctaveRandom(1).randn(10, 1)
    changed = numbers.copy()
    changed[4] = np.nextafter(changed[4], 9)
    _assert_same(numbers, numbers.copy())
    for other in (changed, numbers.T, numbers.astype(np.float32)):
        with pytest.raises(AssertionError):
            _assert_same(numbers, other)
    with pytest.raises(AssertionError):
        _assert_same(np.zeros((1, 1)), -np.zeros((1, 1)))


def test_uniform_equals_pythons_own_generator() -> None:
    ours = OctaveRandom(42).rand(100, 20)
    theirs = random.Random(42)  # seeded and shaped in the same way
    assert ours.ravel("F").tolist() == [theirs.random() for _ in range(2000)]


def test_shapes_and_types() -> None:
    source = OctaveRandom(42)
    for name in STREAMS:
        for dtype in WIDTHS:
            for given in (dtype, np.dtype(dtype), np.dtype(dtype).type):
                drawn = getattr(source, name)(2, 3, dtype=given)
                assert drawn.shape == (2, 3)
                assert drawn.dtype == getattr(source, name)(dtype=given).dtype == dtype
    sizes: Any
    for sizes in ([2, 3], (2.0, np.float32(3)), np.array([2, 3]), np.array([[2.0], [3.0]])):
        assert source.rand(sizes).shape == source.randi(5, sizes).shape == (2, 3)
    one: Any
    for one in (3, 3.0, np.float32(3), np.array(3.0), [3]):
        assert source.rand(one).shape == source.randi(5, one).shape == (3, 3)
    bounds: Any
    for bounds in ((3, 4), [3, 4], np.array([3, 4]), (np.float32(3), 4.0)):
        assert set(source.randi(bounds, 9).ravel().tolist()) == {3, 4}
    for bounds in (1, 1.0, np.float32(1), [1], np.array(1)):
        drawn = source.randi(bounds)
        assert type(drawn) is np.float64  # as in Octave
        assert drawn == 1
    kind: Any
    for kind, name in ((int, "int64"), (np.int8, "int8"), ("float32", "float32")):
        assert source.randperm(5, dtype=kind).dtype == name
    permutation = source.randperm(100)
    assert permutation.dtype == np.float64
    assert sorted(permutation.tolist()) == list(range(100))
    assert source.randperm(100, 7).shape == (7,)


def test_seeds_of_every_class() -> None:
    seed: Any
    for seed in (2.0, np.float32(2), np.int8(2), np.array(2.0), np.float64(1.5)):
        assert OctaveRandom(seed).rand() == OctaveRandom(2).rand()
    for seed in (np.float32(4294967295), np.float64(1e300), 10**400, np.uint64(2**63)):
        assert OctaveRandom(seed).rand() == OctaveRandom(2**32 - 1).rand()


@pytest.mark.parametrize("name", STREAMS)
def test_state_comes_back(name: Any) -> None:
    source = OctaveRandom(4)
    getattr(source, name)(1000)
    state = source.state(name)
    assert state.shape == (625, 1)
    assert state.dtype == np.uint32
    expected = getattr(source, name)(5, 5)
    for vector in (state, state.ravel().tolist(), state.astype(np.float64).T):
        source.set_state(name, vector)
        np.testing.assert_array_equal(getattr(source, name)(5, 5), expected)


def test_the_kit_exports_it() -> None:
    assert Exported is OctaveRandom


def test_import_builds_no_tables() -> None:
    code = "import octave_compress.ziggurat as z; print(z.ziggurat.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def testsingle_log_without_a_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    from_library = single_log()

    def missing(name: str | None) -> None:
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", missing)
    rounded = single_log.__wrapped__()
    for x in (2.0**-24, 0.1, 0.5, 1 - 2.0**-24):
        assert rounded(x) == np.float32(math.log(x))
        assert abs(rounded(x) - from_library(x)) <= np.spacing(np.float32(abs(rounded(x))))


STATE = OctaveRandom(0).state("rand")


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda r: r.rand(-1), ValueError, "rand: ROWS must be at least 0, got -1"),
        (lambda r: r.randn(1, -2), ValueError, "randn: COLS must be at least 0, got -2"),
        (lambda r: r.rande(2.5), TypeError, "rande: ROWS must be an integer, got 2.5"),
        (
            lambda r: r.rande(1, 2, None),
            TypeError,
            "rande: dimension 3 must be an integer, got None",
        ),
        (lambda r: r.rand([1, 2], 3), TypeError, "rand: ROWS must be an integer, got [1, 2]"),
        (lambda r: r.rand([]), ValueError, "rand: the list of sizes is empty"),
        (
            lambda r: r.rand(2, "single"),
            TypeError,
            "rand: 'single' is no size: write dtype=\"float32\"",
        ),
        (
            lambda r: r.rand("seed", 5),
            TypeError,
            "rand: 'seed' is no size: the old generators, which rand('seed', x) switches to, are "
            "not here: seed the script by rand('twister', x) and write OctaveRandom(x)",
        ),
        (
            lambda r: r.randg(2.0, 3),
            ValueError,
            "randg: OctaveRandom draws no gamma numbers; let Octave draw them, "
            "session.call('randg', 'twister', seed, nout=0) and "
            "session.call('randg', parameter, rows, cols), and save what it drew",
        ),
        (
            lambda r: r.randp(2.0),
            ValueError,
            "randp: OctaveRandom draws no Poisson numbers; let Octave draw them, "
            "session.call('randp', 'twister', seed, nout=0) and "
            "session.call('randp', parameter, rows, cols), and save what it drew",
        ),
        (
            lambda r: OctaveRandom(0, version="new"),
            ValueError,
            "OctaveRandom: VERSION must be a version of Octave such as \"9.4.0\", got 'new'",
        ),
        (
            lambda r: OctaveRandom(0, version="6.4.0"),
            ValueError,
            "OctaveRandom: VERSION must be 7 or later, got '6.4.0'",
        ),
        (
            lambda r: r.randi(3, 2, dtype="complex64"),
            ValueError,
            "randi: DTYPE must be float64, float32, int8, int16, int32, int64, uint8, uint16, "
            "uint32 or uint64, got 'complex64'",
        ),
        (
            lambda r: OctaveRandom(0, version=11).randi(8, 2, dtype=int),
            ValueError,
            "randi: DTYPE int64 is refused by Octave 11: draw float64, the default, and write "
            '.astype("int64")',
        ),
        (
            lambda r: r.randperm(129, dtype="int8"),
            ValueError,
            "randperm: N must be at most 127 for int8, got 129",
        ),
        (
            lambda r: r.rand(1, dtype="int8"),
            ValueError,
            "rand: DTYPE must be float64 or float32, got 'int8'",
        ),
        (lambda r: r.randi(0, 1), ValueError, "randi: IMAX must be at least 1, got 0"),
        (lambda r: r.randi((5, 4), 1), ValueError, "randi: IMAX must be at least 5, got 4"),
        (
            lambda r: r.randi(2**53, 1),
            ValueError,
            "randi: IMAX must be within +-9007199254740991, got 9007199254740992",
        ),
        (
            lambda r: r.randi((-(2**53), 0), 1),
            ValueError,
            "randi: IMIN must be within +-9007199254740991, got -9007199254740992",
        ),
        (
            lambda r: r.randi((0, 2**53 - 1), 1),
            ValueError,
            "randi: IMAX - IMIN must be below 9007199254740991, got 9007199254740991",
        ),
        (
            lambda r: r.randi(1.5, 1),
            TypeError,
            "randi: BOUNDS must be one or two integers, got 1.5",
        ),
        (
            lambda r: r.randi((1, 2, 3), 1),
            TypeError,
            "randi: BOUNDS must be one or two integers, got (1, 2, 3)",
        ),
        (
            lambda r: r.randi(256, 1, dtype="uint8"),
            ValueError,
            "randi: BOUNDS must be within [0, 255] for uint8, got (1, 256)",
        ),
        (
            lambda r: r.randi(2**24 + 1, 1, dtype="float32"),
            ValueError,
            "randi: BOUNDS must be within [-16777216, 16777216] for float32, got (1, 16777217)",
        ),
        (lambda r: r.randi(3, -1), ValueError, "randi: ROWS must be at least 0, got -1"),
        (lambda r: r.randperm(-1), ValueError, "randperm: N must be at least 0, got -1"),
        (lambda r: r.randperm(2.5), TypeError, "randperm: N must be an integer, got 2.5"),
        (lambda r: r.randperm(3, 4), ValueError, "randperm: M must be at most N = 3, got 4"),
        (
            lambda r: r.state("randg"),
            ValueError,
            "state: NAME must be one of rand, randn, rande, got 'randg'",
        ),
        (
            lambda r: r.set_state("rand", [1, 2]),
            ValueError,
            "set_state: VECTOR must have 625 elements, got 2",
        ),
        (
            lambda r: r.set_state("rand", STATE - 0.5),
            ValueError,
            "set_state: VECTOR must hold integers in [0, 4294967295]",
        ),
        (
            lambda r: r.set_state("rand", np.zeros(625)),
            ValueError,
            "set_state: the last element of VECTOR must be in [1, 624], got 0",
        ),
        (
            lambda r: OctaveRandom("1"),  # type: ignore[arg-type]
            TypeError,
            "OctaveRandom: SEED must be a real number, got '1'",
        ),
    ],
)
def test_wrong_arguments(
    call: Callable[[OctaveRandom], Any], error: type[Exception], text: str
) -> None:
    source = OctaveRandom(0)
    with pytest.raises(error) as caught:
        call(source)
    assert str(caught.value) == text
    np.testing.assert_array_equal(source.state("rand"), STATE)
