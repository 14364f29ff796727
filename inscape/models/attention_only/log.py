"""`Log`: what is measured of a stack while it trains, one line every so many sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.models.attention_only.batch import Batch
from inscape.models.attention_only.losses import evaluated
from inscape.models.attention_only.net import AttentionOnly

Measure = Callable[[AttentionOnly], Float[np.ndarray, "run *column"]]


@dataclass(frozen=True)
class Line:
    """One line: sequences seen, and a number for each run in every column."""

    sequences: int
    columns: Mapping[str, Float[np.ndarray, "run"]]


class Log:
    """Losses and accuracies on held sequences, and further measures of the network.

    Parameters
    ----------
    net : which is measured.
    held : sequences by the name of their split.
    measures : functions of the network that return (run,) or (run, column); the latter's columns are numbered.
    """

    def __init__(self, net: AttentionOnly, held: Mapping[str, Batch], measures: Mapping[str, Measure]):
        self.net, self.held, self.measures = net, dict(held), dict(measures)
        self.lines: list[Line] = []

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    @property
    def times(self) -> Float[np.ndarray, "line"]:
        return np.array([line.sequences for line in self.lines], dtype=float)

    @property
    def columns(self) -> dict[str, Float[np.ndarray, "line run"]]:
        names = self.lines[0].columns if self.lines else {}
        return {name: np.stack([line.columns[name] for line in self.lines]) for name in names}

    def write(self, sequences: int) -> Mapping[str, Float[np.ndarray, "run"]]:
        """Measure now; a line that stands already is not written twice.

        Raises
        ------
        DivergedError : if a loss is no longer finite.
        """
        if self.lines and self.lines[-1].sequences == sequences:
            return self.lines[-1].columns
        columns: dict[str, np.ndarray] = {}
        for split, batch in self.held.items():
            for name, values in evaluated(self.net, batch).items():
                columns[f"{name} {split}"] = values
            lost = np.flatnonzero(~np.isfinite(columns[f"loss {split}"]))
            if lost.size:
                raise DivergedError(
                    f"training: loss of run {', '.join(map(str, lost))} is not finite after {sequences} sequences; "
                    "lower learning_rate"
                )
        for name, measure in self.measures.items():
            columns |= _numbered(name, measure(self.net), self.net.runs)
        self.lines.append(Line(sequences, columns))
        return columns


def _numbered(name: str, values: Float[np.ndarray, "run *column"], runs: int) -> dict[str, np.ndarray]:
    array = np.asarray(values, dtype=float)
    if array.ndim not in (1, 2) or len(array) != runs:
        raise InputError(f"measure {name!r}: shape {array.shape} found, expected ({runs},) or ({runs}, column)")
    return {name: array} if array.ndim == 1 else {f"{name} {i}": column for i, column in enumerate(array.T)}
