"""What the paper of study 25 says, and what must hold of our build of it, as numbers."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "SINDy-RL: Interpretable and Efficient Model-Based Reinforcement Learning",
    year=2025,
    authors="N. Zolman, C. Lagemann, U. Fasel, J. N. Kutz, S. L. Brunton",
    arxiv="2403.09110",
)
AXES = "read off the axes of its figures (80 k against 5 M steps of dm_control's swing-up, 20 seeds); not printed"
UNREAD = "swing-up; the value itself was not readable"

FLOW = "flow across a cylinder, Reynolds number 100; the paper's value was not readable"

CLAIMS = (
    Claim(
        "fewer_steps",
        "C1: steps in the world to PPO's level (95 % of its best return), PPO's over those of the loop",
        unit="x",
        paper=62.5,
        setting=AXES,
        at_least=60,
    ),
    Claim(
        "over_linear",
        "C2: it beats the loop with a linear law at equal steps in the world",
        unit="return",
        setting=UNREAD,
        at_least=0.0,
    ),
    Claim("over_network", "C2: and the loop with an ensemble of networks", unit="return", setting=UNREAD, at_least=0.0),
    Claim("over_meta", "C2: and MB-MPO", unit="return", setting=UNREAD, at_least=0.0),
    Claim(
        "swimmer",
        "C3: with a learned reward and populations it needs fewer steps of the swimmer than PPO with populations",
        unit="x",
        setting="1.25 M against 80 M steps on its axes; reached levels not readable",
        at_least=1.0,
    ),
    Claim("formula_smoother", "C4: the formula acts more smoothly than its network", unit="x", at_least=1.0),
    Claim("variance_off", "C5: variance of the ensemble off its data, over that on them", unit="x", at_least=2.0),
    Claim("variance_tells", "C5: rank correlation of that variance with the law's real error", at_least=0.0),
    Claim(
        "cylinder",
        "Cylinder: drag saved by the network, trained inside a learned law for a learned reward",
        unit="%",
        setting=FLOW,
        at_least=0.0,
    ),
    Claim("cylinder_formula", "Cylinder: drag saved by its cubic formula", unit="%", setting=FLOW, at_least=0.0),
    Claim(
        "cylinder_over_ppo",
        "Cylinder: drag the network saves beyond PPO in the flow itself at equal steps",
        unit="%",
        setting=FLOW,
        at_least=0.0,
    ),
    Claim(
        "cylinder_over_constant",
        "Control: drag the network saves beyond a steady rotation of the same root mean square",
        unit="%",
        at_least=1.0,
    ),
    Claim("control_cylinder_random", "Control: drag saved by random rotation", unit="%"),
    Claim("control_cylinder_reward", "Control: variance of the drag that the learned reward explains", unit="%"),
    Claim(
        "cylinder_strouhal",
        "Cylinder: shedding frequency of our lattice left to itself (published: 0.164 to 0.166)",
        unit="U/D",
        at_least=0.16,
        at_most=0.17,
    ),
    Claim("cylinder_time", "Cylinder: CPU time of all its runs", unit="min", at_most=5, is_timing=True),
    Claim("support", "B1: of 30 random fits, supports equal to PySINDy's", unit="of 30", at_least=30, at_most=30),
    Claim("coefficients", "B1: largest relative difference of a coefficient", at_most=1e-8),
    Claim(
        "speed_refit", "B2: refit of 20 swing-up models by rows, against PySINDy", unit="x", at_least=10, is_timing=True
    ),
    Claim(
        "speed_lorenz96",
        "B2: 20 models of Lorenz-96 with 20 states by rows, against PySINDy",
        unit="x",
        at_least=12,
        is_timing=True,
    ),
    Claim(
        "speed_grid",
        "B2: policy grid of 25 pairs and 20 models, against PySINDy",
        unit="x",
        at_least=60,
        is_timing=True,
    ),
    Claim("speed_blocks", "B2: the slowest of these by blocks", unit="x", at_least=50, is_timing=True),
    Claim(
        "rollout_one", "B3: steps of a discrete law, one world, against PySINDy", unit="x", at_least=300, is_timing=True
    ),
    Claim("rollout_many", "B3: steps with 256 worlds", unit="million/s", at_least=2, is_timing=True),
    Claim("swing_up", "B4: best return within 40,000 steps in the world, median over seeds", at_least=800),
    Claim("swing_up_time", "B4: CPU time of a seed, the longest", unit="min", at_most=5, is_timing=True),
    Claim("efficiency", "B5: steps in the world to a return of 700, PPO's over ours", unit="x", at_least=30),
    Claim("efficiency_all", "B5: the same with the steps of all evaluations counted", unit="x"),
    Claim("margin", "B6: best return of the quadratic law less that of the linear one", unit="return", at_least=200),
    Claim("formula_return", "B7: return of the formula, as a share of its network's", unit="%", at_least=85),
    Claim("formula_size", "B7: numbers in the network over those in the formula", unit="x", at_least=80),
    Claim("formula_terms", "B7: numbers in the formula", at_most=55),
    Claim("formula_stable", "Beyond: largest multiplier of law and formula at the upright pole, median", at_most=1.0),
    Claim("lynx_hare", "B8: least inclusion of the four Lotka-Volterra terms", at_least=0.85),
    Claim("lynx_hare_rest", "B8: largest inclusion of any other term", at_most=0.40),
    Claim("lynx_hare_time", "B8: time of 1,000 bootstrap models", unit="s", at_most=1.0, is_timing=True),
    Claim(
        "control_no_refit", "Control: best return with the law of the random steps alone, never refitted", unit="return"
    ),
    Claim("control_no_adaptation", "Control: best return of MB-MPO with an inner rate of zero", unit="return"),
    Claim("control_rounds", "Control: the formula's return where states are also gathered where it leads", unit="%"),
    Claim("control_last", "Control: return of the last policy instead of the best one", unit="return"),
    Claim("control_random", "Control: return of random actions", unit="return"),
)
