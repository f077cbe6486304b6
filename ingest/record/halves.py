"""The recordings of an event's earlier sessions, and the file they will make, begun while the last one is live.

Joining copies all of the recording; people wait for it after End. So what is there already, the earlier halves and all
but the newest groups of the one being written, is laid down bit by bit before. A crash in between costs nothing: the
next sweep clears what was begun, and the halves are where they were.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from prometheus_client import Counter

from ingest.contract import RecordingClosed, UnknownMessage
from ingest.record.beside import FETCHED, NOTICE, beside
from ingest.record.handover import key
from ingest.record.joining import Joined, Joining
from ingest.record.parsing import NotARecording
from webinar.base import log
from webinar.base.errors import NotFound
from webinar.base.storage import Storage

_log = log.get(__name__)

EARLY_REFUSED: Final = Counter("webinar_recording_join_early_refused_total", "Joins that could not be begun while live")

_T = TypeVar("_T")

_STEP: Final = 16 * 1024 * 1024  # at once: a fraction of a second even of a slow disk
_ROOM: Final = 3  # times what is to be joined must be free: the recording itself comes first


class Halves:
    """Finds stored recordings and brings their files to this machine."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def earlier(self, event_id: str, session_id: str) -> list[RecordingClosed]:
        """Stored recordings of the event's earlier sessions, oldest first, each moment once. Raises `Unavailable`."""
        notices: list[RecordingClosed] = []
        for name in await self._storage.list_keys(f"recordings/{event_id}"):
            session = name.rsplit("/", 1)[-1].removesuffix(NOTICE)
            if name.endswith(NOTICE) and session < session_id:
                notice = await self.stored(event_id, session)
                notices += [] if notice is None else [notice]
        covered = {session for notice in notices for session in notice.joined}
        return [notice for notice in notices if notice.session_id not in covered]

    async def stored(self, event_id: str, session_id: str) -> RecordingClosed | None:
        """What the store says of a session's recording. Raises `Unavailable`."""
        notice = key(event_id, session_id, NOTICE)
        try:
            return RecordingClosed.from_json(await self._storage.get_bytes(notice))
        except NotFound:
            return None
        except UnknownMessage as error:
            _log.error("notice of a recording cannot be read", key=notice, error=str(error))
            return None

    async def fetch(self, notice: RecordingClosed, base: Path) -> Path:
        """The file of a stored recording on this machine; a copy beside `base` when the store is elsewhere."""
        local = self._storage.local_path(notice.key)
        if local is not None:
            return local
        copy = base.with_name(f"{base.name}.{notice.session_id}{FETCHED}")
        await _finished(asyncio.to_thread(copy.unlink, missing_ok=True))
        async for piece in self._storage.read_range(notice.key, 0, notice.bytes):
            await _finished(asyncio.to_thread(_append, copy, piece))
        return copy

    def to_fetch(self, notices: Sequence[RecordingClosed]) -> int:
        """Bytes that copies of stored recordings would take here."""
        return 0 if self._storage.here else sum(notice.bytes for notice in notices)

    def drop(self, file: Path) -> None:
        """Removes what `fetch` gave if that was a copy."""
        if file.suffix == FETCHED:
            file.unlink(missing_ok=True)

    def drop_fetched(self, own: Path) -> None:
        """Removes the copies that were made for the recording at `own`."""
        for half in own.parent.glob(f"{beside(own, '').name}.*{FETCHED}"):
            half.unlink(missing_ok=True)


@dataclass(slots=True)
class _Begun:
    """A joined file in the making: `files` are still to be added, then the session's own."""

    joining: Joining
    digests: list[str]  # of the earlier halves, in order
    files: deque[Path]
    bytes: int  # of the earlier halves
    drop: Callable[[Path], None]  # what of them is not needed any more
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def step(self, own: Path, heads: Sequence[int]) -> bool:
        """Whether there is more to do. Raises `NotARecording`, `OSError`."""
        _check_spare(own, self.bytes)
        if not self.files:
            return not self.joining.follow(own, heads, _STEP)
        if self.joining.add(self.files[0], _STEP):
            self.drop(self.files.popleft())
        return True

    def finish(self, own: Path) -> Joined:
        """Adds what is missing, `own` last, which is closed now. Raises `NotARecording`, `OSError`."""
        try:
            for path in (*self.files, own):
                self.joining.add(path)
            return self.joining.finish()
        except (NotARecording, OSError):
            self.joining.discard()
            raise

    def discard(self) -> None:
        """Leaves nothing of it. Raises `OSError`."""
        self.joining.discard()
        for path in self.files:
            self.drop(path)


