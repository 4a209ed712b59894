"""Folders of functions: every change is noticed once, none is made up, by either mechanism."""

from __future__ import annotations

import errno
import gc
import itertools
import mmap
import os
import shutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octave_compress.octave import folders as module
from octave_compress.octave.folders import Folders

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is of Linux")
ROOMS = [
    ".",
    "private",
    "@class",
    "@class/private",
    "+package",
    "+package/private",
    "+package/@class",
    "+package/@class/private",
    "+package/+inner",
]


@pytest.fixture(params=[pytest.param("inotify", marks=linux), "scanning"])
def folders(request: pytest.FixtureRequest) -> Iterator[Folders]:
    watched = Folders() if request.param == "inotify" else Folders(file_systems=())
    yield watched
    watched.close()


def settle(folders: Folders, folder: Path) -> None:
    folders.add(str(folder))
    assert not folders.changed()


def noticed(folders: Folders) -> bool:
    """Return whether a change is noticed; it must be noticed once only."""
    first = folders.changed()
    assert not folders.changed()
    return first


# Changes of one file


def create(file: Path) -> None:
    file.with_name("g.m").touch()


def create_elsewhere_and_move(file: Path) -> None:
    file.with_name("f.m~").write_text("new")
    file.with_name("f.m~").rename(file.with_name("g.m"))


def create_compiled(file: Path) -> None:
    file.with_name("g.oct").touch()


def create_mex(file: Path) -> None:
    file.with_name("g.mex").touch()


def append(file: Path) -> None:
    with file.open("a") as opened:
        opened.write("2")


def write_as_many_bytes(file: Path) -> None:
    file.write_text("2" * file.stat().st_size)


