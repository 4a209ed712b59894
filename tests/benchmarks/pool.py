"""How much more two workers of a pool do than one on a compute-bound `.m`, in one run.

    python tests/benchmarks/pool.py [--json FILE]

The two pools take turns, so a busy moment of the machine does not fall on one of them alone; the
figure is the median of the paired ratios. Two workers need two idle cores to show what they can.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import octave_compress as oc

BAR = 1.7
ROUNDS = 21
TASKS = 8
STEPS = 50_000
FUNCTION = """\
function x = collatz_like(x, steps)
  % An interpreted loop: nothing but Octave's own work, on one core.
  for k = 1:steps
    if mod(x, 2) == 0
      x = x / 2;
    else
      x = mod(3 * x + 1, 2 ^ 40);
    end
  end
end
"""


def seconds(pool: oc.SessionPool) -> tuple[float, list[float]]:
    """Return how long all tasks take, and their results."""
    start = time.perf_counter()
    results = list(pool.map("collatz_like", range(1, TASKS + 1), [STEPS] * TASKS))
    return time.perf_counter() - start, results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        oc.SessionPool(1) as one,
        oc.SessionPool(2) as two,
    ):
        Path(folder, "collatz_like.m").write_text(FUNCTION)
        times: list[tuple[float, float]] = []
        for pool in (one, two):
            pool.addpath(folder)
            seconds(pool)  # warms up
        for _ in range(ROUNDS):
            (alone, expected), (together, results) = seconds(one), seconds(two)
            if results != expected:
                sys.exit("the two pools disagree")
            times.append((alone, together))
    alone, together = np.median(times, axis=0)
    ratios = [a / b for a, b in times]
    ratio = float(np.median(ratios))
    print(f"{TASKS} tasks, {ROUNDS} rounds")
    print(f"  one worker   {alone:6.3f} s")
    print(f"  two workers  {together:6.3f} s")
    spread = f"{min(ratios):.2f}..{max(ratios):.2f}"
    reached = "reached" if ratio >= BAR else "below"
    print(f"  ratio        {ratio:6.2f} x {spread}, bar {BAR}: {reached}")
    if options.json:
        figures = {"one_s": alone, "two_s": together, "ratio": ratio, "bar": BAR}
        figures |= {"lowest": min(ratios), "highest": max(ratios)}
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
