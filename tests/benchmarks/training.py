"""How long an epoch takes: this package on both backends, and scikit-learn, in one run.

    python tests/benchmarks/training.py [--json FILE]

The three take turns, so a busy moment of the machine does not fall on one of them alone; quote
the ratios.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import octave_compress as oc
from octave_compress.demo import digits

EPOCHS = 10
ROUNDS = 7
LAYERS = [64, 128, 64, 10]


def contestants() -> dict[str, Callable[[], object]]:
    """Return what is timed: the same network, solver and batches for the same data."""
    from sklearn.neural_network import MLPClassifier

    train = digits()[0]
    X = train.X.astype(np.float32)

    def scikit_learn() -> object:
        net = MLPClassifier(LAYERS[1:-1], batch_size=32, max_iter=EPOCHS, alpha=0, tol=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that ten epochs are few
            return net.fit(X, train.y)

    def ours(backend: oc.Backend) -> Callable[[], object]:
        return lambda: oc.train(X, train.y, LAYERS, epochs=EPOCHS, dtype="float32", backend=backend)

    return {"Octave": ours("octave"), "NumPy": ours("numpy"), "scikit-learn": scikit_learn}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    runs = contestants()
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(ROUNDS + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if k > 0:  # the first round warms up
                seconds[name].append((time.perf_counter() - start) / EPOCHS)
    base = np.array(seconds["scikit-learn"])
    figures = {
        name: {
            "median_ms": 1e3 * float(np.median(times)),
            "ratio_to_scikit_learn": float(np.median(np.array(times) / base)),
        }
        for name, times in seconds.items()
    }
    print(f"one epoch of {'-'.join(map(str, LAYERS))}, float32, Adam, batches of 32, 1,077 samples")
    for name, figure in figures.items():
        ms, ratio = figure["median_ms"], figure["ratio_to_scikit_learn"]
        print(f"  {name:<13} {ms:6.1f} ms  {ratio:5.2f} x scikit-learn")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
