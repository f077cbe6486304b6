"""Attendance for others: events, registration, attendance and credits as tables, bundles and certificates."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import json
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from webinar.attendance.model import Attended, Rule
from webinar.attendance.model import Correction as Corrected
from webinar.attendance.service import AttendanceService
from webinar.base import i18n
from webinar.base.errors import Conflict, NotFound, Unavailable
from webinar.base.i18n import Language
from webinar.credits import bundle, model
from webinar.credits.model import (
    Certificate,
    Correction,
    Facts,
    Need,
    Person,
    Presence,
    Result,
    RuleResult,
    State,
    Translate,
)
from webinar.credits.order import Look, Order
from webinar.credits.service import CreditService, Issued
from webinar.credits.sheet import Sheet, to_json
from webinar.events import colours
from webinar.events.images import Images
from webinar.events.model import Event, EventState
from webinar.letters import Letters
from webinar.links import Links
from webinar.registration.form import RegistrationForm
from webinar.registration.model import Attendee
from webinar.registration.service import RegistrationService

if TYPE_CHECKING:
    from webinar.credits.workbook import Book

_CHUNK: Final = 200  # people in memory at once
_DRAWING: Final = 2  # batches of certificates at once in a process: each takes a core


class Standing(enum.StrEnum):
    """How somebody stands with their certificate."""

    READY = "ready"  # may have one
    ISSUED = "issued"
    CHANGED = "changed"  # has one that says something else than the record by now
    REVOKED = "revoked"
    NOT_MET = "not_met"
    OPEN = "open"  # the rule can still be met


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who was there, and their certificate."""

    person: Person
    certificate: Certificate | None
    standing: Standing


