"""Folders of functions for Octave, and whether anything in them has changed.

Requirements: no change goes unseen; none is made up, because what Octave reads again loses its
persistent variables; where the kernel tells, a look takes as long for 5,000 files as for one.

On Linux, inotify tells. What it cannot see is compared at every look: where a path leads, files
that have other names (links), and whole folders on file systems that others write to, or past
one of inotify's limits. One change stays unseen: of a file that gets a hard link elsewhere after
the last look and is written by that name.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import stat
import struct
import time
import weakref
from collections.abc import Container
from dataclasses import dataclass, field
from typing import NamedTuple

# What Octave knows in a folder: files that it can call, and folders of such files.
_FILE = rb"[A-Za-z_][A-Za-z0-9_]*\.(?:m|oct|mex)"
_ROOM = rb"private|[@+].+"
_is_room = re.compile(_ROOM, re.DOTALL).fullmatch
_counts = re.compile(_FILE + b"|" + _ROOM, re.DOTALL).fullmatch

# The file systems that only this kernel writes to, by the numbers of statfs(2).
_LOCAL = frozenset(
    {
        0xEF53,  # ext2, ext3, ext4
        0x58465342,  # XFS
        0x9123683E,  # Btrfs
        0x2FC12FC1,  # ZFS
        0xF2F52010,  # F2FS
        0xCA451A4E,  # bcachefs
        0x01021994,  # tmpfs
        0x794C7630,  # overlayfs
    }
)

# Two changes within one tick of a file system's clock leave the same times. The clock of FAT
# ticks every 2 s, that of HFS+ every second, most others every few ms.
_TICK = 2_000_000_000

# inotify(7): a watch's number, what happened, a cookie, the length of the name that follows.
_EVENT = struct.Struct("iIII")
_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED, _CREATE, _DELETE = 0x2, 0x4, 0x8, 0xC0, 0x100, 0x200
_ONLYDIR = 0x01000000
_WATCHED = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED | _CREATE | _DELETE | _ONLYDIR
_UNMOUNTED, _OVERFLOW, _WATCH_ENDED = 0x2000, 0x4000, 0x8000
_LOST = _UNMOUNTED | _OVERFLOW | _WATCH_ENDED
_EVERY_WATCH = -1  # the number that an overflow comes with


class Folders:
    """The folders whose functions a session reads, and whether they changed.

    A change is that a function's file (``.m``, ``.oct``, ``.mex``) appears, vanishes, is
    written, replaced or touched, in a folder or in the ``private``, ``@class`` and ``+package``
    folders in it. Other files and folders do not count. One thread at a time may use an object;
    a forked child may go on using its copy.

    Parameters
    ----------
    file_systems : container of int, optional
        The types of file systems, as statfs(2) has them, on which inotify sees every change.
    """

    def __init__(self, file_systems: Container[int] = _LOCAL) -> None:
        self._file_systems = file_systems
        self._views: dict[bytes, _View] = {}
        self._queue: _Queue | None = None
        self._pid = os.getpid()

    def add(self, folder: str) -> None:
        """Watch a folder, given by its absolute path, from now on; it need not exist."""
        self._renew_after_fork()
        root = os.fsencode(folder)
        if root not in self._views:
            self._views[root] = self._look(root)

    def remove(self, folder: str) -> None:
        """Watch a folder no longer; one that was not added is ignored."""
        self._renew_after_fork()
        if self._views.pop(os.fsencode(folder), None) is not None:
            self._end_watches()

    def changed(self) -> bool:
        """Return whether anything changed since the last call, or since its folder was added.

        A forked child gets True once: it cannot know what its parent has been told.
        """
        self._renew_after_fork()
        told = self._queue.read() if self._queue is not None else set()
        changed = [
            root
            for root, view in self._views.items()
            if _EVERY_WATCH in told or not told.isdisjoint(view.watches) or view.differs()
        ]
        for root in changed:
            self._views[root] = self._look(root)
        if changed:
            self._end_watches()
        return bool(changed)

    def close(self) -> None:
        """Watch nothing, and free the descriptor. Closing twice is harmless."""
        self._views = {}
        if self._queue is not None:
            self._queue.close()
            self._queue = None

    def _renew_after_fork(self) -> None:
        """Leave the queue to the parent: an event that one process reads is lost for the other."""
        if self._pid != os.getpid():
            views = {root: _View() for root in self._views}
            self.close()
            self._views, self._pid = views, os.getpid()

    def _look(self, root: bytes) -> _View:
        """Watch a folder and those that count in it, and note what must be compared.

        Each is watched before it is listed, so that a change in between is told.
        """
        view = _View()
        view.stamps[root] = _stamp(root)
        rooms, seen = [root], set()
        while rooms:
            room = rooms.pop()
            identity = _identity(room)
            if identity is None or identity in seen:  # gone, or a link back to where we were
                continue
            seen.add(identity)
            watch = self._watch(room)
            names = _names(room)
            if watch is None:
                view.listings[room] = names
            else:
                view.watches.add(watch)
            for name in names:
                path = room + b"/" + name
                if watch is None or _has_other_names(path):
                    view.stamps[path] = _stamp(path)
                if _is_room(name):
                    rooms.append(path)
        return view

    def _watch(self, folder: bytes) -> int | None:
        """Return the number of a watch, or None where inotify does not see every change."""
        try:
            if self._queue is None:
                self._queue = _Queue()
            if self._queue.file_system(folder) in self._file_systems:
                return self._queue.watch(folder)
        except (AttributeError, OSError):
            pass  # no inotify in the system's library; one of its limits, not readable, or gone
        return None

    def _end_watches(self) -> None:
        """End the watches that no folder needs any longer."""
        if self._queue is not None:
            self._queue.keep({watch for view in self._views.values() for watch in view.watches})


class _Stamp(NamedTuple):
    identity: tuple[int, ...] | None
    digest: bytes | None  # while another change could leave the same times


@dataclass
class _View:
    """A folder as it was at the last look. While it has no stamp, nobody has looked."""

    watches: set[int] = field(default_factory=set)
    listings: dict[bytes, list[bytes]] = field(default_factory=dict)
    stamps: dict[bytes, _Stamp] = field(default_factory=dict)

    def differs(self) -> bool:
        """Return whether anything that inotify does not see has changed."""
        for path, old in self.stamps.items():
            if _identity(path) != old.identity:
                return True
            if old.digest is not None:
                new = _stamp(path)
                if (new.identity, new.digest or _digest(path)) != old:
                    return True
                self.stamps[path] = new
        listed = self.listings.items()
        return not self.stamps or any(_names(room) != names for room, names in listed)


class _Queue:
    """An inotify queue. Methods raise AttributeError where the system's library has none."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._checked(self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        self._watches: set[int] = set()
        self._finalizer = weakref.finalize(self, os.close, self._descriptor)
        self._finalizer.atexit = False

    def file_system(self, path: bytes) -> int:
        """Return the type of the file system that holds a path."""
        about = (ctypes.c_ulong * 64)()
        self._checked(self._libc.statfs(path, about))
        return about[0] & 0xFFFFFFFF

    def watch(self, folder: bytes) -> int:
        """Watch a folder. Another path to the same one gives the same number."""
        number = self._checked(self._libc.inotify_add_watch(self._descriptor, folder, _WATCHED))
        self._watches.add(number)
        return number

    def keep(self, watches: set[int]) -> None:
        """End all watches but these."""
        for number in self._watches - watches:
            self._libc.inotify_rm_watch(self._descriptor, number)  # fails where it has ended
        self._watches &= watches

    def read(self) -> set[int]:
        """Return the numbers of the watches to which something happened that counts."""
        numbers: set[int] = set()
        while True:
            try:
                data = os.read(self._descriptor, 65536)
            except BlockingIOError:
                return numbers
            start = 0
            while start < len(data):
                number, happened, _, length = _EVENT.unpack_from(data, start)
                start += _EVENT.size + length
                name = data[start - length : start].rstrip(b"\0")
                if happened & _LOST or _counts(name):
                    numbers.add(number)

    def close(self) -> None:
        self._finalizer()

    def _checked(self, result: int) -> int:
        if result < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        return result


def _identity(path: bytes) -> tuple[int, ...] | None:
    """Return what tells the file or the folder at a path from another, or a file from before."""
    try:
        about = os.stat(path)
    except OSError:
        return None
    if stat.S_ISDIR(about.st_mode):
        return about.st_dev, about.st_ino
    times = about.st_mtime_ns, about.st_ctime_ns
    return about.st_dev, about.st_ino, about.st_size, *times


def _stamp(path: bytes) -> _Stamp:
    now = time.time_ns()
    identity = _identity(path)
    is_young = identity is not None and len(identity) > 2 and now - identity[-1] < _TICK
    return _Stamp(identity, _digest(path) if is_young else None)


def _digest(path: bytes) -> bytes:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def _names(folder: bytes) -> list[bytes]:
    """Return the names in a folder that count."""
    try:
        return sorted(filter(_counts, os.listdir(folder)))
    except OSError:
        return []


def _has_other_names(path: bytes) -> bool:
    """Return whether a file or a folder can be reached without passing its own folder."""
    try:
        about = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISLNK(about.st_mode) or (stat.S_ISREG(about.st_mode) and about.st_nlink > 1)
