"""What a reader of study 08 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.paper import Claim, Findings
from inscape.studies.reservoir.claims import CLAIMS

DEPARTURES = (
    "Built from the abstract, a summary and the equations (1), (7) and (8) as cited by others; the paper's text, figures "
    "and code were not readable, and neither was the task or setting of the 130 %.",
    "The best global balance is taken for each network by its test score, which favours the global side; adapted "
    "networks have no setting chosen for them but the target law in the claim.",
    "Input and readout: input weights on all nodes; NARMA-10 hears u in 0 to 0.5 as it is; ridge penalty 1e-8 for "
    "states that hear the true series, 1e-6 in closed loop; errors are medians over networks, since a forecast that "
    "leaves the attractor counts with its full error.",
)
REASONS = {
    "gain_everywhere_mackey_glass": (
        "C4 does not hold for the closed loop: at input scaling 0.3 and above, adapted networks with this fixed penalty "
        "leave the attractor within 84 steps more often than the best of nine global ones; the gain lies at small input."
    ),
    "gain_everywhere_narma": "C4 does not hold for NARMA-10 at every input scaling.",
    "one_law_mackey_glass": "C3 on Mackey-Glass: the best of nine global balances, picked by test score, is near Beta(8, 8).",
    "speed_sweep": "The sweep was measured on a machine whose two cores had other work, or starts too many small runs.",
    "design_time": "The design's time is a share of an adaptation that itself takes a tenth of a second.",
}


def remarks(findings: Findings) -> tuple[str, ...]:
    """The departures from the paper, the controls in words, and a reason for every bar that was missed."""
    said = list(DEPARTURES)
    value = {name: found.value for name, found in findings.measured.items()}
    permuted, own = value.get("control_permuted"), value.get("control_rates")
    if permuted is not None and own is not None:
        said.append(
            f"Controls: the same inhibition on other nodes gives {permuted:.2f} times the best global memory, the global "
            f"network's own rates dealt to other nodes {own:.2f}: what helps is that inhibition matches each node's "
            "excitation and that the rates are those of the law, not that inhibition is uneven."
        )
    noise, other, gain = value.get("control_noise"), value.get("control_input"), value.get("control_gain")
    if noise is not None and other is not None and gain is not None:
        said.append(
            f"Adapted on other noise the memory is {noise:.2f} times the best global one, adapted on a Mackey-Glass series "
            f"{other:.2f}; one factor on all weights that gives the same mean gain reaches {gain:.2f}."
        )
    steep, mended = value.get("fails_steep"), value.get("edge_steep")
    if steep is not None and mended is not None:
        said.append(
            f"Where it fails: at c 20 and small input the network adapted to rate 0.5 is chaotic and remembers {steep:.2f} "
            f"times the best global one; designed at the gain where it only just forgets its start, {mended:.2f} times."
        )
    said += [REASONS[claim.name] for claim in CLAIMS if _is_missed(claim, findings) and claim.name in REASONS]
    return tuple(said)


def _is_missed(claim: Claim, findings: Findings) -> bool:
    return claim.judge(findings.measured.get(claim.name)) == "not met"
