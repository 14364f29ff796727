"""A single-particle cell keeps its lithium, meets closed-form answers, and agrees with PyBaMM."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.systems.battery import (
    Curve,
    Electrode,
    Electrolyte,
    SingleParticle,
    after_charge,
    at_voltage,
    cell_from_bpx,
    nmc_graphite,
    nmc_graphite_from_folder,
    straight_lines,
)
from inscape.systems.battery.cell import FARADAY
from inscape.systems.battery.drive import Drive, plan_steps

TIMES = np.arange(0.0, 1351.0, 10.0)


@pytest.fixture(scope="module")
def cell():
    return nmc_graphite()


@pytest.fixture(scope="module")
def model(cell):
    return SingleParticle(cell, c_rate=2)


def test_a_curve_is_its_function_and_is_clipped_outside():
    curve = Curve(lambda x: 1.98 * np.exp(-39.4 * x) + np.sin(3 * x))
    x = np.random.default_rng(0).random(2000)
    assert np.abs(curve(x) - (1.98 * np.exp(-39.4 * x) + np.sin(3 * x))).max() < 1e-8
    assert curve(1.7) == curve(1.0)
    assert curve(-1.0) == curve(0.0)


def test_a_curve_through_points_does_not_overshoot():
    curve = Curve.from_points([0.2, 0.0, 1.0], [1.0, 0.0, 1.0])
    assert curve.values.max() <= 1.0
    assert curve(0.2) == pytest.approx(1.0, abs=1e-5)


def test_the_start_is_the_open_circuit_voltage_less_the_losses_of_the_kinetics(cell, model):
    voltage = model.voltages({}, [0.0])[0, 0]
    current = 2 * cell.capacity
    thermal = cell.thermal_voltage
    losses = 0.0
    for electrode in (cell.anode, cell.cathode):
        area = cell.area * electrode.thickness * 3 * electrode.active_fraction / electrode.radius
        exchange = electrode.exchange_current(electrode.initial_stoichiometry)
        losses += 2 * thermal * np.arcsinh(current / (2 * area * exchange))
    assert voltage == pytest.approx(cell.open_circuit_voltage() - losses, abs=1e-9)


def test_lithium_is_kept_to_rounding_under_any_current(cell, model):
    current = np.where(TIMES < 500, 0.03, np.where(TIMES < 900, 0.0, -0.02)) * (1 + 0.2 * np.sin(TIMES / 40))
    from inscape.systems.battery.particle_kernel import shell_faces

    drive = Drive(TIMES, current, "previous")
    _, anode, cathode = model.profiles({"ds_c": [0.2, 5.0]}, TIMES, drive)
    volume = np.diff(shell_faces(model.shells) ** 3)
    mean_a, mean_c = model.mean_stoichiometries({"ds_c": [0.2, 5.0]}, TIMES, drive)
    assert np.abs(anode @ volume - mean_a).max() < 1e-12
    assert np.abs(cathode @ volume - mean_c).max() < 1e-12
    charge = np.concatenate([[0], np.cumsum(current[:-1] * np.diff(TIMES))])
    expected = 0.91 - charge / (cell.area * 44e-6 * 0.5430727763 * 30530 * FARADAY)
    assert np.abs(mean_a[0] - expected).max() < 1e-10


def test_a_steady_flux_into_a_constant_diffusivity_gives_the_known_series():
    # Crank, Mathematics of Diffusion, eq. 6.45: surface after a constant flux.
    line = straight_lines()
    model = SingleParticle(line, c_rate=2, shells=24, longest_step=2.0)
    times = np.array([5.0, 20.0, 60.0, 200.0, 600.0, 1200.0])
    electrode = line.anode
    rate = 3e-14 / electrode.radius**2
    uptake = model.current / (3 * electrode.charge(line.area))
    roots = np.array([4.493409457909064, 7.725251836937707, 10.904121659428899, 14.066193912831473, 17.220755271930768])
    more = (np.arange(6, 400) + 0.5) * np.pi
    roots = np.concatenate([roots, more - 1 / more])
    transient = (np.exp(-np.outer(rate * times, roots**2)) * 2 / roots**2).sum(axis=1)
    expected = electrode.initial_stoichiometry - uptake / rate * (3 * rate * times + 0.2 - transient)
    found = model.surfaces({}, times)[0][0]
    assert (np.abs(found - expected) < [1.5e-4, 4e-5, 1e-5, 1e-6, 1e-9, 1e-9]).all()


def test_a_finer_mesh_changes_nothing_that_matters(cell):
    parameters = {"i0_a": [0.6, 2.0, 3.5], "ds_c": [1.2, 2.0, 8.0]}
    coarse = SingleParticle(cell, c_rate=2, shells=32, longest_step=5).voltages(parameters, TIMES)
    fine = SingleParticle(cell, c_rate=2, shells=150, longest_step=0.5).voltages(parameters, TIMES)
    missed = 1e3 * np.abs(coarse - fine)
    assert missed.mean() < 0.05
    assert missed.max() < 1.5


def test_linear_kinetics_differ_by_a_tenth_of_a_millivolt_in_the_paper_s_box(cell):
    parameters = {"i0_a": [0.5, 4.0], "ds_c": [1.0, 10.0]}
    full = SingleParticle(cell, c_rate=2).voltages(parameters, TIMES)
    linear = SingleParticle(cell, c_rate=2, kinetics="linear").voltages(parameters, TIMES)
    assert 0.05e-3 < np.abs(full - linear).max() < 0.15e-3


def test_a_run_in_a_batch_is_the_run_by_itself(model):
    rows = {"i0_a": np.array([0.7, 3.0]), "ds_c": np.array([1.5, 1.5]), "resistance": np.array([0.0, 0.1])}
    both = model.voltages(rows, TIMES)
    for k in range(2):
        alone = model.voltages({n: v[k] for n, v in rows.items()}, TIMES)
        assert np.array_equal(alone[0], both[k])
    assert (
        np.abs(model.voltages({"resistance": 0.1}, TIMES) - model.voltages({}, TIMES) + 0.1 * model.current).max()
        < 1e-12
    )


def test_a_current_may_be_a_number_a_function_or_samples(model):
    as_number = model.voltages({}, TIMES, 0.02)
    assert np.abs(model.voltages({}, TIMES, np.full(len(TIMES), 0.02)) - as_number).max() < 1e-4
    assert np.abs(model.voltages({}, TIMES, lambda t: 0.02) - as_number).max() < 5e-4


def test_each_run_may_have_its_own_current(model):
    currents = np.stack([np.full(len(TIMES), 0.01), np.full(len(TIMES), 0.03)])
    both = model.voltages({"ds_c": [1.0, 2.0]}, TIMES, currents)
    for k in range(2):
        alone = model.voltages({"ds_c": [1.0, 2.0][k]}, TIMES, currents[k])
        assert np.abs(both[k] - alone[0]).max() < 1e-12


def salted(cell):
    return cell.replace(
        electrolyte=Electrolyte(
            concentration=1000.0,
            diffusivity=Curve(2e-10),
            conductivity=Curve(1.0),
            transference=0.4,
            activity=1.0,
            porosity=(0.3, 0.5, 0.3),
            efficiency=(0.2, 0.4, 0.2),
            separator=20e-6,
            solid_conductivity=(100.0, 10.0),
        )
    )


def test_the_salt_takes_an_ohmic_drop_at_once_and_a_gradient_in_time(cell):
    times = np.array([0.0, 1.0, 300.0, 1300.0])
    plain = SingleParticle(cell, c_rate=2).voltages({}, times)[0]
    model = SingleParticle(salted(cell), c_rate=2, electrolyte=True)
    lost = plain - model.voltages({}, times)[0]
    lengths = np.array([44e-6, 20e-6, 42e-6])
    ohmic = (lengths / [0.6, 0.4, 0.6]).sum() + 44e-6 / 300 + 42e-6 / 30
    assert lost[0] == pytest.approx(model.current / cell.area * ohmic, rel=1e-6)
    # The steady profile of a source, a gap and a sink, each electrode's mean by hand.
    per_area = 0.6 * model.current / (FARADAY * cell.area)
    gap = per_area * (44e-6 / (3 * 0.2) + 20e-6 / 0.4 + 42e-6 / (3 * 0.2)) / 2e-10
    expected = 2 * 0.6 * cell.thermal_voltage * gap / 1000.0
    assert lost[2] - lost[0] == pytest.approx(expected, rel=0.1)
    assert lost[3] == pytest.approx(lost[2], rel=0.02)


def test_salt_is_neither_made_nor_lost_and_runs_out_where_it_must(cell):
    from inscape.systems.battery.electrolyte import salt_losses

    poor = salted(cell).replace(limits=(2.0, 4.3))
    drive = Drive(np.array([0.0]), np.array([[2.0]])[0], "previous")
    times = np.arange(0.0, 200.0, 5.0)
    losses = salt_losses(poor, plan_steps(drive, times, 0.0, 5.0))
    assert np.isnan(losses.shift[0, -1])
    assert np.isfinite(losses.shift[0, 0])
    rest = salt_losses(poor, plan_steps(Drive(np.array([0.0]), np.zeros(1), "previous"), times, 0.0, 5.0))
    assert np.abs(rest.shift).max() < 1e-12
    assert rest.anode == pytest.approx(np.ones((1, len(times))))
    with pytest.raises(InputError, match="no electrolyte"):
        SingleParticle(cell, electrolyte=True)


def test_charging_raises_the_voltage_and_rest_leaves_it(model):
    charged = model.voltages({"x0_a": 0.5, "x0_c": 0.6}, TIMES[:40], -0.02)[0]
    assert (np.diff(charged) > 0).all()
    rest = model.voltages({}, TIMES[:5], 0.0)[0]
    assert np.ptp(rest) < 1e-12


def test_steps_are_small_after_a_jump_and_end_at_every_output():
    drive = Drive(np.array([0.0, 100.0]), np.array([1.0, 0.0]), "previous")
    plan = plan_steps(drive, np.array([0.0, 50.0, 100.0, 200.0]), 0.0, 10.0)
    ends = np.concatenate([[0.0], np.cumsum(plan.sizes)])
    assert np.allclose(ends[plan.outputs], [0, 50, 100, 200])
    assert plan.sizes[0] == pytest.approx(10.0 / 256)
    assert plan.restarts.sum() == 2
    assert (plan.currents[0, np.cumsum(plan.sizes) > 100.0 + 1e-6] == 0).all()


def test_a_thinned_current_is_the_same_current_on_fewer_samples():
    times = np.arange(0.0, 1000.0, 1.0)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(1000)
    current = np.where(times < 400, 1.0, np.where(times < 600, 0.0, times / 1000)) + noise
    full = Drive(times, current, "linear")
    thin = full.thinned()
    assert len(thin.times) < 450
    at = np.linspace(0, 999, 5000)
    assert np.abs(full.at(at) - thin.at(at)).max() < 5e-3
    assert np.trapezoid(thin.currents, thin.times) == pytest.approx(np.trapezoid(current, times), rel=1e-4)


def test_a_discharge_that_empties_an_electrode_ends_there_and_says_so(model):
    run = model.simulate(times=np.arange(0.0, 4000.0, 10.0))
    assert "left [0, 1]" in run.context["stopped"]
    first = int(np.argmax(np.isnan(run.states[:, 0])))
    assert np.isnan(run.states[first:]).all()
    assert np.isfinite(run.states[:first]).all()


def test_leaving_the_limits_is_told_and_stops_where_asked(cell):
    narrow = SingleParticle(cell.replace(limits=(3.8, 4.3)), c_rate=2)
    run = narrow.simulate(times=TIMES)
    assert "3.8" in run.context["beyond_limits"]
    assert np.isfinite(run.states).all()
    stopped = narrow.simulate(times=TIMES, stop_at_limits=True)
    assert np.nanmin(stopped.states[:, 0]) >= 3.8


def test_a_box_is_drawn_from_by_seed(model):
    box = {"i0_a": (0.5, 4), "ds_c": (1, 10)}
    runs = model.simulate(times=TIMES[:4], parameters=box, n=5, seed=3)
    again = model.simulate(times=TIMES[:4], parameters=box, n=5, seed=3)
    assert len(runs) == 5
    assert [r.context["ds_c"] for r in runs] == [r.context["ds_c"] for r in again]
    assert all(1 <= r.context["ds_c"] <= 10 and r.input_names == ("current",) for r in runs)


def test_a_cell_at_a_voltage_has_this_voltage_and_charge_moves_both_electrodes(cell):
    moved = at_voltage(cell, 3.8)
    assert moved.open_circuit_voltage() == pytest.approx(3.8, abs=1e-6)
    drawn = after_charge(cell, 20.0)
    assert drawn.anode.initial_stoichiometry < cell.anode.initial_stoichiometry
    assert drawn.cathode.initial_stoichiometry > cell.cathode.initial_stoichiometry
    with pytest.raises(InputError, match="open-circuit"):
        at_voltage(cell, 12.0)


def test_the_packaged_coefficients_are_those_of_the_shared_folder(shared_data, cell):
    folder = shared_data / "battery-pinn"
    if not folder.is_dir():
        pytest.skip("battery tables are not in the research data")
    other = nmc_graphite_from_folder(folder)
    for side in ("anode", "cathode"):
        assert np.array_equal(getattr(other, side).potential.values, getattr(cell, side).potential.values)
    assert SingleParticle.from_csv(folder, c_rate=2).voltages({}, TIMES).shape == (1, len(TIMES))


BPX = {
    "Header": {"BPX": 0.4, "Title": "test cell"},
    "Parameterisation": {
        "Cell": {
            "Electrode area [m2]": 0.1,
            "Number of electrode pairs connected in parallel to make a cell": 2,
            "Nominal cell capacity [A.h]": 4.0,
            "Lower voltage cut-off [V]": 2.7,
            "Upper voltage cut-off [V]": 4.2,
            "Reference temperature [K]": 298.15,
            "Initial temperature [K]": 308.15,
        },
        "Negative electrode": {
            "Particle radius [m]": 5e-6,
            "Thickness [m]": 5e-5,
            "Diffusivity [m2.s-1]": "2e-14 + 1e-15*x^2",
            "Diffusivity activation energy [J.mol-1]": 30000,
            "OCP [V]": "0.1 + 0.8*exp(-30*x) - 0.02*tanh((x - 0.5)/0.1)",
            "Surface area per unit volume [m-1]": 3.6e5,
            "Maximum concentration [mol.m-3]": 30000,
            "Reaction rate constant [mol.m-2.s-1]": 1e-5,
            "Minimum stoichiometry": 0.02,
            "Maximum stoichiometry": 0.8,
        },
        "Positive electrode": {
            "Particle radius [m]": 4e-6,
            "Thickness [m]": 6e-5,
            "Diffusivity [m2.s-1]": 5e-15,
            "OCP [V]": {"x": [0.2, 0.5, 0.95], "y": [4.3, 3.9, 3.5]},
            "Surface area per unit volume [m-1]": 4e5,
            "Maximum concentration [mol.m-3]": 50000,
            "Reaction rate constant [mol.m-2.s-1]": 2e-5,
            "Minimum stoichiometry": 0.25,
            "Maximum stoichiometry": 0.9,
        },
    },
}


def test_a_bpx_file_is_a_cell(tmp_path):
    file = tmp_path / "cell.json"
    file.write_text(json.dumps(BPX))
    cell = cell_from_bpx(file)
    assert cell.name == "test cell"
    assert cell.area == pytest.approx(0.2)
    assert cell.anode.active_fraction == pytest.approx(3.6e5 * 5e-6 / 3)
    warm = np.exp(30000 / 8.314462618 * (1 / 298.15 - 1 / 308.15))
    assert cell.anode.diffusivity(0.5) == pytest.approx((2e-14 + 0.25e-15) * warm, rel=1e-9)
    assert cell.anode.exchange_current(0.5) == pytest.approx(FARADAY * 1e-5 * 0.5, rel=1e-6)
    assert cell.cathode.potential(0.5) == pytest.approx(3.9, abs=1e-4)
    assert np.isfinite(SingleParticle.from_bpx(file).voltages({}, np.arange(0, 1000.0, 20))).all()
    assert cell.electrolyte is None
    record = json.loads(json.dumps(BPX))
    for side, conductivity in (("Negative electrode", 200.0), ("Positive electrode", 0.8)):
        record["Parameterisation"][side] |= {
            "Porosity": 0.3, "Transport efficiency": 0.16, "Conductivity [S.m-1]": conductivity
        }  # fmt: skip
    record["Parameterisation"]["Separator"] = {"Thickness [m]": 2e-5, "Porosity": 0.5, "Transport efficiency": 0.35}
    record["Parameterisation"]["Electrolyte"] = {
        "Initial concentration [mol.m-3]": 1200,
        "Cation transference number": 0.26,
        "Conductivity [S.m-1]": "0.1 + 0.7*(x/1000)",
        "Diffusivity [m2.s-1]": 3e-10,
    }
    file.write_text(json.dumps(record))
    salt = cell_from_bpx(file).electrolyte
    assert salt.conductivity(0.25) == pytest.approx(0.1 + 0.7 * 1.2)
    both = SingleParticle.from_bpx(file, electrolyte=True)
    assert (both.voltages({}, [100.0]) < SingleParticle.from_bpx(file).voltages({}, [100.0])).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"OCP [V]": "__import__('os').getcwd()"}, "found in a formula"),
        ({"OCP [V]": "x +"}, "no formula"),
        ({"Particle": {"a": {}, "b": {}}}, "blended"),
        ({"Thickness [m]": "thick"}, "expected a number"),
    ],
)
def test_a_bpx_file_with_something_wrong_is_refused_in_one_line(tmp_path, change, message):
    record = json.loads(json.dumps(BPX))
    record["Parameterisation"]["Negative electrode"] |= change
    file = tmp_path / "cell.json"
    file.write_text(json.dumps(record))
    with pytest.raises(InputError, match=message):
        cell_from_bpx(file)


def test_what_is_no_bpx_file_is_refused(tmp_path):
    file = tmp_path / "cell.json"
    file.write_text("not json")
    with pytest.raises(InputError, match="not JSON"):
        cell_from_bpx(file)
    file.write_text("{}")
    with pytest.raises(InputError, match="Parameterisation"):
        cell_from_bpx(file)


def test_bad_input_is_answered_in_one_line(cell, model):
    anode = cell.anode
    with pytest.raises(InputError, match="kmol"):
        Electrode(4e-6, 44e-6, 0.5, 30.53, 0.9, anode.diffusivity, anode.exchange_current, anode.potential)
    with pytest.raises(InputError, match="metres"):
        Electrode(4.0, 44.0, 0.5, 30530, 0.9, anode.diffusivity, anode.exchange_current, anode.potential)
    with pytest.raises(InputError, match="Celsius"):
        cell.replace(temperature=30.0)
    with pytest.raises(UnknownNameError, match="ds_c"):
        model.voltages({"ds": 1.0}, TIMES)
    for wrong, message in (
        ({"ds_c": -1.0}, "positive"),
        ({"ds_c": np.nan}, "finite"),
        ({"x0_a": 1.2}, "between 0 and 1"),
    ):
        with pytest.raises(InputError, match=message):
            model.voltages(wrong, TIMES)
    with pytest.raises(InputError, match="one length"):
        model.voltages({"ds_c": [1, 2], "i0_a": [1, 2, 3]}, TIMES)
    for times in ([], [3.0, 1.0], [0.0, np.nan], "soon"):
        with pytest.raises(InputError, match="times"):
            model.voltages({}, times)
    with pytest.raises(InputError, match="before the start"):
        model.voltages({}, [1.0, 2.0], start=5.0)
    bad = np.full(len(TIMES), 0.02)
    bad[7] = np.nan
    with pytest.raises(InputError, match="sample 7"):
        model.voltages({}, TIMES, bad)
    with pytest.raises(InputError, match="rows for"):
        model.voltages({"ds_c": [1.0, 2.0, 3.0]}, TIMES, np.full((2, len(TIMES)), 0.02))
    with pytest.raises(InputError, match="shells"):
        SingleParticle(cell, shells=1)
    with pytest.raises(InputError, match="not finite"):
        Curve(lambda x: 1 / (x - 0.5))


def test_pybamm_s_own_model_agrees_on_chen2020():
    pytest.importorskip("pybamm")
    from inscape.systems.battery import FullModel

    times = np.arange(0.0, 2001.0, 200.0)
    ours = SingleParticle.from_pybamm("Chen2020", shells=32, longest_step=5).voltages({}, times)[0]
    theirs = FullModel("Chen2020", ("i0_a", "ds_c"), times, model="SPM", radial_points=100)(np.ones((1, 2)))[0]
    assert 1e3 * np.abs(ours - theirs)[[3, 6, 9]].max() < 0.2
    with pytest.raises(UnknownNameError, match="Chen2020"):
        SingleParticle.from_pybamm("Chen2002")
    extended = SingleParticle.from_pybamm("Chen2020", shells=32, longest_step=5, electrolyte=True).voltages({}, times)[
        0
    ]
    peer = FullModel("Chen2020", ("i0_a", "ds_c"), times, model="SPMe", radial_points=100)(np.ones((1, 2)))[0]
    assert np.abs(peer - theirs)[3:].min() > 10e-3
    assert np.abs(extended - peer)[3:].max() < 3e-3
    with pytest.raises(UnknownNameError, match="kappa_e"):
        FullModel("Chen2020", ("kappa",))


@pytest.mark.parametrize(("hold", "half", "whole"), [("linear", 12.5, 50.0), ("previous", 0.0, 0.0)])
def test_the_charge_of_a_ramp_is_its_integral_and_of_a_staircase_the_sum_of_its_steps(hold, half, whole):
    plan = plan_steps(Drive(np.array([0.0, 100.0]), np.array([0.0, 1.0]), hold), np.array([0.0, 50.0, 100.0]), 0.0, 7.0)
    passed = plan.charges[0, plan.outputs]
    assert passed == pytest.approx([0.0, half, whole], abs=1e-9)
