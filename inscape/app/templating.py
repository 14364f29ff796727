"""How every page, report and mail of this room is made from templates: escaped, and strict about names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def templates(*places: tuple[str, str]) -> Environment:
    """Templates in folders of packages, such as `("inscape.app", "templates")`; the first that has a name gives it.

    All text is escaped, and a name that nobody gave is an error instead of a gap. Prose may go through `coded`.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, folder) for package, folder in places]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = coded
    return environment


def coded(text: str) -> Markup:
    """Text, escaped, in which words between backticks are set as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
