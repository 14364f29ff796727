"""The contest as a study: its recipe."""

from __future__ import annotations

import time
from typing import Any

from inscape.studies.chaos_zoo.series import flows
from inscape.studies.contest import reports
from inscape.studies.contest.board import Board, Cell
from inscape.studies.contest.claims import CLAIMS, PAPER, PEERS
from inscape.studies.contest.coverage import covered
from inscape.studies.contest.laws import judged
from inscape.studies.contest.peers import missing, peers_judged
from inscape.studies.lab import Lab
from inscape.studies.paper import Findings, Measured
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
    needs=("studies",),
)

SIDE_BY_SIDE = {15: 30, 100: 20}
"""Systems, spread over the catalogue, on which other houses' forecasters run at desk scale, by points a period."""

ALL_COORDINATES = {15: None, 100: 20}
"""Systems of the multivariate view at desk scale, by points a period (None: all); those side by side join them."""

NOISY = {15: 30, 100: 5}
BANDED = {15: 20, 100: 12}
"""Systems that are seen with noise, and those whose bands are measured, at desk scale."""

SAMPLINGS = (15, 100)
NOISE = (0.01, 0.05)
VIEWS = ("univariate", "multivariate")

Boards = dict[Cell, Board]
Choices = dict[tuple[Cell, str], dict[str, Any]]
"""What `learn` chose, and at what cost, by cell and system."""


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    started = time.perf_counter()
    boards, choices, spent = our_laws(lab, findings)
    reports.published_contest(findings, boards[Cell(15, "univariate")])
    live, more = side_by_side(lab, findings, choices)
    spent += more
    reports.side_by_side(findings, boards, live)
    reports.noise(findings, boards)
    spent += bands(lab, findings)
    reports.duel_figure(findings, boards, live)
    cores = 2
    findings.measured["minutes"] = Measured(
        spent / 60 / cores,
        setting=f"{spent:.0f} CPU seconds of all contestants and bands over {cores} cores; "
        f"this call took {(time.perf_counter() - started) / 60:.1f} min of wall time",
    )
    findings.notes += reports.NOTES
    return findings


def our_laws(lab: Lab, findings: Findings) -> tuple[Boards, Choices, float]:
    """Every cell of the contest on every system, for our laws; `learn`'s choices; and the CPU seconds it all took."""
    choices: Choices = {}
    rows: dict[Cell, list[tuple[str, Any]]] = {}
    labels: dict[Cell, list[str]] = {}
    costs: dict[Cell, list[dict[str, float]]] = {}
    spent = 0.0
    for per_period in SAMPLINGS:
        names = flows(lab.choose(smoke=3 if per_period == 15 else 1, desk=None, paper=None))
        whole, noisy = _fuller_views(lab, per_period)
        items: list[dict[str, Any]] = []
        for name in names:
            cells = [[view, 0.0] for view in VIEWS if view == "univariate" or name in whole]
            cells += [[view, noise] for view in VIEWS for noise in NOISE if name in noisy]
            items.append({"name": name, "per_period": per_period, "seed": lab.seed, "cells": cells, "laws": _laws(lab)})
        found = lab.parallel_map(judged, items, label=f"our laws at {per_period} points a period")
        lost = [result["name"] for result in found if not result["cells"]]
        if lost:
            findings.notes += (f"No series at {per_period} points a period: {', '.join(lost)}.",)
        for item, result in zip(items, found, strict=True):
            for (view, noise), scored in zip(item["cells"], result["cells"], strict=False):
                cell = Cell(per_period, view, noise)
                rows.setdefault(cell, []).append((item["name"], scored["scores"]))
                labels.setdefault(cell, []).append(scored["label"])
                costs.setdefault(cell, []).append(scored)
                choices[cell, item["name"]] = scored
            spent += result["seconds"]
    reports.choices(findings, labels)
    reports.costs_of_learn(findings, costs)
    return {cell: Board.of(cell, found) for cell, found in rows.items()}, choices, spent


def side_by_side(lab: Lab, findings: Findings, choices: Choices) -> tuple[Boards, float]:
    """Forecasters of other houses on the same series, in the cells without noise; and the CPU seconds they took.

    Their tuning is measured against that of `learn`'s choices.
    """
    reasons = {peer: missing(peer) for peer in PEERS}
    present = [peer for peer in PEERS if not reasons[peer]]
    if lab.scale == "smoke":
        present = [peer for peer in present if peer == "echo state network"]
        reasons = {peer: reasons[peer] or ("" if peer in present else "not run at smoke scale") for peer in PEERS}
    findings.notes += tuple(f"{peer} was not run: {reason}." for peer, reason in reasons.items() if reason)
    views = lab.choose(smoke=VIEWS[:1], desk=VIEWS, paper=VIEWS)
    boards: Boards = {}
    spent = 0.0
    costs = []
    for per_period in lab.choose(smoke=SAMPLINGS[:1], desk=SAMPLINGS, paper=SAMPLINGS):
        names = flows(lab.choose(smoke=1, desk=SIDE_BY_SIDE[per_period], paper=None))
        items: list[dict[str, Any]] = [
            {"name": name, "per_period": per_period, "seed": lab.seed, "peer": peer, "views": list(views)}
            for peer in present
            for name in names
        ]
        found = lab.parallel_map(peers_judged, items, label=f"other houses at {per_period} points a period")
        for view in views:
            rows: dict[str, dict[str, Any]] = {}
            for item, result in zip(items, found, strict=True):
                if view in result:
                    rows.setdefault(item["name"], {})[item["peer"]] = result[view]
                    spent += result[view]["tuning"] + result[view]["answering"]
                    told = {"cell": Cell(per_period, view), "system": item["name"], "peer": item["peer"]}
                    costs.append({**told, **result[view]})
            if rows:
                cell = Cell(per_period, view)
                boards[cell] = Board.of(cell, list(rows.items()))
    reports.costs_of_peers(findings, costs, choices)
    return boards, spent


def bands(lab: Lab, findings: Findings) -> float:
    """Coverage of the 90 % bands over the zoo, one coordinate and all; the CPU seconds it took."""
    spent = 0.0
    for per_period in lab.choose(smoke=SAMPLINGS[:1], desk=SAMPLINGS, paper=SAMPLINGS):
        names = flows(lab.choose(smoke=1, desk=BANDED[per_period], paper=None))
        items = [
            {"name": name, "per_period": per_period, "view": view, "seed": lab.seed, "laws": _laws(lab)}
            for view in VIEWS
            for name in names
        ]
        found = lab.parallel_map(covered, items, label=f"bands at {per_period} points a period")
        spent += sum(row["seconds"] for row in found)
        reports.coverage(findings, per_period, items, found)
    return spent


def _laws(lab: Lab) -> list[str] | None:
    """The families that take part: all, or two quick ones at smoke scale."""
    return lab.choose(smoke=["dmd", "nvar"], desk=None, paper=None)


def _fuller_views(lab: Lab, per_period: int) -> tuple[set[str], set[str]]:
    """Systems of which all coordinates are seen, and those that are seen with noise."""
    whole = {*flows(lab.choose(smoke=None, desk=ALL_COORDINATES[per_period], paper=None))}
    whole |= {*flows(SIDE_BY_SIDE[per_period])}
    noisy = flows(lab.choose(smoke=1 if per_period == 15 else 0, desk=NOISY[per_period], paper=None))
    return whole | set(noisy), set(noisy)
