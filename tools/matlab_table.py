"""Write the table of Octave-only functions in docs/octave-package.md: `make readme`.

MISS_HIT, and `octave_syntax` for what it lets pass, say that the syntax is MATLAB's too. What the
functions call is found word by word, and each of those names stands in one of two sets: a new one
has to be put into either.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from octave_compress.lexer import (
    anonymous_parameters,
    assigned_names,
    function_name,
    read,
)

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "octave-package.md"
BLOCK = re.compile(r"(<!-- matlab -->\n).*?(<!-- /matlab -->\n)", re.DOTALL)

OCTAVE_ONLY = {
    "columns": "`size(x, 2)`",
    "fflush": "`drawnow`",
    "hash": "Java's `java.security.MessageDigest`",
    "is_function_handle": "`isa(x, 'function_handle')`",
    "iscomplex": "`~isreal(x)`",
    "lookup": "`discretize`",
    "print_usage": "`error('Invalid call')`",
    "printf": "`fprintf`",
    "rename": "`movefile`",
    "rows": "`size(x, 1)`",
    "sizeof": "the bytes that `whos` tells",
    "stdout": "`1`",
    "unlink": "`delete`",
    "rand('twister', ...)": "`rng`, whose numbers are others",
}
"""Functions that MATLAB has not, and what stands for them there."""

_BOTH = """abs accumarray all any arrayfun cast ceil cell cellfun char class computer cos cumprod
cumsum diff double eps error exist exp expm1 false fieldnames find fix fliplr floor fminunc full
hex2dec hypot int16 isa iscell iscellstr ischar isempty isequal isfield isfinite isfloat isinf
isinteger islogical ismember isnan isnumeric isreal isscalar isstruct isvector load log log1p log2
logical lower max min mod NaN nargin nargout ndgrid ndims nnz num2cell numel onCleanup ones
optimset pi prod rand randi randn randperm realmax realmin regexp repelem repmat reshape rethrow
rmfield round save setdiff sin size sort sortrows sparse sprintf sqrt sscanf str2double strcmp
strcmpi strjoin struct struct2cell sum swapbytes tanh tic toc triu true typecast uint32 uint8
unique upper vertcat zeros"""
BOTH = frozenset(_BOTH.split())
"""Functions that MATLAB has too, by its documentation (fminunc in its Optimization Toolbox)."""


_OPERATORS = frozenset(["!=", "!", "+=", "-=", "*=", "/=", "^=", "|=", "&=", "++", "--", "**"])
_WORDS = """do until unwind_protect unwind_protect_cleanup end_unwind_protect endif endfor endwhile
endfunction endswitch end_try_catch"""
_KEYWORDS = frozenset(_WORDS.split())


def octave_syntax(text: str) -> list[tuple[int, str]]:
    """Return lines with signs and words that only Octave's syntax has."""
    statements, doubts = read(text)
    found = list(doubts)
    for statement in statements:
        previous = None
        opened: list[bool] = []  # whether a bracket holds the name of a field, as in x.(name)
        is_field = False
        for token in statement.tokens:
            is_chained = previous is not None and previous.text == ")" and token.text in ("(", "{")
            if is_chained and not token.spaced and token.kind == "operator" and not is_field:
                found.append((token.line, ")" + token.text))
            if token.kind == "operator" and token.text in ("(", "[", "{"):
                opened.append(previous is not None and previous.text == ".")
            elif token.kind == "operator" and token.text in (")", "]", "}"):
                is_field = opened.pop() if opened else False
            if token.kind == "operator" and token.text in _OPERATORS:
                found.append((token.line, token.text))
            if token.kind == "keyword" and token.text in _KEYWORDS:
                found.append((token.line, token.text))
            previous = token
    return found


def called(path: Path) -> set[str]:
    """Return the names of the functions that a file calls, other than its own."""
    text = path.read_text("utf-8")
    statements, _ = read(text)
    local = {function_name(one) for one in statements if one.tokens[0].text == "function"}
    for one in statements:
        local.update(assigned_names(one), anonymous_parameters(one))
    names = {
        token.text
        for one in statements
        if one.tokens[0].text != "function"
        for token in one.tokens
        if token.kind == "name" and token.text not in local
    }
    if re.search(r"^[^%\n]*\brand[ne]?\('twister'", text, re.MULTILINE):
        names.add("rand('twister', ...)")
    return names


@cache
def files() -> dict[str, Path]:
    """Return all functions of `m_files` by name."""
    return {path.stem: path for path in sorted((ROOT / "m_files").rglob("*.m"))}


@cache
def octave_only(name: str) -> frozenset[str]:
    """Return the Octave-only functions that one of ours calls, itself or through others."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for word in called(files()[one]):
            if word in files():
                waiting.append(word)
            elif word in OCTAVE_ONLY:
                found.add(word)
    return frozenset(found)


def unsorted_names() -> set[str]:
    """Return names in neither set."""
    names = {name for path in files().values() for name in called(path)}
    return names - BOTH - set(OCTAVE_ONLY) - set(files())


def table() -> str:
    """Return both tables."""
    lines = ["| Octave only | in MATLAB |", "| --- | --- |"]
    lines += [f"| `{name}` | {text} |" for name, text in sorted(OCTAVE_ONLY.items())]
    lines += ["", "| function | calls, itself or through others |", "| --- | --- |"]
    for name, path in files().items():
        if path.parent.name != "private":
            used = ", ".join(f"`{one}`" for one in sorted(octave_only(name)))
            lines.append(f"| `{name}` | {used or 'nothing that MATLAB has not'} |")
    return "\n".join(lines) + "\n"


def filled(text: str) -> str:
    """Return the page with the tables as they should be."""
    return BLOCK.sub(lambda found: found[1] + table() + found[2], text)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
