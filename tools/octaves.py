"""Run the test suite beside other Octaves: those of Debian 13 (trixie) and of Debian sid.

    octaves.py                      the suite in both, with the newest Python packages
    octaves.py SUITE                the suite in one of them
    octaves.py SUITE COMMAND        a command for the shell there, on a copy of this folder

Each suite of Debian is installed once (two minutes, 2 GB) in a folder of its own, and entered
with chroot. The folders are kept in ~/.cache/octave-compress, or where OCTAVE_ROOTS names; remove
one to have it made of the newest packages. What cannot be made is told at the end and fails
nothing; a test that fails does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
SUITES = ("trixie", "sid")
NEEDED = ("octave", "libopenblas0-pthread", "ca-certificates", "make", "python3", "python3-venv")
# Some tests are skipped without these.
WANTED = ("octave-statistics", "octave-signal", "gnuplot-nox", "fonts-freefont-otf", "ghostscript")
# What a root takes over from here: the variables, and the files that these and others name.
KEPT = ("CI", "PIP_*", "*_proxy", "*_PROXY", "SSL_CERT_FILE", "*_CA_BUNDLE", "OPENBLAS_*")
FILES = (
    *("/etc/hosts", "/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"),
    *("/etc/pip.conf", "/root/.config/pip/pip.conf"),
)
STEP = 480  # seconds for one step of making a root: a mirror may accept a connection and sleep
TESTS = 1500  # seconds for the suite in one root

# The first process of a PID namespace: when it ends, so does all that was started in it, and the
# mounts go with their namespace. It stays until then, since orphans need a parent that waits.
ENTER = r"""
mount -t proc proc "$0/proc" && mount --rbind /sys "$0/sys" &&
  mount --rbind /dev "$0/dev" && mount -t tmpfs tmpfs "$0/dev/shm" || exit
if [ -n "${MNIST_DIR:-}" ]; then
  mkdir -p "$0/mnist" && mount --bind "$MNIST_DIR" "$0/mnist" && export MNIST_DIR=/mnist || exit
fi
chroot "$0" bash -c "$1"
exit $?
"""

VERSIONS = """
cd /src && .venv/bin/python -c "
import platform, subprocess, numpy, scipy
octave = subprocess.check_output(['octave-cli', '--eval', 'disp(version)'], text=True).strip()
print(f'Octave {octave}, Python {platform.python_version()},', end=' ')
print(f'NumPy {numpy.__version__}, SciPy {scipy.__version__}')"
"""

ELSEWHERE = """\
On another system, or without root, containers do the same:
  docker run --rm --init --shm-size 2g -v "$PWD":/from:ro docker.io/gnuoctave/octave:11.3.0 \\
    sh -c 'cp -r /from /src && cd /src && make clean && OCTAVE_EXECUTABLE=octave-cli make test'\
"""


class NotMadeError(Exception):
    """A root could not be made."""


def say(*lines: str) -> None:
    for line in lines:
        print(f"==> {line}", flush=True)


def missing() -> list[str]:
    """Return what this machine lacks."""
    tools = [name for name in ("apt-get", "chroot", "mount", "unshare") if not shutil.which(name)]
    if os.geteuid() != 0:
        return ["root", *tools]
    if not tools and subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"]).returncode:
        return ["the right to mount"]
    return tools


def roots() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("OCTAVE_ROOTS") or Path(cache) / "octave-compress")


@contextlib.contextmanager
def locked(suite: str) -> Iterator[Path]:
    """Give the root of a suite to one run at a time."""
    roots().mkdir(parents=True, exist_ok=True)
    with (roots() / f"{suite}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another run uses {suite}; waiting for its end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield roots() / suite


def isolated(*command: str | Path) -> list[str]:
    """Return a command that runs with mounts and processes of its own."""
    own = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
    return [*own, *map(str, command)]


def entered(root: Path, command: str) -> list[str]:
    """Return a command of a root's own shell."""
    return isolated("bash", "-c", ENTER, root, command)


def environment() -> dict[str, str]:
    names = (*KEPT, "MNIST_DIR")
    kept = {k: v for k, v in os.environ.items() if any(fnmatch(k, name) for name in names)}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    own = {"HOME": "/root", "LANG": "C.UTF-8", "PATH": path, "DEBIAN_FRONTEND": "noninteractive"}
    return {**kept, **own}


def step(what: str, command: Sequence[str], log: Path) -> None:
    """Do a part of making a root; what it prints goes to the log.

    Raises
    ------
    NotMadeError
        It failed, or took too long.
    """
    say(f"{what} ...")
    with log.open("a") as to:
        try:
            subprocess.run(
                command,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=to,
                stderr=to,
                timeout=STEP,
                check=True,
            )
        except subprocess.TimeoutExpired:
            raise NotMadeError(f"{what} took more than {STEP} s") from None
        except subprocess.CalledProcessError:
            last = log.read_text("utf-8", "replace").strip().splitlines()[-1:]
            raise NotMadeError(f"{what} failed: {''.join(last)}") from None


