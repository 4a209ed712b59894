"""Differential tests on arguments that Hypothesis generates."""

from __future__ import annotations

import functools
import inspect
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from octave_compress.equivalence.differential import assert_equivalent
from octave_compress.equivalence.levels import EXACT, Level
from octave_compress.errors import InvalidTypeError, OctaveCompressError

if TYPE_CHECKING:
    from hypothesis import settings as Settings
    from hypothesis.strategies import SearchStrategy

# How Hypothesis notes that @settings was applied.
_HAS_SETTINGS = "_hypothesis_internal_settings_applied"
_WRITE_SETTINGS = (
    "write @equivalent(..., settings=settings(...)) in place of @settings: {} would take away "
    "those without which Octave has no time to start"
)


@dataclass(frozen=True)
class Generated:
    """What the plugin has to know of a test that `equivalent` has made.

    Attributes
    ----------
    names : tuple of str
        All parameters of the port.
    drawn : tuple of str
        Those that the strategies draw.
    """

    names: tuple[str, ...]
    drawn: tuple[str, ...]

    def problem(self, test: Callable[..., Any], given: Sequence[str] = ()) -> str:
        """Return what is wrong with how the test is decorated, and what to write; or nothing.

        Parameters
        ----------
        test : callable
        given : sequence of str
            The names that ``pytest.mark.parametrize`` gives.
        """
        if hasattr(test, _HAS_SETTINGS):
            return f"equivalent: {_WRITE_SETTINGS.format('one above @equivalent')}"
        twice = [name for name in self.drawn if name in given]
        if twice:
            order = sorted(self.names, key=lambda name: (name != "self", name not in given))
            return (
                f"equivalent: the strategies draw the last parameters, and parametrize gives "
                f"{', '.join(twice)} too: write def {test.__name__}({', '.join(order)})"
            )
        return ""


def equivalent(
    octave_function: str | os.PathLike[str],
    *strategies: SearchStrategy[Any],
    level: Level = EXACT,
    nout: int | Sequence[int] = 1,
    settings: Settings | None = None,
    timeout: float = 60.0,
    ignore_warnings: str | Sequence[str] = (),
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Make a function a test that compares it with an Octave one on generated arguments.

    The function under the decorator is the Python side: it takes what the strategies draw and
    returns what the Octave function should return for the same arguments. What differs is
    shrunk to a small example.

    Parameters
    ----------
    octave_function : str or path
        As for `assert_equivalent`, as are `level`, `nout`, `timeout` and `ignore_warnings`.
    *strategies : SearchStrategy
        One for each argument of the Octave function, the last parameters of the decorated one.
        Parameters before them are pytest's fixtures.
    settings : hypothesis.settings, optional
        Hypothesis' settings; there is never a deadline for a single example.

    Returns
    -------
    callable
        A test for pytest, marked ``octave``.

    Raises
    ------
    InvalidTypeError
        If the function has too few parameters, or settings of its own.
    OctaveCompressError
        If pytest or Hypothesis is missing, or pytest runs without this package's plugin.

    Examples
    --------
    >>> from hypothesis import strategies as st
    >>> from octave_compress.equivalence import equivalent
    >>> @equivalent("hypot", st.floats(0, 1), st.floats(0, 1))
    ... def test_hypot(x, y):
    ...     return np.hypot(x, y)
    """
    try:
        import hypothesis
        import pytest
    except ImportError as error:
        raise OctaveCompressError(
            f"equivalent: {error.name} is missing: pip install pytest hypothesis"
        ) from None

    mark = _marker(pytest)

    def decorate(port: Callable[..., Any]) -> Callable[..., None]:
        signature = inspect.signature(port)
        parameters = signature.parameters
        names = [
            name
            for name, parameter in parameters.items()
            if name != "nargout" and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        if len(names) < len(strategies) or not strategies:
            raise InvalidTypeError(
                f"equivalent: {port.__name__} must have a parameter for each of "
                f"{len(strategies)} strategies, got {len(names)}"
            )
        if hasattr(port, _HAS_SETTINGS):
            raise InvalidTypeError(f"equivalent: {_WRITE_SETTINGS.format('one below @equivalent')}")
        drawn = names[len(names) - len(strategies) :]
        told = ["nargout"] if "nargout" in parameters else []

        # Neither Hypothesis nor a fixture supplies `nargout`.
        taken = signature.replace(
            parameters=[p for name, p in parameters.items() if name != "nargout"]
        )

        @functools.wraps(port)
        def test(*args: Any, **options: Any) -> None:
            __tracebackhide__ = True
            fixed = taken.bind(*args, **options).arguments
            values = [fixed.pop(name) for name in drawn]

            def python(*values: Any, **nargout: int) -> Any:
                return port(**fixed, **dict(zip(drawn, values, strict=True)), **nargout)

            python.__name__ = port.__name__
            python.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
                [parameters[name] for name in (*drawn, *told)]
            )
            assert_equivalent(
                *(python, octave_function, *values),
                level=level,
                nout=nout,
                timeout=timeout,
                ignore_warnings=ignore_warnings,
            )

        test.__signature__ = taken  # type: ignore[attr-defined]
        given = hypothesis.given(**dict(zip(drawn, strategies, strict=True)))(test)
        parent = hypothesis.settings() if settings is None else settings
        # One Octave serves all examples of a test, and with it the fixtures that prepare it.
        shared = hypothesis.HealthCheck.function_scoped_fixture
        checks = {*parent.suppress_health_check, shared}
        # To explain a failure is the report's part: Hypothesis would list lines of this package.
        phases = [phase for phase in parent.phases if phase is not hypothesis.Phase.explain]
        chosen = hypothesis.settings(
            parent, deadline=None, suppress_health_check=list(checks), phases=phases
        )
        chosen(given)
        # So that @settings above can be told what to write in its place, by the plugin.
        attributes = vars(given)
        attributes.pop(_HAS_SETTINGS, None)
        attributes["octave_compress_generated"] = Generated(tuple(names), tuple(drawn))
        marked: Callable[..., None] = mark(given)
        return marked

    return decorate


def _marker(pytest: Any) -> Any:
    """Return the marker `octave`, which only the plugin makes known."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pytest.PytestUnknownMarkWarning)
            return pytest.mark.octave
    except (pytest.PytestUnknownMarkWarning, pytest.fail.Exception):
        raise OctaveCompressError(
            "equivalent: pytest runs without the plugin pytest_octave_compress, which gives each "
            "test a clean Octave: leave -p no:pytest_octave_compress away, or write "
            "-p pytest_octave_compress where plugins are not loaded by themselves"
        ) from None
