"""A gallery that really runs, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PATIENCE = 300_000
"""Milliseconds that anything may take on a slow and busy machine before it counts as broken."""


class Gallery:
    """A running gallery: its address, the link that it printed, its folder and what it said on its error stream."""

    def __init__(self, folder: Path, *more: str):
        self.folder = folder
        self.log = folder / "stderr.txt"
        options = ["--port", "0", "--folder", str(folder / "gallery"), "--runs", str(folder / "runs"), *more]
        with self.log.open("w") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "inscape", "serve", *options], stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.server.stdout is not None
        said = self.server.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, f"no address printed: {said!r} {self.log.read_text()}"
        self.link = found.group()
        self.address = self.link.partition("?")[0].rstrip("/")

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait(PATIENCE / 1000)
