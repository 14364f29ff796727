"""Study 24 at its smallest scale, and the checks that it is made of."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.studies.registry import find_study
from inscape.studies.turbulent_interface import STUDY, checks, speed
from inscape.studies.turbulent_interface.claims import CLAIMS


def test_the_study_is_found_by_its_number():
    assert find_study(24) is STUDY


def test_linear_flows_meet_their_bars():
    found = checks.linear_flows(400)
    for claim in CLAIMS:
        if claim.name in found:
            assert found[claim.name] <= claim.at_most


def test_the_solver_decays_the_abc_flow_exactly():
    assert checks.abc_decay(12) < 1e-6


def test_particles_are_counted_by_their_evaluations():
    assert speed.particle_evaluations({"grid": [12, 12, 12], "steps": 2}) > 1e4


@pytest.mark.slow
def test_a_smoke_run_measures_every_claim_that_needs_no_peer(tmp_path):
    run = STUDY.perform(scale="smoke", store=tmp_path, jobs=1, progress=False)
    peers = {"speed_ftle", "gyre_numbacs", "speed_fluidsim", "speed_fluidsim_scalar"}
    # The smoke jet is too short to be followed for an integral time.
    long = {"jump_fall", "flux_jump_long", "flux_memory", "stretching_memory"}
    long |= {"layer_inside_larger", "jump_inside_larger", "constancy_larger", "reynolds_larger"}
    missing = {j.claim.name for j in run.judged if j.measured is None or j.measured.value is None}
    assert missing <= peers | long
    assert {"structures", "jumps", "memory", "profiles", "past-and-future"} <= set(run.folder.figures)
    value = {j.claim.name: j.measured.value for j in run.judged if j.measured is not None}
    assert value["abc_barrier"] < 1e-6
    assert value["budget"] < 0.1
    assert np.isfinite(value["superlayer"])
    assert value["tangential"] > 1.0
