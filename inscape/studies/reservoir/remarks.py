"""What a reader of study 08 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.paper import Claim, Findings
from inscape.studies.reservoir.claims import CLAIMS

DEPARTURES = (
    "Built from the abstract, a summary and the equations (1), (7) and (8) as cited by others; the paper's text, "
    "figures and code were not readable, and neither was the task or setting of the 130 %.",
    "The best global balance is taken for each network by its test score, which favours the global side; adapted "
    "networks have no setting chosen for them but the target law in the claim.",
    "Input and readout: input weights on all nodes; NARMA-10 hears u in 0 to 0.5 as it is; ridge penalty 1e-8 where "
    "the network hears the true series, 1e-6 in closed loop; scores of forecasts are medians over networks, since one "
    "that leaves the attractor counts with its full error.",
    "C1 is judged on fixed in-degrees. On random ones the curve is flat below balance, and the peak of single networks "
    "lies outside -0.5 to 0 where the table of claims gives a wider range.",
    "The largest gains of C2 are the largest of many cells, picked after the fact, so they are biased upwards. The two "
    "bars of C4 on NARMA-10 and Mackey-Glass were added after the grid had been seen.",
)
REASONS = {
    "gain_everywhere_mackey_glass": (
        "C4 does not hold in closed loop: at large input scaling the error of Beta(8, 8) after 84 steps is above that "
        "of the best global balance (table of scores). One penalty served all scalings; whether another one would mend "
        "it was not tried."
    ),
    "gain_everywhere_narma": "C4 does not hold for NARMA-10 at every input scaling.",
}


def remarks(findings: Findings) -> tuple[str, ...]:
    """The departures from the paper, the controls in words, and the reasons of missed bars."""
    said = list(DEPARTURES)
    value = {name: found.value for name, found in findings.measured.items()}

    def say(sentence: str, *names: str) -> None:
        numbers = [value.get(name) for name in names]
        if all(number is not None for number in numbers):
            said.append(sentence.format(*numbers))

    say(
        "Controls, memory over the best global balance: the adapted inhibition dealt to other nodes {:.2f}; adapted to "
        "the global network's own rates, dealt to other nodes, {:.2f}; one factor on all weights that gives the mean "
        "gain of the adapted network {:.2f}. None of them reaches the {:.2f} of adaptation to rate 0.5.",
        *("control_permuted", "control_rates", "control_gain", "gain"),
    )
    say(
        "Adaptation does not need the task's own input: on other noise it gives {:.2f} times the best global one, on "
        "a Mackey-Glass series {:.2f}. Which node gets which rate of Beta(8, 8) does not matter ({:.2f}).",
        *("control_noise", "control_input", "control_targets"),
    )
    say(
        "Where it fails: at c 20 and small input the network adapted to rate 0.5 is chaotic and remembers {:.2f} times "
        "the best global one; designed at the gain where it only just forgets its start, {:.2f} times.",
        *("fails_steep", "edge_steep"),
    )
    say(
        "Homeostasis that goes on, error over the frozen network's after the input grew: {:.2f} on a series without a "
        "mean, {:.2f} where the input has a mean of four deviations, {:.2f} on NARMA-10. Its rate and the first case "
        "were chosen after several had been tried, and with a readout refitted to a window, in place of recursive "
        "least squares, it was no better than frozen. So it is no general remedy. "
        "ReservoirPy's network there is not tuned.",
        *("recovery", "recovery_offset", "recovery_narma"),
    )
    say(
        "Balancing a connectome in closed form is not enough ({:.2f} of its memory as it comes): the gain at the edge "
        "was added when that was seen ({:.2f}). The matrices are made, with the marks of measured "
        "ones; none was at hand.",
        *("connectome", "connectome_edge"),
    )
    said += [REASONS[claim.name] for claim in CLAIMS if claim.name in REASONS and _is_missed(claim, findings)]
    return tuple(said)


def _is_missed(claim: Claim, findings: Findings) -> bool:
    return claim.judge(findings.measured.get(claim.name)) == "not met"
