"""A certificate for 127.0.0.1 that a test makes for itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def write(folder: Path) -> tuple[Path, Path]:
    """Write `certificate.pem` and `key.pem`; their paths. The test skips where there is no openssl to make them."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so no certificate can be made")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key
