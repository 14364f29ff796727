"""What a dynamics network sees of a state and what it is asked for: angles as (cos, sin), changes of the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from inscape.models.dictionary import Library, Terms


@dataclass(frozen=True)
class Coordinates:
    """How a state is read.

    Parameters
    ----------
    states, inputs : how many state variables and inputs there are.
    angles : positions of angles in the state, which enter as (cos, sin) and whose change is taken the short way round.
    absolute : positions of variables that are predicted themselves, not by their change.
    terms : functions of state and inputs, angles as (cos, sin), that are seen in their place.
    """

    states: int
    inputs: int
    angles: tuple[int, ...] = ()
    absolute: tuple[int, ...] = ()
    terms: Terms | None = None

    @classmethod
    def of(
        cls,
        state_names: Sequence[str],
        input_names: Sequence[str],
        angles: Sequence[str | int],
        absolute: Sequence[str | int],
        library: Library | None = None,
    ) -> Coordinates:
        """From names of state variables, or their positions, and a library of functions of them.

        Raises
        ------
        UnknownNameError, InputError : for a name or a position that is none.
        """
        turned = tuple(_place("angles", name, state_names) for name in angles)
        themselves = tuple(_place("absolute", name, state_names) for name in absolute)
        terms = None
        if library is not None:
            plain = [f"cos_{name}" if k in turned else name for k, name in enumerate(state_names)]
            terms = library.terms([*plain, *(f"sin_{state_names[k]}" for k in turned)], input_names)
        return cls(len(state_names), len(input_names), turned, themselves, terms)

    @property
    def features(self) -> int:
        """Numbers that enter the network."""
        return self.states + len(self.angles) + self.inputs if self.terms is None else len(self.terms)

    def seen(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"]
    ) -> Float[np.ndarray, "*batch feature"]:
        """State, with angles as cosines where they stood and sines after, then inputs; or the terms of all these."""
        plain = self._plain(states, inputs)
        return plain if self.terms is None else self.terms.columns(plain)

    def _plain(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        if not self.angles:
            return np.concatenate([states, inputs], axis=-1)
        angles = states[..., list(self.angles)]
        plain = states.copy()
        plain[..., list(self.angles)] = np.cos(angles)
        return np.concatenate([plain, np.sin(angles), inputs], axis=-1)

    def asked(
        self, states: Float[np.ndarray, "sample state"], nexts: Float[np.ndarray, "sample state"]
    ) -> Float[np.ndarray, "sample state"]:
        """The change from a state to the next one, or the next value itself where that is asked for."""
        change = nexts - states
        if self.angles:
            turned = change[:, list(self.angles)]
            change[:, list(self.angles)] = (turned + np.pi) % (2.0 * np.pi) - np.pi
        if self.absolute:
            change[:, list(self.absolute)] = nexts[:, list(self.absolute)]
        return change

    def moved(
        self, states: Float[np.ndarray, "*batch state"], answers: Float[np.ndarray, "*batch state"]
    ) -> Float[np.ndarray, "*batch state"]:
        """The next state from an answer; the inverse of `asked`."""
        nexts = states + answers
        if self.absolute:
            nexts[..., list(self.absolute)] = answers[..., list(self.absolute)]
        return nexts


def _place(label: str, name: str | int, known: Sequence[str]) -> int:
    if isinstance(name, str):
        if name not in known:
            raise UnknownNameError(f"{label}: state", name, known)
        return list(known).index(name)
    if not 0 <= int(name) < len(known):
        raise InputError(f"{label}: position {name} found, expected 0 to {len(known) - 1}")
    return int(name)
