"""sequence, assembly, jitter, nack: packets in any order become whole frames in the right one."""

from __future__ import annotations

import itertools
import random
import struct

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from ingest.accept.assembly import BROKEN, PADDING, fragment, h264_nal_types
from ingest.accept.jitter import (
    AUDIO_OVERTAKEN_S,
    AUDIO_WAIT_S,
    SKIP_AFTER_S,
    AssembledFrame,
    AudioBuffer,
    AudioPacket,
    VideoBuffer,
    VideoPacket,
)
from ingest.accept.nack import GIVE_UP_S, REORDER_S, RETRY_S, NackTracker
from ingest.accept.sequence import Unwrapper
from tests.unit.ingest.accept.packets import SPS_PPS, Sender, annexb, fu_a


class Feed:
    """A `VideoBuffer` with its numbers unwrapped."""

    def __init__(self, capacity: int = 1024) -> None:
        self.buffer = VideoBuffer(capacity)
        self._seq, self._timestamp = Unwrapper(16), Unwrapper(32)

    def add(self, packet: RtpPacket, now: float = 0.0) -> list[AssembledFrame]:
        seq, timestamp = self._seq.unwrap(packet.sequence_number), self._timestamp.unwrap(packet.timestamp)
        part = VideoPacket(seq, timestamp, bool(packet.marker), "h264", fragment("h264", packet.payload))
        return self.buffer.add(part, now)

    def all(self, packets: list[RtpPacket], now: float = 0.0) -> list[AssembledFrame]:
        return [frame for packet in packets for frame in self.add(packet, now)]


@given(start=st.integers(0, 0xFFFF), steps=st.lists(st.integers(-3000, 3000), max_size=50))
def test_unwrapped_numbers_follow_the_true_ones_across_wraps(start: int, steps: list[int]) -> None:
    unwrapper, true = Unwrapper(16), start
    assert unwrapper.unwrap(start) == start
    for step in steps:
        value = true + step
        assert unwrapper.unwrap(value & 0xFFFF) == value
        true = max(true, value)
    assert unwrapper.highest == true


def test_a_frame_leaves_with_its_marker_and_not_with_the_next_frame() -> None:
    sender, feed = Sender(), Feed()
    *rest, last = sender.frame(keyframe=True)
    assert feed.all(rest) == []
    (frame,) = feed.add(last)
    assert frame.data == annexb(0, 3, keyframe=True)
    assert frame.keyframe
    assert not frame.gap


def test_without_markers_the_next_timestamp_ends_a_frame() -> None:
    sender, feed = Sender(), Feed()
    packets = [*sender.frame(keyframe=True), *sender.frame()]
    for packet in packets:
        packet.marker = 0
    # Where nothing says that a keyframe is whole, the first packet of the next frame does.
    assert [f.data for f in feed.all(packets)] == [annexb(0, 3, keyframe=True)]


def test_nothing_is_handed_on_before_the_first_keyframe() -> None:
    sender, feed = Sender(), Feed()
    assert feed.all(sender.frame() + sender.frame()) == []
    assert feed.buffer.waits_for_keyframe
    assert [f.keyframe for f in feed.all(sender.frame(keyframe=True) + sender.frame())] == [True, False]


def test_a_keyframe_whose_parameter_sets_are_late_waits_for_them() -> None:
    sender, feed = Sender(), Feed()
    parameters, *slices = sender.frame(keyframe=True)
    assert feed.all(slices) == []
    (frame,) = feed.add(parameters)
    assert frame.data == annexb(0, 3, keyframe=True)


def test_a_hole_stops_the_stream_until_it_is_filled() -> None:
    sender, feed = Sender(), Feed()
    feed.all(sender.frame(keyframe=True))
    first, hole, last = sender.frame()
    later = sender.frame()
    assert feed.all([first, last, *later]) == []
    assert [f.data for f in feed.add(hole, now=0.15)] == [annexb(n, 3, keyframe=False) for n in (1, 2)]
    assert feed.buffer.blocked_since is None
    assert feed.buffer.frames_dropped == 0


def test_a_keyframe_behind_a_hole_is_taken_only_after_the_hole_had_its_time() -> None:
    sender, feed = Sender(), Feed()
    feed.all(sender.frame(keyframe=True))
    first, _, last = sender.frame()
    assert feed.all([first, last, *sender.frame(keyframe=True)], now=1.0) == []
    assert feed.buffer.advance(1.0 + SKIP_AFTER_S - 0.01) == []
    (frame,) = feed.buffer.advance(1.0 + SKIP_AFTER_S + 0.001)
    assert frame.keyframe
    assert frame.gap
    assert feed.buffer.frames_dropped == 1
    assert [f.gap for f in feed.all(sender.frame(), now=1.3)] == [False]


