"""`FromPass`: a clamp's value taken from another pass of the same network, or of another one (activation patching)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.probes.recording import Recording
from inscape.probes.site import Site

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class FromPass:
    """What passed a site in a recorded pass, to be put in its place in a later one.

    Parameters
    ----------
    recorded : a `Recorder` or `Recording` that holds the site, or an array or tensor of the site's own shape, or
        these by site name.
    at : which pass of a recording: its number, -1 for the last. A recorder that is still recording gives its newest,
        so that a clean pass and a clamped one can alternate through training.
    site : where to take it from, if not from the clamped site itself.

    A recorder made with `live=True` keeps the graph: gradients then flow into the recorded pass as well.
    """

    def __init__(self, recorded: Any, *, at: int = -1, site: str | None = None):
        if isinstance(at, bool) or not isinstance(at, int | np.integer):
            raise InputError(f"FromPass: at={at!r} found, expected the number of a pass, -1 for the last")
        self.recorded = recorded
        self.at = int(at)
        self.site = None if site is None else Site.parse(site)

    def value_for(self, site: Site, part: torch.Tensor) -> torch.Tensor:
        """The recorded value for the part of a site, on its device; see `Clamp`."""
        source = self.site or site
        recorded = self.recorded
        if isinstance(recorded, Recording):
            value = recorded.passed(source, self.at)
        elif isinstance(recorded, Mapping):
            if str(source) not in recorded:
                raise UnknownNameError("recorded site", str(source), map(str, recorded))
            value = recorded[str(source)]
        else:
            value = recorded
        tensor = value if isinstance(value, torch.Tensor) else torch.from_numpy(np.array(value))
        return tensor.to(part)
