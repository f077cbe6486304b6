"""From the bus to live sessions: decodes media messages, fills gaps from ingest's snapshot.

The bus may lose messages. A part that does not follow the one before it, or the first message of a session that runs
already, starts one snapshot; until it is there, parts wait in a bounded list.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from prometheus_client import Counter

from ingest.contract import (
    EndOfSession,
    InitSegment,
    LiveStatus,
    Message,
    Part,
    SessionState,
    Subject,
    UnknownMessage,
    decode,
)
from webinar.base import log
from webinar.base.bus import Bus
from webinar.base.errors import WebinarError
from webinar.delivery.session import LiveSession
from webinar.delivery.window import Gap

_log = log.get(__name__)

# Parts that may wait for a snapshot: 20 s of four renditions.
_MAX_WAITING: Final = 256
# How long a session is kept after its end, so that players read the last segments and the ENDLIST.
KEPT_AFTER_END_S: Final = 60.0
_SNAPSHOT_EVERY_S: Final = 1.0

GAPS: Final = Counter("webinar_feed_gaps_total", "Times parts of a live session were lost on the bus and fetched again")
UNREADABLE: Final = Counter("webinar_feed_unreadable_total", "Media messages this process could not read")


class Feed:
    """Every live session this process has heard of."""

    def __init__(
        self,
        bus: Bus,
        *,
        on_message: Callable[[Message], None],
        on_session: Callable[[LiveSession], None],
        on_forgotten: Callable[[LiveSession], None],
        kept_s: float = KEPT_AFTER_END_S,
    ) -> None:
        """`on_message` sees every media message as it comes, `on_session` each session that begins, `on_forgotten`
        each that has been over for `kept_s`.
        """
        self._bus = bus
        self._on_message = on_message
        self._on_session = on_session
        self._on_forgotten = on_forgotten
        self._kept_s = kept_s
        self._sessions: dict[str, LiveSession] = {}
        self._by_prefix: dict[str, LiveSession] = {}
        self._waiting: dict[str, list[Part]] = {}  # by session, while its snapshot is on the way
        self._snapshots: dict[str, asyncio.Task[None]] = {}
        self._next_snapshot: dict[str, float] = {}
        self._heard: dict[str, float] = {}  # when ingest last sent a part, or said that it is live; loop time, s
        self._forgetting: dict[str, asyncio.TimerHandle] = {}

    async def start(self) -> None:
        await self._bus.subscribe(Subject.ALL_MEDIA, self._on_media)
        await self._bus.subscribe(Subject.ALL_STATUS, self._on_status_message)

    async def close(self) -> None:
        for timer in self._forgetting.values():
            timer.cancel()
        for task in list(self._snapshots.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def by_prefix(self, prefix: str) -> LiveSession | None:
        return self._by_prefix.get(prefix)

    def silent(self, for_s: float) -> list[LiveSession]:
        """Sessions without an end of which nothing was heard for so long."""
        since = self._now() - for_s
        return [s for s in self._sessions.values() if not s.ended and self._heard[s.session_id] < since]

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _on_media(self, data: bytes) -> None:
        try:
            message = decode(data)
        except UnknownMessage as error:
            UNREADABLE.inc()
            _log.warning("media message dropped", reason=str(error))
            return
        self._on_message(message)
        if isinstance(message, InitSegment):
            self._session(message).add_init(message)
        elif isinstance(message, Part):
            self._take_part(message)
        elif isinstance(message, EndOfSession):
            self.end_session(message.session_id)

    async def _on_status_message(self, data: bytes) -> None:
        try:
            status = LiveStatus.from_json(data)
        except UnknownMessage as error:
            UNREADABLE.inc()
            _log.warning("live status dropped", reason=str(error))
            return
        if status.state is not SessionState.LIVE:
            return
        if status.session_id in self._sessions:
            self._heard[status.session_id] = self._now()
        else:
            self._ask_snapshot(status.session_id, status.event_id)

    def _session(self, init: InitSegment) -> LiveSession:
        session = self._sessions.get(init.session_id)
        if session is None:
            session = LiveSession(init.session_id, init.event_id, init.hls_prefix)
            self._sessions[init.session_id] = self._by_prefix[init.hls_prefix] = session
            self._heard[init.session_id] = self._now()
            self._on_session(session)
        return session

    def _forget(self, session: LiveSession) -> None:
        for known in (self._sessions, self._next_snapshot, self._heard, self._forgetting):
            known.pop(session.session_id, None)
        if self._by_prefix.get(session.hls_prefix) is session:
            del self._by_prefix[session.hls_prefix]
        self._on_forgotten(session)

    def _take_part(self, part: Part) -> None:
        waiting = self._waiting.get(part.session_id)
        if waiting is not None:
            waiting.append(part)
            if len(waiting) > _MAX_WAITING:
                del waiting[0]  # the snapshot that comes holds it
            return
        session = self._sessions.get(part.session_id)
        if session is None:
            self._ask_snapshot(part.session_id, part.event_id, part)
            return
        if session.ended:
            return
        self._heard[session.session_id] = self._now()
        try:
            session.add_part(part)
        except (Gap, KeyError) as error:
            _log.warning("gap in the live feed, asking for a snapshot", event_id=part.event_id, reason=str(error))
            GAPS.inc()
            session.behind = True
            self._ask_snapshot(part.session_id, part.event_id, part)

    def end_session(self, session_id: str) -> None:
        """The program has stopped, or its ingest is gone for good: nothing follows."""
        session = self._sessions.get(session_id)
        if session is not None and not session.ended:
            session.end()
            loop = asyncio.get_running_loop()
            self._forgetting[session_id] = loop.call_later(self._kept_s, self._forget, session)

    def _ask_snapshot(self, session_id: str, event_id: str, part: Part | None = None) -> None:
        if session_id in self._snapshots:
            return
        self._waiting[session_id] = [] if part is None else [part]
        task = asyncio.create_task(self._snapshot(session_id, event_id), name=f"snapshot {session_id}")
        self._snapshots[session_id] = task
        task.add_done_callback(lambda done: self._snapshot_done(session_id, done))

    def _snapshot_done(self, session_id: str, task: asyncio.Task[None]) -> None:
        # Not the entry of a later task: the parts that waited for this one may have asked for the next.
        if self._snapshots.get(session_id) is task:
            del self._snapshots[session_id]

    def _pause_s(self, session_id: str) -> float:
        """At most one snapshot a second and session, should what comes never fit."""
        now = self._now()
        due = self._next_snapshot.get(session_id, now)
        self._next_snapshot[session_id] = max(now, due) + _SNAPSHOT_EVERY_S
        return max(0.0, due - now)

    async def _snapshot(self, session_id: str, event_id: str) -> None:
        messages: list[InitSegment | Part] = []
        arrived = asyncio.Event()

        async def collect(data: bytes) -> None:
            message = decode(data)
            if isinstance(message, InitSegment | Part) and message.session_id == session_id:
                messages.append(message)
                arrived.set()

        inbox = self._bus.new_inbox()
        subscription = await self._bus.subscribe(inbox, collect)
        await asyncio.sleep(self._pause_s(session_id))
        try:
            reply = await self._bus.request(Subject.command(event_id, "snapshot"), {"to": inbox})
            async with asyncio.timeout(3):
                while len(messages) < int(reply.get("messages", 0)):
                    arrived.clear()
                    await arrived.wait()
        except (WebinarError, TimeoutError) as error:
            # Parts that came meanwhile are dropped; the next one, or the next status, asks again. Until then the
            # windows stay as they are.
            _log.warning("no snapshot of the live session", event_id=event_id, reason=str(error))
            self._waiting.pop(session_id, None)
            return
        finally:
            await self._bus.unsubscribe(subscription)
        waiting = self._waiting.pop(session_id, [])
        self._snapshots.pop(session_id, None)  # from here on a gap may ask again
        self._take_snapshot(messages)
        for part in waiting:
            self._take_part(part)

    def _take_snapshot(self, messages: list[InitSegment | Part]) -> None:
        session = None
        for message in messages:
            if isinstance(message, InitSegment):
                session = self._session(message)
                session.add_init(message)
        if session is None or session.ended:
            return
        try:
            session.refill(m for m in messages if isinstance(m, Part))
        except (Gap, KeyError) as error:
            _log.warning("snapshot with a hole", event_id=session.event_id, reason=str(error))
