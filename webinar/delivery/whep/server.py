"""WHEP for all events of a process: offers in, answers out, one UDP port."""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ingest.contract import EndOfSession, InitSegment, Message, Unit
from webinar.base import log
from webinar.base.rtc import Certificate, Endpoint, EndpointFull, ice_addresses
from webinar.base.rtc.answer import Transport, write_answer
from webinar.base.rtc.peer import Peer
from webinar.base.rtc.sdp import parse_offer
from webinar.delivery.whep.errors import NoSeat, NotLive, UnknownRendition, UnknownResource
from webinar.delivery.whep.fanout import Fanout
from webinar.delivery.whep.figures import FanoutStats
from webinar.delivery.whep.negotiate import negotiate
from webinar.delivery.whep.packetizer import SendBuffer
from webinar.delivery.whep.session import Viewer, ViewerState
from webinar.delivery.whep.trial import Trial

_log = log.get(__name__)

RETRY_AFTER_S: Final = 5
# Of all seats: who only tries the way takes none from who comes to watch.
_MOST_TRIALS: Final = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an offer: 201 with the SDP and the resource's name for its Location."""

    sdp: str
    resource: str


@dataclass(frozen=True, slots=True)
class WhepStats:
    """Figures of one event. Counters run since its fan-out began."""

    viewers: int  # connected ones
    connecting: int
    by_rung: dict[str, int] = field(default_factory=dict)
    mean_loss: float = 0.0  # 0..1 over connected viewers, last reports
    totals: FanoutStats = field(default_factory=FanoutStats)


