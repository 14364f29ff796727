"""`Reservoir`: forecasting with a network whose inhibition was balanced, adapted or designed on the series itself."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError, UnknownNameError
from inscape.models.model import Model
from inscape.models.reservoir.adaptation import adapt_inhibition
from inscape.models.reservoir.certificate import Certificate, certify
from inscape.models.reservoir.conditional import driven_exponents, gain_at_edge
from inscape.models.reservoir.dynamics import Dynamics, read_features, usable_rows
from inscape.models.reservoir.network import Network, Topology, dale_network
from inscape.models.reservoir.one_step import design_inhibition
from inscape.models.reservoir.penalty import closed_loop_errors, smallest_error
from inscape.models.reservoir.readout import Readout, ridge, ridge_path
from inscape.models.reservoir.targets import target_rates
from inscape.systems.plan import number
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    import pandas

    from inscape.analysis import LyapunovSpectrum
    from inscape.systems.symbolic import SymbolicSystem

ADAPTATIONS = (None, "local", "one-step")
RIDGES = 10.0 ** np.arange(-13, 1)
DEFAULT_RIDGE = 1e-8
TAIL = 0.2
MOST_ADAPTED = 4_000
"""Samples of the recording on which inhibition adapts; the latest."""


class Reservoir(Model):
    """Echo state forecaster with Dale's law and balanced inhibition, in closed loop.

    Srinivasan, Plenz and Girvan (2025, arXiv 2504.12480). The network hears the standardised state (and what drives the
    system); a ridge readout answers with the next state.

    Parameters
    ----------
    nodes, excitatory, degree, topology, input_scale, input_share, threshold, retention : as of `dale_network`.
    balance : global beta, where nothing adapts: 0 is balanced, below it over-inhibited.
    gain : slope c of the logistic activity; "edge" takes the one at which the largest conditional Lyapunov exponent on
        this recording is `edge`, so that nothing is left to tune (with adapt="one-step").
    edge : that exponent, per step; negative.
    adapt : None, "local" (inhibition adapts while the recording drives the network) or "one-step" (designed in
        closed form).
    targets : rates for either: one, ("beta", a, b) or an array (node,).
    squares : the readout sees the squares of the activity as well.
    ridge : penalty in units of the mean square of a feature times the number of samples; "all" tries every power of
        ten and takes the one with the best closed-loop forecasts of the last fifth of the recording.
    washout : first samples of each run that the readout does not see; less where the recording is short.
    standardise : hear the states in standard deviations; without it the series has to be scaled by the user.
    seed : same seed, same numbers.

    Notes
    -----
    After `fit`: `network_` (arrays, see `network`), `readout_` (feature, state), `constant_` (state,), `ridge_`,
    `rates_` and `targets_` (node,), `reachable_` (node,), `gain_`, `rate_errors_` (block,) the trend of an adaptation,
    `certificate_`; as properties `network`, `balance_` and `certificate`.
    """

    _takes_inputs = True

    def __init__(
        self,
        nodes: int = 500,
        *,
        excitatory: float = 0.8,
        degree: float = 50,
        topology: Topology = "erdos-renyi",
        input_scale: float = 0.1,
        input_share: float = 1.0,
        balance: float = 0.0,
        gain: float | Literal["edge"] = 10.0,
        edge: float = -0.05,
        threshold: float = 0.0,
        retention: float = 0.0,
        adapt: Literal["local", "one-step"] | None = "one-step",
        targets: float | tuple[str, float, float] | Float[np.ndarray, "node"] = ("beta", 8, 8),
        squares: bool = False,
        ridge: float | Literal["all"] = "all",
        washout: int = 200,
        standardise: bool = True,
        seed: int = 0,
    ):
        self.nodes = nodes
        self.excitatory = excitatory
        self.degree = degree
        self.topology = topology
        self.input_scale = input_scale
        self.input_share = input_share
        self.balance = balance
        self.gain = gain
        self.edge = edge
        self.threshold = threshold
        self.retention = retention
        self.adapt = adapt
        self.targets = targets
        self.squares = squares
        self.ridge = ridge
        self.washout = washout
        self.standardise = standardise
        self.seed = seed

    @property
    def network(self) -> Network:
        """The network as it stands after `fit`."""
        check_is_fitted(self)
        return Network.from_record(self.network_)

    @property
    def certificate(self) -> Certificate:
        """Whether the reservoir forgets its start on this recording, or why that is not certain."""
        check_is_fitted(self)
        return Certificate(**self.certificate_)

    @property
    def balance_(self) -> pandas.DataFrame:
        """One row a node: excitation, inhibition, balance, rate, target (NaN without one), is_reachable."""
        import pandas

        network = self.network
        table = {
            "excitation": network.excitation.sums,
            "inhibition": network.inhibition.sums,
            "balance": network.balance,
            "rate": self.rates_,
            "target": self.targets_,
            "is_reachable": self.reachable_,
        }
        return pandas.DataFrame(table).rename_axis("node")

    @staticmethod
    def sweep(
        series: Any,
        dt: float | None = None,
        *,
        balance: Sequence[float] = (-1.0, -0.5, -0.2, 0.0, 0.2),
        input_scale: Sequence[float] = (0.03, 0.1, 0.3),
        ahead: int = 1,
        jobs: int = -1,
        **settings: Any,
    ) -> pandas.DataFrame:
        """How well unadapted networks of one graph answer with the state `ahead` samples later.

        Parameters
        ----------
        series : one recording, as of `fit`.
        balance, input_scale : every pair is run.
        ahead : samples from what is heard last to what has to be answered.
        jobs : workers; the numbers do not depend on it.
        settings : nodes, excitatory, degree, topology, input_share, gain, threshold, retention, washout, seed.

        Returns
        -------
        One row a setting: balance, input_scale, nrmse (on the last quarter), rate, saturated, synchrony.
        """
        from inscape.models.reservoir.sweep import sweep
        from inscape.trajectories import as_trajectories

        runs = as_trajectories(series, dt)
        if len(runs) != 1:
            raise InputError(f"series: {len(runs)} runs found, a sweep takes one")
        states = np.asarray(runs[0].states, dtype=float)
        if states.ndim != 2:
            raise InputError(f"series: states of shape {states.shape} found, expected (time, state)")
        if not 1 <= ahead < len(states):
            raise InputError(f"ahead: {ahead!r} found, expected 1 to {len(states) - 1} samples")
        deviation = np.nanstd(states, axis=0)
        heard = (states - np.nanmean(states, axis=0)) / np.where(deviation > 0, deviation, 1.0)
        washout = min(int(settings.pop("washout", 200)), len(heard) // 4)
        network = dale_network(inputs=heard.shape[1], input_scale=1.0, **settings)
        return sweep(
            network, heard[:-ahead], heard[ahead:], balance=balance, input_scale=input_scale, scale_of_network=1.0,
            washout=washout, jobs=jobs,
        )  # fmt: skip

    def drive(self, inputs: Float[np.ndarray, "time input"]) -> Float[np.ndarray, "time node"]:
        """Activity (time, node) of the fitted network under any input (time, input), taken as it is."""
        return self.network.drive(inputs)

    def driven_exponents(self, trajectory: Any, count: int = 1) -> LyapunovSpectrum:
        """Conditional Lyapunov exponents along a recording, per sample; see `conditional.driven_exponents`."""
        return driven_exponents(self.network, self._heard(self._history(trajectory)), count=count)

    @property
    def law(self) -> SymbolicSystem:
        """The closed loop as a `Map` of the state variables and the potentials v0, v1, ... of all nodes."""
        from inscape.models.reservoir.law import closed_loop_map

        check_is_fitted(self)
        return closed_loop_map(self)

    @property
    def open_loop(self) -> SymbolicSystem:
        """The driven network as a `Map` of its potentials, with what it hears as inputs."""
        from inscape.models.reservoir.law import driven_map

        check_is_fitted(self)
        return driven_map(self)

    def _learn(self, runs: Trajectories) -> None:
        self._check()
        longest = max(map(len, runs))
        washout = min(int(self.washout), max(1, longest // 4))
        self._past = washout + 1
        self._measure_scales(runs)
        heard = [self._heard(run) for run in runs]
        network = self._regulated(np.concatenate(heard))
        self.network_ = network.record()
        dynamics = Dynamics.of(network)
        kept, features, answers = [], [], []
        for run, series in zip(runs, heard, strict=True):
            if len(run) < 2:
                continue
            states = self._standard(run.states)
            activity = dynamics.driven(series, dynamics.at_rest())
            rows = usable_rows(series, states, min(washout, len(run) // 4), min(washout, 50))
            features.append(read_features(activity, series, self.squares)[rows])
            answers.append(states[1:][rows[:-1]])
            kept.append((series, activity, rows))
        x, y = np.concatenate(features), np.concatenate(answers)
        if len(x) < 10:
            raise InputError(
                f"recording: {len(x)} samples left to learn from after the washout of {washout} and without the gaps, "
                "expected at least 10"
            )
        mean_square = float(np.mean(x**2))
        self.ridge_ = self._best_ridge(dynamics, kept, mean_square) if self.ridge == "all" else float(self.ridge)
        found = ridge(x, y, self.ridge_ * mean_square * len(x), precise=True)
        self.readout_, self.constant_ = found.coef, found.constant
        self._report(np.concatenate([activity[rows] for _, activity, rows in kept]), network, max(heard, key=len))

    def _best_ridge(
        self, dynamics: Dynamics, kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]], mean_square: float
    ) -> float:
        """The penalty with the best closed-loop forecasts of the last part of every run when learned from the rest."""
        width = len(self.state_names_)
        cuts = [round((1 - TAIL) * len(heard)) for heard, _, _ in kept]
        early = [rows & (np.arange(len(rows)) < cut - 1) for (_, _, rows), cut in zip(kept, cuts, strict=True)]
        if sum(int(rows.sum()) for rows in early) < 10:
            return DEFAULT_RIDGE
        x = np.concatenate(
            [read_features(a, h, self.squares)[rows] for (h, a, _), rows in zip(kept, early, strict=True)]
        )
        y = np.concatenate([h[1:, :width][rows[:-1]] for (h, _, _), rows in zip(kept, early, strict=True)])
        path = ridge_path(x, y, penalties=RIDGES * mean_square * len(x), precise=True)
        errors = closed_loop_errors(dynamics, path, [(h, a) for h, a, _ in kept], cuts, squares=self.squares)
        return float(RIDGES[smallest_error(errors)])

    def _measure_scales(self, runs: Trajectories) -> None:
        states = np.concatenate([run.states for run in runs])
        self.centre_ = np.nanmean(states, axis=0) if self.standardise else np.zeros(states.shape[1])
        self.spread_ = self.scale_.copy() if self.standardise else np.ones(states.shape[1])
        self.input_centre_, self.input_spread_ = np.zeros(0), np.ones(0)
        if self.input_names_:
            inputs = np.concatenate([run.inputs for run in runs if run.inputs is not None])
            deviation = np.nanstd(inputs, axis=0)
            wanted = bool(self.standardise)
            self.input_centre_ = np.nanmean(inputs, axis=0) if wanted else np.zeros(inputs.shape[1])
            self.input_spread_ = np.where(deviation > 0, deviation, 1.0) if wanted else np.ones(inputs.shape[1])

    def _standard(self, states: np.ndarray) -> np.ndarray:
        return (np.asarray(states, dtype=float) - self.centre_) / self.spread_

    def _heard(self, run: Trajectory) -> Float[np.ndarray, "time input"]:
        states = self._standard(run.states)
        if run.inputs is None or not self.input_names_:
            return np.ascontiguousarray(states)
        return np.concatenate([states, (run.inputs - self.input_centre_) / self.input_spread_], axis=1)

    def _regulated(self, heard: np.ndarray) -> Network:
        """The network with its inhibition set, and what is to be reported of that."""
        random = np.random.default_rng(self.seed)
        drawing, choosing = random.spawn(2)
        free = self.gain == "edge"
        network = dale_network(
            self.nodes, heard.shape[1], excitatory=self.excitatory, degree=self.degree, topology=self.topology,
            balance=self.balance if self.adapt is None else 0.0, input_scale=self.input_scale,
            input_share=self.input_share, gain=10.0 if free else float(self.gain), threshold=self.threshold,
            retention=self.retention, seed=drawing,
        )  # fmt: skip
        known = heard[np.isfinite(heard).all(axis=1)][-MOST_ADAPTED:]
        mean = known.mean(axis=0)
        self.targets_ = np.full(self.nodes, np.nan)
        self.rate_errors_ = np.empty(0)
        self._settled = True
        unreachable = np.empty(0, dtype=int)
        if self.adapt is not None:
            self.targets_ = target_rates(self.targets, self.nodes, choosing)
            alone = network.without_inhibition
            if len(alone):
                shown = ", ".join(map(str, alone[:8])) + (" ..." if len(alone) > 8 else "")
                warnings.warn(
                    f"network: no inhibitory input on {len(alone)} nodes ({shown}), their rates cannot be regulated; "
                    "raise the degree or take topology='fixed'",
                    stacklevel=5,
                )
        if free:
            from dataclasses import replace

            gain = gain_at_edge(network, known[:1_000], self.targets_, mean, edge=float(self.edge))
            network = replace(network, gain=gain)
        self.gain_ = float(network.gain)
        if self.adapt == "one-step":
            design = design_inhibition(network, self.targets_, mean)
            network, unreachable = design.network, design.unreachable
        elif self.adapt == "local":
            adapted = adapt_inhibition(network, known, self.targets_)
            network, unreachable = adapted.network, adapted.unreachable
            self.rate_errors_, self._settled = adapted.errors, adapted.has_settled
        self.reachable_ = np.ones(self.nodes, dtype=bool)
        self.reachable_[unreachable] = False
        return network

    def _report(self, activity: np.ndarray, network: Network, heard: np.ndarray) -> None:
        self.rates_ = activity.mean(axis=0)
        error = float(np.mean(np.abs(self.rates_ - self.targets_))) if self.adapt is not None else float("nan")
        exponent, uncertainty = float("nan"), float("nan")
        try:
            spectrum = driven_exponents(network, heard[-1_500:])
            exponent, uncertainty = float(spectrum.exponents[0]), float(np.nan_to_num(spectrum.errors[0]))
        except InputError:
            pass  # the certificate says that none could be measured
        settled = bool(self.__dict__.pop("_settled"))
        found = certify(activity, exponent, uncertainty, error, settled, int((~self.reachable_).sum()))
        self.certificate_ = asdict(found)
        if not found.is_granted:
            warnings.warn(f"Reservoir: {found}", stacklevel=4)

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        return self._continue_each([history], None if inputs is None else inputs[None], horizon)[0]

    def _continue_each(self, histories: list[Trajectory], inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        dynamics = Dynamics.of(self.network)
        readout = Readout(self.readout_, self.constant_, np.zeros(0))
        answers = []
        for k, history in enumerate(histories):
            recent = history[max(0, len(history) - 10 * self._past) :]
            heard = self._heard(recent)
            state = dynamics.at_rest()
            dynamics.driven(heard, state)
            width = len(self.state_names_)
            outside = np.repeat(heard[-1:, width:], horizon, axis=0)
            if inputs is not None and self.input_names_:
                outside[1:] = ((inputs[k] - self.input_centre_) / self.input_spread_)[:-1]
            made = dynamics.closed_loop(readout, heard[:, :width], outside, state, squares=self.squares)
            answers.append(made)
        return np.array(answers) * self.spread_ + self.centre_

    def _check(self) -> None:
        if self.adapt not in ADAPTATIONS:
            raise UnknownNameError("adapt", str(self.adapt), [str(a) for a in ADAPTATIONS])
        if isinstance(self.washout, bool) or not isinstance(self.washout, (int, np.integer)) or self.washout < 0:
            raise InputError(f"washout: {self.washout!r} found, expected a whole number, 0 or more")
        if isinstance(self.gain, str):
            if self.gain != "edge":
                raise InputError(f"gain: {self.gain!r} found, expected a positive number or 'edge'")
            if self.adapt != "one-step":
                raise InputError("gain: 'edge' designs the inhibition for every gain it tries; take adapt='one-step'")
        else:
            number("gain", self.gain, "a positive number or 'edge'", above=0.0)
        if isinstance(self.ridge, str):
            if self.ridge != "all":
                raise InputError(f"ridge: {self.ridge!r} found, expected a number, not negative, or 'all'")
        else:
            number("ridge", self.ridge, "a number, not negative, or 'all'", least=0.0)
