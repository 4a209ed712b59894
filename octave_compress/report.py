"""One table about several models: size, accuracy, speed and energy, side by side."""

from __future__ import annotations

import html
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octave_compress import checks
from octave_compress.atomic import write_atomically
from octave_compress.backends import Backend, chosen_backend
from octave_compress.border import Samples, kind_of
from octave_compress.errors import InvalidTypeError, OctaveCompressError
from octave_compress.formats.mat import mat_bytes
from octave_compress.model import Model
from octave_compress.ops import accuracy, count_model, energy_model, predict_model, time_model
from octave_compress.ops.analysis import MEMORY_PJ
from octave_compress.ops.network import check_samples, check_targets
from octave_compress.results import Counts, Energy

_ROUNDS = 3
_Z = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True)
class ReportRow:
    """What was measured and counted of one model.

    Attributes
    ----------
    name : str
    counts : Counts
        Parameters, operations and bytes in three ways of storing.
    energy : Energy
        Of one prediction, under both models, with the constants.
    bytes_file : int
        Size of the ``.mat`` file that `save` writes (zlib).
    compression_ratio : float
        The first model's dense bytes over this one's fewest of dense, packed and sparse.
    accuracy : float
        Share of samples whose class is right.
    agreement : float
        Share of samples whose class is the first model's.
    latency, latency_spread : float
        Median seconds of predicting all samples at once, and its interquartile range.
    speed : str
        ``"faster"``, ``"slower"`` or ``"same"``: no measurable difference from the first model,
        where the interquartile ranges overlap.
    """

    name: str
    counts: Counts
    energy: Energy
    bytes_file: int
    compression_ratio: float
    accuracy: float
    agreement: float
    latency: float
    latency_spread: float
    speed: str


@dataclass(frozen=True, eq=False)
class Report:
    """A table of models. ``print`` it, or see `rows`.

    Attributes
    ----------
    rows : tuple of ReportRow
        The first is what the others are compared with.
    samples : int
        How many samples accuracy and latency are about.
    backend : str
        Which side computed and measured.
    models : tuple of Model
    """

    rows: tuple[ReportRow, ...]
    samples: int
    backend: str
    models: tuple[Model, ...]

    def __str__(self) -> str:
        from rich.console import Console

        stream = io.StringIO()
        Console(file=stream, width=_WIDE, no_color=True).print(self)
        return stream.getvalue().rstrip("\n")

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        # One table where there is room, else the same columns in two tables, one below the other.
        if options.max_width >= _WIDE:
            yield self._table(_COLUMNS)
        else:
            yield self._table((_COLUMNS[0], *_COLUMNS[1:_SPLIT]))
            yield ""
            yield self._table((_COLUMNS[0], *_COLUMNS[_SPLIT:]))
        yield ""
        yield self.notes()

    def _table(self, columns: Sequence[Column]) -> Any:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for k, column in enumerate(columns):
            table.add_column(column.title, justify="left" if k == 0 else "right", no_wrap=True)
        for row in self.rows:
            table.add_row(*(column.text(row) for column in columns))
        return table

    def _repr_html_(self) -> str:
        def line(tag: str, cells: Iterable[str]) -> str:
            inner = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
            return f"<tr>{inner}</tr>".replace("\n", "<br/>")

        body = "".join(line("td", (c.text(row) for c in _COLUMNS)) for row in self.rows)
        return (
            '<table style="text-align:right;font-variant-numeric:tabular-nums">'
            f"<thead>{line('th', (c.title for c in _COLUMNS))}</thead><tbody>{body}</tbody></table>"
            f"<p>{html.escape(self.notes())}</p>"
        )

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the report as JSON text, and write it to `path` if that is given.

        Seconds, bytes and picojoules, unrounded.

        Raises
        ------
        FileAccessError
            If the file cannot be written.
        """
        content = {
            "backend": self.backend,
            "samples": self.samples,
            "rows": [asdict(row) for row in self.rows],
        }
        text = json.dumps(content, indent=2) + "\n"
        if path is not None:
            write_atomically(path, text.encode())
        return text

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Draw the weights of each model, and accuracy against bytes, as a PNG picture.

        Raises
        ------
        OctaveCompressError
            If matplotlib is not installed.
        FileAccessError
            If the file cannot be written.
        """
        try:
            from octave_compress.picture import draw
        except ImportError as error:
            raise OctaveCompressError(
                "pictures need matplotlib: pip install 'octave-compress[plot]'"
            ) from error
        write_atomically(path, draw(self))

    def notes(self) -> str:
        """Return what the numbers mean and which constants they use, as one paragraph."""
        energy = self.rows[0].energy
        costs = " or ".join(f"{pj:.1f}" for pj in sorted({row.energy.mac_pj for row in self.rows}))
        chance = 100 * _half_width(self.rows[0].accuracy, self.samples)
        rounds = any(layer.input_range for model in self.models for layer in model.layers)
        simulated = "; rounding of inputs is simulated in floats" if rounds else ""
        return (
            f"Measured with the {self.backend} backend on {self.samples} samples; an accuracy is "
            f"known to about ±{chance:.1f} points. Agrees: same class as {self.rows[0].name!r}. "
            "Bytes: dense holds every weight, packed holds codes in their bits, sparse holds "
            "nonzeros with their indices, file is the .mat as saved (zlib). Ratio: dense bytes of "
            "the first model over the fewest of dense, packed and sparse. Latency: median ± half "
            "the interquartile range of predicting all samples; '=' where that is no measurable "
            f"difference from the first model{simulated}. Energy: '∝ size' is parameters × 1e-6, "
            f"without a unit; nJ of one sample at 45 nm, {costs} pJ a multiply-add, "
            f"{energy.memory_pj:g} pJ a 32-bit weight fetched, {energy.activation_pj:g} pJ a "
            "32-bit activation, in the format with the fewest bytes."
        )


