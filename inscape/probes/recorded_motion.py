"""Recorded activations as `Trajectories`: along which axis they move, and what parts one run from another."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Shaped

from inscape.trajectories import Trajectories, Trajectory

# Members of these axes are runs of their own, unless the motion is along them.
_APART = {
    "pass": ("run",),
    "layer": ("pass", "run", "sample", "token", "query"),
}
_APART_ALONG_AXIS = ("run", "sample")


def as_runs(
    values: Shaped[np.ndarray, "*axes"],
    axes: tuple[str, ...],
    site: str,
    over: str,
    *,
    times: np.ndarray | None = None,
    unit: str | None = None,
    context: dict[str, float | str] | None = None,
) -> Trajectories:
    """Runs that move along one axis of an array.

    Parameters
    ----------
    values : the array, its axes named by `axes`.
    site : where it was recorded.
    over : the axis along which it moves.
    times : (over,) when; positions along the axis if None.
    unit : unit of time; the axis's name if None.
    context : what all runs have in common.
    """
    apart = [axis for axis in _APART.get(over, _APART_ALONG_AXIS) if axis in axes and axis != over]
    order = [axes.index(axis) for axis in (*apart, over)]
    order += [number for number in range(len(axes)) if number not in order]
    left = [axes[number] for number in order[len(apart) + 1 :]]
    turned = values.transpose(order)
    when = np.arange(turned.shape[len(apart)]) if times is None else times
    runs = []
    for member in np.ndindex(turned.shape[: len(apart)]):
        states = turned[member]
        if len(left) < 2:
            states = states.reshape(len(states), -1)
        stem = left[0] if left else "value"
        runs.append(
            Trajectory(
                np.asarray(when, float),
                # Double precision where half was recorded: trajectories hold single or double.
                states.astype(np.float32) if states.dtype == np.float16 else states,
                context={"site": site, **(context or {}), **dict(zip(apart, map(float, member), strict=True))},
                state_names=tuple(f"{stem}{n}" for n in range(states.shape[1])) if states.ndim == 2 else (),
                units={"time": unit or over},
                source=f"recorded at {site}",
            )
        )
    return Trajectories(runs)


def along_axis(
    passes: Iterable[np.ndarray], axes: tuple[str, ...], site: str, over: str, steps: np.ndarray
) -> Trajectories:
    """Runs along one axis, for every pass by itself; passes may differ in length."""
    return Trajectories(
        run
        for step, one in zip(steps, passes, strict=True)
        for run in as_runs(one, axes, site, over, context={"step": float(step)})
    )
