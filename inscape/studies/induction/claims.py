"""What the paper of study 18 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "What needs to go right for an induction head? "
    "A mechanistic study of in-context learning circuits and their formation",
    year=2024,
    authors="A. K. Singh, T. Moskovitz, F. Hill, S. C. Y. Chan, A. M. Saxe",
    venue="ICML",
    arxiv="2404.07129",
)

RATE = "learning rate 1e-5, seed 5, Omniglot by a pretrained network's features"
READ_OFF = "read off a figure; " + RATE
NOTEBOOK = "the authors' executed notebooks; " + RATE

CLAIMS = (
    Claim("below_ln2", "C1: training loss below ln 2, the loss of guessing in context", 1.5e5, "sequences", READ_OFF),
    Claim("below_half", "C1: below half of ln 2", 2.5e5, "sequences", READ_OFF),
    Claim("below_tenth", "C1: below 0.1", 3.8e5, "sequences", READ_OFF),
    Claim("end_train", "C1: training loss at the end", 0.00, "nats", READ_OFF, at_most=0.05),
    Claim("end_relabelled", "C1: at the end on pairs of labels never seen together", 0.03, "nats", READ_OFF),
    Claim("end_new_exemplar", "C1: at the end on other exemplars of the classes", 0.12, "nats", READ_OFF),
    Claim("end_new_class", "C1: at the end on classes never seen", unit="nats", setting="no number readable"),
    Claim("strongest", "C2: strength of the strongest induction head", 0.85, setting=NOTEBOOK),
    Claim("weakest", "C2: strength of the weakest", 0.10, setting=NOTEBOOK),
    Claim("additive", "C2: correlation of strength and lone-head accuracy, median", 0.959, setting=NOTEBOOK),
    Claim("additive_rank", "C2: rank correlation of the two, median", 0.952, setting=NOTEBOOK),
    Claim("additive_seeds", "Bar 2: share of seeds with a correlation of 0.9 or more", unit="%", at_least=80),
    Claim(
        "redundant", "C2, Bar 2: accuracy without any one head, lowest of all", 0.98, setting=NOTEBOOK, at_least=0.95
    ),
    Claim("additive_seeds_centred", "Bar 2: share of seeds with 0.9 or more, mean taken away", unit="%", at_least=80),
    Claim("additive_seeds_gaussian", "Bar 2: the same on Gaussian classes", unit="%", at_least=80),
    Claim("redundant_centred", "Bar 2: the same where the mean is taken away", at_least=0.95),
    Claim("redundant_gaussian", "Bar 2: the same on Gaussian classes", at_least=0.95),
    Claim(
        "no_direct_effect",
        "C3: accuracy that is lost where layer 1 tells the output nothing but through layer 2, worst seed",
        1.3e-4,
        setting=NOTEBOOK,
        at_most=0.01,
    ),
    Claim("lone_learns", "C4: share of single heads that learn when trained alone", 100, "%", NOTEBOOK, at_least=90),
    Claim("lone_later", "C4: share of those that fall later than all heads together", 100, "%", NOTEBOOK, at_least=90),
    Claim("lone_delay_least", "C4: time to half of ln 2 over all heads', the earliest head", 2.6 / 2.2, "x", READ_OFF),
    Claim("lone_delay_most", "C4: the same, the latest head", 5.8 / 2.2, "x", READ_OFF),
    Claim("half_none", "C5: time to half of ln 2, one head, no clamp", 2.9e5, "sequences", READ_OFF),
    Claim("half_previous", "C5: with the attention to the previous token clamped", 2.0e5, "sequences", READ_OFF),
    Claim("half_earlier", "C5: with layer 1 clamped", 0.75e5, "sequences", READ_OFF),
    Claim("half_copy", "C5: with the copying of labels clamped", 0.35e5, "sequences", READ_OFF),
    Claim("half_match", "C5: with the match clamped", 0.27e5, "sequences", READ_OFF),
    Claim("half_earlier_copy", "C5: with layer 1 and the copying clamped", 0.25e5, "sequences", READ_OFF),
    Claim(
        "order",
        "C5, Bar 1: of none > previous token > layer 1 > copy >= match, relations that hold for the median",
        4,
        "of 4",
        READ_OFF,
        at_least=4,
    ),
    Claim("clamp_gain", "C5, Bar 1: no clamp over match, medians", 2.9 / 0.27, "x", READ_OFF, at_least=8),
    Claim("order_centred", "C5: the same relations where the mean of all exemplars is taken away", unit="of 4"),
    Claim("clamp_gain_centred", "C5: no clamp over match there", unit="x"),
    Claim("order_gaussian", "C5: the same relations on Gaussian classes", unit="of 4"),
    Claim("clamp_gain_gaussian", "C5: no clamp over match there", unit="x"),
    Claim(
        "plateau_gone",
        "C5: plateau at ln 2 with two of three parts clamped over that without a clamp, larger of the two",
        setting="the plateau disappears; no number",
        at_most=0.1,
    ),
    Claim("labels_copying", "C6, Bar 3: match clamped (only C left), 15 labels over 5", unit="x", at_least=2.0),
    Claim(
        "labels_matching",
        "C6, Bar 3: layer 1 and copy clamped (only B left), 15 labels over 5",
        unit="x",
        at_least=0.85,
        at_most=1.15,
    ),
    Claim("classes_copying", "C6: match clamped (only C left), 200 classes over 50", unit="x", setting="unchanged"),
    Claim(
        "classes_matching",
        "C6: layer 1 and copy clamped (only B left), 200 classes over 50",
        unit="x",
        setting="mildly slower",
    ),
    Claim("classes_whole", "C6: all heads, 200 classes over 50", 3.7 / 2.8, "x", READ_OFF),
    Claim("labels_whole_10", "C6: all heads, 10 labels over 5", 8 / 2.8, "x", READ_OFF),
    Claim("labels_whole_15", "C6: all heads, 15 labels over 5", 13.5 / 2.8, "x", READ_OFF),
    Claim("toy_free", "Bar 4: sharpness (t10 - t90) / t50 of three learning vectors, median", at_most=0.35),
    Claim("toy_clamped", "Bar 4: sharpness with two of them clamped, median", at_least=1.3),
    Claim(
        "toy_decay",
        "Bar 4: clamped decay against its closed form, worst of seeds not looked at before",
        unit="%",
        at_most=2,
    ),
    Claim("exact", "Bar 5: clamped passes against the network written out by hand, largest difference", at_most=1e-5),
    Claim("exact_off", "Bar 5: a pass after a clamp was taken off against one before, largest difference", at_most=0.0),
    Claim(
        "exact_slopes",
        "Bar 5: slopes under clamps against finite differences, largest relative difference",
        at_most=1e-3,
    ),
    Claim(
        "speed_clamp",
        "Bar 6: step with one clamp over a step without, the slowest clamp",
        unit="x",
        at_most=1.15,
        is_timing=True,
    ),
    Claim("speed_stack", "Bar 6: step of 8 stacked runs over that of one", unit="x", at_most=4.0, is_timing=True),
    Claim(
        "speed_peer",
        "Bar 6: TransformerLens with hooks, its step over ours",
        unit="x",
        setting="run in one go by benchmarks/induction.py where TransformerLens is installed",
        at_least=2.0,
        is_timing=True,
    ),
    Claim(
        "language_repeat",
        "Bar 7: SmolLM2, loss on the repeat without its 5 strongest induction heads",
        unit="nats more",
        at_least=5,
    ),
    Claim("language_first", "Bar 7: the same on the first saying", unit="nats more", at_most=0.3),
    Claim(
        "language_random",
        "Bar 7: loss on the repeat without 5 random heads outside the top 8, mean of draws",
        unit="nats more",
        at_most=0.5,
    ),
    Claim("language_random_rest", "The same in draws without the strongest previous-token head", unit="nats more"),
    Claim("language_previous", "Loss on the repeat without that head alone, which feeds the circuit", unit="nats more"),
    Claim(
        "share_copying_token",
        "Beyond: Shapley share of A, copying the token before, in what had to be learnt",
        unit="%",
    ),
    Claim("share_matching", "Beyond: share of B, the match", unit="%"),
    Claim("share_copying_label", "Beyond: share of C, copying the label", unit="%"),
    Claim(
        "released",
        "Beyond: match clamped until half of ln 2, then released: time to half of ln 2 from there, over no clamp",
        unit="x",
    ),
    Claim(
        "forecast",
        "Beyond: time of the whole circuit by the sum of its parts learnt alone, over the measured one",
        unit="x",
    ),
)
