"""The rules of `tests.media.hls_rules` hold for our playlists and media, and each catches what it is for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from ingest.contract import AUDIO_CLOCK, VIDEO_CLOCK, InitSegment, Part, Rendition
from ingest.package.boxes import Track, init_segment
from ingest.package.segmenter import Segmenter
from tests.media import hls_playlist
from tests.media.encoded import RUNG, talk
from tests.media.hls_fragment import read_init
from tests.media.hls_playlist import Malformed, MediaPlaylist
from tests.media.hls_rules import Follower, Report, across, reports
from webinar.delivery import playlist
from webinar.delivery.window import Window

NAMES = ("144p", "audio")
PLAYLISTS = ("144p/index.m3u8", "audio/index.m3u8")


class Live:
    """A session of six seconds from the real encoders, part by part."""

    def __init__(self) -> None:
        made = talk(6, extra_keyframes=(75,))
        self.inits = {
            "144p": (made.video, Rendition("144p", "video", "avc1.42c01f", RUNG.bitrate, 256, 144, 30.0)),
            "audio": (dataclasses.replace(made.audio, id=1), Rendition("audio", "audio", "mp4a.40.2", 128_000)),
        }
        self.windows = {name: Window(self._init(*self.inits[name])) for name in NAMES}
        self.parts: list[Part] = []
        for name, samples, clock in (("144p", made.pictures, VIDEO_CLOCK), ("audio", made.sounds, AUDIO_CLOCK)):
            cutter = Segmenter(self.inits[name][0], clock // 2, 2 * clock)
            cuts = [cut for sample in samples for cut in cutter.push(sample)] + cutter.flush()
            self.parts += [
                Part("s", "e", name, c.msn, c.part, c.pts, c.duration, c.independent, c.last, c.payload) for c in cuts
            ]
        self.parts.sort(key=lambda p: (p.msn, p.part, p.rendition))

    @staticmethod
    def _init(track: Track, rendition: Rendition) -> InitSegment:
        return InitSegment("s", "e", rendition, NAMES, 0.5, 2.0, "2026-01-01T00:00:00Z", "p" * 22, init_segment(track))

    def multivariant(self) -> str:
        return playlist.multivariant(playlist.qualities(self.windows))


Change = Callable[[str], str]


def _numbered(window: Window) -> tuple[int, int]:
    """(Media Sequence Number, part) of the newest part."""
    segment, part = window.last_position or (0, 0)
    return playlist.FIRST_MSN + segment, part


def watched(
    text: Change = lambda t: t,
    media: Callable[[MediaPlaylist], MediaPlaylist] = lambda p: p,
    data: Callable[[bytes], bytes] = lambda d: d,
    multivariant: Change = lambda t: t,
    from_part: int = 8,
) -> Report:
    """A strict client's report of that session; from `from_part` on the server is as broken as it is made here."""
    live, report = Live(), Report()
    followers = {uri: Follower(uri.partition("/")[0], report, from_start=True) for uri in PLAYLISTS}
    for follower in followers.values():
        follower.initialized(live.windows[follower.name].init.payload)
    for count, part in enumerate(live.parts):
        broken = count >= from_part
        live.windows[part.rendition].add(part)
        if any(w.last_position is None for w in live.windows.values()):
            continue
        follower = followers[f"{part.rendition}/index.m3u8"]
        came = playlist.media(part.rendition, live.windows, skip=part.part % 2 == 1)
        state = hls_playlist.media(text(came) if broken else came)
        now = follower.state(media(state) if broken else state)
        follower.same(hls_playlist.media(playlist.media(part.rendition, live.windows)))
        known = {f"../{n}/index.m3u8": _numbered(w) for n, w in live.windows.items() if n != part.rendition}
        reports(report, part.rendition, state, known, known)
        segment = now.segments[-1]
        payload = data(part.payload) if broken else part.payload
        follower.part(segment, part.part, payload)
        if segment.uri:
            found = live.windows[part.rendition].segment(segment.msn - playlist.FIRST_MSN)
            if found is not None:  # a server that numbers wrongly does not find it
                follower.segment(segment, data(found.payload) if broken else found.payload)
    across(report, hls_playlist.multivariant(multivariant(live.multivariant())), followers)
    return report


def test_our_own_session_breaks_no_rule() -> None:
    report = watched()
    assert report.violations == []
    assert {"part-85", "independent", "decode-time", "joined", "aligned", "codecs", "reports"} <= report.looked.keys()