class Records:
    """One a process. The event of every call is there already."""

    def __init__(
        self,
        registration: RegistrationService,
        form: RegistrationForm,
        attendance: AttendanceService,
        credits: CreditService,
        images: Images,
        links: Links,
        letters: Letters,
    ) -> None:
        self._registration = registration
        self._form = form
        self._attendance = attendance
        self._credits = credits
        self._images = images
        self._links = links
        self._letters = letters
        self._catalogues = i18n.load_all()
        self._drawing = asyncio.Semaphore(_DRAWING)

    # -- people --------------------------------------------------------------------------------------------------

    async def chunks(self, event: Event) -> AsyncIterator[list[Person]]:
        """Everybody who registered, in the order of registration, some at a time."""
        needs = await self.needs(event)
        cursor: str | None = None
        while True:
            page = await self._registration.page(event.id, cursor=cursor, limit=_CHUNK)
            ids = [attendee.id for attendee in page.items]
            attended = await self._attendance.people(event.id, ids)
            yield [_person(a, one, needs) for a, one in zip(page.items, attended, strict=True)]
            cursor = page.next
            if cursor is None:
                return

    async def needs(self, event: Event) -> dict[uuid.UUID, Need]:
        """The event's rules, by id, in their order."""
        outline = await self._attendance.outline(event.id)
        parts = {part.id: part.title for part in outline.programme.parts}
        return {rule.id: _need(rule.id, rule, parts) for rule in outline.plan.rules if rule.id is not None}

    async def person(self, event: Event, attendee_id: uuid.UUID) -> Person:
        """Raises `NotFound`."""
        attendee = await self._registration.get(event.id, attendee_id)
        (attended,) = await self._attendance.people(event.id, [attendee_id])
        return _person(attendee, attended, await self.needs(event))

    # -- tables --------------------------------------------------------------------------------------------------

    async def sheet(self, event: Event, language: Language | None) -> Sheet:
        """The columns there are; `language` None: as programs name them."""
        questions = dict.fromkeys(question.text for question in await self._form.questions(event.id))
        async for people in self.chunks(event):  # questions that were removed since, or asked through the API
            questions |= dict.fromkeys(question for person in people for question in person.answers)
        words = None if language is None else self._catalogues[language].gettext
        zone = None if language is None else ZoneInfo(event.timezone)
        return Sheet(tuple((await self.needs(event)).values()), tuple(questions), words, zone)

    async def csv(self, event: Event, language: Language | None) -> AsyncIterator[bytes]:
        """In pieces."""
        sheet = await self.sheet(event, language)
        yield sheet.csv_head()
        async for people in self.chunks(event):
            yield b"".join(sheet.csv_row(person) for person in people)

    async def json(self, event: Event) -> AsyncIterator[bytes]:
        """`{"items": […]}` in pieces, one row a person."""
        yield b'{"items":['
        first = True
        async for people in self.chunks(event):
            rows = [json.dumps(to_json(person), ensure_ascii=False) for person in people]
            yield "".join(("\n" if first and n == 0 else ",\n") + row for n, row in enumerate(rows)).encode()
            first = first and not rows
        yield b"\n]}\n"

    async def xlsx(self, event: Event, language: Language) -> IO[bytes]:
        """A temporary file; the caller closes it."""
        sheet = await self.sheet(event, language)
        book = await asyncio.to_thread(_book, sheet)
        async for people in self.chunks(event):
            await asyncio.to_thread(book.add, people)
        return await _filled(book.save)

    # -- the signed bundle ---------------------------------------------------------------------------------------

    async def bundle(self, event: Event) -> IO[bytes]:
        """A temporary file; the caller closes it. The log is sealed first, if the event is over."""
        await self._attendance.seal(event.id)
        await self._credits.announce_key()
        log = await self._attendance.log(event.id)
        people = [piece async for piece in self.csv(event, None)]
        plan = await self._attendance.plan(event.id)
        parts = (await self._attendance.outline(event.id)).programme.parts
        rules: dict[str, Any] = {
            "plan": plan.model_dump(mode="json"),
            "agenda": [
                {
                    "id": str(part.id),
                    "title": part.title,
                    "starts_at": model.utc(part.starts_at),
                    "ends_at": model.utc(part.ends_at),
                }
                for part in parts
            ],
        }
        about = bundle.About(
            event=_about(event),
            made_at=datetime.now(UTC),
            keys_url=self._links.absolute("/.well-known/webinar-keys.json"),
            sealed=bool(log) and log[-1].type == "sealed",
        )
        entries = (
            {"seq": e.seq, "at": e.at, "type": e.type, "body": e.body, "prev": e.prev, "hash": e.hash} for e in log
        )

        def write(out: IO[bytes]) -> None:
            bundle.write(out, about, entries, people, rules, self._credits.key)

        return await _filled(write)

    # -- certificates --------------------------------------------------------------------------------------------

    async def candidates(self, event: Event) -> list[Candidate]:
        """Who was there or has a certificate, in the order of registration."""
        known = {c.attendee_id: c for c in await self._credits.certificates(event.id) if c.attendee_id is not None}
        terms = await self._credits.terms(event.id)
        found = []
        async for people in self.chunks(event):
            for person in people:
                certificate = known.get(person.attendee_id)
                if certificate is not None or person.attended:
                    found.append(Candidate(person, certificate, _standing(event, person, certificate, terms)))
        return found

    async def issue(self, event: Event, only: Collection[uuid.UUID] | None = None, *, again: bool = False) -> Issued:
        """To all whom the rule lets have one, or to those of `only` among them. May be repeated.

        `again`: also in place of those that say something else by now. Raises `Conflict` before the end, and where
        somebody of `only` does not meet the rule.
        """
        if event.state is not EventState.ENDED:
            raise Conflict("Certificates are issued when the event is over.", code="not_ended")
        people = {}
        for candidate in await self.candidates(event):
            person = candidate.person
            if person.passed and (only is None or person.attendee_id in only):
                people[person.attendee_id] = facts(event, person)
        if only is not None and set(only) - set(people):
            raise Conflict("This person does not meet the rule. Correct their attendance first.", code="rule_not_met")
        issued = await self._credits.issue(event.id, people, again=again)
        if (await self._credits.terms(event.id)).offered:
            for certificate in (*issued.new, *issued.again):
                await self._tell(event, certificate)
        return issued

    async def _tell(self, event: Event, certificate: Certificate) -> None:
        """By mail, where it is."""
        attendee = None if certificate.attendee_id is None else await self._registration.find(certificate.attendee_id)
        if attendee is not None:
            await self._letters.certificate(event, attendee, self._links.certificate(attendee))

    async def mine(self, event: Event, attendee_id: uuid.UUID) -> Certificate | None:
        """The valid certificate of a person, once the host gives them out on personal pages."""
        terms = await self._credits.terms(event.id)
        return await self._credits.of_attendee(attendee_id) if terms.offered else None

    async def pdf(self, event: Event, certificate: Certificate, *, sample: bool = False) -> bytes:
        """Raises `NotFound` once the person's data are deleted."""
        order = self._order(certificate, sample=sample)
        if order is None:
            raise NotFound("The name on this certificate was deleted, so it cannot be drawn again.", code="forgotten")
        look, words = await self._look(event), self._catalogues[_language(certificate)].gettext
        async with self._drawing:
            return await asyncio.to_thread(_draw, order, look, words)

    async def sample(self, event: Event, name: str) -> bytes:
        """How certificates of the event will look."""
        whole = (event.ends_at - event.starts_at).total_seconds()
        needs = (await self.needs(event)).values()
        rules = tuple(RuleResult(need, Result.PASSED, whole, 1.0) for need in needs)
        shown = Facts(name=name, live_s=whole, replay_s=0.0, rules=rules, **_of_event(event))
        certificate = self._credits.preview(shown, await self._credits.terms(event.id))
        return await self.pdf(event, certificate, sample=True)

    async def archive(self, event: Event) -> IO[bytes]:
        """All valid certificates as a .zip, a temporary file; the caller closes it. Raises `NotFound` without any."""
        issued = [c for c in await self._credits.certificates(event.id) if c.state is State.VALID]
        orders = [order for certificate in issued if (order := self._order(certificate)) is not None]
        if not orders:
            raise NotFound("No certificate has been issued yet.", code="no_certificates")
        look = await self._look(event)
        async with self._drawing:
            return await _drawn(orders, look)

    def _order(self, certificate: Certificate, *, sample: bool = False) -> Order | None:
        if certificate.name is None:
            return None
        url = self._links.verify(certificate.id)
        return Order(certificate=certificate, name=certificate.name, check_url=url, sample=sample)

    async def _look(self, event: Event) -> Look:
        brand = await self._images.brand(event)
        logo = None if brand.logo is None else await self._images.read(brand.logo)
        accent = colours.parse(colours.palette(brand.accent).light.accent)
        return Look(logo=logo) if accent is None else Look(logo=logo, accent=accent)


