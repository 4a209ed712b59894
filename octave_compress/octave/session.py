"""A running Octave: what a call means, in whatever way its bytes travel.

Requirements: a call returns what this call computed or raises; a process that stopped making
sense is never used again; nothing that a user passes becomes Octave code.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np

from octave_compress import checks
from octave_compress.errors import (
    FileAccessError,
    Frame,
    InvalidTypeError,
    InvalidValueError,
    ModelFileError,
    OctaveCompressError,
    OctaveDiedError,
    OctaveError,
    OctaveTimeoutError,
    OctaveWarning,
    StaleHandleError,
)
from octave_compress.octave.codec import Mark, decode, encode, encode_variables
from octave_compress.octave.locate import m_files
from octave_compress.octave.process import Process
from octave_compress.octave.transport import Cancelled, Channel, Printer, is_large

_START_TIMEOUT = 60.0
_GRACE = 2.0  # seconds that an interrupted Octave has to come back
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_ARGUMENT_ERRORS = {
    "octave_compress:value": InvalidValueError,
    "octave_compress:type": InvalidTypeError,
    "octave_compress:file": ModelFileError,
}
_WARNING = "warning: "


class Handle:
    """A value that stays in Octave. Give it to `Session.call` in place of the value.

    It is freed there when the last reference to the handle goes. After a restart of the process
    it is stale, and using it raises `StaleHandleError`.
    """

    def __init__(self, session: Session, number: int, generation: int) -> None:
        self._session = session
        self._number = number
        self._generation = generation
        weakref.finalize(self, session._freed.append, (number, generation)).atexit = False

    def get(self) -> Any:
        """Return the value."""
        return self._session.call("ocx_same", self)

    def __repr__(self) -> str:
        return f"<Handle {self._number} of {self._session!r}>"


class Session:
    """One Octave process, for this package's operations and for your own ``.m`` files.

    Octave starts with the first call. One call runs at a time: threads that share a session
    take turns, and a forked child starts a process of its own. A process that dies, or has to
    be stopped, is replaced at the next call, with the same paths and without its variables.

    Parameters
    ----------
    timeout : float, optional
        Seconds that a call may take; none by default.

    Examples
    --------
    >>> import octave_compress as oc
    >>> with oc.Session() as octave:
    ...     octave.call("plus", 1, 2)
    np.float64(3.0)
    """

    def __init__(
        self,
        timeout: float | None = None,
        *,
        _environment: Mapping[str, str] | None = None,
        _apart: bool = False,
    ) -> None:
        self._timeout = timeout
        # Apart from the current folder, whose functions would come before this package's.
        self._apart = _apart
        self._environment = dict(_environment or {})
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._paths: dict[str, Any] = {}
        self._channel: Channel | None = None
        self._process: Process | None = None
        self._pid = 0
        self._generation = 0
        self._numbers = _Numbers()
        self._freed: deque[tuple[int, int]] = deque()
        self._closed = False
        self._busy = False
        self._running: Future[Any] | None = None
        self._cancelled: Future[Any] | None = None
        self._finalizer: weakref.finalize[Any, Any] | None = None
        _sessions.add(self)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def addpath(self, folder: str | os.PathLike[str]) -> None:
        """Add a folder of ``.m`` files to Octave's load path, also after a restart.

        A file in it that changes is read again at the next call.

        Raises
        ------
        FileAccessError
            If there is no such folder.
        InvalidValueError
            If its name contains what separates the folders of Octave's load path, ``:``.
        """
        path = Path(folder).resolve()
        if not path.is_dir():
            raise FileAccessError(errno.ENOENT, "no such folder", str(path))
        if os.pathsep in str(path):
            raise InvalidValueError(
                f"Session.addpath: FOLDER must not contain {os.pathsep!r}, which separates the "
                f"folders of Octave's load path, got {str(path)!r}"
            )
        self.call("addpath", str(path), nout=0)
        self._paths[str(path)] = _stamp(str(path))

    def call(
        self,
        name: str,
        *args: Any,
        nout: int = 1,
        timeout: float | None = None,
        stdout: Printer | None = None,
        keep: bool = False,
        background: bool = False,
    ) -> Any:
        """Call an Octave function and return its outputs.

        Parameters
        ----------
        name : str
            Name of a function on Octave's path.
        *args
            Numbers, arrays, text, lists, dicts: the table is in
            :mod:`octave_compress.octave.codec`. A bare Python number is a double, a 1-D array a
            row, a list of numbers an array, any other list a row of cells, which
            :func:`octave_compress.cells` makes of any items. A `Handle` stands for the value that
            stayed in Octave, inside of other values too. A callable becomes a function handle
            that takes a struct of real scalars (a dict here) and gives its truth value back.
        nout : int
            How many outputs to ask for. 0 returns None, 1 the output, more a tuple.
        timeout : float, optional
            Seconds on the clock; the session's own by default.
        stdout : callable, optional
            Gets each line that Octave prints; they go to ``sys.stdout`` by default.
        keep : bool
            Leave the outputs in Octave and return handles.
        background : bool
            Return a `concurrent.futures.Future` at once. Its ``cancel()`` interrupts Octave.

        Raises
        ------
        OctaveError
            If the function raises; with Octave's identifier, message and stack.
        InvalidTypeError
            If a value cannot cross without loss.
        OctaveTimeoutError
            Past the timeout. Octave is interrupted, and replaced if it does not come back.
        OctaveDiedError
            The process is gone, with its variables; the next call starts another.
        StaleHandleError
            If a handle's value went with an earlier process.
        OctaveNotFoundError
            If there is no Octave.

        Warns
        -----
        OctaveWarning
            For each warning that Octave prints. Octave prints no identifiers: that of the last
            warning of a call is known, the others' are empty.
        """
        if not isinstance(name, str):
            checks.type_error("Session.call", "NAME", "be a function's name")
        if not _NAME.fullmatch(name):
            raise InvalidValueError(f"Session.call: NAME must be a function's name, got {name!r}")
        if isinstance(nout, bool) or not isinstance(nout, int | np.integer):
            checks.type_error("Session.call", "NOUT", "be a whole number")
        if nout < 0:
            checks.value_error("Session.call", "NOUT", "be a whole number in [0, Inf)", str(nout))
        request = _Request(name, args, nout, timeout, stdout or print, keep)
        return self._later(request) if background else self._now(request)

    def put(self, value: Any) -> Handle:
        """Send a value to Octave, to stay there, and return its handle."""
        handle: Handle = self.call("ocx_same", value, keep=True)
        return handle

    def reset(self) -> None:
        """Put Octave back to how it started, in far less time than a new process takes.

        Gone are the variables, global and persistent ones too, the folders that were added, loaded
        packages, figures, and changes of the working folder and of the states of warnings. The
        values of handles and the states of the random generators stay.
        """
        with self._lock:
            self._paths.clear()
            if self._channel is not None and self._pid == os.getpid():
                self._ask("ocx_reset")

    def close(self) -> None:
        """End the Octave process. Closing twice is harmless."""
        with self._lock:
            self._closed = True
            self._stop()

    def _replace_dead(self) -> None:
        """Let the next call start a process if this one died idle: nobody keeps anything in it."""
        with self._lock:
            if self._process is not None and not self._process.is_running():
                self._stop()

    def _now(self, request: _Request) -> Any:
        callbacks: list[Callable[..., Any]] = []
        with self._lock:
            if self._busy:
                raise OctaveCompressError(
                    f"{request.name}: this session is running the call that led here; inside a "
                    'callback use another Session, or backend="numpy"'
                )
            self._start()
            self._read_changed_files()
            chunks = encode(request.args, self._register(callbacks))
            outputs = self._exchange(request, chunks, callbacks)
        return None if request.nout == 0 else outputs[0] if request.nout == 1 else tuple(outputs)

    def _later(self, request: _Request) -> Future[Any]:
        future = _Call(self)

        def work() -> None:
            with self._lock:
                if not future.set_running_or_notify_cancel():
                    return
                self._running = future
                try:
                    future.set_result(self._now(request))
                except BaseException as error:
                    future.set_exception(error)
                finally:
                    self._running = None

        threading.Thread(target=work, daemon=True).start()
        return future

    def _register(self, callbacks: list[Callable[..., Any]]) -> Callable[[Any], Mark | None]:
        """Return what gives the codec the marks of handles and of Python functions."""

        def register(value: Any) -> Mark | None:
            if isinstance(value, Handle):
                return self._mark(value)
            if callable(value):
                callbacks.append(value)
                return Mark("ocx_callback_", len(callbacks))
            return None

        return register

    def _mark(self, arg: Handle) -> Mark:
        if arg._session is not self:
            raise InvalidValueError("a handle belongs to another session")
        if arg._generation != self._generation:
            raise StaleHandleError(
                "the value of this handle was lost with the Octave process that held it"
            )
        return Mark("ocx_handle_", arg._number)

    def _start(self) -> None:
        if self._closed:
            raise OctaveDiedError("the session is closed; make a new Session")
        if self._channel is not None and self._pid == os.getpid():
            return
        channel = Channel()
        try:
            home = channel.folder if self._apart else None
            process = Process(channel.folders, self._environment, home)
        except BaseException:
            channel.close()
            raise
        self._channel, self._process, self._pid = channel, process, os.getpid()
        self._generation += 1
        self._numbers = _Numbers()
        self._finalizer = weakref.finalize(self, _end, process, channel, self._pid)
        try:
            channel.receive(time.monotonic() + _START_TIMEOUT, print, _ignore)
            channel.send("go")
            self._ask("addpath", str(m_files()))
            self._ask("ocx_reset", "remember")
            for path in self._paths:
                self._ask("addpath", path)
        except TimeoutError:
            self._stop()
            raise OctaveDiedError(f"Octave did not start within {_START_TIMEOUT:g} s") from None
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._channel = self._process = self._finalizer = None

    def _ask(self, name: str, *args: Any) -> None:
        """Do a call of our own that returns nothing."""
        self._exchange(_Request(name, args, 0, _START_TIMEOUT, print, False), encode(args), [])

    def _read_changed_files(self) -> None:
        """Make Octave read changed files again: without a prompt it never looks by itself."""
        changed = False
        for path, stamp in self._paths.items():
            now = _stamp(path)
            if now != stamp:
                self._paths[path], changed = now, True
        if changed:
            self._ask("clear", "-f")
            self._ask("rehash")

    def _exchange(
        self, request: _Request, chunks: Sequence[Any], callbacks: list[Callable[..., Any]]
    ) -> list[Any]:
        """Send one request and return the outputs of the reply that carries its number."""
        channel = self._channel
        assert channel is not None
        number = next(self._ids)
        kept = self._numbers.take(request.nout) if request.keep else []
        timeout = self._timeout if request.timeout is None else request.timeout
        deadline = None if timeout is None else time.monotonic() + timeout
        failures: list[BaseException] = []
        warned: list[str] = []
        out = _guarded(request.out, failures)
        self._busy = True
        try:
            about: dict[str, Any] = {"name": request.name}
            about["numbers"] = np.array([number, request.nout, is_large(chunks)], np.float64)
            # What is seldom there is left out: every variable takes its time.
            if self._freed and (freed := self._to_free()):
                about["freed"] = np.array(freed, np.float64)
            if kept:
                about["kept"] = np.array(kept, np.float64)
            channel.send(channel.write([*chunks, *encode_variables(**about)]))
            answer = self._receive(deadline, out, warned.append)
            while answer[0] == "callback":
                channel.send(_answer(answer[1:], callbacks, failures))
                answer = self._receive(deadline, out, warned.append)
            channel.finish(out, warned.append)
            if answer[0] != str(number):
                raise OctaveDiedError("Octave answered another request than this one")
            _, status, place, identifier = answer
            reply = decode(channel.read(int(place)))
        except InvalidTypeError:
            self._numbers.give(kept)
            raise  # the reply was whole: only its value has no form in Python
        except BaseException as error:
            self._recover(error, request, timeout)
        finally:
            self._busy = False
        _warn(warned, identifier)
        if failures or status != "ok":
            self._numbers.give(kept)
        if failures:
            raise failures[0]
        if status != "ok":
            _raise(reply)
        if request.keep:
            return [Handle(self, k, self._generation) for k in kept]
        return reply  # type: ignore[no-any-return]

    def _receive(self, deadline: float | None, out: Printer, warn: Printer) -> list[str]:
        """Return the words of Octave's next line."""
        channel = self._channel
        assert channel is not None
        while True:
            try:
                return channel.receive(deadline, out, warn).split(" ")
            except Cancelled:
                # A call that ended just before it was cancelled must not take its successor along.
                if self._running is not None and self._running is self._cancelled:
                    raise

    def _to_free(self) -> list[int]:
        """Return the numbers of handles that have died since the last call."""
        dead = [self._freed.popleft() for _ in range(len(self._freed))]
        numbers = [number for number, generation in dead if generation == self._generation]
        self._numbers.give(numbers)
        return numbers

    def _recover(self, error: BaseException, request: _Request, timeout: float | None) -> NoReturn:
        """Bring Octave back after a call that did not end, or stop it; raise what happened."""
        lost = "; the process was stopped and its variables are lost"
        name = request.name
        if isinstance(error, TimeoutError | Cancelled | KeyboardInterrupt):
            if self._interrupt():
                lost = "; it was interrupted, and its variables are still there"
            if isinstance(error, TimeoutError):
                raise OctaveTimeoutError(f"{name}: no answer within {timeout:g} s{lost}") from None
            raise CancelledError(f"{name}{lost}") if isinstance(error, Cancelled) else error
        self._stop()
        if isinstance(error, OSError) and not isinstance(error, OctaveCompressError):
            raise FileAccessError(
                error.errno, f"{name}: cannot hand over its arguments: {error.strerror}"
            ) from None
        detail = error if isinstance(error, OctaveDiedError) else f"{type(error).__name__}: {error}"
        raise OctaveDiedError(f"{name}: Octave did not finish ({detail}){lost}") from error

    def _interrupt(self) -> bool:
        """Interrupt Octave and wait until its loop runs again; stop it if that takes too long."""
        channel, process = self._channel, self._process
        assert channel is not None
        assert process is not None
        try:
            process.serve()
            process.interrupt()
            channel.send("")  # wakes an Octave that waits for a request
            limit = time.monotonic() + _GRACE
            answer = ""
            while answer != "ready":
                with contextlib.suppress(Cancelled):  # twice is no more than once
                    answer = channel.receive(limit, _ignore, _ignore)
        except (TimeoutError, OctaveDiedError):
            self._stop()
            return False
        except BaseException:
            self._stop()
            raise
        channel.forget()
        channel.send("go")
        return True


