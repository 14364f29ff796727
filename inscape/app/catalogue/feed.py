"""The findings as an Atom 1.0 feed (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from inscape.app.catalogue.findings import Finding

ATOM = "http://www.w3.org/2005/Atom"
FEED_ID = "urn:uuid:3c0b6a52-7a39-5d0a-8f0e-5a0c3de1a9d4"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(findings: Sequence[Finding], *, address: str, limit: int = 200) -> str:
    """The feed as text, newest first.

    Parameters
    ----------
    findings : oldest first.
    address : where the gallery stands, such as `http://127.0.0.1:8100`.
    limit : the most entries it holds.
    """
    ElementTree.register_namespace("", ATOM)
    root = address.rstrip("/")
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    newest = sorted(findings, key=lambda f: (f.moment, f.place), reverse=True)[:limit]
    _add(feed, "id", FEED_ID)
    _add(feed, "title", "inscape: findings")
    _add(feed, "subtitle", "Claims of published papers, measured: first numbers and those that changed")
    # A feed without an entry has not changed since the beginning of time.
    _add(feed, "updated", _time(newest[0].when if newest else datetime.fromtimestamp(0, UTC)))
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{root}/feed.xml")
    _add(feed, "link", rel="alternate", type="text/html", href=f"{root}/papers")
    _add(_add(feed, "author"), "name", "inscape")
    _add(feed, "generator", "inscape")
    for finding in newest:
        _entry(feed, finding, root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(feed, encoding="unicode")


def _entry(feed: ElementTree.Element, finding: Finding, root: str) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", finding.id)
    _add(entry, "title", finding.title)
    _add(entry, "updated", _time(finding.when))
    _add(entry, "published", _time(finding.when))
    _add(entry, "link", rel="alternate", type="text/html", href=f"{root}/papers/{finding.card.slug}")
    for room in finding.card.rooms:
        _add(entry, "category", term=room)
    _add(entry, "summary", sentence(finding), type="text")


def sentence(finding: Finding) -> str:
    """What was found, in words: claim, bound, paper's number, setting, run."""
    claim, measured = finding.judged.claim, finding.judged.measured
    assert measured is not None
    parts = [f"{finding.card.paper.title}: {claim.statement}: {finding.value}"]
    if measured.low is not None and measured.high is not None:
        parts.append(f"interval {measured.low:.4g} to {measured.high:.4g}")
    if claim.paper is not None:
        parts.append(f"the paper has {claim.paper:.4g} {claim.unit}".strip())
    if claim.bound:
        parts.append(f"must be {claim.bound}: {finding.judged.verdict}")
    if measured.setting:
        parts.append(measured.setting)
    parts.append(f"{finding.scale} scale, run {finding.run}")
    return "; ".join(parts) + "."


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", {k: _clean(v) for k, v in attributes.items()})
    element.text = None if text is None else _clean(text)
    return element


def _clean(text: str) -> str:
    # Some characters cannot stand in XML in any form.
    return _NOT_XML.sub("", text)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
