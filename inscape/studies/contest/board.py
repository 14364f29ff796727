"""The board: scores of every contestant over the systems, in one cell of the contest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.studies.contest.laws import FAILED
from inscape.studies.contest.significance import mean_ranks, wins
from inscape.studies.lab import bootstrap_interval


@dataclass(frozen=True)
class Cell:
    """A setting of the contest: points a period, what is seen ("univariate" or "multivariate"), measurement noise."""

    per_period: int
    view: str
    noise: float = 0.0

    @property
    def title(self) -> str:
        noise = f", {100 * self.noise:g} % noise" if self.noise else ""
        return f"{self.view}, {self.per_period} points a period{noise}"


@dataclass(frozen=True, eq=False)
class Board:
    """Scores in one cell.

    Parameters
    ----------
    cell : the setting.
    systems : their names.
    smape, valid : contestant -> (system,) sMAPE (0 to 200) and valid time in periods. Who did not enter on a system, or
        has no answer, scores as badly as can be.
    entered : contestant -> (system,) whether it entered there; a family may have no law for a series.
    """

    cell: Cell
    systems: tuple[str, ...]
    smape: Mapping[str, Float[np.ndarray, "system"]]
    valid: Mapping[str, Float[np.ndarray, "system"]]
    entered: Mapping[str, Bool[np.ndarray, "system"]]

    @classmethod
    def of(cls, cell: Cell, rows: Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]]) -> Board:
        """From rows (system, {contestant: {"smape", "valid"}})."""
        names = list(dict.fromkeys(contestant for _, scores in rows for contestant in scores))
        columns = {
            measure: {n: np.array([float(scores.get(n, FAILED)[measure]) for _, scores in rows]) for n in names}
            for measure in ("smape", "valid")
        }
        entered = {n: np.array([n in scores for _, scores in rows]) for n in names}
        return cls(cell, tuple(system for system, _ in rows), columns["smape"], columns["valid"], entered)

    def on(self, systems: Iterable[str]) -> Board:
        """The same on some of the systems, in the order of the board."""
        wanted = set(systems)
        return self._of_rows([k for k, system in enumerate(self.systems) if system in wanted])

    def beside(self, other: Board) -> Board:
        """Both boards' contestants on the systems of this one.

        Every system of this board must stand on the other.
        """
        places = {system: k for k, system in enumerate(other.systems)}
        there = other._of_rows([places[system] for system in self.systems])
        return Board(
            self.cell,
            self.systems,
            {**self.smape, **there.smape},
            {**self.valid, **there.valid},
            {**self.entered, **there.entered},
        )

    def among(self, contestants: Iterable[str]) -> Board:
        """The same with some of the contestants."""
        names = [n for n in contestants if n in self.smape]
        smape, valid, entered = ({n: of[n] for n in names} for of in (self.smape, self.valid, self.entered))
        return Board(self.cell, self.systems, smape, valid, entered)

    def median(self, contestant: str) -> float:
        """Median sMAPE over the systems on which a contestant entered."""
        return float(np.median(self.smape[contestant][self.entered[contestant]]))

    def _of_rows(self, rows: list[int]) -> Board:
        smape, valid, entered = ({n: v[rows] for n, v in of.items()} for of in (self.smape, self.valid, self.entered))
        return Board(self.cell, tuple(self.systems[k] for k in rows), smape, valid, entered)

    def standings(self) -> list[dict[str, Any]]:
        """One row for each contestant, the lowest median first: median sMAPE with its interval, mean rank, wins."""
        ranks, best = mean_ranks(self.smape), wins(self.smape)
        rows = []
        for name in sorted(self.smape, key=self.median):
            there = self.entered[name]
            low, high = bootstrap_interval(self.smape[name][there], np.median)
            rows.append(
                {
                    "contestant": name,
                    "entered on": int(there.sum()),
                    "median sMAPE": self.median(name),
                    "from": low,
                    "to": high,
                    "mean rank": ranks[name],
                    "best on": best[name],
                    "median valid time (periods)": float(np.median(self.valid[name][there])),
                }
            )
        return rows

    def by_system(self) -> list[dict[str, Any]]:
        """One row for each system with every contestant's sMAPE."""
        return [
            {"system": system, **{n: float(values[k]) for n, values in self.smape.items()}}
            for k, system in enumerate(self.systems)
        ]
