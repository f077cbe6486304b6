"""Whether the person behind a viewer's token still holds a seat, and how many of them are there by what transport."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from webinar.api.access import Principal
from webinar.base.db import AWAY
from webinar.base.errors import Gone, Unauthenticated
from webinar.registration.model import Attendee, may_join
from webinar.registration.service import RegistrationService

Transport = Literal["whep", "hls", "lobby"]
TRANSPORTS: Final[tuple[Transport, ...]] = ("whep", "hls", "lobby")
# For so long a status is believed without asking PostgreSQL again.
_BELIEVED_S: Final = 5.0
# Players ask at least every 25 s; a person not heard of for longer than this has left.
PRESENT_S: Final = 40.0
_PATIENCE_S: Final = 2.0
_MOST_PEOPLE: Final = 20_000


@dataclass(slots=True)
class _Seen:
    attendee: Attendee
    checked_at: float  # monotonic
    heard_at: float
    transport: Transport | None = None
    behind_s: float | None = None  # its own word
    first_s: float | None = None  # likewise


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is there of one event, by transport: how many, and the seconds behind live that they reported."""

    present: dict[Transport, int] = field(default_factory=lambda: dict.fromkeys(TRANSPORTS, 0))
    behind: dict[Transport, list[float]] = field(default_factory=lambda: {name: [] for name in TRANSPORTS})


@dataclass(frozen=True, slots=True)
class Heard:
    """The last word of a person's player."""

    person: uuid.UUID
    event_id: uuid.UUID
    transport: Transport
    at: float  # monotonic
    behind_s: float | None  # its own word
    first_s: float | None = None  # likewise: what it took from opening the link, or from the start, to a picture


class Admission:
    """One a web process, over what it was asked lately; bounded, who was asked for longest ago is forgotten first."""

    def __init__(self, registration: RegistrationService) -> None:
        self._registration = registration
        self._seen: OrderedDict[uuid.UUID, _Seen] = OrderedDict()
        self._doubts = 0  # counted: an answer to a question asked before the last one is not believed for long

    async def admit(self, viewer: Principal) -> None:
        """Raises `Unauthenticated` (deleted), `Gone` (link renewed, cancelled) or `Forbidden` (no seat).

        While PostgreSQL is away a signed token is enough: nobody is thrown out by that.
        """
        attendee_id = uuid.UUID(viewer.person)
        now = time.monotonic()
        seen = self._seen.get(attendee_id)
        if seen is None or now - seen.checked_at > _BELIEVED_S:
            doubts = self._doubts
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    attendee = await self._registration.find(attendee_id)
            except AWAY:
                if seen is None:
                    return
                attendee = seen.attendee
            if attendee is None or attendee.event_id != viewer.event_id:
                self._seen.pop(attendee_id, None)
                raise Unauthenticated("This token is not valid. Open your link again.", code="token_invalid")
            seen = self._remember(attendee, now)
            if doubts != self._doubts:
                seen.checked_at = float("-inf")
        if seen.attendee.link_version != viewer.version:
            raise Gone("This link was replaced by a new one. Ask the host for it.", code="link_revoked")
        may_join(seen.attendee)

    def _remember(self, attendee: Attendee, now: float) -> _Seen:
        seen = self._seen.pop(attendee.id, None)
        seen = (
            _Seen(attendee, now, now)
            if seen is None
            else replace(seen, attendee=attendee, checked_at=now, heard_at=now)
        )
        self._seen[attendee.id] = seen
        if len(self._seen) > _MOST_PEOPLE:
            self._seen.popitem(last=False)
        return seen

    def doubt(self, event_id: uuid.UUID) -> None:
        """Something changed among the people of an event: the next time each is asked for anew."""
        self._doubts += 1
        for seen in self._seen.values():
            if seen.attendee.event_id == event_id:
                seen.checked_at = float("-inf")

    def heard(
        self,
        viewer: Principal,
        transport: Transport | None,
        behind_s: float | None = None,
        first_s: float | None = None,
    ) -> bool:
        """Notes that a player asked, and how it plays; True for the first time in this process."""
        seen = self._seen.get(uuid.UUID(viewer.person))
        if seen is None:
            return False
        first = seen.transport is None and transport is not None
        seen.heard_at = time.monotonic()
        seen.transport = transport or seen.transport
        seen.behind_s = behind_s
        seen.first_s = first_s if first_s is not None else seen.first_s
        return first

    def heard_of(self, event_id: uuid.UUID) -> Iterator[Heard]:
        """People of an event whom this process has heard of lately."""
        return (h for h in self.heard_since(time.monotonic() - PRESENT_S) if h.event_id == event_id)

    def heard_since(self, moment: float) -> Iterator[Heard]:
        """People whom this process has heard of since a moment of the monotonic clock."""
        for person, seen in self._seen.items():
            if seen.transport is not None and seen.heard_at >= moment:
                yield Heard(person, seen.attendee.event_id, seen.transport, seen.heard_at, seen.behind_s, seen.first_s)

    def audiences(self) -> dict[uuid.UUID, Audience]:
        """Of every event that somebody is there of, in one pass over all people."""
        now = time.monotonic()
        found: dict[uuid.UUID, Audience] = {}
        for seen in self._seen.values():
            if now - seen.heard_at <= PRESENT_S:
                audience = found.setdefault(seen.attendee.event_id, Audience())
                if seen.transport:
                    audience.present[seen.transport] += 1
                    if seen.behind_s is not None:
                        audience.behind[seen.transport].append(seen.behind_s)
        return found
