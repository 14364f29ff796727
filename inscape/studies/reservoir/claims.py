"""What the paper of study 08 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "Boosting reservoir computing with brain-inspired adaptive control of E-I balance",
    year=2025,
    authors="K. Srinivasan, D. Plenz, M. Girvan",
    venue="Nature Communications",
    arxiv="2504.12480",
)

UNREADABLE = "from the abstract; the number behind it was not readable"

CLAIMS = (
    Claim(
        "peak",
        "C1: memory is best at balanced or slightly over-inhibited networks: beta of the largest capacity",
        unit="beta",
        setting="between about -0.5 and 0, " + UNREADABLE,
        at_least=-0.5,
        at_most=0.0,
    ),
    Claim("peak_seeds", "C1: the same in every single network", unit="% of networks", at_least=100),
    Claim(
        "over_excited",
        "C1: and falls steeply where excitation prevails: memory at beta 0.5 over the best",
        setting=UNREADABLE,
        at_most=0.15,
    ),
    Claim("peak_random", "C1: beta of the largest capacity on random in-degrees (Erdos-Renyi)", unit="beta"),
    Claim("gain", "C2: memory adapted to rate 0.5 over the best of nine global balances", unit="x", at_least=1.40),
    Claim("gain_every", "C2: the same in the worst network", unit="x", at_least=1.3),
    Claim(
        "gain_largest",
        "C2: largest gain of local adaptation over the best global balance, on any task and setting",
        unit="%",
        paper=130,
        setting="up to 130 % over memory and prediction tasks; which task and setting: not readable",
    ),
    Claim(
        "gain_largest_error",
        "C2: largest fall of a forecast error, global over local",
        unit="x",
        setting="the 130 % may be of this kind",
    ),
    Claim("one_law_memory", "C3: Beta(8, 8) on memory, over the best global balance for it", unit="x", at_least=1.2),
    Claim("one_law_narma", "C3: Beta(8, 8) on NARMA-10: error over the best global", unit="x", at_most=1.0),
    Claim(
        "one_law_mackey_glass", "C3: Beta(8, 8) on Mackey-Glass: NRMSE84 over the best global", unit="x", at_most=0.5
    ),
    Claim(
        "gain_everywhere",
        "C4: the gain holds over the whole range of input scaling: memory at its worst scaling",
        unit="x",
        setting=UNREADABLE,
        at_least=1.0,
    ),
    Claim(
        "gain_everywhere_narma", "C4: the same of NARMA-10 with Beta(8, 8), global over local", unit="x", at_least=1.0
    ),
    Claim(
        "gain_everywhere_mackey_glass",
        "C4: the same of Mackey-Glass in closed loop with Beta(8, 8), global over local",
        unit="x",
        at_least=1.0,
    ),
    Claim("gain_optimum", "C4: and is largest near the task's optimum: gain at the best scaling", unit="x"),
    Claim("design_memory", "C5: memory of the one-step design over that of adaptation", at_least=0.98),
    Claim("design_rates", "C5: mean rate error of the one-step design", at_most=0.02),
    Claim("design_time", "C5: its time over that of adaptation", unit="%", at_most=1.0, is_timing=True),
    Claim("even_terms", "Why: quadratic capacity at rate 0.5 over that at Beta(8, 8)", unit="x"),
    Claim("linear_terms", "Why: linear capacity at rate 0.5 over that at Beta(8, 8)", unit="x"),
    Claim(
        "spread_of_gains", "Why: spread of gains over nodes, adapted over global (coefficients of variation)", unit="x"
    ),
    Claim("control_permuted", "Control: the adapted inhibition dealt to other nodes, over the best global", unit="x"),
    Claim("control_rates", "Control: adapted to the global network's own rates, dealt to other nodes", unit="x"),
    Claim("control_targets", "Control: Beta(8, 8) targets dealt to other nodes, over the same as drawn", unit="x"),
    Claim("control_input", "Control: adapted to a Mackey-Glass series, then tested on noise", unit="x"),
    Claim("control_noise", "Control: adapted to other noise of the same kind", unit="x"),
    Claim("control_gain", "Control: one factor on all weights for the same mean gain, no adaptation", unit="x"),
    Claim("fails_steep", "Where it fails: c 20, small input: memory adapted over best global", unit="x"),
    Claim("fails_sparse", "Where it fails: c 10, 10 inputs a node: memory adapted over best global", unit="x"),
    Claim("edge_steep", "Mend: the same steep network designed at the gain where it only just forgets", unit="x"),
    Claim("edge_sparse", "Mend: the same sparse network designed at that gain", unit="x"),
    Claim("fails_quiet", "Where it fails: rate 0.1 asked of all nodes: memory over best global", unit="x"),
    Claim("register", "Oracle: memory of a register of 50 linear nodes", at_least=49.5, at_most=50.5),
    Claim("like_rcbench", "Oracle: memory and NARMA error as rcbench's on the same states", unit="%", at_most=1.0),
    Claim("like_reservoirpy", "Oracle: the same as ReservoirPy's", unit="%", at_most=1.0),
    Claim("never_over", "Oracle: largest memory of any run, over its number of nodes", at_most=1.0),
    Claim(
        "speed_adaptation",
        "Speed: a step of adaptation, against ReservoirPy's local plasticity",
        unit="x",
        at_least=20,
        is_timing=True,
    ),
    Claim("speed_run", "Speed: a plain run, against ReservoirPy's sparse one", unit="x", at_least=1.0, is_timing=True),
    Claim(
        "speed_sweep",
        "Speed: a sweep of 40 settings on two cores, against ReservoirPy's loop",
        unit="x",
        at_least=2.0,
        is_timing=True,
    ),
    Claim("repeatable", "One worker and two: largest difference of any number", at_most=0.0),
    Claim(
        "laser",
        "Beyond: Santa Fe laser, error of the one-step design untuned over ReservoirPy's network tuned",
        unit="x",
    ),
    Claim("laser_tuned", "Beyond: the same with equal tuning of both", unit="x"),
    Claim("sunspots", "Beyond: yearly sunspots, error untuned over ReservoirPy's network tuned", unit="x"),
    Claim("sunspots_tuned", "Beyond: the same with equal tuning of both", unit="x"),
    Claim("recovery", "Beyond: error after the input grew threefold, homeostatic over frozen network", unit="x"),
    Claim("recovery_echo", "Beyond: the same over a frozen tanh network of ReservoirPy", unit="x"),
    Claim("recovery_offset", "Beyond: homeostatic over frozen where the input has a mean of four deviations", unit="x"),
    Claim("recovery_narma", "Beyond: homeostatic over frozen on NARMA-10", unit="x"),
    Claim("connectome", "Beyond: memory of a connectome balanced at every node, over the same as it comes", unit="x"),
    Claim("connectome_edge", "Beyond: the same designed for rate 0.5 at the gain where it only just forgets", unit="x"),
)
