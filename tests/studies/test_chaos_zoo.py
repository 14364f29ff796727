"""Study 22 measures what it says, on systems small enough for a test."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy.stats import spearmanr

from inscape.studies import Lab, RunStore
from inscape.studies.chaos_zoo import forecasting, importance, integration, invariants, series, symbolic
from inscape.studies.chaos_zoo.claims import CLAIMS, PUBLISHED_MEDIANS
from inscape.studies.registry import find_study, studies
from inscape.systems import zoo

CLAIM = {claim.name: claim for claim in CLAIMS}


def published(shared_data, name: str) -> list[dict[str, str]]:
    with (shared_data / "22-chaos-zoo" / f"published_{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(22) is find_study("chaos-zoo") is studies()["22-chaos-zoo"]


def test_released_medians_are_those_of_the_result_files(shared_data):
    rows = published(shared_data, "forecast_smape")
    columns = {
        "N-BEATS": "NBEATSModel",
        "LSTM": "RNNModel",
        "random forest": "RandomForest",
        "linear regression": "LinearRegressionModel",
        "naive mean": "NaiveMean",
    }
    for method, column in columns.items():
        assert np.median([float(r[column]) for r in rows]) == pytest.approx(PUBLISHED_MEDIANS[method], abs=0.06)


def test_the_released_scores_rise_with_the_published_exponents(shared_data):
    rows = {r["system"]: float(r["NBEATSModel"]) for r in published(shared_data, "forecast_smape")}
    exponents = {n: zoo.card(n).published.largest_exponent for n in rows if n in zoo}
    known = [n for n, e in exponents.items() if e is not None]
    rho = spearmanr([exponents[n] for n in known], [rows[n] for n in known]).statistic
    assert rho == pytest.approx(CLAIM["chaos_published"].as_released, abs=0.01)


def test_released_importance_medians_are_those_of_the_result_files(shared_data):
    rows = published(shared_data, "importance_smape")
    for way, column in (("full", "full_training"), ("importance", "importance_sampled"), ("random", "random_sampled")):
        median = np.median([float(r[column]) for r in rows])
        assert median == pytest.approx(CLAIM[f"sampling_{way}"].as_released, abs=0.001)
    better = np.mean([float(r["importance_sampled"]) < float(r["full_training"]) for r in rows])
    assert 100 * better == pytest.approx(CLAIM["sampling_better"].as_released, abs=1)


def test_released_sparse_regression_is_that_of_the_result_file(shared_data):
    rows = published(shared_data, "symbolic_smape")
    assert np.median([float(r["SINDY-poly"]) for r in rows]) == pytest.approx(CLAIM["sindy_smape"].paper, abs=0.001)


def test_released_transfer_accuracies_are_those_of_the_result_file(shared_data):
    pytest.importorskip("aeon", reason="needs inscape[studies]")
    from inscape.studies.chaos_zoo import transfer

    rows = {r["ucr_dataset"]: r for r in published(shared_data, "transfer_accuracy")}
    columns = ("chaos_surrogates", "raw_features", "random_timescale_surrogates")
    for name, accuracies in transfer.PUBLISHED.items():
        assert accuracies == tuple(float(rows[name][column]) for column in columns)


def test_train_and_test_series_are_independent_and_of_twelve_periods():
    found = series.train_and_test({"name": "Lorenz", "per_period": 15, "seed": 3})
    assert found["train"].shape == found["test"].shape == (180, 3)
    assert np.abs(found["train"][0] - found["test"][0]).max() > 1e-3
    again = series.train_and_test({"name": "Lorenz", "per_period": 15, "seed": 3})
    assert np.array_equal(found["test"], again["test"])


def test_every_classic_method_scores_between_perfect_and_worst():
    found = series.train_and_test({"name": "Rossler", "per_period": 15, "seed": 0})
    scores = forecasting.classic_contest({**found, "per_period": 15, "seed": 0})
    assert set(forecasting.NAIVE) < set(scores)
    assert all(0 <= s <= 200 for s in scores.values())
    assert min(scores.values()) < scores["naive mean"]


def test_networks_are_trained_on_the_past_of_the_test_series_only():
    pytest.importorskip("torch", reason="needs inscape[neural]")
    time = np.arange(180) / 15
    trains = np.sin(2 * np.pi * (time + np.array([[0.0], [0.3]])))
    tests = trains.copy()
    plan = {"grid": [5], "epochs": 3, "seed": 0, "label": ""}
    first = forecasting.network_contest(trains, tests, forecasting.nbeats, **plan)
    # What comes after the forecast starts may change the score but not the forecast: the mirror image of the future
    # about the forecast would score the same only if the forecast had not moved.
    answers = forecasting._network_forecasts(tests, forecasting.nbeats(5), 5, 3, 0, "")
    tests[:, 150:] = 7.0
    moved = forecasting._network_forecasts(tests, forecasting.nbeats(5), 5, 3, 0, "")
    assert np.array_equal(answers, moved)
    assert first.shape == (2,)


def test_a_sparse_law_of_lorenz_is_exact_term_by_term():
    found = symbolic.recover({"name": "Lorenz", "degree": 2, "seed": 0})
    assert found["exact"] is True
    assert found["error"] < 1e-6
    assert found["smape"] < 1e-6


def test_a_term_too_many_or_too_few_is_not_exact():
    truth = {(0, (1, 0)): 2.0, (1, (0, 1)): -1.0}
    assert symbolic.compare(truth, truth) == (True, 0.0)
    assert symbolic.compare(truth, {**truth, (0, (0, 1)): 1e-3})[0] is False
    assert symbolic.compare(truth, {(0, (1, 0)): 2.0})[0] is False
    assert symbolic.compare(truth, {(0, (1, 0)): 2.2, (1, (0, 1)): -1.0})[1] == pytest.approx(0.1)


@pytest.mark.parametrize("form", ["numpy", "torch", "heyoka"])
@pytest.mark.parametrize("name", ["Lorenz", "Chua", "Colpitts", "MacArthur", "ExcitableCell"])
def test_right_hand_sides_agree_with_the_published_ones_on_either_side_of_a_kink(name, form):
    if form == "torch":
        pytest.importorskip("torch", reason="needs inscape[neural]")
    assert integration.worst_side({"name": name, "form": form}) < 1e-9


def test_a_kinked_circuit_is_followed_where_a_naive_step_jumps():
    errors = integration.chua_error(2)
    assert errors["ours"] < 1e-8 < 1e-2 < errors["naive"]


def test_the_reference_exponent_of_the_henon_map_is_met():
    found = invariants.textbook_exponent({"name": "Henon", "periods": 100_000, "seed": 0})
    value, width = invariants.REFERENCE["Henon"]
    assert abs(found["exponent"] - value) < width + 3 * found["error"]


def test_drawing_by_error_and_drawing_uniformly_cost_the_same():
    pytest.importorskip("torch", reason="needs inscape[neural]")
    item = {"name": "Lorenz", "seeds": [1, 2], "lookback": 10, "epochs": 1, "round_epochs": 1}
    found = importance.importance_trial(item)
    assert found["importance_steps"] == found["random_steps"] > 0
    assert all(found[way].shape == (2,) and (found[way] <= 2).all() for way in ("full", "importance", "random"))


def test_features_of_chaos_are_learned_and_scored():
    for module in ("aeon", "tsfresh", "torch"):
        pytest.importorskip(module, reason="needs inscape[studies]")
    from inscape.studies.chaos_zoo import transfer

    item = {"data_set": "ItalyPowerDemand", "source": "raw", "seed": 0, "all_features": False}
    assert transfer.transfer_accuracy(item) > 0.9
    windows = transfer.windows(["Lorenz", "Rossler"], [10, 30], 20, 0)
    assert windows.shape == (20, 100)
    assert np.isfinite(windows).all()


def test_the_median_period_of_sines_is_their_period():
    pytest.importorskip("aeon", reason="needs inscape[studies]")
    from inscape.studies.chaos_zoo import transfer

    time = np.arange(200)
    assert transfer.median_period(np.sin(2 * np.pi * time / np.array([[20], [25], [40]]))) == 25


@pytest.mark.slow
def test_the_whole_study_runs_at_smoke_scale(tmp_path):
    run = find_study(22).perform(scale="smoke", store=tmp_path, jobs=2)
    measured = {j.claim.name: j.measured for j in run.judged}
    assert measured["sides_numpy"].value < 1e-9
    assert {j.verdict for j in run.judged} <= {"not judged", "reported", "not run"}
    assert {"contest", "exponents", "sparse laws"} <= set(run.tables)
    assert run.folder.figures


def test_a_lab_at_smoke_scale_takes_the_small_numbers(tmp_path):
    lab = Lab(RunStore(tmp_path).resume_or_start("s", {"scale": "smoke", "seed": 0}), scale="smoke")
    assert lab.choose(smoke=1, desk=2, paper=3) == 1
