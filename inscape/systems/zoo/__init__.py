"""The chaos zoo: 135 flows and 23 maps with periods, sources and invariants. The door is `inscape.systems.zoo`."""

from inscape.systems.zoo.cards import Card, Invariants, Variant
from inscape.systems.zoo.collection import Zoo

__all__ = ["Card", "Invariants", "Variant", "Zoo"]
