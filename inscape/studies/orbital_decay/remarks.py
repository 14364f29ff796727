"""What a reader of study 03 must know."""

from __future__ import annotations

from inscape.analysis.timing.robustness_card import RobustnessCard
from inscape.studies.paper import Findings


def remarks(findings: Findings, card: RobustnessCard) -> tuple[str, ...]:
    """Sentences in the order in which a reader would ask for them."""
    told = [
        "WASP-43's own velocities and occultations could not be had: decay and precession are fitted to public "
        "transits alone, and the joint fit runs on a made-up set of velocities.",
        f"Why the literature disagrees: {card.sentence}. Two compilations, one with the refits of light curves that it "
        "lists already, and one choice of clipping, move the answer further than its error.",
        "At the paper's rate the radial-velocity signature e K is 0.3 m/s: velocities of this quality say next to "
        "nothing of the precession; it is the transits that do.",
    ]
    nested = findings.measured.get("precession_nested")
    closed = findings.measured.get("precession_evidence")
    if nested is not None and closed is not None and closed.value is not None and nested.value is not None:
        told.append(
            f"Evidence of precession: the closed form gives {closed.value:.2f} over decay, a nested sampler on the "
            f"same likelihood {nested.value:.2f}, and a sum over a grid of eccentricity, pericentre and rate what the "
            "closed form gives, to a thousandth. The bar is orbdot's own with nestle, -11.5. Its priors, parameters "
            "and likelihood are the same; what differs is how nestle draws. Round 1,000 points of the curved ridge it "
            "lays some 30 ellipsoids that leave out 7 to 8 % of what lies as high, which is then never drawn, so that "
            "ln Z comes out too large: on our likelihood it finds -11.7 to -11.8 with 500 live points, -11.9 to -12.0 "
            "once its ellipsoids are enlarged fourfold, and -12.1 +- 0.2 eightfold. Decay has no such ridge, and there "
            "all agree (benchmarks/orbit_evidence.py)."
        )
    told.append(
        "The published formula puts an occultation half an anomalistic period after the transit. A round orbit whose "
        "pericentre turns would then shift its occultations, which cannot be: the exact orbit puts them half a "
        "sidereal period after."
    )
    if "doomed" not in findings.measured:
        told.append("The list of 382 planets was not found: set INSCAPE_DATA to the folder that holds wasp43b/.")
    return tuple(told)
