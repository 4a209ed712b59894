"""Recording: a user's script runs in an Octave of its own, and what it did is written down."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from octave_compress import checks
from octave_compress.equivalence.golden import (
    Golden,
    Package,
    RecordedError,
    RecordedWarning,
    Statement,
    load_golden,
    read_bytes,
    unstored,
    write_golden,
)
from octave_compress.equivalence.scripts import source_text
from octave_compress.errors import FileAccessError, Frame, OctaveDiedError, OctaveError
from octave_compress.octave.locate import octave_command

_RECORDER = Path(__file__).resolve().parents[1] / "octave" / "recorder"
# Some of the recorder's functions stand before Octave's own on purpose.
_START = (
    "warning('off', 'Octave:shadowed-function'); addpath(getenv('OCX_RECORD_HOME'));"
    "warning('on', 'Octave:shadowed-function'); ocx_record();"
)
_KEPT = 1 << 16  # bytes of what a statement prints
_MOST_PRINTED = 1 << 26  # bytes of what a script may print
_SAMPLE = 1000  # elements of a large array
_PR_SET_PDEATHSIG = 1


def record(
    script: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str] | None = None,
    deadline: float = 600.0,
    limit: float = math.inf,
) -> Golden:
    """Run a script in Octave and write what each of its statements did to a file.

    The script runs as it is, from its first line to its last, in an Octave of its own, without
    a display or a keyboard, and without the user's start-up files. It may do anything that a
    script may do: run only scripts that you would run anyway.

    Parameters
    ----------
    script : str or path-like
    out : str or path-like
        The file, a ``.mat``; an existing one is replaced.
    folder : str or path-like, optional
        Where it runs; the script's own folder by default.
    deadline : float
        Seconds after which it is stopped.
    limit : float
        Arrays of more bytes are kept as a hash and a sample of 1000 elements; none by default.

    Returns
    -------
    Golden
        What is in the file. It is also written when the script fails, is stopped or exits:
        ``golden.ended`` and ``golden.error`` say so.

    Raises
    ------
    OctaveError
        If Octave takes the file for no script; nothing ran then, and no file is written.
    InvalidValueError
        If the script is UTF-16, or no text.
    FileAccessError
        If the script cannot be read or the file not be written; nothing ran then.
    OctaveNotFoundError
        If there is no Octave.
    """
    deadline = checks.number("record", "DEADLINE", deadline, "(0, Inf)")
    limit = checks.number("record", "LIMIT", limit, "[0, Inf]")
    path = Path(script).resolve()
    text = read_bytes(path)
    home = path.parent if folder is None else Path(folder)
    if not home.is_dir():
        raise FileAccessError(errno.ENOENT, "no such folder", str(home))
    _check_writable(Path(out))
    with tempfile.TemporaryDirectory(prefix="octave_compress_record_") as name:
        place = Path(name)
        (place / "script.m").write_bytes(source_text(path, text))
        run = _Run(place)
        run.go(path, home, deadline, limit)
        about = run.about(path, text, limit)
        write_golden(out, about, run.statements())
    return load_golden(out)


def _check_writable(out: Path) -> None:
    """Find out before the script runs, which may take long."""
    try:
        if out.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        with tempfile.NamedTemporaryFile(prefix=f".{out.name}.", dir=out.parent):
            pass
    except OSError as error:
        text = f"cannot write: {error.strerror}"
        raise FileAccessError(error.errno, text, os.fspath(out)) from None


def _die_with_python() -> None:
    """Have this process killed when the one that started it dies, even by ``kill -9``."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class _Run:
    """One run of a script, and the results that it left in a folder."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._stopped = ""  # why, if it was
        self._message = ""

    def go(self, script: Path, home: Path, deadline: float, limit: float) -> None:
        """Run the script."""
        environment = {
            **os.environ,
            "OCX_RECORD_FOLDER": str(self._place),
            "OCX_RECORD_HOME": str(_RECORDER),
            "OCX_RECORD_SCRIPT": str(script),
            "OCX_RECORD_LIMIT": "Inf" if math.isinf(limit) else repr(limit),
            "OCX_RECORD_SAMPLE": str(_SAMPLE),
        }
        command = [*octave_command(), "--no-gui", "--no-init-file", "--no-history", "--quiet"]
        command += ["--no-window-system", "--eval", _START]
        with contextlib.ExitStack() as files:
            printed, complained = (
                files.enter_context(open(self._place / name, "ab")) for name in ("stdout", "stderr")
            )
            process = subprocess.Popen(
                command,
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=complained,
                start_new_session=True,
                preexec_fn=_die_with_python if sys.platform == "linux" else None,
            )
            try:
                self._wait(process, deadline)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            self._status = process.returncode

    def _wait(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        end = time.monotonic() + deadline
        while process.poll() is None:
            if time.monotonic() > end:
                self._stopped = "deadline"
                self._message = f"the script did not end within {deadline:g} s"
                return
            if any((self._place / n).stat().st_size > _MOST_PRINTED for n in ("stdout", "stderr")):
                self._stopped = "output"
                self._message = f"the script printed more than {_MOST_PRINTED >> 20} MB"
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(min(0.05, max(end - time.monotonic(), 0.001)))

    def about(self, script: Path, text: bytes, limit: float) -> Golden:
        """Return the story without its statements."""
        from octave_compress import __version__

        plan = self._result("plan")
        if plan is None:
            detail = self._text("stderr", 0, _KEPT).strip()
            raise OctaveDiedError(
                f"{script.name}: {self._message or 'Octave ended before the script began'}"
                + f"\n{detail}" * bool(detail)
            )
        if plan["trouble"]:
            raise OctaveError(
                f"{script} cannot run as a script: {plan['trouble'].strip()}",
                "Octave:parse-error",
            )
        self._lines = [
            (int(a), int(b))
            for a, b in zip(plan["first"].ravel(), plan["last"].ravel(), strict=True)
        ]
        end = self._result("end")
        packages = (end or plan)["packages"] or plan["packages"]
        return Golden(
            script=script.name,
            script_sha256=hashlib.sha256(text).hexdigest(),
            statements=(),
            ended=end["ended"] if end else self._stopped or "died",
            octave=plan["octave"],
            blas=plan["blas"],
            computer=plan["computer"],
            tool=f"octave-compress {__version__}",
            packages=tuple(
                Package(one["name"], one["version"], bool(one["loaded"])) for one in packages
            ),
            limit=limit,
        )

    def statements(self) -> Iterator[Statement]:
        """Yield the statements that ran, one after the other."""
        lines = (self._place / "script.m").read_bytes().split(b"\n")
        printed = complained = 0
        for k, (first, last) in enumerate(self._lines, 1):
            text = b"\n".join(lines[first - 1 : last]).decode(errors="replace")
            text = text.replace("\r", "")
            result = self._result(str(k))
            if result is None:
                if self._result("end") is None:
                    yield self._broken(first, last, text, printed, complained)
                return
            until, complained_until = int(result["printed"]), int(result["complained"])
            yield Statement(
                line=first,
                last_line=last,
                text=text,
                changed={
                    name: unstored(value)
                    for name, value in zip(result["changed"], result["values"], strict=True)
                },
                vanished=tuple(result["vanished"]),
                printed=self._text("stdout", printed, until),
                printed_bytes=until - printed,
                warnings=self._warnings(complained, complained_until, result),
                error=_recorded_error(result["failure"]),
            )
            printed, complained = until, complained_until

    def _broken(self, first: int, last: int, text: str, printed: int, complained: int) -> Statement:
        """Return the statement during which the run came to its end."""
        until = (self._place / "stdout").stat().st_size
        status = self._status
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        message = self._message or f"Octave ended ({how})"
        nothing = {"warned": "", "identifier": ""}
        return Statement(
            line=first,
            last_line=last,
            text=text,
            changed={},
            printed=self._text("stdout", printed, until),
            printed_bytes=until - printed,
            warnings=self._warnings(complained, (self._place / "stderr").stat().st_size, nothing),
            error=RecordedError(message, f"octave_compress:{self._stopped or 'died'}"),
        )

    def _result(self, name: str) -> Any:
        from octave_compress.octave.codec import decode

        path = self._place / f"result-{name}"
        return decode(bytearray(path.read_bytes())) if path.exists() else None

    def _text(self, name: str, start: int, end: int) -> str:
        with open(self._place / name, "rb") as file:
            file.seek(start)
            return file.read(min(end - start, _KEPT)).decode(errors="replace")

    def _warnings(self, start: int, end: int, result: Any) -> tuple[RecordedWarning, ...]:
        found = []
        for line in self._text("stderr", start, end).splitlines():
            message = line.removeprefix("warning: ")
            if message != line and message != "called from":
                identifier = result["identifier"] if message == result["warned"] else ""
                found.append(RecordedWarning(message, identifier))
        return tuple(found)


def _recorded_error(failure: Any) -> RecordedError | None:
    if not isinstance(failure, dict):
        return None
    keys = ("name", "file", "line", "column")
    rows = zip(*(failure[key] for key in keys), strict=True)
    stack = tuple(Frame(name, file, int(line), int(column)) for name, file, line, column in rows)
    return RecordedError(failure["message"], failure["identifier"], stack)
