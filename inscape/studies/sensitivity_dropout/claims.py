"""What the paper of study 06 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "Hallucination Detox: Sensitivity Dropout (SenD) for Large Language Model Training",
    year=2025,
    authors="S. Mohammadzadeh, J. D. Guerra, M. Bonizzato, R. Rabbany, G. Farnadi",
    venue="ACL 2025",
    arxiv="2410.15460",
)
PYTHIA = "Pythia 70M to 12B, 20 checkpoints each; no number printed"
OURS = "bar of this build"

CLAIMS = (
    Claim(
        "oscillates",
        "C1: scores of hallucination oscillate through training: detrended deviation of EigenScore on unknown prompts "
        "over that on known ones",
        unit="x",
        setting=PYTHIA,
        at_least=1.0,
    ),
    Claim(
        "oscillates_size",
        "C1: size does not cure it: the oscillation of the widest network over that of the narrowest",
        unit="x",
        setting=PYTHIA,
    ),
    Claim(
        "zeroing",
        "C2: sensitive units off at inference lower EigenScore more than random ones: difference on unknown prompts",
        unit="deviations of random sets",
        setting="Pythia sizes, 80 texts, steps 133k to 143k; shown as curves",
    ),
    Claim(
        "zeroing_width",
        "C2, bar: the interval of that difference over seeds is decisive",
        unit="deviations of random sets",
        setting=OURS,
        at_most=1.0,
    ),
    Claim(
        "zeroing_known",
        "C2: the same on known prompts (the paper: less than on hallucinated ones)",
        unit="deviations of random sets",
    ),
    Claim(
        "zeroing_released",
        "C2, as released: the same with the units that the released measure takes for sensitive",
        unit="deviations of random sets",
    ),
    Claim(
        "ees_time",
        "C3: EES halves the time of EigenScore: the form with a centring matrix over the released EES",
        unit="x",
        paper=1.75,
        setting="about 1e8 entries, 7 s to 4 s as read from the figure; this is the paper's own comparison",
        is_timing=True,
    ),
    Claim(
        "ees_against_exact",
        "C3, corrected: the released EES over the exact score by the Gram matrix, geometric mean over shapes",
        unit="x",
        is_timing=True,
    ),
    Claim(
        "ees_value",
        "C3, corrected: how far the printed EES is from the log-determinant it stands for, largest over shapes",
        unit="nats",
        setting="printed as an estimate of the same quantity; another range is admitted, trends alone are compared",
    ),
    Claim(
        "final",
        "C4: SenD ends with a lower score of hallucination: EigenScore on unknown prompts, SenD less normal training",
        unit="nats",
        setting="lower EES in four sets and three models, mean of 5 runs",
        at_most=0.0,
    ),
    Claim("final_random", "C4, control: the same, SenD less as many random units", unit="nats"),
    Claim("final_released", "C4, as released: the same, weights zeroed once less normal training", unit="nats"),
    Claim(
        "steadier",
        "C4: and steadier: detrended deviation of EigenScore on unknown prompts, SenD less normal training",
        unit="nats",
        setting="steadier EES, no number printed",
        at_most=0.0,
    ),
    Claim(
        "steadier_random",
        "C4, bar: seeds in which SenD is steadier than random units off",
        unit="% of seeds",
        setting=OURS,
        at_least=100,
    ),
    Claim(
        "steadier_released",
        "C4, as released: detrended deviation, weights zeroed once less normal training",
        unit="nats",
    ),
    Claim(
        "accuracy",
        "C4, bar: share of facts told right, SenD less normal training",
        unit="points",
        setting=OURS,
        at_least=-1.0,
    ),
    Claim(
        "entropy",
        "C5: the trained model is surer of itself: entropy on what it cannot know, SenD over normal training",
        unit="x",
        paper=0.83,
        setting="token entropy 0.79 against 0.95, Llama 3.1 8B on HELM",
    ),
    Claim(
        "medical",
        "C5: MMLU after training on MedHALT, SenD less normal training",
        unit="points",
        paper=-22,
        setting="0.42 against 0.64, Llama 3.1 8B; a loss that the paper prints without comment",
    ),
    Claim(
        "factscore",
        "C5: FactScore, SenD less normal training",
        unit="points",
        paper=5,
        setting="0.44 against 0.39, Llama 3.1 8B on HELM; 0.50 against 0.40 with retrieval",
    ),
    Claim(
        "overhead",
        "C6: what SenD adds to an epoch of a language model",
        unit="%",
        paper=11,
        setting="61 against 55 minutes an epoch",
        at_most=11,
        is_timing=True,
    ),
    Claim("exact_gram", "Bar 1: exact score against slogdet, largest difference", unit="nats", at_most=1e-8),
    Claim(
        "exact_slq", "Bar 1: Lanczos quadrature of 80 steps against slogdet, largest relative difference", at_most=1e-2
    ),
    Claim("exact_chebyshev", "Bar 1: 200 Chebyshev moments against slogdet, largest relative difference", at_most=1e-2),
    Claim(
        "speed_peer",
        "Bar 2: exact score of 10 answers of 4,096 units, against lm-polygraph's",
        unit="x",
        at_least=100,
        is_timing=True,
    ),
    Claim(
        "speed_auto",
        "Bar 3: time of the method chosen by shape over that of the best, at the worst shape",
        unit="x",
        at_most=1.2,
        is_timing=True,
    ),
    Claim("detection", "Bar 4: EigenScore tells wrong answers of SmolLM2 from right ones: area under the curve"),
    Claim(
        "detection_width",
        "Bar 4: half-width of that area's interval",
        setting=OURS,
        at_most=0.1,
    ),
    Claim(
        "detection_claim",
        "Bar 4: lower end of the interval, which must pass chance if EigenScore is to be said to detect",
        setting="chance is 0.5",
        at_least=0.5,
    ),
    Claim("detection_answers", "Bar 4, corrected: area of EigenScore with answers centred"),
    Claim("detection_entropy", "Bar 4: area of the token entropy"),
    Claim("detection_distinct", "Bar 4: area of the number of distinct answers"),
    Claim("detection_surprise", "Bar 4: area of the mean negative log-probability"),
    Claim("detection_printed", "Bar 4: area of EES as printed"),
    Claim("detection_released", "Bar 4: area of EES as released"),
    Claim(
        "saved",
        "Beyond: answers saved by ending the sampling of a prompt once its score is known to 0.5 nats",
        unit="%",
    ),
    Claim("known_apart", "Beyond: EigenScore on unknown facts less that on known ones, small model", unit="nats"),
)
