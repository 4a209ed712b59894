"""The top-level statements of a script: where they are, and what their words say of variables."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from octave_compress.lexer import Statement, Token, read_with_ends

_OPENING = frozenset(
    ("do", "for", "function", "if", "parfor", "switch", "try", "unwind_protect", "while")
)
_CLOSING = frozenset(
    (
        *("end", "end_try_catch", "end_unwind_protect", "endfor", "endfunction", "endif"),
        *("endparfor", "endswitch", "endwhile", "until"),
    )
)
_ASSIGNING = frozenset(("=", "+=", "-=", "*=", "/=", "^=", "|=", "&="))
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Part:
    """One top-level statement, or several that share a line.

    Attributes
    ----------
    line, last_line : int
        From 1.
    end : int or None
        Where its words end in its last line, in characters; None where nothing can stand behind
        them.
    targets : frozenset of str
        Names of all the variables that its words assign to; there may be more here, never fewer.
    words : frozenset of str
        Names that it reads or calls.
    defines : dict
        Names of the functions that it defines, and the words of each.
    """

    line: int
    last_line: int
    end: int | None
    targets: frozenset[str]
    words: frozenset[str]
    defines: dict[str, frozenset[str]]


def parts(text: str) -> tuple[Part, ...]:
    """Return the parts of a script. Octave has the last word about where they begin."""
    groups: list[list[Statement]] = []
    depth = 0
    statements, ends = read_with_ends(text)
    for statement in statements:
        if depth == 0 and (not groups or statement.line > groups[-1][-1].last_line):
            groups.append([])
        groups[-1].append(statement)
        depth = max(0, depth + _deeper(statement, depth))
    return tuple(_part(group, ends[group[-1].last_line]) for group in groups)


def _deeper(statement: Statement, depth: int) -> int:
    """Return how many blocks a statement, that many blocks deep, opens and does not close."""
    if statement.command:
        return 0
    first, *rest = statement.tokens
    if depth > 0 and first.text == "arguments" and (not rest or rest[0].text == "("):
        return 1  # a keyword there alone
    words = [t.text for t in statement.tokens if t.kind == "keyword" and t.depth == 0]
    return sum((word in _OPENING) - (word in _CLOSING) for word in words)


def _part(group: list[Statement], end: int) -> Part:
    targets: set[str] = set()
    words: set[str] = set()
    defines: dict[str, frozenset[str]] = {}
    names: list[str] = []  # of the function that is being defined
    body: set[str] = set()
    depth = 0
    for statement in group:
        if depth == 0 and statement.tokens[0].text == "function":
            names = [t.text for t in statement.tokens if t.kind == "name"]
            body = set()
        if names:
            depth += _deeper(statement, depth)
            body.update(word for t in statement.tokens for word in _WORD.findall(t.text))
            defines.update(dict.fromkeys(names, frozenset(body)))
            names = names if depth > 0 else []
        else:
            assigned, read_ = _names(statement)
            targets |= assigned
            words |= read_
    line, last_line = group[0].line, group[-1].last_line
    last = group[-1]
    is_open = last.command and any(mark in t.text for t in last.tokens for mark in "([{")
    only_defines = bool(defines) and not targets and not words
    return Part(
        line,
        last_line,
        None if is_open or only_defines else end,
        frozenset(targets),
        frozenset(words),
        defines,
    )


def _names(statement: Statement) -> tuple[set[str], set[str]]:
    """Return the names that a statement may assign to, and those that it reads or calls."""
    tokens = statement.tokens
    if statement.command:  # which Octave may see otherwise
        every = {word for token in tokens for word in _WORD.findall(token.text)}
        return {"ans", *every}, {tokens[0].text}
    names = {token.text for token in tokens if token.kind == "name"}
    first = tokens[0].text
    heads: list[int] = []  # places of names that an assignment begins with
    targets: set[str] = set()
    plain = -1
    for k, token in enumerate(tokens):
        if token.kind != "operator":
            continue
        if token.text in ("++", "--") or (token.text in _ASSIGNING and token.depth > 0):
            return {"ans", *names}, set(_read(tokens, ()))
        if token.text in _ASSIGNING:
            before = list(_outside_of_indices(tokens[:k]))
            targets.update(tokens[at].text for at in before)
            if token.text == "=" and not _is_sign(tokens[k - 1]):
                heads += before
            plain = k
    if first in ("global", "persistent") or (first == "catch" and len(tokens) == 2):
        return names, set()
    if plain < 0 or tokens[0].kind == "keyword":
        targets.add("ans")
    return targets, set(_read(tokens, heads))


def _is_sign(token: Token) -> bool:
    """Return whether it is one that makes an update of the ``=`` behind it, as in ``x .*= 2``."""
    return token.kind == "operator" and token.text not in (")", "]", "}", "'", ".'")


def _outside_of_indices(tokens: list[Token]) -> Iterator[int]:
    """Yield where the names are that are in no brackets but square ones."""
    inside: list[str] = []
    for k, token in enumerate(tokens):
        if token.kind == "operator" and token.text in ("(", "[", "{"):
            inside.append(token.text)
        elif token.kind == "operator" and token.text in (")", "]", "}") and inside:
            inside.pop()
        elif token.kind == "name" and "(" not in inside and "{" not in inside:
            yield k


def _read(tokens: list[Token], heads: Sequence[int]) -> Iterator[str]:
    """Yield the names that are not among the heads and no parameters of anonymous functions."""
    functions: list[tuple[int, set[str]]] = []
    for k, token in enumerate(tokens):
        while functions and (
            token.depth < functions[-1][0]
            or (token.depth == functions[-1][0] and token.text in (",", ";"))
        ):
            functions.pop()
        if token.text == "@" and token.kind == "operator" and tokens[k + 1 : k + 2]:
            if tokens[k + 1].text == "(":
                inner = itertools.takewhile(lambda t: t.text != ")", tokens[k + 2 :])
                functions.append((token.depth, {t.text for t in inner if t.kind == "name"}))
        elif (
            token.kind == "name"
            and k not in heads
            and not any(token.text in f[1] for f in functions)
        ):
            yield token.text
