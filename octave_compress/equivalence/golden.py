"""What a script in Octave did, statement by statement, as a file that tests of a port read.

Nothing here starts Octave: :mod:`octave_compress.equivalence.recording` makes such a file.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octave_compress.atomic import write_atomically
from octave_compress.equivalence.broken import (
    advice,
    is_control,
    octave_cannot_run,
    python_cannot_run,
)
from octave_compress.equivalence.hints import (
    Evidence,
    class_advice,
    hints_for,
    is_examined,
)
from octave_compress.equivalence.levels import EXACT, Difference, Level, differences
from octave_compress.equivalence.versions import Effect, Machine, machine_here, version_causes
from octave_compress.errors import (
    FileAccessError,
    Frame,
    GoldenFileError,
    InvalidTypeError,
    InvalidValueError,
    ModelFileError,
)
from octave_compress.formats import mat5
from octave_compress.formats.mat5 import Opaque
from octave_compress.random import drawing_as
from octave_compress.structs import Cells, StructArray

FORMAT = 1
_SAMPLE = 1000  # elements that are kept of a large array
_LONGEST_NAME = 63  # of a field in a MAT file
_MOST_STRUCTS = 1 << 16  # without fields, of which a file holds no more than how many there are


class HashedArray:
    """A large array of which a file keeps a hash and a sample.

    Attributes
    ----------
    dtype : numpy.dtype or None
        None for text.
    shape : tuple of int
    sha256 : str
        Of the elements' bytes in column-major order, every NaN being Octave's own; the real
        parts come before the imaginary ones.
    index : array of int64
        Where the sample is, in column-major order from 0.
    sample : array
    """

    def __init__(
        self,
        dtype: np.dtype[Any] | None,
        shape: tuple[int, ...],
        sha256: str,
        index: NDArray[np.int64],
        sample: NDArray[Any],
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.sha256 = sha256
        self.index = index
        self.sample = sample

    def __repr__(self) -> str:
        size = "x".join(map(str, self.shape))
        return f"<{size} {self.dtype or 'char'}, sha256 {self.sha256[:12]}>"


def hashed(array: NDArray[Any], dtype: np.dtype[Any] | None) -> HashedArray:
    """Return what is kept of an array above the limit; `dtype` is None for the bytes of text."""
    flat = array.ravel(order="F")
    n = flat.size
    # Places that no regular pattern of rows and columns can hide from, the first and the last too.
    places = np.floor(np.arange(_SAMPLE) * (n * (math.sqrt(5) - 1) / 2)) % n
    index = np.unique(np.concatenate([[0, n - 1], places]).astype(np.int64))
    return HashedArray(dtype, array.shape, array_sha256(flat), index, flat[index])


@dataclass(frozen=True)
class RecordedError:
    """The error that ended a script, with its call stack, innermost first."""

    message: str
    identifier: str = ""
    stack: tuple[Frame, ...] = ()

    def __str__(self) -> str:
        return f"{self.message} ({self.identifier})" if self.identifier else self.message


@dataclass(frozen=True)
class RecordedWarning:
    """A warning that Octave printed; of several in a statement, only the last has an identifier."""

    message: str
    identifier: str = ""


@dataclass(frozen=True)
class Package:
    """A package of the Octave that ran the script."""

    name: str
    version: str
    loaded: bool


@dataclass(frozen=True)
class Statement:
    """What one top-level statement, or several that share a line, did.

    Attributes
    ----------
    line, last_line : int
        Where it stands in the script, from 1.
    text : str
    changed : dict
        Values of the variables that it made or changed, as
        :mod:`octave_compress.octave.codec` describes them; a `HashedArray` for a large array,
        an `Opaque` for what no file can hold.
    vanished : tuple of str
        Variables that it cleared.
    printed : str
        What it printed on its standard output, at most 64 kB of it.
    printed_bytes : int
        How much that was before it was cut.
    warnings : tuple of RecordedWarning
    error : RecordedError or None
        What ended it, and the script.
    """

    line: int
    last_line: int
    text: str
    changed: Mapping[str, Any]
    vanished: tuple[str, ...] = ()
    printed: str = ""
    printed_bytes: int = 0
    warnings: tuple[RecordedWarning, ...] = ()
    error: RecordedError | None = None

    @property
    def place(self) -> str:
        """Its lines and the start of its text, for messages."""
        lines = str(self.line) if self.line == self.last_line else f"{self.line}-{self.last_line}"
        first, _, rest = self.text.strip().partition("\n")
        short = first[:50] + ("..." if rest or len(first) > 50 else "")
        return f"{'line' if lines.isdigit() else 'lines'} {lines} ({short})"


@dataclass(frozen=True)
class Replay:
    """What a replay compared.

    Attributes
    ----------
    checked : tuple of (int, str)
        Lines and variables.
    unchecked : tuple of str
        Variables of the script that were compared nowhere.
    """

    checked: tuple[tuple[int, str], ...]
    unchecked: tuple[str, ...]


@dataclass(frozen=True)
class Golden:
    """A recording of a script, to check a port against. Needs no Octave.

    Attributes
    ----------
    script : str
        The script's name.
    script_sha256 : str
        Of the script's bytes.
    statements : tuple of Statement
        Those that ran, in order.
    ended : {"completed", "return", "exit", "error", "deadline", "output", "died"}
        How the script came to its end.
    octave, blas, computer, tool : str
        Which Octave, BLAS, kind of machine and version of this package made the recording.
    packages : tuple of Package
        Octave's packages.
    limit : float
        Bytes from which an array was kept as a hash and a sample; Inf if none was.
    path : str
        Where the file is; empty if it was not read from one.
    """

    script: str
    script_sha256: str
    statements: tuple[Statement, ...]
    ended: str
    octave: str
    blas: str
    computer: str
    tool: str
    packages: tuple[Package, ...] = ()
    limit: float = float("inf")
    path: str = ""

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Golden:
        """Return the recording in a file; the same as `load_golden`."""
        return load_golden(path)

    @property
    def machine(self) -> Machine:
        """The Octave and the BLAS that made the recording."""
        return Machine(self.octave, self.blas)

    @property
    def error(self) -> RecordedError | None:
        """What ended the script before its last line, if anything."""
        return self.statements[-1].error if self.statements else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of this recording should know: values that are only named, for instance."""
        kinds: dict[str, str] = {}
        for statement in self.statements:
            for name, value in statement.changed.items():
                for part in _opaque_parts(value):
                    kinds[name] = part.kind
        notes = [
            f"{name} is or holds a {kind}, of which only the class is kept"
            for name, kind in kinds.items()
        ]
        if self.error is not None and (help_to_draw := advice(self.error.message)):
            notes.append(help_to_draw)
        return tuple(notes)

    def at(self, where: str | int) -> Statement:
        """Return the statement at a line.

        Parameters
        ----------
        where : str or int
            ``"line 12"`` or 12, any line of a statement; or ``"end"``, the last one that ran.

        Raises
        ------
        InvalidValueError
            If there is no statement at that line; the text names its neighbours.
        """
        return self.statements[self._index(where)]

    def variables(self, where: str | int = "end") -> dict[str, Any]:
        """Return the workspace after the statement at a line (`at` says which lines there are)."""
        workspace: dict[str, Any] = {}
        for statement in self.statements[: self._index(where) + 1]:
            for name in statement.vanished:
                workspace.pop(name, None)
            workspace.update(statement.changed)
        return workspace

    def check(
        self,
        where: str | int,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        level: Level = EXACT,
        **more_values: Any,
    ) -> None:
        """Require that a port's variables are what the script's were after a line.

        Parameters
        ----------
        where : str or int
            As for `at`: ``"line 12"``, 12 or ``"end"``.
        values : mapping, optional
            Variables by name, for names such as ``level`` that cannot be keywords.
        level : Level
            How equal floats must be; all else must be the same at every level.
        **more_values
            Variables by name. They count as Octave would hold them: a Python number is a double,
            a 1-D array a row.

        Raises
        ------
        AssertionError
            If one differs, or is of a class that can only be named; with all differences.
        InvalidValueError
            If there is no such line, or the script has no such variable there.
        """
        given = {**(values or {}), **more_values}
        if not given:
            raise InvalidValueError("check: pass the variables to compare, as name=value")
        statement = self.at(where)
        workspace = self.variables(where)
        for name in given:
            if name not in workspace:
                raise InvalidValueError(self._unknown(name, statement, workspace))
        found: list[str] = []
        wrong = set()
        for name, value in given.items():
            context = self._context(where, name)
            for text in _mismatches(value, workspace[name], level, name, context):
                found.append(f"  {text}")
                wrong.add(name)
        if found:
            raise AssertionError(
                f"{self.script}, after {statement.place}: {len(wrong)} of {len(given)} variables "
                f"differ at level {level} (the port's value comes first)\n" + "\n".join(found)
            )

    def replay(self, function: Callable[[], Any], *, level: Level = EXACT) -> Replay:
        """Run a port and compare it with the script.

        Parameters
        ----------
        function : callable
            Without arguments. Either returns a dict of variables, which are compared with those
            at the end of the script, or is a generator of pairs ``("line 12", {"x": x})``. If
            the script ended with an error, the function must raise an exception too; one that
            means that code cannot run, on either side, agrees with nothing. An `OctaveRandom`
            that it makes draws as the Octave that was recorded.
        level : Level

        Returns
        -------
        Replay
            What was compared, and which variables were not.

        Raises
        ------
        AssertionError
            If something differs, or nothing was compared.
        """
        checked: list[tuple[int, str]] = []
        failed = self.ended == "error"
        error = self.error
        if error is not None and octave_cannot_run(error.message, error.identifier, error.stack):
            raise AssertionError(
                f"{self.script} ended with an error that says that it cannot run, which no port "
                f"can agree with: {error}\nmend the script and record it again, or check what it "
                "did before with check()"
            )
        try:
            with drawing_as(self.octave):
                for where, values in _pairs(function()):
                    if not values:
                        continue
                    self.check(where, values, level=level)
                    checked += [(self.at(where).line, name) for name in values]
        except (AssertionError, InvalidValueError):
            raise
        except Exception as error:
            if not failed or python_cannot_run(error) or is_control(error):
                raise
        else:
            if failed:
                text = f"{self.script} ended with an error, {self.error}, and the port did not"
                texts = [self.statements[-1].text]
                causes = version_causes("error", texts, self.machine, machine_here())
                raise AssertionError("\n".join([text, *(f"  likely: {one}" for one in causes)]))
        if not checked and not failed:
            raise AssertionError("replay: the port returned no variables, so nothing was compared")
        names = {name for _, name in checked}
        known = dict.fromkeys(name for one in self.statements for name in one.changed)
        return Replay(tuple(checked), tuple(name for name in known if name not in names))

    def check_script(self, path: str | os.PathLike[str]) -> None:
        """Require that a script is still the one that was recorded.

        Raises
        ------
        AssertionError
            If its bytes have changed since.
        FileAccessError
            If it cannot be read.
        """
        if hashlib.sha256(read_bytes(path)).hexdigest() != self.script_sha256:
            raise AssertionError(
                f"{os.fspath(path)} has changed since it was recorded; record it again: "
                f"octave-compress record {os.fspath(path)} --out {self.path or 'golden.mat'}"
            )

    def _context(self, where: str | int, name: str) -> _Context:
        """Return what is known of how a variable came to the value that it has after a line."""
        upto = self.statements[: self._index(where) + 1]
        last = max(k for k, one in enumerate(upto) if name in one.changed)
        made = upto[last]
        workspace = {
            **(self.variables(upto[last - 1].line) if last else {}),
            **{other: value for other, value in made.changed.items() if other != name},
        }
        named = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", made.text))
        return _Context(
            tuple(workspace[one] for one in named if one in workspace),
            tuple(one.text for one in upto[: last + 1]),
            self.machine,
        )

    def _index(self, where: str | int) -> int:
        found = re.fullmatch(r"line (\d{1,9})", where) if isinstance(where, str) else None
        if where == "end" and self.statements:
            return len(self.statements) - 1
        if found is not None:
            line = int(found[1])
        elif isinstance(where, int) and not isinstance(where, bool):
            line = where
        elif where == "end":
            raise InvalidValueError(f"{self.script} has no statements")
        else:
            raise InvalidValueError(f'WHERE must be "line 12", 12 or "end", got {where!r}')
        for k, statement in enumerate(self.statements):
            if statement.line <= line <= statement.last_line:
                return k
        before = [one for one in self.statements if one.last_line < line]
        after = [one for one in self.statements if one.line > line]
        near = [one.place for one in (*before[-1:], *after[:1])]
        text = f"{self.script} has no statement at line {line} that ran; "
        raise InvalidValueError(text + f"the nearest are {' and '.join(near) or 'none'}")

    def _unknown(self, name: str, statement: Statement, workspace: Mapping[str, Any]) -> str:
        text = f"{self.script} has no variable {name} after {statement.place}"
        later = [one for one in self.statements if one.line > statement.line]
        first = next((one for one in later if name in one.changed), None)
        if first is not None:
            return f"{text}; it appears at {first.place}"
        return f"{text}; there are {', '.join(sorted(workspace)) or 'none'}"


