"""Write docs/zoo-table.md, the table of every system with its published and audited exponents, from the package's data.

Run as `python tools/make_zoo_table.py`.
"""

from __future__ import annotations

from pathlib import Path

from inscape.systems import zoo
from inscape.systems.zoo.cards import Card, Invariants

TABLE = Path(__file__).resolve().parents[1] / "docs" / "zoo-table.md"
TITLES = {"flow": "Ordinary differential equations", "delay": "Delay equations", "map": "Maps"}


def largest(found: Invariants | None) -> str:
    """The largest exponent with its error, where it is known."""
    if found is None or found.largest_exponent is None:
        return ""
    error = f" ± {found.errors[0]:.1g}" if found.errors else ""
    return f"{found.largest_exponent:.4g}{error}"


def dimension(found: Invariants | None) -> str:
    return "" if found is None or found.kaplan_yorke is None else f"{found.kaplan_yorke:.3g}"


def line(card: Card) -> str:
    """One row of the table."""
    published = card.published.exponents[0] if card.published.exponents else None
    cells = (
        card.name,
        str(card.dimension),
        "" if card.polynomial_degree is None else str(card.polynomial_degree),
        f"{card.period:.4g}",
        "" if published is None else f"{published:.4g}",
        largest(card.audited),
        dimension(card.audited),
        card.verdict,
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the page."""
    parts = [
        "# The zoo, system by system",
        "",
        "Written by `tools/make_zoo_table.py` from the data in the package; do not edit. Exponents are per time unit "
        "of the system (per step for a map): `published` with Gilpin's collection, `audited` by inscape, with one "
        "standard error.",
    ]
    for kind, title in TITLES.items():
        parts += [
            "",
            f"## {title}",
            "",
            "| system | states | degree | period | published | audited | Kaplan-Yorke | verdict |",
        ]
        parts += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
        parts += [line(zoo.card(name)) for name in zoo.names(kind)]
    parts += ["", "## Mended variants", "", "| variant | largest exponent | what was changed |", "| --- | --- | --- |"]
    for name in zoo.search(fixed=True):
        for variant in zoo.card(name).variants:
            measured = f"{variant.largest_exponent:.4g} ± {variant.error:.1g}"
            parts.append(f"| {variant.name} | {measured} | {variant.change} |")
    parts += ["", "## Known problems", ""]
    parts += [f"- **{name}**: {zoo.card(name).notes}" for name in zoo if zoo.card(name).notes]
    TABLE.write_text("\n".join(parts) + "\n", encoding="utf-8")
    print(f"{len(zoo)} systems in {TABLE.name}")


if __name__ == "__main__":
    main()
