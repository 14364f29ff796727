"""`inscape serve`: the gallery in a browser."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import quote

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    from fastapi import FastAPI

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
    InputError : if the address is taken, or open to other machines without a token; if the folder cannot be written or
        another gallery works in it.
    """
    for module in NEEDED:
        require(module, "web")
    from inscape.app.gallery.occupancy import occupied
    from inscape.app.gallery.server import create_app
    from inscape.app.gallery.settings import Settings, default_folder
    from inscape.studies.runs import RunStore

    if token == "new":
        token = secrets.token_urlsafe(18)
    settings = Settings(host=host, port=port, token=token, folder=folder or default_folder())
    store = RunStore(runs)
    if store.root.exists() and not store.root.is_dir():
        raise InputError(f"--runs: {store.root} is no folder; name the one that holds the runs, or a new one")
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    with listening, occupied(settings.folder, _address(settings.host, port, None)):
        app = create_app(store, settings)
        address = _address(settings.host, port, token)
        print(f"inscape gallery: {address}", flush=True)
        if settings.is_open:
            print(
                "Other machines can reach it; whoever knows the address with its token may run work here.", flush=True
            )
        print("Ctrl-C ends it.", flush=True)
        if opens_browser:
            import webbrowser

            webbrowser.open(address)
        has_begun = _answer(app, listening)
    if not has_begun:
        sys.exit(2)


def _answer(app: FastAPI, listening: socket.socket) -> bool:
    """Answer visitors until it is interrupted; whether it came to that at all."""
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            super().handle_exit(sig, frame)
            app.state.is_ending = True
            # A second Ctrl-C would cut off the ending of the workers, which takes seconds at most.
            self.force_exit = False

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2
    )
    server = Server(config)
    server.run(sockets=[listening])
    return server.started


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a taken address is said in one line before anything else is done."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, OverflowError, UnicodeError):
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
    return f"http://{shown}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")
