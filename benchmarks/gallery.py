"""How fast are the gallery's pages with 1,000 runs, first motion, sliders, 50 readers at once, index and search?

The server runs in a process of its own and is asked over loopback by this one, so both share the machine. Peers on the
same work: reading every run folder for a page instead of the index, and scikit-learn's tf-idf alone for a question.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

RUNS, MANY_RUNS, READERS, SECONDS, TEXTS, POINTS = 1_000, 10_000, 50, 12.0, 5_000, 5_000
BARS = {
    "first motion of a first visit": (1_000.0, "ms"),
    "papers page, 1,000 runs": (150.0, "ms, 95 % of answers"),
    "slider, Lorenz, 5,000 points": (200.0, "ms, 95 % of answers"),
    "50 readers": (500.0, "ms, 95 % of answers"),
    "index of 10,000 runs rebuilt": (30_000.0, "ms"),
    "a question among 5,000 texts": (20.0, "ms, 95 % of answers"),
}
PAGES = ("/", "/papers", "/papers/19", "/papers/22", "/papers?q=chaos", "/zoo", "/runs", "/compare", "/feed.xml")


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(f"{'what':<34} {'ms':>10} {'bar':>9}")
        ask_pages(root)
        rebuild(root)
        search()


def ask_pages(root: Path) -> None:
    """Papers page and slider one after the other, then 50 readers at once."""
    make_runs(root / "runs", RUNS)
    command = [sys.executable, "-m", "inscape", "serve", "--port", "0", "--runs", str(root / "runs")]
    started = time.perf_counter()
    server = subprocess.Popen(
        [*command, "--folder", str(root / "gallery")], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1].rstrip("/")
        tell("address printed", 1000 * (time.perf_counter() - started), (2_000.0, "ms"))
        for taken in first_motions(address):
            tell("first motion of a first visit", taken, BARS["first motion of a first visit"])
        fetch(
            address, "/papers", patience=120
        )  # the first answer waits for the studies to be read, once an installation
        times = [fetch(address, "/papers") for _ in range(60)]
        tell("papers page, 1,000 runs", percentile(times), BARS["papers page, 1,000 runs"])
        tell("  the same, median", float(np.median(times)))
        peer = [1000 * seconds(lambda: read_all(root / "runs")) for _ in range(3)]
        tell("  peer: all folders read for it", float(np.median(peer)))
        print(f"  ratio {np.median(peer) / np.median(times):.1f}")
        drag = [
            fetch(address, f"/api/zoo/Lorenz/orbit?p.rho={28 + 0.1 * k}&points={POINTS}&format=binary")
            for k in range(41)
        ]
        tell("slider, Lorenz, 5,000 points", percentile(drag[1:]), BARS["slider, Lorenz, 5,000 points"])
        answers, failed = asyncio.run(crowd(address))
        tell("50 readers", percentile(answers), BARS["50 readers"])
        print(f"  {len(answers)} pages in {SECONDS:.0f} s, one a second each; {failed} failed")
        tell("  the same, median", float(np.median(answers)))
    finally:
        server.terminate()
        server.wait()


MOVED = """() => new Promise((resolve) => {
    let first = null;
    const look = () => {
        const canvas = document.querySelector("canvas");
        const seen = canvas && canvas.width ? canvas.toDataURL() : null;
        if (first !== null && seen !== first) { resolve(performance.now()); return; }
        if (seen !== null) { first = seen; }
        setTimeout(look, 20);
    };
    look();
})"""
"""Milliseconds from the beginning of a visit to the second picture in the page's first canvas."""


def first_motions(address: str, visits: int = 3) -> list[float]:
    """Milliseconds until the first page moves, for readers whose browser has kept nothing; none without a browser."""
    import shutil

    chromium = os.environ.get("BROWSER_PATH") or shutil.which("chromium")
    if chromium is None:
        print("first motion: no chromium found, left out; name one in BROWSER_PATH")
        return []
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(visits):
            page = browser.new_page()
            page.goto(address, wait_until="commit")
            found.append(page.evaluate(MOVED))
            page.close()
        browser.close()
    return found


