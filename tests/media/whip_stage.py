"""A live session behind a WHIP endpoint and a bad network, in real time, and what a viewer of its recording sees.

`async with stage(folder) as it:` serves `it.url` (POST, PATCH, DELETE as the platform does, without keys) and a page
for browsers; `await it.go_live()`, `watched = await it.end()`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ingest.accept.sink import EncodedFrame, PublisherSink, PublisherState, ReceiverHealth
from ingest.accept.whip import WhipServer
from ingest.contract import SessionState
from ingest.encode.ladder import choose
from ingest.outside import Outside
from ingest.session import LiveSession
from tests.integration.lossy_relay import LossyRelay, Weather
from tests.media.served import served
from tests.waiting import until
from webinar.base.errors import WebinarError
from webinar.demo import burned_time
from webinar.demo.source import pixels

_WINDOW = 240  # samples: 5 ms
_QUIET = 0.1  # of the usual level of a steady tone
_CALM_S = 0.1


@dataclass(frozen=True)
class Shown:
    """A recording, decoded. Times in s of the program."""

    times: list[float]  # of its pictures
    codes: list[int | None]  # ms since the epoch burned into each, None unreadable
    started_ms: float  # wall time of program time 0
    levels: npt.NDArray[np.float64]  # of the sound, RMS of each 5 ms

    def longest_freeze(self, from_s: float = 0.0, to_s: float = 1e9) -> float:
        """The longest time for which the picture stayed the same, s."""
        seen = [(t, c) for t, c in zip(self.times, self.codes, strict=True) if from_s <= t <= to_s and c is not None]
        fresh = [seen[0][0], *(b[0] for a, b in pairwise(seen) if a[1] != b[1]), seen[-1][0]]
        return max(b - a for a, b in pairwise(fresh))

    def longest_silence(self, from_s: float = 0.0, to_s: float = 1e9) -> float:
        """The longest hole in a steady tone, s."""
        part = self.levels[int(from_s * 200) : int(min(to_s * 200, len(self.levels)))]
        quiet = part < _QUIET * float(np.quantile(part, 0.9))  # though most of it were lost
        longest = run = 0
        for is_quiet in quiet:
            run = run + 1 if is_quiet else 0
            longest = max(longest, run)
        return longest * _WINDOW / 48_000

    def delays_ms(self, from_s: float = 0.0) -> list[float]:
        """From drawn to the moment of the program at which it is shown first, of each distinct picture."""
        found: list[float] = []
        last: int | None = None
        for at, code in zip(self.times, self.codes, strict=True):
            if code is not None and code != last and at >= from_s:
                found.append(self.started_ms + at * 1000 - code)
            last = code or last
        return found


def show(recording: Path, started_ms: float) -> Shown:
    """Decodes a recording."""
    times: list[float] = []
    codes: list[int | None] = []
    sound: list[npt.NDArray[np.float32]] = []
    with av.open(str(recording)) as container:
        for frame in container.decode(video=0):
            times.append(frame.time or 0.0)
            codes.append(burned_time.read(pixels(frame.planes[0])))
    with av.open(str(recording)) as container:
        sound += [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    samples = np.concatenate(sound).astype(np.float64)
    whole = samples[: len(samples) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    return Shown(times, codes, started_ms, np.sqrt((whole**2).mean(axis=1)))


class _Watching:
    """A `PublisherSink` that counts what another is told."""

    def __init__(self, sink: PublisherSink) -> None:
        self._sink = sink
        self.frames = 0
        self.states: list[tuple[PublisherState, str]] = []

    def on_video(self, frame: EncodedFrame) -> None:
        self.frames += 1
        self._sink.on_video(frame)

    def on_audio(self, frame: EncodedFrame) -> None:
        self._sink.on_audio(frame)

    def on_state(self, state: PublisherState, reason: str) -> None:
        self.states.append((state, reason))
        self._sink.on_state(state, reason)


class Stage:
    """Made by `stage`."""

    def __init__(self, folder: Path, weather: Weather, ladder: tuple[str, ...]) -> None:
        self.server = WhipServer()
        self.weather = weather
        self.url = ""
        self.page = "<!doctype html><title>presenter</title>"
        self.relay: LossyRelay
        self.lateness: list[tuple[float, float]] = []  # program time, s by which this loop was late: a busy machine
        self._folder = folder
        outside = Outside(self._publish, self._put, self.server, lambda e, s: folder / f"{s}.mp4")
        self.session = LiveSession("event", choose(ladder), outside)
        self._sink = _Watching(self.session.presenter)

    @property
    def health(self) -> ReceiverHealth:
        """Of the publisher; raises `AssertionError` when nobody is there."""
        health = self.server.health("event")
        assert health is not None
        return health

    @property
    def frames(self) -> int:
        """Pictures that came from publishers."""
        return self._sink.frames

    @property
    def states(self) -> list[tuple[PublisherState, str]]:
        """All that the session was told of its publishers."""
        return self._sink.states

    async def on_air(self) -> None:
        """Waits for picture and sound of a publisher."""
        await until(
            lambda: (h := self.server.health("event")) is not None and h.fps > 0 and h.has_audio,
            timeout_s=40,
            what="no publisher came",
        )

    async def go_live(self) -> None:
        await self.session.start()

    async def lasts(self, seconds: float) -> None:
        """Until so much of the program has run since now."""
        end = self.session.status().program_time_s + seconds
        await until(lambda: self.session.status().program_time_s >= end, timeout_s=seconds * 2 + 20)

    async def calm_window(self, seconds: float, tries: int = 4) -> tuple[float, float]:
        """A stretch of the program, from and to in s, in which the machine kept up: only there is the network to blame.

        Of `tries` the calmest when none was calm.
        """
        windows: list[tuple[float, float, float]] = []  # lateness, from, to
        while len(windows) < tries and not (windows and windows[-1][0] < _CALM_S):
            begin = self.session.status().program_time_s
            await self.lasts(seconds)
            end = self.session.status().program_time_s
            windows.append((self.late_s(begin, end), begin, end))
        _, begin, end = min(windows)
        return begin, end

    def late_s(self, from_s: float, to_s: float) -> float:
        """The most that this process was late in a stretch of the program, and with it the presenter in it."""
        return max((late for at, late in self.lateness if from_s <= at <= to_s), default=0.0)

    async def watch_lateness(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.02
            await asyncio.sleep(0.02)
            self.lateness.append((self.session.status().program_time_s, loop.time() - due))

    async def end(self) -> Shown:
        """Ends the event and watches its recording."""
        answer = await self.session.start()
        await self.session.end()
        assert self.session.state is SessionState.ENDED
        assert self.session.recording is not None
        started_ms = datetime.fromisoformat(answer["started_at"]).timestamp() * 1000
        return await asyncio.to_thread(show, self.session.recording, started_ms)

    async def _publish(self, subject: str, payload: bytes) -> None:
        """Nobody watches live."""

    async def _put(self, key: str, data: bytes) -> None:
        """Nobody rewinds."""

    async def _post(self, request: Request) -> Response:
        try:
            answer = await self.server.offer("event", (await request.body()).decode(), sink=self._sink, take_over=True)
        except WebinarError as error:
            return Response(error.message, error.status)
        headers = {"Location": f"/whip/event/{answer.resource}", "ETag": f'"{answer.etag}"'}
        return Response(self.relay.through(answer.sdp), 201, headers, "application/sdp")

    async def _patch(self, request: Request) -> Response:
        body, if_match = (await request.body()).decode(), request.headers["if-match"].strip('"')
        try:
            answer = self.server.patch(request.path_params["resource"], body, if_match)
        except WebinarError as error:
            return Response(error.message, error.status)
        if answer is None:
            return Response(status_code=204)
        return Response(answer.fragment, 200, {"ETag": f'"{answer.etag}"'}, "application/trickle-ice-sdpfrag")

    async def _delete(self, request: Request) -> Response:
        await self.server.delete(request.path_params["resource"])
        return Response(status_code=200)

    def routes(self) -> list[Route]:
        return [
            Route("/", lambda _: HTMLResponse(self.page)),
            Route("/whip/event", self._post, methods=["POST"]),
            Route("/whip/event/{resource}", self._patch, methods=["PATCH"]),
            Route("/whip/event/{resource}", self._delete, methods=["DELETE"]),
        ]


@contextlib.asynccontextmanager
async def stage(
    folder: Path, weather: Weather | None = None, ladder: tuple[str, ...] = ("240p",), address: str = "127.0.0.1"
) -> AsyncIterator[Stage]:
    """Everything on loopback, media at `address` of this machine; all of it has ended when this is left."""
    it = Stage(folder, weather or Weather(), ladder)
    async with contextlib.AsyncExitStack() as stack:
        await it.server.start("127.0.0.1", 0)
        stack.push_async_callback(it.server.close)
        it.relay = LossyRelay(it.server.port, it.weather, address=address)
        await it.relay.start()
        stack.callback(it.relay.close)
        it.url = await stack.enter_async_context(served(it.routes()))
        running = asyncio.create_task(it.session.run(), name="stage-session")
        watching = asyncio.create_task(it.watch_lateness(), name="stage-lateness")
        try:
            yield it
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await it.session.end()
            await running
