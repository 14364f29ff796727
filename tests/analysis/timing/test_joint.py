"""Timing and velocities together: the linear part is integrated exactly, and WASP-4 is mostly accelerated."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.timing.joint_orbit import joint, joint_model
from inscape.systems.orbit.secular import velocity_shape
from inscape.trajectories.timing_tables.samples import sample_timing, sample_velocities


@pytest.fixture(scope="module")
def wasp4():
    return sample_timing("wasp-4"), sample_velocities("wasp-4")


def test_integrating_out_the_linear_part_is_the_gaussian_integral(wasp4):
    built = joint_model(*wasp4, "decay+acceleration")
    point = np.array([[float(prior.quantile(np.float64(0.5))) for prior in built.priors.values()]])
    total, means, precisions = built._of_velocities(point, built._orbit(point))
    table = wasp4[1]
    spreads = built._spreads(5)
    since = table.times - point[0, 0]
    shape = velocity_shape(since, point[0, 1], point[0, 2], 0.0, 0.0, 0.0)
    design = np.column_stack([shape, table.membership, table.times - table.times.mean()])
    jitters = np.array([point[0, built.names.index(f"jitter {n}")] for n in table.spectrographs])
    covariance = np.diag(table.errors**2 + (table.membership @ jitters) ** 2) + (design * spreads**2) @ design.T
    slow = -0.5 * (
        table.velocities @ np.linalg.solve(covariance, table.velocities)
        + np.linalg.slogdet(covariance)[1]
        + len(table) * np.log(2 * np.pi)
    )
    assert total[0] == pytest.approx(slow, abs=1e-5)
    drawn = built.draw_linear(np.repeat(point, 4000, axis=0), np.random.default_rng(1))
    assert np.allclose(drawn.mean(axis=0), means[0], atol=4 * np.sqrt(np.diag(np.linalg.inv(precisions[0])) / 4000))


@pytest.mark.slow
def test_two_thirds_of_the_decay_of_wasp_4_is_an_acceleration(wasp4):
    pytest.importorskip("nautilus")
    found = joint(*wasp4, "decay+acceleration", live=300, draws=1500, seed=1)
    assert found.mean("acceleration") == pytest.approx(-0.0422, abs=0.004)
    assert found.mean("doppler_rate") == pytest.approx(-5.9, abs=0.6)
    assert found.mean("semi_amplitude") == pytest.approx(240, abs=6)


def test_emcee_draws_the_same_orbit_and_names_every_column(wasp4):
    pytest.importorskip("emcee")
    table, velocities = wasp4
    found = joint(table, velocities, "decay+acceleration", sampler="emcee", draws=2000, seed=2)
    assert {"decay_rate", "doppler_rate", "zero point HARPS", "jitter HIRES"} <= set(found.names)
    assert found.mean("acceleration") == pytest.approx(-0.042, abs=0.01)
