"""Sites: places in a torch network, named by glob patterns over its module names.

layers.*.attention.pattern                    every layer's attention pattern; * stays within one part of a name
**.mlp                                        ** crosses dots
model.layers.{0,3}:input                      what goes into layers 0 and 3; what comes out is the default
layers.1.attention.pattern[head=3, query=-1]  a part of it: indices, slices a:b, or one list (1, 3)
model.layers.0.self_attn:output.1             the second thing that a module returns; a name where it returns a dict
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

Index = int | slice | tuple[int, ...]

_FORM = re.compile(
    r"(?P<module>[^:\[\]]+)(?::(?P<side>input|output)(?:\.(?P<element>\w+))?)?(?:\[(?P<selection>.+)\])?"
)
# Axes of a tensor whose module names none.
_USUAL_AXES = {
    1: ("unit",),
    2: ("sample", "unit"),
    3: ("sample", "token", "unit"),
    4: ("sample", "head", "query", "key"),
}
# Names that attention quantities have once they are exposed.
_ATTENTION_PARTS = ("queries", "keys", "values", "scores", "pattern", "mixed")


@dataclass(frozen=True)
class Site:
    """A place in a network: a module, its input or output, which element of it, and which part.

    Parameters
    ----------
    module : name of a module, or a pattern of names.
    side : "output" or "input".
    element : position or key of the tensor where a module takes or returns several; None is the first tensor.
    selection : pairs (axis name, index); an index is an integer, a slice or a tuple of integers.
    """

    module: str
    side: str = "output"
    element: int | str | None = None
    selection: tuple[tuple[str, Index], ...] = ()

    @classmethod
    def parse(cls, text: str | Site) -> Site:
        """Read a site from its text.

        Raises
        ------
        InputError : if the text is not of the form `module[:input|:output][.element][axis=index, ...]`.
        """
        if isinstance(text, Site):
            return text
        found = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
        if found is None:
            raise InputError(
                f"site: {text!r} found, expected a module name or pattern, then perhaps ':input' or ':output.1', "
                "then perhaps '[head=3, query=-1]'"
            )
        element = found["element"]
        return cls(
            module=found["module"].strip(),
            side=found["side"] or "output",
            element=int(element) if element is not None and element.isdigit() else element,
            selection=_parse_selection(found["selection"], text) if found["selection"] else (),
        )

    def __str__(self) -> str:
        return self.name

    @cached_property
    def name(self) -> str:
        """The site's text; `parse` reads it back."""
        element = "" if self.element is None else f".{self.element}"
        side = f":{self.side}{element}" if element or self.side != "output" else ""
        parts = ", ".join(f"{axis}={_index_text(index)}" for axis, index in self.selection)
        return f"{self.module}{side}{f'[{parts}]' if parts else ''}"

    def __hash__(self) -> int:
        return hash(self.name)  # slices have no hash of their own

    @property
    def whole(self) -> Site:
        """The same place without its selection."""
        return replace(self, selection=())

    def indices(self, axes: Sequence[str], shape: Sequence[int]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The selection as two index tuples, one to apply after the other: integers and slices, then the list.

        In one tuple a list beside an integer would move axes about.
        """
        basic: list[Any] = [slice(None)] * len(shape)
        listed: tuple[int, tuple[int, ...]] | None = None
        for axis, index in self.selection:
            if axis not in axes:
                raise UnknownNameError(f"axis of {self.whole} {tuple(axes)}:", axis, axes)
            at = list(axes).index(axis)
            _check_range(self, axis, index, shape[at])
            if isinstance(index, tuple):
                listed = (at, index)
            else:
                basic[at] = index
        if listed is None:
            return tuple(basic), ()
        at, members = listed
        # Integers before the list take their axes away.
        kept = at - sum(isinstance(index, int) for index in basic[:at])
        return tuple(basic), (*[slice(None)] * kept, list(members))

    def part(self, tensor: Any, axes: Sequence[str]) -> Any:
        """The selected part of a tensor or array with these axes."""
        if not self.selection:
            return tensor
        basic, listed = self.indices(axes, tensor.shape)
        part = tensor[basic]
        return part[listed] if listed else part

    def left_axes(self, axes: Sequence[str]) -> tuple[str, ...]:
        """Names of the axes of the selected part: those at which one index is taken are gone."""
        gone = {axis for axis, index in self.selection if isinstance(index, int)}
        return tuple(axis for axis in axes if axis not in gone)


def find_sites(model: torch.nn.Module, pattern: str | Site | Iterable[str | Site]) -> tuple[str, ...]:
    """The sites of a network that a pattern names, in the network's own order.

    Parameters
    ----------
    model : the network; names are those of `model.named_modules()`, without the prefix of a data-parallel wrapper.
    pattern : one pattern or several, as in the head of this module.

    Returns
    -------
    Full names, each of one module, with the side, element and selection of its pattern.

    Raises
    ------
    UnknownNameError : if a pattern matches no module; it lists the three nearest names.
    InputError : if a pattern cannot be read, or the model is no torch module.
    """
    return tuple(str(site) for site, _ in resolve(model, pattern))


def match_names(pattern: str, names: Sequence[str]) -> tuple[str, ...]:
    """Those of several full site names that a pattern matches, in their order.

    Raises
    ------
    UnknownNameError : if it matches none.
    """
    wish = Site.parse(pattern)
    glob = _glob(wish.module)
    matches = [name for name in names if _matches(Site.parse(name), wish, glob)]
    if not matches:
        raise UnknownNameError("recorded site", str(wish), names)
    return tuple(matches)


def _matches(site: Site, wish: Site, glob: re.Pattern[str]) -> bool:
    return bool(glob.fullmatch(site.module)) and replace(wish, module=site.module) == site


def resolve(
    model: torch.nn.Module, pattern: str | Site | Iterable[str | Site]
) -> tuple[tuple[Site, torch.nn.Module], ...]:
    """Each site that a pattern names with its module; see `find_sites`."""
    modules = named_modules(model)
    patterns = [pattern] if isinstance(pattern, str | Site) else list(pattern)
    if not patterns:
        raise InputError("sites: an empty list found, expected at least one pattern such as 'layers.*'")
    found: dict[Site, torch.nn.Module] = {}
    for wish in map(Site.parse, patterns):
        glob = _glob(wish.module)
        matches = [name for name in modules if glob.fullmatch(name)]
        if not matches:
            raise _no_match(wish, modules)
        found |= {replace(wish, module=name): modules[name] for name in matches}
    return tuple(found.items())


def named_modules(model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Modules by name, the root left out and a data-parallel wrapper taken off.

    Raises
    ------
    InputError : if the model is no torch module, or was compiled.
    """
    if not isinstance(model, torch.nn.Module):
        raise InputError(f"model: a {type(model).__name__} found, expected a torch.nn.Module")
    for name, module in model.named_modules():
        # A compiled graph does not look at hooks that come later: an instrument would silently do nothing.
        if "_orig_mod" in module._modules or getattr(module, "_compiled_call_impl", None) is not None:
            raise InputError(
                f"model: {name or type(module).__name__} was compiled, and a compiled graph passes instruments by; "
                "put them on the plain module (`model._orig_mod`, or a copy made before torch.compile) and call that"
            )
    inner = model
    while isinstance(inner, torch.nn.DataParallel | torch.nn.parallel.DistributedDataParallel):
        inner = inner.module
    return {name: module for name, module in inner.named_modules() if name}


def axes_of(module: torch.nn.Module, dimensions: int, site: Site | str) -> tuple[str, ...]:
    """Names of the axes of what passes a module: its own `axes` if it has any, else the usual ones.

    Where a module names more axes than there are, the leading ones are taken as absent (a net of one run).
    """
    named = getattr(module, "axes", None)
    if isinstance(named, tuple) and named and all(isinstance(axis, str) for axis in named):
        if dimensions > len(named):
            raise InputError(f"{site}: a tensor of {dimensions} axes passed, but the module names only {named}")
        return named[len(named) - dimensions :]
    return _USUAL_AXES.get(dimensions) or tuple(f"axis_{number}" for number in range(dimensions))


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    text = ""
    depth = 0
    for token in re.findall(r"\*\*\.|\*\*|\*|\?|\{|\}|,|[^*?{},]+", pattern):
        depth += (token == "{") - (token == "}")
        special = {"**.": r"(?:.*\.)?", "**": ".*", "*": r"[^.]*", "?": r"[^.]", "{": "(?:", "}": ")"}
        if token == "," and depth > 0:
            text += "|"
        else:
            text += special.get(token) or re.escape(token)
        if depth < 0:
            break
    if depth != 0:
        raise InputError(f"site: {pattern!r} has unbalanced braces; expected as in 'layers.{{0,3}}'")
    return re.compile(text)


def _no_match(wish: Site, modules: dict[str, torch.nn.Module]) -> UnknownNameError:
    error = UnknownNameError("site", wish.module, modules)
    last = wish.module.rsplit(".", 1)[-1]
    own = any(name.rsplit(".", 1)[-1] == last for name in modules)
    if last in _ATTENTION_PARTS and not own:
        error.args = (
            f"{error.args[0]}; where attention is fused its inner quantities have no name: load the model with "
            "attn_implementation='eager' and work inside `with probes.attention.exposed(model):`",
        )
    return error


def _parse_selection(text: str, site: str) -> tuple[tuple[str, Index], ...]:
    pairs: list[tuple[str, Index]] = []
    # A comma inside a list of indices parts no pairs.
    for piece in re.split(r",(?![^(\[]*[)\]])", text):
        name, _, value = (part.strip() for part in piece.partition("="))
        if not name.isidentifier() or not value:
            raise InputError(
                f"site: {site!r}: selection {piece.strip()!r} found, expected as in 'head=3' or 'token=2:5'"
            )
        if name in dict(pairs):
            raise InputError(f"site: {site!r} selects along {name!r} twice")
        pairs.append((name, _parse_index(value, site)))
    if sum(isinstance(index, tuple) for _, index in pairs) > 1:
        raise InputError(f"site: {site!r} has two lists of indices, expected one at most; use two sites or slices a:b")
    return tuple(pairs)


def _parse_index(text: str, site: str) -> Index:
    try:
        if text[0] in "([":
            members = tuple(int(part) for part in text.strip("()[]").split(",") if part.strip())
            if members:
                return members
        elif ":" in text:
            index = slice(*(int(part) if part.strip() else None for part in text.split(":")))
            if index.step is None or index.step > 0:
                return index
        else:
            return int(text)
    except (ValueError, TypeError):
        pass
    raise InputError(f"site: {site!r}: index {text!r} found, expected an integer, a slice a:b or a list (1, 3)")


def _index_text(index: Index) -> str:
    if isinstance(index, slice):
        parts = [index.start, index.stop] + ([] if index.step is None else [index.step])
        return ":".join("" if part is None else str(part) for part in parts)
    return f"({', '.join(map(str, index))})" if isinstance(index, tuple) else str(index)


def _check_range(site: Site, axis: str, index: Index, size: int) -> None:
    members = index if isinstance(index, tuple) else () if isinstance(index, slice) else (index,)
    wrong = [member for member in members if not -size <= member < size]
    if wrong:
        raise InputError(f"{site}: {axis} {wrong[0]} asked for, but {site.whole} has {size} along {axis!r}")
    if isinstance(index, slice) and len(range(*index.indices(size))) == 0:
        raise InputError(f"{site}: {axis}={_index_text(index)} takes none of the {size} along {axis!r}")
