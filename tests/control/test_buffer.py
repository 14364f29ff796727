"""The latest steps, and files that keep a training."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.control.buffer import Buffer
from inscape.control.checkpoint import read_checkpoint, write_checkpoint
from inscape.errors import InputError
from tests.control.cart import driven_runs


def test_the_oldest_steps_fall_out_first():
    runs = driven_runs(count=3, steps=50)
    buffer = Buffer(120)
    for run in runs:
        buffer.add(run, [np.arange(50.0)])
    assert len(buffer) == 120
    np.testing.assert_array_equal(buffer.runs[0].states, runs[0].states[30:])
    np.testing.assert_array_equal(buffer.rewards[0], np.arange(30.0, 50.0))
    np.testing.assert_array_equal(buffer.states, np.concatenate([r.states for r in buffer.trajectories]))


def test_rewards_stand_beside_the_next_state_and_the_action_that_led_there():
    run = driven_runs(count=1, steps=10)[0]
    buffer = Buffer()
    buffer.add(run, [np.arange(10.0)])
    seen, rewards = buffer.rewarded()
    np.testing.assert_array_equal(seen[4], [*run.states[5], *run.inputs[4]])
    assert rewards[4] == 4.0


def test_a_buffer_comes_back_as_it_was_kept(tmp_path):
    buffer = Buffer(70)
    buffer.add(driven_runs(count=2, steps=50), [np.arange(50.0), -np.arange(50.0)])
    write_checkpoint(tmp_path / "kept.npz", {"buffer": buffer.state()})
    again = Buffer(70)
    again.restore(read_checkpoint(tmp_path / "kept.npz")["buffer"])
    assert all(a == b for a, b in zip(buffer.runs, again.runs, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(buffer.rewards, again.rewards, strict=True))
    empty = Buffer()
    empty.restore(Buffer().state())
    assert len(empty) == 0


def test_an_empty_buffer_and_strange_runs_are_refused():
    with pytest.raises(InputError, match="empty"):
        _ = Buffer().trajectories
    buffer = Buffer()
    buffer.add(driven_runs(count=1))
    with pytest.raises(InputError, match="it holds x, v, u"):
        buffer.add(driven_runs(count=1)[0].replace(state_names=("a", "b")))
    with pytest.raises(InputError, match="rewards"):
        buffer.add(driven_runs(count=1), [np.zeros(3)])
    with pytest.raises(InputError, match="capacity"):
        Buffer(0)


def test_a_checkpoint_keeps_every_digit_and_every_kind_of_plain_data(tmp_path):
    record = {
        "number": 0.1 + 0.2,
        "none": None,
        "text": "half-way",
        "list": [1, {"deep": np.arange(3)}],
        "random": np.random.default_rng(0).bit_generator.state,
        "bytes": np.frombuffer(b"ab", dtype=np.uint8),
    }
    file = tmp_path / "deep" / "kept.npz"
    write_checkpoint(file, record)
    found = read_checkpoint(file)
    assert found["number"] == record["number"]
    assert found["random"] == record["random"]
    np.testing.assert_array_equal(found["list"][1]["deep"], np.arange(3))
    assert found["bytes"].tobytes() == b"ab"


def test_a_torn_file_or_another_file_is_no_checkpoint(tmp_path):
    file = tmp_path / "kept.npz"
    write_checkpoint(file, {"a": np.zeros(100)})
    file.write_bytes(file.read_bytes()[:80])
    with pytest.raises(InputError, match="no checkpoint"):
        read_checkpoint(file)
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(InputError, match="no checkpoint"):
        read_checkpoint(tmp_path / "other.npz")
    with pytest.raises(InputError, match="not found"):
        read_checkpoint(tmp_path / "none.npz")
    with pytest.raises(InputError, match="object"):
        write_checkpoint(file, {"a": object()})
