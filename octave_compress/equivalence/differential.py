"""One call made in Python and in Octave, and a report of all that differs."""

from __future__ import annotations

import copy
import inspect
import os
import re
import textwrap
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from octave_compress.equivalence.broken import (
    advice,
    is_control,
    octave_cannot_run,
    python_cannot_run,
)
from octave_compress.equivalence.hints import Evidence, Hint, class_advice, hints_for, is_examined
from octave_compress.equivalence.levels import EXACT, Difference, Level, compare
from octave_compress.equivalence.scripts import source_text
from octave_compress.equivalence.tally import TALLY, Row
from octave_compress.equivalence.values import as_octave
from octave_compress.errors import (
    FileAccessError,
    InvalidTypeError,
    InvalidValueError,
    OctaveError,
    OctaveNotFoundError,
    OctaveWarning,
)
from octave_compress.octave.codec import Mark, encode
from octave_compress.octave.session import Session

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_WIDTH = 98
_MOST_DIFFERENCES = 10
_MOST_LINES = 20  # of what Octave prints

# Warnings about the machine, and those that Octave gives once, when it reads a file or first meets
# an old function: they say nothing about the arguments, and a second call does not give them.
_NO_BEHAVIOUR = frozenset(
    f"Octave:{name}"
    for name in (
        "gnuplot-graphics",
        "assign-as-truth-value",
        "associativity-change",
        "autoload-relative-file-name",
        "deprecated-function",
        "deprecated-keyword",
        "deprecated-option",
        "deprecated-property",
        "deprecated-syntax",
        "function-name-clash",
        "future-time-stamp",
        "language-extension",
        "legacy-function",
        "missing-semicolon",
        "nested-functions-coerced",
        "separator-insert",
        "shadowed-function",
        "single-quote-string",
        "variable-switch-label",
    )
)


def assert_equivalent(
    python_function: Callable[..., Any],
    octave_function: str | os.PathLike[str],
    *args: Any,
    level: Level = EXACT,
    nout: int | Sequence[int] = 1,
    session: Session | None = None,
    timeout: float = 60.0,
    ignore_warnings: str | Sequence[str] = (),
) -> None:
    """Call a Python function and an Octave function with the same arguments and compare.

    Parameters
    ----------
    python_function : callable
        The port. Several outputs are a tuple. If it has a parameter named ``nargout`` it is told
        how many outputs are asked for.
    octave_function : str or path
        The name of a function that Octave knows, or the path of an ``.m`` file, whose folder is
        then added to Octave's load path.
    *args
        The arguments of both: numbers, arrays, text, lists, dicts. The table of what they are in
        Octave is in :mod:`octave_compress.octave.codec`.
    level : Level
        How equal floats must be: `EXACT`, ``ulp(n)`` or ``rtol(x)``.
    nout : int or sequence of int
        How many outputs to ask for; each of several numbers is a comparison of its own.
    session : Session, optional
        Where to run the Octave function; by default in a session that all comparisons share.
    timeout : float
        Seconds that the Octave function may take.
    ignore_warnings : str or sequence of str
        Identifiers of warnings that are not compared, or "all".

    Raises
    ------
    AssertionError
        If the two differ. The text shows for each output the first element that differs, in both
        languages' indices, by how much, and the likely cause where the numbers speak for one.
    InvalidValueError, InvalidTypeError, FileAccessError
        If there is no such function or file, or an argument cannot cross to Octave.
    OctaveTimeoutError
        If the Octave function does not end in time.
    OctaveDiedError, OctaveNotFoundError
        If Octave ends, or is not there.

    Notes
    -----
    Values are compared as :func:`octave_compress.equivalence.differences` does, after the Python
    one has taken the form that it would have in Octave (`as_octave`): classes and shapes count,
    but a 1-D array is a row or a column, as NumPy does not say which.

    If one side raises, the other must too. Their texts are not compared, as two languages word
    them differently; identifiers are, if the Python exception has an attribute ``identifier``. An
    error that means that the code cannot run at all (a syntax error, an undefined name, an output
    that is never set, a question to the keyboard, `NotImplementedError`) agrees with nothing.

    Warnings are compared by identifier: one with an attribute ``identifier``, such as
    `OctaveWarning` has, must be given by both sides. Python's other warnings are not compared,
    nor are those that Octave gives once, as it reads a file (``Octave:deprecated-syntax`` and its
    like). Octave tells the identifier of the last warning of a call only.

    The Python function gets copies of the arguments, as an Octave function does. If the two
    differ, it may be called again with changed ones, in search of the cause; this is done for
    results of up to a million elements.

    What the Octave function prints appears in the report and is not compared.

    Examples
    --------
    >>> import numpy as np
    >>> from octave_compress.equivalence import assert_equivalent, rtol
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> assert_equivalent(lambda x: np.std(x, ddof=1), "std", x, level=rtol(1e-15))
    """
    __tracebackhide__ = True
    octave = shared_session() if session is None else session
    try:
        twin = _find(octave, octave_function)
    except OctaveNotFoundError as error:
        raise NothingToCompareError(str(error).splitlines()[0]) from None
    _check_call(python_function, args)
    ignored = _ignored(ignore_warnings)
    texts: list[str] = []
    for count in _counts(nout):
        case = _Case(python_function, twin, args, level, count, octave, timeout, ignored)
        texts += case.judge()
    if texts:
        raise AssertionError("\n".join(texts))


