"""Letters to people who host: another password or address, data destroyed soon, an event nobody ended.

The worker sends them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from webinar.base import times
from webinar.base.errors import Gone, NotFound
from webinar.base.queue import Payload
from webinar.base.tokens import Tokens
from webinar.destruction import Destruction
from webinar.events import colours
from webinar.events.model import Event, EventState
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
from webinar.mail.words import Own
from webinar.people.addresses import NEW_ADDRESS
from webinar.people.service import PeopleService
from webinar.post import hand_over
from webinar.writer import Writer


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
        self._tokens = tokens
        self._postman = postman
        self._clock = clock

    async def forgotten(self, payload: Payload) -> None:
        """To the account of this address, if there is one. The secret stands in the letter only, in no database."""
        email, language, asked = payload["email"], payload["language"], payload["asked"]
        secret = self._tokens.mailed("forgotten password", asked)
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
            why=t(host_words.WHY_FORGOTTEN),
            others={"email": account.email},
        )
        await self._to_account(host_words.FORGOTTEN, facts, f"forgotten-{asked}", account.email, language)

    async def new_address(self, payload: Payload) -> None:
        """To an address that a host wants to have, while its link can be used: the link that makes it theirs."""
        asked, language = payload["asked"], payload["language"]
        secret = self._tokens.mailed(NEW_ADDRESS, asked)
        try:
            account, email = await self._people.addresses.waiting(secret)
        except Gone:
            return
        t = self._writer.t(language)
        facts = Facts(
            name=account.name,
            title=t(host_words.NEW_ADDRESS_TITLE),
            when="",
            link=self._links.absolute(f"/email/{secret}"),
            why=t(host_words.WHY_NEW_ADDRESS),
            others={"email": email, "old": account.email},
        )
        await self._to_account(host_words.NEW_ADDRESS, facts, f"new-address-{asked}", email, language)

    async def address_asked(self, payload: Payload) -> None:
        """To the address that an account has: somebody asked for another one, and how to stop it."""
        account = await self._people.addresses.find(uuid.UUID(payload["account"]))
        if account is None:
            return
        language = payload["language"]
        t = self._writer.t(language)
        facts = Facts(
            name=account.name,
            title=t(host_words.ADDRESS_ASKED_TITLE),
            when="",
            link=self._links.absolute("/account"),
            why=t(host_words.WHY_ADDRESS_ASKED),
            others={"email": payload["email"], "old": payload["old"]},
        )
        key = f"address-asked-{payload['asked']}"
        await self._to_account(host_words.ADDRESS_ASKED, facts, key, payload["old"], language)

    async def _to_account(self, words: Own, facts: Facts, key: str, email: str, language: Language) -> None:
        """About an account, with our own look. Raises as `hand_over`."""
        ours = colours.palette(colours.OWN).light
        facts = replace(facts, button=self._writer.t(language)(words.button))
        dressed = look(ours.accent, ours.ink)
        made = self._writer.to_host(words, facts, dressed, key, email, language, self._clock())
        await hand_over(self._postman, made, self._writer.sender)

    async def ends_itself(self, payload: Payload) -> None:
        """To the host of an event that nobody ends, unless somebody has meanwhile, or the time has come and gone."""
        try:
            event = await self._events.get(uuid.UUID(payload["event"]))
        except NotFound:
            return
        at = datetime.fromisoformat(payload["at"])
        if event.state is not EventState.LIVE or at <= self._clock():
            return
        words = host_words.CUT_OFF if payload.get("whoever_sends") else host_words.STILL_LIVE
        others = {"at": times.at(at, event.timezone, event.language)}
        key = f"ends-itself-{event.id}-{at:%Y%m%d%H%M}"
        await self._to_host(event, words, host_words.WHY_STILL_LIVE, self._links.host(event), others, key)

    async def ended_itself(self, payload: Payload) -> None:
        """To the host of an event that has ended by itself: when, why, and where what came of it is."""
        try:
            event = await self._events.get(uuid.UUID(payload["event"]))
        except NotFound:
            return
        if not event.ended_itself or event.ended_at is None:
            return
        zone, language = event.timezone, event.language
        others = {
            "planned": times.at(event.ends_at, zone, language),
            "at": times.at(event.ended_at, zone, language),
        }
        link, key = f"{self._links.host(event)}/recording", f"ended-itself-{event.id}"
        await self._to_host(event, host_words.ENDED_ITSELF, host_words.WHY_ENDED_ITSELF, link, others, key)

    async def destroyed_soon(self, payload: Payload) -> None:
        """To the event's host, in the event's language and time zone, unless the date was put off or has come."""
        try:
            event = await self._events.get(uuid.UUID(payload["event"]))
        except NotFound:
            return
        at, now = await self._destruction.date(event.id), self._clock()
        if at is None or not now < at <= now + WARNING:
            return
        language: Language = event.language
        t = self._writer.t(language)
        counts = await self._destruction.counts(event.id)
        what = [t(text) % {"n": f"{counts[key]:,}"} for key, text in host_words.COUNTED if counts[key]]
        others = {
            "at": times.at(at, event.timezone, language),
            "day": times.short_day(times.local(at, event.timezone), language),
            "what": "\n".join(f"· {line}" for line in (*what, t(host_words.EVERYTHING_ELSE))),
        }
        link, key = f"{self._links.host(event)}/report#take", f"destroyed-{event.id}-{at:%Y%m%d}"
        await self._to_host(event, host_words.DESTROYED, host_words.WHY_DESTROYED, link, others, key)

    async def _to_host(self, event: Event, words: Own, why: str, link: str, others: dict[str, str], key: str) -> None:
        """In the event's language and with its look; to nobody where no host has an address. Raises as `hand_over`."""
        name, email = await self._mail.host(event.id)
        if not email:
            return
        language: Language = event.language
        t, about = self._writer.t(language), self._writer.about(event)
        facts = Facts(
            name=name,
            title=about.title,
            when=about.when(language),
            organizer=about.organizer,
            link=link,
            button=t(words.button),
            why=t(why),
            logo=await self._logos.of(event),
            others=others,
        )
        made = self._writer.to_host(words, facts, about.look(), key, email, language, self._clock())
        await hand_over(self._postman, made, self._writer.sender)