def _pairs(result: Any) -> Iterable[tuple[str | int, Mapping[str, Any]]]:
    if isinstance(result, Mapping):
        return [("end", result)]
    if isinstance(result, Iterator):
        return result
    raise InvalidValueError(
        "replay: the port must return a dict of variables or yield pairs such as "
        f'("line 12", {{"x": x}}), got {type(result).__name__}'
    )


# Comparison.


@dataclass(frozen=True)
class _Context:
    """How a recorded value came about.

    Attributes
    ----------
    args : tuple
        The variables that stand in the statement that made it, as they were before it.
    texts : tuple of str
        That statement and those before it.
    machine : Machine
    """

    args: tuple[Any, ...]
    texts: tuple[str, ...]
    machine: Machine


def _mismatches(
    actual: Any, expected: Any, level: Level, name: str, context: _Context
) -> list[str]:
    """Return how a port's value differs from a recorded one."""
    from octave_compress.equivalence.values import as_octave

    try:
        actual = as_octave(actual, like=expected)
    except InvalidTypeError as error:
        return [f"{name}: cannot be compared: {error}"]
    found: list[str] = []
    actual, expected = _without_hashes(actual, expected, name, level, found)
    for one in differences(actual, expected, level, name):
        advice = class_advice(one.actual, one.expected) if one.kind == "class" else ""
        found.append(f"{one} ({advice})" if advice else str(one))
        found += [f"  likely: {cause}" for cause in _causes(one, level, context)]
    return found


