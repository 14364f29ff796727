"""What a reader of study 18 must know."""

from __future__ import annotations

from inscape.studies.induction.claims import CLAIMS
from inscape.studies.induction.sizes import Sizes
from inscape.studies.paper import Findings

HANDWRITING = (
    "Exemplars are 242 characters of Omniglot through fixed random convolutions, with the large mean that rectified "
    "features have; the paper's come from a pretrained network, with theirs, on all 1623 characters. Two more worlds "
    "show what the exemplars matter for: the same features with the mean taken away, and Gaussian classes."
)
GAUSSIAN = (
    "Exemplars are Gaussian vectors without a mean; the paper's are features of handwriting, with a large one. For "
    "those set INSCAPE_DATA to a folder whose 18-induction-heads holds Omniglot's two small archives."
)
DEPARTURES = (
    "Seeds differ in weights and in the sequences drawn; the paper's clamped runs share one seed.",
    "Times count the first moment at which the loss on 500 fixed training sequences, linear between lines of the log, "
    "lies below the level. The paper's times are read off figures of one seed.",
    "The clamp of B alone, and with C, is not in the paper: the query's score of a label is 8 times the attention that "
    "layer 1 pays from that label to the query's exemplar. It takes for granted that layer 1's values carry what they "
    "attend to, so the share of A in the Shapley table is that of its attention alone. With B and C in place even the "
    "even attention of an untrained layer 1 tells the two labels apart, for the causal mask shows the first label one "
    "exemplar and the second both: that subset starts below half of ln 2.",
)

REASONS = {
    "redundant": "with the features' large mean one seed leans on its strongest head; with the mean taken away, and on "
    "Gaussian classes, the bar is met",
    "lone_later": "one head of eight is quicker alone than in company, in both seeds; the paper shows one seed",
    "language_random": "heads that are no induction heads hold the other half of the circuit. The strongest "
    "previous-token head falls into a draw, and without it alone most of the repeat is lost",
}
"""Why a bar was missed, where we know."""


def remarks(findings: Findings, sizes: Sizes, is_trial: bool) -> tuple[str, ...]:
    """The departures from the paper, and each missed bar by name unless the run is too small to judge by."""
    said = [
        HANDWRITING if sizes.main == "drawings" else GAUSSIAN,
        *DEPARTURES,
        f"Learning rate {sizes.learning_rate:g} (paper 1e-5): times in sequences compare as ratios, not as numbers.",
    ]
    if is_trial:
        return tuple(said)
    missed = [claim for claim in CLAIMS if claim.judge(findings.measured.get(claim.name)) == "not met"]
    said += [
        f"Missed: {claim.name}, {findings.measured[claim.name].value:.4g} against {claim.bound}"
        + (f"; {REASONS[claim.name]}." if claim.name in REASONS else ".")
        for claim in missed
    ]
    return tuple(said)
