"""Laws learned from trajectories: estimators with scikit-learn's habits; a learned law is a system again."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inscape.models import dictionary
from inscape.models.continual.dynamics import ContinualDynamics
from inscape.models.delay_forecaster import DelayForecaster
from inscape.models.dmd import DMD
from inscape.models.ensemble import Ensemble
from inscape.models.havok import HAVOK
from inscape.models.inverse_dynamics import InverseDynamics
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
    from inscape.models.representation import Encoder as Encoder
    from inscape.models.representation import EncoderPlan as EncoderPlan
    from inscape.models.representation import choose_offset as choose_offset
    from inscape.models.representation import pretrain as pretrain

# What is built of torch modules, which can be defined only where torch is.
_TORCH_HOMES = {
    "Encoder": "inscape.models.representation",
    "EncoderPlan": "inscape.models.representation",
    "HyperNetwork": "inscape.models.hypernetwork",
    "choose_offset": "inscape.models.representation",
    "pretrain": "inscape.models.representation",
}

__all__ = [
    "DMD",
    "HAVOK",
    "LEADS",
    "NVAR",
    "ContinualDynamics",
    "DelayForecaster",
    "Encoder",
    "EncoderPlan",
    "Ensemble",
    "HankelNet",
    "HyperNetwork",
    "InverseDynamics",
    "KernelRegression",
    "Model",
    "NeuralEnsemble",
    "Persistence",
    "Reservoir",
    "SINDy",
    "SparseRegression",
    "StNN",
    "choose_offset",
    "dictionary",
    "pretrain",
]


def __getattr__(name: str) -> Any:
    if name in _TORCH_HOMES:
        return getattr(import_module(_TORCH_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
