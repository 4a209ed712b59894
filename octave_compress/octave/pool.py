"""Several Octave processes behind the interface of `concurrent.futures`."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from threading import Thread
from typing import Any

from octave_compress import checks
from octave_compress.errors import OctaveCompressError
from octave_compress.octave.session import Session

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


class SessionPool(Executor):
    """A `concurrent.futures.Executor` whose tasks are calls of Octave functions.

    Each worker is an Octave process of its own, which starts with its first task; a task runs in
    whichever is free, so nothing stays there from one task for the next. The threads of Octave's
    linear algebra are divided among the workers, unless ``OPENBLAS_NUM_THREADS`` or
    ``OMP_NUM_THREADS`` is set. A worker that dies fails the task that it ran and is replaced; the
    other tasks go on. Any thread may use a pool; a forked child needs a pool of its own.

    Parameters
    ----------
    n : int
        How many workers; beyond the number of processor cores more do not help.
    timeout : float, optional
        Seconds that a task may take once it runs; none by default.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        If `n` is not a whole number from 1 on.

    Examples
    --------
    >>> import octave_compress as oc
    >>> with oc.SessionPool(2) as pool:
    ...     [int(total) for total in pool.map("plus", [1, 2, 3], [10, 20, 30])]
    [11, 22, 33]
    """

    def __init__(self, n: int, timeout: float | None = None) -> None:
        n = checks.integer("SessionPool", "N", n, "[1, Inf)")
        threads = str(max(1, _cores() // n))
        environment = {} if any(map(os.environ.get, _THREADS)) else dict.fromkeys(_THREADS, threads)
        self._sessions = [Session(timeout, _environment=environment) for _ in range(n)]
        # There are as many threads as sessions, so one that runs always finds one idle.
        self._idle = list(self._sessions)
        self._threads = ThreadPoolExecutor(n, "octave_compress")
        self._pid = os.getpid()

    def addpath(self, folder: str | os.PathLike[str]) -> None:
        """Add a folder of ``.m`` files to every worker's load path, also after a restart.

        Waits for the tasks that run.

        Raises
        ------
        FileAccessError, InvalidValueError
            As from `Session.addpath`.
        """
        self._check_process()
        for session in self._sessions:
            session._replace_dead()
            session.addpath(folder)

    def submit(  # type: ignore[override]
        self, name: str, /, *args: Any, nout: int = 1, timeout: float | None = None
    ) -> Future[Any]:
        """Call an Octave function in the next worker that is free.

        Parameters
        ----------
        name : str
            Name of a function on Octave's path.
        *args
            Its arguments, as for `Session.call`.
        nout : int
            How many outputs to ask for.
        timeout : float, optional
            Seconds that the call may take once it runs; the pool's own by default.

        Returns
        -------
        Future
            Its ``result()`` is what `Session.call` returns or raises. A task can be cancelled
            until it runs; what ends it after that is its timeout.

        Raises
        ------
        RuntimeError
            If the pool has been shut down.
        """
        self._check_process()
        return self._threads.submit(self._call, name, nout, timeout, *args)

    def map(  # type: ignore[override]
        self,
        name: str,
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        nout: int = 1,
    ) -> Iterator[Any]:
        """Call an Octave function once for each element of the iterables; results are in order.

        Parameters
        ----------
        name : str
            Name of a function on Octave's path.
        *iterables
            One for each argument; the shortest decides how many calls there are.
        timeout : float, optional
            Seconds from now within which each result must be there when it is asked for.
        chunksize : int
            For other executors; here every call is a task.
        nout : int
            How many outputs to ask for.

        Returns
        -------
        iterator
            What the calls return. Where one failed, the iterator raises its error and ends.

        Raises
        ------
        TimeoutError
            From the iterator, past `timeout`; tasks that do not run yet are cancelled.
        RuntimeError
            If the pool has been shut down.
        """
        self._check_process()
        call = functools.partial(self._call, name, nout, None)
        return self._threads.map(call, *iterables, timeout=timeout)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and end the processes once all are done. Twice is harmless.

        Parameters
        ----------
        wait : bool
            Return when that has happened; else at once, and it happens meanwhile.
        cancel_futures : bool
            Cancel the tasks that do not run yet.
        """
        self._threads.shutdown(wait=False, cancel_futures=cancel_futures)
        closing = Thread(target=self._close, name="octave_compress_close")
        closing.start()
        if wait:
            closing.join()

    def _call(self, name: str, nout: int, timeout: float | None, *args: Any) -> Any:
        session = self._idle.pop()
        try:
            session._replace_dead()
            return session.call(name, *args, nout=nout, timeout=timeout)
        finally:
            self._idle.append(session)

    def _close(self) -> None:
        self._threads.shutdown()
        for session in self._sessions:
            session.close()

    def _check_process(self) -> None:
        """Refuse a forked child, which has none of the threads: its tasks would never run."""
        if os.getpid() != self._pid:
            raise OctaveCompressError("SessionPool: a forked child must make a pool of its own")


def _cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
