"""Readers of timing tables, their audit, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.timing_tables import TimingTable, VelocityTable, audit, read_timing, read_velocities
from inscape.trajectories.timing_tables.samples import sample_timing, sample_velocities
from inscape.trajectories.timing_tables.time_scales import meaning_of, utc_to_tdb

EPOCHS = np.array([0, 3, 4, 90, 700, 1500, 3000])
TIMES = 2455000.25 + 0.8134741 * EPOCHS


def written(folder, text, name="times.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(form):
    return "\n".join(form.format(e=e, t=t) for e, t in zip(EPOCHS, TIMES, strict=True))


FORMATS = {
    "ETD": "No;HJDmid (2400000+);error;Epoch;DQ;Author\n"
    + "\n".join(f"1;{t - 2400000:.6f};0.0003;{e};1;Me" for e, t in zip(EPOCHS, TIMES, strict=True)),
    "ExoClock": "planet,t0_bjd_tdb,t0_unc,source\n" + rows("WASP-43b,{t:.6f},0.0003,ExoClock"),
    "orbdot": "Epoch BJD Err Source\n" + rows('{e} {t:.6f} 0.0003 "Yee et al. 2020"'),
    "susie": "tra_or_occ,epochs,mid_times,mid_time_uncertainties\n" + rows("tra,{e},{t:.6f},0.0003"),
    "minutes": "bjd_tdb,err_min\n" + rows("{t:.6f},0.432"),
    "offset": "# made up\nBJD_TDB-2450000\tsigma\n" + "\n".join(f"{t - 2450000:.6f}\t0.0003" for t in TIMES),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_times(tmp_path, name):
    table = read_timing(written(tmp_path, FORMATS[name]))
    assert np.abs(table.times - TIMES).max() < 1e-5
    assert np.allclose(table.errors, 0.0003)
    epochs, period, _ = table.numbered()
    assert period == pytest.approx(0.8134741, abs=1e-7)
    assert np.array_equal(np.diff(epochs), np.diff(EPOCHS))


CDS = """Title: Characterizing a made-up planet
================================================================================
Byte-by-byte Description of file: times.dat
--------------------------------------------------------------------------------
   Bytes Format Units   Label   Explanations
--------------------------------------------------------------------------------
   1-  4 I4     ---     Epoch   Number
   6- 19 F14.6  d       BJD     Mid-time
  21- 24 F4.2   min     e_BJD   Its error
