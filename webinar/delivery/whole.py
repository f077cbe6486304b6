"""The playlist of a whole event, from Go Live on: for rewinding while it is live (EVENT) and for replay (VOD).

Pure. An event is one session, or several when an ingest was killed on the way: each is a `Stretch`, and where one ends
and the next begins the playlist has a discontinuity. The text grows at its end only, and so does what is kept of it
compressed: a new segment costs the same after three hours as at the beginning.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK, MediaKind, Rendition, StoredSegment, StoredSession
from webinar.delivery.playlist import Quality, date_time, target_duration

_VERSION: Final = 9  # EXT-X-SKIP, section 8
_SKIP_TARGETS: Final = 6  # CAN-SKIP-UNTIL is at least six target durations, section 4.4.3.8


@dataclass(frozen=True, slots=True)
class Stretch:
    """One session of an event as the store has it. `segments` are of each rendition, from msn 0 on."""

    session: StoredSession
    segments: Mapping[str, Sequence[StoredSegment]]

    def whole(self) -> Stretch:
        """Of an interrupted session what all renditions have: players need them to break off together."""
        least = min((len(self.segments.get(r.name, ())) for r in self.session.renditions), default=0)
        if self.session.complete:
            return self
        return Stretch(self.session, {name: listed[:least] for name, listed in self.segments.items()})

    def nearest(self, wanted: Rendition) -> Rendition | None:
        """The rendition of that name, or what stands in for it: of the same kind, nearest in height."""
        same = [r for r in self.session.renditions if r.kind == wanted.kind and self.segments.get(r.name)]
        return min(same, key=lambda r: (r.name != wanted.name, abs(r.height - wanted.height)), default=None)

    def quality(self, rendition: Rendition) -> Quality:
        """As measured over all of it."""
        there = [s for s in self.segments.get(rendition.name, ()) if s.bytes]
        clock = _clock(rendition.kind)
        rates = [8 * s.bytes * clock / s.duration for s in there if s.duration > clock / 2]
        seconds = sum(s.duration for s in there) / clock
        average = int(8 * sum(s.bytes for s in there) / seconds) if seconds > 1 else rendition.bitrate
        return Quality(rendition, max(rendition.bitrate, int(max(rates, default=0.0))), average)


def _clock(kind: MediaKind) -> int:
    return VIDEO_CLOCK if kind == "video" else AUDIO_CLOCK


class WholePlaylist:
    """`full.m3u8` of one rendition while it grows. Text in, bytes out; plain and gzipped are the same text."""

    def __init__(self, segment_target: float, *, ended: bool) -> None:
        self._target = target_duration(segment_target)
        self._ended = ended
        self._segments: list[str] = []  # the lines of each, once and for all
        self._plain = bytearray()
        self._packer = zlib.compressobj(5, wbits=31)  # gzip
        self._packed = bytearray()
        self._started: datetime | None = None
        self._at_s = 0.0
        self._msn = 0  # that comes next in the stretch
        self._folder = ""
        self._next = ""  # lines that the next segment begins with
        self._clock = VIDEO_CLOCK
        self._write("\n".join(self._head()) + "\n")

    @property
    def segments(self) -> int:
        """So many are listed."""
        return len(self._segments)

    def stretch(self, started_at: str, rendition: Rendition, folder: str) -> None:
        """What is added from now on is of this session. `folder` is its rendition's, relative to the playlist."""
        self._started, self._at_s, self._msn = datetime.fromisoformat(started_at), 0.0, 0
        self._folder = folder
        self._clock = _clock(rendition.kind)
        self._next = "#EXT-X-DISCONTINUITY\n" if self._segments else ""
        self._next += f'#EXT-X-MAP:URI="{folder}init.mp4"\n'

    def add(self, msn: int, segment: StoredSegment) -> None:
        """The next segment of the stretch."""
        text = self._next + self._entry(msn, segment, self._at_s)
        self._next = ""
        self._at_s += segment.duration / self._clock
        self._msn = msn + 1
        self._segments.append(text)
        self._write(text)

    def render(self, following: Sequence[StoredSegment] = ()) -> tuple[bytes, bytes]:
        """(plain, gzipped). `following`: segments listed at the end this time, of which more may be known the next."""
        tail = ("".join(self._entries(following)) + ("#EXT-X-ENDLIST\n" if self._ended else "")).encode()
        packer = self._packer.copy()
        return bytes(self._plain) + tail, bytes(self._packed) + packer.compress(tail) + packer.flush()

    def render_delta(self, following: Sequence[StoredSegment] = ()) -> tuple[bytes, bytes]:
        """The same as a delta update (section 6.2.5.1): only what may be newer than six target durations."""
        last = self._entries(following)
        count = len(self._segments) + len(last)
        keep = 0
        seconds = 0.0
        while keep < count and seconds < _SKIP_TARGETS * self._target:
            keep += 1
            seconds += _duration_s(last[-keep] if keep <= len(last) else self._segments[len(last) - keep])
        skipped = count - keep
        if self._ended or skipped <= 0:
            return self.render(following)
        head = [*self._head(), f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"]
        shown = [*self._segments[skipped:], *last[max(0, skipped - len(self._segments)) :]]
        plain = ("\n".join(head) + "\n" + "".join(shown)).encode()
        packer = zlib.compressobj(5, wbits=31)
        return plain, packer.compress(plain) + packer.flush()

    def _entry(self, msn: int, segment: StoredSegment, at_s: float) -> str:
        assert self._started is not None  # noqa: S101 - `stretch` comes first
        lines = [date_time(self._started, at_s)]
        if not segment.bytes:
            lines.append("#EXT-X-GAP")
        lines += [f"#EXTINF:{segment.duration / self._clock:.5f},", f"{self._folder}{msn}.m4s"]
        return "\n".join(lines) + "\n"

    def _entries(self, following: Sequence[StoredSegment]) -> list[str]:
        found: list[str] = []
        at_s = self._at_s
        for msn, segment in enumerate(following, self._msn):
            found.append(("" if found else self._next) + self._entry(msn, segment, at_s))
            at_s += segment.duration / self._clock
        return found

    def _head(self) -> list[str]:
        head = [
            "#EXTM3U",
            f"#EXT-X-VERSION:{_VERSION}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f"#EXT-X-TARGETDURATION:{self._target}",
            f"#EXT-X-PLAYLIST-TYPE:{'VOD' if self._ended else 'EVENT'}",
            "#EXT-X-MEDIA-SEQUENCE:0",
        ]
        if not self._ended:
            head.append(f"#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL={_SKIP_TARGETS * self._target:.1f}")
        return head

    def _write(self, text: str) -> None:
        data = text.encode()
        self._plain += data
        self._packed += self._packer.compress(data)


def _duration_s(lines: str) -> float:
    return float(lines.rpartition("#EXTINF:")[2].partition(",")[0])


def begun(
    stretches: Sequence[Stretch], wanted: Rendition, segment_target: float, prefix: str, *, ended: bool
) -> WholePlaylist:
    """A playlist in the folder of `wanted` below `prefix`, which lists these sessions; more may be added to it."""
    target = max((segment_target, *(s.session.segment_target for s in stretches)))
    made = WholePlaylist(target, ended=ended)
    for stretch in stretches:
        rendition = stretch.nearest(wanted)
        if rendition is not None:
            other = stretch.session.hls_prefix
            folder = "" if (other, rendition.name) == (prefix, wanted.name) else f"../../{other}/{rendition.name}/"
            made.stretch(stretch.session.started_at, rendition, folder)
            for msn, segment in enumerate(stretch.segments[rendition.name]):
                made.add(msn, segment)
    return made
