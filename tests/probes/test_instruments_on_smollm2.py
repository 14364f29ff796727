"""The instruments on a real language model: its residual stream streams to disk within the memory of a laptop."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.probes import Recording  # noqa: E402

LIMIT = 2.5 * 2**30

PROGRAM = """
import resource, sys
import torch
from inscape import probes
from inscape.models import language

torch.set_num_threads(1)
lm = language.smollm2()
tokens = torch.randint(10, 40_000, (1, 512), generator=torch.Generator().manual_seed(0))
with torch.no_grad(), probes.Recorder(lm.model, "model.layers.*", store=sys.argv[1]) as recorder:
    for step in range(2):
        recorder.step = step
        lm.model(tokens)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_512_tokens_through_every_layer_of_smollm2_stream_to_disk_within_two_and_a_half_gigabytes(smollm2, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "stream")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) < LIMIT
    recording = Recording.open(tmp_path / "stream")
    assert len(recording.sites) == 30
    assert recording.layers().shape == (30, 2, 1, 512, 576)
    assert np.array_equal(recording.array("model.layers.29")[0], recording.array("model.layers.29")[1])
