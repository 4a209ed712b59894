"""The pool of sessions: what it shares with every executor, and what happens to its workers."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, as_completed
from pathlib import Path
from typing import Any

import pytest

import octave_compress as oc
from octave_compress import SessionPool
from octave_compress.octave import pool as pool_module

pytestmark = pytest.mark.octave


@pytest.fixture(scope="module")
def pool() -> Iterator[SessionPool]:
    with SessionPool(2) as pool:
        yield pool


def meet(folder: Path, pool: SessionPool) -> None:
    """Define `meet`, which returns the process's number once `n` calls of it run at a time."""
    (folder / "meet.m").write_text(
        "function pid = meet(folder, k, n)\n  pid = getpid();\n"
        "  fclose(fopen(sprintf('%s/arrived_%d', folder, k), 'w'));\n"
        "  while numel(glob([folder, '/arrived_*'])) < n\n    pause(0.01);\n  end\nend\n"
    )
    pool.addpath(folder)


def workers(folder: Path, pool: SessionPool, n: int) -> list[int]:
    """Return the numbers of all processes, by tasks that wait for each other."""
    for old in folder.glob("arrived_*"):
        old.unlink()
    tasks = [pool.submit("meet", str(folder), k, n, timeout=60) for k in range(n)]
    return sorted(int(task.result()) for task in tasks)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def kill_and_wait(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def folders(pool: SessionPool) -> list[str]:
    return [
        folder
        for session in pool._sessions
        if session._channel is not None
        for folder in session._channel.folders
    ]


def test_it_is_an_executor(pool: SessionPool) -> None:
    assert isinstance(pool, Executor)
    future = pool.submit("plus", 1, 2)
    assert future.result(60) == 3
    assert not future.cancel()
    assert pool.submit("size", "abc", nout=2).result(60) == (1, 3)


def test_results_come_in_order(pool: SessionPool, tmp_path: Path) -> None:
    (tmp_path / "slower_first.m").write_text(
        "function y = slower_first(k)\n  pause((10 - k) / 100);\n  y = k;\nend\n"
    )
    pool.addpath(tmp_path)
    assert list(pool.map("slower_first", range(10))) == list(range(10))


def test_futures_can_be_awaited_as_they_complete(pool: SessionPool) -> None:
    tasks = [pool.submit("plus", k, 1) for k in range(5)]
    assert sorted(task.result() for task in as_completed(tasks, 60)) == [1, 2, 3, 4, 5]


def test_map_takes_several_iterables_and_outputs(pool: SessionPool) -> None:
    assert list(pool.map("plus", [1, 2, 3], [10, 20])) == [11, 22]
    assert list(pool.map("size", ["abc", ""], nout=2)) == [(1, 3), (0, 0)]
    assert list(pool.map("plus", [])) == []
    assert list(pool.map("isempty", ["x"], nout=0)) == [None]


def test_each_task_has_its_own_error(pool: SessionPool) -> None:
    good = [pool.submit("abs", -k) for k in range(5)]
    bad = [pool.submit("error", f"my:id{k}", "text") for k in range(5)]
    assert [task.result(60) for task in good] == [0, 1, 2, 3, 4]
    errors = [task.exception(60) for task in bad]
    assert [getattr(error, "identifier", "") for error in errors] == [f"my:id{k}" for k in range(5)]
    assert isinstance(pool.submit("1 + 1").exception(60), oc.InvalidValueError)
    assert isinstance(pool.submit("abs", None).exception(60), oc.InvalidTypeError)
    results = pool.map("str2func", ["sin", "cos"])
    with pytest.raises(oc.InvalidTypeError):
        next(results)


def test_workers_run_at_the_same_time(pool: SessionPool, tmp_path: Path) -> None:
    meet(tmp_path, pool)
    assert len(set(workers(tmp_path, pool, 2))) == 2


def test_a_worker_killed_in_a_task_fails_it_alone_and_is_replaced(
    pool: SessionPool, tmp_path: Path
) -> None:
    meet(tmp_path, pool)
    before = workers(tmp_path, pool, 2)
    (tmp_path / "give_number.m").write_text(
        "function give_number(name)\n  f = fopen(name, 'w');\n  fprintf(f, '%d', getpid());\n"
        "  fclose(f);\n  pause(60);\nend\n"
    )
    name = tmp_path / "number"
    doomed = pool.submit("give_number", str(name), nout=0)
    others = [pool.submit("plus", k, 1) for k in range(20)]
    limit = time.monotonic() + 30
    while not (name.exists() and name.read_text()) and time.monotonic() < limit:
        time.sleep(0.01)
    victim = int(name.read_text())
    os.kill(victim, signal.SIGKILL)
    assert isinstance(doomed.exception(60), oc.OctaveDiedError)
    assert [other.result(60) for other in others] == [k + 1 for k in range(20)]
    after = workers(tmp_path, pool, 2)
    assert victim in before
    assert victim not in after
    assert len(set(before) & set(after)) == 1


def test_a_worker_killed_while_idle_is_replaced_at_no_tasks_cost(
    pool: SessionPool, tmp_path: Path
) -> None:
    meet(tmp_path, pool)
    before = workers(tmp_path, pool, 2)
    for pid in before:
        kill_and_wait(pid)
    after = workers(tmp_path, pool, 2)
    assert not set(before) & set(after)
    kill_and_wait(after[0])
    pool.addpath(tmp_path)
    assert len(set(after) & set(workers(tmp_path, pool, 2))) == 1


def test_a_task_that_takes_too_long_is_stopped(pool: SessionPool) -> None:
    task = pool.submit("pause", 60, nout=0, timeout=0.2)
    assert isinstance(task.exception(60), oc.OctaveTimeoutError)
    with SessionPool(1, timeout=0.2) as hurried:
        hurried.submit("plus", 1, 1, timeout=60).result()
        assert isinstance(hurried.submit("pause", 60, nout=0).exception(), oc.OctaveTimeoutError)
        assert hurried.submit("plus", 1, 1, timeout=60).result() == 2


def test_map_gives_up_past_its_timeout(pool: SessionPool) -> None:
    results = pool.map("pause", [1, 1, 1, 1], timeout=0.2, nout=0)
    with pytest.raises(TimeoutError):
        next(results)
    assert pool.submit("plus", 1, 1).result(60) == 2


def test_addpath_reaches_every_worker(pool: SessionPool, tmp_path: Path) -> None:
    meet(tmp_path, pool)  # each task of `workers` calls a function of that folder
    assert len(workers(tmp_path, pool, 2)) == 2
    with pytest.raises(oc.FileAccessError, match="no such folder"):
        pool.addpath(tmp_path / "missing")


@pytest.mark.parametrize(("n", "threads"), [(1, "6"), (2, "3"), (4, "1"), (20, "1")])
def test_the_threads_of_linear_algebra_are_divided(
    monkeypatch: pytest.MonkeyPatch, n: int, threads: str
) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pool_module, "_cores", lambda: 6)
    with SessionPool(n) as pool:
        names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"]
        assert list(pool.map("getenv", names)) == [threads] * 2
        assert not set(names) & set(os.environ)


