"""`Trajectories`: many runs of one system, and the door through which plain arrays come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.trajectories.trajectory import Trajectory


class Trajectories(Sequence[Trajectory]):
    """Many runs of one system: same state variables, any lengths.

    Parameters
    ----------
    runs : the runs; all with the same state and input names.

    Raises
    ------
    InputError : if there is no run, or the runs are not of one system.
    """

    def __init__(self, runs: Iterable[Trajectory]):
        self._runs: Sequence[Trajectory] = tuple(runs)
        if not self._runs:
            raise InputError("trajectories: no run found, expected at least one")
        first = self._runs[0]
        for number, run in enumerate(self._runs):
            if not isinstance(run, Trajectory):
                raise InputError(f"trajectories: run {number} is a {type(run).__name__}, expected a Trajectory")
            if (run.state_names, run.input_names) != (first.state_names, first.input_names):
                raise InputError(
                    f"trajectories: run {number} has {run.state_names + run.input_names}, "
                    f"run 0 has {first.state_names + first.input_names}; one system, one set of names"
                )
            if run.states.shape[1:] != first.states.shape[1:]:
                raise InputError(
                    f"trajectories: run {number} has states of shape {run.states.shape[1:]}, "
                    f"run 0 of {first.states.shape[1:]}; one system, one shape"
                )

    @classmethod
    def stored(cls, runs: Sequence[Trajectory]) -> Trajectories:
        """Runs that stay where they are stored until they are looked at.

        `runs` is a sequence that loads on access and vouches for its runs being of one system; where it has
        `lengths`, `state_names` and `input_names`, these are known without loading.
        """
        collection = cls.__new__(cls)
        collection._runs = runs
        return collection

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, index: int) -> Trajectory: ...
    @overload
    def __getitem__(self, index: slice) -> Trajectories: ...
    def __getitem__(self, index: int | slice) -> Trajectory | Trajectories:
        return Trajectories(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __iter__(self) -> Iterator[Trajectory]:
        return iter(self._runs)

    def __repr__(self) -> str:
        lengths = sorted(set(self.lengths))
        span = f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"
        return f"Trajectories({len(self)} runs of {span} samples of {', '.join(self.state_names) or 'a field'})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trajectories):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    @property
    def state_names(self) -> tuple[str, ...]:
        return getattr(self._runs, "state_names", None) or self._runs[0].state_names

    @property
    def input_names(self) -> tuple[str, ...]:
        stored = getattr(self._runs, "input_names", None)
        return self._runs[0].input_names if stored is None else stored

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of samples of each run; known without loading a run that is still in a store."""
        stored = getattr(self._runs, "lengths", None)
        return tuple(len(run) for run in self) if stored is None else tuple(stored)

    @property
    def samples(self) -> int:
        """Number of samples in all runs together."""
        return sum(self.lengths)

    def stack(self) -> Float[np.ndarray, "run time *state"]:
        """The states of all runs as one array.

        Raises
        ------
        InputError : if the runs differ in length.
        """
        lengths = set(self.lengths)
        if len(lengths) > 1:
            raise InputError(f"trajectories: lengths {min(lengths)} to {max(lengths)} do not stack; cut them first")
        return np.stack([run.states for run in self])

    def to_xarray(self) -> Any:
        """One labelled data set with a leading `run` axis (runs of equal length), as of `Trajectory.to_xarray`."""
        import xarray

        self.stack()
        return xarray.concat([run.to_xarray() for run in self], dim="run", join="override", combine_attrs="override")


def as_trajectories(recording: Any, dt: float | None = None) -> Trajectories:
    """Make `Trajectories` of whatever a user holds.

    Parameters
    ----------
    recording : Trajectory, Trajectories, a (time,) or (time, state) array, a (run, time, state) array, a pandas
        DataFrame whose index is time, an xarray Dataset as of `Trajectory.to_xarray`, or a list of any of these.
    dt : sampling interval of plain arrays, which carry no time of their own.

    Raises
    ------
    InputError : if an array comes without `dt`, or the thing is none of these.
    """
    if isinstance(recording, Trajectories):
        return recording
    if isinstance(recording, Trajectory):
        return Trajectories([recording])
    if hasattr(recording, "data_vars"):
        return Trajectories([Trajectory.from_xarray(recording)])
    if hasattr(recording, "columns") and hasattr(recording, "index"):
        times = np.arange(len(recording)) * dt if dt is not None else np.asarray(recording.index, dtype=float)
        return Trajectories(
            [Trajectory(times, recording.to_numpy(float), state_names=tuple(map(str, recording.columns)))]
        )
    parts = isinstance(recording, (list, tuple)) and len(recording) > 0
    if parts and (isinstance(recording[0], Trajectory) or getattr(recording[0], "ndim", 0) >= 1):
        return Trajectories(run for part in recording for run in as_trajectories(part, dt))
    try:
        array = np.asarray(recording)
    except ValueError:
        raise InputError(
            "recording: rows of unequal length found, expected a rectangular array (time, state)"
        ) from None
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2, 3):
        raise InputError(
            f"recording: {type(recording).__name__} of type {array.dtype} and shape {array.shape} found, "
            "expected a Trajectory or an array (time, state) of numbers"
        )
    if dt is None:
        raise InputError("dt: None found; a plain array carries no time: give the sampling interval, dt=...")
    if not (np.isfinite(dt) and dt > 0):
        raise InputError(f"dt: {dt!r} found, expected a positive number")
    runs = array if array.ndim == 3 else array[None]
    return Trajectories(Trajectory(np.arange(len(run)) * float(dt), run) for run in runs)
