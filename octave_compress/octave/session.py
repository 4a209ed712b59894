"""A running Octave: what a call means, in whatever way its bytes travel.

Requirements: a call returns what this call computed or raises; a process that stopped making
sense is never used again; nothing that a user passes becomes Octave code, but what `Session.eval`
and ``startup`` are given.
"""

from __future__ import annotations

import errno
import itertools
import math
import numbers
import os
import re
import sys
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
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
from octave_compress.octave.codec import Chunk, Mark, decode, encode, encode_variables
from octave_compress.octave.folders import Folders
from octave_compress.octave.process import BRIDGE, Process
from octave_compress.octave.transport import Cancelled, Channel, Late, Printer, is_large

_GRACE = 2.0  # seconds that an interrupted Octave has to come back
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_ARGUMENT_ERRORS = {
    "octave_compress:value": InvalidValueError,
    "octave_compress:type": InvalidTypeError,
    "octave_compress:file": ModelFileError,
}
_CALLABLE = "ocx_callback_"  # the name of its mark
_CLOSED = "the session is closed; make a new Session"
_RAISED = "octave_compress:raised_in_python_"  # with the number of the exception


class Handle:
    """A value that stays in Octave. Give it to `Session.call` in place of the value.

    It is freed there when the last reference to the handle goes. After a restart of the process
    it is stale, and using it raises `StaleHandleError`. A copy of a handle is the handle itself.
    """

    def __init__(self, session: Session, number: int, generation: int) -> None:
        self._session = session
        self._number = number
        self._generation = generation
        weakref.finalize(self, session._freed.append, (number, generation)).atexit = False

    def get(self) -> Any:
        """Return the value."""
        return self._session.call("ocx_same", self)

    def __copy__(self) -> Handle:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Handle:
        return self

    def __reduce__(self) -> NoReturn:
        raise InvalidTypeError(
            "a handle stands for a value in a running Octave, which no file can hold: "
            "store what its get() returns"
        )

    def __repr__(self) -> str:
        return f"<Handle {self._number} of {self._session!r}>"


