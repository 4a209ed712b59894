"""How long a recording takes beside plain Octave, both in one run.

The bar: three times plain Octave and half a second, and 3,000 statements in 5 seconds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from octave_compress.octave.locate import octave_command


def lines(count: int, form: str) -> str:
    return "".join(form.format(k) + "\n" for k in range(count))


FUNCTION = (
    "1;\nfunction y = long_one(x)\n" + lines(1500, "  y = x + {};") + "end\nz = long_one(1);\n"
)
MATRIX = "X = rand(60000, 784);\n" + lines(60, "s{0} = {0} + 1;")
SCRIPTS = {
    "500 one-line statements": (lines(500, "x{0} = {0} + 1;"), []),
    "1,000 one-line statements": (lines(1000, "x{0} = {0} + 1;"), []),
    "3,000 one-line statements": (lines(3000, "x{0} = {0} + 1;"), []),
    "3,000 that change one variable": ("x = 0;\n" + lines(3000, "x = x + {};"), []),
    "1,000 calls of a function of one's own": (
        "1;\nfunction y = twice(x)\n  y = 2 * x;\nend\n" + lines(1000, "x{0} = twice({0});"),
        [],
    ),
    "60000x784 and 60 lines": (MATRIX, []),
    "the same, lines that read it": (
        "X = rand(60000, 784);\n" + lines(60, "s{0} = X({0} + 1, 3) * 2;"),
        [],
    ),
    "60000x784 and 60 lines, --limit 1e6": (MATRIX, ["--limit", "1e6"]),
    "a cell of 200,000 numbers": (
        "c = num2cell(rand(1, 200000));\n" + lines(20, "s{0} = {0};"),
        [],
    ),
    "a cell of 200,000 texts": (
        "c = strsplit(repmat('word,', 1, 200000), ',');\n" + lines(20, "s{0} = {0};"),
        [],
    ),
    "a function of 1,500 lines": (FUNCTION, []),
}


def seconds(command: list[str], folder: str) -> float:
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    octave = [*octave_command(), "--no-gui", "--no-init-file", "--no-history", "--quiet"]
    ours = [sys.executable, "-m", "octave_compress", "record", "script.m", "--out", "golden.mat"]
    print(f"{'script':42}{'plain':>8}{'record':>9}{'bar':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, options) in SCRIPTS.items():
            (Path(folder) / "script.m").write_text(text)
            plain = min(seconds([*octave, "script.m"], folder) for _ in range(2))
            record = min(seconds([*ours, *options], folder) for _ in range(2))
            print(f"{name:42}{plain:8.2f}{record:9.2f}{3 * plain + 0.5:8.2f}", flush=True)


if __name__ == "__main__":
    main()
