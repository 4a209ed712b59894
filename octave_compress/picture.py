"""The picture of a report. Imported only when one is drawn: matplotlib is an extra."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure, SubFigure

if TYPE_CHECKING:
    from octave_compress.report import Report

_BEFORE, _AFTER = "0.80", "tab:blue"


def draw(report: Report) -> bytes:
    """Return a PNG: each model's weights over the first one's, and accuracy against bytes."""
    count = len(report.rows)
    columns = min(count, 4)
    lines = -(-count // columns)
    figure = Figure(figsize=(3.2 * max(columns, 2), 2.3 * lines + 4.2), layout="constrained")
    halves = figure.subfigures(2, 1, squeeze=False, height_ratios=[2.3 * lines, 4.2])
    _draw_weights(report, halves[0, 0], lines, columns)
    _draw_accuracy(report, halves[1, 0])
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=120)
    return stream.getvalue()


def _draw_weights(report: Report, figure: SubFigure, lines: int, columns: int) -> None:
    weights = [
        np.concatenate([layer.weights.ravel() for layer in model.layers]) for model in report.models
    ]
    reach = max(float(np.abs(w).max(initial=0)) for w in weights) or 1.0
    edges = np.linspace(-reach, reach, 102)
    figure.suptitle(f"Weights ({report.rows[0].name} in grey)")
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    for axis, row, w in zip(axes.flat, report.rows, weights, strict=False):
        axis.hist(weights[0], edges, color=_BEFORE)
        axis.hist(w, edges, histtype="step", color=_AFTER)
        axis.set_yscale("log")
        axis.set_title(f"{row.name}\n{np.mean(w == 0):.0%} zeros", fontsize=9)
        axis.tick_params(labelsize=8)
    for axis in list(axes.flat)[len(weights) :]:
        axis.set_visible(False)
    for axis in list(axes.flat)[max(0, len(weights) - columns) : len(weights)]:
        axis.tick_params(labelbottom=True)
    axes[-1, 0].set_xlabel("weight", fontsize=8)
    axes[-1, 0].set_ylabel("how many", fontsize=8)


def _draw_accuracy(report: Report, figure: SubFigure) -> None:
    axis = figure.subplots()
    for row in report.rows:
        counts = row.counts
        size = min(counts.bytes_dense, counts.bytes_packed, counts.bytes_sparse)
        axis.plot(size, 100 * row.accuracy, "o")
        axis.annotate(
            row.name,
            (size, 100 * row.accuracy),
            xytext=(5, 5),
            textcoords="offset points",
            fontsize=9,
        )
    axis.set_xscale("log")
    axis.margins(0.15)
    axis.grid(alpha=0.3)
    axis.set_xlabel("bytes, in the smallest of dense, packed and sparse (log scale)")
    axis.set_ylabel(f"accuracy on {report.samples} samples, %")
