"""What one web process consists of, and what is done with several subjects at once."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from webinar.api.access import Access
from webinar.api.admission import Admission
from webinar.api.crowd import Crowd, Sent
from webinar.api.places import Places
from webinar.api.publishers import Publishers
from webinar.api.stage import Stage
from webinar.api.watchers import Watchers
from webinar.attendance.service import AttendanceService
from webinar.base.bus import Bus
from webinar.base.db import AWAY, Pool
from webinar.base.errors import WebinarError
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.base.tokens import Tokens
from webinar.conversation.service import ConversationService
from webinar.credits.service import CreditService
from webinar.deleted import DeletedEvents
from webinar.destruction import Destruction
from webinar.events.copies import Copies, Rhythm
from webinar.events.images import Images
from webinar.events.model import Event, EventChange, EventState
from webinar.events.moderators import Moderators
from webinar.events.plan.service import Plans
from webinar.events.receipt_store import ReceiptStore
from webinar.events.role_model import LinkRole
from webinar.events.roles import RoleLinks
from webinar.events.service import EventService
from webinar.guests import Guests
from webinar.hooks.service import Hooks
from webinar.letters import Letters
from webinar.links import Links
from webinar.mail.service import MailService
from webinar.media_gate import MediaGate
from webinar.people.model import Account, Role
from webinar.people.service import PeopleService
from webinar.people.throttle import Throttle
from webinar.programme import Programme
from webinar.recordings.editing import Editing
from webinar.recordings.marks import MarkKind
from webinar.recordings.service import RecordingService
from webinar.records import Records
from webinar.registration.doorway import Doorway
from webinar.registration.form import RegistrationForm
from webinar.registration.model import Attendee, Step
from webinar.registration.service import RegistrationService
from webinar.replays import ReplayDoor
from webinar.staff import Staff
from webinar.telling import Telling
from webinar.writer import Writer

if TYPE_CHECKING:
    from webinar.delivery.live import Live


@dataclass(slots=True, kw_only=True)
class Platform:
    """One a process. Made over open connections; owns none of them."""

    settings: Settings
    pool: Pool
    bus: Bus
    tokens: Tokens
    storage: Storage
    # None only in processes and tests that serve no media.
    live: Live | None = None
    people: PeopleService = field(init=False)
    events: EventService = field(init=False)
    plans: Plans = field(init=False)
    images: Images = field(init=False)
    copies: Copies = field(init=False)
    moderators: Moderators = field(init=False)
    roles: RoleLinks = field(init=False)
    staff: Staff = field(init=False)
    registration: RegistrationService = field(init=False)
    doorway: Doorway = field(init=False)
    registration_form: RegistrationForm = field(init=False)
    recordings: RecordingService = field(init=False)
    editing: Editing = field(init=False)
    programme: Programme = field(init=False)
    replays: ReplayDoor = field(init=False)
    conversation: ConversationService = field(init=False)
    attendance: AttendanceService = field(init=False)
    credits: CreditService = field(init=False)
    records: Records = field(init=False)
    destruction: Destruction = field(init=False)
    links: Links = field(init=False)
    hooks: Hooks = field(init=False)
    telling: Telling = field(init=False)
    mail: MailService = field(init=False)
    letters: Letters = field(init=False)
    writer: Writer = field(init=False)
    access: Access = field(init=False)
    stage: Stage = field(init=False)
    admission: Admission = field(init=False)
    watchers: Watchers = field(init=False)
    publishers: Publishers = field(init=False)
    places: Places = field(init=False)
    crowd: Crowd = field(init=False)
    # What one person makes us read the whole conversation for.
    readings: Throttle = field(default_factory=lambda: Throttle(burst=60, refill_s=1.0))

    def __post_init__(self) -> None:
        self.people = PeopleService(self.pool)
        self.events = EventService(self.pool, self.bus, self.tokens)
        self.plans = Plans(self.pool, self.events)
        self.images = Images(self.pool, self.storage, self.events)
        self.copies = Copies(self.pool, self.events, self.images)
        self.moderators = Moderators(self.pool, self.bus, self.tokens, self.events)
        self.roles = RoleLinks(self.pool, self.bus, self.tokens)
        self.registration = RegistrationService(self.pool, self.bus, self.tokens)
        self.doorway = Doorway(self.pool, self.bus)
        self.registration_form = RegistrationForm(self.pool)
        self.recordings = RecordingService(self.pool, self.bus, self.storage, self.tokens)
        self.conversation = ConversationService(self.pool, self.bus)
        self.editing = Editing(self.pool, self.storage)
        self.programme = Programme(self.events, self.editing, self.conversation)
        self.links = Links(self.settings, self.events, self.moderators, self.roles, self.registration, self.recordings)
        self.hooks = Hooks(self.pool, inside=self.settings.webhooks_inside)
        self.staff = Staff(self.people, self.events, self.moderators, self.roles, self.hooks, self.bus)
        self.telling = Telling(self.hooks, self.events, self.recordings, self.links)
        self.attendance = AttendanceService(self.pool)
        self.credits = CreditService(self.pool, self.tokens)
        self.mail = MailService(self.pool)
        self.letters = Letters(self.settings, self.mail, self.registration, self.attendance)
        self.records = Records(
            self.registration,
            self.registration_form,
            self.attendance,
            self.credits,
            self.images,
            self.links,
            self.letters,
        )
        self.destruction = Destruction(
            ReceiptStore(self.pool),
            DeletedEvents(self.storage, self.events),
            self.registration,
            self.attendance,
            self.conversation,
            self.recordings,
            self.images,
        )
        self.writer = Writer.of(self.settings, self.links, self.registration)
        prefix = None if self.live is None else self.live.replays.prefix
        self.replays = ReplayDoor(self.recordings, self.editing, self.attendance, self.links, prefix)
        if self.live is not None:
            self.live.hls.guard(MediaGate(self.editing.gate_of_session))
        self.access = Access(self.settings, self.tokens, self.people)
        self.admission = Admission(self.registration)
        self.stage = Stage(
            self.events,
            None if self.live is None else self._playable,
            self._doubt,
            self._silent,
            self._over,
        )
        self.watchers = Watchers(self._close_whep)
        self.publishers = Publishers(self._close_whip)
        self.places = Places(self.watchers.give_way)
        self.crowd = Crowd(self.admission, self._sent)
        self.events.on_change = self.stage.changed
        self.registration.on_change = self.stage.changed
        self.registration.on_steps = self._moved

    def _doubt(self, event_id: uuid.UUID) -> None:
        """An event or its people are not what they were: what was believed of them is asked for again."""
        self.admission.doubt(event_id)
        self.attendance.forget(event_id)

    def _playable(self, event_id: str) -> str | None:
        session = None if self.live is None else self.live.session(event_id)
        return None if session is None else session.hls_prefix

    async def listen(self) -> None:
        """To what other processes tell of events and people, before the first request."""
        await self.stage.listen(self.bus)
        await self.watchers.listen(self.bus)
        await self.doorway.listen()
        await self.publishers.listen(self.bus)
        await self.places.listen(self.bus)
        await self.crowd.listen(self.bus)

    async def keep_watch(self) -> None:
        """For the life of the process: over the events somebody waits for, and telling who watches here."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.stage.keep_looking(), name="stage")
            tasks.create_task(self.crowd.keep_telling(self.bus), name="crowd")
            tasks.create_task(self.places.keep_telling(self.bus), name="places")
            tasks.create_task(self.attendance.keep_noting(), name="attendance seen")
            tasks.create_task(self.doorway.keep_noting(), name="who entered")

    def _sent(self, event_id: str | None = None) -> dict[str, Sent]:
        if self.live is None:
            return {}
        whep = self.live.whep
        asked = whep.events if event_id is None else {event_id} & set(whep.events)
        stats = {name: whep.stats(name) for name in asked}
        return {name: Sent(s.viewers, s.by_rung, s.totals.lateness_s) for name, s in stats.items()}

    def _close_whep(self, resource: str) -> None:
        if self.live is not None:
            with contextlib.suppress(WebinarError):  # ended before
                self.live.whep.delete(resource)

    async def _close_whip(self, event_id: uuid.UUID, resource: str) -> None:
        await self.events.to_publisher(event_id, "whip_delete", {"resource": resource})

    def _silent(self) -> set[uuid.UUID]:
        found = set()
        for event_id in () if self.live is None else self.live.silent():
            with contextlib.suppress(ValueError):  # no event of ours
                found.add(uuid.UUID(event_id))
        return found

    def _over(self, event_id: uuid.UUID) -> None:
        if self.live is not None:
            self.live.over(str(event_id))

    async def host_of(self, event_id: uuid.UUID, account: Account | None, keys: Collection[str]) -> Account | None:
        """Who of these may host this event: the owner, the host who made it, a co-host by one of the cookies `keys`."""
        if account is not None and (account.role is Role.OWNER or await self.roles.owned_by(event_id, account.id)):
            return account
        for key in keys:
            link_id = self.access.cohost(key)
            link = None if link_id is None else await self.roles.holds(link_id)
            if link is not None and link.event_id == event_id and link.role is LinkRole.COHOST:
                return Account(link.id, "", link.name, Role.COHOST, False, link.created_at)
        return None

    async def _moved(self, event_id: uuid.UUID, steps: Sequence[Step]) -> None:
        """People of an event stand elsewhere now: they and the webhooks hear of it."""
        await Guests(self.events, self.letters).moved(event_id, steps)
        await self.telling.moved(event_id, steps)

    async def start_event(self, event_id: uuid.UUID) -> Event:
        """Goes live and is recorded from then on. Raises as `EventService.start`."""
        event = await self.events.start(event_id)
        await self.recordings.open(event_id)
        await self.telling.started(event)
        return event

    async def end_event(self, event_id: uuid.UUID) -> Event:
        """Over for everyone; the recording is taken at once. Raises as `EventService.end`, and `Unavailable`."""
        event = await self.events.end(event_id)
        await self.recordings.scan_event(event_id)
        with contextlib.suppress(*AWAY):  # the worker does it then
            await self.attendance.seal(event_id)
        await self.telling.ended(event)
        await self.telling.recorded(event_id)
        return event

    async def pause_event(self, event_id: uuid.UUID, paused: bool) -> Event:
        """Holding picture or presenter; the programme remembers it as a break. Raises as `EventService.pause`."""
        before = await self.events.get(event_id)
        event = await self.events.pause(event_id, paused)
        if before.paused is not paused:
            await self.editing.mark(event_id, MarkKind.PAUSE if paused else MarkKind.RESUME)
        return event

    async def change_event(self, event_id: uuid.UUID, change: EventChange) -> Event:
        """Seats that were added go to the waiting list. Raises as `EventService.change`."""
        event = await self.events.change(event_id, change)
        await self._changed(event, change)
        return event

    async def change_following(self, event_id: uuid.UUID, change: EventChange) -> list[Event]:
        """The same for this event and those of its series after it. Raises as `Copies.change_following`."""
        events = await self.copies.change_following(event_id, change)
        for event in events:
            await self._changed(event, change)
        return events

    async def _changed(self, event: Event, change: EventChange) -> None:
        if change.model_fields_set & {"capacity", "registration"}:
            await self.registration.fill_seats(event.id)
        told = change.model_fields_set & {"title", "starts_at", "ends_at", "timezone"}
        if told:
            await self.letters.event_changed(event, ", ".join(sorted(told)))

    async def forget(self, attendee: Attendee) -> None:
        """All that is known of a person goes for good: first their access, then what they said, with their name."""
        await self.registration.forget(attendee)
        await self.forget_elsewhere(attendee.event_id, attendee.id)

    async def forget_elsewhere(self, event_id: uuid.UUID, attendee_id: uuid.UUID) -> None:
        """What other subjects keep of a person whom registration has forgotten. May be repeated."""
        await self.conversation.forget(event_id, str(attendee_id))
        await self.attendance.forget_person(attendee_id)
        await self.credits.forget(attendee_id)
        await self.hooks.forget(attendee_id)
        await self.mail.forget(attendee_id)

    async def duplicate_event(self, event_id: uuid.UUID, title: str, starts_at: datetime) -> Event:
        """A draft with everything but people. Raises as `Copies.duplicate`."""
        event = await self.copies.duplicate(event_id, title, starts_at)
        await self._copy_settings(event_id, [event.id])
        return event

    async def repeat_event(self, event_id: uuid.UUID, rhythm: Rhythm, count: int) -> list[Event]:
        """A series of `count` events, this one the first. Raises as `Copies.repeat`."""
        made = await self.copies.repeat(event_id, rhythm, count)
        await self._copy_settings(event_id, [event.id for event in made.events])
        return [made.source, *made.events]

    async def _copy_settings(self, source: uuid.UUID, targets: list[uuid.UUID]) -> None:
        """What other subjects keep of an event that is no person's: each knows its own."""
        await self.roles.inherit(source, targets)
        for target in targets:
            await self.registration_form.copy(source, target)
            await self.mail.copy_choices(source, target)
            await self.attendance.copy(source, target)
            await self.credits.copy_terms(source, target)

    async def delete_event(self, event_id: uuid.UUID) -> None:
        """With its people, chat, recording and media; who was to come is told. Raises as `DeletedEvents.delete`."""
        event = await self.events.get(event_id)
        goodbyes = await self.letters.goodbyes(event)
        if event.state is EventState.ENDED:
            await self.destruction.destroy(event_id, "host")
        else:
            await DeletedEvents(self.storage, self.events).delete(event_id)
        await self.letters.call_off(goodbyes)