# What draws and what writes workbooks takes half a second to import: done by who needs it, in a thread.


def _draw(order: Order, look: Look, t: Translate) -> bytes:
    from webinar.credits import paper

    return paper.draw(order, look, t)


def _book(sheet: Sheet) -> Book:
    from webinar.credits.workbook import Book

    return Book(sheet)


def unprintable(names: Sequence[str]) -> list[str]:
    """Of each name the letters that no font of certificates has. Reads the fonts: off the loop."""
    from webinar.credits.fonts import undrawable

    return undrawable(names)


async def _drawn(orders: Sequence[Order], look: Look) -> IO[bytes]:
    """A .zip of certificates, made by `credits.batch` in a process of its own; a temporary file.

    Raises `Unavailable`.
    """
    wish = await asyncio.to_thread(_wish, orders, look)
    with _given() as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "webinar.credits.batch", stdin=asyncio.subprocess.PIPE, stdout=file
        )
        try:
            await process.communicate(wish)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise Unavailable("The certificates could not be drawn. Try again; the log says why.", retry_after_s=5)
    return file


def _wish(orders: Sequence[Order], look: Look) -> bytes:
    from webinar.credits import batch

    return batch.wish(orders, look)


async def _filled(write: Callable[[IO[bytes]], None]) -> IO[bytes]:
    """A temporary file, written off the loop and read from its beginning."""
    with _given() as file:
        await asyncio.to_thread(write, file)
    return file


