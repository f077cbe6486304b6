"""Links by role: who else works on an event, without an account. Pure."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from webinar.base.errors import FieldProblem, Invalid

MAX_NAME: Final = 60  # characters: it is also the name in the chat


class LinkRole(enum.StrEnum):
    COHOST = "cohost"  # the host's pages of this one event
    PRESENTER = "presenter"  # the studio
    MODERATOR = "moderator"  # the moderators' console


@dataclass(frozen=True, slots=True)
class RoleLink:
    """One person's or one desk's link; the name says whose."""

    id: uuid.UUID
    event_id: uuid.UUID
    role: LinkRole
    name: str
    made_by: uuid.UUID | None  # the co-host's link by which it was made, and with which it goes
    created_at: datetime
    last_used_at: datetime | None  # to the minute
    revoked_at: datetime | None

    @property
    def person(self) -> str:
        """Who came by it, in the chat and in what was done."""
        return f"{self.role}:{self.id}"


def link_name(text: str) -> str:
    """The name as it is kept. Raises `Invalid`."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        message = "Write whose link it is, in at most 60 characters."
        raise Invalid(message, fields=[FieldProblem("name", message)])
    return name
