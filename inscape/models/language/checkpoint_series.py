"""A training run's checkpoints: folders named `stepN` or `stepN-tokensMB`, as the Pythia and OLMoE revisions are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from inscape.errors import InputError
from inscape.models.language.folder import check_folder
from inscape.models.language.language_model import LanguageModel
from inscape.models.language.loading import load

NAME = re.compile(r"^step(?P<step>\d+)(?:-tokens(?P<tokens>\d+)B)?$")


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint.

    Parameters
    ----------
    step : training step.
    tokens : tokens seen until then, in billions; None where the name does not say.
    path : its folder.
    """

    step: int
    tokens: int | None
    path: Path

    def load(self, *, dtype: str = "float32", attention: str = "eager", device: str = "cpu") -> LanguageModel:
        """The model at this step; see `inscape.models.language.load`."""
        return load(self.path, dtype=dtype, attention=attention, device=device)


class CheckpointSeries(Sequence[Checkpoint]):
    """Checkpoints in the order of their steps; a slice is a series again."""

    def __init__(self, found: Sequence[Checkpoint], path: Path):
        self.found = tuple(sorted(found, key=lambda c: c.step))
        self.path = path

    @overload
    def __getitem__(self, index: int) -> Checkpoint: ...

    @overload
    def __getitem__(self, index: slice) -> CheckpointSeries: ...

    def __getitem__(self, index: int | slice) -> Checkpoint | CheckpointSeries:
        return CheckpointSeries(self.found[index], self.path) if isinstance(index, slice) else self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(c.step for c in self.found)

    def load(self, index: int, **settings: Any) -> LanguageModel:
        """The model of the checkpoint at `index`; settings as of `load`."""
        return self.found[index].load(**settings)

    def models(self, **settings: Any) -> Iterator[tuple[Checkpoint, LanguageModel]]:
        """Each checkpoint with its model, one in memory at a time."""
        for checkpoint in self.found:
            yield checkpoint, checkpoint.load(**settings)

    def __repr__(self) -> str:
        span = f"steps {self.steps[0]} to {self.steps[-1]}" if self.found else "none"
        return f"CheckpointSeries({len(self.found)} checkpoints, {span}, {self.path})"


def checkpoints(folder: str | Path) -> CheckpointSeries:
    """The checkpoints that lie in `folder`, sorted by step; other folders beside them are left alone.

    Every checkpoint is looked through for missing shards before the first is loaded.

    Raises
    ------
    InputError : if there is no folder, no checkpoint in it, one step twice, or a file missing in one of them.
    """
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise InputError(f"{path}: no such folder; expected one that holds folders named stepN or stepN-tokensMB")
    found = []
    for inner in path.iterdir():
        match = NAME.match(inner.name)
        if match and inner.is_dir():
            tokens = match["tokens"]
            found.append(Checkpoint(int(match["step"]), int(tokens) if tokens else None, inner))
    if not found:
        names = ", ".join(sorted(p.name for p in path.iterdir())[:3]) or "nothing"
        raise InputError(
            f"{path}: no checkpoint found (it holds {names}), expected folders named stepN or stepN-tokensMB"
        )
    series = CheckpointSeries(found, path)
    for one, other in itertools.pairwise(series):
        if one.step == other.step:
            raise InputError(f"{path}: step {one.step} lies there twice, as {one.path.name} and {other.path.name}")
    for checkpoint in series:
        check_folder(checkpoint.path)
    return series