def test_a_packet_that_cannot_be_read_costs_its_frame_and_all_up_to_the_next_keyframe() -> None:
    sender, feed = Sender(), Feed()
    feed.all(sender.frame(keyframe=True))
    broken = sender.frame()
    broken[1].payload = b"\x1f\x00\x00"  # NAL type 31 does not exist
    assert feed.all(broken + sender.frame()) == []
    assert feed.buffer.waits_for_keyframe
    frames = feed.all(sender.frame(keyframe=True) + sender.frame())
    assert [(f.keyframe, f.gap) for f in frames] == [(True, True), (False, False)]


def test_an_idr_without_parameter_sets_is_taken_once_some_were_seen() -> None:
    sender, feed = Sender(), Feed()
    feed.all(sender.frame(keyframe=True))
    broken = sender.frame()
    broken[0].payload = b"\x1f\x00\x00"
    feed.all(broken)
    idr = sender.frame(keyframe=False)
    for packet, payload in zip(idr, fu_a(5, 2, 3), strict=True):
        packet.payload = payload
    (frame,) = feed.all(idr)
    assert frame.keyframe


def test_probing_packets_without_payload_are_part_of_no_frame() -> None:
    sender, feed = Sender(), Feed()
    packets = [*sender.frame(keyframe=True), sender.padding(), sender.padding(), *sender.frame()]
    assert [f.data for f in feed.all(packets)] == [annexb(0, 3, keyframe=True), annexb(1, 3, keyframe=False)]


def test_a_full_buffer_is_emptied_and_starts_anew_at_a_keyframe() -> None:
    sender, feed = Sender(), Feed(capacity=16)
    feed.all(sender.frame(keyframe=True))
    sender.frame()  # lost
    assert feed.all([p for _ in range(8) for p in sender.frame()]) == []
    assert feed.buffer.overflows >= 1
    assert feed.buffer.waits_for_keyframe
    (frame,) = feed.all(sender.frame(keyframe=True))
    assert frame.gap


def test_a_jump_of_the_sequence_numbers_is_a_fresh_start() -> None:
    sender, feed = Sender(), Feed()
    feed.all(sender.frame(keyframe=True))
    sender.seq = (sender.seq + 5000) & 0xFFFF
    (frame,) = feed.all(sender.frame(keyframe=True))
    assert frame.gap


@given(
    sizes=st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=25),
    shuffle=st.randoms(use_true_random=False),
    distance=st.integers(0, 12),
)
def test_reordered_and_repeated_packets_change_nothing(
    sizes: list[tuple[int, bool]], shuffle: random.Random, distance: int
) -> None:
    sender, feed = Sender(), Feed()
    packets = [p for i, (parts, key) in enumerate(sizes) for p in sender.frame(parts, keyframe=key or i == 0)]
    expected = [annexb(n, parts, keyframe=key or n == 0) for n, (parts, key) in enumerate(sizes)]
    # Each packet moves at most `distance` places; the first keyframe's stay first, so that the start is defined.
    head = sizes[0][0] + 1
    order = list(range(head)) + sorted(range(head, len(packets)), key=lambda i: i + shuffle.uniform(0, distance))
    frames = feed.all([packets[i] for i in order for _ in range(1 + i % 2)])
    assert [f.data for f in frames] == expected
    assert feed.buffer.frames_dropped == 0


@given(
    lost=st.sets(st.integers(0, 150), max_size=60),
    keyframes=st.sets(st.integers(1, 40), max_size=8),
)
def test_whatever_is_lost_only_whole_frames_come_out_and_a_gap_ends_at_a_keyframe(
    lost: set[int], keyframes: set[int]
) -> None:
    sender, feed = Sender(), Feed(capacity=64)
    frames: list[AssembledFrame] = []
    index = 0
    for number in range(41):
        for packet in sender.frame(keyframe=number == 0 or number in keyframes):
            if index not in lost:
                frames += feed.add(packet, now=number / 30)
            index += 1
    by_data = {annexb(n, 3, keyframe=n == 0 or n in keyframes): n for n in range(41)}
    numbers = [by_data[f.data] for f in frames]
    assert numbers == sorted(set(numbers))
    for i, frame in enumerate(frames):
        follows = i > 0 and numbers[i] == numbers[i - 1] + 1
        assert follows or frame.keyframe
        assert frame.gap == (i > 0 and not follows)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_fragment_or_broken(payload: bytes) -> None:
    for codec in ("h264", "vp8"):
        part = fragment(codec, payload)
        assert part.broken or isinstance(part.data, bytes)
    if payload:
        h264_nal_types(payload)


