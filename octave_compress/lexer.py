"""The words of an Octave script: enough to tell a string from a transpose, and no more.

It is no parser. What it cannot tell, it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_KEYWORDS = """break case catch continue do else elseif end end_try_catch end_unwind_protect endfor
endfunction endif endparfor endswitch endwhile for function global if otherwise parfor persistent
return switch try unwind_protect unwind_protect_cleanup until while"""
KEYWORDS = frozenset(_KEYWORDS.split())
# Behind these, on the same line, another statement may begin.
_OPENERS = frozenset(
    ("do", "else", "otherwise", "try", "unwind_protect", "unwind_protect_cleanup", "catch")
)
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F]+|(?:\d+(?:\.(?![*/\\^'])\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?[ijIJ]?"
)
_ARGUMENT = re.compile(r"\s*((?:'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"|[^\s;,'\"])+)\s*")
_DOUBLE = r'(?:[^"\\]|\\.|"")*+'
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_OPERATORS = sorted(
    [
        *("==", "~=", "!=", "<=", ">=", "&&", "||", ".*", "./", ".\\", ".^", ".'", "++", "--"),
        *("+=", "-=", "*=", "/=", "^=", "|=", "&=", "**", ".**"),
    ],
    key=len,
    reverse=True,
)
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True)
class Token:
    """A word of a script.

    Attributes
    ----------
    kind : {"name", "field", "keyword", "number", "string", "operator"}
    text : str
        As it stands there; of a string, what it holds.
    line : int
        From 1.
    depth : int
        How many brackets it is in.
    spaced : bool
        Whether there is space before it.
    """

    kind: str
    text: str
    line: int
    depth: int
    spaced: bool

    @property
    def is_operand(self) -> bool:
        """Whether a value may end here, so that a quote behind it is a transpose."""
        if self.kind in ("name", "field", "number", "string"):
            return True
        if self.kind == "keyword":
            return self.text == "end" and self.depth > 0
        return self.text in (")", "]", "}", "'", ".'")


@dataclass
class Statement:
    """The words between two ends of statements.

    Attributes
    ----------
    tokens : list of Token
    command : bool
        Whether it is in command syntax, ``hold on``: then it is the name and one string for each
        argument.
    last_line : int
        Where the last of them ends.
    """

    tokens: list[Token] = field(default_factory=list)
    command: bool = False
    last_line: int = 0

    @property
    def line(self) -> int:
        return self.tokens[0].line


class _Lexer:
    def __init__(self, text: str) -> None:
        self.lines = text.replace("\r\n", "\n").split("\n")
        self.statements: list[Statement] = []
        self.doubts: list[tuple[int, str]] = []
        self.current = Statement()
        self.brackets: list[str] = []
        self.in_string = False  # which goes on behind a backslash at the end of its line
        self.assigned: set[str] = set()
        self.ends: dict[int, int] = {}

    def run(self) -> None:
        comments = 0
        for number, line in enumerate(self.lines, 1):
            word = line.strip()
            if word in ("%{", "#{"):
                comments += 1
            elif comments:
                comments -= word in ("%}", "#}")
            elif not self._read(line, number) and not self.brackets:
                self._end()
        if comments:
            self.doubts.append((len(self.lines), "a block comment does not end"))
        if self.brackets:
            self.doubts.append((len(self.lines), f"a {self.brackets[-1]} is not closed"))
        self._end()

    def _end(self) -> None:
        if self.current.tokens:
            self.assigned.update(assigned_names(self.current))
            self.statements.append(self.current)
        self.current = Statement()

    def _add(self, kind: str, text: str, line: int, spaced: bool) -> None:
        self.current.tokens.append(Token(kind, text, line, len(self.brackets), spaced))
        self.current.last_line = line

    def _read(self, line: str, number: int) -> bool:
        """Read a line; return whether the statement goes on in the next one."""
        at, spaced = 0, False
        if self.in_string:
            self.current.last_line = number
            found = re.match(_DOUBLE + '"', line)
            self.in_string = found is None and line.endswith("\\")
            if found is None:
                if not self.in_string:
                    self.doubts.append((number, "a string does not end"))
                return self.in_string
            at = found.end()
            self.ends[number] = at
        elif self.brackets and self.brackets[-1] != "(" and self.current.tokens:
            self._add("operator", ";", number, False)  # a new row
        while at < len(line):
            letter = line[at]
            if letter in " \t\f\v":
                at, spaced = at + 1, True
                continue
            if letter in "%#":
                return False
            if line.startswith("...", at):
                return True
            if not self.brackets and self._starts_statement() and self._is_command(line, at):
                at = self._command(line, at, number)
                continue
            at = self._word(line, at, number, spaced)
            self.ends[number] = at
            spaced = False
        return self.in_string

    def _starts_statement(self) -> bool:
        tokens = self.current.tokens
        return not tokens or (len(tokens) == 1 and tokens[0].text in _OPENERS)

    def _is_command(self, line: str, at: int) -> bool:
        found = re.match(r"([A-Za-z_]\w*)[ \t]+(\S)(\S?)", line[at:], re.ASCII)
        if found is None or found[1] in KEYWORDS or found[1] in self.assigned:
            return False
        first, second = found[2], found[3]
        if first == "=" and second != "=":
            return False
        if first in "(,;%#" or line[at + found.start(2) :].startswith("..."):
            return False
        # An operator with space on both sides stands between two values.
        is_operator = first in "+-*/\\^<>=&|~!.:'@" and not (first == "'" and second)
        if not is_operator:
            return True
        rest = line[at + found.start(2) :]
        symbol = next((op for op in _OPERATORS if rest.startswith(op)), first)
        return not rest[len(symbol) :][:1].isspace() and len(rest.strip()) > len(symbol)

    def _command(self, line: str, at: int, number: int) -> int:
        self.current.command = True
        name = _NAME.match(line, at)
        assert name is not None
        self._add("name", name[0], number, False)
        at = self.ends[number] = name.end()
        while at < len(line) and line[at] not in ";,":
            word = _ARGUMENT.match(line, at)
            if word is None or line[at:].lstrip()[0] in "%#":
                return len(line)
            self._add("string", word[1].strip("'\""), number, True)
            at = word.end()
            self.ends[number] = word.end(1)
        self._end()
        self.ends[number] = min(at + 1, len(line))
        return at + 1

    def _word(self, line: str, at: int, number: int, spaced: bool) -> int:
        """Read one word at a position; return where the next one begins."""
        letter = line[at]
        previous = self.current.tokens[-1] if self.current.tokens else None
        if letter == '"' or (letter == "'" and not self._is_transpose(previous, spaced)):
            return self._string(line, at, number, spaced)
        found = _NUMBER.match(line, at)
        if found is not None:
            self._add("number", found[0], number, spaced)
            return found.end()
        found = _NAME.match(line, at)
        if found is not None:
            is_field = previous is not None and previous.text == "." and not spaced
            is_word = found[0] in KEYWORDS and not is_field
            self._add(
                "field" if is_field else "keyword" if is_word else "name",
                *(found[0], number, spaced),
            )
            return found.end()
        if letter in ";," and not self.brackets:
            self._end()
            return at + 1
        symbol = next((op for op in _OPERATORS if line.startswith(op, at)), letter)
        if letter in _CLOSING and self.brackets:
            self.brackets.pop()
        self._add("operator", symbol, number, spaced)
        if letter in _OPENING:
            self.brackets.append(letter)
        elif not (letter.isascii() and letter in "+-*/\\^<>=&|~!.:',;@()[]{}?$`"):
            self.doubts.append((number, f"{letter!r} means nothing in Octave"))
        return at + len(symbol)

    def _is_transpose(self, previous: Token | None, spaced: bool) -> bool:
        if previous is None or not previous.is_operand:
            return False
        return not spaced or not self.brackets or self.brackets[-1] == "("

    def _string(self, line: str, at: int, number: int, spaced: bool) -> int:
        quote = line[at]
        pattern = r"'((?:[^']|'')*)'" if quote == "'" else f'"({_DOUBLE})"'
        found = re.compile(pattern).match(line, at)
        if found is None:
            self._add("string", line[at + 1 :], number, spaced)
            self.in_string = quote == '"' and line.endswith("\\")
            if not self.in_string:
                self.doubts.append((number, "a string does not end"))
            return len(line)
        self._add("string", found[1].replace(quote * 2, quote), number, spaced)
        return found.end()


def read(text: str) -> tuple[list[Statement], list[tuple[int, str]]]:
    """Return the statements of a script, and lines where this module is at a loss, with why."""
    lexer = _Lexer(text)
    lexer.run()
    return lexer.statements, lexer.doubts


def read_with_ends(text: str) -> tuple[list[Statement], dict[int, int]]:
    """Return the statements of a script, and for each line where its last word ends."""
    lexer = _Lexer(text)
    lexer.run()
    return lexer.statements, lexer.ends


def assigned_names(statement: Statement) -> list[str]:
    """Return the variables that a statement makes or changes, as far as its words tell."""
    tokens = statement.tokens
    if statement.command or not tokens:
        return [t.text for t in tokens[1:]] if tokens and tokens[0].text == "global" else []
    if tokens[0].text == "catch" and len(tokens) == 2:
        return [tokens[1].text]
    while len(tokens) > 1 and tokens[0].text in _OPENERS:
        tokens = tokens[1:]
    first = tokens[0].text
    if first in ("global", "persistent"):
        return [t.text for t in tokens[1:] if t.kind == "name"]
    if first == "function":
        name = function_name(statement)
        return [t.text for t in tokens[1:] if t.kind == "name" and t.text != name]
    if first in ("for", "parfor"):
        return [t.text for t in tokens[1:3] if t.kind == "name"][:1]
    equals = position_of_equals(tokens)
    if equals is None:
        found = [t.text for t in tokens if t.kind == "operator" and t.depth == 0]
        steps = ("++", "--", "+=", "-=", "*=", "/=", "^=", "|=", "&=")
        return [first] if tokens[0].kind == "name" and any(s in found for s in steps) else []
    left = tokens[:equals]
    if left and left[0].text == "[":
        heads = [
            t
            for k, t in enumerate(left)
            if t.depth == 1 and t.kind == "name" and left[k - 1].text != "."
        ]
        return [t.text for t in heads]
    return [left[0].text] if left and left[0].kind == "name" else []


def position_of_equals(tokens: list[Token]) -> int | None:
    """Return where the ``=`` of an assignment is."""
    for k, token in enumerate(tokens):
        if token.text == "=" and token.kind == "operator" and token.depth == 0:
            return k
    return None


def function_name(statement: Statement) -> str:
    """Return the name that a ``function`` line defines."""
    tokens = statement.tokens[1:]
    equals = position_of_equals(tokens)
    rest = tokens if equals is None else tokens[equals + 1 :]
    return rest[0].text if rest else ""


def anonymous_parameters(statement: Statement) -> set[str]:
    """Return the names of arguments of the anonymous functions in a statement."""
    names: set[str] = set()
    tokens = statement.tokens
    for k, token in enumerate(tokens[:-1]):
        if token.text == "@" and tokens[k + 1].text == "(":
            for inner in tokens[k + 2 :]:
                if inner.text == ")" and inner.depth == token.depth + 1:
                    break
                if inner.kind == "name":
                    names.add(inner.text)
    return names
