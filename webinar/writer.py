"""Makes letters of events, people and words. What the host's pages show with it is what will be sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Final
from urllib.parse import urlsplit

from webinar.base import i18n, times
from webinar.base.queue import Payload
from webinar.base.settings import Settings
from webinar.events import colours
from webinar.events.model import Event, EventState
from webinar.links import Links
from webinar.mail import words
from webinar.mail.calendar import Entry, ics
from webinar.mail.compose import Composed, Composer, Facts, Logo
from webinar.mail.look import Look, look
from webinar.mail.message import Envelope, message, sender_address
from webinar.mail.model import Calendar, Choice, Kind, Language, Letter, Plan, Shown, entry_for
from webinar.mail.server import MailServer, default_sender, parse
from webinar.mail.words import Own
from webinar.registration.model import Attendee, Status
from webinar.registration.service import RegistrationService

_EXAMPLE_PLACE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The event as a letter shows it: of a row, or of what was left of one."""

    id: uuid.UUID
    title: str
    organizer: str
    accent: str | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    url: str

    def when(self, language: Language) -> str:
        return times.span(self.starts_at, self.ends_at, self.timezone, language)

    def look(self) -> Look:
        accent = colours.palette(self.accent or colours.OWN).light
        return look(accent.accent, accent.ink)


