"""Laws learned from trajectories: estimators with scikit-learn's habits; a learned law is a system again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inscape.models import dictionary
from inscape.models.continual.dynamics import ContinualDynamics
from inscape.models.delay_forecaster import DelayForecaster
from inscape.models.dmd import DMD
from inscape.models.ensemble import Ensemble
from inscape.models.havok import HAVOK
from inscape.models.kernel_regression import KernelRegression
from inscape.models.leads import LEADS
from inscape.models.model import Model
from inscape.models.neural_ensemble import NeuralEnsemble
from inscape.models.nvar import NVAR
from inscape.models.persistence import Persistence
from inscape.models.reservoir import Reservoir
from inscape.models.sindy import SINDy
from inscape.models.sparse_regression import SparseRegression
from inscape.models.structured import HankelNet, StNN

if TYPE_CHECKING:
    from inscape.models.hypernetwork import HyperNetwork as HyperNetwork

__all__ = [
    "DMD",
    "HAVOK",
    "LEADS",
    "NVAR",
    "ContinualDynamics",
    "DelayForecaster",
    "Ensemble",
    "HankelNet",
    "HyperNetwork",
    "KernelRegression",
    "Model",
    "NeuralEnsemble",
    "Persistence",
    "Reservoir",
    "SINDy",
    "SparseRegression",
    "StNN",
    "dictionary",
]


def __getattr__(name: str) -> Any:
    # A torch module can be defined only where torch is.
    if name == "HyperNetwork":
        from inscape.models.hypernetwork import HyperNetwork

        return HyperNetwork
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
