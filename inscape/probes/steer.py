"""`Steer`: a direction is added to what passes a site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.clamp import Clamp
from inscape.probes.schedule import Schedule
from inscape.probes.site import Site

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Steer(Clamp):
    """Adds `strength` times a direction to a site: `Steer(model, "model.layers.12", direction, 4.0)`.

    Parameters
    ----------
    model, site, when : as of `Clamp`.
    direction : (unit,) or any shape that broadcasts to the site's part. A tensor that requires a gradient gets one,
        so that a direction can be learnt.
    strength : how much of it; may be changed while the instrument is attached.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        site: str | Iterable[str],
        direction: Any,
        strength: float = 1.0,
        *,
        when: Schedule | None = None,
    ):
        super().__init__(model, site, direction, when=when)
        if callable(direction) or not isinstance(self.value, torch.Tensor):
            raise InputError(f"Steer: a {type(direction).__name__} found, expected a direction (unit,) of numbers")
        if isinstance(strength, str) or not np.isfinite(strength):
            raise InputError(f"Steer: strength {strength!r} found, expected a finite number")
        self.strength = float(strength)

    def _replacement(self, part: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor:
        return part + self.strength * super()._replacement(part, site, axes)
