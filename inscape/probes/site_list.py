"""`sites_of`: every site of a network with its axes and shape, seen by letting one example pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inscape.extras import require
from inscape.probes.site import Site, axes_of, named_modules

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


@dataclass(frozen=True)
class SiteRow:
    """One site: its full name, the class of its module, names and lengths of its axes, its type of number."""

    site: str
    module: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str


class SiteList(Sequence[SiteRow]):
    """The sites of a network; prints as a table."""

    def __init__(self, rows: Sequence[SiteRow]):
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: Any) -> Any:
        return SiteList(self._rows[number]) if isinstance(number, slice) else self._rows[number]

    def __repr__(self) -> str:
        lines = [("site", "module", "axes", "type")]
        for row in self._rows:
            axes = ", ".join(f"{axis} {size}" for axis, size in zip(row.axes, row.shape, strict=True))
            lines.append((row.site, row.module, axes or "one number", row.dtype))
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def sites_of(model: torch.nn.Module, example: Any) -> SiteList:
    """Every place in a network that a recorder or a clamp can hold, with what passes there.

    Parameters
    ----------
    model : the network; it is left as it was: modes, buffers of the forward pass in evaluation mode, random state.
    example : what the network is called with: one tensor, a tuple of arguments, or a dict of named ones.

    Returns
    -------
    SiteList with one row for each tensor that a module returned, in the order in which they passed.
    """
    rows: list[SiteRow] = []
    handles: list[Any] = []

    def note(name: str, module: torch.nn.Module, output: Any) -> None:
        for element, tensor in _elements(output):
            site = Site(name, element=element)
            axes = axes_of(module, tensor.ndim, site)
            kind = str(tensor.dtype).removeprefix("torch.")
            rows.append(SiteRow(str(site), type(module).__name__, axes, tuple(tensor.shape), kind))

    modes = [(module, module.training) for module in model.modules()]
    try:
        for name, module in named_modules(model).items():
            handles.append(module.register_forward_hook(lambda m, _, output, name=name: note(name, m, output)))
        model.eval()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            if isinstance(example, Mapping):
                model(**example)
            else:
                model(*example) if isinstance(example, tuple) else model(example)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    return SiteList(rows)


def _elements(output: Any) -> list[tuple[Any, torch.Tensor]]:
    if isinstance(output, torch.Tensor):
        return [(None, output)]
    items = (
        list(output.items())
        if isinstance(output, Mapping)
        else list(enumerate(output))
        if isinstance(output, tuple | list)
        else []
    )
    return [(key, item) for key, item in items if isinstance(item, torch.Tensor)]
