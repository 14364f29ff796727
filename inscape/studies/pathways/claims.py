"""What the paper of study 01 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "Grokking in LLM Pretraining? Monitor Memorization-to-Generalization without Test",
    year=2026,
    authors="Z. Li, C. Fan, T. Zhou",
    venue="ICLR",
    arxiv="2506.21551",
)

OLMOE = "OLMoE 1B-7B, 10 checkpoints, math; code -0.929, commonsense -0.982, domain -0.925"
RELATED = "median over networks, the domain where it is weakest"

CLAIMS = (
    Claim(
        "lag",
        "C1: benchmark scores rise after memorising: steps from 95 % right in training to 50 % in test",
        unit="steps",
        setting="math pairs lag by 120k, 365k, 370k and 485k steps",
        at_least=1,
    ),
    Claim(
        "asynchrony",
        "C1, bar 4: domains generalise one after the other, the one with more training rows first",
        unit="% of networks",
        at_least=66,
    ),
    Claim(
        "spread",
        "C1: single samples are memorised at different times: middle 80 % of their first steps",
        unit="steps",
    ),
    Claim(
        "string_distance",
        "C2: r of the paper's string distance with test accuracy, " + RELATED,
        paper=-0.947,
        setting=OLMOE,
    ),
    Claim(
        "normalised_distance",
        "C2, bar 1: r of distance in experts over length with test accuracy, " + RELATED,
        paper=-0.947,
        setting=OLMOE + "; string distance",
        at_most=-0.8,
    ),
    Claim("normalised_string", "C2: the same of the string distance over length, " + RELATED),
    Claim(
        "normalised_distance_holds",
        "Bar 1: it is at most -0.8 with an interval that excludes 0 in every domain",
        unit="% of networks",
        at_least=66,
    ),
    Claim(
        "consistency",
        "C3: r of 1 - C (as printed) with test accuracy, six layers, " + RELATED,
        paper=0.925,
        setting="math; code 0.979, commonsense 0.980, domain 0.992; sign as in its table",
    ),
    Claim("smoothness", "C3: r of smoothness (mean cosine of neighbouring layers) with test accuracy, six layers"),
    Claim("overlap", "Bar 1: r of the cosine overlap of routing with test accuracy, " + RELATED, at_least=0.8),
    Claim(
        "overlap_holds",
        "Bar 1: it is at least 0.8 with an interval that excludes 0 in every domain",
        unit="% of networks",
        at_least=66,
    ),
    Claim(
        "training_loss",
        "C3: r of the training loss with test accuracy, weakest domain",
        paper=-0.04,
        setting="math; code -0.07, commonsense 0.64, domain 0.79",
    ),
    Claim(
        "validation_loss",
        "C3: r of the loss on test rows with test accuracy, weakest domain",
        paper=0.48,
        setting="math; code 0.55, commonsense -0.58, domain -0.33",
    ),
    Claim(
        "better_than_loss",
        "Bar 2: |r| of overlap less that of the training loss or its moving average, the larger, worst domain",
        at_least=0.0,
    ),
    Claim("rises", "C4: string distance rises while memorising: change to its peak", unit="characters", at_least=0),
    Claim(
        "falls",
        "C4: and falls afterwards: change from the end of memorising to the end",
        unit="characters",
        setting="about 555 to 530 characters",
        paper=-25,
        at_most=0,
    ),
    Claim("cross_domain", "C4: r of the distance between domains with test accuracy", setting="no trend in the paper"),
    Claim(
        "entropy_share",
        "C4: share of the variance of test accuracy that routing entropy explains",
        unit="%",
        paper=6,
        setting="r = 0.24",
    ),
    Claim("steepest_layer", "C4: the layer whose distance falls most (1 is the first)", setting="layers 0 to 3 of 16"),
    Claim(
        "second_model",
        "C5: |r| of normalised distance in a second model, the library's OLMoE class at our size",
        paper=0.8,
        setting="nanoMoE, about 0.8 to 1.0",
    ),
    Claim(
        "thresholds",
        "C6: smallest |r| of normalised distance over thresholds 0.5 to 0.8",
        paper=0.993,
        setting="LoRA rank 64; thresholds, epsilon and delta change little",
    ),
    Claim("unbalanced", "Reviewers: r of normalised distance without the load-balancing loss"),
    Claim("partial_distance", "Bar 3: partial r of normalised distance given the log of the step, median of all cases"),
    Claim("partial_overlap", "Bar 3: partial r of overlap given the log of the step, median of all cases"),
    Claim(
        "control_decay",
        "Bar 3: move of normalised distance without weight decay, over that with generalisation, size",
        at_most=1 / 3,
    ),
    Claim("control_labels", "Bar 3: the same with shuffled labels", at_most=1 / 3),
    Claim("control_decay_test", "Control: test accuracy reached without weight decay, median of domains and networks"),
    Claim("control_labels_test", "Control: the same with shuffled labels"),
    Claim("control_decay_overlap", "Control: move of overlap without weight decay, over that with generalisation"),
    Claim("control_labels_overlap", "Control: the same with shuffled labels"),
    Claim("frozen", "Cause: test accuracy at the end with routers frozen once memorised, less that of free ones"),
    Claim("dealt", "Cause: the same with experts dealt anew once memorised"),
    Claim("shared", "Cause: the same with one router for all layers once memorised"),
    Claim("same_strings", "Bar 5: string distances unlike a reference Levenshtein, of 1,000 pairs", at_most=0),
    Claim("same_routing", "Bar 5: largest difference of recorded routing from a forward pass by hand", at_most=1e-6),
    Claim("no_padding", "Bar 5: largest change of recorded routing by padding", at_most=1e-6),
    Claim(
        "speed_pairs",
        "Bar 6: all pairs of 1,000 pathways of 16 layers and 64 experts, one core",
        unit="s",
        at_most=60,
        is_timing=True,
    ),
    Claim("speed_over_python", "Bar 6: the same against plain Python", unit="x", at_least=50, is_timing=True),
    Claim("overhead", "Bar 6: what recording adds to a forward pass", unit="%", at_most=5, is_timing=True),
    Claim(
        "theory",
        "Bar 7: Spearman's rho of string distance and effective dimension over frozen routers",
        at_least=0.5,
    ),
    Claim("theory_shape", "Theory: the same of distance in experts over length, and of the kernel scaled to trace one"),
    Claim("theory_hard", "Theory: the same of distance in experts over length where routing is nearly to one expert"),
    Claim("theory_overlap", "Theory: the same of overlap and effective dimension"),
    Claim(
        "alarm_found",
        "Beyond: generalising runs, left out one at a time, that the slope of normalised distance tells from controls",
        unit="%",
    ),
    Claim("alarm_false", "Beyond: control runs, left out one at a time, in which it speaks up once", unit="%"),
)
