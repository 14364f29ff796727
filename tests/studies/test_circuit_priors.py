"""Study 05 at its smallest: every claim is measured."""

from __future__ import annotations

import pytest

pytest.importorskip("mujoco")
pytest.importorskip("stable_baselines3")
pytest.importorskip("cma")

from inscape.studies.circuit_priors import STUDY


@pytest.mark.slow
def test_the_smoke_scale_measures_every_claim(tmp_path) -> None:
    run = STUDY.perform(scale="smoke", store=tmp_path, backend="serial")
    measured = {j.claim.name for j in run.judged if j.measured is not None}
    assert measured == {claim.name for claim in STUDY.claims}
    assert {"learning", "sign-patterns", "bodies", "wave", "firing", "periods"} <= set(run.as_dict()["figures"])
    assert len(list((run.folder.path / "films").iterdir())) == 3
