"""Plain data to text and back without loss: how steps and findings of a run are kept on disk."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.errors import InputError

_ARRAY = "__array__"
_NUMBER = "__number__"


def encode(value: Any) -> str:
    """JSON of nested dicts, lists, numbers, strings, None and arrays of numbers; every bit of a float is kept.

    Raises
    ------
    InputError : if something else is in it; such things would need an unpickler to come back.
    """
    return json.dumps(_plain(value), allow_nan=False)


def decode(text: str) -> Any:
    """The inverse of `encode`; tuples come back as lists."""
    return json.loads(text, object_hook=_revive)


def round_trip(value: Any) -> Any:
    """What `value` will be when it comes back from disk, so that a resumed run sees what an unbroken one saw."""
    return decode(encode(value))


def _plain(value: Any) -> Any:
    if isinstance(value, (str, bool)) or value is None:
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return number if math.isfinite(number) else {_NUMBER: repr(number)}
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise InputError(f"step result: an array of {value.dtype} cannot be kept; expected numbers")
        buffer = io.BytesIO()
        np.save(buffer, value, allow_pickle=False)
        return {_ARRAY: base64.b64encode(buffer.getvalue()).decode("ascii")}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise InputError(f"step result: a {type(value).__name__} cannot be kept; return numbers, arrays, dicts and lists")


def _revive(record: dict[str, Any]) -> Any:
    if record.keys() == {_ARRAY}:
        return np.load(io.BytesIO(base64.b64decode(record[_ARRAY])), allow_pickle=False)
    if record.keys() == {_NUMBER}:
        return float(record[_NUMBER])
    return record
