"""`Checkpoint`: a training's state in a folder, from which it goes on as if it had never stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.atomic import draft_of
from inscape.errors import InputError
from inscape.extras import require
from inscape.models.attention_only.log import Line, Log
from inscape.models.attention_only.net import AttentionOnly

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

NAME = "training.npz"
SECONDS_APART = 20.0
"""Between two writings; what an interruption costs at most."""
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Checkpoint:
    """Weights, Adam's moments and the log in one file without pickles, whole or not there.

    Parameters
    ----------
    folder : made if it is not there.
    settings : of the training, as plain data; another training's state is refused.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]):
        self.folder, self.settings = folder, json.dumps(settings, sort_keys=True)
        self._written = time.monotonic()

    def write_now_and_then(self, step: int, net: AttentionOnly, optimiser: torch.optim.Optimizer, log: Log) -> None:
        """`write`, unless that was done a moment ago."""
        if time.monotonic() - self._written > SECONDS_APART:
            self.write(step, net, optimiser, log)

    def write(self, step: int, net: AttentionOnly, optimiser: torch.optim.Optimizer, log: Log) -> None:
        """Keep the state after `step` steps.

        Raises
        ------
        InputError : if the folder cannot be written.
        """
        arrays: dict[str, Any] = {"settings": self.settings, "step": step, "log sequences": log.times}
        arrays |= {f"log column {name}": values for name, values in log.columns.items()}
        for name, weight in net.named_parameters():
            arrays[f"weight {name}"] = weight.detach().cpu().numpy()
            for moment in MOMENTS if weight in optimiser.state else ():
                arrays[f"{moment} {name}"] = optimiser.state[weight][moment].cpu().numpy()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be made ({error.strerror}); choose another folder") from error
        with draft_of(self.folder / NAME) as draft, draft.open("wb") as file:
            np.savez(file, **arrays)
        self._written = time.monotonic()

    def restore(self, net: AttentionOnly, optimiser: torch.optim.Optimizer, log: Log) -> int:
        """Put back what was kept, and return its step; 0 if nothing was.

        Raises
        ------
        InputError : if it is of a training with other settings, or cannot be read.
        """
        path = self.folder / NAME
        if not path.is_file():
            return 0
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            settings = str(arrays["settings"])
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise InputError(f"{path}: not a training's state ({error}); remove it or choose another folder") from None
        if settings != self.settings:
            raise InputError(
                f"{path}: kept from a training with other settings ({_differing(settings, self.settings)})"
            )
        with torch.no_grad():
            for name, weight in net.named_parameters():
                weight.copy_(torch.as_tensor(arrays[f"weight {name}"]))
                if f"step {name}" in arrays:
                    optimiser.state[weight] = {
                        m: torch.as_tensor(arrays[f"{m} {name}"]).to("cpu" if m == "step" else weight.device)
                        for m in MOMENTS
                    }
        columns = {n.removeprefix("log column "): a for n, a in arrays.items() if n.startswith("log column ")}
        log.lines = [
            Line(int(sequences), {name: values[row] for name, values in columns.items()})
            for row, sequences in enumerate(arrays["log sequences"])
        ]
        return int(arrays["step"])


def _differing(kept: str, asked: str) -> str:
    old, new = json.loads(kept), json.loads(asked)
    return "; ".join(f"{k}: {old.get(k)!r} kept, {new[k]!r} asked" for k in new if old.get(k) != new[k])
