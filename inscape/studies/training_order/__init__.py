"""The order of training: what other orders of the same batches would have led to (FUT, 2025), rerun."""

from inscape.studies.training_order.study import STUDY

__all__ = ["STUDY"]
