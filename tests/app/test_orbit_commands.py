"""`inscape orbit`: a fresh machine is enough; wrong questions are one line."""

from __future__ import annotations

import json

import pytest

from inscape.app.cli import main


def run(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    told = capsys.readouterr()
    return ended.value.code, told.out, told.err


def test_a_sample_is_fitted_and_drawn(tmp_path, capsys):
    page = tmp_path / "orbit.html"
    code, out, _ = run(
        ["orbit", "--sample", "wasp-12", "--simulations", "50", "--star", "1.4,1.66", "--planet", "1.47,1.9",
         "--report", str(page)], capsys,
    )  # fmt: skip
    assert code == 0
    assert "very strong evidence" in out
    assert "Q' = " in out
    text = page.read_text(encoding="utf-8")
    assert "the verdict under every choice" in text
    assert "an orbit in its event times" in text


def test_a_file_is_asked_without_naming_the_command(tmp_path, capsys):
    rows = "\n".join(f"{2455000 + 0.8 * k + 1e-4 * (k % 3):.6f},0.0002" for k in range(0, 900, 40))
    file = tmp_path / "times.csv"
    file.write_text(f"bjd_tdb,err\n{rows}\n", encoding="utf-8")
    code, out, _ = run(["orbit", str(file), "--simulations", "20", "--period", "0.8", "--json"], capsys)
    assert code == 0
    assert {row["model"] for row in json.loads(out)["Models of the event times"]} >= {"linear", "decay"}


def test_a_table_of_planets_is_ranked(tmp_path, capsys):
    lines = ["system,bjd_tdb,err"]
    for name, change in (("still", 0.0), ("doomed", -2e-8)):
        lines += [f"{name},{2455000 + 0.8 * k + 0.5 * change * k**2:.7f},0.0001" for k in range(0, 3000, 100)]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    code, out, _ = run(["orbit", "rank", str(file), "--json"], capsys)
    assert code == 0
    rows = json.loads(out)["The surest first"]
    assert [row["planet"] for row in rows] == ["doomed", "still"]
    assert rows[0]["reading"] == "decays"


def test_a_rate_at_the_end_of_the_range_and_rows_left_out_are_told(capsys):
    _, out, _ = run(["orbit", "--sample", "wasp-12", "--simulations", "20"], capsys)
    assert "158 events" in out
    assert "an end of the range sought (0.03 to 0.5" in out
    _, out, _ = run(["orbit", "--sample", "wasp-43", "--simulations", "20"], capsys)
    assert "160 of 192 events" in out
    assert "32 refits are left out of the fits" in out
    assert "an end of the range" not in out


def test_a_ranking_says_why_planets_were_left_out(tmp_path, capsys):
    lines = ["system,bjd_tdb,err", *(f"many,{2455000 + 0.8 * k:.6f},0.0001" for k in range(0, 900, 30))]
    lines += [f"{name},{2455000 + 0.8 * k:.6f},0.0001" for name in ("a", "b") for k in range(3)]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    _, out, _ = run(["orbit", "rank", str(file)], capsys)
    assert "2 left out: a (3 events found, expected at least 6); b (3 events" in out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["orbit", "fit"], "one of the two"),
        (["orbit", "absent.csv"], "no such file"),
        (["orbit", "--sample", "wasp-99"], "wasp-12"),
        (["orbit", "--sample", "wasp-12", "--clip", "hard"], "hard"),
        (["orbit", "--sample", "wasp-12", "--jitter", "much"], "much"),
        (["orbit", "--sample", "wasp-12", "--simulations", "20", "--star", "heavy", "--planet", "1,1"], "mass,radius"),
        (["orbit", "rank", "absent.csv"], "no such file"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_line(arguments, part, capsys):
    code, _, err = run(arguments, capsys)
    assert code == 2
    assert part in err
    assert len(err.strip().splitlines()) == 1
