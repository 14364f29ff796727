"""A model's folder in the layout of Hugging Face: what must lie in it, said before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inscape.errors import InputError

INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
WHOLE = ("model.safetensors", "pytorch_model.bin")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")


def check_folder(folder: Path) -> None:
    """Whether a configuration and every file of the weights lie in `folder`.

    Raises
    ------
    InputError : naming the file that is missing or empty.
    """
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no config.json found, expected a model's folder as save_pretrained writes it")
    read_json(folder / "config.json")
    files = weight_files(folder)
    missing = [name for name in files if not (folder / name).is_file()]
    if missing:
        raise InputError(
            f"{folder}: {len(missing)} of {len(files)} weight shards are missing: {', '.join(sorted(missing)[:3])}"
            f"{' ...' if len(missing) > 3 else ''}; copy them in"
        )
    for name in files:
        if (folder / name).stat().st_size == 0:
            raise InputError(f"{folder / name}: the file is empty; copy it again")


def weight_files(folder: Path) -> tuple[str, ...]:
    """Names of the files that hold the weights, as the folder's own index lists them."""
    for index in INDEXES:
        if (folder / index).is_file():
            weight_map = read_json(folder / index).get("weight_map")
            if not isinstance(weight_map, dict) or not weight_map:
                raise InputError(f"{folder / index}: no weight_map found; copy the file again")
            return tuple(sorted({str(name) for name in weight_map.values()}))
    for name in WHOLE:
        if (folder / name).is_file():
            return (name,)
    raise InputError(f"{folder}: no weights found, expected {' or '.join(WHOLE)} or shards with their index")


def has_tokenizer(folder: Path) -> bool:
    """Whether a vocabulary lies in `folder`."""
    return any((folder / name).is_file() for name in TOKENIZERS)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object on disk.

    Raises
    ------
    InputError : if the file holds anything else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); copy the file again") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: {type(found).__name__} found, expected a JSON object")
    return found
