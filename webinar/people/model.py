"""Accounts, sessions and secrets of people who host. Pure: no SQL, no clock of its own."""

from __future__ import annotations

import enum
import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from webinar.base.errors import FieldProblem, Invalid
from webinar.base.patterns import EMAIL

SESSION_COOKIE: Final = "webinar_session"
COHOST_COOKIE: Final = "wb_cohost_"  # and the event's id
SESSION_TTL: Final = timedelta(days=14)
LINK_TTL: Final = timedelta(hours=24)
INVITE_TTL: Final = timedelta(days=7)
MAILED_TTL: Final = timedelta(hours=1)  # of a link that anybody may have mailed to an account
MIN_PASSWORD: Final = 10
# An argon2 hash of more than this is work given away to whoever asks for it.
MAX_PASSWORD: Final = 200
# A hash no password has: the account opens by one-time links until its owner sets a password.
NO_PASSWORD: Final = "!"  # noqa: S105 - the absence of one
API_TOKEN_PREFIX: Final = "wbn_"  # noqa: S105 - a prefix, so that leak scanners find these tokens


class Role(enum.StrEnum):
    OWNER = "owner"
    HOST = "host"
    COHOST = "cohost"  # of one event, by a link: has no account


class LinkPurpose(enum.StrEnum):
    SETUP = "setup"
    SIGN_IN = "sign_in"
    INVITE = "invite"  # a new host chooses their password
    RESET = "reset"  # another password for one who forgot it
    EMAIL = "email"  # another address, whose owner opens it


@dataclass(frozen=True, slots=True)
class Account:
    """A person who hosts."""

    id: uuid.UUID
    email: str  # lower case
    name: str
    role: Role
    has_password: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is kept of an API token: never the token."""

    id: uuid.UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None = None  # to the minute


def new_secret() -> str:
    """256 random bits for a cookie or a link, URL-safe."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What the database keeps of a secret. Plain SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def clean_account(name: str, email: str, password: str | None) -> tuple[str, str]:
    """(name, e-mail) as stored. Raises `Invalid` with every field that cannot be taken."""
    name, email = " ".join(name.split()), email.strip().lower()
    problems: list[FieldProblem] = []
    if not 1 <= len(name) <= 100 or not name.isprintable():
        problems.append(FieldProblem("name", "Write a name of at most 100 characters."))
    if len(email) > 254 or not re.fullmatch(EMAIL, email):
        problems.append(FieldProblem("email", "Write an e-mail address like name@example.org."))
    if password is not None:
        problems += password_problems(password)
    if problems:
        raise Invalid("Some fields need another look.", fields=problems)
    return name, email


def password_problems(password: str) -> list[FieldProblem]:
    if len(password) < MIN_PASSWORD:
        return [FieldProblem("password", "Choose a password of at least 10 characters.")]
    if len(password) > MAX_PASSWORD:
        return [FieldProblem("password", "Choose a password of at most 200 characters.")]
    return []


def check_password(password: str) -> None:
    """Raises `Invalid`."""
    problems = password_problems(password)
    if problems:
        raise Invalid("Some fields need another look.", fields=problems)