class Writer:
    """One a process: makes letters, sends none."""

    def __init__(
        self, settings: Settings, links: Links, registration: RegistrationService, server: MailServer | None
    ) -> None:
        self.host = urlsplit(settings.public_url).hostname or "localhost"
        sender = settings.mail_from or ("" if server is None else default_sender(server, self.host))
        self._sender = sender or f"webinar@{self.host}"
        self._links = links
        self._registration = registration
        self._made: tuple[Composer, dict[i18n.Language, i18n.Catalogue]] | None = None

    @classmethod
    def of(cls, settings: Settings, links: Links, registration: RegistrationService) -> Writer:
        server = None if settings.smtp_url is None else parse(settings.smtp_url.get_secret_value())
        return cls(settings, links, registration, server)

    def _tools(self) -> tuple[Composer, dict[i18n.Language, i18n.Catalogue]]:
        """Made at the first letter: most processes write none."""
        if self._made is None:
            self._made = Composer(), i18n.load_all()
        return self._made

    def t(self, language: Language) -> Callable[[str], str]:
        """Texts in that language."""
        return self._tools()[1][language].gettext

    @property
    def sender(self) -> str:
        """The address letters come from."""
        return sender_address(self._sender)[1]

    def words(self, plan: Plan, language: Language) -> tuple[str, str]:
        """(subject, text) with places in braces: the host's, or ours in that language."""
        chosen, own = plan.choice.words(language), words.OWN[plan.kind]
        t = self.t(language)
        return chosen.subject or t(own.subject), chosen.text or t(own.text)

    def about(self, event: Event) -> About:
        return About(
            id=event.id,
            title=event.title,
            organizer=event.organizer,
            accent=event.accent,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            timezone=event.timezone,
            url=self._links.event(event),
        )

    def example(self, event: Event, plan: Plan, language: Language, logo: Logo | None) -> Composed:
        """What a person of the event would get."""
        return self._compose(self.about(event), plan, language, self._example_facts(event, plan, language, logo))

    def test(
        self, event: Event, plan: Plan, letter: Letter, now: datetime, reply_to: str, logo: Logo | None
    ) -> EmailMessage:
        """The example, to whoever asked for it; without a calendar entry, which would be a real one."""
        email = letter.to_email or ""
        composed = self.example(event, plan, letter.language, logo)
        envelope = self._envelope(str(letter.id), event.organizer, "", email, letter.language, now, reply_to)
        return message(envelope, composed)

    def letter(
        self,
        event: Event,
        plan: Plan,
        letter: Letter,
        attendee: Attendee,
        sequence: int,
        now: datetime,
        reply_to: str,
        logo: Logo | None,
    ) -> EmailMessage:
        """A letter to a person of the event."""
        about, sort, language = self.about(event), plan.sort, letter.language
        t = self.t(language)
        token = self._registration.join_link(attendee)
        own = attendee.status is not Status.CANCELLED
        link = self._links.join(attendee) if sort.own_link else about.url
        if plan.kind is Kind.CERTIFICATE:
            link = self._links.certificate(attendee)
        stop = self._links.absolute(f"/mail/stop/{token}") if sort.refusable else ""
        footers = [(self._links.absolute(f"/j/{token}/me"), t(words.OWN_DATA))] if own else []
        footers += [(stop, t(words.NO_MORE))] if stop else []
        facts = Facts(
            name=attendee.name,
            title=about.title,
            when=about.when(language),
            organizer=about.organizer,
            link=link,
            button=self._button(plan, t),
            place=str(letter.facts.get("place", "")),
            why=t(words.WHY_INVITED if plan.kind is Kind.INVITED else words.WHY),
            footers=(*footers, (about.url, t(words.EVENT_PAGE))),
            logo=logo,
            others=self._others(plan, t),
        )
        entry = self._entry(about, attendee.name, attendee.email, link, sequence, now)
        seated = attendee.status is Status.APPROVED and event.state is not EventState.ENDED
        calendar = entry_for(plan.kind, seated=seated, lost=bool(letter.facts.get("lost_seat")))
        envelope = self._envelope(
            str(letter.id), about.organizer, attendee.name, attendee.email, language, now, reply_to, stop
        )
        return self._message(envelope, self._compose(about, plan, language, facts), calendar, entry)

    def called_off(self, payload: Payload, now: datetime) -> EmailMessage:
        """Of an event that is no longer there: everything stands in the payload."""
        about = About(
            id=uuid.UUID(payload["event"]),
            title=payload["title"],
            organizer=payload["organizer"],
            accent=payload["accent"],
            starts_at=datetime.fromisoformat(payload["starts_at"]),
            ends_at=datetime.fromisoformat(payload["ends_at"]),
            timezone=payload["timezone"],
            url=self._links.absolute("/"),
        )
        language: Language = payload["language"]
        t = self.t(language)
        plan = Plan(Kind.CALLED_OFF, Choice.model_validate(payload["choice"]))
        facts = Facts(
            name=payload["name"],
            title=about.title,
            when=about.when(language),
            organizer=about.organizer,
            why=t(words.WHY),
        )
        entry = self._entry(about, payload["name"], payload["email"], about.url, payload["sequence"], now)
        # A letter that waits since before seats were told apart is to whoever was to come.
        calendar = entry_for(plan.kind, seated=False, lost=payload.get("lost_seat", True))
        envelope = self._envelope(
            payload["key"],
            about.organizer,
            payload["name"],
            payload["email"],
            language,
            now,
            payload.get("reply_to", ""),
        )
        return self._message(envelope, self._compose(about, plan, language, facts), calendar, entry)

    def entry_file(self, event: Event, url: str, sequence: int, now: datetime, *, off: bool = False) -> bytes:
        """The event for whoever puts it into their calendar themselves; `url` is where to go then.

        `off`: for who lost their seat. The entry they took before is struck out.
        """
        return ics(replace(self._entry(self.about(event), "", "", url, sequence, now), off=off), "PUBLISH")

    def to_host(
        self, own: Own, facts: Facts, look: Look, key: str, email: str, language: Language, now: datetime
    ) -> EmailMessage:
        """A letter to somebody who hosts, in our own words; `facts` are in that language already."""
        t = self.t(language)
        composed = self._tools()[0].compose(t(own.subject), t(own.text), facts, look, language)
        return message(self._envelope(key, "", facts.name, email, language, now, ""), composed)

    def _compose(self, about: About, plan: Plan, language: Language, facts: Facts) -> Composed:
        subject, text = self.words(plan, language)
        composer, needs_link = self._tools()[0], plan.sort.needs_link
        return composer.compose(subject, text, facts, about.look(), language, needs_link=needs_link)

    @staticmethod
    def _button(plan: Plan, t: Callable[[str], str]) -> str:
        return t(words.WATCH if plan.shown is Shown.NOW else words.OWN[plan.kind].button)

    @staticmethod
    def _others(plan: Plan, t: Callable[[str], str]) -> dict[str, str]:
        """What stands in braces in letters of this kind alone."""
        told = words.RECORDING[plan.shown]
        return {"recording": t(told) if told else ""} if plan.sort.followup else {}

    def _example_facts(self, event: Event, plan: Plan, language: Language, logo: Logo | None) -> Facts:
        t = self.t(language)
        about = self.about(event)
        return Facts(
            name=t(words.EXAMPLE_NAME),
            title=about.title,
            when=about.when(language),
            organizer=about.organizer,
            link="" if plan.kind is Kind.CALLED_OFF else about.url,
            button=self._button(plan, t),
            place=str(_EXAMPLE_PLACE),
            why=t(words.WHY_TEST),
            footers=((about.url, t(words.EVENT_PAGE)),),
            logo=logo,
            others=self._others(plan, t),
        )

    def _entry(self, about: About, guest: str, email: str, url: str, sequence: int, now: datetime) -> Entry:
        return Entry(
            event_id=about.id,
            host=self.host,
            title=about.title,
            starts_at=about.starts_at,
            ends_at=about.ends_at,
            zone=about.timezone,
            url=url,
            text=url,
            sequence=sequence,
            stamp=now,
            organizer=about.organizer,
            organizer_email=self.sender,
            guest=guest,
            guest_email=email,
        )

    def _envelope(
        self,
        key: str,
        organizer: str,
        name: str,
        email: str,
        language: Language,
        now: datetime,
        reply_to: str,
        stop: str = "",
    ) -> Envelope:
        who, address = sender_address(self._sender)
        return Envelope(
            key=key,
            host=self.host,
            sender_name=organizer or who,
            sender=address,
            to_name=name,
            to_email=email,
            written_at=now,
            language=language,
            unsubscribe=stop,
            reply_to=reply_to,
        )

    @staticmethod
    def _message(envelope: Envelope, composed: Composed, what: Calendar, entry: Entry) -> EmailMessage:
        if what is Calendar.NOTHING:
            return message(envelope, composed)
        method = what.value
        return message(envelope, composed, ics(entry, method), method)
