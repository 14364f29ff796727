from inscape.models import Reservoir
from inscape.systems import zoo

run = zoo["MackeyGlass"].simulate(periods=25, per_period=40)
model = Reservoir(nodes=200, degree=40, gain="edge", targets=("beta", 8, 8), squares=True)
model.fit(run.states[:900], dt=run.dt)
print(model.certificate)  # the echo state property on this recording, or why it is withheld
print(model.balance_.head())
forecast = model.forecast(run.states[:900], 60)
print(abs(forecast.states[:, 0] - run.states[900:960, 0]).max())
