"""What a reader of study 16 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.inverse_dynamics.claims import CLAIMS
from inscape.studies.paper import Claim, Findings

DEPARTURES = (
    "The paper's body and results were read from its code and figures; numbers of the paper are heights of bars, ± "
    "0.005. Its linear analysis is reconstructed from its statement: details of ours may differ.",
    "Frames are 24 x 24 grey pixels of our own renderer (84 x 84 in colour there), the encoder has two convolutions "
    "(four there), 10,000 steps of 128 (100,000 of 256 there), heads of 128-128. The paper scale takes "
    "the paper's sizes.",
    "Kitchen, Metaworld and the pretrained ImageNet and R3M encoders are not rerun: their data and weights were not at "
    "hand. Contexts that can be inferred are the point mass with its goal drawn, not Metaworld's doors. Kitchen, "
    "robomimic, Minari, d4rl and LeRobot data sets can be read, and any torch module serves as a frozen encoder.",
    "Crops: the authors shift the two frames of a pair each by its own few pixels. At 24 pixels a step moves the mass "
    "by a fifth of a pixel, and separate crops hide it; ours use none, and one arm shows the cost.",
    "Goals and starts lie anywhere on the table, so that even the expert runs out of time on some: its own success is "
    "stated beside. Were goals nearer to the middle than starts, the mean action would point there and tell cloning "
    "the place: the paper does not say how its goals were drawn.",
    "States are given to heads as they are, in metres and metres per second. Standardised, the speed grows as loud as "
    "the place, and a head that is shown few episodes follows it, since an expert's speed tells its last action: the "
    "table of success has both arms.",
    "One-episode policies of the linear world are judged on episodes that begin where the one they were shown began; "
    "from other starts one episode of 20 steps does not tell a linear policy enough even on the true state plane, and "
    "both errors are stated.",
)
REASONS = {
    "linear_id_error": "A linear policy fitted to 20 noisy steps is worse than the bar even on the true state plane; "
    "the table states both.",
    "linear_other_error": "On a plane that misses the state, one start and one goal leave a part of the course to be "
    "predicted from its time alone.",
    "id_less_states": "Heads on the true state are cloned better here than in the paper.",
    "id_less_bc_5": "With five episodes BC's code suffices for many goals; the paper's own difference is .07 there.",
    "bc_growth": "More confounded episodes changed BC by more than the bar allows.",
    "shown_gap": "With the goal drawn the inverse still has no reason to keep it, while cloning must.",
    "scratch_train": "Training from pixels did not fit the few episodes more closely than a head on ID's code: crops "
    "and few steps regularise it.",
    "scratch_held_out": "Training from pixels did not overfit more than a head on ID's code at this resolution.",
    "published_rows": "The file of the paper's bars holds another number of rows.",
    "speed": "Heads together are less than six times as fast here.",
}


def remarks(findings: Findings) -> tuple[str, ...]:
    """The departures from the paper, what the numbers say together, and the reasons of missed bars."""
    said = list(DEPARTURES)
    value = {name: found.value for name, found in findings.measured.items()}

    def say(sentence: str, *names: str) -> None:
        numbers = [value.get(name) for name in names]
        if all(number is not None for number in numbers):
            said.append(sentence.format(*numbers))

    say(
        "Before any training, the confounding meter says why: one frame explains {:.2f} of the actions, two explain "
        "{:.2f}.",
        *("one_frame", "two_frames"),
    )
    say(
        "One-step inverse dynamics finds what one step's actions move: with two of four directions actuated, its plane "
        "holds these (sine {:.2f}) and misses the rest (sine {:.2f}). A longer offset or forward "
        "dynamics must supply it.",
        *("linear_rank", "linear_unactuated"),
    )
    say("Forward dynamics spends its width on what is loud: with quiet distractors its sine is {:.2f}.", "linear_quiet")
    said += [REASONS[claim.name] for claim in CLAIMS if claim.name in REASONS and _is_missed(claim, findings)]
    return tuple(said)


def _is_missed(claim: Claim, findings: Findings) -> bool:
    return claim.judge(findings.measured.get(claim.name)) == "not met"
