import numpy as np
import torch

from inscape.probes import order

random = np.random.default_rng(0)
batches = [torch.as_tensor(random.normal(size=(32, 3)), dtype=torch.float32) for _ in range(6)]
model = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))


def loss(module, batch):
    return ((module(batch[:, :2]) - batch[:, 2:]) ** 2).mean()


reference = order.record(model, batches, loss=loss, optimizer="adam", lr=1e-3)
estimator = order.carried(reference)
print(estimator.losses(order.random_orders(6, 1_000, seed=1)).shape)  # (order, batch), no retraining
print(estimator.check(8))
