"""Rules of links by role: any number of them, each for one role of one event, each revoked alone and at once."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from typing import Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import AWAY, Pool
from webinar.base.errors import Conflict, DeadLink, Gone, NotFound, Unauthenticated
from webinar.base.tokens import Purpose, Tokens
from webinar.events.role_model import LinkRole, RoleLink, link_name
from webinar.events.role_store import RoleStore

_log = log.get(__name__)
_MOST: Final = 100  # links of one event that work
# For so long a link is believed without asking PostgreSQL again: longer when it does not answer.
_BELIEVED_S: Final = 3.0
_MOST_BELIEVED: Final = 1000
_VERSION: Final = 1  # a link is not renewed but revoked, and another made


class RoleLinks:
    """One a process."""

    def __init__(self, pool: Pool, bus: Bus, tokens: Tokens) -> None:
        self._store = RoleStore(pool)
        self._bus = bus
        self._tokens = tokens
        self._believed: OrderedDict[uuid.UUID, tuple[float, RoleLink | None]] = OrderedDict()

    def token(self, link_id: uuid.UUID, event_id: uuid.UUID) -> str:
        """Of `/h/`, `/s/` or `/m/`, by its role."""
        return self._tokens.link(Purpose.ROLE, link_id, _VERSION, event_id)

    def stream_key(self, link_id: uuid.UUID) -> str:
        """What the studio that it opened sends with: void when the link is."""
        return self._tokens.link(Purpose.ROLE_STREAM, link_id, _VERSION)

    async def make(self, event_id: uuid.UUID, role: LinkRole, name: str, made_by: uuid.UUID | None = None) -> RoleLink:
        """`made_by`: the link of the co-host who makes it. Raises `Invalid`, `NotFound`, `Conflict` code `limit`."""
        made = await self._store.add(event_id, role, link_name(name), _MOST, made_by)
        if made is None:
            raise Conflict("There are too many links already. Revoke those nobody uses.", code="limit")
        _log.info("role link made", event_id=str(event_id), role=role.value, link=str(made.id))
        return made

    async def all(self, event_id: uuid.UUID) -> list[RoleLink]:
        """Those that work, in the order they were made."""
        return await self._store.working(event_id)

    async def by_token(self, token: str, role: LinkRole) -> RoleLink:
        """Whose link it is. Raises `Unauthenticated` for a wrong one, `DeadLink` (said alike) for one whose event was
        deleted, `Gone` for one that was revoked.
        """
        given = self._tokens.read_link(Purpose.ROLE, token)
        link = await self._store.get(given.subject)
        if link is None:
            raise DeadLink(given.event)
        if link.role is not role:
            raise Unauthenticated("This link is not valid.", code="link_invalid")
        if link.revoked_at is not None:
            raise Gone("This link was revoked. Ask the host for another one.", code="link_withdrawn")
        await self._store.used(link.id)
        return link

    async def by_stream_key(self, key: str) -> RoleLink:
        """Raises `Unauthenticated` for a wrong one, and for one whose link was revoked."""
        link = await self.holds(self._tokens.read_link(Purpose.ROLE_STREAM, key).subject)
        if link is None:
            raise Unauthenticated("This link was revoked. Ask the host for another one.", code="link_revoked")
        return link

    async def holds(self, link_id: uuid.UUID) -> RoleLink | None:
        """The link while it works, None for any other; from memory while PostgreSQL is away."""
        at, known = self._believed.get(link_id, (float("-inf"), None))
        if time.monotonic() - at < _BELIEVED_S:
            return known
        try:
            found = await self._store.get(link_id)
        except AWAY:
            if known is None:
                raise
            return known
        known = found if found is not None and found.revoked_at is None else None
        self._believed[link_id] = (time.monotonic(), known)
        self._believed.move_to_end(link_id)
        if len(self._believed) > _MOST_BELIEVED:
            self._believed.popitem(last=False)
        return known

    def doubt(self, person: str) -> None:
        """Whoever they are by a link of theirs, it may have been revoked: the next time it is asked for anew."""
        for link_id in [link_id for link_id, (_, link) in self._believed.items() if link and link.person == person]:
            del self._believed[link_id]

    async def revoke(self, event_id: uuid.UUID, link_id: uuid.UUID) -> None:
        """It opens nothing from now on, nor do those made by it, and what they opened is closed. Raises `NotFound`."""
        revoked = await self._store.revoke(event_id, link_id)
        if not revoked:
            raise NotFound("There is no such link. It may have been revoked before.", code="link_not_found")
        for link in revoked:
            self._believed[link.id] = (time.monotonic(), None)
            await self._bus.publish_json(f"event.{event_id}.out", {"person": link.person, "at": time.time()})
            _log.info("role link revoked", event_id=str(event_id), role=link.role.value, link=str(link.id))

    # -- whose an event is ---------------------------------------------------------------------------------------

    async def events_of(self, account: uuid.UUID) -> list[uuid.UUID]:
        """Those this host made."""
        return await self._store.events_of(account)

    async def owned_by(self, event_id: uuid.UUID, account: uuid.UUID) -> bool:
        """Whether this host made the event; the owner's and those of programs are nobody else's."""
        return await self._store.owned_by(event_id, account)

    async def give_to(self, event_id: uuid.UUID, account: uuid.UUID) -> None:
        """From now on it is this host's."""
        await self._store.give_to(event_id, account)
