"""The cards of all studies, kept on disk: reading them anew imports every study, which takes seconds."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from inscape.app.catalogue.card import Card, card_from_dict, card_of_study
from inscape.atomic import write_text
from inscape.errors import InputError

_LAYOUT = "3"


def study_cards(*, apart: bool = False) -> tuple[Card, ...]:
    """The cards of the studies that stand in the house now, in the order of the reading list.

    They are read from the snapshot; where a study was added or changed since, from the studies themselves.

    Parameters
    ----------
    apart : import the studies in a process of their own, so that this one stays small.

    Raises
    ------
    InputError : if that process cannot be started or fails.
    """
    file = snapshot_file()
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        record = json.loads(file.read_text(encoding="utf-8"))
        return tuple(card_from_dict(card) for card in record["cards"])
    if apart:
        return _read_apart()
    cards = _read_here()
    with contextlib.suppress(InputError, OSError):  # Without a place to keep it, it is read again the next time.
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, _encoded(cards))
        _forget_older(file.parent)
    return cards


def snapshot_file() -> Path:
    """Where the snapshot of these studies is kept: its name changes when any of their files does."""
    import inscape.studies as room

    digest = hashlib.sha256(_LAYOUT.encode())
    for folder in room.__path__:
        for file in sorted(Path(folder).rglob("*.py")):
            state = file.stat()
            digest.update(f"{file.relative_to(folder)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "inscape" / f"studies-{digest.hexdigest()[:16]}.json"


def _read_here() -> tuple[Card, ...]:
    import inscape.studies as room
    from inscape.studies.study import Study

    cards = []
    for module in pkgutil.iter_modules(room.__path__):
        try:
            study = getattr(importlib.import_module(f"{room.__name__}.{module.name}"), "STUDY", None)
        except ImportError:
            # A study whose packages are not installed here does not take the others with it.
            continue
        if isinstance(study, Study):
            cards.append(card_of_study(study))
    return tuple(sorted(cards, key=lambda card: card.slug))


def _read_apart() -> tuple[Card, ...]:
    # Paths of the parent, so that both see the same inscape.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "inscape.app.catalogue.snapshot"],
            capture_output=True, text=True, timeout=300, check=True, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise InputError(f"studies: cannot be read ({said[-1] if said else error}); run: inscape study list") from None
    return tuple(card_from_dict(card) for card in json.loads(done.stdout)["cards"])


def _encoded(cards: tuple[Card, ...]) -> str:
    record: dict[str, Any] = {"cards": [card.as_dict() for card in cards]}
    return json.dumps(record)


def _forget_older(folder: Path) -> None:
    # Some stay, since a checkout and an installation may take turns.
    kept = sorted(folder.glob("studies-*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in kept[4:]:
        file.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.stdout.write(_encoded(study_cards()))
