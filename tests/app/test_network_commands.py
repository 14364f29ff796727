"""`inscape network`: the instruments from the command line, on models in the real layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs torch")
pytest.importorskip("transformers", reason="needs transformers")

from inscape.app.cli import _run as run  # noqa: E402

WORDS = ["the", "capital", "of", "france", "is", "paris", "rome", "italy"]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from inscape.models.language import small_language_model

    folder = tmp_path_factory.mktemp("llama")
    model = small_language_model(WORDS, layers=2, width=16, longest=64)
    model.model.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def mixture_series(tmp_path_factory: pytest.TempPathFactory, llama: Path) -> Path:
    """Three checkpoints of OLMoE's own class, with the small model's tokenizer beside them."""
    from inscape.models.language import load
    from inscape.models.mixture_of_experts import small_olmoe

    folder = tmp_path_factory.mktemp("olmoe")
    tokenizer = load(llama).tokenizer
    for step in (0, 100, 200):
        torch.manual_seed(step)
        network = small_olmoe(len(tokenizer), context=24, layers=2)
        with torch.no_grad():
            for weight in network.parameters():
                weight.add_(0.05 * torch.randn_like(weight))
        network.save_pretrained(folder / f"step{step}")
        tokenizer.save_pretrained(folder / f"step{step}")
    return folder


def test_sites_of_a_saved_model_are_listed_with_their_axes(llama: Path, capsys: Any) -> None:
    assert run(["network", "sites", str(llama), "--pattern", "model.layers.0.**", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows
    assert all(row["site"].startswith("model.layers.0.") for row in rows)
    assert any("token" in row["axes"] for row in rows)


def test_a_pattern_that_matches_nothing_is_one_line_with_the_nearest_names(llama: Path, capsys: Any) -> None:
    assert run(["network", "sites", str(llama), "--pattern", "model.layer.0"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "model.layers.0" in said.err


def test_heads_are_ranked_and_silenced_one_by_one(llama: Path, tmp_path: Path, capsys: Any) -> None:
    report = tmp_path / "heads.html"
    options = ["--count", "3", "--length", "8", "--sequences", "2", "--report", str(report), "--json"]
    assert run(["network", "heads", str(llama), *options]) == 0
    (rows, _) = json.loads(capsys.readouterr().out).values()
    assert [row["silent"] for row in rows] == [0, 1, 2, 3]
    strengths = [row["strength"] for row in rows[1:]]
    assert strengths == sorted(strengths, reverse=True)
    page = report.read_text()
    assert "strength of induction" in page
    assert "http://" not in page.split("plotly")[0]


def test_prompts_are_scored_and_the_most_scattered_come_first(llama: Path, tmp_path: Path, capsys: Any) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("the capital of\n\nrome is\nparis <b>of</b> france\n")
    report = tmp_path / "doubts.html"
    options = ["--samples", "4", "--tokens", "3", "--temperature", "1", "--report", str(report), "--json"]
    assert run(["network", "eigenscore", str(llama), str(prompts), *options]) == 0
    (rows, _) = json.loads(capsys.readouterr().out).values()
    assert {row["prompt"] for row in rows} == {"the capital of", "rome is", "paris <b>of</b> france"}
    scores = [row["eigenscore"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert "<td>paris &lt;b&gt;of&lt;/b&gt; france</td>" in report.read_text()


def test_routes_are_followed_over_checkpoints_and_domains(mixture_series: Path, tmp_path: Path, capsys: Any) -> None:
    for name, lines in (("capitals", "paris is the capital of france\nrome is the capital of italy\n"),
                        ("words", "the the of\nis is\nparis rome\n")):  # fmt: skip
        (tmp_path / f"{name}.txt").write_text(lines)
    report = tmp_path / "pathways.html"
    files = [str(tmp_path / "capitals.txt"), str(tmp_path / "words.txt")]
    assert run(["network", "pathways", str(mixture_series), *files, "--report", str(report)]) == 0
    said = capsys.readouterr().out
    assert "3 checkpoints, steps 0 to 200" in said
    assert said.count("capitals") >= 4
    assert "overlap" in report.read_text()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["heads", "nowhere"], "nowhere"),
        (["eigenscore", "{llama}", "{empty}"], "no line of text"),
        (["eigenscore", "{llama}", "{latin}"], "no UTF-8"),
        (["eigenscore", "{llama}", "missing.txt"], "missing.txt"),
        (["pathways", "{llama}", "{text}"], "step"),
        (["pathways", "{series}", "{text}", "{text}"], "same name"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    arguments: list[str], expected: str, llama: Path, mixture_series: Path, tmp_path: Path, capsys: Any
) -> None:
    places = {"llama": llama, "series": mixture_series}
    for name, content in (("empty", b"\n\n"), ("latin", b"caf\xe9\n"), ("text", b"paris is\n")):
        places[name] = tmp_path / f"{name}.txt"
        places[name].write_bytes(content)
    assert run(["network", *(argument.format(**places) for argument in arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert expected in said.err
    assert said.err.strip().count("\n") == 0


def test_a_page_that_cannot_be_written_is_told_before_the_model_is_read(tmp_path: Path, capsys: Any) -> None:
    assert run(["network", "heads", "nowhere", "--report", str(tmp_path / "none" / "heads.html")]) == 2
    assert "does not exist; make it first" in capsys.readouterr().err


def test_every_figure_of_a_page_has_a_height(llama: Path, tmp_path: Path) -> None:
    from inscape.app.network_reading import read_heads
    from inscape.app.page import plain_figure

    figures = read_heads(str(llama), 2, 6, 1, 0).figures
    assert all(plain_figure(figure.to_json() or "")["layout"]["height"] >= 300 for figure in figures.values())
