from inscape.models.attention_only import AttentionOnly, Batch, train
from inscape.probes import Instruments, circuit_clamps
from inscape.probes.induction import induction_strength
from inscape.systems.few_shot import gaussian_few_shot

task = gaussian_few_shot(classes=20, labels=5, features=64, seed=0)
net = AttentionOnly(task.width, task.labels, heads=4, width=16, seeds=[5, 5])
with Instruments(circuit_clamps.match(net, head=3, runs=[1])) as kit:  # the second run is given its match
    run = train(net, task, sequences=6_400, learning_rate=2e-3, every=400, evaluation=200, instruments=kit)
print(run.logged["loss train"][-1], "without and with the clamp")
print(induction_strength(net, Batch.of(task, task.draw(500, seed=3), net)))