@dataclass(frozen=True)
class Column:
    """A column of the table: its title, and the text of a row's cell."""

    title: str
    text: Callable[[ReportRow], str]


def _latency(row: ReportRow) -> str:
    mark = "=" if row.speed == "same" else ""
    return f"{mark}{1e6 * row.latency:.0f} ± {5e5 * row.latency_spread:.0f}"


_COLUMNS = (
    Column("model", lambda row: row.name),
    Column("para-\nmeters", lambda row: f"{row.counts.parameters:,}"),
    Column("non-\nzeros", lambda row: f"{row.counts.nonzeros:,}"),
    Column("dense\nbytes", lambda row: f"{row.counts.bytes_dense:,}"),
    Column("packed\nbytes", lambda row: f"{row.counts.bytes_packed:,}"),
    Column("sparse\nbytes", lambda row: f"{row.counts.bytes_sparse:,}"),
    Column("file\nbytes", lambda row: f"{row.bytes_file:,}"),
    Column("ratio\n", lambda row: f"{row.compression_ratio:.1f}"),
    Column("accuracy\n", lambda row: f"{100 * row.accuracy:.2f} %"),
    Column("agrees\n", lambda row: f"{100 * row.agreement:.2f} %"),
    Column("latency\nµs", _latency),
    Column("energy\n∝ size", lambda row: f"{row.energy.proportional:.6f}"),
    Column("energy\nnJ", lambda row: f"{row.energy.total_pj / 1000:.1f}"),
)
_SPLIT = 8
_WIDE = 124


