"""The report: rows against hand counts, and its four ways out."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

import octave_compress as oc
from octave_compress import picture
from octave_compress.report import _half_width, _verdict

X = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 2.0]])
Y = [0, 1, 0, 1]
RIGHT = oc.Model.from_arrays([np.eye(2)])
WRONG = oc.Model.from_arrays([[[0.0, 1.0], [0.5, 0.0]]])


def made(**options: object) -> oc.Report:
    models = {"right": RIGHT, "wrong": WRONG}
    return oc.report(models, X, Y, repeats=6, backend="numpy", **options)  # type: ignore[arg-type]


def test_rows_say_what_was_counted_and_measured(tmp_path: Path) -> None:
    right, wrong = made().rows
    assert (right.name, right.accuracy, right.agreement) == ("right", 1.0, 1.0)
    # Its outputs are (0, .5), (1, 0), (1, 1), (2, .5): right for none, but a tie is class 0.
    assert (wrong.name, wrong.accuracy, wrong.agreement) == ("wrong", 0.25, 0.25)
    assert right.counts.parameters == 6
    assert right.counts.bytes_dense == 48
    assert right.compression_ratio == pytest.approx(48 / right.counts.bytes_sparse)
    oc.save(tmp_path / "m.mat", RIGHT)
    assert right.bytes_file == (tmp_path / "m.mat").stat().st_size
    assert right.latency > 0
    assert right.speed == "same"


def test_json_holds_every_number(tmp_path: Path) -> None:
    report = made()
    text = report.to_json(tmp_path / "r.json")
    assert (tmp_path / "r.json").read_text() == text
    content = json.loads(text)
    assert content["samples"] == 4
    assert content["rows"][1]["accuracy"] == 0.25
    assert content["rows"][0]["counts"]["parameters"] == 6
    assert content["rows"][0]["energy"]["memory_pj"] == 640


def test_text_names_every_model_number_and_constant() -> None:
    text = str(made())
    assert "right" in text
    assert "100.00 %" in text
    assert "640 pJ" in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 124


def test_a_narrow_terminal_gets_two_tables_and_loses_nothing() -> None:
    from rich.console import Console

    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(made())
    text = console.export_text()
    console.file.close()
    assert "…" not in text
    assert text.count("right") >= 2
    assert "accuracy" in text


def test_html_is_well_formed_and_escaped() -> None:
    report = oc.report({"<b>": RIGHT}, X, Y, repeats=3, backend="numpy")
    root = ET.fromstring(f"<div>{report._repr_html_()}</div>")
    assert next(cell.text for cell in root.iter("td")) == "<b>"
    assert len(list(root.iter("tr"))) == 2


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    made().plot(tmp_path / "r.png")
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_the_picture_has_one_colour_a_model_and_numbers_on_every_panel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from matplotlib.colors import same_color
    from matplotlib.figure import Figure

    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    picture.draw(oc.report([RIGHT, WRONG] * 3, X, Y, repeats=3, backend="numpy"))
    *panels, below = drawn[0].axes
    assert len(panels) == 6
    for panel, point in zip(panels, below.lines, strict=True):
        assert same_color(panel.patches[-1].get_edgecolor(), point.get_color())
        assert panel.xaxis.get_tick_params()["labelbottom"]
    assert len({point.get_color() for point in below.lines}) == 6
    assert below.xaxis.get_major_formatter()(20000) == "20,000"


def test_models_without_names_are_numbered() -> None:
    report = oc.report([RIGHT, WRONG], X, Y, repeats=3, backend="numpy")
    assert [row.name for row in report.rows] == ["model 1", "model 2"]


def test_one_hot_targets_mean_the_same() -> None:
    report = oc.report([WRONG], X, np.eye(2)[Y], repeats=3, backend="numpy")
    assert report.rows[0].accuracy == 0.25


def test_speed_needs_ranges_that_do_not_overlap() -> None:
    assert _verdict((1.0, 2.0), (1.5, 3.0)) == "same"
    assert _verdict((1.0, 2.0), (2.5, 3.0)) == "faster"
    assert _verdict((4.0, 5.0), (2.5, 3.0)) == "slower"


@pytest.mark.parametrize(("right", "samples"), [(1, 1), (354, 360), (0, 7), (10, 10)])
def test_how_well_an_accuracy_is_known(right: int, samples: int) -> None:
    interval = binomtest(right, samples).proportion_ci(0.95, method="wilson")
    expected = (interval.high - interval.low) / 2
    assert _half_width(right / samples, samples) == pytest.approx(expected, rel=1e-4)


def test_notes_say_when_rounding_is_simulated() -> None:
    assert "simulated" not in made().notes()
    rounded = oc.quantize(RIGHT, activations=X, backend="numpy")
    report = oc.report([RIGHT, rounded], X, Y, repeats=3, backend="numpy")
    assert "rounding of inputs is simulated in floats" in report.notes()
    assert "known to about ±24.5 points" in report.notes()  # 4 of 4


def test_bad_arguments_are_found_before_any_time_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(oc.report.__globals__, "time_model", None)
    with pytest.raises(TypeError, match="NoneType"):
        made()  # the patch works
    one = oc.Model.from_arrays([[[1.0, 2.0]]])
    wide = oc.Model.from_arrays([np.ones((2, 3))])
    options: dict[str, Any]
    for models, y, options, text in (
        ([one], Y, {}, "MODELS must have 2 outputs or more, got 1"),
        ([RIGHT, wide], Y, {}, "X must have 3 features, got 2"),
        ([RIGHT], Y[:3], {}, "Y must have 2 outputs and 4 samples, got 2 and 3"),
        ([RIGHT], np.eye(3)[Y], {}, "Y must have 2 outputs and 4 samples, got 3 and 4"),
        ([RIGHT], Y, {"repeats": 0}, "REPEATS must be a whole number in [1, Inf), got 0"),
        ([RIGHT], Y, {"memory": "rom"}, 'MEMORY must be "dram" or "sram", got "rom"'),
        ([RIGHT], Y, {"backend": "jax"}, 'BACKEND must be "octave" or "numpy", got "jax"'),
    ):
        with pytest.raises(oc.InvalidValueError) as caught:
            oc.report(models, X, y, **{"backend": "numpy", **options})
        assert str(caught.value) == f"report: {text}"


def test_bad_arguments() -> None:
    for models in (RIGHT, None, 1):
        with pytest.raises(oc.InvalidTypeError, match="report: MODELS must be one or more Models"):
            oc.report(models, X, Y, backend="numpy")  # type: ignore[arg-type]
    with pytest.raises(oc.InvalidTypeError, match="MODELS must be one or more Models"):
        oc.report([], X, Y, backend="numpy")
    with pytest.raises(oc.InvalidTypeError, match="MODELS must be one or more Models"):
        oc.report([1], X, Y, backend="numpy")  # type: ignore[list-item]
    other = oc.Model.from_arrays([np.ones((3, 2))])
    with pytest.raises(oc.InvalidValueError, match="model 'b' must have 2 outputs, got 3"):
        oc.report({"a": RIGHT, "b": other}, X, Y, backend="numpy")
    with pytest.raises(oc.InvalidValueError, match=r"Y must be class numbers in \[0, 1\], got 2"):
        oc.report([RIGHT], X, [0, 1, 2, 1], backend="numpy")
    with pytest.raises(oc.InvalidValueError, match="have 2 outputs and 4 samples, got 2 and 3"):
        oc.report([RIGHT], X, [0, 1, 1], backend="numpy")
    with pytest.raises(oc.InvalidValueError, match="REPEATS must be a whole number"):
        oc.report([RIGHT], X, Y, repeats=0, backend="numpy")


@pytest.mark.octave
def test_octave_counts_the_same(tmp_path: Path) -> None:
    here, there = made(), oc.report({"right": RIGHT, "wrong": WRONG}, X, Y, repeats=3)
    for left, right in zip(here.rows, there.rows, strict=True):
        assert left.counts == right.counts
        assert left.energy == right.energy
        assert (left.accuracy, left.agreement) == (right.accuracy, right.agreement)
    assert there.backend == "octave"
