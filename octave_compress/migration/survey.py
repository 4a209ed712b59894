"""What a script needs to become Python, as far as its words tell."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from octave_compress.errors import FileAccessError
from octave_compress.lexer import (
    Statement,
    Token,
    anonymous_parameters,
    assigned_names,
    function_name,
    position_of_equals,
    read,
)
from octave_compress.migration.tables import CALLS, NUMPY, OF_NAMES, PLAIN, TRAPS, WORDS

_SHORT = {
    f"{name}_model": name
    for name in ("train", "retrain", "predict", "prune", "quantize", "distill")
}
_BY_SAMPLE = {"X", "y", "targets", "outputs", "logits", "teacher_logits", "activations", "gradient"}
_ROWS = "samples are columns in Octave and rows in Python"


@dataclass(frozen=True)
class Suggestion:
    """A call with a Python form.

    Attributes
    ----------
    line : int
    octave : str
        The line of the script.
    python : str
        The line to write; ``...`` stands for what is not carried over.
    note : str
    """

    line: int
    octave: str
    python: str
    note: str = ""


@dataclass(frozen=True)
class Survey:
    """What `survey` found in a script.

    Attributes
    ----------
    script : str
    lines : tuple of str
    suggestions : tuple of Suggestion
    traps : dict
        Lines by the name of the trap, a key of :data:`octave_compress.migration.tables.TRAPS`.
    numpy : dict
        Lines by the name of a function with a counterpart in NumPy.
    unknown : dict
        Lines by name, of what nothing is known about here.
    own : dict
        Lines by name, of functions defined in the script or beside it.
    doubts : tuple of (int, str)
        Lines and what could not be told there.
    """

    script: str
    lines: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    traps: dict[str, tuple[int, ...]]
    numpy: dict[str, tuple[int, ...]]
    unknown: dict[str, tuple[int, ...]]
    own: dict[str, tuple[int, ...]]
    doubts: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        parts = [
            f"{self.script}: {len(self.lines)} lines, {len(self.suggestions)} calls with a Python "
            f"form, {len(self.traps)} traps, {len(self.unknown)} names not known here"
        ]
        if self.suggestions:
            parts += ["", "Calls with a Python form here (import octave_compress as oc)"]
            for one in self.suggestions:
                parts += [f"  line {one.line}: {one.octave}", f"      {one.python}"]
                parts += [f"      ({one.note})"] * bool(one.note)
        if self.traps:
            parts += ["", "Traps"]
            for name, lines in self.traps.items():
                parts.append(f"  {_lines(lines)}: {TRAPS[name]}")
        if self.numpy:
            parts += ["", "Counterparts in NumPy and SciPy (arguments as the traps say)"]
            parts += [f"  {name}: {NUMPY[name]} ({_lines(at)})" for name, at in self.numpy.items()]
        if self.own:
            parts += ["", "Your own functions, to be moved too"]
            parts += [f"  {name} ({_lines(at)})" for name, at in self.own.items()]
        if self.unknown:
            parts += ["", "Not known here (functions of Octave or of a package, or variables)"]
            parts += [f"  {name} ({_lines(at)})" for name, at in self.unknown.items()]
        if self.doubts:
            parts += ["", "Not sure"]
            parts += [f"  line {line}: {text}" for line, text in self.doubts]
        return "\n".join(parts)


def survey(script: str | os.PathLike[str]) -> Survey:
    """Return what a script needs to become Python. Runs nothing, and needs no Octave.

    Raises
    ------
    FileAccessError
        If the script cannot be read.
    """
    path = Path(script)
    try:
        data = path.read_bytes()
    except OSError as error:
        text = f"cannot read: {error.strerror}"
        raise FileAccessError(error.errno or errno.EIO, text, os.fspath(path)) from None
    beside = {file.stem for file in path.parent.glob("*.m")} - {path.stem}
    beside |= {file.stem for file in path.parent.glob("private/*.m")}
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff")
    return survey_text(text, path.name, beside)


def survey_text(text: str, name: str = "script.m", beside: Iterable[str] = ()) -> Survey:
    """Return what the text of a script needs; `beside` are functions in files of their own."""
    statements, doubts = read(text)
    if statements and statements[0].tokens[0].text == "classdef":
        doubts.append((statements[0].line, "only the methods of a class are read"))
        statements = _methods(statements)
    finder = _Finder(text.replace("\r\n", "\n").split("\n"), statements, set(beside))
    for statement in statements:
        finder.look(statement)
    lines = finder.lines[:-1] if finder.lines[-1:] == [""] else finder.lines
    return Survey(
        script=name,
        lines=tuple(lines),
        suggestions=tuple(finder.suggestions),
        traps=_joined(finder.traps),
        numpy=_joined(finder.numpy),
        unknown=_joined(finder.unknown),
        own=_joined(finder.own),
        doubts=tuple(sorted({*doubts, *finder.doubts})),
    )


def _methods(statements: list[Statement]) -> list[Statement]:
    """Return a class's statements without its declarations, whose grammar is another."""
    kept, block = [], ""
    for statement in statements:
        first = statement.tokens[0].text
        if block:
            block = "" if first in ("end", f"end{block}") else block
        elif first in ("properties", "events", "enumeration"):
            block = first
        elif first not in ("classdef", "methods", "endmethods", "endclassdef"):
            kept.append(statement)
    return kept


