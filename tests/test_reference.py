"""The reference of the documentation forgets no package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
ROOMS = ("analysis", "control", "models", "probes", "systems", "trajectories")


def packages_with_exports() -> list[str]:
    files = (file for room in ROOMS for file in (HOUSE / "inscape" / room).rglob("__init__.py"))
    own = [file for file in files if "__all__" in file.read_text(encoding="utf-8")]
    return sorted(".".join(file.parent.relative_to(HOUSE).parts) for file in own)


def test_every_package_that_exports_names_stands_in_the_reference() -> None:
    pages = sorted((HOUSE / "docs" / "api").glob("*.md"))
    listed = set(re.findall(r"^::: (\S+)$", "\n".join(page.read_text(encoding="utf-8") for page in pages), re.M))
    found = packages_with_exports()
    assert len(found) > 20
    assert [name for name in found if name not in listed] == []


def test_packages_that_import_on_first_use_are_read_by_the_reference() -> None:
    """Names that a lazy package holds are found in its text alone, without running it."""
    griffe = pytest.importorskip("griffe", reason="needs: pip install 'inscape[docs]'")
    extension = HOUSE / "tools" / "lazy_exports.py"
    file = HOUSE / "inscape" / "analysis" / "timing" / "__init__.py"
    package = griffe.visit(
        "inscape.analysis.timing",
        filepath=file,
        code=file.read_text(encoding="utf-8"),
        extensions=griffe.load_extensions(str(extension)),
    )
    from inscape.analysis import timing

    assert set(timing.__all__) - set(package.exports) == {"tides"}  # a module, which has its own lines
