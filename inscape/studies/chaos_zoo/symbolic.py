"""Claim C6: reading the law off the data. Sparse regression on clean runs, against the law that made them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from inscape.analysis import smape
from inscape.errors import InscapeError
from inscape.models import SINDy, dictionary
from inscape.studies.chaos_zoo.series import on_the_attractor
from inscape.systems import zoo

RUN_PERIODS = 20
PER_PERIOD = 100
TINY = 1e-9


def polynomial_flows() -> list[str]:
    """The flows of the zoo whose law is a polynomial."""
    return list(zoo.search(kind="flow", polynomial=True))


def recover(item: dict[str, Any]) -> dict[str, Any] | None:
    """Fit a sparse law to 20 clean periods and hold it against the true one.

    `item` holds `name`, `degree` of the dictionary and `seed`. Returns whether every term and no other was found, the
    largest relative error of a true coefficient, the sMAPE fraction of the rates on another run, and the seconds.
    """
    name = item["name"]
    runs = on_the_attractor(name, periods=RUN_PERIODS, per_period=PER_PERIOD, runs=2, seed=item["seed"])
    if runs is None:
        return None
    system: Any = zoo[name]
    started = time.process_time()
    try:
        model = SINDy(dictionary.polynomial(item["degree"])).fit(runs[0], dt=system.period / PER_PERIOD)
    except InscapeError as error:
        return {"exact": False, "error": None, "smape": 2.0, "seconds": 0.0, "reason": str(error)}
    seconds = time.process_time() - started
    rates = system.rhs(runs[1])
    score = smape(rates, np.asarray(model.law.rhs(runs[1]))) / 100
    truth = system.polynomial_terms()
    if truth is None:
        return {"exact": None, "error": None, "smape": float(score), "seconds": seconds, "reason": ""}
    exact, worst = compare(_by_position(truth), _by_position(model.law.polynomial_terms()))
    return {"exact": exact, "error": worst, "smape": float(score), "seconds": seconds, "reason": ""}


def compare(
    truth: dict[tuple[int, tuple[int, ...]], float], found: dict[tuple[int, tuple[int, ...]], float]
) -> tuple[bool, float | None]:
    """Whether two sparse polynomials have the same terms, and the largest relative error of a coefficient if so."""
    if truth.keys() != found.keys():
        return False, None
    return True, max(abs(found[term] / value - 1) for term, value in truth.items())


def _by_position(terms: Any) -> dict[tuple[int, tuple[int, ...]], float]:
    # Names differ between a system and a law learned from a bare array; positions do not.
    return {
        (row, tuple(powers)): float(value)
        for row, side in enumerate(terms.values())
        for powers, value in side.items()
        if abs(value) > TINY
    }
