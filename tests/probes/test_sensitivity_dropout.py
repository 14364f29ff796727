"""Units that move most between checkpoints are found, and are off in forward and backward while they are held."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.models.language import fine_tune, small_language_model
from inscape.probes.sensitivity_dropout import SensitivityDropout
from inscape.probes.unit_sensitivity import sensitive_units, sensitivity, sensitivity_as_released

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

WORDS = [f"w{i}" for i in range(20)]
TEXTS = [f"w{i} w{(i * 3) % 20} w{(i * 7) % 20}" for i in range(12)]


@pytest.fixture
def model():
    return small_language_model(WORDS, layers=3, width=32, longest=16)


class Chain(torch.nn.Module):
    """A net of our own, with a list of layers and nothing of transformers."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(6, 10), torch.nn.Linear(10, 10), torch.nn.Linear(10, 2)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def drifting(moving: list[int], checkpoints: int = 3, units: int = 10) -> np.ndarray:
    random = np.random.default_rng(0)
    found = np.repeat(random.standard_normal((1, 4, units)), checkpoints, axis=0)
    found[:, :, moving] += np.arange(checkpoints)[:, None, None] * np.array([-1.0, 1.0, 2.0, 1.5])[:, None]
    return found


def test_units_that_move_are_the_sensitive_ones():
    embeddings = drifting([2, 7])
    scores = sensitivity(embeddings)
    assert sensitive_units(scores, 0.2).tolist() == [2, 7]
    # Moves of 1, 1, 2, 1.5 a checkpoint: variance 2/3 of their square, over a path of twice their length.
    moves = np.array([1.0, 1.0, 2.0, 1.5])
    assert scores[2] == pytest.approx((2 / 3 * moves**2 * 2 * moves).mean())
    assert np.delete(scores, [2, 7]) == pytest.approx(0)


def test_the_released_measure_does_not_see_what_moves_over_checkpoints():
    still, moving = drifting([]), drifting([2])
    moving -= moving.mean(axis=0) - still.mean(axis=0)
    assert sensitivity(moving)[2] > 1
    assert sensitivity_as_released(moving) == pytest.approx(sensitivity_as_released(still))
    wide = np.random.default_rng(1).standard_normal((3, 4, 600))
    assert (sensitivity_as_released(wide)[512:] == 0).all()


def test_a_mask_is_alive_in_forward_and_backward_and_in_training_mode_only():
    net, x = Chain(), torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    plain = net(x).detach()
    dropout = SensitivityDropout(0.3, window=2, hold=2, layer=1)
    states = iter(np.asarray([drifting([0, 4, 9], 2)[k] for k in (0, 1)]))
    seen = []
    with dropout.on(net, lambda _: next(states)):
        dropout.checkpoint()
        assert dropout.units.size == 0
        assert dropout.checkpoint().tolist() == [0, 4, 9]
        handle = net.layers[1].register_forward_hook(lambda _m, _i, out: seen.append(out))
        net.train()
        net(x).square().sum().backward()
        assert (seen[0][:, [0, 4, 9]] == 0).all()
        assert (seen[0][:, [1, 2, 3]] != 0).all()
        grads = net.layers[1].weight.grad
        assert (grads[[0, 4, 9]] == 0).all()
        assert (grads[1] != 0).any()
        handle.remove()
        net.eval()
        assert torch.equal(net(x), plain)
    net.train()
    assert torch.equal(net(x), plain)


def test_a_mask_is_gone_after_an_error():
    net = Chain()
    with pytest.raises(RuntimeError, match="broken"), SensitivityDropout(layer="layers.1").on(net, lambda _: None):
        raise RuntimeError("broken")
    assert not net.layers[1]._forward_hooks


def test_choices_follow_the_window_and_are_held(model):
    dropout = SensitivityDropout(0.25, window=3, hold=2, track=TEXTS[:3])
    run = fine_tune(model, TEXTS[3:], epochs=9, learning_rate=1e-3, batch=4, callbacks=[dropout])
    history = dropout.history
    assert history.shape == (9, 32)
    assert history.sum(axis=1).tolist() == [0, 0, 0, 0, 8, 8, 8, 8, 8]
    assert np.array_equal(history[4], history[5])
    expected = sensitive_units(sensitivity(np.array(dropout.embeddings[3:6])), 0.25)
    assert np.flatnonzero(history[6]).tolist() == expected.tolist()
    assert run.losses[-1] < run.losses[0]
    assert len(run.callback_seconds) == 9
    assert not any(m._forward_hooks for m in model.model.modules())


def test_random_units_are_as_many_and_differ_with_the_seed(model):
    def history(policy: str, seed: int = 0) -> np.ndarray:
        fresh = small_language_model(WORDS, layers=2, width=32, longest=16)
        dropout = SensitivityDropout(0.25, window=2, hold=2, track=TEXTS[:2], policy=policy, seed=seed)
        fine_tune(fresh, TEXTS[2:6], epochs=5, batch=4, callbacks=[dropout])
        return dropout.history

    assert history("random").sum(axis=1).tolist() == [0, 0, 8, 8, 8]
    assert np.array_equal(history("random", 1), history("random", 1))
    assert not np.array_equal(history("random", 1), history("random", 2))
    assert not history("none").any()


