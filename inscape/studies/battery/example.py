import numpy as np

from inscape.analysis.calibration import calibrate, identifiability
from inscape.systems.battery import SingleParticle, nmc_graphite

cell = SingleParticle(nmc_graphite(), c_rate=2)
times = np.linspace(10, 1350, 100)
model = cell.forward(("i0_a", "ds_c"), times)
measured = model(np.array([[2.0, 2.0]]))[0] + np.random.default_rng(0).normal(0, 3e-3, 100)
for line in identifiability(model, {"i0_a": 2, "ds_c": 2}, sigma=3e-3).report():
    print(line)
print(calibrate(model, measured, sigma=3e-3, prior={"i0_a": (0.5, 4), "ds_c": (1, 10)}))
