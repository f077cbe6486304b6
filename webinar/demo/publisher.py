"""A WHIP client that keeps a source on air until it is told to stop: aiortc sends, we encode, connect and reconnect."""

from __future__ import annotations

import asyncio
import enum
import ipaddress
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.stats import RTCRemoteInboundRtpStreamStats

from webinar.base import log
from webinar.base.errors import WebinarError
from webinar.demo import rtc_edges
from webinar.demo.feed import Feed
from webinar.demo.source import Source
from webinar.demo.whip_client import WhipBusy, WhipClient, WhipError, WhipRefused, WhipResource, WhipUnavailable

_log = log.get(__name__)

CONNECT_S: Final = 10.0  # for ICE and DTLS
SILENCE_S: Final = 5.0  # without a receiver report the connection is given up; ICE consent takes half a minute
_LOOK_S: Final = 0.5  # between two looks at the connection
_STEADY_S: Final = 5.0  # a connection that held this long starts the waits anew


class PublishState(enum.StrEnum):
    CONNECTING = "connecting"
    ON_AIR = "on_air"
    WAITING = "waiting"  # for the next attempt
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before attempt n, in s: doubling up to a cap, with jitter so that many clients spread out."""

    first_s: float = 0.5
    cap_s: float = 8.0

    def delay(self, attempt: int, fraction: float) -> float:
        """`attempt` counts from 0; `fraction` in 0..1 picks a place in the upper half of the range."""
        whole = min(self.cap_s, self.first_s * 2.0 ** min(attempt, 30))
        return whole * (0.5 + 0.5 * fraction)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it, for the last line of the command."""

    connections: int
    frames: int
    skipped: int


class _Lost(WebinarError):
    """The connection did not come about, or broke."""

    code = "publish_lost"


class _Closed(_Lost):
    """The server ended the connection itself: it restarts, or somebody has taken over from us."""


async def publish(
    whip_url: str,
    stream_key: str,
    source: Source,
    *,
    stop: asyncio.Event,
    take_over: bool = True,
    backoff: Backoff | None = None,
    on_state: Callable[[PublishState], None] | None = None,
) -> Report:
    """Publishes until `stop` is set, then DELETEs the stream. Lost connections are made again.

    Raises `WhipRefused` when the server will never take the stream, `WhipBusy` when somebody else is on air and
    `take_over` is false or they have taken over from us, and whatever `WebinarError` the source fails with.
    """
    publisher = Publisher(WhipClient(whip_url, stream_key), source, stop, take_over, backoff or Backoff(), on_state)
    return await publisher.run()


class Publisher:
    """One run of `publish`; see there."""

    def __init__(
        self,
        client: WhipClient,
        source: Source,
        stop: asyncio.Event,
        take_over: bool,
        backoff: Backoff,
        on_state: Callable[[PublishState], None] | None = None,
    ) -> None:
        self._client = client
        self._source = source
        self._stop = stop
        self._take_over = take_over
        self._backoff = backoff
        self._on_state = on_state
        self._state: PublishState | None = None
        self._connections = self._frames = self._skipped = 0
        self._attempt = 0

    async def run(self) -> Report:
        try:
            while not self._stop.is_set():
                self._to(PublishState.CONNECTING)
                try:
                    await self._session()
                except (_Lost, WhipUnavailable) as error:
                    if isinstance(error, _Lost):
                        # Whoever is on air after a silent loss is ourselves, not yet given up by the server. After an
                        # orderly close it is somebody else, with whom we do not fight.
                        self._take_over = not isinstance(error, _Closed)
                    if not self._stop.is_set():
                        await self._pause(error)
        finally:
            self._to(PublishState.STOPPED)
        return Report(self._connections, self._frames, self._skipped)

    def _to(self, state: PublishState) -> None:
        if state != self._state:
            self._state = state
            _log.info(f"publisher {state}")
            if self._on_state is not None:
                self._on_state(state)

    async def _pause(self, error: WebinarError) -> None:
        delay = self._backoff.delay(self._attempt, random.random())  # noqa: S311 - spreads load, hides nothing
        delay = max(delay, min(error.retry_after_s or 0, 30))
        self._attempt += 1
        self._to(PublishState.WAITING)
        _log.warning("publisher lost", reason=error.message, retry_s=round(delay, 1))
        try:
            await asyncio.wait_for(self._stop.wait(), delay)
        except TimeoutError:
            return

    async def _session(self) -> None:
        """One connection from the offer to its end: returns when stopped, raises `_Lost` when it broke."""
        feed = Feed(self._source.begin())
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        connection = RTCPeerConnection(configuration)
        try:
            await self._send(connection, feed)
        finally:
            await connection.close()
            await feed.close()
            self._frames += feed.video.sent.units
            self._skipped += feed.video.sent.skipped

    async def _send(self, connection: RTCPeerConnection, feed: Feed) -> None:
        watch = _Watch(connection, feed)
        await _prepare(connection, feed, self._client.host)
        resource = await self._offer(connection.localDescription.sdp)
        try:
            try:
                await connection.setRemoteDescription(RTCSessionDescription(resource.answer, "answer"))
            except ValueError as error:
                raise WhipRefused(201, f"its answer cannot be used: {error}") from error
            await watch.until_connected(self._stop)
            if not self._stop.is_set():
                self._to(PublishState.ON_AIR)
                self._connections += 1
                began = time.monotonic()
                try:
                    await watch.until_lost(self._stop)
                finally:
                    if time.monotonic() - began >= _STEADY_S:
                        self._attempt = 0
        finally:
            await self._end(resource)

    async def _offer(self, sdp: str) -> WhipResource:
        try:
            return await self._client.offer(sdp)
        except WhipBusy:
            if not self._take_over:
                raise
            _log.info("publisher takes over")
            return await self._client.offer(sdp, take_over=True)

    async def _end(self, resource: WhipResource) -> None:
        try:
            await self._client.delete(resource)
        except WhipError as error:
            _log.warning("publisher could not end its stream", reason=error.message)


