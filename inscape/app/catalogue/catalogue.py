"""`Catalogue`: the reading list, each paper once, with what was measured of it here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from inscape.app.catalogue.card import Card, read_card
from inscape.app.catalogue.snapshot import study_cards
from inscape.errors import UnknownNameError

if TYPE_CHECKING:
    from inscape.app.catalogue.search import Search

CARDS = Path(__file__).parent / "cards"


@dataclass(frozen=True)
class Catalogue:
    """Cards in the order of the reading list, then studies that are no paper's, then the user's own.

    Iterating gives the cards; `card(name)` finds one.
    """

    cards: tuple[Card, ...]

    @classmethod
    def read(cls, own: Iterable[Card] = (), *, apart: bool = False) -> Catalogue:
        """The studies of the house, the planned papers beside them, and a list of one's own.

        A planned paper whose study has come is the study's. A paper of one's own list that is here already is left out.

        Parameters
        ----------
        own : cards of an imported list.
        apart : read the studies in a process of their own, where no snapshot of them is kept.
        """
        studies = study_cards(apart=apart)
        numbers = {card.number for card in studies}
        planned = [card for card in planned_cards() if card.number not in numbers]
        listed = sorted((*studies, *planned), key=lambda card: (card.number is None, card.slug))
        known = {card.paper.arxiv for card in listed if card.paper.arxiv} | {card.slug for card in listed}
        return cls((*listed, *(card for card in own if card.paper.arxiv not in known and card.slug not in known)))

    def __iter__(self) -> Iterator[Card]:
        return iter(self.cards)

    def __len__(self) -> int:
        return len(self.cards)

    def card(self, name: str | int) -> Card:
        """A card by number, slug, name or arXiv id.

        Raises
        ------
        UnknownNameError : if there is none; it lists the nearest.
        """
        text = str(name)
        for card in self.cards:
            if text in (card.slug, card.name, card.paper.arxiv) and text:
                return card
            if text.isdecimal() and len(text) < 9 and card.number == int(text):
                return card
        raise UnknownNameError("paper", text[:200], [card.slug for card in self.cards])

    @cached_property
    def search(self) -> Search:
        """The index over titles, summaries and claims; made at the first question."""
        from inscape.app.catalogue.search import Search

        return Search(self.cards)


def planned_cards(folder: Path = CARDS) -> tuple[Card, ...]:
    """The papers of the reading list that have no study yet.

    Raises
    ------
    InputError : if a card cannot be read; the message names it.
    """
    return tuple(read_card(file) for file in sorted(folder.glob("*.toml")))
