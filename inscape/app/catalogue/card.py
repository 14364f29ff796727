"""`Card`: one paper of the reading list, its claims as numbers, and how it is run here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from inscape.errors import InputError
from inscape.studies.paper import Claim, Judged, Measured, Paper

if TYPE_CHECKING:
    from inscape.studies.study import Study

Direction = Literal["higher", "lower", "near", "reported"]
State = Literal["runs here", "planned", "yours"]


@dataclass(frozen=True)
class CardClaim:
    """A claim on a card.

    `direction` says which way is better for the claim: "higher" or "lower" than its bound, "near" where it has two, and
    "reported" where it is told and not judged.
    """

    claim: Claim
    direction: Direction

    @classmethod
    def of(cls, claim: Claim) -> CardClaim:
        """A study's claim; its bounds say its direction."""
        if claim.at_least is not None and claim.at_most is not None:
            return cls(claim, "near")
        return cls(
            claim, "higher" if claim.at_least is not None else "lower" if claim.at_most is not None else "reported"
        )


@dataclass(frozen=True)
class Card:
    """A paper.

    Parameters
    ----------
    slug : its name in addresses and folders, such as "22-chaos-zoo".
    number : its number in the reading list; None for a study that is no paper's, and for papers of one's own list.
    call_name : what `inscape study run` is told.
    claims : its numbers; `questions` are claims of which no number is known to us.
    state : "runs here" where there is a study, "planned" where there will be, "yours" for an imported one.
    example : lines of Python that do it with a reader's own data.
    """

    slug: str
    name: str
    paper: Paper
    number: int | None = None
    call_name: str = ""
    summary: str = ""
    claims: tuple[CardClaim, ...] = ()
    questions: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    state: State = "planned"
    example: str = ""

    def judge(self, measured: Mapping[str, Measured], scale: str) -> list[Judged]:
        """Every claim beside our number, as of a run at a scale."""
        is_trial = scale == "smoke"
        return [Judged(c.claim, measured.get(c.claim.name), is_trial) for c in self.claims]

    def as_dict(self) -> dict[str, Any]:
        """The card as plain data; `card_from_dict` reads it again."""
        return asdict(self)


def card_of_study(study: Study) -> Card:
    """A study's card: all of it follows from the study."""
    return Card(
        slug=study.slug,
        name=study.name,
        paper=study.paper,
        number=study.number,
        call_name=study.call_name,
        summary=study.summary,
        claims=tuple(CardClaim.of(claim) for claim in study.claims),
        rooms=study.rooms,
        needs=study.needs,
        state="runs here",
        example=study.example,
    )


def card_from_dict(record: Mapping[str, Any]) -> Card:
    """The inverse of `Card.as_dict`."""
    claims = tuple(CardClaim(Claim(**c["claim"]), c["direction"]) for c in record["claims"])
    lists: dict[str, Any] = {name: tuple(record[name]) for name in ("questions", "rooms", "needs")}
    plain: dict[str, Any] = {
        name: record[name] for name in ("slug", "name", "number", "call_name", "summary", "state", "example")
    }
    return Card(paper=Paper(**record["paper"]), claims=claims, **lists, **plain)


def read_card(file: Path) -> Card:
    """A card written by hand in TOML, as those in `cards/` beside this file.

    It has `name`, `number`, `title`, `year`, `summary` and, where they are known, `authors`, `arxiv`, `doi`, `venue`,
    `rooms`, `questions`, and a table `[[claims]]` for each claim with `metric`, `number`, `direction` and, where they
    are known, `unit` and `setting`.

    Raises
    ------
    InputError : if it is no TOML, a field is missing or not known, or a claim lacks its metric, number or direction:
        the message names the card, the claim and the field.
    """
    try:
        record = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file.name}: no TOML ({error}); mend the card") from None
    about = f"card {file.name}"
    _expect(record, about, needed=("name", "number", "title", "year", "summary"), allowed=(
        "authors", "arxiv", "doi", "venue", "rooms", "questions", "claims"))  # fmt: skip
    paper_fields = {field.name for field in fields(Paper)}
    return Card(
        slug=file.stem,
        name=record["name"],
        paper=Paper(**{key: value for key, value in record.items() if key in paper_fields}),
        number=record["number"],
        summary=record["summary"],
        claims=tuple(_claim(about, k, claim) for k, claim in enumerate(record.get("claims", []), 1)),
        questions=tuple(record.get("questions", ())),
        rooms=tuple(record.get("rooms", ())),
    )


def _claim(about: str, k: int, record: Mapping[str, Any]) -> CardClaim:
    about = f"{about}, claim {k}" + (f" ({record['metric']!r})" if "metric" in record else "")
    _expect(record, about, needed=("metric", "number", "direction"), allowed=("unit", "setting"))
    if isinstance(record["number"], bool) or not isinstance(record["number"], (int, float)):
        raise InputError(f"{about}: number {record['number']!r} found, expected a number")
    if record["direction"] not in get_args(Direction):
        raise InputError(f"{about}: direction {record['direction']!r} found, expected {', '.join(get_args(Direction))}")
    claim = Claim(
        f"c{k}", record["metric"], paper=float(record["number"]), unit=record.get("unit", ""),
        setting=record.get("setting", ""),
    )  # fmt: skip
    return CardClaim(claim, record["direction"])


def _expect(record: Mapping[str, Any], about: str, needed: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    missing = [field for field in needed if record.get(field) in (None, "")]
    if missing:
        raise InputError(f"{about}: no {' and no '.join(missing)} found; a card needs {', '.join(needed)}")
    strange = [field for field in record if field not in (*needed, *allowed)]
    if strange:
        raise InputError(f"{about}: field {strange[0]!r} is not known; fields are {', '.join((*needed, *allowed))}")
