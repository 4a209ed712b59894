"""Many mixed calls on one session, with a fault every few hundred; every result is checked.

    python tests/benchmarks/soak.py [--calls N] [--seconds S] [--every N] [--sessions N]
                                    [--seed N] [--json FILE]

Then opens and closes many sessions. Counts what came back wrong, and what was left behind at the
end: processes, files, descriptors, memory. Exits with status 1 if there is any of it. A call that
never ends is shown with all stacks.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import gc
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np

import octave_compress as oc

FUNCTIONS = {
    "soak_same": "function varargout = soak_same(varargin)\n  varargout = varargin;\nend\n",
    "soak_clear": "function y = soak_clear()\n  clear all;\n  y = 1;\nend\n",
    "soak_close": "function soak_close()\n  fclose all;\nend\n",
    "soak_deep": "function soak_deep()\n  soak_deep();\nend\n",
    "soak_deaf": "function soak_deaf()\n  svd(rand(1200));\n  svd(rand(1200));\nend\n",
    "soak_exit": "function soak_exit()\n  disp('bye');\n  exit(3);\nend\n",
    "soak_forget": (
        "function soak_forget(varargin)\n  confirm_recursive_rmdir(false, 'local');\n"
        "  for k = 1:nargin\n    rmdir(varargin{k}, 's');\n  end\nend\n"
    ),
    "soak_chatter": (
        "function soak_chatter()\n  while true\n    disp('.');\n    fflush(stdout);\n  end\nend\n"
    ),
    "soak_try": (
        "function y = soak_try(x)\n  try\n    error('soak:inner', 'inner');\n"
        "  catch\n    y = x;\n  end\nend\n"
    ),
    "soak_id": "function soak_id(id)\n  lastwarn('text', id);\nend\n",
    "soak_print": (
        "function soak_print(n)\n  for k = 1:n\n    printf('%0100d\\n', k);\n  end\nend\n"
    ),
}
DTYPES = [np.dtype(code) for code in "?bBhHiIqQfdFD"]
SHM = Path("/dev/shm")
HANG = 60  # seconds without an end after which a call counts as hung
MOST_HANDLES = 20
MEMORY = 48  # megabytes that Python may grow by
TEXTS = ["", "plain", "Grüße, 世界", "two\nlines", "100 % 'quoted' \"twice\"", "PEXPECT_PROMPT>"]


class Soak:
    """The session under test, what it should hold, and what was found."""

    def __init__(self, session: oc.Session, folder: Path, seed: int) -> None:
        self.session = session
        self.folder = folder
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.handles: list[tuple[oc.Handle, Any]] = []
        self.may_be_stale = False
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()

    def do(self, action: Action) -> None:
        """Do one thing; whatever it raises is a finding."""
        faulthandler.dump_traceback_later(HANG, exit=True)
        try:
            action(self)
        except Exception:
            self.report(f"{action.__name__}: {traceback.format_exc(limit=-4)}")

    def report(self, text: str) -> None:
        self.wrong.append(text)
        print(f"WRONG {text}", file=sys.stderr, flush=True)

    def call(self, name: str, *args: Any, **options: Any) -> Any:
        return self.session.call(name, *args, **options)

    def pid(self) -> int:
        return int(self.call("getpid"))

    def array(self) -> Any:
        """Return an array of any type, shape and memory order."""
        dtype = self.random.choice(DTYPES)
        shape = tuple(self.random.choice([0, 1, 2, 3, 7]) for _ in range(self.random.randint(0, 4)))
        if self.random.random() < 0.02:
            shape = (self.random.randint(200, 700), self.random.randint(200, 400))
        size = int(np.prod(shape))
        value: Any
        if dtype.kind == "c":  # Octave makes real what has no imaginary part
            if size == 0:
                shape, size = (2, 2), 4
            value = (self.numbers.normal(size=size) + 1j).astype(dtype).reshape(shape)
        elif dtype.kind == "b":
            value = self.numbers.integers(0, 2, size=size).astype(bool).reshape(shape)
        else:
            octets = self.numbers.bytes(size * dtype.itemsize)
            value = np.frombuffer(octets, dtype).reshape(shape)
        if value.ndim == 2 and self.random.random() < 0.5:
            value = np.asfortranarray(value)
        if value.ndim >= 1 and self.random.random() < 0.2:
            value = value[::-1]
        return value


Action = Callable[[Soak], None]


def as_returned(value: Any) -> Any:
    """Return what a value is after a journey to Octave and back."""
    if isinstance(value, dict):
        return {key: as_returned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_returned(item) for item in value]
    if isinstance(value, str):
        return value
    array = np.asarray(np.float64(value) if type(value) in (int, float) else value)
    shape = array.shape
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    array = array.reshape(shape) if len(shape) >= 2 else array.reshape(1, -1)
    return array.reshape(()) if array.shape == (1, 1) else array


def same(left: Any, right: Any) -> bool:
    """Whether two values are alike in every bit, in shape and in type."""
    if isinstance(right, dict):
        return (
            isinstance(left, dict)
            and list(left) == list(right)
            and all(same(left[key], right[key]) for key in right)
        )
    if isinstance(right, list):
        return (
            isinstance(left, list)
            and len(left) == len(right)
            and all(same(a, b) for a, b in zip(left, right, strict=True))
        )
    if isinstance(right, str):
        return isinstance(left, str) and left == right
    a, b = np.asarray(left), np.asarray(right)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def check(left: Any, right: Any) -> None:
    if not same(left, right):
        raise AssertionError(f"got {left!r:.200}, expected {right!r:.200}")


def agree(left: Any, right: Any) -> None:
    if left != right:
        raise AssertionError(f"got {left!r:.200}, expected {right!r:.200}")


@contextlib.contextmanager
def raises(*kinds: type[BaseException]) -> Iterator[None]:
    try:
        yield
    except kinds:
        return
    raise AssertionError(f"nothing was raised, expected {kinds[0].__name__}")


# Calls that must just work


def scalars(soak: Soak) -> None:
    a, b = soak.numbers.normal(size=2)
    check(soak.call("plus", a, b), np.float64(a + b))


def integers(soak: Soak) -> None:
    kind = soak.random.choice("bHiQ")
    a, b = soak.numbers.integers(0, 50, size=2).astype(kind)
    check(soak.call("plus", a, b), a + b)


def arrays(soak: Soak) -> None:
    value = soak.array()
    check(soak.call("soak_same", value), as_returned(value))


def several(soak: Soak) -> None:
    values = [soak.array() for _ in range(3)]
    check(list(soak.call("soak_same", *values, nout=3)), as_returned(values))


def structs(soak: Soak) -> None:
    value = {
        "array": soak.array(),
        "text": soak.random.choice(TEXTS),
        "nested": {"cell": [1, soak.array(), ["deep", {"x": True}]]},
    }
    check(soak.call("soak_same", value), as_returned(value))


def texts(soak: Soak) -> None:
    text = soak.random.choice(TEXTS) * soak.random.randint(1, 30)
    agree(soak.call("soak_same", text), text)


def errors(soak: Soak) -> None:
    number = soak.random.randrange(10**9)
    try:
        soak.call("error", f"soak:id{number}", "text %d", number)
    except oc.OctaveError as error:
        agree((error.identifier, error.message), (f"soak:id{number}", f"text {number}"))
        return
    raise AssertionError("no error")


def caught_errors(soak: Soak) -> None:
    check(soak.call("soak_try", 7), np.float64(7))


def prints(soak: Soak) -> None:
    lines = [f"{soak.random.random()} ü" for _ in range(soak.random.randint(0, 9))]
    got: list[str] = []
    soak.call("printf", "".join(f"{line}\n" for line in lines) or "", nout=0, stdout=got.append)
    agree(got, lines)


def warns(soak: Soak) -> None:
    number = soak.random.randrange(10**9)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        soak.call("warning", "soak:warned", f"text {number}", nout=0)
    found = [w.message for w in caught if isinstance(w.message, oc.OctaveWarning)]
    agree([(w.identifier, w.message) for w in found], [("soak:warned", f"text {number}")])


def callbacks(soak: Soak) -> None:
    seen: list[float] = []

    def note(info: dict[str, float]) -> bool:
        seen.append(info["k"])
        return True

    soak.call("cellfun", note, [{"k": k} for k in range(5)])
    agree(seen, [0.0, 1.0, 2.0, 3.0, 4.0])


def background(soak: Soak) -> None:
    futures = [soak.call("plus", k, 0.5, background=True) for k in range(3)]
    agree([float(future.result(60)) for future in futures], [0.5, 1.5, 2.5])


def refusals(soak: Soak) -> None:
    with raises(oc.InvalidTypeError):
        soak.call("soak_same", None)
    with raises(oc.InvalidTypeError):
        soak.call("str2func", "sin")


def puts(soak: Soak) -> None:
    value = soak.array()
    soak.handles.append((soak.session.put(value), as_returned(value)))
    if len(soak.handles) > MOST_HANDLES:
        del soak.handles[soak.random.randrange(len(soak.handles))]


def gets(soak: Soak) -> None:
    if not soak.handles:
        return
    handle, value = soak.random.choice(soak.handles)
    try:
        check(handle.get(), value)
        check(soak.call("soak_same", handle, 1, nout=2)[0], value)
    except oc.StaleHandleError:
        if not soak.may_be_stale:
            raise
        soak.handles.clear()
        soak.may_be_stale = False


CALLS: list[Action] = [
    *[scalars] * 6,
    *[arrays] * 6,
    *(integers, several, structs, texts, errors, caught_errors, prints, warns),
    *(callbacks, background, refusals, puts, gets, gets),
]


# Faults, each of which says what it must lead to


def killed_idle(soak: Soak) -> None:
    os.kill(soak.pid(), signal.SIGKILL)
    with raises(oc.OctaveDiedError):
        soak.call("plus", 1, 1)


def killed_in_a_call(soak: Soak) -> None:
    later(soak, 0.05, soak.pid(), signal.SIGKILL)
    with raises(oc.OctaveDiedError):
        soak.call("pause", 30, nout=0)


def killed_with_a_child(soak: Soak) -> None:
    pid = soak.pid()
    child = int(soak.call("system", "sleep 60 >&- & echo $!", 1, nout=2)[1])
    os.kill(pid, signal.SIGKILL)
    try:
        with raises(oc.OctaveDiedError):
            soak.call("plus", 1, 1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def crashes(soak: Soak) -> None:
    with raises(oc.OctaveDiedError):
        soak.call("kill", soak.pid(), signal.SIGSEGV)
        soak.call("pause", 5, nout=0)


def stopped(soak: Soak) -> None:
    later(soak, 0.05, soak.pid(), signal.SIGSTOP)
    with raises(oc.OctaveTimeoutError):
        soak.call("pause", 30, nout=0, timeout=0.3)


def exits(soak: Soak) -> None:
    with raises(oc.OctaveDiedError):
        soak.call("soak_exit", nout=0, stdout=quiet)


def times_out(soak: Soak) -> None:
    with raises(oc.OctaveTimeoutError):
        soak.call("pause", 30, nout=0, timeout=0.1)


def times_out_while_printing(soak: Soak) -> None:
    with raises(oc.OctaveTimeoutError):
        soak.call("soak_chatter", nout=0, timeout=0.1, stdout=quiet)


def times_out_while_deaf(soak: Soak) -> None:
    with raises(oc.OctaveTimeoutError):
        soak.call("soak_deaf", nout=0, timeout=0.1)


def times_out_at_the_end(soak: Soak) -> None:
    for _ in range(5):
        with contextlib.suppress(oc.OctaveTimeoutError):
            check(soak.call("plus", 1, 1, timeout=soak.random.random() * 5e-4), np.float64(2))
        scalars(soak)


def cancelled(soak: Soak) -> None:
    future = soak.call("pause", 30, nout=0, background=True)
    time.sleep(soak.random.random() * 0.1)
    agree(future.cancel(), True)
    future.cancel()
    with raises(CancelledError):
        future.result(30)


def cancelled_at_the_end(soak: Soak) -> None:
    for k in range(5):
        future = soak.call("plus", k, 0.5, background=True)
        time.sleep(soak.random.random() * 5e-4)
        future.cancel()
        with contextlib.suppress(CancelledError):
            agree(float(future.result(30)), k + 0.5)
        scalars(soak)


def interrupted(soak: Soak) -> None:
    with raises(KeyboardInterrupt):
        later(soak, soak.random.random() * 0.1, os.getpid(), signal.SIGINT)
        soak.call("pause", 30, nout=0)
        time.sleep(1)


def interrupted_anywhere(soak: Soak) -> None:
    with raises(KeyboardInterrupt):
        later(soak, soak.random.random() * 0.02, os.getpid(), signal.SIGINT)
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            scalars(soak)


def interrupted_from_outside(soak: Soak) -> None:
    later(soak, 0.1, soak.pid(), signal.SIGINT)
    with raises(oc.OctaveCompressError):
        soak.call("pause", 10, nout=0)


def prints_much(soak: Soak) -> None:
    lines: list[str] = []
    soak.call("soak_print", 100_000, nout=0, stdout=lines.append)
    agree([int(line) for line in lines], list(range(1, 100_001)))


def prints_one_long_line(soak: Soak) -> None:
    got: list[str] = []
    soak.call("fprintf", "%s", np.full((1, 5_000_000), 120, np.uint8), nout=0, stdout=got.append)
    agree("".join(got), "x" * 5_000_000)


def raises_while_printing(soak: Soak) -> None:
    def fail(line: str) -> None:
        raise ZeroDivisionError(line)

    pid = soak.pid()
    with raises(ZeroDivisionError):
        soak.call("soak_chatter", nout=0, stdout=fail)
    agree(soak.pid(), pid)


def raises_in_a_handler(soak: Soak) -> None:
    def handler(number: int, frame: object) -> None:
        raise SystemExit("by a handler")

    pid = soak.pid()
    before = signal.signal(signal.SIGALRM, handler)
    try:
        with raises(SystemExit):
            signal.setitimer(signal.ITIMER_REAL, 0.01 + soak.random.random() * 0.1)
            soak.call("pause", 30, nout=0)
    finally:
        signal.signal(signal.SIGALRM, before)
    agree(soak.pid(), pid)


def raises_in_a_callback(soak: Soak) -> None:
    with raises(ZeroDivisionError):
        soak.call("arrayfun", lambda x: 1 // int(x), [1, 0])


def prints_to_the_slow(soak: Soak) -> None:
    start = time.monotonic()
    with raises(oc.OctaveTimeoutError):
        soak.call("soak_chatter", nout=0, timeout=0.2, stdout=lambda line: time.sleep(5e-4))
    if time.monotonic() - start > 10:
        raise AssertionError("the limit did not hold")


def closes_all_files(soak: Soak) -> None:
    pid = soak.pid()
    soak.call("soak_close", nout=0)
    agree(soak.pid(), pid)


def closes_one_file(soak: Soak) -> None:
    pid = soak.pid()
    for number in (3, 4, 5):
        with contextlib.suppress(oc.OctaveError):  # there may be no such file
            soak.call("fclose", number)
        agree(float(soak.call("plus", 1, number)), 1.0 + number)
    agree(soak.pid(), pid)


def restores_the_path(soak: Soak) -> None:
    soak.call("restoredefaultpath")
    agree(float(soak.call("plus", 1, 1)), 2.0)
    soak.session.addpath(soak.folder)


def clears_all(soak: Soak) -> None:
    agree(float(soak.call("soak_clear")), 1.0)


def clears_its_caller(soak: Soak) -> None:
    with contextlib.suppress(oc.OctaveDiedError, oc.OctaveError):
        soak.call("clear", "all", nout=0)


def changes_folder(soak: Soak) -> None:
    soak.call("cd", str(soak.folder), nout=0)
    agree(soak.call("pwd"), str(soak.folder))


def loses_its_path(soak: Soak) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", oc.OctaveWarning)
        soak.call("path", "", nout=0)
    with contextlib.suppress(oc.OctaveError, oc.OctaveDiedError):
        soak.call("soak_same", 1)
    with contextlib.suppress(oc.OctaveDiedError):
        soak.call("exit", nout=0)


def loses_its_files(soak: Soak) -> None:
    folders = soak.session._channel.folders  # type: ignore[union-attr]
    with raises(oc.OctaveCompressError):
        soak.call("soak_forget", *folders, nout=0)


def loses_its_reply(soak: Soak) -> None:
    for folder in soak.session._channel.folders:  # type: ignore[union-attr]
        for name in os.listdir(folder):
            if name in ("reply", "request", "large_request"):
                os.unlink(os.path.join(folder, name))


def fills_memory(soak: Soak) -> None:
    with raises(oc.OctaveError):
        soak.call("ones", 1e6, 1e6)


def recurses(soak: Soak) -> None:
    with raises(oc.OctaveError):
        soak.call("soak_deep", nout=0)


def reads_the_keyboard(soak: Soak) -> None:
    for name in ("input", "keyboard"):
        with raises(oc.OctaveError):
            soak.call(name, "?")


def fakes_the_protocol(soak: Soak) -> None:
    for text in ("a b c", "x:y\n999 ok 1 z", "ready", "\n"):
        with contextlib.suppress(oc.OctaveDiedError):
            soak.call("soak_id", text, nout=0)
        scalars(soak)
    soak.call("printf", "PEXPECT_PROMPT>\nready\n1 ok 1 \n", nout=0, stdout=quiet)


def changes_a_file(soak: Soak) -> None:
    for _ in range(3):
        number = soak.random.randrange(10**9)
        text = f"function y = soak_changing()\n  y = {number};\nend\n"
        Path(soak.folder, "soak_changing.m").write_text(text)
        agree(float(soak.call("soak_changing")), float(number))


def asks_for_a_debugger(soak: Soak) -> None:
    for name, argument in (("debug_on_error", True), ("dbstop", "mean")):
        with raises(oc.OctaveError):
            soak.call(name, argument, nout=0)
    agree(float(soak.call("mean", [1, 3])), 2.0)


def many_handles(soak: Soak) -> None:
    handles = [soak.session.put(k) for k in range(500)]
    agree([float(handle.get()) for handle in handles], [float(k) for k in range(500)])


FAULTS: list[Action] = [
    *(killed_idle, killed_in_a_call, killed_with_a_child, crashes, stopped, exits),
    *(times_out, times_out_while_printing, times_out_while_deaf, times_out_at_the_end),
    *(cancelled, cancelled_at_the_end, interrupted, interrupted_anywhere),
    *(interrupted_from_outside, prints_much, prints_one_long_line, raises_while_printing),
    *(raises_in_a_handler, raises_in_a_callback, prints_to_the_slow, restores_the_path),
    *(closes_all_files, closes_one_file, clears_all, clears_its_caller, changes_folder),
    *(loses_its_path, loses_its_files, loses_its_reply, fills_memory, recurses),
    *(reads_the_keyboard, fakes_the_protocol, changes_a_file, asks_for_a_debugger, many_handles),
]


def quiet(line: str) -> None:
    return None


def later(soak: Soak, seconds: float, pid: int, number: signal.Signals) -> None:
    """Send a signal in a while, and know that the thread is gone when the soak ends."""
    timer = threading.Timer(seconds, kill, (pid, number))
    timer.daemon = True
    timer.start()


def kill(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


# What is left behind


def marked(mark: str) -> list[int]:
    """Return the processes, children of children and zombies too, that came from this one."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            pid = int(entry.name)
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            ours = parent == os.getpid() or mark.encode() in (entry / "environ").read_bytes()
            if ours and pid != os.getpid():
                found.append(pid)
    return found


