"""Recording: a user's script runs in an Octave of its own, and what it did is written down."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import math
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from octave_compress import checks
from octave_compress.equivalence.golden import (
    Golden,
    HashedArray,
    Package,
    RecordedError,
    RecordedWarning,
    Statement,
    hashed,
    read_bytes,
    unstored,
    write_golden,
)
from octave_compress.equivalence.scripts import source_text
from octave_compress.equivalence.statements import Part, parts
from octave_compress.errors import (
    FileAccessError,
    Frame,
    InvalidTypeError,
    InvalidValueError,
    OctaveDiedError,
    OctaveError,
)
from octave_compress.octave.held import HeldFolder
from octave_compress.octave.locate import octave_command
from octave_compress.structs import Cells, CharMatrix, cells

_RECORDER = Path(__file__).resolve().parents[1] / "octave" / "recorder"
# At the top level, so that a script sees no caller of its own.
_START = (
    "source([getenv('OCX_RECORD_HOME'), '/ocx_start.m']); clear('ans'); ocx_at('prepare');"
    "if ocx_tell(), try, ocx_script; ocx_at('end', []);"
    "catch, ocx_at('end', lasterror()); end, end"
)
_NO_SCRIPT = (
    "Octave takes a file that begins with a function for the file of that function, not for a "
    'script: write "1;" on a line before it'
)
_KEPT = 1 << 16  # bytes of what a statement prints
_MOST_PRINTED = 1 << 26  # bytes of what a script may print
_PR_SET_PDEATHSIG = 1


def record(
    script: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str] | None = None,
    deadline: float = 600.0,
    limit: float = math.inf,
    graphics: Literal["ignore", "draw"] | None = None,
    answers: str | os.PathLike[str] | None = None,
) -> Golden:
    """Run a script in Octave and write what each of its statements did to a file.

    The script runs as it is, from its first line to its last, in an Octave of its own, without
    a keyboard, and without the user's start-up files. It may do anything that a
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
    graphics : {"ignore", "draw"}, optional
        ``"ignore"`` makes figures, and all that is in them, without drawing or printing them: it
        needs neither a display nor gnuplot, and is the default where there is no display.
    answers : str or path-like, optional
        A file with a line for each time that the script asks: ``input`` (a text, or what Octave
        is to evaluate), ``yes_or_no`` (yes or no), ``kbhit``, and ``keyboard`` (commands, up to
        ``dbcont``). Without it, or behind its last line, asking is an error.

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
    if graphics not in (None, "ignore", "draw"):
        raise InvalidValueError(f'record: GRAPHICS must be "ignore" or "draw", got {graphics!r}')
    path = Path(script).resolve()
    text = read_bytes(path)
    code = source_text(path, text)
    told = b"" if answers is None else read_bytes(answers)
    home = path.parent if folder is None else Path(folder)
    if not home.is_dir():
        raise FileAccessError(errno.ENOENT, "no such folder", str(home))
    _check_writable(Path(out))
    with contextlib.closing(HeldFolder(tempfile.gettempdir())) as held:
        run = _Run(Path(held.path), path, code, limit)
        run.go(home, deadline, graphics or _graphics(), told.decode(errors="replace"))
        about = replace(run.about(), script_sha256=hashlib.sha256(text).hexdigest())
        write_golden(out, about, run.statements)
    return replace(about, statements=tuple(run.statements), path=os.fspath(out))


def _graphics() -> str:
    return "draw" if os.environ.get("DISPLAY") else "ignore"


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


