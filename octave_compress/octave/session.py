"""A running Octave, on top of the process that oct2py owns.

Requirements on whatever replaces the inside of this module: a call returns what this call
computed or raises; a process that stopped making sense is never used again; nothing that a
user passes becomes Octave code.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from octave_compress.errors import (
    FileAccessError,
    Frame,
    InvalidTypeError,
    InvalidValueError,
    OctaveCompressError,
    OctaveDiedError,
    OctaveError,
    OctaveTimeoutError,
)
from octave_compress.octave.codec import decode, encode
from octave_compress.octave.locate import m_files, octave_executable

_BRIDGE = Path(__file__).with_name("bridge")
_EVENT = "\x1eocx "
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_ARGUMENT_ERRORS = {
    "octave_compress:value": InvalidValueError,
    "octave_compress:type": InvalidTypeError,
}


class Session:
    """One Octave process, for this package's operations and for your own ``.m`` files.

    Octave starts with the first call. One call runs at a time: threads that share a session
    take turns, and a forked child starts a process of its own.

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

    def __init__(self, timeout: float | None = None) -> None:
        self._timeout = timeout
        self._lock = threading.RLock()
        self._ids = itertools.count(1)
        self._paths: list[str] = []
        self._octave: Any = None
        self._pid = 0
        self._closed = False
        self._busy = False
        self._folder = ""
        self._answers = -1
        self._finalizer: weakref.finalize[Any, Any] | None = None

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

        Raises
        ------
        FileAccessError
            If there is no such folder.
        """
        path = Path(folder).resolve()
        if not path.is_dir():
            raise FileAccessError(errno.ENOENT, "no such folder", str(path))
        self.call("addpath", str(path), nout=0)
        self._paths.append(str(path))

    def call(
        self,
        name: str,
        *args: Any,
        nout: int = 1,
        timeout: float | None = None,
        stdout: Callable[[str], object] | None = None,
    ) -> Any:
        """Call an Octave function and return its outputs.

        Parameters
        ----------
        name : str
            Name of a function on Octave's path.
        *args
            Numbers, arrays, text, lists, dicts; NumPy types become Octave's of the same
            width, a bare Python number a double, a 1-D array a row, a list a row of cells.
            A callable becomes a function handle that takes a struct of real scalars
            (a dict here) and gives its truth value back.
        nout : int
            How many outputs to ask for. 0 returns None, 1 the output, more a tuple.
        timeout : float, optional
            Seconds; the session's own by default.
        stdout : callable, optional
            Gets each line that Octave prints; they go to ``sys.stdout`` by default.

        Raises
        ------
        OctaveError
            If the function raises; with Octave's identifier, message and stack.
        InvalidTypeError
            If a value cannot cross without loss.
        OctaveTimeoutError, OctaveDiedError
            The process is gone, with its variables; the next call starts another.
        OctaveNotFoundError
            If there is no Octave.
        """
        if not _NAME.fullmatch(name):
            raise InvalidValueError(f"Session.call: NAME must be a function's name, got {name!r}")
        callbacks: list[Callable[..., Any]] = []
        nodes = tuple(encode(arg, callbacks) for arg in args)
        with self._lock:
            if self._busy:
                raise OctaveCompressError(
                    f"{name}: this session is running the call that led here; inside a callback "
                    'use another Session, or backend="numpy"'
                )
            self._start()
            timeout = self._timeout if timeout is None else timeout
            reply = self._exchange(name, nodes, nout, timeout, stdout, callbacks)
        if not bool(np.ravel(reply["ok"])[0]):
            _raise(reply)
        outputs = [decode(node) for node in np.ravel(np.asarray(reply["outputs"], dtype=object))]
        return None if nout == 0 else outputs[0] if nout == 1 else tuple(outputs)

    def close(self) -> None:
        """End the Octave process. Closing twice is harmless."""
        with self._lock:
            self._closed = True
            self._stop()

    def _start(self) -> None:
        if self._closed:
            raise OctaveDiedError("the session is closed; make a new Session")
        if self._octave is not None and self._pid == os.getpid():
            return
        executable = octave_executable()
        with _quiet_stderr():
            from oct2py.core import Oct2Py

            self._octave = Oct2Py(
                executable=executable,
                backend="disable",
                load_octaverc=False,
                convert_to_float=False,
                keep_matlab_shapes=True,
            )
        # oct2py would start Octave again by itself, with its workspace silently lost.
        self._octave.restart = lambda: None
        self._pid = os.getpid()
        self._folder = tempfile.mkdtemp(prefix="octave_compress_")
        os.mkfifo(self._fifo)
        # Open at both ends for as long as the session lives: no side ever waits for the other
        # to open it, and Octave never reads an end of file between two answers.
        self._answers = os.open(self._fifo, os.O_RDWR)
        self._finalizer = weakref.finalize(
            self, _end, self._octave, self._answers, self._folder, self._pid
        )
        # As bytes: oct2py sends only ASCII text unharmed, and a home may have any name.
        self._octave.push("ocx_path", _bytes(str(_BRIDGE)))
        self._octave.eval("addpath (char (ocx_path)); clear ocx_path", nout=0)
        for path in (str(m_files()), *self._paths):
            self._exchange("addpath", (encode(path, []),), 0, self._timeout, None, [])

    def _stop(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._octave = self._finalizer = None

    @property
    def _fifo(self) -> str:
        return os.path.join(self._folder, "answer")

    def _exchange(
        self,
        name: str,
        nodes: tuple[Any, ...],
        nout: int,
        timeout: float | None,
        stdout: Callable[[str], object] | None,
        callbacks: list[Callable[..., Any]],
    ) -> Any:
        """Send one request and return the reply that carries its number, or stop the process."""
        request = float(next(self._ids))
        out = stdout or print
        failures: list[BaseException] = []
        deadline = None if timeout is None else time.monotonic() + timeout
        blank = False

        def on_line(line: str) -> None:
            nonlocal blank
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError
            if _EVENT in line:
                blank = False
                self._answer(line.split(_EVENT, 1)[1], callbacks, failures)
                return
            if blank:
                out("")
            # The event's own leading newline shows as one empty line before it: hold it back.
            blank = line == ""
            if not blank:
                out(line)

        self._busy = True
        try:
            reply = self._octave.feval(
                "ocx_call",
                request,
                name,
                nodes,
                float(nout),
                _bytes(self._fifo),
                nout=1,
                timeout=timeout,
                stream_handler=on_line,
            )
            if failures:
                raise failures[0]
            if reply is None:
                raise KeyboardInterrupt
            if float(np.ravel(reply["id"])[0]) != request:
                raise OctaveDiedError("Octave answered another request than this one")
        except BaseException as error:
            if failures and error is failures[0]:
                raise
            self._stop()
            if isinstance(error, KeyboardInterrupt | OctaveDiedError):
                raise
            if _is_timeout(error):
                raise OctaveTimeoutError(
                    f"{name}: no answer within {timeout:g} s; Octave was stopped and its "
                    "variables are lost"
                ) from None
            raise OctaveDiedError(
                f"{name}: Octave ended or stopped answering during the call and its variables "
                f"are lost ({type(error).__name__}: {error})"
            ) from error
        finally:
            self._busy = False
        return reply

    def _answer(
        self, event: str, callbacks: list[Callable[..., Any]], failures: list[BaseException]
    ) -> None:
        """Call the Python function that Octave asked for and write its truth value back."""
        number, *pairs = event.split()
        info = {key: float(value) for key, value in (pair.split("=") for pair in pairs)}
        try:
            stop = bool(callbacks[int(number) - 1](info))
        except BaseException as error:
            # Octave waits for an answer: stop there first, raise here once it has returned.
            failures.append(error)
            stop = True
        os.write(self._answers, b"1" if stop else b"0")


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _is_timeout(error: BaseException) -> bool:
    """Tell whether our own deadline, oct2py or pexpect below it ran out of time."""
    ran_out = isinstance(error, TimeoutError) or type(error).__name__ == "TIMEOUT"
    return ran_out or str(error).startswith("Timed out")


def _end(octave: Any, answers: int, folder: str, pid: int) -> None:
    os.close(answers)
    if os.getpid() == pid:
        with contextlib.suppress(Exception):
            octave.exit()
        shutil.rmtree(folder, ignore_errors=True)


def _raise(reply: Any) -> NoReturn:
    """Raise the Python error for an error that Octave's code raised."""
    message = bytes(np.ravel(reply["message"]).astype(np.uint8)).decode(errors="replace")
    identifier = str(reply["identifier"]) if np.size(reply["identifier"]) else ""
    kind = _ARGUMENT_ERRORS.get(identifier)
    if kind is not None:
        raise kind(message)
    stack = []
    for entry in np.ravel(np.asarray(reply["stack"], dtype=object)):
        name, file, line, column = np.ravel(np.asarray(entry, dtype=object))
        path = bytes(np.ravel(file).astype(np.uint8)).decode(errors="replace")
        stack.append(Frame(str(name), path, int(np.ravel(line)[0]), int(np.ravel(column)[0])))
    raise OctaveError(message, identifier, tuple(stack))


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere: Octave's start and exit print harmless noise there."""
    sys.stderr.flush()
    saved = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


_default: Session | None = None
_default_lock = threading.Lock()


def default_session() -> Session:
    """Return the session that operations run in, made at first use and ended with Python."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Session()
        return _default
