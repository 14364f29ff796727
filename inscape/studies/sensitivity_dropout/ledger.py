"""Each claim in three columns: as printed, as released, as corrected."""

from __future__ import annotations

from inscape.studies.paper import Findings, Table


def ledger(findings: Findings) -> Table:
    """Each claim as printed, with the authors' code, and corrected."""

    def told(name: str, form: str) -> str:
        found = findings.measured.get(name)
        if found is None or found.value is None:
            return "not run"
        interval = "" if found.low is None or found.high is None else f" ({found.low:.2g} to {found.high:.2g})"
        return form.format(found.value) + interval

    faster = findings.measured["speed_peer"].value or float("nan")
    rows = (
        ("C1 scores oscillate in training", "yes, every size", "", told("oscillates", "{:.3g} x the known prompts'")),
        (
            "C2 sensitive units lower the score more than random ones",
            "yes",
            told("zeroing_released", "{:.2f} deviations"),
            told("zeroing", "{:.2f} deviations"),
        ),
        (
            "C3 speed over the form with a centring matrix",
            "1.75 x",
            told("ees_time", "{:.3g} x"),
            f"{faster:.3g} x, exact, 10 answers",
        ),
        (
            "C4 final score, less normal training",
            "lower",
            told("final_released", "{:.3f} nats"),
            told("final", "{:.3f} nats"),
        ),
        (
            "C4 swings of the score, less normal training",
            "lower",
            told("steadier_released", "{:.4f} nats"),
            told("steadier", "{:.4f} nats"),
        ),
        ("C5 entropy, over normal training", "0.83", "", told("entropy", "{:.2f}")),
        ("C6 overhead", "11 %", "", told("overhead", "{:.1f} %")),
        (
            "Area under the curve for wrong answers",
            told("detection_printed", "{:.2f}"),
            told("detection_released", "{:.2f}"),
            told("detection", "{:.2f}"),
        ),
    )
    keys = ("claim", "as printed", "as released", "as corrected")
    return Table("Each claim in three columns", tuple(dict(zip(keys, row, strict=True)) for row in rows))
