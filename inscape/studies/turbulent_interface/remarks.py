"""What a reader of study 24 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.paper import Claim, Findings
from inscape.studies.turbulent_interface.claims import CLAIMS

DEPARTURES = (
    "Built from the abstract alone: apparatus, Reynolds number, filters and the exact recipe of the clusters were not "
    "readable, and no data were found. K-means, the largest connected region and filled holes are our reading of it.",
    "The paper measures a round jet in water with a camera that moves along; we simulate a temporal plane jet, which "
    "has no mean drift, in three dimensions, so nothing is lost to motion out of the plane.",
    "Intervals are bootstrap intervals over the seeds; with so few of them they are rough.",
    "The integral time is half a jet width over the root mean square of the velocity inside the interface.",
    "Flux is viscosity times the Laplacian of velocity. The superlayer and the ratio of its parts are those of the "
    "instant; |b| is averaged along the path.",
)
REASONS = {
    "jump_inside": "C4 is reported and not judged: at this Reynolds number both sides of the internal interface are "
    "stretched alike.",
    "speed_ftle": "The ratio to numbacs is below its bound on this machine; the table of the gridded FTLE has our time "
    "for each number of steps.",
    "speed_fluidsim": "Our transforms are SciPy's, where fluidsim takes pyFFTW's.",
    "superlayer": "The flux profile does not rise within the bounds; see the figure of the profiles.",
    "backward_gradient": "The past-time FTLE is less tied to the scalar's gradient than the bound asks, which a "
    "smoother jet (Reynolds number 25 to 29 of the Taylor scale) had set; the future-time one is hardly tied at all.",
    "backward_over_forward": "The future-time FTLE is hardly tied to the gradient at all, so that the ratio to it, and "
    "its interval, are those of a number near zero.",
    "jump_fall": "The contrast of the FTLE falls all along, but reaches a third of its short-time value later than one "
    "integral time (table of contrasts). That time is taken with half the initial width, as the bound was; by then the "
    "turbulence is about twice as wide, and with its own half-width the integral time would be twice as long.",
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
        "C4 at Reynolds number {:.0f} of the Taylor scale: |vorticity| at the internal interface is {:.2f} times that "
        "deeper in, and the FTLE's contrast there {:.2f} times that at the outer interface.",
        *("reynolds", "layer_inside", "jump_inside"),
    )
    say(
        "C4 in one larger jet at Reynolds number {:.0f}: {:.2f} times the vorticity deeper in, and {:.2f} times the "
        "contrast at the outer interface.",
        *("reynolds_larger", "layer_inside_larger", "jump_inside_larger"),
    )
    say(
        "C5, constancy: over the window the tangential flux at the interface varies by {:.0f} % of its mean.",
        "constancy",
    )
    say(
        "The rule that finds the interface moves the FTLE's contrast by {:.2f}; the table of rules has each of them.",
        "audit",
    )
    say(
        "A light sheet through this flow sees an FTLE that correlates {:.2f} with the true one, and a |b| that "
        "correlates {:.2f}: planar barriers should be read with that in mind.",
        *("planar_stretching", "planar_flux"),
    )
    said += [REASONS[claim.name] for claim in CLAIMS if claim.name in REASONS and _is_missed(claim, findings)]
    return tuple(said)


def _is_missed(claim: Claim, findings: Findings) -> bool:
    return claim.judge(findings.measured.get(claim.name)) == "not met"
