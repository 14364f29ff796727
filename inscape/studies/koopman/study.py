"""Study 19: limits and powers of Koopman learning. Its claims, and the recipe that measures them."""

from __future__ import annotations

from inscape.studies.koopman.claims import CLAIMS, PAPER
from inscape.studies.koopman.exact import bands, costs, known_measures
from inscape.studies.koopman.limits import adversary, assumption
from inscape.studies.koopman.powers import chaos, forecasts, oscillator, shares
from inscape.studies.lab import Lab
from inscape.studies.paper import Findings
from inscape.studies.study import Study

STUDY = Study(
    number=19,
    name="koopman",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "What can be learned of a Koopman operator from data, and what never can: eigenvalues with residuals against "
        "bare ones, spectral measures, the share of point spectrum, and an adversary who hides where no sample is."
    ),
    rooms=("systems", "analysis", "models"),
)


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    for part in (adversary, assumption, oscillator, chaos, shares, known_measures, bands, forecasts, costs):
        part(lab, findings)
    return findings
