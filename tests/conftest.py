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
