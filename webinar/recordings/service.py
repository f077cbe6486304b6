"""Rules of recordings: opened at the start, ready when the file is in the store, given out to whom it belongs."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

from ingest.contract import RecordingClosed, UnknownMessage
from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import Pool
from webinar.base.errors import DeadFile, Forbidden, NotFound, Unavailable
from webinar.base.storage import Storage
from webinar.base.tokens import Purpose, Tokens
from webinar.recordings import model
from webinar.recordings.model import DOWNLOAD_TTL, ByteRange, Download, Recording, RecordingState
from webinar.recordings.store import RecordingStore

_log = log.get(__name__)


class RecordingService:
    """One a process."""

    def __init__(self, pool: Pool, bus: Bus, storage: Storage, tokens: Tokens) -> None:
        self._store = RecordingStore(pool)
        self._bus = bus
        self._storage = storage
        self._tokens = tokens

    async def open(self, event_id: uuid.UUID) -> None:
        """Notes that the event is being recorded; repeating it changes nothing."""
        await self._store.open(event_id)

    async def states(self, events: list[uuid.UUID]) -> dict[uuid.UUID, RecordingState]:
        """Of the recordings of many events; those that have one."""
        return await self._store.states(events)

    async def of_event(self, event_id: uuid.UUID) -> list[Recording]:
        """One at most."""
        return await self._store.of_event(event_id)

    async def get(self, recording_id: uuid.UUID) -> Recording:
        """Raises `NotFound`."""
        recording = await self._store.get(recording_id)
        if recording is None:
            raise NotFound("There is no such recording.", code="recording_not_found")
        return recording

    async def closed(self, notice: RecordingClosed) -> bool:
        """Takes a file that ingest has closed; True when it became the event's recording. May be repeated."""
        try:
            event_id = uuid.UUID(notice.event_id)
        except ValueError:
            _log.warning("recording of no event", key=notice.key)
            return False
        taken = await self._store.take(
            event_id,
            notice.session_id,
            notice.key,
            notice.bytes,
            notice.sha256,
            notice.duration_s,
            notice.complete,
            notice.audio_bytes,
        )
        if taken:
            _log.info("recording ready", event_id=notice.event_id, bytes=notice.bytes, duration_s=notice.duration_s)
            await self._bus.publish_json(f"event.{event_id}.changed", {"event_id": str(event_id)})
        return taken

    async def scan(self) -> int:
        """Looks in the store for what was closed while nobody listened; returns how many recordings became ready."""
        ready = 0
        for event_id in await self._store.unfinished():
            ready += await self.scan_event(event_id)
        for event_id in await self._store.give_up():
            _log.error("no recording came", event_id=str(event_id))
            await self._bus.publish_json(f"event.{event_id}.changed", {"event_id": str(event_id)})
        return ready

    async def scan_event(self, event_id: uuid.UUID) -> int:
        """The same for one event."""
        ready = 0
        for key in await self._storage.list_keys(f"recordings/{event_id}"):
            if key.endswith(".json"):
                try:
                    ready += await self.closed(RecordingClosed.from_json(await self._storage.get_bytes(key)))
                except (UnknownMessage, NotFound) as error:
                    _log.warning("notice of a recording cannot be read", key=key, error=str(error))
        return ready

    async def settle(self, event_id: str) -> int:
        """Removes the files of earlier sessions that the event's recording begins with, once it is in the store.

        Returns how many objects that were. Raises `Unavailable`.
        """
        try:
            found = await self._store.of_event(uuid.UUID(event_id))
        except ValueError:
            return 0
        key = found[0].key if found else None
        if key is None or found[0].state is not RecordingState.READY:
            return 0
        try:
            notice = RecordingClosed.from_json(await self._storage.get_bytes(key.removesuffix(".mp4") + ".json"))
            if await self._storage.size(key) != notice.bytes:
                return 0
            if notice.sha256 != found[0].sha256 and not await self.closed(notice):  # it was joined unheard
                return 0
        except (UnknownMessage, NotFound):
            return 0
        keys = await self._storage.list_keys(f"recordings/{event_id}")
        held = [k for k in keys if _session(k) in notice.joined]
        # Notices first: without one a file is not taken for a half that is still to be joined.
        for k in sorted(held, key=lambda k: not k.endswith(".json")):
            await self._storage.delete(k)
        if held:
            _log.info("joined halves removed", event_id=event_id, objects=len(held))
        return len(held)

    async def safe(self, event_id: uuid.UUID) -> bool:
        """Whether the event's recording is in the store and no file lies beside it that it does not begin with.

        Raises `Unavailable`.
        """
        found = await self._store.of_event(event_id)
        key = found[0].key if found else None
        if key is None or found[0].state is not RecordingState.READY:
            return False
        films = {k for k in await self._storage.list_keys(f"recordings/{event_id}") if k.endswith(".mp4")}
        if key not in films:
            return False
        others = {_session(k) for k in films - {key}}
        if not others:
            return True
        try:
            notice = RecordingClosed.from_json(await self._storage.get_bytes(key.removesuffix(".mp4") + ".json"))
        except (UnknownMessage, NotFound):
            return False
        return others <= set(notice.joined)

    # -- giving out ----------------------------------------------------------------------------------------------

    def signature(self, recording: Recording, *, cut: bool = False, host: bool = False) -> str:
        """The `sig` of a download link that needs nothing else, for 12 hours. One for the cut opens nothing else.

        `host`: it was given to a host, and opens the whole recording also once some of it is left out.
        """
        claims = {"recording": str(recording.id), "event": str(recording.event_id)}
        claims |= ({"file": "cut"} if cut else {}) | ({"for": "host"} if host else {})
        return self._tokens.sign(Purpose.DOWNLOAD, claims, DOWNLOAD_TTL.total_seconds())

    async def by_signature(
        self, recording_id: uuid.UUID, signature: str, *, cut: bool = False
    ) -> tuple[Recording, bool]:
        """And whether it was given to a host. Raises `Unauthenticated`, `Gone` (expired), `Forbidden` (of another
        recording, or another file of it) or `DeadFile`.
        """
        claims = self._tokens.read(Purpose.DOWNLOAD, signature)
        if (claims.get("recording"), claims.get("file")) != (str(recording_id), "cut" if cut else None):
            raise Forbidden("This link is for another recording.", code="link_invalid")
        event = str(claims.get("event", "")).replace("-", "")
        return await self._given(recording_id, bytes.fromhex(event)), claims.get("for") == "host"

    def film_key(self, recording: Recording) -> str:
        """The `sig` of a link to watch it, always the same: what it opens is for the replay's gate to say."""
        return self._tokens.link(Purpose.FILM, recording.id, 0, recording.event_id)

    async def to_watch(self, recording_id: uuid.UUID, key: str) -> Recording:
        """Raises `Unauthenticated`, `Forbidden` (of another recording) or `DeadFile`."""
        link = self._tokens.read_link(Purpose.FILM, key)
        if link.subject != recording_id:
            raise Forbidden("This link is for another recording.", code="link_invalid")
        return await self._given(recording_id, link.event)

    async def _given(self, recording_id: uuid.UUID, event: bytes) -> Recording:
        try:
            return await self.get(recording_id)
        except NotFound as error:
            raise DeadFile(error.message, event, code=error.code) from error

    async def download(self, recording: Recording, *, sound: bool = False) -> Download:
        """A file that is in the store now. Raises `NotFound` while it is not ready, and `Unavailable`."""
        film = model.film(recording)
        if film is None:
            raise NotFound("The recording is not ready yet. It comes seconds after the end.", code="not_ready")
        found = model.sound(recording) if sound else film
        if found is None:
            raise NotFound("There is no sound file of this recording yet.", code="not_ready")
        try:
            size = await self._storage.size(found.key)
        except NotFound as error:
            raise Unavailable("The file of this recording cannot be reached just now.", retry_after_s=10) from error
        if size != found.bytes:  # it was replaced by one that was joined, of which the notice may have been lost
            await self.scan_event(recording.event_id)
            raise Unavailable("This recording is just being renewed.", retry_after_s=2)
        return found

    def read(self, file: Download, span: ByteRange) -> AsyncIterator[bytes]:
        """Bytes of the file in pieces."""
        return self._storage.read_range(file.key, span.start, span.end)


def _session(key: str) -> str:
    """The live session that a file is of."""
    return key.rpartition("/")[2].partition(".")[0]
