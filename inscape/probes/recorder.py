"""`Recorder`: keeps what passes the sites of a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Shaped

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.instrument import Instrument
from inscape.probes.recording import Recording
from inscape.probes.schedule import Schedule
from inscape.probes.site import Site
from inscape.probes.track import Track
from inscape.trajectories import Trajectories

if TYPE_CHECKING:
    import torch
    import xarray
else:
    torch = require("torch", "neural")

_TYPES = {"float32": torch.float32, "float16": torch.float16, "float64": torch.float64}


class Recorder(Instrument):
    """Records what passes sites of a network while its `with` block lasts; what was recorded stays after it.

    Parameters
    ----------
    model : the network.
    sites : one pattern or several, perhaps with a part in brackets: only that part is kept. See `find_sites`.
    dtype : "float32", "float16" (half the memory) or "float64"; integers and truths keep their type.
    every : only every so many-th pass of a site is kept, the first included.
    keep : only so many of the newest passes are kept; None keeps all.
    live : keep tensors with their graph, not copies, so that `FromPass` lets gradients through; mind `keep`.
    nan : "error" stops at the first NaN, "keep" records it.
    when : schedule by step or measure; None is always.

    Raises
    ------
    InputError : at a pass that holds NaN, named by site and step.
    UnknownNameError : on entry, if a pattern matches nothing.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        sites: str | Iterable[str],
        *,
        dtype: str = "float32",
        every: int = 1,
        keep: int | None = None,
        live: bool = False,
        nan: str = "error",
        when: Schedule | None = None,
    ):
        super().__init__(model, sites, when=when)
        if dtype not in _TYPES:
            raise InputError(f"dtype: {dtype!r} found, expected one of {sorted(_TYPES)}")
        if nan not in ("error", "keep"):
            raise InputError(f"nan: {nan!r} found, expected 'error' or 'keep'")
        for name, count in (("every", every), ("keep", keep)):
            if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
                raise InputError(f"{name}: {count!r} found, expected a positive integer")
        self._type = _TYPES[dtype]
        self._every, self._keep, self._live, self._nan = every, keep, live, nan
        self._tracks: dict[str, Track] = {}
        self._seen: dict[str, int] = {}
        self.recording = Recording(self._tracks)

    @property
    def sites(self) -> tuple[str, ...]:
        """Full names of the recorded sites, in the network's order."""
        return self.recording.sites or super().sites

    def _attach(self) -> None:
        for name in super().sites:
            self._tracks.setdefault(name, Track(self._keep))
            self._seen.setdefault(name, 0)
        super()._attach()

    def _act(self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]) -> None:
        name = str(site)
        seen = self._seen[name]
        self._seen[name] = seen + 1
        if seen % self._every:
            return
        part = site.part(activation, axes)
        if self._nan == "error" and part.is_floating_point() and _has_nan(part):
            raise InputError(
                f"{name}: {int(torch.isnan(part).sum())} NaN in an activation of shape {tuple(part.shape)} "
                f"at {f'pass {seen}' if self.step is None else f'step {self.step}'}; "
                "look at the learning rate and the batch, or record with nan='keep'"
            )
        track = self._tracks[name]
        track.axes = site.left_axes(axes)
        track.append(part if self._live else self._copied(part), self.step)

    def _copied(self, part: torch.Tensor) -> np.ndarray:
        kind = self._type if part.is_floating_point() else part.dtype
        return part.detach().to(device="cpu", dtype=kind, copy=True).numpy()

    def axes(self, site: str) -> tuple[str, ...]:
        """Names of the axes of one pass of a site."""
        return self.recording.axes(site)

    def steps(self, site: str) -> np.ndarray:
        """(pass,) label of each pass: `step`, or the number of the pass where none was set."""
        return self.recording.steps(site)

    def passes(self, site: str) -> Sequence[Any]:
        """Each pass of a site by itself, of any shapes."""
        return self.recording.passes(site)

    def array(self, site: str) -> Shaped[np.ndarray, "pass *axes"]:
        """All passes of a site as one array; see `Recording.array`."""
        return self.recording.array(site)

    def tokens(self, site: str) -> Shaped[np.ndarray, "*axes"]:
        """The passes of a site joined along its token axis; see `Recording.tokens`."""
        return self.recording.tokens(site)

    def to_xarray(self, site: str) -> xarray.DataArray:
        """All passes of a site with named axes."""
        return self.recording.to_xarray(site)

    def trajectories(self, site: str, over: str = "step") -> Trajectories:
        """What passed a site as trajectories over steps, passes or one of its axes; see `Recording.trajectories`."""
        return self.recording.trajectories(site, over)

    def passed(self, site: Site, at: int) -> Any:
        """What passed a site in one pass; see `Recording.passed`."""
        return self.recording.passed(site, at)


def _has_nan(part: torch.Tensor) -> bool:
    # One pass over the numbers; only where the sum is not finite (infinite scores) each is looked at.
    return not bool(torch.isfinite(part.detach().sum())) and bool(torch.isnan(part).any())
