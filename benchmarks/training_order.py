"""How fast are 1,000 and 10,000 orders of training ranked, preparation included, beside training again for each?"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import copy
import time
from collections.abc import Callable

import numpy as np

BATCHES, RANK, RATE, WARM_UP = 16, 40, 3e-4, 200
CHECKED = 12


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor time: what other programs on the machine take does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    import torch
    from scipy.stats import spearmanr

    from inscape.models.tiny_language_model import Alphabet, TinyLanguageModel, train
    from inscape.probes import order
    from inscape.studies.training_order.texts import made_texts

    torch.set_num_threads(1)
    texts = made_texts()
    alphabet = Alphabet.of("".join(t.text for t in texts))
    model = TinyLanguageModel(alphabet, width=48, layers=2, context=64)
    _, adam = train(model, "".join(t.text for t in texts), WARM_UP)
    for group in adam.param_groups:
        group["lr"] = RATE
    random = np.random.default_rng(0)
    eras = np.array_split(np.arange(len(texts)), BATCHES)
    batches = [torch.as_tensor(alphabet.windows(" ".join(texts[k].text for k in e), 8, 65, random)) for e in eras]
    unseen = torch.as_tensor(alphabet.windows("".join(t.text for t in texts), 64, 65, random))
    reference = order.record(model, batches, optimizer=adam, probes={"unseen": unseen})

    def plain(one: np.ndarray) -> float:
        """The loop that anybody would write: a copy of network and optimiser, a step a batch, the loss at the end."""
        network = copy.deepcopy(model)
        optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
        optimizer.load_state_dict(copy.deepcopy(adam.state_dict()))
        for batch in one:
            optimizer.zero_grad()
            network.loss(batches[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            return network.loss(unseen).item()

    checked = order.random_orders(BATCHES, CHECKED, 1)
    plain(checked[0])
    true = np.empty(CHECKED)

    def retrain_all() -> None:
        true[:] = [plain(one) for one in checked]

    one_by_torch = cpu_seconds(retrain_all) / CHECKED
    truth = order.retrain(reference)
    one_by_us = cpu_seconds(lambda: truth.losses(checked, "unseen")) / CHECKED
    retraining = min(one_by_torch, one_by_us)
    estimators = []
    preparation = cpu_seconds(lambda: estimators.append(order.carried(reference, rank=RANK)))
    estimator = estimators[0]
    print(f"{BATCHES} batches, {reference.landscape.size:,} parameters, rank {RANK}, one thread, processor time")
    print(f"retraining one order: torch's loop {one_by_torch:.3f} s, order.retrain {one_by_us:.3f} s")
    print(f"preparation, once: {preparation:.2f} s")
    print(f"{'orders':>10s} {'retraining':>12s} {'ranking':>12s} {'ratio':>9s}")
    for count in (1_000, 10_000):
        many = order.random_orders(BATCHES, count, 2)
        ranking = preparation + cpu_seconds(lambda many=many: estimator.losses(many, "unseen"))
        print(f"{count:10,d} {count * retraining:10.1f} s {ranking:10.2f} s {count * retraining / ranking:8.1f}x")
    estimated = estimator.losses(checked, "unseen").values
    print(f"rank correlation with the truth on {CHECKED} orders: {spearmanr(estimated, true).statistic:.3f}")


if __name__ == "__main__":
    main()
