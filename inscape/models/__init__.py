"""Laws learned from trajectories: estimators with scikit-learn's habits; a learned law is a system again."""

from inscape.models.model import Model
from inscape.models.persistence import Persistence

__all__ = ["Model", "Persistence"]