class NothingToCompareError(OctaveNotFoundError):
    """There is no Octave to compare with; the plugin skips the test, or lets it fail."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason}\nassert_equivalent needs it: install Octave, or name its program in "
            "OCTAVE_EXECUTABLE. pytest --octave=skip skips such tests."
        )
        self.reason = reason


_shared: Session | None = None
_shared_lock = threading.Lock()


def shared_session() -> Session:
    """Return the session in which comparisons run that name none, made at first use."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Session()
        return _shared


@dataclass(frozen=True)
class _Twin:
    """An Octave function that has been found."""

    name: str
    file: str


def _find(session: Session, function: str | os.PathLike[str]) -> _Twin:
    text = os.fspath(function)
    if not isinstance(text, str):
        raise InvalidTypeError("assert_equivalent: OCTAVE_FUNCTION must be a name or a path")
    if not isinstance(function, str) or text.endswith(".m"):
        return _find_file(session, Path(text).absolute())
    if "." in text:
        return _Twin(text, "")  # in a package: Octave itself says whether it exists
    if not _NAME.fullmatch(text):
        raise InvalidValueError(
            "assert_equivalent: OCTAVE_FUNCTION must be the name of a function or the path of an "
            f".m file, got {text!r}"
        )
    if session.call("exist", text, "builtin") == 5:
        return _Twin(text, "")
    if session.call("exist", text, "file") not in (2, 3):
        raise InvalidValueError(
            f"assert_equivalent: Octave knows no function {text!r}: give the path of its .m file, "
            "or session.addpath(its folder), or session.call('pkg', 'load', its package, nout=0)"
        )
    return _Twin(text, str(session.call("file_in_loadpath", f"{text}.m") or ""))


def _find_file(session: Session, file: Path) -> _Twin:
    if not file.is_file():
        raise FileAccessError(2, "no such file", str(file))
    if file.suffix != ".m" or not _NAME.fullmatch(file.stem):
        raise InvalidValueError(
            f"assert_equivalent: {file.name!r} cannot be called: the name of an Octave function "
            "is ASCII letters, digits and _, and its file's ends in .m"
        )
    source_text(file, file.read_bytes())
    folder = str(file.parent.resolve())
    if not session._has(folder):
        with warnings.catch_warnings():
            # A function of the user's that hides one of Octave's is what they want to test.
            warnings.simplefilter("ignore", OctaveWarning)
            session.addpath(folder)
    found = session.call("file_in_loadpath", file.name)
    if isinstance(found, str) and not os.path.isabs(found):
        found = os.path.join(session.call("pwd"), found)
    if not isinstance(found, str) or not os.path.samefile(found, file):
        raise InvalidValueError(
            f"assert_equivalent: {file} is hidden by {found}, which comes before it on Octave's "
            "load path"
        )
    return _Twin(file.stem, str(file))


