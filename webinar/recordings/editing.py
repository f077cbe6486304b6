"""What a host makes of a recording: chapters, captions, a part of it as a file, and who may watch it again.

The file is made by a worker (`webinar.jobs.cutter`); a version that was asked for later overtakes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.db import Connection, Pool
from webinar.base.errors import Conflict, NotFound, Unavailable
from webinar.base.storage import Storage
from webinar.recordings import captions, gate, model
from webinar.recordings.cut_store import CutStore
from webinar.recordings.cuts import Chapter, Cut, CutState, check_chapters, check_cut
from webinar.recordings.editing_store import EditingStore
from webinar.recordings.gate import DEFAULT, Gate, SessionGate
from webinar.recordings.marks import MOST, Mark, MarkKind
from webinar.recordings.model import Download, Recording, RecordingState

_log = log.get(__name__)
FOLDER: Final = "cuts"  # in the store; below it a folder an event


class Editing:
    """One a process."""

    def __init__(self, pool: Pool, bus: Bus, storage: Storage) -> None:
        self._store = EditingStore(pool)
        self._cuts = CutStore(pool)
        self._bus = bus
        self._storage = storage
        # Called at once with each event of which this process shows another part now, or to others.
        self.on_change: Callable[[uuid.UUID], None] | None = None

    # -- the programme -------------------------------------------------------------------------------------------

    async def mark(
        self, event_id: uuid.UUID, kind: MarkKind, body: dict[str, Any] | None = None, at: datetime | None = None
    ) -> Mark:
        """Notes what happens now, or happened at `at`."""
        return await self._store.mark(event_id, str(kind), body or {}, at)

    async def marks(self, event_id: uuid.UUID) -> list[Mark]:
        """Oldest first."""
        return await self._store.marks(event_id, MOST)

    # -- chapters and captions -----------------------------------------------------------------------------------

    async def chapters(self, recording: Recording) -> list[Chapter] | None:
        """Those that a host saved; None while the programme's own are shown."""
        return await self._store.chapters(recording.id)

    async def save_chapters(self, recording: Recording, chapters: Sequence[Chapter] | None) -> None:
        """None: the programme's own again. The file with chapters is made anew. Raises `Invalid`, `Conflict`."""
        duration_s = _ready(recording)
        checked = None if chapters is None else check_chapters(chapters, duration_s)
        await self._store.save_chapters(recording.id, checked)
        cut = await self._cuts.cut(recording.id)
        if cut is not None:
            await self._cuts.ask_cut(recording.id, cut.from_s, cut.to_s)

    async def captions(self, recording: Recording) -> dict[str, str]:
        """WebVTT by language, on the recording's clock."""
        return await self._store.captions(recording.id)

    async def set_captions(self, recording: Recording, language: str, file: bytes | None) -> int:
        """Of an uploaded .vtt or .srt, None to have none; how many captions. Raises `Invalid`, `Conflict`."""
        _ready(recording)
        cues = [] if file is None else captions.read(file)
        await self._store.set_caption(recording.id, language, None if file is None else captions.write(cues))
        return len(cues)

    # -- the file ------------------------------------------------------------------------------------------------

    async def cut(self, recording: Recording) -> Cut | None:
        return await self._cuts.cut(recording.id)

    async def ask_cut(self, recording: Recording, from_s: float, to_s: float | None) -> Cut:
        """A file of that part, with the chapters, will be made. Raises `Invalid`, `Conflict`."""
        begin_s, end_s = check_cut(from_s, to_s, _ready(recording))
        cut = await self._cuts.ask_cut(recording.id, begin_s, end_s)
        await self._announce(recording.event_id)
        return cut

    async def drop_cut(self, recording: Recording) -> None:
        """The whole recording is what is given out again."""
        key = await self._cuts.drop_cut(recording.id)
        await self._announce(recording.event_id)
        if key is not None:
            await self.forget(key)

    async def forget(self, key: str) -> None:
        """A file that nothing refers to goes; should the store be away, it goes with its event."""
        try:
            await self._storage.delete(key)
        except Unavailable as error:
            _log.warning("a cut that is not wanted any more stays for now", key=key, error=error.message)

    async def download(self, recording: Recording) -> Download:
        """The file as it is in the store now. Raises `NotFound` while there is none."""
        cut = await self._cuts.cut(recording.id)
        found = None if cut is None else cut_file(recording, cut)
        if found is None:
            raise NotFound("This part of the recording is not ready yet.", code="not_ready")
        await self._storage.size(found.key)
        return found

    # -- the replay ----------------------------------------------------------------------------------------------

    async def gate(self, event_id: uuid.UUID) -> Gate:
        return await self._store.gate(event_id) or DEFAULT

    async def gate_of_session(self, prefix: str) -> SessionGate | None:
        """None where no event has such a session."""
        return await self._store.gate_of_session(prefix)

    async def set_gate(self, event_id: uuid.UUID, wanted: Gate) -> None:
        """Raises `Invalid`."""
        gate.check_until(wanted.until, datetime.now(UTC))
        await self._store.set_gate(event_id, wanted)
        await self._announce(event_id)

    async def copy_gate(self, connection: Connection, source: uuid.UUID, targets: Sequence[uuid.UUID]) -> None:
        """New events are shown again to whom another one is, and as long after their starts. Within the transaction
        that makes them.
        """
        await self._store.copy_gate(connection, source, targets)

    async def _announce(self, event_id: uuid.UUID) -> None:
        """To this process, and to the others, who believe what they know for ten seconds else."""
        if self.on_change is not None:
            self.on_change(event_id)
        await self._bus.publish_json(f"event.{event_id}.changed", {"event_id": str(event_id)})


def cut_file(recording: Recording, cut: Cut) -> Download | None:
    """The finished file of a cut; while another version is made, none."""
    if cut.state is not CutState.READY or cut.key is None or cut.bytes is None:
        return None
    name = model.file_name(recording.title)
    return Download(cut.key, cut.bytes, f'"{cut.sha256}"', name, "video/mp4")


def _ready(recording: Recording) -> float:
    """Its length in s. Raises `Conflict` while it is not ready."""
    if recording.state is not RecordingState.READY or recording.duration_s is None:
        raise Conflict("The recording is not ready yet. It comes seconds after the end.", code="not_ready")
    return recording.duration_s
