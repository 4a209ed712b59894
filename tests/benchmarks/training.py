"""How long an epoch takes: this package on both backends, and scikit-learn, in one run.

    python tests/benchmarks/training.py [--mnist DIR] [--json FILE]

The three take turns, so a busy moment of the machine does not fall on one of them alone; quote
the ratios. With the folder of MNIST's files (or MNIST_DIR) an epoch of LeNet-300-100 on its 60,000
images is timed too, with both solvers.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from deep_compression import mnist_part

import octave_compress as oc
from octave_compress.demo import digits

DIGITS = [64, 128, 64, 10]
LENET = [784, 300, 100, 10]
RATE = {"adam": 0.001, "sgd": 0.05}


def contestants(
    X: Any, y: Any, layers: list[int], solver: str, batch_size: int, epochs: int
) -> dict[str, Callable[[], object]]:
    """Return what is timed: the same network, solver and batches for the same data."""
    from sklearn.neural_network import MLPClassifier

    def scikit_learn() -> object:
        net = MLPClassifier(
            layers[1:-1],
            solver=solver,
            batch_size=batch_size,
            learning_rate_init=RATE[solver],
            nesterovs_momentum=False,
            max_iter=epochs,
            alpha=0,
            tol=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that so few epochs are few
            return net.fit(X, y)

    def ours(backend: oc.Backend) -> Callable[[], object]:
        return lambda: oc.train(
            X,
            y,
            layers,
            solver=solver,
            learning_rate=RATE[solver],
            batch_size=batch_size,
            epochs=epochs,
            dtype="float32",
            backend=backend,
        )

    return {"Octave": ours("octave"), "NumPy": ours("numpy"), "scikit-learn": scikit_learn}


def measure(runs: dict[str, Callable[[], object]], rounds: int, epochs: int) -> dict[str, Any]:
    """Return milliseconds an epoch, and the ratios to scikit-learn, run by run in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for k in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if k > 0:  # the first round warms up
                seconds[name].append((time.perf_counter() - start) / epochs)
    base = np.array(seconds["scikit-learn"])
    return {
        name: {
            "median_ms": 1e3 * float(np.median(times)),
            "ratio_to_scikit_learn": float(np.median(np.array(times) / base)),
        }
        for name, times in seconds.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=Path, default=os.environ.get("MNIST_DIR"))
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    train = digits()[0]
    small = train.X.astype(np.float32), train.y
    rows = [("digits, Adam", (*small, DIGITS, "adam", 32, 10), 7)]
    if options.mnist:
        large = mnist_part(Path(options.mnist), "train")
        rows += [
            ("MNIST, Adam", (*large, LENET, "adam", 128, 10), 3),
            ("MNIST, SGD with momentum", (*large, LENET, "sgd", 128, 10), 3),
        ]
    figures = {}
    for title, case, rounds in rows:
        figures[title] = measure(contestants(*case), rounds, case[-1])
        sizes = "-".join(map(str, case[2]))
        print(f"{title}: one epoch of {sizes}, float32, batches of {case[4]}")
        for name, figure in figures[title].items():
            ms, ratio = figure["median_ms"], figure["ratio_to_scikit_learn"]
            print(f"  {name:<13} {ms:7.1f} ms  {ratio:5.2f} x scikit-learn")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
