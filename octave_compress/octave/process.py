"""The Octave process, which oct2py starts and talks to. All that is private to oct2py is used here.

oct2py's own way to start runs ``~/.octaverc``, types the name of the current folder as Octave
code, changes ``TERM`` for the whole of Python, forks in a process that may have threads, and
starts a second Octave on import. None of that happens here: the process gets an environment and
descriptors of its own, and nothing of Python's changes.

Private names in use, of the versions that ``pyproject.toml`` bounds: ``Oct2Py.restart`` and
``_engine``; ``OctaveEngine._create_repl``, ``_validate_executable``, ``_get_temp_dir``,
``_startup`` and ``_cleanup`` (octave_kernel); ``REPLWrapper`` (metakernel).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import importlib.util
import io
import logging
import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from octave_compress.errors import OctaveDiedError
from octave_compress.octave.locate import m_files, octave_command
from octave_compress.octave.transport import Late

BRIDGE = Path(__file__).with_name("bridge")
_OPTIONS = ("--no-gui", "--interactive", "--quiet", "--no-init-file", "--no-line-editing")
# Freed arrays stay with the process, so that the next one needs no fresh pages.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "536870912"}
_SEEN = "ocx_seen"
_COMPLAINTS = "complaints"  # the file for what Octave says as errors until its loop runs
_PATIENCE = 5.0  # seconds that a killed process may take to go
# A fork waits for an import to end: the child would wait for the module for ever.
_importing = threading.RLock()
os.register_at_fork(
    before=_importing.acquire,
    after_in_parent=_importing.release,
    after_in_child=_importing.release,
)


class Process:
    """An Octave that runs the loop of ``ocx_serve`` on the folders of a channel.

    Parameters
    ----------
    folders : sequence of str
    environment : mapping
        Environment variables for the process, unless they are set already.
    home : str, optional
        The folder that it works in; Python's current one by default.
    deadline : float
        When it must have started, on the clock of `time.monotonic`.

    Attributes
    ----------
    folders : list of str
        Those of the folders that Octave sees too.

    Raises
    ------
    OctaveDiedError
        If it does not start; the text says why.
    """

    def __init__(
        self,
        folders: Sequence[str],
        environment: Mapping[str, str],
        home: str | None,
        deadline: float,
    ) -> None:
        command = octave_command()
        self._pid = 0
        self._terminal = -1
        try:
            variables = {**_MALLOC, **environment, **os.environ, "TERM": "dumb"}
            self._repl = self._start([*command, *_OPTIONS], variables, folders[-1], deadline)
            self.folders = self._greet(folders, home)
        except BaseException as error:
            self.end()
            if not _is_failure(error):
                raise  # a signal handler's, for instance
            said = _complaints(folders[-1])
            raise OctaveDiedError(
                f"the Octave at {' '.join(command)} did not start: {_cause(error)}{said}"
            ) from error
        self._type_loop(str(m_files()), str(BRIDGE), *self.folders)
        self.serve()  # for when others interrupt Octave: the call then ends with an error

    def _start(
        self, command: list[str], environment: Mapping[str, str], folder: str, deadline: float
    ) -> Any:
        """Start the process on a terminal of its own and return oct2py's way to type there."""
        core, Kernel, Repl, Terminal, Timeout = _import_oct2py()
        self._terminal, there = os.openpty()
        try:
            mode = termios.tcgetattr(there)
            mode[3] &= ~termios.ECHO
            termios.tcsetattr(there, termios.TCSANOW, mode)
            # Opened by the leader of a new session, it is the terminal that controls it: Octave
            # ends with Python, whatever it does.
            self._pid = os.posix_spawnp(
                command[0],
                command,
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.ttyname(there), os.O_RDWR, 0),
                    (os.POSIX_SPAWN_DUP2, 0, 1),
                    (
                        os.POSIX_SPAWN_OPEN,
                        2,
                        f"{folder}/{_COMPLAINTS}",
                        os.O_CREAT | os.O_WRONLY,
                        0o600,
                    ),
                ],
                setsid=True,
                setsigmask=[],
                setsigdef=[signal.SIGINT, signal.SIGHUP, signal.SIGPIPE],
            )
        finally:
            os.close(there)

        class Child(Terminal):  # type: ignore[misc, valid-type]
            """The terminal, which nobody reads past the deadline."""

            echo = False

            def read_nonblocking(self, size: int = 1, timeout: float | None = None) -> Any:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Late("it took too long; Session(start_timeout=) sets the limit")
                with contextlib.suppress(Timeout):
                    return super().read_nonblocking(size, min(left, timeout or left))
                return self.read_nonblocking(size, timeout)

        class Engine(Kernel):  # type: ignore[misc, valid-type]
            def _validate_executable(self, executable: str) -> str:
                return ""  # it would run the user's ~/.octaverc

            def _get_temp_dir(self) -> str:
                return folder  # its own would stay until Python exits, or for ever

            def _create_repl(engine) -> Any:
                child = Child(
                    self._terminal, encoding="utf-8", codec_errors="ignore", use_poll=True
                )
                return Repl(child, "octave.*>", "PS1 ('{0}'); PS2 ('{1}'); more off")

            def _startup(self) -> None:
                self._has_startup = True

        class Octave(core.Oct2Py):  # type: ignore[misc, name-defined]
            def restart(self) -> None:
                self._engine: Any = Engine(
                    executable=command[0], load_octaverc=False, logger=_silent
                )

            def exit(self) -> None:
                self._engine = None  # the process ends in another way

        # pexpect takes sys.stdout for granted, which is None where Python started without one.
        with contextlib.redirect_stdout(sys.stdout or io.StringIO()):
            self._octave = Octave(backend="disable", load_octaverc=False, temp_dir=folder)
        engine = self._octave._engine
        # The owner of this object ends the process when Python exits, in a way that works.
        for function in (engine._cleanup, engine.repl.terminate):
            atexit.unregister(function)
        return engine.repl

    def _greet(self, folders: Sequence[str], home: str | None) -> list[str]:
        """Prepare Octave, in its own functions whatever the folder holds that it works in."""
        lines = [] if home is None else [f"builtin ('cd', {_code(home)});"]
        # Functions of the bridge stand before Octave's own on purpose.
        lines += ["builtin ('warning', 'off', 'Octave:shadowed-function');"]
        lines += [f"builtin ('addpath', {_code(str(path))});" for path in (m_files(), BRIDGE)]
        lines += ["builtin ('warning', 'on', 'Octave:shadowed-function');"]
        looked_for = [str(BRIDGE / "ocx_serve.m"), *folders]
        for k, path in enumerate(looked_for):
            lines += [
                f"if builtin ('exist', {_code(path)}), builtin ('printf', '{_SEEN}_{k}!'); end"
            ]
        said = str(self._repl.run_command("\n".join(lines)))
        seen = [path for k, path in enumerate(looked_for) if f"{_SEEN}_{k}!" in said]
        if looked_for[0] not in seen or folders[-1] not in seen:
            missing = next(path for path in looked_for[::-1] if path not in seen)
            raise OctaveDiedError(
                f"it does not see {missing}. An Octave in a sandbox or a container has files of "
                "its own: let TMPDIR name a folder that both see, and install this package in one"
            )
        return seen[1:]

    def serve(self) -> None:
        """Type the call of the loop; Octave reads it when it is back at its prompt."""
        self._type_loop()

    def _type_loop(self, *folders: str) -> None:
        self._repl.child.sendline(f"ocx_serve ({', '.join(map(_code, folders))})")

    def is_running(self) -> bool:
        """Return whether the process has not ended."""
        try:
            return self._pid > 0 and os.waitpid(self._pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:  # somebody else has waited for it
            return False

    def interrupt(self) -> None:
        """Stop what Octave is doing, as Ctrl-C does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGINT)

    def end(self) -> None:
        """End the process at once."""
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            limit = time.monotonic() + _PATIENCE
            while self.is_running() and time.monotonic() < limit:
                time.sleep(1e-3)
        self.forget()

    def forget(self) -> None:
        """Leave the process alone from now on: it has ended, or is a parent's."""
        self._pid = 0
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1


_silent = logging.getLogger("octave_compress.silent")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


@functools.cache
def _import_oct2py() -> tuple[Any, ...]:
    """Import the parts of oct2py, without the package's own start, which runs another Octave."""
    with _importing:
        parts = sys.modules.get("oct2py")
        if parts is None:
            spec = importlib.util.find_spec("oct2py")
            assert spec is not None
            sys.modules["oct2py"] = importlib.util.module_from_spec(spec)
        try:
            core = importlib.import_module("oct2py.core")
        finally:
            if parts is None:  # whoever imports oct2py later gets the whole of it
                for name in [name for name in sys.modules if name.split(".")[0] == "oct2py"]:
                    del sys.modules[name]
        from metakernel import REPLWrapper
        from octave_kernel.kernel import OctaveEngine
        from pexpect import TIMEOUT
        from pexpect.fdpexpect import fdspawn

    return core, OctaveEngine, REPLWrapper, fdspawn, TIMEOUT


def _code(text: str) -> str:
    """Return Octave code for a text: what is no plain character of it stands there as a number."""
    plain = b"/._-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return f'"{"".join(chr(c) if c in plain else f"{chr(92)}{c:03o}" for c in os.fsencode(text))}"'


def _complaints(folder: str) -> str:
    with contextlib.suppress(OSError):
        text = Path(folder, _COMPLAINTS).read_text(errors="replace").strip()
        return f"; it said: {text[-500:]}" if text else ""
    return ""


def _is_failure(error: BaseException) -> bool:
    """Return whether an exception says that Octave did not start."""
    if isinstance(error, TimeoutError):  # an OSError, and none of ours
        return False
    ours = isinstance(error, OctaveDiedError | Late | OSError)
    return ours or type(error).__module__.startswith("pexpect")


def _cause(error: BaseException) -> str:
    """Return the text of the first cause: what comes after it only says that something failed."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    if type(error).__name__ == "EOF":
        return "it ended at once"
    return str(error) or type(error).__name__
