"""What may go wrong in a session: each fault is told, and leaves the next call correct."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import octave_compress as oc
from octave_compress.octave import transport
from octave_compress.octave.held import HeldFolder
from octave_compress.octave.locate import folders_in_common
from octave_compress.octave.process import Process

pytestmark = pytest.mark.octave


def ignore(line: str) -> None:
    return None


@pytest.fixture
def octave(tmp_path: Path) -> Iterator[oc.Session]:
    with oc.Session() as session:
        yield session


@pytest.fixture
def define(octave: oc.Session, tmp_path: Path) -> Callable[[str, str], None]:
    """Write a function of one argument into a folder on Octave's path."""
    folder = tmp_path / "functions"
    folder.mkdir()
    octave.addpath(folder)

    def write(name: str, body: str) -> None:
        (folder / f"{name}.m").write_text(f"function y = {name}(x)\n  y = [];\n{body}\nend\n")

    return write


def works(octave: oc.Session) -> bool:
    """Whether the session answers a few different calls, each with its own result."""
    numbers = [octave.call("plus", 1, k) == 1 + k for k in range(3)]
    return all(numbers) and octave.call("upper", "ok") == "OK"


# Time


def test_an_interrupted_call_leaves_the_variables(octave: oc.Session) -> None:
    handle = octave.put(np.arange(3.0))
    with pytest.raises(oc.OctaveTimeoutError, match="its variables are still there"):
        octave.call("pause", 30, nout=0, timeout=0.3)
    np.testing.assert_array_equal(handle.get(), [[0, 1, 2]])
    assert works(octave)


def test_a_call_that_is_deaf_is_stopped_on_time(octave: oc.Session) -> None:
    n = 6000
    matrix = octave.call("rand", n, keep=True)
    start = time.monotonic()
    with pytest.raises(oc.OctaveTimeoutError):
        octave.call("inv", matrix, keep=True, timeout=0.5)
    assert time.monotonic() - start < 20
    assert works(octave)


def test_the_timeout_of_the_session_holds_for_every_call() -> None:
    with oc.Session(timeout=0.5) as octave:
        with pytest.raises(oc.OctaveTimeoutError, match=r"within 0\.5 s"):
            octave.call("pause", 30, nout=0)
        assert works(octave)