def _causes(difference: Difference, level: Level, context: _Context) -> Iterator[str]:
    """Yield likely causes, as far as results tell without a port that could be called again."""
    evidence = _evidence(difference, level, context)
    if evidence is not None:
        yield from map(str, hints_for(evidence))
        yield from _version_causes(difference, evidence, context, machine_here())


def _evidence(difference: Difference, level: Level, context: _Context) -> Evidence | None:
    if difference.kind not in ("value", "class", "shape"):
        return None
    if not all(map(is_examined, difference.values)):
        return None
    actual, expected = map(np.asarray, difference.values)
    args = tuple(np.asarray(value) for value in context.args if is_examined(value))
    return Evidence(actual, expected, args, level, lambda args: None)


def _version_causes(
    difference: Difference,
    evidence: Evidence,
    context: _Context,
    other: Machine | None,
    **words: str,
) -> Iterator[str]:
    if difference.kind != "class":
        is_near = evidence.same_shape and evidence.is_near
        effect: Effect = "last bits" if is_near else "values"
        yield from version_causes(effect, context.texts, context.machine, other, **words)


def recorded_differences(
    goldens: tuple[Golden, Golden], statements: tuple[Statement, Statement], name: str, level: Level
) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """Return how a variable that a statement made differs in two recordings, and likely causes."""
    actual, expected = (statement.changed[name] for statement in statements)
    found: list[str] = []
    actual, expected = _without_hashes(actual, expected, name, level, found)
    apart = differences(actual, expected, level, name)
    context = goldens[1]._context(statements[1].line, name)
    causes: dict[str, None] = {}
    for one in apart:
        evidence = _evidence(one, level, context)
        if evidence is not None:
            other = goldens[0].machine
            words = {"drawn": other.octave, "here": "the other one's is"}
            causes.update(dict.fromkeys(_version_causes(one, evidence, context, other, **words)))
    sampled = (text.partition(": ") for text in found)
    return (
        (*(Difference(place, place, "value", text) for place, _, text in sampled), *apart),
        tuple(causes),
    )


