"""`inscape flow ftle|barriers|interface|jet`: structures of a measured or simulated velocity field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from inscape.app.network_reading import Reading

app = typer.Typer(
    help="Structures of a flow: stretching, barriers of transport, turbulent interfaces.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

FileArgument = Annotated[
    list[Path],
    typer.Argument(
        help="Velocity: NetCDF, HDF5, MATLAB or NPZ; or a file a frame of OpenPIV or LaVision, or their folder.",
        show_default=False,
    ),
]
AtOption = Annotated[float | None, typer.Option(help="Instant of the seeds; the middle of the record if left out.")]
OverOption = Annotated[
    str | None, typer.Option(help="Durations, negative for backward: -2,2. As far as the record goes if left out.")
]
NamesOption = Annotated[str | None, typer.Option(help="What the file calls things: u=Vx,v=Vy,scalar=dye.")]
MaskOption = Annotated[str | None, typer.Option(help="Array that is 0 where a vector must not be used.")]
OrderOption = Annotated[str | None, typer.Option(help="Axes of the arrays where the file does not tell: tyx.")]
DtOption = Annotated[float | None, typer.Option(help="Time between frames, where the file has no times.")]
PeriodicOption = Annotated[str | None, typer.Option(help="Axes that close on themselves: x,z.")]
HeightOption = Annotated[
    bool, typer.Option("--sea-surface", help="The file has sea-surface height: take geostrophic velocity.")
]
OutOption = Annotated[Path | None, typer.Option(help="Write the fields to this NetCDF file.")]
ReportOption = Annotated[Path | None, typer.Option(help="Write a page: one HTML file with interactive plots.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON, for other programs.")]
StepsOption = Annotated[int | None, typer.Option(help="Runge-Kutta steps; found by itself if left out.", min=1)]
ThreadsOption = Annotated[int, typer.Option(help="Cores to use.", min=1)]


@app.command("ftle")
def ftle(
    files: FileArgument,
    at: AtOption = None,
    over: OverOption = None,
    names: NamesOption = None,
    mask: MaskOption = None,
    order: OrderOption = None,
    dt: DtOption = None,
    periodic: PeriodicOption = None,
    sea_surface: HeightOption = False,
    steps: StepsOption = None,
    threads: ThreadsOption = 1,
    out: OutOption = None,
    report: ReportOption = None,
    json: JsonOption = False,
) -> None:
    """Finite-time Lyapunov exponents, forward and backward: where fluid parts, and where it came together.

    Every duration comes from one integration each way. Particles that leave the window are counted, never extrapolated.

    **Examples**

    `inscape flow ftle piv.nc --over -0.5,0.5 --mask isValid --report ftle.html`

    `inscape flow ftle run42/ --dt 0.01 --out ftle.nc`

    `inscape flow ftle ssh.nc --sea-surface --over -259200`
    """
    from inscape.app.flow_reading import Request, read_stretching

    asked = Request(files, names, mask, order, dt, periodic, sea_surface, steps, threads)
    _show(lambda: read_stretching(asked, at, over, out), report, out, json)


@app.command("barriers")
def barriers(
    files: FileArgument,
    at: AtOption = None,
    over: OverOption = None,
    names: NamesOption = None,
    mask: MaskOption = None,
    order: OrderOption = None,
    dt: DtOption = None,
    periodic: PeriodicOption = None,
    steps: StepsOption = None,
    threads: ThreadsOption = 1,
    out: OutOption = None,
    report: ReportOption = None,
    json: JsonOption = False,
) -> None:
    """Active barriers: the field whose invariant surfaces block the diffusive transport of momentum.

    In the plane they are level curves of the vorticity averaged along the path; in space the whole field is computed.

    **Example**  `inscape flow barriers jet.nc --over 0,0.5 --report barriers.html`
    """
    from inscape.app.flow_reading import Request, read_barriers

    asked = Request(files, names, mask, order, dt, periodic, False, steps, threads)
    _show(lambda: read_barriers(asked, at, over, out), report, out, json)


@app.command("interface")
def interface(
    files: FileArgument,
    at: AtOption = None,
    clusters: Annotated[int, typer.Option(help="Zones of uniform concentration.", min=2)] = 4,
    over: OverOption = None,
    names: NamesOption = None,
    mask: MaskOption = None,
    order: OrderOption = None,
    dt: DtOption = None,
    periodic: PeriodicOption = None,
    viscosity: Annotated[float | None, typer.Option(help="Kinematic, in the units of the file.")] = None,
    even_along: Annotated[
        str | None, typer.Option(help="Axes along which the flow is statistically even: x,z.")
    ] = None,
    steps: StepsOption = None,
    threads: ThreadsOption = 1,
    out: OutOption = None,
    report: ReportOption = None,
    json: JsonOption = False,
) -> None:
    """Find turbulent interfaces from a scalar, and what changes across them in units of the Taylor scale.

    The outermost surface between clusters of the scalar parts turbulent from still fluid, the next one two turbulent
    zones. The rival rules stand beside it, with how far each conclusion moves.

    **Examples**

    `inscape flow interface jet.nc --at 11.5 --viscosity 0.001 --even-along x,z --report interface.html`

    `inscape flow interface piv_lif.mat --names scalar=dye --over -0.2`
    """
    from inscape.app.flow_reading import Request
    from inscape.app.interface_reading import read_interface

    asked = Request(files, names, mask, order, dt, periodic, False, steps, threads, viscosity)
    _show(lambda: read_interface(asked, at, clusters, over, even_along, out), report, out, json)


@app.command("jet")
def jet(
    out: Annotated[Path, typer.Argument(help="NetCDF file to write.", show_default=False)],
    grid: Annotated[str, typer.Option(help="Points along the stream, across and along the span.")] = "32,48,24",
    box: Annotated[str, typer.Option(help="Lengths in widths of the jet.")] = "4,6,3",
    reynolds: Annotated[float, typer.Option(help="Speed times width over viscosity.")] = 500.0,
    times: Annotated[str, typer.Option(help="Frames: first,last,count.")] = "4,6,9",
    seed: Annotated[int, typer.Option(help="Of the noise in the shear layers.", min=0)] = 0,
    backend: Annotated[str, typer.Option(help="scipy, or torch (on a GPU where there is one).")] = "scipy",
) -> None:
    """Simulate a temporal plane jet with a scalar, and keep its frames.

    **Example**  `inscape flow jet jet.nc --grid 64,96,48 --reynolds 1000 --times 9,14,21`
    """
    from inscape.app.commands import check_places
    from inscape.app.flow_reading import simulate_jet
    from inscape.app.terminal import print_line

    check_places(None, out=out)
    print_line(simulate_jet(out, grid, box, reynolds, times, seed, backend))


def _show(read: Callable[[], Reading], report: Path | None, out: Path | None, json: bool) -> None:
    from inscape.app.commands import check_places

    check_places(report, out=out)
    read().show(json, report)
