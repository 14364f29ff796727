"""What a reader of study 06 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.paper import Findings
from inscape.studies.sensitivity_dropout.claims import CLAIMS

DEPARTURES = (
    "The paper's claims changed: up to 40 % better reliability in its first version, up to 17 % in the fourth.",
    "As released, the score used in training adds the logarithms of a full singular value decomposition to a "
    "Chebyshev sum whose coefficients use cos(m x) in the place of T_m(x): it is no log-determinant and cannot be "
    "faster than one.",
    "As printed and as released, EES divides the embeddings by their largest singular value. What is left cannot see "
    "how far the answers scatter, which is what EigenScore measures.",
    "As released, dropping sets weights of a feed-forward layer to zero once, by indices of the embedding; the "
    "optimiser restores them. As corrected here, the chosen units are masked at the layer's output, forward and "
    "backward, for as long as they are held.",
    "As released, sensitivity averages over checkpoints before it takes differences along samples, and reads 512 "
    "units of one row. The arm as released uses that measure.",
    "EigenScore as published centres each embedding over its units, so what all answers share counts as scatter. "
    "'Centred over answers' takes it away.",
    "Small models learn invented facts (four layers, whole words); Pythia and Llama checkpoints, HELM, MedHALT and "
    "FactScore are not reachable, so C5 is compared by entropy alone.",
)
REASONS = {
    "detection_claim": "At this size no claim that EigenScore detects wrong answers is made: the interval holds 0.5.",
    "zeroing_width": "The interval over these seeds is wider than one deviation: C2 stays undecided here.",
    "steadier": "C4 was not shown: SenD is not steadier than normal training.",
    "steadier_random": "C4 was not shown: SenD is not steadier than random units in every seed.",
    "final": "C4 was not shown: SenD does not end with a lower EigenScore on what it cannot know.",
    "accuracy": "SenD costs more than a point of facts told right.",
    "oscillates": "C1 was not shown: the score of known prompts swings more than that of unknown ones.",
    "overhead": "SenD costs more than the paper's own share of an epoch.",
    "speed_auto": "The choice by shape is not within 1.2 of the best method at that shape.",
    "speed_peer": "The exact score is not a hundred times faster than the peer's on this machine.",
}


def remarks(findings: Findings, is_trial: bool) -> tuple[str, ...]:
    """Departures from the paper, what the numbers say together, and the reasons of missed bars.

    findings : of the run; is_trial : it is too small to judge by, so nothing is said of its numbers.
    """
    if is_trial:
        return DEPARTURES
    said = list(DEPARTURES)
    value = {name: found.value for name, found in findings.measured.items()}

    def say(sentence: str, *names: str) -> None:
        numbers = [value.get(name) for name in names]
        if all(number is not None for number in numbers):
            said.append(sentence.format(*numbers))

    say(
        "The exact score is {:.3g} times as fast as the released EES over the shapes in use, and {:.3g} times as fast "
        "as the form with a centring matrix at the working shape of 10 answers: C3 holds against that form only.",
        *("ees_against_exact", "speed_peer"),
    )
    say(
        "Area under the curve for wrong answers: EigenScore {:.2f}, mean negative log-probability {:.2f}, token "
        "entropy {:.2f}, distinct answers {:.2f}.",
        *("detection", "detection_surprise", "detection_entropy", "detection_distinct"),
    )
    say(
        "EigenScore on what was never told ends {:+.2f} nats from normal training with sensitive units masked, and "
        "{:+.2f} from random units masked instead: what is gained is gained by any mask, not by sensitivity.",
        *("final", "final_random"),
    )
    say(
        "Entropy on facts that were never told is {:.2f} of that after normal training. Lower means surer, and nothing "
        "there can be known: confidence is not truth.",
        "entropy",
    )
    missed = [c.name for c in CLAIMS if c.judge(findings.measured.get(c.name)) == "not met"]
    return (*said, *(REASONS[name] for name in missed if name in REASONS))
