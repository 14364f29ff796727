"""Mailing the digest through the user's own SMTP server."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

from inscape.app.catalogue.digest import Digest
from inscape.errors import InputError

ENVIRONMENT = "INSCAPE_SMTP_"
MOST_PATIENCE = 3600.0
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@dataclass(frozen=True)
class MailSettings:
    """Where and as whom mail is sent.

    Parameters
    ----------
    host, port : the server; port 587 is the usual one for submission.
    sender, recipients : addresses.
    user, password : who logs in; nobody if `user` is empty.
    encryption : "starttls" (begins plainly and turns to TLS), "tls" (TLS from the first byte, port 465) or "none",
        which is taken only without a password or to this machine.
    timeout : seconds to wait for the server.

    Raises
    ------
    InputError : if an address is none, a number is out of its range, or a password would go out in plain text.
    """

    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 587
    user: str = ""
    password: str = ""
    encryption: str = "starttls"
    timeout: float = 20.0

    def __post_init__(self) -> None:
        for address in (self.sender, *self.recipients):
            if not _ADDRESS.fullmatch(address):
                raise InputError(f"mail: address {address!r} found, expected name@place")
        if not self.recipients:
            raise InputError("mail: no recipients found; name at least one")
        if not 1 <= self.port <= 65535:
            raise InputError(f"mail: port {self.port} found, expected 1 to 65535")
        if not 0 < self.timeout <= MOST_PATIENCE:
            raise InputError(f"mail: timeout {self.timeout:g} found, expected more than 0, at most {MOST_PATIENCE:g} s")
        if self.encryption not in ("starttls", "tls", "none"):
            raise InputError(f"mail: encryption {self.encryption!r} found, expected starttls, tls or none")
        if self.encryption == "none" and self.password and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise InputError(f"mail: the password would go to {self.host} in plain text; set encryption to starttls")


def mail_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> MailSettings:
    """Settings from a TOML file with the names of `MailSettings`, and from `INSCAPE_SMTP_HOST` and its like.

    What the environment names goes before the file, so that a password need not stand in one.

    Raises
    ------
    InputError : if something is missing, not known or of the wrong kind.
    """
    known = {field.name for field in fields(MailSettings)}
    record: dict[str, Any] = {}
    if file is not None:
        try:
            record = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{file}: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: no TOML ({error}); mend the settings") from None
    given = os.environ if environment is None else environment
    record |= {n: given[ENVIRONMENT + n.upper()] for n in known if given.get(ENVIRONMENT + n.upper())}
    strange = sorted(set(record) - known)
    if strange:
        raise InputError(f"mail: setting {strange[0]!r} is not known; settings are {', '.join(sorted(known))}")
    missing = [name for name in ("host", "sender", "recipients") if not record.get(name)]
    if missing:
        raise InputError(
            f"mail: no {' and no '.join(missing)} found; give --mail FILE with host, sender and recipients, "
            f"or set {', '.join(ENVIRONMENT + name.upper() for name in missing)}"
        )
    recipients = record["recipients"]
    listed = re.split(r"[,;\s]+", recipients.strip()) if isinstance(recipients, str) else recipients
    if not isinstance(listed, list) or not all(isinstance(address, str) for address in listed):
        raise InputError(f"mail: recipients {recipients!r} found, expected addresses")
    try:
        port, timeout = int(record.get("port", 587)), float(record.get("timeout", 20.0))
    except (TypeError, ValueError):
        raise InputError("mail: port and timeout must be numbers") from None
    texts = {name: str(record[name]) for name in ("host", "sender", "user", "password", "encryption") if name in record}
    return MailSettings(recipients=tuple(r for r in listed if r), port=port, timeout=timeout, **texts)


def message(made: Digest, settings: MailSettings) -> EmailMessage:
    """The digest as a mail: text for every program, HTML beside it."""
    mail = EmailMessage()
    mail["Subject"] = made.subject
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.recipients)
    mail["Date"] = formatdate(made.end.timestamp(), usegmt=True)
    mail["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
    mail.set_content(made.text)
    mail.add_alternative(made.html, subtype="html")
    return mail


def send(made: Digest, settings: MailSettings) -> None:
    """Mail the digest.

    Raises
    ------
    InputError : if the server does not answer, offers no TLS where it was asked for, or refuses login or recipients.
    """
    where = f"mail server {settings.host}:{settings.port}"
    try:
        secure = ssl.create_default_context()
        if settings.encryption == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout, context=secure
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
        with server:
            if settings.encryption == "starttls":
                server.starttls(context=secure)
            if settings.user:
                server.login(settings.user, settings.password)
            refused = server.send_message(message(made, settings))
    except smtplib.SMTPNotSupportedError as error:
        raise InputError(f"{where}: {error}; set encryption to tls or none") from None
    except smtplib.SMTPAuthenticationError:
        raise InputError(f"{where}: user or password refused; mend the settings") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise InputError(f"{where}: recipients refused: {', '.join(error.recipients)}") from None
    except (smtplib.SMTPException, ssl.SSLError, OSError, UnicodeError) as error:
        raise InputError(f"{where}: {error}; nothing was sent") from None
    if refused:
        raise InputError(f"{where}: refused {', '.join(refused)}; the others have their mail")
