"""transformers' own bars and warnings, kept to a terminal."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Within the block transformers reports errors only, and draws a bar only where someone sees it move."""
    logging = transformers.utils.logging
    unpacking = importlib.import_module("transformers.modeling_gguf_pytorch_utils")
    bar = unpacking.tqdm
    level, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # The unpacking of GGUF files draws with tqdm itself, past the switch above; disable=None means "not on a terminal".
    unpacking.tqdm = partial(bar, disable=None)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        unpacking.tqdm = bar  # type: ignore[attr-defined]
        logging.set_verbosity(level)
        if had_bars:
            logging.enable_progress_bar()
