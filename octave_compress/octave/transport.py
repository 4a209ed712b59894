"""Files and FIFOs between Python and one Octave process: bytes, lines and deadlines."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from octave_compress.errors import OctaveCompressError, OctaveDiedError
from octave_compress.octave.codec import Array, Chunk
from octave_compress.octave.held import HeldFolder
from octave_compress.octave.locate import folders_in_common


class Writer(Protocol):
    """A text file, as far as printing needs one."""

    def write(self, text: str, /) -> object: ...


Printer = Callable[[str], object] | Writer
"""What gets what Octave prints: a text file gets the text, a function gets line after line."""

_LARGE = 1 << 20  # bytes from which on a file is mapped instead of read
_HUGE = 1 << 26  # bytes above which a request's file is not kept for the next one
_MOST = 1 << 16  # bytes read at a time, between two looks at the clock
_PAUSE = 0.1  # seconds without more after which an unfinished line is handed on
_LOOK = 1.0  # seconds between two looks whether Octave lives
_FULL = (errno.ENOSPC, errno.EDQUOT)
_WAKE = b"wake\n"
WARNING = "warning: "
# What some builds of Octave say when they end, whatever happened.
_NOISE = "error: ignoring const execution_exception& while preparing to exit"
_POPULATE = getattr(mmap, "MAP_POPULATE", 0)
_ROWS = 512  # rows copied at a time when an array is turned: a block stays in the cache
_COLUMNS = 64  # the same for the second of three or more dimensions


class Late(Exception):
    """The deadline of the call that is waiting has passed."""


class Cancelled(Exception):
    """Somebody asked to cancel the call that is waiting."""


class Channel:
    """Two folders for files, in memory where there is room and on disk, and four FIFOs.

    The FIFOs carry requests, answers, what Octave prints, and what it prints as errors.
    """

    def __init__(self) -> None:
        if not hasattr(os, "mkfifo"):
            raise OctaveCompressError(
                "this system has no FIFOs, which a session needs: on Windows run it under WSL, "
                'or use backend="numpy"'
            )
        self._held: list[HeldFolder] = []
        self._handles: list[int] = []
        self._mapped: _Mapped | None = None
        self._closing = threading.Lock()
        try:
            for place in folders_in_common():
                self._held.append(HeldFolder(place))
            self.folders = [held.path for held in self._held]
            self.folder = self.folders[-1]
            # Requests and answers are open at both ends, so neither side reads an end of file when
            # the other opens its end again; and a line of our own among the answers wakes a call.
            self._requests = self._open("requests", os.O_RDWR)
            self._answers = self._open("answers", os.O_RDWR | os.O_NONBLOCK)
            self._printed = _Stream(self._open("printed", os.O_RDONLY | os.O_NONBLOCK))
            self._warned = _Stream(self._open("warned", os.O_RDONLY | os.O_NONBLOCK))
        except BaseException:
            self.close()
            raise
        self._poll = select.poll()
        for handle in self._handles[1:]:
            self._poll.register(handle, select.POLLIN)
        self._answered: list[str] = []
        self._rest = b""

    def _open(self, name: str, flags: int) -> int:
        path = os.path.join(self.folder, name)
        os.mkfifo(path)
        self._handles.append(os.open(path, flags))
        return self._handles[-1]

    def wake(self) -> None:
        """Make a waiting `receive` look at its conditions; from any thread, at any time."""
        with self._closing, contextlib.suppress(BlockingIOError):
            if self._handles:
                os.write(self._answers, _WAKE)

    def send(self, line: str) -> None:
        """Send a line; Octave's `fgetl` peeks one character ahead, hence the blank."""
        os.write(self._requests, f"{line}\n ".encode())

    def listen(
        self,
        out: Printer | None = None,
        err: Printer | None = None,
        takes: Callable[[str], object] | None = None,
    ) -> None:
        """Choose who gets what Octave prints, and what it prints as errors; None drops it.

        The text of a line among the errors that begins as a warning goes to `takes` instead.
        """
        self._printed.listen(out, None)
        self._warned.listen(err, takes)

    def receive(
        self,
        deadline: float | None,
        is_running: Callable[[], bool],
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> str:
        """Return Octave's next line, handing on what it prints meanwhile.

        Raises `Late` past the deadline, `Cancelled`, and `OctaveDiedError` if Octave has gone.
        """

        def look() -> None:
            if deadline is not None and time.monotonic() > deadline:
                raise Late
            if is_cancelled():
                raise Cancelled

        streams = (self._printed, self._warned)
        while not self._answered:
            look()
            wait = _PAUSE if any(stream.is_within for stream in streams) else _LOOK
            if deadline is not None:
                wait = min(wait, max(0.0, deadline - time.monotonic()))
            events = dict(self._poll.poll(1e3 * wait))
            if self._answers in events:
                *lines, self._rest = (self._rest + os.read(self._answers, _MOST)).split(b"\n")
                self._answered += [
                    line.decode(errors="replace") for line in lines if line + b"\n" != _WAKE
                ]
            for stream in streams:
                # Octave flushes what it printed before it answers, and a FIFO holds no more than
                # what is read at a time: the last look takes all of it.
                if stream.handle in events or self._answered:
                    stream.read(look)
                elif stream.is_within:
                    stream.pause(look)
            closed = [stream for stream in streams if stream.has_ended]
            for stream in closed:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(stream.handle)
            if not self._answered and (closed or not events) and not is_running():
                raise OctaveDiedError("the process has ended")
        return self._answered.pop(0)

    def finish(self) -> None:
        """Hand on what was printed after the last newline."""
        self._printed.finish()
        self._warned.finish()

    def forget(self) -> None:
        """Drop what an interrupted call has printed, answered and left behind."""
        self.listen()
        for stream in (self._printed, self._warned):
            stream.read(lambda: None)
            stream.finish()
        self._answered.clear()

    def write(self, chunks: Sequence[Chunk]) -> str:
        """Write the file of a request where there is room for it, and return its path."""
        size = sum(len(c) if isinstance(c, bytes) else c.nbytes for c in chunks)
        for folder in self.folders:
            # Two names, so that a small request leaves the pages of a large one as they are.
            path = os.path.join(folder, "request" if size < _LARGE else "large_request")
            try:
                if size < _LARGE or not self._fill(path, chunks, size):
                    _write(path, chunks)
                return path
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.unlink(path)
                if error.errno not in _FULL or folder is self.folders[-1]:
                    raise
        raise AssertionError("there is always a folder")

    def _fill(self, path: str, chunks: Sequence[Chunk], size: int) -> bool:
        """Write a large file by mapping it, with the last one's mapping if it is of that size.

        Return False where that cannot be done: room for the file must be had before, as a write to
        a mapped page of a full disk would kill Python.
        """
        if self._mapped is None or not self._mapped.fits(path, size):
            self._unmap()
            try:
                self._mapped = _Mapped(path, size)
            except AttributeError:  # macOS has no posix_fallocate
                return False
            except OSError as error:
                if error.errno in _FULL:
                    raise
                return False
        at = 0
        for chunk in chunks:
            at += _copy(chunk, self._mapped.memory, at)
        if is_large(chunks):
            self._unmap()
        return True

    def _unmap(self) -> None:
        if self._mapped is not None:
            self._mapped.memory.close()
            self._mapped = None

    def read(self, place: int) -> Any:
        """Return the bytes of the reply in a folder, counted from 1: memory of their own."""
        path = os.path.join(self.folders[place - 1], "reply")
        handle = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(handle).st_size
            if size < _LARGE:
                return bytearray(os.read(handle, size))
            memory = mmap.mmap(handle, size, access=mmap.ACCESS_COPY)
            # Octave makes a new file next time: truncating this one would pull out the pages.
            os.unlink(path)
            return memory
        finally:
            os.close(handle)

    def close(self) -> None:
        """Close the FIFOs and remove the folders."""
        self._let_go()
        for held in self._held:
            held.close()

    def forget_parent(self) -> None:
        """Let go of all of it and leave the folders: they are a parent's."""
        self._let_go()
        for held in self._held:
            held.forget()

    def _let_go(self) -> None:
        with self._closing:
            while self._handles:
                os.close(self._handles.pop())
        self._unmap()


class _Stream:
    """What comes out of a FIFO, line by line."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.has_ended = False
        self._parts: list[bytes] = []  # of a line whose end has not come
        self._is_continued = False  # the beginning of the line was handed on
        self._last = 0.0  # when something came
        self.listen(None, None)

    def listen(self, printer: Printer | None, takes: Callable[[str], object] | None) -> None:
        write: Any = getattr(printer, "write", None) or printer
        self._print: Callable[[str], object] | None = write
        self._flush = getattr(printer, "flush", None)
        self._by_line = not hasattr(printer, "write")
        self._takes = takes

    @property
    def is_within(self) -> bool:
        """Return whether something came that has not been handed on."""
        return bool(self._parts)

    def read(self, look: Callable[[], None]) -> None:
        """Hand on the lines that are there, up to what is read at a time."""
        try:
            data = os.read(self.handle, _MOST)
        except BlockingIOError:
            return
        self.has_ended = not data
        self._last = time.monotonic()
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._parts.append(line)
            self._hand_on(ended=True)
            look()
        if rest:
            self._parts.append(rest)

    def pause(self, look: Callable[[], None]) -> None:
        """Hand on the beginning of a line after which nothing has come for a while."""
        if time.monotonic() - self._last > _PAUSE and not self._may_be_taken():
            self._hand_on(ended=False)
            look()

    def finish(self) -> None:
        """Hand on what was printed after the last newline."""
        if self._parts:
            self._hand_on(ended=False)
        self._is_continued = False

    def _may_be_taken(self) -> bool:
        begins = b"".join(self._parts[: len(WARNING)])[: len(WARNING)]
        return self._takes is not None and WARNING.encode().startswith(begins)

    def _hand_on(self, ended: bool) -> None:
        text = b"".join(self._parts).decode(errors="replace")
        self._parts.clear()
        continued, self._is_continued = self._is_continued, not ended
        if self._takes is not None and not continued and text.startswith(WARNING):
            self._takes(text.removeprefix(WARNING))
        elif self._print is None or text == _NOISE:
            pass
        elif not self._by_line:
            self._print(f"{text}\n" if ended else text)
            if not ended and self._flush is not None:
                self._flush()
        elif text or not continued:
            self._print(text)


def is_large(chunks: Sequence[Chunk]) -> bool:
    """Return whether a request takes so much memory that its file goes when Octave has read it."""
    return sum(c.nbytes for c in chunks if not isinstance(c, bytes)) > _HUGE


def _write(path: str, chunks: Sequence[Chunk]) -> None:
    data = memoryview(b"".join(c if isinstance(c, bytes) else c.tobytes(order="F") for c in chunks))
    with open(path, "wb", buffering=0) as file:
        while data:
            data = data[file.write(data) :]


class _Mapped:
    """A file in memory. Its pages and their mapping serve again: fresh ones outweigh the copy."""

    def __init__(self, path: str, size: int) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(handle).st_size > size:
                os.ftruncate(handle, size)
            os.posix_fallocate(handle, 0, size)
            self.memory = mmap.mmap(handle, size, flags=mmap.MAP_SHARED | _POPULATE)
            self._inode = os.fstat(handle).st_ino
        finally:
            os.close(handle)

    def fits(self, path: str, size: int) -> bool:
        """Return whether this is still the file of that name, and of that size."""
        try:
            now = os.stat(path)
        except OSError:
            return False
        return now.st_ino == self._inode and now.st_size == len(self.memory) == size


def _copy(chunk: Chunk, memory: mmap.mmap, at: int) -> int:
    if isinstance(chunk, bytes):
        memory[at : at + len(chunk)] = chunk
        return len(chunk)
    target: Array = np.frombuffer(memory, chunk.dtype, chunk.size, at).reshape(
        chunk.shape, order="F"
    )
    if chunk.ndim >= 2 and not chunk.flags.f_contiguous:
        columns = chunk.shape[1] if chunk.ndim == 2 else _COLUMNS
        for row in range(0, len(chunk), _ROWS):
            for column in range(0, chunk.shape[1], columns):
                block = np.s_[row : row + _ROWS, column : column + columns]
                target[block] = chunk[block]
    else:
        target[...] = chunk
    return chunk.nbytes
