"""An event as PostgreSQL would give it, for tests of what is pure."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from webinar.events.model import Event, EventState, Registration


def an_event(starts_at: datetime, ends_at: datetime, created_at: datetime, **changes: Any) -> Event:
    """A scheduled one of 300 seats in Seoul; `changes`: fields that are to be different."""
    made = Event(
        id=uuid.UUID(int=1),
        slug="talk-abcde",
        title="Talk",
        description="About",
        language="ko",
        starts_at=starts_at,
        ends_at=ends_at,
        timezone="Asia/Seoul",
        capacity=300,
        registration=Registration.OPEN,
        state=EventState.SCHEDULED,
        stream_key_version=1,
        presenter_link_version=1,
        created_at=created_at,
        updated_at=created_at,
        started_at=None,
        ended_at=None,
    )
    return replace(made, **changes)
