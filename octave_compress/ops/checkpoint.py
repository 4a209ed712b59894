"""How far Deep Compression has come, and the file from which it goes on."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from octave_compress import checks
from octave_compress.atomic import write_atomically
from octave_compress.model import Dense, Layer, Model
from octave_compress.ops.gradual_pruning import masked
from octave_compress.ops.training import Run, held_layer
from octave_compress.random import OctaveRandom

_PARTS = ("weights", "bias", "mask")


@dataclass
class State:
    """How far the work has come.

    `run` is None between two stages; `inputs` are the features that a connection takes; `levels`
    are those of the third stage, `clusters` those of the fourth, by layer.
    """

    stage: int
    layers: list[Layer]
    inputs: NDArray[np.bool_]
    run: Run | None = None
    levels: list[Any] = field(default_factory=list)
    clusters: list[Any] = field(default_factory=list)
    best: list[Layer] = field(default_factory=list)
    best_accuracy: float = -1.0
    is_stopped: bool = False


def _first_state(model: Model) -> State:
    layers = [masked(held_layer(layer)) for layer in model.layers]
    return State(1, layers, np.ones(model.sizes[0], dtype=bool))


def save_state(path: str, about: str, random: OctaveRandom, state: State) -> None:
    """Write the checkpoint: whole or not at all."""
    if not path:
        return
    arrays: dict[str, Any] = {
        "about": np.array(about),
        "inputs": state.inputs,
        "rand": random.state("rand"),
        "randn": random.state("randn"),
        "stage": np.array(state.stage),
        "best_accuracy": np.array(state.best_accuracy),
        "is_stopped": np.array(state.is_stopped),
    }
    for name in ("layers", "best"):
        for k, layer in enumerate(getattr(state, name)):
            for part in _PARTS:
                arrays[f"{name}.{k}.{part}"] = getattr(layer, part)
    for name in ("levels", "clusters"):
        arrays |= {f"{name}.{k}": array for k, array in enumerate(getattr(state, name))}
    run = state.run
    assert run is not None
    arrays["progress"] = np.array([run.step, run.epoch, run.round])
    for k, layer in enumerate(run.layers):
        for part in _PARTS:
            arrays[f"run.{k}.{part}"] = getattr(layer, part)
        for part, moments in layer.moments.items():
            arrays[f"run.{k}.moments.{part}"] = np.stack(moments)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    write_atomically(path, stream.getvalue())


def resumed(op: str, path: str, about: str, random: OctaveRandom, model: Model) -> State:
    """Return the state in the checkpoint, or the first one."""
    if not path or not os.path.exists(path):
        return _first_state(model)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        is_ours = str(arrays["about"]) == about
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        is_ours = False
    if not is_ours:
        requirement = "be a file of a call with the same arguments (or be deleted)"
        checks.value_error(op, "CHECKPOINT", requirement, f'"{path}"')

    def layers_called(name: str) -> list[Layer]:
        return [
            Dense(
                arrays[f"{name}.{k}.weights"],
                arrays[f"{name}.{k}.bias"],
                layer.activation,
                arrays[f"{name}.{k}.mask"],
            )
            for k, layer in enumerate(model.layers)
            if f"{name}.{k}.weights" in arrays
        ]

    count = range(len(model.layers))
    state = State(
        int(arrays["stage"]),
        layers_called("layers"),
        arrays["inputs"],
        Run(layers_called("run")),
        [arrays[f"levels.{k}"] for k in count if f"levels.{k}" in arrays],
        [arrays[f"clusters.{k}"] for k in count if f"clusters.{k}" in arrays],
        layers_called("best"),
        float(arrays["best_accuracy"]),
        bool(arrays["is_stopped"]),
    )
    assert state.run is not None
    state.run.step, state.run.epoch, state.run.round = map(int, arrays["progress"])
    for k, layer in enumerate(state.run.layers):
        layer.moments = {part: list(arrays[f"run.{k}.moments.{part}"]) for part in layer.moments}
        if state.clusters:
            layer.clusters = state.clusters[k]
    random.set_state("rand", arrays["rand"])
    random.set_state("randn", arrays["randn"])
    return state
