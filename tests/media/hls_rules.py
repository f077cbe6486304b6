"""What a strict LL-HLS player holds a server to: rfc8216bis and Apple's authoring rules. Pure.

`Follower` sees the playlist states and the media of one rendition in order, `across` compares renditions. A rule has a
short name, under which a violation is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tests.media.hls_fragment import Broken, InitFacts, PartFacts, read_fragments, read_init
from tests.media.hls_playlist import MediaPlaylist, MultivariantPlaylist, SegmentEntry

_CLOCK_S = 0.0015  # rounding of the dates to milliseconds and of durations to 10 us
_WINDOW_SEGMENTS = 7
FIRST_MSN = 1  # with what a session's playlists begin


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    where: str  # rendition
    what: str


class Report:
    """Violations, and how often each rule was looked at: a rule that was never looked at proves nothing."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self.looked: Counter[str] = Counter()

    def check(self, rule: str, where: str, holds: bool, what: str) -> None:
        self.looked[rule] += 1
        if not holds:
            self.violations.append(Violation(rule, where, what))

    @property
    def broken(self) -> set[str]:
        return {v.rule for v in self.violations}


@dataclass(slots=True)
class Follower:
    """One rendition. `merged` is the full list of the newest state, whatever was skipped on the wire."""

    name: str
    report: Report
    first: MediaPlaylist | None = None
    merged: MediaPlaylist | None = None
    init: InitFacts | None = None
    starts: dict[int, int] = field(default_factory=dict)  # msn → decode time
    rates: list[tuple[float, float]] = field(default_factory=list)  # (bits, seconds) of each segment
    from_start: bool = False  # every segment of the session was seen
    samples: int = 0
    ticks: int = 0
    _expected: int | None = None  # decode time of the next part
    _parts: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def _check(self, rule: str, holds: bool, what: str) -> None:
        self.report.check(rule, self.name, holds, what)

    # -- playlists -----------------------------------------------------------------------------------------------

    def state(self, playlist: MediaPlaylist) -> MediaPlaylist:
        """The next state as it came; what it makes together with the state before (section 6.2.5.1)."""
        before = self.merged
        whole = self._undo_skip(playlist, before)
        self._promises(whole)
        self._segments(whole)
        if before is not None:
            self._progress(before, whole)
        self.first = self.first or whole
        self.merged = whole
        return whole

    def same(self, full: MediaPlaylist) -> None:
        """A full playlist, fetched apart, of the state that `merged` is of: what skipping hid is the same."""
        if self.merged is not None and full.next_position == self.merged.next_position:
            differs = next(
                (f"{a} is {b}" for a, b in zip(self.merged.segments, full.segments, strict=False) if a != b), ""
            )
            same = full.media_sequence == self.merged.media_sequence and self.merged.segments == full.segments
            self._check("delta", same, differs or "lists differ in length")

    def _undo_skip(self, playlist: MediaPlaylist, before: MediaPlaylist | None) -> MediaPlaylist:
        if not playlist.skipped:
            return playlist
        wanted = range(playlist.media_sequence, playlist.media_sequence + playlist.skipped)
        known = {s.msn: s for s in before.segments if s.uri} if before else {}
        self._check("delta", all(msn in known for msn in wanted), f"skipped segments {wanted} were never listed")
        left = sum(s.duration_s or sum(p.duration_s for p in s.parts) for s in playlist.segments)
        until = float(playlist.control.get("CAN-SKIP-UNTIL", "0"))
        self._check("delta", left >= until - 0.01, f"segments nearer than {until} s were skipped: {left:.3f} s listed")
        # Skipped segments are older than those whose parts are listed.
        skipped = tuple(replace(known[msn], parts=()) for msn in wanted if msn in known)
        return replace(
            playlist,
            segments=skipped + playlist.segments,
            skipped=0,
            map_uri=before.map_uri if before else "",
        )

    def _promises(self, now: MediaPlaylist) -> None:
        first = self.first or now
        self._check(
            "constant",
            (now.target_duration_s, now.part_target_s, now.control)
            == (first.target_duration_s, first.part_target_s, first.control),
            "PART-TARGET, TARGETDURATION or SERVER-CONTROL changed",
        )
        hold, part = float(now.control.get("PART-HOLD-BACK", "0")), now.part_target_s
        self._check("part-hold-back", hold >= 3 * part - 1e-9, f"PART-HOLD-BACK {hold} < 3 × {part}")
        hold = float(now.control.get("HOLD-BACK", "0"))
        self._check("hold-back", hold >= 3 * now.target_duration_s, f"HOLD-BACK {hold}")
        until = float(now.control.get("CAN-SKIP-UNTIL", "0"))
        self._check("skip-until", until >= 6 * now.target_duration_s, f"CAN-SKIP-UNTIL {until}")
        self._check("blocking", now.control.get("CAN-BLOCK-RELOAD") == "YES", "CAN-BLOCK-RELOAD is not YES")
        if now.ended:
            self._check("hint", not now.hints, "a hint after the end")
        else:
            self._check("hint", len(now.hints) == 1, f"{len(now.hints)} hints")

    def _segments(self, now: MediaPlaylist) -> None:
        self._check("map", bool(now.map_uri), "no EXT-X-MAP")
        full = len([s for s in now.complete]) >= _WINDOW_SEGMENTS
        self._check(
            "window",
            full or now.media_sequence == FIRST_MSN,
            f"{len(now.complete)} segments at msn {now.media_sequence}",
        )
        for segment in now.segments:
            self._lengths(now, segment)
        for a, b in pairwise(now.segments):
            if a.date_time is None or b.date_time is None or b.discontinuity:
                self._check("date-time", b.discontinuity, f"segment {b.msn} has none")
            else:
                step = (b.date_time - a.date_time).total_seconds()
                self._check("date-time", abs(step - a.duration_s) <= _CLOCK_S, f"{step} s after {a.duration_s} s")

    def _lengths(self, now: MediaPlaylist, segment: SegmentEntry) -> None:
        parts = segment.parts
        for number, part in enumerate(parts):
            where = f"part {segment.msn}.{number} of {part.duration_s} s"
            self._check("part-length", part.duration_s <= now.part_target_s + 1e-5, where)
            if number < len(parts) - 1:
                self._check("part-85", part.duration_s >= 0.85 * now.part_target_s, where)
        if segment.uri:
            long = segment.duration_s >= now.target_duration_s + 0.5
            self._check("segment-length", not long, f"segment {segment.msn} of {segment.duration_s} s")
            if parts:
                total = sum(p.duration_s for p in parts)
                self._check(
                    "segment-length", abs(total - segment.duration_s) < 1e-3, f"{segment.msn}: parts of {total}"
                )

    def _progress(self, before: MediaPlaylist, now: MediaPlaylist) -> None:
        self._check("sequence", now.media_sequence >= before.media_sequence, "MEDIA-SEQUENCE went back")
        self._check("sequence", now.next_position >= before.next_position, "the playlist went back")
        known = {s.msn: s for s in before.segments}
        for segment in now.segments:
            old = known.get(segment.msn)
            if old is None:
                continue
            same = (old.date_time, old.discontinuity) == (segment.date_time, segment.discontinuity)
            same = same and (not old.uri or (old.uri, old.duration_s) == (segment.uri, segment.duration_s))
            same = same and (not segment.parts or segment.parts[: len(old.parts)] == old.parts)
            self._check("unchanged", same, f"segment {segment.msn} is not what it was")
        if before.hints:
            msn, number = before.next_position
            there = next((s for s in now.segments if s.msn == msn and len(s.parts) > number), None)
            if there is not None:
                self._check("hint", there.parts[number].uri == before.hints[0], f"{before.hints[0]} never came")

    # -- media ---------------------------------------------------------------------------------------------------

    def initialized(self, data: bytes) -> None:
        try:
            self.init = read_init(data)
        except Broken as error:
            self._check("bytes", False, f"init segment: {error}")

    def part(self, segment: SegmentEntry, number: int, data: bytes) -> None:
        """The next part of the rendition as bytes."""
        entry = segment.parts[number]
        where = f"part {segment.msn}.{number}"
        self._parts[segment.msn, number] = data
        facts = self._read(data, where)
        if facts is None or self.init is None:
            return
        seconds = facts.duration / self.init.timescale
        self._check("independent", entry.independent == facts.idr, f"{where} says {entry.independent}")
        self._check("duration", abs(seconds - entry.duration_s) < 1e-4, f"{where} lasts {seconds} s")
        if self._expected is not None and not segment.discontinuity:
            self._check("decode-time", facts.start == self._expected, f"{where}: {facts.start} not {self._expected}")
        self._expected = facts.start + facts.duration
        if number == 0:
            self.starts[segment.msn] = facts.start
        self.samples += facts.samples
        self.ticks += facts.duration

    def segment(self, entry: SegmentEntry, data: bytes) -> None:
        """A whole segment, after its parts."""
        where = f"segment {entry.msn}"
        numbers = sorted(n for msn, n in self._parts if msn == entry.msn)
        if numbers == list(range(len(entry.parts))) and numbers:
            joined = b"".join(self._parts.pop((entry.msn, n)) for n in numbers)
            self._check("joined", joined == data, f"{where} is not its parts")
        facts = self._read(data, where)
        if facts is None or self.init is None:
            return
        self._check("segment-idr", facts.idr, f"{where} does not begin with an IDR picture")
        seconds = facts.duration / self.init.timescale
        self._check("duration", abs(seconds - entry.duration_s) < 1e-4, f"{where} lasts {seconds} s")
        self.rates.append((8.0 * len(data), seconds))

    def _read(self, data: bytes, where: str) -> PartFacts | None:
        try:
            facts = read_fragments(data, self.init.kind if self.init else "video")
        except Broken as error:
            self._check("bytes", False, f"{where}: {error}")
            return None
        self._check("bytes", True, "")
        return facts