def test_watching_alone_leaves_training_to_the_bit_as_it_was():
    weights = []
    for callbacks in ((), [SensitivityDropout(policy="none", window=2, hold=1, track=TEXTS[:2])]):
        fresh = small_language_model(WORDS, layers=2, width=32, longest=16)
        fine_tune(fresh, TEXTS[2:], epochs=3, batch=5, callbacks=callbacks)
        weights.append(fresh.model.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_losses_are_those_of_the_tokens_and_frozen_layers_stay(model):
    before = {n: p.clone() for n, p in model.model.named_parameters()}
    start = float(np.average(model.losses(TEXTS)))
    run = fine_tune(model, TEXTS, epochs=1, learning_rate=1e-3, batch=12, frozen_layers=2)
    assert run.losses[0] == pytest.approx(start, abs=1e-4)
    for name, parameter in model.model.named_parameters():
        frozen = name.startswith(("model.layers.0", "model.layers.1", "model.embed"))
        assert torch.equal(parameter, before[name]) == frozen, name
        assert parameter.requires_grad
    assert run.step == 1


def test_low_rank_adapters_are_merged_and_leave_no_trace(model):
    pytest.importorskip("peft")
    names = [n for n, _ in model.model.named_modules()]
    start = model.losses(TEXTS).mean()
    fine_tune(model, TEXTS, epochs=8, learning_rate=5e-3, batch=4, lora=4)
    assert model.losses(TEXTS).mean() < start
    assert [n for n, _ in model.model.named_modules()] == names
    assert all(p.requires_grad for p in model.model.parameters())


def test_a_run_that_diverges_says_so_and_keeps_numbers(model):
    with torch.no_grad():
        model.model.lm_head.weight[5] = float("nan")
    with pytest.raises(DivergedError, match="step 0; lower the learning rate"):
        fine_tune(model, TEXTS, epochs=1)
    assert torch.isfinite(model.model.model.layers[0].mlp.up_proj.weight).all()


def test_a_callback_may_end_the_run(model):
    class Enough:
        def on_epoch_end(self, run):
            run.wants_to_stop = run.losses[-1] < 100

    assert fine_tune(model, TEXTS, epochs=5, callbacks=[Enough()]).epoch == 1


@pytest.mark.parametrize("drop", [0.0, 1.0, -0.2, 2, float("nan"), "all"])
def test_a_share_that_drops_nothing_or_everything_is_refused(drop):
    with pytest.raises(InputError, match="drop"):
        SensitivityDropout(drop)


def test_what_cannot_be_dropped_is_refused_in_a_line(model):
    with pytest.raises(InputError, match="drop: 0.01 of 32 units is 0"):
        fine_tune(model, TEXTS[2:], callbacks=[SensitivityDropout(0.01, track=TEXTS[:2])])
    with pytest.raises(InputError, match="is 32, expected"):
        sensitive_units(np.arange(32), 0.999)
    with pytest.raises(InputError, match="no texts to track"):
        fine_tune(model, TEXTS, callbacks=[SensitivityDropout()])
    with pytest.raises(InputError, match="layers 0 to 2"):
        fine_tune(model, TEXTS, callbacks=[SensitivityDropout(layer=5, track=TEXTS)])
    with pytest.raises(UnknownNameError, match="layers.1"):
        SensitivityDropout(layer="layer.1").attach(Chain(), lambda _: None)
    with pytest.raises(UnknownNameError, match="random"):
        SensitivityDropout(policy="ramdom")
    with pytest.raises(InputError, match="window"):
        SensitivityDropout(window=1)
    with pytest.raises(InputError, match="it is on no model"):
        SensitivityDropout().checkpoint()
    with (
        SensitivityDropout(layer=1).on(Chain(), lambda _: np.full((2, 10), np.nan)) as dropout,
        pytest.raises(InputError, match="tracked sample 0 after epoch 1"),
    ):
        dropout.checkpoint()
    broken = drifting([1])
    broken[1, 2, 3] = np.nan
    with pytest.raises(InputError, match="checkpoint 1, sample 2"):
        sensitivity(broken)
    with pytest.raises(InputError, match="checkpoints >= 2"):
        sensitivity(np.zeros((1, 3, 4)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch": 0}, "batch"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"length": 1}, "length"),
        ({"frozen_layers": 3}, "frozen_layers"),
        ({"lora": 0}, "lora"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_is_trained(model, settings, said):
    before = {n: p.clone() for n, p in model.model.named_parameters()}
    with pytest.raises(InputError, match=said):
        fine_tune(model, TEXTS, **settings)
    with pytest.raises(InputError, match="expected at least 2 to learn from"):
        fine_tune(model, ["w1"])
    assert all(torch.equal(p, before[n]) and p.requires_grad for n, p in model.model.named_parameters())
