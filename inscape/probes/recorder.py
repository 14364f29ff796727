"""`Recorder`: keeps what passes the sites of a network, and the gradients that come back through them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.instrument import Instrument
from inscape.probes.record_folder import RecordFolder
from inscape.probes.recording import GRADIENT, Recording
from inscape.probes.schedule import Schedule
from inscape.probes.site import Site
from inscape.probes.track import Track

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

_TYPES = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}
_MEMORY = 4 * 2**30
# Numbers as low as this mask a score; a half-precision infinity says the same.
_MASKED = 1e30
# Of fewer numbers, NumPy's copy has begun before torch's would.
_SMALL = 2**16


class PrecisionWarning(UserWarning):
    """Recorded numbers do not fit the type they are recorded in."""


class Recorder(Instrument, Recording):
    """Records what passes sites of a network while its `with` block lasts; what was recorded stays after it.

    Parameters
    ----------
    model : the network.
    sites : one pattern or several, perhaps with a part in brackets: only that part is kept. See `find_sites`.
    dtype : "float32", "float16" (half the memory) or "float64"; integers and truths keep their type.
    store : a new folder to stream to; nothing is then held in memory. `Recording.open` reads it again.
    memory : bytes that passes may take in memory; the pass that goes beyond them is refused.
    every : only every so many-th pass of a site is kept, the first included.
    keep : only so many of the newest passes are kept; None keeps all.
    gradients : record gradients too, as backward passes come, even after the block; see `gradient`. Where nothing
        before a site can learn, the activation itself is made to ask for its gradient.
    live : keep tensors with their graph, not copies, so that `FromPass` lets gradients through; mind `keep`.
    nan : "error" stops at the first NaN, "keep" records it.
    when : schedule by step or measure; None is always.

    Raises
    ------
    InputError : at a pass that holds NaN, named by site and step, or that goes beyond `memory`; the network and its
        optimiser are as they were before the pass.
    UnknownNameError : on entry, if a pattern matches nothing.

    Warns
    -----
    PrecisionWarning : if numbers are too large for float16.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        sites: str | Iterable[str],
        *,
        dtype: str = "float32",
        store: str | Path | None = None,
        memory: int = _MEMORY,
        every: int = 1,
        keep: int | None = None,
        gradients: bool = False,
        live: bool = False,
        nan: str = "error",
        when: Schedule | None = None,
    ):
        Instrument.__init__(self, model, sites, when=when)
        if dtype not in _TYPES:
            raise InputError(f"dtype: {dtype!r} found, expected one of {', '.join(_TYPES)}")
        if nan not in ("error", "keep"):
            raise InputError(f"nan: {nan!r} found, expected 'error' or 'keep'")
        for name, count in (("every", every), ("keep", keep), ("memory", memory)):
            if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
                raise InputError(f"{name}: {count!r} found, expected a positive integer")
        if store is not None and (live or keep is not None):
            raise InputError("store: a folder takes every pass as plain numbers; leave out live= and keep=")
        self._type = _TYPES[dtype]
        self._memory, self._every, self._keep, self._nan = memory, every, keep, nan
        self._gradients, self._live = gradients, live
        self._folder = None if store is None else RecordFolder(store)
        self._reels: dict[str, _Reel] = {}
        self._beyond: set[str] = set()
        self._held = 0
        self._made: dict[str, Track] = {}
        Recording.__init__(self, self._made)

    @property
    def sites(self) -> tuple[str, ...]:
        """Full names of the recorded sites, in the network's order."""
        return self._recorded_sites() or self._found_sites()

    def _prepare(self, names: tuple[str, ...]) -> None:
        for name in names:
            if name not in self._made:
                self._made[name] = Track(keep=self._keep) if self._folder is None else self._folder.track(name)
                self._reels[name] = _Reel()

    def _detach(self) -> None:
        super()._detach()
        if self._folder is not None:
            self._folder.close()

    def _act(self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor | None:
        # Gradient checkpointing computes a pass again on the way back; it is the same pass.
        if torch._C._current_graph_task_id() != -1:
            return None
        reel = self._reels[site.name]
        number = reel.seen
        reel.seen = number + 1
        if number % self._every:
            return None
        if reel.axes is not axes:
            reel.axes, reel.left = axes, site.left_axes(axes)
        part = site.part(activation, axes) if site.selection else activation
        self._take(site.name, reel.left, part, number, self._step, "activation")
        return self._ask_gradient(activation, site, axes, number) if self._gradients else None

    def _ask_gradient(
        self, activation: torch.Tensor, site: Site, axes: tuple[str, ...], number: int
    ) -> torch.Tensor | None:
        if not torch.is_grad_enabled() or not activation.is_floating_point():
            return None
        asked = activation
        if not activation.requires_grad:
            # A copy of the leaf, for later layers may work in place.
            asked = activation.detach().requires_grad_().clone()
        step = self._step

        def take(gradient: torch.Tensor) -> None:
            self._take(GRADIENT + site.name, site.left_axes(axes), site.part(gradient, axes), number, step, "gradient")

        asked.register_hook(take)
        return asked if asked is not activation else None

    def _take(
        self, name: str, axes: tuple[str, ...], part: torch.Tensor, number: int, step: int | None, what: str
    ) -> None:
        passed = part if self._live else self._copied(part, name)
        if self._nan == "error" and not _is_surely_finite(part, passed):
            count = int(torch.isnan(part).sum())
            if count:
                raise InputError(
                    f"{name}: {count} NaN of {part.numel()} in an {what} of shape {tuple(part.shape)} at "
                    f"{f'pass {number}' if step is None else f'step {step}'}; lower the learning rate, look at the "
                    "batch, or record them with nan='keep'"
                )
        if self._folder is not None:
            self._folder.append(name, axes, passed, number, step)
            self._made.setdefault(name, self._folder.track(name))
            return
        track = self._made.get(name)
        if track is None:
            track = self._made[name] = Track(keep=self._keep)
        track.axes = axes
        self._held += track.append(passed, number, step)
        if self._held > self._memory:
            raise InputError(
                f"{name}: {self._held / 2**20:.0f} MiB of passes at pass {number} are beyond memory="
                f"{self._memory / 2**20:.0f} MiB; stream them with store=folder, or take less with dtype='float16', "
                "every=, keep= or a part of the site"
            )

    def _copied(self, part: torch.Tensor, name: str) -> np.ndarray:
        kind = self._type if part.is_floating_point() else part.dtype
        if part.dtype is kind and part.device.type == "cpu" and part.numel() < _SMALL:
            return np.array(part.detach().numpy(), order="K")
        copied = part.detach().to(device="cpu", dtype=kind, copy=True)
        if kind is torch.float16 and name not in self._beyond and bool(torch.isinf(copied).any()):
            count = int((torch.isinf(copied) & (part.detach().cpu().abs() < _MASKED)).sum())
            if count:
                self._beyond.add(name)
                warnings.warn(
                    f"{name}: {count} of {part.numel()} numbers are beyond 65504 and become infinite in float16; "
                    "record with dtype='float32'",
                    PrecisionWarning,
                    stacklevel=2,
                )
        return copied.numpy()


class _Reel:
    """How far a site has come: passes seen, and the axes of what is kept of them."""

    def __init__(self) -> None:
        self.seen = 0
        self.axes: tuple[str, ...] | None = None
        self.left: tuple[str, ...] = ()


def _is_surely_finite(part: torch.Tensor, passed: Any) -> bool:
    """Whether one sweep over the numbers shows that none is NaN; infinite or huge ones leave it open."""
    if not part.is_floating_point():
        return True
    if isinstance(passed, np.ndarray) and passed.dtype != np.float16:
        flat = passed.ravel(order="K")
        with np.errstate(over="ignore", invalid="ignore"):
            return math.isfinite(np.dot(flat, flat))
    return math.isfinite(part.detach().sum().item())
