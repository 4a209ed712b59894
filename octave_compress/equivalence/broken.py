"""Code that cannot run at all, in the words of each version of Octave, and in Python's.

Where both sides raise an error they agree, as a refusal of bad arguments is behaviour. An error
that says that the code cannot run, whatever its arguments, agrees with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from octave_compress.errors import Frame

_IDENTIFIERS = (
    "Octave:undefined-function",
    "Octave:parse-error",  # from Octave 11 on; earlier ones have only words
    "octave_compress:keyboard",
)
# What Octave says without an identifier, whole texts from their beginning. Collected by running
# such code in 7.3, 9.4 and 11.3; an older wording of each is kept where it is known.
_WORDS = re.compile(
    "|".join(
        (
            # Syntax.
            r"parse error(:\n| near line \d| in |$)",
            r"invalid call to script ",
            # An output that is never set, where it is used. (7 says: 'y' undefined.)
            r"value on (the )?right hand side of (the )?assignment (is undefined|not defined)",
            r"element number \d+ undefined in return list",
            r"some elements undefined in (return|argument) list",
            r"undefined element in matrix list",
            r"[a-z-]+: undefined value used in conditional expression",
            r"indexing undefined value",
            r"invalid index type '.' for function call",
            r"invalid empty index list",
            r"(cellfun|arrayfun): function returned fewer than nargout values",
            # A name that nothing has; a rethrown error may have lost its identifier.
            r"'[^']+' undefined",
            r"feval: function '[^']*' not found",
            r"invalid function handle, unable to find function for @",
            r"package \S+ is not installed",
            # A machine that cannot draw.
            r"(.*: )?(no graphics toolkits are available|ft_text_renderer: )",
        )
    )
)
# These have an identifier or not, depending on the version.
_WORDS_OF_ANY = re.compile(r"cellfun: invalid function NAME: ")
_COUNTS = "Octave:invalid-fun-call"
_TOO_MANY = re.compile(r"(.*): function called with too many (inputs|outputs)")
_USAGE = re.compile(r"Invalid call to ([\w.]+?)\.?(\s|$)")
_OCTAVES_OWN = re.compile(r"[/\\]share[/\\]octave[/\\]")

_EXCEPTIONS = (NameError, ImportError, SyntaxError, NotImplementedError)


def octave_cannot_run(
    message: str, identifier: str = "", stack: Sequence[Frame] = (), name: str = ""
) -> bool:
    """Tell whether an error of Octave's is about the code, not about its arguments.

    Parameters
    ----------
    message, identifier, stack
        The error's.
    name : str
        Of the function that was called, which may refuse the number of its inputs; empty for a
        script.
    """
    if identifier in _IDENTIFIERS or _WORDS_OF_ANY.match(message):
        return True
    if identifier == _COUNTS:
        return _calls_wrongly(message, stack, name)
    return not identifier and _WORDS.match(message) is not None


def _calls_wrongly(message: str, stack: Sequence[Frame], name: str) -> bool:
    """Tell whether the code calls a function with a number of arguments that it cannot have."""
    many = _TOO_MANY.match(message)
    if many is not None:
        # To be asked for outputs that it does not have is no refusal of its arguments.
        return many[2] == "outputs" or many[1] != name
    usage = _USAGE.match(message)
    if usage is None or usage[1] == name:
        return False
    callers = [frame for frame in stack if not frame.name.startswith(("print_usage", "ocx_"))]
    refusing = callers[0] if callers and callers[0].name == usage[1] else None
    # A function of the user's may refuse its arguments by print_usage; one of Octave's own that
    # the user's code calls has got too few of them: an output that was not set counts as none.
    return bool(callers) and (refusing is None or bool(_OCTAVES_OWN.search(refusing.file)))


def advice(message: str) -> str:
    """Return what helps against an error that a machine without means to draw gives, or nothing."""
    if not re.search(r"graphics toolkits|renderer", message):
        return ""
    return (
        "without a display Octave draws only with gnuplot and a font: "
        "sudo apt-get install gnuplot-nox fonts-freefont-otf"
    )


def python_cannot_run(error: BaseException) -> bool:
    """Tell whether an exception is about the code, not about its arguments."""
    return isinstance(error, _EXCEPTIONS)


def is_control(error: BaseException) -> bool:
    """Tell whether an exception is how Hypothesis steers a test: ``assume(False)``, for one."""
    return type(error).__module__.split(".")[0] == "hypothesis"
