"""A progress bar for training, fed by the epochs that either backend reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Callback = Callable[[dict[str, float]], object]


@contextmanager
def reporting(title: str, progress: bool, callback: Callback | None) -> Iterator[Callback | None]:
    """Give the callback that an operation should call after each epoch.

    It is the caller's own, or, where `progress` is true, one that also moves a bar on the
    terminal; the bar is gone at the end.
    """
    if not progress or not (callback is None or callable(callback)):
        yield callback
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task(title.removesuffix("_model"), total=None, loss="–")

        def report(info: dict[str, float]) -> object:
            loss = f"{info['loss']:.4f}"
            bar.update(task, total=info["epochs"], completed=info["epoch"], loss=loss)
            return callback(info) if callback else False

        yield report
