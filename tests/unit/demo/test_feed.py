from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from webinar.demo.encoders import AudioEncoder, VideoEncoder
from webinar.demo.feed import Feed, Pace, PacedTrack
from webinar.demo.source import BLOCK, Program, Samples, UnusableClip
from webinar.demo.talk import Talk


@pytest.fixture(scope="module")
def talk() -> Talk:
    return Talk()


def nal_types(packet: bytes) -> list[int]:
    return [part[0] & 0x1F for part in packet.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]]


def test_the_first_packet_carries_parameter_sets_and_an_idr(talk: Talk) -> None:
    program = talk.begin()
    encoder = VideoEncoder()
    packets = [encoder.encode(program.picture(n, 0), n, keyframe=n == 5) for n in range(8)]
    assert {7, 8, 5} <= set(nal_types(bytes(packets[0])))
    assert [p.is_keyframe for p in packets] == [n in (0, 5) for n in range(8)]
    assert {7, 8, 5} <= set(nal_types(bytes(packets[5])))
    assert [p.pts for p in packets] == [n * 3000 for n in range(8)]


def test_the_stream_is_constrained_baseline_level_3_1(talk: Talk) -> None:
    first = bytes(VideoEncoder().encode(talk.begin().picture(0, 0), 0, keyframe=False))
    sps = first.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]
    (parameters,) = [part for part in sps if part[0] & 0x1F == 7]
    assert parameters[1] == 66
    assert parameters[2] & 0x40, "constraint_set1_flag (ITU-T H.264 section 7.4.2.1.1)"
    assert parameters[3] == 31


def test_opus_is_dated_so_that_the_decoded_sound_is_in_time() -> None:
    encoder, decoder = AudioEncoder(), av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout, decoder.format = 48_000, "stereo", "s16"
    silent, click = np.zeros((BLOCK, 2), np.int16), np.zeros((BLOCK, 2), np.int16)
    click[400:500] = 20_000
    loudest = 0.0, 0
    for k in range(12):
        packet = encoder.encode(click if k == 6 else silent, k)
        bare = av.Packet(bytes(packet))  # as a receiver of RTP has it: nothing says how much to cut off
        for frame in decoder.decode(bare):
            level = np.abs(frame.to_ndarray().reshape(-1, 2)[:, 0].astype(np.float64))
            loudest = max(loudest, (level.max(), (packet.pts or 0) + int(level.argmax())))
    assert loudest[0] > 5000
    assert abs(loudest[1] - (6 * BLOCK + 450)) < 100, "within 2 ms"


async def test_both_tracks_release_packets_on_one_clock(talk: Talk) -> None:
    feed = Feed(talk.begin())

    async def lags(track: PacedTrack, count: int) -> list[float]:
        found = []
        for _ in range(count):
            packet = await track.recv()
            assert packet.pts is not None
            found.append(time.monotonic() - float(packet.pts * packet.time_base))
        return found

    video, audio = await asyncio.gather(lags(feed.video, 60), lags(feed.audio, 100))
    await feed.close()
    # The least late of each: how late the others are is the machine's doing.
    assert abs(min(video) - min(audio)) < 0.005


async def test_a_track_that_is_late_skips_units_and_counts_them() -> None:
    pace, made = Pace(), []

    async def make(n: int) -> av.Packet:  # type: ignore[type-arg]
        made.append(n)
        if n == 0:
            await asyncio.sleep(0.5)
        packet: av.Packet = av.Packet(b"x")  # type: ignore[type-arg]
        packet.pts, packet.time_base = n, Fraction(1, 30)
        return packet

    track = PacedTrack("video", Fraction(1, 30), pace, make)
    await track.recv()
    packet = await track.recv()
    assert track.sent.skipped >= 10
    assert packet.pts == made[1] == track.sent.skipped + 1


async def test_a_stopped_track_ends(talk: Talk) -> None:
    feed = Feed(talk.begin())
    await feed.video.recv()
    await feed.close()
    with pytest.raises(MediaStreamError):
        await feed.video.recv()


class Broken(Program):
    """A clip that was deleted while it played."""

    closed = False

    def picture(self, n: int, wall_ms: int) -> av.VideoFrame:
        raise UnusableClip("gone.mp4: cannot be read as a clip (No such file or directory)")

    def sound(self, k: int) -> Samples:
        return np.zeros((BLOCK, 2), np.int16)

    def close(self) -> None:
        self.closed = True


async def test_a_source_that_breaks_ends_its_track_and_says_why() -> None:
    program = Broken()
    feed = Feed(program)
    with pytest.raises(MediaStreamError):
        await feed.video.recv()
    assert isinstance(feed.video.failure, UnusableClip)
    await feed.close()
    assert program.closed


async def test_keyframe_requests_are_answered_once_in_half_a_second(talk: Talk) -> None:
    feed = Feed(talk.begin())
    keyframes = []
    for _ in range(50):
        feed.request_keyframe()
        packet = await feed.video.recv()
        keyframes += [(packet.pts or 0) // 3000] if packet.is_keyframe else []
    await feed.close()
    gaps = np.diff(keyframes)
    assert len(gaps) >= 2
    assert set(gaps.tolist()) <= set(range(15, 15 + 1 + feed.video.sent.skipped))
    assert feed.keyframe_requests == 50


async def test_the_wall_time_of_a_slot_follows_the_wall_clock() -> None:
    pace = Pace()
    await pace.wait(0)
    assert abs(pace.wall_ms(1.0) - (time.time() + 1.0) * 1000) < 500
    assert await pace.wait(0.5) == 0
