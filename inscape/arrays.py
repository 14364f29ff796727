"""Numbers out of whatever a caller gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Num

from inscape.errors import InputError


def real_array(name: str, values: Any) -> Num[np.ndarray, "..."]:
    """`values` as an array of the type in which they came: booleans, whole numbers or floats of any length.

    Parameters
    ----------
    name : what they are, for an error.

    Raises
    ------
    InputError : if rows differ in length, or something else than real numbers is among them.
    """
    return _array(name, values, "biuf", "real numbers")


def number_array(name: str, values: Any) -> Num[np.ndarray, "..."]:
    """As `real_array`, where complex numbers are welcome too."""
    return _array(name, values, "biufc", "numbers")


def _array(name: str, values: Any, kinds: str, expected: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{name}: rows of unequal length found, expected a rectangular array") from None
    if array.dtype.kind not in kinds:
        raise InputError(f"{name}: values of type {array.dtype} found, expected {expected}")
    return array
