"""The main job on real data: train, prune, retrain, quantize, distil and report."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octave_compress.backends import Backend, chosen_backend, use_backend
from octave_compress.errors import FileAccessError, OctaveCompressError
from octave_compress.formats import save
from octave_compress.model import Model
from octave_compress.ops import (
    distill_model,
    predict_model,
    prune_model,
    quantize_model,
    retrain_model,
    train_model,
)
from octave_compress.random import OctaveRandom
from octave_compress.report import Report, report

# Chosen by accuracy on the validation samples, from a handful of tries of each; the test
# samples serve the report alone.
SEED = 1
TEACHER = [64, 128, 64, 10]
STUDENT = [64, 8, 10]
EPOCHS = 80
WEIGHT_DECAY = 0.3
SPARSITY = 0.85
NEURON_SPARSITY = 0.5
TEMPERATURE = 4.0
ALPHA = 0.5

DIGITS = Path(__file__).with_name("data") / "digits.mat"


@dataclass(frozen=True, eq=False)
class Samples:
    """Images, (samples, 64) from 0 to 1, and their digits, (samples,)."""

    X: NDArray[np.float64]
    y: NDArray[np.int64]


def digits() -> tuple[Samples, Samples, Samples]:
    """Return 1,077 training, 360 validation and 360 test images of the UCI optical digits.

    1,797 images of 8×8 pixels (Alpaydin and Kaynak 1998, CC BY 4.0), in a fixed random order.
    """
    from scipy.io import loadmat

    content = loadmat(DIGITS)
    order = OctaveRandom(SEED).randperm(len(content["X"]), dtype=int)
    X, y = content["X"][order] / 16.0, content["y"].ravel()[order].astype(np.int64)
    parts = (slice(0, 1077), slice(1077, 1437), slice(1437, None))
    train, validation, test = (Samples(X[part], y[part]) for part in parts)
    return train, validation, test


def run(
    out: str | os.PathLike[str],
    backend: Backend | None = None,
    say: Callable[[Any], object] = print,
    progress: bool = True,
) -> Report:
    """Run the main job and write its models, ``report.json`` and ``report.png`` into a folder.

    Parameters
    ----------
    out : str or path-like
        Made if it does not exist.
    backend : {"octave", "numpy"}, optional
    say : callable
        Gets each line about what is going on, and the report.
    progress : bool
        Show a bar while a network trains.

    Raises
    ------
    FileAccessError
        If the folder cannot be made or written.
    """
    side = chosen_backend("demo", backend)
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(error.errno, f"cannot make: {error.strerror}", str(folder)) from None
    train, validation, test = digits()
    shared: dict[str, Any] = {"epochs": EPOCHS, "weight_decay": WEIGHT_DECAY, "progress": progress}

    def step(text: str, model: Model) -> Model:
        right = predict_model(model, validation.X).argmax(axis=1) == validation.y
        say(f"  {text:<52} {100 * right.mean():6.2f} %")
        return model

    say(f"{side} backend; accuracy on {len(validation.y)} validation samples:")
    with use_backend(side):
        teacher = train_model(train.X, train.y, TEACHER, dtype="float32", **shared)
        step(f"teacher {'-'.join(map(str, TEACHER))}", teacher)
        cut = prune_model(teacher, sparsity=SPARSITY)
        step(f"{SPARSITY:.0%} of connections pruned", cut)
        pruned = step("    retrained", retrain_model(cut, train.X, train.y, **shared))
        narrow = prune_model(teacher, sparsity=NEURON_SPARSITY, unit="neuron")
        sizes = "-".join(map(str, narrow.sizes))
        step(f"{NEURON_SPARSITY:.0%} of neurons pruned, now {sizes}", narrow)
        shrunk = step("    retrained", retrain_model(narrow, train.X, train.y, **shared))
        quantized = quantize_model(pruned, bits=8, activations=train.X)
        step("pruned connections, 8-bit weights and activations", quantized)
        alone = train_model(train.X, train.y, STUDENT, dtype="float32", **shared)
        step(f"student {'-'.join(map(str, STUDENT))} trained alone", alone)
        distilled = distill_model(
            teacher, STUDENT, train.X, train.y, temperature=TEMPERATURE, alpha=ALPHA, **shared
        )
        step("student distilled from the teacher", distilled)
        models = {
            "teacher": teacher,
            "pruned connections": pruned,
            "pruned neurons": shrunk,
            "pruned, 8 bits": quantized,
            "student alone": alone,
            "student distilled": distilled,
        }
        result = report(models, test.X, test.y)

    for name, model in (
        ("model", teacher),
        ("pruned_model", pruned),
        ("quantized_model", quantized),
        ("distilled_model", distilled),
    ):
        save(folder / f"{name}.mat", model)
    result.to_json(folder / "report.json")
    say("")
    say(result)
    try:
        result.plot(folder / "report.png")
    except FileAccessError:
        raise
    except OctaveCompressError as error:
        say(f"no picture: {error}")
    say(f"\nModels, report.json and report.png are in {folder}{os.sep}")
    return result
