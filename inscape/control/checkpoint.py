"""Where a training stands, in one file that a kill cannot spoil: nested plain data and arrays, nothing pickled."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape.atomic import draft_of
from inscape.errors import InputError

_ARRAY = "array"
_TEXT = "record.json"


def write_checkpoint(file: Path, record: Mapping[str, Any]) -> None:
    """Write a record of nested dicts, lists, numbers, texts and arrays, whole or not at all.

    Raises
    ------
    InputError : if something else is in it, or the file cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_plain(record, "", arrays))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{file.parent}: cannot be made ({error.strerror}); choose another folder") from None
    with draft_of(file) as draft, draft.open("wb") as out:
        arrays[_TEXT] = np.frombuffer(text.encode(), dtype=np.uint8)
        np.savez(out, **arrays)  # type: ignore[arg-type]
        out.flush()
        os.fsync(out.fileno())


def read_checkpoint(file: Path) -> dict[str, Any]:
    """The inverse of `write_checkpoint`.

    Raises
    ------
    InputError : if the file is no checkpoint.
    """
    try:
        with np.load(file, allow_pickle=False) as kept:
            text = kept[_TEXT].tobytes().decode()
            return _revived(json.loads(text), kept)
    except FileNotFoundError:
        raise InputError(f"{file}: not found, expected a checkpoint") from None
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{file}: no checkpoint of a training ({error}); delete it to begin anew") from None


def _plain(value: Any, place: str, arrays: dict[str, np.ndarray]) -> Any:
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        key = f"a{len(arrays)}"
        arrays[key] = value
        return {_ARRAY: key}
    if isinstance(value, Mapping):
        return {"of": {str(k): _plain(v, f"{place}.{k}", arrays) for k, v in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_plain(v, f"{place}[{i}]", arrays) for i, v in enumerate(value)]
    raise InputError(f"checkpoint: {place.lstrip('.')} holds a {type(value).__name__}; expected numbers, texts, arrays")


def _revived(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_revived(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        return arrays[value[_ARRAY]]
    return {k: _revived(v, arrays) for k, v in value["of"].items()}
