"""A progress bar for training, fed by the epochs that either backend reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Callback = Callable[[dict[str, float]], object]


@contextmanager
def reporting(title: str, arguments: Mapping[str, Any]) -> Iterator[Callback | None]:
    """Give the callback that an operation should call after each epoch.

    It is the caller's own, or, where the argument ``progress`` is true, one that also moves a
    bar on the terminal.
    """
    callback: Callback | None = arguments.get("callback")
    if not arguments.get("progress"):
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
        TextColumn("loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bar:
        task = bar.add_task(
            title.removesuffix("_model"), total=arguments.get("epochs"), loss=float("nan")
        )

        def report(info: dict[str, float]) -> object:
            bar.update(task, completed=info["epoch"], loss=info["loss"])
            return callback(info) if callback else False

        yield report
