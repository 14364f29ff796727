"""For the documentation: what a package that imports its names on first use exports.

They are read from its imports for the type checker.
"""

from __future__ import annotations

import ast
from typing import Any

import griffe


class LazyExports(griffe.Extension):
    """Fills in the exports of packages whose `__all__` is computed from `_HOMES`, which no static reader can follow."""

    def on_module_members(self, *, node: ast.AST | griffe.ObjectNode, mod: griffe.Module, **kwargs: Any) -> None:
        """Every name that is imported from the package itself is exported, in the order of the imports."""
        if "_HOMES" in mod.members:
            mod.exports = [
                name for name, held in mod.members.items() if held.is_alias and held.target_path.startswith(mod.path)
            ]
