"""How fast calls to Octave are, beside oct2py's own, in one run.

    python tests/benchmarks/bridge.py [--quick] [--json FILE]

Both do the same work with the same arrays and take turns, so that a busy moment of the machine
does not fall on one of them alone; each figure is the median of the ratios of such pairs. A turn
is one call, or ten where calls are short, and touches every page of the result. Every kind of
work is checked once to give the right answer. oct2py runs with `convert_to_float=False`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import oct2py

import octave_compress as oc

DTYPES = ("float64", "float32", "int8", "bool")
COLUMNS = 125
SIZES = {"8 KB": (8_000, 20), "8 MB": (8_000_000, 15), "80 MB": (80_000_000, 7)}
BARS = {"8 KB": (10, 15), "8 MB": (2.2, 4), "80 MB": (1.8, 3)}
SHORT = 5e-3  # seconds: of shorter work a turn has ten
SHARED_MEMORY = "/dev/shm"


@dataclass(frozen=True)
class Work:
    """One kind of work, how often it is done, what is asked for, and what is right."""

    name: str
    rounds: int
    bar: float
    aim: float
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    right: Callable[[Any], bool]


def table_of_work(ours: oc.Session, theirs: Any) -> list[Work]:
    """Return everything that is timed, apart from memory."""
    work = [
        Work(
            "small call",
            50,
            10,
            20,
            lambda: ours.call("abs", -2.5),
            lambda: theirs.feval("abs", -2.5),
            lambda y: y == 2.5,
        )
    ]
    for size, (count, rounds) in SIZES.items():
        for dtype in DTYPES:
            x = an_array(count, dtype)
            work.append(
                Work(
                    f"{size} {dtype}",
                    rounds,
                    *BARS[size],
                    lambda x=x: ours.call("deal", x),
                    lambda x=x: theirs.feval("deal", x),
                    lambda y, x=x: np.array_equal(y, x),
                )
            )
    x = an_array(8_000_000, "float64")
    fields, words = a_struct(), [f"word {k}" for k in range(1000)]
    return [
        *work,
        Work(
            "ten operations on 8 MB",
            7,
            5,
            8,
            lambda: ten_with_handles(ours, x),
            lambda: ten_back_and_forth(theirs, x),
            lambda y: np.allclose(y, x + 55, rtol=0, atol=1e-9),
        ),
        Work(
            "struct of 50 mixed fields",
            30,
            3,
            10,
            lambda: ours.call("deal", fields),
            lambda: theirs.feval("deal", fields),
            lambda y: all(np.array_equal(y[key], fields[key]) for key in fields),
        ),
        Work(
            "cell of 1,000 short strings",
            15,
            3,
            10,
            lambda: ours.call("deal", words),
            lambda: theirs.feval("deal", words),
            lambda y: np.ravel(y).tolist() == words,
        ),
        Work("first call of a session", 5, 1, 1.5, first_of_ours, first_of_theirs, bool),
    ]


def an_array(size: int, dtype: str) -> np.ndarray[Any, Any]:
    """Return a C-ordered matrix of that many bytes."""
    rows = size // COLUMNS // np.dtype(dtype).itemsize
    values = np.random.default_rng(1).normal(0, 40, (rows, COLUMNS))
    return (values > 0) if dtype == "bool" else values.clip(-127, 127).astype(dtype)


def a_struct() -> dict[str, Any]:
    """Return ten fields of each of five kinds."""
    kinds: tuple[Callable[[int], Any], ...] = (
        lambda k: float(k) + 0.5,
        lambda k: f"text {k}",
        lambda k: np.arange(12.0).reshape(3, 4) + k,
        lambda k: np.arange(6, dtype=np.int16).reshape(2, 3) + np.int16(k),
        lambda k: np.array([[True, False, k > 5]]),
    )
    return {f"field_{k}": kinds[k % 5](k // 5) for k in range(50)}


def ten_with_handles(ours: oc.Session, x: Any) -> Any:
    handle = ours.put(x)
    for k in range(10):
        handle = ours.call("plus", handle, k + 1, keep=True)
    return handle.get()


def ten_back_and_forth(theirs: Any, x: Any) -> Any:
    for k in range(10):
        x = theirs.feval("plus", x, k + 1)
    return x


def first_of_ours() -> bool:
    with oc.Session() as session:
        return bool(session.call("plus", 1, 2) == 3)


def first_of_theirs() -> bool:
    with quiet(), oct2py.Oct2Py(convert_to_float=False) as session:
        return bool(session.feval("plus", 1, 2) == 3)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep off the table what Octave writes on the standard error when it starts."""
    saved = os.dup(2)
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def measure(work: Work, quick: bool) -> dict[str, Any]:
    """Time both sides in turns."""
    for run in (work.ours, work.theirs):
        if not work.right(run()):
            raise AssertionError(f"{work.name}: {run} gives a wrong answer")
    start = time.perf_counter()
    work.ours()
    calls = 10 if time.perf_counter() - start < SHORT else 1
    seconds: tuple[list[float], list[float]] = ([], [])
    for k in range(max(3, work.rounds // (5 if quick else 1))):
        for side in (0, 1) if k % 2 else (1, 0):
            run = (work.ours, work.theirs)[side]
            start = time.perf_counter()
            for _ in range(calls):
                result = run()
                touch(result)
            seconds[side].append((time.perf_counter() - start) / calls)
            del result
    ours, theirs = (np.array(times) for times in seconds)
    return figures(work.name, work.bar, work.aim, "ms", 1e3 * ours, 1e3 * theirs)


def touch(result: Any) -> None:
    """Read something of every page of an array: it may be mapped memory that is not there yet."""
    if isinstance(result, np.ndarray) and result.dtype != object:
        result.ravel(order="K")[:: max(1, 4096 // result.itemsize)].max()


def figures(name: str, bar: float, aim: float, unit: str, ours: Any, theirs: Any) -> dict[str, Any]:
    ratios = np.asarray(theirs) / np.asarray(ours)
    return {
        "work": name,
        "unit": unit,
        "oct2py": float(np.median(theirs)),
        "ours": float(np.median(ours)),
        "ratio": float(np.median(ratios)),
        "lowest": float(np.min(ratios)),
        "highest": float(np.max(ratios)),
        "bar": bar,
        "aim": aim,
    }


# ------------------------------------------------------------------ memory, from outside


def carry(side: str) -> None:
    """In a process of its own: carry 80 MB there and back when told, until told to stop."""
    x = an_array(80_000_000, "float64")
    call: Callable[..., Any]
    if side == "ours":
        call = oc.Session().call
    else:
        call = oct2py.Oct2Py(convert_to_float=False).feval
    print(int(call("getpid")), flush=True)
    for _ in sys.stdin:
        y = call("deal", x)
        total = float(y.sum())  # touches every page
        print(abs(total - float(x.sum())) < 1e-3, flush=True)
        del y


def memory_of(processes: list[int]) -> float:
    """Return the megabytes of processes and of all files in shared memory, none twice."""
    kilobytes = 0
    for pid in processes:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        parts = dict(line.split()[:2] for line in lines[1:])
        kilobytes += sum(int(parts[key]) for key in ("Pss_Anon:", "Pss_File:"))
    shared = os.statvfs(SHARED_MEMORY)
    return kilobytes / 1e3 * 1.024 + (shared.f_blocks - shared.f_bfree) * shared.f_frsize / 1e6


def peak_memory(side: str) -> float:
    """Return by how many megabytes memory rises while 80 MB travel there and back."""
    child = subprocess.Popen(
        [sys.executable, __file__, "--carry", side],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    processes = [child.pid, int(child.stdout.readline())]
    rest = memory_of(processes)
    os.set_blocking(child.stdout.fileno(), False)
    child.stdin.write("go\n")
    child.stdin.flush()
    peak, answer = rest, ""
    while not answer:
        peak = max(peak, memory_of(processes))
        answer = child.stdout.readline()
    child.stdin.close()
    child.wait()
    if answer != "True\n":
        raise AssertionError(f"{side}: a wrong answer")
    return peak - rest


def measure_memory(quick: bool) -> dict[str, Any]:
    rounds = 2 if quick else 5
    pairs = [(peak_memory("ours"), peak_memory("theirs")) for _ in range(rounds)]
    return figures("peak memory of 80 MB", 1, 2, "MB", *zip(*pairs, strict=True))


def show(row: dict[str, Any]) -> None:
    reached = next((word for word in ("aim", "bar") if row["ratio"] >= row[word]), "below")
    spread = f"{row['lowest']:.1f}..{row['highest']:.1f}"
    print(
        f"{row['work']:<28} {row['oct2py']:9.2f} {row['ours']:9.2f} {row['unit']}"
        f" {row['ratio']:7.1f} x {spread:>12} {row['bar']:6g} {row['aim']:6g}  {reached}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    parser.add_argument("--only", default="", help="only work whose name contains this")
    parser.add_argument("--carry", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.carry:
        carry(options.carry)
        return
    head = ("work", "oct2py", "ours", "ratio", "spread", "bar", "aim")
    print("{:<28} {:>9} {:>9}    {:>9} {:>12} {:>6} {:>6}".format(*head))
    rows = []
    with quiet():
        theirs = oct2py.Oct2Py(convert_to_float=False)
    with oc.Session() as ours, theirs:
        for work in table_of_work(ours, theirs):
            if options.only in work.name:
                rows.append(measure(work, options.quick))
                show(rows[-1])
    if options.only in "peak memory of 80 MB":
        rows.append(measure_memory(options.quick))
        show(rows[-1])
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
