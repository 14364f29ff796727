"""`Instruments`: several instruments on one network, entered, advanced and taken off together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Self

from inscape.errors import InputError


class Instruments(Sequence[Any]):
    """A kit of instruments: `with Instruments(clamp, recorder) as kit: ... kit.advance(step=100)`.

    They act in the order given: a recorder after a clamp sees the clamped value, one before it the natural one.

    Parameters
    ----------
    *instruments : clamps, recorders, or any context manager, such as `attention.exposed(model)`; kits may hold kits.
    """

    def __init__(self, *instruments: AbstractContextManager[Any]):
        wrong = [one for one in instruments if not hasattr(one, "__enter__") or not hasattr(one, "__exit__")]
        if wrong:
            raise InputError(f"Instruments: a {type(wrong[0]).__name__} found, expected instruments")
        self._instruments = instruments
        self._stack = ExitStack()

    def __len__(self) -> int:
        return len(self._instruments)

    def __getitem__(self, number: Any) -> Any:
        return self._instruments[number]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for instrument in self._instruments:
                stack.enter_context(instrument)
            # All were entered: what would undo them now waits for the end of the block.
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    @property
    def is_attached(self) -> bool:
        """Whether all that can be attached are: inside the `with` block."""
        return all(getattr(one, "is_attached", True) for one in self._instruments)

    def advance(self, step: int | None = None, measures: Mapping[str, Any] | None = None) -> None:
        """Tell every instrument of the step that begins and of the newest measures; see `Instrument.advance`."""
        for instrument in self._instruments:
            if hasattr(instrument, "advance"):
                instrument.advance(step=step, measures=measures)

    @contextmanager
    def suspended(self) -> Iterator[Self]:
        """A block within the block in which none of them does anything."""
        with ExitStack() as stack:
            for instrument in self._instruments:
                if hasattr(instrument, "suspended"):
                    stack.enter_context(instrument.suspended())
            yield self
