"""`inscape serve`: the gallery in a browser."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import sys
from pathlib import Path

from inscape.errors import InputError
from inscape.extras import require

NEEDED = ("fastapi", "uvicorn", "python_multipart")
"""Modules of the web extra."""


def invitation() -> str:
    """How the gallery is opened from where the reader is, in one line: what to type, and what to install first."""
    command = f"{called_as(sys.argv[0])} serve --open"
    if all(importlib.util.find_spec(module) for module in NEEDED):
        return f"Next, a recording of your own, in the browser: {command}"
    return f"Next, a recording of your own, in the browser: pip install 'inscape[web]', then {command}"


def called_as(program: str) -> str:
    """What a reader types to call this program again: its name where the shell finds it, else where it lies."""
    file = Path(program)
    if file.name == "__main__.py":
        return "python -m inscape"
    found = shutil.which("inscape")
    if file.name != "inscape" or (found and Path(found).resolve() == file.resolve()):
        return "inscape"
    try:
        return str(file.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def serve(
    *, host: str, port: int, token: str | None, runs: Path | None, folder: Path | None, opens_browser: bool
) -> None:
    """Serve the gallery until it is interrupted.

    Raises
    ------
    MissingExtraError : if the web extra is absent.
    InputError : if the address is taken, or open to other machines without a token.
    """
    for module in NEEDED:
        require(module, "web")
    import uvicorn

    from inscape.app.gallery.server import create_app
    from inscape.app.gallery.settings import Settings, default_folder
    from inscape.studies.runs import RunStore

    if token == "new":
        token = secrets.token_urlsafe(18)
    settings = Settings(host=host, port=port, token=token, folder=folder or default_folder())
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    app = create_app(RunStore(runs), settings)
    address = _address(settings.host, port, token)
    print(f"inscape gallery: {address}", flush=True)
    if settings.is_open:
        print("Other machines can reach it; whoever knows the address with its token may run work here.", flush=True)
    print("Ctrl-C ends it.", flush=True)
    if opens_browser:
        import webbrowser

        webbrowser.open(address)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    with listening:
        server.run(sockets=[listening])
    if not server.started:
        sys.exit(2)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a taken address is said in one line before anything else is done."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, OverflowError):
        raise InputError(f"--host: {host} is not an address of this machine; leave it out for 127.0.0.1") from None
    listening = socket.socket(family, kind, protocol)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(place)
        # From here on a visitor who is quicker than the server waits for it, instead of being turned away.
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise InputError(f"--port: {host}:{port} cannot be taken ({error.strerror}); try --port {port + 1}") from None
    return listening


def _address(host: str, port: int, token: str | None) -> str:
    shown = f"[{host}]" if ":" in host else socket.gethostname() if host == "0.0.0.0" else host
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