def _without_hashes(
    actual: Any, expected: Any, name: str, level: Level, found: list[str]
) -> tuple[Any, Any]:
    """Return both values with the sample in place of each large array, and tell what differs."""
    if isinstance(actual, HashedArray) and not isinstance(expected, HashedArray):
        _sampled(expected, actual, name, level, found)
        return None, None
    if isinstance(expected, HashedArray):
        return _sampled(actual, expected, name, level, found)
    if isinstance(expected, dict) and isinstance(actual, dict):
        both = {
            key: _without_hashes(actual[key], part, f"{name}.{key}", level, found)
            for key, part in expected.items()
            if key in actual
        }
        return (
            {**actual, **{key: pair[0] for key, pair in both.items()}},
            {**expected, **{key: pair[1] for key, pair in both.items()}},
        )
    if isinstance(expected, list) and isinstance(actual, list) and len(actual) == len(expected):
        pairs = [
            _without_hashes(a, e, f"{name}{{{k}}}", level, found)
            for k, (a, e) in enumerate(zip(actual, expected, strict=True), 1)
        ]
        return [a for a, _ in pairs], [e for _, e in pairs]
    if _is_cell_array(expected) and _is_cell_array(actual) and actual.shape == expected.shape:
        left, right = actual.copy(), expected.copy()
        for at in np.ndindex(expected.shape):
            opening, closing = "()" if isinstance(expected, StructArray) else "{}"
            place = f"{name}{opening}{','.join(str(i + 1) for i in at)}{closing}"
            left[at], right[at] = _without_hashes(actual[at], expected[at], place, level, found)
        return left, right
    return actual, expected


