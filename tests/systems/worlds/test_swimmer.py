"""The swimmer, chains of any body and the walker: dm_control's numbers, pictures, and what is refused."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mujoco")

from inscape.analysis import gait
from inscape.control import circuits
from inscape.errors import InputError, UnknownNameError
from inscape.systems.worlds import Chain, Quadruped, Swimmer
from inscape.systems.worlds.swimmer_body import swimmer_xml


@pytest.mark.parametrize(("links", "task"), [(3, "swim"), (6, "navigate"), (9, "swim")])
def test_it_moves_and_sees_as_dm_control_does_to_the_last_bits(links: int, task: str) -> None:
    suite = pytest.importorskip("dm_control.suite.swimmer")
    theirs = suite.swimmer(n_links=links, random=1)
    first = theirs.reset()
    physics = theirs.physics
    ours = Swimmer(links, task)
    state = np.zeros(ours.state_size)
    state[: links + 2] = physics.data.qpos
    if task == "navigate":
        state[-2:] = physics.named.data.geom_xpos["target"][:2]
    seen, _ = ours.reset(options={"state": state})
    rng = np.random.default_rng(0)
    for step in range(60):
        expected = first.observation
        joints = links - 1
        assert np.allclose(seen[:joints], expected["joints"], atol=1e-12)
        assert np.allclose(seen[-3 * links - 1 : -1], expected["body_velocities"], atol=1e-12)
        assert seen[-1] == pytest.approx(2 * step / 1000 - 1)
        action = rng.uniform(-1, 1, joints)
        first = theirs.step(action)
        seen, reward, *_ = ours.step(action)
        if task == "navigate":
            assert np.allclose(seen[joints : joints + 2], first.observation["to_target"], atol=1e-12)
            assert reward == pytest.approx(first.reward, abs=1e-9)
        else:
            speed = -physics.named.data.sensordata["head_vel"][1]
            assert reward == pytest.approx(np.clip(speed / 0.1, 0, 1), abs=1e-12)


def test_a_body_without_torque_in_a_medium_without_drag_keeps_its_momentum() -> None:
    world = Swimmer(4, density=0.0)
    state = np.zeros(world.state_size)
    state[6] = 0.2
    later = world.move(state, np.zeros(3))
    assert later[0] == pytest.approx(0.2 * world.dt, rel=1e-6)
    thick = Swimmer(4, viscosity=0.05)
    assert thick.move(state, np.zeros(3))[0] < later[0]


def test_the_untrained_circuit_swims_and_an_untuned_torque_does_not() -> None:
    world = Swimmer(time_limit=300)
    circuit = replace(circuits.swimmer(), horizon=300.0)
    swum = world.returns(circuit, episodes=2).mean()
    assert swum > 170
    assert swum > 3 * world.returns(lambda seen: np.zeros((*seen.shape[:-1], 5)), episodes=2).mean()
    assert np.allclose(world.batch(2).reset(seed=4)[0][0], world.reset(seed=4)[0])


def test_its_gait_is_a_wave_from_head_to_tail_at_the_clocks_rhythm() -> None:
    run = circuits.watch(circuits.swimmer(), Swimmer(), steps=500)
    found = gait(run.select([f"joint_{i}" for i in range(5)]).states, run.dt)
    assert found.frequency == pytest.approx(1 / 1.8, rel=0.03)
    assert (found.phase_lags > 0.5).all()
    assert found.wave_number > 0
    assert found.coherence.min() > 0.9
    assert "b_0_d" in run.state_names
    assert run.inputs.shape == (500, 5)
    figure = circuits.diagram(circuits.swimmer(), run)
    assert len(figure.data[0].y) == 20


def test_a_steered_swimmer_turns_the_way_it_is_told() -> None:
    world = Swimmer(6, "navigate", time_limit=1000)
    turned = []
    for side in (0.5, -0.5):
        circuit = circuits.swimmer(commands="hard")
        state = np.zeros(world.state_size)
        state[-2:] = [side, -1.0]
        seen, _ = world.reset(options={"state": state})
        start = seen[5]
        assert np.sign(start) == np.sign(side)
        best = np.inf
        for _ in range(1000):
            seen, *_ = world.step(circuit.act(seen))
            best = min(best, np.hypot(*seen[5:7]))
        turned.append(best)
    assert max(turned) < 0.6


def test_worlds_travel_to_workers_and_draw_themselves() -> None:
    for world in (Swimmer(4, density=2000.0), Quadruped(ground="rough"), Chain(_plain(4))):
        again = pickle.loads(pickle.dumps(world))
        assert again.observation_names == world.observation_names
        assert dict(again.parameters) == dict(world.parameters)
        a, _ = world.reset(seed=1)
        b, _ = again.reset(seed=1)
        assert np.array_equal(a, b)
        picture = world.picture()
        assert picture.shape == (320, 480, 3)
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 3


def _plain(links: int) -> str:
    return swimmer_xml(links).split("<general")[0] + "</actuator></mujoco>"


def test_a_chain_from_a_file_is_the_swimmer_it_describes(tmp_path) -> None:
    path = tmp_path / "eel.xml"
    path.write_text(_plain(6))
    chain, swimmer = Chain(path), Swimmer()
    assert chain.joints == 5
    assert np.allclose(chain.forward, [0, -1, 0])
    assert np.allclose(chain.limits, np.pi / 3)
    states = np.random.default_rng(0).normal(0, 0.3, (20, swimmer.state_size))
    assert np.allclose(chain.forward_speed(chain.observe(states)), swimmer.forward_speed(swimmer.observe(states)))
    circuit = circuits.chain(chain)
    assert 40 < circuit.clocks[0].period < 80
    short = Chain(path, time_limit=300)
    assert short.returns(circuits.chain(short, period=60), episodes=1)[0] > 150


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<mujoco><worldbody><body><joint name='a'/><geom size='.1'/></body></worldbody></mujoco>", "0 driven hinge"),
        ("no such file.xml", "no file"),
        ("<mujoco><worldbody>", "MuJoCo says"),
        (
            "<mujoco><worldbody><body><geom size='.1'/><freejoint/><body><joint name='a'/><geom size='.1'/></body>"
            "<body><joint name='b'/><geom size='.1'/></body></body></worldbody>"
            "<actuator><motor joint='a'/><motor joint='b'/></actuator></mujoco>",
            "the body parts at a and b",
        ),
    ],
)
def test_a_file_without_a_chain_is_refused_with_the_reason(body: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Chain(body)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Swimmer(2), "links: 2 found"),
        (lambda: Swimmer(6, "fly"), "nearest"),
        (lambda: Swimmer(density=-1.0), "density: -1.0"),
        (lambda: Swimmer(speed=np.nan), "speed: nan"),
        (lambda: Quadruped(ground="ice"), "ground 'ice'"),
        (lambda: Quadruped(load=-1.0), "load: -1.0"),
        (lambda: circuits.watch(circuits.swimmer(4), Swimmer(8, "navigate")).states.nope, "."),
    ],
)
def test_worlds_that_cannot_be_are_refused(make, words: str) -> None:
    with pytest.raises((InputError, UnknownNameError, AttributeError), match=words):
        make()


def test_a_walker_stands_and_its_circuit_walks_forward() -> None:
    world = Quadruped(time_limit=150)
    seen, _ = world.reset(seed=0)
    for _ in range(100):
        seen, _, fallen, *_ = world.step(np.zeros(8))
        assert not fallen
    assert seen[2] < -0.99
    assert 0.25 < seen[9] < 0.4
    circuit = replace(circuits.quadruped(), horizon=150.0)
    assert len(circuit.parameters) == 64
    assert world.returns(circuit, episodes=2).mean() > 60
    assert circuits.quadruped(0.1).name.endswith("walk")
    assert circuits.quadruped(0.9).name.endswith("bound")


def test_cutting_the_copied_bend_costs_more_than_cutting_across() -> None:
    world = Swimmer(time_limit=250)
    table = circuits.lesions(replace(circuits.swimmer(), horizon=250.0), world, kinds=("weight",))
    share = dict(zip(table["name"], table["share"], strict=True))
    assert share["whole circuit"] == 1.0
    assert share["prop"] < 0.6
    assert share["contra"] > 0.9
    with pytest.raises(InputError, match="kinds"):
        circuits.lesions(circuits.swimmer(), world, kinds=("organ",))
