"""What the instruments say of a model on disk, as tables and figures for the terminal, a page or a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.app.terminal import number, print_json, print_line, print_table
from inscape.errors import InputError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from inscape.models.language import LanguageModel

EXAMPLE = "The law that moves a thing lies within it."
# Okabe & Ito (2008): told apart by the colour-blind.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


@dataclass(frozen=True)
class Reading:
    """What was read in a model.

    Parameters
    ----------
    title, summary : a headline, and one sentence on what the numbers are.
    tables : caption and rows.
    figures : by name.
    notes : what a reader must know.
    badge : two words above the headline of the page.
    """

    title: str
    summary: str
    tables: tuple[tuple[str, list[dict[str, Any]]], ...]
    figures: dict[str, go.Figure] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    badge: str = "inside a network"

    def show(self, as_json: bool, report: Path | None) -> None:
        """Print it, and write the page if one is asked for.

        Raises
        ------
        InputError : if the page cannot be written.
        """
        if report is not None:
            self.write(report)
        if as_json:
            print_json(dict(self.tables) | {"notes": self.notes})
            return
        print_line(self.summary)
        for caption, rows in self.tables:
            columns = list(rows[0])
            print_table(caption, columns, [tuple(_cell(row[column]) for column in columns) for row in rows])
        for note in self.notes:
            print_line(f"note: {note}")
        if report is not None:
            print_line(f"report: {report}")

    def write(self, report: Path) -> None:
        """The page, whole or not at all."""
        from inscape.app.page import plain_figure, render_page
        from inscape.atomic import write_text

        figures = {name: plain_figure(figure.to_json() or "{}") for name, figure in self.figures.items()}
        tables = [
            {"caption": caption, "columns": list(rows[0]), "rows": [[_cell(v) for v in row.values()] for row in rows]}
            for caption, rows in self.tables
        ]
        facts = {
            "title": self.title,
            "summary": self.summary,
            "notes": self.notes,
            "tables": tables,
            "badge": self.badge,
        }
        page = render_page("network.html", figures, **facts, figure_names=list(figures))
        write_text(report, page)


def list_sites(source: str, pattern: str) -> list[dict[str, str]]:
    """A row for each site of a model that matches the pattern, in the order in which they are passed."""
    from inscape.probes import find_sites, sites_of

    model = _loaded(source)
    wanted = set(find_sites(model.model, pattern))
    return [
        {
            "site": row.site,
            "module": row.module,
            "axes": ", ".join(f"{axis} {size}" for axis, size in zip(row.axes, row.shape, strict=True)),
            "type": row.dtype,
        }
        for row in sites_of(model.model, {"input_ids": _example(model)})
        if row.site.split(":")[0] in wanted
    ]


def read_heads(source: str, count: int, length: int, sequences: int, seed: int) -> Reading:
    """The induction map of a model, and its losses with the strongest heads silent."""
    from inscape.parallel import track
    from inscape.probes.induction_map import induction_map, repeat_loss

    model = _loaded(source)
    found = induction_map(model, sequences=sequences, length=length, seed=seed)
    strongest = found.strongest(min(count, found.strength.size))
    rows = []
    with track(len(strongest) + 1, "silencing heads") as advance:
        for silent in range(len(strongest) + 1):
            loss = repeat_loss(model, found.tokens, without=strongest[:silent])
            layer, head = strongest[silent - 1] if silent else (None, None)
            rows.append(
                {
                    "silent": silent,
                    "added": "" if layer is None else f"L{layer}H{head}",
                    "strength": None if layer is None else float(found.strength[layer, head]),
                    "first saying": loss.first,
                    "repeat": loss.repeat,
                }
            )
            advance()
    return Reading(
        f"Induction heads of {model.name}",
        f"{model.name}: {found.strength.shape[0]} layers of {found.strength.shape[1]} heads, read on {sequences} "
        f"sequences of {length} random tokens said twice.",
        (("Loss in nats a token, with the strongest heads silent", rows),),
        {"strength of induction": _head_map(found.strength), "losses with heads silent": _silent_losses(rows)},
    )


def read_doubts(
    source: str, prompts: Path, samples: int, tokens: int, temperature: float, chat: bool, seed: int
) -> Reading:
    """Eigenscores of the prompts in a file, highest first."""
    from inscape.probes.eigenscore import score

    lines = _lines(prompts)
    model = _loaded(source)
    asked = [model.chat(line) for line in lines] if chat else lines
    found = score(model, asked, samples, temperature, tokens=tokens, seed=seed)
    # What was asked is shown as it was written, not in the model's own form.
    rows = [row | {"prompt": line} for row, line in zip(found.rows(), lines, strict=True)]
    rows.sort(key=lambda row: -row["eigenscore"])
    return Reading(
        f"Where {model.name} guesses",
        f"{model.name}: {samples} answers of at most {tokens} tokens to each of {len(lines)} prompts, temperature "
        f"{temperature:g}; hidden states of block {found.layer}. Higher eigenscores mean more scatter.",
        (("Prompts, the most scattered first", rows),),
        {"eigenscores": _scores(rows)},
        found.notes,
    )


def read_pathways(folder: Path, texts: Sequence[Path], threshold: float) -> Reading:
    """Gauges of routing over a series of checkpoints; each file of texts is a domain."""
    from inscape.models.language import checkpoints
    from inscape.probes import routing

    domains = {path.stem: _lines(path) for path in texts}
    if len(domains) < len(texts):
        raise InputError("texts: two files have the same name; a domain is called by its file's name")
    series = checkpoints(folder)
    tokenizer = series.load(0).require_tokenizer()
    data = {
        name: routing.Domain([tokenizer(line)["input_ids"] for line in lines], with_losses=True)
        for name, lines in domains.items()
    }
    history = routing.monitor(folder, data, threshold=threshold)
    shown = ("step", "domain", "expert_distance_normalised", "overlap", "string_distance", "entropy", "length", "loss")
    rows = [{key: row[key] for key in shown} for row in history.table().to_dict("records")]
    return Reading(
        f"Pathways of {folder.name}",
        f"{folder.name}: {len(series)} checkpoints, steps {series.steps[0]} to {series.steps[-1]}; domains "
        + ", ".join(f"{name} ({len(lines)} samples)" for name, lines in domains.items())
        + ".",
        (("Gauges of routing", rows),),
        {"gauges of routing": _gauges(rows, list(domains))},
    )


def _loaded(source: str) -> LanguageModel:
    from inscape.models.language import load

    return load(source)


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is no UTF-8; save the file as UTF-8 text") from None
    lines = [line for line in lines if line]
    if not lines:
        raise InputError(f"{path}: no line of text found, expected one prompt or sample a line")
    return lines


def _example(model: LanguageModel) -> Any:
    import torch

    tokens = [1, 2, 3] if model.tokenizer is None else model.tokenizer(EXAMPLE)["input_ids"][:8]
    return torch.as_tensor([tokens or [0]], device=model.device)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return number(value) if isinstance(value, float) else str(value)


def _head_map(strength: np.ndarray) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Heatmap(z=strength, colorscale="Viridis", zmin=0, zmax=1, colorbar={"title": "attention"}, hoverongaps=False)
    )
    figure.update_layout(
        xaxis={"title": "head", "dtick": 1},
        yaxis={"title": "layer", "autorange": "reversed"},
        height=max(360, 18 * len(strength) + 120),
    )
    return figure


def _silent_losses(rows: list[dict[str, Any]]) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, colour, symbol in (("first saying", COLOURS[0], "circle"), ("repeat", COLOURS[1], "diamond")):
        figure.add_scatter(
            x=[row["silent"] for row in rows],
            y=[row[name] for row in rows],
            text=[row["added"] for row in rows],
            mode="lines+markers",
            name=name,
            line={"color": colour},
            marker={"symbol": symbol, "size": 8},
        )
    figure.update_layout(
        xaxis={"title": "strongest heads silent", "dtick": 1},
        yaxis={"title": "loss (nats a token)", "rangemode": "tozero"},
    )
    return figure


def _scores(rows: list[dict[str, Any]]) -> go.Figure:
    import plotly.graph_objects as go

    names = [row["prompt"] if len(row["prompt"]) < 60 else row["prompt"][:57] + "..." for row in rows]
    figure = go.Figure(
        go.Scatter(
            x=[row["eigenscore"] for row in rows],
            y=[f"{place}. {name}" for place, name in enumerate(names, 1)],
            mode="markers",
            marker={"color": [row["distinct"] for row in rows], "colorscale": "Viridis", "size": 10,
                    "colorbar": {"title": "distinct<br>answers"}},
            hovertext=[row["most_frequent"] for row in rows],
        )
    )  # fmt: skip
    figure.update_layout(
        xaxis={"title": "eigenscore (nats)"},
        yaxis={"autorange": "reversed", "automargin": True},
        height=max(320, 22 * len(rows) + 120),
    )
    return figure


def _gauges(rows: list[dict[str, Any]], domains: list[str]) -> go.Figure:
    from plotly.subplots import make_subplots

    panels = (
        ("expert_distance_normalised", "distance in experts / length"),
        ("overlap", "overlap (cosine)"),
        ("string_distance", "string distance (characters)"),
        ("loss", "loss of the next token (nats)"),
    )
    figure = make_subplots(rows=2, cols=2, subplot_titles=[title for _, title in panels], shared_xaxes=True)
    for place, (gauge, _) in enumerate(panels):
        for colour, domain in enumerate(domains):
            mine = [row for row in rows if row["domain"] == domain]
            figure.add_scatter(
                x=[row["step"] for row in mine],
                y=[row[gauge] for row in mine],
                name=domain,
                legendgroup=domain,
                showlegend=place == 0,
                mode="lines+markers",
                line={"color": COLOURS[colour % len(COLOURS)]},
                row=place // 2 + 1,
                col=place % 2 + 1,
            )
    figure.update_xaxes(title="step of training", row=2)
    figure.update_layout(height=560)
    return figure