class Session:
    """One Octave process, for this package's operations and for your own ``.m`` files.

    Octave starts with the first call. One call runs at a time: threads that share a session
    take turns, and a forked child starts a process of its own. A process that dies, or has to
    be stopped, is replaced at the next call, with the same paths and start-up code and without
    its variables.

    Parameters
    ----------
    timeout : float, optional
        Seconds that a call may take; none by default.
    start_timeout : float
        Seconds that Octave may take to start.
    startup : str
        Octave code that runs in the base workspace whenever Octave has started, and after
        `reset`: ``"pkg load statistics"``.

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
        start_timeout: float = 60.0,
        startup: str = "",
        _environment: Mapping[str, str] | None = None,
        _apart: bool = False,
    ) -> None:
        self._timeout = _seconds("Session", "TIMEOUT", timeout)
        self._start_timeout = _seconds("Session", "START_TIMEOUT", start_timeout)
        if not isinstance(startup, str):
            checks.type_error("Session", "STARTUP", "be Octave code as text")
        self._startup = startup
        # Apart from the current folder, whose functions would come before this package's.
        self._apart = _apart
        self._environment = dict(_environment or {})
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._paths: list[_Added] = []
        self._folders = Folders()
        self._channel: Channel | None = None
        self._process: Process | None = None
        self._pid = 0
        self._generation = 0
        self._numbers = _Numbers()
        self._freed: deque[tuple[int, int]] = deque()
        self._callables: dict[int, Callable[..., Any]] = {}
        self._raised: list[Exception] = []
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

    def addpath(self, *folders: str | os.PathLike[str]) -> None:
        """Add folders of ``.m`` files to Octave's load path, also after a restart.

        A file in them that changes is read again at the next call, one in their ``private``,
        ``@class`` and ``+package`` folders too.

        Parameters
        ----------
        *folders
            The first one comes first on the path. ``~`` is the home folder, and a text may hold
            several folders, as Octave's ``genpath`` returns them. ``"-end"`` behind them adds
            them at the end of the path, ``"-begin"`` at its beginning, as without it.

        Raises
        ------
        FileAccessError
            If there is no such folder.
        """
        words: list[Any] = list(folders)
        option = words.pop() if words and words[-1] in ("-end", "-begin") else "-begin"
        paths = _folders("Session.addpath", words)
        with self._lock:
            for path in paths:
                self._folders.add(path)
            self.call("addpath", *paths, option, nout=0)
            self._paths = [added for added in self._paths if added.folder not in paths]
            self._paths += [_Added(path, option) for path in _in_order(paths, option)]

    def rmpath(self, *folders: str | os.PathLike[str]) -> None:
        """Remove folders from Octave's load path, also after a restart.

        Raises
        ------
        FileAccessError
            If there is no such folder.
        OctaveWarning
            As a warning, if it is not on the path.
        """
        paths = _folders("Session.rmpath", folders)
        with self._lock:
            self.call("rmpath", *paths, nout=0)
            self._paths = [added for added in self._paths if added.folder not in paths]
            for path in paths:
                self._folders.remove(path)

    def call(
        self,
        name: str,
        *args: Any,
        nout: int = 1,
        timeout: float | None = None,
        stdout: Printer | None = None,
        stderr: Printer | None = None,
        keep: bool = False,
        background: bool = False,
    ) -> Any:
        """Call an Octave function and return its outputs.

        Parameters
        ----------
        name : str
            Name of a function on Octave's path, or the path of an ``.m`` file: its folder is added
            as by `addpath`.
        *args
            Numbers, arrays, text, lists, dicts: the table is in
            :mod:`octave_compress.octave.codec`. A bare Python number is a double, a 1-D array a
            row, a list of numbers an array, any other list a row of cells, which
            :func:`octave_compress.cells` makes of any items. A `Handle` stands for the value that
            stayed in Octave, inside of other values too. A callable becomes a function handle:
            Octave's arguments arrive as a call's results do, and what it returns goes back as
            arguments do, a tuple as several outputs where Octave asks for several. It works until
            the call has ended, and for as long as the session if `push`, `put` or ``keep=True``
            left it in Octave.
        nout : int
            How many outputs to ask for. 0 returns None, 1 the output, more a tuple.
        timeout : float, optional
            Seconds on the clock, with the wait for other threads' calls; the session's own by
            default.
        stdout : text file or callable, optional
            Gets what Octave prints; ``sys.stdout`` by default. A text file gets it as it is. A
            callable gets each line, without its end; what is flushed within a line counts as a
            line if nothing follows for a tenth of a second.
        stderr : text file or callable, optional
            The same for what Octave, or a program that it runs, prints as errors, but for the
            lines that begin with ``warning:``; ``sys.stderr`` by default.
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
        Exception
            What a callable among the arguments raised, unless Octave's code caught it; and what a
            signal handler, `stdout` or `stderr` raise meanwhile: Octave is interrupted first.

        Warns
        -----
        OctaveWarning
            For each warning that Octave prints. Octave prints no identifiers: that of the last
            warning of a call is known, the others' are empty.
        """
        request = self._request(name, args, nout, timeout, stdout, stderr, keep)
        return self._later(request) if background else self._now(request)

    def _request(
        self,
        name: str,
        args: tuple[Any, ...],
        nout: int = 1,
        timeout: float | None = None,
        stdout: Printer | None = None,
        stderr: Printer | None = None,
        keep: bool = False,
    ) -> _Request:
        if not isinstance(name, str):
            checks.type_error("Session.call", "NAME", "be a function's name")
        if "/" in name or name.endswith(".m"):
            name = self._name_of_file(name)
        if not _NAME.fullmatch(name):
            raise InvalidValueError(f"Session.call: NAME must be a function's name, got {name!r}")
        if isinstance(nout, bool) or not isinstance(nout, int | np.integer):
            checks.type_error("Session.call", "NOUT", "be a whole number")
        if nout < 0:
            checks.value_error("Session.call", "NOUT", "be a whole number in [0, Inf)", str(nout))
        for argument, printer in (("STDOUT", stdout), ("STDERR", stderr)):
            if printer is not None and not callable(getattr(printer, "write", printer)):
                checks.type_error("Session.call", argument, "be a text file or a callable")
        limit = _seconds("Session.call", "TIMEOUT", timeout)
        limit = self._timeout if timeout is None else limit
        return _Request(
            name,
            args,
            int(nout),
            limit,
            None if limit is None else time.monotonic() + limit,
            sys.stdout if stdout is None else stdout,
            sys.stderr if stderr is None else stderr,
            keep,
            lasting=keep,
        )

    def eval(self, code: str, nout: int = 0, **options: Any) -> Any:
        """Run Octave code in the base workspace, as at Octave's prompt.

        Parameters
        ----------
        code : str
            Statements; what they print goes to `stdout`. With `nout`, an expression.
        nout : int
            How many values the expression returns: ``octave.eval("max ([1 3 2])", nout=2)``.
        **options
            `timeout`, `stdout`, `stderr`, `keep` and `background`, as for `call`.

        Raises
        ------
        OctaveError
            If the code cannot be parsed, or raises.
        """
        if not isinstance(code, str):
            checks.type_error("Session.eval", "CODE", "be Octave code as text")
        return self.call("evalin", "base", code, nout=nout, **options)

    def push(self, name: str, value: Any) -> None:
        """Assign a value to a variable of Octave's base workspace, where `eval` runs."""
        request = self._request("assignin", ("base", _variable("push", name), value), nout=0)
        self._now(replace(request, lasting=True))

    def pull(self, name: str, *, keep: bool = False) -> Any:
        """Return the value of a variable of Octave's base workspace, or a handle with `keep`.

        Raises
        ------
        InvalidValueError
            If there is no such variable.
        """
        return self.call("ocx_pull", _variable("pull", name), keep=keep)

    def put(self, value: Any) -> Handle:
        """Send a value to Octave, to stay there, and return its handle."""
        handle: Handle = self.call("ocx_same", value, keep=True)
        return handle

    def figures(self, format: str = "png", resolution: int = 150) -> dict[int, bytes]:
        """Return the open figures as pictures, by figure number, without a display.

        Parameters
        ----------
        format : {"png", "svg"}
        resolution : int
            Pixels per inch of a PNG, of Octave's own measure of the figure.

        Returns
        -------
        dict of bytes
            Each the content of a file, in the order of the numbers; empty without a figure.

        Raises
        ------
        OctaveError
            If Octave has nothing to draw with; the text says what to install.
        """
        if format not in ("png", "svg"):
            checks.value_error("Session.figures", "FORMAT", 'be "png" or "svg"', repr(format))
        pixels = checks.integer("Session.figures", "RESOLUTION", resolution, "[1, 1200]")
        with self._lock:
            self._start()
            assert self._channel is not None
            folder = self._channel.folder
            try:
                ignored: list[str] = []
                numbers, images = self.call(
                    "ocx_figures", format, pixels, folder, nout=2, stderr=ignored.append
                )
            except OctaveError as error:
                raise OctaveError(
                    f"{error.message}: Octave needs a program to draw with and a font, for example "
                    "sudo apt-get install gnuplot-nox fonts-freefont-otf ghostscript",
                    error.identifier,
                    error.stack,
                ) from None
        return {
            int(number): np.asarray(image, np.uint8).tobytes()
            for number, image in zip(np.ravel(numbers), images, strict=True)
        }

    def reset(self) -> None:
        """Put Octave back to how it started, in far less time than a new process takes.

        Gone are the variables, global and persistent ones too, the folders that were added, loaded
        packages, figures, and changes of the working folder and of the states of warnings. The
        values of handles and the states of the random generators stay. Start-up code runs again.
        """
        with self._lock:
            self._paths.clear()
            self._folders.close()
            if self._channel is not None and self._pid == os.getpid():
                self._ask("ocx_reset")
                self._run_startup()

    def close(self) -> None:
        """End the Octave process, and with it the calls that run in other threads.

        A call in the background is cancelled. Closing twice is harmless.
        """
        self._closed = True
        channel = self._channel
        if channel is not None and self._pid == os.getpid():
            channel.wake()
        with self._lock:
            if not self._busy:  # else this is within a call of this thread, which ends it
                self._stop()
                self._folders.close()

    def _replace_dead(self) -> None:
        """Let the next call start a process if this one died idle: nobody keeps anything in it."""
        with self._lock:
            if self._process is not None and not self._process.is_running():
                self._stop()

    def _name_of_file(self, name: str) -> str:
        """Return the name by which Octave calls the function in a file, whose folder is added."""
        path = Path(name).expanduser().resolve()
        if not path.is_file():
            raise FileAccessError(errno.ENOENT, "no such file", str(path))
        if path.suffix != ".m":
            checks.value_error("Session.call", "NAME", "end in .m if it is a path", repr(name))
        if not self._has(str(path.parent)):
            self.addpath(path.parent)
        found = self.call("file_in_loadpath", path.name)
        if not found or Path(found).resolve() != path:
            raise InvalidValueError(
                f"Session.call: another file comes before {path} on Octave's path: {found}"
            )
        return path.stem

    def _has(self, folder: str) -> bool:
        """Return whether `addpath` has added the folder."""
        return any(added.folder == folder for added in self._paths)

    def _now(self, request: _Request) -> Any:
        left = -1.0 if request.deadline is None else max(0.0, request.deadline - time.monotonic())
        if not self._lock.acquire(timeout=min(left, threading.TIMEOUT_MAX)):
            raise OctaveTimeoutError(
                f"{request.name}: no answer within {request.timeout:g} s: "
                "another thread's call has this session"
            )
        marks: list[Mark] = []
        try:
            if self._busy:
                raise OctaveCompressError(
                    f"{request.name}: this session is running the call that led here; inside a "
                    'callback use another Session, or backend="numpy"'
                )
            began = time.monotonic()
            if self._start() and request.deadline is not None:
                request = replace(request, deadline=request.deadline + time.monotonic() - began)
            if self._folders.changed():
                # Without a prompt Octave never looks by itself.
                self._ask("clear", "-f")
                self._ask("rehash")
            chunks = encode(request.args, self._registering(marks))
            outputs = self._exchange(request, chunks, bool(marks))
        finally:
            if not request.lasting:
                for mark in marks:
                    if mark.name == _CALLABLE:
                        del self._callables[mark.number]
            self._lock.release()
        return None if request.nout == 0 else outputs[0] if request.nout == 1 else tuple(outputs)

    def _later(self, request: _Request) -> Future[Any]:
        if self._closed:
            raise OctaveDiedError(_CLOSED)
        future = _Call(self)

        def work() -> None:
            with self._lock:
                if self._closed:
                    Future.cancel(future)
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

    def _registering(self, marks: list[Mark]) -> Callable[[Any], Mark | None]:
        """Return what the codec asks for values that do not travel; `marks` gets their marks."""

        def register(value: Any) -> Mark | None:
            if isinstance(value, Handle):
                marks.append(Mark("ocx_handle_", self._number_of(value)))
            elif callable(value):
                marks.append(Mark(_CALLABLE, next(self._ids)))
                self._callables[marks[-1].number] = value
            else:
                return None
            return marks[-1]

        return register

    def _number_of(self, handle: Handle) -> int:
        if handle._session is not self:
            raise InvalidValueError("a handle belongs to another session")
        if handle._generation != self._generation:
            raise StaleHandleError(
                "the value of this handle was lost with the Octave process that held it"
            )
        return handle._number

    def _start(self) -> bool:
        """Start a process unless there is one; return whether it was started."""
        if self._closed:
            raise OctaveDiedError(_CLOSED)
        if self._channel is not None and self._pid == os.getpid():
            return False
        limit = math.inf if self._start_timeout is None else self._start_timeout
        deadline = time.monotonic() + limit
        channel = Channel()
        try:
            home = channel.folder if self._apart else None
            process = Process(channel.folders, self._environment, home, deadline)
        except BaseException:
            channel.close()
            raise
        channel.folders = process.folders
        self._channel, self._process, self._pid = channel, process, os.getpid()
        self._generation += 1
        self._numbers = _Numbers()
        self._callables.clear()
        self._finalizer = weakref.finalize(self, _end, process, channel, self._pid)
        try:
            ready = self._receive(deadline)
            if ready != ["ready"]:
                raise OctaveDiedError(f"Octave did not start: {' '.join(ready)}")
            channel.send("go")
            self._ask("ocx_reset", "remember")
            for added in self._paths:
                self._ask("addpath", added.folder, added.option)
            self._run_startup()
        except Late:
            self._stop()
            raise OctaveDiedError(
                f"Octave did not start within {limit:g} s: Session(start_timeout=) sets the limit"
            ) from None
        except BaseException:
            self._stop()
            raise
        return True

    def _stop(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._channel = self._process = self._finalizer = None

    def _run_startup(self) -> None:
        if self._startup:
            self._ask("evalin", "base", self._startup)

    def _ask(self, name: str, *args: Any) -> None:
        """Do a call of our own that returns nothing."""
        limit = self._start_timeout
        deadline = None if limit is None else time.monotonic() + limit
        request = _Request(name, args, 0, limit, deadline, sys.stdout, sys.stderr)
        self._exchange(request, encode(args))

    def _exchange(
        self, request: _Request, chunks: Sequence[Chunk], has_marks: bool = False
    ) -> list[Any]:
        """Send one request and return the outputs of the reply that carries its number."""
        channel = self._channel
        assert channel is not None
        number = next(self._ids)
        kept = self._numbers.take(request.nout) if request.keep else []
        warned: list[str] = []
        freed = self._to_free() if self._freed else []
        # What is seldom there is left out: every variable takes its time.
        has = (is_large(chunks), bool(freed), has_marks, bool(kept))
        about: dict[str, Any] = {"name": request.name}
        about["numbers"] = np.array([number, request.nout, *has], np.float64)
        about |= {"freed": np.array(freed, np.float64)} if freed else {}
        about |= {"kept": np.array(kept, np.float64)} if kept else {}
        self._busy = True
        asked = False
        try:
            channel.listen(request.stdout, request.stderr, warned.append)
            file = self._write(request, [*chunks, *encode_variables(**about)])
            asked = True
            channel.send(file)
            answer = self._receive(request.deadline)
            while answer[0] == "callback":
                channel.send(self._write(request, self._call_back(*map(int, answer[1:]))))
                answer = self._receive(request.deadline)
            channel.finish()
            asked = False
            if answer[0] != str(number):
                raise OctaveDiedError(f"it answered {' '.join(answer)!r} to request {number}")
            _, status, place, *last_warning = answer
            reply = decode(channel.read(int(place)))
        except BaseException as error:
            self._numbers.give(kept)
            if isinstance(error, OctaveDiedError):
                self._stop()
                raise OctaveDiedError(
                    f"{request.name}: Octave did not finish ({error}); "
                    "the process was stopped and its variables are lost"
                ) from error
            if asked:
                self._recover(error, request)
            raise
        finally:
            self._busy = False
            raised, self._raised = self._raised, []
        outputs: list[Any] = reply
        if status != "ok":
            self._numbers.give(kept)
        elif request.keep:
            outputs = [Handle(self, k, self._generation) for k in kept]
        try:
            _warn(warned, last_warning)
        except OctaveWarning:
            if status == "ok":
                raise  # else the call's own error says more
        if status != "ok":
            _raise(reply, raised)
        return outputs

    def _write(self, request: _Request, chunks: Sequence[Chunk]) -> str:
        assert self._channel is not None
        try:
            return self._channel.write(chunks)
        except OSError as error:
            raise FileAccessError(
                error.errno, f"{request.name}: cannot hand over its arguments: {error.strerror}"
            ) from None

    def _receive(self, deadline: float | None) -> list[str]:
        """Return the words of Octave's next line."""
        assert self._channel is not None
        assert self._process is not None
        # A call that ended just before it was cancelled must not take its successor along.
        return self._channel.receive(
            deadline,
            self._process.is_running,
            lambda: self._closed or self._running is self._cancelled is not None,
        ).split(" ")

    def _call_back(self, number: int, nout: int, place: int) -> list[Chunk]:
        """Call the Python function that Octave asks for; return a file with what it returns."""
        assert self._channel is not None
        args = self._channel.read(place)
        register = self._registering([])
        try:
            function = self._callables.get(number)
            if function is None:
                raise OctaveCompressError(
                    "a Python function was called after the call that it was given to: keep it in "
                    "Octave with Session.push or Session.put"
                )
            result = function(*decode(args))
            if result is None and nout > 0:
                raise InvalidTypeError(
                    f"{_name(function)} returned None, and Octave asks for a value"
                )
            results = result if nout > 1 and isinstance(result, tuple) else (result,)
            if len(results) < nout:
                raise InvalidValueError(
                    f"{_name(function)} returned {len(results)} values, and Octave asks for {nout}"
                )
            return encode([] if result is None else results, register)
        except Exception as error:
            self._raised.append(error)
            text = f"{type(error).__name__}: {error}".encode(errors="replace").decode()
            failed = {"failure": text, "identifier": f"{_RAISED}{len(self._raised) - 1}"}
            return [*encode([], register), *encode_variables(**failed)]

    def _to_free(self) -> list[int]:
        """Return the numbers of handles that have died since the last call."""
        dead = [self._freed.popleft() for _ in range(len(self._freed))]
        numbers = [number for number, generation in dead if generation == self._generation]
        self._numbers.give(numbers)
        return numbers

    def _recover(self, error: BaseException, request: _Request) -> None:
        """Bring Octave back after a call that did not end, or stop it; raise what is ours."""
        if self._closed:
            self._stop()
            if isinstance(error, Cancelled):
                kind = OctaveDiedError if self._running is None else CancelledError
                raise kind(f"{request.name}: the session was closed") from None
            return
        lost = "the process was stopped and its variables are lost"
        if self._interrupt():
            lost = "it was interrupted, and its variables are still there"
        if isinstance(error, Late):
            raise OctaveTimeoutError(
                f"{request.name}: no answer within {request.timeout:g} s; {lost}"
            ) from None
        if isinstance(error, Cancelled):
            raise CancelledError(f"{request.name}; {lost}") from None

    def _interrupt(self) -> bool:
        """Interrupt Octave and wait until its loop runs again; stop it if that takes too long."""
        channel, process = self._channel, self._process
        assert channel is not None
        assert process is not None
        try:
            channel.listen()
            process.serve()
            process.interrupt()
            channel.send("")  # wakes an Octave that waits for a request
            limit = time.monotonic() + _GRACE
            while channel.receive(limit, process.is_running) != "ready":
                pass
        except (Late, OctaveDiedError):
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
    deadline: float | None
    stdout: Printer | None
    stderr: Printer | None
    keep: bool = False
    lasting: bool = False  # callables among the arguments may be called after it


@dataclass(frozen=True)
class _Added:
    folder: str
    option: str


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
        channel.wake()
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


def _seconds(op: str, argument: str, value: object) -> float | None:
    """Return a limit in seconds; None if there is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        checks.type_error(op, argument, "be a number of seconds, or None for no limit")
    seconds = float(value)
    if not seconds >= 0:
        checks.value_error(op, argument, "be in [0, Inf]", checks.number_text(seconds))
    return None if math.isinf(seconds) else seconds


def _variable(op: str, name: object) -> str:
    if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
        checks.value_error(f"Session.{op}", "NAME", "be the name of a variable", repr(name))
    return name


def _folders(op: str, folders: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return the absolute paths of folders, of which a text may hold several."""
    for folder in folders:
        if os.pathsep in os.fspath(folder) and os.path.isdir(folder):
            checks.value_error(
                op,
                "FOLDERS",
                f"not contain {os.pathsep!r}, which separates the folders of Octave's load path",
                repr(os.fspath(folder)),
            )
    names = [name for folder in folders for name in os.fspath(folder).split(os.pathsep) if name]
    if not names:
        checks.value_error(op, "FOLDERS", "be one folder or more", "none")
    paths = [Path(name).expanduser().resolve() for name in names]
    for path in paths:
        if not path.is_dir():
            raise FileAccessError(errno.ENOENT, "no such folder", str(path))
    return [str(path) for path in paths]


def _in_order(paths: list[str], option: str) -> list[str]:
    """Return the order in which folders are added one by one to stand as if added together."""
    return paths if option == "-end" else paths[::-1]


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", None) or function)


def _warn(messages: list[str], last: list[str]) -> None:
    """Turn what Octave printed as warnings into Python's.

    Octave knows the identifier and the text of its last warning, which may be one that is off.
    """
    identifier, *words = last
    for k, message in enumerate(messages):
        known = k == len(messages) - 1 and " ".join(words).startswith(message)
        warnings.warn(OctaveWarning(message, identifier if known else ""), stacklevel=5)


def _end(process: Process, channel: Channel, pid: int) -> None:
    if os.getpid() == pid:
        try:
            process.end()
        finally:
            channel.close()


def _raise(reply: dict[str, Any], raised: list[Exception]) -> NoReturn:
    """Raise the Python error for an error that Octave's code raised."""
    message, identifier = reply["message"], reply["identifier"]
    if identifier.startswith(_RAISED):
        raise raised[int(identifier.removeprefix(_RAISED))]
    kind = _ARGUMENT_ERRORS.get(identifier)
    if kind is not None:
        raise kind(message)
    stack = [
        Frame(frame["name"], frame["file"], int(frame["line"]), int(frame["column"]))
        for frame in np.ravel(np.asarray(reply["stack"], dtype=object))
    ]
    ours = [frame.file.startswith(f"{BRIDGE}{os.sep}") for frame in stack]
    # An anonymous function that calls one of the bridge's is the bridge's too.
    ours = [
        own or (k > 0 and ours[k - 1] and stack[k].name == "@<anonymous>")
        for k, own in enumerate(ours)
    ]
    stack = [frame for frame, own in zip(stack, ours, strict=True) if not own]
    raise OctaveError(message, identifier, tuple(stack)) from (raised[-1] if raised else None)


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()
_default: Session | None = None
_default_lock = threading.Lock()


def _after_fork() -> None:
    """Let go of what is the parent's, and of locks that another thread of it may hold."""
    global _default_lock
    _default_lock = threading.Lock()
    for session in _sessions:
        session._lock = threading.RLock()
        session._busy = False
        session._running = None
        if session._process is not None and session._channel is not None:
            session._process.forget()
            session._channel.forget_parent()
        session._process = session._channel = None


os.register_at_fork(after_in_child=_after_fork)


def default_session() -> Session:
    """Return the session that operations run in, made at first use and ended with Python."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Session(_apart=True)
        return _default
