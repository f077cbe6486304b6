"""Rules of events. The one place that changes an event's state, in PostgreSQL first, then on the bus."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime

from ingest.contract import Subject
from webinar.base import cursor as cursors
from webinar.base import log
from webinar.base.bus import Bus, BusDown, Refused
from webinar.base.db import Connection, Pool
from webinar.base.errors import Conflict, DeadLink, Forbidden, Gone, Unauthenticated, Unavailable, WebinarError
from webinar.base.tokens import Purpose, Tokens
from webinar.events.fields import EventChange, NewEvent
from webinar.events.model import (
    Event,
    EventState,
    Page,
    check_times,
    check_zone,
    default_end,
    keeps_promise,
    may_delete,
    may_edit,
    may_end,
    may_pause,
    may_start,
    new_slug,
)
from webinar.events.plan.model import AgendaItem, Speaker
from webinar.events.plan.store import PlanStore
from webinar.events.program import Programs, found
from webinar.events.store import SlugTaken
from webinar.events.turned import put_down

_log = log.get(__name__)

# What other subjects change with an event, in the transaction that changes it: as it was, as it is, and what was asked.
Beside = Callable[[Connection, Event, Event, EventChange], Awaitable[None]]


class EventService(Programs):
    """One a process, over its pool and its bus. Every method raises `NotFound` for an unknown event."""

    def __init__(self, pool: Pool, bus: Bus, tokens: Tokens) -> None:
        super().__init__(pool, bus)
        self._plan = PlanStore(pool)
        self._tokens = tokens
        # Called at once with each event this process changes, and its row as written where there is one: its own
        # memory must not wait for the bus.
        self.on_change: Callable[[uuid.UUID, Event | None], None] | None = None

    # -- reading and writing -------------------------------------------------------------------------------------

    async def create(self, new: NewEvent) -> Event:
        """Raises `Invalid`."""
        check_zone(new.timezone)
        ends_at = new.ends_at if new.ends_at is not None else default_end(new.starts_at)
        check_times(new.starts_at, ends_at)
        while True:
            try:
                event = await self._store.add(new_slug(new.title), new, ends_at)
            except SlugTaken:
                continue
            _log.info("event created", event_id=str(event.id), state=event.state.value)
            return event

    async def get(self, event_id: uuid.UUID) -> Event:
        return found(await self._store.get(event_id))

    async def by_slug(self, slug: str, *, drafts: bool = False) -> Event:
        """The announced event of a public page: a draft is not found, unless asked for."""
        event = await self._store.by_slug(slug)
        return found(None if event is not None and event.state is EventState.DRAFT and not drafts else event)

    async def many(self, ids: list[uuid.UUID]) -> list[Event]:
        """Those of the ids that exist."""
        return await self._store.many(ids)

    async def page(
        self,
        *,
        cursor: str | None = None,
        limit: int = 50,
        state: EventState | None = None,
        made_by: uuid.UUID | None = None,
    ) -> Page:
        """Newest first; with `made_by` a host's own. Raises `BadRequest` for a cursor that is not one of ours."""
        found = await self._store.page(None if cursor is None else cursors.read(cursor), limit + 1, state, made_by)
        items = tuple(found[:limit])
        return Page(items, cursors.write(items[-1].created_at, items[-1].id) if len(found) > limit else None)

    async def change(self, event_id: uuid.UUID, change: EventChange, beside: Beside | None = None) -> Event:
        """Raises `Invalid`, and `Conflict` for what the state does not allow. Announces the change.

        The agenda moves with the start; what else does, `beside` moves.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            event = await self.change_in(connection, event_id, change, beside)
        await self.announce(event_id, event)
        return event

    async def change_in(
        self, connection: Connection, event_id: uuid.UUID, change: EventChange, beside: Beside | None = None
    ) -> Event:
        """The same within the caller's transaction, who announces it after that. Keeps the event's row."""
        values = {k: v for k, v in change.model_dump(exclude_unset=True).items() if v is not None}
        values |= {name: values[name].strip() for name in ("title", "organizer") if name in values}
        if "accent" in values:
            values["accent"] = values["accent"] or None
        before = found(await self._store.get(event_id, connection, lock=True))
        may_edit(before, change)
        check_zone(values.get("timezone", before.timezone))
        starts_at = values.get("starts_at", before.starts_at)
        ends_at = values.get("ends_at", before.ends_at)
        check_times(starts_at, ends_at)
        if ends_at > before.ends_at:
            keeps_promise(ends_at, await self._store.promised(event_id, connection))
        if starts_at != before.starts_at:
            await self._plan.shift_agenda(connection, event_id, starts_at - before.starts_at)
        event = await self._store.change(connection, event_id, values)
        if beside is not None:
            await beside(connection, before, event, change)
        return event

    async def agenda(self, event_id: uuid.UUID) -> list[AgendaItem]:
        """In the host's order; written by `plan.service`."""
        return await self._plan.agenda(event_id)

    async def speakers(self, event_id: uuid.UUID) -> list[Speaker]:
        """In the host's order; written by `plan.service`."""
        return await self._plan.speakers(event_id)

    async def delete(self, event_id: uuid.UUID, beside: Callable[[Connection], Awaitable[None]] | None = None) -> None:
        """With its people, chat and rows; `beside` is done in the same transaction, while they are there.

        Raises `Conflict` while it is live.
        """
        async with self._store.pool.acquire() as connection, connection.transaction():
            may_delete(found(await self._store.get(event_id, connection, lock=True)))
            if beside is not None:
                await beside(connection)
            await self._store.delete(connection, event_id)
        await self.announce(event_id)
        _log.info("event deleted", event_id=str(event_id))

    async def check_deletable(self, event_id: uuid.UUID) -> None:
        """Raises `Conflict` while it is live."""
        may_delete(await self.get(event_id))

    # -- links ---------------------------------------------------------------------------------------------------

    def presenter_link(self, event: Event) -> str:
        """The token of `/s/{token}`."""
        return self._tokens.link(Purpose.PRESENTER, event.id, event.presenter_link_version)

    def stream_key(self, event: Event) -> str:
        return self._tokens.link(Purpose.STREAM, event.id, event.stream_key_version)

    async def by_presenter_link(self, token: str) -> Event:
        """Raises `Unauthenticated` for a wrong link, `Gone` for a revoked one."""
        return await self.by_link(Purpose.PRESENTER, token, lambda event: event.presenter_link_version)

    async def by_link(self, purpose: Purpose, token: str, version_of: Callable[[Event], int]) -> Event:
        """The event a link opens. Raises `Unauthenticated` for a wrong one, `DeadLink` (said alike) for one of an event
        that was deleted, `Gone` for a revoked one.
        """
        link = self._tokens.read_link(purpose, token)
        event = await self._store.get(link.subject)
        if event is None:
            raise DeadLink(link.subject.bytes)
        if link.version != version_of(event):
            raise Gone("This link was replaced by a new one. Ask the host for it.", code="link_revoked")
        return event

    def stream_key_owner(self, key: str) -> uuid.UUID:
        """The event a stream key was made for. Raises `Unauthenticated` for anything that is no key of ours."""
        try:
            return self._tokens.read_link(Purpose.STREAM, key).subject
        except Unauthenticated as error:
            raise Unauthenticated("This stream key is not valid. Copy it again.", code="stream_key_invalid") from error

    def check_stream_key(self, event: Event, key: str) -> None:
        """Raises `Forbidden` for a key of another event, or one that was replaced."""
        link = self._tokens.read_link(Purpose.STREAM, key)
        if link.subject != event.id or link.version != event.stream_key_version:
            raise Forbidden("This stream key was replaced by a new one. Copy it again.", code="stream_key_revoked")

    async def renew_presenter_link(self, event_id: uuid.UUID) -> Event:
        """The old link and the access it gave are void from now on."""
        event = found(await self._store.renew_presenter_link(event_id))
        await self.announce(event_id, event)
        return event

    async def renew_stream_key(self, event_id: uuid.UUID) -> Event:
        event = found(await self._store.renew_stream_key(event_id))
        await self.announce(event_id, event)
        return event

    # -- states --------------------------------------------------------------------------------------------------

    async def start(self, event_id: uuid.UUID) -> Event:
        """Goes live; an event that is live already stays so, and its ingest is asked again.

        Raises `Conflict` (draft, ended), and `Unavailable` with ingest's own code when it refuses (`no_room`) or
        `no_ingest` when none answers: then the event is scheduled again.
        """
        before = await self.get(event_id)
        may_start(before.state)
        changed = await self._store.set_state(self._store.pool, event_id, EventState.SCHEDULED, EventState.LIVE)
        try:
            await self.bring_on_air(event_id)
        except Refused as error:
            await self._take_back(event_id, error)
            raise Unavailable(error.message, code=error.code, retry_after_s=error.retry_after_s or 3) from error
        except Unavailable as error:
            await self._take_back(event_id, error)
            raise Unavailable(
                "The event could not go live: no media service answers. Try again in a few seconds.",
                code="no_ingest",
                retry_after_s=error.retry_after_s or 3,
            ) from error
        # It may have been taken back meanwhile by another start, which ingest did not answer.
        again = await self._turn(event_id, EventState.SCHEDULED, EventState.LIVE)
        changed = again or changed
        if changed is not None:
            _log.info("event live", event_id=str(event_id))
        await self.announce(event_id, changed)
        event = await self._as_it_is(event_id)
        may_start(event.state)  # ended by somebody else meanwhile
        return event

    async def _take_back(self, event_id: uuid.UUID, error: Exception) -> None:
        if await self._store.take_back_start(event_id) is not None:
            _log.warning("event could not go live", event_id=str(event_id), error=str(error))
            if isinstance(error, BusDown):
                # It may have heard and be starting still. Not waited for: the worker stops what this does not reach.
                await self._bus.publish_json(Subject.command(str(event_id), "end"), {})
        await self.announce(event_id)

    async def pause(self, event_id: uuid.UUID, paused: bool) -> Event:
        """Viewers and the recording get the holding picture and silence, or the presenter again; at once.

        Repeating it changes nothing. Raises `Conflict` unless the event is live, `Unavailable` when no ingest confirms
        it: then it is taken back.
        """
        before = await self.get(event_id)
        may_pause(before.state)
        changed = await self._store.set_paused(event_id, paused)
        if changed is None:
            raise Conflict("The event is not live.", code="not_live")
        try:
            await self.pause_ingest(event_id, paused)
        except WebinarError as error:
            await self.announce(event_id, await self._store.set_paused(event_id, before.paused))
            raise Unavailable(
                "The media service did not answer. Try again in a few seconds.",
                code="no_ingest",
                retry_after_s=error.retry_after_s or 3,
            ) from error
        _log.info("event paused" if paused else "event resumed", event_id=str(event_id))
        await self.announce(event_id, changed)
        return changed

    async def end(self, event_id: uuid.UUID, *, itself: bool = False) -> Event:
        """Over for everyone, at once and for good; returns when the recording is closed or the ingest cannot say so.

        What an ingest that does not answer leaves behind is finished by the worker. `itself`: nobody ended it, its time
        did. Raises `Conflict` if not live.
        """
        before = await self.get(event_id)
        may_end(before.state)
        changed = await self._turn(event_id, EventState.LIVE, EventState.ENDED, itself=itself)
        if changed is not None:
            _log.info("event ended", event_id=str(event_id), itself=itself)
            await self.announce(event_id, changed)
            await self.stop_ingest(event_id)
            await self.announce(event_id)
        return await self._as_it_is(event_id)

    async def _turn(
        self, event_id: uuid.UUID, before: EventState, after: EventState, *, itself: bool = False
    ) -> Event | None:
        """As `EventStore.set_state`, and put down for who is to be told."""
        async with self._store.pool.acquire() as connection, connection.transaction():
            changed = await self._store.set_state(connection, event_id, before, after, itself=itself)
            if changed is not None:
                await put_down(connection, event_id)
        return changed

    async def _as_it_is(self, event_id: uuid.UUID) -> Event:
        """For an answer that may tell what somebody else did: this process's memory knows it before the caller does."""
        event = await self.get(event_id)
        if self.on_change is not None:
            self.on_change(event_id, event)
        return event

    async def promised(self, event_id: uuid.UUID) -> datetime | None:
        """The earliest date that somebody who registered was told for the end of their data; None: nobody was."""
        return await self._store.promised(event_id)

    async def announce(self, event_id: uuid.UUID, event: Event | None = None) -> None:
        """Tells every process to read this event again. May be lost: readers also look by themselves."""
        if self.on_change is not None:
            self.on_change(event_id, event)
        await self._bus.publish_json(changed_subject(str(event_id)), {"event_id": str(event_id)})


def changed_subject(event_id: str) -> str:
    return f"event.{event_id}.changed"
