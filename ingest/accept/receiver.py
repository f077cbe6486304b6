"""All that one publisher sends: which track a packet belongs to, and the RTCP that goes back.

Pure: decrypted packets and the time come in; frames and RTCP leave through two callables.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket, unwrap_rtx

from ingest.accept.assembly import VideoCodec
from ingest.accept.estimate import DelayEstimate
from ingest.accept.sink import EncodedFrame, PublisherState, ReceiverHealth
from ingest.accept.timeline import SenderClock
from ingest.accept.track import AudioTrack, Track, VideoTrack
from webinar.base.rtc import rtcp
from webinar.base.rtc.sdp import new_ssrc

ABS_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
REPORT_EVERY_S: Final = 1.0
# A source that was replaced may be heard again, late; it counts as new only when its successor has been silent so long.
RETIRED_S: Final = 1.0
_RETIRED_LIMIT: Final = 16
_NACK_AT_ONCE: Final = 256  # sequence numbers in one packet, 4 bytes each at worst: stays below the MTU


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What the answer allows the publisher to send, by payload type."""

    video: Mapping[int, VideoCodec]
    audio: frozenset[int]
    rtx: Mapping[int, int]  # its payload type → the one it repairs
    audio_nack: bool = False
    abs_send_time: int | None = None  # id of the header extension
    start_bitrate: int = 2_500_000  # bit/s
    max_bitrate: int = 4_000_000


