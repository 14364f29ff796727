"""`Recording`: what passed the sites of a network, pass after pass, with its steps and axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Shaped

from inscape.errors import InputError, UnknownNameError
from inscape.probes.record_folder import open_folder
from inscape.probes.recorded_motion import along_axis, as_runs
from inscape.probes.site import Site, match_names
from inscape.probes.track import Track, plain
from inscape.trajectories import Trajectories

if TYPE_CHECKING:
    import xarray

GRADIENT = "gradient of "


class Recording:
    """Passes of one or more sites. Where only one site was recorded, its name may be left out.

    Parameters
    ----------
    tracks : the passes of each site, by its full name.
    """

    def __init__(self, tracks: Mapping[str, Track]):
        self._tracks = tracks

    @classmethod
    def open(cls, folder: str | Path) -> Recording:
        """The recording that a recorder wrote to a folder; its numbers stay on disk until they are looked at.

        Raises
        ------
        InputError : if the folder holds no recording.
        """
        return cls(open_folder(folder))

    @property
    def sites(self) -> tuple[str, ...]:
        """Full names of the recorded sites, in the network's order."""
        return self._recorded_sites()

    def _recorded_sites(self) -> tuple[str, ...]:
        return tuple(name for name in self._tracks if not name.startswith(GRADIENT))

    def __repr__(self) -> str:
        counts = sorted({len(self._tracks[name]) for name in self.sites}) or [0]
        span = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        return f"{type(self).__name__}({len(self.sites)} sites, {span} passes)"

    def axes(self, site: str | None = None) -> tuple[str, ...]:
        """Names of the axes of one pass of a site; empty as long as nothing passed."""
        return self._track(site).axes

    def steps(self, site: str | None = None) -> np.ndarray:
        """(pass,) label of each pass: the recorder's `step`, or the number of the pass where none was set."""
        return self._track(site).steps

    def passes(self, site: str | None = None) -> Sequence[Any]:
        """Each pass of a site by itself, of any shapes."""
        return self._track(site)

    def array(self, site: str | None = None) -> Shaped[np.ndarray, "pass *axes"]:
        """All passes of a site as one array (pass, *axes).

        Raises
        ------
        InputError : if nothing passed, or the passes differ in shape.
        UnknownNameError : if the site was not recorded.
        """
        name, track = self._passed_track(site)
        if len(track.shapes) > 1:
            raise InputError(
                f"{name}: passes of shapes {track.shapes[0]} and {track.shapes[1]} make no array; take passes(site), "
                "or tokens(site) where a text was generated token by token"
            )
        return track.stack()

    def gradient(self, site: str | None = None) -> Shaped[np.ndarray, "pass *axes"]:
        """Gradient at a site in each pass, as `array`; NaN in passes that no backward pass followed.

        Raises
        ------
        InputError : if the recorder was not made with `gradients=True`, or no backward pass was run.
        """
        name = self._name(site)
        values = self.array(name)
        track = self._tracks.get(GRADIENT + name)
        if track is None or not len(track):
            raise InputError(f"{name}: no gradient came; record with gradients=True and call backward() on a loss")
        gradients = np.full(values.shape, np.nan, track[0].dtype)
        places = {number: place for place, number in enumerate(self._tracks[name].numbers)}
        came: set[int] = set()
        for number, gradient in zip(track.numbers, track, strict=True):
            if number in places:
                # A second backward pass adds to the first, as it does in a parameter's gradient.
                old = gradients[places[number]] if number in came else 0.0
                gradients[places[number]] = old + gradient
                came.add(number)
        return gradients

    def tokens(self, site: str | None = None) -> Shaped[np.ndarray, "*axes"]:
        """The passes of a site joined along its token (or query) axis: one text read or generated in pieces.

        In attention patterns the keys that only later queries could see have the weight 0 for earlier ones.

        Raises
        ------
        InputError : if the site has no such axis, or the passes do not fit together.
        """
        name, track = self._passed_track(site)
        along = next((axis for axis in ("token", "query") if axis in track.axes), None)
        if along is None:
            raise InputError(f"{name}: axes {track.axes} have no 'token' or 'query' to join along")
        passes = [plain(one) for one in track]
        if "key" in track.axes:
            at = track.axes.index("key")
            longest = max(one.shape[at] for one in passes)
            passes = [np.pad(one, [(0, (longest - n) * (d == at)) for d, n in enumerate(one.shape)]) for one in passes]
        try:
            return np.concatenate(passes, axis=track.axes.index(along))
        except ValueError:
            raise InputError(f"{name}: passes of shapes {track.shapes[:3]} do not join along {along!r}") from None

    def layers(self, pattern: str | None = None) -> Shaped[np.ndarray, "layer pass *axes"]:
        """The arrays of all sites that a pattern names, in the network's order: the way through its depth.

        Raises
        ------
        InputError : if the sites differ in shape.
        UnknownNameError : if no recorded site matches.
        """
        names = self.sites if pattern is None else match_names(pattern, self.sites)
        arrays = [self.array(name) for name in names]
        odd = next((name for name, one in zip(names, arrays, strict=True) if one.shape != arrays[0].shape), None)
        if odd is not None or not arrays:
            found = f"{names[0]} {arrays[0].shape} and {odd} {self.array(odd).shape}" if odd else "no site"
            raise InputError(f"layers: {found} found, expected recorded sites of one shape; name them by a pattern")
        return np.stack(arrays)

    def to_xarray(self, site: str | None = None) -> xarray.DataArray:
        """All passes of a site with named axes; the first, "step", carries the steps."""
        import xarray

        name, track = self._passed_track(site)
        return xarray.DataArray(self.array(name), {"step": track.steps}, ("step", *track.axes), name)

    def trajectories(self, site: str | None = None, over: str = "step", *, join: bool = False) -> Trajectories:
        """What passed a site, as runs that move over steps or along one of its axes, so that `analysis` serves it.

        Parameters
        ----------
        site : full name of a recorded site; for over="layer", a pattern of sites.
        over : "step": one run, or one for each member of a "run" axis; times are the steps. "pass": the same, the
            passes numbered. "layer": through the sites of a pattern, one run for each pass, run, sample and token.
            Or any axis of the site, such as "token": one run for each pass, run and sample.
        join : join the passes along the token axis first, as `tokens`: a text that was generated token by token.

        Returns
        -------
        Trajectories whose states keep the other axes of the site, in their order. Where one is left, its members
        are the state's names: unit0, unit1, ... The context holds the site, and step, run, sample and token where
        these part the runs.

        Raises
        ------
        InputError : if a step was passed more than once (ask for over="pass") or steps go back.
        UnknownNameError : if the site has no such axis.
        """
        if over == "layer":
            names = self.sites if site is None else match_names(site, self.sites)
            return as_runs(
                self.layers(site).swapaxes(0, 1), ("pass", "layer", *self.axes(names[0])), str(site or names[0]), over
            )
        name, track = self._passed_track(site)
        if over in ("step", "pass"):
            values = self.array(name)
            times = np.arange(len(values)) if over == "pass" else track.steps
            if not (np.diff(times) > 0).all():
                raise InputError(
                    f"{name}: steps {', '.join(map(str, times[:4]))} ... do not increase; set recorder.step before "
                    "each pass, or ask for over='pass'"
                )
            return as_runs(values, ("pass", *track.axes), name, "pass", times=times, unit=over)
        if over not in track.axes:
            raise UnknownNameError(f"axis of {name} {track.axes}:", over, ("step", "pass", "layer", *track.axes))
        if join:
            return as_runs(self.tokens(name), track.axes, name, over)
        return along_axis([plain(one) for one in track], track.axes, name, over, track.steps)

    def passed(self, site: str | Site, at: int = -1) -> Any:
        """What passed a site in one pass; a part of it where the whole site was recorded.

        Raises
        ------
        InputError : if there is no such pass.
        UnknownNameError : if neither the site nor the whole of it was recorded.
        """
        site = Site.parse(site)
        whole = str(site) not in self._tracks and str(site.whole) in self._tracks
        name, track = self._passed_track(str(site.whole) if whole else str(site))
        if not -len(track) <= at < len(track):
            raise InputError(f"{name}: pass {at} asked for, but {len(track)} were recorded")
        return site.part(track[at], track.axes) if whole else track[at]

    def _name(self, site: str | None) -> str:
        if site is None:
            if len(self.sites) != 1:
                raise InputError(f"site: None found, but {len(self.sites)} sites were recorded; name one of them")
            return self.sites[0]
        name = str(Site.parse(site))
        if name not in self._tracks:
            raise UnknownNameError("recorded site", name, self.sites)
        return name

    def _track(self, site: str | None) -> Track:
        return self._tracks[self._name(site)]

    def _passed_track(self, site: str | None) -> tuple[str, Track]:
        name = self._name(site)
        if not len(self._tracks[name]):
            raise InputError(f"{name}: nothing passed yet; run the network inside the recorder's `with` block")
        return name, self._tracks[name]
