"""One live session: from `assign` to the end of the event, through rehearsal and the program.

A session owns the threads that encode and record, and puts what they make on the bus; `presenter` is the sink of
whoever presents. It runs in one task (`run`), whose children end with it. What fails beyond repair ends the session:
the worker then has the event taken over by a new one, which is a new instance with a new id and prefix.
"""

from __future__ import annotations

import asyncio
import datetime
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ingest.contract import EndOfSession, LiveStatus, Message, SessionState, encode
from ingest.encode.encoder import H264Encoder
from ingest.encode.ladder import Ladder
from ingest.heartbeat import Heartbeat
from ingest.holding import Holding
from ingest.outgoing import Outgoing
from ingest.outlet import AUDIO, Identity, Outlet
from ingest.outside import Outside
from ingest.pipeline import LEAD_S, MakeVideo, Pipeline, Stopped
from ingest.presenter import Presenter
from ingest.program.clock import Clock, SystemClock
from ingest.session_id import new_id
from webinar.base import log
from webinar.base.errors import Conflict, Gone, Unavailable

_log = log.get(__name__)

_ESSENTIAL: Final = frozenset({"program", AUDIO})


class LiveSession:
    """See the module. All methods but the callbacks handed to threads belong to the event loop.

    `after`: the id of the event's session before this one, if one is known. `holding`: the store's key of the host's
    own holding picture, "" for none.
    """

    def __init__(
        self,
        event_id: str,
        ladder: Ladder,
        outside: Outside,
        title: str = "",
        clock: Clock | None = None,
        make_video: MakeVideo = H264Encoder,
        after: str = "",
        holding: str = "",
    ) -> None:
        self.id = new_id(after)
        self.event_id = event_id
        self.hls_prefix = secrets.token_urlsafe(18)
        self.state = SessionState.REHEARSAL
        self.failed = False
        self._clock = clock or SystemClock()
        self._make_video = make_video
        self._ladder = ladder
        self._outside = outside
        self._started_at: datetime.datetime | None = None
        self._pipeline: Pipeline | None = None
        self._stopped: Stopped | None = None
        self._changing = asyncio.Lock()
        top = ladder.top
        self._holding = Holding(event_id, top.width, top.height, title, holding, outside.get_object)
        self._over = asyncio.Event()
        self._let_go = False
        self._outgoing = Outgoing(event_id, self.hls_prefix, outside.publish, outside.put_object)
        self._loop = asyncio.get_running_loop()
        self._heartbeat = Heartbeat(self._outlets, self._announce)
        self.presenter = Presenter(event_id, ladder, outside, self._clock, self._heartbeat.soon)

    # -- life ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until `end`, `close` or a failure. The program is stopped and the recording closed whatever the reason."""
        self.presenter.start()
        try:
            async with asyncio.TaskGroup() as group:
                reporting = group.create_task(self._heartbeat.run(), name=f"report {self.id}")
                tasks: list[asyncio.Task[Any]] = [
                    group.create_task(self._outgoing.send(), name=f"send {self.id}"),
                    group.create_task(self._outgoing.store(), name=f"store {self.id}"),
                    group.create_task(self._holding.prepare(), name=f"slate {self.id}"),
                ]
                await self._over.wait()
                await self.let_go()
                await self.close()
                reporting.cancel()  # who misses the heartbeat has the event taken over
                await self._outgoing.drain()
                for task in tasks:
                    task.cancel()
        finally:
            self._over.set()
            await self.let_go()
            await asyncio.to_thread(self._end_threads)

    async def start(self, *, paused: bool = False) -> dict[str, str]:
        """Go Live, with the holding picture if `paused`; repeating it answers the same and changes nothing.

        Raises what `check_open` raises.
        """
        async with self._changing:
            self.check_open()
            if self.state is SessionState.REHEARSAL:
                self.presenter.source.pause(paused)
                await self._go_live()
            return {"session_id": self.id, "hls_prefix": self.hls_prefix, "started_at": self._started_text() or ""}

    async def pause(self, paused: bool) -> None:
        """Viewers and the recording get the holding picture and silence, or what the presenter sends again.

        Raises `Conflict` in rehearsal, and what `check_open` raises. Repeating it changes nothing.
        """
        async with self._changing:
            self.check_open()
            if self.state is SessionState.REHEARSAL:
                raise Conflict("The event is not live yet.", code="not_live")
            if paused != self.presenter.source.paused:
                _log.info("program paused" if paused else "program resumed", event_id=self.event_id, session=self.id)
            self.presenter.source.pause(paused)
            self._heartbeat.soon()

    async def hold(self, key: str) -> None:
        """The holding picture is another one from now on, also while it is shown. "": the drawn one."""
        frame = await self._holding.change(key)
        if self._pipeline is not None:
            self._pipeline.hold(frame)

    async def end(self) -> Stopped:
        """Ends the program for everybody. Repeating it answers the same."""
        async with self._changing:
            if self.state is not SessionState.ENDED and self._pipeline is not None:
                # Viewers need not wait for the disk.
                duration_s = await asyncio.shield(asyncio.to_thread(self._pipeline.end_program))
                await asyncio.sleep(0)  # the threads' last messages are callbacks of this loop: they come first
                end = EndOfSession(self.id, self.event_id, duration_s)
                self._outgoing.media(end, encode(end))
            stopped = await self._stop_pipeline()
            if self.state is not SessionState.ENDED:
                self._set_state(SessionState.ENDED)
                self._announce()
            self._over.set()
        await self.let_go()
        return stopped

    async def close(self) -> Stopped:
        """This process goes away, the event does not: the recording is closed, viewers wait for the next session."""
        async with self._changing:
            stopped = await self._stop_pipeline()
            self._over.set()
        return stopped

    async def let_go(self) -> None:
        """Ends whoever presents, once: what they send would go to a session that is over.

        Their page connects again, to the session that has the event then.
        """
        if not self._let_go:
            self._let_go = True
            await self._outside.presenters.end(self.event_id)

    @property
    def over(self) -> bool:
        """Whether it has ended, failed or is closing. Then another session may have the event."""
        return self._over.is_set()

    def check_open(self) -> None:
        """Raises `Gone` after the end, `Unavailable` when the event goes on in another session."""
        if self.state is SessionState.ENDED:
            raise Gone("This event has ended.", code="ended")
        if self.over:
            raise Unavailable("The event is being taken over. Try again.", code="taking_over", retry_after_s=1)

    @property
    def stopped(self) -> Stopped | None:
        """How the program ended and what was recorded of it. After `end` or `close`."""
        return self._stopped

    @property
    def recording(self) -> Path | None:
        """The closed file, if there is one. After `end` or `close`."""
        return None if self._stopped is None else self._stopped.recording

    @property
    def recorded_groups(self) -> tuple[int, ...]:
        """Offsets of the groups in the recording so far, see `record.recorder`."""
        return () if self._pipeline is None else self._pipeline.recorder.heads

    @property
    def dropped(self) -> int:
        """Raw frames that encoders were too late for."""
        return self._pipeline.dropped if self._pipeline else 0

    @property
    def busy(self) -> list[threading.Thread]:
        """Threads that are at work: on what was received, or on what the program made."""
        return [*self.presenter.busy, *(self._pipeline.busy if self._pipeline else ())]

    async def _go_live(self) -> None:
        holding = await self._holding.frame()
        self._started_at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=LEAD_S)
        identity = Identity.of(self.id, self.event_id, self.hls_prefix, self._started_at, self._ladder)
        self._pipeline = Pipeline(
            identity,
            self._ladder,
            self.presenter.source,
            holding,
            self._outside.recording(self.event_id, self.id),
            self._deliver,
            self._on_failed,
            lambda: self.presenter.decoding_s,
            self._clock,
            self._make_video,
        )
        self._pipeline.start()
        self._set_state(SessionState.LIVE)

    async def _stop_pipeline(self) -> Stopped:
        if self._stopped is None:
            if self._pipeline is None:
                self._stopped = Stopped(0.0, 0.0)
            else:
                # Shielded: a cancelled caller must not leave threads and a recording half closed.
                self._stopped = await asyncio.shield(asyncio.to_thread(self._pipeline.stop))
        return self._stopped

    def _end_threads(self) -> None:
        """Whatever the reason, no thread is left."""
        if self._pipeline is not None:
            self._stopped = self._pipeline.stop()
        self.presenter.end()

    def _set_state(self, state: SessionState) -> None:
        _log.info("live session", event_id=self.event_id, session=self.id, was=self.state.value, now=state.value)
        self.state = state
        self._heartbeat.soon()

    def _on_failed(self, what: str, error: Exception) -> None:
        """From any thread. What viewers cannot do without ends the session; a lower rung or the recorder does not."""
        if what in _ESSENTIAL or what == self._ladder.top.name:
            self._loop.call_soon_threadsafe(self._fail)

    def _fail(self) -> None:
        self.failed = True
        self._over.set()

    # -- what is asked of it -------------------------------------------------------------------------------------

    def request_keyframe(self) -> None:
        """For a viewer who joins; coalesced to one a second."""
        if self._pipeline is not None:
            self._pipeline.request_keyframe()

    async def snapshot(self, subject: str) -> int:
        """Publishes the init segments and the window to `subject`; the number of messages. Raises `Conflict`."""
        if self.state is SessionState.REHEARSAL:
            raise Conflict("The event is not live yet.", code="not_live")
        messages = self._outgoing.snapshot()
        for data in messages:
            await self._outside.publish(subject, data)
        return len(messages)

    def status(self) -> LiveStatus:
        """The heartbeat as of now."""
        pipeline = self._pipeline
        return LiveStatus(
            session_id=self.id,
            event_id=self.event_id,
            state=self.state,
            hls_prefix=self.hls_prefix,
            publisher=self.presenter.health(),
            renditions=self._heartbeat.measured,
            started_at=self._started_text(),
            program_time_s=round(pipeline.duration_s, 3) if pipeline else 0.0,
            recorded_until_s=round(pipeline.recorder.saved_s, 3) if pipeline else 0.0,
            recording_problem=pipeline.recorder.problem if pipeline else "",
            overload=pipeline.overload if pipeline else 0,
            paused=self.presenter.source.paused,
            delay_s=round(self.presenter.delay_s, 3),
            recording_room_s=self._outside.room_s(),
        )

    def _started_text(self) -> str | None:
        at = self._started_at
        return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    # -- what comes out ------------------------------------------------------------------------------------------

    def _deliver(self, message: Message, data: bytes) -> None:
        """From the encoders' threads."""
        self._loop.call_soon_threadsafe(self._outgoing.media, message, data)

    def _outlets(self) -> Sequence[Outlet]:
        return () if self._pipeline is None else self._pipeline.outlets

    def _announce(self) -> None:
        self._outgoing.status(self.status().to_json())
