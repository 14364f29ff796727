"""Gather the tables that `benchmarks/` made, as the documentation prints them, into the package for the gallery.

Usage: python tools/write_benchmark_tables.py
A table is one of these where it holds numbers and its section names the benchmark that reprints it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parents[1]
TARGET = HOUSE / "inscape" / "app" / "catalogue" / "benchmarks.json"

_FILE = re.compile(r"benchmarks/(\w+)\.py")
_RULE = re.compile(r"^\|[\s:|-]+\|$")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def main() -> None:
    TARGET.write_text(text_of(gathered()), encoding="utf-8")
    print(TARGET, len(gathered()))


def text_of(tables: list[dict[str, Any]]) -> str:
    return json.dumps(tables, indent=1, ensure_ascii=False) + "\n"


def gathered() -> list[dict[str, Any]]:
    """All such tables: the page's title, the section, its benchmark, columns and rows."""
    found = []
    for page in sorted((HOUSE / "docs" / "guide").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        title = text.partition("\n")[0].lstrip("# ").strip()
        for section, body in sections(text):
            files = [f"benchmarks/{name}.py" for name in dict.fromkeys(_FILE.findall(body))]
            if not files or not all((HOUSE / file).exists() for file in files):
                continue
            about = {"page": title, "section": section, "command": f"python {files[0]}"}
            found += [{**about, **table} for table in tables_in(body) if is_measured(table)]
    return found


def sections(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a page under its headings of the second level."""
    parts = re.split(r"^## +(.+)$", text, flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def tables_in(body: str) -> Iterator[dict[str, Any]]:
    """The Markdown tables of a text as columns and rows of plain text."""
    lines = body.splitlines()
    for k in range(1, len(lines)):
        if not _RULE.match(lines[k].strip()) or not lines[k - 1].strip().startswith("|"):
            continue
        rows = []
        for line in lines[k + 1 :]:
            if not line.strip().startswith("|"):
                break
            rows.append(cells(line))
        yield {"columns": cells(lines[k - 1]), "rows": rows}


def is_measured(table: dict[str, Any]) -> bool:
    """Whether a table holds numbers, and not explanations."""
    told = [cell for row in table["rows"] for cell in row[1:]]
    return sum(any(c.isdigit() for c in cell) for cell in told) > len(told) / 2


def cells(line: str) -> list[str]:
    """The cells of a row, without the marks of Markdown."""
    kept = [_LINK.sub(r"\1", cell).replace("`", "").replace("**", "").strip() for cell in line.strip().split("|")[1:-1]]
    return [cell.replace("<br>", " ") for cell in kept]


if __name__ == "__main__":
    main()
