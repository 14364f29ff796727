"""Draw the figure of the guide to the instruments: what a recorder hears while a network learns, free and clamped.

Usage: python tools/draw_instruments.py (needs kaleido and a Chromium; about a minute)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from plotly.subplots import make_subplots

from inscape import probes
from inscape.models.attention_only import AttentionOnly, Batch, train
from inscape.systems.few_shot import gaussian_few_shot

PLACE = Path(__file__).parents[1] / "docs" / "images" / "instruments-recorded.png"
SEQUENCES, EVERY = 32_000, 320
KEYS = ("exemplar 1", "label 1", "exemplar 2", "label 2", "query itself")
# Okabe & Ito (2008): told apart by the colour-blind.
COLOURS = ("#999999", "#0072B2", "#CCCCCC", "#D55E00", "#000000")


def main() -> None:
    """Train two networks, one with the match of a head clamped half of the time, and draw their attention."""
    torch.set_num_threads(1)
    task = gaussian_few_shot(classes=20, features=32)
    drawn = task.draw(400, seed=1)
    # Only sequences whose right label stands first, so that "label 1" is the right one.
    first = np.flatnonzero(drawn.targets == drawn.labels[:, 0])
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, subplot_titles=["free", "match clamped until the line"])
    for column, is_clamped in enumerate((False, True), 1):
        steps, attention = watched(task, drawn, first, is_clamped)
        for key, (name, colour) in enumerate(zip(KEYS, COLOURS, strict=True)):
            figure.add_scatter(
                x=steps, y=attention[:, key], name=name, legendgroup=name, showlegend=column == 1,
                line={"color": colour, "width": 3 if name.startswith("label") else 1.5}, row=1, col=column,
            )  # fmt: skip
    figure.add_vline(x=SEQUENCES / 2, line={"dash": "dot"}, row=1, col=2)
    figure.update_xaxes(title="sequences seen")
    figure.update_yaxes(title="attention of the query", col=1)
    figure.update_layout(
        title="One head of layer 2, recorded through training where label 1 is the right one",
        template="simple_white", width=1000, height=420, legend={"orientation": "h", "y": -0.25},
    )  # fmt: skip
    figure.write_image(PLACE, scale=1.5)
    print(PLACE)


def watched(task, drawn, first, is_clamped: bool) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
    """Mean attention of head 3's query to every key at each record: (record,), (record, key)."""
    from inscape.probes import circuit_clamps
    from inscape.probes.induction import keep_heads

    net = AttentionOnly(task.width, task.labels, seeds=0)
    kept = np.zeros((1, net.heads), dtype=bool)
    kept[:, 3] = True
    batch = Batch.of(task, drawn, net)
    site = "layers.1.attention.pattern[head=3, query=-1]"
    heard: list[np.ndarray] = []

    def listen(passing):  # type: ignore[no-untyped-def]
        with probes.Recorder(passing, site) as recorder, torch.no_grad():
            passing(batch)
        heard.append(recorder.array(site)[0, 0][first].mean(0).reshape(-1))
        return heard[-1][1:2]

    clamps = [circuit_clamps.match(net, when=probes.Until(SEQUENCES // 64))] if is_clamped else []
    with probes.Instruments(keep_heads(net, kept), *clamps) as kit:
        run = train(
            net, task, sequences=SEQUENCES, learning_rate=1e-3, streams=[0], every=EVERY,
            measures={"attention": listen}, instruments=kit,
        )  # fmt: skip
    return run.sequences, np.array(heard)


if __name__ == "__main__":
    main()
