import numpy as np

from inscape.analysis.flow_structures import flow_map, ftle, momentum_barrier
from inscape.systems.flows import double_gyre

flow = double_gyre()  # yours: GriddedFlow(read_velocity("piv.nc"))
seeds = (np.linspace(0, 2, 81), np.linspace(0, 1, 41))
maps = flow_map(flow, at=0.0, over=[-10.0, 5.0, 10.0], seeds=seeds)  # one integration each way
print(ftle(maps[-10.0]).max(), ftle(maps[10.0]).max(), "error", maps.error)
print(momentum_barrier(flow, at=0.0, over=5.0, seeds=seeds)[5.0].magnitude.max())
