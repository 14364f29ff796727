"""What a reader of study 05 must know."""

from __future__ import annotations

from inscape.studies.circuit_priors.claims import CLAIMS
from inscape.studies.paper import Findings

DEPARTURES = (
    "The paper's plotted numbers were not readable: its claims are judged by direction and by bounds of ours. The "
    "method follows its published code.",
    "Returns are means over fresh episodes that no search saw. A level counts as reached for CMA-ES when a candidate's "
    "episode earns it, to the end of that generation; for PPO when the mean of the last ten training episodes does.",
    "The network is stable-baselines3's PPO at its defaults, with the clock among its observations, as the circuit's.",
    "The untrained networks are drawn with a last layer of gain 1: with the 0.01 that PPO begins with they rest.",
    "The walker is a small body of ours with eight joints, not a Unitree A1, and its rhythm is a clock: the published "
    "rhythm's equations were not readable. Its resting weights were set by hand on flat ground, so its skill at birth "
    "is a prior of ours. Published are 92 parameters against 79,372.",
)
REASONS = {
    "final": "Four weights and a clock, or thirty, do not reach what a network of 6,000 does at this budget.",
    "data_900": "The network's seeds differ by a factor; the ratio is that of medians.",
    "seeds_to_900": "A candidate's single episode decides whether 900 is reached.",
    "transfer": "The mean over the searches' seeds is judged; single seeds differ.",
}


def remarks(findings: Findings) -> tuple[str, ...]:
    """The departures from the paper, and the reasons of missed bars."""
    missed = [c.name for c in CLAIMS if c.judge(findings.measured.get(c.name)) == "not met"]
    return (*DEPARTURES, *(REASONS[name] for name in missed if name in REASONS))
