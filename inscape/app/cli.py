"""The command line: `inscape learn FILE` and its companions. Only typer is imported before a command runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from inscape.app import (
    battery_commands,
    flow_commands,
    network_commands,
    orbit_commands,
    papers_commands,
    study_commands,
    systems_commands,
)
from inscape.errors import InscapeError

app = typer.Typer(
    name="inscape",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "inscape learns the law behind a recording, and knows 158 systems whose law is known.\n\n"
        "**Start with**  `inscape learn recording.csv --report report.html`\n\n"
        "or, without a recording of your own,  `inscape learn --sample lynx-hare`."
    ),
)
app.add_typer(systems_commands.app, name="systems")
app.add_typer(network_commands.app, name="network")
app.add_typer(flow_commands.app, name="flow")
app.add_typer(battery_commands.app, name="battery")
app.add_typer(orbit_commands.app, name="orbit")
app.add_typer(study_commands.app, name="study")
app.add_typer(papers_commands.app, name="papers")

FileArgument = Annotated[
    Path | None,
    typer.Argument(help="A recording: CSV, TSV, Parquet, NPZ, MAT, HDF5, NetCDF, Zarr or WAV.", show_default=False),
]
DtOption = Annotated[float | None, typer.Option(help="Sampling interval, where the file has no time column.")]
TimeOption = Annotated[str | None, typer.Option(help="Name of the time column, where it is not found by itself.")]
InputsOption = Annotated[str | None, typer.Option(help="Columns that drive the system: u or u,v.")]
RunOption = Annotated[str | None, typer.Option("--run", help="Column that numbers the runs.")]
ColumnsOption = Annotated[str | None, typer.Option(help="State columns to keep: x,y,z. All if left out.")]
LawsOption = Annotated[str | None, typer.Option(help="Families of laws that take part: sindy,dmd. All if left out.")]
HorizonOption = Annotated[
    int | None, typer.Option(help="Samples to forecast beyond the end; about one period if left out.", min=1)
]
LevelOption = Annotated[float, typer.Option(help="Coverage of the forecast's band.", min=0.01, max=0.999)]
SampleOption = Annotated[
    str | None,
    typer.Option(help="A recording that comes with inscape: lynx-hare, sunspots, lorenz or lorenz-noisy."),
]
SeedOption = Annotated[int, typer.Option(help="Every random choice follows from it.", min=0)]
JobsOption = Annotated[int, typer.Option(help="Laws learned at a time; -1 for every core.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print everything as JSON, for other programs.")]


@app.command()
def learn(
    file: FileArgument = None,
    sample: SampleOption = None,
    dt: DtOption = None,
    time: TimeOption = None,
    inputs: InputsOption = None,
    run: RunOption = None,
    columns: ColumnsOption = None,
    sort: Annotated[bool, typer.Option("--sort", help="Sort rows whose times are out of order.")] = False,
    duplicates: Annotated[str, typer.Option(help="Instants recorded twice: error, mean or first.")] = "error",
    report: Annotated[Path | None, typer.Option(help="Write the report: one HTML file with interactive plots.")] = None,
    save: Annotated[Path | None, typer.Option(help="Keep the winning model in this folder.")] = None,
    laws: LawsOption = None,
    horizon: HorizonOption = None,
    level: LevelOption = 0.9,
    seed: SeedOption = 0,
    jobs: JobsOption = -1,
    json: JsonOption = False,
) -> None:
    """Learn the law behind a recording, and say how far it can be believed.

    The recording is checked and split in time. Every law learns from the first part; the simplest that forecasts the
    second part as well as any wins. Errors are measured on the rest, which no choice has seen: its first half
    calibrates the forecast's band, its second half says how often the band holds.

    **Examples**

    `inscape learn recording.csv --report report.html`

    `inscape learn motor.csv --time t --inputs voltage,load --save motor-law`

    `inscape learn signal.npz --dt 0.01 --columns x,y --laws sindy,dmd --json`

    `inscape learn --sample lynx-hare`
    """
    from inscape.app.commands import learn_and_show

    learn_and_show(
        file, sample=sample, dt=dt, time=time, inputs=_names(inputs) or (), run=run, columns=_names(columns),
        sort=sort, duplicates=duplicates, report=report, save=save, laws=_names(laws), horizon=horizon, level=level,
        seed=seed, jobs=jobs, as_json=json,
    )  # fmt: skip


@app.command()
def forecast(
    source: Annotated[Path, typer.Argument(help="A folder written by --save, or a recording.", show_default=False)],
    horizon: HorizonOption = None,
    history: Annotated[
        Path | None, typer.Option(help="Continue this recording instead of the one that the model learned from.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the forecast to this file (CSV, NPZ, Parquet, ...).")] = None,
    dt: DtOption = None,
    time: TimeOption = None,
    inputs: InputsOption = None,
    columns: ColumnsOption = None,
    seed: SeedOption = 0,
    jobs: JobsOption = -1,
    json: JsonOption = False,
) -> None:
    """Say what comes next, with a calibrated band.

    From a saved model the forecast is instant; from a recording the law is learned first.

    **Examples**

    `inscape forecast motor-law --horizon 50`

    `inscape forecast motor-law --history today.csv --out next.csv`

    `inscape forecast recording.csv --horizon 20 --json`
    """
    from inscape.app.commands import forecast_and_show

    forecast_and_show(
        source, horizon=horizon, history=history, out=out, dt=dt, time=time, inputs=_names(inputs) or (),
        columns=_names(columns), seed=seed, jobs=jobs, as_json=json,
    )  # fmt: skip


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the reports go.")] = Path("inscape-demo"),
    seed: SeedOption = 0,
    jobs: JobsOption = -1,
) -> None:
    """Learn the laws behind three recordings and say where the reports are: lynx and hare, sunspots, noisy Lorenz.

    **Example**  `inscape demo --folder reports`
    """
    from inscape.app.commands import demonstrate

    demonstrate(folder, seed=seed, jobs=jobs)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Where to listen; beyond this machine only with a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any that is free.", min=0, max=65535)] = 8100,
    token: Annotated[
        str | None, typer.Option(help="Word that visitors must know; `new` makes one.", envvar="INSCAPE_TOKEN")
    ] = None,
    runs: Annotated[Path | None, typer.Option(help="Folder of the runs; as of `inscape study` if left out.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder for uploads and jobs.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the browser.")] = False,
) -> None:
    """Open the gallery: papers, zoo, learning and runs in a browser, all computed on this machine.

    **Examples**

    `inscape serve`

    `inscape serve --host 0.0.0.0 --token new`
    """
    from inscape.app.serve_command import serve

    serve(host=host, port=port, token=token, runs=runs, folder=folder, opens_browser=open_)


@app.command()
def doctor(json: JsonOption = False) -> None:
    """Say what is installed, what is missing and how to get it, and whether the engine works.

    **Example**  `inscape doctor`
    """
    from inscape.app.doctor import examine

    raise typer.Exit(examine(as_json=json))


def _version(shown: bool) -> None:
    if shown:
        from inscape import __version__

        typer.echo(f"inscape {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _names(listed: str | None) -> tuple[str, ...] | None:
    if listed is None:
        return None
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: 0 done, 2 something asked for cannot be done (one line says what), 130 interrupted."""
    sys.exit(_run(arguments))


