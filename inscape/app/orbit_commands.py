"""`inscape orbit FILE` and `inscape orbit rank FILE`: what event times of planets say, printed and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


class _FitUnlessNamed(typer.core.TyperGroup):
    """A group whose first argument may be a file: `inscape orbit times.csv` is `inscape orbit fit times.csv`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["fit", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_FitUnlessNamed,
    help="Does a planet's orbit decay or turn? Event times and velocities, fitted and doubted: `inscape orbit FILE`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

ReportOption = Annotated[Path | None, typer.Option(help="Write a page: one HTML file with interactive plots.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON, for other programs.")]
SeedOption = Annotated[int, typer.Option(help="Every random choice follows from it.", min=0)]
ScaleOption = Annotated[
    str | None,
    typer.Option(help='Time scale to keep, as the file names it: BJD_TDB; or "any". Mixed ones are refused.'),
]


@app.command("fit")
def fit(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Event times: ETD, ExoClock, CDS, orbdot, susie, or any table with a header.", show_default=False
        ),
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="Times that come with inscape: wasp-12, wasp-43 or wasp-4.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="The planet, where the file holds several: WASP-43.")] = None,
    velocities: Annotated[
        Path | None, typer.Option(help="Radial velocities: fitted together with the times.", show_default=False)
    ] = None,
    scale: ScaleOption = None,
    columns: Annotated[
        str | None,
        typer.Option(help="What the file calls things, where they are not found: 'time=T_c,error=unc,epoch=N'."),
    ] = None,
    period: Annotated[float | None, typer.Option(help="About, days, where the file has no epochs.")] = None,
    jitter: Annotated[str, typer.Option(help="Scatter beyond the errors: none, one or 'per source'.")] = "one",
    clip: Annotated[str, typer.Option(help="Leave out: none, '3 errors' or '3 scatters' off a parabola.")] = "none",
    keep_refits: Annotated[
        bool, typer.Option("--keep-refits", help="Keep fits of light curves that other rows report already.")
    ] = False,
    low: Annotated[float, typer.Option(help="Slowest precession sought, degrees a day.", min=0.0)] = 0.03,
    high: Annotated[float, typer.Option(help="Fastest precession sought, degrees a day.", min=0.0)] = 0.5,
    simulations: Annotated[int, typer.Option(help="Of noise, for the false-alarm probability.", min=1)] = 1000,
    star: Annotated[
        str | None, typer.Option(help="Mass and radius of the star in the Sun's: 0.717,0.667. With --planet: tides.")
    ] = None,
    planet: Annotated[str | None, typer.Option(help="Mass and radius of the planet in Jupiter's: 2.034,1.036.")] = None,
    report: ReportOption = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Fit a constant, a decaying and a turning orbit to event times, and say how far each verdict can be believed.

    The table is audited first: time scales, repeated events, impossible errors. Then come the fits with their jitter,
    the periodogram of precession with its false alarms and aliases, the verdict under every defensible choice, the
    nights that would tell rival rates apart, and, with the bodies given, what tides would have to be.

    **Examples**

    `inscape orbit --sample wasp-43 --star 0.717,0.667 --planet 2.034,1.036 --report wasp-43.html`

    `inscape orbit times.csv --velocities rv.txt --jitter 'per source'`
    """
    from inscape.app.orbit_reading import read_orbit

    read_orbit(
        file, sample=sample, system=system, velocities=velocities, scale=scale, columns=columns, period=period,
        jitter=jitter, clip=clip, keep_refits=keep_refits, rates=(low, high), simulations=simulations, star=star,
        planet=planet, seed=seed, report=report,
    ).show(json, report)  # fmt: skip


@app.command("rank")
def rank(
    file: Annotated[Path, typer.Argument(help="A table of many planets, such as Ivshina & Winn (2022).")],
    count: Annotated[int, typer.Option(help="Planets shown.", min=1)] = 20,
    scale: ScaleOption = "BJD_TDB",
    jitter: Annotated[str, typer.Option(help="Scatter beyond the errors: none, one or 'per source'.")] = "one",
    report: ReportOption = None,
    json: JsonOption = False,
) -> None:
    """Ask every planet of a table whether its orbit decays, grows or turns; the surest first.

    **Example**  `inscape orbit rank transit_times.csv --count 30 --report doomed.html`
    """
    from inscape.app.orbit_reading import read_ranking

    read_ranking(file, count, scale or "any", jitter, report).show(json, report)
