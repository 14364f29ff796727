"""The core install lists every study, and says in one line which extra a study is waiting for."""

import subprocess
import sys

import pytest

from inscape.errors import MissingExtraError
from inscape.studies import Findings, Paper, Study

WITHOUT_EXTRAS = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "transformers", "gymnasium", "mujoco", "nautilus", "pybamm", "jax", "cma"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from inscape.studies.registry import studies
print(*studies(), sep="\\n")
"""


def test_every_study_is_listed_where_no_extra_is_installed():
    told = subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr[-500:]
    assert {"05-circuit-priors", "07-training-order", "22-chaos-zoo"} <= set(told.stdout.split())


def test_a_study_whose_extra_is_missing_leaves_no_run_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("inscape.extras.CORNERSTONES", {"neural": "no_such_module"})
    study = Study(number=98, name="waiting", paper=Paper("None", 2026), claims=[], needs=("neural",))
    study.run(lambda lab: Findings())
    with pytest.raises(MissingExtraError, match="no_such_module.*inscape.neural"):
        study.perform(scale="smoke", store=tmp_path, backend="serial")
    assert list(tmp_path.iterdir()) == []
