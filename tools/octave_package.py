"""Build the package that Octave's `pkg install` takes: `make octave-package`.

The same commit gives the same file, byte for byte.
"""

from __future__ import annotations

import gzip
import io
import itertools
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import octave_compress
from octave_compress.equivalence.verify import operations

ROOT = Path(__file__).resolve().parents[1]
NAME = "octave-compress"

DESCRIPTION = """Name: {name}
Version: {version}
Date: {date}
Author: octave-compress contributors
Maintainer: octave-compress contributors
Title: Compression of neural networks
Description: Prunes, quantizes and distils dense neural networks, trains and retrains them, and
 counts their parameters, operations and bytes. Needs neither Python nor another package.
Categories: Neural networks
Depends: octave (>= 6.1.0)
Autoload: no
License: BSD-3-Clause
"""


def when() -> int:
    """Return the time of what is packed: the same for the same sources."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        return int(subprocess.run(command, capture_output=True, check=True).stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return int((ROOT / "pyproject.toml").stat().st_mtime)


def index() -> str:
    """Return the list of functions, a heading a family."""
    lines = [f"{NAME} >> Compression of neural networks"]
    for family, group in itertools.groupby(operations().values(), key=lambda op: op.family):
        lines.append(family.capitalize())
        lines += [f" {op.name}" for op in group]
    return "\n".join(lines) + "\n"


def news() -> str:
    """Return the changelog as Octave shows it."""
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("## "))
    return "\n".join(line.removeprefix("## ").replace("`", "'") for line in lines[start:]) + "\n"


def contents(moment: int) -> dict[str, bytes]:
    """Return the files of the package by name."""
    date = time.strftime("%Y-%m-%d", time.gmtime(moment))
    texts = {
        "COPYING": (ROOT / "LICENSE").read_text("utf-8"),
        "DESCRIPTION": DESCRIPTION.format(
            name=NAME, version=octave_compress.__version__, date=date
        ),
        "INDEX": index(),
        "NEWS": news(),
    }
    files = {name: text.encode() for name, text in texts.items()}
    for path in sorted((ROOT / "m_files").rglob("*.m")):
        files[f"inst/{path.relative_to(ROOT / 'm_files').as_posix()}"] = path.read_bytes()
    return dict(sorted(files.items()))


def build(folder: Path) -> Path:
    """Write the package into a folder and return its path."""
    moment = when()
    top = f"{NAME}-{octave_compress.__version__}"
    files = contents(moment)
    folders = sorted({str(parent) for name in files for parent in Path(name).parents})
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in folders:
            entry = tarfile.TarInfo(f"{top}/{name}" if name != "." else top)
            entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, moment
            archive.addfile(entry)
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mode, entry.mtime = len(data), 0o644, moment
            archive.addfile(entry, io.BytesIO(data))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{top}.tar.gz"
    path.write_bytes(gzip.compress(stream.getvalue(), mtime=0))
    return path


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
