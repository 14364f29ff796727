"""What a reader of study 15 must know, some of it from the numbers of the run."""

from __future__ import annotations

from inscape.studies.continual.claims import CLAIMS
from inscape.studies.paper import Findings

DEPARTURES = (
    "The body of the paper was not readable: the method is built from its released code and settings, and its claims "
    "are taken from the abstract. No number of its tables or curves could be compared.",
    "Half-cheetahs: the first observation is the forward velocity of the centre of mass at the instant, where the "
    "release takes the mean velocity of the torso over the step. At desk scale the cheetahs and doors are learned from "
    "random actions and scored by their predictions; planning is done on carts and boxes.",
    "Pusher and door are our own models: a finger with two speeds in place of the Panda arm, a free hand with two "
    "fingers before a door of ours. Their returns cannot be compared with the paper's.",
    "CEM is the released one only where planners are compared. On boxes it starts from its last plan and plays the "
    "mean; carts are planned by iCEM, 1.2 s ahead.",
    "Carts earn dm_control's reward of the swing-up, upright times softer weights for being centred, gentle and calm. "
    "Planned 0.75 s ahead for (1 + cos) / 2 alone, carts run into the end of the rail even where the law is the exact "
    "one without rail, and lose the pole.",
    "The hypernetwork trains 33 times as many numbers as the network it writes for. The wide arms give the penalties "
    "as many; the strengths of the tuned arms were chosen on the test set, in the penalties' favour.",
    "Pitch enters a cheetah's network as (cos, sin), as in the release, and random actions come in runs of 100 steps: "
    "with long runs and the bare angle, a single fall on the back among the held-out runs can outweigh all else.",
    "Time is CPU time of one process; bars on time are for an idle machine.",
)
REASONS: dict[str, str] = {
    "strong_penalties": (
        "On three seeds of their own it was 0.33 to 0.36 after 1200 minibatches a task, and on two of them no lower "
        "after 2000: EWC at 1e4 goes on gaining as the hypernetwork does (0.10, then 0.09, against 0.036, then 0.031). "
        "Of SI's error it was 0.25 to 0.27."
    ),
    "speed_4": "Also on an otherwise idle machine; the more tasks there are, the more one batch of all of them gains.",
    "growth_ratio": (
        "The price of minding eight old carts a step: on 25 carts and another seed the ratio was 3.2 so, 1.8 where all "
        "were minded, and 2.7 with ten times the weight, which also learns four times worse."
    ),
    "pusher_finetune": (
        "Single nets see 2,600 steps of one box and earn less than the hypernetwork, so that what is lost by "
        "fine-tuning is measured against a low score; above idling it earns half of what the hypernetwork does."
    ),
}


def remarks(findings: Findings, *, is_trial: bool = False) -> tuple[str, ...]:
    """The departures from the paper, the findings in words, and the reasons of bars that were missed.

    A trial run is too small to judge by: nothing is said of bars.
    """
    said = list(DEPARTURES)
    value = {name: found.value for name, found in findings.measured.items()}

    def say(sentence: str, *names: str) -> None:
        numbers = [value.get(name) for name in names]
        if all(number is not None for number in numbers):
            said.append(sentence.format(*numbers))

    say(
        "The paper's cheetah bodies are so alike under random actions that a shared body hardly needs to change: "
        "fine-tuning grows the old errors {:.3g} times, the hypernetwork {:.3g} times. The strong sequence separates "
        "learning from keeping: there the hypernetwork's final error is {:.2g} of the better penalty's.",
        *("bodies_finetune_ratio", "bodies_ratio", "strong_penalties"),
    )
    say(
        "Without the regulariser the old errors of the strong sequence grow {:.3g} times; with it, taken at Theta in "
        "place of the look-ahead, {:.3g} times.",
        *("without_regulariser", "without_look_ahead"),
    )
    say(
        "As many trained weights for the rivals: the hypernetwork's final error is {:.2g} of the better wide penalty's "
        "and {:.2g} of wide fine-tuning's; against the best of six strengths it is {:.2g}.",
        *("strong_penalties_wide", "strong_finetune_wide", "strong_penalties_tuned"),
    )
    say(
        "The exact regulariser need not grow with the number of tasks: with many it goes through a small matrix; "
        "twice as many old tasks then cost {:.2f} times as much.",
        "time_and_tasks",
    )
    say(
        "Without a label: {:.0f} % of stretches of 25 steps are given to the right body; a body never met is called "
        "new in {:.0f} % of stretches, a known one in {:.0f} %.",
        *("inferred", "new_found", "new_false"),
    )
    if is_trial:
        return tuple(said)
    said.extend(
        f"Missed: {claim.statement}. {REASONS.get(claim.name, 'No reason was found.')}"
        for claim in CLAIMS
        if claim.judge(findings.measured.get(claim.name)) == "not met"
    )
    return tuple(said)
