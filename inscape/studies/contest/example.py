import inscape
from inscape.systems import zoo

recording = zoo["Rossler"].simulate(periods=20, per_period=50)  # yours: inscape.read("recording.csv")
learned = inscape.learn(recording)
print(learned.verdict.headline)
print(learned.law.text())
print(learned.law.simulate(recording.states[-1], times=[0.0, 1.0, 2.0]).states)
