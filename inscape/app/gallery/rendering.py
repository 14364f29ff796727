"""Pages from templates: everything escaped, assets named by their content so that a browser may keep them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from inscape import __version__
from inscape.app.gallery.security import PLOTTED
from inscape.app.templating import templates

STATIC = Path(__file__).parent / "static"
SECTIONS = (("Papers", "/papers"), ("Zoo", "/zoo"), ("Learn", "/learn"), ("Runs", "/runs"), ("Compare", "/compare"))


def render(request: Request, template: str, *, status: int = 200, plots: bool = False, **facts: Any) -> HTMLResponse:
    """A page of the gallery.

    Parameters
    ----------
    template : a file of `templates/`, which extends `base.html`.
    plots : whether the page draws with plotly: the script is loaded, and its styles are allowed.
    facts : what the template speaks of; text is escaped wherever it comes from.
    """
    page = _environment().get_template(template)
    path = request.url.path
    section = next((link for _, link in SECTIONS if path == link or path.startswith(f"{link}/")), "")
    text = page.render(csrf=request.state.csrf, section=section, plots=plots, **facts)
    return HTMLResponse(text, status_code=status, headers={PLOTTED.decode(): "1"} if plots else None)


@cache
def asset(name: str) -> str:
    """The address of a file of `static/` (or of "plotly.js") with a mark of its content."""
    file = plotly_file() if name == "plotly.js" else STATIC / name
    return f"/static/{name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:10]}"


def plotly_file() -> Path:
    """The library as plotly's own package brings it."""
    import importlib.util

    found = importlib.util.find_spec("plotly")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "package_data" / "plotly.min.js"


def breakable(name: str) -> Markup:
    """A name of joined words, escaped, with places at which a narrow column may break it."""
    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[a-z])(?=[A-Z])", name))


@cache
def _environment() -> Environment:
    environment = templates(("inscape.app.gallery", "templates"), ("inscape.app", "templates"))
    environment.filters["breakable"] = breakable
    environment.globals.update(asset=asset, version=__version__, sections=SECTIONS)
    return environment
