"""What a reader of study 25 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.paper import Claim, Findings
from inscape.studies.sindy_rl.claims import CLAIMS

DEPARTURES = (
    "The paper's return curves could not be read as numbers; its axes set the scale of C1. Its agents and its "
    "code were not used: everything follows the description of the method.",
    "Our surrogate has 256 worlds side by side and PPO learns from 64 steps of each (6 passes, minibatches of "
    "1024, rate 0.001 falling to zero, rewards times 0.1); the paper's has batches of 4000. Every arm has the "
    "same PPO.",
    "Each visit to the world takes 500 steps, every five iterations; the paper visits every ten. The best "
    "policy is chosen by four evaluation episodes after each visit, as the paper's curves are; efficiency_all "
    "counts their steps too.",
    "MB-MPO at desk scale has five networks of 64-64 as the arm of networks has (the paper: 512-512) and 80 worlds; "
    "its adaptation is one step of rate 0.001, its outer step PPO's clipped ratio over all that was played, eight "
    "times, and ten iterations go by between two visits, as in RLlib's build of it; advantages are those of our PPO. "
    "It takes as many steps in the world as the other arms, and 3.8 million inside its laws to their 3 million.",
    "C3 at desk scale is a population of few members and short training: it shows whether the loop runs with a "
    "learned reward and what it needs at small budgets, not the paper's 80 million steps.",
    "Formulas are made as the paper makes them: 5,000 states of the network's own rollouts in the law, a noisy copy "
    "of them, a grid of 25, least clipped error. Gathering states where the formula leads as well, a common mend for "
    "imitation, makes it worse here: the network was never there itself, and what it says there is no cubic.",
    "The cylinder is one of our own lattice, with 12 nodes a diameter at desk scale: the same random rotation saves "
    "1.7 % of its drag there, 2.1 % with 16 nodes, but 9.8 % with 8, which do not see the layer that quick turns leave "
    "at the wall. The paper's file of first steps was not at hand: ours are chirps from a third of the shedding "
    "frequency to six times it. 200 iterations of batches of 4,096, where the paper has some 1,250.",
    "The pinball and the 3D airfoil need solvers that are not at hand.",
)
REASONS = {
    "fewer_steps": "Our PPO, with 256 worlds side by side, comes to its level in about a million steps of the world, "
    "where the paper's needed some five million: the loop is as frugal, its rival less wasteful.",
    "efficiency": "The same: PPO with 256 worlds side by side comes to 700 within half a million steps of the world.",
    "swimmer": "At this budget the populations differ by what few members draw; see the note on C3.",
    "formula_return": "The table of seeds and the figure of formulas show which networks a cubic could not follow.",
    "formula_smoother": "The formula follows the network action by action, its jumps between bounds among them.",
    "variance_off": "The law of 4,000 random steps is sure where it should not be; see the figure.",
    "over_meta": "Both come near the most that policies earn here, 860 to 880 of 1,000. MB-MPO pays for it with "
    "networks of 24,665 numbers where the law has some thirty terms, and with three times the CPU time. At desk scale "
    "it is not the adaptation that helps: with an inner rate of zero it earned 875 and 876. What is left are worlds "
    "that each have one member for a law, and visits whose actions are drawn.",
    "cylinder_over_constant": "The networks end as a steady turn at the bound of their actions: the law tells lift one "
    "step ahead to within a hundredth of its variance, but drag is no function of lift, and of what the learned reward "
    "says of it on fresh chirps nothing is left but that a turn with its side force saves some. Where a network saves "
    "more than the steady turn, it began to turn late: played on to 900 actions, one that saves 14 % in an episode "
    "comes back to the drag of the steady turn (1.24 to 1.29 against 1.25 to 1.29).",
    "formula_size": "The network has 4,609 numbers; a full cubic of five variables has 55.",
}


def remarks(findings: Findings) -> tuple[str, ...]:
    """Departures, and a line for every bound that was missed."""
    missed = []
    for claim in CLAIMS:
        found = findings.measured.get(claim.name)
        if found is None or claim.judge(found) != "not met":
            continue
        reason = REASONS.get(claim.name, "")
        missed.append(f"Missed: {_short(claim)}, {found.value:.4g} where {claim.bound} was asked. {reason}".strip())
    return (*DEPARTURES, *missed)


def _short(claim: Claim) -> str:
    return claim.statement.rstrip(".")
