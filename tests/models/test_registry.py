"""Laws join the contest by registering."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.models import registry
from inscape.models.contest import hold_contest
from inscape.models.persistence import Persistence
from inscape.models.registry import candidates, families, register
from inscape.trajectories import Trajectories, as_trajectories


@pytest.fixture
def own_laws() -> Iterator[None]:
    families()
    before = dict(registry._REGISTERED)
    yield
    registry._REGISTERED.clear()
    registry._REGISTERED.update(before)


def recording(samples: int = 300, states: int = 2) -> Trajectories:
    return as_trajectories(np.random.default_rng(0).normal(size=(samples, states)), dt=0.1)


def test_the_house_enters_references_and_laws() -> None:
    assert {"persistence", "mean", "seasonal", "dmd", "nvar", "sindy"} <= set(families())


@pytest.mark.usefixtures("own_laws")
def test_a_law_joins_by_registering_and_competes() -> None:
    @register("doubling")
    def doubling(trajectories: Trajectories) -> list[tuple[str, Persistence]]:
        return [("my own", Persistence("drift"))]

    contest = hold_contest(recording(), laws=["doubling"], jobs=1)
    assert "my own" in [entry.name for entry in contest.entries]


@pytest.mark.usefixtures("own_laws")
def test_a_candidate_without_a_label_is_named_by_its_settings() -> None:
    @register("bare")
    def bare(trajectories: Trajectories) -> list[Persistence]:
        return [Persistence("drift")]

    assert [c.label for c in candidates(recording(), ["bare"]) if c.family == "bare"] == ["Persistence(kind='drift')"]


def test_choosing_laws_keeps_the_references_to_measure_them_against() -> None:
    entered = {c.family for c in candidates(recording(), ["dmd"])}
    assert "dmd" in entered
    assert "sindy" not in entered
    assert {c.family for c in candidates(recording(), ["dmd"]) if c.is_reference} >= {"persistence", "mean"}


def test_an_unknown_law_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(UnknownNameError, match="sindy"):
        candidates(recording(), ["sindi"])


def test_a_law_without_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="name"):
        register("  ")


def test_a_wide_recording_is_met_with_narrow_laws() -> None:
    # 40 state variables: a cubic dictionary would have 12,341 columns.
    for candidate in candidates(recording(400, 40)):
        assert "cubic" not in candidate.label


def test_a_short_recording_is_not_fitted_with_more_terms_than_samples() -> None:
    labels = [c.label for c in candidates(recording(12, 2))]
    assert not any("cubic" in label or "32 samples" in label for label in labels)


@pytest.mark.usefixtures("own_laws")
def test_a_family_that_breaks_is_left_out_with_a_warning() -> None:
    @register("breaking")
    def breaking(trajectories: Trajectories) -> list[tuple[str, Persistence]]:
        raise ZeroDivisionError("no candidates today")

    with pytest.warns(UserWarning, match="law 'breaking' is left out: ZeroDivisionError: no candidates today"):
        entered = candidates(recording(), ["breaking", "dmd"])
    assert {"persistence", "mean", "dmd"} <= {c.family for c in entered}
