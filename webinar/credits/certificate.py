"""What a certificate is: its terms, the statement that is signed, and how it is named in public. Pure."""

from __future__ import annotations

import base64
import enum
import hashlib
import json
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from webinar.base.chain import canonical
from webinar.base.patterns import ONE_LINE
from webinar.credits.model import Language, RuleResult, minutes, percent, utc

SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the certificates of an event say. Empty texts are left out."""

    offered: bool = True  # whether people find theirs on their page
    heading: str = ""  # in place of "Certificate of attendance"
    issuer: str = ""
    signer: str = ""
    credits: str = ""
    prefix: str = ""  # of the number


_Line = Annotated[str, Field(max_length=100, pattern=rf"^$|{ONE_LINE}")]


class TermsChange(BaseModel):
    """What of the terms is to change; what is absent stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    offered: bool | None = Field(default=None, description="People find their certificate on their own page.")
    heading: _Line | None = Field(default=None, description="In place of “Certificate of attendance”.")
    issuer: _Line | None = Field(default=None, description="Who issues it: a society, a school.")
    signer: _Line | None = Field(default=None, description="Who signs for the issuer, with the office.")
    credits: _Line | None = Field(
        default=None, description="What it is worth, as it is to be printed: `3 CME credits`."
    )
    prefix: Annotated[str, Field(max_length=20, pattern=r"^[0-9A-Za-z가-힣._/-]*$")] | None = Field(
        default=None, description="In front of every number: `KSA-2026-`."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of whom and of what a certificate speaks."""

    name: str
    event_id: uuid.UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    language: Language
    live_s: float
    replay_s: float
    rules: tuple[RuleResult, ...]


class State(enum.StrEnum):
    VALID = "valid"
    REPLACED = "replaced"  # by a newer edition
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One row. `name` and `salt` are gone once the person's data are deleted; the statement stays checkable."""

    id: uuid.UUID
    event_id: uuid.UUID
    attendee_id: uuid.UUID | None
    serial: int
    edition: int
    number: str
    name: str | None
    salt: bytes | None
    statement: str  # canonical JSON, as it was signed
    signature: bytes
    key_id: str
    issued_at: datetime
    revoked_at: datetime | None = None
    revoked_reason: str | None = None
    replaced_by: uuid.UUID | None = None
    said: Mapping[str, Any] = field(init=False)  # the statement, read

    def __post_init__(self) -> None:
        object.__setattr__(self, "said", json.loads(self.statement))

    @property
    def short(self) -> str:
        """Its id, as addresses have it."""
        return short(self.id)

    @property
    def state(self) -> State:
        if self.revoked_at is None:
            return State.VALID
        return State.REVOKED if self.replaced_by is None else State.REPLACED


def number(prefix: str, serial: int, edition: int) -> str:
    """`KSA-2026-0007`, and `KSA-2026-0007-2` for the second edition."""
    return f"{prefix}{serial:04}" + (f"-{edition}" if edition > 1 else "")


def statement(
    certificate_id: uuid.UUID,
    number_: str,
    facts: Facts,
    terms: Terms,
    *,
    salt: bytes,
    issued_at: datetime,
    key_id: str,
) -> str:
    """What is signed. It holds no name but a digest that only who has the certificate can make again."""
    said = {
        "format": "webinar-certificate",
        "version": 1,
        "id": str(certificate_id),
        "number": number_,
        "holder": holder(facts.name, salt),
        "event": {
            "id": str(facts.event_id),
            "title": facts.title,
            "starts_at": utc(facts.starts_at),
            "ends_at": utc(facts.ends_at),
            "timezone": facts.timezone,
        },
        "language": facts.language,
        "minutes": {"live": minutes(facts.live_s), "replay": minutes(facts.replay_s)},
        "rules": [
            {"need": r.need.to_json(), "minutes": minutes(r.seconds), "percent": percent(r.share)} for r in facts.rules
        ],
        "heading": terms.heading,
        "issuer": terms.issuer,
        "signer": terms.signer,
        "credits": terms.credits,
        "issued_at": utc(issued_at),
        "key": key_id,
    }
    return canonical(said).decode()


# What makes a certificate another one: the rest of a statement is its own number, time and key.
_SAME: Final = ("event", "language", "minutes", "rules", "heading", "issuer", "signer", "credits")


def differs(certificate: Certificate, facts: Facts, terms: Terms) -> bool:
    """Whether a certificate issued now would say something else: after a correction, or another name or title."""
    now = statement(
        certificate.id,
        certificate.number,
        facts,
        terms,
        salt=certificate.salt or b"",
        issued_at=certificate.issued_at,
        key_id=certificate.key_id,
    )
    said = json.loads(now)
    return certificate.name != facts.name or any(said[key] != certificate.said[key] for key in _SAME)


def holder(name: str, salt: bytes) -> str:
    """The digest of a name; without the salt nobody can try names on it."""
    return hashlib.sha256(salt + unicodedata.normalize("NFC", name).encode()).hexdigest()


_HANGUL: Final = re.compile(r"[가-힣]+$")


def masked(name: str) -> str:
    """A name for who has no right to all of it: `홍*동`, `남궁**민`, `M*** K***`: enough to see that a
    certificate in hand is the one meant.
    """
    return " ".join(_masked(part) for part in name.split()) or "*"


def _masked(part: str) -> str:
    if _HANGUL.match(part):
        if len(part) == 1:
            return "*"
        return part[0] + "*" if len(part) == 2 else f"{part[0]}{'*' * (len(part) - 2)}{part[-1]}"
    return f"{part[0]}***" if part[0].isalnum() else "***"


# -- ids that are printed ----------------------------------------------------------------------------------------


def short(certificate_id: uuid.UUID) -> str:
    """22 characters of an address: the 128 random bits of the id, 122 of them unknown to who guesses (RFC 4122)."""
    return base64.urlsafe_b64encode(certificate_id.bytes).decode().rstrip("=")


def long(text: str) -> uuid.UUID | None:
    """The id of an address, or of what was typed; None for what is none."""
    try:
        if len(text) == 22:
            raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
            found = uuid.UUID(bytes=raw)
            return found if short(found) == text else None
        return uuid.UUID(text) if len(text) == 36 else None
    except ValueError:
        return None
