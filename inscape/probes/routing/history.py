"""`RoutingHistory`: the gauges of routing by step and domain, and how they go with a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.block_bootstrap import FEWEST, block_bootstrap
from inscape.analysis.partial_correlation import partial_correlation
from inscape.errors import InputError, UnknownNameError
from inscape.probes.routing.consistency import consistency
from inscape.probes.routing.distance import distance
from inscape.probes.routing.overlap import entropy, overlap, total_variation
from inscape.probes.routing.pathway import pathway_length
from inscape.probes.routing.router_log import RouterLog
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    import pandas as pd

GAUGES = (
    "string_distance",
    "string_distance_normalised",
    "expert_distance",
    "expert_distance_normalised",
    "overlap",
    "total_variation",
    "consistency",
    "smoothness",
    "entropy",
    "length",
    "loss",
)


def gauges_of(
    log: RouterLog, *, threshold: float = 0.7, most: int | None = 200, most_experts: int | None = None
) -> dict[str, float]:
    """Every gauge of one log by name; `loss` and the two of the routers' matrices are NaN where the log has none.

    Parameters
    ----------
    threshold : as of `pathways`.
    most, most_experts : as of `distance`.
    """
    found = {}
    for unit, name in (("char", "string_distance"), ("expert", "expert_distance")):
        for normalised, ending in ((False, ""), (True, "_normalised")):
            found[name + ending] = distance(
                log,
                threshold=threshold,
                unit=unit,  # type: ignore[arg-type]
                normalised=normalised,
                most=most,
                most_experts=most_experts,
                per_layer=False,
                keep_matrix=False,
            ).mean
    found["overlap"] = overlap(log, most=most).mean
    found["total_variation"] = total_variation(log, most=most).mean
    steady = None if log.routers is None else consistency(log)
    found["consistency"] = float("nan") if steady is None else float(np.median(steady.printed))
    found["smoothness"] = float("nan") if steady is None else float(steady.smoothness.mean())
    found["entropy"] = float(entropy(log).mean())
    lengths = pathway_length(log, threshold=threshold)
    found["length"] = float((lengths if most_experts is None else np.minimum(lengths, most_experts)).mean())
    found["loss"] = float("nan") if log.losses is None else float(np.nanmean(log.losses))
    return found


@dataclass
class RoutingHistory:
    """Gauges over training: a row for each step and domain, in the order they were measured.

    Parameters
    ----------
    steps : of training, increasing.
    gauges : domain -> one dict of gauges a step.
    losses : domain -> (step, sample) mean loss of each sample, where it was recorded.
    per_layer : domain -> (step, layer) mean string distance of the parts of single layers.
    """

    steps: list[int] = field(default_factory=list)
    gauges: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    losses: dict[str, list[np.ndarray]] = field(default_factory=dict)
    per_layer: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(self.gauges)

    def add(self, step: int, logs: Mapping[str, RouterLog], *, threshold: float = 0.7, most: int | None = 200) -> None:
        """Measure the logs of one step, one for each domain.

        Raises
        ------
        InputError : if the step does not come after the last one, or the domains differ from those before.
        """
        if self.steps and step <= self.steps[-1]:
            raise InputError(f"step: {step} found after {self.steps[-1]}, expected increasing steps")
        if self.steps and set(logs) != set(self.gauges):
            raise InputError(f"logs: domains {sorted(logs)} found, expected {sorted(self.gauges)} as before")
        found = {name: gauges_of(log, threshold=threshold, most=most) for name, log in logs.items()}
        layers = {
            name: distance(log, threshold=threshold, most=most, keep_matrix=False).per_layer
            for name, log in logs.items()
        }
        self.steps.append(int(step))
        for name, log in logs.items():
            self.gauges.setdefault(name, []).append(found[name])
            self.per_layer.setdefault(name, []).append(layers[name])
            if log.losses is not None:
                self.losses.setdefault(name, []).append(np.asarray(log.losses))

    def series(self, domain: str, gauge: str) -> Float[np.ndarray, "step"]:
        """A gauge of a domain over the steps.

        Raises
        ------
        UnknownNameError : for a domain or gauge that was not measured.
        """
        if domain not in self.gauges:
            raise UnknownNameError("domain", domain, self.gauges)
        if gauge not in GAUGES:
            raise UnknownNameError("gauge", gauge, GAUGES)
        return np.array([row[gauge] for row in self.gauges[domain]])

    def trajectories(self) -> Trajectories:
        """One run a domain, its states the gauges over the steps of training.

        Raises
        ------
        InputError : if nothing was measured yet.
        """
        if not self.steps:
            raise InputError("history: no step was measured yet")
        times = np.array(self.steps, dtype=float)
        return Trajectories(
            [
                Trajectory(
                    times,
                    np.stack([self.series(domain, gauge) for gauge in GAUGES], axis=1),
                    state_names=GAUGES,
                    context={"domain": domain},
                )
                for domain in self.domains
            ]
        )

    def table(self) -> pd.DataFrame:
        """A row for each step and domain, a column for each gauge."""
        import pandas as pd

        rows = [
            {"step": step, "domain": domain, **self.gauges[domain][i]}
            for i, step in enumerate(self.steps)
            for domain in self.domains
        ]
        return pd.DataFrame(rows, columns=["step", "domain", *GAUGES])

    def correlate(
        self,
        scores: Mapping[str, Sequence[float] | np.ndarray],
        *,
        gauges: Sequence[str] = GAUGES,
        first: int | None = None,
        last: int | None = None,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Correlation of each gauge with a score over the steps, by domain.

        Parameters
        ----------
        scores : domain -> a score at each step, such as test accuracy; NaN where it was not measured.
        gauges : which of them.
        first, last : only steps within; `first` is where memorising ended.

        Returns
        -------
        Columns domain, gauge, correlation with its 95 % block-bootstrap interval (low, high), partial (given the
        logarithm of the step), checkpoints, reason. Below five checkpoints the correlation is withheld: NaN, and the
        reason says so.

        Raises
        ------
        UnknownNameError : for a domain or gauge that was not measured.
        InputError : if a score has another length than the steps.
        """
        import pandas as pd

        steps = np.array(self.steps, dtype=float)
        inside = np.ones(len(steps), dtype=bool)
        if first is not None:
            inside &= steps >= first
        if last is not None:
            inside &= steps <= last
        rows = []
        for domain, given in scores.items():
            score = np.asarray(given, dtype=np.float64)
            if score.shape != steps.shape:
                raise InputError(f"scores[{domain!r}]: shape {score.shape} found, expected ({len(steps)},), one a step")
            rows += [
                {"domain": domain, "gauge": gauge} | _related(self.series(domain, gauge), score, steps, inside, seed)
                for gauge in gauges
            ]
        return pd.DataFrame(rows)


def _related(gauge: np.ndarray, score: np.ndarray, steps: np.ndarray, inside: np.ndarray, seed: int) -> dict[str, Any]:
    kept = inside & np.isfinite(gauge) & np.isfinite(score)
    count = int(kept.sum())
    empty = dict.fromkeys(("correlation", "low", "high", "partial"), float("nan")) | {"checkpoints": count}
    if count < FEWEST:
        return empty | {"reason": f"{count} checkpoints, fewer than {FEWEST}: withheld"}
    x, y = gauge[kept], score[kept]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return empty | {"reason": "the gauge or the score stands still"}
    found = block_bootstrap(x, y, seed=seed)
    return {
        "correlation": found.value,
        "low": found.low,
        "high": found.high,
        "partial": partial_correlation(x, y, np.log1p(steps[kept])),
        "checkpoints": count,
        "reason": "",
    }
