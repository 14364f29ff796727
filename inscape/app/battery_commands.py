"""`inscape battery fit|identify|rungs|simulate|cells`: a cell's hidden parameters, from its voltage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Infer a battery's hidden parameters from its voltage, and say what cannot be told.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

CellOption = Annotated[
    str,
    typer.Option(help="nmc-graphite, straight-lines, a PyBaMM set such as Chen2020, or a BPX file (.json)."),
]
ParametersOption = Annotated[str, typer.Option(help="What is unknown: i0_a,ds_c; see `inscape battery cells`.")]
BoxOption = Annotated[
    str | None, typer.Option(help="Where it may lie: 'i0_a=0.5:4,ds_c=1:10'; wide bounds for what is left out.")
]
NoiseOption = Annotated[float | None, typer.Option(help="Noise of a voltage, mV.", min=1e-6)]
RateOption = Annotated[float, typer.Option(help="Constant current in C-rates; positive discharges.")]
ReportOption = Annotated[Path | None, typer.Option(help="Write a page: one HTML file with interactive plots.")]
SaltOption = Annotated[
    bool,
    typer.Option(
        "--electrolyte/--no-electrolyte", help="Count what the electrolyte takes, where the cell tells of it."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON, for other programs.")]
SeedOption = Annotated[int, typer.Option(help="Every random choice follows from it.", min=0)]


@app.command("fit")
def fit(
    file: Annotated[
        Path | None, typer.Argument(help="A cycler's table with time, current and voltage.", show_default=False)
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Instead of a file: a 2C discharge made by the model.")
    ] = False,
    cell: CellOption = "nmc-graphite",
    parameters: ParametersOption = "i0_a,ds_c",
    box: BoxOption = None,
    noise: NoiseOption = None,
    sampler: Annotated[str, typer.Option(help="grid (to four parameters), nautilus, dynesty, emcee or nuts.")] = "grid",
    discharge: Annotated[
        str, typer.Option(help="Sign of a discharge in the file: auto, positive or negative.")
    ] = "auto",
    columns: Annotated[
        str | None,
        typer.Option(
            help="What the file calls time, current and voltage, where it is not found: 'time=t1,current=I1'."
        ),
    ] = None,
    electrolyte: SaltOption = True,
    keep_start: Annotated[
        bool, typer.Option("--keep-start", help="Start from the cell's own charge, not from the first voltage.")
    ] = False,
    report: ReportOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Fit a single-particle model to a recorded voltage: a posterior, not a point.

    The current of the file drives the model. Beside each parameter stand its interval, whether the record could tell
    it apart at all, and whether the model explains the voltage. Without --noise the noise is read off the best fit.

    **Examples**

    `inscape battery fit discharge.csv --cell Chen2020 --parameters ds_a,ds_c --report fit.html`

    `inscape battery fit --sample`
    """
    from inscape.app.battery_reading import read_fit
    from inscape.app.commands import check_places

    check_places(report)
    read_fit(
        file, sample=sample, cell=cell, parameters=parameters, box=box, noise=noise, sampler=sampler,
        discharge=discharge, columns=columns, keep_start=keep_start, seed=seed,
        electrolyte=electrolyte,
    ).show(json, report)  # fmt: skip


@app.command("identify")
def identify(
    cell: CellOption = "nmc-graphite",
    parameters: ParametersOption = "i0_a,ds_c",
    at: Annotated[str | None, typer.Option(help="Where: 'i0_a=2,ds_c=2'; the cell as it is if left out.")] = None,
    rate: RateOption = 1.0,
    noise: Annotated[float, typer.Option(help="Noise of a voltage, mV.", min=1e-6)] = 3.0,
    samples: Annotated[int, typer.Option(help="Voltages of the record.", min=3)] = 100,
    electrolyte: SaltOption = True,
    report: ReportOption = None,
    json: JsonOption = False,
) -> None:
    """Before any measurement: how well could a discharge tell these parameters apart?

    **Example**  `inscape battery identify --parameters i0_a,ds_c --at i0_a=2,ds_c=2 --rate 2`
    """
    from inscape.app.battery_reading import read_identifiability
    from inscape.app.commands import check_places

    check_places(report)
    read_identifiability(cell, parameters, at, rate, noise, samples, electrolyte).show(json, report)


@app.command("rungs")
def rungs(
    cell: CellOption = "nmc-graphite",
    parameters: ParametersOption = "i0_a,ds_c",
    box: BoxOption = None,
    rate: RateOption = 2.0,
    tolerance: Annotated[float, typer.Option(help="Mean error that is allowed, mV.", min=1e-6)] = 0.1,
    network: Annotated[bool, typer.Option("--network", help="Train an operator network as well.")] = False,
    electrolyte: SaltOption = True,
    report: ReportOption = None,
    json: JsonOption = False,
) -> None:
    """Which model is cheap and exact enough: formula, Chebyshev series, network or the solver itself?

    **Example**  `inscape battery rungs --parameters i0_a,ds_c --box i0_a=0.5:4,ds_c=1:10 --tolerance 0.05`
    """
    from inscape.app.battery_reading import read_rungs
    from inscape.app.commands import check_places

    check_places(report)
    read_rungs(cell, parameters, box, rate, tolerance, network, electrolyte).show(json, report)


@app.command("simulate")
def simulate(
    cell: CellOption = "nmc-graphite",
    rate: RateOption = 1.0,
    minutes: Annotated[float | None, typer.Option(help="How long; one full discharge if left out.", min=0.01)] = None,
    at: Annotated[str | None, typer.Option(help="Parameters: 'i0_a=2,ds_c=2'.")] = None,
    samples: Annotated[int, typer.Option(help="Instants.", min=2)] = 200,
    electrolyte: SaltOption = True,
    out: Annotated[Path | None, typer.Option(help="Write it to this file (CSV, NPZ, Parquet, ...).")] = None,
    json: JsonOption = False,
) -> None:
    """Discharge a cell under a constant current.

    **Example**  `inscape battery simulate --cell Chen2020 --rate 0.5 --out discharge.csv`
    """
    from inscape.app.battery_reading import read_simulation

    read_simulation(cell, rate, minutes, at, samples, electrolyte, out).show(json, None)


@app.command("cells")
def cells(json: JsonOption = False) -> None:
    """List the cells that are known, and the parameters that may be unknown.

    **Example**  `inscape battery cells`
    """
    from inscape.app.battery_reading import read_cells

    read_cells().show(json, None)
