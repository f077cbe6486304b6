"""Hands what was written down to the mail server: the worker's part of mail."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final

from webinar.base import log
from webinar.base.errors import NotFound
from webinar.base.queue import Again, Hopeless, Payload
from webinar.events.model import Event, EventState
from webinar.events.service import EventService
from webinar.letters import CONCERNED, told
from webinar.logos import Logos
from webinar.mail.model import SORTS, Kind, Letter, LetterState
from webinar.mail.postman import NotNow, NotYet, Postman, Refused
from webinar.mail.service import MailService
from webinar.registration.model import Attendee, Status
from webinar.registration.service import RegistrationService
from webinar.showing import Showing
from webinar.writer import Writer

_log = log.get(__name__)

# Kinds that are untrue once the person has another status.
_OF_STATUS: Final[Mapping[Kind, tuple[Status, ...]]] = {
    Kind.CONFIRMED: (Status.APPROVED,),
    Kind.APPROVED: (Status.APPROVED,),
    Kind.PENDING: (Status.PENDING,),
    Kind.WAITING: (Status.WAITLISTED,),
    Kind.DECLINED: (Status.DECLINED,),
    Kind.CANCELLED: (Status.CANCELLED,),
    Kind.CHANGED: CONCERNED,
    Kind.INVITED: (Status.APPROVED,),
    Kind.DAY: (Status.APPROVED,),
    Kind.HOUR: (Status.APPROVED,),
    Kind.SOON: (Status.APPROVED,),
}


# Kinds that speak of what is to come.
_UNTIL_END: Final = frozenset(
    (Kind.CONFIRMED, Kind.PENDING, Kind.WAITING, Kind.APPROVED, Kind.INVITED, Kind.CHANGED, Kind.DECLINED)
)


class Post:
    """One a worker where a mail server is set. Its methods are handlers of the queue."""

    def __init__(
        self,
        mail: MailService,
        events: EventService,
        registration: RegistrationService,
        showing: Showing,
        writer: Writer,
        logos: Logos,
        postman: Postman,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._mail = mail
        self._events = events
        self._registration = registration
        self._showing = showing
        self._writer = writer
        self._logos = logos
        self._postman = postman
        self._clock = clock

    async def deliver(self, payload: Payload) -> None:
        """One letter. Raises `Again` while the server does not take it."""
        letter = await self._mail.get(uuid.UUID(payload["letter"]))
        if letter is None or letter.state is not LetterState.WAITING:
            return
        try:
            made = await self._made(letter)
        except ValueError as error:  # an address like `a..b@example.org`, which no header may hold
            _log.warning("letter cannot be made", letter=str(letter.id), error=str(error))
            await self._mail.done(letter.id, LetterState.FAILED, answer=f"not an address: {error}")
            return
        if isinstance(made, str):
            await self._mail.done(letter.id, LetterState.DROPPED, answer=made)
            return
        try:
            answer = await self._postman.send(made, self._writer.sender, _recipient(made))
        except Refused as error:
            _log.warning("letter refused", letter=str(letter.id), kind=letter.kind.value)
            await self._mail.done(letter.id, LetterState.FAILED, subject=str(made["Subject"]), answer=str(error))
        except NotNow as error:
            await self._mail.tried(letter.id, str(error))
            raise Again(str(error)) from error
        except NotYet as error:
            raise _later(error) from error
        else:
            await self._mail.done(letter.id, LetterState.SENT, subject=str(made["Subject"]), answer=answer)

    async def given_up(self, payload: Payload, why: str) -> None:
        """The queue will not try it again."""
        await self._mail.done(uuid.UUID(payload["letter"]), LetterState.FAILED, answer=why)

    async def changed(self, payload: Payload) -> None:
        """Letters to all whom a change concerns, unless it was taken back meanwhile."""
        try:
            event = await self._events.get(uuid.UUID(payload["event"]))
        except NotFound:
            return
        if event.state in (EventState.SCHEDULED, EventState.LIVE):
            await self._mail.changed(event.id, told(event), [status.value for status in CONCERNED])

    async def called_off(self, payload: Payload) -> None:
        """A letter about an event that is gone: nothing is written down about it but the log."""
        try:
            made = self._writer.called_off(payload, self._clock())
        except ValueError as error:
            raise Hopeless(f"not an address: {error}") from error
        await hand_over(self._postman, made, self._writer.sender)

    async def _made(self, letter: Letter) -> EmailMessage | str:
        """The message, or why nobody wants it any more."""
        now = self._clock()
        try:
            event = await self._events.get(letter.event_id)
        except NotFound:
            return "the event is gone"
        plan = await self._showing.of(event, await self._mail.plan(event.id, letter.kind))
        reply_to = await self._mail.reply_to(event.id)
        logo = await self._logos.of(event)
        if letter.attendee_id is None:
            return self._writer.test(event, plan, letter, now, reply_to, logo)
        attendee = await self._registration.find(letter.attendee_id)
        if attendee is None or attendee.forgotten_at is not None:
            return "the person has deleted their data"
        why = unwanted(letter, event, attendee, now)
        if why:
            return why
        sequence = await self._mail.told(event.id)
        number = sequence.sequence if sequence else 0
        return self._writer.letter(event, plan, letter, attendee, number, now, reply_to, logo)


def unwanted(letter: Letter, event: Event, attendee: Attendee, now: datetime) -> str:
    """Why this letter is not true any more; empty when it is."""
    allowed = _OF_STATUS.get(letter.kind)
    if allowed is not None and attendee.status not in allowed:
        return f"the registration is {attendee.status.value} now"
    if SORTS[letter.kind].reminder:
        if letter.occasion is not None and letter.occasion != f"{event.starts_at.astimezone(UTC):%Y%m%dT%H%M%S}":
            return "the event was moved"
        if now >= event.ends_at or event.state is EventState.ENDED:
            return "the event is over"
    elif letter.kind in _UNTIL_END and event.state is EventState.ENDED:
        return "the event is over"
    return ""


async def hand_over(postman: Postman, made: EmailMessage, sender: str) -> None:
    """A letter of which nothing is written down but the log. Raises `Again` while the server does not take it."""
    try:
        await postman.send(made, sender, _recipient(made))
    except Refused as error:
        _log.warning("letter refused", error=str(error))
    except NotNow as error:
        raise Again(str(error)) from error
    except NotYet as error:
        raise _later(error) from error


def _later(error: NotYet) -> Again:
    """Those that wait do not all come back in the same moment."""
    return Again(str(error), timedelta(seconds=error.after * random.uniform(1.0, 1.5)), counted=False)  # noqa: S311


def _recipient(made: EmailMessage) -> str:
    header: Any = made["To"]
    return str(header.addresses[0].addr_spec)
