"""Joined packets read back by libopus: the same sound, and nothing lost or doubled on the way."""

from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.delivery.whep.opus import Bundler, join, samples

FRAME = 960


def encoded(count: int) -> list[bytes]:
    """20 ms packets of a tone that rises, the first of them near silence: sizes differ."""
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = 48_000, "stereo", "s16", 64_000
    packets = []
    for n in range(count):
        t = (np.arange(FRAME) + n * FRAME) / 48_000
        tone = (np.sin(2 * np.pi * (200 + 40 * n) * t) * 300 * n).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None, :], format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, n * FRAME
        packets += [bytes(p) for p in codec.encode(frame)]
    return packets


def decoded(packets: list[bytes]) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    codec = av.CodecContext.create("libopus", "r")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format = 48_000, "stereo", "s16"
    frames = [frame for packet in packets for frame in codec.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


@pytest.mark.parametrize("count", [2, 3, 6])
def test_joined_packets_sound_as_the_single_ones(count: int) -> None:
    packets = encoded(24)
    joined = [join(packets[n : n + count]) for n in range(0, len(packets), count)]
    assert np.array_equal(decoded(joined), decoded(packets))


@pytest.mark.parametrize(("size", "length"), [(0, 1), (1, 1), (251, 1), (252, 2), (1000, 2), (1275, 2)])
def test_frames_of_any_size_are_found_again(size: int, length: int) -> None:
    first, second = bytes([0xFC]) + bytes(size), b"\xfcxyz"
    packet = join([first, second])
    assert packet[:2] == b"\xff\x82"
    head = packet[2 : 2 + length]
    found = head[0] if length == 1 else head[1] * 4 + head[0]
    assert found == size
    assert packet[2 + length :] == first[1:] + second[1:]


def test_the_length_of_a_frame_is_told_by_its_first_byte() -> None:
    assert samples(encoded(2)[0]) == FRAME
    assert [samples(bytes([c << 3])) for c in (0, 3, 12, 13, 15, 16, 19, 31)] == [
        480,
        2880,
        480,
        960,
        960,
        120,
        960,
        960,
    ]
    assert [samples(b""), samples(b"\xfd"), samples(b"\xff\x02")] == [0, 0, 0]


def test_what_is_not_of_one_piece_is_not_joined() -> None:
    bundler = Bundler(2 * FRAME)
    assert bundler.take("s", 0, b"\xfca") == []
    assert bundler.take("s", FRAME, b"\xfcb") == [(0, join([b"\xfca", b"\xfcb"]))]
    bundler.take("s", 2 * FRAME, b"\xfcc")
    assert bundler.take("s", 9 * FRAME, b"\xfcd") == [(2 * FRAME, b"\xfcc")], "a gap"
    assert bundler.take("s", 10 * FRAME, b"\xf8e") == [(9 * FRAME, b"\xfcd")], "mono after stereo"
    assert bundler.take("s", 11 * FRAME, b"\xffz") == [(10 * FRAME, b"\xf8e"), (11 * FRAME, b"\xffz")]
    bundler.take("s", 12 * FRAME, b"\xfcf")
    assert bundler.take("t", 13 * FRAME, b"\xfcg") == [], "another session"
    assert bundler.take("t", 14 * FRAME, b"\xfch") == [(13 * FRAME, join([b"\xfcg", b"\xfch"]))]


@given(
    st.lists(st.tuples(st.sampled_from([0xFC, 0xF8, 0xFD, 0x18]), st.integers(0, 40), st.booleans()), max_size=40),
    st.integers(1, 12_000),
)
def test_every_byte_leaves_once_and_in_order(kinds: list[tuple[int, int, bool]], target: int) -> None:
    bundler, pts, sent, given_bytes = Bundler(target), 0, b"", b""
    last = -1
    for toc, size, gap in kinds:
        packet = bytes([toc]) + bytes([len(given_bytes) % 251]) * size
        given_bytes += packet[1:]
        pts += 5000 * gap
        for at, out in bundler.take("s", pts, packet):
            assert at > last
            last = at
            sent += _frames(out)
        pts += samples(packet) or 960
    assert given_bytes.startswith(sent)
    assert len(given_bytes) - len(sent) <= 40 * 12


def _frames(packet: bytes) -> bytes:
    """What follows the heads."""
    if packet[0] & 3 != 3:
        return packet[1:]
    return packet[2 + (packet[1] & 0x3F) - 1 :]
