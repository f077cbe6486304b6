"""One viewer: what it is sent, what it reports, which rendition it is on."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from webinar.base import log
from webinar.base.rtc import Peer, PeerState, rtcp
from webinar.delivery.whep.adaptation import Adaptation
from webinar.delivery.whep.burst import stamps
from webinar.delivery.whep.layers import AUDIO_ONLY, Advice, LayerChooser
from webinar.delivery.whep.negotiate import Negotiated
from webinar.delivery.whep.pacer import Pacer
from webinar.delivery.whep.packetizer import Frame, SendBuffer
from webinar.delivery.whep.stream import OutStream
from webinar.delivery.whep.streams import ResendBudget, goodbye, open_audio, open_video, sender_reports

_log = log.get(__name__)

REPORT_EVERY_S: Final = 1.0


class ViewerState(enum.StrEnum):
    """Changed only by `Viewer._change`."""

    CONNECTING = "connecting"
    WAITING = "waiting"  # connected; its first picture must be an IDR
    PLAYING = "playing"
    CLOSED = "closed"


# To look a member up in its class takes 0.2 µs in Python 3.11, and is asked for with every frame to every viewer.
_WAITING: Final = ViewerState.WAITING
_PLAYING: Final = ViewerState.PLAYING


class Room(Protocol):
    """What a viewer needs of its fan-out."""

    @property
    def pacer(self) -> Pacer: ...

    def begin(self, viewer: Viewer) -> None: ...
    def left(self, viewer: Viewer) -> None: ...
    def request_keyframe(self, rendition: str) -> None: ...
    def rungs(self) -> tuple[Sequence[str], Sequence[int]]: ...
    def choices(self) -> Sequence[str]: ...
    def claim_probe(self, resource: str) -> bool: ...
    def release_probe(self, resource: str) -> None: ...


@dataclass(slots=True)
class ViewerStats:
    """What the host's figures and the metrics are made of, besides `Adaptation.reception`."""

    nacked: int = 0  # packets asked for again
    resent: int = 0
    switches: int = 0
    keyframe_requests: int = 0


