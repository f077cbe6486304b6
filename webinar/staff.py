"""Who hosts: whose events are still theirs, who helps them by a link, and what goes with a host who is removed."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import AWAY
from webinar.events.model import EventState
from webinar.events.moderators import Moderators
from webinar.events.role_model import LinkRole
from webinar.events.roles import RoleLinks
from webinar.events.service import EventService
from webinar.hooks.service import Hooks
from webinar.people.model import Account, Role
from webinar.people.service import PeopleService

_log = log.get(__name__)
# For so long an answer is believed without asking PostgreSQL again: longer when it does not answer.
_BELIEVED_S: Final = 3.0
_MOST_BELIEVED: Final = 1000


class Staff:
    """One a process."""

    def __init__(
        self,
        people: PeopleService,
        events: EventService,
        moderators: Moderators,
        roles: RoleLinks,
        hooks: Hooks,
        bus: Bus,
        cohost: Callable[[str], uuid.UUID | None],
    ) -> None:
        """`cohost` reads the link from a co-host's cookie; None for any other text."""
        self._people = people
        self._events = events
        self._moderators = moderators
        self._roles = roles
        self._hooks = hooks
        self._bus = bus
        self._cohost = cohost
        self._believed: OrderedDict[tuple[uuid.UUID, uuid.UUID], tuple[float, bool]] = OrderedDict()

    async def hosts(self, event_id: uuid.UUID, account_id: uuid.UUID) -> bool:
        """Whether this account may (still) host the event; from memory while PostgreSQL is away."""
        key = (event_id, account_id)
        at, known = self._believed.get(key, (float("-inf"), None))
        if known is not None and time.monotonic() - at < _BELIEVED_S:
            return known
        try:
            account = await self._people.hosts.get(account_id)
            owner = account is not None and account.role is Role.OWNER
            known = owner or (account is not None and await self._roles.owned_by(event_id, account_id))
        except AWAY:
            if known is None:
                raise
            return known
        self._believed[key] = (time.monotonic(), known)
        self._believed.move_to_end(key)
        if len(self._believed) > _MOST_BELIEVED:
            self._believed.popitem(last=False)
        return known

    async def host_of(self, event_id: uuid.UUID, account: Account | None, keys: Collection[str]) -> Account | None:
        """Who of these may host this event: the owner, the host who made it, a co-host by one of the cookies `keys`."""
        if account is not None and (account.role is Role.OWNER or await self._roles.owned_by(event_id, account.id)):
            return account
        for key in keys:
            link_id = self._cohost(key)
            link = None if link_id is None else await self._roles.holds(link_id)
            if link is not None and link.event_id == event_id and link.role is LinkRole.COHOST:
                return Account(link.id, "", link.name, Role.COHOST, False, link.created_at)
        return None

    async def remove(self, account_id: uuid.UUID) -> None:
        """A host is signed out everywhere, and their events are the owner's from now on.

        What they knew of these opens nothing any more: links, keys, webhooks. The stream of an event that is on air
        goes on; its links are the owner's to renew. Raises `NotFound`; the owner cannot be removed.
        """
        events = await self._roles.events_of(account_id)
        await self._people.hosts.remove(account_id)
        for event_id in events:
            self._believed.pop((event_id, account_id), None)
            await self._bus.publish_json(f"event.{event_id}.out", {"person": f"host:{account_id}", "at": time.time()})
            await self._hooks.disable(event_id)
            event = await self._events.get(event_id)
            if event.state in (EventState.DRAFT, EventState.SCHEDULED):
                await self._events.renew_presenter_link(event_id)
                await self._events.renew_stream_key(event_id)
                await self._moderators.renew(event_id)
        _log.info("events of a removed host are the owner's", account=str(account_id), events=len(events))
