"""The mail server of `WEBINAR_SMTP_URL`: where it is, and whether what we say to it is encrypted. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from webinar.base.errors import BadSetting

Tls = Literal["always", "starttls", "optional", "never"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """`tls`: from the first byte (`always`), before anything is said or nothing is (`starttls`), if it is offered."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


def parse(url: str) -> MailServer:
    """`smtp://user:password@host:587`, `smtps://host`; `?tls=optional` or `?tls=never` for a relay without it.

    Letters hold personal links, so STARTTLS is insisted on, but on this very machine. Raises `BadSetting`; its message
    does not repeat the URL, which may hold a password.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise BadSetting("WEBINAR_SMTP_URL: the port is not a number between 1 and 65535") from error
    host = parts.hostname or ""
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise BadSetting("WEBINAR_SMTP_URL: write it like smtp://user:password@mail.example.org:587")
    wish = parse_qs(parts.query).get("tls", [""])[0]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "smtps":
        return MailServer(host, port or 465, "always", user, password)
    if wish not in ("", "starttls", "optional", "never"):
        raise BadSetting("WEBINAR_SMTP_URL: tls is starttls, optional or never")
    tls: Tls = "starttls"
    if wish == "never":
        tls = "never"
    elif wish == "optional" or (not wish and _here(host)):
        tls = "optional"
    if tls != "starttls" and password and not _here(host):
        raise BadSetting(f"WEBINAR_SMTP_URL: a password is not sent unencrypted; leave tls={tls} out")
    return MailServer(host, port or (587 if user else 25), tls, user, password)


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def default_sender(server: MailServer, public_host: str) -> str:
    """Without WEBINAR_MAIL_FROM: who signs in to the server, or nobody in particular at our own address."""
    return server.user if "@" in server.user else f"webinar@{public_host}"
