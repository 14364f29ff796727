"""The audit of the zoo: verdicts in words, and the table that ships with the package."""

from __future__ import annotations

import csv
import json
from importlib.resources import files

import numpy as np
import pytest

from inscape.analysis import audit, audit_all
from inscape.analysis.audit import compare
from inscape.analysis.exponents import LyapunovSpectrum
from inscape.errors import UnknownNameError
from inscape.systems import zoo


def spectrum(exponents, error, duration=1000.0):
    values = np.array(exponents, dtype=float)
    return LyapunovSpectrum(
        exponents=values,
        covariance=np.eye(len(values)) * error**2,
        degrees_of_freedom=15,
        duration=duration,
        dimension=len(values),
        divergence=float(values.sum()),
        autonomous=True,
    )


def test_the_comparison_is_put_in_words():
    chaotic = spectrum([0.5, 0.0, -2.0], 0.01)
    assert compare(chaotic, 0.52) == "agrees"
    assert compare(chaotic, 0.69) == "differs by 38 %"
    assert compare(chaotic, None) == "not published"
    assert compare(chaotic, 0.5, 0.07) == "agrees; published sum misses the divergence by 7 %"
    assert compare(spectrum([0.0, -0.3, -2.0], 1e-4), 0.1) == "not chaotic as published"
    assert compare(spectrum([0.05, 0.0, -2.0], 0.05), 0.1) == "unresolved"


def test_an_audit_measures_checks_and_compares():
    row = audit("Lorenz", periods=150)
    assert row.kind == "flow"
    assert row.verdict == "chaotic"
    assert row.exponents[0] == pytest.approx(0.905, abs=0.1)
    assert row.sum_mismatch < 1e-9
    assert abs(row.zero_exponent) < 3
    assert row.ratio == pytest.approx(row.published[0] / row.exponents[0])
    assert row.duration_periods == pytest.approx(150)
    assert row.stopped == ""


def test_an_audit_finds_what_is_not_chaotic_and_what_is_so_twice():
    assert audit("PanXuZhou", periods=400).finding == "not chaotic as published"
    assert audit("HyperXu", periods=300).verdict == "hyperchaotic"


def test_an_audit_of_many_keeps_their_order():
    rows = audit_all(["Henon", "Rossler"], periods=5, jobs=1, progress=False)
    assert [row.name for row in rows] == ["Henon", "Rossler"]
    assert rows[0].kind == "map"
    assert rows[0].duration_periods == pytest.approx(5_000, rel=0.1)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="nearest"):
        audit("Lorentz")


def test_the_shipped_audit_passes_its_own_checks():
    table = files("inscape.systems.zoo").joinpath("audited.csv")
    with table.open(newline="", encoding="utf-8") as lines:
        rows = {row["name"]: row for row in csv.DictReader(lines)}
    assert set(zoo.names()) <= set(rows)
    for name in zoo.names():
        row = rows[name]
        assert row["verdict"] in ("chaotic", "hyperchaotic", "not chaotic", "unresolved")
        if zoo.card(name).kind != "flow" or not row["exponents"] or row["exponents"] == "[]":
            continue
        if zoo.card(name).is_smooth:
            assert float(row["sum_mismatch"]) < 1e-6, name
        if row["verdict"] in ("chaotic", "hyperchaotic") and row["zero_exponent"]:
            assert abs(float(row["zero_exponent"])) < 3, name
    lorenz = json.loads(rows["Lorenz"]["exponents"])
    assert lorenz[0] == pytest.approx(0.905, abs=0.03)
