"""`KeepOnly`: all but a few heads, units or samples of a site are silenced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.extras import require
from inscape.probes.drop import Drop

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class KeepOnly(Drop):
    """Leaves only the named members of one axis alive: `KeepOnly(model, "layers.1.attention.values", head=[3])`.

    Arguments as of `Drop`, which silences the members that this one keeps.
    """

    def _dropped(self, chosen: torch.Tensor) -> torch.Tensor:
        return ~chosen
