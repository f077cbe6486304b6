"""One viewer: what it is sent, what it reports, which rendition it is on."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from webinar.base import log
from webinar.base.rtc import Peer, PeerState, rtcp
from webinar.delivery.whep.layers import Advice, LayerChooser
from webinar.delivery.whep.negotiate import Negotiated
from webinar.delivery.whep.packetizer import Frame, SendBuffer
from webinar.delivery.whep.stream import OutStream

_log = log.get(__name__)

HISTORY_FRAMES: Final = 90  # ≥ 1 GOP of 2 s at 30 fps, and more than any browser asks back for
BURST_STEP: Final = 90  # ticks between frames of a burst: 1 ms, so that they are decoded at once and not played late
RESEND_SHARE: Final = 0.5  # of what is sent in a second may be sent again
RESEND_MIN: Final = 200
REPORT_EVERY_S: Final = 1.0
ESTIMATE_VALID_S: Final = 5.0


class ViewerState(enum.StrEnum):
    """Changed only by `Viewer._change`."""

    CONNECTING = "connecting"
    WAITING = "waiting"  # connected; its first picture must be an IDR
    PLAYING = "playing"
    CLOSED = "closed"


class Room(Protocol):
    """What a viewer needs of its fan-out."""

    def connected(self, viewer: Viewer) -> None: ...
    def left(self, viewer: Viewer) -> None: ...
    def request_keyframe(self, rendition: str) -> None: ...
    def rungs(self) -> tuple[Sequence[str], Sequence[int]]: ...


@dataclass(slots=True)
class ViewerStats:
    """What the host's figures and the metrics are made of."""

    loss: float = 0.0  # 0..1, last report
    round_trip_s: float | None = None
    estimate: int | None = None  # bit/s, last REMB
    estimate_s: float = 0.0  # when it came
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
        self.layers: Final = LayerChooser()
        self.rung = ""  # the rendition it is being sent
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
        self._next_report_s = 0.0
        self._reported_at = (0, 0.0)  # middle bits of the last sender report's NTP time, and when it was sent
        self._resend_left = RESEND_MIN
        self._sent_before = 0

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
        """Begin on a rendition: with the frames since its last IDR, or waiting for the next one when `gop` is empty."""
        self.rung = self.layers.target = rung
        if gop:
            self._burst(gop)
        elif self.state is not ViewerState.WAITING:
            self.waiting_since_s = self._clock()
            self._change(ViewerState.WAITING)

    def on_video(self, rendition: str, frame: Frame) -> None:
        """One frame of any rendition: sent, held or passed over.

        A change of rendition happens at an IDR of the target. Rungs have their IDRs at the same source frame, so the
        current rung's IDR is held back: if the target's follows, it takes its place, else it is sent a frame late.
        """
        if self.video is None or frame.ticks <= self._last_ticks:
            return
        target = self.layers.target
        if rendition != self.rung:
            if rendition == target and frame.keyframe:
                self.rung = rendition
                self._held = None
                self.stats.switches += self.state is ViewerState.PLAYING
                self._send(frame)
            return
        if self.state is ViewerState.WAITING and not frame.keyframe:
            return
        if target != rendition and frame.keyframe and self.state is ViewerState.PLAYING:
            self._held = frame
            return
        if self._held is not None:
            held, self._held = self._held, None
            self._send(held)
        self._send(frame)

    def on_audio(self, frame: Frame) -> None:
        """One Opus packet."""
        if self.audio is not None and self.state is not ViewerState.CLOSED:
            self.audio.send(frame, frame.ticks & 0xFFFFFFFF)

    def restart(self) -> None:
        """Units were lost before us: nothing makes sense until the next IDR."""
        if self.state is ViewerState.PLAYING:
            self._held = None
            self.waiting_since_s = self._clock()
            self._change(ViewerState.WAITING)

    def report(self, now_s: float, program: tuple[float, int, int]) -> None:
        """Sender reports when they are due, and what may be sent again in the next second."""
        if self.state is not ViewerState.PLAYING or now_s < self._next_report_s or self._peer is None:
            return
        self._next_report_s = now_s + REPORT_EVERY_S
        wall_s, video_ticks, audio_ticks = program
        ntp = rtcp.ntp_time(wall_s)
        parts = []
        for stream, ssrc, ticks in (
            (self.video, self._negotiated.video_ssrc, video_ticks),
            (self.audio, self._negotiated.audio_ssrc, audio_ticks),
        ):
            if stream is not None and stream.packets:
                parts.append(
                    rtcp.sender_report(rtcp.SenderReport(ssrc, ntp, ticks & 0xFFFFFFFF, stream.packets, stream.octets))
                )
        if parts:
            parts.append(rtcp.source_description(self._negotiated.video_ssrc, self._negotiated.cname))
            self._peer.send_rtcp(b"".join(parts))
            self._reported_at = (ntp >> 16 & 0xFFFFFFFF, now_s)
        sent = self.video.packets if self.video is not None else 0
        self._resend_left = max(RESEND_MIN, int((sent - self._sent_before) * RESEND_SHARE))
        self._sent_before = sent

    def close(self, reason: str) -> None:
        """RTCP BYE with the reason, DTLS close_notify, and out. Repeating it does nothing."""
        if self.state is ViewerState.CLOSED or self._peer is None:
            return
        if self._peer.state is PeerState.CONNECTED:
            ssrcs = [s for s in (self._negotiated.video_ssrc, self._negotiated.audio_ssrc) if s]
            self._peer.send_rtcp(rtcp.receiver_report(ssrcs[0]) + rtcp.goodbye(ssrcs, reason))
        self._peer.close(reason)

    # PeerHandler

    def on_rtp(self, packet: bytes, arrival_s: float) -> None:
        """Viewers send nothing."""

    def on_rtcp(self, packet: bytes, arrival_s: float) -> None:
        feedback = rtcp.parse(packet)
        for ssrc, sequences in feedback.nacks:
            if self.video is not None and ssrc == self._negotiated.video_ssrc:
                self.stats.nacked += len(sequences)
                wanted = sequences[: max(self._resend_left, 0)]  # looking for one costs too, found or not
                self._resend_left -= len(wanted)
                self.stats.resent += self.video.resend(wanted)
        if self._negotiated.video_ssrc in feedback.keyframe_requests:
            self.stats.keyframe_requests += 1
            self._room.request_keyframe(self.rung)
        if feedback.bitrate is not None:
            self.stats.estimate, self.stats.estimate_s = feedback.bitrate, arrival_s
        for block in feedback.reports:
            if block.ssrc == self._negotiated.video_ssrc:
                self._reported(block, arrival_s)

    def on_state(self, state: PeerState, reason: str) -> None:
        if state is PeerState.CONNECTED:
            self._open_streams()
            self._room.connected(self)
        elif state is PeerState.CLOSED:
            self._change(ViewerState.CLOSED, reason)
            self.video = self.audio = self._held = None
            self._room.left(self)

    def pin(self, rendition: str) -> None:
        """The player's own choice of a rung; an empty name lets the rule choose again."""
        names, _ = self._room.rungs()
        self._follow(self.layers.pin(rendition, names, self._clock()))

    def relieve(self, names: Sequence[str]) -> None:
        """Sending is late: this viewer is to cost less."""
        if self.state is ViewerState.PLAYING:
            self._follow(self.layers.relieve(names, self._clock()))

    def keep_to(self, names: Sequence[str]) -> None:
        """The ladder changed."""
        if self.state is not ViewerState.CONNECTING:
            self._follow(self.layers.keep(names, self._clock()))

    def _reported(self, block: rtcp.ReportBlock, arrival_s: float) -> None:
        self.stats.loss = block.fraction_lost
        stamp, sent_s = self._reported_at
        if stamp and block.last_sr == stamp:
            self.stats.round_trip_s = max(arrival_s - sent_s - block.delay / 65536, 0.0)
        if self.state is not ViewerState.PLAYING:
            return
        names, rates = self._room.rungs()
        if arrival_s - self.stats.estimate_s > ESTIMATE_VALID_S:
            self.stats.estimate = None
        advice = self.layers.report(block.fraction_lost, self.stats.estimate, names, rates, arrival_s)
        if advice is Advice.GOODBYE:
            self.close("poor_network")
        else:
            self._follow(advice)

    def _follow(self, advice: Advice) -> None:
        if advice is Advice.CHANGE:
            target, loss = self.layers.target, round(self.stats.loss, 3)
            _log.info("layer", viewer=self.resource[:8], rung=self.rung, target=target, loss=loss)
            self._room.request_keyframe(target)

    def _open_streams(self) -> None:
        negotiated, sender = self._negotiated, self.peer.sender
        if sender is None:
            raise RuntimeError("a connected peer has keys")
        self.video = OutStream(
            self.peer,
            sender,
            self._buffer,
            ssrc=negotiated.video_ssrc,
            payload_type=negotiated.video_type,
            sequence=secrets.randbits(15),
            repair=negotiated.repair,
            history=HISTORY_FRAMES,
        )
        if negotiated.audio_ssrc:
            self.audio = OutStream(
                self.peer,
                sender,
                self._buffer,
                ssrc=negotiated.audio_ssrc,
                payload_type=negotiated.audio_type,
                sequence=secrets.randbits(15),
            )

    def _burst(self, gop: Sequence[Frame]) -> None:
        """Everything since the last IDR at once, with timestamps just before the newest one's."""
        if self.video is None:
            return
        newest = gop[-1].ticks
        step = BURST_STEP if self._last_ticks < 0 else min(BURST_STEP, (newest - self._last_ticks) // len(gop))
        if step < 1:  # all of it was sent already: only a newer IDR helps
            self._room.request_keyframe(self.rung)
            return
        for n, frame in enumerate(gop):
            self.video.send(frame, newest - (len(gop) - 1 - n) * step & 0xFFFFFFFF)
        self._last_ticks = newest
        self._change(ViewerState.PLAYING)

    def _send(self, frame: Frame) -> None:
        if self.video is None:
            return
        if self.state is ViewerState.WAITING:
            self._change(ViewerState.PLAYING)
        self._last_ticks = frame.ticks
        self.video.send(frame, frame.ticks & 0xFFFFFFFF)

    def _change(self, state: ViewerState, reason: str = "") -> None:
        if state is not self.state:
            self.state = state
            _log.debug("viewer_state", viewer=self.resource[:8], state=state.value, rung=self.rung, reason=reason)
