"""The picture of a report. Imported only when one is drawn: matplotlib is an extra."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

if TYPE_CHECKING:
    from octave_compress.report import Report

_FIRST = "0.80"


def draw(report: Report) -> bytes:
    """Return a PNG: each model's weights over the first one's, and accuracy against bytes."""
    count = len(report.rows)
    lines = -(-count // 4)
    columns = -(-count // lines)
    height = 2.1 * lines + 0.4
    figure = Figure(figsize=(3.2 * max(columns, 2), height + 4), layout="constrained")
    halves = figure.subfigures(2, 1, squeeze=False, height_ratios=[height, 4])
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
    for k, (axis, w) in enumerate(zip(axes.flat, weights, strict=False)):
        axis.hist(weights[0], edges, color=_FIRST)
        axis.hist(w, edges, histtype="step", color=f"C{k}", linewidth=1.2)
        axis.set_yscale("log")
        axis.set_title(f"{report.rows[k].name}\n{np.mean(w == 0):.0%} zeros", fontsize=9)
        axis.tick_params(labelsize=8, labelbottom=True, labelleft=True)
    for axis in axes.flat[len(weights) :]:
        axis.set_visible(False)
    figure.supxlabel("weight", fontsize=9)
    figure.supylabel("how many", fontsize=9)


def _draw_accuracy(report: Report, figure: SubFigure) -> None:
    axis = figure.subplots()
    for k, row in enumerate(report.rows):
        counts = row.counts
        size = min(counts.bytes_dense, counts.bytes_packed, counts.bytes_sparse)
        point = (size, 100 * row.accuracy)
        axis.plot(*point, "o", color=f"C{k}")
        axis.annotate(row.name, point, xytext=(6, 5), textcoords="offset points", fontsize=9)
    axis.set_xscale("log")
    axis.margins(0.15)
    axis.set_ylim(top=min(axis.get_ylim()[1], 101))
    least, most = axis.get_xlim()
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5) if most < 200 * least else (1,)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(alpha=0.3)
    axis.set_xlabel("bytes, in the smallest of dense, packed and sparse (log scale)")
    axis.set_ylabel(f"accuracy on {report.samples} samples, %")
