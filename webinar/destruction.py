"""The end of an event's data: everything of it is destroyed on its date, or when the host says so, with a receipt."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from webinar.attendance.service import AttendanceService
from webinar.base import log
from webinar.base.db import Connection
from webinar.conversation.service import ConversationService
from webinar.deleted import DeletedEvents
from webinar.events.handouts import Handouts
from webinar.events.images import Images
from webinar.events.receipt_store import ReceiptStore
from webinar.events.receipts import Receipt
from webinar.recordings.service import RecordingService
from webinar.registration.service import RegistrationService

_log = log.get(__name__)


class Destruction:
    """Every step may be cut off and repeated: the receipt is written first, and counts only once the event is gone."""

    def __init__(
        self,
        store: ReceiptStore,
        deleted: DeletedEvents,
        registration: RegistrationService,
        attendance: AttendanceService,
        conversation: ConversationService,
        recordings: RecordingService,
        images: Images,
        handouts: Handouts,
    ) -> None:
        self._store = store
        self._deleted = deleted
        self._registration = registration
        self._attendance = attendance
        self._conversation = conversation
        self._recordings = recordings
        self._images = images
        self._handouts = handouts

    async def due(self, now: datetime, most: int) -> list[uuid.UUID]:
        return await self._store.due(now, most)

    async def date(self, event_id: uuid.UUID) -> datetime | None:
        """When the event is destroyed; None for one that is gone."""
        return await self._store.date(event_id)

    async def destroy(
        self,
        event_id: uuid.UUID,
        why: Literal["date", "host"],
        beside: Callable[[Connection], Awaitable[None]] | None = None,
    ) -> None:
        """People, answers, chat, attendance, recording, pictures, files, the event itself. Certificates that were
        given out stay checkable and name nobody.

        What the store does not delete now, the worker deletes later. `beside` and what is raised are those of
        `DeletedEvents.delete`.
        """
        entries, counts = await self._attendance.log(event_id), await self.counts(event_id)
        await self._store.put(event_id, why, counts, entries[-1].hash if entries else None)
        await self._deleted.delete(event_id, beside)
        _log.info("event destroyed", event_id=str(event_id), why=why, **counts)

    async def drop_words(self) -> int:
        """What people agreed to, in words that nobody is left of; how many such texts went. May be repeated."""
        return await self._registration.drop_consent_texts()

    async def receipts(
        self, account: uuid.UUID | None, after: tuple[datetime, uuid.UUID] | None, most: int
    ) -> list[Receipt]:
        """Newest first, those behind `after`; of one host's events, or (None) of all."""
        return await self._store.all(account, after, most)

    async def of_event(self, event: bytes, account: uuid.UUID | None = None) -> Receipt | None:
        """What is left of the event whose id begins so; of one host's events, or (None) of all."""
        if not event:
            return None
        first, last = event.ljust(16, b"\0"), event.ljust(16, b"\xff")
        return await self._store.of_id(uuid.UUID(bytes=first), uuid.UUID(bytes=last), account)

    async def of_page(self, slug: str) -> Receipt | None:
        """What is left of the event that had this page, if it was one for everybody."""
        return await self._store.of_slug(slug)

    async def counts(self, event_id: uuid.UUID) -> dict[str, int]:
        """How much there is of what is destroyed, as a receipt says it."""
        talk = await self._conversation.of(event_id)
        recordings = await self._recordings.of_event(event_id)
        return {
            "people": len(await self._registration.everyone(event_id)),
            "messages": len(talk.messages),
            "questions": len(talk.questions),
            "polls": len(talk.polls),
            "recordings": len(recordings),
            "recording_bytes": sum(recording.bytes or 0 for recording in recordings),
            "pictures": len(await self._images.all(event_id)),
            "files": len(await self._handouts.all(event_id)),
            "log_entries": len(await self._attendance.log(event_id)),
        }
