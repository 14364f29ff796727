"""Laws learned from trajectories: estimators with scikit-learn's habits; a learned law is a system again."""

from inscape.models import dictionary
from inscape.models.delay_forecaster import DelayForecaster
from inscape.models.dmd import DMD
from inscape.models.ensemble import Ensemble
from inscape.models.havok import HAVOK
from inscape.models.kernel_regression import KernelRegression
from inscape.models.leads import LEADS
from inscape.models.model import Model
from inscape.models.nvar import NVAR
from inscape.models.persistence import Persistence
from inscape.models.reservoir import Reservoir
from inscape.models.sindy import SINDy
from inscape.models.structured import HankelNet, StNN

__all__ = [
    "DMD",
    "HAVOK",
    "LEADS",
    "NVAR",
    "DelayForecaster",
    "Ensemble",
    "HankelNet",
    "KernelRegression",
    "Model",
    "Persistence",
    "Reservoir",
    "SINDy",
    "StNN",
    "dictionary",
]
