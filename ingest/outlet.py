"""From encoded units to bus messages: one outlet a rendition, living in its encoder's thread.

An outlet owns the rendition's segmenter and knows what the recording and the feed want of it. What it makes goes to
`deliver` as a message with its bytes, in order.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK, InitSegment, Message, Part, Rendition, Unit, encode
from ingest.encode.encoder import EncodedUnit
from ingest.encode.ladder import AAC_BITRATE, FRAME_RATE, GOP_FRAMES, Ladder, Rung
from ingest.encode.pace import FULL, Effort
from ingest.package import h264
from ingest.package.boxes import Sample, Track, avc1, init_segment, mp4a
from ingest.package.segmenter import CutPart, Segmenter
from ingest.record.recorder import Recorder

AUDIO: Final = "audio"
OPUS: Final = "opus"
# Ten pictures are 0.333 s, sixteen AAC frames 0.341 s: both fit, both are above 85 %, and a segment of two seconds has
# six parts of each. Players stay three parts behind: half-second parts would keep them half a second further away.
PART_TARGET_S: Final = 0.35
SEGMENT_TARGET_S: Final = GOP_FRAMES / FRAME_RATE
_AAC_CODEC: Final = "mp4a.40.2"
_CHANNELS: Final = 2
_SMOOTHING: Final = 1 / 32

Deliver = Callable[[Message, bytes], None]


@dataclass(frozen=True, slots=True)
class Identity:
    """What every message of a live session says of it."""

    session_id: str
    event_id: str
    hls_prefix: str
    started_at: datetime.datetime
    ladder: tuple[str, ...]

    @classmethod
    def of(cls, session_id: str, event_id: str, hls_prefix: str, at: datetime.datetime, ladder: Ladder) -> Identity:
        return cls(session_id, event_id, hls_prefix, at, (*(rung.name for rung in ladder.rungs), AUDIO))


class Outlet:
    """What all outlets share: counting, parts and the init segment. `recorder` is given to those it records."""

    def __init__(self, name: str, identity: Identity, deliver: Deliver, recorder: Recorder | None) -> None:
        self.name = name
        self.units = 0  # written by the encoder's thread only, read by anyone
        self.bytes = 0
        self.frame_rate = 0.0  # of video: what it is made at now
        self.resting = False
        self.late_s = 0.0  # from a unit's moment in the program until it is here, smoothed
        self._identity = identity
        self._deliver = deliver
        self._recorder = recorder
        self._track: Track | None = None
        self._segmenter: Segmenter | None = None

    def late(self, seconds: float) -> None:
        """How late the unit is that was just put."""
        self.late_s += (seconds - self.late_s) * _SMOOTHING

    def _count(self, unit: EncodedUnit) -> None:
        self.units += 1
        self.bytes += len(unit.data)

    def _describe(self, track: Track, rendition: Rendition) -> None:
        """The track is known: the init segment goes out before anything else."""
        self._track = track
        scale = track.timescale
        self._segmenter = Segmenter(track, round(PART_TARGET_S * scale), round(SEGMENT_TARGET_S * scale))
        if self._recorder is not None:
            # A recording has picture and sound in one file: their numbers differ.
            self._recorder.describe(
                Track(1 + (track.kind == "audio"), track.kind, scale, track.entry, track.width, track.height)
            )
        self._send(
            InitSegment(
                session_id=self._identity.session_id,
                event_id=self._identity.event_id,
                rendition=rendition,
                ladder=self._identity.ladder,
                part_target=PART_TARGET_S,
                segment_target=SEGMENT_TARGET_S,
                started_at=self._identity.started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                hls_prefix=self._identity.hls_prefix,
                payload=init_segment(track),
            )
        )

    def _push(self, sample: Sample) -> None:
        if self._segmenter is None or self._track is None:
            return
        if self._recorder is not None:
            self._recorder.put(self._track.kind, sample)
        self._send_parts(self._segmenter.push(sample))

    def flush(self) -> None:
        """After the encoder's last unit: the rest is the last part of the program."""
        if self._segmenter is not None:
            self._send_parts(self._segmenter.flush())

    def _send_parts(self, parts: list[CutPart]) -> None:
        for cut in parts:
            self._send(
                Part(
                    session_id=self._identity.session_id,
                    event_id=self._identity.event_id,
                    rendition=self.name,
                    msn=cut.msn,
                    part=cut.part,
                    pts=cut.pts,
                    duration=cut.duration,
                    independent=cut.independent,
                    last=cut.last,
                    payload=cut.payload,
                )
            )

    def _send_unit(self, unit: EncodedUnit) -> None:
        self._send(
            Unit(
                session_id=self._identity.session_id,
                event_id=self._identity.event_id,
                rendition=self.name,
                pts=unit.pts,
                keyframe=unit.keyframe,
                payload=unit.data,
                resting=self.resting,
            )
        )

    def _send(self, message: Message) -> None:
        self._deliver(message, encode(message))


class VideoOutlet(Outlet):
    """H.264 of one rung: units at once, parts when they are full."""

    def __init__(self, rung: Rung, identity: Identity, deliver: Deliver, recorder: Recorder | None) -> None:
        super().__init__(rung.name, identity, deliver, recorder)
        self._rung = rung
        self.work(FULL)

    def work(self, effort: Effort) -> None:
        """How much the rung is worked on from now on; from any thread."""
        self.frame_rate, self.resting = effort.frame_rate, effort.resting

    def put(self, unit: EncodedUnit) -> None:
        self._count(unit)
        nals = h264.split(unit.data)
        if self._track is None:
            self._begin(nals)
        self._send_unit(unit)
        self._push(Sample(unit.pts, unit.duration, h264.is_idr(nals), h264.to_sample(nals)))

    def _begin(self, nals: list[bytes]) -> None:
        sets = h264.parameter_sets(nals)
        if sets is None:
            return  # not possible with the encoder's repeated headers; without them nothing could be played
        rung = self._rung
        entry = avc1(*sets, rung.width, rung.height, rung.bitrate)
        self._describe(
            Track(1, "video", VIDEO_CLOCK, entry, rung.width, rung.height),
            Rendition(
                rung.name,
                "video",
                h264.codec_string(sets[0]),
                rung.bitrate,
                width=rung.width,
                height=rung.height,
                frame_rate=float(FRAME_RATE),
            ),
        )


class AacOutlet(Outlet):
    """AAC of all HLS renditions and the recording."""

    def __init__(self, identity: Identity, deliver: Deliver, recorder: Recorder | None) -> None:
        super().__init__(AUDIO, identity, deliver, recorder)

    def begin(self, config: bytes) -> None:
        """`config`: the encoder's AudioSpecificConfig. A later call, of a replaced encoder, changes nothing."""
        if self._track is None:
            entry = mp4a(config, _CHANNELS, AUDIO_CLOCK, AAC_BITRATE)
            self._describe(
                Track(1, "audio", AUDIO_CLOCK, entry),
                Rendition(AUDIO, "audio", _AAC_CODEC, AAC_BITRATE, sample_rate=AUDIO_CLOCK, channels=_CHANNELS),
            )

    def put(self, unit: EncodedUnit) -> None:
        self._count(unit)
        self._push(Sample(unit.pts, unit.duration, True, unit.data))


class OpusOutlet(Outlet):
    """Opus for WebRTC: units only."""

    def __init__(self, identity: Identity, deliver: Deliver) -> None:
        super().__init__(OPUS, identity, deliver, None)

    def put(self, unit: EncodedUnit) -> None:
        self._count(unit)
        self._send_unit(unit)
