"""Study 03: its bounds are those that were asked for, and its smoke run has every number."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.studies.orbital_decay.claims import CLAIMS
from inscape.studies.registry import find_study


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(3) is find_study("orbital-decay")


def test_bounds_are_those_that_were_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["wasp12_decay"] == (-29.37, -28.77)
    assert bounds["wasp12_evidence"] == (99.7, 100.7)
    assert bounds["speed_evidence"] == (1000, None)
    assert bounds["speed_precession"] == (50, None)
    assert bounds["wasp43_clipped"] == (-1.58, -1.48)
    assert bounds["scan_rate"] == (0.165, 0.190)
    assert bounds["scan_alarm"] == (None, 1)
    assert bounds["cover_decay"] == bounds["cover_rate"] == (60, 76)
    assert bounds["exact_times"] == (None, 1)
    assert bounds["exact_velocity"] == (None, 1e-6)
    assert bounds["wasp4_acceleration"] == (-0.0452, -0.0392)


@pytest.mark.slow
def test_a_smoke_run_has_every_number_but_those_of_the_absent_list(tmp_path, monkeypatch):
    pytest.importorskip("nautilus")
    pytest.importorskip("dynesty")
    monkeypatch.delenv("INSCAPE_DATA", raising=False)
    run = find_study(3).perform(scale="smoke", store=tmp_path, jobs=1, progress=False)
    missing = {j.claim.name for j in run.judged if j.measured is None}
    assert missing == {"doomed", "doomed_seconds"}
    assert set(run.folder.figures) >= {"wasp-12", "wasp-43", "precession", "choices", "wasp-4"}


def test_occultations_have_a_curve_of_their_own_where_a_pericentre_turns():
    pytest.importorskip("plotly")
    from inscape.analysis.timing import fit
    from inscape.studies.orbital_decay.figures import residual_figure
    from inscape.trajectories.timing_tables.samples import sample_timing

    table = sample_timing("wasp-12")
    models = [fit(table, "decay", jitter="none"), fit(table, "precession", jitter="none", rates=(0.01, 0.5))]
    drawn = residual_figure(fit(table, "linear", jitter="none"), models, "WASP-12 b")
    curves = {trace.name: trace for trace in drawn.data}
    assert "decay: occultations" not in curves
    transits = next(trace for name, trace in curves.items() if name.startswith("precession, 0.0"))
    late = np.array(curves["precession: occultations"].y)
    # They swing against the transits: furthest apart in the middle of the years, where transits come latest.
    assert np.argmax(np.abs(late - np.array(transits.y))) == pytest.approx(650, abs=250)
    assert np.corrcoef(late, np.array(transits.y))[0, 1] < -0.9
