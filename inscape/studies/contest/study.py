"""The contest as a study: its recipe."""

from __future__ import annotations

from inscape.studies.contest.claims import CLAIMS, PAPER
from inscape.studies.lab import Lab
from inscape.studies.paper import Findings
from inscape.studies.study import Study

STUDY = Study(
    number=None,
    name="contest",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "Every law of this house, and what `learn` itself would choose, in the published forecasting contest over the "
        "chaos zoo: settings chosen on one series, the law fitted on another, its next two periods scored."
    ),
    rooms=("systems", "analysis", "models"),
    needs=("contest",),
)


@STUDY.run
def run(lab: Lab) -> Findings:
    return Findings()
