"""How long k-means takes, and how good it is: this package on both backends, and scikit-learn.

    python tests/benchmarks/sharing.py [--weights N] [--levels K] [--json FILE]

All begin at the same levels, the linear start. Seconds of the Octave backend include the way
there and back; scikit-learn runs once, since it takes a minute or more.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from octave_compress import ops

ROUNDS = 3


def seconds(run: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, Any]:
    """Return the shortest time of some runs, and the last result."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


def scikit_learn(w: Any, start: Any) -> tuple[float, float]:
    """Return the seconds and the inertia of scikit-learn's k-means."""
    from sklearn.cluster import KMeans

    judge = KMeans(start.size, init=start.reshape(-1, 1), n_init=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may not converge in its 300 iterations
        taken, fitted = seconds(lambda: judge.fit(w.reshape(-1, 1)), rounds=1)
    return taken, float(fitted.inertia_)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=int, default=10**7)
    parser.add_argument("--levels", type=int, default=256)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    w = np.random.default_rng(0).normal(0, 0.05, (1, options.weights)).astype(np.float32)
    start = np.linspace(w.min(), w.max(), options.levels, dtype=np.float64)
    figures: dict[str, dict[str, float]] = {}
    for side in ("octave", "numpy"):
        found, codebook = seconds(
            lambda side=side: ops.kmeans_codebook(w, options.levels, backend=side)
        )
        assigned, (shared, _) = seconds(
            lambda side=side, codebook=codebook: ops.quantize_codebook(w, codebook, backend=side)
        )
        inertia = float(np.square(shared - w, dtype=np.float64).sum())
        figures[side] = {"seconds": found, "seconds_assigning": assigned, "inertia": inertia}
    taken, inertia = scikit_learn(w, start)
    figures["scikit-learn"] = {"seconds": taken, "seconds_assigning": 0.0, "inertia": inertia}
    print(f"{options.weights:,} float32 weights, {options.levels} levels")
    for name, figure in figures.items():
        print(
            f"  {name:<13} {figure['seconds']:8.2f} s + {figure['seconds_assigning']:5.2f} s to "
            f"assign, inertia {figure['inertia'] / inertia:6.3f} x scikit-learn's"
        )
    print(f"most memory of a child process: {peak_of_children():,.0f} MB")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def peak_of_children() -> float:
    """Return the largest memory, in MB, that Octave has had; it must have ended."""
    from octave_compress.octave import default_session

    default_session().close()
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


if __name__ == "__main__":
    main()
