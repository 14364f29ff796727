"""`Finding`: one thing noticed about a recording, with the mend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing noticed about a recording.

    Parameters
    ----------
    kind : short name of what was found, e.g. "gap".
    message : one line: the thing and what was found.
    mend : what to do about it; empty where nothing need be done.
    rows : the first samples concerned, counted from 0 within the run.
    severity : "error" (laws cannot be learned from this as it stands), "warning" (the result may suffer) or "note".
    """

    kind: str
    message: str
    mend: str = ""
    rows: tuple[int, ...] = ()
    severity: Severity = "warning"

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}{'; ' + self.mend if self.mend else ''}"


class GuessWarning(UserWarning):
    """Something about a file was inferred from its numbers rather than from its labels."""
