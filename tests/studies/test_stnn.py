"""Study 23: its recordings, its rivals, the LEADS benchmark, and the recipe at a small scale."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from inscape.errors import InputError

pytest.importorskip("torch", reason="needs inscape[neural]")

from inscape.models.structured import DenseNet, StNN
from inscape.studies.stnn import STUDY, contestants, costs, figures, forcing, lotka_volterra
from inscape.studies.stnn.recordings import HISTORY, interval, recordings

CLAIM = {claim.name: claim for claim in STUDY.claims}


def test_the_study_is_number_23_and_its_bars_are_those_of_the_reading_list():
    assert STUDY.slug == "23-stnn"
    assert CLAIM["lotka_volterra"].paper == CLAIM["lotka_volterra"].at_most == 1.16e-3
    assert (CLAIM["hankelnet_one_step"].at_most, CLAIM["stnn_one_step"].at_most) == (3e-5, 2e-4)
    assert (CLAIM["stnn_parameters"].at_most, CLAIM["stnn_operations"].at_most) == (1144, 4400)
    assert (CLAIM["noise_valid_time"].at_least, CLAIM["noise_over_sindy"].at_least) == (1.7, 1.4)


def test_the_environments_are_those_of_the_benchmark(shared_data):
    path = shared_data / "23-stnn" / "leads_lotka_volterra.csv"
    if not path.is_file():
        pytest.skip("the table of the LEADS environments is not there")
    with path.open() as file:
        rows = [tuple(float(row[k]) for k in ("alpha", "beta", "gamma", "delta")) for row in csv.DictReader(file)]
    assert rows == list(lotka_volterra.ENVIRONMENTS)


def test_recordings_are_noisy_where_asked_and_their_futures_never():
    clean, noisy = (recordings("Lorenz", noise=n, seed=5, training=3, tests=2, samples=80) for n in (0.0, 0.1))
    np.testing.assert_array_equal(clean.futures, noisy.futures)
    np.testing.assert_array_equal(clean.histories, clean.clean_histories)
    scatter = (noisy.training.stack() - clean.training.stack()) / clean.spread
    assert scatter.std() == pytest.approx(0.1, rel=0.1)
    assert np.abs(noisy.histories - noisy.clean_histories).max() > 0
    assert clean.futures.shape == (2, 80 - HISTORY, 3)
    assert not np.allclose(clean.training[0].states, clean.training[1].states)
    assert interval("Lorenz") == 0.02
    assert interval("Rossler") > 0


def test_the_rival_of_equal_size_is_never_larger():
    for p in (2, 6, 12):
        size = StNN(p).parameters(12, 3)
        plan = contestants.front_plan({"kind": "dense", "parameters": size, "layers": 2}, 12, 3)
        assert isinstance(plan, DenseNet)
        assert 0.85 * size < plan.parameters(12, 3) <= size


@pytest.mark.parametrize("model", ["Hankel-DMD", "HAVOK", "SINDy, weak form"])
def test_a_rival_is_fitted_and_scored(model):
    item = {"system": "Lorenz", "model": model, "noise": 0.0, "seed": 3, "steps": 1, "reach": 60, "keep": True}
    row = contestants.fit_and_score(item)
    assert row["reason"] is None
    assert row["one_step"] < 0.1
    assert 0 < row["valid_clean"] <= 60 * 0.02
    assert row["example"].shape == row["truth"].shape == (60, 3)
    assert row["size"] == {"Hankel-DMD": 39, "SINDy, weak form": 7}.get(model, row["size"])


def test_a_rival_that_cannot_learn_says_why(monkeypatch):
    def refuse(self, *_):
        raise InputError("recording: too short")

    monkeypatch.setattr("inscape.models.dmd.DMD.fit", refuse)
    item = {"system": "Lorenz", "model": "Hankel-DMD", "noise": 0.0, "seed": 3, "steps": 1, "reach": 60}
    assert contestants.fit_and_score(item) == {"size": None, "reason": "recording: too short"}


def test_a_few_steps_of_training_beat_a_linear_law_on_lorenz():
    items = [
        {"system": "Lorenz", "model": "front", "plan": plan, "noise": 0.0, "seed": 3, "steps": 12, "reach": 40}
        for plan in ({"kind": "HankelNet", "p": 4},)
    ]
    linear = {"system": "Lorenz", "model": "Hankel-DMD", "noise": 0.0, "seed": 3, "steps": 1, "reach": 40}
    assert contestants.fit_and_score(items[0])["one_step"] < contestants.fit_and_score(linear)["one_step"]


def test_lotka_volterra_conserves_its_constant_of_motion():
    training, tests = lotka_volterra.runs_of(0, False)
    for run, (a, b, c, d) in zip(training, lotka_volterra.ENVIRONMENTS, strict=True):
        x, y = run.states.T
        kept = d * x - c * np.log(x) + b * y - a * np.log(y)
        assert np.ptp(kept) < 1e-9
        assert (run.states[0] >= 1).all()
        assert (run.states[0] <= 2).all()
    assert tests.shape == (10, 32, 20, 2)


def test_released_starts_are_shared_by_all_environments():
    training, tests = lotka_volterra.runs_of(1, True)
    assert all(np.array_equal(run.states[0], training[0].states[0]) for run in training)
    assert np.ptp(tests[:, :, 0], axis=0).max() == 0
    drawn, _ = lotka_volterra.runs_of(1, False)
    assert not np.array_equal(drawn[0].states[0], drawn[1].states[0])


def test_one_structured_net_reads_its_environment_from_four_samples():
    item = {"net": "HankelNet p=4, no activation", "both": True, "seed": 1, "same_starts": False}
    found = lotka_volterra.window_score(item)
    assert found["parameters"] == 258 <= 1200
    assert found["mse"].shape == (10,)
    assert found["mse"].mean() < lotka_volterra.PAPER_MSE
    blind = lotka_volterra.window_score({**item, "both": False})
    assert blind["mse"].mean() > 10 * found["mse"].mean()


def test_every_net_of_the_benchmark_keeps_to_its_size():
    for net in lotka_volterra.window_nets().values():
        assert net.parameters(16, 2) <= 1200


def test_leads_is_scored_from_the_first_sample_and_after_the_window():
    found = lotka_volterra.leads_score({"seed": 1, "epochs": 1, "shared": True, "same_starts": True})
    assert found["mse"].shape == found["mse_after_window"].shape == (10,)
    assert np.isfinite(found["mse"]).all()
    assert found["parameters"] == 11 * (2 * 64 + 64 + 2 * (64 * 64 + 64) + 64 * 2 + 2 + 3)


def test_factors_are_exact_and_gradients_pass():
    assert costs.factor_error([2, 3, 5, 8, 31, 64, 100]) < 1e-12
    assert costs.gradients_hold()


def test_structured_nets_weigh_and_work_less_than_dense_ones_of_their_widths():
    rows = {(r["net"], r["window"]): r for r in costs.sizes()}
    stnn, dense = rows["StNN p=6", 16], rows["dense, same widths", 16]
    assert dense["parameters"] / stnn["parameters"] > 28
    assert dense["operations"] / stnn["operations"] > 14


def test_bursts_of_the_forcing_are_told_from_chance():
    found = forcing.lobe_forecast({"rank": 7, "delays": 100, "duration": 40.0, "seed": 0})
    assert found["forcing"]["sensitivity"] > 0.8
    assert found["forcing"]["area"] > found["forcing"]["chance_area"] + 0.1
    assert found["excess_kurtosis"] > 1
    assert found["reconstruction"] > 0.9
    figure = figures.forcing_and_switches(found["picture"])
    assert len(figure.data) == 3


def test_figures_name_their_axes():
    rows = [
        {"system": s, "kind": k, "parameters": 100 * p, "one_step": 1e-3 / p}
        for s in ("Lorenz", "Thomas", "Rossler")
        for k in ("StNN", "HankelNet", "dense")
        for p in (1, 2)
    ]
    noisy = [{"model": m, "noise": n, "valid": 1.0 + n} for m in ("StNN", "SINDy, weak form") for n in (0.01, 0.02)]
    drawn = [
        figures.size_accuracy_front(rows),
        figures.valid_time_against_noise(noisy),
        figures.errors_by_environment({"a": [1e-3, 1e-2]}, 1.16e-3),
        figures.lorenz_rollouts([0.1, 0.2], [1.0, 2.0], {"StNN": [1.0, 2.5]}, {"StNN": 0.1}),
    ]
    for figure in drawn:
        assert figure.layout.title.text
        assert figure.layout.xaxis.title.text or figure.layout.xaxis2.title.text
        assert figure.layout.yaxis.title.text


@pytest.mark.slow
def test_the_whole_study_runs_at_smoke_scale(tmp_path):
    run = STUDY.perform(scale="smoke", store=tmp_path, jobs=2)
    assert {j.verdict for j in run.judged} <= {"not judged", "reported", "not run"}
    assert [j.claim.name for j in run.judged if j.measured is None] == []
    assert {"front", "lorenz", "noise", "lotka-volterra", "changes of lobe", "times"} <= set(run.tables)
    assert len(run.folder.figures) == 5
