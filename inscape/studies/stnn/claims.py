"""What the paper says and what this house asks of itself, as numbers.

The paper's tables could not be read, only its abstract: `paper` is None where a claim has a direction and no number.
"""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    title="A Low-complexity Structured Neural Network to Realize States of Dynamical Systems",
    year=2025,
    authors="H. Aluvihare, L. Lingsch, X. Li, S. M. Perera",
    arxiv="2503.23697",
)

_UNREAD = "direction from the abstract; the paper's number could not be read"

CLAIMS = (
    Claim(
        "size_ratio",
        "C1: the structured net has fewer weights than the dense net of its layout",
        unit="x",
        at_least=28,
        setting=f"{_UNREAD}; bar: n = 16, p = 6",
    ),
    Claim(
        "operations_ratio",
        "C1: and fewer operations",
        unit="x",
        at_least=14,
        setting=f"{_UNREAD}; bar: n = 16, p = 6",
    ),
    Claim(
        "accuracy_kept",
        "C1: without losing accuracy: one-step error of StNN over that of the dense net of its widths",
        unit="x",
        at_most=1.0,
        setting=f"{_UNREAD}; Lorenz",
    ),
    Claim(
        "accuracy_by_adam",
        "Control: the same with both trained by the same steps of Adam",
        unit="x",
        setting="Lorenz",
    ),
    Claim(
        "accuracy_at_equal_size",
        "Control: one-step error of StNN over that of a dense net with as many weights",
        unit="x",
        setting="Lorenz",
    ),
    Claim(
        "lorenz_over_dmd",
        "C3: on Lorenz StNN holds for longer than Hankel-DMD (the better of two)",
        unit="time units",
        at_least=0,
        setting=_UNREAD,
    ),
    Claim("lorenz_over_havok", "C3: than HAVOK", unit="time units", at_least=0, setting=_UNREAD),
    Claim("lorenz_over_sindy", "C3: than SINDy on clean runs", unit="time units", at_least=0, setting=_UNREAD),
    Claim(
        "lorenz_over_dense", "C3: than a dense net with as many weights", unit="time units", at_least=0, setting=_UNREAD
    ),
    Claim(
        "faster_than_dense",
        "C4: inference time of the dense net of its widths over that of StNN, one window of 12",
        unit="x",
        at_least=1,
        is_timing=True,
        setting=_UNREAD,
    ),
    Claim(
        "faster_than_others",
        "C4: fastest of DMD, HAVOK and SINDy over StNN, a sample of a forecast",
        unit="x",
        at_least=1,
        is_timing=True,
        setting=_UNREAD,
    ),
    Claim("factors_exact", "Bar 1: a Hankel product by factors is scipy's", at_most=1e-12, unit="relative"),
    Claim("gradients_exact", "Bar 1: gradients pass a double-precision check (1: yes)", at_least=1),
    Claim("stnn_parameters", "Bar 2: weights of StNN, n = 16, p = 6", at_most=1144),
    Claim("stnn_operations", "Bar 2: operations of one answer, counted as they are carried out", at_most=4400),
    Claim(
        "hankelnet_one_step",
        "Bar 3: one-step error of HankelNet on Lorenz, at most 1,000 weights, at most 60 s",
        at_most=3e-5,
        unit="squared sd of the increment",
    ),
    Claim("stnn_one_step", "Bar 3: one-step error of StNN on Lorenz", at_most=2e-4, unit="squared sd of the increment"),
    Claim("lm_seconds", "Bar 3: processor time of a training", at_most=60, unit="s", is_timing=True),
    Claim("noise_valid_time", "Bar 4: valid time of HankelNet at 2 % noise", at_least=1.7, unit="time units"),
    Claim(
        "noise_over_sindy",
        "Bar 4: the same over that of SINDy with smoothed differences and threshold 0.2",
        at_least=1.4,
        unit="x",
    ),
    Claim(
        "noise_over_weak_sindy",
        "Control: over that of the better of our weak-form SINDy, from the last sample or an estimated start",
        unit="x",
    ),
    Claim(
        "lotka_volterra",
        "Bar 5, C2: test error of one StNN of at most 1,200 weights on the LEADS benchmark",
        paper=1.16e-3,
        at_most=1.16e-3,
        unit="mean squared error",
        setting="LEADS, 120,000 epochs, 10 environments, best epoch chosen on the test runs",
    ),
    Claim(
        "lotka_volterra_hankelnet",
        "The same of one HankelNet",
        paper=1.16e-3,
        unit="mean squared error",
        setting="as above",
    ),
    Claim(
        "lotka_volterra_with_activation",
        "Control: the same of StNN with its activation",
        paper=1.16e-3,
        unit="mean squared error",
        setting="as above",
    ),
    Claim(
        "lotka_volterra_over_leads",
        "C2: test error of our own LEADS over that of StNN, after the same four samples",
        at_least=1,
        unit="x",
        setting="from the abstract: solved with less than LEADS",
    ),
    Claim(
        "lotka_volterra_size",
        "C2: weights of LEADS over those of StNN",
        at_least=1,
        unit="x",
        setting="11 networks of 2-64-64-64-2",
    ),
    Claim(
        "long_window_speed",
        "Bar 6: dense layer pair over Hankel layer pair, n = 1,024, one window, one core",
        at_least=10,
        unit="x",
        is_timing=True,
    ),
    Claim(
        "short_window_speed",
        "Bar 6: StNN at n = 16 over the dense net of its widths",
        at_most=1.5,
        unit="x",
        is_timing=True,
    ),
    Claim(
        "gpu_speed",
        "Bar 6: butterfly on a GPU over torch-structured's, n = 1,024, batch 4,096",
        at_most=1.2,
        unit="x",
        is_timing=True,
    ),
    Claim(
        "front_printed",
        "Bar 7: dense nets of equal size beside each structured net of the front",
        at_least=3,
        unit="pairs",
    ),
    Claim(
        "stnn_wins_at_equal_size",
        "Share of the front (systems and sizes) where StNN has a smaller one-step error than the dense net of its size",
        unit="share",
    ),
    Claim("hankelnet_wins_at_equal_size", "The same of HankelNet", unit="share"),
    Claim(
        "switches_foretold",
        "HAVOK: changes of lobe that a burst of the forcing comes before (Brunton et al. 2017)",
        unit="share",
        at_least=0.9,
    ),
    Claim(
        "switch_precision_over_chance",
        "HAVOK: share of bursts followed by a change of lobe, over the same with the forcing turned in time",
        unit="x",
        at_least=1,
    ),
    Claim("forcing_kurtosis", "HAVOK: excess kurtosis of the forcing; a Gaussian has 0", at_least=1),
    Claim(
        "forcing_over_plain_sign",
        "Control: area under the ROC of the forcing less that of the better of the size of x and of dx/dt, "
        "which need no model",
        unit="area",
    ),
)
