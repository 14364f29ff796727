"""A page: one HTML file with its figures, its style and plotly in it, that opens without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from inscape.app.templating import templates

CLOUD = "https://cloud.plotly.com/newchart"
"""Where plotly would send a figure by default; a page sends nothing anywhere."""


def render_page(template: str, figures: Mapping[str, Any], **facts: Any) -> str:
    """A template of this room as text, with plotly and its figures (plain plotly descriptions by name) inside."""
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    environment = templates(("inscape.app", "templates"), ("inscape.app.gallery", "static"))
    # The library is ours to trust; text of a file goes through the template's escaping.
    plotly = Markup(get_plotlyjs().replace("</script", "<\\/script").replace(CLOUD, ""))
    return environment.get_template(template).render(**facts, figures=Markup(_script_json(figures)), plotly=plotly)


def plain_figure(text: str) -> dict[str, Any]:
    """A plotly figure's JSON as traces and layout without plotly's own template, so that the page's theme colours it.

    A figure that names no height gets one: a page gives it no room of its own.
    """
    figure: dict[str, Any] = json.loads(text)
    figure["layout"].pop("template", None)
    figure["layout"].setdefault("height", 460)
    return figure


def _script_json(value: Any) -> str:
    """JSON that can stand inside a script element, whatever the names in it."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