def reports(
    report: Report,
    name: str,
    playlist: MediaPlaylist,
    before: Mapping[str, tuple[int, int]],
    after: Mapping[str, tuple[int, int]],
) -> None:
    """RENDITION-REPORT of a playlist. `before` and `after`: where each other rendition was known to be, by its URI,
    some time before and some time after the playlist was asked for.
    """
    if playlist.ended:
        return
    report.check("reports", name, set(playlist.reports) == set(before), f"of {sorted(playlist.reports)}")
    for uri, position in playlist.reports.items():
        if uri in before and uri in after:
            within = before[uri] <= position <= after[uri]
            report.check("reports", name, within, f"{uri}: {position} not in {before[uri]} … {after[uri]}")


def across(report: Report, multivariant: MultivariantPlaylist, followers: Mapping[str, Follower]) -> None:
    """At the end: what the multivariant playlist says against what was measured, and renditions against each other.

    `followers` by the URI of their playlist.
    """
    sound = followers[multivariant.audio_uri]
    for variant in multivariant.variants:
        picture = followers[variant.uri]
        if picture.init is None or sound.init is None:
            continue
        name = picture.name
        codecs = (picture.init.codec, sound.init.codec)
        report.check("codecs", name, variant.codecs == codecs, f"{variant.codecs} are {codecs}")
        size = (picture.init.width, picture.init.height)
        report.check("resolution", name, variant.resolution == size, f"{variant.resolution} is {size}")
        if picture.ticks:
            rate = picture.samples * picture.init.timescale / picture.ticks
            # It names the most there may be (section 4.4.6.2): a busy server leaves pictures out.
            report.check("frame-rate", name, rate <= variant.frame_rate + 0.5, f"{variant.frame_rate} is {rate:.2f}")
        _bandwidth(report, name, (variant.bandwidth, variant.average_bandwidth), picture, sound)
        for msn, start in picture.starts.items():
            if msn in sound.starts:
                off = sound.starts[msn] / sound.init.timescale - start / picture.init.timescale
                # Sound begins with the first frame at or after the picture's first one.
                report.check("aligned", name, -1e-6 <= off < 1024 / 48_000, f"sound of {msn} is {off:.4f} s off")
    first = followers[multivariant.variants[0].uri]
    for variant in multivariant.variants[1:]:
        other = followers[variant.uri]
        for msn in first.starts.keys() & other.starts.keys():
            report.check("aligned", other.name, first.starts[msn] == other.starts[msn], f"segment {msn} is shifted")


def _bandwidth(report: Report, name: str, said: tuple[int, int], picture: Follower, sound: Follower) -> None:
    bandwidth, average = said
    report.check("bandwidth", name, average <= bandwidth, f"AVERAGE-BANDWIDTH {average} > {bandwidth}")
    rates = [[bits / s for bits, s in f.rates if s > 0.5] for f in (picture, sound)]
    if all(rates):
        peak = sum(map(max, rates))
        report.check("bandwidth", name, peak <= bandwidth * 1.001, f"BANDWIDTH {bandwidth}, measured {peak:.0f}")
        if picture.from_start and sound.from_start:
            mean = sum(sum(b for b, _ in f.rates) / sum(s for _, s in f.rates) for f in (picture, sound))
            # The server may have had a segment or two more when it was asked.
            slack = 0.05 * mean + 2 * peak / (len(picture.rates) + 1)
            report.check("bandwidth", name, abs(average - mean) <= slack, f"AVERAGE {average}, measured {mean:.0f}")


def first_rules(playlist: MediaPlaylist) -> Iterator[str]:
    """Names of the promises that a single state breaks, for tables of broken playlists."""
    report = Report()
    Follower("one", report).state(playlist)
    yield from sorted(report.broken)
