"""The digest tells what was found, is written whole, and reaches a real mail server on this machine."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inscape.app.catalogue.digest import Digest, digest, write_digest
from inscape.app.catalogue.mail import MailSettings, mail_settings, send
from inscape.app.cli import _run
from inscape.errors import InputError
from tests.app import loopback_certificate
from tests.app.reading_cases import keep_run, library_of, use_toy

controller = pytest.importorskip("aiosmtpd.controller")
END = datetime(2026, 1, 8, tzinfo=UTC)
DAY = 86_400.0


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy(monkeypatch)


@pytest.fixture
def made(tmp_path: Path) -> Digest:
    at = END.timestamp()
    keep_run(tmp_path, "20251201T000000-desk-seed0-0000", at - 30 * DAY, distance=7.0)
    keep_run(tmp_path, "20260105T000000-desk-seed0-0001", at - 3 * DAY, distance=9.5, bias=2.0, told=1.9)
    return digest(library_of(tmp_path), days=7, end=END)


class Post:
    """What the server received."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        return "250 taken"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 taken"


@pytest.fixture
def server() -> Iterator[tuple[Post, int]]:
    post = Post()
    standing = controller.Controller(post, hostname="127.0.0.1", port=free_port(), ready_timeout=60.0)
    standing.start()
    yield post, standing.port
    standing.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(port: int, **changed: Any) -> MailSettings:
    named = {"host": "127.0.0.1", "port": port, "sender": "inscape@example.org", "encryption": "none", "timeout": 60.0}
    return MailSettings(**{**named, "recipients": ("a@example.org", "b@example.org"), **changed})


def test_the_digest_tells_the_days_it_was_asked_for(made: Digest) -> None:
    assert [f.judged.claim.name for f in made.findings] == ["distance", "bias", "told"]
    assert made.headline == "2 measured for the first time, 1 changed, 1 met, 1 not met; 1 changed sides."
    assert "7 → 9.5 steps" in made.text
    assert "[not met] The walk has no drift" in made.text
    assert made.subject == "inscape, 01 Jan to 08 Jan 2026: 3 findings"


def test_a_quiet_week_says_so(tmp_path: Path) -> None:
    quiet = digest(library_of(tmp_path), end=END)
    assert quiet.subject.endswith("nothing new")
    assert "No claim was measured" in quiet.text
    assert "No claim was measured" in quiet.html


def test_the_html_escapes_what_a_study_says_and_holds_no_script(made: Digest) -> None:
    assert "&lt;drunkard&gt; walks &amp; why" in made.html
    assert "<drunkard>" not in made.html
    assert "<script" not in made.html


def test_it_is_written_as_two_files(made: Digest, tmp_path: Path) -> None:
    page, plain = write_digest(made, tmp_path / "digests")
    assert page.name == "digest-2026-01-08.html"
    assert plain.read_text(encoding="utf-8") == made.text
    assert page.read_text(encoding="utf-8") == made.html


@pytest.mark.parametrize("days", [0, -1, 1e9, float("nan"), float("inf")])
def test_days_that_are_none_are_refused(tmp_path: Path, days: float) -> None:
    with pytest.raises(InputError, match="days"):
        digest(library_of(tmp_path), days=days)


def test_a_real_server_receives_both_forms(made: Digest, server: tuple[Post, int]) -> None:
    post, port = server
    send(made, settings(port))
    (envelope,) = post.envelopes
    assert envelope.mail_from == "inscape@example.org"
    assert envelope.rcpt_tos == ["a@example.org", "b@example.org"]
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert mail["Subject"] == made.subject
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "7 → 9.5 steps" in text.get_content()
    assert "&lt;drunkard&gt;" in html.get_content()