async def crowd(address: str) -> tuple[list[float], int]:
    """Readers who open a page, look at it for a second, and open another."""
    import httpx

    answers: list[float] = []
    failed = 0

    async def reader(seed: int) -> None:
        nonlocal failed
        choice = random.Random(seed)
        # Certificates are for addresses that are not on this machine; reading them fifty times would hold up answers.
        async with httpx.AsyncClient(base_url=address, timeout=30, verify=False) as client:
            await asyncio.sleep(choice.random())
            until = time.perf_counter() + SECONDS
            while time.perf_counter() < until:
                started = time.perf_counter()
                answer = await client.get(choice.choice(PAGES))
                answers.append(1000 * (time.perf_counter() - started))
                failed += answer.status_code != 200
                await asyncio.sleep(choice.uniform(0.5, 1.5))

    await asyncio.gather(*(reader(seed) for seed in range(READERS)))
    return answers, failed


def rebuild(root: Path) -> None:
    """The index of a large store, made from its folders."""
    from inscape.studies.run_index import RunIndex
    from inscape.studies.runs import RunStore

    make_runs(root / "many", MANY_RUNS)
    index = RunIndex(RunStore(root / "many"))
    taken = 1000 * seconds(index.rebuild)
    assert index.count() == MANY_RUNS
    tell("index of 10,000 runs rebuilt", taken, BARS["index of 10,000 runs rebuilt"])
    tell("  looked at again, nothing new", 1000 * seconds(index.refresh))


def search() -> None:
    """Questions among texts that are papers and claims of the house, their words drawn anew."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from inscape.app.catalogue.catalogue import Catalogue
    from inscape.app.catalogue.search import TextIndex

    claims = [claim.claim.statement for card in Catalogue.read() for claim in card.claims]
    choice = random.Random(0)
    words = [word for claim in claims for word in claim.split()]
    texts = [" ".join(choice.choices(words, k=14)) + f" {choice.choice(claims)}" for _ in range(TEXTS)]
    started = time.perf_counter()
    index = TextIndex(texts)
    tell("  5,000 texts indexed", 1000 * (time.perf_counter() - started))
    questions = [" ".join(choice.choices(words, k=6)) for _ in range(60)]
    ours = [1000 * seconds(lambda q=q: index.scores(q)) for q in questions]  # type: ignore[misc]
    tell("a question among 5,000 texts", percentile(ours), BARS["a question among 5,000 texts"])
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    known = vectorizer.fit_transform(texts)
    peer = [1000 * seconds(lambda q=q: (known @ vectorizer.transform([q]).T).toarray()) for q in questions]  # type: ignore[misc]
    tell("  peer: scikit-learn, words only", percentile(peer))
    print(f"  ratio {np.median(peer) / np.median(ours):.1f}")


def make_runs(root: Path, count: int) -> None:
    """Finished runs of the house's studies with invented numbers."""
    from inscape.app.catalogue.catalogue import Catalogue

    cards = [card for card in Catalogue.read() if card.state == "runs here"]
    choice = np.random.default_rng(0)
    for k in range(count):
        card = cards[k % len(cards)]
        day, second = divmod(k, 86_400)
        name = f"2026{1 + day // 28:02d}{1 + day % 28:02d}T{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"
        folder = root / card.slug / f"{name}-desk-seed0-{k % 65_536:04x}"
        folder.mkdir(parents=True)
        settings = {"study": card.slug, "scale": "desk", "seed": 0, "recipe": "b"}
        values = choice.normal(size=len(card.claims))
        measured = {
            claim.claim.name: {"value": v, "low": v - 1, "high": v + 1, "setting": "invented"}
            for claim, v in zip(card.claims, values.tolist(), strict=True)
        }
        findings = {"measured": measured, "tables": {}, "notes": [], "seconds": 1.0}
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "versions.json").write_text("{}")
        (folder / "findings.json").write_text(json.dumps(findings))


def read_all(root: Path) -> int:
    """What the papers page would have to do without an index."""
    from inscape.studies.runs import RunStore

    return sum(len((run.findings or {}).get("measured", {})) for run in RunStore(root).runs())


def fetch(address: str, path: str, patience: float = 30.0) -> float:
    """Milliseconds until an answer has come whole."""
    from urllib.request import urlopen

    started = time.perf_counter()
    with urlopen(address + path, timeout=patience) as answer:
        answer.read()
    return 1000 * (time.perf_counter() - started)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of a call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def percentile(times: list[float]) -> float:
    """The time within which 95 % of answers came."""
    return float(np.quantile(times, 0.95))


def tell(what: str, milliseconds: float, bar: tuple[float, str] | None = None) -> None:
    """One line of the table."""
    told = "" if bar is None else f"{bar[0]:>9,.0f} {bar[1]}{'' if milliseconds <= bar[0] else '  MISSED'}"
    print(f"{what:<34} {milliseconds:>10,.1f} {told}", flush=True)


if __name__ == "__main__":
    main()
