"""The moderators' link of an event, and who came by it."""

from __future__ import annotations

import time
import uuid
from typing import Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import Pool
from webinar.base.errors import Conflict, NotFound
from webinar.base.tokens import Purpose, Tokens
from webinar.events.model import Event, Moderator, moderator_name
from webinar.events.moderator_store import ModeratorStore
from webinar.events.service import EventService

_log = log.get(__name__)
# More browsers than one event has moderators: a link that leaked fills no table.
_MOST: Final = 200


class Moderators:
    """One a process."""

    def __init__(self, pool: Pool, bus: Bus, tokens: Tokens, events: EventService) -> None:
        self._store = ModeratorStore(pool)
        self._bus = bus
        self._tokens = tokens
        self._events = events

    def link(self, event: Event) -> str:
        """The token of `/m/{token}`."""
        return self._tokens.link(Purpose.MODERATOR, event.id, event.moderator_link_version)

    async def event_of(self, token: str) -> Event:
        """The event of a link. Raises `Unauthenticated` for a wrong one, `Gone` for one that was renewed."""
        return await self._events.by_link(Purpose.MODERATOR, token, lambda event: event.moderator_link_version)

    async def admit(self, event: Event, name: str) -> Moderator:
        """Somebody who came by the link, under the name they gave. Raises `Invalid`, and `Conflict` code `full`."""
        made = await self._store.add(event.id, moderator_name(name), event.moderator_link_version, _MOST)
        if made is None:
            raise Conflict("Too many people have used this link. Ask the host for a new one.", code="full")
        _log.info("moderator came", event_id=str(event.id), moderator=str(made.id))
        return made

    async def find(self, moderator_id: uuid.UUID) -> Moderator | None:
        """None for somebody whose link was renewed, too."""
        return await self._store.get(moderator_id)

    async def all(self, event_id: uuid.UUID) -> list[Moderator]:
        """Who came by the link as it is now, in that order."""
        return await self._store.all(event_id)

    async def renew(self, event_id: uuid.UUID) -> Event:
        """The old link is void, and the consoles that it opened are closed. Raises `NotFound`."""
        done = await self._store.renew_link(event_id)
        if done is None:
            raise NotFound("There is no such event. Check the address.", code="event_not_found")
        event, gone = done
        await self._events.announce(event_id, event)
        for moderator in gone:
            await self._bus.publish_json(f"event.{event_id}.out", {"person": moderator.person, "at": time.time()})
        return event