--------------------------------------------------------------------------------
"""


def test_a_cds_table_is_read_by_its_description(tmp_path):
    body = "\n".join(f"{e:4d} {t:14.6f} 0.43" for e, t in zip(EPOCHS, TIMES, strict=True))
    table = read_timing(written(tmp_path, CDS + body))
    assert np.abs(table.times - TIMES).max() < 1e-5
    assert table.errors[0] == pytest.approx(0.43 / 1440)
    readme = written(tmp_path, CDS, "ReadMe")
    apart = read_timing(written(tmp_path, body, "times.dat"), readme=readme)
    assert np.array_equal(apart.times, table.times)


def test_half_epochs_and_words_mark_occultations(tmp_path):
    text = "Epoch BJD Err Source\n" + "\n".join(f"{e} {t:.6f} 0.0003 x" for e, t in zip(EPOCHS, TIMES, strict=True))
    table = read_timing(written(tmp_path, text + f"\n-4.5 {2455000.25 - 4.5 * 0.8134741:.6f} 0.001 x"))
    assert table.is_occultation.tolist() == [False] * 7 + [True]
    epochs, _, _ = table.numbered()
    assert epochs[-1] - epochs[0] == -5


@pytest.mark.parametrize("words", [("T", "E"), ("p", "s"), ("primary", "Secondary"), ("tra", "occ"), ("", "eclipse")])
def test_an_occultation_is_one_whatever_it_is_called(tmp_path, words):
    text = f"kind,bjd_tdb,err,note\n{rows(words[0] + ',{t:.6f},0.0003,x')}"
    late = f"\n{words[1]},{2455000.25 + 4.5 * 0.8134741:.6f},0.001,x"
    table = read_timing(written(tmp_path, text + late), period=0.8134741)
    assert table.is_occultation.tolist() == [False] * 7 + [True]
    if words[0]:
        with pytest.raises(InputError, match=r"times.csv:9: 'edge' found under kind \(1 such rows\)"):
            read_timing(written(tmp_path, text + late.replace(words[1], "edge")), period=0.8134741)


def test_a_column_of_other_words_is_no_kind(tmp_path):
    table = read_timing(written(tmp_path, "type,bjd_tdb,err\n" + rows("full,{t:.6f},0.0003")))
    assert not table.is_occultation.any()


def test_errors_in_minutes_below_a_fifth_of_a_day_are_found_by_the_scatter():
    sample = sample_timing("wasp-12")
    seconds = TimingTable(sample.times, np.full(158, 5 / 86_400), sample.is_occultation)
    minutes = TimingTable(sample.times, np.full(158, 5 / 60), sample.is_occultation)
    assert "unit of the errors" not in {finding.kind for finding in audit(seconds)}
    first = audit(minutes)[0]
    assert (first.kind, first.severity, len(first.rows)) == ("unit of the errors", "error", 158)
    assert "divide by 1440" in str(first)


def test_epochs_are_counted_from_times_whatever_a_file_calls_them():
    wrong = EPOCHS.astype(float)
    wrong[3] += 7
    table = TimingTable(TIMES, np.full(7, 3e-4), labels=wrong)
    assert np.array_equal(np.diff(table.numbered()[0]), np.diff(EPOCHS))
    assert [f.kind for f in audit(table)] == ["epoch labels"]


def test_the_audit_finds_scales_repeats_refits_small_errors_and_outliers():
    times = np.r_[TIMES, TIMES[2], TIMES[5] + 0.02, TIMES[1] + 0.8134741 * 7]
    errors = np.r_[np.full(7, 3e-4), 3e-4, 3e-4, 1e-5]
    sources = [*["a"] * 7, "2021ApJS..255...15W", "b", "c"]
    table = TimingTable(times, errors, sources=sources, scales=["BJD_TDB"] * 9 + ["HJD_UTC"])
    kinds = {finding.kind for finding in audit(table)}
    assert kinds == {"time scale", "repeated events", "refits", "small errors", "outliers"}
    assert len(table.drop_refits()) == 9
    assert audit(table)[0].rows == (9,)


def test_appending_new_events_alone_leaves_out_those_already_there():
    table = TimingTable(TIMES, np.full(7, 3e-4), period=0.81347)
    more = TimingTable(np.r_[TIMES[-1] + 1e-4, TIMES[-1] + 0.8134741 * 5], np.full(2, 3e-4))
    assert len(table.append(more)) == 9
    assert len(table.append(more, only_new=True)) == 8


def test_utc_is_69_seconds_behind_since_2017():
    late = (utc_to_tdb(np.array([2458000.0])) - 2458000.0) * 86_400
    assert late[0] == pytest.approx(69.184, abs=1e-3)
    assert meaning_of("bjd tdb") == meaning_of("BJD_TT") == "BJD_TDB"
    with pytest.raises(InputError, match="1972"):
        utc_to_tdb(np.array([2400000.0]))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"errors": np.full(7, 0.5)}, "minutes"),
        ({"times": TIMES - 2450000}, "full Julian date"),
        ({"errors": np.r_[np.full(6, 3e-4), 0]}, "above zero"),
        ({"times": np.r_[TIMES[:6], np.nan]}, "row 6"),
        ({"errors": np.full(3, 3e-4)}, "7 times"),
        ({"times": [], "errors": []}, "no rows"),
        ({"times": ["a"] * 7}, "other than numbers"),
        ({"sources": ("a", "b")}, "2 sources"),
    ],
)
def test_a_table_that_cannot_be_is_one_line_with_its_rows(change, part):
    with pytest.raises(InputError) as error:
        TimingTable(**({"times": TIMES, "errors": np.full(7, 3e-4)} | change))
    assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_times_that_fit_no_event_are_named():
    table = TimingTable(np.r_[TIMES, TIMES[3] + 0.3], np.full(8, 3e-4), period=0.8134741)
    with pytest.raises(InputError, match="row 7"):
        table.numbered()


def test_a_file_with_several_planets_or_scales_wants_a_choice(tmp_path):
    text = "system,t_mid,sigma_d,time_system\n" + rows("WASP-043,{t:.6f},0.0003,BJD_TDB")
    mixed = written(
        tmp_path, text + f"\nWASP-043,{TIMES[0] + 81.34741:.6f},0.0003,HJD\nWASP-012,2455001.0,0.001,BJD_TDB"
    )
    with pytest.raises(InputError, match="2 planets"):
        read_timing(mixed)
    with pytest.raises(InputError, match="mixed.*line 9"):
        read_timing(mixed, system="wasp-43 b")
    assert len(read_timing(mixed, system="WASP-43", scale="BJD_TDB")) == 7
    assert len(read_timing(mixed, system="WASP-43", scale="any")) == 8
    with pytest.raises(UnknownNameError, match="WASP-012"):
        read_timing(mixed, system="WASP-13", scale="any")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a,b\n1,2\n", "no column for time"),
        ("", "no row"),
        ("bjd_tdb,err\n2455000.1,0.001\n2455001.1,x\n", "times.csv:3"),
        ("bjd_tdb,err\n2455000.1,0.001\n2455001.1\n", "1 cells"),
    ],
)
def test_a_file_that_is_no_table_names_its_line(tmp_path, text, part):
    with pytest.raises(InputError) as error:
        read_timing(written(tmp_path, text))
    assert part in str(error.value)
    with pytest.raises(InputError, match="no such file"):
        read_timing(tmp_path / "absent.csv")


def test_samples_are_whole():
    assert len(sample_timing("wasp-12")) == 158
    assert sample_timing("wasp-12").is_occultation.sum() == 19
    assert len(sample_timing("wasp-43").drop_refits()) == 160
    assert sample_velocities("wasp-4").spectrographs == ("CORALIE", "HARPS", "HIRES")
    with pytest.raises(UnknownNameError):
        sample_timing("wasp-99")


def test_velocities_in_km_become_metres(tmp_path):
    path = written(tmp_path, "BJD RV_kms Err_kms Source\n2455000.5 1.25 0.01 A\n2455001.5 1.0 0.01 B\n", "rv.txt")
    table = read_velocities(path, columns={"error": "Err_kms"})
    assert table.velocities.tolist() == [1250.0, 1000.0]
    assert table.errors[0] == pytest.approx(10)
    with pytest.raises(InputError, match="rows 1"):
        VelocityTable(np.array([2455000.0, 2455001.0]), np.array([0.0, np.nan]), np.ones(2))


def test_the_shared_list_is_read_planet_by_planet(shared_data):
    path = shared_data / "wasp43b" / "transit_times_ivshina_winn_2022.csv"
    if not path.is_file():
        pytest.skip("the list of Ivshina & Winn (2022) is not there")
    table = read_timing(path, system="WASP-43", scale="BJD_TDB")
    assert (len(table), len(table.drop_refits())) == (167, 135)
