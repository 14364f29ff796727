"""Planners: act by trying sequences of actions in a law, as far as the horizon, and playing the first of the best."""

from inscape.control.plan.cem import CEM
from inscape.control.plan.coloured_noise import coloured_noise
from inscape.control.plan.icem import ICEM
from inscape.control.plan.improve import improve
from inscape.control.plan.mppi import MPPI
from inscape.control.plan.planned_policy import PlannedPolicy
from inscape.control.plan.planner import Planner

__all__ = ["CEM", "ICEM", "MPPI", "PlannedPolicy", "Planner", "coloured_noise", "improve"]