async def _prepare(connection: RTCPeerConnection, feed: Feed, host: str) -> None:
    """Tracks, codecs and candidates: all that the offer is made of."""
    for track in (feed.audio, feed.video):
        transceiver = connection.addTransceiver(track, direction="sendonly")
        wanted = ("video/h264", "video/rtx") if track.kind == "video" else ("audio/opus",)
        codecs = RTCRtpSender.getCapabilities(track.kind).codecs
        transceiver.setCodecPreferences([c for c in codecs if c.mimeType.lower() in wanted])
        if track.kind == "video":
            rtc_edges.on_keyframe_request(transceiver.sender, feed.request_keyframe)
    if await asyncio.to_thread(_is_loopback, host):
        rtc_edges.gather_loopback_too(connection)
    await connection.setLocalDescription(await connection.createOffer())


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False  # the offer will say what is wrong with the name
    return any(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)


class _Watch:
    """Looks whether a connection lives: by its state, by the receiver's reports, by the tracks."""

    def __init__(self, connection: RTCPeerConnection, feed: Feed) -> None:
        self._connection = connection
        self._feed = feed
        self._changed = asyncio.Event()
        connection.on("connectionstatechange", self._changed.set)

    async def until_connected(self, stop: asyncio.Event) -> None:
        deadline = time.monotonic() + CONNECT_S
        while not stop.is_set() and self._connection.connectionState != "connected":
            if self._connection.connectionState in ("failed", "closed"):
                raise _Lost("the media connection failed: is the server's UDP port reachable?")
            if time.monotonic() >= deadline:
                raise _Lost(f"no media connection within {CONNECT_S:.0f} s: is the server's UDP port reachable?")
            await self._look(stop)

    async def until_lost(self, stop: asyncio.Event) -> None:
        heard = time.monotonic()
        last_report: object = None
        while not stop.is_set():
            if self._connection.connectionState != "connected":
                raise _Closed("the server closed the media connection")
            for track in (self._feed.video, self._feed.audio):
                if track.failure is not None:
                    raise track.failure
            report = await self._newest_report()
            if report != last_report:
                last_report, heard = report, time.monotonic()
            if last_report is not None and time.monotonic() - heard > SILENCE_S:
                raise _Lost(f"the server has sent no report for {SILENCE_S:.0f} s")
            await self._look(stop)

    async def _newest_report(self) -> object:
        """Time of the last receiver report on any track; None before the first."""
        stats = await self._connection.getStats()
        times = [s.timestamp for s in stats.values() if isinstance(s, RTCRemoteInboundRtpStreamStats)]
        return max(times, default=None)

    async def _look(self, stop: asyncio.Event) -> None:
        """Returns when stopped, when the connection's state changes, or after a short while."""
        self._changed.clear()
        waits = [asyncio.create_task(event.wait(), name="publisher-look") for event in (stop, self._changed)]
        try:
            await asyncio.wait(waits, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
