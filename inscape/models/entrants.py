"""The laws of this house that enter every contest, each with the settings that are worth trying on a recording."""

from __future__ import annotations

from inscape.models.persistence import Persistence
from inscape.models.registry import register
from inscape.trajectories import Trajectories


@register("persistence", is_reference=True)
def persistence(trajectories: Trajectories) -> list[tuple[str, Persistence]]:
    """The next sample is the last one, or drifts on from it."""
    return [("last value", Persistence("last")), ("last value and drift", Persistence("drift"))]


@register("mean", is_reference=True)
def mean(trajectories: Trajectories) -> list[tuple[str, Persistence]]:
    """The next sample is the mean of all."""
    return [("mean", Persistence("mean"))]


@register("seasonal", is_reference=True)
def seasonal(trajectories: Trajectories) -> list[tuple[str, Persistence]]:
    """The next season is the last one."""
    return [("last season", Persistence("seasonal"))]
