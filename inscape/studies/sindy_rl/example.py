from inscape.control import Dyna, RandomPolicy
from inscape.models import SINDy, dictionary
from inscape.systems.worlds import CartpoleSwingup, record

world = CartpoleSwingup()  # or any gymnasium world of continuous observations and actions
pushes = record(world, RandomPolicy(world, seed=0), steps=2_000, resets=1_000)
library = dictionary.affine(degree=2, tensor=True)
law = SINDy(library, threshold=7e-3, alpha=5e-5, time="discrete", ensemble=20, project=world.on_circle).fit(pushes)
print("\n".join(law.equations(3)))
loop = Dyna(world, law, learner="ppo", random_steps=2_000, refit_every=2, collect=500, evaluate=1, seed=0)
agent = loop.learn(surrogate_steps=300_000)  # three million swing the pole up
print(agent.real_steps, agent.returns.round())
