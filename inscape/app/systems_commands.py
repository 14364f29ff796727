"""`inscape systems list|show|simulate|audit`: the chaos zoo from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from inscape.systems.zoo import Card

app = typer.Typer(
    help="Systems whose law is known: look them up, let them move, measure them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

NameArgument = Annotated[str, typer.Argument(help="Name of the system, such as Lorenz.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON, for other programs.")]


@app.command("list")
def list_systems(
    text: Annotated[str | None, typer.Argument(help="Words in name, description, source or field.")] = None,
    kind: Annotated[str | None, typer.Option(help="flow, delay or map.")] = None,
    dimension: Annotated[int | None, typer.Option(help="Number of state variables.", min=1)] = None,
    polynomial: Annotated[bool | None, typer.Option(help="Whether the law is a polynomial.")] = None,
    chaotic: Annotated[bool | None, typer.Option(help="Whether the audit found chaos.")] = None,
    json: JsonOption = False,
) -> None:
    """List systems.

    **Examples**

    `inscape systems list`

    `inscape systems list lorenz --dimension 3 --polynomial`
    """
    from inscape.app.terminal import number, print_json, print_table
    from inscape.systems import zoo

    names = zoo.search(text, kind=kind, dimension=dimension, polynomial=polynomial, chaotic=chaotic)  # type: ignore[arg-type]
    cards = [zoo.card(name) for name in names]
    if json:
        print_json([_plain(card) for card in cards])
        return
    rows = [
        (c.name, c.kind, str(c.dimension), "" if c.period is None else number(c.period), c.verdict, c.description)
        for c in cards
    ]
    print_table(f"{len(cards)} systems", ("name", "kind", "states", "period", "audit", "description"), rows)


@app.command("show")
def show(name: NameArgument, json: JsonOption = False) -> None:
    """Show one system: its law, parameters, source, published and audited invariants.

    **Example**  `inscape systems show Lorenz`
    """
    from inscape.app.terminal import number, print_json, print_line, print_table
    from inscape.systems import zoo

    card = zoo.card(name)
    system = zoo[name]
    lines = _law(system)
    if json:
        print_json({**_plain(card), "law": lines})
        return
    print_line(f"{card.name}: {card.description}")
    for line in lines:
        print_line(f"  {line}")
    print_line("parameters: " + (", ".join(f"{k} = {number(v)}" for k, v in card.parameters.items()) or "none"))
    print_line(f"source: {card.citation}")
    print_line(f"audit: {card.verdict}" + (f"; {card.notes}" if card.notes else ""))
    rows = []
    for label, invariants in (("published", card.published), ("audited", card.audited)):
        if invariants is None:
            continue
        spectrum = ", ".join(number(e) for e in invariants.exponents)
        largest = "" if invariants.largest_exponent is None else number(invariants.largest_exponent)
        kaplan_yorke = "" if invariants.kaplan_yorke is None else number(invariants.kaplan_yorke)
        rows.append((label, largest, spectrum, kaplan_yorke))
    print_table("Invariants", ("from", "largest exponent", "spectrum", "Kaplan-Yorke dimension"), rows)
    for variant in card.variants:
        print_line(f"variant {variant.name}: {variant.change}")


@app.command("simulate")
def simulate(
    name: NameArgument,
    out: Annotated[Path, typer.Option(help="File to write: CSV, NPZ, Parquet, NetCDF, ...", show_default=False)],
    periods: Annotated[float, typer.Option(help="Length in dominant periods (in steps for a map).", min=0.0)] = 20.0,
    per_period: Annotated[int, typer.Option(help="Samples in a period.", min=1)] = 100,
    noise: Annotated[float, typer.Option(help="Measurement noise as a share of each state's spread.", min=0.0)] = 0.0,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A parameter: --set rho=35. May be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Of the noise and the random instants.", min=0)] = 0,
) -> None:
    """Let a system move and write the recording.

    **Examples**

    `inscape systems simulate Lorenz --out lorenz.csv`

    `inscape systems simulate Lorenz --set rho=35 --noise 0.01 --out noisy.csv`
    """
    import numpy as np

    from inscape.app.terminal import print_line
    from inscape.errors import InputError
    from inscape.systems import zoo
    from inscape.systems.map import Map
    from inscape.trajectories import write

    if not np.isfinite(noise):
        raise InputError(f"--noise: {noise} found, expected a finite share of each state's spread")
    run: Any
    system = zoo[name].with_parameters(**_assignments(set_ or ()))
    if isinstance(system, Map):
        run = system.simulate(steps=max(1, round(periods)), transient=1_000)
    else:
        transient = 10 * (system.period or 10.0)
        run = system.simulate(periods=periods, per_period=per_period, transient=transient)
    if noise:
        spread = run.states.std(axis=0)
        run = run.replace(
            states=run.states + noise * spread * np.random.default_rng(seed).normal(size=run.states.shape)
        )
    write(run, out)
    stopped = run.context.get("stopped")
    print_line(f"{len(run)} samples of {', '.join(run.state_names)} in {out}" + (f"; {stopped}" if stopped else ""))


@app.command("audit")
def audit(
    names: Annotated[list[str], typer.Argument(help="Systems to measure.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Measure a system's invariants anew and set them beside the published ones.

    **Example**  `inscape systems audit Lorenz Rossler`
    """
    from inscape.analysis import audit as measure
    from inscape.app.terminal import print_json, print_rows
    from inscape.systems import zoo

    for name in names:
        zoo.card(name)
    rows = [_plain(measure(name)) for name in names]
    if json:
        print_json(rows)
        return
    for row in rows:
        print_rows(row)


def _law(system: Any) -> list[str]:
    text = getattr(system, "text", None)
    if callable(text):
        return str(text()).splitlines()
    return [f"{s}: {e}" for s, e in zip(system.state_names, system.definition.expressions, strict=True)]


def _assignments(given: list[str] | tuple[()]) -> dict[str, float]:
    from inscape.errors import InputError

    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise InputError(f"--set: {text!r} found, expected a parameter and a number, such as rho=35")
    return values


def _plain(record: Card | Any) -> dict[str, Any]:
    from inscape.app.terminal import plain

    found: dict[str, Any] = plain(record)
    return found