BROKEN_TEXT = [
    ("constant", "PART-TARGET=0.500", "PART-TARGET=0.400"),
    ("constant", "TARGETDURATION:2", "TARGETDURATION:3"),
    ("constant", "CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=14.0"),
    ("skip-until", "CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=11.0"),
    ("part-hold-back", "PART-HOLD-BACK=1.500", "PART-HOLD-BACK=1.400"),
    ("hold-back", ",HOLD-BACK=6.0", ",HOLD-BACK=5.0"),
    ("blocking", "CAN-BLOCK-RELOAD=YES,", ""),
    ("hint", "#EXT-X-PRELOAD-HINT", "#X-NO-HINT"),
    ("hint", 'PART,URI="', 'PART,URI="x'),
    ("reports", "LAST-PART=0", "LAST-PART=7"),
    ("reports", "#EXT-X-RENDITION-REPORT", "#X-NO-REPORT"),
    ("map", "#EXT-X-MAP", "#X-NO-MAP"),
    ("sequence", "MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:-1"),
    ("window", "MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:2"),
    ("part-length", "DURATION=0.50000", "DURATION=0.53333"),
    ("part-85", "DURATION=0.50000", "DURATION=0.42000"),
    ("segment-length", "EXTINF:2.00000", "EXTINF:2.60000"),
    ("duration", "EXTINF:2.00000", "EXTINF:2.00050"),
    ("unchanged", '0.0.m4s"', '0.x.m4s"'),
    ("date-time", "00:00:02.000Z", "00:00:02.040Z"),
    ("date-time", "#EXT-X-PROGRAM-DATE-TIME", "#X-NO-DATE"),
    ("independent", ",INDEPENDENT=YES", ""),
    ("independent", '.m4s"\n', '.m4s",INDEPENDENT=YES\n'),
]


@pytest.mark.parametrize(("rule", "was", "is_"), BROKEN_TEXT)
def test_a_broken_playlist_is_caught(rule: str, was: str, is_: str) -> None:
    assert rule in watched(text=lambda t: t.replace(was, is_)).broken


BROKEN_MULTIVARIANT = [
    ("codecs", "avc1.42c01f", "avc1.42c01e"),
    ("codecs", "mp4a.40.2", "mp4a.40.5"),
    ("resolution", "256x144", "256x146"),
    ("frame-rate", "FRAME-RATE=30.000", "FRAME-RATE=25.000"),
    ("bandwidth", ",AVERAGE-BANDWIDTH=", ",AVERAGE-BANDWIDTH=9"),
    ("bandwidth", "BANDWIDTH=", "BANDWIDTH=1000,OLD-BANDWIDTH="),
]


@pytest.mark.parametrize(("rule", "was", "is_"), BROKEN_MULTIVARIANT)
def test_a_broken_multivariant_playlist_is_caught(rule: str, was: str, is_: str) -> None:
    assert rule in watched(multivariant=lambda t: t.replace(was, is_, 1)).broken


def _shifted(data: bytes) -> bytes:
    """The decode time of the first fragment, one tick later."""
    at = data.index(b"tfdt") + 8
    return data[:at] + (int.from_bytes(data[at : at + 8], "big") + 1).to_bytes(8, "big") + data[at + 8 :]


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("decode-time", _shifted),
        ("bytes", lambda d: d[:-1]),
        ("bytes", lambda d: d.replace(b"moof", b"moov", 1)),
        ("joined", lambda d: b"\0\0\0\x08styp" + d if d.count(b"moof") > 1 else d),
    ],
)
def test_broken_media_is_caught(rule: str, change: Callable[[bytes], bytes]) -> None:
    assert rule in watched(data=change).broken


def test_a_delta_that_hides_another_list_than_was_there_is_caught() -> None:
    live, report = Live(), Report()
    follower = Follower("144p", report)
    for part in live.parts:
        live.windows[part.rendition].add(part)
    follower.state(hls_playlist.media(playlist.media("144p", live.windows)))
    full = follower.merged
    assert full is not None
    first = full.segments[0]
    assert first.date_time is not None
    later = dataclasses.replace(first, date_time=first.date_time + timedelta(seconds=1))
    follower.same(dataclasses.replace(full, segments=(later, *full.segments[1:])))
    assert report.broken == {"delta"}
    skipping = dataclasses.replace(full, skipped=2, media_sequence=40)
    follower.state(skipping)
    assert any(v.rule == "delta" and "never listed" in v.what for v in report.violations)


def test_sound_that_begins_elsewhere_than_the_picture_is_caught() -> None:
    report = Report()
    live = Live()
    followers = {uri: Follower(uri.partition("/")[0], report) for uri in PLAYLISTS}
    for follower in followers.values():
        follower.initialized(live.windows[follower.name].init.payload)
    followers[PLAYLISTS[0]].starts = {3: 540_000}
    followers[PLAYLISTS[1]].starts = {3: 289_500}
    across(report, hls_playlist.multivariant(live.multivariant()), followers)
    assert "aligned" in report.broken


@pytest.mark.parametrize(
    "text",
    [
        "#EXT-X-VERSION:9\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n0.m4s\n",
        '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART:DURATION=0.5,URI="a b\n',
        '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART:URI="a",URI="b"\n',
    ],
)
def test_what_is_no_playlist_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        hls_playlist.media(text)


def test_codecs_and_size_are_read_from_the_parameter_sets() -> None:
    live = Live()
    picture, sound = (read_init(live.windows[name].init.payload) for name in NAMES)
    assert (picture.codec, picture.width, picture.height) == ("avc1.42c01f", 256, 144)
    assert (sound.codec, sound.sample_rate) == ("mp4a.40.2", 48_000)
