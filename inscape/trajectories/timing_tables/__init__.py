"""Tables of event times and radial velocities of exoplanets: containers, readers, and an audit of what they mix."""

from inscape.trajectories.timing_tables.audit import audit
from inscape.trajectories.timing_tables.epochs import number_events
from inscape.trajectories.timing_tables.reading import list_systems, read_systems, read_timing, read_velocities
from inscape.trajectories.timing_tables.table import HOMOGENEOUS_REFITS, TimingTable
from inscape.trajectories.timing_tables.velocities import VelocityTable

__all__ = [
    "HOMOGENEOUS_REFITS",
    "TimingTable",
    "VelocityTable",
    "audit",
    "list_systems",
    "number_events",
    "read_systems",
    "read_timing",
    "read_velocities",
]
