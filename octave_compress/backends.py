"""Which side runs an operation: its NumPy body, or the ``.m`` function of the same name.

Requirements on an operation: a function whose body defines it in NumPy, decorated with
:func:`operation`; a ``.m`` file of the same name in ``m_files``; a row in the test cases.
Arguments without a default go to Octave by position, the others as name/value pairs with the
keyword's own name; None for one of those means "left out". Octave is imported when it is first
asked for.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, get_args

import numpy as np

from octave_compress import checks
from octave_compress.border import Kind, Samples, kind_of
from octave_compress.equivalence.levels import Level
from octave_compress.errors import StaleHandleError
from octave_compress.progress import Callback, reporting

if TYPE_CHECKING:
    from octave_compress.octave import Session

Backend = Literal["octave", "numpy"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

_chosen: ContextVar[Backend | None] = ContextVar("backend", default=None)
_plain_calls: list[use_backend] = []  # the last one holds where no block chooses
_inside_body: ContextVar[bool] = ContextVar("inside_body", default=False)


@dataclass(frozen=True)
class Operation:
    """What is declared about one operation.

    Attributes
    ----------
    name : str
        Of the NumPy function and of the ``.m`` file.
    family : str
        The module of :mod:`octave_compress.ops` that holds it.
    body : callable
        The NumPy definition.
    level : Level
        How equal the two sides' results must be.
    returns : tuple of str
        Names of the results; they decide how each crosses.
    signature : inspect.Signature
    kinds : dict of str to Kind
        How each argument crosses.
    summary : str
        First line of the docstring.
    """

    name: str
    family: str
    body: Callable[..., Any]
    level: Level
    returns: tuple[str, ...]
    signature: inspect.Signature
    kinds: dict[str, Kind]
    summary: str


OPERATIONS: dict[str, Operation] = {}


class use_backend:
    """Choose the backend of every operation from here on, or inside a ``with`` block.

    A plain call, best made once and early, holds for the whole process. A ``with`` block holds
    for its own thread or task, comes before a plain call, and at its end the earlier choice is
    back.

    Parameters
    ----------
    backend : {"octave", "numpy"}

    Examples
    --------
    >>> import octave_compress as oc
    >>> with oc.use_backend("numpy"):
    ...     oc.ops.prune_threshold([0.5, -0.001], 0.01)[0]
    array([[0.5, 0. ]])
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = chosen_backend("use_backend", backend)
        _plain_calls.append(self)

    def __enter__(self) -> None:
        if self in _plain_calls:
            _plain_calls.remove(self)  # it was not a plain call after all
        self._before = _chosen.get()
        _chosen.set(self._backend)

    def __exit__(self, *exception: object) -> None:
        _chosen.set(self._before)


def current_backend() -> Backend:
    """Return the backend in force: `use_backend`, else ``OCTAVE_COMPRESS_BACKEND``, else Octave."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    if _plain_calls:
        return _plain_calls[-1]._backend
    named = os.environ.get("OCTAVE_COMPRESS_BACKEND") or "octave"
    return chosen_backend("OCTAVE_COMPRESS_BACKEND", named)


def chosen_backend(op: str, backend: str | None) -> Backend:
    """Return the backend that an argument names, or the one in force if it is None."""
    if backend is None:
        return current_backend()
    return checks.choice(op, "BACKEND", backend, get_args(Backend))  # type: ignore[return-value]


def operation(
    level: Level, returns: tuple[str, ...]
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Declare a NumPy function as an operation and make its calls choose a backend."""

    def declare(body: Callable[_P, _R]) -> Callable[_P, _R]:
        name = body.__name__
        signature = inspect.signature(body)
        family = body.__module__.rsplit(".", 1)[-1].replace("_", " ")
        summary = (inspect.getdoc(body) or "").split("\n", 1)[0]
        kinds = {
            argument: kind_of(argument, str(parameter.annotation))
            for argument, parameter in signature.parameters.items()
            if argument != "backend"
        }
        declared = Operation(name, family, body, level, returns, signature, kinds, summary)
        OPERATIONS[name] = declared

        @functools.wraps(body)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            if _inside_body.get():
                # One operation inside another: the arguments are in their final form already.
                return body(*args, **kwargs)
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                return body(*args, **kwargs)  # raises it again, with the function's name
            return _dispatch(declared, bound)  # type: ignore[no-any-return]

        return call

    return declare


def _dispatch(op: Operation, bound: inspect.BoundArguments) -> Any:
    backend = chosen_backend(op.name, bound.arguments.pop("backend", None))
    given = {
        name: value
        for name, value in bound.arguments.items()
        if value is not None or _is_required(op, name)
    }
    arguments = {
        name: op.kinds[name].normalise(op.name, name, value, given) for name, value in given.items()
    }
    progress = arguments.pop("progress", False)
    with reporting(op.name, progress, arguments.get("callback")) as callback:
        if callback is not None:
            arguments["callback"] = _from_outside(callback)
        if backend == "numpy":
            return _run_body(op, arguments)
        return _run_octave(op, arguments)


def _is_required(op: Operation, name: str) -> bool:
    return op.signature.parameters[name].default is inspect.Parameter.empty


def _run_body(op: Operation, arguments: dict[str, Any]) -> Any:
    arguments = {
        name: value.array if isinstance(value, Samples) else value
        for name, value in arguments.items()
    }
    token = _inside_body.set(True)
    try:
        # Octave is silent about overflow and NaN; what matters of them, the bodies check.
        with np.errstate(all="ignore"):
            return op.body(**arguments)
    finally:
        _inside_body.reset(token)


def _from_outside(callback: Callback) -> Callback:
    """Let a callback that a body calls use operations as any caller does."""

    def call(info: dict[str, float]) -> object:
        token = _inside_body.set(False)
        try:
            return bool(callback({key: float(value) for key, value in info.items()}))
        finally:
            _inside_body.reset(token)

    return call


def _run_octave(op: Operation, arguments: dict[str, Any]) -> Any:
    from octave_compress.octave import default_session

    positional: list[Any] = []
    options: list[Any] = []
    for name in op.signature.parameters:
        if name not in arguments:
            continue
        value = op.kinds[name].to_octave(arguments[name])
        if _is_required(op, name):
            positional.append(value)
        else:
            options += [name, value]
    results = _call(default_session(), op.name, [*positional, *options], len(op.returns))
    if len(op.returns) == 1:
        return kind_of(op.returns[0]).from_octave(results)
    return tuple(kind_of(n).from_octave(r) for n, r in zip(op.returns, results, strict=True))


def _call(session: Session, name: str, args: list[Any], nout: int) -> Any:
    """Call Octave; samples that went with an earlier process cross again."""
    held = [arg for arg in args if isinstance(arg, Samples)]
    while True:
        crossing = [arg.handle(session) if isinstance(arg, Samples) else arg for arg in args]
        try:
            return session.call(name, *crossing, nout=nout)
        except StaleHandleError:
            # Raised before the call began, unless it is a callback's.
            lost = [data.forget_if_lost(session) for data in held]
            if not any(lost):
                raise
