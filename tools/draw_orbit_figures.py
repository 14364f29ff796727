"""Draw the figures of docs/guide/orbits.md: python tools/draw_orbit_figures.py (needs kaleido and a Chromium)."""

from __future__ import annotations

from pathlib import Path

from inscape.analysis.timing import compare, find_aliases, fit, robustness
from inscape.studies.orbital_decay import figures
from inscape.studies.orbital_decay.arms import literature
from inscape.trajectories.timing_tables.samples import sample_timing

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def main() -> None:
    wasp12 = sample_timing("wasp-12")
    still, moving = fit(wasp12, "linear"), fit(wasp12, "decay")
    drawn = {"orbit-wasp-12": figures.residual_figure(still, [moving], "WASP-12 b: times less a constant period")}
    found = compare(literature(), simulations=1)
    both = found["decay+precession"]
    drawn["orbit-wasp-43"] = figures.residual_figure(
        found["linear"], [found["decay"], both], "WASP-43 b: times less a constant period"
    )
    assert both.scan is not None
    drawn["orbit-precession"] = figures.periodogram_figure(
        both.scan, find_aliases(both.scan), both.scan.simulated_gains(2000, 0), {"Bernabo et al. 2025": 0.1727}
    )
    drawn["orbit-choices"] = figures.robustness_figure(
        robustness(sample_timing("wasp-43")),
        "WASP-43 b: does the period change?",
        {"Bernabo 2025": (-1.99, 0.5), "Garai 2021": (-0.6, 1.2)},
    )
    for name, figure in drawn.items():
        place = IMAGES / f"{name}.png"
        figure.update_layout(template="plotly_white", font={"size": 14})
        figure.write_image(place, width=1000, height=figure.layout.height or 520, scale=1.5)
        print(place)


if __name__ == "__main__":
    main()
