"""H.264 byte streams to MP4 samples."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.package import h264
from tests.media.encoded import talk

# A NAL unit holds no start code (emulation prevention) and does not end in zero (7.4.1).
_nal = st.binary(min_size=1, max_size=40).map(lambda b: b.replace(b"\x00\x00", b"\x00\x03")).map(lambda b: b + b"\x80")


@given(st.lists(_nal, min_size=1, max_size=6), st.booleans())
def test_split_finds_every_unit_behind_short_and_long_start_codes(units: list[bytes], long: bool) -> None:
    code = b"\x00\x00\x00\x01" if long else b"\x00\x00\x01"
    assert h264.split(b"".join(code + unit for unit in units)) == units


@given(st.binary(max_size=60))
def test_split_of_anything_raises_nothing(data: bytes) -> None:
    assert all(unit and unit[-1] for unit in h264.split(data))


def test_a_sample_has_lengths_and_no_parameter_sets() -> None:
    nals = h264.split(talk().units[0].data)
    assert {h264.unit_type(n) for n in nals} >= {5, 7, 8}
    sample = h264.to_sample(nals)
    assert h264.whole(sample)
    assert sample[4] & 0x1F == 5
    assert len(sample) == 4 + len(next(n for n in nals if h264.unit_type(n) == 5))


def test_zeros_and_torn_samples_are_not_whole() -> None:
    sample = h264.to_sample(h264.split(talk().units[0].data))
    assert not h264.whole(bytes(len(sample)))
    assert not h264.whole(sample[:-1])
    assert not h264.whole(b"")


def test_the_codec_string_is_read_from_the_sps() -> None:
    sets = h264.parameter_sets(h264.split(talk().units[0].data))
    assert sets is not None
    assert h264.codec_string(sets[0]) == "avc1.42c01f"
    assert h264.codec_string(bytes((0x67, 0x64, 0x00, 0x28))) == "avc1.640028"


def test_an_idr_is_told_from_other_pictures() -> None:
    assert h264.is_idr(h264.split(talk().units[0].data))
    assert not h264.is_idr(h264.split(talk().units[1].data))
