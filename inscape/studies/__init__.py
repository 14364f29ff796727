"""Papers rerun: each study's claims as numbers, the paper's beside ours."""

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Claim, Findings, Judged, Measured, Paper, Table
from inscape.studies.runs import RunFolder, RunStore
from inscape.studies.study import Study, StudyRun

__all__ = [
    "Claim",
    "Findings",
    "Judged",
    "Lab",
    "Measured",
    "Paper",
    "RunFolder",
    "RunStore",
    "Study",
    "StudyRun",
    "Table",
    "bootstrap_interval",
]
