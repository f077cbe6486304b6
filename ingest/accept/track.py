"""One SSRC as it is received: numbers, order, losses, times. Pure: packets and the time in, frames and wishes out."""

from __future__ import annotations

from typing import Final

from aiortc.rtp import RtpPacket

from ingest.accept.assembly import VideoCodec, fragment
from ingest.accept.jitter import (
    AUDIO_OVERTAKEN_S,
    AUDIO_REPAIR_S,
    AssembledFrame,
    AudioBuffer,
    AudioPacket,
    VideoBuffer,
    VideoPacket,
)
from ingest.accept.nack import NackTracker
from ingest.accept.sequence import Unwrapper
from ingest.accept.sink import EncodedFrame
from ingest.accept.statistics import ReceptionStatistics, SecondRate
from ingest.accept.timeline import SenderClock, TrackTimeline, ntp_seconds
from webinar.base.rtc.rtcp import ReportBlock

VIDEO_CLOCK: Final = 90_000
AUDIO_CLOCK: Final = 48_000
# Retransmissions had two chances by then; a new keyframe is the surer way.
PLI_AFTER_S: Final = 0.3
# Not more often: a keyframe is on its way for a round trip, and each costs ten frames' worth of bits.
PLI_EVERY_S: Final = 0.5
OUTAGE_S: Final = 0.5  # without any packet, and then with a hole
ABSENT_S: Final = 2.0  # who sends nothing is not asked on and on


class Track:
    """What audio and video have in common."""

    def __init__(self, ssrc: int, clock_rate: int, clock: SenderClock, not_before_s: float | None) -> None:
        self.ssrc: Final = ssrc
        self.timeline: Final = TrackTimeline(clock_rate, clock, not_before_s)
        self.statistics: Final = ReceptionStatistics(clock_rate)
        self.bitrate: Final = SecondRate()
        self.expected: Final = SecondRate()
        self.arrived: Final = SecondRate()
        self.said_bye = False
        self.last_packet_s = 0.0
        self._sequence = Unwrapper(16)
        self._timestamps = Unwrapper(32)

    def sender_report(self, ntp: int, rtp_timestamp: int, now: float) -> None:
        """The (NTP, RTP) pair of a sender report, as on the wire."""
        self.statistics.sender_report(ntp, now)
        if self._timestamps.highest is not None:
            self.timeline.report(ntp_seconds(ntp), self._timestamps.peek(rtp_timestamp), now)

    def report(self, now: float) -> ReportBlock:
        return self.statistics.report(self.ssrc, now)

    def _note(self, packet: RtpPacket, now: float, *, repaired: bool) -> tuple[int, int]:
        """Counts the packet; gives its extended sequence number and timestamp."""
        seq = self._sequence.unwrap(packet.sequence_number)
        timestamp = self._timestamps.unwrap(packet.timestamp)
        self.said_bye = False
        self.last_packet_s = now
        self.bitrate.add(len(packet.payload) * 8, now)
        if not repaired:
            before = self.statistics.expected
            self.statistics.add(seq, timestamp, now)
            self.expected.add(self.statistics.expected - before, now)
            self.arrived.add(1, now)
        return seq, timestamp


