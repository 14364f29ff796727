"""Schedules: when a clamp acts."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.errors import InputError  # noqa: E402
from inscape.probes import Between, Clamp, From, Instruments, Recorder, Until, WhenAbove, WhenBelow  # noqa: E402
from tests.probes.small_nets import Attends, TwoLayers  # noqa: E402


def steps_active(schedule, steps, measures=()):
    return [step for step in steps if schedule.active(step, dict(measures))]


def test_from_includes_its_step_and_until_leaves_it_out():
    assert steps_active(From(3), range(6)) == [3, 4, 5]
    assert steps_active(Until(3), range(6)) == [0, 1, 2]
    assert steps_active(Between(1, 4), range(6)) == [1, 2, 3]


def test_schedules_combine():
    assert steps_active(From(1) & Until(4), range(6)) == [1, 2, 3]
    assert steps_active(Until(1) | From(4), range(6)) == [0, 4, 5]
    assert steps_active(~Between(1, 4), range(6)) == [0, 4, 5]


def test_a_measure_switches_a_clamp_and_an_unmeasured_one_does_not():
    below = WhenBelow("loss", 0.5)
    assert below.active(0, {}) is False
    assert [below.active(n, {"loss": loss}) for n, loss in enumerate((0.9, 0.4, 0.6))] == [False, True, False]
    assert [(~below).active(n, {"loss": loss}) for n, loss in enumerate((0.9, 0.4))] == [True, False]
    assert WhenAbove("strength", 0.5).active(0, {"strength": 0.7}) is True


def test_a_schedule_that_stays_does_not_let_go():
    below = WhenBelow("loss", 0.5, stays=True)
    assert [below.active(n, {"loss": loss}) for n, loss in enumerate((0.9, 0.4, 0.6))] == [False, True, True]


def test_a_measure_by_run_gives_each_run_its_own_truth():
    below = WhenBelow("loss", 0.5, stays=True)
    below.active(0, {"loss": np.array([0.4, 0.9])})
    assert list(below.active(1, {"loss": np.array([0.9, 0.9])})) == [True, False]


@pytest.mark.parametrize(
    "make",
    [
        lambda: From(1.5),
        lambda: Until("10"),
        lambda: Between(4, 4),
        lambda: WhenBelow("loss", float("nan")),
        lambda: WhenBelow(3, 0.5),
        lambda: WhenAbove("loss", "high"),
        lambda: From(3) & 4,
        lambda: Clamp(TwoLayers(), "heads", 0.0, when=100),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(make):
    with pytest.raises(InputError):
        make()


def test_a_kit_advances_its_clamps_and_labels_its_recorder():
    net, x = TwoLayers(), torch.zeros(2, 4)
    with Instruments(Clamp(net, "heads", 7.0, when=Between(10, 30)), Recorder(net, "heads")) as kit:
        for step in (0, 10, 20, 30):
            kit.advance(step=step)
            net(x)
    recorder = kit[1]
    assert list(recorder.steps("heads")) == [0, 10, 20, 30]
    assert list((recorder.array("heads") == 7.0).all(axis=(1, 2, 3))) == [False, True, True, False]
    assert len(kit) == 2


def test_steps_count_on_by_themselves():
    clamp = Clamp(TwoLayers(), "heads", 0.0, when=From(2))
    actives = []
    for _ in range(4):
        clamp.advance()
        actives.append(clamp.active)
    assert actives == [False, False, True, True]
    with pytest.raises(InputError, match="step"):
        clamp.advance(step="soon")


def test_a_clamp_lets_go_when_a_measure_crosses():
    net, x = TwoLayers(), torch.zeros(2, 4)
    plain = net(x)
    with Clamp(net, "heads", 7.0, when=~WhenBelow("loss", 0.5, stays=True)) as clamp:
        assert not torch.equal(net(x), plain)
        clamp.advance(measures={"loss": 0.4})
        assert torch.equal(net(x), plain)
        clamp.advance(measures={"loss": 0.6})
        assert torch.equal(net(x), plain)


def test_each_run_of_a_stacked_network_is_let_go_at_its_own_time():
    net, x = Attends(runs=3), torch.randn(3, 5, 4, 6, dtype=torch.float64)
    plain = net(x)
    with Clamp(net, "pattern", 0.25) as always:
        clamped = net(x)
    assert always.active is True
    with Clamp(net, "pattern", 0.25, when=WhenAbove("loss", 0.5)) as clamp:
        clamp.advance(measures={"loss": np.array([0.9, 0.1, 0.7])})
        mixed = net(x)
    for run, held in enumerate((True, False, True)):
        assert torch.equal(mixed[run], (clamped if held else plain)[run])


def test_a_measure_by_run_needs_as_many_runs_at_the_site():
    net, x = TwoLayers(), torch.zeros(2, 4)
    with Clamp(net, "heads", 7.0, when=WhenAbove("loss", 0.5)) as clamp:
        clamp.advance(measures={"loss": np.array([0.9, 0.1])})
        with pytest.raises(InputError, match="2 runs.*axis 'run'"):
            net(x)


def test_a_suspended_kit_does_nothing():
    net, x = TwoLayers(), torch.zeros(2, 4)
    plain = net(x)
    with Instruments(Clamp(net, "heads", 7.0), Recorder(net, "heads")) as kit:
        with kit.suspended():
            assert torch.equal(net(x), plain)
        assert not torch.equal(net(x), plain)
    assert kit[1].array("heads").shape[0] == 1


def test_a_kit_holds_only_instruments():
    with pytest.raises(InputError, match="a str found"):
        Instruments("clamp")
