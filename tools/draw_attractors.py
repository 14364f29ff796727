"""Draw the picture of the README: a wall of attractors of the zoo. Usage: python tools/draw_attractors.py"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

from inscape.systems import zoo

NAMES = (
    "Lorenz", "Aizawa", "Thomas", "Halvorsen", "Hadley", "Chen",
    "Rossler", "SprottB", "Bouali2", "Sakarya", "NoseHoover", "QiChen",
    "Chua", "LorenzCoupled", "GuckenheimerHolmes", "Rucklidge", "HyperLorenz", "SprottE",
)  # fmt: skip
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "attractors.png"


def main() -> None:
    figure, axes = plt.subplots(3, 6, figsize=(12, 6.2), facecolor="#0b1020")
    colours = plt.get_cmap("plasma")
    for axis, name in zip(axes.flat, NAMES, strict=True):
        system = zoo[name]
        states = system.simulate(periods=60, per_period=400, transient=50 * system.period).states
        x, y = _widest_plane(states)
        pieces = np.stack([np.column_stack([x[:-1], y[:-1]]), np.column_stack([x[1:], y[1:]])], axis=1)
        shade = colours(np.linspace(0.2, 0.95, len(pieces)))
        axis.add_collection(LineCollection(pieces, colors=shade, linewidths=0.35, alpha=0.7))
        axis.autoscale_view()
        axis.set_title(name, color="#d8def0", fontsize=8, pad=2)
        axis.axis("off")
    figure.subplots_adjust(left=0.01, right=0.99, top=0.95, bottom=0.01, wspace=0.05, hspace=0.12)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=100, facecolor=figure.get_facecolor())
    print(PICTURE)


def _widest_plane(states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The run seen along the direction in which it varies least."""
    scaled = (states - states.mean(axis=0)) / states.std(axis=0)
    _, _, directions = np.linalg.svd(scaled, full_matrices=False)
    return scaled @ directions[0], scaled @ directions[1]


if __name__ == "__main__":
    main()
