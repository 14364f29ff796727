from inscape.control import clone, evaluate
from inscape.models import EncoderPlan, pretrain
from inscape.systems.worlds import PointMass, demonstrations

frames = demonstrations(PointMass(), contexts=40, hide="goal", render=16, seed=0)
encoder = pretrain(frames, objective="inverse", steps=60, plan=EncoderPlan(width=32, heads=(64,)), seed=0)
print(encoder.probe(frames))
world = PointMass(goal=(0.1, -0.2))
policies = clone(encoder, demonstrations(world, episodes=2, render=16, seed=1), heads=8, steps=50)
print(evaluate(policies, world, episodes=5))
