"""What the paper says, as numbers. Numbers `as_released` were recomputed from the authors' result files."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    title="Chaos as an interpretable benchmark for forecasting and data-driven modelling",
    year=2021,
    authors="W. Gilpin",
    venue="NeurIPS Datasets and Benchmarks",
    arxiv="2110.05266",
)

PUBLISHED_MEDIANS = {
    "N-BEATS": 50.6,
    "LSTM": 67.8,
    "random forest": 89.6,
    "linear regression": 105.2,
    "naive mean": 153.5,
}
"""Median sMAPE at 15 points a period of the paper's methods that run here too."""

CLAIMS = (
    Claim("reintegrable", "C1: systems from many fields, every one re-integrable", paper=131, at_least=131),
    Claim("sides_numpy", "Right-hand sides match the published ones: NumPy", at_most=1e-9, unit="relative"),
    Claim("sides_torch", "The same in torch", at_most=1e-9, unit="relative"),
    Claim("sides_heyoka", "The same in heyoka", at_most=1e-9, unit="relative"),
    Claim("sides_maps", "The same for maps", at_most=1e-6, unit="relative"),
    Claim(
        "faster_than_dop853",
        "Integration at 1e-12, warm, is faster than scipy's DOP853",
        at_least=300,
        unit="x",
        is_timing=True,
    ),
    Claim(
        "faster_than_dysts",
        "Integration is faster than the published package's default",
        at_least=5000,
        unit="x",
        is_timing=True,
    ),
    Claim("cold_start", "All ODEs, 1,200 points each, compilation included", at_most=120, unit="s", is_timing=True),
    Claim("chua", "A kinked system is followed through its kinks", at_most=1e-8, unit="spreads"),
    Claim(
        "sum_is_divergence", "Exponents sum to the mean divergence on every smooth flow", at_most=1e-6, unit="relative"
    ),
    Claim("zero_exponent", "Autonomous flows have a zero exponent", unit="share", at_least=0.95),
    Claim(
        "exponent_lorenz",
        "Largest exponent of Lorenz (10, 28, 8/3)",
        paper=0.9056,
        at_least=0.9006,
        at_most=0.9106,
        unit="1/time",
    ),
    Claim(
        "exponent_rossler",
        "Largest exponent of Rossler (0.2, 0.2, 5.7)",
        paper=0.0714,
        at_least=0.0694,
        at_most=0.0734,
        unit="1/time",
    ),
    Claim(
        "exponent_henon",
        "Largest exponent of the Henon map",
        paper=0.4192,
        at_least=0.4182,
        at_most=0.4202,
        unit="1/step",
    ),
    Claim("published_off", "Published largest exponents that are off by more than 25 %", unit="systems"),
    Claim(
        "nbeats_smape",
        "C2: N-BEATS has the lowest median sMAPE",
        paper=50.6,
        as_released=50.6,
        unit="%",
        setting="131 systems, 15 points a period, 30 blocks of 4 layers of 256",
        at_most=60,
    ),
    Claim("nbeats_lead", "C2: and no other method comes before it, ours included", paper=17.2, unit="%", at_least=0),
    Claim(
        "nbeats_lead_published",
        "C2: nor any of the paper's own methods that run here",
        paper=17.2,
        unit="%",
        at_least=0,
    ),
    Claim(
        "chaos_published",
        "C3: N-BEATS errs more where the published exponent is larger (Spearman)",
        paper=0.41,
        as_released=0.41,
        at_least=0.2,
    ),
    Claim("chaos_measured", "C3: the same with measured exponents, per period", paper=0.41, at_least=0.2),
    Claim(
        "valid_time_and_chaos",
        "C3: forecasts hold for less time the more chaotic the system (minus Spearman)",
        at_least=0.35,
        setting="measured exponent x period",
    ),
    Claim("valid_time_p", "C3: and by chance only with this probability", at_most=1e-3),
    Claim(
        "valid_time_in_chaos",
        "C3: the same among the systems that this run found chaotic (chosen after the bar was missed on all)",
    ),
    Claim("valid_time_and_published", "C3: the same with published exponents"),
    Claim(
        "transfer_wins",
        "C4: features learned on chaos beat raw features",
        paper=3,
        unit="data sets",
        at_least=3,
        setting="3 of the 4 that overlap, released",
    ),
    Claim(
        "transfer_gain",
        "C4: mean gain in accuracy over raw features",
        paper=3.9,
        unit="points",
        at_least=0,
        setting="90 UCR data sets",
    ),
    Claim(
        "transfer_over_random",
        "C4: and over features learned at random time scales",
        paper=4.2,
        unit="points",
        setting="90 UCR data sets",
    ),
    Claim("sampling_full", "C5: sMAPE fraction after full training", paper=1.002, as_released=1.002),
    Claim("sampling_importance", "C5: after drawing new data by error", paper=0.909, as_released=0.909),
    Claim("sampling_random", "C5: after drawing new data uniformly (control)", paper=0.986, as_released=0.986),
    Claim("sampling_cost", "C5: at half the cost", paper=0.5, at_most=0.55, setting="190 s against 95 s"),
    Claim(
        "sampling_better",
        "C5: systems on which drawing by error helps",
        as_released=46,
        unit="%",
        setting="125 systems, p = 0.51",
    ),
    Claim("sampling_p", "C5: and by chance with this probability", as_released=0.51),
    Claim(
        "sindy_exact",
        "C6: sparse regression finds the exact law of polynomial flows",
        unit="systems",
        at_least=70,
        setting="83 polynomial flows",
    ),
    Claim("sindy_coefficients", "C6: with coefficients as exact as", at_most=1e-3, unit="relative"),
    Claim(
        "sindy_smape",
        "C6: sMAPE fraction of the rates over all flows",
        paper=0.371,
        as_released=0.371,
        at_most=0.371,
        setting="SINDy, polynomials, 131 systems",
    ),
    Claim(
        "sindy_seconds",
        "C6: CPU time of a fit",
        paper=0.013,
        unit="s",
        is_timing=True,
        setting="SINDy at a given threshold",
    ),
)
