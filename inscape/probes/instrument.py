"""What every instrument shares: it holds on to sites of a network during its `with` block, and lets go after it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.schedule import Schedule
from inscape.probes.site import Site, axes_of, find_sites, resolve

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Instrument(ABC):
    """A context manager that touches what passes certain sites of a network.

    Inside its `with` block it is attached, after it, and on any exception, the network has no trace of it. Several
    instruments at one site act in the order in which they were entered: a recorder entered after a clamp sees the
    clamped value.

    Parameters
    ----------
    model : the network.
    site : one pattern of sites or several, see `find_sites`; looked up when the block is entered.
    when : schedule by step or measure; None is always.
    """

    def __init__(self, model: torch.nn.Module, site: str | Iterable[str], *, when: Schedule | None = None):
        if not isinstance(model, torch.nn.Module):
            raise InputError(f"model: a {type(model).__name__} found, expected a torch.nn.Module")
        if when is not None and not isinstance(when, Schedule):
            raise InputError(f"when: {when!r} found, expected a schedule such as From(1000) or WhenBelow('loss', 0.5)")
        self.model = model
        self.when = when
        self._patterns = [Site.parse(s) for s in ([site] if isinstance(site, str | Site) else site)]
        self._step: int | None = None
        self._measures: dict[str, Any] = {}
        self._active: bool | np.ndarray = True
        self._handles: list[Any] = []
        self._attached = False
        self._set_active()

    @property
    def sites(self) -> tuple[str, ...]:
        """Full names of the sites it holds, in the network's order."""
        return self._found_sites()

    def _found_sites(self) -> tuple[str, ...]:
        return find_sites(self.model, self._patterns)

    @property
    def step(self) -> int | None:
        """Label of what passes next: a training step, a checkpoint, a turn; None until it is set."""
        return self._step

    @step.setter
    def step(self, step: int) -> None:
        self.advance(step=step)

    @property
    def active(self) -> bool | np.ndarray:
        """Whether the instrument acts at the present step; one truth for each run where a measure is given by run."""
        return self._active

    def advance(self, step: int | None = None, measures: Mapping[str, Any] | None = None) -> None:
        """Go on to a step; its schedule decides whether the instrument acts there.

        Parameters
        ----------
        step : the step that begins; one more than the last if None.
        measures : the newest values of the measures that schedules watch, such as {"loss": 0.7}, or one value for
            each run of a stacked net; those not named keep their last value.
        """
        if step is not None and (isinstance(step, bool) or not isinstance(step, int | np.integer)):
            raise InputError(f"step: {step!r} found, expected an integer")
        self._step = int(step) if step is not None else 0 if self._step is None else self._step + 1
        self._measures |= dict(measures or {})
        self._set_active()

    def _set_active(self) -> None:
        active = True if self.when is None else self.when.active(self._step or 0, self._measures)
        if isinstance(active, np.ndarray) and active.all() == active.any():
            active = bool(active.all())
        self._active = active

    @property
    def is_attached(self) -> bool:
        """Whether it holds on to the network: inside its `with` block."""
        return self._attached

    def __enter__(self) -> Self:
        if self._attached:
            raise InputError(f"{type(self).__name__}: already entered; make a second one for a second block")
        try:
            self._attach()
        except BaseException:
            self._detach()
            raise
        self._attached = True
        return self

    def __exit__(self, *_: object) -> None:
        self._detach()

    @contextmanager
    def suspended(self) -> Iterator[Self]:
        """A block within the block in which the instrument does nothing: a clean pass amid a clamped training."""
        attached = self._attached
        self._attached = False
        try:
            yield self
        finally:
            self._attached = attached

    def _prepare(self, names: tuple[str, ...]) -> None:  # noqa: B027 - most have nothing to prepare
        """What an instrument does when it knows its sites, before it takes hold of them."""

    def _attach(self) -> None:
        found = resolve(self.model, self._patterns)
        self._prepare(tuple(site.name for site, _ in found))
        for site, module in found:
            if site.side == "input":
                hook = self._input_hook(site, module)
                self._handles.append(module.register_forward_pre_hook(hook, with_kwargs=True))
            else:
                self._handles.append(module.register_forward_hook(self._output_hook(site, module)))

    def _detach(self) -> None:
        self._attached = False
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _output_hook(self, site: Site, module: torch.nn.Module) -> Any:
        axes: dict[int, tuple[str, ...]] = {}

        def hook(_module: torch.nn.Module, _args: Any, output: Any) -> Any:
            if not self._attached or self._active is False:
                return None
            plain = site.element is None and isinstance(output, torch.Tensor)
            key, activation = (None, output) if plain else _element(output, site)
            if activation.ndim not in axes:
                axes[activation.ndim] = axes_of(module, activation.ndim, site)
            changed = self._act(activation, site, axes[activation.ndim])
            return None if changed is None else _with_element(output, key, changed)

        return hook

    def _input_hook(self, site: Site, module: torch.nn.Module) -> Any:
        def hook(_module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if not self._attached or self._active is False:
                return None
            named = isinstance(site.element, str) or not any(isinstance(a, torch.Tensor) for a in args)
            key, activation = _element(kwargs if named else args, site)
            changed = self._act(activation, site, axes_of(module, activation.ndim, site))
            if changed is None:
                return None
            return (args, {**kwargs, key: changed}) if named else (_with_element(args, key, changed), kwargs)

        return hook

    @abstractmethod
    def _act(self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor | None:
        """Do what the instrument does to what passes; None leaves it as it is."""


def _element(value: Any, site: Site) -> tuple[Any, torch.Tensor]:
    """Key and tensor of the element of a tuple or a dict that a site means: the first tensor if it names none."""
    if isinstance(value, torch.Tensor):
        if site.element in (None, 0):
            return None, value
        raise InputError(f"{site}: the module passes one tensor, not several; leave out '.{site.element}'")
    items: dict[Any, Any] = dict(value) if isinstance(value, Mapping) else {}
    if isinstance(value, tuple | list):
        items = dict(enumerate(value))
    if site.element is None:
        for key, item in items.items():
            if isinstance(item, torch.Tensor):
                return key, item
        raise InputError(f"{site.whole}: a {type(value).__name__} without a tensor passed, expected a tensor")
    if site.element not in items:
        raise InputError(f"{site}: no element {site.element!r} passed, found {list(items)}")
    item = items[site.element]
    if item is None:
        raise InputError(
            f"{site}: None passed; where these are attention weights a fused backend does not compute them: load the "
            "model with attn_implementation='eager'"
        )
    if not isinstance(item, torch.Tensor):
        raise InputError(f"{site}: a {type(item).__name__} passed, expected a tensor")
    return site.element, item


def _with_element(value: Any, key: Any, changed: torch.Tensor) -> Any:
    """The same tuple, list or dict with one element changed; a copy, for the caller may hold the old one."""
    if key is None:
        return changed
    if isinstance(value, Mapping):
        copied = type(value)(value)  # type: ignore[call-arg]
        copied[key] = changed  # type: ignore[index]
        return copied
    items = [changed if number == key else item for number, item in enumerate(value)]
    if isinstance(value, list):
        return items
    return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
