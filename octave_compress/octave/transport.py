"""Files and FIFOs between Python and one Octave process: bytes, lines and deadlines."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import select
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from octave_compress.errors import OctaveCompressError, OctaveDiedError
from octave_compress.octave.codec import Array, Chunk

Printer = Callable[[str], object]

_SHARED_MEMORY = "/dev/shm"
_PREFIX = "octave_compress_"
_LARGE = 1 << 20  # bytes from which on a file is mapped instead of read
_HUGE = 1 << 26  # bytes above which a request's file is not kept for the next one
_POPULATE = getattr(mmap, "MAP_POPULATE", 0)
_ROWS = 512  # rows copied at a time when an array is turned: a block stays in the cache
_COLUMNS = 64  # the same for the second of three or more dimensions


class Cancelled(Exception):
    """Somebody asked to cancel the call that is waiting."""


class Channel:
    """Two folders for files, in memory where there is room and on disk, and four FIFOs.

    The FIFOs carry requests, answers, what Octave prints, and what it prints as errors.
    """

    def __init__(self, memory: str = _SHARED_MEMORY) -> None:
        if not hasattr(os, "mkfifo"):
            raise OctaveCompressError(
                "this system has no FIFOs, which a session needs: on Windows run it under WSL, "
                'or use backend="numpy"'
            )
        disk = tempfile.gettempdir()
        places = [memory, disk] if os.access(memory, os.W_OK) else [disk]
        for place in places:
            _sweep(place)
        self.folders = [
            tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}_", dir=place) for place in places
        ]
        self.folder = self.folders[-1]
        for name in ("requests", "answers", "printed", "warned"):
            os.mkfifo(self._path(name))
        # The requests are open at both ends, so Octave never reads an end of file between two.
        self._requests = os.open(self._path("requests"), os.O_RDWR)
        read = os.O_RDONLY | os.O_NONBLOCK
        self._answers = os.open(self._path("answers"), read)
        self._printed = _Lines(os.open(self._path("printed"), read))
        self._warned = _Lines(os.open(self._path("warned"), read))
        # A byte in this pipe wakes a call that waits.
        self._wake, self._waker = os.pipe()
        self._closing = threading.Lock()
        self._closed = False
        self._poll = select.poll()
        for handle in (self._answers, self._printed.handle, self._warned.handle, self._wake):
            self._poll.register(handle, select.POLLIN)
        self._answered: list[str] = []
        self._rest = b""
        self._mapped: _Mapped | None = None

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def cancel(self) -> None:
        """Make a waiting `receive` raise `Cancelled`. Any thread may call this, at any time."""
        with self._closing:
            if not self._closed:
                os.write(self._waker, b"!")

    def send(self, line: str) -> None:
        """Send a line; Octave's `fgetl` peeks one character ahead, hence the blank."""
        os.write(self._requests, f"{line}\n ".encode())

    def receive(self, deadline: float | None, out: Printer, warn: Printer) -> str:
        """Return Octave's next line, handing on what it prints meanwhile.

        Raises `TimeoutError` past the deadline, `OctaveDiedError` if Octave has gone.
        """
        while not self._answered:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            events = dict(self._poll.poll(None if left is None else 1e3 * left))
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError
            if self._wake in events:
                os.read(self._wake, 1)
                raise Cancelled
            self._hand_on(out, warn)
            if self._answers in events:
                data = os.read(self._answers, 1 << 16)
                if not data:
                    raise OctaveDiedError("the process has ended")
                *lines, self._rest = (self._rest + data).split(b"\n")
                self._answered += [line.decode() for line in lines]
        self._hand_on(out, warn)  # Octave flushes what it printed before it answers
        return self._answered.pop(0)

    def _hand_on(self, out: Printer, warn: Printer) -> None:
        for stream, printer in ((self._printed, out), (self._warned, warn)):
            if stream.read(printer):
                with contextlib.suppress(KeyError):
                    self._poll.unregister(stream.handle)

    def finish(self, out: Printer, warn: Printer) -> None:
        """Hand on what was printed after the last newline."""
        self._printed.finish(out)
        self._warned.finish(warn)

    def forget(self) -> None:
        """Drop what an interrupted call has printed, answered and left behind."""
        self._hand_on(_nowhere, _nowhere)
        self.finish(_nowhere, _nowhere)
        self._answered.clear()

    def write(self, chunks: Sequence[Chunk]) -> str:
        """Write the file of a request where there is room for it, and return its path."""
        size = sum(len(c) if isinstance(c, bytes) else c.nbytes for c in chunks)
        for folder in self.folders:
            # Two names, so that a small request leaves the pages of a large one as they are.
            path = os.path.join(folder, "request" if size < _LARGE else "large_request")
            try:
                if size < _LARGE:
                    _write(path, chunks, size)
                else:
                    self._fill(path, chunks, size)
                return path
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.unlink(path)
                if error.errno != errno.ENOSPC or folder is self.folders[-1]:
                    raise
        raise AssertionError("there is always a folder")

    def _fill(self, path: str, chunks: Sequence[Chunk], size: int) -> None:
        """Write a large file by mapping it, with the last one's mapping if it is of that size."""
        if self._mapped is None or not self._mapped.fits(path, size):
            self._unmap()
            self._mapped = _Mapped(path, size)
        at = 0
        for chunk in chunks:
            at += _copy(chunk, self._mapped.memory, at)
        if is_large(chunks):
            self._unmap()

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
        with self._closing:
            self._closed = True
            for handle in (self._requests, self._answers, self._wake, self._waker):
                os.close(handle)
        self._unmap()
        self._printed.close()
        self._warned.close()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


class _Lines:
    """The lines that come out of a FIFO."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._rest = b""

    def read(self, printer: Printer) -> bool:
        """Hand on the lines that are there; return whether the other end has been closed."""
        while True:
            try:
                data = os.read(self.handle, 1 << 16)
            except BlockingIOError:
                return False
            if not data:
                return True
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                printer(line.decode(errors="replace"))

    def finish(self, printer: Printer) -> None:
        rest, self._rest = self._rest, b""
        if rest:
            printer(rest.decode(errors="replace"))

    def close(self) -> None:
        os.close(self.handle)


def _nowhere(line: str) -> None:
    return None


def _sweep(place: str) -> None:
    """Remove the folders of processes that died without doing so."""
    for folder in Path(place).glob(f"{_PREFIX}*_*"):
        owner = folder.name.removeprefix(_PREFIX).split("_")[0]
        if owner.isdigit() and not _is_running(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_large(chunks: Sequence[Chunk]) -> bool:
    """Return whether a request takes so much memory that its file goes when Octave has read it."""
    return sum(c.nbytes for c in chunks if not isinstance(c, bytes)) > _HUGE


def _write(path: str, chunks: Sequence[Chunk], size: int) -> None:
    data = b"".join(c if isinstance(c, bytes) else c.tobytes(order="F") for c in chunks)
    with open(path, "wb", buffering=0) as file:
        if file.write(data) != size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _Mapped:
    """A file in memory. Its pages and their mapping serve again: fresh ones outweigh the copy."""

    def __init__(self, path: str, size: int) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(handle).st_size > size:
                os.ftruncate(handle, size)
            # Asked for first: a write to a mapped page of a full disk would kill Python.
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
