import numpy as np

from inscape.models.koopman import EDMD, Dictionary

times = 0.1 * np.arange(3_000)
recording = 2 + np.cos(times) + 0.5 * np.cos(np.sqrt(2) * times)
law = EDMD(Dictionary.delays(6)).fit(recording, dt=0.1)
print(law.eigen(max_residual=1e-6))  # only what is certified
print(law.pseudospectrum(np.array([0.0, 0.5, 1j]), tolerance=1e-3).values)
