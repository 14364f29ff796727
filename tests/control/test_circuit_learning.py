"""Circuits under gradients and searches: signs hold, numbers repeat, bounds bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mujoco")

from inscape.control import circuits, search  # noqa: E402
from inscape.errors import InputError, UnknownNameError  # noqa: E402
from inscape.systems.worlds import Swimmer  # noqa: E402

SIGNS = torch.tensor([1.0, 1.0, 1.0, -1.0])


def seen(count: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 24, generator=generator)
    x[:, -1] = torch.randint(0, 1000, (count,), generator=generator) / 500 - 1
    return x


@pytest.mark.parametrize("constraint", ["projection", "softplus"])
@pytest.mark.parametrize(
    "optimiser", ["Adam", *(pytest.param(name, marks=pytest.mark.slow) for name in ("SGD", "RMSprop", "Rprop"))]
)
def test_no_weight_changes_its_sign_in_a_thousand_gradient_steps(constraint: str, optimiser: str) -> None:
    module = circuits.swimmer().torch(constraint)
    moves = getattr(torch.optim, optimiser)(module.parameters(), lr=0.1)
    x = seen(8)
    for step in range(1000):
        # Actions against the bend ask for signs that the circuit forbids; later the other way.
        wish = (-2.0 if step < 500 else 2.0) * torch.sign(x[:, :5])
        moves.zero_grad()
        ((module(x) - wish) ** 2).mean().backward()
        assert torch.isfinite(module.raw.grad).all()
        moves.step()
        assert (module.weights() * SIGNS >= 0).all()


def test_module_and_circuit_answer_alike() -> None:
    x = seen(300)
    for circuit in (
        circuits.swimmer(),
        circuits.swimmer(shared=False),
        circuits.swimmer(wave="sine", learned=("period",)),
    ):
        for constraint in ("projection", "softplus"):
            module = circuit.torch(constraint)
            assert np.allclose(module(x).detach(), circuit.act(x.numpy()), atol=2e-5)
            assert np.allclose(module.as_circuit().act(x.numpy()), circuit.act(x.numpy()), atol=2e-5)


def test_a_gradient_reaches_the_period_of_a_sine_and_none_of_a_square_wave() -> None:
    module = circuits.swimmer(wave="sine", learned=("period",), weights={"osc": 0.5}).torch()
    (module(seen(50)) ** 2).sum().backward()
    assert module.raw.grad[-1] != 0
    with pytest.raises(InputError, match="no gradient there"):
        circuits.swimmer(learned=("period",)).torch()
    with pytest.raises(UnknownNameError, match="constraint"):
        circuits.swimmer().torch("clip")


def test_a_residual_network_stays_within_its_trust() -> None:
    circuit = circuits.swimmer(weights={"ipsi": 0.5})
    x = seen(200)
    residual = circuits.ResidualCircuit(circuit, 0.3)
    assert torch.allclose(residual(x), circuit.torch()(x))
    with torch.no_grad():
        for p in residual.network.parameters():
            p.normal_(0, 5)
    factors = residual.drive(x)
    assert (factors >= 0.7 - 1e-6).all()
    assert (factors <= 1.3 + 1e-6).all()
    # A joint that the circuit leaves at rest is left at rest, and no torque turns round.
    bare = circuit.torch()(x)
    assert (residual(x)[bare == 0].abs() < 1e-6).all() or (bare != 0).all()
    with pytest.raises(InputError, match="trust"):
        circuits.ResidualCircuit(circuit, 1.0)
    still = circuits.ResidualCircuit(circuit, 0.0)
    with torch.no_grad():
        still.network[-1].bias.fill_(9.0)
    assert torch.allclose(still(x), bare)


def test_cma_improves_a_swimmer_and_repeats_with_its_seed() -> None:
    world = Swimmer(time_limit=200)
    start = circuits.swimmer().with_parameters([0.4, 0.4, 0.4, -0.4])
    start = replace(start, horizon=200.0)
    found = search.cma(start, world, episodes=32, seed=3, jobs=1)
    again = search.cma(start, world, episodes=32, seed=3, jobs=1)
    assert np.array_equal(found.parameters, again.parameters)
    assert found.steps == 32 * 200
    assert world.returns(found, episodes=3).mean() > world.returns(start, episodes=3).mean() + 20
    assert np.isfinite(found.episodes_to(found.best))
    assert found.episodes_to(1e9) == np.inf


@pytest.mark.slow
def test_two_workers_find_what_one_does() -> None:
    world = Swimmer(time_limit=50)
    one, two = (search.cma(circuits.swimmer(), world, episodes=16, seed=0, jobs=j) for j in (1, 2))
    assert np.array_equal(one.parameters, two.parameters)


class Bowl:
    """A policy whose return is known: minus the distance to a point."""

    def __init__(self, parameters: np.ndarray):
        self.parameters = np.asarray(parameters, dtype=float)

    def with_parameters(self, parameters: np.ndarray) -> Bowl:
        return Bowl(parameters)

    def act(self, observation: np.ndarray) -> np.ndarray:
        off = np.linalg.norm(self.parameters - 0.5) / 10
        return np.full((*np.shape(observation)[:-1], 5), np.clip(off, -1, 1))


@pytest.mark.parametrize("method", ["ars", "evolution_strategy", "cma"])
def test_searches_climb_where_the_way_is_known(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        search, "_earned", lambda item: (np.array([-np.sum((p.parameters - 0.5) ** 2) for p in item[1]]), len(item[1]))
    )
    extra = {"rate": 0.05, "sigma": 0.1, "weight_decay": 0.0} if method == "evolution_strategy" else {}
    found = getattr(search, method)(Bowl(np.zeros(3)), Swimmer(), episodes=800, seed=0, jobs=1, **extra)
    assert np.abs(found.parameters - 0.5).max() < 0.15


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: search.cma(lambda x: x, Swimmer()), "expected one with parameters"),
        (lambda: search.cma(circuits.swimmer(), Swimmer(), episodes=3), "at least 8"),
        (lambda: search.cma(circuits.swimmer(), Swimmer(), sigma=-1.0), "sigma"),
        (lambda: search.cma(circuits.swimmer(4), Swimmer(6)), "4 actions found, expected 5"),
        (lambda: search.evolution_strategy(circuits.swimmer(), Swimmer(), population=7), "even"),
        (lambda: search.ars(circuits.swimmer(), Swimmer(), directions=0), "directions"),
    ],
)
def test_searches_refuse_what_they_cannot_search(call, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


def test_ppo_and_td3_learn_with_a_circuit_for_an_actor(tmp_path) -> None:
    sb3 = pytest.importorskip("stable_baselines3")
    world = Swimmer(time_limit=64)
    circuit = replace(circuits.swimmer(), horizon=64.0)
    model = sb3.PPO(circuits.CircuitActorCritic, world, policy_kwargs={"circuit": circuit}, n_steps=128, seed=0)
    obs = world.reset(seed=0)[0]
    assert np.allclose(model.predict(obs, deterministic=True)[0], circuit.act(obs), atol=1e-5)
    model.learn(256)
    learned = model.policy.circuit
    assert not np.array_equal(learned.parameters, circuit.parameters)
    assert all(learned.effective_weights[k] * circuit.signs[k] >= 0 for k in circuit.weights)
    model.save(tmp_path / "model")
    back = sb3.PPO.load(tmp_path / "model")
    assert np.allclose(back.predict(obs, deterministic=True)[0], model.predict(obs, deterministic=True)[0])
    td3 = sb3.TD3(circuits.CircuitTD3, world, policy_kwargs={"circuit": circuit}, learning_starts=20, seed=0)
    td3.learn(40)
    assert td3.policy.circuit.parameter_names == circuit.parameter_names
    with pytest.raises(InputError, match="observations of shape"):
        sb3.PPO(circuits.CircuitActorCritic, Swimmer(4), policy_kwargs={"circuit": circuit})