def _write_fonts(folder: Path) -> None:
    """Write what Octave measures texts by where there is no font: each letter is a box."""
    box = struct.pack(">5hHH", 1, 0, 0, 500, 700, 3, 0) + b"\1" * 4
    box += struct.pack(">8h", 0, 0, 500, 0, 0, 700, 0, -700)
    tables = {
        # All characters are glyph 1.
        b"cmap": struct.pack(">HHHHIHHIIIIII", 0, 1, 0, 6, 12, 13, 0, 28, 0, 1, 32, 0x10FFFF, 1),
        b"glyf": box,
        b"head": struct.pack(
            ">IIIIHHQQ4hHHhhh",
            *(0x10000, 0x10000, 0, 0x5F0F3CF5, 0, 1000, 0, 0, 0, 0, 500, 700, 0, 8, 2, 0, 0),
        ),
        b"hhea": struct.pack(
            ">IhhhHhhhhhhhhhhhH", 0x10000, 800, -200, 0, 600, 0, 100, 500, 1, *[0] * 7, 1
        ),
        b"hmtx": struct.pack(">Hhh", 600, 0, 0),
        b"loca": struct.pack(">3H", 0, 0, len(box) // 2),
        b"maxp": struct.pack(">I14H", 0x10000, 2, 4, 1, 0, 0, 1, *[0] * 8),
    }
    tables[b"name"] = struct.pack(">3H", 0, 2, 30)
    for number, start in ((1, 0), (2, 6)):  # the names of the family and of the style
        tables[b"name"] += struct.pack(">6H", 3, 1, 0x409, number, 6, start)
    tables[b"name"] += "BoxBox".encode("utf-16-be")
    head = struct.pack(">I4H", 0x10000, len(tables), 128, 3, 0)
    at = len(head) + 16 * len(tables)
    body = b""
    for tag, data in tables.items():
        head += struct.pack(">4sIII", tag, 0, at + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    folder.mkdir()
    for family in ("Mono", "Sans", "Serif"):
        for style in ("", "Bold", "BoldOblique", "BoldItalic", "Oblique", "Italic"):
            (folder / f"Free{family}{style}.otf").write_bytes(head + body)


def _die_with_python() -> None:
    """Have this process killed when the one that started it dies, even by ``kill -9``."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class _Run:
    """One run of a script, and what it left behind."""

    def __init__(self, place: Path, script: Path, code: bytes, limit: float) -> None:
        self._place = place
        self._script = script
        self._limit = limit
        self._parts = parts(code.decode("latin-1"))
        self._stopped = ""  # why, if it was
        self._message = ""
        self._status = 0
        # Octave wants the end of a script's name.
        self._copy = place / "script" / f"{script.name.removesuffix('.m')}.m"
        self._script_lines = [line + b"\n" for line in code.split(b"\n")]
        self._plan: Any = None
        self._end: Any = None
        self._number = 0  # how many of the parts are over
        self._count = 0  # how many results have been read
        self._values: dict[str, Any] = {}  # the workspace
        self._printed = self._complained = 0
        self.statements: list[Statement] = []

    def go(self, home: Path, deadline: float, graphics: str, answers: str) -> None:
        """Run the script."""
        first = self._script_lines[self._parts[0].line - 1] if self._parts else b""
        if re.match(rb"\s*function\b", first):
            self._refuse(_NO_SCRIPT)
        self._copy.parent.mkdir()
        self._write_plan(answers)
        fonts = {}
        if graphics == "ignore":
            _write_fonts(self._place / "fonts")
            fonts["OCTAVE_FONTS_DIR"] = str(self._place / "fonts")
        environment = {
            **os.environ,
            **fonts,
            "OCX_RECORD_FOLDER": str(self._place),
            "OCX_RECORD_HOME": str(_RECORDER),
            "OCX_RECORD_SCRIPT": str(self._script),
            "OCX_RECORD_COPY": str(self._copy),
            "OCX_RECORD_WORK": str(home.resolve()),
            "OCX_RECORD_GRAPHICS": graphics,
        }
        command = [*octave_command(), "--no-gui", "--no-init-file", "--no-history", "--quiet"]
        command += ["--no-window-system"] * (graphics == "ignore") + ["--eval", _START]
        with contextlib.ExitStack() as files:
            printed, complained = (
                files.enter_context(open(self._place / name, "ab")) for name in ("stdout", "stderr")
            )
            process = subprocess.Popen(
                command,
                cwd=self._place,
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
        self._read_on()
        self._read_end()

    def _write_plan(self, answers: str) -> None:
        from octave_compress.octave.codec import encode

        lines = self._script_lines
        plain, hooked = [], []
        done = 0
        for number, part in enumerate(self._parts, 1):
            piece = b"".join(lines[done : part.last_line])
            plain.append(_bytes(piece))
            if part.end is not None:
                code = lines[part.last_line - 1][: part.end]
                call = b"," * (not code.endswith((b";", b","))) + b"ocx_at(%d);\n" % number
                piece = b"".join(lines[done : part.last_line - 1]) + code + call
            hooked.append(_bytes(piece))
            done = part.last_line
        plan = {
            "plain": cells(plain),
            "hooked": cells(hooked),
            "has_hook": np.array([[part.end is not None for part in self._parts]], dtype=bool),
            "rest": _bytes(b"".join(lines[done:])),
            "targets": cells(cells(sorted(part.targets)) for part in self._parts),
            "words": cells(cells(sorted(part.words)) for part in self._parts),
            "functions": {
                name: cells(sorted(words))
                for part in self._parts
                for name, words in part.defines.items()
            },
            "answers": cells(answers.splitlines()),
        }
        with open(self._place / "plan", "wb") as file:
            for chunk in encode([plan]):
                file.write(chunk if isinstance(chunk, bytes) else chunk.tobytes("F"))

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
            self._read_on(end)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(min(0.05, max(end - time.monotonic(), 0.001)))

    def _refuse(self, why: str) -> NoReturn:
        raise OctaveError(f"{self._script} cannot run as a script: {why}", "Octave:parse-error")

    def about(self) -> Golden:
        """Return the story without its statements."""
        from octave_compress import __version__

        plan = self._plan
        if plan is None:
            detail = self._said("stderr", 0, _KEPT).strip()
            raise OctaveDiedError(
                f"{self._script.name}: {self._message or 'Octave ended before the script began'}"
                + f"\n{detail}" * bool(detail)
            )
        if plan["trouble"]:
            self._refuse(plan["trouble"].strip())
        packages = (self._end or plan)["packages"] or plan["packages"]
        return Golden(
            script=self._script.name,
            script_sha256="",
            statements=(),
            ended=self._end["ended"] if self._end else self._stopped or "died",
            octave=plan["octave"],
            blas=plan["blas"],
            computer=plan["computer"],
            tool=f"octave-compress {__version__}",
            packages=tuple(
                Package(one["name"], one["version"], bool(one["loaded"])) for one in packages
            ),
            limit=self._limit,
        )

    def _read_on(self, end: float = math.inf) -> None:
        """Read what Octave has written since the last time, and remove it."""
        if self._plan is None:
            self._plan = self._taken("result-plan")
            if self._plan is None:
                return
        while time.monotonic() < end:
            result = self._taken(f"result-{self._count + 1}")
            if result is None:
                return
            self._count += 1
            self._add(
                int(result["number"]),
                self._changes(result),
                tuple(result["vanished"]),
                (int(result["printed"]), int(result["complained"])),
                result,
                self._recorded_error(result["failure"]),
            )

    def _read_end(self) -> None:
        """Add the statement in the middle of which the run ended, if it did."""
        self._end = self._taken("result-end")
        if self._end is not None or self._plan is None or self._plan["trouble"]:
            return
        how = f"signal {-self._status}" if self._status < 0 else f"exit status {self._status}"
        failure = self._taken("failure")
        if failure is not None:
            how = f"the recorder failed: {failure.strip()}"
        message = self._message or f"Octave ended ({how})"
        sizes = [(self._place / name).stat().st_size for name in ("stdout", "stderr")]
        error = RecordedError(message, f"octave_compress:{self._stopped or 'died'}")
        nothing = {"warned": "", "identifier": ""}
        hooks = np.ravel(self._plan["hooks"])
        number = int(next(iter(hooks[hooks > self._number]), len(self._parts)))
        self._add(number, {}, (), (sizes[0], sizes[1]), nothing, error)

    def _add(
        self,
        number: int,
        changed: dict[str, Any],
        vanished: tuple[str, ...],
        until: tuple[int, int],
        result: Any,
        error: RecordedError | None,
    ) -> None:
        """Add the parts up to a number: functions alone, all others as one statement."""
        parts = self._parts[self._number : number]
        self._number = max(number, self._number)
        others = [part for part in parts if part.end is not None or not part.defines]
        for part in parts:
            if part not in others:
                self._add_statement(part, part, changed={})
            elif part is others[0]:
                self._add_statement(
                    part,
                    others[-1],
                    changed=changed,
                    vanished=vanished,
                    printed=self._said("stdout", self._printed, until[0]),
                    printed_bytes=until[0] - self._printed,
                    warnings=self._warnings(self._complained, until[1], result),
                    error=error,
                )
        if others:
            self._printed, self._complained = until

    def _add_statement(self, first: Part, last: Part, **what: Any) -> None:
        text = b"".join(self._script_lines[first.line - 1 : last.last_line]).removesuffix(b"\n")
        self.statements.append(
            Statement(first.line, last.last_line, text.decode(errors="replace"), **what)
        )

    def _changes(self, result: Any) -> dict[str, Any]:
        """Return the variables among those that may have changed which did."""
        changed = {}
        values = zip(result["changed"], result["values"], np.ravel(result["apart"]), strict=True)
        for k, (name, value, is_apart) in enumerate(values, 1):
            value = self._kept(self._value(f"value-{self._count}-{k}") if is_apart else value)
            if name not in self._values or not _is_identical(self._values[name], value):
                changed[name] = unstored(value)
            self._values[name] = value
        for name in result["vanished"]:
            self._values.pop(name, None)
        return changed

    def _value(self, name: str) -> Any:
        try:
            return self._taken(name)
        except (InvalidTypeError, OctaveDiedError) as error:
            # One of them must not cost the others.
            return {"ocx_class": "value that cannot be read", "ocx_text": str(error)}

    def _kept(self, value: Any) -> Any:
        """Return a value with a hash and a sample in place of each array above the limit."""
        if isinstance(value, np.generic):
            return value
        if isinstance(value, dict):
            return {name: self._kept(part) for name, part in value.items()}
        if isinstance(value, CharMatrix):
            return value
        if isinstance(value, Cells):
            row = value.copy()
            row[:] = map(self._kept, value)
            return row
        if isinstance(value, np.ndarray) and value.dtype == object:
            kept = value.copy()
            for at in np.ndindex(value.shape):
                kept[at] = self._kept(value[at])
            return kept
        if isinstance(value, str):
            value = self._told(value)
            size = len(value) if value.isascii() else len(value.encode(errors="surrogateescape"))
            if size <= self._limit:
                return value
            data = np.frombuffer(value.encode(errors="surrogateescape"), np.uint8)
            return hashed(data[None, :], None)
        if isinstance(value, np.ndarray) and value.nbytes > self._limit:
            return hashed(value, value.dtype)
        return value

    def _told(self, text: str) -> str:
        """Return a text with the script's own folder in place of that of the copy."""
        return text.replace(f"{self._copy.parent}/", f"{self._script.parent}/")

    def _taken(self, name: str) -> Any:
        """Return what a file of Octave's holds, which goes; None if there is none."""
        from octave_compress.octave.codec import decode

        path = self._place / name
        try:
            with open(path, "rb") as file:
                data = bytearray(os.fstat(file.fileno()).st_size)
                file.readinto(data)
        except FileNotFoundError:
            return None
        path.unlink()
        return decode(data)

    def _said(self, name: str, start: int, end: int) -> str:
        if start == end:
            return ""
        with open(self._place / name, "rb") as file:
            file.seek(start)
            return self._told(file.read(min(end - start, _KEPT)).decode(errors="replace"))

    def _warnings(self, start: int, end: int, result: Any) -> tuple[RecordedWarning, ...]:
        found = []
        for line in self._said("stderr", start, end).splitlines():
            message = line.removeprefix("warning: ")
            if message != line and message != "called from":
                identifier = result["identifier"] if message == result["warned"] else ""
                found.append(RecordedWarning(message, identifier))
        return tuple(found)

    def _recorded_error(self, failure: Any) -> RecordedError | None:
        if not isinstance(failure, dict):
            return None
        rows = zip(*(failure[key] for key in ("name", "file", "line", "column")), strict=True)
        stack = tuple(
            Frame(name, self._told(file), int(line), int(column))
            for name, file, line, column in rows
        )
        return RecordedError(self._told(failure["message"]), failure["identifier"], stack)


def _bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)[None, :]


def _is_identical(a: Any, b: Any) -> bool:
    """Return whether two values are the same to the last bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(_is_identical(a[name], b[name]) for name in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_is_identical, a, b))
    if isinstance(a, np.ndarray | np.generic):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype == object:
            return all(map(_is_identical, a.flat, b.flat))
        return memoryview(a.tobytes("F")) == memoryview(b.tobytes("F"))
    if isinstance(a, HashedArray):
        return (a.dtype, a.shape, a.sha256) == (b.dtype, b.shape, b.sha256)
    if hasattr(a, "tocsc"):
        pairs = ((getattr(x, name) for name in ("data", "indices", "indptr")) for x in (a, b))
        return a.shape == b.shape and all(map(_is_identical, *pairs))
    return bool(a == b)