def _joined(found: dict[str, list[int]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(dict.fromkeys(lines)) for name, lines in found.items()}


def _lines(lines: tuple[int, ...]) -> str:
    return ("line " if len(lines) == 1 else "lines ") + ", ".join(map(str, lines))


class _Finder:
    """Goes through the statements in order, knowing which names are variables."""

    def __init__(self, lines: list[str], statements: list[Statement], beside: set[str]) -> None:
        self.lines = lines
        self.functions = {
            function_name(one) for one in statements if one.tokens[0].text == "function"
        } | beside
        self.ever: dict[str, int] = {}
        for one in statements:
            for name in assigned_names(one):
                self.ever.setdefault(name, one.line)
        self.known: set[str] = set()
        self.masks: set[str] = set()
        self.suggestions: list[Suggestion] = []
        self.traps: dict[str, list[int]] = {}
        self.numpy: dict[str, list[int]] = {}
        self.unknown: dict[str, list[int]] = {}
        self.own: dict[str, list[int]] = {}
        self.doubts: list[tuple[int, str]] = []
        self.operations = _operations()

    def look(self, statement: Statement) -> None:
        made = assigned_names(statement)
        if statement.tokens[0].text == "function":
            self.known.update(made)
            return
        local = anonymous_parameters(statement)
        if statement.command:
            self._look_at_command(statement)
            return
        # What is assigned here may be read on the right before it exists.
        self.known.update(name for name in made if self._is_made_in_place(statement))
        for k, token in enumerate(statement.tokens):
            if token.kind == "name" and token.text not in local:
                self._look_at_name(statement, k, made)
        for trap, test in CONSTRUCTS:
            for line in test(statement, self):
                self.traps.setdefault(trap, []).append(line)
        if _small_mask(statement.tokens) and position_of_equals(statement.tokens) is not None:
            self.masks.update(made)
        else:
            self.masks.difference_update(made)
        self.known.update(made)

    def _is_made_in_place(self, statement: Statement) -> bool:
        return statement.tokens[0].text in ("for", "parfor", "global", "persistent", "catch")

    def _look_at_command(self, statement: Statement) -> None:
        name, line = statement.tokens[0].text, statement.line
        words = [token.text for token in statement.tokens[1:]]
        if name == "load":
            self.traps.setdefault("load_blind", []).append(line)
        if name == "save" and not any(re.fullmatch(r"-(v?[467]|mat.*|v6|v7)", w) for w in words):
            self.traps.setdefault("save_text", []).append(line)
        self._classify(statement, name, line)

    def _look_at_name(self, statement: Statement, k: int, made: list[str]) -> None:
        tokens = statement.tokens
        token = tokens[k]
        name = token.text
        equals = position_of_equals(tokens)
        is_target = equals is not None and k < equals and name in made
        if name in self.known or is_target:
            return
        if name in self.ever and name not in made:
            first = self.ever[name]
            if self._has_form(name):
                text = f"{name} is used as a function here and is a variable from line {first} on"
                self.doubts.append((token.line, text))
            return
        self._classify(statement, name, token.line, k)

    def _has_form(self, name: str) -> bool:
        return name in self.operations or name in CALLS or name in WORDS

    def _classify(self, statement: Statement, name: str, line: int, k: int | None = None) -> None:
        if name in self.functions:
            self.own.setdefault(name, []).append(line)
            return
        if self._has_form(name):
            self._suggest(statement, name, line, k)
        elif name in NUMPY:
            self.numpy.setdefault(name, []).append(line)
        elif name not in PLAIN:
            self.unknown.setdefault(name, []).append(line)
        for trap in OF_NAMES.get(name, ()):
            self.traps.setdefault(trap, []).append(line)

    def _suggest(self, statement: Statement, name: str, line: int, k: int | None) -> None:
        octave = self.lines[line - 1].strip()
        arguments = None if k is None else arguments_of(statement.tokens, k)
        python, returns, note = "", 1, ""
        if arguments is not None and name in self.operations:
            python, returns, note = self._operation(name, arguments, line)
        elif arguments is not None and name in CALLS and not _is_seeding(name, arguments):
            form = CALLS[name]
            if len(arguments) == form.arguments:
                python = form.python.format(*map(python_of, arguments))
                returns, note = form.returns, form.note
        if arguments is not None and _is_seeding(name, arguments):
            python, note = _seeding(name, arguments)
        if not python:
            words = WORDS.get(name) or f"{_python_name(name)}(...)"
            self.suggestions.append(Suggestion(line, octave, words, note))
            return
        target = _target(statement, k or 0, returns)
        self.suggestions.append(Suggestion(line, octave, target.format(python), note))

    def _operation(
        self, name: str, arguments: list[list[Token]], line: int
    ) -> tuple[str, int, str]:
        required, options, returns = self.operations[name]
        given = [python_of(one) for one in arguments[: len(required)]]
        by_sample = any(one in _BY_SAMPLE for one in required[: len(given)])
        rest = arguments[len(required) :]
        if any(word.text == "{" for one in rest[::2] for word in one):
            self.doubts.append((line, f"the options of {name} are in a list that is not read here"))
            given.append("...")
            rest = []
        for word, value in zip(rest[::2], rest[1::2], strict=False):
            key = word[0].text if len(word) == 1 and word[0].kind == "string" else ""
            if key not in options:
                shown = key or "an option that is no plain text"
                self.doubts.append((line, f"{name} has no option {shown} that is known here"))
                given.append("...")
                continue
            given.append(f"{key}={_axis(python_of(value)) if key == 'axis' else python_of(value)}")
            by_sample = by_sample or key in _BY_SAMPLE
        if len(rest) % 2:
            self.doubts.append((line, f"{name} has an option without a value"))
        if len(arguments) < len(required):
            self.doubts.append((line, f"{name} needs {len(required)} arguments"))
            given.append("...")
        note = _ROWS if by_sample else ""
        return f"{_python_name(name)}({', '.join(given)})", returns, note


def _operations() -> dict[str, tuple[list[str], set[str], int]]:
    """Return the required arguments, the options and the number of results of each operation."""
    from octave_compress.equivalence.verify import operations

    found = {}
    for name, operation in operations().items():
        parameters = operation.signature.parameters.values()
        required = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
        options = {one.name for one in parameters if one.kind is one.KEYWORD_ONLY} - {"backend"}
        found[name] = (required, options, len(operation.returns))
    return found


def _python_name(name: str) -> str:
    return f"oc.{_SHORT[name]}" if name in _SHORT else f"oc.ops.{name}"


def _is_seeding(name: str, arguments: list[list[Token]]) -> bool:
    return name.startswith("rand") and any(t.kind == "string" for one in arguments for t in one)


def _seeding(name: str, arguments: list[list[Token]]) -> tuple[str, str]:
    """Return the Python form of ``rand('twister', 1)``."""
    kinds = {"rand": "rand, randi and randperm", "randn": "randn", "rande": "rande"}
    words = [python_of(one) for one in arguments]
    if len(words) == 2 and words[0] in ("'twister'", "'state'") and name in kinds:
        return f"random = OctaveRandom({words[1]})", f"this seeds {kinds[name]} alone in Octave"
    return "", "not the generator that OctaveRandom has, unless it is 'twister' or 'state'"


def _axis(text: str) -> str:
    """Return an axis counted from 0; Octave counts dimensions from 1."""
    return str(int(text) - 1) if text.isdigit() else "..."


def arguments_of(tokens: list[Token], k: int) -> list[list[Token]] | None:
    """Return the words of each argument of the call at a position; None if it has no brackets."""
    if k + 1 >= len(tokens) or tokens[k + 1].text != "(" or tokens[k + 1].kind != "operator":
        return None
    opening = tokens[k + 1]
    found: list[list[Token]] = [[]]
    for token in tokens[k + 2 :]:
        if token.text == ")" and token.kind == "operator" and token.depth == opening.depth:
            return [one for one in found if one]
        if token.text == "," and token.kind == "operator" and token.depth == opening.depth + 1:
            found.append([])
        else:
            found[-1].append(token)
    return None


def python_of(words: list[Token]) -> str:
    """Return the Python of a name, a number, a text or a row of numbers; ``...`` for the rest."""
    texts = [word.text for word in words]
    kinds = [word.kind for word in words]
    if kinds == ["name"] and texts[0] not in ("end", "i", "j", "e", "pi", "Inf", "NaN"):
        return {"true": "True", "false": "False"}.get(texts[0], texts[0])
    if kinds == ["string"] and texts[0].isprintable() and "\\" not in texts[0]:
        return repr(texts[0])
    if kinds == ["operator", "number"] and texts[0] == "-" and _is_real(texts[1]):
        return f"-{texts[1]}"
    if kinds == ["number"] and _is_real(texts[0]):
        return texts[0]
    if texts[:1] == ["["] and texts[-1:] == ["]"]:
        inner = [w for w in words[1:-1] if w.text != ","]
        if inner and all(w.kind == "number" and _is_real(w.text) for w in inner):
            return f"[{', '.join(w.text for w in inner)}]"
    return "..."


def _is_real(text: str) -> bool:
    return re.fullmatch(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None and not (
        len(text) > 1 and text.isdigit() and text[0] == "0"
    )


def _target(statement: Statement, k: int, returns: int) -> str:
    """Return ``name = {}`` if the call at a position is all that is assigned, else ``{}``."""
    tokens = statement.tokens
    equals = position_of_equals(tokens)
    arguments = arguments_of(tokens, k)
    if equals is not None and k == equals + 1 and arguments is not None:
        is_whole = tokens[-1].text == ")" and tokens[-1].depth == tokens[k + 1].depth
        left = tokens[:equals]
        names = [token.text for token in left if token.kind == "name" or token.text == "~"]
        is_plain = len(left) == 1 or (
            left[0].text == "[" and all(t.kind == "name" or t.text in "[],~" for t in left)
        )
        if is_whole and is_plain and len(names) <= returns:
            names = ["_" if one == "~" else one for one in names]
            names += ["_"] * (returns - len(names))
            return f"{', '.join(names)} = {{}}"
        return "{}" if returns == 1 else "{}  # returns " + str(returns) + " values"
    return "{}" if returns == 1 else "{}  # returns " + str(returns) + " values"


# Constructs. Each test returns the lines of a statement where its trap is.

_Test = Callable[[Statement, _Finder], list[int]]


def _operators(*texts: str) -> _Test:
    def test(statement: Statement, finder: _Finder) -> list[int]:
        return [t.line for t in statement.tokens if t.kind == "operator" and t.text in texts]

    return test


def _between_unknowns(*texts: str) -> _Test:
    """Return a test for operators beside which there is no number that is written out."""

    def test(statement: Statement, finder: _Finder) -> list[int]:
        tokens = statement.tokens
        found = []
        for k, token in enumerate(tokens):
            if token.kind == "operator" and token.text in texts:
                after = tokens[k + 1].kind if k + 1 < len(tokens) else ""
                before = tokens[k - 1].kind if k else ""
                is_scaled = after == "number" or (before == "number" and token.text == "*")
                found += [] if is_scaled else [token.line]
        return found

    return test


def _transposes(statement: Statement, finder: _Finder) -> list[int]:
    return [t.line for t in statement.tokens if t.kind == "operator" and t.text == "'"]


def _lost_asterisk(statement: Statement, finder: _Finder) -> list[int]:
    """Return the lines of two values with nothing between them, outside of a matrix."""
    tokens = statement.tokens
    if tokens[0].kind == "keyword":  # behind whose condition another statement may stand
        return []
    found = []
    stack: list[int] = []
    ends_of_parameters = set()
    for k, token in enumerate(tokens):
        if token.kind == "operator" and token.text in "([{":
            stack.append(k)
        elif token.kind == "operator" and token.text in ")]}" and stack:
            opening = stack.pop()
            if opening and tokens[opening - 1].text == "@":
                ends_of_parameters.add(k)
        elif token.kind in ("name", "number", "string") and token.spaced and k:
            previous = tokens[k - 1]
            in_matrix = bool(stack) and tokens[stack[-1]].text in "[{"
            follows = previous.is_operand and k - 1 not in ends_of_parameters
            if follows and not in_matrix and previous.line == token.line:
                found.append(token.line)
    return found


def _small_mask(tokens: list[Token]) -> list[int]:
    """Return lines with ``abs(...) <``."""
    found = []
    for k, token in enumerate(tokens):
        if token.kind == "name" and token.text == "abs" and arguments_of(tokens, k) is not None:
            depth = token.depth
            after = next(
                (
                    n + 1
                    for n in range(k + 2, len(tokens))
                    if tokens[n].text == ")" and tokens[n].depth == depth
                ),
                len(tokens),
            )
            if after < len(tokens) and tokens[after].text in ("<", "<="):
                found.append(token.line)
    return found


def _inverted_mask(statement: Statement, finder: _Finder) -> list[int]:
    tokens = statement.tokens
    if not any(t.kind == "operator" and t.text in (".*", "*", ".*=", "*=") for t in tokens):
        return []
    used = [t.line for t in tokens if t.kind == "name" and t.text in finder.masks]
    return used or _small_mask(tokens)


def _max_per_column(statement: Statement, finder: _Finder) -> list[int]:
    found = []
    for k, token in enumerate(statement.tokens):
        if token.kind == "name" and token.text == "max" and "max" not in finder.known:
            arguments = arguments_of(statement.tokens, k) or []
            is_magnitude = len(arguments) == 1 and arguments[0][0].text == "abs"
            if is_magnitude and not any(word.text == ":" for word in arguments[0]):
                found.append(token.line)
    return found


def _grid(statement: Statement, finder: _Finder) -> list[int]:
    tokens = statement.tokens
    names = [token.text for token in tokens]
    if "round" not in names or names.count("255") < 2 or ("/" not in names and "./" not in names):
        return []
    return [token.line for token in tokens if token.text == "round"][:1]


def _mean_accuracy(statement: Statement, finder: _Finder) -> list[int]:
    made = assigned_names(statement)
    names = [token.text for token in statement.tokens]
    compares = any(sign in names for sign in ("==", "~=", "!=", "strcmp", "isequal"))
    if "mean" in names and not compares and any("acc" in name.lower() for name in made):
        return [statement.line]
    return []


def _load(statement: Statement, finder: _Finder) -> list[int]:
    return _calls_of(statement, finder, "load", assigned=True)


def _load_blind(statement: Statement, finder: _Finder) -> list[int]:
    return _calls_of(statement, finder, "load", assigned=False)


def _calls_of(statement: Statement, finder: _Finder, name: str, assigned: bool) -> list[int]:
    if name in finder.known or (position_of_equals(statement.tokens) is not None) != assigned:
        return []
    return [t.line for t in statement.tokens if t.kind == "name" and t.text == name]


def _save_text(statement: Statement, finder: _Finder) -> list[int]:
    lines = _calls_of(statement, finder, "save", assigned=False)
    options = [t.text for t in statement.tokens if t.kind == "string" and t.text.startswith("-")]
    binary = ("-v4", "-v6", "-v7", "-4", "-6", "-7", "-mat", "-mat-binary", "-mat7-binary", "-V7")
    return [] if any(option in binary for option in options) else lines


def _flattens(statement: Statement, finder: _Finder) -> list[int]:
    tokens = statement.tokens
    return [
        a.line
        for a, b, c in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if (a.text, b.text, c.text) == ("(", ":", ")")
    ]


def _indexes(statement: Statement, finder: _Finder) -> list[int]:
    tokens = statement.tokens
    found = []
    for k, token in enumerate(tokens[:-2]):
        is_variable = token.kind == "field" or (token.kind == "name" and token.text in finder.known)
        if is_variable and tokens[k + 1].text in "({" and tokens[k + 1].kind == "operator":
            inner = tokens[k + 2]
            if inner.kind == "number" or inner.text == "end" or inner.kind == "name":
                found.append(token.line)
    return found


def _copies(statement: Statement, finder: _Finder) -> list[int]:
    tokens = statement.tokens
    if len(tokens) == 3 and tokens[1].text == "=" and tokens[2].kind == "name":
        return [statement.line] if tokens[2].text in finder.known else []
    return []


CONSTRUCTS: tuple[tuple[str, _Test], ...] = (
    ("lost_asterisk", _lost_asterisk),
    ("inverted_mask", _inverted_mask),
    ("max_per_column", _max_per_column),
    ("grid", _grid),
    ("mean_accuracy", _mean_accuracy),
    ("load_shape", _load),
    ("load_blind", _load_blind),
    ("save_text", _save_text),
    ("column_major", _flattens),
    ("index", _indexes),
    ("copy", _copies),
    ("transpose", _transposes),
    ("matrix_product", _between_unknowns("*", "*=")),
    ("division", _between_unknowns("/", "\\", "/=")),
    ("power", _operators("^", "^=")),
)
