"""Text tables and Parquet from other hands: what is read, what is decided, and what is refused in which words."""

from __future__ import annotations

import gzip
import lzma
import warnings
from pathlib import Path

import numpy as np
import pytest

from inscape.errors import InputError, InscapeError, UnknownNameError
from inscape.trajectories import GuessWarning, Trajectories, Trajectory, check, read, write


def table(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_time_is_found_by_its_name_and_that_is_said(tmp_path: Path) -> None:
    run = read(table(tmp_path, "x,t\n1,0\n2,0.5\n"))
    assert run.times.tolist() == [0, 0.5]
    assert run.state_names == ("x",)
    assert run.notes == ("a.csv: column 't' is taken as time, for its name",)
    assert [f.message for f in check(run) if f.kind == "note"] == list(run.notes)


def test_an_even_first_column_is_taken_as_time_with_a_warning(tmp_path: Path) -> None:
    path = table(tmp_path, "s1,s2\n" + "".join(f"{0.1 * i},{(-1) ** i}\n" for i in range(10)))
    with pytest.warns(GuessWarning, match="rises in even steps"):
        assert read(path).state_names == ("s2",)


def test_a_guess_that_fails_further_down_is_an_error(tmp_path: Path) -> None:
    rows = [*range(500), *range(600, 700)]
    path = table(tmp_path, "s1,s2\n" + "".join(f"{i},{(-1) ** i}\n" for i in rows))
    with (
        pytest.warns(GuessWarning),
        pytest.raises(InputError, match="rises in even steps at first, later it does not"),
    ):
        read(path)


def test_two_even_columns_are_not_guessed_between(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no time column among 'a', 'b'; give the sampling interval, dt="):
        read(table(tmp_path, "a,b\n0,0\n1,2\n2,4\n3,6\n"))


def test_two_names_of_time_are_not_chosen_between(tmp_path: Path) -> None:
    path = table(tmp_path, "seconds,hours,x\n0,0,1\n3600,1,2\n")
    with pytest.raises(InputError, match="'seconds' and 'hours' all look like time; say which: time='seconds'"):
        read(path)
    assert read(path, time="hours", columns="x").units["time"] == "h"


def test_a_given_interval_leaves_the_time_column_out_and_says_so(tmp_path: Path) -> None:
    run = read(table(tmp_path, "t,x\n5,1\n9,2\n"), dt=0.5)
    assert run.times.tolist() == [0, 0.5]
    assert run.state_names == ("x",)
    assert "left out" in run.notes[0]


@pytest.mark.parametrize("label", ["t [ms]", "t (ms)", "Time (ms)", "time_ms"])
def test_units_are_read_from_labels(tmp_path: Path, label: str) -> None:
    run = read(table(tmp_path, f"{label},x [m/s],F (N)\n0,1,2\n1,3,4\n"), inputs="F")
    assert dict(run.units) == {"time": "ms", "x": "m/s", "F": "N"}
    assert run.input_names == ("F",)


def test_units_can_be_given_and_their_names_are_checked(tmp_path: Path) -> None:
    path = table(tmp_path, "t,speed\n0,1\n1,2\n")
    assert read(path, units={"speed": "m/s", "time": "s"}).units["speed"] == "m/s"
    with pytest.raises(UnknownNameError, match="'sped' is not known; nearest: speed"):
        read(path, units={"sped": "m/s"})


def test_dates_become_seconds_since_the_first(tmp_path: Path) -> None:
    run = read(table(tmp_path, "date,x\n2020-02-28,1\n2020-02-29,2\n2020-03-01,3\n"))
    assert run.times.tolist() == [0, 86400, 172800]
    assert run.units["time"] == "s"
    assert run.context["time_origin"] == "2020-02-28"


def test_several_zones_are_brought_to_one_and_that_is_said(tmp_path: Path) -> None:
    run = read(table(tmp_path, "date,x\n2020-01-01T12:00+00:00,1\n2020-01-01T14:00+01:00,2\n"))
    assert run.times.tolist() == [0, 3600]
    assert any("2 time zones" in note for note in run.notes)


def test_dates_with_and_without_zone_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path, "date,x\n2020-01-01T12:00Z,1\n2020-01-01T14:00,2\n")
    with pytest.raises(InputError, match="with and without time zone, first at row 2"):
        read(path)


def test_day_or_month_first_is_told_from_the_data_or_asked_for(tmp_path: Path) -> None:
    assert read(table(tmp_path, "date,x\n01/02/2020,1\n22/02/2020,2\n")).times[-1] == 21 * 86400
    assert read(table(tmp_path, "date,x\n02/01/2020,1\n02/22/2020,2\n")).times[-1] == 21 * 86400
    path = table(tmp_path, "date,x\n01/02/2020,1\n02/03/2020,2\n")
    with pytest.raises(InputError, match="day or month first"):
        read(path)
    assert read(path, time_format="%d/%m/%Y").times[-1] == 30 * 86400


def test_a_date_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'2020-13-45' at row 2"):
        read(table(tmp_path, "date,x\n2020-01-01,1\n2020-13-45,2\n2020-01-03,2\n"))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("t;x\n0,5;1,25\n1,5;-2,5e1\n", {}),
        ("t\tx\n0.5\t1.25\n1.5\t-25\n", {}),
        ("t|x\n0.5|1.25\n1.5|-25\n", {}),
        ("  t   x\n 0.5  1.25\n1.5   -25  \n", {}),
        ('"t","x"\r\n"0.5","1.25"\r\n"1.5","-25"\r\n', {}),
        ("# made by hand\nt,x\n0.5,1.25\n# half way\n1.5,-25\n", {}),
        ("% made by hand\nt,x\n0.5,1.25\n1.5,-25\n", {"comment": "%"}),
        ("\ufefft,x\n0.5,1.25\n1.5,-25\n", {}),
        ("t,x\r0.5,1.25\r1.5,-25\r", {}),
        ("t,x,\n0.5,1.25,\n1.5,-25,\n", {}),
        ("t,x\n\n0.5,1.25\n\n\n1.5,-25", {}),
        ("t:x\n0.5:1.25\n1.5:-25\n", {"delimiter": ":"}),
    ],
)
def test_every_dialect_gives_the_same_numbers(tmp_path: Path, text: str, options: dict) -> None:
    run = read(table(tmp_path, text), **options)
    assert run.times.tolist() == [0.5, 1.5]
    assert run.states.tolist() == [[1.25], [-25]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_letters_of_every_encoding_are_understood(tmp_path: Path, encoding: str) -> None:
    run = read(table(tmp_path, "time,Länge [µm]\n0,1\n1,2\n".encode(encoding)))
    assert run.state_names == ("Länge",)
    assert run.units["Länge"] == "µm"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_packed_tables_are_unpacked_by_content(tmp_path: Path, pack) -> None:
    assert len(read(table(tmp_path, pack(b"t,x\n0,1\n1,2\n"), "a.csv"))) == 2


def test_a_table_without_header_has_numbered_columns(tmp_path: Path) -> None:
    run = read(table(tmp_path, "0,5\n1,3\n2,9\n"), time="column0")
    assert run.state_names == ("column1",)
    assert any("no header" in note for note in run.notes)


@pytest.mark.parametrize("word", ["", "NA", "nan", "NaN", "null", "-", "N/A", "?"])
def test_missing_samples_are_nan(tmp_path: Path, word: str) -> None:
    run = read(table(tmp_path, f"t,x,y\n0,1,1\n1,{word},1\n2,3,1\n"))
    assert np.isnan(run.states[1, 0])
    assert np.isfinite(run.states[[0, 2]]).all()


def test_runs_are_parted_by_a_column_even_when_mixed(tmp_path: Path) -> None:
    runs = read(table(tmp_path, "who,t,x\nann,0,1\nbob,0,10\nann,1,2\nbob,1,20\nbob,2,30\n"), run="who")
    assert isinstance(runs, Trajectories)
    assert runs.lengths == (2, 3)
    assert [run.context["who"] for run in runs] == ["ann", "bob"]
    assert runs[1].states[:, 0].tolist() == [10, 20, 30]


def test_a_large_table_is_read_in_blocks_like_a_small_one(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(60_000, 3))
    text = "t,a,b,c\n" + "".join(f"{i},{','.join(map(repr, row))}\n" for i, row in enumerate(values.tolist()))
    run = read(table(tmp_path, text))
    assert np.array_equal(run.states, values)
    assert read(table(tmp_path, text), dtype="float32").states.dtype == np.float32


def test_a_text_far_down_is_named_by_line_and_column(tmp_path: Path) -> None:
    lines = [f"{i},{i * i}" for i in range(100_000)]
    lines[77_777] = "77777,oops"
    with pytest.raises(InputError, match="line 77779, column 'x': 'oops' found, expected a number"):
        read(table(tmp_path, "t,x\n" + "\n".join(lines)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "empty file"),
        ("\n\n \n", "empty file"),
        ("# only\n# comments\n", "only comments"),
        ("time,x\n", "only a header"),
        ("t,x\n0,1\n1\n", "line 3 has 1 cells, the first has 2"),
        ("t,x\n0,1\n1,2,3\n", "line 3 has 3 cells, the first has 2"),
        ("t,x\n0,1\n1,2\n0.5,3\n", r"time goes back in 1 rows \(3\); sort=True"),
        ("t,x\n0,1\n1,2\n1,3\n", r"time stands still in 1 rows \(3\)"),
        ("t,x\n0,1\n,2\n", r"time is missing or infinite in 1 rows \(2\)"),
        ("t,x\n0,1\ninf,2\n", r"time is missing or infinite in 1 rows \(2\)"),
        ("t,x,who\n0,1,ann\n1,2,bob\n", r"column 'who' holds text, expected numbers; name the columns to take"),
        ("t\n0\n1\n", "no state column"),
        (b"t,x\n0,1\n\x00\x01\x02", "binary content"),
        (bytes(range(256)) * 8, "binary content"),
        (gzip.compress(b"t,x\n0,1\n" * 1000, mtime=0)[:-9], "damaged"),
        (lzma.compress(b"t,x\n0,1\n" * 1000)[:-9], "damaged"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_line(tmp_path: Path, text: str | bytes, line: str) -> None:
    with pytest.raises(InputError, match=line) as caught:
        read(table(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_one_sample_is_a_run_of_one_sample(tmp_path: Path) -> None:
    assert len(read(table(tmp_path, "t,x\n0,1\n"))) == 1


def test_time_is_mended_on_request_and_that_is_said(tmp_path: Path) -> None:
    path = table(tmp_path, "t,x\n2,5\n0,1\n1,2\n1,4\n")
    run = read(path, sort=True, duplicates="mean")
    assert run.times.tolist() == [0, 1, 2]
    assert run.states[:, 0].tolist() == [1, 3, 5]
    assert any("sorted" in note for note in run.notes)
    assert any("merged (mean)" in note for note in run.notes)
    assert read(path, sort=True, duplicates="first").states[:, 0].tolist() == [1, 2, 5]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"columns": ["spede"]}, "'spede' is not known; nearest: speed"),
        ({"inputs": ["speed"], "columns": ["speed"]}, "as state and as input"),
        ({"dt": -1}, "expected a positive number"),
        ({"dt": 1, "time": "t"}, "give one of them"),
        ({"duplicates": "last"}, "expected one of error, mean, first"),
        ({"dtype": "int"}, "expected 'float64' or 'float32'"),
        ({"format": "xlsx"}, "format 'xlsx' is not known"),
        ({"delimitr": ","}, "nearest: delimiter"),
        ({"delimiter": "\n"}, "expected one character"),
        ({"columns": []}, "expected at least one name"),
        ({"time": "speed", "columns": ["speed"]}, "is time and cannot be a state"),
    ],
)
def test_wrong_options_are_answered_with_the_mend(tmp_path: Path, options: dict, line: str) -> None:
    with pytest.raises(InscapeError, match=line):
        read(table(tmp_path, "t,speed\n0,1\n1,2\n"), **options)


def test_unknown_suffixes_and_lying_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"suffix not known, expected one of .csv"):
        read(table(tmp_path, "t,x\n0,1\n", "a.xlsx"))
    assert len(read(table(tmp_path, "t,x\n0,1\n", "a.xlsx"), format="csv")) == 1
    write(Trajectory([0.0, 1.0], [1.0, 2.0]), tmp_path / "b.parquet")
    (tmp_path / "b.parquet").rename(tmp_path / "b.csv")
    with pytest.raises(InputError, match="called a text table, its content is Parquet"):
        read(tmp_path / "b.csv")
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.csv")


def test_parquet_of_pandas_is_read_with_dates_and_runs(tmp_path: Path) -> None:
    import pandas

    frame = pandas.DataFrame(
        {"date": pandas.date_range("2021-01-01", periods=4, freq="h"), "x": [1, 2, None, 4], "who": list("abab")}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    run = read(tmp_path / "a.parquet", columns="x")
    assert run.times.tolist() == [0, 3600, 7200, 10800]
    assert np.isnan(run.states[2, 0])
    assert read(tmp_path / "a.parquet", run="who", columns=["x"]).lengths == (2, 2)
    with pytest.raises(InputError, match="column 'who' holds text"):
        read(tmp_path / "a.parquet")


def test_nothing_is_warned_about_when_nothing_is_guessed(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(table(tmp_path, "t,x\n0,1\n1,2\n2,4\n"))
