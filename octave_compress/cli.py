"""The command ``octave-compress``: thin, everything it does is a call of the package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from octave_compress.errors import OctaveCompressError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 for a failure, 2 for bad usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except OctaveCompressError as error:
        print(f"octave-compress: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("octave-compress: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    from octave_compress import __version__

    parser = argparse.ArgumentParser(
        prog="octave-compress", description="Compress neural networks with GNU Octave."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo", help="train, prune, quantize, distil and report a network on real digits"
    )
    demo.add_argument("--backend", choices=("octave", "numpy"))
    demo.add_argument("--out", metavar="DIR", default="demo-output", help="default: %(default)s")
    demo.set_defaults(run=_demo)

    verify = commands.add_parser(
        "verify", help="compare every operation in Octave with its NumPy definition"
    )
    verify.add_argument(
        "--cases", type=_at_least(1), default=25, help="of each operation (%(default)s)"
    )
    verify.add_argument("--seed", type=_at_least(0), default=0)
    verify.set_defaults(run=_verify)

    doctor = commands.add_parser("doctor", help="tell what is installed and what is missing")
    doctor.set_defaults(run=_doctor)
    return parser


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more, got {value}")
        return value

    return whole_number


def _demo(options: argparse.Namespace) -> int:
    from rich.console import Console

    from octave_compress import demo

    console = Console(highlight=False)
    demo.run(options.out, options.backend, console.print, progress=console.is_terminal)
    return 0


def _verify(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from octave_compress.equivalence.verify import negative_controls, verify

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("operation", no_wrap=True)
    table.add_column("level", no_wrap=True)
    for title in ("cases", "worst\nfloat64", "worst\nfloat32"):
        table.add_column(title, justify="right")
    table.add_column("verdict")
    rows = verify(cases=options.cases, seed=options.seed)
    for row in rows:
        verdict = "agrees" if row.mismatch is None else f"DIFFERS: {row.mismatch}"
        worst = (f"{row.worst:.1e}", f"{row.worst_single:.1e}") if row.level.bound else ("0", "0")
        table.add_row(row.operation, str(row.level), str(row.cases), *worst, verdict)
    console = Console(highlight=False)
    console.print(table)
    controls = negative_controls()
    caught = sum(control.caught for control in controls)
    wrong = sum(row.mismatch is not None for row in rows)
    console.print(
        f"{len(rows) - wrong} of {len(rows)} operations agree; "
        f"{caught} of {len(controls)} wrong pairs were caught"
    )
    return int(wrong > 0 or caught < len(controls))


def _doctor(options: argparse.Namespace) -> int:
    from octave_compress.doctor import examine

    findings = examine()
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "ok " if finding.ok else "NO "
        print(f"{mark} {finding.name:<{width}}  {finding.value}")
        for line in filter(None, finding.advice.splitlines()):
            print(f"    {'':<{width}}  {line}")
    return int(not all(finding.ok for finding in findings))
