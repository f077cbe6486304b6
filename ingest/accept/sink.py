"""What the presenter's way in hands to the live session: frames, states and figures.

A live session implements `PublisherSink` and gives it to `WhipServer.offer`. Everything here is called on the event
loop and must return at once: whoever decodes puts the frame into a bounded queue of its own.

    sink.on_state(CONNECTED) → on_video / on_audio … → on_state(SILENT) → on_state(CONNECTED) … → on_state(GONE)

GONE comes once for each publisher and is the last call for it. When a second publisher takes over, GONE (reason
"taken_over") of the first comes before CONNECTED of the second, so one object may be the sink of both.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal, Protocol

CodecName = Literal["h264", "vp8", "opus"]


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame as the presenter's encoder made it, whole: a frame with a lost packet is never handed on.

    `data`: H.264 as one access unit in Annex B form (4-byte start codes), VP8 as one frame, Opus as one packet.

    `capture_time_s` lies on one timeline for audio and video of a publisher, made from the (NTP, RTP) pairs of its
    sender reports (RFC 3550, 6.4.1), so equal times were captured together. Its zero is that of `time.monotonic()` of
    this process: at the first frame it equals the arrival. From there it follows the *sender's* clock, so against the
    local clock it drifts by some ppm. Until both tracks have reported (1-3 s with browsers) the arrival stands in
    for it; the correction then is spread at 5 % of real time for what is under 0.5 s and made at once for the rest.
    Per track it always grows within one publisher.

    `arrival_s`: `time.monotonic()` when the frame was complete.

    After lost frames video goes on at a keyframe only: what is handed on can always be decoded in order. `gap` is true
    on that keyframe, and on an audio packet before which packets were lost.
    """

    codec: CodecName
    data: bytes
    capture_time_s: float
    keyframe: bool  # always true for Opus
    arrival_s: float
    gap: bool = False


class PublisherState(enum.StrEnum):
    """Where a publisher is, in the order it goes through; changed in `ingest.accept.publisher` only."""

    CONNECTING = "connecting"  # answered, no DTLS yet; not told to the sink
    CONNECTED = "connected"  # the media path is up
    SILENT = "silent"  # nothing for 5 s, or it said BYE for everything it sent; it may come back
    GONE = "gone"  # left, was deleted, taken over or lost; nothing follows


@dataclass(frozen=True, slots=True)
class ReceiverHealth:
    """Figures of the last whole second; counters since the publisher connected."""

    state: PublisherState
    video_codec: str = ""  # "h264", "vp8" or "" before the first video packet
    has_audio: bool = False
    video_bitrate: int = 0  # bit/s of RTP payload
    audio_bitrate: int = 0
    fps: float = 0.0  # frames handed on
    loss: float = 0.0  # 0..1 of the packets expected, before retransmission
    jitter_ms: float = 0.0  # RFC 3550, 6.4.1, of video, of audio without video
    estimate: int = 0  # bit/s, what the publisher was last asked to stay below (REMB)
    packets_lost: int = 0  # never arrived in time, all tracks
    packets_recovered: int = 0  # came by retransmission
    frames_dropped: int = 0  # video frames not handed on because something of them, or before them, was missing
    nacks_sent: int = 0  # packets asked for
    plis_sent: int = 0
    synchronized: bool = False  # every track that sends has reported its (NTP, RTP) pair


class PublisherSink(Protocol):
    """Takes what one publisher sends. No method may block or raise."""

    def on_video(self, frame: EncodedFrame) -> None:
        """One H.264 or VP8 frame, in decoding order."""

    def on_audio(self, frame: EncodedFrame) -> None:
        """One Opus packet, in order."""

    def on_state(self, state: PublisherState, reason: str) -> None:
        """The publisher is `CONNECTED`, `SILENT` or `GONE`.

        `reason` is a stable word: "" for CONNECTED; "timeout" or "bye" for SILENT; "deleted", "closed" (by the
        presenter's side), "taken_over", "lost" (no sign of life any more), "ended" (by this side) for GONE.
        """
