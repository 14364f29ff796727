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


def test_a_record_of_another_cell_is_refused_and_columns_may_be_named(capsys, tmp_path):
    out, file = tmp_path / "run.csv", tmp_path / "cycler.csv"
    assert _run(["battery", "simulate", "--rate", "2", "--samples", "60", "--out", str(out)]) == 0
    lines = [line.split(",") for line in out.read_text().splitlines() if line[0] not in "#t"]
    capsys.readouterr()

    def fitted(current: float, voltage: float, head: str = "time_s,current_A,voltage_V", *more: str) -> tuple[int, str]:
        rows = [f"{t},{current * float(i)},{voltage * float(v)}" for t, v, _, _, i in lines]
        file.write_text(head + "\n" + "\n".join(rows))
        code = _run(["battery", "fit", str(file), "--noise", "3", *more])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert fitted(1, 1, "a,b,c", "--columns", "time=a,current=b,voltage=c")[0] == 0
    code, said = fitted(1000, 1)
    assert code == 2
    assert "is the current in mA" in said
    code, said = fitted(1, 12)
    assert code == 2
    assert "60 of 60 voltages lie beyond the limits of nmc-graphite" in said
    code, said = fitted(1, 0.78)
    assert code == 0, said
    assert "without a finite sensitivity at i0_a 0.1" in said
    assert "Warning" not in said


def test_a_voltage_beyond_the_limits_is_told_with_its_time():
    from inscape.app.battery_cells import cell_named, check_record

    times, current = np.arange(4.0), np.full(4, 0.01)
    cell = cell_named("nmc-graphite")
    assert check_record(cell, times, current, np.array([4.0, 3.9, np.nan, 2.9])) == ()
    (told,) = check_record(cell, times, current, np.array([4.0, 3.9, np.nan, 2.7]))
    assert told == "1 of 4 voltages lie beyond the limits of nmc-graphite, 2.8 to 4.3 V: first 2.7 V at 3 s"


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
        (["fit", "--sample", "--box", "i0_a"], "pairs such as"),
        (["identify", "--at", "ds_c=two"], "expected a number"),
        (["simulate", "--rate", "0"], "rate"),
        (["simulate", "--at", "x0_a=0.002"], "% of its capacity to take out"),
        (["simulate", "--rate", "-1", "--at", "x0_a=0.999"], "% of its capacity to put in"),
        (["fit", "--sample", "--columns", "volts=U"], "not known"),
        (["fit", "--sample", "--cell", "nothing.json"], "no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line(capsys, arguments, message):
    assert _run(["battery", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error


def test_the_cells_that_are_listed_can_be_used(capsys):
    pytest.importorskip("pybamm")
    from inscape.app.battery_cells import cell_named
    from inscape.errors import InputError

    assert _run(["battery", "cells", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    listed = [row["cell"] for row in found["Cells"]]
    assert {"nmc-graphite", "Chen2020", "Marquis2019"} <= set(listed)
    for name in listed:
        assert cell_named(name).capacity > 0
    (left_out,) = found["notes"]
    assert "Sulzer2019" in left_out
    with pytest.raises(InputError, match="Sulzer2019"):
        cell_named("Sulzer2019")


def test_without_pybamm_an_unknown_cell_names_the_cells_that_are_here(monkeypatch):
    from inscape.app.battery_cells import cell_named
    from inscape.errors import InputError

    monkeypatch.setitem(sys.modules, "pybamm", None)
    with pytest.raises(InputError, match=r"'Chen2021': none of inscape's own \(nmc-graphite.*inscape\[battery\]"):
        cell_named("Chen2021")