class EarlyJoins:
    """Of the sessions that are live in this process, by id. All methods belong to the event loop."""

    def __init__(self, halves: Halves) -> None:
        self._halves = halves
        self._begun: dict[str, _Begun] = {}
        self._beginning: dict[str, asyncio.Task[_Begun | None]] = {}
        self._over: set[str] = set()  # sessions that nothing is begun for any more: one short id each

    async def step(self, event_id: str, own: Path, target: Path, heads: Sequence[int]) -> bool:
        """Lays down a little of what is there of the event already; whether there is more to do now.

        What goes wrong costs only the head start.
        """
        session_id = own.stem
        try:
            begun = self._begun.get(session_id) or await self._begin_once(event_id, own, target)
            if begun is None:
                return False
            async with begun.lock:
                if self._begun.get(session_id) is not begun:
                    return False
                return await _finished(asyncio.to_thread(begun.step, own, heads))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a head start, the events stay live
            EARLY_REFUSED.inc()
            _log.warning("halves are joined at the end only", event_id=event_id, session=session_id, error=repr(error))
            await self.forget(session_id)
            return False

    async def join(self, own: Path, earlier: Sequence[RecordingClosed]) -> Joined | None:
        """The file of `earlier` and the closed `own`, at the target; None when it was not begun of just these halves.

        Raises `NotARecording`, `OSError`; then nothing is left at the target.
        """
        self._over.add(own.stem)
        await self._stop_beginning(own.stem)
        begun = self._begun.get(own.stem)
        if begun is None:
            return None
        if begun.digests != [notice.sha256 for notice in earlier]:
            await self.forget(own.stem)
            return None
        async with begun.lock:
            if self._begun.pop(own.stem, None) is not begun:
                return None
            return await _finished(asyncio.to_thread(begun.finish, own))

    async def forget(self, session_id: str) -> None:
        """The session is over, joined or not: nothing is left of what was begun."""
        self._over.add(session_id)
        await self._stop_beginning(session_id)
        begun = self._begun.pop(session_id, None)
        if begun is None:
            return
        async with begun.lock:
            try:
                await _finished(asyncio.to_thread(begun.discard))
            except OSError as error:
                _log.error("what was laid down ahead cannot be removed", session=session_id, error=str(error))

    async def _begin_once(self, event_id: str, own: Path, target: Path) -> _Begun | None:
        """In a task that `join` and `forget` can stop: fetching may take minutes, to names that joining uses, too."""
        task = self._beginning[own.stem] = asyncio.create_task(self._begin(event_id, own, target))
        try:
            await asyncio.wait([task])
        finally:
            await self._stop_beginning(own.stem)
        return None if task.cancelled() else task.result()

    async def _stop_beginning(self, session_id: str) -> None:
        task = self._beginning.pop(session_id, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _begin(self, event_id: str, own: Path, target: Path) -> _Begun | None:
        if own.stem in self._over:
            return None
        earlier = await self._halves.earlier(event_id, own.stem)
        if not earlier:
            return None
        digests, size = [notice.sha256 for notice in earlier], sum(notice.bytes for notice in earlier)
        files: deque[Path] = deque()
        try:
            for n, notice in enumerate(earlier):
                await asyncio.to_thread(_check_spare, own, size, self._halves.to_fetch(earlier[n:]))
                files.append(await self._halves.fetch(notice, beside(own, "")))
            # Nothing is awaited from here on: who stops this either finds it begun or nothing of it.
            begun = self._begun[own.stem] = _Begun(Joining(target), digests, files, size, self._halves.drop)
        except BaseException:  # when cancelled, too: copies of half a recording must not stay on its disk
            await _finished(asyncio.to_thread(self._halves.drop_fetched, own))
            raise
        return begun


def _check_spare(own: Path, earlier: int, copies: int = 0) -> None:
    """Whether there is room beside what is recorded; bytes of the halves, and still to be fetched. Raises `OSError`."""
    if shutil.disk_usage(own.parent).free < _ROOM * (earlier + own.stat().st_size) + copies:
        raise OSError("too little room to join while live")


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


async def _finished(work: Coroutine[Any, Any, _T]) -> _T:
    """Waits for a thread also when cancelled: nobody else may touch its file before it has left it."""
    task = asyncio.create_task(work, name="half")
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
