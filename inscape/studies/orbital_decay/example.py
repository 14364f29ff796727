from inscape.analysis import timing
from inscape.trajectories.timing_tables import audit
from inscape.trajectories.timing_tables.samples import sample_timing

table = sample_timing("wasp-12")  # yours: read_timing("times.csv")
for finding in audit(table):
    print(finding)
found = timing.compare(table, jitter="one", simulations=200)
for row in found.summary():
    print(row)
print(f"ln Z of decay over none: {found.gain('decay'):.1f}; precession beside it by chance: {found.false_alarm:.2f}")