def test_ctrl_c_becomes_keyboard_interrupt_and_the_session_lives() -> None:
    code = (
        "import octave_compress as oc, threading, os, signal\n"
        "octave = oc.Session()\n"
        "handle = octave.put(41.0)\n"
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        "    octave.call('pause', 30, nout=0)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', octave.call('plus', handle, 1))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted 42.0\n", done.stderr


def test_a_second_ctrl_c_does_not_leave_a_session_half_mended() -> None:
    code = (
        "import octave_compress as oc, threading, os, signal\n"
        "octave = oc.Session()\n"
        "matrix = octave.call('rand', 3000, keep=True)\n"
        "for wait in (0.3, 0.6):\n"
        "    threading.Timer(wait, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        "    octave.call('svd', matrix, keep=True)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', octave.call('plus', 1, 2))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted 3.0\n", done.stderr


def test_requests_from_before_an_interrupt_are_not_done_after_it(octave: oc.Session) -> None:
    handle = octave.put(3.0)
    running = octave.call("pause", 30, nout=0, background=True)
    time.sleep(0.3)
    assert octave._channel is not None
    octave._channel.send("a request that Octave has not read yet")
    assert running.cancel()
    with pytest.raises(CancelledError, match="its variables are still there"):
        running.result(timeout=10)
    assert handle.get() == 3
    assert works(octave)


def test_an_interrupt_that_is_not_pythons_is_told(octave: oc.Session) -> None:
    pid = int(octave.call("getpid"))
    lines: list[str] = []
    threading.Timer(0.3, os.kill, (pid, signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(oc.OctaveDiedError):
        octave.call("pause", 30, nout=0, stdout=lines.append)
    assert time.monotonic() - start < 20
    assert "".join(lines).strip() == ""  # no prompt
    assert works(octave)


def test_a_call_in_the_background(octave: oc.Session) -> None:
    future = octave.call("plus", 1, 2, background=True)
    assert future.result(timeout=30) == 3
    assert future.done()
    assert not future.cancel()
    failing = octave.call("error", "my:id", "no", nout=0, background=True)
    with pytest.raises(oc.OctaveError, match="no"):
        failing.result(timeout=30)


def test_cancelling_interrupts_octave(octave: oc.Session) -> None:
    handle = octave.put(7.0)
    start = time.monotonic()
    running = octave.call("pause", 30, nout=0, background=True)
    time.sleep(0.3)
    assert running.cancel()
    with pytest.raises(CancelledError):
        running.result(timeout=10)
    assert running.cancelled()
    assert time.monotonic() - start < 10
    assert handle.get() == 7
    assert works(octave)


def test_cancelling_twice_is_as_good_as_once(octave: oc.Session) -> None:
    handle = octave.put(7.0)
    running = octave.call("pause", 30, nout=0, background=True)
    time.sleep(0.3)
    running.cancel()
    running.cancel()
    with pytest.raises(CancelledError, match="its variables are still there"):
        running.result(timeout=10)
    assert handle.get() == 7
    assert works(octave)


def test_cancelling_a_call_that_waits_leaves_the_running_one_alone(octave: oc.Session) -> None:
    octave.call("plus", 1, 1)
    running = octave.call("pause", 1, nout=0, background=True)
    time.sleep(0.3)
    waiting = octave.call("plus", 1, 1, background=True)
    assert waiting.cancel()
    assert running.result(timeout=30) is None
    assert waiting.cancelled()
    assert works(octave)


# The process


@pytest.mark.parametrize("moment", ["idle", "busy"])
def test_a_killed_process_is_told_and_replaced(octave: oc.Session, moment: str) -> None:
    victim = int(octave.call("getpid"))
    handle = octave.put(1.0)
    if moment == "busy":
        threading.Timer(0.3, os.kill, (victim, signal.SIGKILL)).start()
    else:
        os.kill(victim, signal.SIGKILL)
    with pytest.raises(oc.OctaveDiedError, match="its variables are lost"):
        octave.call("pause", 5, nout=0)
    assert works(octave)
    with pytest.raises(oc.StaleHandleError, match="lost with the Octave process"):
        handle.get()


def test_exit_in_user_code(octave: oc.Session, define: Callable[[str, str], None]) -> None:
    define("leaves", "exit(0);")
    with pytest.raises(oc.OctaveDiedError):
        octave.call("leaves", 1)
    define("stays", "y = 5;")
    assert octave.call("stays", 1) == 5
    assert works(octave)


def test_a_request_for_too_much_memory(octave: oc.Session) -> None:
    with pytest.raises(oc.OctaveError, match="out of memory"):
        octave.call("zeros", 1e6, 1e6, keep=True)
    assert works(octave)


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("printf('PEXPECT_PROMPT>'); printf('\\n>> octave:1> '); y = 1;", 1),
        ("printf('ready\\n1 ok 1 \\n'); y = 1;", 1),
        ("cd('/'); y = 2;", 2),
        ("clear all; y = 3;", 3),
        ("clear -all; clear functions; y = 3;", 3),
        ("try; error('inside'); catch; end; y = 4;", 4),
        ("for k = 1:10000; disp(repmat('x', 1, 1000)); end; y = 5;", 5),
        ("fprintf(stderr, 'on stderr\\n'); y = 6;", 6),
        ("more on; y = 7;", 7),
        ("system('echo from a child'); y = 8;", 8),
        ("rand('seed', 1); format long; y = 9;", 9),
        ("for v = {'request', 'number', 'out'}; assignin('caller', v{1}, 0); end; y = 11;", 11),
        ("lastwarn('mine', sprintf('two words\\nand a line')); y = 10;", 10),
    ],
)
def test_what_user_code_may_do(
    octave: oc.Session, define: Callable[[str, str], None], body: str, result: int
) -> None:
    define("user_code", body)
    for _ in range(2):
        assert octave.call("user_code", 1, stdout=ignore) == result
        assert works(octave)


def test_clearing_everything_by_name(octave: oc.Session) -> None:
    for options in (("all",), ("-all",), ("functions",), ("variables",)):
        assert octave.call("clear", *options, nout=0) is None
        assert works(octave)


@pytest.mark.parametrize("code", ["fclose('all');", "restoredefaultpath ();", "fclose (3);"])
def test_what_a_user_closes_or_cleans_costs_nothing(
    octave: oc.Session, define: Callable[[str, str], None], code: str
) -> None:
    define("cleans", f"z = 3; {code} y = x + 1;")
    handle = octave.put("kept")
    pid = octave.call("getpid")
    assert octave.call("cleans", 1) == 2
    assert octave.call("prune_threshold", np.array([[1.0, 0.1]]), 0.5).tolist() == [[1.0, 0.0]]
    assert handle.get() == "kept"
    assert octave.call("getpid") == pid


def test_a_file_that_gets_the_number_of_ours_is_not_written_to(
    octave: oc.Session, define: Callable[[str, str], None], tmp_path: Path
) -> None:
    # After fclose('all') Octave gives the numbers that our FIFOs had to the user's files.
    define("takes", "fclose('all'); for k = 1:4, fopen([x, num2str(k)], 'w+'); end; y = k;")
    assert octave.call("takes", str(tmp_path / "file")) == 4
    assert octave.call("plus", 1, 1) == 2
    octave.call("fclose", "all")
    assert [(tmp_path / f"file{k}").read_text() for k in (1, 2, 3, 4)] == [""] * 4


def test_a_result_longer_than_the_format_can_say(
    octave: oc.Session, define: Callable[[str, str], None]
) -> None:
    # Octave's save would cut these off to a length of 4.  They take no memory.
    define("long", "if x, y = sparse(2^32 + 4, 1); else, y = zeros(0, 2^32 + 4, 'int8'); end")
    for sparse in (True, False):
        with pytest.raises(oc.InvalidTypeError, match=r"a dimension beyond 2\^31 - 1"):
            octave.call("long", sparse)
        held = octave.call("long", sparse, keep=True)
        np.testing.assert_array_equal(np.max(octave.call("size", held)), 2**32 + 4)
    assert works(octave)


@pytest.mark.parametrize("name", ["input", "keyboard"])
def test_there_is_no_keyboard(octave: oc.Session, name: str) -> None:
    with pytest.raises(oc.OctaveError, match=f"{name}: a session has no keyboard") as caught:
        octave.call(name, "> ")
    assert caught.value.identifier == "octave_compress:keyboard"
    assert works(octave)


def test_an_error_without_identifier_and_one_that_is_not_ascii(octave: oc.Session) -> None:
    with pytest.raises(oc.OctaveError) as caught:
        octave.call("error", "größer als 世")
    assert caught.value.message == "größer als 世"
    assert caught.value.identifier == ""


# What is printed


def test_warnings_reach_python_with_their_identifier(
    octave: oc.Session, define: Callable[[str, str], None]
) -> None:
    define("warns", "warning('first one'); warning('my:id', 'second %d', x); y = 1;")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert octave.call("warns", 2) == 1
    found = [w.message for w in caught if isinstance(w.message, oc.OctaveWarning)]
    assert [(w.message, w.identifier) for w in found] == [("first one", ""), ("second 2", "my:id")]
    assert caught[0].filename == __file__


def test_an_unfinished_line_is_printed_too(octave: oc.Session) -> None:
    lines: list[str] = []
    octave.call("printf", "no newline", nout=0, stdout=lines.append)
    octave.call("printf", "next\n", nout=0, stdout=lines.append)
    assert lines == ["no newline", "next"]


def test_a_changed_file_is_read_again(
    octave: oc.Session, define: Callable[[str, str], None]
) -> None:
    for k in range(5):
        define("changing", f"y = {k};")
        assert octave.call("changing", 1) == k


# Handles


def test_handles_stand_for_values_that_stay(octave: oc.Session) -> None:
    a = octave.put(np.arange(6.0).reshape(2, 3))
    b = octave.call("transpose", a, keep=True)
    np.testing.assert_array_equal(octave.call("size", b), [[3, 2]])
    np.testing.assert_array_equal(octave.call("mtimes", a, b), [[5, 14], [14, 50]])
    largest, where = octave.call("max", a, nout=2, keep=True)
    np.testing.assert_array_equal(largest.get(), [[3, 4, 5]])
    np.testing.assert_array_equal(where.get(), [[2, 2, 2]])


def test_what_cannot_come_back_can_stay(octave: oc.Session) -> None:
    sine = octave.call("str2func", "sin", keep=True)
    assert octave.call("feval", sine, 0) == 0
    with pytest.raises(oc.InvalidTypeError):
        sine.get()
    assert works(octave)


def test_a_handle_that_dies_frees_its_value(octave: oc.Session) -> None:
    held = [octave.put(np.ones(10)) for _ in range(5)]
    numbers = {handle._number for handle in held}
    del held
    gc.collect()
    octave.call("plus", 1, 1)
    again = [octave.put(k) for k in range(5)]
    assert {handle._number for handle in again} == numbers
    assert [handle.get() for handle in again] == [0, 1, 2, 3, 4]


def test_a_handle_belongs_to_its_session(octave: oc.Session) -> None:
    with oc.Session() as other, pytest.raises(oc.InvalidValueError, match="another session"):
        other.call("plus", octave.put(1.0), 1)


def test_an_error_keeps_nothing(octave: oc.Session) -> None:
    with pytest.raises(oc.OctaveError):
        octave.call("error", "no", keep=True)
    assert octave.put(1.0).get() == 1


# Files and memory


def test_full_shared_memory_falls_back_to_disk_for_requests(
    octave: oc.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    octave.call("plus", 1, 1)
    real = os.posix_fallocate
    refused: list[int] = []

    def full_once(handle: int, at: int, size: int) -> None:
        if not refused:
            refused.append(size)
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle, at, size)

    monkeypatch.setattr(os, "posix_fallocate", full_once)
    big = np.random.default_rng(0).random((500, 500))
    np.testing.assert_array_equal(octave.call("ocx_same", big), big)
    assert refused == [refused[0]]
    assert refused[0] > big.nbytes


def test_a_large_request_is_written_where_the_last_one_was(octave: oc.Session) -> None:
    big = np.random.default_rng(0).random((500, 500))
    np.testing.assert_array_equal(octave.call("ocx_same", big), big)
    assert octave._channel is not None
    path = Path(octave._channel.folders[0]) / "large_request"
    inode = path.stat().st_ino
    assert works(octave)  # small requests leave it alone
    for value in (big + 1, big[:400], big[:, ::-1]):
        np.testing.assert_array_equal(octave.call("ocx_same", value), value)
        assert path.stat().st_ino == inode


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: os.truncate(path, 100)])
def test_a_large_request_whose_file_others_have_touched(
    octave: oc.Session, damage: Callable[[Path], None]
) -> None:
    big = np.random.default_rng(0).random((500, 500))
    for _ in range(2):
        np.testing.assert_array_equal(octave.call("ocx_same", big), big)
        assert octave._channel is not None
        damage(Path(octave._channel.folders[0]) / "large_request")


