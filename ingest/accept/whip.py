"""The WHIP side of ingest (RFC 9725): offers in, answers out, one presenter at a time for each event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ingest.accept.errors import AnotherIceSession, BadSdp, NoRoom, NoSuchResource, OnAir
from ingest.accept.negotiation import Rates, negotiate
from ingest.accept.publisher import Publisher
from ingest.accept.sink import PublisherSink, PublisherState, ReceiverHealth
from webinar.base.rtc import Endpoint, EndpointFull, EndpointStats, Peer, SdpError, ice_addresses
from webinar.base.rtc.answer import Transport, write_answer, write_fragment
from webinar.base.rtc.sdp import parse_fragment

SILENCE_S: Final = 5.0
_ANYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True, slots=True)
class WhipAnswer:
    """`sdp` for the 201 response, `resource` for its Location: unguessable, of URL-safe characters.

    `etag` names the ICE session, without quotes (RFC 9725, 4.3.1).
    """

    sdp: str
    resource: str
    etag: str


@dataclass(frozen=True, slots=True)
class IceAnswer:
    """Our side of a restarted ICE session: an SDP fragment, and the session's new `etag`."""

    fragment: str
    etag: str


@dataclass(slots=True)
class _Seat:
    """The presenter's place at one event."""

    on_air: Publisher | None = None
    pending: Publisher | None = None  # answered, not connected yet

    @property
    def empty(self) -> bool:
        return self.on_air is None and self.pending is None


class WhipServer:
    """All publishers of this process on one UDP port. To be used from one event loop.

    `addresses`: IP addresses the answer names; without any, those of the interfaces that `start` listens on.
    `silence_s`: without any packet for so long the publisher is SILENT, and another may come without asking.
    """

    def __init__(
        self,
        *,
        addresses: Sequence[str] = (),
        rates: Rates | None = None,
        silence_s: float = SILENCE_S,
        max_publishers: int = 64,
        setting: str = "WEBINAR_INGEST_UDP_PORT",
    ) -> None:
        self._configured = tuple(addresses)
        self._addresses: tuple[str, ...] = ()
        self._rates = rates or Rates()
        self._silence_s = silence_s
        self._endpoint = Endpoint(max_peers=max_publishers, setting=setting)
        self._seats: dict[str, _Seat] = {}
        self._resources: dict[str, Publisher] = {}

    async def start(self, host: str, port: int) -> None:
        """Opens the UDP port, 0 for any. Raises `CannotStart` when it is taken."""
        await self._endpoint.start(host, port)
        configured = self._configured or (() if host in _ANYWHERE else (host,))
        self._addresses = ice_addresses(configured, ipv6=self._endpoint.ipv6)

    async def close(self) -> None:
        """Ends every publisher (GONE, "ended") and closes the port."""
        await self._endpoint.close()

    @property
    def port(self) -> int:
        return self._endpoint.port

    @property
    def stats(self) -> EndpointStats:
        """Counters of the UDP port."""
        return self._endpoint.stats

    async def offer(
        self, event_id: str, sdp: str, *, sink: PublisherSink, take_over: bool = False, resume: str = ""
    ) -> WhipAnswer:
        """Answers a presenter's offer.

        The one who is on air stays so until the new one has connected. Of two who are not connected yet the later
        counts. `resume` is the resource of a session that its presenter has lost: it makes room for this one. Raises
        `BadSdp`, `OnAir` (somebody else is on air, is not silent, and `take_over` is false), `NoRoom`.
        """
        negotiation = negotiate(sdp, self._rates)
        seat = self._seats.get(event_id)
        if seat is not None and seat.on_air is not None:
            another = seat.on_air.resource != resume
            if seat.on_air.state is PublisherState.CONNECTED and another and not take_over:
                raise OnAir("Somebody else is presenting. End that, or take over.")
        publisher = Publisher(event_id, negotiation, sink, self, self._silence_s)
        try:
            peer = self._endpoint.register(negotiation.offer.remote, publisher)
        except EndpointFull as error:
            raise NoRoom("This server has no room for another presenter.", retry_after_s=10) from error
        publisher.attach(peer)
        if seat is not None and seat.pending is not None:
            seat.pending.close("taken_over")
        self._seats.setdefault(event_id, _Seat()).pending = publisher
        self._resources[publisher.resource] = publisher
        sdp = write_answer(negotiation.offer, self._transport(peer), negotiation.media)
        return WhipAnswer(sdp, publisher.resource, peer.ufrag)

    def patch(self, resource: str, fragment: str, if_match: str) -> IceAnswer | None:
        """The presenter's PATCH: more candidates (None), or an ICE restart (our answer to it).

        `if_match`: the entity tag without quotes, or "*" (RFC 9725, 4.3.1 to 4.3.3). Candidates need no work: where
        the presenter is we learn from its checks. A restart keeps DTLS, keys and media as they are; nothing new is
        held for it, so repeating it costs nobody. One whose answer was lost is answered again as before, until a
        check has come that knows the answer. Raises `NoSuchResource`, `BadSdp`, `AnotherIceSession`.
        """
        publisher = self._resources.get(resource)
        if publisher is None:
            raise NoSuchResource("This stream has ended.")
        try:
            theirs = parse_fragment(fragment)
        except SdpError as error:
            raise BadSdp(error.message) from error
        peer = publisher.peer
        if if_match not in ("*", peer.ufrag):
            raise AnotherIceSession("This ICE session has been replaced by a later one.")
        if theirs.ufrag != peer.remote_ufrag:
            peer.restart(theirs.ufrag)
        elif if_match != "*" or not peer.restarting:
            return None
        mids = [media.mid for media in publisher.negotiation.media]
        return IceAnswer(write_fragment(publisher.negotiation.offer, self._transport(peer), mids), peer.ufrag)

    async def delete(self, resource: str) -> bool:
        """The presenter leaves (GONE, "deleted"); false when there is no such resource any more."""
        publisher = self._resources.get(resource)
        if publisher is None:
            return False
        publisher.close("deleted")
        return True

    async def end(self, event_id: str) -> None:
        """Ends whoever presents the event or is about to (GONE, "ended")."""
        seat = self._seats.get(event_id, _Seat())
        for publisher in (seat.pending, seat.on_air):
            if publisher is not None:
                publisher.close("ended")

    def request_keyframe(self, event_id: str) -> None:
        """Asks the presenter's encoder for a keyframe; throttled to one in half a second."""
        seat = self._seats.get(event_id)
        if seat is not None and seat.on_air is not None:
            seat.on_air.request_keyframe()

    def health(self, event_id: str) -> ReceiverHealth | None:
        """Figures of who is on air, else of who connects, else None."""
        seat = self._seats.get(event_id, _Seat())
        publisher = seat.on_air or seat.pending
        return None if publisher is None else publisher.health()

    # What publishers call

    def connected(self, publisher: Publisher) -> None:
        seat = self._seats[publisher.event_id]
        before = seat.on_air
        seat.on_air, seat.pending = publisher, None
        if before is not None:
            before.close("taken_over")

    def gone(self, publisher: Publisher) -> None:
        self._resources.pop(publisher.resource, None)
        seat = self._seats.get(publisher.event_id)
        if seat is None:
            return
        if seat.on_air is publisher:
            seat.on_air = None
        if seat.pending is publisher:
            seat.pending = None
        if seat.empty:
            del self._seats[publisher.event_id]

    def _transport(self, peer: Peer) -> Transport:
        return Transport(peer.ufrag, peer.pwd, self._endpoint.certificate.fingerprint, self._addresses, self.port)
