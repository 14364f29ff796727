"""A fitted model as plain data and arrays, and back; nothing is pickled, nothing is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from inscape.errors import InputError
from inscape.models.dictionary import Library, Monomials, Terms
from inscape.models.koopman.observables import Observables
from inscape.models.model import Model
from inscape.systems.definition import symbol

_OWN = "inscape."


def encode_model(model: Model) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What makes a fitted model: a JSON-able record, and the arrays it names.

    Raises
    ------
    InputError : if something in the model is neither number, text, array nor dictionary of terms.
    """
    arrays: dict[str, np.ndarray] = {}
    settings = {k: _encode(v, f"settings.{k}", arrays) for k, v in model.get_params(deep=False).items()}
    names = set(settings)
    state: Mapping[str, Any] = model.__getstate__()  # type: ignore[assignment]
    learned = {
        k: _encode(v, f"learned.{k}", arrays) for k, v in state.items() if k not in names and k != "_sklearn_version"
    }
    return {"class": _path(type(model)), "settings": settings, "learned": learned}, arrays


def decode_model(record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Model:
    """The inverse of `encode_model`.

    Raises
    ------
    InputError : if the record names a class that is no model of an installed package.
    """
    kind = _class(str(record["class"]), Model)
    model: Model = kind(**{k: _decode(v, arrays, None) for k, v in record["settings"].items()})
    waiting = dict(record["learned"])
    # Terms are made from library and names, so they come last.
    for key in sorted(waiting, key=lambda k: isinstance(waiting[k], dict) and "terms of" in waiting[k]):
        setattr(model, key, _decode(waiting[key], arrays, model))
    return model


def _encode(value: Any, place: str, arrays: dict[str, np.ndarray]) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        value = value.item()
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else {"number": repr(value)}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        arrays[place] = value
        return {"array": place}
    if isinstance(value, (tuple, list)):
        return {type(value).__name__: [_encode(v, f"{place}.{k}", arrays) for k, v in enumerate(value)]}
    if isinstance(value, Mapping) and all(isinstance(k, str) for k in value):
        return {"record": {k: _encode(v, f"{place}.{k}", arrays) for k, v in value.items()}}
    if isinstance(value, Monomials):
        arrays[place] = value.powers
        return {"monomials": place, "variables": [str(v) for v in value.variables]}
    if isinstance(value, Model):
        record, inner = encode_model(value)
        arrays |= {f"{place}.{k}": v for k, v in inner.items()}
        return {"model": record, "at": place}
    if isinstance(value, Observables):
        return {
            "observables": _path(type(value)),
            "of": {k: _encode(v, f"{place}.{k}", arrays) for k, v in vars(value).items()},
        }
    if isinstance(value, BaseEstimator) and type(value).__module__.startswith(_OWN):
        settings = value.get_params(deep=False)
        return {
            "plan": _path(type(value)),
            "settings": {k: _encode(v, f"{place}.{k}", arrays) for k, v in settings.items()},
        }
    if isinstance(value, Terms):
        return {"terms of": "library_"}
    if isinstance(value, Library):
        return {
            "library": _path(type(value)),
            "of": {k: _encode(v, f"{place}.{k}", arrays) for k, v in vars(value).items()},
        }
    name = getattr(value, "__name__", type(value).__name__)
    raise InputError(f"save: {place} holds {name}, which is code or an open object; only numbers and texts can be kept")


def _decode(value: Any, arrays: Mapping[str, np.ndarray], model: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "number" in value:
        return float(value["number"])
    if "array" in value:
        return arrays[value["array"]]
    for kind in (tuple, list):
        if kind.__name__ in value:
            return kind(_decode(v, arrays, model) for v in value[kind.__name__])
    if "record" in value:
        return {k: _decode(v, arrays, model) for k, v in value["record"].items()}
    if "monomials" in value:
        return Monomials(arrays[value["monomials"]], [symbol(str(n)) for n in value["variables"]])
    if "model" in value:
        inside = f"{value['at']}."
        return decode_model(value["model"], {k[len(inside) :]: v for k, v in arrays.items() if k.startswith(inside)})
    if "plan" in value:
        if not str(value["plan"]).startswith(_OWN):
            raise InputError(f"model.json: {value['plan']!r} found, expected a plan of inscape")
        plan = _class(str(value["plan"]), BaseEstimator)
        return plan(**{k: _decode(v, arrays, None) for k, v in value["settings"].items()})
    if "terms of" in value:
        return model.library_.terms(model.state_names_, model.input_names_)
    kind = (
        _class(str(value["library"]), Library) if "library" in value else _class(str(value["observables"]), Observables)
    )
    recipe = object.__new__(kind)
    vars(recipe).update({k: _decode(v, arrays, model) for k, v in value["of"].items()})
    return recipe


def _path(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(path: str, base: type) -> Any:
    module, _, name = path.partition(":")
    if not module.startswith(_OWN):
        # A law of another package may be loaded once that package has registered it: then its module is imported.
        import sys

        from inscape.models.registry import families

        families()
        found = getattr(sys.modules.get(module), name, None)
    else:
        try:
            found = getattr(import_module(module), name, None)
        except ImportError:
            found = None
    if not (isinstance(found, type) and issubclass(found, base)):
        raise InputError(
            f"model.json: {path!r} found, expected a {base.__name__.lower()} of inscape or a registered law"
        )
    return found
