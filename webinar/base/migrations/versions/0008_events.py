"""Speakers, agenda, look and links by role of an event."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    pass
