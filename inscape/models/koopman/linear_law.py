"""The law of a Koopman model whose observables are samples of the state: a linear map, a system again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem


def linear_law(model: Any) -> SymbolicSystem:
    """psi[k+1] = psi[k] M of an EDMD on delays, M restricted to the modes that a forecast runs through.

    Raises
    ------
    AttributeError : unless every observable is a sample of the window or the constant, none of them depending on
        others.
    """
    import sympy

    from inscape.systems import Map
    from inscape.systems.definition import Definition, symbol

    check_is_fitted(model)
    dictionary = model.dictionary_
    name = type(model).__name__
    if not dictionary.is_linear or model.reproject:
        raise AttributeError(
            f"{name} has a law for dictionaries of delays only; this one moves functions of the state, not the state"
        )
    if model.cut_ or not set(model.state_names_) <= set(dictionary.names):
        raise AttributeError(f"{name} has no law here: its observables depend on each other or leave a state out")
    kept, _ = model._forecast_modes()
    vectors, basis = model._vectors[:, kept], model.galerkin_arrays_["basis"]
    moved = (vectors * model._tamed(kept)) @ np.linalg.pinv(vectors)
    step = np.real(basis @ moved @ model.galerkin_arrays_["coordinates"])
    names = [n for n in dictionary.names if n != "1"]
    variables = {n: symbol(n) for n in names}
    sides = []
    for target in names:
        column = step[:, dictionary.names.index(target)]
        sides.append(
            sympy.Add(
                *(
                    sympy.Float(float(a)) * (variables[n] if n != "1" else sympy.S.One)
                    for a, n in zip(column, dictionary.names, strict=True)
                    if a
                )
            )
        )
    start = dictionary.features(model.start_[None])[0]
    initial = [start[dictionary.names.index(n)] for n in names]
    return Map(Definition("edmd", tuple(names), (), {}, tuple(sides)), initial=np.array(initial))
