"""The pictures of an event, and what it looks like with them: cover, logo, holding picture, colour."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from webinar.base import log
from webinar.base.db import Connection, Pool
from webinar.base.errors import NotFound, Unavailable
from webinar.base.storage import Storage
from webinar.events import colours
from webinar.events.image_store import EventImage, ImageStore
from webinar.events.model import Event
from webinar.events.pictures import FORMS, Kind, made_ours
from webinar.events.service import EventService

__all__ = ["Brand", "EventImage", "Images", "folder"]

_log = log.get(__name__)
# Decoding takes memory, in the process that carries viewers: pictures at once.
_AT_ONCE: Final = 1


@dataclass(frozen=True, slots=True)
class Brand:
    """What a page, a mail or a certificate shows of whose event it is. Paths are of this installation."""

    accent: str  # `#rrggbb`, the platform's own where the event has none
    own: bool  # whether the colour is the event's
    stylesheet: str | None  # path; None: the platform's own colours
    organizer: str
    cover: EventImage | None
    logo: EventImage | None
    holding: EventImage | None
    slug: str

    def path(self, image: EventImage) -> str:
        """Where the picture is served, for ever the same bytes."""
        ending = FORMS[image.kind].ending
        return f"/e/{quote(self.slug)}/images/{image.kind}-{image.sha256[:20]}.{ending}"


def folder(event_id: uuid.UUID) -> str:
    """Of the store, where all pictures of an event are."""
    return f"images/{event_id}"


class Images:
    """One a process. What is written raises `NotFound` for an unknown event."""

    def __init__(self, pool: Pool, storage: Storage, events: EventService) -> None:
        self._store = ImageStore(pool)
        self._storage = storage
        self._events = events
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def all(self, event_id: uuid.UUID) -> list[EventImage]:
        return await self._store.all(event_id)

    async def brand(self, event: Event) -> Brand:
        """One query."""
        found = {image.kind: image for image in await self._store.all(event.id)}
        accent = event.accent
        return Brand(
            accent=accent or colours.OWN,
            own=accent is not None,
            stylesheet=None if accent is None else f"/brand/{colours.VERSION}-{accent[1:]}.css",
            organizer=event.organizer,
            cover=found.get(Kind.COVER),
            logo=found.get(Kind.LOGO),
            holding=found.get(Kind.HOLDING),
            slug=event.slug,
        )

    async def put(self, event_id: uuid.UUID, kind: Kind, data: bytes) -> EventImage:
        """Takes the place of the one of its kind. Raises `Invalid`, `Unavailable`."""
        await self._events.get(event_id)
        async with self._slots:
            picture = await asyncio.to_thread(made_ours, kind, data)
        key = f"{folder(event_id)}/{kind}-{picture.sha256}.{picture.ending}"
        await self._storage.put_bytes(key, picture.data)
        image = EventImage(
            event_id, kind, picture.type, key, picture.sha256, len(picture.data), picture.width, picture.height
        )
        before = await self._store.put(image)
        await self._changed(event_id, kind)
        await self._forget(before, key)
        _log.info("picture of an event", event_id=str(event_id), kind=kind.value, bytes=image.bytes)
        return image

    async def remove(self, event_id: uuid.UUID, kind: Kind) -> None:
        """One that is not there is as good as removed."""
        await self._events.get(event_id)
        before = await self._store.remove(event_id, kind)
        if before is not None:
            await self._changed(event_id, kind)
            await self._forget(before, "")

    async def read(self, image: EventImage) -> bytes:
        """Raises `NotFound` or `Unavailable`."""
        return await self._storage.get_bytes(image.key)

    async def by_digest(self, slug: str, kind: Kind, digest: str) -> EventImage:
        """The picture as it is now, if its digest begins so. Raises `NotFound`."""
        image = await self._store.by_slug(slug, kind)
        if image is None or len(digest) < 20 or not image.sha256.startswith(digest):
            raise NotFound("There is no such picture.", code="not_found")
        return image

    async def copies(self, source: uuid.UUID, targets: Sequence[uuid.UUID]) -> list[EventImage]:
        """The pictures of one event, copied in the store for events that are to be made; `keep` makes them theirs.

        One that the store has lost is left out, and logged. Raises `Unavailable`.
        """
        made: list[EventImage] = []
        for image in await self._store.all(source):
            name = image.key.rpartition("/")[2]
            copies = [image.of(target, f"{folder(target)}/{name}") for target in targets]
            try:
                await self._storage.copy_to(image.key, [one.key for one in copies])
            except NotFound:
                _log.warning("a picture is not copied: the store has none", key=image.key)
                continue
            made += copies
        return made

    async def keep(self, connection: Connection, copies: Sequence[EventImage]) -> None:
        """Within the transaction that makes their events."""
        await self._store.keep(connection, copies)

    async def _changed(self, event_id: uuid.UUID, kind: Kind) -> None:
        await self._events.announce(event_id)
        if kind is Kind.HOLDING:
            await self._events.show_holding(event_id)

    async def _forget(self, before: EventImage | None, key: str) -> None:
        """The bytes of a picture that nobody has any more. What the store does not delete now goes with the event."""
        if before is None or before.key == key:
            return
        try:
            await self._storage.delete(before.key)
        except Unavailable as error:
            _log.warning("a picture's file is left", key=before.key, error=error.message)