class Viewer:
    """A `PeerHandler`. All methods run on the loop's thread and never wait."""

    def __init__(
        self,
        resource: str,
        room: Room,
        negotiated: Negotiated,
        buffer: SendBuffer,
        clock: Callable[[], float],
    ) -> None:
        self.resource: Final = resource
        self.state = ViewerState.CONNECTING
        self.stats: Final = ViewerStats()
        self.network: Final = Adaptation(resource, room, can_probe=negotiated.repair is not None)
        self.layers: Final[LayerChooser] = self.network.layers
        self.rung = ""  # the rendition it is being sent, or AUDIO_ONLY
        self.waiting_since_s = 0.0
        self.video: OutStream | None = None
        self.audio: OutStream | None = None
        self._room = room
        self._negotiated = negotiated
        self._buffer = buffer
        self._clock = clock
        self._peer: Peer | None = None
        self._held: Frame | None = None
        self._last_ticks = -1
        self._last_rung = ""  # of the last frame sent
        self._next_report_s = 0.0
        self._resends = ResendBudget()

    def attach(self, peer: Peer) -> None:
        """Once, right after `Endpoint.register`."""
        self._peer = peer

    @property
    def peer(self) -> Peer:
        if self._peer is None:
            raise RuntimeError("the viewer has no peer yet")
        return self._peer

    # Media, from the fan-out

    def start(self, rung: str, gop: Sequence[Frame]) -> None:
        """Begin on a rendition: with the frames since its last IDR, or waiting for the next one when `gop` is empty.

        On AUDIO_ONLY there is nothing to wait for.
        """
        self.stats.switches += bool(self.rung) and rung != self.rung
        self.rung = self.layers.target = rung
        self._held = None
        if rung == AUDIO_ONLY:
            self._change(_PLAYING)
        elif gop:
            self._burst(gop)
        elif self.state is not _WAITING:
            self.waiting_since_s = self._clock()
            self._change(_WAITING)

    def on_video(self, rendition: str, frame: Frame) -> None:
        """One frame of any rendition: sent, held or passed over.

        A change of rendition happens at an IDR of the target. Rungs have their IDRs at the same source frame, so the
        current rung's IDR is held back: if the target's follows, it takes its place, else it is sent a frame late.
        """
        video = self.video
        if video is None or frame.ticks <= self._last_ticks:
            return
        target = self.layers.target
        if rendition != self.rung:
            if rendition == target and frame.keyframe:
                self.rung = rendition
                self._held = None
                self.stats.switches += self.state is _PLAYING
                self._send(video, frame)
            return
        if frame.keyframe:
            if target != rendition and self.state is _PLAYING:
                self._held = frame
                return
        elif self.state is _WAITING:
            return
        if self._held is not None:
            held, self._held = self._held, None
            self._send(video, held)
        self._send(video, frame)

    def on_audio(self, frame: Frame) -> None:
        """One Opus packet; none before the first picture.

        A browser plays neither before it has both. Sound that came earlier it would keep, and be as late with it until
        playing a little faster has made up for it, for half a minute.
        """
        begun = self.state is _PLAYING or self._last_ticks >= 0 or self.video is None
        if begun and self.audio is not None:
            self.audio.send(frame, frame.timestamp)

    def restart(self) -> None:
        """Units were lost before us: nothing makes sense until the next IDR."""
        if self.state is _PLAYING and self.rung != AUDIO_ONLY:
            self._held = None
            self.waiting_since_s = self._clock()
            self._change(_WAITING)

    def report(self, now_s: float, program: tuple[float, int, int]) -> None:
        """Sender reports when they are due, and what may be sent again in the next second."""
        if self.state is not _PLAYING or now_s < self._next_report_s or self._peer is None:
            return
        self._follow(self.network.tick(now_s))
        self._next_report_s = now_s + REPORT_EVERY_S
        wall_s, video_ticks, audio_ticks = program
        ntp = rtcp.ntp_time(wall_s)
        reports = sender_reports(self._negotiated, ntp, (self.video, video_ticks), (self.audio, audio_ticks))
        if reports:
            self._peer.send_rtcp(reports)
            self.network.reported(ntp, now_s)
        self._resends.renew(self.video.packets if self.video is not None else 0)

    def close(self, reason: str) -> None:
        """RTCP BYE with the reason, DTLS close_notify, and out. Repeating it does nothing."""
        if self.state is ViewerState.CLOSED or self._peer is None:
            return
        if self._peer.state is PeerState.CONNECTED:
            self._peer.send_rtcp(goodbye(self._negotiated, reason))
        self._peer.close(reason)

    # PeerHandler

    def on_rtp(self, packet: bytes, arrival_s: float) -> None:
        """Viewers send nothing."""

    def on_rtcp(self, packet: bytes, arrival_s: float) -> None:
        feedback = rtcp.parse(packet)
        for ssrc, sequences in feedback.nacks:
            if self.video is not None and ssrc == self._negotiated.video_ssrc:
                self.stats.nacked += len(sequences)
                self.stats.resent += self.video.resend(self._resends.spend(sequences))
        if self._negotiated.video_ssrc in feedback.keyframe_requests:
            self.stats.keyframe_requests += 1
            self._room.request_keyframe(self.rung)
        if feedback.bitrate is not None:
            self.network.estimated(feedback.bitrate, arrival_s)
        blocks = {block.ssrc: block for block in feedback.reports}
        block = blocks.get(self._negotiated.video_ssrc)
        if block is not None:
            repair = self._negotiated.repair
            again = blocks.get(repair[0]) if repair is not None else None
            judge = self.state is _PLAYING and self.rung != AUDIO_ONLY
            self._follow(self.network.report(block, again, arrival_s, judge=judge))

    def on_state(self, state: PeerState, reason: str) -> None:
        if state is PeerState.CONNECTED:
            self.video = open_video(self.peer, self._negotiated, self._buffer, self._room.pacer)
            self.audio = open_audio(self.peer, self._negotiated, self._buffer)
            self._room.begin(self)
        elif state is PeerState.CLOSED:
            self._change(ViewerState.CLOSED, reason)
            self.network.stop()
            if self.video is not None:
                self.video.forget()
            self.video = self.audio = self._held = None
            self._room.left(self)

    def choices(self) -> Sequence[str]:
        """What may be pinned."""
        return self._room.choices()

    def pin(self, rendition: str) -> None:
        """The player's own choice of a rung, or of no picture; an empty name lets the rule choose again."""
        names, _ = self._room.rungs()
        self._follow(self.layers.pin(rendition, names, self._clock()))

    def relieve(self, names: Sequence[str]) -> None:
        """Sending is late: this viewer is to cost less."""
        if self.state in (_PLAYING, _WAITING):
            self._follow(self.layers.relieve(names, self._clock()))

    def keep_to(self, names: Sequence[str]) -> None:
        """The ladder changed."""
        if self.state is not ViewerState.CONNECTING:
            self._follow(self.layers.keep(names, self._clock()))

    def _follow(self, advice: Advice) -> None:
        """Do what the rule says. A step up waits for the ladder's next IDR: none is made for one viewer's sake."""
        if advice is Advice.GOODBYE:
            self.close("poor_network")
        if advice not in (Advice.CHANGE, Advice.DROP) or self.state is ViewerState.CONNECTING:
            return
        self.network.stop()
        target, names, loss = self.layers.target, self._room.rungs()[0], round(self.network.reception.loss, 3)
        _log.info("layer", viewer=self.resource[:8], rung=self.rung, target=target, loss=loss)
        if target == AUDIO_ONLY:
            self.start(AUDIO_ONLY, ())
        elif self.rung == AUDIO_ONLY:
            self._room.begin(self)
        elif advice is Advice.DROP:
            if self.video is not None:
                self.video.forget()
            self._room.begin(self)
        elif self.layers.pinned or self.rung not in names or names.index(self.rung) < names.index(target):
            self._room.request_keyframe(target)

    def _burst(self, gop: Sequence[Frame]) -> None:
        """Everything since the last IDR at once."""
        if self.video is None:
            return
        newest, last = gop[-1].ticks, self._last_ticks
        if newest - last < len(gop) and self._last_rung == self.rung:  # all of it was sent: only a newer IDR helps
            self._room.request_keyframe(self.rung)
            return
        ticks = stamps(len(gop), newest, last)
        for n, frame in enumerate(gop):
            self.video.send(frame, ticks[n] & 0xFFFFFFFF, behind=n > 0)
        self._last_ticks, self._last_rung = ticks[-1], self.rung
        self._change(_PLAYING)

    def _send(self, video: OutStream, frame: Frame) -> None:
        if self.state is _WAITING:
            self._change(_PLAYING)
        self._last_ticks, self._last_rung = frame.ticks, self.rung
        video.send(frame, frame.timestamp)
        probe = self.network.probe
        if probe is not None:
            probe.spent(video.repeat(probe.budget(self._clock())))

    def _change(self, state: ViewerState, reason: str = "") -> None:
        if state is not self.state:
            self.state = state
            _log.debug("viewer_state", viewer=self.resource[:8], state=state.value, rung=self.rung, reason=reason)
