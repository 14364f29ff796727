"""`Tap`: an identity layer that gives an inner quantity of a net a module name, so that instruments can reach it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Tap(torch.nn.Module):
    """Passes a tensor through unchanged; what passes has this module's name and these axes.

    A net that writes `pattern = self.pattern(scores.softmax(-1))` with `self.pattern = Tap(("sample", "head", "query",
    "key"))` offers the site `...pattern` to recorders and clamps. Nothing is computed or kept; no parameter is added.

    Parameters
    ----------
    axes : the name of each axis of what passes, first to last. A leading "run" may be absent from the tensor.

    Raises
    ------
    InputError : if an axis has no name or two have the same.
    """

    def __init__(self, axes: Sequence[str]):
        super().__init__()
        names = (axes,) if isinstance(axes, str) else tuple(axes)
        if not names or not all(isinstance(name, str) and name.isidentifier() for name in names):
            raise InputError(f"axes: {axes!r} found, expected one name for each axis, such as ('sample', 'token')")
        if len(set(names)) != len(names):
            raise InputError(f"axes: {names} holds a name twice")
        self.axes: tuple[str, ...] = names

    def forward(self, activation: torch.Tensor) -> torch.Tensor:
        """The same tensor."""
        return activation

    def extra_repr(self) -> str:
        return ", ".join(self.axes)
