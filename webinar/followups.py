"""Follow-up letters before they are sent: who gets which, and what it looks like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webinar.attendance.service import AttendanceService
from webinar.events.model import Event
from webinar.mail.compose import Composed
from webinar.mail.model import FOLLOWUPS, Kind, Language
from webinar.mail.reader_store import ReaderStore
from webinar.mail.readers import Reader, Standing
from webinar.mail.service import MailService
from webinar.showing import Showing
from webinar.writer import Writer


@dataclass(frozen=True, slots=True)
class Group:
    """Those who came, or those who did not; of the letter an example in each language that was asked for."""

    kind: Kind
    readers: list[Reader]
    letters: Mapping[Language, Composed]

    @property
    def counts(self) -> Counter[Standing]:
        return Counter(reader.standing for reader in self.readers)

    def written(self) -> dict[Language, int]:
        """How many get it in which of its languages; the first of these, with 0, where nobody gets any."""
        found = Counter(reader.language for reader in self.readers if reader.standing is Standing.GETS)
        first = next(iter(self.letters))
        return {language: found[language] for language in self.letters if found[language]} or {first: 0}


class Followups:
    """One a process."""

    def __init__(
        self,
        attendance: AttendanceService,
        readers: ReaderStore,
        mail: MailService,
        showing: Showing,
        writer: Writer,
    ) -> None:
        self._attendance = attendance
        self._readers = readers
        self._mail = mail
        self._showing = showing
        self._writer = writer

    async def groups(self, event: Event, languages: Sequence[Language]) -> list[Group]:
        """As it stands now, in the order of `FOLLOWUPS`."""
        people = await self._attendance.people(event.id)
        found = []
        for kind in FOLLOWUPS:
            chosen = [one.attendee_id for one in people if one.came == (kind is Kind.THANKS)]
            plan = await self._showing.of(event, await self._mail.plan(event.id, kind))
            letters = {language: self._writer.example(event, plan, language, None) for language in languages}
            found.append(Group(kind, await self._readers.of(event.id, kind, chosen), letters))
        return found
