"""A learned law on disk: JSON, arrays and plain text in one folder, readable without inscape and never unpickled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.atomic import draft_of
from inscape.errors import InputError

if TYPE_CHECKING:
    from inscape.app.learned import Learned
    from inscape.models.conformal import Bands
    from inscape.models.model import Model
    from inscape.systems.symbolic import SymbolicSystem
    from inscape.trajectories import Trajectory

MARK = "inscape model"
VERSION = 1
_KEPT_HISTORY = 2_000


@dataclass(frozen=True, eq=False)
class KeptModel:
    """A model that came back from its folder.

    Parameters
    ----------
    model : the fitted estimator.
    history : the end of the recording it learned from.
    bands : half-widths of its calibrated forecast band.
    headline, equations : what was said of it.
    """

    model: Model
    history: Trajectory
    bands: Bands
    headline: str
    equations: tuple[str, ...]

    @property
    def law(self) -> SymbolicSystem:
        """The law as a system; AttributeError where the model has none."""
        return self.model.law

    def forecast(self, horizon: int | None = None, history: Any = None) -> Trajectory:
        """What comes after `history`, or after the recording that the model learned from.

        Parameters
        ----------
        horizon : samples; as many as the band was calibrated for if None.
        """
        from inscape.models.contest import continued

        past = self.history if history is None else history
        return continued(self.model, past, len(self.bands.half_widths) if horizon is None else horizon)


def save(learned: Learned, folder: str | Path) -> Path:
    """Keep the winner of the main job.

    The folder holds `model.json` (class, settings, learned numbers), `arrays.npz`, and `law.txt`. It appears whole or
    not at all, and replaces an older model folder of that name.

    Raises
    ------
    InputError : if something else stands there, or the model holds code that cannot be kept.
    """
    from inscape.app.model_state import encode_model

    target = Path(folder)
    if target.exists() and not is_model_folder(target):
        raise InputError(f"{target}: is there already and is no model folder; choose another name")
    if not target.absolute().parent.is_dir():
        raise InputError(f"{target.absolute().parent}: no such folder; make it first")
    contest = learned.contest
    history = contest.recording[-1][-_KEPT_HISTORY:]
    record, arrays = encode_model(contest.model)
    arrays |= {"history.times": history.times, "history.states": history.states}
    if history.inputs is not None:
        arrays["history.inputs"] = history.inputs
    arrays["bands.half_widths"] = contest.bands.half_widths
    document = {
        "kind": MARK,
        "version": VERSION,
        "headline": learned.verdict.headline,
        "equations": list(learned.equations),
        "model": record,
        "bands": {
            "level": contest.bands.level,
            "promised": contest.bands.promised,
            "forecasts": contest.bands.forecasts,
        },
        "history": {
            "state_names": list(history.state_names),
            "input_names": list(history.input_names),
            "units": dict(history.units),
            "source": history.source,
        },
        "settings": dict(learned.settings),
        "versions": dict(learned.versions),
    }
    with draft_of(target.absolute()) as draft:
        draft.mkdir()
        (draft / "model.json").write_text(json.dumps(document, indent=2, ensure_ascii=False), encoding="utf-8")
        with (draft / "arrays.npz").open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        (draft / "law.txt").write_text(_law_text(learned), encoding="utf-8")
    return target


def load(folder: str | Path) -> KeptModel:
    """Bring a model back from the folder that `inscape learn --save` wrote.

    Raises
    ------
    InputError : if the folder is none of these, or is damaged.
    """
    from inscape.app.model_state import decode_model
    from inscape.models.conformal import Bands
    from inscape.trajectories import Trajectory

    place = Path(folder)
    if not is_model_folder(place):
        raise InputError(
            f"{place}: no model.json found, expected a folder written by: inscape learn FILE --save FOLDER"
        )
    try:
        document = json.loads((place / "model.json").read_text(encoding="utf-8"))
        if document.get("kind") != MARK or document.get("version") != VERSION:
            raise InputError(f"{place}: {document.get('kind')!r} of version {document.get('version')!r} found, "
                             f"expected {MARK!r} of version {VERSION}")  # fmt: skip
        with np.load(place / "arrays.npz", allow_pickle=False) as opened:
            arrays = {key: opened[key] for key in opened.files}
        model = decode_model(document["model"], arrays)
        labels = document["history"]
        history = Trajectory(
            arrays["history.times"],
            arrays["history.states"],
            inputs=arrays.get("history.inputs"),
            state_names=tuple(labels["state_names"]),
            input_names=tuple(labels["input_names"]),
            units=labels["units"],
            source=labels["source"],
        )
        bands = Bands(half_widths=arrays["bands.half_widths"], **document["bands"])
        return KeptModel(model, history, bands, document["headline"], tuple(document["equations"]))
    except InputError:
        raise
    except Exception as error:  # a damaged file fails in as many ways as there are bytes
        detail = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{place}: the model folder is damaged ({detail}); learn it anew") from None


def is_model_folder(place: str | Path) -> bool:
    """Whether a path is a folder that holds a model."""
    return (Path(place) / "model.json").is_file()


def _law_text(learned: Learned) -> str:
    lines = [learned.verdict.headline, *learned.verdict.sentences, "", f"winner: {learned.contest.winner.name}"]
    lines += learned.equations or ("(no equation: the numbers are in arrays.npz)",)
    return "\n".join(lines) + "\n"
