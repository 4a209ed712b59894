"""The command ``octave-compress``: thin, everything it does is a call of the package."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from octave_compress.errors import OctaveCompressError

if TYPE_CHECKING:
    from octave_compress.equivalence.levels import Level


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

    deep = commands.add_parser(
        "deep-compress",
        help="prune, share and pack a trained network into a file of few bytes",
        description="Compress a trained network (Deep Compression): prune it, share its weights, "
        "train what is left with the network itself as the teacher, and pack it. DATA holds X, y "
        "and, to choose the best epoch on, X_val and y_val (else every tenth sample of X): a "
        ".npz file with samples in rows and classes from 0, or a .mat file with samples in "
        "columns and classes from 1.",
    )
    deep.add_argument("model", metavar="MODEL", help="a .mat or .ocz file")
    deep.add_argument("data", metavar="DATA")
    deep.add_argument("--out", metavar="FILE.ocz", required=True)
    deep.add_argument(
        "--density",
        metavar="SHARE",
        type=_numbers(float),
        default=0.1,
        help="of connections that stay; one a layer with commas (default: %(default)g)",
    )
    deep.add_argument(
        "--k", metavar="LEVELS", type=_numbers(int), help="levels of a layer besides zero"
    )
    deep.add_argument("--bits", type=_numbers(int), help="or bits of a code (default: 4)")
    deep.add_argument("--epochs", type=_at_least(0), default=100, help="default: %(default)s")
    deep.add_argument("--teacher", metavar="MODEL", help="another network to learn from")
    deep.add_argument("--seed", type=_at_least(0), default=0)
    deep.add_argument(
        "--checkpoint", metavar="FILE", default="", help="go on from here after a crash"
    )
    deep.add_argument("--backend", choices=("octave", "numpy"))
    deep.set_defaults(run=_deep_compress)

    verify = commands.add_parser(
        "verify", help="compare every operation in Octave with its NumPy definition"
    )
    verify.add_argument(
        "--cases", type=_at_least(1), default=25, help="of each operation (%(default)s)"
    )
    verify.add_argument("--seed", type=_at_least(0), default=0)
    verify.set_defaults(run=_verify)

    record = commands.add_parser(
        "record",
        help="run a script in Octave and keep what each of its statements did",
        description="Run a script in Octave, as it is, and write what each of its top-level "
        "statements did to a file that tests read without Octave. The exit status is 0 if the "
        "script ran to its end, and 1 if an error or the deadline ended it; the file then holds "
        "what ran.",
    )
    record.add_argument("script", metavar="SCRIPT.m")
    record.add_argument("--out", metavar="FILE.mat", required=True)
    record.add_argument(
        "--folder", metavar="DIR", help="where the script runs; its own folder by default"
    )
    record.add_argument(
        "--deadline", metavar="SECONDS", type=float, default=600.0, help="default: %(default)g"
    )
    record.add_argument(
        "--limit",
        metavar="BYTES",
        type=float,
        default=float("inf"),
        help="keep only a hash and a sample of arrays that are larger; none by default",
    )
    record.add_argument(
        "--graphics",
        choices=("ignore", "draw"),
        help="ignore makes figures without drawing or printing them, and is the default where "
        "there is no display",
    )
    record.add_argument(
        "--answers",
        metavar="FILE",
        help="the lines that input, keyboard, kbhit and yes_or_no get; asking is an error without",
    )
    record.set_defaults(run=_record)

    compare = commands.add_parser(
        "compare",
        help="compare the variables in two .mat files",
        description="Compare the variables in two .mat files, of MATLAB's formats up to -v7 or "
        "of Octave's own, or two recordings, statement by statement. The exit status is 0 if "
        "they agree, 1 if they differ, and 2 if a file cannot be read.",
    )
    compare.add_argument("actual", metavar="A.mat")
    compare.add_argument("expected", metavar="B.mat")
    compare.add_argument(
        "--level",
        type=_level,
        default="exact",
        help="how equal floats must be: exact, ulp(4), rtol(1e-9), ... (default: %(default)s)",
    )
    compare.set_defaults(run=_compare)

    migrate = commands.add_parser(
        "migrate",
        help="list what a script needs to become Python, and what to look out for",
        description="Read a script, without running it, and list its calls that this package "
        "has a Python form for, the traps in what it does, and the names that are not known "
        "here. It is no translator.",
    )
    migrate.add_argument("script", metavar="SCRIPT.m")
    migrate.add_argument(
        "--test", metavar="FILE.py", help="write a pytest file that records and checks the script"
    )
    migrate.set_defaults(run=_migrate)

    doctor = commands.add_parser("doctor", help="tell what is installed and what is missing")
    doctor.set_defaults(run=_doctor)
    return parser


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a whole number, got {text}") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more, got {value}")
        return value

    return whole_number


def _numbers(kind: type) -> Callable[[str], object]:
    word = "whole number" if kind is int else "number"

    def one_or_more(text: str) -> object:
        try:
            values = [kind(part) for part in text.split(",")]
        except ValueError:
            requirement = f"must be a {word}, or one a layer with commas between them"
            raise argparse.ArgumentTypeError(f"{requirement}, got {text}") from None
        return values[0] if len(values) == 1 else values

    return one_or_more


def _level(text: str) -> Level:
    from octave_compress.equivalence.levels import EXACT, rtol, ulp

    if text == "exact":
        return EXACT
    found = re.fullmatch(r"(ulp|rtol)[(:=]([0-9.eE+-]+)\)?", text)
    try:
        if found is not None and float(found[2]) >= 0:
            return (ulp if found[1] == "ulp" else rtol)(float(found[2]))
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"must be exact, ulp(4), rtol(1e-9) or the like, got {text}")


def _demo(options: argparse.Namespace) -> int:
    from rich.console import Console

    from octave_compress import demo

    console = Console(highlight=False)
    demo.run(options.out, options.backend, console.print, progress=console.is_terminal)
    return 0


def _deep_compress(options: argparse.Namespace) -> int:
    import os

    import numpy as np
    from rich.console import Console

    import octave_compress as oc
    from octave_compress.formats.samples import load_samples

    model = oc.load(options.model, backend=options.backend)
    data = load_samples(options.data)
    if "X_val" not in data:
        tenth = np.arange(len(data["X"])) % 10 == 9
        data |= {"X_val": data["X"][tenth], "y_val": data["y"][tenth]}
        data |= {"X": data["X"][~tenth], "y": data["y"][~tenth]}
    samples = data["X"], data["y"], data["X_val"], data["y_val"]
    console = Console(highlight=False)
    small = oc.deep_compress(
        model,
        *samples,
        density=options.density,
        k=options.k,
        bits=options.bits,
        epochs=options.epochs,
        teacher=oc.load(options.teacher) if options.teacher else None,
        seed=options.seed,
        checkpoint=options.checkpoint,
        progress=console.is_terminal,
        backend=options.backend,
    )
    oc.save(options.out, small)
    loaded = oc.load(options.out)
    dense = sum(4 * (layer.weights.size + layer.bias.size) for layer in model.layers)
    size = os.path.getsize(options.out)
    for name, network in (("before", model), ("after", loaded)):
        outputs = oc.predict(network, data["X_val"], backend=options.backend)
        share = float(oc.ops.accuracy(outputs, data["y_val"], backend=options.backend))
        held = dense if network is model else size
        console.print(f"{name:<7}{held:>10,} bytes   validation accuracy {100 * share:.2f} %")
    console.print(f"{dense / size:.1f} times smaller than 32-bit floats")
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


def _record(options: argparse.Namespace) -> int:
    from octave_compress.equivalence.recording import record

    golden = record(
        options.script,
        options.out,
        folder=options.folder,
        deadline=options.deadline,
        limit=options.limit,
        graphics=options.graphics,
        answers=options.answers,
    )
    names = dict.fromkeys(name for one in golden.statements for name in one.changed)
    loaded = [f"{one.name} {one.version}" for one in golden.packages if one.loaded]
    print(
        f"{options.out}: {len(golden.statements)} statements of {golden.script}, "
        f"{len(names)} variables"
    )
    print(f"Octave {golden.octave}, {golden.blas}" + "".join(f", {one}" for one in loaded))
    for note in golden.notes:
        print(f"note: {note}")
    if golden.error is None:
        print(f"the script ended: {golden.ended}")
        return 0
    print(
        f"octave-compress: the script stopped at {golden.statements[-1].place}: {golden.error}",
        file=sys.stderr,
    )
    return 1


def _compare(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from octave_compress.equivalence.files import compare_files

    try:
        rows = compare_files(options.actual, options.expected, options.level)
    except OctaveCompressError as error:
        print(f"octave-compress: {error}", file=sys.stderr)
        return 2
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("variable", options.actual, options.expected, "verdict"):
        table.add_column(Text(title), overflow="fold")
    for row in rows:
        verdict = "\n".join(map(str, row.differences)) or "agrees"
        verdict += "".join(f"\nlikely: {cause}" for cause in row.causes)
        table.add_row(*map(Text, (row.name, row.left, row.right, verdict)))
    console = Console(highlight=False)
    if rows:
        console.print(table)
    wrong = sum(bool(row.differences) for row in rows)
    level = options.level
    console.print(f"{len(rows) - wrong} of {len(rows)} variables agree at level {level}")
    return int(wrong > 0)


def _migrate(options: argparse.Namespace) -> int:
    from rich.console import Console

    from octave_compress.migration import survey, write_test

    found = survey(options.script)
    Console(highlight=False, soft_wrap=True).print(str(found), markup=False)
    if options.test is not None:
        write_test(options.test, options.script, found)
        print(f"wrote {options.test}: run it with pytest")
    return 0


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
