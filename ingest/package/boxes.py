"""ISO base media boxes (ISO/IEC 14496-12) as bytes: sample entries, init segments, fragments.

Everything here is written once a part or once a file, so clarity comes before speed; the only inner loop is the
sample table of `trun`, a few tens of entries.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ingest.contract import MediaKind
from ingest.package import h264

_MATRIX: Final = struct.pack("!9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED: Final = 0x55C4  # "und", packed as 8.4.2.3 says

# Sample flags (8.8.3.1): depends on nothing; depends on others and is no sync sample.
SYNC: Final = 0x0200_0000
NOT_SYNC: Final = 0x0101_0000


@dataclass(frozen=True, slots=True)
class Sample:
    """One encoded frame as it stands in an MP4. Times count the track's timescale. No reordering: dts = pts."""

    pts: int
    duration: int
    sync: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Track:
    """What an init segment says of one track. `entry` is its sample entry, from `avc1` or `mp4a`."""

    id: int
    kind: MediaKind
    timescale: int
    entry: bytes
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive samples of one track in a fragment."""

    track: Track
    samples: Sequence[Sample]


def box(name: bytes, *content: bytes) -> bytes:
    """A box with a 32-bit size."""
    size = 8 + sum(map(len, content))
    return b"".join((struct.pack("!I4s", size, name), *content))


def full(name: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """A FullBox."""
    return box(name, struct.pack("!I", version << 24 | flags), *content)


def avc1(sps: bytes, pps: bytes, width: int, height: int, bitrate: int) -> bytes:
    """Sample entry of H.264 (ISO/IEC 14496-15, 5.4.2.1); bitrate in bit/s."""
    visual = struct.pack("!6xH16xHHIII H32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, b"", 0x18, -1)
    return box(b"avc1", visual, box(b"avcC", h264.configuration(sps, pps)), _btrt(bitrate))


def mp4a(config: bytes, channels: int, rate: int, bitrate: int) -> bytes:
    """Sample entry of AAC (ISO/IEC 14496-14, 5.6); `config` is the AudioSpecificConfig, bitrate in bit/s."""
    audio = struct.pack("!6xH8xHHIHxx", 1, channels, 16, 0, rate)
    # 14496-1, 7.2.6: object type 0x40 is MPEG-4 audio, stream type 5 is audio.
    specific = _descriptor(5, config)
    decoder = _descriptor(4, struct.pack("!BB3sII", 0x40, 5 << 2 | 1, b"\0\0\0", bitrate, bitrate), specific)
    es = _descriptor(3, struct.pack("!HB", 0, 0), decoder, _descriptor(6, b"\x02"))
    return box(b"mp4a", audio, full(b"esds", 0, 0, es), _btrt(bitrate))


def _descriptor(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    # Four size bytes whatever the size, as most writers do: some old players read no other form.
    size = bytes((0x80 | len(body) >> 21 & 0x7F, 0x80 | len(body) >> 14 & 0x7F, 0x80 | len(body) >> 7 & 0x7F))
    return bytes((tag,)) + size + bytes((len(body) & 0x7F,)) + body


def _btrt(bitrate: int) -> bytes:
    return box(b"btrt", struct.pack("!III", 0, bitrate, bitrate))


def file_type(brand: bytes, *compatible: bytes) -> bytes:
    """`ftyp`."""
    return box(b"ftyp", brand, struct.pack("!I", 512), brand, *compatible)


def movie_header(timescale: int, duration: int, next_track: int) -> bytes:
    """`mvhd`, version 1."""
    return full(
        b"mvhd",
        1,
        0,
        struct.pack("!QQIQIH10x", 0, 0, timescale, duration, 0x10000, 0x100),
        _MATRIX,
        struct.pack("!24xI", next_track),
    )


def track_box(track: Track, movie_duration: int, media_duration: int, tables: bytes) -> bytes:
    """`trak` around the sample tables (everything of `stbl` after `stsd` included in `tables` with it)."""
    is_video = track.kind == "video"
    header = full(
        b"tkhd",
        1,
        3,
        struct.pack(
            "!QQI4xQ8xHHH2x", 0, 0, track.id, movie_duration, 0, 0 if is_video else 1, 0 if is_video else 0x100
        ),
        _MATRIX,
        struct.pack("!II", track.width << 16, track.height << 16),
    )
    media = box(
        b"mdia",
        full(b"mdhd", 1, 0, struct.pack("!QQIQHH", 0, 0, track.timescale, media_duration, _UNDETERMINED, 0)),
        full(b"hdlr", 0, 0, struct.pack("!4x4s12x", b"vide" if is_video else b"soun"), b"\0"),
        box(
            b"minf",
            full(b"vmhd", 0, 1, bytes(8)) if is_video else full(b"smhd", 0, 0, bytes(4)),
            box(b"dinf", full(b"dref", 0, 0, struct.pack("!I", 1), full(b"url ", 0, 1))),
            box(b"stbl", tables),
        ),
    )
    return box(b"trak", header, media)


def sample_description(*entries: bytes) -> bytes:
    """`stsd`."""
    return full(b"stsd", 0, 0, struct.pack("!I", len(entries)), *entries)


def fragmented_movie(tracks: Sequence[Track]) -> bytes:
    """The `moov` of a fragmented file: no samples of its own, `mvex` announces fragments."""
    empty = (
        full(b"stts", 0, 0, bytes(4))
        + full(b"stsc", 0, 0, bytes(4))
        + full(b"stsz", 0, 0, bytes(8))
        + full(b"stco", 0, 0, bytes(4))
    )
    return box(
        b"moov",
        movie_header(1000, 0, max(t.id for t in tracks) + 1),
        *(track_box(t, 0, 0, sample_description(t.entry) + empty) for t in tracks),
        box(b"mvex", *(full(b"trex", 0, 0, struct.pack("!IIIII", t.id, 1, 0, 0, 0)) for t in tracks)),
    )


def init_segment(track: Track) -> bytes:
    """The `ftyp`+`moov` of one CMAF track (ISO/IEC 23000-19, 7.2 and 7.3.2)."""
    return file_type(b"iso6", b"cmfc", b"mp41") + fragmented_movie((track,))


def fragment(sequence: int, runs: Sequence[Run]) -> bytes:
    """One `moof`+`mdat`; the media data of the runs follow each other in their order.

    Each run starts at its first sample's pts, and its samples are contiguous.
    """
    # The runs' data offsets depend on the size of the moof, which does not depend on their values.
    size = len(_movie_fragment(sequence, runs, [0] * len(runs)))
    offsets: list[int] = []
    at = size + 8
    for run in runs:
        offsets.append(at)
        at += sum(len(s.data) for s in run.samples)
    return _movie_fragment(sequence, runs, offsets) + box(b"mdat", *(s.data for run in runs for s in run.samples))


def _movie_fragment(sequence: int, runs: Sequence[Run], offsets: Sequence[int]) -> bytes:
    return box(
        b"moof",
        full(b"mfhd", 0, 0, struct.pack("!I", sequence)),
        *(_track_fragment(run, offset) for run, offset in zip(runs, offsets, strict=True)),
    )


def _track_fragment(run: Run, offset: int) -> bytes:
    first = run.samples[0]
    decode_time = full(b"tfdt", 1, 0, struct.pack("!Q", first.pts))
    if run.track.kind == "audio" and all(s.duration == first.duration for s in run.samples):
        # default-base-is-moof, default duration and flags (8.8.7.1); the run gives sizes only.
        header = full(b"tfhd", 0, 0x020028, struct.pack("!III", run.track.id, first.duration, SYNC))
        sizes = b"".join(struct.pack("!I", len(s.data)) for s in run.samples)
        return box(
            b"traf", header, decode_time, full(b"trun", 0, 0x201, struct.pack("!Ii", len(run.samples), offset), sizes)
        )
    header = full(b"tfhd", 0, 0x020000, struct.pack("!I", run.track.id))
    table = b"".join(struct.pack("!III", s.duration, len(s.data), SYNC if s.sync else NOT_SYNC) for s in run.samples)
    return box(
        b"traf", header, decode_time, full(b"trun", 0, 0x701, struct.pack("!Ii", len(run.samples), offset), table)
    )
