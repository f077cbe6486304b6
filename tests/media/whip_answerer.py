"""A WHIP endpoint for tests of publishers: Starlette, uvicorn and a plain aiortc peer that decodes what it is sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.media.served import served
from webinar.demo.rtc_edges import gather_loopback_too
from webinar.demo.whip_client import TAKE_OVER

KEEP: Final = 600  # newest frames kept of each kind


@dataclass(eq=False)
class Received:
    """One accepted stream."""

    number: int
    offer: str
    connection: RTCPeerConnection
    pictures: list[VideoFrame] = field(default_factory=list)
    sounds: list[AudioFrame] = field(default_factory=list)
    deleted: bool = False
    readers: list[asyncio.Task[None]] = field(default_factory=list)

    async def read(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, VideoFrame):
                    self.pictures = [*self.pictures, frame][-KEEP:]
                elif isinstance(frame, AudioFrame):
                    self.sounds = [*self.sounds, frame][-KEEP:]


class WhipAnswerer:
    """Takes one stream at a time. `refuse` holds answers given before any offer is looked at, in order."""

    def __init__(self, key: str) -> None:
        self.url = ""
        self.key = key
        self.streams: list[Received] = []
        self.posts: list[Request] = []
        self.deletes: list[Request] = []
        self.refuse: list[Response] = []
        self.on_air: Received | None = None
        self._port = 0

    async def until(self, condition: Callable[[], object], timeout: float = 60.0) -> None:
        """Waits for a condition of what was received."""
        async with asyncio.timeout(timeout):
            while not condition():  # noqa: ASYNC110 - conditions on frames, requests and states alike
                await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """The endpoint on loopback, on the same port each time; leaving closes its connections as a restart does."""
        routes = [Route("/whip/event", self._post, methods=["POST"])]
        routes.append(Route("/whip/event/{number:int}", self._delete, methods=["DELETE"]))
        try:
            async with served(routes, self._port) as url:
                self._port, self.url = urlsplit(url).port or 0, f"{url}/whip/event"
                yield
        finally:
            for stream in self.streams:
                await self._close(stream)
            self.on_air = None

    async def _close(self, stream: Received) -> None:
        await stream.connection.close()
        for reader in stream.readers:  # a track whose connection never came about waits for ever
            reader.cancel()
        await asyncio.gather(*stream.readers, return_exceptions=True)

    async def _post(self, request: Request) -> Response:
        self.posts.append(request)
        if self.refuse:
            return self.refuse.pop(0)
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse({"code": "forbidden", "detail": "the stream key is wrong"}, 403)
        if self.on_air is not None and request.headers.get(TAKE_OVER) != "1":
            return JSONResponse({"code": "on_air", "detail": "another presenter is sending"}, 409)
        if self.on_air is not None:
            await self._close(self.on_air)
        offer = (await request.body()).decode()
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        stream = Received(len(self.streams), offer, connection)

        def on_track(track: MediaStreamTrack) -> None:
            stream.readers.append(asyncio.create_task(stream.read(track), name=f"read-{track.kind}"))

        connection.on("track", on_track)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        gather_loopback_too(connection)
        await connection.setLocalDescription(await connection.createAnswer())
        self.streams.append(stream)
        self.on_air = stream
        headers = {"Location": f"/whip/event/{stream.number}", "ETag": '"1"'}
        return Response(connection.localDescription.sdp, 201, headers, "application/sdp")

    async def _delete(self, request: Request) -> Response:
        self.deletes.append(request)
        stream = self.streams[request.path_params["number"]]
        stream.deleted = True
        if self.on_air is stream:
            self.on_air = None
        await self._close(stream)
        return Response(None, 200)
