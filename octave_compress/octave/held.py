"""Temporary folders that are removed when their process is gone, however it went."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "octave_compress_held_"
_PATTERN = f"{_PREFIX}{'?' * 8}"  # as tempfile names them


class HeldFolder:
    """A temporary folder, with a lock on it that says that its process lives.

    Making one removes those in the same place whose lock nobody holds. A lock says so across
    containers that share the place too, where the number of a process would say nothing.
    """

    def __init__(self, place: str | os.PathLike[str]) -> None:
        _sweep(Path(place))
        while True:
            self.path = tempfile.mkdtemp(prefix=_PREFIX, dir=place)
            with contextlib.suppress(FileNotFoundError):  # another process swept it meanwhile
                self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
                with contextlib.suppress(OSError):  # a file system without locks is not swept
                    fcntl.flock(self._lock, fcntl.LOCK_EX)
                if os.path.exists(self.path):
                    return
                os.close(self._lock)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.forget()

    def forget(self) -> None:
        """Let go of the folder and leave it: it is a parent's."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _sweep(place: Path) -> None:
    for folder in place.glob(_PATTERN):
        with contextlib.suppress(OSError):  # it is gone, or another user's
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
