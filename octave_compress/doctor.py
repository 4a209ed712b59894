"""What is installed, what is missing, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util

_ADVICE = "OCTAVE_EXECUTABLE, or PATH, must lead to GNU Octave: try octave-cli --version"
_PACKAGES = ("octave-compress", "oct2py", "numpy", "scipy", "rich", "matplotlib")

# Octave says which BLAS it was linked with, but not which one Debian's alternatives put there:
# the libraries mapped into the process tell.
_PROBE = """
printf('%s\\n', version());
text = '';
if exist('/proc/self/maps', 'file')
  text = fileread('/proc/self/maps');
end
names = unique(regexp(text, '[^/\\n]*(?:blas|mkl|atlas)[^/\\n]*\\.so[^\\n]*', 'match'));
printf('%s\\n', strjoin(names, ', '));
"""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes
    ----------
    name, value : str
    ok : bool
    advice : str
        What to do if it is not, or what would be better; may be empty.
    """

    name: str
    value: str
    ok: bool = True
    advice: str = ""


def examine() -> tuple[Finding, ...]:
    """Return what was found about this machine. Starts Octave if there is one."""
    findings = [Finding("Python", f"{platform.python_version()} at {sys.executable}")]
    findings += [_package(name) for name in _PACKAGES]
    checks: tuple[Callable[[], list[Finding]], ...] = (_m_files, _octave, _transport)
    for check in checks:
        try:
            findings += check()
        except Exception as error:  # whatever it is, it is a finding
            first, _, rest = str(error).partition("\n")
            name = check.__name__.strip("_").replace("_", " ")
            advice = _ADVICE if check is _octave else ""
            findings.append(Finding(name, first or type(error).__name__, False, rest or advice))
        if not findings[-1].ok:
            break
    return tuple(findings)


def _package(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        if name == "matplotlib":
            advice = "only for pictures: pip install 'octave-compress[plot]'"
            return Finding(name, "not installed", True, advice)
        found = util.find_spec(name.replace("-", "_")) is not None
        return Finding(name, "unknown version" if found else "not installed", found)


def _m_files() -> list[Finding]:
    from octave_compress.octave.locate import m_files

    folder = m_files()
    return [Finding("m_files", f"{folder} ({len(list(folder.glob('*.m')))} functions)")]


def _octave() -> list[Finding]:
    from octave_compress.octave.locate import octave_command, octave_eval

    executable = " ".join(octave_command())
    version, blas, *_ = [*octave_eval(_PROBE).splitlines(), "", ""]
    if not version[:1].isdigit():
        return [Finding("Octave", f"{executable} does not answer as Octave does", False, _ADVICE)]
    findings = [Finding("Octave", f"{version} at {executable}")]
    advice = ""
    if blas and "openblas" not in blas.lower() and "mkl" not in blas.lower():
        advice = (
            "slow matrix products; OpenBLAS is faster: sudo apt-get install libopenblas0-pthread"
        )
    findings.append(Finding("BLAS", blas or "unknown", True, advice))
    return findings


def _transport() -> list[Finding]:
    from octave_compress.octave import Session

    if not hasattr(os, "mkfifo"):
        advice = "run it under Linux, macOS or WSL, or use the NumPy backend"
        return [Finding("transport", "this system has no FIFOs", False, advice)]
    memory = "/dev/shm"
    findings = []
    if os.path.isdir(memory):
        free = shutil.disk_usage(memory).free / 2**20
        findings.append(Finding("shared memory", f"{free:,.0f} MB free in {memory}"))
    start = time.perf_counter()
    with Session() as session:
        session.call("plus", 1, 1)
        started = time.perf_counter() - start
        start = time.perf_counter()
        answer = session.call("plus", 1, 2)
        took = time.perf_counter() - start
    value = f"1 + 2 = {answer:g}; start {started:.2f} s, call {1000 * took:.1f} ms"
    return [*findings, Finding("session", value, answer == 3)]
