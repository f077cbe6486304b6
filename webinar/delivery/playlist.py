"""Playlists as text: rfc8216bis (HTTP Live Streaming, 2nd edition) with Low-Latency. Pure functions of windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingest.contract import Rendition
from webinar.delivery.window import Window, WindowSegment

_VERSION: Final = 9  # EXT-X-SKIP, section 8
_PARTS_FOR_TARGETS: Final = 3  # parts older than three target durations are not listed, section 4.4.4.9
# Media Sequence Number of segment 0. hls.js takes a last one of 0 for none and then asks without blocking: who joined
# in the first four seconds of an event got nothing new for two seconds, twice. The URIs have the segment's own number.
FIRST_MSN: Final = 1
_SKIP_TARGETS: Final = 6  # CAN-SKIP-UNTIL is at least six target durations, section 4.4.3.8


@dataclass(frozen=True, slots=True)
class Quality:
    """A rendition as the multivariant playlist names it; bit/s as measured."""

    rendition: Rendition
    peak: int
    average: int


def multivariant(qualities: Sequence[Quality], playlist: str = "index.m3u8") -> str:
    """The multivariant playlist: one variant a video rendition, audio as a rendition group of its own.

    `playlist` is the name of the media playlists.
    """
    audio = next((q for q in qualities if q.rendition.kind == "audio"), None)
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if audio is not None:
        channels = audio.rendition.channels or 2
        lines.append(
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="{channels}",URI="{audio.rendition.name}/{playlist}"'
        )
    for quality in qualities:
        rendition = quality.rendition
        if rendition.kind != "video":
            continue
        codecs = rendition.codecs if audio is None else f"{rendition.codecs},{audio.rendition.codecs}"
        peak = quality.peak + (audio.peak if audio else 0)
        average = quality.average + (audio.average if audio else 0)
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={max(peak, average)},AVERAGE-BANDWIDTH={average},"
            f'CODECS="{codecs}",RESOLUTION={rendition.width}x{rendition.height},'
            f"FRAME-RATE={rendition.frame_rate:.3f}" + (',AUDIO="audio"' if audio else "")
        )
        lines.append(f"{rendition.name}/{playlist}")
    return "\n".join(lines) + "\n"


def qualities(windows: Mapping[str, Window]) -> list[Quality]:
    """Of a live session, in the ladder's order."""
    return [Quality(w.init.rendition, w.peak_bandwidth, w.average_bandwidth) for w in windows.values()]


def target_duration(segment_target: float) -> int:
    """EXT-X-TARGETDURATION: constant over the session; a segment rounds to at most this (section 4.4.3.1)."""
    return max(1, math.ceil(segment_target))


def media(name: str, windows: Mapping[str, Window], *, skip: bool = False) -> str:
    """The live playlist of one rendition; `skip` leaves out old segments (delta update, section 6.2.5.1)."""
    window = windows[name]
    init = window.init
    target = target_duration(init.segment_target)
    segments = list(window.listed())
    first = segments[0].msn if segments else 0
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{target}",
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={3 * init.part_target:.3f},"
        f"HOLD-BACK={3 * target:.1f},CAN-SKIP-UNTIL={_SKIP_TARGETS * target:.1f}",
        f"#EXT-X-PART-INF:PART-TARGET={init.part_target:.3f}",
        f"#EXT-X-MEDIA-SEQUENCE:{FIRST_MSN + first}",
    ]
    skipped = _skippable(segments, _SKIP_TARGETS * target) if skip else 0
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    else:
        lines.append('#EXT-X-MAP:URI="init.mp4"')
    started = datetime.fromisoformat(init.started_at)
    with_parts = _first_with_parts(segments, _PARTS_FOR_TARGETS * target)
    for index, segment in enumerate(segments):
        if index >= skipped:
            lines += _segment_lines(segment, started, parts=index >= with_parts)
    if window.ended:
        lines.append("#EXT-X-ENDLIST")
    else:
        msn, part = window.next_position
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{msn}.{part}.m4s"')
        lines += _reports(name, windows)
    return "\n".join(lines) + "\n"


def date_time(started: datetime, program_s: float) -> str:
    """EXT-X-PROGRAM-DATE-TIME of a moment of the program that began at `started` (section 4.4.4.6)."""
    moment = (started + timedelta(seconds=program_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"#EXT-X-PROGRAM-DATE-TIME:{moment}"


def _segment_lines(segment: WindowSegment, started: datetime, *, parts: bool) -> list[str]:
    lines = [date_time(started, segment.start_s)]
    if parts:
        for number, part in enumerate(segment.parts):
            independent = ",INDEPENDENT=YES" if part.independent else ""
            lines.append(f'#EXT-X-PART:DURATION={part.duration_s:.5f},URI="{segment.msn}.{number}.m4s"{independent}')
    if segment.complete:
        lines += [f"#EXTINF:{segment.duration_s:.5f},", f"{segment.msn}.m4s"]
    return lines


def _reports(name: str, windows: Mapping[str, Window]) -> list[str]:
    """EXT-X-RENDITION-REPORT for every other rendition (section 4.4.5.4)."""
    lines = []
    for other, window in windows.items():
        position = window.last_position
        if other != name and position is not None:
            lines.append(
                f'#EXT-X-RENDITION-REPORT:URI="../{other}/index.m3u8",LAST-MSN={FIRST_MSN + position[0]},'
                f"LAST-PART={position[1]}"
            )
    return lines


def _skippable(segments: list[WindowSegment], boundary_s: float) -> int:
    """How many segments lie further from the end than the skip boundary."""
    left = sum(s.duration_s for s in segments)
    count = 0
    for segment in segments:
        if not segment.complete or left - segment.duration_s < boundary_s:
            break
        left -= segment.duration_s
        count += 1
    return count


def _first_with_parts(segments: list[WindowSegment], span_s: float) -> int:
    """Index of the first segment whose parts are listed."""
    left = 0.0
    for index in range(len(segments) - 1, -1, -1):
        left += segments[index].duration_s
        if left > span_s:
            return index
    return 0
