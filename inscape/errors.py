"""What inscape says when something cannot be done: the thing, what was found, what was expected, and the mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InscapeError(Exception):
    """Base of every error that inscape raises on purpose; its message is one line that a user can act on."""


class InputError(InscapeError, ValueError):
    """An argument, a file or an array is not what the function can work on."""


class DivergedError(InscapeError, ArithmeticError):
    """A run left every bounded region, or the integrator could not go on."""


class MissingExtraError(InscapeError, ImportError):
    """A part of inscape needs a package that is not installed."""

    def __init__(self, module: str, extra: str):
        super().__init__(f"{module} is not installed; it comes with: pip install 'inscape[{extra}]'")
        self.module = module
        self.extra = extra


class UnknownNameError(InscapeError, KeyError):
    """A name is not in a catalogue; the message lists the three nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        near = nearest_names(name, known)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        super().__init__(f"{kind} {name!r} is not known{hint}")
        self.name = name
        self.nearest = near

    def __str__(self) -> str:
        # KeyError quotes its argument; a sentence should read as one.
        return str(self.args[0])


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The `count` known names that look most like `name`, best first, upper and lower case alike."""
    by_lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=count, cutoff=0.0)
    return tuple(by_lower[k] for k in near)
