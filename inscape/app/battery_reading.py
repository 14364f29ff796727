"""What the battery commands find, as tables and figures for the terminal, a page or a program."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.app import battery_figures
from inscape.app.assignments import assignments
from inscape.app.battery_cells import BUILT_IN, box_of, cell_named, check_record, parameter_names, values_of
from inscape.app.network_reading import Reading
from inscape.errors import InputError

if TYPE_CHECKING:
    from inscape.systems.battery import Cell
    from inscape.trajectories import Trajectory

MOST_SAMPLES = 400
"""Voltages that are compared; a longer record is thinned, its current is not."""
START_APART = 0.03
"""V between the first voltage and the cell's own at which the start is said to have been moved."""
LEAST_CHARGE = 0.05
"""Of the capacity, that must be left for a run whose length nobody gave."""
REST = 0.02
"""Of the largest current: below it a cell is at rest."""


def read_fit(
    file: Path | None, *, sample: bool, cell: str, parameters: str, box: str | None, noise: float | None, sampler: str,
    discharge: str, keep_start: bool, seed: int, electrolyte: bool = True, columns: str | None = None,
) -> Reading:  # fmt: skip
    """The posterior of a cell's parameters given a record, and what is to be said of it.

    Raises
    ------
    InputError : if there is neither file nor sample, or the record cannot be fitted.
    """
    from inscape.analysis.calibration import CalibrationWarning, calibrate
    from inscape.analysis.priors import LogUniform, Prior, Uniform
    from inscape.systems.battery import SingleParticle
    from inscape.systems.battery.drive import Drive
    from inscape.trajectories.cycler_files import read_cycler

    if (file is None) == (not sample):
        raise InputError("a file, or --sample, found both or neither; expected one: inscape battery fit discharge.csv")
    known = cell_named(cell)
    names = parameter_names(parameters)
    labels = assignments("columns", columns, "time=t1,current=I1,voltage=U1", ("time", "current", "voltage"))
    record = _sample(known, seed) if file is None else read_cycler(file, discharge=discharge, **labels)  # type: ignore[arg-type]
    assert record.inputs is not None
    notes = list(record.notes)
    current = record.inputs[:, 0]
    voltage = np.array(record.states[:, 0], dtype=float)
    notes += check_record(known, record.times, current, voltage)
    known = _started(known, voltage, current, keep_start or any(n.startswith("x0") for n in names), notes)
    bounds = box_of(known, names, box)
    chosen = np.unique(np.linspace(0, len(record) - 1, min(MOST_SAMPLES, len(record))).astype(int))
    if len(chosen) < len(record):
        notes.append(f"{len(chosen)} of {len(record)} voltages are compared; every current drives the model")
    times = record.times[chosen]
    has_salt = electrolyte and known.electrolyte is not None
    model = SingleParticle(known, longest_step=max(2.0, record.duration / 400), electrolyte=has_salt)
    drive = Drive(record.times, current, "linear").thinned()
    # A record that takes many steps is followed on a coarser grid.
    points = int(np.clip(25_000 * 600 / (len(drive.times) + len(times)), 1600, 25_000))
    forward = model.forward(names, times, drive)
    # A factor that may be anything from a tenth to ten is as likely to be too small as too large.
    prior: dict[str, Prior | tuple[float, float]] = {
        n: LogUniform(*b) if b[0] > 0 and b[1] >= 5 * b[0] else Uniform(*b) for n, b in bounds.items()
    }
    with warnings.catch_warnings():
        # The notes say the same.
        warnings.simplefilter("ignore", CalibrationWarning)
        found = calibrate(
            forward, voltage[chosen], sigma="cover" if noise is None else 1e-3 * noise, prior=prior,
            sampler=sampler,  # type: ignore[arg-type]
            points=points, draws=4000, seed=seed,
        )  # fmt: skip
    rows, told = [dict(row) for row in found.rows()], list(found.notes)
    try:
        known_to = found.identifiability()
    except InputError as error:
        # Where the curve ends at the best fit; the posterior holds all the same.
        told.append(f"what could be known at best cannot be told: {error}")
    else:
        told += known_to.report()
        rows = [row | {"could be known to": float(s)} for row, s in zip(rows, known_to.sigmas, strict=True)]
    middle, low, high = found.predict()
    residual = 1e3 * (voltage[chosen] - middle)
    facts = [
        {
            "voltages": int(found.kept.sum()),
            "noise mV": float(1e3 * np.median(found.sigma)),
            "residual mV (rms)": float(np.sqrt(np.nanmean(residual**2))),
            "chi squared / degree": found.best.reduced,
            "curves solved": found.posterior.evaluations,
            "CPU s": found.posterior.cpu_seconds,
        }
    ]
    draws = found.posterior.samples[:: max(1, len(found.posterior.samples) // 200)]
    figures: dict[str, Any] = {
        "voltage": battery_figures.voltage_band(times, voltage[chosen], middle, low, high),
        "profiles": battery_figures.profile_bands(model, names, draws, times, drive),
    }
    if len(names) > 1:
        figures["posterior"] = battery_figures.pairs(names, found.posterior.samples[:2000])
    title = file.name if file is not None else "a discharge made by the model"
    return Reading(
        f"Parameters of {known.name} from {title}",
        f"{known.name}: {', '.join(names)} from {len(chosen)} voltages over {record.duration:.6g} s of {title}.",
        (("Posterior, and what the record could tell at best", rows), ("The fit", facts)),
        figures,
        (*notes, *told),
        badge="inside a battery",
    )


def read_identifiability(
    cell: str, parameters: str, at: str | None, rate: float, noise: float, samples: int, electrolyte: bool = True
) -> Reading:
    """How well a discharge could tell the parameters apart."""
    from inscape.analysis.calibration import identifiability
    from inscape.systems.battery import SingleParticle

    known = cell_named(cell)
    names = parameter_names(parameters)
    model = SingleParticle(known, c_rate=rate, electrolyte=electrolyte and known.electrolyte is not None)
    point = {name: model.defaults[name] for name in names} | values_of(at, names)
    if point.get("resistance") == 0.0:
        point["resistance"] = 0.01 * (known.limits[1] - known.limits[0]) / known.capacity
    times = _discharge_times(known, rate, samples + 1, point)[1:]
    found = identifiability(model.forward(names, times), point, sigma=1e-3 * noise, names=names)
    correlation = [
        {"": name} | {other: float(found.correlation[i, j]) for j, other in enumerate(names)}
        for i, name in enumerate(names)
    ]
    tables = [("Least deviation that any estimate can have", found.rows())]
    if len(names) > 1:
        tables.append(("Correlation of the estimates", correlation))
    return Reading(
        f"What a discharge of {known.name} can tell",
        f"{known.name}: {samples} voltages with {noise:g} mV of noise over {times[-1]:.4g} s at {rate:g}C.",
        tuple(tables),
        {"sensitivities": battery_figures.sensitivities(times, names, found.sensitivities)},
        found.report(),
        badge="before the measurement",
    )


def read_rungs(
    cell: str, parameters: str, box: str | None, rate: float, tolerance: float, network: bool, electrolyte: bool = True
) -> Reading:
    """Every model of a box with its error and cost, and the one that is worth its time."""
    from inscape.models.operator_surrogate import choose_surrogate
    from inscape.systems.battery import SingleParticle

    known = cell_named(cell)
    names = parameter_names(parameters)
    bounds = box_of(known, names, box)
    model = SingleParticle(known, c_rate=rate, electrolyte=electrolyte and known.electrolyte is not None)
    times = _discharge_times(known, rate, 136)
    found = choose_surrogate(model, bounds, tolerance, times=times, with_network=network)
    rows = [{k: ("*" if v else "") if k == "chosen" else v for k, v in row.items()} for row in found.rows()]
    within = ", ".join(f"{n} {low:g} to {high:g}" for n, (low, high) in bounds.items())
    notes: tuple[str, ...] = ()
    if found.chosen.mean_error > tolerance:
        notes = (f"none keeps to {tolerance:g} mV; the most exact is marked",)
    lost = [rung.name for rung in found.rungs if not np.isfinite(rung.mean_error)]
    if lost:
        notes = (*notes, f"inf: a curve of the box ends too early in {', '.join(lost)}; it is not drawn")
    return Reading(
        f"Rungs of {known.name}",
        f"{known.name} at {rate:g}C, {within}: the cheapest model within {tolerance:g} mV is {found.chosen.name}.",
        (("Error on 100 curves of the box, and CPU of a curve", rows),),
        {"rungs": battery_figures.rungs(found.rows())},
        notes,
        badge="models of a battery",
    )


def read_simulation(
    cell: str, rate: float, minutes: float | None, at: str | None, samples: int, electrolyte: bool, out: Path | None
) -> Reading:
    """A constant-current run, as a table and in a file."""
    from inscape.systems.battery import SingleParticle
    from inscape.systems.battery.cell import PARAMETERS
    from inscape.trajectories import write

    known = cell_named(cell)
    model = SingleParticle(known, c_rate=rate, electrolyte=electrolyte and known.electrolyte is not None)
    start = values_of(at, tuple(PARAMETERS))
    if minutes is None:
        times = _discharge_times(known, rate, samples, start)
    else:
        times = np.linspace(0.0, 60.0 * minutes, samples)
    run = model.simulate(times=times, parameters=start)
    notes = tuple(f"{key}: {value}" for key, value in run.context.items() if key in ("stopped", "beyond_limits"))  # type: ignore[union-attr]
    if out is not None:
        write(run, out)
        notes = (*notes, f"written: {out}")
    shown = np.unique(np.linspace(0, samples - 1, min(samples, 12)).astype(int))
    rows = [
        {"time s": float(run.times[k])}  # type: ignore[union-attr]
        | {name: float(run.states[k, j]) for j, name in enumerate(run.state_names)}  # type: ignore[union-attr]
        for k in shown
    ]
    return Reading(
        f"{known.name} at {rate:g}C", f"{known.name}: {rate:g}C over {times[-1]:.6g} s, {samples} instants.",
        (("Voltage, and the surface stoichiometries of anode and cathode", rows),), {}, notes,
    )  # fmt: skip


def read_cells() -> Reading:
    """The cells that are known, and the parameters."""
    import importlib.util

    from inscape.systems.battery.cell import PARAMETERS

    rows = [{"cell": name, "from": "inscape"} for name in BUILT_IN]
    notes: tuple[str, ...] = ()
    if importlib.util.find_spec("pybamm") is None:
        notes = ("PyBaMM's sets come with: pip install 'inscape[battery]'",)
    else:
        import pybamm

        from inscape.systems.battery import cell_from_pybamm

        unfit = []
        for name in pybamm.parameter_sets:
            try:
                cell_from_pybamm(name)
            except InputError:
                unfit.append(name)
            else:
                rows.append({"cell": name, "from": "PyBaMM"})
        notes = (f"left out, since no single-particle cell can be made of them: {', '.join(unfit)}",)
    meaning = [{"parameter": name, "meaning": text} for name, text in PARAMETERS.items()]
    return Reading(
        "Cells", "Cells by name; a BPX file (.json) is as good as a name.",
        (("Cells", rows), ("Parameters", meaning)), {}, notes,
    )  # fmt: skip


def _discharge_times(cell: Cell, rate: float, samples: int, start: Mapping[str, float] | None = None) -> np.ndarray:
    """Even instants until three quarters of what the nearer electrode can give or take have passed.

    Parameters
    ----------
    start : x0_a and x0_c where the run does not begin as the cell is given.
    """
    if not np.isfinite(rate) or rate == 0:
        raise InputError(f"rate: {rate:g} found, expected a C-rate other than zero; positive discharges")
    x_a = (start or {}).get("x0_a", cell.anode.initial_stoichiometry)
    x_c = (start or {}).get("x0_c", cell.cathode.initial_stoichiometry)
    left_a, left_c = (x_a, 1.0 - x_c) if rate > 0 else (1.0 - x_a, x_c)
    charge = min(left_a * cell.anode.charge(cell.area), left_c * cell.cathode.charge(cell.area))
    if charge < LEAST_CHARGE * 3600.0 * cell.capacity:
        raise InputError(
            f"{cell.name}: at x0_a {x_a:.3g} and x0_c {x_c:.3g} there is {charge / 36.0 / cell.capacity:.2g} % of its "
            f"capacity to {'take out' if rate > 0 else 'put in'}; turn the current round, start elsewhere with --at, "
            "or say how long with --minutes"
        )
    return np.linspace(0.0, 0.75 * min(charge, 3600.0 * cell.capacity / 0.75) / (abs(rate) * cell.capacity), samples)


def _started(cell: Cell, voltage: np.ndarray, current: np.ndarray, is_kept: bool, notes: list[str]) -> Cell:
    """The cell at the charge that the first voltage tells, if the record begins at rest."""
    from inscape.systems.battery import at_voltage

    if is_kept:
        return cell
    own = cell.open_circuit_voltage()
    resting = np.abs(current) <= REST * np.abs(current).max()
    resting = np.logical_and.accumulate(resting) & np.isfinite(voltage)
    if not resting.any():
        notes.append(
            f"the record begins under current, so the cell starts as it is given, at {own:.4g} V; "
            "fit x0_a and x0_c where that is wrong"
        )
        return cell
    first = float(np.median(voltage[resting]))
    if abs(first - own) > START_APART:
        notes.append(f"the cell starts at the charge of its first rest, {first:.4g} V (as given: {own:.4g} V)")
    return at_voltage(cell, first)


def _sample(cell: Cell, seed: int) -> Trajectory:
    """A discharge of the cell with i0_a 2, ds_c 2 and 3 mV of noise, by the finer solver."""
    from inscape.systems.battery import SingleParticle

    times = _discharge_times(cell, 2.0, 101)[1:]
    run = SingleParticle(cell, c_rate=2.0, shells=48, longest_step=2.0).simulate(
        times=np.concatenate([[0.0], times]), parameters={"i0_a": 2.0, "ds_c": 2.0}
    )
    noise = 3e-3 * np.random.default_rng([seed, 12]).standard_normal(len(run))
    states = np.array(run.states[:, :1]) + noise[:, None]  # type: ignore[union-attr]
    note = "made by the model: i0_a 2, ds_c 2, 2C, 3 mV of noise"
    return run.replace(states=states, state_names=("voltage",), notes=(note,))  # type: ignore[union-attr]
