"""Bars 5 to 7: exactness, speed and the theory of frozen routers, none of which needs a training."""

from __future__ import annotations

import numpy as np

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.pathways import exactness, speed, theory


def exact_and_fast(lab: Lab, findings: Findings) -> None:
    """Bars 5 and 6."""
    pairs = lab.choose(smoke=50, desk=1000, paper=1000)
    exact = lab.step("exactness", exactness.exactness, {"pairs": pairs, "seed": lab.seed})
    findings.measured["same_strings"] = Measured(exact["strings"], setting=f"{pairs} pairs")
    findings.measured["same_routing"] = Measured(exact["routing"], setting="OlmoeForCausalLM, 4 layers, padded samples")
    findings.measured["no_padding"] = Measured(exact["padding"], setting="two fillers, 8 samples of 1 to 20 tokens")
    item = {
        "samples": lab.choose(smoke=60, desk=1000, paper=1000),
        "layers": 16,
        "experts": 64,
        "python_pairs": lab.choose(smoke=2, desk=20, paper=20),
        "seed": lab.seed,
    }
    timed = lab.step("speed of pairs", speed.all_pairs, item)
    findings.measured["speed_pairs"] = Measured(
        timed["ours"], setting=f"{timed['pairs']:,.0f} pairs of {timed['length']:.0f} characters, CPU seconds"
    )
    findings.measured["speed_over_python"] = Measured(
        timed["python"] / timed["ours"], setting=f"scaled from {item['python_pairs']} pairs"
    )
    small = {"width": 64, "layers": 2, "experts": 16, "chosen": 2, "hidden": 32, "batch": 8, "tokens": 16, "turns": 3}
    large = {
        "width": 256,
        "layers": 8,
        "experts": 64,
        "chosen": 8,
        "hidden": 128,
        "batch": 16,
        "tokens": 64,
        "turns": 9,
    }
    network = lab.choose(smoke=small, desk=large, paper=large) | {"seed": lab.seed}
    cost = lab.step("cost of recording", speed.recording, network)
    findings.measured["overhead"] = Measured(
        100 * cost["overhead"],
        setting=f"OLMoE class, width {network['width']}, {network['layers']} layers of {network['experts']} experts, "
        f"{1e3 * cost['alone']:.0f} ms a pass",
    )


def frozen_theory(lab: Lab, findings: Findings) -> None:
    """Bar 7: one layer behind frozen routers."""
    from scipy.stats import spearmanr

    base = {
        "samples": lab.choose(smoke=60, desk=200, paper=200),
        "features": 100,
        "groups": 8,
        "spread": 0.5,
        "experts": 16,
        "routers": lab.choose(smoke=20, desk=200, paper=1000),
        "ridge": 1e-3,
        "seed": lab.seed,
    }
    found = dict(
        zip(
            theory.SCALES,
            lab.parallel_map(
                theory.frozen_routers, [base | {"scale": s} for s in theory.SCALES], label="frozen routers"
            ),
            strict=True,
        )
    )
    setting = f"{base['routers']} routers, {base['samples']} points in {base['features']} dimensions, 16 experts"
    start, hard = theory.SCALES[0], theory.SCALES[-1]
    for claim, gauge, dimension, scale in (
        ("theory", "string", "dimension", start),
        ("theory_shape", "expert", "shape", start),
        ("theory_hard", "expert", "dimension", hard),
        ("theory_overlap", "overlap", "dimension", start),
    ):
        table = np.stack([found[scale][gauge], found[scale][dimension]], axis=1)
        low, high = bootstrap_interval(table, lambda t: float(spearmanr(t[:, 0], t[:, 1]).statistic), draws=500)
        value = float(spearmanr(table[:, 0], table[:, 1]).statistic)
        findings.measured[claim] = Measured(value, low, high, f"logits of deviation {scale:g}; {setting}")
    findings.tables["theory"] = Table(
        "Spearman's rho over frozen routers",
        tuple(
            {"deviation of logits": scale, "pathways": gauge}
            | {
                dimension: float(spearmanr(told[gauge], told[dimension]).statistic)
                for dimension in ("dimension", "shape")
            }
            for scale, told in found.items()
            for gauge in ("string", "expert", "overlap")
        ),
    )
    from inscape.studies.pathways.figures import theory_points

    findings.figures["theory"] = theory_points(found[start])
