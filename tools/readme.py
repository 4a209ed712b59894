"""Write the table of operations in README.md from their declarations: `make readme`."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import octave_compress
from octave_compress.equivalence.verify import operations

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- operations -->\n).*?(<!-- /operations -->\n)", re.DOTALL)

# What the package exports under the short name.
SHORT = {name.removesuffix("_model") for name in operations()} & set(octave_compress.__all__)


def table() -> str:
    """Return the table: a row an operation, in the order of their families."""
    lines = ["| family | operation | agrees | returns |", "| --- | --- | --- | --- |"]
    for family, group in itertools.groupby(operations().values(), key=lambda op: op.family):
        for k, op in enumerate(group):
            short = op.name.removesuffix("_model")
            name = f"`{op.name}`" + (f", `oc.{short}`" if short in SHORT else "")
            what = op.summary.removeprefix("Return ").replace("``", "`")
            lines.append(f"| {family if k == 0 else ''} | {name} | {op.level} | {what} |")
    return "\n".join(lines) + "\n"


def filled(text: str) -> str:
    """Return the README with the table as it should be."""
    return BLOCK.sub(lambda found: found[1] + table() + found[2], text)


if __name__ == "__main__":
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
