"""Signed tokens, each for one purpose.

Two kinds:

* *tickets* (`sign`, `read`): JWT (RFC 7519), HS256 and nothing else, with audience = purpose and an expiry.
  Short-lived: viewer, chat, download, host session form.
* *links* (`link`, `read_link`): 128-bit id + version, authenticated by HMAC-SHA256 cut to 160 bits. Deterministic, so
  that a personal link can be sent again without being stored, and revoked by counting its version up. One that is not
  for an event itself says which event it belongs to: what remains of that tells why the link opens nothing any more,
  without anything being kept of the person.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import time
import uuid
from typing import Any, Final, NamedTuple

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webinar.base.errors import Gone, Unauthenticated

_ALGORITHM: Final = "HS256"
_TAG_BYTES: Final = 20
_EVENT_BYTES: Final = 6  # of an event's id: enough to tell a million of them apart


class Purpose(enum.StrEnum):
    """What a token is for. A token of one purpose opens nothing else."""

    VIEWER = "viewer"  # playback and WHEP of one event by one person
    CHAT = "chat"  # one person in one room
    DOWNLOAD = "download"  # one recording
    FILM = "film"  # link: one recording, for whom the replay's gate lets watch
    CSRF = "csrf"  # a form of one session
    JOIN = "join"  # link: an attendee's personal link
    PRESENTER = "presenter"  # link: the studio of an event
    MODERATOR = "moderator"  # link: the console of an event
    ROLE = "role"  # link: one role in one event, of one person
    ROLE_STREAM = "role_stream"  # link: the WHIP key of a studio that was opened by such a link
    COHOST = "cohost"  # a co-host's browser, bound to their link
    STREAM = "stream"  # link: the WHIP key of an event
    STUDIO = "studio"  # the API calls a studio page makes for one event
    CONSOLE = "console"  # who a moderator is, for one event: in their browser, and the API calls of their console


class Link(NamedTuple):
    """What a link says."""

    subject: uuid.UUID
    version: int
    event: bytes  # how the id of its event begins; empty where it does not say


class Tokens:
    """Signs and reads with keys derived from one secret, one key a purpose."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def _key(self, purpose: Purpose) -> bytes:
        return hmac.digest(self._secret, b"webinar:" + purpose.encode(), hashlib.sha256)

    def derive(self, label: str, length: int) -> bytes:
        """A key of its own for `label`, of `length` bytes (HKDF with SHA-256, RFC 5869)."""
        return HKDF(hashes.SHA256(), length, salt=None, info=b"webinar:" + label.encode()).derive(self._secret)

    def mailed(self, label: str, asked: str) -> str:
        """The secret of a link in a letter, 43 URL-safe characters: of a key and `asked`, which whoever writes the
        letter is told. So it stands in the letter only, in no database.
        """
        return _text(hmac.digest(self.derive(label, 32), asked.encode(), "sha256"))

    def sign(self, purpose: Purpose, claims: dict[str, Any], ttl_s: float) -> str:
        """A ticket of `claims` that expires in `ttl_s` seconds."""
        now = time.time()
        return jwt.encode(
            {**claims, "aud": str(purpose), "iat": int(now), "exp": int(now + ttl_s)},
            self._key(purpose),
            algorithm=_ALGORITHM,
        )

    def read(self, purpose: Purpose, token: str) -> dict[str, Any]:
        """The claims of a ticket; `Gone` when it has expired, `Unauthenticated` for anything else."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(purpose),
                algorithms=[_ALGORITHM],
                audience=str(purpose),
                options={"require": ["exp", "aud"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise Gone("This access has expired. Open your link again.", code="token_expired") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated("This access is not valid. Open your link again.", code="token_invalid") from error
        return claims

    def link(self, purpose: Purpose, subject: uuid.UUID, version: int, event: uuid.UUID | None = None) -> str:
        """51 URL-safe characters: id, version, tag; 59 with the `event` it belongs to, before the tag."""
        body = subject.bytes + version.to_bytes(2, "big") + (b"" if event is None else event.bytes[:_EVENT_BYTES])
        return _text(body + self._tag(purpose, body))

    def read_link(self, purpose: Purpose, token: str) -> Link:
        """The caller compares the version with the stored one: lower means revoked."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise Unauthenticated("This link is not valid.", code="link_invalid") from error
        body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if len(body) not in (18, 18 + _EVENT_BYTES) or not hmac.compare_digest(tag, self._tag(purpose, body)):
            raise Unauthenticated("This link is not valid.", code="link_invalid")
        return Link(uuid.UUID(bytes=body[:16]), int.from_bytes(body[16:18], "big"), body[18:])

    def _tag(self, purpose: Purpose, body: bytes) -> bytes:
        return hmac.digest(self._key(purpose), body, hashlib.sha256)[:_TAG_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
