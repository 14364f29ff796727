"""Three vectors whose product must match another: the toy of a phase change."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.phase_change import phase_change
from inscape.errors import DivergedError, InputError
from inscape.models.tensor_product import TensorProduct


def sharpness(clamped, seeds=range(20)):
    run = TensorProduct(clamped=clamped).train(1000, seeds=list(seeds))
    levels = zip(run.losses, run.plateau, strict=True)
    return np.array([phase_change(np.arange(1001.0), loss, level).sharpness for loss, level in levels])


def test_descent_on_inner_products_is_descent_on_the_whole_tensor():
    model = TensorProduct(4, learning_rate=0.5, clamped=("c",))
    run = model.train(3, seeds=[2])
    random = np.random.default_rng(2).standard_normal((2, 3, 4))
    truth, now = random[0], random[1].copy()
    now[2] = truth[2]
    target = np.einsum("i,j,k->ijk", *truth)
    losses = []
    for _ in range(4):
        error = np.einsum("i,j,k->ijk", *now) - target
        losses.append(0.5 * np.mean(error**2))
        slope_a = np.einsum("ijk,j,k->i", error, now[1], now[2]) / error.size
        slope_b = np.einsum("ijk,i,k->j", error, now[0], now[2]) / error.size
        now[0] -= 0.5 * slope_a
        now[1] -= 0.5 * slope_b
    np.testing.assert_allclose(run.losses[0], losses, rtol=1e-9)


def test_three_learning_factors_wait_for_each_other_and_one_alone_does_not():
    # Some run may not be through in 1000 steps; the median does not mind.
    assert np.nanmedian(sharpness(())) <= 0.35
    assert np.nanmedian(sharpness(("b", "c"))) >= 1.3


def test_a_run_of_three_factors_rests_at_the_loss_of_a_product_of_zero():
    run = TensorProduct().train(1000, seeds=range(20))
    # A tenth above and below that level lie more steps than the whole drop takes afterwards.
    rests = (np.abs(run.losses / run.plateau[:, None] - 1) < 0.1).sum(axis=1)
    falls = ((run.losses < 0.9 * run.plateau[:, None]) & (run.losses > 0.1 * run.plateau[:, None])).sum(axis=1)
    assert np.median(rests / np.maximum(falls, 1)) > 2


def test_the_loss_of_one_learning_factor_decays_as_the_closed_form_says():
    model = TensorProduct(clamped=("a", "c"))
    run = model.train(30, seeds=list(range(100, 120)))
    measured = run.losses[:, 21] / run.losses[:, 20]
    np.testing.assert_allclose(measured, model.decay(run.truth), rtol=1e-6)


def test_the_curves_are_trajectories_over_steps():
    curves = TensorProduct(5).train(10, seeds=[0, 1]).curves
    assert len(curves) == 2
    assert curves[0].states.shape == (11, 1)


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(InputError, match="at most two"):
        TensorProduct(clamped=("a", "b", "c"))
    with pytest.raises(InputError, match="at most two"):
        TensorProduct(clamped=("d",))
    with pytest.raises(InputError, match="size"):
        TensorProduct(0)
    with pytest.raises(InputError, match="learning_rate"):
        TensorProduct(learning_rate=float("nan"))
    with pytest.raises(InputError, match="two clamped"):
        TensorProduct(clamped=("a",)).decay({})
    with pytest.raises(DivergedError, match="ran away"):
        TensorProduct(5, learning_rate=50.0).train(200)