def make_root(suite: str, root: Path, log: Path) -> None:
    """Install a suite of Debian in a folder, unless that is there already."""
    recipe = " ".join((*NEEDED, *WANTED))
    mark = root / "made-of"
    if mark.exists() and mark.read_text() == recipe:
        return
    say(f"Debian {suite} goes to {root}; this takes about two minutes.")
    shutil.rmtree(root, ignore_errors=True)
    if shutil.which("debootstrap") is None:
        get = "apt-get update -qq && apt-get install -qq -y debootstrap"
        step("Installing debootstrap", ["sh", "-c", get], log)
    bootstrap = isolated("debootstrap", "--variant=minbase", suite, root, mirror())
    step(f"Installing the base of {suite}", bootstrap, log)
    copy_settings(root)
    install = "apt-get install -qq -y --no-install-recommends"
    needed = f"apt-get update -qq && {install} {' '.join(NEEDED)}"
    step(f"Installing Octave in {suite}", entered(root, needed), log)
    for package in WANTED:  # what is broken there today only costs its own tests
        one = f"{install} {package} || echo '{package} is not installed'"
        step(f"Installing {package} in {suite}", entered(root, one), log)
    mark.write_text(recipe)


def mirror() -> str:
    """Return the mirror of Debian that this machine's apt uses, or the common one."""
    listed = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    addresses = subprocess.run(listed, stdout=subprocess.PIPE, text=True).stdout.split()
    debian = (a for a in addresses if a.rstrip("/").endswith("/debian"))
    return next(debian, "http://deb.debian.org/debian")


def copy_settings(root: Path) -> None:
    """Give a root this machine's ways to the network."""
    named = (value for value in environment().values() if value.startswith("/"))
    for path in map(Path, (*FILES, *named)):
        if path.is_file():
            to = root / path.relative_to("/")
            to.parent.mkdir(parents=True, exist_ok=True)
            to.unlink(missing_ok=True)  # a link in there would lead to a file of this machine
            shutil.copy(path, to)
    dump = subprocess.run(["apt-config", "dump", "Acquire"], stdout=subprocess.PIPE, text=True)
    lines = dump.stdout.splitlines(keepends=True)
    fetching = "".join(line for line in lines if "::IndexTargets" not in line)  # proxies, checks
    (root / "etc/apt/apt.conf.d/90fetching").write_text(fetching)


def copy_source(to: Path) -> None:
    """Copy this folder without what is built; nothing of an older copy stays, but its .venv."""
    to.mkdir(parents=True, exist_ok=True)
    for old in to.iterdir():
        if old.name != ".venv":
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    lines = (SOURCE / ".gitignore").read_text("utf-8").splitlines()
    built = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    ignored = shutil.ignore_patterns(".git", *built)
    shutil.copytree(SOURCE, to, symlinks=True, dirs_exist_ok=True, ignore=ignored)


def prepare(suite: str, root: Path, fresh: bool) -> str:
    """Make a root, the copy of this folder and its .venv ready, and return the versions.

    Raises
    ------
    NotMadeError
        It failed twice: a mirror may be back a moment later, and a broken package will not.
    """
    log = roots() / f"{suite}.log"
    log.unlink(missing_ok=True)
    packages = entered(root, "cd /src && make .venv/.test-ready")
    for last in (False, True):
        try:
            make_root(suite, root, log)
            copy_settings(root)
            copy_source(root / "src")
            if fresh:
                shutil.rmtree(root / "src/.venv", ignore_errors=True)
            step(f"Installing the newest Python packages in {suite}", packages, log)
            step(f"Looking at the versions in {suite}", entered(root, VERSIONS), log)
            break
        except (NotMadeError, OSError) as error:
            say(str(error)[:300])
            if last:
                raise NotMadeError(f"{str(error)[:300]} (more in {log})") from None
    return log.read_text("utf-8", "replace").splitlines()[-1]


def run_tests(root: Path) -> tuple[bool, str]:
    """Run the suite in a root; return whether it passed, and pytest's closing line."""
    closing = "pytest did not come to its end"
    command = entered(root, f"cd /src && timeout -k 10 {TESTS} make test 2>&1")
    process = subprocess.Popen(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout is not None
    try:
        with process.stdout as lines:
            for line in lines:
                print(line, end="", flush=True)
                if re.fullmatch(r"=+ .*\b(passed|failed|errors?)\b.* in .* =+\n", line):
                    closing = line.strip("= \n")
        return process.wait() == 0, closing
    finally:
        process.kill()
        process.wait()


def main(suite: str = "", *command: str) -> int:
    if suite and suite not in SUITES:
        print(__doc__, file=sys.stderr)
        return 2
    if lacking := missing():
        say(f"Other Octaves need root on a Debian. Missing here: {', '.join(lacking)}.")
        print(ELSEWHERE)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    told, failed = [], False
    for each in [suite] if suite else SUITES:
        with locked(each) as root:
            try:
                versions = prepare(each, root, fresh=not command)
            except NotMadeError as error:
                told.append(f"{each}: NOT RUN, its root could not be made: {error}")
                failed = failed or bool(command)
                continue
            if command:
                inside = f"cd /src && {' '.join(command)}"
                return subprocess.run(entered(root, inside), env=environment()).returncode
            say(f"{each}: {versions}")
            passed, closing = run_tests(root)
            told.append(f"{each}: {'passed' if passed else 'FAILED'} ({closing}) with {versions}")
            failed = failed or not passed
    say(*told)
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
