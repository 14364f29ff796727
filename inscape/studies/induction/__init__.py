"""What needs to go right for an induction head: Singh et al. 2024, rerun with clamps that live through training."""

from inscape.studies.induction.study import STUDY

__all__ = ["STUDY"]
