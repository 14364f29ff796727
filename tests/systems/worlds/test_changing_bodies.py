"""Half-cheetahs, boxes, doors and carts move as they should, and differ where they are said to differ."""

from __future__ import annotations

import csv
import subprocess
import sys

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError

mujoco = pytest.importorskip("mujoco")
gymnasium = pytest.importorskip("gymnasium")

from inscape.systems.worlds import cartpole_variants, half_cheetah, hinge_door, planar_pusher  # noqa: E402


def box_state(pusher, finger, *, box=(0.0, 0.0), yaw=0.0):
    state = np.zeros(pusher.state_size)
    state[:7] = [*box, 0.04, np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
    state[7:9] = finger
    return state


def test_the_default_half_cheetah_moves_as_gymnasiums():
    theirs, ours = gymnasium.make("HalfCheetah-v5").unwrapped, half_cheetah.HalfCheetahBody()
    theirs.reset(seed=0)
    rng = np.random.default_rng(0)
    start = ours.start(rng)
    theirs.set_state(start[:9], start[9:])
    ours.reset(options={"state": start})
    for _ in range(20):
        action = rng.uniform(-1, 1, 6)
        theirs.step(action)
        observation, *_ = ours.step(action)
    assert np.allclose(ours.state, np.concatenate([theirs.data.qpos, theirs.data.qvel]), atol=1e-9)
    assert np.allclose(observation[1:], ours.state[1:])


def test_bodies_keep_their_mass_and_their_parts_grow():
    default, *others = half_cheetah.bodies()
    assert default.model.body_mass.sum() == pytest.approx(14)
    for body, part in zip(others, half_cheetah.PARTS, strict=True):
        assert body.task == part
        assert body.model.body_mass.sum() == pytest.approx(14)
        grown = body.model.geom_size[:, 0] / default.model.geom_size[:, 0]
        named = [body.model.geom(k).name in half_cheetah.PARTS[part] for k in range(body.model.ngeom)]
        assert np.allclose(grown, np.where(named, 1.25, 1.0))


def test_the_forward_velocity_is_that_of_the_centre_of_mass():
    body = half_cheetah.HalfCheetahBody()
    state = body.start(np.random.default_rng(1))
    later = body.move(state, np.zeros(6))
    body.reset(options={"state": later})
    mujoco.mj_forward(body.model, body.data)
    before = body.data.subtree_com[1, 0]
    mujoco.mj_integratePos(body.model, body.data.qpos, body.data.qvel, 1e-6)
    mujoco.mj_forward(body.model, body.data)
    assert body.observe(later)[0] == pytest.approx((body.data.subtree_com[1, 0] - before) / 1e-6, abs=1e-5)


def test_reversed_motors_do_what_the_opposite_action_does():
    base, reversed_front = half_cheetah.strong_sequence()[:2]
    state, action = base.start(np.random.default_rng(2)), np.array([0.3, -0.5, 0.8, 0.4, -0.7, 0.2])
    turned = action * np.array([1, 1, 1, -1, -1, -1])
    assert np.allclose(base.move(state, turned), reversed_front.move(state, action), atol=1e-12)
    left, right = cartpole_variants.four()[:2]
    cart = np.array([0.1, 2.0, 0.3, -1.0])
    assert np.allclose(left.move(cart, np.array([-0.6])), right.move(cart, np.array([0.6])), atol=1e-14)


def test_a_cart_begins_its_random_steps_where_one_step_cannot_reach_the_end_of_the_rail():
    for cart in cartpole_variants.four():
        _, _, nexts = cart.single_steps(2000, seed=3)
        assert np.abs(nexts[:, 0]).max() < cart.parameters["rail"]
        assert cart.dt == pytest.approx(0.04)


def test_a_balanced_and_centred_cart_earns_one_and_a_hanging_one_nothing():
    cart = cartpole_variants.CartpoleVariant()
    upright, aside, hanging = (np.array([x, c, 0.0, 0.0, 0.0]) for x, c in ((0.0, 1.0), (1.5, 1.0), (0.0, -1.0)))
    still = np.zeros(1)
    assert cart.reward(upright, still) == pytest.approx(1)
    assert cart.reward(aside, still) == pytest.approx((1 + 0.1**0.5625) / 2)
    assert cart.reward(hanging, still) == pytest.approx(0)


@pytest.mark.parametrize(("densities", "sign"), [((500, 500), 0), ((100, 500), -1), ((500, 100), 1)])
def test_a_box_pushed_at_its_middle_turns_so_that_its_heavy_half_stays_behind(densities, sign):
    pusher = planar_pusher.PlanarPusher(densities=densities)
    state = box_state(pusher, (0.0, -0.1))
    for _ in range(8):
        state = pusher.move(state, np.array([0.0, 0.6]))
    yaw = 2 * np.arctan2(state[6], state[3])
    assert state[1] > 0.03
    # The right half lags where it is heavy: the box turns clockwise.
    assert np.sign(np.round(yaw, 2)) == sign


def test_corners_are_those_of_a_square_and_predicted_ones_are_made_so():
    pusher = planar_pusher.PlanarPusher()
    seen = pusher.observe(box_state(pusher, (-0.1, 0.0), box=(0.05, -0.02), yaw=0.4))
    corners = seen[2:].reshape(4, 2)
    assert np.linalg.norm(corners[0] - corners[3]) == pytest.approx(0.16 * np.sqrt(2))
    assert np.allclose(pusher.project(seen), seen, atol=1e-12)
    rough = seen + 0.01 * np.random.default_rng(0).standard_normal((50, 10))
    made = pusher.project(rough)
    square = made[:, 2:].reshape(50, 4, 2)
    assert np.allclose(np.linalg.norm(square[:, 0] - square[:, 1], axis=1), 0.16)
    assert np.allclose(np.linalg.norm(square[:, 0] - square[:, 3], axis=1), 0.16 * np.sqrt(2))
    assert np.allclose(pusher.project(made), made)


def test_a_box_at_its_goal_earns_four_less_the_action():
    pusher = planar_pusher.PlanarPusher()
    there = pusher.observe(box_state(pusher, (0.0, 0.0), box=(0.15, 0.0)))
    assert pusher.reward(there, np.zeros(2)) == pytest.approx(4)
    assert pusher.reward(there, np.array([0.6, 0.8])) == pytest.approx(3.75)
    start = pusher.observe(box_state(pusher, (-0.1, 0.0)))
    assert pusher.reward(start, np.zeros(2)) == pytest.approx(4 * (1 - np.tanh(1.5)))


def turned(door, handle_torque, hinge_torque, steps=400):
    """Angles of door and handle after torques on both, the handle first."""
    door.reset(options={"state": np.zeros(door.state_size)})
    data, model = door.data, door.model
    for first, torque in (("handle", handle_torque), ("hinge", hinge_torque)):
        data.qfrc_applied[model.joint(first).dofadr[0]] = torque
        for _ in range(steps):
            mujoco.mj_step(model, data)
    return abs(data.qpos[door._where["hinge"]]), abs(data.qpos[door._where["handle"]])


@pytest.mark.parametrize("number", range(1, 5))
def test_a_latched_door_opens_only_when_its_handle_is_turned(number):
    door = hinge_door.sequence()[number]
    way = 1.0 if door.parameters["high"] > 0 else -1.0
    assert turned(door, 0.0, -1.0)[0] < 0.05
    assert turned(door, -1.0 * way, -1.0)[0] < 0.05
    opened, handle = turned(door, 1.0 * way, -1.0)
    assert opened > 0.5
    assert handle > 1.2


def test_a_pulled_door_has_no_latch():
    assert turned(hinge_door.sequence()[0], 0.0, -1.0)[0] > 0.5


def test_a_door_rewards_a_hand_at_the_knob_a_turned_handle_and_an_open_door():
    door = hinge_door.HingeDoor("lever")
    names = list(door.observation_names)
    seen = door.observe(door.start(np.random.default_rng(0)))
    base = float(door.reward(seen, np.zeros(7)))

    def with_changes(**changes):
        other = seen.copy()
        for name, value in changes.items():
            other[names.index(name.replace("_", " "))] = value
        return float(door.reward(other, np.zeros(7)))

    assert with_changes(door_angle=-0.5) == pytest.approx(base + 50 * (0.5 - abs(seen[names.index("door angle")])))
    assert with_changes(handle_angle=0.5) == pytest.approx(base + 20 * 0.5)
    nearer = {f"hand_{axis}": seen[names.index(f"knob {axis}")] for axis in "xyz"}
    assert with_changes(**nearer) > base + 0.5
    assert len(names) == 26
    assert door.action_space.shape == (7,)


@pytest.mark.parametrize(
    "world",
    [
        half_cheetah.strong_sequence()[3],
        planar_pusher.sequence()[1],
        hinge_door.sequence()[2],
        *cartpole_variants.many(1),
    ],
    ids=["cheetah", "pusher", "door", "cart"],
)
def test_random_steps_are_those_of_the_world_itself(world):
    runs = world.random_steps(23, resets=10, seed=4)
    assert [len(run) for run in runs] == [11, 11, 4]
    assert runs == world.random_steps(23, resets=10, seed=4)
    assert all(run.context["task"] == world.task for run in runs)
    states, actions, nexts = world.single_steps(5, seed=1)
    assert states.shape == nexts.shape == (5, len(world.observation_names))
    assert np.isfinite(nexts).all()
    assert gymnasium.spaces.Box(-1, 1, actions.shape[1:]).contains(actions[0].astype(np.float32))


def test_sequences_share_observations_and_actions_and_have_names_of_their_own():
    for sequence in (
        half_cheetah.bodies(),
        half_cheetah.strong_sequence(),
        planar_pusher.sequence(),
        hinge_door.sequence(),
        cartpole_variants.four(),
        cartpole_variants.many(6),
    ):
        assert len({world.observation_names for world in sequence}) == 1
        assert len({world.task for world in sequence}) == len(sequence)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: half_cheetah.HalfCheetahBody(radius={"tail": 2}), UnknownNameError, "part 'tail' is not known"),
        (lambda: half_cheetah.HalfCheetahBody(gears={"middle": 2}), UnknownNameError, "leg 'middle' is not known"),
        (lambda: half_cheetah.HalfCheetahBody(damping=-1), InputError, "expected finite factors"),
        (lambda: planar_pusher.PlanarPusher(densities=(0, 1)), InputError, "densities: .* expected two positive"),
        (lambda: hinge_door.HingeDoor("knob"), UnknownNameError, "handle 'knob' is not known; nearest"),
        (lambda: cartpole_variants.CartpoleVariant(gear=0), InputError, "gear: 0 found"),
        (lambda: cartpole_variants.many(0), InputError, "count: 0 found"),
        (lambda: planar_pusher.PlanarPusher().random_steps(0), InputError, "steps: 0 found"),
    ],
)
def test_bodies_that_cannot_be_are_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_an_action_outside_its_space_names_world_and_step():
    pusher = planar_pusher.sequence()[1]
    pusher.reset(seed=0)
    with pytest.raises(InputError, match="PlanarPusher '100, 500': action"):
        pusher.step(np.array([0.0, 1.5]))


def test_the_five_doors_are_those_of_the_published_reference_returns(shared_data):
    file = shared_data / "15-hypercrl" / "door_single_task_reference.csv"
    if not file.is_file():
        pytest.skip("the reference returns of the doors are not there")
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    published = [(row["handle"], float(row["joint_low_rad"]), float(row["joint_high_rad"])) for row in rows]
    assert tuple(published) == hinge_door.TASKS


@pytest.mark.parametrize(
    "first", ["from inscape.systems.worlds import returns", "import inscape.systems.worlds.record"]
)
def test_a_function_is_not_hidden_by_the_module_of_its_name(first):
    said = subprocess.run(
        [sys.executable, "-c", f"{first}\nfrom inscape.systems.worlds import record\nprint(callable(record))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "True"
