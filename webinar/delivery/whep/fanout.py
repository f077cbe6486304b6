"""One event to all its WHEP viewers: units in, packets out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from ingest.contract import VIDEO_CLOCK, Unit
from webinar.base import log
from webinar.delivery.whep.backlog import AUDIO, Backlog
from webinar.delivery.whep.clock import ProgramClock
from webinar.delivery.whep.figures import FanoutStats
from webinar.delivery.whep.ladder import Ladder
from webinar.delivery.whep.opus import Bundler
from webinar.delivery.whep.pacer import Pacer
from webinar.delivery.whep.packetizer import SLICE, Frame, SendBuffer
from webinar.delivery.whep.rung import Rung
from webinar.delivery.whep.session import Viewer, ViewerState

_log = log.get(__name__)

SOUND_SAMPLES: Final = 1920  # of one packet: 40 ms, half of the sends of 20 ms
BURST_S: Final = 0.5  # a joiner gets the frames since an IDR this young at once, else it waits for a new one
WAIT_S: Final = 0.6  # and when none has come by then, everything since the last one
KEYFRAME_EVERY_S: Final = 1.0
YIELD_AFTER: Final = 200  # packets, about 1 ms of work
TICK_S: Final = 0.1
PROBING_SHARE: Final = 10  # every tenth viewer at a time
PROBING_LATE_S: Final = 0.1
LATE_S: Final = 0.25  # smoothed lateness at which the server relieves itself
RELIEVE_EVERY_S: Final = 3.0
FADE: Final = 0.99  # a tick


class Fanout:
    """`push()` units, `await run()` in a task of the owner, `end()`. Viewers are added by `WhepServer`."""

    def __init__(
        self,
        event_id: str,
        buffer: SendBuffer,
        request_keyframe: Callable[[str, str], None],
        on_left: Callable[[str], None] | None = None,
    ) -> None:
        """`on_left(resource)` is told of each viewer that is gone, once."""
        self.event_id: Final = event_id
        self.stats: Final = FanoutStats()
        self.viewers: Final[dict[str, Viewer]] = {}
        self._buffer = buffer
        self._ask_upstream = request_keyframe
        self._on_left = on_left
        self._clock = ProgramClock()
        self._sound = Bundler(SOUND_SAMPLES)
        self._rungs: dict[str, Rung] = {}
        self._ladder = Ladder()
        self._backlog = Backlog()
        self._arrived = asyncio.Event()
        self.pacer: Final = Pacer(time.monotonic, self._arrived.set)
        self._keyframe_wanted = ""
        self._keyframe_asked_s = float("-inf")
        self._relieved_s = float("-inf")
        self._shed_s = float("-inf")  # when units were dropped last
        self._probing: set[str] = set()
        self.session_id = ""  # of the newest unit

    # From the bus

    def push(self, unit: Unit) -> None:
        """Queue a unit. When a second's worth waits already, its video is dropped up to the next IDR, sound is not."""
        if self._backlog.full:
            self._shed()
        self.session_id = unit.session_id
        now_s = time.monotonic()
        if unit.rendition != AUDIO:
            self._ladder.heard(unit, now_s)
        self._backlog.put(unit, now_s)
        self._arrived.set()

    def describe(self, ladder: Sequence[str]) -> None:
        """Names of the session's renditions, top first: the order in which viewers step down."""
        self._ladder.describe(ladder)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_all(), name=f"whep-send-{self.event_id}")
            group.create_task(self._tick(), name=f"whep-tick-{self.event_id}")

    def end(self, reason: str) -> None:
        """Say goodbye to everybody."""
        for viewer in list(self.viewers.values()):
            viewer.close(reason)

    # Room, for viewers

    def begin(self, viewer: Viewer) -> None:
        """Somebody without a picture: from a young IDR at once, else from the next one, which is asked for."""
        name = viewer.layers.start(self._ladder.names) if self._ladder.names else ""
        if name not in self._rungs:
            viewer.start(name, ())
            return
        rung = self._rungs[name]
        young = bool(rung.gop) and rung.gop[-1].ticks - rung.gop[0].ticks <= BURST_S * VIDEO_CLOCK
        viewer.start(rung.name, tuple(rung.gop) if young else ())
        if not young:
            self.request_keyframe(rung.name)

    def left(self, viewer: Viewer) -> None:
        if self.viewers.pop(viewer.resource, None) is not None:
            self.stats.count(viewer)
            if self._on_left is not None:
                self._on_left(viewer.resource)

    def claim_probe(self, resource: str) -> bool:
        """Whether this viewer may find out if more gets through: a few at a time, while sending is in time."""
        if len(self._probing) >= max(len(self.viewers) // PROBING_SHARE, 2) or self.stats.lateness_s > PROBING_LATE_S:
            return False
        self._probing.add(resource)
        return True

    def release_probe(self, resource: str) -> None:
        self._probing.discard(resource)

    def choices(self) -> Sequence[str]:
        """What a player may pin."""
        return self._ladder.choices()

    def request_keyframe(self, rendition: str) -> None:
        """Ask ingest for an IDR: at once, or when a second has passed since the last request."""
        self._keyframe_wanted = rendition or next(iter(self._ladder.names), "")
        self._ask()

    def rungs(self) -> tuple[Sequence[str], Sequence[int]]:
        """The ladder, top first, and the bit/s of each rung."""
        return self._ladder.names, [self._rungs[name].rate for name in self._ladder.names]

    def totals(self) -> FanoutStats:
        """Counters including those of viewers that are still here."""
        now = replace(self.stats)
        for viewer in self.viewers.values():
            now.count(viewer)
        return now

    # Inside

    async def _send_all(self) -> None:
        while True:
            while self._backlog:
                unit, pushed_s = self._backlog.take()
                await self._send(unit)
                self._late(time.monotonic() - pushed_s)
            await self._rest()

    async def _rest(self) -> None:
        """Until a unit comes; meanwhile what is left of large frames is sent in its time."""
        self._arrived.clear()
        due_s = self.pacer.due_s()
        if due_s is None:
            await self._arrived.wait()
            return
        timer = asyncio.get_running_loop().call_later(due_s, self._arrived.set)
        try:
            await self._arrived.wait()
        finally:
            timer.cancel()
        await self._send_due()

    async def _send_due(self) -> None:
        while True:
            if self.pacer.send_due(YIELD_AFTER) < YIELD_AFTER:
                return
            await asyncio.sleep(0)

    async def _send(self, unit: Unit) -> None:
        self.stats.units += 1
        now_s, wall_s = time.monotonic(), time.time()
        if unit.rendition == AUDIO:
            for pts, packet in self._sound.take(unit.session_id, unit.pts, unit.payload):
                ticks = self._clock.audio(unit.session_id, pts, now_s, wall_s)
                await self._deliver(AUDIO, self._buffer.frame(ticks, [packet], marker=False))
        else:
            if not self._backlog.passes(unit):
                self.stats.units_dropped += 1
                return
            rung = self._rungs.setdefault(unit.rendition, Rung(unit.rendition))
            payloads = rung.packetizer.payloads(unit.payload)
            if not payloads:
                return
            ticks = self._clock.video(unit.session_id, unit.pts, now_s, wall_s)
            frame = self._buffer.frame(ticks, payloads, keyframe=unit.keyframe)
            rung.take(frame)
            if unit.keyframe and unit.rendition == self._keyframe_wanted:
                self._keyframe_wanted = ""  # it came by itself
            if not self._ladder.names:
                self._relist()
            await self._deliver(unit.rendition, frame)

    async def _deliver(self, rendition: str, frame: Frame) -> None:
        """To every viewer, letting the loop breathe between batches: HTTP and STUN must stay quick."""
        cost, size = 0, min(frame.count, SLICE)
        for viewer in list(self.viewers.values()):
            if rendition == AUDIO:
                viewer.on_audio(frame)
            elif viewer.rung == rendition or viewer.layers.target == rendition:
                viewer.on_video(rendition, frame)
            else:
                continue
            cost += size
            if cost >= YIELD_AFTER:
                cost = 0
                await asyncio.sleep(0)
                await self._send_due()

    def _relist(self) -> None:
        if self._ladder.relist(self._rungs):
            _log.info("ladder", event_id=self.event_id, rungs=",".join(self._ladder.names))
            for viewer in list(self.viewers.values()):
                viewer.keep_to(self._ladder.names)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now_s = time.monotonic()
            self._ask()
            self._relist()
            self._relieve(now_s)
            self.stats.lateness_max_s *= FADE
            program, waiting = self._clock.report(now_s), ViewerState.WAITING
            for viewer in list(self.viewers.values()):
                if viewer.state is waiting and now_s - viewer.waiting_since_s >= WAIT_S:
                    self._start_late(viewer)
                if program is not None:
                    viewer.report(now_s, program)

    def _relieve(self, now_s: float) -> None:
        """Sending is late for want of CPU: every second viewer of the fullest rung goes one down.

        All of them when units had to be dropped: their picture stands still anyway, and each drop asks for an IDR.
        A smaller picture for some is better than a frozen one for all. The rule of each brings it up again.
        """
        ladder = self._ladder.names
        if self.stats.lateness_s < LATE_S or now_s - self._relieved_s < RELIEVE_EVERY_S or len(ladder) < 2:
            return
        free = [v for v in self.viewers.values() if v.layers.pinned not in ladder]
        targets = Counter(v.layers.target for v in free if v.layers.target in ladder[:-1])
        if not targets:
            return
        ((fullest, count),) = targets.most_common(1)
        self._relieved_s = now_s
        self.stats.reliefs += 1
        _log.warning("sending_late", event_id=self.event_id, seconds=round(self.stats.lateness_s, 2), viewers=count)
        step = 1 if now_s - self._shed_s < RELIEVE_EVERY_S else 2
        for viewer in [v for v in free if v.layers.target == fullest][::step]:
            viewer.relieve(ladder)

    def _start_late(self, viewer: Viewer) -> None:
        """No IDR came in time: everything since the last one, so that nobody sees black for more than a second."""
        if viewer.rung not in self._ladder.names or viewer.rung != viewer.layers.target:
            self.begin(viewer)
            return
        gop = self._rungs[viewer.rung].gop
        if gop and viewer.rung not in self._backlog.broken:
            viewer.start(viewer.rung, tuple(gop))
        else:
            self.request_keyframe(viewer.rung)

    def _ask(self) -> None:
        now_s = time.monotonic()
        if self._keyframe_wanted and now_s - self._keyframe_asked_s >= KEYFRAME_EVERY_S:
            wanted, self._keyframe_wanted = self._keyframe_wanted, ""
            self._keyframe_asked_s = now_s
            self.stats.keyframes_requested += 1
            self._ask_upstream(self.event_id, wanted)

    def _shed(self) -> None:
        dropped = self._backlog.shed()
        self.stats.units_dropped += dropped
        self._shed_s = time.monotonic()
        _log.warning("units_dropped", event_id=self.event_id, units=dropped, viewers=len(self.viewers))
        for rung in self._rungs.values():
            rung.gop.clear()
        for viewer in self.viewers.values():
            viewer.restart()
        if self._backlog.broken:
            self.request_keyframe("")

    def _late(self, seconds: float) -> None:
        self.stats.lateness_s += (seconds - self.stats.lateness_s) / 64
        self.stats.lateness_max_s = max(self.stats.lateness_max_s, seconds)
