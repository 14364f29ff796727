"""`Settings`: what `inscape serve` is told."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from inscape.errors import InputError

MEBIBYTE = 2**20


def default_folder() -> Path:
    """Where jobs and uploads are kept: `$INSCAPE_GALLERY`, or the user's data folder."""
    named = os.environ.get("INSCAPE_GALLERY")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "inscape" / "gallery"


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Settings:
    """How the gallery is served.

    Parameters
    ----------
    host, port : where it listens.
    token : what a visitor must know; demanded where the host is no loopback address.
    folder : where jobs and uploads are kept.
    upload_bytes : the largest recording taken.
    reading_bytes, reading_seconds : memory and time that reading one recording may take.
    form_bytes : the largest body of any other request.
    kept_days : how long an abandoned upload, and whatever else nobody comes back for, is kept.

    Raises
    ------
    InputError : if the gallery would be open to others without a token.
    """

    host: str = "127.0.0.1"
    port: int = 8100
    token: str | None = None
    folder: Path = field(default_factory=default_folder)
    upload_bytes: int = 64 * MEBIBYTE
    reading_bytes: int = 2048 * MEBIBYTE
    reading_seconds: float = 60.0
    form_bytes: int = MEBIBYTE
    kept_days: float = 7.0

    def __post_init__(self) -> None:
        if not is_loopback(self.host) and not self.token:
            raise InputError(
                f"host: {self.host} is reached from other machines, and no token was given; "
                "add --token WORD (or --token new for a random one), or leave out --host"
            )
        if self.token is not None and len(self.token) < 8:
            raise InputError(f"token: {len(self.token)} characters found, expected at least 8; --token new makes one")

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach the gallery."""
        return not is_loopback(self.host)
