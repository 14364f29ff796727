"""The same work gives the same answers wherever it is done."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys

import pytest

from inscape.errors import InputError
from inscape.parallel import parallel_map


def square(x: int) -> int:
    return x * x


@pytest.mark.parametrize("backend", ["loky", "threading", "serial"])
def test_results_come_in_the_order_of_the_items(backend):
    assert parallel_map(square, range(7), backend=backend, jobs=2) == [x * x for x in range(7)]


@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_a_local_cluster_gives_the_same_answers(backend):
    pytest.importorskip({"dask": "distributed", "ray": "ray"}[backend], reason="needs inscape[cluster]")
    assert parallel_map(square, range(5), backend=backend, jobs=2) == [0, 1, 4, 9, 16]


def test_an_unknown_backend_is_named_with_those_that_are_known():
    with pytest.raises(InputError, match="slurm.*loky"):
        parallel_map(square, [1], backend="slurm")


def test_no_items_give_no_results():
    assert parallel_map(square, []) == []


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no signal masks")
def test_workers_are_born_deaf_to_an_interrupt():
    # In a new process: the first workers of all are those whose trackers are started with them.
    program = "import tests.test_parallel as here; print(here.held_back_by_workers())"
    said = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])},
    )
    assert said.stdout.split() == ["True", "True"]


def held_back_by_workers() -> str:
    """Whether each of two workers holds SIGINT back."""
    held = parallel_map(functools.partial(signal.pthread_sigmask, signal.SIG_BLOCK), [(), ()], jobs=2)
    return " ".join(str(signal.SIGINT in signals) for signals in held)
