"""Laws learned from trajectories: estimators with scikit-learn's habits; a learned law is a system again."""

from inscape.models import dictionary
from inscape.models.dmd import DMD
from inscape.models.model import Model
from inscape.models.nvar import NVAR
from inscape.models.persistence import Persistence
from inscape.models.sindy import SINDy

__all__ = ["DMD", "NVAR", "Model", "Persistence", "SINDy", "dictionary"]
