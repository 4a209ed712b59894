"""Every error that this package raises on purpose, under one base class."""

from __future__ import annotations

from dataclasses import dataclass


class OctaveCompressError(Exception):
    """Base class of every error that octave_compress raises on purpose."""


class InvalidValueError(OctaveCompressError, ValueError):
    """An argument has the right type and a value that makes no sense.

    The text names the operation, the argument, its bounds and the value, and is the
    same from both backends: ``prune_magnitude: SPARSITY must be in [0, 1], got 1.5``.
    """


class InvalidTypeError(OctaveCompressError, TypeError):
    """An argument is of a type that the operation cannot use or Octave cannot hold."""


class ModelFileError(OctaveCompressError, ValueError):
    """A file is no model, or is damaged, or is of a kind that cannot be read here."""


class GoldenFileError(OctaveCompressError, ValueError):
    """A file is no recording of a script, or is damaged."""


class FileAccessError(OctaveCompressError, OSError):
    """A file could not be opened, read or written; carries ``errno`` and ``filename``."""


@dataclass(frozen=True)
class Frame:
    """One entry of an Octave call stack, innermost first."""

    name: str
    file: str
    line: int
    column: int


class OctaveError(OctaveCompressError):
    """Octave code raised an error.

    Attributes
    ----------
    identifier : str
        Octave's error identifier, ``"Octave:undefined-function"`` for instance; may be empty.
    message : str
        Octave's own text.
    stack : tuple of Frame
        Where it happened, innermost call first.
    """

    def __init__(self, message: str, identifier: str = "", stack: tuple[Frame, ...] = ()) -> None:
        super().__init__(message, identifier, stack)
        self.message = message
        self.identifier = identifier
        self.stack = stack

    def __str__(self) -> str:
        lines = [self.message]
        lines += [f"    {frame.name} at {frame.file}:{frame.line}" for frame in self.stack]
        return "\n".join(lines)


class StaleHandleError(OctaveCompressError):
    """A handle was used after the Octave process that held its value had ended."""


class OctaveWarning(UserWarning):
    """Octave printed a warning; carries its ``message`` and, if known, its ``identifier``."""

    def __init__(self, message: str, identifier: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.identifier = identifier


class OctaveNotFoundError(OctaveCompressError):
    """There is no usable GNU Octave on this machine; the text says how to get one."""


class OctaveDiedError(OctaveCompressError):
    """The Octave process ended, or stopped making sense, during a call.

    Its variables are lost. The next call starts a fresh process.
    """


class OctaveTimeoutError(OctaveCompressError, TimeoutError):
    """A call took longer than its timeout; the Octave process was stopped."""