class Receiver:
    """Takes one publisher's RTP and RTCP. `tick` is to be called about every 20 ms."""

    def __init__(
        self, negotiated: Negotiated, on_frame: Callable[[EncodedFrame], None], send_rtcp: Callable[[bytes], None]
    ) -> None:
        self._negotiated = negotiated
        self._on_frame = on_frame
        self._send = send_rtcp
        self._ssrc = new_ssrc()
        self._extensions = _extensions(negotiated.abs_send_time)
        self._clock = SenderClock()
        self._estimate = DelayEstimate(negotiated.start_bitrate, negotiated.max_bitrate)
        self._video: VideoTrack | None = None
        self._audio: AudioTrack | None = None
        self._retired: list[int] = []
        self._reported_s: float | None = None
        self._lost_before = self._recovered_before = self._dropped_before = 0
        self.last_packet_s: float | None = None
        self.malformed = 0
        self.unknown = 0  # packets of no payload type that was agreed on
        self.nacks_sent = 0
        self.plis_sent = 0

    # In

    def rtp(self, data: bytes, now: float) -> None:
        """One RTP packet in the clear."""
        try:
            packet = RtpPacket.parse(data, self._extensions)
        except (ValueError, struct.error):
            self.malformed += 1
            return
        self.last_packet_s = now
        send_time = packet.extensions.abs_send_time
        if send_time is not None and self._estimate.add(send_time, len(data), now):
            self._send(self._remb())
        self._route(packet, now)

    def rtcp(self, data: bytes, now: float) -> None:
        """One compound RTCP packet in the clear; what cannot be read of it is passed over."""
        feedback = rtcp.parse(data)
        for report in feedback.sender_reports:
            track = self._track(report.ssrc)
            if track is not None:
                track.sender_report(report.ntp, report.rtp_timestamp, now)
        for ssrc in feedback.goodbyes:
            track = self._track(ssrc)
            if track is not None:
                track.said_bye = True

    def request_keyframe(self) -> None:
        """Asks for a keyframe with the next tick, unless one was asked for within half a second: then after that."""
        if self._video is not None:
            self._video.request_keyframe()

    def tick(self, now: float) -> None:
        """Timers: what waits too long is skipped, asked for again, or replaced by a keyframe; reports are sent."""
        for track in self._tracks:
            for frame in track.advance(now):
                self._on_frame(frame)
        self._feedback(now)
        if self._tracks and (self._reported_s is None or now - self._reported_s >= REPORT_EVERY_S):
            self._reported_s = now
            self._send(self._report(now))

    # Out

    @property
    def said_bye(self) -> bool:
        """The publisher has said BYE for all it sends, and has sent nothing since."""
        return bool(self._tracks) and all(t.said_bye for t in self._tracks)

    def health(self, state: PublisherState, now: float) -> ReceiverHealth:
        """Figures for people."""
        video, audio = self._video, self._audio
        expected = sum(t.expected.value(now) for t in self._tracks)
        arrived = sum(t.arrived.value(now) for t in self._tracks)
        return ReceiverHealth(
            state=state,
            video_codec=(video.codec or "") if video else "",
            has_audio=audio is not None and audio.arrived.value(now) > 0,
            video_bitrate=int(video.bitrate.value(now)) if video else 0,
            audio_bitrate=int(audio.bitrate.value(now)) if audio else 0,
            fps=video.frames.value(now) if video else 0.0,
            loss=max(0.0, 1 - arrived / expected) if expected else 0.0,
            jitter_ms=round(self._tracks[0].statistics.jitter_ms, 1) if self._tracks else 0.0,
            estimate=self._estimate.bitrate,
            packets_lost=self._lost_before + sum(t.packets_lost for t in self._tracks),
            packets_recovered=self._recovered_before + sum(t.recovered for t in self._tracks),
            frames_dropped=self._dropped_before + (video.frames_dropped if video else 0),
            nacks_sent=self.nacks_sent,
            plis_sent=self.plis_sent,
            synchronized=bool(self._tracks) and all(t.timeline.synchronized for t in self._tracks),
        )

    # Routing

    @property
    def _tracks(self) -> tuple[VideoTrack | AudioTrack, ...]:
        return tuple(t for t in (self._video, self._audio) if t is not None)

    def _track(self, ssrc: int) -> Track | None:
        return next((t for t in self._tracks if t.ssrc == ssrc), None)

    def _route(self, packet: RtpPacket, now: float) -> None:
        kind = packet.payload_type
        repairs = self._negotiated.rtx.get(kind)
        if repairs is not None:
            self._repair(packet, repairs, now)
        elif (codec := self._negotiated.video.get(kind)) is not None:
            self._video_packet(packet, codec, now)
        elif kind in self._negotiated.audio:
            self._audio_packet(packet, now)
        else:
            self.unknown += 1

    def _video_packet(self, packet: RtpPacket, codec: VideoCodec, now: float) -> None:
        video = self._video
        if video is None or video.ssrc != packet.ssrc:
            if not self._replaces(video, packet.ssrc, now):
                return
            video = self._video = VideoTrack(packet.ssrc, self._clock, video.timeline.last_capture_s if video else None)
        self._hand_on(video.receive(packet, codec, now))
        self._feedback(now)

    def _audio_packet(self, packet: RtpPacket, now: float) -> None:
        audio = self._audio
        if audio is None or audio.ssrc != packet.ssrc:
            if not self._replaces(audio, packet.ssrc, now):
                return
            not_before_s = audio.timeline.last_capture_s if audio else None
            audio = self._audio = AudioTrack(
                packet.ssrc, self._clock, not_before_s, repairs=self._negotiated.audio_nack
            )
        self._hand_on(audio.receive(packet, now))
        self._feedback(now)

    def _repair(self, packet: RtpPacket, repairs: int, now: float) -> None:
        """A retransmission (RFC 4588). One video track only, so it belongs to that one, whatever its SSRC."""
        codec = self._negotiated.video.get(repairs)
        if self._video is None or codec is None or len(packet.payload) <= 2:
            return  # without a payload it is a probe of the bandwidth
        original = unwrap_rtx(packet, repairs, self._video.ssrc)
        self._hand_on(self._video.receive(original, codec, now, repaired=True))

    def _replaces(self, current: VideoTrack | AudioTrack | None, ssrc: int, now: float) -> bool:
        """Whether a packet of an unknown source starts a new track in the place of `current`."""
        if current is None:
            return True
        if ssrc in self._retired:
            if now - current.last_packet_s < RETIRED_S:
                return False
            self._retired.remove(ssrc)
        self._lost_before += current.packets_lost
        self._recovered_before += current.recovered
        if isinstance(current, VideoTrack):
            self._dropped_before += current.frames_dropped
        self._retired = [*self._retired[-_RETIRED_LIMIT + 1 :], current.ssrc]
        return True

    def _hand_on(self, frames: list[EncodedFrame]) -> None:
        for frame in frames:
            self._on_frame(frame)

    # RTCP

    def _feedback(self, now: float) -> None:
        for track in self._tracks:
            missing = track.nack_due(now)
            for start in range(0, len(missing), _NACK_AT_ONCE):
                self._send(rtcp.nack(self._ssrc, track.ssrc, missing[start : start + _NACK_AT_ONCE]))
            self.nacks_sent += len(missing)
        if self._video is not None and self._video.keyframe_due(now):
            self.plis_sent += 1
            self._send(rtcp.picture_loss(self._ssrc, self._video.ssrc))

    def _report(self, now: float) -> bytes:
        """Receiver report, source description and REMB in one packet (RFC 3550, 6.1)."""
        reports = [t.report(now) for t in self._tracks]
        return rtcp.receiver_report(self._ssrc, reports) + rtcp.source_description(self._ssrc, "ingest") + self._remb()

    def _remb(self) -> bytes:
        return rtcp.remb(self._ssrc, self._estimate.bitrate, [t.ssrc for t in self._tracks])


def _extensions(abs_send_time: int | None) -> HeaderExtensionsMap:
    known = HeaderExtensionsMap()
    if abs_send_time is not None:
        parameters = RTCRtpParameters()
        parameters.headerExtensions = [RTCRtpHeaderExtensionParameters(id=abs_send_time, uri=ABS_SEND_TIME)]
        known.configure(parameters)
    return known
