"""Finding GNU Octave and this package's own ``.m`` files. Starts nothing but short checks."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from octave_compress.errors import OctaveCompressError, OctaveNotFoundError

INSTALL_HELP = (
    "Install it, for example with\n"
    "    sudo apt-get install octave libopenblas0-pthread     (Debian, Ubuntu)\n"
    "    sudo dnf install octave                              (Fedora)\n"
    "    brew install octave                                  (macOS)\n"
    "or name its program in OCTAVE_EXECUTABLE. To go on without Octave, pass\n"
    'backend="numpy", call use_backend("numpy") or set OCTAVE_COMPRESS_BACKEND=numpy.'
)


def octave_command() -> list[str]:
    """Return the words that start Octave: from ``OCTAVE_EXECUTABLE``, else from ``PATH``.

    ``OCTAVE_EXECUTABLE`` is a program, or a command as a shell would read it, such as
    ``flatpak run org.octave.Octave``.

    Raises
    ------
    OctaveNotFoundError
        If there is none; the text says how to install it and how to go on without it.
    """
    named = os.environ.get("OCTAVE_EXECUTABLE")
    if named:
        for words in ([named], _words(named)):
            found = shutil.which(words[0]) if words else None
            if found is not None:
                return [found, *words[1:]]
        raise OctaveNotFoundError(
            f"OCTAVE_EXECUTABLE names {named!r}, which cannot be run.\n{INSTALL_HELP}"
        )
    for program in ("octave-cli", "octave"):
        found = shutil.which(program)
        if found is not None:
            return [found]
    raise OctaveNotFoundError(f"GNU Octave was not found on PATH.\n{INSTALL_HELP}")


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote is missing
        return []


def folders_in_common(memory: str = "/dev/shm") -> list[str]:
    """Return the folders for files that Python and Octave share: in memory, if there is one, first.

    A snap and a flatpak have a ``/dev/shm`` and a ``/tmp`` of their own; they share a part of the
    home folder, the one that oct2py takes too.
    """
    try:
        command = " ".join(octave_command())
    except OctaveNotFoundError:
        command = ""
    if "snap" in command:
        own = Path("~/snap/octave/current/octave_compress").expanduser()
    elif "flatpak" in command:
        own = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "octave_compress"
    else:
        disk = tempfile.gettempdir()
        return [memory, disk] if os.access(memory, os.W_OK) else [disk]
    own.mkdir(parents=True, exist_ok=True)
    return [str(own)]


def octave_version() -> str:
    """Return the version of Octave, ``"7.3.0"`` for instance; it is asked once.

    Raises
    ------
    OctaveNotFoundError
        If there is no Octave, or what is there does not say.
    """
    return _version_of(tuple(octave_command()))


@cache
def _version_of(command: tuple[str, ...]) -> str:
    executable = " ".join(command)
    try:
        done = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OctaveNotFoundError(f"{executable} cannot be run: {error}") from None
    found = re.search(r"version (\d+\.\d+\.\d+)", done.stdout)
    if found is None:
        raise OctaveNotFoundError(f"{executable} does not say its version.\n{INSTALL_HELP}")
    return found[1]


def octave_eval(code: str, timeout: float = 60.0) -> str:
    """Return what a fresh Octave prints for `code` (our own code, never a user's text)."""
    command = [*octave_command(), "--no-gui", "--no-init-file", "--quiet", "--eval", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    return done.stdout


def m_files() -> Path:
    """Return the folder of the ``.m`` functions: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "m_files", package.parent / "m_files"):
        if (folder / "prune_model.m").is_file():
            return folder
    raise OctaveCompressError(
        f"the folder m_files is missing from {package}: the installation is broken, "
        "install octave-compress again"
    )
