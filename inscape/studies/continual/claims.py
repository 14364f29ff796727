"""What the paper of study 15 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "Continual Model-Based Reinforcement Learning with Hypernetworks",
    year=2021,
    authors="Y. Huang, K. Xie, H. Bharadhwaj, F. Shkurti",
    venue="ICRA",
    arxiv="2009.11997",
)

UNREADABLE = "from the abstract; the tables and curves behind it were not readable"

CLAIMS = (
    Claim(
        "beats_forgetters",
        "C1: final return on all carts but the last: hypernetwork less the best of fine-tuning, EWC and SI",
        unit="of mean reward",
        setting="half-cheetah, pusher and door; " + UNREADABLE,
        at_least=0.0,
    ),
    Claim(
        "beats_forgetters_pusher",
        "C1: the same of the pushed boxes: hypernetwork less the best of fine-tuning and EWC, above idling",
        unit="of mean reward",
        setting=UNREADABLE,
        at_least=0.0,
    ),
    Claim(
        "beats_forgetters_door",
        "C1, of predictions on the doors: final error of the best of fine-tuning, EWC and SI over the hypernetwork's",
        unit="x",
        setting=UNREADABLE,
        at_least=1.0,
    ),
    Claim(
        "like_rehearsal",
        "C2: final return of the hypernetwork over the mean of coreset and multitask, which keep old data (carts)",
        setting=UNREADABLE,
        at_least=0.93,
    ),
    Claim(
        "retained",
        "C3: share of the just-trained return that the hypernetwork still earns on old carts in the end",
        unit="%",
        setting="near 100 %; " + UNREADABLE,
        at_least=90,
    ),
    Claim(
        "time_and_data",
        "C4: time of a minibatch with eight times the recordings, over that with one",
        unit="x",
        at_most=1.15,
        is_timing=True,
    ),
    Claim(
        "time_and_tasks",
        "C4: time of the exact regulariser at 200 old tasks over that at 100: through the small matrix",
        unit="x",
        at_most=1.15,
        is_timing=True,
    ),
    Claim(
        "embedding_bytes",
        "C5: numbers of an old task that the hypernetwork keeps as its embedding",
        paper=10,
        at_most=10,
    ),
    Claim(
        "strong_ratio", "B1: strong sequence, old tasks' error in the end over just trained, hypernetwork", at_most=1.10
    ),
    Claim(
        "strong_penalties",
        "B1: its final error over that of the better of EWC (1e4) and SI (0.1), seed by seed",
        at_most=1 / 3,
    ),
    Claim("strong_finetune", "B1: its final error over that of fine-tuning", at_most=1 / 10),
    Claim(
        "strong_penalties_tuned",
        "Ablation: its final error over that of the best of six strengths of EWC and SI, chosen on the test set",
    ),
    Claim(
        "strong_penalties_wide",
        "Ablation: its final error over the better of EWC and SI with as many trained weights as the hypernetwork",
    ),
    Claim("strong_finetune_wide", "Ablation: its final error over that of fine-tuning of the same width"),
    Claim(
        "strong_progressive",
        "Its final error over that of progressive networks, which forget nothing and keep a column for every task",
    ),
    Claim("bodies_ratio", "The paper's bodies, old tasks' error in the end over just trained, hypernetwork"),
    Claim("bodies_penalties", "Its final error there over that of the better of EWC and SI"),
    Claim("bodies_finetune_ratio", "Old tasks' error in the end over just trained there, fine-tuning"),
    Claim("near_oracle", "B2: final error over that of multitask trained on everything at once (strong)", at_most=1.15),
    Claim(
        "without_regulariser", "B3: old tasks' error in the end over just trained without the regulariser", at_least=10
    ),
    Claim("without_look_ahead", "Ablation: the same ratio with the regulariser taken at Theta"),
    Claim(
        "like_hypnettorch",
        "B4: largest relative difference of value and gradient from hypnettorch's regulariser with dTheta",
        at_most=1e-5,
    ),
    Claim("speed_4", "B4: CPU time of hypnettorch over ours, 4 old tasks", unit="x", at_least=4, is_timing=True),
    Claim("speed_19", "B4: the same at 19 old tasks", unit="x", at_least=6, is_timing=True),
    Claim(
        "growth_time",
        "B5: time of a minibatch at the last of many carts over that at the fifth, regulariser sampled",
        unit="x",
        at_most=2.0,
        is_timing=True,
    ),
    Claim("growth_ratio", "B5: old carts' error in the end over just trained", at_most=1.2),
    Claim(
        "carts_hypernet",
        "B6: carts, return of the hypernetwork's final laws over that of single nets",
        unit="%",
        at_least=93,
    ),
    Claim("carts_finetune", "B6: carts, the same of fine-tuning", unit="%", at_most=70),
    Claim(
        "carts_balanced",
        "Control: share of the second half of the episodes in which single nets' plans keep the pole upright",
        unit="%",
        at_least=90,
    ),
    Claim("carts_balanced_hypernet", "The same of the hypernetwork's final laws", unit="%"),
    Claim("carts_ceiling", "Control: return of single nets over that of planning in the world itself", unit="%"),
    Claim("pusher_hypernet", "B6: boxes, the same of the hypernetwork, above idling", unit="%", at_least=93),
    Claim("pusher_finetune", "B6: boxes, the same of fine-tuning, above idling", unit="%", at_most=70),
    Claim("icem_return", "B7: return of iCEM over that of CEM as released", at_least=1.0),
    Claim("icem_calls", "B7: steps of the law that iCEM asks for, over CEM's", at_most=0.25),
    Claim(
        "bytes_a_task",
        "B8: what is kept grows so much from the last but one cart to the last",
        unit="bytes",
        at_most=1000,
    ),
    Claim("inferred", "Beyond: tasks told from 25 steps of motion without a label (strong)", unit="%"),
    Claim("new_found", "Beyond: stretches of a body never met that are called new", unit="%"),
    Claim("new_false", "Beyond: stretches of known bodies that are called new", unit="%"),
    Claim(
        "unseen_embedding",
        "Beyond: error on carts never met, after 100 steps of each: embedding alone over a fresh net",
    ),
    Claim("embedding_map", "Beyond: rank correlation of distances between embeddings and between carts"),
)
