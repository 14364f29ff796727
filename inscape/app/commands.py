"""What the commands `learn`, `forecast` and `demo` do, once their arguments are read."""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.errors import InputError

if TYPE_CHECKING:
    from inscape.app.learned import Learned
    from inscape.models.model import Model
    from inscape.trajectories import Trajectory


def learn_and_show(
    file: Path | None,
    *,
    sample: str | None,
    report: Path | None,
    save: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """`inscape learn`."""
    check_places(report, save)
    learned = _learned(file, sample, options)
    written = None if report is None else learned.report(report)
    kept = None if save is None else learned.save(save)
    from inscape.app.terminal import print_json, show_learned

    if as_json:
        print_json({**learned.to_dict(), "report": None if written is None else str(written)})
    else:
        show_learned(learned, written, kept)


def forecast_and_show(
    source: Path,
    *,
    horizon: int | None,
    history: Path | None,
    out: Path | None,
    as_json: bool,
    dt: float | None,
    time: str | None,
    inputs: Sequence[str],
    columns: Sequence[str] | None,
    seed: int,
    jobs: int,
) -> None:
    """`inscape forecast`."""
    from inscape.app.model_folder import is_model_folder, load
    from inscape.app.terminal import number, print_json, print_line, print_table

    if out is not None:
        _check_out(out)
    if is_model_folder(source):
        kept = load(source)
        past = None if history is None else _history(history, kept.model, dt, time, inputs, columns)
        ahead, bands = kept.forecast(horizon, past), kept.bands
    else:
        if history is not None:
            raise InputError("--history: given with a recording; it goes with a folder written by learn --save")
        options = {"dt": dt, "time": time, "inputs": inputs, "columns": columns, "horizon": horizon, "seed": seed}
        learned = _learned(source, None, {**options, "jobs": jobs})
        ahead, bands = learned.forecast, learned.contest.bands
    if out is not None:
        from inscape.trajectories import write

        write(ahead, out)
    widths = bands.half_widths
    if as_json:
        print_json(
            {
                "times": ahead.times, "state_names": ahead.state_names, "states": ahead.states, "half_widths": widths,
                "level": bands.level, "promised_coverage": bands.promised, "stopped": ahead.context.get("stopped"),
            }
        )  # fmt: skip
        return
    rows = []
    for k in range(len(ahead)):
        cells = [f"{ahead.times[k]:.8g}"]
        for j in range(ahead.states.shape[1]):
            band = f" ± {number(widths[k, j])}" if k < len(widths) and widths[k, j] < float("inf") else ""
            cells.append(number(ahead.states[k, j]) + band)
        rows.append(tuple(cells))
    print_table(f"Forecast, band of {bands.promised:.0%}", ("time", *ahead.state_names), rows)
    if "stopped" in ahead.context:
        print_line(f"The forecast ends early: {ahead.context['stopped']}")
    if out is not None:
        print_line(f"written: {out}")


def demonstrate(folder: Path, *, seed: int, jobs: int) -> None:
    """`inscape demo`."""
    from inscape.app.samples import SAMPLES
    from inscape.app.serve_command import invitation
    from inscape.app.terminal import print_line

    started = clock.perf_counter()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file, expected a folder for the reports; choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("lynx-hare", "sunspots", "lorenz-noisy"):
        print_line(f"{name}: {SAMPLES[name].description}")
        learned = _learned(None, name, {"seed": seed, "jobs": jobs})
        written = learned.report(folder / f"{name}.html")
        print_line(f"  {learned.verdict.headline}")
        for line in learned.equations:
            print_line(f"    {line}")
        print_line(f"  report: {written.resolve()}")
        print_line("")
    print_line(f"Done in {clock.perf_counter() - started:.0f} s. Open a report in any browser; it needs no network.")
    print_line(invitation())


def _learned(file: Path | None, sample: str | None, options: dict[str, Any]) -> Learned:
    if (file is None) == (sample is None):
        raise InputError("learn: give one recording, a FILE or --sample NAME; for instance --sample lynx-hare")
    # What can be answered without heavy imports is answered first.
    if file is not None and not file.exists():
        raise InputError(f"{file}: no such file")
    from inscape.app.learn import learn

    if sample is None:
        return learn(file, **options)
    from inscape.app.samples import sample as recording

    return learn(recording(sample, options.get("seed", 0)), **options)


def _history(
    file: Path, model: Model, dt: float | None, time: str | None, inputs: Sequence[str], columns: Sequence[str] | None
) -> Trajectory:
    """The recording to continue, its columns by the names that the model learned, in the model's order."""
    import numpy as np

    from inscape.errors import UnknownNameError
    from inscape.trajectories import Trajectories, read

    found = read(file, dt=dt, time=time, inputs=tuple(inputs), columns=columns)
    if isinstance(found, Trajectories):
        raise InputError(f"{file}: {len(found)} runs found, expected one to continue")
    if found.states.ndim != 2:
        raise InputError(f"{file}: a field of shape {found.states.shape[1:]} found, expected columns")
    names, driving = tuple(model.state_names_), tuple(model.input_names_)
    missing = [name for name in (*names, *driving) if name not in (*found.state_names, *found.input_names)]
    if missing:
        held = (*found.state_names, *found.input_names)
        raise UnknownNameError(f"{file}: column of the model", missing[0], held)
    values = dict(zip(found.state_names, found.states.T, strict=True))
    if found.inputs is not None:
        values |= zip(found.input_names, found.inputs.T, strict=True)
    return found.replace(
        states=np.stack([values[name] for name in names], axis=1),
        state_names=names,
        inputs=np.stack([values[name] for name in driving], axis=1) if driving else None,
        input_names=driving,
    )


def _check_out(out: Path) -> None:
    from inscape.trajectories.writing import check_target

    check_target(out)


def check_places(report: Path | None, save: Path | None = None, out: Path | None = None) -> None:
    """Long work must not end in a place that cannot be written to."""
    for option, place in (("--report", report), ("--save", save), ("out", out)):
        if place is None:
            continue
        parent = place.absolute().parent
        if not parent.is_dir():
            raise InputError(f"{option}: folder {parent} does not exist; make it first")
    if save is not None and save.exists():
        from inscape.app.model_folder import is_model_folder

        if not is_model_folder(save):
            raise InputError(f"--save: {save} is there already and is no model folder; choose another name")
    if report is not None and report.is_dir():
        raise InputError(f"--report: {report} is a folder, expected the name of an HTML file")
