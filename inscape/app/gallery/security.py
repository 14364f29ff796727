"""`Guard`: what every request passes before any page sees it, and the headers that every answer carries."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request

from inscape.app.gallery.settings import Settings

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Explain = Callable[[Request, Exception], Awaitable[Response]]

SESSION_COOKIE = "inscape_session"
ACCESS_COOKIE = "inscape_access"
CSRF_HEADER = b"x-csrf-token"
CSRF_FIELD = "csrf_token"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
PLOTTED = b"x-inscape-plots"
"""Set by `rendering.render` on pages with plotly, which writes styles of its own; taken off before the answer goes."""

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WITH_PLOTS = STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


class _BodyTooLargeError(Exception):
    """The body of a request passed its limit while it came in."""


class Guard:
    """Checks host, access token, size and CSRF token of a request, in this order, and sets the security headers.

    A write (any method but GET, HEAD, OPTIONS) carries the CSRF token of its visitor: in the header `X-CSRF-Token`,
    or in the field `csrf_token` of a plain form. Pages find it as `csrf` in their template.
    """

    def __init__(self, app: ASGIApp, settings: Settings, explain: Explain, large_bodies: tuple[str, ...] = ()):
        self.app = app
        self.settings = settings
        self.explain = explain
        self.large_bodies = large_bodies
        self.secret = secrets.token_bytes(32)

    def csrf_token(self, session: str) -> str:
        """The token that belongs to a visitor; no other server and no other visitor has the same."""
        return hmac.new(self.secret, session.encode(), hashlib.sha256).hexdigest()

    def access_mark(self) -> str:
        """What the browser keeps in the place of the access token."""
        return hmac.new(self.secret, (self.settings.token or "").encode(), hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        cookies = _cookies(headers)
        session = cookies.get(SESSION_COOKIE, "")
        fresh = [] if len(session) == 43 else [(SESSION_COOKIE, session := secrets.token_urlsafe(32))]
        answer = _Answer(send, fresh)
        if not self._names_us(headers):
            await answer.refuse(421, "This address is not the gallery's; open it as the terminal printed it.")
            return
        if self.settings.token is not None and not await self._may_enter(scope, headers, cookies, answer):
            return
        limit = self.settings.upload_bytes if scope["path"] in self.large_bodies else self.settings.form_bytes
        size = headers.get(b"content-length", b"0")
        if not size.isdigit() or int(size) > limit:
            await answer.refuse(
                413, f"The upload is larger than {limit / 2**20:.0f} MiB, which is the most taken here."
            )
            return
        bounded = _bounded(receive, limit)
        try:
            if scope["method"] not in SAFE_METHODS:
                proof, bounded = await _csrf_proof(headers, bounded)
                if not hmac.compare_digest(proof, self.csrf_token(session)) or not _is_same_site(headers):
                    await answer.refuse(403, "The page was opened before the gallery was started; load it again.")
                    return
            scope.setdefault("state", {})["csrf"] = self.csrf_token(session)
            await self.app(scope, bounded, answer.send)
        except _BodyTooLargeError:
            await answer.refuse(
                413, f"The upload is larger than {limit / 2**20:.0f} MiB, which is the most taken here."
            )
        except Exception as error:
            # A page that fails answers like any other: with the headers, and without a traceback.
            response = await self.explain(Request(scope), error)
            if not answer.has_begun:
                await response(scope, receive, answer.send)

    def _names_us(self, headers: dict[bytes, bytes]) -> bool:
        # A page of another site can point its own name at this machine; it cannot change what the browser calls us.
        if self.settings.is_open:
            return True
        name = urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}").hostname
        return name in (*LOOPBACK_NAMES, self.settings.host)

    async def _may_enter(
        self, scope: Scope, headers: dict[bytes, bytes], cookies: dict[str, str], answer: _Answer
    ) -> bool:
        token = (self.settings.token or "").encode()
        given = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if hmac.compare_digest(cookies.get(ACCESS_COOKIE, ""), self.access_mark()) or hmac.compare_digest(given, token):
            return True
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if hmac.compare_digest("".join(query.pop("token", [])).encode(), token):
            # The token leaves the address bar at once, so that no history and no screenshot keeps it.
            answer.cookies.append((ACCESS_COOKIE, self.access_mark()))
            rest = urlencode(query, doseq=True)
            await answer.redirect(scope["path"] + (f"?{rest}" if rest else ""))
            return False
        await answer.refuse(401, "This gallery asks for its token: open the address with ?token=... that it printed.")
        return False


class _Answer:
    """Sends an answer with the security headers and the cookies that are due."""

    def __init__(self, send: Send, cookies: list[tuple[str, str]]):
        self._send = send
        self.cookies = cookies
        self.has_begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            own = list(message.get("headers", []))
            policy = WITH_PLOTS if any(name.lower() == PLOTTED for name, _ in own) else STRICT
            own = [(name, value) for name, value in own if name.lower() != PLOTTED]
            named = {name.lower() for name, _ in own}
            own += [(name, value) for name, value in HEADERS if name not in named]
            own.append((b"content-security-policy", policy.encode()))
            for name, value in self.cookies:
                # Not strict: who follows a link to the gallery in a mail or a chat would not be known to it.
                own.append((b"set-cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax".encode()))
            message = {**message, "headers": own}
        await self._send(message)

    async def refuse(self, status: int, reason: str) -> None:
        if self.has_begun:
            return
        body = reason.encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        # What is left of the body is not read, so the connection ends here.
        headers.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    async def redirect(self, target: str) -> None:
        # Two slashes at the beginning would name another host.
        headers = [(b"location", f"/{target.lstrip('/')}".encode()), (b"content-length", b"0")]
        await self.send({"type": "http.response.start", "status": 303, "headers": headers})
        await self.send({"type": "http.response.body", "body": b""})


def _cookies(headers: dict[bytes, bytes]) -> dict[str, str]:
    try:
        jar = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items() if morsel.value.isascii()}


def _bounded(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _BodyTooLargeError
        return message

    return bounded


async def _csrf_proof(headers: dict[bytes, bytes], receive: Receive) -> tuple[str, Receive]:
    """The token that a write carries, and a `receive` that gives its body once more."""
    if CSRF_HEADER in headers:
        return headers[CSRF_HEADER].decode("latin-1").encode("ascii", "ignore").decode(), receive
    if not headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
        return "", receive
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    fields = parse_qs(body.decode("utf-8", "replace"))
    has_given = False

    async def again() -> Message:
        nonlocal has_given
        if has_given:
            return await receive()
        has_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return "".join(fields.get(CSRF_FIELD, [])).encode("ascii", "ignore").decode(), again


def _is_same_site(headers: dict[bytes, bytes]) -> bool:
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not origin:
        return True
    return urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1")
