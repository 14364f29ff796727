"""Claims C1 to C5 of study 08, read off the grid."""

from __future__ import annotations

import numpy as np

from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.reservoir import figures
from inscape.studies.reservoir.arms import name_of
from inscape.studies.reservoir.grid import BELL, EVEN, FIXED, MAIN_SCALE, RANDOM, Scores, Sizes, mean_of, median_of
from inscape.studies.reservoir.tasks import TASKS


def global_balance(findings: Findings, sizes: Sizes, scores: Scores) -> None:
    """C1: one balance for all nodes."""
    balances = np.array(sizes.balances)
    fixed = scores.all_global(FIXED, MAIN_SCALE, "memory")
    random = scores.all_global(RANDOM, MAIN_SCALE, "memory")
    peaks = balances[fixed.argmax(axis=1)]
    peaks_random = balances[random.argmax(axis=1)]
    setting = f"{len(fixed)} networks of {sizes.nodes} nodes, fixed in-degree, input scaling {MAIN_SCALE}"
    findings.measured["peak"] = Measured(
        balances[fixed.mean(axis=0).argmax()], peaks.min(), peaks.max(), setting + "; range over networks"
    )
    findings.measured["peak_seeds"] = Measured(100.0 * np.mean((peaks >= -0.5) & (peaks <= 0)), setting=setting)
    over = list(sizes.balances).index(0.5)
    findings.measured["over_excited"] = mean_of(np.maximum(fixed[:, over], 0.0) / fixed.max(axis=1), setting)
    findings.measured["peak_random"] = Measured(
        balances[random.mean(axis=0).argmax()], peaks_random.min(), peaks_random.max(), "range over networks"
    )
    rows = []
    for graph in (FIXED, RANDOM):
        for scale in sizes.scales:
            mean = scores.all_global(graph, scale, "memory").mean(axis=0)
            rows.append(
                {"graph": graph, "input scaling": scale}
                | {f"beta {b:g}": float(m) for b, m in zip(balances, mean, strict=True)}
            )
    findings.tables["balance"] = Table("Memory capacity against the global balance, mean over networks", tuple(rows))
    findings.figures["balance"] = figures.balance_curves(
        sizes.balances,
        {"fixed in-degree": fixed, "random in-degree": random},
        {
            "fixed in-degree": scores.table[FIXED, MAIN_SCALE, "memory"][EVEN],
            "random in-degree": scores.table[RANDOM, MAIN_SCALE, "memory"][EVEN],
        },
        MAIN_SCALE,
    )


def local_adaptation(findings: Findings, sizes: Sizes, scores: Scores) -> None:
    """C2, C3 and C4: each node adapted, against the best global balance for each network and task."""
    setting = f"{len(sizes.seeds)} networks, random in-degree, input scaling {MAIN_SCALE}, best of each network"
    gains = {task: scores.gains(RANDOM, MAIN_SCALE, task) for task in TASKS}
    findings.measured["gain"] = mean_of(gains["memory"][EVEN], setting)
    findings.measured["gain_every"] = Measured(float(gains["memory"][EVEN].min()), setting=setting)
    findings.measured["one_law_memory"] = mean_of(gains["memory"][BELL], setting)
    findings.measured["one_law_narma"] = median_of(1.0 / gains["narma"][BELL], setting)
    findings.measured["one_law_mackey_glass"] = median_of(1.0 / gains["mackey-glass"][BELL], setting)
    by_scale = np.stack([scores.gains(RANDOM, s, "memory")[EVEN] for s in sizes.scales], axis=1)
    best_scale = int(np.stack([scores.table[RANDOM, s, "memory"][EVEN].mean() for s in sizes.scales]).argmax())
    worst = int(by_scale.mean(axis=0).argmin())
    findings.measured["gain_everywhere"] = mean_of(
        by_scale[:, worst], f"rate 0.5, input scaling {sizes.scales[worst]:g} of {len(sizes.scales)}"
    )
    for task in TASKS[1:]:
        ratios = [scores.gains(RANDOM, s, task)[BELL] for s in sizes.scales]
        worst = int(np.argmin([np.median(r) for r in ratios]))
        findings.measured[f"gain_everywhere_{task.replace('-', '_')}"] = median_of(
            ratios[worst], f"input scaling {sizes.scales[worst]:g} of {len(sizes.scales)}, median over networks"
        )
    findings.measured["gain_optimum"] = mean_of(
        by_scale[:, best_scale], f"rate 0.5, input scaling {sizes.scales[best_scale]:g}, where it remembers most"
    )
    findings.figures["gains"] = figures.gain_points(gains, MAIN_SCALE)
    arms = {"global, best balance": np.stack([scores.best_global(RANDOM, s, "memory") for s in sizes.scales], axis=1)}
    for name in (EVEN, name_of(0.3), BELL, name_of(["beta", 2, 2])):
        arms[f"adapted to {name}"] = np.stack([scores.table[RANDOM, s, "memory"][name] for s in sizes.scales], axis=1)
    findings.figures["scaling"] = figures.gain_by_scaling(sizes.scales, arms)
    rows = []
    for scale in sizes.scales:
        for task in TASKS:
            best = scores.best_global(RANDOM, scale, task)
            middle = np.mean if task == "memory" else np.median
            rows.append(
                {"input scaling": scale, "task": task, "best global": float(middle(best))}
                | {
                    n: float(middle(v))
                    for n, v in scores.table[RANDOM, scale, task].items()
                    if not n.startswith("global")
                }
            )
    findings.tables["tasks"] = Table(
        "Scores by target law: memory capacity (mean), NARMA-10 NRMSE and Mackey-Glass NRMSE84 (median over networks)",
        tuple(rows),
    )


def one_step(findings: Findings, sizes: Sizes, scores: Scores) -> None:
    """C5: the design in closed form."""
    found = scores.table[RANDOM, MAIN_SCALE, "memory"]
    setting = f"{len(sizes.seeds)} networks, rate 0.5, input scaling {MAIN_SCALE}"
    findings.measured["design_memory"] = mean_of(found[f"{EVEN}, one-step"] / found[EVEN], setting)
    findings.measured["design_rates"] = mean_of(scores.rate_errors, setting)


def largest_gains(
    findings: Findings, sizes: Sizes, scores: Scores, regimes: dict[tuple[str, str], list[float]]
) -> None:
    """C2: the largest gain over everything that was swept, for what is to be large and for what is to be small."""
    memory = {f"memory, {regime}, {law}": np.array(ratio) for (regime, law), ratio in regimes.items()}
    error: dict[str, np.ndarray] = {}
    for (graph, scale, task), arms in scores.table.items():
        gains = scores.gains(graph, scale, task)
        kept = {
            f"{task}, {graph}, scaling {scale:g}, {n}": gains[n] for n in gains if n in arms and "one-step" not in n
        }
        (memory if task == "memory" else error).update(kept)
    top = max(memory, key=lambda name: memory[name].mean())
    findings.measured["gain_largest"] = mean_of(100.0 * (memory[top] - 1.0), top)
    top = max(error, key=lambda name: np.median(error[name]))
    findings.measured["gain_largest_error"] = median_of(error[top], top)
