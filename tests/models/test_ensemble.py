"""Ensembles: the median of laws, and the choice by training data alone."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.app.samples import lorenz
from inscape.errors import InputError
from inscape.models import DMD, NVAR, Ensemble, KernelRegression, Persistence, SINDy
from inscape.models.ensemble import joined
from inscape.models.held_out import TimeSplit, windows
from inscape.models.registry import Candidate, candidates
from inscape.models.scores import score_of
from inscape.models.selection import Tried, choose, elected, heat, median_errors, spread
from inscape.trajectories import as_trajectories

RUN = lorenz(samples=500)


def test_the_median_of_three_forecasts_is_the_middle_one():
    members = [Persistence("last"), Persistence("mean"), DMD()]
    ensemble = Ensemble(members).fit(RUN)
    each = np.stack([m.forecast(RUN, 20).states for m in ensemble.members_])
    assert ensemble.forecast(RUN, 20).states == pytest.approx(np.median(each, axis=0))


def test_a_law_that_diverged_no_longer_votes():
    far = np.array([[np.inf, 5.0], [np.nan, np.nan]])
    near = np.array([[1.0, 1.0], [2.0, np.nan]])
    assert np.array_equal(joined([far, near], "mean"), np.array([[1.0, 3.0], [2.0, np.nan]]), equal_nan=True)


def test_a_law_that_cannot_be_fitted_is_left_out_and_named():
    ensemble = Ensemble([DMD(), KernelRegression(lags=400)]).fit(RUN[:300])
    assert len(ensemble.members_) == 1
    assert "300 samples, expected over 401" in ensemble.failures_[0]


def test_an_ensemble_of_laws_that_all_fail_is_refused():
    with pytest.raises(InputError, match="none of 1 could be fitted"):
        Ensemble([KernelRegression(lags=400)]).fit(RUN[:300])


@pytest.mark.parametrize("members", [[], ["DMD"], None])
def test_members_must_be_models(members: object):
    with pytest.raises(InputError, match="members: "):
        Ensemble(members).fit(RUN)  # type: ignore[arg-type]


def test_an_unknown_rule_is_named():
    with pytest.raises(InputError, match="rule: 'mode' found"):
        Ensemble([DMD()], "mode").fit(RUN)  # type: ignore[arg-type]


def test_fitted_laws_are_joined_without_learning_again():
    laws = [DMD().fit(RUN), NVAR().fit(RUN)]
    ensemble = Ensemble.of_fitted(laws)
    assert ensemble.members_[0] is laws[0]
    assert ensemble.forecast(RUN, 5).states == pytest.approx(Ensemble([DMD(), NVAR()]).fit(RUN).forecast(RUN, 5).states)


def test_the_choice_comes_unfitted_and_ranks_every_law():
    choice = choose(RUN.states[:, :1], dt=RUN.dt, horizon=30, laws=["dmd", "kernel regression"])
    scores = [t.score.mean for t in choice.ranking if t.score is not None]
    assert scores == sorted(scores)
    assert not hasattr(choice.model, "dt_")
    assert choice.horizon == 30
    assert {t.candidate.family for t in choice.ranking} >= {"ensemble", "kernel regression", "dmd", "mean"}


def test_the_choice_is_the_same_for_the_same_seed():
    one, two = (choose(RUN.states[:, :1], dt=RUN.dt, laws=["dmd", "nvar"], seed=1) for _ in range(2))
    assert repr(one.model) == repr(two.model)
    assert [t.candidate.label for t in one.ranking] == [t.candidate.label for t in two.ranking]


def test_a_clean_flow_is_given_its_sparse_law():
    choice = choose(lorenz(samples=1_500), laws=["sindy", "dmd"])
    assert isinstance(getattr(choice.law, "model", choice.law), SINDy)


def test_three_samples_are_too_few_to_choose_by():
    with pytest.raises(InputError, match="samples found, expected at least|no law could be fitted"):
        choose(np.arange(2.0)[:, None], dt=1.0)


def test_votes_count_as_often_as_given():
    low, high = np.zeros((2, 1)), np.ones((2, 1))
    assert joined([low, high], "mean", [1, 3]) == pytest.approx(0.75)
    assert np.array_equal(joined([low, high], "median", [1, 2]), high)


@pytest.mark.parametrize("votes", [[1], [1, 0], [1, 1.5]])
def test_votes_that_do_not_fit_the_members_are_refused(votes: list[float]):
    with pytest.raises(InputError, match="votes: "):
        Ensemble([DMD(), NVAR()], votes=votes).fit(RUN)  # type: ignore[arg-type]


def test_the_elected_ensemble_forecasts_the_selection_part_no_worse_than_its_first_member():
    rng = np.random.default_rng(0)
    laws = [Candidate("law", f"law {k}", DMD()) for k in range(5)]
    errors = [0.5 * rng.normal(size=(12, 20, 1)) + 0.2 * (-1) ** k for k in range(5)]
    scale = np.ones(1)
    tried = [Tried(c, selection_errors=e, score=score_of(e, scale)) for c, e in zip(laws, errors, strict=True)]
    [(members, votes)] = elected(tried, scale)
    together = score_of(median_errors([t.selection_errors for t in members], votes), scale).mean
    assert sum(votes) == 10
    assert together < min(t.score.mean for t in tried)


def heat_of(samples: int) -> tuple[list[Candidate], list[Tried], list[Candidate]]:
    run = as_trajectories(lorenz(samples=samples))
    split = TimeSplit.of(run)
    learning = split.until(run, "selection")
    entered = candidates(learning, ["dmd", "sindy", "hankel"])
    return *heat(entered, learning, windows(run, split, "selection", 20, 10), spread(learning)), entered


def test_on_a_short_recording_everyone_qualifies():
    going, out, entered = heat_of(1_500)
    assert going == entered
    assert not out


def test_on_a_long_recording_every_family_and_every_equation_goes_on():
    going, out, entered = heat_of(3_000)
    assert {c.family for c in going} == {c.family for c in entered}
    assert {c.label for c in entered if "SINDy" in c.label} <= {c.label for c in going}
    assert len(going) + len(out) == len(entered)
    assert out
    assert all(t.failure.startswith("did not qualify: errs by") and t.score is None for t in out)