def test_threads_that_the_user_chose_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    with SessionPool(2) as pool:
        names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"]
        assert list(pool.map("getenv", names)) == ["", "5"]


def test_cancelled_futures_do_not_run(tmp_path: Path) -> None:
    pool = SessionPool(1)
    meet(tmp_path, pool)
    running = pool.submit("meet", str(tmp_path), 1, 2)
    limit = time.monotonic() + 30
    while not (tmp_path / "arrived_1").exists() and time.monotonic() < limit:
        time.sleep(0.01)
    waiting = [pool.submit("meet", str(tmp_path), 10 + k, 1) for k in range(3)]
    pool.shutdown(wait=False, cancel_futures=True)
    (tmp_path / "arrived_2").touch()
    assert isinstance(running.result(60), float)
    for task in waiting:
        with pytest.raises(CancelledError):
            task.result(60)
    pool.shutdown()
    assert {path.name for path in tmp_path.glob("arrived_*")} == {"arrived_1", "arrived_2"}


def test_shutdown_twice_then_no_more_tasks() -> None:
    pool = SessionPool(2)
    last = pool.submit("plus", 1, 1)
    pool.shutdown()
    pool.shutdown()
    assert last.result(0) == 2
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit("plus", 1, 1)
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.map("plus", [1], [1])
    with pytest.raises(oc.OctaveDiedError, match="closed"):
        pool.addpath(".")


def test_a_pool_that_was_never_used_starts_nothing() -> None:
    before = threading.active_count()
    with SessionPool(3) as pool:
        assert folders(pool) == []
        assert threading.active_count() == before


def test_nothing_is_left_after_shutdown(tmp_path: Path) -> None:
    threads = threading.active_count()
    with SessionPool(2) as pool:
        meet(tmp_path, pool)
        pids = workers(tmp_path, pool, 2)
        places = folders(pool)
        assert len(set(pids)) == 2
        assert all(os.path.isdir(place) for place in places)
    assert not [pid for pid in pids if alive(pid)]
    assert not [place for place in places if os.path.exists(place)]
    assert threading.active_count() == threads


def test_shutdown_without_waiting_ends_the_processes_later(tmp_path: Path) -> None:
    pool = SessionPool(1)
    pid = int(pool.submit("getpid").result())
    task = pool.submit("pause", 0.3, nout=0)
    pool.shutdown(wait=False)
    assert task.result(60) is None
    limit = time.monotonic() + 30
    while alive(pid) and time.monotonic() < limit:
        time.sleep(0.01)
    assert not alive(pid)


def test_a_forked_child_is_refused(pool: SessionPool) -> None:
    pool.submit("plus", 1, 1).result(60)
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the pool has threads
        child = os.fork()
    if child == 0:
        try:
            pool.submit("plus", 1, 1)
        except BaseException as error:
            os.write(write, repr(error).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    text = os.read(read, 1000).decode()
    os.close(read)
    assert "a forked child must make a pool of its own" in text
    assert pool.submit("plus", 1, 1).result(60) == 2


@pytest.mark.parametrize(
    ("n", "kind", "text"),
    [
        (0, oc.InvalidValueError, "SessionPool: N must be a whole number in [1, Inf), got 0"),
        (-3, oc.InvalidValueError, "SessionPool: N must be a whole number in [1, Inf), got -3"),
        (1.5, oc.InvalidValueError, "SessionPool: N must be a whole number in [1, Inf), got 1.5"),
        ("2", oc.InvalidTypeError, "SessionPool: N must be a whole number"),
        (None, oc.InvalidTypeError, "SessionPool: N must be a whole number, got None"),
    ],
)
def test_the_number_of_workers_is_checked(n: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        SessionPool(n)
    assert str(caught.value) == text
