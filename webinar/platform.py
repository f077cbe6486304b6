"""What one process consists of: each part made once, and told what it needs of the others."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webinar.api.access import Access
from webinar.api.admission import Admission
from webinar.api.crowd import Crowd
from webinar.api.places import Places
from webinar.api.publishers import Publishers
from webinar.api.stage import Stage
from webinar.api.watchers import Watchers
from webinar.attendance.service import AttendanceService
from webinar.base.bus import Bus
from webinar.base.db import Pool
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.base.tokens import Tokens
from webinar.conversation.orders import Orders
from webinar.conversation.service import ConversationService
from webinar.course import Course
from webinar.credits.service import CreditService
from webinar.deleted import DeletedEvents
from webinar.destruction import Destruction
from webinar.events.copies import Copies
from webinar.events.handouts import Handouts
from webinar.events.images import Images
from webinar.events.moderators import Moderators
from webinar.events.plan.service import Plans
from webinar.events.receipt_store import ReceiptStore
from webinar.events.roles import RoleLinks
from webinar.events.service import EventService
from webinar.events.shelf import Shelf
from webinar.followups import Followups
from webinar.forgetting import Forgetting
from webinar.full_names import FullNames
from webinar.guests import Guests
from webinar.hooks.service import Hooks
from webinar.letters import Letters
from webinar.links import Links
from webinar.logos import Logos
from webinar.mail.reader_store import ReaderStore
from webinar.mail.service import MailService
from webinar.media_gate import MediaGate
from webinar.on_air import OnAir
from webinar.people.service import PeopleService
from webinar.people.throttle import Throttle
from webinar.programme import Programme
from webinar.recordings.editing import Editing
from webinar.recordings.service import RecordingService
from webinar.records import Records
from webinar.registration.doorway import Doorway
from webinar.registration.form import RegistrationForm
from webinar.registration.service import RegistrationService
from webinar.repeating import Repeating
from webinar.replays import ReplayDoor
from webinar.showing import Showing
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
    shelf: Shelf = field(init=False)
    plans: Plans = field(init=False)
    images: Images = field(init=False)
    handouts: Handouts = field(init=False)
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
    media_gate: MediaGate = field(init=False)
    conversation: ConversationService = field(init=False)
    full_names: FullNames = field(init=False)
    orders: Orders = field(init=False)
    attendance: AttendanceService = field(init=False)
    credits: CreditService = field(init=False)
    records: Records = field(init=False)
    destruction: Destruction = field(init=False)
    course: Course = field(init=False)
    repeating: Repeating = field(init=False)
    forgetting: Forgetting = field(init=False)
    links: Links = field(init=False)
    hooks: Hooks = field(init=False)
    telling: Telling = field(init=False)
    mail: MailService = field(init=False)
    letters: Letters = field(init=False)
    guests: Guests = field(init=False)
    writer: Writer = field(init=False)
    logos: Logos = field(init=False)
    showing: Showing = field(init=False)
    followups: Followups = field(init=False)
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
        self._make_subjects()
        self._compose_subjects()
        self._compose_letters()
        self._compose_courses()
        self._watch_live()
        self.events.on_change = self.stage.changed
        self.editing.on_change = self.media_gate.doubt
        self.registration.on_change = self.stage.changed

    def _make_subjects(self) -> None:
        self.people = PeopleService(self.pool)
        self.events = EventService(self.pool, self.bus, self.tokens)
        self.shelf = Shelf(self.pool)
        self.plans = Plans(self.pool, self.events)
        self.images = Images(self.pool, self.storage, self.events)
        self.handouts = Handouts(self.pool, self.storage, self.events)
        self.copies = Copies(self.pool, self.events, self.images, self.handouts, self.storage)
        self.moderators = Moderators(self.pool, self.bus, self.tokens, self.events)
        self.roles = RoleLinks(self.pool, self.bus, self.tokens)
        self.registration = RegistrationService(self.pool, self.bus, self.tokens)
        self.doorway = Doorway(self.pool, self.bus)
        self.registration_form = RegistrationForm(self.pool)
        self.recordings = RecordingService(self.pool, self.bus, self.storage, self.tokens)
        self.editing = Editing(self.pool, self.bus, self.storage)
        self.conversation = ConversationService(self.pool, self.bus)
        self.orders = Orders(self.bus)
        self.attendance = AttendanceService(self.pool)
        self.credits = CreditService(self.pool, self.tokens)
        self.hooks = Hooks(self.pool, inside=self.settings.webhooks_inside)
        self.mail = MailService(self.pool)

    def _compose_subjects(self) -> None:
        self.full_names = FullNames(self.conversation, self.registration)
        self.access = Access(self.settings, self.tokens, self.people)
        self.programme = Programme(self.events, self.editing, self.conversation)
        self.links = Links(self.settings, self.events, self.moderators, self.roles, self.registration, self.recordings)
        self.staff = Staff(
            self.people, self.events, self.moderators, self.roles, self.hooks, self.bus, self.access.cohost
        )
        self.telling = Telling(self.hooks, self.events, self.recordings, self.links)

    def _compose_letters(self) -> None:
        self.letters = Letters(self.settings, self.mail, self.registration, self.attendance)
        self.guests = Guests(self.events, self.registration, self.letters, self.telling)
        self.writer = Writer.of(self.settings, self.links, self.registration)
        self.logos = Logos(self.images)
        self.showing = Showing(self.recordings, self.editing)
        self.followups = Followups(self.attendance, ReaderStore(self.pool), self.mail, self.showing, self.writer)

    def _compose_courses(self) -> None:
        self.records = Records(
            self.registration,
            self.registration_form,
            self.attendance,
            self.credits,
            self.images,
            self.links,
            self.letters,
        )
        deleted = DeletedEvents(self.storage, self.events)
        self.destruction = Destruction(
            ReceiptStore(self.pool),
            deleted,
            self.registration,
            self.attendance,
            self.conversation,
            self.recordings,
            self.images,
            self.handouts,
        )
        self.course = Course(
            self.events,
            self.copies,
            self.registration,
            self.registration_form,
            self.recordings,
            self.editing,
            self.attendance,
            self.letters,
            self.destruction,
            deleted,
        )
        self.repeating = Repeating(
            self.copies,
            self.registration_form,
            self.mail,
            self.attendance,
            self.credits,
            self.editing,
            self.conversation,
        )
        self.forgetting = Forgetting(
            self.registration, self.conversation, self.attendance, self.credits, self.hooks, self.mail
        )

    def _watch_live(self) -> None:
        on_air = OnAir(self.live)
        prefix = None if self.live is None else self.live.replays.prefix
        self.replays = ReplayDoor(self.recordings, self.editing, self.attendance, self.links, prefix)
        self.media_gate = MediaGate(self.editing.gate_of_session)
        if self.live is not None:
            self.live.hls.guard(self.media_gate)
        self.admission = Admission(self.registration)
        self.stage = Stage(
            self.events,
            None if self.live is None else on_air.playable,
            self._doubt,
            on_air.silent,
            on_air.over,
        )
        self.watchers = Watchers(on_air.close_whep)
        if self.live is not None:
            self.live.whep.on_left = self.watchers.left
        self.publishers = Publishers(self._close_whip, self.roles.doubt)
        self.places = Places(self.watchers.give_way)
        self.crowd = Crowd(self.admission, on_air.sent)

    def _doubt(self, event_id: uuid.UUID) -> None:
        """An event or its people are not what they were: what was believed of them is asked for again."""
        self.media_gate.doubt(event_id)
        self.admission.doubt(event_id)
        self.attendance.forget(event_id)
        self.plans.doubt(event_id)

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

    async def _close_whip(self, event_id: uuid.UUID, resource: str) -> None:
        await self.events.to_publisher(event_id, "whip_delete", {"resource": resource})
