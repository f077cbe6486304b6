"""Follow-up letters before they are sent: who gets which, and what it looks like."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from webinar.attendance.service import AttendanceService
from webinar.events.model import Event
from webinar.mail.compose import Composed
from webinar.mail.model import FOLLOWUPS, Kind, Language
from webinar.mail.reader_store import ReaderStore
from webinar.mail.readers import Reader, Standing
from webinar.mail.service import MailService
from webinar.writer import Writer


@dataclass(frozen=True, slots=True)
class Group:
    """Those who came, or those who did not; the letter as an example of it."""

    kind: Kind
    readers: list[Reader]
    letter: Composed

    @property
    def counts(self) -> Counter[Standing]:
        return Counter(reader.standing for reader in self.readers)


class Followups:
    """One a process."""

    def __init__(self, attendance: AttendanceService, readers: ReaderStore, mail: MailService, writer: Writer) -> None:
        self._attendance = attendance
        self._readers = readers
        self._mail = mail
        self._writer = writer

    async def groups(self, event: Event, language: Language) -> list[Group]:
        """As it stands now, in the order of `FOLLOWUPS`."""
        people = await self._attendance.people(event.id)
        found = []
        for kind in FOLLOWUPS:
            chosen = [one.attendee_id for one in people if one.came == (kind is Kind.THANKS)]
            plan = await self._mail.plan(event.id, kind)
            letter = self._writer.example(event, plan, language, None)
            found.append(Group(kind, await self._readers.of(event.id, kind, chosen), letter))
        return found
