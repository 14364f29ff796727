"""What a reader of study 07 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.paper import Findings
from inscape.studies.training_order.claims import CLAIMS

INFERRED = (
    "The paper's text was readable only through its abstract, two summaries and its public reviews, and no code was "
    "released. Read: the Taylor expansion of Adam's update around the recorded path, its chain rule, and quotients of "
    "differences of gradients along that path in the place of derivatives (the last from a review of appendix B). "
    "Inferred: both moments are those of the recorded run at the same position, random projections are Gaussian for "
    "each tensor and go back by the transpose, and the search is by order crossover and swap mutation.",
    "The paper trains 0.2 to 0.6 B parameters from scratch on up to 256 batches; here a network of some ten thousand "
    "parameters is amid its training (Adam's moments go on) and sees 16 batches, since every order is retrained as the "
    "truth. The paper's AbsDiff of 0.02 at perplexity 1.4 is therefore no number to be met.",
    "A random guess, in C1, is the retrained perplexity of another random order. The recorded run's own perplexity, "
    "said of every order, is the harder rival.",
    "Rank correlations of C3 and Bar 3 are taken after the mean of each batch was taken off, so that only position "
    "counts.",
    "Estimates of `carried` for many orders are those of the closed recursion, to second order about the end of the "
    "recorded run, without a forward pass; figures and parameter errors use the estimated parameters.",
    "Speed is processor time of one thread: one retraining as this study makes it, T gradients and T steps on a flat "
    "vector, against preparation and closed recursion.",
)


def remarks(findings: Findings, text: str) -> tuple[str, ...]:
    """What was inferred, what the controls say, and the reasons of missed bars."""
    said = list(INFERRED)
    if text == "made":
        said.append(
            "The State of the Union addresses were not found, so the text is a made language whose words come and go "
            "over the years; set INSCAPE_DATA to the folder of research data to run on the speeches."
        )
    value = {name: found.value for name, found in findings.measured.items()}

    def say(sentence: str, *names: str) -> None:
        numbers = [value.get(name) for name in names]
        if all(number is not None for number in numbers):
            said.append(sentence.format(*numbers))

    say(
        "Carrying the momentum alone, without any curvature, gives a rank correlation of {:.2f}. FUT, whose momentum "
        "is the recorded run's, errs {:.2f} times as much as the recorded run said of every order: nine tenths of each "
        "of its updates are the recorded run's own past, so its estimates hardly move.",
        *("no_curvature_rank", "fut_over_recorded"),
    )
    say(
        "Projecting what FUT stores to 3 % (410 GB of 13.1 TB in the paper's example) makes its error {:.3g} times as "
        "large: R'R x is x only on average, so what is read back is mostly noise.",
        "projection_error",
    )
    say(
        "Recency is held back by momentum: of the gradient of a batch that comes k steps before the end, Adam has "
        "applied 1 - 0.9^k, of the last one a tenth. Rank correlation of position and loss: {:.2f} with momentum 0.9, "
        "{:.2f} without. On 16 batches that decides the sign of C3; on the paper's 256 it touches the last ten or so.",
        *("memory_grows", "memory_grows_plain"),
    )
    missed = [claim for claim in CLAIMS if claim.judge(findings.measured.get(claim.name)) == "not met"]
    said += [f"Not met: {claim.name} ({value[claim.name]:.3g}, bound {claim.bound})." for claim in missed]
    return tuple(said)
