"""Reservoirs that balance themselves: networks of excitatory and inhibitory nodes, and readouts of their activity."""

from inscape.models.reservoir.adaptation import Adaptation, adapt_inhibition, saturated_share, synchrony
from inscape.models.reservoir.certificate import Certificate
from inscape.models.reservoir.conditional import driven_exponents, gain_at_edge
from inscape.models.reservoir.connectome import connectome_network, read_connectome
from inscape.models.reservoir.homeostasis import OnlineRun, run_online
from inscape.models.reservoir.network import Network, State, Synapses, dale_network
from inscape.models.reservoir.one_step import Design, design_inhibition
from inscape.models.reservoir.readout import Readout, RidgePath, ridge, ridge_path
from inscape.models.reservoir.recursive import RecursiveReadout
from inscape.models.reservoir.reservoir import Reservoir
from inscape.models.reservoir.targets import target_rates

__all__ = [
    "Adaptation",
    "Certificate",
    "Design",
    "Network",
    "OnlineRun",
    "Readout",
    "RecursiveReadout",
    "Reservoir",
    "RidgePath",
    "State",
    "Synapses",
    "adapt_inhibition",
    "connectome_network",
    "dale_network",
    "design_inhibition",
    "driven_exponents",
    "gain_at_edge",
    "read_connectome",
    "ridge",
    "ridge_path",
    "run_online",
    "saturated_share",
    "synchrony",
    "target_rates",
]
