"""Reservoirs that balance themselves: networks of excitatory and inhibitory nodes, and readouts of their activity."""

from inscape.models.reservoir.network import Network, State, Synapses, dale_network
from inscape.models.reservoir.readout import Readout, RidgePath, ridge, ridge_path

__all__ = ["Network", "Readout", "RidgePath", "State", "Synapses", "dale_network", "ridge", "ridge_path"]