def memory(pid: int | str = "self") -> float:
    """Return the megabytes that a process has in memory."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


MADE: list[str] = []
_make_folder = tempfile.mkdtemp


def make_folder(*args: Any, **options: Any) -> str:
    """Make a temporary folder and remember it."""
    MADE.append(_make_folder(*args, **options))
    return MADE[-1]


def files() -> set[str]:
    """Return the temporary folders that this process has made and not removed."""
    return {path for path in MADE if os.path.exists(path)}


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def run(options: argparse.Namespace, soak: Soak) -> dict[str, Any]:
    """Do all calls and faults; return how many there were, and the growth of memory."""
    start = time.monotonic()
    faults: list[Action] = []
    calls = 0
    base = octave = 0.0
    while calls < options.calls and time.monotonic() - start < options.seconds:
        soak.do(soak.random.choice(CALLS))
        calls += 1
        if calls == min(2000, options.calls // 10):
            base = memory()
        if options.every and calls % options.every == 0:
            octave = max(octave, memory(soak.pid()))
            if not faults:  # all of them, in another order each time
                faults = soak.random.sample(FAULTS, len(FAULTS))
            fault = faults.pop()
            soak.may_be_stale = True
            soak.do(fault)
            soak.counts[fault.__name__] += 1
            soak.do(scalars)
            soak.do(arrays)
            soak.may_be_stale = bool(soak.handles)
    return {
        "calls": calls,
        "faults": sum(soak.counts.values()),
        "seconds": round(time.monotonic() - start, 1),
        "python_growth_mb": round(memory() - base, 1),
        "octave_most_mb": round(octave, 1),
    }


def open_and_close(soak: Soak) -> None:
    with oc.Session() as session:
        agree(float(session.call("plus", 1, 1)), 2.0)


def soak_through(options: argparse.Namespace) -> dict[str, Any]:
    mark = str(uuid.uuid4())
    os.environ["OCTAVE_COMPRESS_SOAK"] = mark
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as temp:
        tempfile.tempdir = temp
        for name, text in FUNCTIONS.items():
            Path(folder, f"{name}.m").write_text(text)
        tempfile.mkdtemp = make_folder  # type: ignore[assignment]
        with oc.Session() as first:  # what stays for good, imports for instance, is here before
            first.call("plus", 1, 1)
        del first
        shared, open_before = files(), descriptors()
        with oc.Session(timeout=20) as session:
            session.addpath(folder)
            soak = Soak(session, Path(folder).resolve(), options.seed)
            figures = run(options, soak)
            soak.handles.clear()
        for _ in range(options.sessions):
            soak.do(open_and_close)
        faulthandler.cancel_dump_traceback_later()
        figures["sessions"] = options.sessions
        del session, soak.session
        time.sleep(0.5)
        figures["wrong"] = len(soak.wrong)
        figures["leaked_processes"] = len(marked(mark))
        figures["leaked_files"] = len(files() - shared) + len(os.listdir(temp))
        figures["leaked_descriptors"] = max(0, descriptors() - open_before)
        tempfile.tempdir = None
    if options.verbose:
        for name, count in sorted(soak.counts.items()):
            print(f"  {name:<26} {count}")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=600, help="no more calls after this time")
    parser.add_argument("--every", type=int, default=500, help="calls between two faults")
    parser.add_argument("--sessions", type=int, default=200, help="sessions opened and closed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fault", action="append", help="only this fault; may be repeated")
    parser.add_argument("--verbose", action="store_true", help="count every kind of fault")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    if options.fault:
        FAULTS[:] = [fault for fault in FAULTS if fault.__name__ in options.fault]
    figures = soak_through(options)
    bad = [name for name in figures if name == "wrong" or name.startswith("leaked")]
    for name, figure in figures.items():
        print(f"{name.replace('_', ' '):<20} {figure:>10}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    sys.exit(any(figures[name] for name in bad) or figures["python_growth_mb"] > MEMORY)


if __name__ == "__main__":
    main()
