"""What the contest must show."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    title="Chaos as an interpretable benchmark for forecasting and data-driven modelling",
    year=2021,
    authors="W. Gilpin",
    venue="NeurIPS Datasets and Benchmarks",
    arxiv="2110.05266",
)

BEST_PUBLISHED = 50.6
"""Median sMAPE of the best published method (N-BEATS) at 15 points a period, recomputed from the released scores."""

PEERS = ("N-BEATS", "N-HiTS", "echo state network")
"""The forecasters run side by side: of neuralforecast 3.3 (Nixtla) and ReservoirPy 0.4."""

SHORT = {"N-BEATS": "nbeats", "N-HiTS": "nhits", "echo state network": "esn"}

_RELEASED = "131 systems, one series each, 15 points a period, univariate; recomputed from the released scores"


_SIDE_BY_SIDE = tuple(
    Claim(
        f"lead_{SHORT[peer]}_{per_period}",
        f"`learn` has the lower median sMAPE than {peer} on the same series, {per_period} points a period",
        unit="%",
        at_least=0,
    )
    for per_period in (15, 100)
    for peer in PEERS
)

CLAIMS = (
    Claim(
        "median_15",
        "`learn`'s own choice has a lower median sMAPE than the best published method, 15 points a period",
        paper=BEST_PUBLISHED,
        as_released=BEST_PUBLISHED,
        unit="%",
        setting=_RELEASED,
        at_most=BEST_PUBLISHED,
    ),
    Claim("medians_ahead", "Published methods with a lower median", unit="methods of 16", at_most=0, setting=_RELEASED),
    Claim(
        "mean_rank",
        "Mean rank of `learn` among the 16 published methods and itself (1 is first on every system)",
        setting="N-BEATS alone among the 16: 3.63",
    ),
    Claim("rank_lead", "and that of the best published method less it", unit="ranks", at_least=0),
    Claim("wins", "Systems on which `learn` is better than every published method", paper=54, unit="systems",
          setting="N-BEATS among the 16, of 131"),
    Claim("significant", "Published methods that `learn` beats with p < 0.05 (Wilcoxon signed ranks, Holm)",
          unit="methods of 16"),
    Claim("nemenyi", "Published methods outside the critical difference of the mean ranks (Friedman, Nemenyi)",
          unit="methods of 16"),
    Claim("median_100", "`learn`'s median sMAPE over the whole zoo at 100 points a period", unit="%",
          setting="no published scores at hand"),
    *_SIDE_BY_SIDE,
    Claim("rank_15", "Mean rank of the best peer less that of `learn`, on the same series, 15 points a period",
          unit="ranks", at_least=0),
    Claim("rank_100", "The same at 100 points a period", unit="ranks", at_least=0),
    Claim("valid_15", "Median valid time on noise-free multivariate series over the best peer's, 15 points a period",
          unit="x", at_least=3),
    Claim("valid_100", "The same at 100 points a period", unit="x", at_least=3),
    Claim("coverage_15", "Measured coverage of the 90 % bands over the zoo, 15 points a period", unit="share",
          at_least=0.85, at_most=0.95),
    Claim("coverage_100", "The same at 100 points a period", unit="share", at_least=0.85, at_most=0.95),
    Claim("noisy_1", "`learn`'s median sMAPE with 1 % of measurement noise, univariate, 15 points a period", unit="%"),
    Claim("noisy_5", "The same with 5 %", unit="%"),
    Claim("tuning", "What a peer had to choose by, CPU seconds or settings tried, over what `learn` had (least)",
          unit="x", at_least=1, is_timing=True),
    Claim("minutes", "The whole contest on two cores", unit="min", at_most=30, is_timing=True),
)  # fmt: skip