# typer carries its own copy of click in some versions and uses the installed one in others.
_ClickException: type[Exception] = next(
    c for c in typer.BadParameter.__mro__ if issubclass(c, Exception) and c.__name__ == "ClickException"
)


def _run(arguments: list[str] | None) -> int:
    debugging = bool(os.environ.get("INSCAPE_DEBUG"))
    try:
        code = app(args=arguments, prog_name="inscape", standalone_mode=False)
        sys.stdout.flush()
        # typer turns an interrupt into this code where it catches it first.
        return _interrupted() if code == 130 else code if isinstance(code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except BrokenPipeError:  # the reader of our output had enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (InscapeError, OSError, MemoryError, _ClickException) as error:
        if debugging:
            raise
        line = _one_line(error)
        return _say(line, 2) if line else 2


def _one_line(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory: not enough for this recording; take fewer columns or a shorter stretch"
    if isinstance(error, OSError) and not isinstance(error, InscapeError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    if isinstance(error, InscapeError):
        return " ".join(str(error).split())
    # A command without arguments has printed its help, and has nothing more to say.
    return " ".join(str(error.format_message()).split())  # type: ignore[attr-defined]


def _interrupted() -> int:
    import signal

    # A second Ctrl-C while the process ends would only make noise.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _say("interrupted; nothing was left half-written", 130)


def _say(line: str, code: int) -> int:
    print(f"inscape: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