@contextlib.contextmanager
def _given() -> Iterator[IO[bytes]]:
    """A temporary file for whoever gets it in the end: at its beginning then, and gone if it is not finished."""
    file: IO[bytes] = tempfile.TemporaryFile(prefix="webinar-")
    try:
        yield file
    except BaseException:  # when cancelled, too
        file.close()
        raise
    file.seek(0)


def facts(event: Event, person: Person) -> Facts:
    """What a certificate of this person says."""
    return Facts(
        name=person.name, live_s=person.live_s, replay_s=person.replay_s, rules=person.results, **_of_event(event)
    )


def _of_event(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.id,
        "title": event.title,
        "starts_at": event.started_at or event.starts_at,
        "ends_at": event.ended_at or event.ends_at,
        "timezone": event.timezone,
        "language": event.language,
    }


def _about(event: Event) -> dict[str, Any]:
    """The event as a bundle names it."""
    return {
        "id": str(event.id),
        "title": event.title,
        "state": event.state.value,
        "timezone": event.timezone,
        "starts_at": model.utc(event.starts_at),
        "ends_at": model.utc(event.ends_at),
        "started_at": None if event.started_at is None else model.utc(event.started_at),
        "ended_at": None if event.ended_at is None else model.utc(event.ended_at),
    }


def _language(certificate: Certificate) -> Language:
    return i18n.known(str(certificate.said["language"])) or i18n.SOURCE


def _standing(event: Event, person: Person, certificate: Certificate | None, terms: model.Terms) -> Standing:
    if certificate is not None and certificate.state is not State.VALID:
        return Standing.REVOKED
    if certificate is not None:
        same = person.passed and not model.differs(certificate, facts(event, person), terms)
        return Standing.ISSUED if same else Standing.CHANGED
    if person.passed and event.state is EventState.ENDED:
        return Standing.READY
    undecided = event.state is not EventState.ENDED or any(r.result is Result.OPEN for r in person.results)
    return Standing.OPEN if undecided else Standing.NOT_MET


def _need(rule_id: uuid.UUID, rule: Rule, parts: dict[uuid.UUID, str]) -> Need:
    return Need(
        id=rule_id,
        part=None if rule.agenda_item_id is None else parts.get(rule.agenda_item_id),
        share=rule.share,
        minutes=rule.minutes,
        enter=rule.enter,
        leave=rule.leave,
        confirmed=rule.confirmed,
    )


def _person(attendee: Attendee, attended: Attended, needs: dict[uuid.UUID, Need]) -> Person:
    spans = sorted(
        [Presence("live", *span) for span in attended.spans] + [Presence("replay", *span) for span in attended.replay],
        key=lambda span: (span.started_at, span.kind),
    )
    return Person(
        attendee_id=attendee.id,
        name=attendee.name,
        email=attendee.email,
        status=attendee.status.value,
        answers=attendee.answers,
        language=attendee.language,
        registered_at=attendee.registered_at,
        first_at=attended.first_at,
        last_at=attended.last_at,
        entered_at=attended.entered_at,
        left_at=attended.left_at,
        live_s=attended.live_s,
        replay_s=attended.replay_s,
        spans=tuple(spans),
        asked=attended.asked,
        confirmed=attended.confirmed,
        results=tuple(
            RuleResult(needs[one.rule_id], Result(one.outcome.value), one.watched_s, one.share, one.corrected)
            for one in attended.outcomes
            if one.rule_id in needs
        ),
        corrections=tuple(_correction(change) for change in attended.corrections),
    )


def _correction(made: Corrected) -> Correction:
    return Correction(made.id, made.at, made.by, made.kind, made.started_at, made.ended_at, made.reason, made.salt)
