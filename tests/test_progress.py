"""What is shown while a network trains: a bar in Python, a line in Octave."""

from __future__ import annotations

import io
from typing import Any

import pytest
import rich
from rich.console import Console

from octave_compress.octave.locate import m_files, octave_eval
from octave_compress.progress import reporting


def test_a_bar_without_an_epoch_has_no_loss_and_none_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, _environ={"TERM": "xterm"})
    monkeypatch.setattr(rich, "_console", console)
    with reporting("train_model", True, None) as callback:
        assert callback is not None
        assert "loss –" in stream.getvalue()
        assert not callback({"epoch": 1.0, "epochs": 2.0, "loss": 0.25})
    shown = stream.getvalue()
    assert "nan" not in shown
    assert "1/2" in shown
    assert "loss 0.2500" in shown
    assert shown.endswith("\x1b[2K")  # the line is erased


def test_a_bar_passes_the_wish_to_stop_on() -> None:
    with reporting("train_model", True, lambda info: info["epoch"] == 2) as callback:
        assert callback is not None
        wishes = [callback({"epoch": k, "epochs": 3.0, "loss": 1.0}) for k in (1.0, 2.0)]
    assert wishes == [False, True]


def test_without_progress_a_callback_is_the_callers_own() -> None:
    def own(info: dict[str, float]) -> Any:
        return None

    with reporting("train_model", False, own) as callback:
        assert callback is own


@pytest.mark.octave
@pytest.mark.parametrize(
    ("option", "epochs"),
    [
        ("'epochs', 3", 3),
        ("'epochs', 9, 'callback', @(info) info.epoch == 2", 2),
        ("'epochs', 9, 'callback', @(info) error('stop')", 1),
        ("'solver', 'sgd', 'learning_rate', 1e200", 2),
        ("'epochs', 0", 0),
    ],
)
def test_octaves_line_leaves_nothing_behind(option: str, epochs: int) -> None:
    printed = octave_eval(
        f"addpath('{m_files()}'); try; train_model([1, 2; 3, 50], [900, 0], [2, 1], 'loss', "
        f"'mse', 'progress', true, {option}); catch; end; disp('after');"
    )
    *shown, last = printed.replace("\n", "\r", printed.count("\n") - 1).split("\r")
    assert last == "after\n"
    lines = [line for line in shown if line]
    assert len(lines) == epochs
    assert len({len(line) for line in lines}) <= 1
    assert all(line.startswith("train_model: epoch ") for line in lines)