@dataclass(frozen=True)
class _Request:
    name: str
    args: tuple[Any, ...]
    nout: int
    timeout: float | None
    out: Printer
    keep: bool


class _Call(Future[Any]):
    """The future of a call in the background; cancelling it interrupts Octave."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def cancel(self) -> bool:
        """Cancel the call, also while it runs; return False only if it has ended already."""
        if super().cancel():
            return True
        channel = self._session._channel
        if self.done() or self._session._running is not self or channel is None:
            return False
        self._session._cancelled = self
        channel.cancel()
        return True

    def cancelled(self) -> bool:
        """Return whether the call was cancelled, before or while it ran."""
        if super().cancelled():
            return True
        return self.done() and isinstance(self.exception(), CancelledError)


class _Numbers:
    """Numbers for handles, the smallest free ones first."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._next = 1

    def take(self, count: int) -> list[int]:
        taken = [self._free.pop() for _ in range(min(count, len(self._free)))]
        missing = count - len(taken)
        taken += range(self._next, self._next + missing)
        self._next += missing
        return taken

    def give(self, numbers: list[int]) -> None:
        self._free += numbers


def _ignore(line: str) -> None:
    return None


def _stamp(path: str) -> Any:
    """Return what changes when a ``.m`` file in the folder does."""
    try:
        return {
            entry.name: entry.stat().st_mtime_ns
            for entry in os.scandir(path)
            if entry.name.endswith(".m")
        }
    except OSError:
        return None


