"""`ClampGradient`: what comes back through a site is held at a value; what goes on through it is not touched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.clamp import Clamp
from inscape.probes.from_pass import FromPass
from inscape.probes.schedule import Schedule
from inscape.probes.site import Site

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class ClampGradient(Clamp):
    """Holds the gradient at sites at a value: `ClampGradient(model, "layers.0", 0.0)` keeps layer 0 from learning.

    The forward pass is that of the plain network, to the bit. A backward pass after the block still meets the clamp
    where its forward pass was made within it.

    Parameters
    ----------
    model, site, when : as of `Clamp`.
    value : a number, an array or a tensor that broadcasts to the part's gradient, or a function (gradient, full site
        name) -> gradient, such as `lambda g, site: 0.1 * g`.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        site: str | Iterable[str],
        value: Any,
        *,
        when: Schedule | None = None,
    ):
        if isinstance(value, FromPass):
            raise InputError("ClampGradient: FromPass holds activations; give a number, an array or a function")
        super().__init__(model, site, value, when=when)

    def _act(self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]) -> None:
        if activation.requires_grad:
            activation.register_hook(lambda gradient: self._changed(gradient, site, axes))
