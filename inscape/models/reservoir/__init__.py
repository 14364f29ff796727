"""Reservoirs that balance themselves: networks of excitatory and inhibitory nodes, and readouts of their activity."""

from inscape.models.reservoir.adaptation import Adaptation, adapt_inhibition, saturated_share, synchrony
from inscape.models.reservoir.network import Network, State, Synapses, dale_network
from inscape.models.reservoir.one_step import Design, design_inhibition
from inscape.models.reservoir.readout import Readout, RidgePath, ridge, ridge_path
from inscape.models.reservoir.targets import target_rates

__all__ = [
    "Adaptation",
    "Design",
    "Network",
    "Readout",
    "RidgePath",
    "State",
    "Synapses",
    "adapt_inhibition",
    "dale_network",
    "design_inhibition",
    "ridge",
    "ridge_path",
    "saturated_share",
    "synchrony",
    "target_rates",
]