def _guarded(out: Printer, failures: list[BaseException]) -> Printer:
    """Return `out`, of which an exception waits for the end of the call."""

    def printer(line: str) -> None:
        try:
            out(line)
        except Exception as error:
            failures.append(error)

    return printer


def _answer(
    words: list[str], callbacks: list[Callable[..., Any]], failures: list[BaseException]
) -> str:
    """Call the Python function that Octave asked for and return its truth value as a word."""
    number, *pairs = words
    info = {key: float(value) for key, value in (pair.split("=") for pair in pairs)}
    try:
        return "true" if callbacks[int(number) - 1](info) else "false"
    except BaseException as error:
        # Octave waits for an answer: stop there first, raise here once it has returned.
        failures.append(error)
        return "true"


def _warn(lines: list[str], last_identifier: str) -> None:
    """Turn what Octave printed as warnings into Python's; the last one's identifier is known."""
    messages = [line.removeprefix(_WARNING) for line in lines if line.startswith(_WARNING)]
    for k, message in enumerate(messages):
        identifier = last_identifier if k == len(messages) - 1 else ""
        warnings.warn(OctaveWarning(message, identifier), stacklevel=5)


def _end(process: Process, channel: Channel, pid: int) -> None:
    if os.getpid() == pid:
        try:
            process.end()
        finally:
            channel.close()


def _raise(reply: dict[str, Any]) -> NoReturn:
    """Raise the Python error for an error that Octave's code raised."""
    message, identifier = reply["message"], reply["identifier"]
    kind = _ARGUMENT_ERRORS.get(identifier)
    if kind is not None:
        raise kind(message)
    stack = tuple(
        Frame(frame["name"], frame["file"], int(frame["line"]), int(frame["column"]))
        for frame in np.ravel(np.asarray(reply["stack"], dtype=object))
    )
    raise OctaveError(message, identifier, stack)


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()
_default: Session | None = None
_default_lock = threading.Lock()


def _after_fork() -> None:
    """Make locks that another thread of the parent may hold usable in the child."""
    global _default_lock
    _default_lock = threading.Lock()
    for session in _sessions:
        session._lock = threading.RLock()
        session._busy = False
        if session._process is not None:
            session._process.forget()


os.register_at_fork(after_in_child=_after_fork)


def default_session() -> Session:
    """Return the session that operations run in, made at first use and ended with Python."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Session(_apart=True)
        return _default