def write_and_put_the_time_back(file: Path) -> None:
    before = file.stat()
    write_as_many_bytes(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def write_through_memory(file: Path) -> None:
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as memory:
        memory[0] ^= 1


def replace(file: Path) -> None:
    other = file.with_name("f.m.tmp")
    other.write_text("2" * file.stat().st_size)
    shutil.copystat(file, other)
    os.replace(other, file)


def delete(file: Path) -> None:
    file.unlink()


def rename(file: Path) -> None:
    file.rename(file.with_name("h.m"))


def move_away(file: Path) -> None:
    file.rename(file.with_name("f.txt"))


def touch(file: Path) -> None:
    os.utime(file, ns=(1, 1))


def empty(file: Path) -> None:
    os.truncate(file, 0)


def link(file: Path) -> None:
    file.with_name("linked.m").symlink_to("f.m")


CHANGES = [
    create,
    create_elsewhere_and_move,
    create_compiled,
    create_mex,
    append,
    write_as_many_bytes,
    write_and_put_the_time_back,
    write_through_memory,
    replace,
    delete,
    rename,
    move_away,
    touch,
    empty,
    link,
]


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_noticed_once(
    folders: Folders, tmp_path: Path, change: Callable[[Path], None], room: str
) -> None:
    file = tmp_path / room / "f.m"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("1")
    settle(folders, tmp_path)
    change(file)
    assert noticed(folders)


def test_each_of_many_quick_changes_is_noticed(folders: Folders, tmp_path: Path) -> None:
    file = tmp_path / "f.m"
    file.write_text("0")
    settle(folders, tmp_path)
    for k in range(1, 100):
        file.write_text(str(k % 10))
        assert noticed(folders)


def test_a_write_before_the_file_is_closed_is_noticed(folders: Folders, tmp_path: Path) -> None:
    settle(folders, tmp_path)
    with (tmp_path / "f.m").open("w") as file:
        assert noticed(folders)
        file.write("1")
        file.flush()
        assert noticed(folders)


# What does not count


def read(folder: Path) -> None:
    (folder / "f.m").read_text()
    os.listdir(folder)


def write_a_log(folder: Path) -> None:
    (folder / "run.log").write_text("1")


def write_elsewhere_inside(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "f.m").write_text("1")
    (folder / "data" / "private").mkdir()
    (folder / "data" / "private" / "f.m").write_text("1")


def lock_as_emacs_does(folder: Path) -> None:
    (folder / ".#f.m").symlink_to("someone@somewhere.1:1")


def lay_aside_as_vim_does(folder: Path) -> None:
    (folder / ".f.m.swp").write_text("1")
    (folder / "f.m~").write_text("1")


def name_what_octave_cannot_call(folder: Path) -> None:
    (folder / "4913.m").write_text("1")
    (folder / "a-b.m").write_text("1")
    (folder / "é.m").write_text("1")


def touch_the_folder(folder: Path) -> None:
    os.utime(folder)
    folder.chmod(0o750)


OTHERS = [
    read,
    write_a_log,
    write_elsewhere_inside,
    lock_as_emacs_does,
    lay_aside_as_vim_does,
    name_what_octave_cannot_call,
    touch_the_folder,
]


@pytest.mark.parametrize("change", OTHERS, ids=lambda change: change.__name__)
def test_what_does_not_count(
    folders: Folders, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    (tmp_path / "f.m").write_text("1")
    settle(folders, tmp_path)
    change(tmp_path)
    assert not folders.changed()


# Folders inside the folder


@pytest.mark.parametrize("room", ROOMS[1:])
def test_a_room_may_come_later_and_go(folders: Folders, tmp_path: Path, room: str) -> None:
    settle(folders, tmp_path)
    (tmp_path / room).mkdir(parents=True)
    assert noticed(folders)
    (tmp_path / room / "f.m").write_text("1")
    assert noticed(folders)
    away = tmp_path / "data"
    (tmp_path / room).rename(away)
    assert noticed(folders)
    (away / "f.m").write_text("2")
    assert not folders.changed()
    away.rename(tmp_path / room)
    assert noticed(folders)
    (tmp_path / room / "f.m").write_text("3")
    assert noticed(folders)
    shutil.rmtree(tmp_path / room)
    assert noticed(folders)


@pytest.mark.parametrize("room", ["private", "@class", "+package"])
def test_a_room_may_be_a_link(folders: Folders, tmp_path: Path, room: str) -> None:
    folder, first, second = tmp_path / "lib", tmp_path / "first", tmp_path / "second"
    for each in (folder, first, second):
        each.mkdir()
        (each / "f.m").write_text("1")
    settle(folders, folder)
    (tmp_path / "middle").symlink_to("first")
    (folder / room).symlink_to("../middle")
    assert noticed(folders)
    (first / "f.m").write_text("2")
    assert noticed(folders)
    (tmp_path / "middle").unlink()
    assert noticed(folders)
    (tmp_path / "middle").symlink_to("second")
    assert noticed(folders)
    (first / "f.m").write_text("3")
    assert not folders.changed()
    (second / "f.m").write_text("3")
    assert noticed(folders)


def test_a_package_that_holds_its_own_folder(folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "+package").mkdir()
    for name in ("+again", "+and_again"):  # each holds both: their number doubles with the depth
        (tmp_path / "+package" / name).symlink_to("..")
    (tmp_path / "+package" / "+self").symlink_to("+self")
    settle(folders, tmp_path)
    (tmp_path / "+package" / "f.m").write_text("1")
    assert noticed(folders)


def test_a_file_with_the_name_of_a_room(folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("1")
    settle(folders, tmp_path)
    (tmp_path / "private").unlink()
    (tmp_path / "private").mkdir()
    assert noticed(folders)
    (tmp_path / "private" / "f.m").write_text("1")
    assert noticed(folders)


# Files that have other names


def test_the_target_of_a_linked_file(folders: Folders, tmp_path: Path) -> None:
    folder, target = tmp_path / "lib", tmp_path / "target"
    (folder / "private").mkdir(parents=True)
    (folder / "private" / "f.m").symlink_to(target)
    settle(folders, folder)
    target.write_text("1")
    assert noticed(folders)
    for change in (append, write_as_many_bytes, write_and_put_the_time_back, replace, touch):
        change(target)
        assert noticed(folders), change
    target.unlink()
    assert noticed(folders)


@pytest.mark.parametrize("linked_first", [True, False])
def test_a_hard_link_written_by_its_other_name(
    folders: Folders, tmp_path: Path, linked_first: bool
) -> None:
    folder, other = tmp_path / "lib", tmp_path / "other"
    folder.mkdir()
    other.write_text("1")
    if linked_first:
        (folder / "f.m").hardlink_to(other)
    settle(folders, folder)
    if not linked_first:
        (folder / "f.m").hardlink_to(other)
        assert noticed(folders)
    for change in (append, write_as_many_bytes, write_and_put_the_time_back, touch):
        change(other)
        assert noticed(folders), change


# The folder itself


def test_the_folder_may_vanish_and_come_back(folders: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    settle(folders, folder)
    for k in range(3):
        folder.mkdir()
        assert noticed(folders)
        (folder / "f.m").write_text(str(k))
        assert noticed(folders)
        shutil.rmtree(folder)
        assert noticed(folders)


@pytest.mark.parametrize("is_empty", [True, False])
def test_the_folder_may_be_made_anew(folders: Folders, tmp_path: Path, is_empty: bool) -> None:
    folder = tmp_path / "lib"
    folder.mkdir()
    if not is_empty:
        (folder / "f.m").write_text("1")
    settle(folders, folder)
    for k in range(3):  # the new one often has the number of the old
        shutil.rmtree(folder)
        folder.mkdir()
        if not is_empty:
            (folder / "f.m").write_text(str(k + 2))
        first = folders.changed()
        assert first or is_empty
        assert not folders.changed()
    (folder / "f.m").write_text("9")
    assert noticed(folders)


@pytest.mark.parametrize("by_link", [True, False])
def test_another_folder_may_take_its_path(folders: Folders, tmp_path: Path, by_link: bool) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "lib").mkdir(parents=True)
        (tmp_path / name / "lib" / "f.m").write_text(name)
    above = tmp_path / "above"
    if by_link:
        above.symlink_to("one")
    else:
        (tmp_path / "one").rename(above)
    settle(folders, above / "lib")
    if by_link:
        above.unlink()
        above.symlink_to("two")
    else:
        above.rename(tmp_path / "one")
        (tmp_path / "two").rename(above)
    assert noticed(folders)
    (tmp_path / "one" / "lib" / "f.m").write_text("1")
    assert not folders.changed()
    (above / "lib" / "f.m").write_text("1")
    assert noticed(folders)


def test_a_name_of_any_bytes(folders: Folders, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a b\n\xff\xe9"))
    (folder / "@é\n").mkdir(parents=True)
    settle(folders, folder)
    (folder / "@é\n" / "f.m").write_text("1")
    assert noticed(folders)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_folder_that_becomes_readable(folders: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "f.m").write_text("1")
    folder.chmod(0)
    settle(folders, folder)
    folder.chmod(0o700)
    assert noticed(folders)


# Several folders


def test_each_folder_by_itself(folders: Folders, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    settle(folders, one)
    (one / "f.m").write_text("1")
    folders.add(str(two))
    folders.add(str(one))
    assert noticed(folders)  # neither adding another nor adding again swallows a change
    (two / "f.m").write_text("1")
    assert noticed(folders)
    folders.remove(str(one))
    folders.remove(str(one))
    folders.remove(str(tmp_path / "never added"))
    (one / "f.m").write_text("2")
    assert not folders.changed()
    (two / "f.m").write_text("2")
    assert noticed(folders)
    (two / "f.m").write_text("3")
    folders.remove(str(one))
    assert noticed(folders)  # nor does removing another
    folders.add(str(one))
    assert not folders.changed()
    (one / "f.m").write_text("3")
    assert noticed(folders)


@pytest.mark.parametrize("first", [True, False])
def test_folders_that_overlap(folders: Folders, tmp_path: Path, first: bool) -> None:
    inner = tmp_path / "+package"
    inner.mkdir()
    settle(folders, tmp_path)
    settle(folders, inner)
    (inner / "f.m").write_text("1")
    assert noticed(folders)
    folders.remove(str(tmp_path if first else inner))
    (inner / "f.m").write_text("2")
    assert noticed(folders)
    folders.remove(str(inner if first else tmp_path))
    (inner / "f.m").write_text("3")
    assert not folders.changed()


def test_two_objects_in_two_threads(tmp_path: Path) -> None:
    (tmp_path / "f.m").write_text("1")
    start = threading.Barrier(3)
    seen: list[bool] = []

    def watch(file_systems: frozenset[int]) -> None:
        folders = Folders(file_systems)
        settle(folders, tmp_path)
        for _ in range(20):
            start.wait(60)
            start.wait(60)
            seen.append(noticed(folders))
        folders.close()

    threads = [threading.Thread(target=watch, args=(module._LOCAL,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for k in range(20):
        start.wait(60)
        (tmp_path / "f.m").write_text(str(k))
        start.wait(60)
    for thread in threads:
        thread.join()
    assert seen == [True] * 40


# The mechanisms


def forbid(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("must not be used")

    for name in names:
        monkeypatch.setattr(module, name, refuse)


@linux
def test_inotify_needs_no_look_at_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of a look does not depend on the number of files, because none is looked at."""
    for room in ROOMS:
        (tmp_path / room).mkdir(parents=True, exist_ok=True)
        (tmp_path / room / "f.m").write_text("1")
    folders = Folders()
    folders.add(str(tmp_path))
    looked: list[bytes] = []
    identity = module._identity
    monkeypatch.setattr(module, "_identity", lambda path: looked.append(path) or identity(path))
    forbid(monkeypatch, "_names", "_digest", "_has_other_names")
    assert not folders.changed()
    assert looked == [os.fsencode(tmp_path)]
    folders.close()


def kernel_watches(folders: Folders) -> int:
    assert folders._queue is not None
    about = Path(f"/proc/self/fdinfo/{folders._queue._descriptor}").read_text()
    return about.count("inotify wd:")


@linux
def test_no_watch_is_left_behind(tmp_path: Path) -> None:
    folders = Folders()
    for name in ("one", "two"):
        (tmp_path / name / "private").mkdir(parents=True)
        settle(folders, tmp_path / name)
    assert kernel_watches(folders) == 4
    for k in range(3):
        (tmp_path / "one" / "private").rename(tmp_path / str(k))
        assert noticed(folders)
        assert kernel_watches(folders) == 3
        (tmp_path / "one" / "private").mkdir()
        assert noticed(folders)
        assert kernel_watches(folders) == 4
    folders.remove(str(tmp_path / "one"))
    assert kernel_watches(folders) == 2
    assert folders._queue is not None
    assert len(folders._queue._watches) == 2
    folders.close()


@linux
def test_a_full_queue_is_a_change(tmp_path: Path) -> None:
    folders = Folders()
    settle(folders, tmp_path)
    logs = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for log in logs:
        log.touch()
    length = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for _ in range(length // 2 + 1):  # in turn, because a repetition counts as one event
        for log in logs:
            os.utime(log)
    assert noticed(folders)
    (tmp_path / "f.m").write_text("1")
    assert noticed(folders)
    folders.close()


@linux
@pytest.mark.parametrize("method", ["__init__", "file_system", "watch"])
@pytest.mark.parametrize(
    "error", [OSError(errno.EMFILE, "too many"), OSError(errno.ENOSPC, "full"), AttributeError()]
)
def test_without_inotify_files_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, error: Exception
) -> None:
    def fail(*args: object) -> None:
        raise error

    (tmp_path / "private").mkdir()
    folders = Folders()
    with monkeypatch.context() as patch:
        patch.setattr(module._Queue, method, fail)
        settle(folders, tmp_path)
        (tmp_path / "private" / "f.m").write_text("1")
        assert noticed(folders)
    (tmp_path / "private" / "f.m").write_text("2")
    assert noticed(folders)
    (tmp_path / "private" / "f.m").write_text("3")
    assert noticed(folders)
    folders.close()


@linux
def test_one_room_past_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only that room is compared: a folder on a network may be linked into a local one."""
    (tmp_path / "private").mkdir()
    (tmp_path / "f.m").write_text("1")
    watch = module._Queue.watch

    def watch_local(queue: module._Queue, folder: bytes) -> int:
        if folder.endswith(b"private"):
            raise OSError(errno.ENOSPC, "no more watches")
        return watch(queue, folder)

    monkeypatch.setattr(module._Queue, "watch", watch_local)
    folders = Folders()
    settle(folders, tmp_path)
    (view,) = folders._views.values()
    assert len(view.watches) == 1
    assert list(view.listings) == [os.fsencode(tmp_path / "private")]
    for name in ("f.m", "private/g.m", "private/g.m", "f.m"):
        (tmp_path / name).write_text(str(time.monotonic_ns()))
        assert noticed(folders)
    folders.close()


@linux
def test_a_file_system_of_others_is_compared() -> None:
    queue = module._Queue()
    assert queue.file_system(b"/proc") == 0x9FA0  # from linux/magic.h
    assert queue.file_system(b"/proc") not in module._LOCAL
    assert queue.file_system(b"/dev/shm") == 0x01021994
    queue.close()
    folders = Folders()
    folders.add("/proc/self")
    (view,) = folders._views.values()
    assert not view.watches
    assert list(view.listings) == [b"/proc/self"]
    folders.close()


class Clock:
    """A clock that stands still, and with it the times of all files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = start = time.time_ns()
        identity = module._identity

        def stopped(path: bytes) -> tuple[int, ...] | None:
            about = identity(path)
            return about if about is None or len(about) == 2 else (*about[:3], start, start)

        monkeypatch.setattr(module, "_identity", stopped)
        monkeypatch.setattr(module.time, "time_ns", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize("is_written", [True, False])
def test_changes_within_one_tick(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    file = tmp_path / "f.m"
    file.write_text("0")
    folders = Folders(file_systems=())
    settle(folders, tmp_path)
    file.write_text("1")
    assert noticed(folders)
    clock.now += 1_900_000_000
    file.write_text("2")
    assert noticed(folders)
    if is_written:
        file.write_text("3")
    clock.now += 100_000_000  # the first look after the tick still sees what happened in it
    assert noticed(folders) == is_written
    forbid(monkeypatch, "_digest")  # from here on the times are enough, and cost less
    assert not folders.changed()
    folders.close()


def test_a_change_while_the_folder_is_listed(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = module._names

    def change_after_listing(folder: bytes) -> list[bytes]:
        before = names(folder)
        (tmp_path / "f.m").write_text("1")
        return before

    with monkeypatch.context() as patch:
        patch.setattr(module, "_names", change_after_listing)
        folders.add(str(tmp_path))
    assert noticed(folders)


# Descriptors and processes


def descriptors() -> int:
    """Return how many inotify queues this process has open."""
    gc.collect()
    paths = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return [os.path.islink(path) and os.readlink(path) for path in paths].count(
        "anon_inode:inotify"
    )


@linux
def test_one_descriptor_from_the_first_folder_until_closed(tmp_path: Path) -> None:
    before = descriptors()
    folders = Folders()
    assert not folders.changed()
    assert descriptors() == before
    for name in "abc":
        (tmp_path / name / "private").mkdir(parents=True)
        folders.add(str(tmp_path / name))
    assert descriptors() == before + 1
    assert folders._queue is not None
    assert not os.get_inheritable(folders._queue._descriptor)
    folders.close()
    folders.close()
    assert descriptors() == before
    assert not folders.changed()
    settle(folders, tmp_path / "a")  # after a reset, it begins anew
    (tmp_path / "a" / "f.m").write_text("1")
    assert noticed(folders)
    assert descriptors() == before + 1
    del folders
    assert descriptors() == before


def in_a_child(work: Callable[[], object]) -> str:
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the test runner has threads
        child = os.fork()
    if child == 0:
        try:
            text = repr(work())
        except BaseException as error:
            text = repr(error)
        os.write(write, text.encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with open(read) as pipe:
        return pipe.read()


def test_a_forked_child_and_its_parent_miss_nothing(folders: Folders, tmp_path: Path) -> None:
    file, file_of_both = tmp_path / "f.m", tmp_path / "g.m"
    settle(folders, tmp_path)
    file.write_text("1")  # not asked before the fork: both have to be told

    def child() -> list[bool]:
        told = [folders.changed(), folders.changed()]
        file_of_both.write_text("1")
        told += [folders.changed(), folders.changed()]
        folders.remove(str(tmp_path))
        file_of_both.write_text("2")
        told.append(folders.changed())
        folders.close()
        return told

    assert in_a_child(child) == "[True, False, True, False, False]"
    assert noticed(folders)
    file.write_text("2")
    assert noticed(folders)


@pytest.mark.parametrize("method", ["add", "remove"])
def test_the_first_thing_that_a_child_does(folders: Folders, tmp_path: Path, method: str) -> None:
    (tmp_path / "other").mkdir()
    settle(folders, tmp_path)

    def child() -> list[bool]:
        getattr(folders, method)(str(tmp_path / "other"))
        return [folders.changed(), folders.changed()]

    assert in_a_child(child) == "[True, False]"
    (tmp_path / "f.m").write_text("1")
    assert noticed(folders)


# Any sequence of changes

PLACES = [*ROOMS, "data", "data/private", "private/data"]
NAMES = ["f.m", "g.oct", "h.mex", "note.txt", "1.m", ".#f.m"]
COUNTED = {"f.m", "g.oct", "h.mex"}
number = itertools.count()


def act(root: Path, action: str, place: str, name: str) -> bool:
    """Change something; return whether that counts."""
    folder = root / place
    file = folder / name
    counts = name in COUNTED and place in ROOMS
    if action == "make" and not folder.exists():
        top = next(above for above in [*reversed(folder.parents), folder] if not above.exists())
        folder.mkdir(parents=True)
        return str(top.relative_to(root)) in ROOMS
    if action == "write" and folder.exists():
        file.write_text(f"{next(number):9}")
        return counts
    if action == "replace" and folder.exists():
        (root / "tmp").write_text(f"{next(number):9}")
        os.replace(root / "tmp", file)
        return counts
    if action == "touch" and file.exists():
        os.utime(file, ns=(next(number), next(number)))
        return counts
    if action == "delete" and file.exists():
        file.unlink()
        return counts
    if action == "clear" and folder.exists() and place != ".":
        shutil.rmtree(folder)
        return place in ROOMS
    if action == "move" and folder.exists() and place != "." and not (root / "away").exists():
        folder.rename(root / "away")
        return place in ROOMS
    is_free = folder.parent.exists() and not folder.exists()
    if action == "back" and is_free and (root / "away").exists():
        (root / "away").rename(folder)
        return place in ROOMS
    return False


actions = st.tuples(
    st.sampled_from(["make", "write", "replace", "touch", "delete", "clear", "move", "back"]),
    st.sampled_from(PLACES),
    st.sampled_from(NAMES),
)


@settings(deadline=None)
@given(st.lists(actions, min_size=1, max_size=30))
def test_any_sequence_of_changes(steps: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        both = Folders(), Folders(file_systems=())
        for folders in both:
            settle(folders, Path(folder))
        for step in steps:
            expected = act(Path(folder), *step)
            assert [noticed(folders) for folders in both] == [expected] * 2, step
        for folders in both:
            folders.close()
