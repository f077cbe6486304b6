"""One presenter's connection: the transport's callbacks, the timers, and the states the sink is told."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final, Protocol

from ingest.accept.negotiation import Negotiation
from ingest.accept.receiver import Receiver
from ingest.accept.sink import EncodedFrame, PublisherSink, PublisherState, ReceiverHealth
from webinar.base import log
from webinar.base.rtc import CloseReason, Peer, PeerState

_log = log.get(__name__)

TICK_S: Final = 0.02
# The transport's words for why a peer was closed, in the sink's.
_GONE: Final[dict[str, str]] = {
    CloseReason.REMOTE: "closed",
    CloseReason.SILENT: "lost",
    CloseReason.TIMEOUT: "lost",
    CloseReason.DTLS_FAILED: "lost",
    CloseReason.SHUTDOWN: "ended",
}


class PublisherOwner(Protocol):
    """Who keeps the publishers of an event apart."""

    def connected(self, publisher: Publisher) -> None:
        """The media path is up; called before the publisher's sink is told."""

    def gone(self, publisher: Publisher) -> None:
        """It is gone; called after its sink was told."""


class Publisher:
    """The handler of one `Peer`. Made by `WhipServer.offer`, which calls `attach` at once."""

    def __init__(
        self, event_id: str, negotiation: Negotiation, sink: PublisherSink, owner: PublisherOwner, silence_s: float
    ) -> None:
        self.event_id: Final = event_id
        self.negotiation: Final = negotiation
        self.resource: Final = secrets.token_urlsafe(16)
        self.state = PublisherState.CONNECTING
        self._sink = sink
        self._owner = owner
        self._silence_s = silence_s
        self._receiver = Receiver(negotiation.agreed, self._on_frame, self._send_rtcp)
        self._peer: Peer | None = None
        self._connected_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._log = _log.bind(event=event_id, resource=self.resource[:6])

    def attach(self, peer: Peer) -> None:
        """The transport, as soon as it is registered."""
        self._peer = peer

    @property
    def peer(self) -> Peer:
        """The transport. Raises `RuntimeError` before `attach`."""
        if self._peer is None:
            raise RuntimeError("a publisher without a transport")
        return self._peer

    def request_keyframe(self) -> None:
        """Asks the presenter's encoder for a keyframe, at most every half second."""
        self._receiver.request_keyframe()

    def health(self) -> ReceiverHealth:
        return self._receiver.health(self.state, asyncio.get_running_loop().time())

    def close(self, reason: str) -> None:
        """Ends the connection; the sink is told GONE with `reason` before this returns."""
        if self._peer is not None:
            self._peer.close(reason)

    # What the transport calls

    def on_rtp(self, packet: bytes, arrival_s: float) -> None:
        if self.state is PublisherState.SILENT:
            self._change(PublisherState.CONNECTED, "")
        self._receiver.rtp(packet, arrival_s)

    def on_rtcp(self, packet: bytes, arrival_s: float) -> None:
        self._receiver.rtcp(packet, arrival_s)
        if self._receiver.said_bye and self.state is PublisherState.CONNECTED:
            self._change(PublisherState.SILENT, "bye")

    def on_state(self, state: PeerState, reason: str) -> None:
        if state is PeerState.CONNECTED:
            loop = asyncio.get_running_loop()
            self._connected_s = loop.time()
            self._owner.connected(self)
            self._change(PublisherState.CONNECTED, "")
            self._timer = loop.call_later(TICK_S, self._tick, loop)
        elif state is PeerState.CLOSED:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._change(PublisherState.GONE, _GONE.get(reason, reason))
            self._owner.gone(self)

    # Inside

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(TICK_S, self._tick, loop)
        now = loop.time()
        heard_s = self._receiver.last_packet_s or self._connected_s
        if self.state is PublisherState.CONNECTED and now - heard_s > self._silence_s:
            self._change(PublisherState.SILENT, "timeout")
        self._receiver.tick(now)

    def _on_frame(self, frame: EncodedFrame) -> None:
        if frame.codec == "opus":
            self._sink.on_audio(frame)
        else:
            self._sink.on_video(frame)

    def _send_rtcp(self, packet: bytes) -> None:
        if self._peer is not None:
            self._peer.send_rtcp(packet)

    def _change(self, state: PublisherState, reason: str) -> None:
        was, self.state = self.state, state
        self._log.info("publisher", state=state.value, reason=reason)
        # Whoever never connected was never there for the sink.
        if was is not PublisherState.CONNECTING or state is PublisherState.CONNECTED:
            self._sink.on_state(state, reason)
