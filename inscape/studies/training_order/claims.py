"""What the paper of study 07 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "Estimating the Effects of Sample Training Orders for Large Language Models without Retraining",
    year=2025,
    authors="H. Yang, H. Li, M. Yang, X. Chen, M. Gong",
    arxiv="2505.22042",
)

SOURCE = "from the abstract, summaries and public reviews; the tables were not readable"

CLAIMS = (
    Claim(
        "fut_error",
        "C1: the error of FUT's estimated perplexity is small (AbsDiff)",
        paper=0.02,
        unit="perplexity",
        setting="order of magnitude at perplexity about 1.4, 256 batches, 0.2 B parameters; " + SOURCE,
    ),
    Claim(
        "fut_over_random",
        "C1: FUT is nearer the truth than a random guess: its AbsDiff over that of another random order's perplexity",
        setting="direction only, " + SOURCE,
        at_most=1.0,
    ),
    Claim(
        "fut_over_recorded",
        "C1, control: AbsDiff of FUT over that of the recorded run's perplexity said of every order",
        setting="ours",
    ),
    Claim(
        "fut2_over_fut1",
        "C1: FUT++ is at least as near as FUT: ratio of their AbsDiff",
        setting="direction only, " + SOURCE,
        at_most=1.0,
    ),
    Claim(
        "fut_curriculum",
        "C2: the curriculum found by FUT beats the best of the random and heuristic ones: share of runs",
        setting="by a small margin, " + SOURCE,
        at_least=0.5,
    ),
    Claim(
        "fut_curriculum_random",
        "C2, in part: the curriculum found by FUT beats the median random order: share of runs",
        setting="ours",
    ),
    Claim(
        "memory_grows",
        "C3: what comes late is remembered: rank correlation of position and loss on the batch, retrained maps",
        setting="direction only, shown as pictures",
        at_most=0.0,
    ),
    Claim(
        "memory_grows_plain",
        "C3, control: the same where Adam has no momentum, so that a batch acts at once",
        setting="ours",
        at_most=0.0,
    ),
    Claim(
        "generalisation_depends",
        "C3: generalisation depends on position: the same on unseen text like the batch",
        setting="no direction known",
    ),
    Claim(
        "generalisation_similarity",
        "C3: and on similarity: rank correlation over batches of the gradients' likeness and the gain of a last place",
        setting="no number known",
    ),
    Claim(
        "memory_map_fut",
        "C3: FUT's memorisation map resembles the true one: rank correlation, means of batches taken off",
        setting="by eye",
    ),
    Claim(
        "break_even_fut",
        "C4: FUT pays after about T orders: orders after which its preparation is paid, over T",
        paper=1.0,
        setting="O(T^2) gradients of preparation, T gradients a retraining",
        at_most=2.0,
        is_timing=True,
    ),
    Claim(
        "exact_rank",
        "Bar 1: momentum carried, exact curvature: rank correlation of estimated and true perplexity, median",
        at_least=0.9,
    ),
    Claim(
        "exact_error",
        "Bar 1: its mean error over that of the recorded run, median",
        at_most=1 / 3,
    ),
    Claim("carried_rank", "Bar 1: the same at rank 40, closed recursion: rank correlation, median", at_least=0.9),
    Claim(
        "carried_error",
        "Bar 1: its mean error after calibration on 4 retrainings over that of the recorded run, median",
        at_most=0.5,
    ),
    Claim("carried_uncalibrated", "Its mean error without calibration over that of the recorded run, median"),
    Claim(
        "fut_error_ratio",
        "Bar 2: the error of FUT over that of exact curvature on the same runs, median",
        at_least=3.0,
    ),
    Claim(
        "fut_rank_difference",
        "Bar 2: rank correlation of rank 40 less that of FUT, median",
        at_least=0.5,
    ),
    Claim("memory_map", "Bar 3: estimated and true memorisation map: rank correlation off the means", at_least=0.9),
    Claim("generalisation_map", "The same of the generalisation map"),
    Claim(
        "curriculum",
        "Bar 4: the searched order, retrained, beats the best of 16 random ones: share of runs",
        at_least=0.8,
    ),
    Claim("curriculum_margin", "Bar 4: by how much perplexity, median", unit="perplexity"),
    Claim(
        "over_ridge",
        "Bar 5: rank correlation of rank 40 less that of ridge regression on positions from 16 retrainings, median",
        at_least=0.0,
    ),
    Claim(
        "speed_1000",
        "Bar 6: time of 1,000 retrainings over that of ranking 1,000 orders at rank 40, preparation included",
        at_least=10.0,
        is_timing=True,
    ),
    Claim("speed_10000", "Bar 6: the same of 10,000 orders", at_least=40.0, is_timing=True),
    Claim(
        "refuses_bad",
        "Bar 7: share refused among the orders whose error exceeds the recorded run's, 32 batches at rate 1e-3",
        at_least=0.9,
    ),
    Claim("refuses_good", "Bar 7: share refused at rate 3e-4, 16 batches", at_most=0.1),
    Claim("refuses_far", "The share of bad orders refused at rate 3e-3, 32 batches"),
    Claim("quadratic", "Bar 8: largest relative error on quadratic losses under SGD", at_most=1e-5),
    Claim("no_curvature_rank", "Control: momentum carried without curvature: rank correlation, median"),
    Claim("no_curvature_error", "Control: its error over that of the recorded run, median"),
    Claim(
        "projection_error",
        "Control: the error of FUT with 3 % kept by random projection, as in the paper, over that of FUT, median",
    ),
    Claim("left_out", "Beyond: loss without each batch, estimated against true: rank correlation, median"),
    Claim("exchanged", "Beyond: what exchanging two batches does, estimated against true: rank correlation, all runs"),
    Claim("bar_coverage", "Beyond: share of true losses within twice the calibrated error bar"),
    Claim(
        "time_arrow",
        "Perplexity of the reversed order less that of the chronological one, retrained",
        unit="perplexity",
    ),
)
