"""`Trajectory`: what a moving system leaves behind, one run of it, with its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.arrays import real_array
from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import pandas
    import xarray


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One run of a system; immutable.

    Parameters
    ----------
    times : (time,) strictly increasing and finite, in SI or the unit given under `units["time"]`.
    states : (time, *state); a vector is the rule, but a field or an image per instant is as welcome. NaN marks a
        missing sample. A one-dimensional array is taken as one state variable.
    inputs : (time, input) what drove the system, or None.
    context : what stayed constant: parameters, patient, body, task.
    state_names : one name for each state variable (only where a state is a vector).
    input_names : one name for each input.
    units : unit by name; "time" is the unit of the time axis.
    source : where the numbers come from: a file, a system, a law.
    notes : what was decided when the run was read; shown by `check`, and no part of what makes two runs equal.

    Raises
    ------
    InputError : if shapes disagree, time does not increase or an array holds something other than numbers.
    """

    times: Float[np.ndarray, "time"]
    states: Float[np.ndarray, "time *state"]
    inputs: Float[np.ndarray, "time input"] | None = None
    context: Mapping[str, float | str] = field(default_factory=dict)
    state_names: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Time keeps double precision: single precision cannot tell samples apart late in a long run.
        times = _numbers("times", self.times).astype(float, copy=False)
        states = _numbers("states", self.states)
        states = states[:, None] if states.ndim == 1 else states
        if times.ndim != 1 or states.ndim < 2 or len(times) != len(states):
            raise InputError(
                f"states: shape {states.shape} with {times.shape} times, expected (time, state) with as many times"
            )
        if 0 in states.shape[1:]:
            raise InputError(f"states: shape {states.shape} found, expected at least one state variable")
        if len(times) == 0:
            raise InputError("times: no sample found, expected at least one")
        _check_times(times)
        inputs = None
        if self.inputs is not None:
            inputs = _numbers("inputs", self.inputs)
            inputs = inputs[:, None] if inputs.ndim == 1 else inputs
            if inputs.ndim != 2 or len(inputs) != len(times):
                raise InputError(f"inputs: shape {inputs.shape}, expected ({len(times)}, input)")
            inputs = inputs if inputs.shape[1] else None
        names = _names("state_names", self.state_names, states.shape[1] if states.ndim == 2 else None, "x")
        input_names = _names("input_names", self.input_names, 0 if inputs is None else inputs.shape[1], "u")
        clash = set(names) & set(input_names)
        if clash:
            raise InputError(f"input_names: {sorted(clash)} name a state as well; rename one of them")
        for name, value in (
            ("times", _frozen(times)),
            ("states", _frozen(states)),
            ("inputs", None if inputs is None else _frozen(inputs)),
            ("context", MappingProxyType(dict(self.context))),
            ("state_names", names),
            ("input_names", input_names),
            ("units", MappingProxyType(dict(self.units))),
            ("notes", tuple(map(str, self.notes))),
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, window: slice) -> Trajectory:
        """The samples of a slice, as a trajectory."""
        if not isinstance(window, slice):
            raise InputError(f"trajectory[{window!r}]: expected a slice; take .states[{window!r}] for one sample")
        inputs = None if self.inputs is None else self.inputs[window]
        return replace(self, times=self.times[window], states=self.states[window], inputs=inputs)

    def __repr__(self) -> str:
        names = ", ".join(self.state_names) if 0 < len(self.state_names) <= 6 else f"state {self.states.shape[1:]}"
        unit = self.units.get("time", "")
        span = f"{self.times[0]:.6g} to {self.times[-1]:.6g}{' ' + unit if unit else ''}"
        driven = f", driven by {', '.join(self.input_names)}" if self.input_names else ""
        return f"Trajectory({len(self)} samples of {names}, {span}{driven}{', ' + self.source if self.source else ''})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trajectory):
            return NotImplemented
        return (
            np.array_equal(self.times, other.times)
            and np.array_equal(self.states, other.states, equal_nan=True)
            and (self.inputs is None) == (other.inputs is None)
            and (
                self.inputs is None or other.inputs is None or np.array_equal(self.inputs, other.inputs, equal_nan=True)
            )
            and dict(self.context) == dict(other.context)
            and (self.state_names, self.input_names, dict(self.units), self.source)
            == (other.state_names, other.input_names, dict(other.units), other.source)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mapping proxies do not pickle; worker processes need trajectories.
        plain = (dict(self.context), self.state_names, self.input_names, dict(self.units), self.source, self.notes)
        return Trajectory, (self.times, self.states, self.inputs, *plain)

    @property
    def dimension(self) -> int:
        """Number of state variables (grid points times components for a field)."""
        return int(np.prod(self.states.shape[1:]))

    @property
    def duration(self) -> float:
        """Last time less first time."""
        return float(self.times[-1] - self.times[0])

    @property
    def dt(self) -> float:
        """Median sampling interval.

        Raises
        ------
        InputError : if there is only one sample.
        """
        if len(self) < 2:
            raise InputError("trajectory: 1 sample has no sampling interval; expected at least 2")
        return float(np.median(np.diff(self.times)))

    @property
    def is_uniform(self) -> bool:
        """Whether every sampling interval equals the median one to a thousandth."""
        return len(self) < 3 or bool(np.max(np.abs(np.diff(self.times) - self.dt)) <= 1e-3 * self.dt)

    @property
    def is_complete(self) -> bool:
        """Whether no sample is missing."""
        return bool(np.isfinite(self.states).all()) and (self.inputs is None or bool(np.isfinite(self.inputs).all()))

    def replace(self, **changes: Any) -> Trajectory:
        """The same run with some fields changed."""
        return replace(self, **changes)

    def select(self, names: Sequence[str]) -> Trajectory:
        """The run seen through some of its state variables, in the order asked for."""
        for name in names:
            if name not in self.state_names:
                raise UnknownNameError("state", name, self.state_names)
        columns = [self.state_names.index(name) for name in names]
        return replace(self, states=self.states[:, columns], state_names=tuple(names))

    def to_pandas(self) -> pandas.DataFrame:
        """States and inputs as columns over an index of times."""
        import pandas

        if self.states.ndim != 2:
            raise InputError(f"states: shape {self.states.shape} does not fit a table; use to_xarray()")
        columns = dict(zip(self.state_names, self.states.T, strict=True))
        if self.inputs is not None:
            columns |= dict(zip(self.input_names, self.inputs.T, strict=True))
        return pandas.DataFrame(columns, index=pandas.Index(self.times, name="time"))

    def to_xarray(self) -> xarray.Dataset:
        """A labelled data set with variables `states` and, where the run was driven, `inputs`."""
        import xarray

        state_axes = ["state"] if self.states.ndim == 2 else [f"axis_{i}" for i in range(self.states.ndim - 1)]
        variables: dict[str, Any] = {"states": (("time", *state_axes), self.states)}
        coordinates: dict[str, Any] = {"time": ("time", self.times, _unit_attribute(self.units, "time"))}
        if self.states.ndim == 2:
            coordinates["state"] = list(self.state_names)
        if self.inputs is not None:
            variables["inputs"] = (("time", "input"), self.inputs)
            coordinates["input"] = list(self.input_names)
        attributes = {f"context_{k}": v for k, v in self.context.items()}
        attributes |= {f"unit_{k}": v for k, v in self.units.items()} | {"source": self.source}
        return xarray.Dataset(variables, coordinates, attributes)

    @classmethod
    def from_xarray(cls, dataset: xarray.Dataset) -> Trajectory:
        """The inverse of `to_xarray`."""
        attributes = dict(dataset.attrs)
        driven = "inputs" in dataset
        return cls(
            times=dataset["time"].values,
            states=dataset["states"].values,
            inputs=dataset["inputs"].values if driven else None,
            context={k[8:]: v for k, v in attributes.items() if k.startswith("context_")},
            state_names=tuple(map(str, dataset["state"].values)) if "state" in dataset.coords else (),
            input_names=tuple(map(str, dataset["input"].values)) if driven else (),
            units={k[5:]: v for k, v in attributes.items() if k.startswith("unit_")},
            source=str(attributes.get("source", "")),
        )


def _numbers(name: str, values: Any) -> np.ndarray:
    array = real_array(name, values)
    # float32 recordings stay float32: half the memory, and no precision is invented.
    return array if array.dtype in (np.float32, np.float64) else array.astype(float)


def _check_times(times: np.ndarray) -> None:
    if not np.isfinite(times).all():
        raise InputError(
            f"times: {int((~np.isfinite(times)).sum())} not finite, first at row {_first(~np.isfinite(times))}"
        )
    wrong = np.diff(times) <= 0
    if wrong.any():
        row = _first(wrong) + 1
        raise InputError(
            f"times: {int(wrong.sum())} not later than the one before, first at row {row} "
            f"({times[row]:.9g} after {times[row - 1]:.9g}); sort and drop duplicates first"
        )


def _first(mask: np.ndarray) -> int:
    return int(np.argmax(mask))


def _names(label: str, given: Sequence[str], count: int | None, stem: str) -> tuple[str, ...]:
    names = tuple(str(n) for n in given)
    if count is None:
        return names
    if not names:
        return (stem,) if count == 1 else tuple(f"{stem}{i}" for i in range(count))
    if len(names) != count:
        raise InputError(f"{label}: {len(names)} names for {count} columns")
    if len(set(names)) != count:
        raise InputError(f"{label}: {names} holds a name twice")
    return names


def _frozen(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


def _unit_attribute(units: Mapping[str, str], name: str) -> dict[str, str]:
    return {"units": units[name]} if name in units else {}
