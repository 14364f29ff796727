"""The contest keeps its protocol, scores as it says, and tells chance from skill."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy.stats import rankdata

from inscape.errors import InputError, MissingExtraError
from inscape.studies.contest import STUDY, arena, laws, peers, published, significance
from inscape.studies.contest.board import Board, Cell
from inscape.studies.contest.claims import BEST_PUBLISHED, CLAIMS
from inscape.studies.registry import find_study


def test_the_study_is_found_by_its_name():
    assert find_study("contest") is STUDY


def test_the_shipped_scores_are_the_released_ones(shared_data):
    with (shared_data / "22-chaos-zoo" / "published_forecast_smape.csv").open() as file:
        rows = list(csv.DictReader(file))
    ours = published.released()
    assert {r["system"] for r in rows} == set(ours)
    for row in rows:
        for column, method in published.METHODS.items():
            assert ours[row["system"]][method] == float(row[column])


def test_n_beats_is_the_best_published_method_at_the_median_that_the_claims_name():
    table = published.released_table(list(published.released()))
    medians = {method: np.median(values) for method, values in table.items()}
    assert min(medians, key=lambda m: medians[m]) == "N-BEATS"
    assert medians["N-BEATS"] == pytest.approx(BEST_PUBLISHED, abs=0.05)
    ranks = significance.mean_ranks(table)
    assert ranks["N-BEATS"] == pytest.approx(3.63, abs=0.005)
    assert significance.wins(table)["N-BEATS"] == 54


@pytest.fixture(scope="module")
def lorenz():
    return arena.two_series({"name": "Lorenz", "per_period": 15, "seed": 3})


def test_a_contestant_sees_ten_periods_and_is_measured_on_what_follows(lorenz):
    seen = arena.bout(lorenz, 15, view="univariate")
    assert seen.train.shape == (180, 1)
    assert seen.known.shape == (150, 1)
    assert seen.future.shape == (30, 1)
    assert seen.horizon == 30
    assert np.array_equal(np.vstack([seen.known, seen.future])[:, 0], lorenz[1][:180, 0])
    assert np.array_equal(seen.train[:, 0], lorenz[0][:180, 0])
    assert np.abs(seen.train[:150] - seen.known).max() > 1


def test_noise_is_of_its_size_and_falls_on_what_is_seen_alone(lorenz):
    clean = arena.bout(lorenz, 15, view="multivariate")
    noisy = arena.bout(lorenz, 15, view="multivariate", noise=0.05, seed=1)
    assert np.array_equal(clean.future[:30], noisy.future)
    for before, after in ((clean.train, noisy.train), (clean.known, noisy.known)):
        size = (after - before).std(axis=0) / before.std(axis=0)
        assert np.all(np.abs(size - 0.05) < 0.012)
    again = arena.bout(lorenz, 15, view="multivariate", noise=0.05, seed=1)
    assert np.array_equal(noisy.known, again.known)


def test_the_truth_scores_nothing_and_silence_scores_the_worst(lorenz):
    seen = arena.bout(lorenz, 15, view="multivariate")
    assert seen.score(seen.future) == {"smape": 0.0, "valid": arena.REACH}
    assert seen.score(np.full(seen.future.shape, np.nan)) == laws.FAILED


def test_the_score_is_that_of_the_first_two_periods_alone(lorenz):
    seen = arena.bout(lorenz, 15, view="multivariate")
    later = seen.future.copy()
    later[seen.horizon :] += 5 * seen.train.std()
    told = seen.score(later)
    assert told["smape"] == 0
    assert told["valid"] == pytest.approx(2.0)


def test_the_choice_does_not_depend_on_the_test_series(lorenz):
    seen = arena.bout(lorenz, 15, view="multivariate")
    other = arena.Bout(seen.train, seen.known[::-1].copy(), seen.future, 15)
    first, second = (laws.judged_bout(b, ["dmd", "nvar"], seed=0) for b in (seen, other))
    assert first["label"] == second["label"]
    labels = [{n: s["label"] for n, s in judged["scores"].items()} for judged in (first, second)]
    assert labels[0] == labels[1]
    assert first["scores"] != second["scores"]


def test_our_answer_does_not_depend_on_the_future(lorenz):
    seen = arena.bout(lorenz, 15, view="multivariate")
    from inscape.models import NVAR

    blind = arena.Bout(seen.train, seen.known, np.zeros_like(seen.future), 15)
    assert np.array_equal(laws.answer(NVAR(), seen), laws.answer(NVAR(), blind))


def test_a_law_that_breaks_has_no_answer_and_scores_the_worst(lorenz):
    from inscape.models import Persistence

    seen = arena.bout(lorenz, 15, view="univariate")
    silent = laws.answer(Persistence("no such kind"), seen)
    assert seen.score(silent) == laws.FAILED


def test_every_family_and_the_choice_are_scored_in_every_cell():
    item = {"name": "Lorenz", "per_period": 15, "seed": 3, "laws": ["dmd", "nvar"]}
    found = laws.judged({**item, "cells": [["univariate", 0.0], ["multivariate", 0.05]]})
    assert len(found["cells"]) == 2
    for cell in found["cells"]:
        assert {laws.LEARN, "dmd", "nvar", "persistence"} <= set(cell["scores"])
        assert all(0 <= s["smape"] <= 200 and s["valid"] >= 0 for s in cell["scores"].values())
        assert cell["tuning"] > 0
        assert cell["tried"] > 5


def test_a_systems_growth_is_its_exponent_a_period_and_regular_motion_has_none():
    assert arena.growth("Lorenz") == pytest.approx(0.9056 * 1.5008, rel=0.02)
    assert np.isnan(arena.growth("CircadianRhythm"))


def test_ranks_and_wins_are_those_of_the_scores():
    scores = {"a": np.array([1.0, 5.0, 2.0]), "b": np.array([2.0, 5.0, 1.0]), "c": np.array([3.0, 9.0, 9.0])}
    assert significance.mean_ranks(scores) == pytest.approx({"a": 1.5, "b": 1.5, "c": 3.0})
    assert significance.wins(scores) == {"a": 2, "b": 2, "c": 0}


def test_the_critical_difference_is_that_of_demsars_example():
    # Demsar (2006), section 3.2.2: 4 classifiers on 14 data sets, q = 2.569, critical difference 1.25.
    scores = dict(zip("abcd", np.random.default_rng(0).random((4, 14)), strict=True))
    assert significance.friedman(scores).critical_difference == pytest.approx(1.25, abs=0.005)


def test_friedmans_statistic_is_that_of_the_rank_sums():
    drawn = np.random.default_rng(1).random((4, 20)) + np.array([[0], [0], [0.3], [0.6]])
    scores = dict(zip("abcd", drawn, strict=True))
    ranks = rankdata(list(scores.values()), axis=0).mean(axis=1)
    expected = 12 * 20 / (4 * 5) * (np.sum(ranks**2) - 4 * 25 / 4)
    found = significance.friedman(scores)
    assert found.statistic == pytest.approx(expected)
    assert found.p < 1e-3


def test_holm_multiplies_the_smallest_chance_by_the_number_of_tests_and_keeps_the_order():
    random = np.random.default_rng(2)
    ours = random.random(30)
    theirs = {"far": ours + 0.5 + 0.1 * random.random(30), "near": ours + 0.02 * random.standard_normal(30)}
    both = significance.signed_ranks(ours, theirs)
    alone = {name: significance.signed_ranks(ours, {name: values})[name] for name, values in theirs.items()}
    assert both["far"] == pytest.approx(2 * alone["far"])
    assert both["near"] == pytest.approx(alone["near"])
    assert significance.signed_ranks(ours, {"same": ours}) == {"same": 1.0}


def test_scores_that_are_missing_are_refused():
    with pytest.raises(InputError, match="not finite"):
        significance.mean_ranks({"a": np.array([1.0, np.nan]), "b": np.zeros(2)})
    with pytest.raises(InputError, match="same for every contestant"):
        significance.wins({"a": np.zeros(3), "b": np.zeros(2)})
    with pytest.raises(InputError, match="at least 3"):
        significance.friedman({"a": np.zeros(3), "b": np.ones(3)})


def test_a_board_gives_the_worst_score_to_who_did_not_enter():
    board = Board.of(
        Cell(15, "univariate"),
        [("x", {"a": {"smape": 10.0, "valid": 1.0}}), ("y", {"a": {"smape": 5.0, "valid": 2.0}, "b": {**laws.FAILED}})],
    )
    assert board.smape["b"].tolist() == [200.0, 200.0]
    assert board.on(["y"]).smape["a"].tolist() == [5.0]
    assert board.entered["b"].tolist() == [False, True]
    assert board.median("b") == 200
    turned = Board.of(
        board.cell, [("y", {"c": {"smape": 1.0, "valid": 3.0}}), ("x", {"c": {"smape": 2.0, "valid": 4.0}})]
    )
    assert board.beside(turned).smape["c"].tolist() == [2.0, 1.0]


def test_an_echo_state_network_of_reservoirpy_forecasts_a_sine():
    pytest.importorskip("reservoirpy", reason="needs inscape[studies]")
    wave = np.sin(2 * np.pi * np.arange(180) / 15)[:, None]
    setting = {"sr": 0.8, "lr": 1.0, "input_scaling": 0.3, "ridge": 1e-8}
    told = peers.forecast("echo state network", wave[:150], 30, setting, 15)
    assert np.abs(told - wave[150:]).max() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("peer", ["N-BEATS", "N-HiTS"])
def test_a_network_of_neuralforecast_forecasts_two_sines_at_once(peer):
    pytest.importorskip("neuralforecast", reason="needs inscape[studies]")
    wave = np.sin(2 * np.pi * np.arange(180)[:, None] / 15 + [0.0, 1.0]) * [1.0, 100.0]
    told = peers.forecast(peer, wave[:150], 30, {"input_size": 15}, 15)
    assert told.shape == (30, 2)
    assert np.abs((told - wave[150:]) / [1.0, 100.0]).mean() < 0.1


def test_a_peer_that_is_not_installed_is_missed_in_one_line(monkeypatch):
    monkeypatch.setitem(peers.PACKAGES, "N-BEATS", "not_a_package")
    assert "inscape[studies]" in peers.missing("N-BEATS")
    monkeypatch.setitem(__import__("sys").modules, "neuralforecast", None)
    with pytest.raises(MissingExtraError, match="studies"):
        peers.forecast("N-BEATS", np.zeros((50, 1)), 3, {"input_size": 5}, 15)


def test_peers_try_the_published_lookbacks():
    assert [s["input_size"] for s in peers.settings("N-BEATS", 15)] == [5, 7, 10, 15]
    fine = peers.settings("N-HiTS", 100)
    assert sorted({s["input_size"] for s in fine}) == [5, 10, 50, 100]
    assert len(fine) == 12, "each with three learning rates"


@pytest.mark.slow
def test_the_whole_contest_runs_at_smoke_scale(tmp_path):
    pytest.importorskip("reservoirpy", reason="needs inscape[studies]")
    run = STUDY.perform(scale="smoke", store=tmp_path, progress=False)
    measured = {j.claim.name: j.measured for j in run.judged}
    assert set(measured) == {claim.name for claim in CLAIMS}
    for name in ("median_15", "mean_rank", "median_100", "lead_esn_15", "coverage_15", "noisy_1", "noisy_5"):
        assert measured[name] is not None
        assert measured[name].value is not None
    assert len(run.tables["by system"].rows) == 3
    assert {"distributions", "critical-differences", "families-and-noise"} <= set(run.folder.figures)
    assert any("smoke" in note for note in run.notes)
