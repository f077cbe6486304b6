"""Letters to people who host: another password, data destroyed soon, an event nobody ends. The worker sends them."""

from __future__ import annotations

import base64
import hmac
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from webinar.base import times
from webinar.base.errors import NotFound
from webinar.base.queue import Payload
from webinar.base.tokens import Tokens
from webinar.destruction import Destruction
from webinar.events import colours
from webinar.events.model import EventState
from webinar.events.receipts import WARNING
from webinar.events.service import EventService
from webinar.links import Links
from webinar.logos import Logos
from webinar.mail import host_words
from webinar.mail.compose import Facts
from webinar.mail.look import look
from webinar.mail.model import Language
from webinar.mail.postman import Postman
from webinar.mail.service import MailService
from webinar.people.service import PeopleService
from webinar.post import hand_over
from webinar.writer import Writer

_SECRET_BYTES: Final = 32


class HostPost:
    """One a worker where a mail server is set. Its methods are handlers of the queue, and may run twice."""

    def __init__(
        self,
        people: PeopleService,
        events: EventService,
        destruction: Destruction,
        mail: MailService,
        writer: Writer,
        logos: Logos,
        links: Links,
        tokens: Tokens,
        postman: Postman,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._people = people
        self._events = events
        self._destruction = destruction
        self._mail = mail
        self._writer = writer
        self._logos = logos
        self._links = links
        self._key = tokens.derive("forgotten password", 32)
        self._postman = postman
        self._clock = clock

    async def forgotten(self, payload: Payload) -> None:
        """To the account of this address, if there is one. The secret stands in the letter only, in no database."""
        email, language, asked = payload["email"], payload["language"], payload["asked"]
        secret = base64.urlsafe_b64encode(hmac.digest(self._key, asked.encode(), "sha256")).decode().rstrip("=")
        found = await self._people.hosts.mailed_link(email, secret)
        if found is None:
            return
        account, purpose = found
        t = self._writer.t(language)
        facts = Facts(
            name=account.name,
            title=t(host_words.FORGOTTEN_TITLE),
            when="",
            link=self._links.absolute(f"/{purpose}/{secret}"),
            button=t(host_words.FORGOTTEN.button),
            why=t(host_words.WHY_FORGOTTEN),
            others={"email": account.email},
        )
        ours = colours.palette(colours.OWN).light
        dressed = look(ours.accent, ours.ink)
        made = self._writer.to_host(
            host_words.FORGOTTEN, facts, dressed, f"forgotten-{asked}", account.email, language, self._clock()
        )
        await hand_over(self._postman, made, self._writer.sender)

    async def ends_itself(self, payload: Payload) -> None:
        """To the host of an event that nobody ends, unless somebody has meanwhile, or the time has come and gone."""
        try:
            event = await self._events.get(uuid.UUID(payload["event"]))
        except NotFound:
            return
        at, now = datetime.fromisoformat(payload["at"]), self._clock()
        name, email = await self._mail.host(event.id)
        if event.state is not EventState.LIVE or at <= now or not email:
            return
        words = host_words.CUT_OFF if payload.get("whoever_sends") else host_words.STILL_LIVE
        language: Language = event.language
        t, about = self._writer.t(language), self._writer.about(event)
        facts = Facts(
            name=name,
            title=about.title,
            when=about.when(language),
            organizer=about.organizer,
            link=self._links.host(event),
            button=t(words.button),
            why=t(host_words.WHY_STILL_LIVE),
            logo=await self._logos.of(event),
            others={"at": times.at(at, event.timezone, language)},
        )
        key = f"ends-itself-{event.id}-{at:%Y%m%d%H%M}"
        made = self._writer.to_host(words, facts, about.look(), key, email, language, now)
        await hand_over(self._postman, made, self._writer.sender)

    async def destroyed_soon(self, payload: Payload) -> None:
        """To the event's host, in the event's language and time zone, unless the date was put off or has come."""
        try:
            event = await self._events.get(uuid.UUID(payload["event"]))
        except NotFound:
            return
        at, now = await self._destruction.date(event.id), self._clock()
        name, email = await self._mail.host(event.id)
        if at is None or not now < at <= now + WARNING or not email:
            return
        language: Language = event.language
        t, about = self._writer.t(language), self._writer.about(event)
        counts = await self._destruction.counts(event.id)
        what = [t(text) % {"n": f"{counts[key]:,}"} for key, text in host_words.COUNTED if counts[key]]
        facts = Facts(
            name=name,
            title=about.title,
            when=about.when(language),
            organizer=about.organizer,
            link=f"{self._links.host(event)}/report#take",
            button=t(host_words.DESTROYED.button),
            why=t(host_words.WHY_DESTROYED),
            logo=await self._logos.of(event),
            others={
                "at": times.at(at, event.timezone, language),
                "day": times.short_day(times.local(at, event.timezone), language),
                "what": "\n".join(f"· {line}" for line in (*what, t(host_words.EVERYTHING_ELSE))),
            },
        )
        key = f"destroyed-{event.id}-{at:%Y%m%d}"
        made = self._writer.to_host(host_words.DESTROYED, facts, about.look(), key, email, language, now)
        await hand_over(self._postman, made, self._writer.sender)