def report(
    models: Mapping[str, Model] | Sequence[Model],
    X: ArrayLike,
    y: ArrayLike,
    *,
    repeats: int = 30,
    memory: str = "dram",
    backend: Backend | None = None,
) -> Report:
    """Return a table about models: size, accuracy, speed and energy, side by side.

    Parameters
    ----------
    models : mapping of str to Model, or sequence of Model
        The first is what the others are compared with.
    X : array_like, (samples, features)
        Samples that played no part in training or choosing.
    y : array_like, (samples,) or (samples, outputs)
        Class numbers from 0, or one-hot targets.
    repeats : int
        Predictions timed of each model, in turns with the others.
    memory : {"dram", "sram"}
        Where the weights are, for the energy.
    backend : {"octave", "numpy"}, optional

    Returns
    -------
    Report

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If there is no model, one has a single output or another number of outputs than the
        first, or data and models do not fit.
    """
    named = _named(models)
    side = chosen_backend("report", backend)
    checks.integer("report", "REPEATS", repeats, "[1, Inf)")
    checks.choice("report", "MEMORY", memory, tuple(MEMORY_PJ))
    first = next(iter(named.values()))
    classes = first.sizes[-1]
    if classes < 2:
        checks.value_error("report", "MODELS", "have 2 outputs or more", str(classes))
    given = kind_of("X").normalise("report", "X", X, {})
    samples = given if isinstance(given, Samples) else Samples(given)
    for name, model in named.items():
        if model.sizes[-1] != classes:
            got = str(model.sizes[-1])
            checks.value_error("report", f"model {name!r}", f"have {classes} outputs", got)
        check_samples("report", "X", samples, model.sizes[0])
    targets = kind_of("y").normalise("report", "y", y, {"model": first})
    check_targets("report", "Y", targets, classes, len(samples))
    outputs = {name: predict_model(model, samples, backend=side) for name, model in named.items()}
    reference = np.argmax(next(iter(outputs.values())), axis=1)
    right = {name: float(accuracy(said, targets, backend=side)) for name, said in outputs.items()}
    seconds = _seconds(named, samples, repeats, side)
    base_range = _quartiles(next(iter(seconds.values())))
    base_bytes = count_model(first, backend=side).bytes_dense
    rows = []
    for name, model in named.items():
        counts = count_model(model, backend=side)
        low, median, high = _quartiles(seconds[name])
        rows.append(
            ReportRow(
                name=name,
                counts=counts,
                energy=energy_model(model, memory=memory, backend=side),
                bytes_file=len(mat_bytes(model)),
                compression_ratio=base_bytes
                / min(counts.bytes_dense, counts.bytes_packed, counts.bytes_sparse),
                accuracy=right[name],
                agreement=float(np.mean(np.argmax(outputs[name], axis=1) == reference)),
                latency=median,
                latency_spread=high - low,
                speed=_verdict((low, high), (base_range[0], base_range[2])),
            )
        )
    return Report(tuple(rows), len(reference), side, tuple(named.values()))


def _named(models: Mapping[str, Model] | Sequence[Model]) -> dict[str, Model]:
    if not isinstance(models, Mapping):
        several = models if isinstance(models, Iterable) else ()
        models = {f"model {i}": model for i, model in enumerate(several, start=1)}
    if not models or not all(isinstance(model, Model) for model in models.values()):
        raise InvalidTypeError("report: MODELS must be one or more Models, or names with Models")
    return dict(models)


def _seconds(
    named: Mapping[str, Model], X: ArrayLike, repeats: int, backend: Backend
) -> dict[str, NDArray[np.float64]]:
    """Time the models in turns, so that a busy moment does not fall on one of them alone."""
    each = max(1, -(-int(repeats) // _ROUNDS))
    rounds = [
        {name: time_model(model, X, repeats=each, backend=backend) for name, model in named.items()}
        for _ in range(_ROUNDS)
    ]
    return {name: np.concatenate([times[name] for times in rounds]) for name in named}


def _half_width(share: float, samples: int) -> float:
    """Return half the width of Wilson's 95 % interval, which is not 0 at a share of 0 or 1."""
    spread = share * (1 - share) / samples + (_Z / samples) ** 2 / 4
    return _Z * float(np.sqrt(spread)) / (1 + _Z**2 / samples)


def _quartiles(seconds: NDArray[np.float64]) -> tuple[float, float, float]:
    low, median, high = np.percentile(seconds, (25, 50, 75))
    return float(low), float(median), float(high)


def _verdict(own: tuple[float, float], base: tuple[float, float]) -> str:
    if own[1] < base[0]:
        return "faster"
    return "slower" if own[0] > base[1] else "same"