class WhepServer:
    """Make it inside a running loop; `await start()`, feed with `push()`, `await close()`.

    `request_keyframe(event_id, rendition)` is called at most once a second an event and must not block.
    `ice_addresses` empty: all of this machine's.
    """

    def __init__(
        self,
        *,
        seats: int,
        request_keyframe: Callable[[str, str], None],
        addresses: Sequence[str] = (),
        certificate: Certificate | None = None,
        setting: str = "WEBINAR_WHEP_UDP_PORT",
    ) -> None:
        self.seats: Final = seats
        # Called with the resource of each session that has ended, whoever ended it; must not block.
        self.on_left: Callable[[str], None] | None = None
        self._request_keyframe = request_keyframe
        self._configured = tuple(addresses)
        self._addresses: tuple[str, ...] = ()
        self._endpoint = Endpoint(certificate=certificate, max_peers=seats, setting=setting)
        self._buffer = SendBuffer()
        self._fanouts: dict[str, tuple[Fanout, asyncio.Task[None]]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._past = FanoutStats()  # of events that are over
        self._trials: list[Trial] = []

    @property
    def endpoint(self) -> Endpoint:
        return self._endpoint

    @property
    def port(self) -> int:
        """The UDP port, known after `start`."""
        return self._endpoint.port

    @property
    def taken(self) -> int:
        """Seats in use."""
        return self._endpoint.peers

    async def start(self, host: str, port: int) -> None:
        """Bind the UDP port (0 picks one). Raises `CannotStart` with what to do."""
        await self._endpoint.start(host, port)
        self._addresses = ice_addresses(self._configured, ipv6=self._endpoint.ipv6)
        if not self._configured and host not in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            self._addresses = (host,)
        _log.info("whep_started", port=self.port, addresses=",".join(self._addresses), gso=self._endpoint.gso)

    async def close(self, reason: str = "shutdown") -> None:
        """Goodbye to all viewers, then the socket."""
        for event_id in list(self._fanouts):
            self.end(event_id, reason)
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self._endpoint.close()

    # From the bus

    def push(self, message: Message) -> None:
        """Every message of `live.<event>.media`: units are sent, the end is told, init segments name the ladder."""
        if isinstance(message, Unit):
            self._fanout(message.event_id).push(message)
        elif isinstance(message, InitSegment):
            self._fanout(message.event_id).describe(message.ladder)
        elif isinstance(message, EndOfSession):
            entry = self._fanouts.get(message.event_id)
            # The end of a session that has been replaced since is none of ours.
            if entry is not None and entry[0].session_id in ("", message.session_id):
                self.end(message.event_id, "ended")

    def end(self, event_id: str, reason: str) -> None:
        """The event is over: its viewers are told the reason; new offers get `not_live`."""
        entry = self._fanouts.pop(event_id, None)
        if entry is not None:
            fanout, task = entry
            fanout.end(reason)
            self._past.add(fanout.stats)
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
            task.cancel()

    # From HTTP

    def offer(self, event_id: str, sdp: str | bytes) -> Answer:
        """A viewer's offer. Raises `SdpError` (400), `NotLive` (409), `NoSeat` (503 with `retry_after_s`)."""
        entry = self._fanouts.get(event_id)
        if entry is None:
            raise NotLive("This event is not live now.")
        offer = parse_offer(sdp)
        negotiated = negotiate(offer)
        resource = secrets.token_urlsafe(16)
        fanout = entry[0]
        viewer = Viewer(resource, fanout, negotiated, self._buffer, asyncio.get_running_loop().time)
        try:
            peer = self._endpoint.register(offer.remote, viewer)
        except EndpointFull as error:
            raise NoSeat("All WebRTC seats are taken: play LL-HLS.", retry_after_s=RETRY_AFTER_S) from error
        viewer.attach(peer)
        fanout.viewers[resource] = viewer
        return Answer(write_answer(offer, self._transport(peer), negotiated.media), resource)

    def try_path(self, sdp: str | bytes) -> str:
        """Answers who wants to know whether media would reach them; nothing is sent, and it ends by itself.

        Raises `SdpError` (400) where the browser could not show our picture, `NoSeat` (503 with `retry_after_s`).
        """
        offer = parse_offer(sdp)
        negotiated = negotiate(offer)
        self._trials = [trial for trial in self._trials if not trial.over]
        # A full house is none that a trial should fill.
        if len(self._trials) >= _MOST_TRIALS or self.taken >= self.seats - _MOST_TRIALS:
            raise NoSeat("Too many are trying just now.", retry_after_s=RETRY_AFTER_S)
        trial = Trial(asyncio.get_running_loop())
        peer = self._endpoint.register(offer.remote, trial)
        trial.attach(peer)
        self._trials.append(trial)
        return write_answer(offer, self._transport(peer), negotiated.media)

    def _transport(self, peer: Peer) -> Transport:
        fingerprint = self._endpoint.certificate.fingerprint
        return Transport(peer.ufrag, peer.pwd, fingerprint, self._addresses, self._endpoint.port)

    def delete(self, resource: str) -> None:
        """The viewer leaves. Raises `UnknownResource` (404)."""
        self._viewer(resource).close("deleted")

    def pin(self, resource: str, rendition: str) -> None:
        """The player chooses: a video rendition, "audio" for no picture, "" to leave it to the rule.

        Raises `UnknownResource` (404), `UnknownRendition` (400).
        """
        viewer = self._viewer(resource)
        names = viewer.choices()
        if rendition and rendition not in names:
            raise UnknownRendition(f'There is no rendition {rendition[:40]!r}: choose "" or one of {", ".join(names)}.')
        viewer.pin(rendition)

    def stats(self, event_id: str) -> WhepStats:
        """Figures of one event; zeros for one that is not live."""
        entry = self._fanouts.get(event_id)
        if entry is None:
            return WhepStats(0, 0)
        viewers = list(entry[0].viewers.values())
        connected = [v for v in viewers if v.state in (ViewerState.WAITING, ViewerState.PLAYING)]
        loss = sum(v.network.reception.loss for v in connected) / len(connected) if connected else 0.0
        rungs = dict(Counter(v.rung for v in connected if v.rung))
        return WhepStats(len(connected), len(viewers) - len(connected), rungs, loss, entry[0].totals())

    def _viewer(self, resource: str) -> Viewer:
        for fanout, _ in self._fanouts.values():
            if resource in fanout.viewers:
                return fanout.viewers[resource]
        raise UnknownResource("This playback session has ended.")

    def _fanout(self, event_id: str) -> Fanout:
        """The event's fan-out, made at its first message."""
        entry = self._fanouts.get(event_id)
        if entry is None:
            fanout = Fanout(event_id, self._buffer, self._request_keyframe, self.on_left)
            task = asyncio.get_running_loop().create_task(fanout.run(), name=f"whep-{event_id}")
            task.add_done_callback(functools.partial(self._stopped, event_id))
            entry = self._fanouts[event_id] = (fanout, task)
        return entry[0]

    def _stopped(self, event_id: str, task: asyncio.Task[None]) -> None:
        """A fan-out that failed is thrown away: its viewers reconnect to the next, which the next unit makes."""
        if task.cancelled() or task.exception() is None:
            return
        _log.error("fanout_failed", event_id=event_id, exc_info=task.exception())
        entry = self._fanouts.get(event_id)
        if entry is not None and entry[1] is task:
            del self._fanouts[event_id]
            entry[0].end("error")
            self._past.add(entry[0].stats)

    def totals(self) -> FanoutStats:
        """Counters of all events since the start, without lateness."""
        sums = replace(self._past)
        for fanout, _ in self._fanouts.values():
            sums.add(fanout.totals())
        return sums

    @property
    def events(self) -> tuple[str, ...]:
        """Events that have media now."""
        return tuple(self._fanouts)