def _counts(nout: int | Sequence[int]) -> list[int]:
    counts = [nout] if isinstance(nout, int) else list(nout)
    if not counts or not all(isinstance(n, int) and n >= 0 for n in counts):
        raise InvalidValueError(
            f"assert_equivalent: NOUT must be a count of outputs or several, got {nout!r}"
        )
    return counts


def _check_call(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Tell a call that cannot be made from a function that refuses its arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built in, and does not say
        return
    options = {"nargout": 1} if "nargout" in signature.parameters else {}
    try:
        signature.bind(*args, **options)
    except TypeError as error:
        raise InvalidTypeError(
            f"assert_equivalent: {_name(function)}{signature} does not take {len(args)} "
            f"arguments: {error}"
        ) from None


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))


@dataclass(frozen=True)
class _Outcome:
    """What a call did: its outputs or its error, and its warnings."""

    outputs: tuple[Any, ...] | None
    error: Exception | None
    warnings: tuple[Warning, ...]


@dataclass(frozen=True)
class _Case:
    """One call of both functions, for one number of outputs."""

    function: Callable[..., Any]
    twin: _Twin
    args: tuple[Any, ...]
    level: Level
    nout: int
    session: Session
    timeout: float
    ignored: frozenset[str]

    def judge(self) -> list[str]:
        """Return the lines of a report; none if the two agree."""
        printed: list[str] = []
        octave = self._in_octave(printed)
        python = self._in_python()
        problems = [] if "all" in self.ignored else self._warning_problems(python, octave)
        row = Row(self.twin.name, self.twin.file, str(self.level), cases=1)
        if python.error is not None or octave.error is not None:
            problems += _error_problems(python.error, octave.error, self.twin.name)
            row.raised = int(not problems)
        else:
            problems += self._value_problems(python.outputs or (), octave.outputs or (), row)
        row.failures = int(bool(problems))
        TALLY.add(row)
        return self._report(problems, printed) if problems else []

    def _warning_problems(self, python: _Outcome, octave: _Outcome) -> list[str]:
        unseen = _NO_BEHAVIOUR | self.ignored | {""}
        given = {getattr(w, "identifier", "") for w in python.warnings} - unseen
        # Octave knows the identifier of the last one only.
        known = {getattr(w, "identifier", ""): w for w in octave.warnings[-1:]}
        problems = []
        for identifier, warning in known.items():
            if identifier in unseen or identifier in given:
                continue
            problems.append(f"Octave warns {identifier} ({warning}), Python does not.")
            others = sorted({f"{type(w).__name__}: {w}" for w in python.warnings})
            if others:
                problems[-1] += (
                    f" (Python's {'; '.join(others)} has no attribute `identifier` of that value.)"
                )
        extra = sorted(given - known.keys())
        if len(extra) > max(0, len(octave.warnings) - 1):
            problems.append(f"Python warns {', '.join(extra)}, Octave does not.")
        return problems

    def _in_octave(self, printed: list[str]) -> _Outcome:
        def keep(line: str) -> None:
            if len(printed) <= _MOST_LINES:
                printed.append(line)

        outputs: tuple[Any, ...] | None = None
        failure: Exception | None = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                # Left in Octave at first: an output that cannot cross is no error of the function.
                handles = self.session.call(
                    self.twin.name,
                    *self.args,
                    nout=self.nout,
                    timeout=self.timeout,
                    stdout=keep,
                    keep=True,
                )
            except InvalidTypeError as error:
                # Raises if it is the arguments that cannot cross.
                encode(self.args, lambda value: Mark("", 0) if callable(value) else None)
                failure = error
            except (OctaveError, InvalidValueError) as error:
                failure = error
        if failure is None:
            handles = () if self.nout == 0 else (handles,) if self.nout == 1 else handles
            outputs = tuple(_fetched(self.session, handle) for handle in handles)
        return _Outcome(outputs, failure, _of_octave(caught))

    def _in_python(self) -> _Outcome:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                outputs, failure = self._call(self.args), None
            except Exception as error:
                if is_control(error):
                    raise
                outputs, failure = None, error
        identified = (w.message for w in caught if isinstance(w.message, Warning))
        return _Outcome(outputs, failure, tuple(identified))

    def _call(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        options = {"nargout": self.nout} if _wants_nargout(self.function) else {}
        # A function that changes its arguments must not change them for the next call.
        result = self.function(*copy.deepcopy(args), **options)
        return result if isinstance(result, tuple) else (result,)

    def _value_problems(
        self, python: tuple[Any, ...], octave: tuple[Any, ...], row: Row
    ) -> list[str]:
        if len(python) < self.nout:
            return [f"Python returns {len(python)} of the {self.nout} outputs that were asked for."]
        problems: list[str] = []
        for k, (ours, theirs) in enumerate(zip(python, octave, strict=False)):
            name = "result" if self.nout == 1 else f"output {k + 1}"
            if isinstance(theirs, _NoValue):
                problems.append(f"{name}: cannot be compared: Octave returned {theirs.text}")
                continue
            try:
                actual = as_octave(ours, theirs)
            except InvalidTypeError as error:
                problems.append(f"{name}: cannot be compared: {error}")
                continue
            found = compare(actual, theirs, self.level, name)
            if not found.differences:
                row.worst = max(row.worst, found.worst)
                row.worst_single = max(row.worst_single, found.worst_single)
            for difference in found.differences[:_MOST_DIFFERENCES]:
                hints = self._hints(difference, k, name)
                problems.append(_described(difference, ours, name, hints))
            more = len(found.differences) - _MOST_DIFFERENCES
            if more > 0:
                problems.append(f"{name}: {more} more differences")
        return problems

    def _hints(self, difference: Difference, output: int, name: str) -> tuple[Hint, ...]:
        if difference.kind not in ("value", "class", "shape"):
            return ()
        if not all(map(is_examined, difference.values)):
            return ()
        numbers: list[Any] = []
        places: list[int] = []
        for k, arg in enumerate(self.args):
            value = as_octave(arg) if not callable(arg) else None
            if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
                numbers.append(np.asarray(value))
                places.append(k)

        def again(changed: tuple[Any, ...]) -> Any:
            if difference.path != name:
                return None
            args = list(self.args)
            for place, new, old in zip(places, changed, numbers, strict=True):
                if new is not old:
                    args[place] = new.ravel() if np.ndim(args[place]) == 1 else new
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    result = as_octave(self._call(tuple(args))[output], difference.values[1])
            except Exception:
                return None
            return np.asarray(result) if _is_numeric(result) else None

        actual, expected = (np.asarray(value) for value in difference.values)
        return hints_for(Evidence(actual, expected, tuple(numbers), self.level, again))

    def _report(self, problems: list[str], printed: list[str]) -> list[str]:
        of = f" with {self.nout} outputs" if self.nout != 1 else ""
        title = f"{_name(self.function)} (Python) and {self.twin.name} (Octave){of} differ"
        lines = [f"{title}; they were compared at the level {self.level}.", ""]
        for problem in problems:
            lines += [problem, ""]
        for k, arg in enumerate(self.args):
            lines.append(f"argument {k + 1}: {_short(arg)}")
        if self.twin.file:
            lines.append(f"Octave file: {self.twin.file}")
        if printed:
            lines.append("Octave printed:")
            lines += [f"    {line}" for line in printed[:_MOST_LINES]]
            lines += ["    ..."] * (len(printed) > _MOST_LINES)
        return lines


@dataclass(frozen=True)
class _NoValue:
    """Stands for an output that has no form in Python."""

    text: str


def _fetched(session: Session, handle: Any) -> Any:
    try:
        return handle.get()
    except (InvalidTypeError, OctaveError) as error:
        try:
            kind = session.call("class", handle)
        except OctaveError:  # from Octave 8 on this ends no function
            return _NoValue("nothing: the function never sets this output")
        return _NoValue(f"a {kind} ({str(error).splitlines()[0]})")


def _is_numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc"


def _wants_nargout(function: Callable[..., Any]) -> bool:
    try:
        return "nargout" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _of_octave(caught: list[warnings.WarningMessage]) -> tuple[Warning, ...]:
    return tuple(w.message for w in caught if isinstance(w.message, OctaveWarning))


def _ignored(identifiers: str | Sequence[str]) -> frozenset[str]:
    names = [identifiers] if isinstance(identifiers, str) else list(identifiers)
    if not all(isinstance(name, str) and name for name in names):
        raise InvalidTypeError(
            "assert_equivalent: IGNORE_WARNINGS must be identifiers of warnings, such as "
            f'"my:id", or "all", got {identifiers!r}'
        )
    return frozenset(names)


def _error_problems(python: Exception | None, octave: Exception | None, name: str) -> list[str]:
    if isinstance(octave, OctaveError) and octave_cannot_run(
        octave.message, octave.identifier, octave.stack, name
    ):
        help_to_run = advice(octave.message)
        text = f"The Octave code cannot run:\n{_indented(octave)}"
        return [f"{text}\n    ({help_to_run})" if help_to_run else text]
    if python is not None and python_cannot_run(python):
        return [f"The Python code cannot run: {type(python).__name__}: {python}"]
    if python is None:
        return [f"Octave raises an error and Python does not:\n{_indented(octave)}"]
    ours = f"{type(python).__name__}: {python}"
    if octave is None:
        return [f"Python raises an error and Octave does not:\n{_indented(ours)}"]
    identifiers = [getattr(error, "identifier", "") for error in (python, octave)]
    if all(identifiers) and identifiers[0] != identifiers[1]:
        return [
            "Both raise, with different identifiers:\n"
            f"    Octave  {identifiers[1]}: {octave}\n    Python  {identifiers[0]}: {python}"
        ]
    return []


def _indented(text: object) -> str:
    return textwrap.indent(str(text), "    ")


def _described(d: Difference, ours: Any, name: str, hints: tuple[Hint, ...]) -> str:
    if d.kind == "value":
        python = d.python_location
        if d.path == name and np.ndim(ours) == 1 and d.index:
            # The user's array has one dimension, whatever form it has been compared in.
            python = f"{name}[{max(d.index)}]"
        where = d.location if d.location == python else f"{d.location}, in Python {python}"
        lines = [f"{where}:", f"    Octave  {d.expected!r}", f"    Python  {d.actual!r}"]
        lines.append(f"    {d.count} of {d.size} elements differ{_largest(d)}")
    elif d.kind == "class":
        lines = [f"{d.path}: class {d.expected} in Octave, {d.actual} in Python"]
        if advice_for_class := class_advice(d.actual, d.expected):
            lines.append(f"    ({advice_for_class})")
    elif d.kind == "shape":
        theirs, mine = ("x".join(map(str, s or (1, 1))) for s in (d.expected, d.actual))
        lines = [f"{d.path}: {theirs} in Octave, {mine} in Python"]
    else:
        lines = [f"{d.path}: {d.message} (Python's first, then Octave's)"]
    for hint in hints:
        text = f"likely cause: {hint}"
        lines += textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="        ")
    return "\n".join(lines)


def _largest(d: Difference) -> str:
    if d.ulps is not None and d.relative is not None:
        # Beyond that the count of floats in between means nothing to anybody.
        ulps = f"{d.ulps:.6g} ulp, " if d.ulps < 1e12 else ""
        return f"; the largest difference is {ulps}{d.relative:.3g} relative"
    if d.absolute is not None:
        return f"; the largest difference is {d.absolute:.6g}"
    return ""


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        text = np.array_repr(value) if value.size <= 60 else f"{value.dtype} array of {value.shape}"
    else:
        text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 300 else f"{text[:300]}..."
