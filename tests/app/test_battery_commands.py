"""`inscape battery` from the command line: what it prints, what it refuses."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from inscape.app.cli import _run


def test_a_sample_is_fitted_and_its_truth_lies_in_the_intervals(capsys, tmp_path):
    page = tmp_path / "fit.html"
    assert _run(["battery", "fit", "--sample", "--noise", "3", "--report", str(page), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {r["parameter"]: r for r in found["Posterior, and what the record could tell at best"]}
    for row in rows.values():
        assert row["2.5 %"] < 2.0 < row["97.5 %"]
    assert any("hard to tell apart" in note for note in found["notes"])
    text = page.read_text()
    assert "inside a battery" in text
    assert "profiles" in text


def test_a_file_is_fitted_with_its_own_current_and_noise(capsys, tmp_path):
    from inscape.systems.battery import SingleParticle, nmc_graphite
    from inscape.systems.battery.drive import Drive

    times = np.arange(0.0, 1300.0, 10.0)
    current = np.where(times < 300, 0.0, 0.03 + 0.01 * np.sign(np.sin(times / 90)))
    model = SingleParticle(nmc_graphite(), shells=32, longest_step=2.0)
    voltage = model.voltages({"ds_c": 0.5, "resistance": 0.4}, times, Drive(times, current, "linear"))[0]
    voltage = voltage + 1e-3 * np.random.default_rng(0).standard_normal(len(times))
    file = tmp_path / "cell.csv"
    file.write_text("t,I,V\n" + "\n".join(f"{t},{-i},{v}" for t, i, v in zip(times, current, voltage, strict=True)))
    assert _run(["battery", "fit", str(file), "--parameters", "ds_c,resistance", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {r["parameter"]: r for r in found["Posterior, and what the record could tell at best"]}
    assert rows["ds_c"]["mean"] == pytest.approx(0.5, abs=4 * rows["ds_c"]["sigma"])
    assert rows["resistance"]["mean"] == pytest.approx(0.4, abs=4 * rows["resistance"]["sigma"])
    assert found["The fit"][0]["noise mV"] == pytest.approx(1.0, rel=0.35)


def test_identify_rungs_simulate_and_cells_answer(capsys, tmp_path):
    assert _run(["battery", "identify", "--at", "i0_a=2,ds_c=2", "--rate", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["Least deviation that any estimate can have"][0]["parameter"] == "i0_a"
    out = tmp_path / "run.csv"
    assert _run(["battery", "simulate", "--rate", "1", "--out", str(out)]) == 0
    assert out.is_file()
    assert _run(["battery", "cells", "--json"]) == 0
    assert "nmc-graphite" in capsys.readouterr().out
    assert _run(["battery", "rungs", "--box", "i0_a=0.5:4,ds_c=1:10", "--json"]) == 0
    assert "Chebyshev" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit"], "expected one"),
        (["fit", "nowhere.csv"], "no such file"),
        (["fit", "--sample", "--parameters", "i0_x"], "not known"),
        (["fit", "--sample", "--box", "i0_a=1"], "low:high"),
        (["fit", "--sample", "--box", "i0_a"], "name=value"),
        (["identify", "--at", "ds_c=two"], "expected a number"),
        (["simulate", "--rate", "0"], "rate"),
        (["fit", "--sample", "--cell", "nothing.json"], "no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line(capsys, arguments, message):
    assert _run(["battery", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error


def test_without_pybamm_an_unknown_cell_names_the_cells_that_are_here(monkeypatch):
    from inscape.app.battery_cells import cell_named
    from inscape.errors import InputError

    monkeypatch.setitem(sys.modules, "pybamm", None)
    with pytest.raises(InputError, match=r"'Chen2021': none of inscape's own \(nmc-graphite.*inscape\[battery\]"):
        cell_named("Chen2021")
