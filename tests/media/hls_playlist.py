"""Playlists as a strict client reads them (rfc8216bis section 4). What cannot be read raises `Malformed`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')


class Malformed(ValueError):
    """Not a playlist, or not one that a strict client takes."""


@dataclass(frozen=True, slots=True)
class PartEntry:
    duration_s: float
    uri: str
    independent: bool


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A segment; without `uri` it is still growing."""

    msn: int
    duration_s: float = 0.0
    uri: str = ""
    date_time: datetime | None = None
    discontinuity: bool = False
    gap: bool = False
    parts: tuple[PartEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """One state of a media playlist. `skipped` segments are missing at its beginning (delta update)."""

    target_duration_s: int
    part_target_s: float
    control: dict[str, str]
    media_sequence: int
    segments: tuple[SegmentEntry, ...]
    map_uri: str = ""
    hints: tuple[str, ...] = ()
    reports: dict[str, tuple[int, int]] = field(default_factory=dict)  # uri → (msn, part)
    skipped: int = 0
    ended: bool = False

    @property
    def last_position(self) -> tuple[int, int]:
        """(msn, part) of the newest part."""
        last = self.segments[-1]
        return last.msn, len(last.parts) - 1

    @property
    def next_position(self) -> tuple[int, int]:
        """(msn, part) of what comes next."""
        last = self.segments[-1]
        return (last.msn + 1, 0) if last.uri else (last.msn, len(last.parts))

    @property
    def complete(self) -> tuple[SegmentEntry, ...]:
        return tuple(s for s in self.segments if s.uri)


@dataclass(frozen=True, slots=True)
class Variant:
    """EXT-X-STREAM-INF."""

    uri: str
    bandwidth: int
    average_bandwidth: int
    codecs: tuple[str, ...]
    resolution: tuple[int, int]
    frame_rate: float


@dataclass(frozen=True, slots=True)
class MultivariantPlaylist:
    variants: tuple[Variant, ...]
    audio_uri: str


def attributes(text: str) -> dict[str, str]:
    """An attribute list (section 4.2), quotes removed."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _ATTRIBUTE.match(text, at)
        if match is None:
            raise Malformed(f"not an attribute list: {text}")
        if match[1] in found:
            raise Malformed(f"{match[1]} stands twice: {text}")
        found[match[1]] = match[2].strip('"')
        at = match.end()
    return found


def _lines(text: str) -> list[str]:
    lines = text.splitlines()
    if not lines or lines[0] != "#EXTM3U":
        raise Malformed("it does not begin with #EXTM3U")
    return lines[1:]


def multivariant(text: str) -> MultivariantPlaylist:
    variants: list[Variant] = []
    audio = ""
    pending: dict[str, str] | None = None
    for line in _lines(text):
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-STREAM-INF":
            pending = attributes(value)
        elif tag == "#EXT-X-MEDIA":
            audio = attributes(value)["URI"]
        elif line and not line.startswith("#"):
            if pending is None:
                raise Malformed(f"{line} has no EXT-X-STREAM-INF")
            width, height = map(int, pending["RESOLUTION"].split("x"))
            variants.append(
                Variant(
                    line,
                    int(pending["BANDWIDTH"]),
                    int(pending["AVERAGE-BANDWIDTH"]),
                    tuple(pending["CODECS"].split(",")),
                    (width, height),
                    float(pending["FRAME-RATE"]),
                )
            )
            pending = None
    return MultivariantPlaylist(tuple(variants), audio)


def media(text: str) -> MediaPlaylist:  # noqa: C901 - a table of tags
    made = MediaPlaylist(0, 0.0, {}, 0, ())
    segments: list[SegmentEntry] = []
    hints: list[str] = []
    reports: dict[str, tuple[int, int]] = {}
    open_: SegmentEntry | None = None
    base = 0
    for line in _lines(text):
        tag, _, value = line.partition(":")
        msn = base + len(segments)
        here = open_ or SegmentEntry(msn)
        if tag == "#EXT-X-TARGETDURATION":
            made = replace(made, target_duration_s=int(value))
        elif tag == "#EXT-X-PART-INF":
            made = replace(made, part_target_s=float(attributes(value)["PART-TARGET"]))
        elif tag == "#EXT-X-SERVER-CONTROL":
            made = replace(made, control=attributes(value))
        elif tag == "#EXT-X-MEDIA-SEQUENCE":
            made, base = replace(made, media_sequence=int(value)), int(value)
        elif tag == "#EXT-X-SKIP":
            skipped = int(attributes(value)["SKIPPED-SEGMENTS"])
            made, base = replace(made, skipped=skipped), base + skipped
        elif tag == "#EXT-X-MAP":
            made = replace(made, map_uri=attributes(value)["URI"])
        elif tag == "#EXT-X-PROGRAM-DATE-TIME":
            open_ = replace(here, date_time=datetime.fromisoformat(value))
        elif tag == "#EXT-X-DISCONTINUITY":
            open_ = replace(here, discontinuity=True)
        elif tag == "#EXT-X-GAP":
            open_ = replace(here, gap=True)
        elif tag == "#EXT-X-PART":
            part = attributes(value)
            entry = PartEntry(float(part["DURATION"]), part["URI"], part.get("INDEPENDENT") == "YES")
            open_ = replace(here, parts=(*here.parts, entry))
        elif tag == "#EXTINF":
            open_ = replace(here, duration_s=float(value.partition(",")[0]))
        elif tag == "#EXT-X-PRELOAD-HINT":
            hints.append(attributes(value)["URI"])
        elif tag == "#EXT-X-RENDITION-REPORT":
            report = attributes(value)
            reports[report["URI"]] = (int(report["LAST-MSN"]), int(report["LAST-PART"]))
        elif tag == "#EXT-X-ENDLIST":
            made = replace(made, ended=True)
        elif line and not line.startswith("#"):
            if not here.duration_s:
                raise Malformed(f"{line} has no EXTINF")
            segments.append(replace(here, uri=line))
            open_ = None
    if open_ is not None:
        segments.append(open_)
    if not made.target_duration_s or not segments:
        raise Malformed("no EXT-X-TARGETDURATION, or no segment")
    return replace(made, segments=tuple(segments), hints=tuple(hints), reports=reports)
