"""Study 19 measures what it says, on sizes small enough for a test; and the tool refuses what cannot be known."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from inscape.analysis.certificate import certificate
from inscape.analysis.galerkin import Galerkin
from inscape.errors import InputError
from inscape.models.koopman import EDMD, Dictionary, KoopmanWarning
from inscape.studies.koopman import coverage, delays, doubling, duffing, energy, games, measures, months, sea_ice
from inscape.studies.koopman.estimators import ESTIMATORS, PEERS
from inscape.studies.registry import find_study, studies
from inscape.systems import adversary


def identity_of_the_disk(count: int = 400):
    x = adversary.disk_points(count, seed=1)
    return EDMD(Dictionary.polynomial(3)).fit_pairs(x, x).galerkin_


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(19) is find_study("koopman") is studies()["19-koopman"]


# ---- what cannot be known


def test_residuals_of_zero_do_not_let_the_ledger_say_that_there_is_nothing_else():
    galerkin = identity_of_the_disk()
    assert galerkin.eigen().residuals.max() < 1e-9
    ledger = certificate(galerkin, sampling="independent", measure_preserving=True, invertible=True)
    for statement in (ledger["nothing else in the spectrum"], certificate(galerkin)["nothing else in the spectrum"]):
        assert statement.withheld
        assert statement.limits is None
        assert "annulus" in statement.withheld
    with_constant = certificate(
        galerkin, sampling="independent", measure_preserving=True, invertible=True, lipschitz=1.5
    )
    assert with_constant["nothing else in the spectrum"].withheld
    assert with_constant["approximate point spectrum"].limits == 1


def test_the_number_of_limits_follows_what_is_declared():
    galerkin = identity_of_the_disk()
    name = "approximate point spectrum"
    assert certificate(galerkin)[name].limits == 3
    assert certificate(galerkin, measure_preserving=True)[name].limits == 2
    assert certificate(galerkin, measure_preserving=True, lipschitz=2.0)[name].limits == 1


def test_a_spectrum_is_not_bounded_where_normality_is_not_declared():
    galerkin = identity_of_the_disk()
    assert certificate(galerkin, sampling="independent")["distance of eigenvalues to the spectrum"].withheld
    declared = certificate(galerkin, sampling="quadrature", measure_preserving=True, invertible=True)
    assert not declared["distance of eigenvalues to the spectrum"].withheld


def test_a_claim_of_measure_preservation_that_the_data_contradict_is_withheld():
    runs = duffing.snapshots(0.3, 2000, 3, seed=0)
    dictionary = Dictionary.rbf(30, standardize=False).fit(runs.reshape(-1, 1, 2))
    galerkin = duffing.operator(dictionary, *duffing.pairs(runs))
    ledger = certificate(galerkin, sampling="independent", measure_preserving=True, invertible=True)
    assert "energy" in ledger["distance of eigenvalues to the spectrum"].withheld


@pytest.mark.parametrize("name", list(ESTIMATORS))
def test_every_estimator_loses_every_round_by_the_whole_distance(name):
    if name in PEERS:
        pytest.importorskip(PEERS[name].partition(".")[0], reason="a published package to compare with")
    played = games.play({"estimator": name, "rounds": 3, "points": 80, "seed": 0})
    assert (played["errors"] >= 1.9).all()
    assert played["right"] <= 0.5
    assert played["plain"].max() < 1e-6


def test_a_verified_eigenfunction_does_not_decide_the_game_on_the_torus():
    assert games.play_on_torus({"rounds": 3, "points": 300, "order": 3, "seed": 0}) == 3


# ---- what can


def test_least_residuals_of_the_doubling_map_equal_their_closed_form():
    found = doubling.worst_difference([1, 2, 5, 16])
    assert found["difference"] < 1e-10
    assert found["false_residual"] == pytest.approx(1)


def test_moments_of_the_cat_map_are_those_of_its_orbits():
    # Against sums over the torus itself: a lattice of an odd prime side is invariant under the map.
    side = 61
    x, y = np.meshgrid(np.arange(side) / side, np.arange(side) / side, indexing="ij")
    waves = [np.linalg.matrix_power(coverage.CAT, abs(j)) if j >= 0 else None for j in range(4)]
    inverse = np.array([[1, -1], [-1, 2]])
    g = np.zeros(x.shape, dtype=complex)
    for j in range(-3, 4):
        k = np.array([1, 0]) @ (waves[j] if j >= 0 else np.linalg.matrix_power(inverse, -j))
        g += measures.DECAY ** abs(j) * np.exp(2j * np.pi * (k[0] * x + k[1] * y))
    rows = np.arange(side)
    moved = g[(2 * rows[:, None] + rows[None, :]) % side, (rows[:, None] + rows[None, :]) % side]
    expected = measures.cat_moments(2)
    assert (np.abs(g) ** 2).mean() == pytest.approx(expected[0], rel=1e-4)
    assert (moved * g.conj()).mean() == pytest.approx(expected[1], rel=1e-3)


def test_the_density_of_the_cat_map_has_its_moments():
    angles = np.linspace(-np.pi, np.pi, 4000, endpoint=False)
    density = measures.cat_density(angles)
    for n, moment in enumerate(measures.cat_moments(5)):
        assert (density * np.exp(1j * n * angles)).mean() * 2 * np.pi == pytest.approx(moment)


def test_higher_orders_converge_faster_on_the_cat_map():
    found = measures.cat_rates(160)
    errors = {m: e[0] for m, e in found["errors"].items()}
    assert errors["1"] > errors["2"] > errors["4"] > errors["6"]
    assert found["automatic"] < 1e-6


def test_the_error_that_a_measure_states_holds_on_doubling_and_tent():
    for name in ("doubling", "tent"):
        found = measures.chain_error(name, 8, 2**10)
        assert found["error"] <= found["bound"]


def test_bands_of_residuals_hold_the_exact_value_of_the_torus_most_of_the_time():
    held = [coverage.covered({"runs": 40, "steps": 50, "order": 2, "seed": s})["held"] for s in range(20)]
    assert 0.88 <= np.mean(held) <= 1


def test_exact_residuals_of_single_characters_of_the_cat_map():
    waves = np.array([[0, 0], [1, 0]])
    found = coverage.exact_residuals(waves, np.eye(2, dtype=complex), np.array([1.0, 0.5]))
    np.testing.assert_allclose(found, [0, np.sqrt(1 + 0.25)])


def test_on_duffing_the_verified_arc_is_better_than_the_worst_eigenvalue_and_shuffling_ends_it():
    item = {"damping": 0.0, "size": 60, "starts": 1500, "steps": 5, "tolerance": 0.02, "seed": 1}
    kept = duffing.worst_residuals({**item, "shuffled": False})
    mixed = duffing.worst_residuals({**item, "shuffled": True})
    assert kept["worst"] < 0.5 < kept["edmd_worst"]
    assert mixed["median"] > 0.9


def test_duffing_without_damping_keeps_its_energy():
    runs = duffing.snapshots(0.0, 20, 5, seed=0)
    total = runs[..., 1] ** 2 / 2 - runs[..., 0] ** 2 / 2 + runs[..., 0] ** 4 / 4
    np.testing.assert_allclose(total, np.broadcast_to(total[:, :1], total.shape), atol=1e-9)


def test_the_verified_set_of_lorenz_is_better_than_edmd_and_empty_of_proof_when_shuffled():
    item = {"system": "Lorenz", "delays": 20, "first_only": True, "samples": 3000, "seed": 1}
    kept = delays.worst_of_delays({**item, "shuffled": False})
    assert kept["kept_worst"] < 0.5 * kept["edmd_worst"]
    assert delays.worst_of_delays({**item, "shuffled": True})["kept_best"] > 0.5


def test_shares_of_point_spectrum_are_those_that_were_mixed():
    plan = {"samples": 40_000, "delays": 40, "horizon": 8000, "seed": 1}
    for share in energy.SHARES:
        assert energy.measured_share({"share": share, "shuffled": False, **plan}) == pytest.approx(share, abs=0.06)
    assert energy.measured_share({"share": 1.0, "shuffled": True, **plan}) < 0.05


def test_the_henon_heiles_flow_is_quasi_periodic_at_low_energy_and_chaotic_at_high():
    plan = {"orbits": 3, "samples": 12_000, "delays": 40, "horizon": 4000, "interval": 0.5, "seed": 0}
    low, high = (np.mean(energy.henon_heiles_share({"energy": e, **plan})) for e in (0.04, 0.166))
    assert low > 0.9
    assert high < 0.2


# ---- monthly forecasts


def yearly_wave(length: int = 360) -> np.ndarray:
    t = np.arange(length)
    slow = np.sin(2 * np.pi * t / 41)
    return (10 + 3 * np.cos(2 * np.pi * t / 12) + slow + 0.02 * np.random.default_rng(0).normal(size=length))[:, None]


def test_a_slow_wave_on_a_seasonal_cycle_is_forecast_through_verified_modes():
    found = months.forecast_contest({"series": yearly_wave(), "split": 240, "horizon": 24, "step": 6})
    for rival in ("climatology", "persistence"):
        ratio, low, high = months.ratio_to(found["errors"], rival)
        assert ratio < 0.5
        assert low <= ratio <= high


def test_forecasts_see_nothing_of_the_future():
    series = yearly_wave()
    changed = series.copy()
    changed[300:] += 50.0
    plan = {"split": 240, "horizon": 24, "step": 60}
    first = months.forecast_contest({"series": series, **plan})
    second = months.forecast_contest({"series": changed, **plan})
    assert first["chosen"] == second["chosen"]
    # The first origin ends before the change, and scores the same.
    for name in months.METHODS:
        np.testing.assert_array_equal(first["errors"][name][0], second["errors"][name][0])


def test_el_nino_is_sixty_one_whole_years():
    series = months.el_nino()
    assert series.shape == (61 * 12, 1)
    assert 15 < series.min() < series.max() < 32


def test_too_short_a_record_is_told_in_one_line():
    with pytest.raises(InputError, match="months found"):
        months.forecast_contest({"series": yearly_wave(100), "split": 96, "horizon": 24, "step": 1})


def write_ice(folder, years=(2000, 2001), *, name="cdr_seaice_conc_monthly", skip=()):
    import pandas
    import xarray

    random = np.random.default_rng(0)
    for year in years:
        stamps = [t for t in pandas.date_range(f"{year}-01-01", periods=12, freq="MS") if t.month not in skip]
        values = random.uniform(0, 1, (len(stamps), 4, 5))
        values[:, 0, :] = 2.54  # Land.
        values[3, 1, 1] = np.nan
        xarray.Dataset({name: (("time", "y", "x"), values)}, coords={"time": stamps}).to_netcdf(folder / f"{year}.nc")


def test_sea_ice_is_read_from_monthly_grids_and_land_is_left_out(tmp_path):
    write_ice(tmp_path)
    found = sea_ice.read_sea_ice(tmp_path)
    assert found.shape == (24, 14)
    assert ((found >= 0) & (found <= 1)).all()


def test_gaps_unknown_names_and_empty_folders_of_ice_are_told_in_one_line(tmp_path):
    with pytest.raises(InputError, match="no NetCDF file"):
        sea_ice.read_sea_ice(tmp_path)
    write_ice(tmp_path, skip=(5,))
    with pytest.raises(InputError, match="the first at 2000-05"):
        sea_ice.read_sea_ice(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    write_ice(other, name="thickness")
    with pytest.raises(InputError, match="thickness found"):
        sea_ice.read_sea_ice(other)


def test_sea_ice_grids_of_a_user_are_forecast(tmp_path, monkeypatch):
    write_ice(tmp_path, years=range(1990, 2012))
    monkeypatch.setenv(sea_ice.VARIABLE, str(tmp_path))
    assert sea_ice.sea_ice_path() == tmp_path
    found = sea_ice.sea_ice_contest({"path": str(tmp_path), "horizon": 6, "step": 6})
    assert found["cells"] == 14
    assert found["errors"]["verified modes"].shape[1] == 6


def test_exact_matrices_of_a_chain_are_those_of_its_moments():
    operator = measures.krylov_operator(measures.cat_moments(6))
    assert isinstance(operator, Galerkin)
    # K is an isometry: it keeps the energy of every function of the dictionary.
    np.testing.assert_allclose(operator.image, np.eye(5), atol=1e-7)


@pytest.mark.slow
def test_the_whole_study_runs_at_smoke_scale(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KoopmanWarning)
        run = find_study(19).perform(scale="smoke", store=tmp_path, jobs=2)
    measured = {j.claim.name: j.measured for j in run.judged}
    assert measured["adversary_error"].value >= 1.9
    assert measured["certificate_wrong"].value == 0
    assert {j.verdict for j in run.judged} <= {"not judged", "reported", "not run"}
    assert {"adversary", "Duffing", "delays", "measures"} <= set(run.tables)
    assert len(run.folder.figures) == 6
