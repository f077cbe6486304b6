"""Decodes a recording from end to end and says what is in it.

`python -m tests.media.mp4_probe FILE` prints the report.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, Final, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from webinar.demo import burned_time
from webinar.demo.source import pixels

_FRAME_SLACK: Final = 1.5  # of the usual step between two pictures: a longer one is a gap
_AUDIO_SLACK_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole between two neighbours of one stream, or an overlap when `length_s` is negative."""

    kind: str  # "video" or "audio"
    at_s: float
    length_s: float


@dataclass(slots=True)
class Mp4Report:
    """What a decoder saw. Times in s on the file's own clock."""

    container_duration_s: float | None = None  # as the file says
    video_start_s: float | None = None
    video_duration_s: float = 0.0  # as decoded, last picture included
    audio_start_s: float | None = None
    audio_duration_s: float = 0.0
    frames: int = 0
    audio_frames: int = 0
    keyframes: int = 0
    width: int = 0
    height: int = 0
    video_codec: str = ""
    audio_codec: str = ""
    errors: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    burned_ms: list[int] = field(default_factory=list)  # of each picture of the demo talk, 0 unreadable; when asked

    @property
    def duration_s(self) -> float:
        """From the first to the end of the last of picture and sound."""
        starts = [s for s in (self.video_start_s, self.audio_start_s) if s is not None]
        ends = [
            (self.video_start_s or 0.0) + self.video_duration_s,
            (self.audio_start_s or 0.0) + self.audio_duration_s,
        ]
        return max(ends) - min(starts, default=0.0)


def probe(media: str | Path | IO[bytes], *, read_burned_time: bool = False) -> Mp4Report:
    """Reads and decodes everything. Damage is reported in `errors`, not raised; only a missing file is (OSError)."""
    report = Mp4Report()
    if isinstance(media, str | Path):
        with Path(media).open("rb") as file:
            return probe(file, read_burned_time=read_burned_time)
    for kind in ("video", "audio"):
        media.seek(0)  # each stream on its own: damage in one says nothing about the other
        try:
            with av.open(media, "r") as container:
                report.container_duration_s = container.duration / av.time_base if container.duration else None
                if kind == "video" and container.streams.video:
                    _watch(container, report, read_burned_time)
                elif kind == "audio" and container.streams.audio:
                    _listen(container, report)
        except av.FFmpegError as error:
            report.errors.append(f"{kind}: {error}")
    return report


def _watch(container: InputContainer, report: Mp4Report, read_burned_time: bool) -> None:
    stream = container.streams.video[0]
    report.video_codec, report.width, report.height = stream.codec_context.name, stream.width, stream.height
    times: list[float] = []
    last = 0.0  # duration of the last picture
    for frame in _decoded(container, stream, report):
        if not isinstance(frame, av.VideoFrame) or frame.time is None:
            report.errors.append("video: a picture without a time")
            continue
        times.append(frame.time)
        last = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else 0.0
        report.keyframes += frame.key_frame
        if read_burned_time:
            report.burned_ms.append(burned_time.read(pixels(frame.planes[0])) or 0)
    report.frames = len(times)
    if not times:
        return
    steps = [b - a for a, b in pairwise(times)]
    usual = sorted(steps)[len(steps) // 2] if steps else last
    report.video_start_s, report.video_duration_s = times[0], times[-1] - times[0] + (last or usual)
    for at, step in zip(times, steps, strict=False):
        if not 0 < step <= usual * _FRAME_SLACK:
            report.gaps.append(Gap("video", at, step - usual))


def _listen(container: InputContainer, report: Mp4Report) -> None:
    stream = container.streams.audio[0]
    report.audio_codec = stream.codec_context.name
    end_s: float | None = None
    for frame in _decoded(container, stream, report):
        if not isinstance(frame, av.AudioFrame) or frame.time is None:
            report.errors.append("audio: a frame without a time")
            continue
        report.audio_frames += 1
        if end_s is None:
            report.audio_start_s = frame.time
        elif abs(frame.time - end_s) > _AUDIO_SLACK_S:
            report.gaps.append(Gap("audio", end_s, frame.time - end_s))
        end_s = frame.time + frame.samples / frame.sample_rate
    if end_s is not None:
        report.audio_duration_s = end_s - (report.audio_start_s or 0.0)


def _decoded(
    container: InputContainer, stream: VideoStream | AudioStream, report: Mp4Report
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """Everything of a stream that decodes; what does not is an error of the report."""
    stream.codec_context.options = {"err_detect": "explode"}  # a decoder that conceals damage hides it from us
    for packet in container.demux(stream):
        if packet.is_corrupt:
            report.errors.append(f"{stream.type}: a corrupt packet at {packet.pts}")
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            report.errors.append(f"{stream.type}: {error} at {packet.pts}")
            continue
        for frame in frames:
            if isinstance(frame, av.VideoFrame) and frame.is_corrupt:
                report.errors.append(f"video: a corrupt picture at {frame.pts}")
            yield cast("av.VideoFrame | av.AudioFrame", frame)


if __name__ == "__main__":
    found = probe(sys.argv[1])
    sys.stdout.write(f"{found}\n")
    sys.exit(1 if found.errors or found.gaps else 0)
