"""What a reader of study 01 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.paper import Claim, Findings
from inscape.studies.pathways.claims import CLAIMS

DEPARTURES = (
    "The paper watches OLMoE 1B-7B over its pretraining; its weights (14 GB) were not at hand. Ours are networks of "
    "three layers of eight experts that learn a + b and a - b modulo 23; the same recorder is tested on small random "
    "models of the library's OLMoE, Mixtral and Qwen-MoE classes, and one arm trains the OLMoE class itself.",
    "The paper's text has consistency C fall as networks improve, its table has it correlate positively with accuracy. "
    "We correlate 1 - C, which has the table's sign, and smoothness beside it, since C has a pole where the largest "
    "cosine is near zero.",
    "A checkpoint counts from the first one at which 95 % of a domain's training rows are right, and only while they "
    "are: at a large learning rate networks forget for some steps and learn again. Each correlation has twenty to "
    "thirty checkpoints (the paper: four to eight), and its interval comes from blocks of neighbouring ones.",
    "Distance in experts over the length of the longer pathway is ours. The paper's string distance grows when "
    "pathways grow, and they do while routing flattens, so the two gauges need not agree.",
    "Settings of the networks (deviation of the starting weights 0.04, learning rate 0.002, weight decay 1, two "
    "domains, 3,000 steps) were chosen on two seeds, by accuracy, for a delay between memorising and generalising. "
    "Gauges of two runs had been seen by then, one of them at deviation 0.06, which had not finished. Multiplication "
    "at half of its table did not generalise within 4,000 steps and was left out at desk scale.",
    "Only the last token of a question is answered, so only its routing is trained through the last layer. The paper's "
    "average over all tokens is what the claims use; the table of gauges has the answer's token beside it.",
)
REASONS = {
    "normalised_distance": "Normalised distance misses -0.8 in one domain; the table has every network.",
    "normalised_distance_holds": "Normalised distance is not below -0.8 in both domains of two networks in three.",
    "overlap": "Overlap misses 0.8 in one domain; the table has every network.",
    "overlap_holds": "Overlap is not above 0.8 in both domains of two networks in three.",
    "better_than_loss": "Here the training loss goes with test accuracy as closely as overlap does: weight decay "
    "and generalisation go on together, while in pretraining on ever new text the loss says little.",
    "control_decay": "Without weight decay the gauge moves by more than a third of its move with generalisation.",
    "control_labels": "With shuffled labels the gauge moves by more than a third of its move with generalisation.",
    "asynchrony": "The two domains share their circuit (a - b is a + (-b)), and so do not always come in the order of "
    "their training rows.",
    "theory": "As printed, the theory's sign turns round here: a sharper random router has shorter pathways, so a "
    "smaller string distance, and a larger kernel, so more effective dimensions. Freed of length and size (distance in "
    "experts over length, kernel of trace one), or where routing is nearly to one expert, the sign is the paper's. The "
    "paper gives neither the scale of its routers nor that of its points.",
    "rises": "String distance does not rise while memorising: it starts at its largest, since routing starts nearly "
    "even and even routes are long.",
    "falls": "The paper's string distance does not fall after memorising here: pathways grow as routing flattens.",
    "overhead": "Recording costs more than the bar on this network, whose passes are short.",
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
        "Controls, size of the move over that in the generalising runs: normalised distance {:.2f} without weight "
        "decay and {:.2f} with shuffled labels; overlap {:.2f} and {:.2f}. The second of each pair is what weight "
        "decay does to routers without any generalisation. The paper has no such control.",
        *("control_decay", "control_labels", "control_decay_overlap", "control_labels_overlap"),
    )
    say(
        "The control without weight decay reaches a test accuracy of {:.2f}, that with shuffled labels {:.2f}: the "
        "first is no pure control. The sign of a control's move stands under what it was measured on.",
        *("control_decay_test", "control_labels_test"),
    )
    say(
        "Given the logarithm of the step, {:.2f} is left of the correlation of normalised distance and {:.2f} of that "
        "of overlap: much of what a gauge shows over training is shared with time.",
        *("partial_distance", "partial_overlap"),
    )
    say(
        "Routers changed at the step where training rows are known: test accuracy at the end differs by {:+.2f} "
        "(frozen), {:+.2f} (experts dealt anew) and {:+.2f} (one router for all layers). Where freezing costs nothing, "
        "the gauge follows generalisation and does not carry it.",
        *("frozen", "dealt", "shared"),
    )
    said += [REASONS[claim.name] for claim in CLAIMS if claim.name in REASONS and _is_missed(claim, findings)]
    return tuple(said)


def _is_missed(claim: Claim, findings: Findings) -> bool:
    return claim.judge(findings.measured.get(claim.name)) == "not met"