class VideoTrack(Track):
    """Video of one SSRC, with NACK, RTX and PLI."""

    def __init__(self, ssrc: int, clock: SenderClock, not_before_s: float | None = None) -> None:
        super().__init__(ssrc, VIDEO_CLOCK, clock, not_before_s)
        self.frames: Final = SecondRate()
        self.codec: VideoCodec | None = None
        self.recovered = 0
        self._buffer = VideoBuffer()
        self._nack = NackTracker()
        self._requested = False
        self._waiting_since: float | None = None
        self._asked_s: float | None = None

    @property
    def packets_lost(self) -> int:
        """Packets that never came, or came too late to be of use."""
        return self._nack.given_up

    @property
    def frames_dropped(self) -> int:
        return self._buffer.frames_dropped

    def receive(
        self, packet: RtpPacket, codec: VideoCodec, now: float, *, repaired: bool = False
    ) -> list[EncodedFrame]:
        """One packet, `repaired` when it came by RTX."""
        after_outage = 0 < self.last_packet_s < now - OUTAGE_S
        seq, timestamp = self._note(packet, now, repaired=repaired)
        missing, overflows = len(self._nack), self._nack.overflows
        if self._nack.received(seq, now):
            self.recovered += 1
        # Much is missing at once: whether or not it comes again, a keyframe is the shortest way back.
        if self._nack.overflows > overflows or (after_outage and len(self._nack) > missing):
            self._requested = True
        part = VideoPacket(seq, timestamp, bool(packet.marker), codec, fragment(codec, packet.payload))
        return self._hand_on(self._buffer.add(part, now), now)

    def advance(self, now: float) -> list[EncodedFrame]:
        """What the passing of time alone releases."""
        return self._hand_on(self._buffer.advance(now), now)

    def request_keyframe(self) -> None:
        self._requested = True

    def nack_due(self, now: float) -> list[int]:
        """16-bit sequence numbers to ask for again now."""
        if self._buffer.floor is not None:
            self._nack.forget_before(self._buffer.floor)
        return [seq & 0xFFFF for seq in self._nack.due(now)]

    def keyframe_due(self, now: float) -> bool:
        """Whether a PLI is to be sent now; says so at most every `PLI_EVERY_S`."""
        if not self._wants_keyframe(now) or (self._asked_s is not None and now - self._asked_s < PLI_EVERY_S):
            return False
        self._asked_s = now
        self._requested = False
        return True

    def _wants_keyframe(self, now: float) -> bool:
        buffer = self._buffer
        if not buffer.waits_for_keyframe:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = now
        if self._requested:
            return True
        if now - self.last_packet_s > ABSENT_S:
            return False
        if self._waiting_since is not None and not buffer.sees_keyframe:
            return True
        since = self._waiting_since if self._waiting_since is not None else buffer.blocked_since
        return since is not None and now - since >= PLI_AFTER_S

    def _hand_on(self, assembled: list[AssembledFrame], now: float) -> list[EncodedFrame]:
        frames = []
        for frame in assembled:
            self.codec = frame.codec
            self.frames.add(1, now)
            capture = self.timeline.capture(frame.timestamp, now)
            frames.append(EncodedFrame(frame.codec, frame.data, capture, frame.keyframe, now, frame.gap))
        return frames


class AudioTrack(Track):
    """Opus of one SSRC, with NACK when the publisher offers it for audio (browsers do when their offer is told to)."""

    def __init__(
        self, ssrc: int, clock: SenderClock, not_before_s: float | None = None, *, repairs: bool = False
    ) -> None:
        super().__init__(ssrc, AUDIO_CLOCK, clock, not_before_s)
        self.recovered = 0
        self._buffer = AudioBuffer(most_s=AUDIO_REPAIR_S if repairs else AUDIO_OVERTAKEN_S)
        self._nack = NackTracker(give_up_s=AUDIO_REPAIR_S) if repairs else None

    @property
    def packets_lost(self) -> int:
        return self._buffer.skipped

    def receive(self, packet: RtpPacket, now: float) -> list[EncodedFrame]:
        """One packet."""
        seq, timestamp = self._note(packet, now, repaired=False)
        if self._nack is not None and self._nack.received(seq, now):
            self.recovered += 1
        return self._hand_on(self._buffer.add(AudioPacket(seq, timestamp, packet.payload), now), now)

    def advance(self, now: float) -> list[EncodedFrame]:
        """What the passing of time alone releases."""
        return self._hand_on(self._buffer.advance(now), now)

    def nack_due(self, now: float) -> list[int]:
        """16-bit sequence numbers to ask for again now."""
        return [] if self._nack is None else [seq & 0xFFFF for seq in self._nack.due(now)]

    def _hand_on(self, packets: list[tuple[AudioPacket, bool]], now: float) -> list[EncodedFrame]:
        return [
            EncodedFrame("opus", packet.payload, self.timeline.capture(packet.timestamp, now), True, now, gap)
            for packet, gap in packets
            if packet.payload
        ]