def test_a_reply_that_does_not_fit_into_shared_memory(
    octave: oc.Session, define: Callable[[str, str], None], tmp_path: Path
) -> None:
    # /dev/full takes nothing: the first folder's reply file is a link to it.
    octave.call("plus", 1, 1)
    assert octave._channel is not None
    reply = Path(octave._channel.folders[0]) / "reply"
    reply.unlink(missing_ok=True)
    reply.symlink_to("/dev/full")
    assert octave.call("plus", 1, 2) == 3
    big = np.ones((500, 500))
    np.testing.assert_array_equal(octave.call("ocx_same", big), big)


def test_a_session_without_shared_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(folders_in_common, "__defaults__", (str(tmp_path / "none"),))
    with oc.Session() as octave:
        assert works(octave)
        assert octave._channel is not None
        assert len(octave._channel.folders) == 1


def test_folders_of_dead_processes_are_swept(tmp_path: Path) -> None:
    code = (
        "import sys; from octave_compress.octave.held import HeldFolder\n"
        "print(HeldFolder(sys.argv[1]).path)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    left = Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    assert left.is_dir()
    mine = HeldFolder(tmp_path)
    assert not left.exists()
    other = tmp_path / "octave_compress_held_notes_of_mine"
    other.mkdir()
    HeldFolder(tmp_path).close()
    assert Path(mine.path).is_dir()
    assert other.is_dir()
    mine.close()
    assert not Path(mine.path).exists()


def test_a_folder_of_a_process_that_cannot_be_seen_is_left(tmp_path: Path) -> None:
    # In a container that shares the place, the number of a living process may be nobody's here.
    code = (
        "import sys; from octave_compress.octave.held import HeldFolder\n"
        "print(HeldFolder(sys.argv[1]).path, flush=True); sys.stdin.read()\n"
    )
    unshare = ["unshare", "--pid", "--fork", sys.executable, "-c", code, str(tmp_path)]
    if subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True).returncode:
        pytest.skip("this user may not make a PID namespace")
    with subprocess.Popen(
        unshare, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        HeldFolder(tmp_path).close()
        assert folder.is_dir()
        process.communicate("")
    HeldFolder(tmp_path).close()
    assert not folder.exists()


def test_waking_past_the_end_writes_to_nobody() -> None:
    channel = transport.Channel()
    channel.close()
    pipes = [os.pipe() for _ in range(4)]  # they have the numbers that the channel had
    channel.wake()
    for read, write in pipes:
        os.close(write)
        assert os.read(read, 1) == b""
        os.close(read)


def test_an_octave_that_does_not_answer_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Process, "_type_loop", lambda self, *folders: None)
    with (
        oc.Session(start_timeout=3) as octave,
        pytest.raises(
            oc.OctaveDiedError, match=r"did not start within 3 s: Session\(start_timeout"
        ),
    ):
        octave.call("plus", 1, 1)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_sessions_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    # Ten of them; tests/benchmarks/soak.py does it with 200.
    with oc.Session() as octave:
        octave.call("plus", 1, 1)
    gc.collect()
    before = descriptors()
    made: list[str] = []
    real = tempfile.mkdtemp

    def mkdtemp(*args: Any, **options: Any) -> str:
        made.append(real(*args, **options))
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    pids, folders = [], []
    for k in range(10):
        octave = oc.Session()
        assert octave.call("plus", 1, k) == 1 + k
        pids.append(int(octave.call("getpid")))
        assert octave._channel is not None
        folders += octave._channel.folders
        octave.close()
        del octave
    gc.collect()
    assert descriptors() <= before
    assert sorted(made) == sorted(folders)  # oct2py's own files are in ours
    assert not [folder for folder in folders if os.path.exists(folder)]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_python_killed_leaves_no_octave(tmp_path: Path) -> None:
    code = (
        "import octave_compress as oc, os, sys\n"
        "octave = oc.Session()\n"
        "print(int(octave.call('getpid')), *octave._channel.folders, flush=True)\n"
        "octave.call('pause', 60, nout=0)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid, *folders = process.stdout.readline().split()
    process.kill()
    process.wait()
    process.stdout.close()
    limit = time.monotonic() + 20
    while time.monotonic() < limit and os.path.exists(f"/proc/{pid}"):
        state = Path(f"/proc/{pid}/stat").read_text().split()[2]
        if state == "Z":
            break
        time.sleep(0.1)
    else:
        assert not os.path.exists(f"/proc/{pid}"), "Octave outlived Python"
    # The start of any session, another test's too, sweeps what it left.
    with oc.Session() as octave:
        assert works(octave)
    assert folders
    assert not any(os.path.exists(folder) for folder in folders)


# Threads and forks


def test_eight_threads_on_one_session(octave: oc.Session) -> None:
    results: dict[int, Any] = {}

    def work(k: int) -> None:
        results[k] = [float(octave.call("plus", 1000 * k, i)) for i in range(50)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {k: [1000.0 * k + i for i in range(50)] for k in range(8)}


def test_a_forked_child_has_its_own_octave(octave: oc.Session) -> None:
    mine = int(octave.call("getpid"))
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the test runner has threads
        child = os.fork()
    if child == 0:
        try:
            text = f"{int(octave.call('getpid'))} {int(octave.call('plus', 1, 2))}"
            octave.close()
        except BaseException as error:
            text = repr(error)
        os.write(write, text.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    theirs, answer = os.read(read, 1000).decode().split()
    os.close(read)
    assert answer == "3"
    assert int(theirs) != mine
    assert int(octave.call("getpid")) == mine


# The surroundings


def run(code: str, cwd: Path, **environment: str) -> str:
    """Return what a fresh Python prints; nothing may come on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.stderr == ""
    return done.stdout


def test_functions_of_the_current_folder_do_not_replace_operations(tmp_path: Path) -> None:
    (tmp_path / "accuracy.m").write_text("function x = accuracy(varargin)\n  x = 42;\nend\n")
    code = (
        "import octave_compress as oc\n"
        "print(oc.ops.accuracy([[1, 2.0]], [1]), oc.Session().call('accuracy'))"
    )
    assert run(code, tmp_path) == "1.0 42.0\n"


def test_a_session_of_ones_own_works_in_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("1 2 3\n")
    code = "import octave_compress as oc; print(oc.Session().call('load', 'data.txt'))"
    assert run(code, tmp_path) == "[[1. 2. 3.]]\n"


@pytest.mark.parametrize("name", ['inj"); fclose(fopen("pwned", "w")); disp("', "quo'te", "é 世"])
def test_the_name_of_the_current_folder_is_no_code(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / "inj").mkdir()
    code = "import octave_compress as oc; print(oc.Session().call('plus', 1, 2))"
    assert run(code, folder) == "3.0\n"
    assert not list(tmp_path.rglob("pwned"))


def test_the_users_start_file_does_not_run(tmp_path: Path) -> None:
    (tmp_path / ".octaverc").write_text(f"fclose(fopen('{tmp_path}/ran', 'w')); PS1('>>> ');\n")
    code = "import octave_compress as oc; print(oc.Session().call('plus', 1, 2))"
    assert run(code, tmp_path, HOME=str(tmp_path)) == "3.0\n"
    assert not (tmp_path / "ran").exists()


def test_the_environment_of_python_stays_as_it_was(tmp_path: Path) -> None:
    code = (
        "import os; before = dict(os.environ)\n"
        "import octave_compress as oc\n"
        "oc.Session().call('plus', 1, 2)\n"
        "print(dict(os.environ) == before)"
    )
    assert run(code, tmp_path, TERM="xterm") == "True\n"


def test_oct2py_can_be_used_beside_it(tmp_path: Path) -> None:
    code = (
        "import octave_compress as oc\n"
        "oc.Session().call('plus', 1, 2)\n"
        "import oct2py\n"
        "print(oct2py.octave.plus(1, 2), oct2py.core.OctaveEngine.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.stdout == "3.0 octave_kernel.kernel\n", done.stderr


@pytest.mark.parametrize("program", ["/bin/true", "/bin/cat"])
def test_a_program_that_is_no_octave(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setenv("OCTAVE_EXECUTABLE", program)
    with pytest.raises(oc.OctaveCompressError, match=f"the Octave at {program} did not start"):
        oc.Session().call("plus", 1, 2)


def test_an_installation_in_a_folder_of_any_name(tmp_path: Path) -> None:
    import shutil

    package = Path(oc.__file__).parent
    home = tmp_path / "josé's 世 folder"
    shutil.copytree(package, home / "octave_compress")
    functions = (
        package / "m_files" if (package / "m_files").is_dir() else package.parent / "m_files"
    )
    shutil.copytree(functions, home / "octave_compress" / "m_files")
    code = (
        "import octave_compress as oc; print(oc.__file__)\n"
        "print(oc.ops.prune_threshold([[1.0, 0.1]], 0.5)[0])"
    )
    where, result = run(code, tmp_path, PYTHONPATH=str(home)).splitlines()
    assert where.startswith(str(home))
    assert result == "[[1. 0.]]"


def test_what_prints_may_fail(octave: oc.Session) -> None:
    def broken(line: str) -> None:
        raise RuntimeError("imed out")

    with pytest.raises(RuntimeError, match="imed out"):
        octave.call("disp", "x", nout=0, stdout=broken)
    assert works(octave)


def test_a_fork_while_another_thread_calls(tmp_path: Path) -> None:
    code = (
        "import octave_compress as oc, os, threading, time, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "octave = oc.Session()\n"
        "octave.call('plus', 1, 1)\n"
        "thread = threading.Thread(target=octave.call, args=('pause', 2), kwargs={'nout': 0})\n"
        "thread.start(); time.sleep(0.5)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    print(octave.call('plus', 1, 2), flush=True)\n"
        "    sys.exit(0)\n"
        "os.waitpid(child, 0); thread.join()\n"
        "print(octave.call('plus', 2, 2))\n"
    )
    assert run(code, tmp_path) == "3.0\n4.0\n"


# What surrounds a session: signals, other threads, printing, descriptors, folders


@pytest.mark.parametrize("kind", [SystemExit, TimeoutError, RuntimeError, KeyboardInterrupt])
def test_what_a_signal_handler_raises_is_raised(
    octave: oc.Session, kind: type[BaseException]
) -> None:
    raised = kind("by a handler")

    def handler(number: int, frame: object) -> None:
        raise raised

    octave.push("x", 5)
    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(kind) as caught:
            octave.call("pause", 30, nout=0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert caught.value is raised
    assert octave.pull("x") == 5


@pytest.mark.parametrize("kind", [SystemExit, TimeoutError, RuntimeError])
def test_what_a_signal_handler_raises_during_the_start(kind: type[BaseException]) -> None:
    raised = kind("by a handler")

    def handler(number: int, frame: object) -> None:
        raise raised

    before = signal.signal(signal.SIGALRM, handler)
    try:
        with oc.Session() as octave:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(kind) as caught:
                octave.call("pause", 30, nout=0)
            assert caught.value is raised
            assert works(octave)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_a_printer_raises_is_raised_at_once(octave: oc.Session) -> None:
    def broken(line: str) -> None:
        raise ZeroDivisionError(line)

    octave.push("x", 5)
    start = time.monotonic()
    with pytest.raises(ZeroDivisionError, match="first"):
        octave.eval("disp ('first'); fflush (stdout); pause (30);", stdout=broken)
    assert time.monotonic() - start < 10
    assert octave.pull("x") == 5


def test_a_limit_holds_while_octave_prints(octave: oc.Session) -> None:
    octave.push("x", 5)
    start = time.monotonic()
    with pytest.raises(oc.OctaveTimeoutError):
        octave.eval("while true, disp (1); end", timeout=1, stdout=lambda line: time.sleep(5e-4))
    assert time.monotonic() - start < 6
    running = octave.eval(
        "while true, disp (1); end", stdout=lambda line: time.sleep(5e-4), background=True
    )
    time.sleep(0.5)
    start = time.monotonic()
    assert running.cancel()
    with pytest.raises(CancelledError):
        running.result()
    assert time.monotonic() - start < 6
    assert octave.pull("x") == 5


def test_a_long_line_and_an_unfinished_one(octave: oc.Session) -> None:
    size = 20_000_000
    octave.push("n", size)
    parts: list[str] = []
    octave.eval(
        "fputs (stdout, repmat ('a', 1, n)); fputs (stdout, \"b\\n\");", stdout=parts.append
    )
    assert "".join(parts) == "a" * size + "b"

    class Text:
        def __init__(self) -> None:
            self.pieces: list[tuple[float, str]] = []

        def write(self, text: str) -> None:
            self.pieces.append((time.monotonic(), text))

    text = Text()
    octave.eval(
        "for k = 1:2, printf ('%d\\r', k); fflush (stdout); pause (0.6); end; disp ('end')",
        stdout=text,
    )
    assert [piece for _, piece in text.pieces] == ["1\r", "2\r", "end\n"]
    assert text.pieces[2][0] - text.pieces[0][0] > 0.5


@pytest.mark.parametrize("value", ["5", True, 1j, [1]])
def test_limits_that_are_no_numbers(octave: oc.Session, value: Any) -> None:
    with pytest.raises(oc.InvalidTypeError, match="TIMEOUT must be a number of seconds"):
        octave.call("plus", 1, 1, timeout=value)
    with pytest.raises(oc.InvalidTypeError, match="Session: TIMEOUT must be"):
        oc.Session(timeout=value)


def test_limits_at_the_edges(octave: oc.Session) -> None:
    for value in (float("nan"), -1):
        with pytest.raises(oc.InvalidValueError, match=r"TIMEOUT must be in \[0, Inf\], got"):
            octave.call("plus", 1, 1, timeout=value)
    for good in (float("inf"), 1e300, 3e6, np.float32(60)):
        assert octave.call("plus", 1, 1, timeout=good) == 2


def test_a_limit_counts_the_wait_for_another_thread(octave: oc.Session) -> None:
    running = octave.call("pause", 3, nout=0, background=True)
    time.sleep(0.3)
    start = time.monotonic()
    with pytest.raises(oc.OctaveTimeoutError, match="another thread's call has this session"):
        octave.call("plus", 1, 1, timeout=0.2)
    assert time.monotonic() - start < 2
    assert running.result() is None


def test_programs_that_octave_runs_have_no_keyboard(octave: oc.Session) -> None:
    assert octave.call("system", "cat; read x; echo got:$x", nout=2, timeout=30) == (
        1,
        "got:\n",
    ) or (octave.call("system", "cat", nout=2, timeout=30) == (0, ""))
    assert octave.call("system", "cat", nout=2, timeout=30) == (0, "")
    with pytest.raises(oc.OctaveTimeoutError):
        octave.call("pause", 30, nout=0, timeout=0.3)
    assert octave.call("system", "cat", nout=2, timeout=30) == (0, "")
    for name in ("kbhit", "yes_or_no"):
        with pytest.raises(oc.OctaveError, match="a session has no keyboard"):
            octave.call(name)


def test_nobody_is_there_to_use_a_debugger(octave: oc.Session) -> None:
    for code in ("dbstop in mean", "debug_on_error (true)", "debug_on_warning (1)"):
        with pytest.raises(oc.OctaveError, match="a session has no keyboard"):
            octave.eval(code)
    assert octave.call("mean", np.array([1.0, 3.0]), timeout=30) == 2
    assert not octave.call("debug_on_error")
    octave.call("debug_on_error", False, nout=0)


def test_a_pause_for_a_key_does_not_wait(octave: oc.Session) -> None:
    octave.call("pause", nout=0, timeout=30)


def test_closing_ends_what_runs_in_the_background() -> None:
    start = time.monotonic()
    with oc.Session() as octave:
        octave.call("plus", 1, 1)
        running = octave.eval("while true, end", background=True)
        waiting = octave.call("plus", 1, 1, background=True)
        time.sleep(0.3)
    assert time.monotonic() - start < 10
    for future in (running, waiting):
        with pytest.raises(CancelledError):
            future.result(10)


NAMES = (
    "addpath builtin_ cd cell char error exist fclose feval_ fflush fgetl fieldnames fopen "
    "fprintf fread fseek func2str isempty isfield isnumeric isstruct iscell lastwarn load "
    "max mod numel path pathsep printf rmfield save size sizeof sprintf stat stderr stdin "
    "stdout strcmp strfind strjoin strncmp strtrim struct struct2cell structfun subsref "
    "subsasgn unlink warning "
)


def test_a_users_folder_changes_nothing_that_we_call(tmp_path: Path) -> None:
    for name in NAMES.split():
        (tmp_path / f"{name}.m").write_text(
            f"function varargout = {name}(varargin)\n  varargout = {{'wrong'}};\nend\n"
        )
    code = (
        "import octave_compress as oc, numpy as np, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "octave = oc.Session()\n"  # it works in this folder, whose files come first
        "print(octave.call('plus', 1, 2), octave.call('upper', 'a'))\n"
        "octave.push('x', [1, 2]); print(octave.pull('x').tolist(), octave.put('a').get())\n"
        "print(octave.call('feval', lambda x: x * 2, 4))\n"
        "octave.call('evalin', 'base', \"builtin ('save_default_options', '-zip')\", nout=0)\n"
        "print(octave.call('cos', np.zeros((600, 400))).sum())\n"
        "try: octave.call('nothing_of_this_name')\n"
        "except oc.OctaveError as error: print(error.message)\n"
        "octave.reset(); print(octave.call('plus', 1, 1))\n"
    )
    expected = "3.0 A\n[[1.0, 2.0]] a\n8.0\n240000.0\n"
    expected += "feval: function 'nothing_of_this_name' not found\n2.0\n"
    assert run(code, tmp_path) == expected


def test_starting_leaves_pythons_descriptors_and_environment_alone(tmp_path: Path) -> None:
    code = (
        "import octave_compress as oc, os, sys, threading, time\n"
        "import octave_compress.octave.process\n"
        "before = dict(os.environ)\n"
        "stop = threading.Event()\n"
        "def write():\n"
        "    k = 0\n"
        "    while not stop.is_set(): os.write(2, b'line\\n'); k += 1; time.sleep(1e-3)\n"
        "    print(k)\n"
        "thread = threading.Thread(target=write); thread.start()\n"
        "with oc.Session() as octave: octave.call('plus', 1, 1)\n"
        "stop.set(); thread.join(); print(os.environ == before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    count, same = done.stdout.split()
    assert done.stderr == "line\n" * int(count)
    assert same == "True"


def test_a_fork_while_another_thread_starts_a_session(tmp_path: Path) -> None:
    code = (
        "import octave_compress as oc, os, threading, time, warnings, sys\n"
        "warnings.simplefilter('ignore')\n"
        "octave = oc.Session()\n"
        "thread = threading.Thread(target=octave.call, args=('plus', 1, 1)); thread.start()\n"
        "time.sleep(float(sys.argv[1]))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    print(oc.Session().call('plus', 1, 2), flush=True); os._exit(0)\n"
        "os.waitpid(child, 0); thread.join(); print(octave.call('plus', 2, 2))\n"
    )
    for delay in ("0.01", "0.15", "0.4"):
        done = subprocess.run(
            [sys.executable, "-c", code, delay],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.stdout, done.stderr) == ("3.0\n4.0\n", "")


def test_many_open_descriptors_and_closed_standard_ones(tmp_path: Path) -> None:
    code = (
        "import octave_compress as oc, os, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))\n"
        "files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]\n"
        "octave = oc.Session(); assert octave.call('plus', 1, 1) == 2\n"
        "before = len(os.listdir('/proc/self/fd'))\n"
        "other = oc.Session(); other.call('plus', 1, 1)\n"
        "sys.stderr.write(str(len(os.listdir('/proc/self/fd')) - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert int(done.stderr) <= 7
    closed = 'exec >&- <&-; exec "$0" -c \'import octave_compress as oc, os\n'
    closed += 'assert oc.Session().call("plus", 1, 1) == 2; os._exit(7)\''
    assert subprocess.run(["sh", "-c", closed, sys.executable], cwd=tmp_path).returncode == 7


def test_why_octave_did_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "octave"
    program.write_text("#!/bin/sh\necho 'libmissing.so: cannot open' >&2\nexit 127\n")
    program.chmod(0o755)
    monkeypatch.setenv("OCTAVE_EXECUTABLE", str(program))
    with pytest.raises(oc.OctaveDiedError, match=r"did not start: .*libmissing.so: cannot open"):
        oc.Session().call("plus", 1, 1)
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(oc.OctaveDiedError, match=r"did not start: it took too long"):
        oc.Session(start_timeout=1).call("plus", 1, 1)
    monkeypatch.delenv("OCTAVE_EXECUTABLE")

    def no_terminals() -> tuple[int, int]:
        raise OSError(errno.ENOENT, "out of pty devices")

    monkeypatch.setattr(os, "openpty", no_terminals)
    with pytest.raises(oc.OctaveDiedError, match="out of pty devices"):
        oc.Session().call("plus", 1, 1)


def test_an_octave_with_files_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("this user may not make a mount namespace")
    inside = tmp_path / "octave_inside.sh"
    monkeypatch.setenv("OCTAVE_EXECUTABLE", f"unshare --mount sh {inside}")
    # Another /dev/shm alone: what both see serves.
    inside.write_text('mount -t tmpfs none /dev/shm; exec octave-cli "$@"\n')
    with oc.Session() as octave:
        assert works(octave)
        assert octave._channel is not None
        assert len(octave._channel.folders) == 1
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "tmp").mkdir()
    inside.write_text(f'mount -t tmpfs none {tmp_path}/tmp; exec octave-cli "$@"\n')
    with pytest.raises(oc.OctaveDiedError, match=r"it does not see .* let TMPDIR name a folder"):
        oc.Session().call("plus", 1, 1)


@pytest.mark.parametrize("how", ["missing", errno.EOPNOTSUPP])
def test_large_requests_without_fallocate(
    octave: oc.Session, monkeypatch: pytest.MonkeyPatch, how: str | int
) -> None:
    def refuses(*args: int) -> None:
        raise OSError(how, "refused")

    if how == "missing":
        monkeypatch.delattr(os, "posix_fallocate")
    else:
        monkeypatch.setattr(os, "posix_fallocate", refuses)
    value = np.arange(400_000.0).reshape(1000, 400)
    for _ in range(2):
        np.testing.assert_array_equal(octave.call("uminus", value), -value)


def test_a_frame_of_ours_is_in_no_error(
    octave: oc.Session, define: Callable[[str, str], None]
) -> None:
    define("raises", "y = x(0);")
    for call in (
        lambda: octave.call("nothing_of_this_name"),
        lambda: octave.call("raises", 1),
        lambda: octave.call("cellfun", lambda x: octave.call, [1]),
    ):
        with pytest.raises(oc.OctaveCompressError) as caught:
            call()
        frames = getattr(caught.value, "stack", ())
        assert not [frame for frame in frames if frame.name.startswith("ocx_")]


def test_an_octave_that_ends_says_nothing(
    octave: oc.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(oc.OctaveDiedError):
        octave.call("exit", nout=0)
    assert works(octave)
    assert capsys.readouterr().err == ""
