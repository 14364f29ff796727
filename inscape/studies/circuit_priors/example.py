from inscape.control import circuits, search
from inscape.systems.worlds import Swimmer

world = Swimmer(links=6)
circuit = circuits.swimmer(joints=5, period=60)
print(f"untrained: {world.returns(circuit, episodes=1).mean():.0f} of 1000")
found = search.cma(circuit, world, episodes=12, population=6, seed=0)
print(dict(circuit.weights))
print(found)
