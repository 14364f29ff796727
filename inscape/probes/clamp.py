"""`Clamp`: what passes a site is held at a value, forwards and so backwards, after training or during it.

Singh et al. 2024 (arXiv 2404.07129) clamp activations through training to see what is left to learn; the analogy is
optogenetics, which holds neurons of an animal while it learns.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.from_pass import FromPass
from inscape.probes.instrument import Instrument
from inscape.probes.schedule import Schedule
from inscape.probes.site import Site

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


# Of larger activations two more of the same size would be felt.
_HELD_AT_MOST = 2**20


class GradientWarning(UserWarning):
    """A clamp leaves nothing to learn."""


class Clamp(Instrument):
    """Holds sites of a network at a value while its `with` block lasts.

    The clamped value goes on through the network, and gradients follow: through a function's result into what it was
    computed from, and not through a constant. Other parts of the activation are untouched.

    Parameters
    ----------
    model : the network.
    site : one pattern of sites or several, perhaps with a part in brackets, see `find_sites`.
    value : a number, array or tensor that broadcasts to the part; a function (part, full site name) -> tensor; or
        `FromPass`, what was recorded in another pass. A tensor that requires a gradient gets one.
    when : schedule by step or measure, kept up to date by `advance`; None is always.

    Raises
    ------
    InputError : if the value is no number or array of numbers, has NaN, or (when it is first used) does not
        broadcast to what passes.
    UnknownNameError : on entry, if a pattern matches nothing.

    Warns
    -----
    GradientWarning : if, under the clamp, no gradient reaches any parameter.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        site: str | Iterable[str],
        value: Any,
        *,
        when: Schedule | None = None,
    ):
        super().__init__(model, site, when=when)
        self.value: torch.Tensor | Callable[..., Any] | FromPass = (
            value if isinstance(value, FromPass) or callable(value) else _constant(value, type(self).__name__)
        )
        self._placed: dict[tuple[Any, ...], torch.Tensor] = {}
        self._held: dict[str, tuple[torch.Tensor, tuple[Any, ...], torch.Tensor, torch.Tensor]] = {}
        self._acted: Site | None = None
        self._warned = False

    def _replacement(self, part: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor:
        """What takes the place of the selected part, of any shape that broadcasts to it."""
        if isinstance(self.value, FromPass):
            return self.value.value_for(site, part)
        if isinstance(self.value, torch.Tensor):
            place = (part.device, part.dtype, _version(self.value))
            if place not in self._placed:
                self._placed = {place: self.value.to(part.device, part.dtype)}
            # A copy: later layers may work in place.
            return (
                self._placed[place]
                .expand(_fitting(self.value, part, site))
                .clone(memory_format=torch.contiguous_format)
            )
        given = self.value(part, site.name)
        if given is None:
            raise InputError(f"{site}: the clamp's function returned None, expected what takes the part's place")
        return given if isinstance(given, torch.Tensor) else torch.as_tensor(given)

    def _act(self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor | None:
        return self._changed(activation, site, axes)

    def _changed(self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor:
        held = self._held_part(activation, site, axes)
        if held is not None:
            if activation.requires_grad:
                self._acted = site
            return torch.where(*held, activation)
        part = site.part(activation, axes)
        given = self._replacement(part, site, site.left_axes(axes))
        if isinstance(self._active, np.ndarray):
            given = self._by_run(given, part, site, site.left_axes(axes))
        if activation.requires_grad:
            self._acted = site
        if not site.selection:
            if given.shape != activation.shape:
                given = given.expand(_fitting(given, activation, site)).contiguous()
            return given.to(activation)
        changed = activation.clone()
        basic, listed = site.indices(axes, activation.shape)
        given = given.to(activation).expand(_fitting(given, part, site))
        if listed:
            changed[basic][listed] = given
        else:
            changed[basic] = given
        return changed

    def _held_part(
        self, activation: torch.Tensor, site: Site, axes: tuple[str, ...]
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Truths of the part that a constant takes, and the constant in its place, laid out as the activation.

        One choice between two tensors costs a training step less than a copy, an assignment and its derivative.
        """
        value = self.value
        if not isinstance(value, torch.Tensor) or value.requires_grad or type(self)._replacement is not _OWN:
            return None
        if not site.selection or self._active is not True or activation.numel() > _HELD_AT_MOST:
            return None
        key = (_version(value), activation.shape, activation.dtype, activation.device)
        kept = self._held.get(site.name)
        if kept is None or kept[0] is not value or kept[1] != key:
            # Kept for later passes, which may be ones that take derivatives.
            with torch.inference_mode(False), torch.no_grad():
                constant = value.to(activation.device, activation.dtype)
                constant = constant.expand(_fitting(value, site.part(activation, axes), site))
                chosen, held = torch.zeros_like(activation, dtype=torch.bool), torch.zeros_like(activation)
                basic, listed = site.indices(axes, activation.shape)
                if listed:
                    chosen[basic][listed], held[basic][listed] = True, constant
                else:
                    chosen[basic], held[basic] = True, constant
            kept = self._held[site.name] = (value, key, chosen, held)
        return kept[2], kept[3]

    def _by_run(self, given: torch.Tensor, part: torch.Tensor, site: Site, axes: tuple[str, ...]) -> torch.Tensor:
        """The replacement where a run is clamped, the part itself where its schedule lets it go."""
        active = np.asarray(self._active, bool)
        if "run" not in axes or part.shape[axes.index("run")] != len(active):
            raise InputError(
                f"{site}: a measure of {len(active)} runs decides over a part with axes {axes} and shape "
                f"{tuple(part.shape)}; expected an axis 'run' of that length"
            )
        along = [1] * part.ndim
        along[axes.index("run")] = -1
        mask = torch.from_numpy(active).to(part.device).reshape(along)
        return torch.where(mask, given.to(part).expand(_fitting(given, part, site)), part)

    def _attach(self) -> None:
        super()._attach()
        self._handles.append(self.model.register_forward_hook(self._watch_gradient))

    def _watch_gradient(self, _module: torch.nn.Module, _args: Any, output: Any) -> None:
        site, self._acted = self._acted, None
        if self._warned or site is None or not torch.is_grad_enabled():
            return
        tensors = list(_tensors(output))
        if tensors and not any(tensor.requires_grad for tensor in tensors):
            self._warned = True
            warnings.warn(
                f"{site}: under this clamp no gradient reaches any parameter, so nothing can be learnt; "
                "clamp a part of the site, or leave another way from a parameter to the output",
                GradientWarning,
                stacklevel=2,
            )


_OWN = Clamp._replacement


def _version(value: torch.Tensor) -> int:
    """A number that changes when somebody writes into a tensor; tensors of inference mode have none."""
    return 0 if value.is_inference() else value._version


def _constant(value: Any, name: str) -> torch.Tensor:
    """A number or array as a tensor; a tensor stays itself, so that its gradient finds it."""
    if isinstance(value, torch.Tensor):
        constant = value
    else:
        try:
            array = np.asarray(value)
        except ValueError:
            raise InputError(f"{name}: rows of unequal length, expected a rectangular array of numbers") from None
        if array.dtype.kind not in "biuf":
            raise InputError(
                f"{name}: value of type {type(value).__name__} found, expected a number, an array, a tensor, "
                "a function (part, site) -> tensor, or FromPass"
            )
        constant = torch.as_tensor(np.array(array))
    if bool(torch.isnan(constant).any()):
        raise InputError(f"{name}: {int(torch.isnan(constant).sum())} NaN in the value, expected numbers")
    return constant


def fits(given: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether an array of one shape broadcasts to the other as it stands."""
    ends = zip(reversed(given), reversed(wanted), strict=False)
    return len(given) <= len(wanted) and all(mine in (1, theirs) for mine, theirs in ends)


def _fitting(given: torch.Tensor, part: torch.Tensor, site: Site) -> torch.Size:
    """The part's shape, if what is given broadcasts to it."""
    if not fits(given.shape, part.shape):
        raise InputError(
            f"{site}: value of shape {tuple(given.shape)} does not broadcast to what passes, "
            f"of shape {tuple(part.shape)}"
        )
    return part.shape


def _tensors(value: Any) -> Iterable[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
