"""The same event once more, or again and again: each subject hands on what is no person's."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from webinar.attendance.service import AttendanceService
from webinar.base.db import Connection
from webinar.conversation.service import ConversationService
from webinar.credits.service import CreditService
from webinar.events.copies import Copies, Rhythm
from webinar.events.model import Event
from webinar.mail.service import MailService
from webinar.recordings.editing import Editing
from webinar.registration.form import RegistrationForm


class Repeating:
    """One a process, over subjects that do not know one another."""

    def __init__(
        self,
        copies: Copies,
        form: RegistrationForm,
        mail: MailService,
        attendance: AttendanceService,
        credits: CreditService,
        editing: Editing,
        conversation: ConversationService,
    ) -> None:
        self._copies = copies
        self._form = form
        self._mail = mail
        self._attendance = attendance
        self._credits = credits
        self._editing = editing
        self._conversation = conversation

    async def duplicate(self, event_id: uuid.UUID, title: str, starts_at: datetime) -> Event:
        """A draft with everything but people. Raises as `Copies.duplicate`."""
        return await self._copies.duplicate(event_id, title, starts_at, self._hand_on)

    async def repeat(self, event_id: uuid.UUID, rhythm: Rhythm, count: int) -> list[Event]:
        """A series of `count` events, this one the first. Raises as `Copies.repeat`."""
        made = await self._copies.repeat(event_id, rhythm, count, self._hand_on)
        return [made.source, *made.events]

    async def extend(self, event_id: uuid.UUID, rhythm: Rhythm, count: int) -> list[Event]:
        """`count` more dates of its series; these. Raises as `Copies.extend`."""
        return list((await self._copies.extend(event_id, rhythm, count, self._hand_on)).events)

    async def _hand_on(self, connection: Connection, source: uuid.UUID, targets: Sequence[uuid.UUID]) -> None:
        """A `HandOn`."""
        for target in targets:
            await self._form.copy(connection, source, target)
            await self._mail.copy_choices(connection, source, target)
            await self._attendance.copy(connection, source, target)
            await self._credits.copy_terms(connection, source, target)
        await self._editing.copy_gate(connection, source, targets)
        await self._conversation.copy(connection, source, targets)
