"""`Drop`: heads, units or samples of a site are silenced (ablation), at zero or at their mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.probes.clamp import Clamp, fits
from inscape.probes.from_pass import FromPass
from inscape.probes.schedule import Schedule
from inscape.probes.site import Site

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Drop(Clamp):
    """Silences members of one axis of a site: `Drop(model, "layers.1.attention.values", head=[0, 2])`.

    Parameters
    ----------
    model, site, when : as of `Clamp`.
    mask : instead of a named axis, an array of truths that broadcasts to the site; True is dropped.
    fill : what takes their place: a number; "mean", the mean over the samples (and runs keep their own); or
        `FromPass`, what another pass had there.
    **members : one axis by its name, with an index or a list of indices along it.

    Raises
    ------
    InputError : if not exactly one axis or a mask is given, or an index lies outside its axis.
    UnknownNameError : if the site has no such axis.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        site: str | Iterable[str],
        *,
        mask: Any = None,
        fill: float | str | FromPass = 0.0,
        when: Schedule | None = None,
        **members: int | Sequence[int],
    ):
        name = type(self).__name__
        if len(members) + (mask is not None) != 1:
            raise InputError(
                f"{name}: {list(members) or 'nothing'} found, expected one axis such as head=[3], or mask="
            )
        if isinstance(fill, str) and fill != "mean":
            raise InputError(f"{name}: fill={fill!r} found, expected a number, 'mean' or FromPass")
        super().__init__(model, site, 0.0 if isinstance(fill, str) else fill, when=when)
        self.fill = fill
        self._axis = next(iter(members), None)
        self._members = np.atleast_1d(np.asarray(next(iter(members.values()), []), dtype=object))
        if not all(isinstance(m, int | np.integer) and not isinstance(m, bool | np.bool_) for m in self._members):
            raise InputError(f"{name}: {self._axis}={members[str(self._axis)]!r} found, expected indices")
        self._mask = None if mask is None else torch.as_tensor(np.asarray(mask))
        if self._mask is not None and self._mask.dtype != torch.bool:
            raise InputError(f"{name}: a mask of type {self._mask.dtype} found, expected truths")
        self._masks: dict[Any, torch.Tensor] = {}

    def _dropped(self, chosen: torch.Tensor) -> torch.Tensor:
        """Truths of what is silenced, given those of what was named."""
        return chosen

    def _replacement(self, part: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor:
        mask = self._mask_for(part, site, axes)
        if isinstance(self.fill, FromPass):
            return torch.where(mask, self.fill.value_for(site, part), part)
        if isinstance(self.fill, str):
            over = [number for number, axis in enumerate(axes) if axis == "sample"]
            if not over:
                raise InputError(f"{site}: axes {axes} have no 'sample' to take a mean over; give fill= a number")
            return torch.where(mask, part.mean(over, keepdim=True), part)
        return part.masked_fill(mask, self.fill)

    def _mask_for(self, part: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor:
        if self._mask is not None:
            mask = self._dropped(self._mask.to(part.device))
            if not fits(mask.shape, part.shape):
                raise InputError(f"{site}: mask of shape {tuple(mask.shape)} over what passes, {tuple(part.shape)}")
            return mask
        if self._axis not in axes:
            raise UnknownNameError(f"axis of {site} {axes}:", str(self._axis), axes)
        at = axes.index(str(self._axis))
        key = (part.shape[at], part.ndim - at, part.device)
        if key not in self._masks:
            size = part.shape[at]
            wrong = [int(member) for member in self._members if not -size <= member < size]
            if wrong:
                raise InputError(f"{site}: {self._axis} {wrong[0]} asked for, but there are {size}")
            chosen = torch.zeros(size, dtype=torch.bool)
            chosen[[int(member) for member in self._members]] = True
            self._masks[key] = self._dropped(chosen).reshape(-1, *[1] * (part.ndim - at - 1)).to(part.device)
        return self._masks[key]
