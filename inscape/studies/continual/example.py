from inscape.models import ContinualDynamics
from inscape.systems.worlds import cartpole_variants

carts = cartpole_variants.four()[:2]
tests = {cart.task: cart.random_steps(300, resets=5, seed=9) for cart in carts}
law = ContinualDynamics("hypernet", hidden=(32, 32), hyper_hidden=(16, 16), minibatches=300)
for cart in carts:
    law.partial_fit(cart.random_steps(1000, resets=5), task=cart.task)
    law.examine(tests)
print(law.matrix, law.matrix.old_ratio())  # errors of old bodies, in the end over just learned
