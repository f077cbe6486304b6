"""Attendance for others, as tables and as the signed bundle."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from webinar.attendance.service import AttendanceService
from webinar.base import i18n
from webinar.base.handed import filled
from webinar.base.i18n import Language
from webinar.certificates import Certificates
from webinar.credits import bundle, model
from webinar.credits.service import CreditService
from webinar.credits.sheet import Sheet, to_json
from webinar.events.images import Images
from webinar.events.model import Event
from webinar.letters import Letters
from webinar.links import Links
from webinar.registration.form import RegistrationForm
from webinar.registration.service import RegistrationService
from webinar.roll import Roll

if TYPE_CHECKING:
    from webinar.credits.workbook import Book


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
        self.roll = Roll(registration, attendance)
        self.certificates = Certificates(self.roll, credits, images, links, letters)
        self._form = form
        self._attendance = attendance
        self._credits = credits
        self._links = links
        self._catalogues = i18n.load_all()

    # -- tables --------------------------------------------------------------------------------------------------

    async def sheet(self, event: Event, language: Language | None) -> Sheet:
        """The columns there are; `language` None: as programs name them."""
        questions = dict.fromkeys(question.text for question in await self._form.questions(event.id))
        async for people in self.roll.chunks(event):  # questions that were removed since, or asked through the API
            questions |= dict.fromkeys(question for person in people for question in person.answers)
        words = None if language is None else self._catalogues[language].gettext
        zone = None if language is None else ZoneInfo(event.timezone)
        return Sheet(tuple((await self.roll.needs(event)).values()), tuple(questions), words, zone)

    async def csv(self, event: Event, language: Language | None) -> AsyncIterator[bytes]:
        """In pieces."""
        sheet = await self.sheet(event, language)
        yield sheet.csv_head()
        async for people in self.roll.chunks(event):
            yield b"".join(sheet.csv_row(person) for person in people)

    async def json(self, event: Event) -> AsyncIterator[bytes]:
        """`{"items": […]}` in pieces, one row a person."""
        yield b'{"items":['
        first = True
        async for people in self.roll.chunks(event):
            rows = [json.dumps(to_json(person), ensure_ascii=False) for person in people]
            yield "".join(("\n" if first and n == 0 else ",\n") + row for n, row in enumerate(rows)).encode()
            first = first and not rows
        yield b"\n]}\n"

    async def xlsx(self, event: Event, language: Language) -> IO[bytes]:
        """A temporary file; the caller closes it."""
        sheet = await self.sheet(event, language)
        book = await asyncio.to_thread(_book, sheet)
        async for people in self.roll.chunks(event):
            await asyncio.to_thread(book.add, people)
        return await filled(book.save)

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

        return await filled(write)


def _book(sheet: Sheet) -> Book:
    # What writes workbooks takes half a second to import: done by who needs it, in a thread.
    from webinar.credits.workbook import Book

    return Book(sheet)


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
