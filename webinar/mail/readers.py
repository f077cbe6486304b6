"""Whom a letter of the host's is for, before it is sent. Pure."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass

from webinar.mail.model import Language


class Standing(enum.StrEnum):
    GETS = "gets"
    HAS = "has"  # was written to already
    STOPPED = "stopped"  # asked for no more of these


@dataclass(frozen=True, slots=True)
class Reader:
    attendee_id: uuid.UUID
    name: str
    email: str
    language: Language
    standing: Standing
