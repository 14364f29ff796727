"""Gauges over checkpoints and while training; routers frozen, dealt anew and shared."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError

torch = pytest.importorskip("torch")

from inscape.models.mixture_of_experts import Course, MixtureOfExperts, TrainingRecord, answers_of, train  # noqa: E402
from inscape.probes import routing  # noqa: E402
from inscape.systems.modular_arithmetic import modular_arithmetic  # noqa: E402

SMALL = {"width": 16, "heads": 2, "layers": 2, "experts": 4, "hidden": 8, "deviation": 0.3}
TABLES = modular_arithmetic({"add": 0.6, "subtract": 0.6}, modulus=5)
ASKED = TABLES.questions()


def network(seed=0):
    return MixtureOfExperts(TABLES.vocabulary, **SMALL, seed=seed)


def domains():
    return {name: TABLES.questions(name).tokens for name in TABLES.domains}


@pytest.fixture(scope="module")
def record():
    kept = TrainingRecord(network().sizes)
    train(network(), ASKED.tokens, ASKED.answers, Course(steps=60, rate=5e-3), observe=kept.keep, every=10)
    return kept


@pytest.fixture(scope="module")
def history(record):
    return routing.monitor(record.models(), domains())


def test_a_series_of_checkpoints_has_every_gauge_for_every_step_and_domain(history):
    assert history.steps == [0, 10, 20, 30, 40, 50, 60]
    table = history.table()
    assert len(table) == 14
    assert set(table["domain"]) == {"add", "subtract"}
    assert table.drop(columns="loss").notna().all().all()
    runs = history.trajectories()
    assert runs[1].states.shape == (7, len(runs[1].state_names))
    assert np.array_equal(runs[1].times, history.steps)


def test_a_gauge_in_the_history_is_the_gauge_of_the_checkpoint(history, record):
    log = routing.record(record.load(3), domains()["add"])
    assert history.series("add", "overlap")[3] == pytest.approx(routing.overlap(log).mean)
    assert history.series("add", "string_distance")[3] == pytest.approx(routing.distance(log).mean)
    assert history.series("add", "entropy")[3] == pytest.approx(routing.entropy(log).mean())


def test_watching_a_network_train_sees_what_its_checkpoints_hold(history):
    live = network()
    with routing.watch(live, domains(), every=10) as watched:
        train(live, ASKED.tokens, ASKED.answers, Course(steps=60, rate=5e-3))
    assert watched.history.steps == history.steps
    for gauge in ("overlap", "string_distance", "smoothness"):
        assert watched.history.series("subtract", gauge) == pytest.approx(history.series("subtract", gauge), rel=1e-5)
    assert not live._forward_pre_hooks


def test_watching_does_not_change_what_is_learned():
    one, two = network(), network()
    train(one, ASKED.tokens, ASKED.answers, Course(steps=20))
    with routing.watch(two, domains(), every=3):
        train(two, ASKED.tokens, ASKED.answers, Course(steps=20))
    assert all(np.array_equal(a, b) for a, b in zip(one.weights(), two.weights(), strict=True))


def test_watching_ends_when_training_fails():
    live = network()
    with pytest.raises(RuntimeError, match="power cut"), routing.watch(live, domains()):
        raise RuntimeError("power cut")
    assert not live._forward_pre_hooks


def test_losses_of_single_samples_lead_to_memorised_groups(record):
    asked = TABLES.questions("add")

    def losses(model):
        return -answers_of(model, asked.tokens)[np.arange(len(asked.answers)), asked.answers]

    history = routing.monitor(record.models(), {"add": routing.Domain(asked.tokens, loss=losses)})
    table = np.array(history.losses["add"])
    assert table.shape == (7, len(asked.tokens))
    assert history.series("add", "loss") == pytest.approx(table.mean(axis=1))
    groups = routing.memorised(table, epsilon=1.0, delta=1.0)
    assert (groups >= 0).mean() > 0.5


def test_a_gauge_that_is_the_score_correlates_with_it_wholly(history):
    scores = {"add": 1 - history.series("add", "expert_distance")}
    found = history.correlate(scores, gauges=["expert_distance", "overlap"])
    row = found.iloc[0]
    assert (row["correlation"], row["low"], row["high"]) == pytest.approx((-1, -1, -1))
    assert row["checkpoints"] == 7
    assert list(found["gauge"]) == ["expert_distance", "overlap"]


def test_below_five_checkpoints_a_correlation_is_withheld_with_its_reason(history):
    found = history.correlate({"add": history.series("add", "overlap")}, gauges=["overlap"], first=30)
    assert np.isnan(found["correlation"][0])
    assert "4 checkpoints, fewer than 5" in found["reason"][0]


def test_frozen_routers_stay_and_the_rest_learns():
    live = network()
    before = [g.weight.detach().clone() for g in live.routers()]
    other = live.layers[0].mixture.rise.weight.detach().clone()
    with routing.RouterClamp(live, "freeze"):
        train(live, ASKED.tokens, ASKED.answers, Course(steps=10))
    assert all(torch.equal(b, g.weight) for b, g in zip(before, live.routers(), strict=True))
    assert not torch.equal(other, live.layers[0].mixture.rise.weight)
    assert all(g.weight.requires_grad for g in live.routers())


def test_routers_frozen_later_learn_until_then():
    kept = TrainingRecord(network().sizes)
    live = network()
    with routing.RouterClamp(live, "freeze", step=6) as clamp:
        train(
            live,
            ASKED.tokens,
            ASKED.answers,
            Course(steps=12),
            observe=kept.keep,
            before=lambda step: clamp.advance(step=step),
            every=3,
        )
    gates = [kept.load(i).routers()[0].weight for i in range(5)]
    assert not torch.equal(gates[1], gates[2])
    assert torch.equal(gates[2], gates[4])


def test_dealing_anew_moves_every_expert_and_keeps_the_rows():
    live = network()
    before = live.routers()[0].weight.detach().clone()
    with routing.RouterClamp(live, "shuffle", seed=1):
        after = live.routers()[0].weight.detach()
    moved = [(before == row).all(dim=1).nonzero().item() for row in after]
    assert sorted(moved) == [0, 1, 2, 3]
    assert all(place != came for place, came in enumerate(moved))


def test_shared_routers_are_all_the_first():
    live = network()
    with routing.RouterClamp(live, "share"):
        assert torch.equal(live.routers()[0].weight, live.routers()[1].weight)
        assert not live.routers()[1].weight.requires_grad
    assert live.routers()[1].weight.requires_grad


def test_switches_are_put_back_when_the_block_fails():
    live = network()
    live.routers()[1].weight.requires_grad_(False)
    with pytest.raises(RuntimeError), routing.RouterClamp(live, "freeze"):
        raise RuntimeError
    assert [g.weight.requires_grad for g in live.routers()] == [True, False]


def dense():
    return torch.nn.Sequential(torch.nn.Linear(3, 3))


BAD = [
    (lambda: routing.monitor([], domains()), InputError, "none found"),
    (lambda: routing.monitor([(0, network())], {}), InputError, "data"),
    (lambda: routing.monitor([(0, network())], None), InputError, "data"),
    (lambda: routing.monitor(network(), domains()), InputError, "pairs"),
    (lambda: routing.monitor([network()], domains()), InputError, "pairs"),
    (lambda: routing.monitor([(0, network()), (0, network())], domains()), InputError, "increasing"),
    (lambda: routing.monitor([(0.5, network())], domains()), InputError, "whole number"),
    (lambda: routing.monitor([(0, dense())], domains()), InputError, "record_neurons"),
    (lambda: routing.watch(dense(), domains()), InputError, "record_neurons"),
    (lambda: routing.watch(network(), domains(), every=0), InputError, "every"),
    (lambda: routing.RouterClamp(network(), "melt"), InputError, "freeze, shuffle, share"),
    (lambda: routing.RouterClamp(network(), "freeze", step=-1), InputError, "step"),
    (lambda: routing.RouterClamp(dense(), "freeze"), InputError, "no routers"),
    (lambda: routing.RouterClamp(network(), "freeze").advance(step=0), InputError, "block"),
    (lambda: routing.RoutingHistory().trajectories(), InputError, "no step"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_gets_one_clear_line(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_unknown_domains_and_gauges_list_the_nearest(history):
    with pytest.raises(UnknownNameError, match="add"):
        history.series("adds", "overlap")
    with pytest.raises(UnknownNameError, match="overlap"):
        history.series("add", "overlaps")
    with pytest.raises(InputError, match="one a step"):
        history.correlate({"add": [1, 2, 3]})


def test_a_loss_of_the_wrong_length_is_refused():
    with pytest.raises(InputError, match="one a sample"):
        routing.Domain(domains()["add"], loss=lambda _: np.zeros(3)).log(network())
