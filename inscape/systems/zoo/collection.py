"""`Zoo`: every system of the collection by its name, loaded when asked for."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from inscape.errors import InputError, UnknownNameError
from inscape.systems.zoo.cards import KINDS, NOT_AUDITED, Card, Invariants, Kind, Variant

if TYPE_CHECKING:
    from inscape.systems.delay_flow import DelayFlow
    from inscape.systems.flow import Flow
    from inscape.systems.map import Map

PACKAGE = "inscape.systems.zoo"


class Zoo:
    """The chaos zoo: 129 ordinary and 6 delay differential equations and 23 maps (Gilpin 2021, arXiv 2110.05266).

    ::

        zoo["Lorenz"]                      # the system itself
        zoo["MackeyGlass", "chaotic"]      # a mended form of it
        zoo.card("Lorenz")                 # what is known of it
        zoo.search(polynomial=True, dimension=3, chaotic=True)

    Names are found in upper and lower case alike; an unknown one raises UnknownNameError with the three nearest.
    """

    def __getitem__(self, name: str | tuple[str, str]) -> Flow | DelayFlow | Map:
        if isinstance(name, tuple):
            return self.variant(*name)
        key = self._key(name)
        if key in self._variants:
            return self._build_variant(self._variants[key])
        return self._build(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalogue)

    def __len__(self) -> int:
        return len(self._catalogue)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._spelling

    def __repr__(self) -> str:
        return f"Zoo({len(self)} systems)"

    def names(self, kind: Kind | None = None, *, variants: bool = False) -> tuple[str, ...]:
        """Names of all systems, or of one kind ("flow", "delay", "map"), with those of the mended forms if asked."""
        _check_kind(kind)
        chosen = [name for name, entry in self._catalogue.items() if kind in (None, entry["kind"])]
        if variants:
            chosen += [name for name, variant in self._variants.items() if variant.of in set(chosen)]
        return tuple(chosen)

    def search(
        self,
        text: str | None = None,
        *,
        kind: Kind | None = None,
        dimension: int | None = None,
        polynomial: bool | None = None,
        chaotic: bool | None = None,
        smooth: bool | None = None,
        forced: bool | None = None,
        field: str | None = None,
        fixed: bool | None = None,
    ) -> tuple[str, ...]:
        """Names of the systems that meet every condition given.

        Parameters
        ----------
        text : found in the name, description, citation or fields, in upper and lower case alike.
        kind, dimension : "flow", "delay" or "map"; number of state variables.
        polynomial : whether the right-hand side is a polynomial in the states.
        chaotic : what the audit found; a system on which it could not decide meets neither True nor False.
        smooth : whether the law is free of kinks and jumps.
        forced : whether one state is only the clock of a periodic forcing.
        field : a science: "physics", "ecology", "neuroscience", ... (see `fields`).
        fixed : whether a mended variant stands beside the published form.
        """
        _check_kind(kind)
        if field is not None and field not in self.fields:
            raise UnknownNameError("field", str(field), self.fields)

        def meets(card: Card) -> bool:
            words = " ".join((card.name, card.description, card.citation, *card.fields)).lower()
            return (
                (text is None or text.lower() in words)
                and kind in (None, card.kind)
                and dimension in (None, card.dimension)
                and polynomial in (None, card.is_polynomial)
                and (chaotic is None or card.is_chaotic is chaotic)
                and smooth in (None, card.is_smooth)
                and forced in (None, card.is_forced)
                and (field is None or field in card.fields)
                and fixed in (None, bool(card.variants))
            )

        return tuple(name for name in self if meets(self.card(name)))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The sciences that the systems come from."""
        return tuple(sorted({field for entry in self._catalogue.values() for field in entry["fields"]}))

    def card(self, name: str) -> Card:
        """What is known of a system: parameters, source, published and audited invariants, verdict, known problems."""
        key = self._key(name)
        if key in self._variants:
            key = self._variants[key].of
        entry = self._catalogue[key]
        audited, verdict = self._audit.get(key, (None, NOT_AUDITED))
        return Card(
            name=key,
            kind=entry["kind"],
            dimension=len(entry["state_names"]),
            state_names=tuple(entry["state_names"]),
            parameters=MappingProxyType(entry["parameters"]),
            initial=tuple(entry["initial"]),
            period=entry["period"],
            description=entry["description"],
            citation=entry["citation"],
            fields=tuple(entry["fields"]),
            polynomial_degree=entry["polynomial_degree"],
            nonsmooth=tuple(entry["nonsmooth"]),
            phase=entry["phase"],
            unbounded=tuple(entry["unbounded"]),
            bounded_view=tuple(entry["bounded_view"]),
            published=Invariants(**{k: _frozen(v) for k, v in entry["published"].items()}),
            audited=audited,
            verdict=verdict,
            notes=entry["notes"],
            variants=tuple(v for v in self._variants.values() if v.of == key),
        )

    def variant(self, name: str, label: str | None = None) -> Flow | DelayFlow | Map:
        """A mended or second form of a published system; `label` may be left out where there is only one."""
        key = self._key(name)
        if key in self._variants:
            return self._build_variant(self._variants[key])
        variants = {v.label: v for v in self._variants.values() if v.of == key}
        if not variants:
            raise InputError(f"{key}: no variant found; zoo.search(fixed=True) lists the systems that have one")
        if label is None and len(variants) > 1:
            raise InputError(f"{key}: {len(variants)} variants found, expected a label: {', '.join(variants)}")
        if label is not None and label not in variants:
            raise UnknownNameError(f"variant of {key}", str(label), variants)
        return self._build_variant(variants[label or next(iter(variants))])

    def _key(self, name: str) -> str:
        if not isinstance(name, str):
            raise InputError(f"zoo: a name of type {type(name).__name__} found, expected a string such as 'Lorenz'")
        if name.lower() not in self._spelling:
            raise UnknownNameError("system", name, self._spelling.values())
        return self._spelling[name.lower()]

    def _build(self, key: str) -> Flow | DelayFlow | Map:
        entry = self._catalogue[key]
        law = getattr(import_module(f"{PACKAGE}.{entry['module']}"), key)
        return type(law)(
            law.definition,
            name=key,
            initial=entry["initial"],
            period=entry["period"],
            description=law.description,
            citation=entry["citation"],
        )

    def _build_variant(self, variant: Variant) -> Flow | DelayFlow | Map:
        published = self._build(variant.of)
        law = published if variant.law == variant.of else getattr(import_module(f"{PACKAGE}.variants"), variant.law)
        return type(law)(
            law.definition.with_parameters(variant.parameters),
            name=variant.name,
            initial=published.initial if variant.initial is None else variant.initial,
            period=variant.period or published.period,
            description=f"{law.description} {variant.change}",
            citation=published.citation,
        )

    @cached_property
    def _catalogue(self) -> dict[str, dict[str, Any]]:
        return json.loads(files(PACKAGE).joinpath("catalogue.json").read_text(encoding="utf-8"))

    @cached_property
    def _spelling(self) -> dict[str, str]:
        return {name.lower(): name for name in (*self._catalogue, *self._variants)}

    @cached_property
    def _variants(self) -> dict[str, Variant]:
        rows = json.loads(files(PACKAGE).joinpath("variants.json").read_text(encoding="utf-8"))
        return {row["name"]: Variant(**{k: _frozen(v) for k, v in row.items()}) for row in rows}

    @cached_property
    def _audit(self) -> dict[str, tuple[Invariants, str]]:
        shapes = _table("shapes.csv")
        return {
            name: (_audited(row, shapes.get(name, {})), row["verdict"]) for name, row in _table("audited.csv").items()
        }


