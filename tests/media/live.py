"""A live session without network, bus and store: what it publishes is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from ingest.accept.sink import ReceiverHealth
from ingest.contract import EndOfSession, InitSegment, LiveStatus, Message, Part, Unit, decode
from ingest.encode.encoder import H264Encoder
from ingest.encode.ladder import choose
from ingest.outside import Outside
from ingest.pipeline import MakeVideo
from ingest.session import LiveSession
from tests.media.conducted import ConductedClock


class Nobody:
    """Stands where the WHIP server is."""

    def __init__(self) -> None:
        self.keyframes = 0
        self.ended = False

    def request_keyframe(self, event_id: str) -> None:
        self.keyframes += 1

    def health(self, event_id: str) -> ReceiverHealth | None:
        return None

    async def end(self, event_id: str) -> None:
        self.ended = True


class Room:
    """One session and everything that came out of it."""

    def __init__(self, folder: Path, ladder: tuple[str, ...], make_video: MakeVideo, clock: ConductedClock) -> None:
        self.folder = folder
        self.media: list[Message] = []
        self.statuses: list[LiveStatus] = []
        self.elsewhere: dict[str, list[Message]] = {}
        self.objects: dict[str, bytes] = {}
        self.presenters = Nobody()
        outside = Outside(self._publish, self._put, self.presenters, lambda e, s: folder / e / f"{s}.mp4")
        self.clock = clock
        self.session = LiveSession("event", choose(ladder), outside, clock=clock, make_video=make_video)

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
        await self.clock.reach(self.clock.now() + program_s - self.session.status().program_time_s)

    async def later(self, seconds: float) -> None:
        """Waits for the clock."""
        await self.clock.reach(self.clock.now() + seconds)


@contextlib.asynccontextmanager
async def room(
    folder: Path,
    ladder: tuple[str, ...] = ("240p", "144p"),
    make_video: MakeVideo = H264Encoder,
    clock: ConductedClock | None = None,
) -> AsyncIterator[Room]:
    """A running session; its end is awaited."""
    made = Room(folder, ladder, make_video, clock or ConductedClock())
    running = asyncio.create_task(made.session.run(), name="session")
    conducting = asyncio.create_task(made.clock.conduct(lambda: made.session.busy), name="conductor")
    try:
        yield made
    finally:
        await made.session.end()
        await running
        conducting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await conducting