def _opaque_parts(value: Any) -> Iterator[Opaque]:
    if isinstance(value, Opaque):
        yield value
    elif isinstance(value, dict | list) or _is_cell_array(value):
        parts = value.values() if isinstance(value, dict) else value
        for part in parts.flat if isinstance(parts, np.ndarray) else parts:
            yield from _opaque_parts(part)


def _is_cell_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def _sampled(
    actual: Any, expected: HashedArray, name: str, level: Level, found: list[str]
) -> tuple[Any, Any]:
    array: Any
    dtype: np.dtype[Any] | None
    if isinstance(actual, HashedArray):
        array, dtype = actual, actual.dtype
    elif isinstance(actual, str):
        data = np.frombuffer(actual.encode(errors="surrogateescape"), np.uint8)
        array, dtype = data.reshape(1, -1), None
    else:
        array = np.asarray(actual)
        dtype = array.dtype
        array = array.reshape(1, 1) if array.ndim == 0 else array
    if dtype != expected.dtype:
        found.append(f"{name}: class {dtype or 'char'} is not {expected.dtype or 'char'}")
        return None, None
    if array.shape != expected.shape:
        sizes = ("x".join(map(str, shape)) for shape in (array.shape, expected.shape))
        found.append(f"{name}: shape {' is not '.join(sizes)}")
        return None, None
    size = math.prod(expected.shape)
    if isinstance(array, HashedArray):
        sha256, sample = array.sha256, array.sample
        if not np.array_equal(array.index, expected.index):
            sample = expected.sample  # of other places: only the hashes say something
    else:
        flat = array.ravel(order="F")
        sha256, sample = array_sha256(flat), flat[expected.index]
    if sha256 == expected.sha256:
        return None, None
    if level.kind == "exact" and not differences(sample, expected.sample, level, name):
        found.append(
            f"{name}: the hash differs, and the sample of {sample.size} of {size} elements "
            "does not: record it with a larger limit to see where"
        )
    for one in differences(sample, expected.sample, level, name):
        at = np.unravel_index(expected.index[(one.index or (0,))[-1]], array.shape, order="F")
        found.append(
            f"{name}({','.join(str(int(i) + 1) for i in at)}): {one.message}, in a sample of "
            f"{sample.size} of {size} elements"
        )
    return None, None


