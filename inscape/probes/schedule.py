"""Schedules: when an instrument acts, by training step or by a measure that crosses a value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inscape.errors import InputError


class Schedule(ABC):
    """Whether an instrument acts at a step. Schedules combine: `From(100) & Until(500)`, `a | b`, `~a`."""

    @abstractmethod
    def active(self, step: int, measures: Mapping[str, Any]) -> bool | np.ndarray:
        """Whether it acts at this step, given the newest measures; one truth a run where a measure comes by run."""

    def __and__(self, other: Schedule) -> Schedule:
        return _Both(self, _schedule(other))

    def __or__(self, other: Schedule) -> Schedule:
        return ~(~self & ~_schedule(other))

    def __invert__(self) -> Schedule:
        return _Not(self)


@dataclass(frozen=True)
class From(Schedule):
    """From this step on, the step itself included."""

    step: int

    def __post_init__(self) -> None:
        _check_step("From", self.step)

    def active(self, step: int, measures: Mapping[str, Any]) -> bool:
        return step >= self.step


@dataclass(frozen=True)
class Until(Schedule):
    """Up to this step, the step itself left out."""

    step: int

    def __post_init__(self) -> None:
        _check_step("Until", self.step)

    def active(self, step: int, measures: Mapping[str, Any]) -> bool:
        return step < self.step


@dataclass(frozen=True)
class Between(Schedule):
    """From a first step, included, to a last one, left out."""

    first: int
    last: int

    def __post_init__(self) -> None:
        _check_step("Between", self.first)
        _check_step("Between", self.last)
        if self.last <= self.first:
            raise InputError(f"Between: {self.first} to {self.last} holds no step; expected first < last")

    def active(self, step: int, measures: Mapping[str, Any]) -> bool:
        return self.first <= step < self.last


@dataclass(eq=False)
class WhenBelow(Schedule):
    """While a measure lies below a value; not before it was first measured.

    Parameters
    ----------
    measure : its name in what `advance(measures=...)` is given.
    value : the value to cross.
    stays : whether, once below, it acts on for good; False lets go when the measure rises again.
    """

    measure: str
    value: float
    stays: bool = False
    _crossed: Any = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.measure, str):
            raise InputError(f"{type(self).__name__}: measure {self.measure!r} found, expected its name")
        if isinstance(self.value, str) or not np.isfinite(self.value):
            raise InputError(f"{type(self).__name__}: value {self.value!r} found, expected a finite number")

    def active(self, step: int, measures: Mapping[str, Any]) -> bool | np.ndarray:
        measured = np.asarray(measures.get(self.measure, np.nan), float)
        now = np.asarray(self._crosses(measured))  # NaN, unmeasured, crosses nothing
        if self.stays:
            now = self._crossed = np.asarray(self._crossed | now)
        return now if now.ndim else bool(now)

    def _crosses(self, measured: np.ndarray) -> np.ndarray:
        return measured < self.value


class WhenAbove(WhenBelow):
    """While a measure lies above a value; otherwise as `WhenBelow`."""

    def _crosses(self, measured: np.ndarray) -> np.ndarray:
        return measured > self.value


@dataclass(frozen=True)
class _Both(Schedule):
    one: Schedule
    other: Schedule

    def active(self, step: int, measures: Mapping[str, Any]) -> bool | np.ndarray:
        # Both are asked: a schedule that stays must see every measure.
        return self.one.active(step, measures) & self.other.active(step, measures)


@dataclass(frozen=True)
class _Not(Schedule):
    one: Schedule

    def active(self, step: int, measures: Mapping[str, Any]) -> bool | np.ndarray:
        acts = self.one.active(step, measures)
        return ~acts if isinstance(acts, np.ndarray) else not acts


def _schedule(other: Any) -> Schedule:
    if not isinstance(other, Schedule):
        raise InputError(f"schedule: {other!r} found, expected a schedule such as From(1000)")
    return other


def _check_step(name: str, step: Any) -> None:
    if isinstance(step, bool) or not isinstance(step, int | np.integer):
        raise InputError(f"{name}: step {step!r} found, expected an integer")
