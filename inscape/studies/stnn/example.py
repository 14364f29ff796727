from inscape.models import DelayForecaster, HankelNet
from inscape.systems import zoo

runs = zoo["Lorenz"].simulate(runs=8, times=[0.02 * k for k in range(520)], transient=20.0, seed=0)
forecaster = DelayForecaster(HankelNet(p=8), delays=4, steps=30, batch=600).fit(runs[:6])
rolled = forecaster.rollout(runs[6:], steps=300)
print(f"one step: {forecaster.one_step_mse(runs[6:]):.1e} of the variance; valid for {rolled.vpt():.1f} time units")
print(forecaster.cost())