def array_sha256(flat: NDArray[Any]) -> str:
    """Return the hash that a recording keeps of an array's elements in column-major order."""
    digest = hashlib.sha256()
    for part in (flat.real, flat.imag) if flat.dtype.kind == "c" else (flat,):
        if part.dtype.kind == "f":
            # Octave's own NaN, whatever bits this one has.
            part = np.where(np.isnan(part), part.dtype.type(np.nan), part)
        digest.update(np.ascontiguousarray(part, part.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


# Files.


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return a file's bytes, or raise a `FileAccessError` that names it."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        text = f"cannot read: {error.strerror}"
        raise FileAccessError(error.errno, text, os.fspath(path)) from None


def load_golden(path: str | os.PathLike[str]) -> Golden:
    """Return the recording of a script that ``octave-compress record`` made.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    GoldenFileError
        If it is no recording, or is damaged.
    """
    name = os.fspath(path)
    data = read_bytes(path)
    if data[124:128] != mat5.HEADER[124:]:
        raise GoldenFileError(f"{name}: no recording of a script (not a MAT file)")
    try:
        content = mat5.read(data, lossless=True)
    except ModelFileError as error:
        raise GoldenFileError(f"{name}: {error}") from error
    if "golden" not in content:
        raise GoldenFileError(f"{name}: no recording of a script; octave-compress record makes one")
    try:
        with np.errstate(all="ignore"):  # a number that is none raises below
            return _golden(content, str(name))
    except GoldenFileError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GoldenFileError(f"{name}: damaged: {error}") from error


def _golden(content: Mapping[str, Any], path: str) -> Golden:
    about = content["golden"]
    if int(about["format"]) != FORMAT:
        raise GoldenFileError(
            f"{path}: written by {about['tool']}, in format {int(about['format'])}; this version "
            f"reads format {FORMAT}: record the script again"
        )
    return Golden(
        script=_text(about["script"]),
        script_sha256=_text(about["script_sha256"]),
        statements=tuple(_statement(one, content) for one in about["statements"]),
        ended=_text(about["ended"]),
        octave=_text(about["octave"]),
        blas=_text(about["blas"]),
        computer=_text(about["computer"]),
        tool=_text(about["tool"]),
        packages=tuple(
            Package(_text(one["name"]), _text(one["version"]), bool(one["loaded"]))
            for one in about["packages"]
        ),
        limit=float(about["limit"]),
        path=path,
    )


def _statement(one: Mapping[str, Any], content: Mapping[str, Any]) -> Statement:
    names = [_text(name) for name in one["changed"]]
    stored = content[_key(int(one["line"]))] if names else {}
    error = one["error"]
    return Statement(
        line=int(one["line"]),
        last_line=int(one["last_line"]),
        text=_text(one["text"]),
        changed={name: unstored(stored[_field(name, k)]) for k, name in enumerate(names)},
        vanished=tuple(map(_text, one["vanished"])),
        printed=_text(one["printed"]),
        printed_bytes=int(one["printed_bytes"]),
        warnings=tuple(
            RecordedWarning(_text(w["message"]), _text(w["identifier"])) for w in one["warnings"]
        ),
        error=None if not error else _error(error),
    )


def _error(fields: Mapping[str, Any]) -> RecordedError:
    stack = tuple(
        Frame(_text(f["name"]), _text(f["file"]), int(f["line"]), int(f["column"]))
        for f in fields["stack"]
    )
    return RecordedError(_text(fields["message"]), _text(fields["identifier"]), stack)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} stands where text should be")
    return value


def _key(line: int) -> str:
    return f"line_{line}"


def _field(name: str, position: int) -> str:
    return name if len(name) <= _LONGEST_NAME else f"variable_{position + 1}"


def write_golden(
    path: str | os.PathLike[str], about: Golden, statements: Iterable[Statement]
) -> None:
    """Write a recording: a MAT file (``-v7``) that appears whole or not at all.

    Its variable ``golden`` is the story; ``line_12`` has the variables that the statement at
    line 12 changed. The statements' values need not all be in memory at once.

    Raises
    ------
    FileAccessError
        If the file cannot be written; an older one is then still whole.
    """

    def pieces() -> Iterator[bytes | memoryview]:
        yield mat5.HEADER
        told = []
        for one in statements:
            if one.changed:
                fields = {
                    _field(name, k): stored(value)
                    for k, (name, value) in enumerate(one.changed.items())
                }
                yield from mat5.write_more({_key(one.line): fields})
            told.append(_told(one))
        yield from mat5.write_more({"golden": _about(about, told)})

    write_atomically(path, pieces())


def _about(golden: Golden, statements: list[dict[str, Any]]) -> dict[str, Any]:
    texts = ("script", "script_sha256", "ended", "octave", "blas", "computer", "tool")
    return {
        "format": float(FORMAT),
        **{name: getattr(golden, name) for name in texts},
        "limit": float(golden.limit),
        "packages": [
            {"name": one.name, "version": one.version, "loaded": np.bool_(one.loaded)}
            for one in golden.packages
        ],
        "statements": statements,
    }


def _told(one: Statement) -> dict[str, Any]:
    """Return all of a statement but the values."""
    error: Any = []
    if one.error is not None:
        stack = [
            {"name": f.name, "file": f.file, "line": float(f.line), "column": float(f.column)}
            for f in one.error.stack
        ]
        error = {
            "message": one.error.message,
            "identifier": one.error.identifier,
            "stack": stack,
        }
    return {
        "line": float(one.line),
        "last_line": float(one.last_line),
        "text": one.text,
        "changed": list(one.changed),
        "vanished": list(one.vanished),
        "printed": one.printed,
        "printed_bytes": float(one.printed_bytes),
        "warnings": [{"message": w.message, "identifier": w.identifier} for w in one.warnings],
        "error": error,
    }


def stored(value: Any) -> Any:
    """Return a value as a MAT file can hold it: notes become structs with ``ocx_class``."""
    if isinstance(value, Opaque):
        return {"ocx_class": value.kind, "ocx_text": value.text}
    if isinstance(value, HashedArray):
        is_complex = value.dtype is not None and value.dtype.kind == "c"
        return {
            "ocx_class": "char" if value.dtype is None else value.dtype.name,
            "ocx_complex": np.bool_(is_complex),
            "ocx_size": np.array([value.shape], dtype=np.float64),
            "ocx_index": value.index[None, :].astype(np.float64) + 1,
            "ocx_sample": value.sample[:, None],
            "ocx_sha256": value.sha256,
        }
    if isinstance(value, dict):
        return {name: stored(part) for name, part in value.items()}
    if isinstance(value, list):
        return [stored(part) for part in value]
    if isinstance(value, StructArray) and (not value.size or not value.flat[0]):
        size = np.array([value.shape], dtype=np.float64)
        return {"ocx_class": "struct", "ocx_shape": size, "ocx_fields": list(value.fields)}
    if isinstance(value, np.ndarray) and value.dtype == object:
        result = value.copy()
        for at in np.ndindex(value.shape):
            result[at] = stored(value[at])
        return result
    if isinstance(value, str) and not _is_utf8(value):
        data = np.frombuffer(value.encode(errors="surrogateescape"), np.uint8)
        return {"ocx_class": "char", "ocx_bytes": data.reshape(1, -1)}
    if hasattr(value, "tocsc") and value.dtype.kind == "b":
        return {"ocx_class": "sparse logical", "ocx_values": value.astype(np.float64)}
    return value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def unstored(value: Any) -> Any:
    """Return what `stored` was given."""
    if isinstance(value, dict) and "ocx_class" in value:
        return _unstored_note(value)
    if isinstance(value, dict):
        return {name: unstored(part) for name, part in value.items()}
    if isinstance(value, list):
        return Cells(unstored(part) for part in value)
    if _is_cell_array(value):
        result = value.copy()
        for at in np.ndindex(value.shape):
            result[at] = unstored(value[at])
        return result
    return value


def _unstored_note(note: Mapping[str, Any]) -> Any:
    kind = _text(note["ocx_class"])
    if "ocx_sha256" in note:
        return _hashed(kind, note)
    if "ocx_bytes" in note:
        return np.asarray(note["ocx_bytes"], np.uint8).tobytes().decode(errors="surrogateescape")
    if "ocx_values" in note:
        return note["ocx_values"].astype(bool)
    if "ocx_shape" in note:
        shape = tuple(int(n) for n in np.ravel(note["ocx_shape"]))
        if not 2 <= len(shape) <= 32 or not 0 <= min(shape) <= max(shape) < 1 << 20:
            raise ValueError("a struct array without a size")
        if math.prod(shape) > _MOST_STRUCTS:
            raise ValueError("a struct array without fields and of too many elements")
        array = np.empty(shape, dtype=object)
        for at in np.ndindex(shape):
            array[at] = {}
        return StructArray(array, map(_text, note.get("ocx_fields", ())))
    return Opaque(kind, _text(note["ocx_text"]))


def _hashed(kind: str, note: Mapping[str, Any]) -> HashedArray:
    names = {"logical": "bool", "double": "float64", "single": "float32"}
    dtype = None if kind == "char" else np.dtype(names.get(kind, kind))
    if dtype is not None and dtype.kind == "f" and bool(note["ocx_complex"]):
        dtype = np.dtype(f"c{2 * dtype.itemsize}")
    shape = tuple(int(n) for n in np.ravel(note["ocx_size"]))
    index = np.ravel(note["ocx_index"]).astype(np.int64) - 1
    sample = np.ravel(note["ocx_sample"])
    count = float(np.prod(np.array(shape, dtype=np.float64)))
    if len(shape) < 2 or min(shape) < 0 or sample.size != index.size or not index.size:
        raise ValueError("a large array without a size or a sample")
    if not 0 <= index.min() <= index.max() < count:
        raise ValueError("the sample of a large array is not inside of it")
    return HashedArray(
        dtype,
        shape,
        _text(note["ocx_sha256"]),
        index,
        sample.astype(np.uint8 if dtype is None else dtype),
    )
