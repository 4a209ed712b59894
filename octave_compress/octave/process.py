"""The Octave process, which oct2py starts and owns. All that is private to oct2py is used here.

oct2py's own way to start runs ``~/.octaverc``, types the name of the current folder as Octave
code, changes ``TERM`` for the whole of Python and starts a second Octave on import. None of
that happens here.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import importlib.util
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from octave_compress.errors import OctaveCompressError, OctaveDiedError
from octave_compress.octave.locate import octave_executable

_BRIDGE = Path(__file__).with_name("bridge")
_SUPPORTED = ((6, 1), (7, 0))
# Freed arrays stay with the process, so that the next one needs no fresh pages.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "536870912"}
_starting = threading.Lock()


class Process:
    """An Octave that runs the loop of ``ocx_serve`` on the folders of a channel.

    Parameters
    ----------
    folders : sequence of str
    environment : mapping
        Environment variables for the process, unless they are set already.
    home : str, optional
        The folder that it works in; Python's current one by default.
    """

    def __init__(
        self, folders: Sequence[str], environment: Mapping[str, str], home: str | None = None
    ) -> None:
        executable = octave_executable()
        _check_oct2py()
        try:
            self._octave = _start(executable, {**_MALLOC, **environment}, folders[0])
        except Exception as error:
            raise OctaveDiedError(
                f"the Octave at {executable} did not start ({type(error).__name__}); "
                f"try it yourself: {executable} --version"
            ) from error
        engine = self._octave._engine
        self._child = engine.repl.child
        self._at_exit = (engine._cleanup, engine.repl.terminate)
        try:
            if home is not None:
                engine.eval(f"cd ({_code(home)});")
            # Two functions of the bridge stand before Octave's own on purpose.
            engine.eval("warning ('off', 'Octave:shadowed-function');")
            engine.eval(f"addpath ({_code(str(_BRIDGE))});")
            engine.eval("warning ('on', 'Octave:shadowed-function'); ocx_folders = {};")
            for folder in folders:
                engine.eval(f"ocx_folders{{end + 1}} = {_code(folder)};")
            self.serve()
            self.serve()  # for when others interrupt Octave: the call then ends with an error
        except BaseException:
            self.end()
            raise

    def serve(self) -> None:
        """Type the call of the loop; Octave reads it when it is back at its prompt."""
        self._child.sendline("ocx_serve (ocx_folders{:})")

    def is_running(self) -> bool:
        """Return whether the process has not ended."""
        with contextlib.suppress(Exception):  # it has, and somebody else was told first
            return bool(self._child.isalive())
        return False

    def interrupt(self) -> None:
        """Stop what Octave is doing, as Ctrl-C does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child.pid, signal.SIGINT)

    def end(self) -> None:
        """End the process at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child.pid, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self._octave.exit()
        self.forget()

    def forget(self) -> None:
        """Leave the process alone when Python exits: it has ended, or is a parent's."""
        for function in self._at_exit:
            atexit.unregister(function)


def _start(executable: str, environment: Mapping[str, str], folder: str) -> Any:
    """Return a running session of oct2py, which keeps its files in a folder."""
    with _starting, _environment(environment), _quiet_stderr():
        core = _import_core()

        class Engine(core.OctaveEngine):  # type: ignore[misc, name-defined]
            def _validate_executable(self, executable: str) -> str:
                return ""  # it would run the user's ~/.octaverc

            def _get_temp_dir(self) -> str:
                return folder  # its own would stay until Python exits, or for ever

            def _startup(self) -> None:
                self._has_startup = True
                self.eval(f"more off; {self.repl.prompt_change_cmd}", silent=True)

        core.OctaveEngine = Engine
        try:
            return core.Oct2Py(
                executable=shlex.quote(executable),
                backend="disable",
                load_octaverc=False,
                temp_dir=folder,
            )
        finally:
            core.OctaveEngine = Engine.__base__


@functools.cache
def _import_core() -> Any:
    """Import ``oct2py.core`` without the package's own start, which runs another Octave."""
    if "oct2py" in sys.modules:
        return importlib.import_module("oct2py.core")
    spec = importlib.util.find_spec("oct2py")
    assert spec is not None
    sys.modules["oct2py"] = importlib.util.module_from_spec(spec)
    try:
        return importlib.import_module("oct2py.core")
    finally:
        # Whoever imports oct2py later gets the whole of it.
        for name in [name for name in sys.modules if name.split(".")[0] == "oct2py"]:
            del sys.modules[name]


def _code(text: str) -> str:
    """Return Octave code for a text, by its bytes: nothing in it can be code."""
    return f"char ([{' '.join(map(str, text.encode()))}])"


def _check_oct2py() -> None:
    version = metadata.version("oct2py")
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if not _SUPPORTED[0] <= numbers < _SUPPORTED[1]:
        raise OctaveCompressError(
            f"oct2py {version} is installed and not supported: pip install 'oct2py>=6.1,<7'"
        )


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, unless they are set, for a process that starts meanwhile."""
    before = {name: os.environ.get(name) for name in (*values, "TERM")}
    for name, value in values.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere: Octave's start and exit print harmless noise there."""
    try:
        saved = os.dup(2)
    except OSError:  # there is none
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
