"""Files of cyclers are read whoever wrote them, and what is wrong with one is said in a line."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.cycler_files import read_cycler

T = np.arange(0.0, 100.0, 10.0)
I = np.where(T < 20, 0.0, 2.0)  # noqa: E741
V = 4.1 - 0.05 * (I > 0) - 0.002 * np.cumsum(I)


def table(head: str, rows, delimiter: str = ",", before: str = "") -> str:
    return before + head + "\n" + "\n".join(delimiter.join(map(str, row)) for row in rows) + "\n"


WRITERS = {
    "arbin": table("Data_Point,Test_Time(s),Step_Index,Current(A),Voltage(V)",
                   [(k, t, 1, -i, v) for k, (t, i, v) in enumerate(zip(T, I, V, strict=True))]),
    "maccor": table("Rec#\tCyc#\tTest Time (sec)\tAmps\tVolts",
                    [(k, 1, t, i, v) for k, (t, i, v) in enumerate(zip(T, I, V, strict=True))], "\t",
                    "Today's Date 01/02/2024\nProcedure: x\n"),
    "neware": table("DataPoint,Total Time,Current(mA),Voltage(V),T1(C)",
                    [(k, f"00:{int(t) // 60:02d}:{t % 60:04.1f}", -1e3 * i, v, 25) for k, (t, i, v) in
                     enumerate(zip(T, I, V, strict=True))]),
    "biologic": table("mode\ttime/s\tEcell/V\t<I>/mA", [(1, f"{t:.3f}".replace(".", ","), f"{v:.6f}".replace(".", ","),
                      f"{-1e3 * i:.3f}".replace(".", ",")) for t, i, v in zip(T, I, V, strict=True)], "\t",
                      "EC-Lab ASCII FILE\nNb header lines : 3\n\n"),
    "bdf": table("Test Time / s,Voltage / V,Current / A", [(t, v, -i) for t, i, v in zip(T, I, V, strict=True)]),
    "pybamm": table("Time [s],Current [A],Terminal voltage [V]", zip(T, I, V, strict=True)),
    "plain": table("t,I,V", zip(T, I, V, strict=True)),
    "underscores": table("time_s,current_A,voltage_V", zip(T, I, V, strict=True)),
    "millis": table("Time ms,Current mA,Voltage mV", zip(1e3 * T, 1e3 * I, 1e3 * V, strict=True)),
    "hours": table("time (h);current (A);voltage (V)", [(str(t / 3600).replace(".", ","), str(i).replace(".", ","),
                   str(v).replace(".", ",")) for t, i, v in zip(T, I, V, strict=True)], ";"),
}  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
def test_every_cycler_s_table_is_the_same_discharge(tmp_path, writer):
    file = tmp_path / f"{writer}.csv"
    file.write_text(WRITERS[writer])
    run = read_cycler(file)
    assert run.times == pytest.approx(T, abs=1e-2)
    assert run.inputs[:, 0] == pytest.approx(I, abs=1e-6)
    assert run.states[:, 0] == pytest.approx(V, abs=1e-6)
    assert run.units["current"] == "A"
    assert any("discharges in the file" in note for note in run.notes)


def test_a_packed_file_and_a_byte_order_mark_are_no_obstacle(tmp_path):
    file = tmp_path / "plain.csv.gz"
    file.write_bytes(gzip.compress(b"\xef\xbb\xbf" + WRITERS["plain"].encode()))
    assert len(read_cycler(file)) == 10


def test_rows_without_numbers_are_left_out_and_missing_voltages_stay_missing(tmp_path):
    rows = [list(map(str, r)) for r in zip(T, I, V, strict=True)]
    rows[4][2] = ""
    rows[6][1] = "n/a"
    rows.insert(3, rows[2])
    file = tmp_path / "gaps.csv"
    file.write_text(table("t,I,V", rows))
    run = read_cycler(file)
    assert len(run) == 9
    assert np.isnan(run.states[:, 0]).sum() == 1
    assert sum("left out" in n for n in run.notes) == 2
    # Rows are counted as in the file: one was written twice above them.
    assert any("(row 8)" in n for n in run.notes)
    assert any("missing" in n and "(row 6)" in n for n in run.notes)


def test_a_sign_that_is_given_is_believed(tmp_path):
    file = tmp_path / "plain.csv"
    file.write_text(WRITERS["plain"])
    assert read_cycler(file, discharge="negative").inputs[-1, 0] == -2.0


def test_what_is_wrong_is_said_in_one_line(tmp_path):
    file = tmp_path / "bad.csv"

    def write(text: str):
        file.write_text(text)
        return file

    with pytest.raises(InputError, match="no header"):
        read_cycler(write("1,2,3\n4,5,6\n"))
    with pytest.raises(InputError, match="time goes back at row 4"):
        read_cycler(write(table("t,I,V", [(0, 1, 4), (1, 1, 3.9), (2, 1, 3.8), (0, 1, 3.7)])))
    with pytest.raises(InputError, match="no current flows"):
        read_cycler(write(table("t,I,V", [(0, 0, 4), (1, 0, 4), (2, 0, 4)])))
    with pytest.raises(InputError, match="sign of the current"):
        read_cycler(write(table("t,I,V", [(0, 1, 4), (1, 1, 3.9), (2, 1, 4.0), (3, 1, 3.9), (4, 1, 4.0)])))
    with pytest.raises(InputError, match="unit 'furlong'"):
        read_cycler(write(table("t [furlong],I,V", [(0, 1, 4), (1, 1, 3.9)])))
    with pytest.raises(InputError, match="voltages can be read"):
        read_cycler(write(table("t,I,V", [(0, 1, "x"), (1, 1, "y"), (2, 1, "z")])))
    with pytest.raises(UnknownNameError, match="Voltage"):
        read_cycler(write(table("t,I,V,Voltage", [(0, 1, 4, 4), (1, 1, 3.9, 3.9)])), voltage="Voltag")
    with pytest.raises(InputError, match="a folder"):
        read_cycler(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_cycler(tmp_path / "nowhere.csv")
    file.write_bytes(b"\0\1\2" * 400)
    with pytest.raises(InputError, match="binary"):
        read_cycler(file)
