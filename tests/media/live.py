"""A live session without network, bus and store: what it publishes is kept."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from ingest.accept.sink import ReceiverHealth
from ingest.contract import EndOfSession, InitSegment, LiveStatus, Message, Part, Unit, decode
from ingest.encode.ladder import choose
from ingest.outside import Outside
from ingest.session import LiveSession


class Nobody:
    """Stands where the WHIP server is."""

    def __init__(self) -> None:
        self.keyframes = 0
        self.ended = False
        self.late_s = 0.0  # set by tests: the most that the presenter was behind

    def request_keyframe(self, event_id: str) -> None:
        self.keyframes += 1

    def health(self, event_id: str) -> ReceiverHealth | None:
        return None

    async def end(self, event_id: str) -> None:
        self.ended = True


class Room:
    """One session and everything that came out of it."""

    def __init__(self, folder: Path, ladder: tuple[str, ...]) -> None:
        self.folder = folder
        self.media: list[Message] = []
        self.statuses: list[LiveStatus] = []
        self.elsewhere: dict[str, list[Message]] = {}
        self.objects: dict[str, bytes] = {}
        self.presenters = Nobody()
        outside = Outside(self._publish, self._put, self.presenters, lambda e, s: folder / e / f"{s}.mp4")
        self.session = LiveSession("event", choose(ladder), outside)

    async def _publish(self, subject: str, payload: bytes) -> None:
        if subject == "live.event.media":
            self.media.append(decode(payload))
        elif subject == "live.event.status":
            self.statuses.append(LiveStatus.from_json(payload))
        else:
            self.elsewhere.setdefault(subject, []).append(decode(payload))

    async def _put(self, key: str, data: bytes) -> None:
        self.objects[key] = data

    def init(self, rendition: str) -> InitSegment:
        return next(m for m in self.media if isinstance(m, InitSegment) and m.rendition.name == rendition)

    def parts(self, rendition: str) -> list[Part]:
        return [m for m in self.media if isinstance(m, Part) and m.rendition == rendition]

    def units(self, rendition: str) -> list[Unit]:
        return [m for m in self.media if isinstance(m, Unit) and m.rendition == rendition]

    def stream(self, rendition: str) -> bytes:
        """What an HLS player that joined at the start has of a rendition."""
        return self.init(rendition).payload + b"".join(p.payload for p in self.parts(rendition))

    @property
    def end(self) -> EndOfSession:
        return next(m for m in self.media if isinstance(m, EndOfSession))

    async def until(self, program_s: float) -> None:
        """Waits until the program is that long."""
        async with asyncio.timeout(60):
            while (left := program_s - self.session.status().program_time_s) > 0:  # noqa: ASYNC110 - its own clock
                await asyncio.sleep(max(0.005, left / 2))

    @property
    def starved(self) -> bool:
        """Whether the machine had no time for this program: then its timing says nothing."""
        return self.session.dropped > 0 or self.session.late_s > 0.03 or self.presenters.late_s > 0.03


async def undisturbed(attempt: Callable[[Path], Awaitable[Room]], folder: Path) -> Room:
    """Runs a program in real time when the machine is calm, again when it was not; gives up after two minutes."""
    deadline = time.monotonic() + 120
    for number in itertools.count():
        while await _overshoot_s() > 0.015 and time.monotonic() < deadline - 30:
            await asyncio.sleep(0.5)
        made = await attempt(folder / str(number))
        if not made.starved or time.monotonic() > deadline - 30:
            break
    return made


async def _overshoot_s() -> float:
    """The most that sleeps of 10 ms took too long: who waits for a processor has no business measuring time."""
    worst = 0.0
    for _ in range(40):
        before = time.monotonic()
        await asyncio.sleep(0.01)
        worst = max(worst, time.monotonic() - before - 0.01)
    return worst


@contextlib.asynccontextmanager
async def room(folder: Path, ladder: tuple[str, ...] = ("240p", "144p")) -> AsyncIterator[Room]:
    """A running session; its end is awaited."""
    made = Room(folder, ladder)
    running = asyncio.create_task(made.session.run(), name="session")
    try:
        yield made
    finally:
        await made.session.end()
        await running
