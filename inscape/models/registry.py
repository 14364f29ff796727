"""Which laws enter the contest: a law joins by registering a factory of candidates."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import TYPE_CHECKING

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories import Trajectories, as_trajectories

if TYPE_CHECKING:
    from inscape.models.model import Model

ENTRANTS = (
    "inscape.models.entrants",
    "inscape.models.hankel_entrants",
    "inscape.models.koopman.entrants",
    "inscape.models.reservoir.entrants",
    "inscape.models.structured.entrants",
)
"""Modules of this house whose laws enter; they register when they are imported."""

ENTRY_POINTS = "inscape.laws"
"""Installed packages may register laws of their own: modules under this entry-point group are imported first."""


@dataclass(frozen=True)
class Candidate:
    """One law with its settings, ready to be fitted.

    Parameters
    ----------
    family : the name under which it was registered.
    label : what the leaderboard calls it.
    model : an estimator that was not fitted yet.
    is_reference : it stands for knowing nothing (the last value, the mean); a law has to beat it to count.
    """

    family: str
    label: str
    model: Model
    is_reference: bool = False


Factory = Callable[[Trajectories], "Iterable[Model | tuple[str, Model]]"]


@dataclass(frozen=True)
class _Registration:
    factory: Factory
    is_reference: bool


_REGISTERED: dict[str, _Registration] = {}


def register(name: str, *, is_reference: bool = False) -> Callable[[Factory], Factory]:
    """Enter a family of laws into every contest from now on; a decorator.

    The factory sees the recording and returns the estimators that are worth trying on it: none where the recording is
    too short or too wide for the family. A pair (label, estimator) names an entry; else its settings do::

        @register("threshold autoregression")
        def candidates(trajectories):
            return [ThresholdAR(lags=k) for k in (1, 2, 4) if trajectories.samples > 20 * k]

    Parameters
    ----------
    name : the family's name in the leaderboard; registering a name again replaces it.
    is_reference : the family knows nothing of the system; laws are measured against it.
    """
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"register: name {name!r} found, expected words")

    def enter(factory: Factory) -> Factory:
        _REGISTERED[name] = _Registration(factory, is_reference)
        return factory

    return enter


def families() -> tuple[str, ...]:
    """The names of the registered families, in the order in which they registered."""
    _load()
    return tuple(_REGISTERED)


def candidates(trajectories: object, laws: Sequence[str] | None = None) -> list[Candidate]:
    """Every candidate for a recording.

    Parameters
    ----------
    trajectories : the recording, as of `as_trajectories`.
    laws : names of families, all if None; the references always take part, since a law is measured against them.

    Raises
    ------
    InputError : if `laws` names none.
    UnknownNameError : if a name is not registered; it lists the nearest.
    """
    _load()
    runs = as_trajectories(trajectories)
    if laws is not None and not laws:
        raise InputError(f"laws: none named, expected some of {', '.join(_REGISTERED)}; leave it out for all")
    for name in laws or ():
        if name not in _REGISTERED:
            raise UnknownNameError("law", name, _REGISTERED)
    entered: list[Candidate] = []
    for name, registration in _REGISTERED.items():
        if laws is not None and name not in laws and not registration.is_reference:
            continue
        try:
            items = list(registration.factory(runs))
        except Exception as error:  # a family that breaks must not take the contest with it
            warnings.warn(f"law {name!r} is left out: {type(error).__name__}: {error}", stacklevel=2)
            continue
        for item in items:
            label, model = item if isinstance(item, tuple) else (_settings(item), item)
            entered.append(Candidate(name, label, model, registration.is_reference))
    return entered


def _settings(model: Model) -> str:
    return " ".join(repr(model).split())


def _load() -> None:
    for module in ENTRANTS:
        import_module(module)
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        entry.load()