def _table(file: str) -> dict[str, dict[str, str]]:
    path = Path(str(files(PACKAGE).joinpath(file)))
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as rows:
        return {row["name"]: row for row in csv.DictReader(rows)}


def _audited(row: dict[str, str], shape: dict[str, str]) -> Invariants:
    exponents = tuple(json.loads(row["exponents"] or "[]"))

    def number(table: dict[str, str], column: str) -> float | None:
        return float(table[column]) if table.get(column) else None

    return Invariants(
        exponents=exponents,
        errors=tuple(json.loads(row["errors"] or "[]")),
        largest_exponent=exponents[0] if exponents else None,
        kaplan_yorke=number(row, "kaplan_yorke"),
        kaplan_yorke_error=number(row, "kaplan_yorke_error"),
        correlation_dimension=number(shape, "correlation_dimension"),
        correlation_dimension_error=number(shape, "correlation_dimension_error"),
        multiscale_entropy=number(shape, "multiscale_entropy"),
        pesin_entropy=sum(e for e in exponents if e > 0) if exponents else None,
        duration=number(row, "duration_periods"),
    )


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType(value)
    return tuple(value) if isinstance(value, list) else value


def _check_kind(kind: object) -> None:
    if kind is not None and kind not in KINDS:
        raise InputError(f"kind: {kind!r} found, expected one of {', '.join(KINDS)}")
