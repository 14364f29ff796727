"""`Recording`: what passed the sites of a network, pass after pass, with its steps and axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Shaped

from inscape.errors import InputError, UnknownNameError
from inscape.probes.site import Site
from inscape.probes.track import Track
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    import xarray


class Recording:
    """Passes of one or more sites.

    Attributes
    ----------
    sites : full names of what was recorded, in the network's order.
    """

    def __init__(self, tracks: dict[str, Track]):
        self._tracks = tracks

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(self._tracks)

    def __repr__(self) -> str:
        passes = sorted({len(track) for track in self._tracks.values()})
        span = f"{passes[0]}" if len(passes) == 1 else f"{passes[0]} to {passes[-1]}" if passes else "no"
        return f"{type(self).__name__}({len(self.sites)} sites, {span} passes)"

    def axes(self, site: str) -> tuple[str, ...]:
        """Names of the axes of one pass of a site; empty as long as nothing passed."""
        return self._track(site).axes

    def steps(self, site: str) -> np.ndarray:
        """(pass,) label of each pass: the recorder's `step`, or the number of the pass where none was set."""
        return self._track(site).steps

    def passes(self, site: str) -> Sequence[Any]:
        """Each pass of a site by itself, of any shapes."""
        return self._track(site)

    def array(self, site: str) -> Shaped[np.ndarray, "pass *axes"]:
        """All passes of a site as one array (pass, *axes).

        Raises
        ------
        InputError : if nothing passed, or the passes differ in shape.
        UnknownNameError : if the site was not recorded.
        """
        track = self._track(site)
        if len(track) == 0:
            raise InputError(f"{site}: nothing passed yet; run the network inside the recorder's `with` block")
        shapes = track.shapes
        if len(shapes) > 1:
            raise InputError(
                f"{site}: passes of shapes {shapes[0]} and {shapes[1]} make no array; take passes(site), "
                "or tokens(site) where a text was generated token by token"
            )
        return track.stack()

    def tokens(self, site: str) -> Shaped[np.ndarray, "*axes"]:
        """The passes of a site joined along its token (or query) axis: one text read or generated in pieces.

        In attention patterns the keys that later queries see and earlier ones do not have the weight 0.
        """
        track = self._track(site)
        if len(track) == 0:
            raise InputError(f"{site}: nothing passed yet; run the network inside the recorder's `with` block")
        along = next((axis for axis in ("token", "query") if axis in track.axes), None)
        if along is None:
            raise InputError(f"{site}: axes {track.axes} have no 'token' or 'query' to join along")
        passes = [np.asarray(one) for one in track]
        if "key" in track.axes:
            at = track.axes.index("key")
            longest = max(one.shape[at] for one in passes)
            passes = [np.pad(one, [(0, (longest - n) * (d == at)) for d, n in enumerate(one.shape)]) for one in passes]
        try:
            return np.concatenate(passes, axis=track.axes.index(along))
        except ValueError:
            raise InputError(f"{site}: passes of shapes {track.shapes[:3]} do not join along {along!r}") from None

    def to_xarray(self, site: str) -> xarray.DataArray:
        """All passes of a site with named axes; the pass axis carries the steps."""
        import xarray

        track = self._track(site)
        values = self.array(site)
        return xarray.DataArray(
            values, dims=("step", *track.axes), coords={"step": track.steps}, name=site, attrs={"site": site}
        )

    def trajectories(self, site: str, over: str = "step") -> Trajectories:
        """What passed a site as trajectories that move over steps or along one of its axes.

        Parameters
        ----------
        site : full name of a recorded site.
        over : "step": one run, or one for each member of a "run" axis; times are the steps. "pass": the same with
            the passes numbered. Any axis of the site, such as "token": one run for each pass, run and sample; times
            are positions along that axis.

        Returns
        -------
        Trajectories whose states keep the other axes of the site, in their order; of one number each, `unit0`,
        `unit1`, ... are their names. The context holds site, and step, run and sample where these part the runs.

        Raises
        ------
        InputError : if a step was passed more than once (ask over="pass") or steps go back.
        """
        track = self._track(site)
        if over in ("step", "pass"):
            values = self.array(site)
            times = np.arange(len(values)) if over == "pass" else track.steps
            if not (np.diff(times) > 0).all():
                raise InputError(f"{site}: steps {times[:6]}... do not increase; set recorder.step, or ask over='pass'")
            return _runs(values, ("pass", *track.axes), times, "pass", ("run",), over, site, {})
        if over not in track.axes:
            raise UnknownNameError(f"axis of {site} {track.axes}:", over, ("step", "pass", *track.axes))
        if len(track) == 0:
            raise InputError(f"{site}: nothing passed yet; run the network inside the recorder's `with` block")
        runs: list[Trajectory] = []
        for step, one in zip(track.steps, track, strict=True):
            values = np.asarray(one)
            times = np.arange(values.shape[track.axes.index(over)])
            runs += _runs(values, track.axes, times, over, ("run", "sample"), over, site, {"step": float(step)})
        return Trajectories(runs)

    def passed(self, site: Site, at: int) -> Any:
        """What passed a site in one pass, selected from the whole site where that was recorded instead."""
        name = str(site) if str(site) in self._tracks or str(site.whole) not in self._tracks else str(site.whole)
        track = self._track(name)
        if not -len(track) <= at < len(track):
            raise InputError(f"{name}: pass {at} asked for, but {len(track)} were recorded")
        return track[at] if name == str(site) else site.part(track[at], track.axes)

    def _track(self, site: str) -> Track:
        if str(site) not in self._tracks:
            raise UnknownNameError("recorded site", str(site), self._tracks)
        return self._tracks[str(site)]


def _runs(
    values: np.ndarray,
    axes: tuple[str, ...],
    times: np.ndarray,
    over: str,
    apart: tuple[str, ...],
    unit: str,
    site: str,
    context: dict[str, float | str],
) -> Trajectories:
    """Trajectories over one axis of an array, one for each member of the axes that are set apart."""
    apart = tuple(axis for axis in apart if axis in axes and axis != over)
    order = [axes.index(axis) for axis in (*apart, over)]
    order += [number for number in range(len(axes)) if number not in order]
    left = [axes[number] for number in order[len(apart) + 1 :]]
    values = values.transpose(order)
    runs = []
    for member in np.ndindex(values.shape[: len(apart)]):
        states = values[member]
        states = states.reshape(len(states), -1) if len(left) < 2 else states
        names = tuple(f"{left[0] if left else 'value'}{number}" for number in range(states.shape[1]))
        runs.append(
            Trajectory(
                np.asarray(times, float),
                states,
                context={"site": site, **context, **dict(zip(apart, map(float, member), strict=True))},
                state_names=names if states.ndim == 2 else (),
                units={"time": unit},
                source=f"recorded at {site}",
            )
        )
    return Trajectories(runs)
