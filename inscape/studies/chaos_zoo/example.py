from inscape.analysis import lyapunov_spectrum
from inscape.systems import zoo

print(len(zoo), "systems; lasers:", zoo.search("laser"))
lorenz = zoo["Lorenz"]
path = lorenz.simulate(periods=20, per_period=100)
print(path)
print(lyapunov_spectrum(lorenz, duration=200.0).table())