def test_what_a_payload_begins_is_recognized() -> None:
    assert fragment("h264", b"") is PADDING
    assert fragment("h264", b"\x78\x00\xff") is BROKEN
    assert h264_nal_types(SPS_PPS) == [7, 8]
    first, middle, _ = fu_a(5, 0, 3)
    assert fragment("h264", first).has_keyframe
    assert not fragment("h264", middle).has_keyframe
    assert fragment("vp8", b"\x10\x00abc").opens_keyframe
    assert not fragment("vp8", b"\x10\x01abc").opens_keyframe, "an inter frame"
    assert not fragment("vp8", b"\x00\x00abc").opens_keyframe, "a continuation"
    assert not fragment("vp8", b"\x11\x00abc").opens_keyframe, "the second partition"
    assert fragment("vp8", b"\x10") is BROKEN


def test_a_missing_packet_is_asked_for_soon_and_again_every_100_ms_until_it_is_given_up() -> None:
    nack = NackTracker()
    nack.received(10, 0.0)
    nack.received(13, 0.0)
    assert nack.due(0.0) == [], "it may only have been overtaken"
    assert nack.due(REORDER_S) == [11, 12]
    assert nack.due(REORDER_S + 0.05) == []
    assert nack.received(12, 0.06)
    assert nack.due(REORDER_S + RETRY_S) == [11]
    assert nack.due(REORDER_S + 2 * RETRY_S) == [11]
    assert nack.due(GIVE_UP_S + 0.01) == []
    assert (len(nack), nack.given_up) == (0, 1)
    assert not nack.received(11, 1.1)


def test_a_packet_that_was_only_overtaken_is_not_asked_for() -> None:
    nack = NackTracker()
    nack.received(10, 0.0)
    nack.received(12, 0.0)
    assert not nack.received(11, 0.005)
    assert nack.due(0.02) == []


def test_an_outage_is_not_asked_for_packet_by_packet() -> None:
    nack = NackTracker(limit=100)
    nack.received(0, 0.0)
    nack.received(5, 0.0)
    nack.received(5000, 0.1)
    assert nack.due(1.0) == []
    assert nack.overflows == 1
    assert nack.given_up == 4998


def test_what_came_too_late_to_be_of_use_is_not_asked_for() -> None:
    nack = NackTracker()
    nack.received(0, 0.0)
    nack.received(4, 0.0)
    nack.forget_before(3)
    assert nack.due(0.5) == [3]
    assert nack.given_up == 2


def audio(seq: int) -> AudioPacket:
    return AudioPacket(seq, seq * 960, struct.pack("!I", seq))


def test_sound_goes_on_in_order_and_waits_shortly_for_what_was_overtaken() -> None:
    buffer = AudioBuffer()
    assert [p.seq for p, _ in buffer.add(audio(0), 0.0)] == [0]
    assert buffer.add(audio(2), 0.02) == []
    assert [(p.seq, gap) for p, gap in buffer.add(audio(1), 0.03)] == [(1, False), (2, False)]
    assert buffer.add(audio(4), 0.04) == []
    assert buffer.advance(0.04 + AUDIO_WAIT_S - 0.01) == []
    assert [(p.seq, gap) for p, gap in buffer.advance(0.041 + AUDIO_WAIT_S)] == [(4, True)]
    assert buffer.add(audio(3), 0.2) == [], "too late"
    assert buffer.skipped == 1


def test_waits_for_several_lost_packets_of_sound_do_not_add_up() -> None:
    buffer = AudioBuffer()
    buffer.add(audio(0), 0.0)
    for seq in (2, 4, 6):  # the ones between are lost
        assert buffer.add(audio(seq), seq * 0.005) == []
    released = {p.seq: at for at in (n / 1000 for n in range(31, 300)) for p, _ in buffer.advance(at)}
    assert released == {seq: pytest.approx(seq * 0.005 + AUDIO_WAIT_S, abs=0.002) for seq in (2, 4, 6)}


def test_sound_is_waited_for_longer_when_it_came_too_late_and_never_for_long() -> None:
    buffer, at, waits = AudioBuffer(), 0.0, list[float]()
    for seq in range(0, 60, 3):  # one of three comes 0.2 s behind the next one
        buffer.add(audio(seq), at)
        buffer.add(audio(seq + 2), at)
        waited = next(n / 1000 for n in range(1, 200) if buffer.advance(at + n / 1000))
        waits.append(waited)
        buffer.add(audio(seq + 1), at + 0.2)
        buffer.add(audio(seq + 1), at + 0.2)  # repeated: tells nothing new
        at += 0.3
    assert waits[0] == pytest.approx(AUDIO_WAIT_S, abs=0.002)
    assert max(b - a for a, b in itertools.pairwise(waits)) < 0.022
    assert waits[-1] == pytest.approx(AUDIO_OVERTAKEN_S, abs=0.002)


def test_sound_behind_a_long_outage_is_not_held_back() -> None:
    buffer = AudioBuffer(capacity=4)
    buffer.add(audio(0), 0.0)
    got = [p.seq for seq in range(100, 105) for p, _ in buffer.add(audio(seq), 0.0)]
    assert got == [100, 101, 102, 103, 104]
    assert buffer.skipped == 99