def test_the_command_mails_by_a_file_of_settings(
    made: Digest, server: tuple[Post, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post, port = server
    file = tmp_path / "smtp.toml"
    file.write_text(
        f'host = "127.0.0.1"\nport = {port}\nsender = "i@example.org"\nrecipients = ["a@example.org"]\n'
        'encryption = "none"\n'
    )
    assert _run(["papers", "digest", "--days", "3000", "--mail", str(file), "--store", str(tmp_path)]) == 0
    assert len(post.envelopes) == 1
    assert "mailed to a@example.org" in capsys.readouterr().out


def test_a_server_that_is_not_there_is_one_clear_line(made: Digest) -> None:
    with pytest.raises(InputError, match="nothing was sent"):
        send(made, settings(free_port()))


def test_a_server_whose_name_can_be_none_is_one_clear_line(made: Digest) -> None:
    with pytest.raises(InputError, match="nothing was sent"):
        send(made, settings(free_port(), host="x" * 300 + ".example"))


def test_a_server_without_tls_is_told_no_password(made: Digest, server: tuple[Post, int]) -> None:
    post, port = server
    with pytest.raises(InputError, match="STARTTLS"):
        send(made, settings(port, encryption="starttls", user="me", password="secret"))
    assert post.envelopes == []


def test_a_person_the_server_does_not_know_is_named_and_the_other_has_the_mail(
    made: Digest, server: tuple[Post, int]
) -> None:
    post, port = server
    with pytest.raises(InputError, match="nobody@example.org"):
        send(made, settings(port, recipients=("nobody@example.org", "a@example.org")))
    assert post.envelopes[0].rcpt_tos == ["a@example.org"]
    with pytest.raises(InputError, match="recipients refused"):
        send(made, settings(port, recipients=("nobody@example.org",)))


def test_login_and_starttls_are_used_where_the_server_has_them(
    made: Digest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiosmtpd.smtp import AuthResult

    certificate = loopback_certificate.write(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    monkeypatch.setattr("inscape.app.catalogue.mail.ssl.create_default_context", lambda: trusted)

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        # Not handled: the server itself answers a login that is refused.
        return AuthResult(success=(data.login, data.password) == (b"me", b"secret"), handled=False)

    post = Post()
    standing = controller.Controller(
        post, hostname="127.0.0.1", port=free_port(), tls_context=context, authenticator=check, auth_required=True,
        require_starttls=True, ready_timeout=60.0,
    )  # fmt: skip
    standing.start()
    try:
        send(made, settings(standing.port, encryption="starttls", user="me", password="secret"))
        assert len(post.envelopes) == 1
        with pytest.raises(InputError, match="user or password refused"):
            send(made, settings(standing.port, encryption="starttls", user="me", password="wrong"))
    finally:
        standing.stop()


def test_settings_come_from_a_file_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    file = tmp_path / "smtp.toml"
    file.write_text('host = "mail.example.org"\nsender = "a@b.c"\nrecipients = "x@y.z, u@v.w"\n')
    found = mail_settings(file, {"INSCAPE_SMTP_PASSWORD": "secret", "INSCAPE_SMTP_PORT": "465"})
    assert (found.host, found.port, found.password) == ("mail.example.org", 465, "secret")
    assert found.recipients == ("x@y.z", "u@v.w")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no host and no sender and no recipients"),
        ("host = ", "no TOML"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = []', "no recipients"),
        ('host = "h"\nsender = "a@b.c\\nBcc: x@y.z"\nrecipients = ["x@y.z"]', "expected name@place"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = ["x@y.z"]\nport = "many"', "must be numbers"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = ["x@y.z"]\nport = 99999999', "expected 1 to 65535"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = ["x@y.z"]\ntimeout = -1', "timeout -1 found"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = ["x@y.z"]\ntimeout = nan', "timeout nan found"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = 7', "recipients 7 found, expected addresses"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = [7]', "expected addresses"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = ["x@y.z"]\ncolour = 3', "'colour' is not known"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = ["x@y.z"]\nencryption = "rot13"', "expected starttls"),
        ('host = "h"\nsender = "a@b.c"\nrecipients = ["x@y.z"]\nencryption = "none"\npassword = "p"', "plain text"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "smtp.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=told):
        mail_settings(file, {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml"):
        mail_settings(tmp_path / "none.toml", {})
