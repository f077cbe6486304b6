"""Webhooks: what other programs are told, how it is signed, and where it may be sent. Pure.

Signed as the Standard Webhooks specification says ("Signature scheme"): names of headers, `whsec_` secrets, `v1,`
signatures over `id.timestamp.body`.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import ipaddress
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from webinar.base.errors import FieldProblem, Invalid

MAX_URL: Final = 1000
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32
# IPv6 that carries an IPv4 address: NAT64 (RFC 6052), its local prefix (RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380).
_CARRIERS: Final = tuple(
    ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)


class HookType(enum.StrEnum):
    EVENT_STARTED = "event.started"
    EVENT_ENDED = "event.ended"
    ATTENDEE_REGISTERED = "attendee.registered"
    ATTENDEE_APPROVED = "attendee.approved"
    ATTENDEE_CANCELLED = "attendee.cancelled"
    RECORDING_READY = "recording.ready"
    REPORT_READY = "report.ready"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told; of one event, or (None) of all. Disabled after days without an answer."""

    id: uuid.UUID
    event_id: uuid.UUID | None
    url: str
    types: tuple[str, ...]
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook, and how it went. `status` is that of the last answer."""

    id: uuid.UUID
    webhook_id: uuid.UUID
    type: str
    body: str
    created_at: datetime
    attempts: int
    tried_at: datetime | None
    delivered_at: datetime | None
    given_up_at: datetime | None
    status: int | None
    error: str | None


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """`v1,` and the HMAC-SHA256 of id, time (Unix, s) and body. Raises `ValueError` for what is no secret."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a secret of ours") from error
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def clean_types(types: Collection[str]) -> tuple[str, ...]:
    """Known ones, in our order. Raises `Invalid` for none."""
    found = tuple(kind.value for kind in HookType if kind.value in types)
    if not found:
        message = "Choose what to be told of."
        raise Invalid(message, fields=[FieldProblem("types", message)])
    return found


def clean_url(url: str, *, inside: bool) -> str:
    """An address that may be told: https, a host, no credentials; with `inside` also http. Raises `Invalid`."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _bad_url() from error
    printable = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL
    if not printable or not parts.hostname or parts.username is not None or parts.fragment or port == 0:
        raise _bad_url()
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        message = "The address must begin with https://."
        raise Invalid(message, fields=[FieldProblem("url", message)])
    literal = _literal(parts.hostname)
    if literal is not None and not may_reach(literal, inside=inside):
        message = "This address is not on the public internet."
        raise Invalid(message, fields=[FieldProblem("url", message)])
    return url


def _bad_url() -> Invalid:
    message = "Write an address like https://example.org/hook."
    return Invalid(message, fields=[FieldProblem("url", message)])


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def may_reach(address: str, *, inside: bool) -> bool:
    """Whether a message may be sent to this IP address.

    Only what is global (IANA special-purpose registries), whatever IPv6 form an IPv4 address has; with `inside` also
    private networks and this machine. Link-local ones, where clouds keep their keys, and multicast never.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif any(ip in carrier for carrier in _CARRIERS) and not ip.is_loopback:
            return False
    if ip.is_loopback:
        return inside
    if ip.is_multicast or ip.is_unspecified or ip.is_link_local or ip.is_reserved:
        return False
    return inside or ip.is_global
