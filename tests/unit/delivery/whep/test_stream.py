"""What leaves for one viewer, opened again by libsrtp as the viewer would."""

from __future__ import annotations

import struct
from typing import Any, cast

import pylibsrtp
import pytest

from webinar.base.rtc import Peer
from webinar.base.rtc.srtp import AES_128_CM, AES_256_GCM, KeyPair, Profile, Sender, header_length
from webinar.delivery.whep.pacer import GAP_S, Pacer
from webinar.delivery.whep.packetizer import MAX_SLICES, SLICE, SendBuffer
from webinar.delivery.whep.stream import PATIENCE_S, OutStream

PROFILES = pytest.mark.parametrize("profile", [AES_256_GCM, AES_128_CM], ids=["gcm", "cm"])
SSRC, REPAIR = 7, 8


class Wire:
    """In the place of a `Peer`: the datagrams that would have been sent."""

    def __init__(self, sender: Sender) -> None:
        self.datagrams: list[bytes] = []
        self._sender = sender

    def send(self, datagram: bytes) -> bool:
        self.datagrams.append(datagram)
        return True

    def send_rtp(self, packet: bytes) -> bool:
        return self.send(self._sender.protect_rtp(packet))

    def send_segments(self, data: memoryview, segment: int, count: int) -> bool:
        assert count == -(-len(data) // segment)
        self.datagrams += [bytes(data[n : n + segment]) for n in range(0, len(data), segment)]
        return True


class Viewer:
    """A stream, what it sent, and the receiving end's libsrtp."""

    def __init__(
        self,
        profile: Profile,
        *,
        sequence: int = 100,
        rtx: bool = True,
        send_time: int = 0,
        pacer: Pacer | None = None,
    ) -> None:
        keys = KeyPair.split(profile, bytes(range(2 * (profile.key_length + profile.salt_length))), server=True)
        sender = keys.sender()
        self.buffer = SendBuffer()
        self.wire = Wire(sender)
        self.stream = OutStream(
            cast(Peer, self.wire),
            sender,
            self.buffer,
            ssrc=SSRC,
            payload_type=102,
            sequence=sequence,
            repair=(REPAIR, 103) if rtx else None,
            history=10,
            send_time=send_time,
            pacer=pacer,
        )
        policy = pylibsrtp.Policy(
            key=keys.local, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=profile.libsrtp
        )
        self._session: Any = pylibsrtp.Session(policy)
        self.extensions: list[bytes] = []  # of each packet received

    def send(self, *payloads: bytes, ticks: int = 3000, behind: bool = False) -> None:
        self.stream.send(self.buffer.frame(ticks, payloads), ticks, behind=behind)

    def received(self) -> list[tuple[bool, int, int, int, int, bytes]]:
        """(marker, payload type, sequence, timestamp, SSRC, payload) of all datagrams since the last call."""
        datagrams, found = self.wire.datagrams[:], []
        self.wire.datagrams.clear()
        for datagram in datagrams:
            packet = self._session.unprotect(datagram)
            _, kind, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", packet)
            found.append((bool(kind & 0x80), kind & 0x7F, sequence, timestamp, ssrc, packet[header_length(packet) :]))
            self.extensions.append(packet[12 : header_length(packet)])
        return found


@PROFILES
def test_frames_of_any_shape_arrive_in_contiguous_numbers(profile: Profile) -> None:
    viewer = Viewer(profile)
    viewer.send(b"small", b"a" * 900, b"b" * 900, b"c" * 400, ticks=1)
    viewer.send(b"alone", ticks=2)
    assert viewer.received() == [
        (False, 102, 100, 1, SSRC, b"small"),
        (False, 102, 101, 1, SSRC, b"a" * 900),
        (False, 102, 102, 1, SSRC, b"b" * 900),
        (True, 102, 103, 1, SSRC, b"c" * 400),
        (True, 102, 104, 2, SSRC, b"alone"),
    ]
    assert (viewer.stream.packets, viewer.stream.octets) == (5, 2210)


@PROFILES
def test_numbers_and_rollover_go_on_past_the_wrap(profile: Profile) -> None:
    viewer = Viewer(profile, sequence=32_767)
    for _ in range(700):
        viewer.send(*[b"x" * 20] * 60)
        assert len(viewer.received()) == 60, "libsrtp follows the rollover counter"


@PROFILES
def test_a_nack_is_answered_on_the_rtx_stream_with_the_original_number(profile: Profile) -> None:
    viewer = Viewer(profile, sequence=65_534 & 0x7FFF)
    viewer.send(b"a" * 50, b"b" * 50, b"c" * 20, ticks=9)
    first = viewer.received()[0][2]
    assert viewer.stream.resend((first + 1, first + 2)) == 2
    again = viewer.received()
    assert [(m, pt, ts, ssrc, body) for m, pt, _, ts, ssrc, body in again] == [
        (False, 103, 9, REPAIR, struct.pack("!H", first + 1) + b"b" * 50),
        (True, 103, 9, REPAIR, struct.pack("!H", first + 2) + b"c" * 20),
    ]
    assert again[1][2] == again[0][2] + 1


@PROFILES
def test_without_rtx_the_very_datagram_is_sent_again(profile: Profile) -> None:
    viewer = Viewer(profile, rtx=False)
    viewer.send(b"a" * 50, b"b" * 50, b"c" * 20)
    sent = viewer.wire.datagrams[:]
    viewer.stream.resend((101, 102))
    assert viewer.wire.datagrams[3:] == sent[1:]


def test_what_was_not_sent_or_is_forgotten_is_counted_and_not_answered() -> None:
    viewer = Viewer(AES_256_GCM)
    for _ in range(12):
        viewer.send(b"x")
    assert viewer.stream.resend((100, 101, 112, 5000)) == 0
    assert viewer.stream.unanswered == 4
    assert viewer.stream.resend((102,)) == 1


@PROFILES
def test_the_time_of_sending_stands_in_every_packet_and_the_frame_is_still_one_send(profile: Profile) -> None:
    viewer = Viewer(profile, send_time=2)
    viewer.send(*[b"x" * 900] * 5)
    viewer.stream.resend((103,))
    received = viewer.received()
    assert [body for *_, body in received] == [b"x" * 900] * 5 + [struct.pack("!H", 103) + b"x" * 900]
    assert {extension[:5] for extension in viewer.extensions} == {b"\xbe\xde\x00\x01\x22"}
    times = [int.from_bytes(extension[5:], "big") for extension in viewer.extensions]
    assert len(set(times[:5])) == 1
    assert 0 <= (times[5] - times[0]) % (1 << 24) < 1 << 18, "in units of 2^-18 s, within the same second"


def test_a_packet_that_may_be_sent_again_as_it_is_tells_no_time() -> None:
    """Another header under the same AES-GCM nonce would give away the authentication key."""
    viewer = Viewer(AES_256_GCM, rtx=False, send_time=2)
    viewer.send(b"a" * 50)
    viewer.stream.resend((100,))
    first, again = viewer.wire.datagrams
    assert first == again
    viewer.wire.datagrams.pop()
    viewer.received()
    assert viewer.extensions == [b""]


def test_a_budget_is_used_up_with_the_newest_packets_on_the_rtx_stream() -> None:
    viewer = Viewer(AES_256_GCM)
    for n in range(5):
        viewer.send(bytes([n]) * 500, bytes([10 + n]) * 500)
    viewer.received()
    assert 1500 < viewer.stream.repeat(1500) < 2200
    assert [(ssrc, body[2]) for *_, ssrc, body in viewer.received()] == [(REPAIR, 14), (REPAIR, 4), (REPAIR, 13)]
    assert viewer.stream.repeat(0) == 0
    viewer.stream.forget()
    assert viewer.stream.repeat(1500) == viewer.stream.resend((109,)) == 0
    assert viewer.received() == []


class Paced:
    """A viewer with a pacer on a clock of its own."""

    def __init__(self, profile: Profile, *, rtx: bool = True) -> None:
        self.now_s = 0.0
        self.pacer = Pacer(lambda: self.now_s, lambda: None)
        self.viewer = Viewer(profile, rtx=rtx, pacer=self.pacer)

    def later(self, seconds: float = GAP_S) -> int:
        """Packets that leave when so much time has passed."""
        self.now_s += seconds
        return self.pacer.send_due(1000)

    def numbers(self) -> list[int]:
        return [sequence for _, _, sequence, *_ in self.viewer.received()]


@PROFILES
def test_a_large_frame_leaves_in_slices_and_nothing_of_it_before_its_time(profile: Profile) -> None:
    paced = Paced(profile)
    paced.viewer.send(*[b"x" * 1000] * 60, b"x" * 300)
    assert len(paced.viewer.wire.datagrams) == SLICE
    assert paced.later(GAP_S / 2) == 0
    assert [paced.later(GAP_S) for _ in range(4)] == [SLICE, SLICE, 61 - 3 * SLICE, 0]
    received = paced.viewer.received()
    assert [sequence for _, _, sequence, *_ in received] == list(range(100, 161))
    assert [marker for marker, *_ in received] == [False] * 60 + [True]


def test_however_large_a_frame_is_its_last_slice_is_due_within_16_ms() -> None:
    paced = Paced(AES_256_GCM)
    paced.viewer.send(b"sets", *[b"x" * 1000] * 250)
    for _ in range(MAX_SLICES - 1):
        paced.later()
    assert paced.numbers() == list(range(100, 351))


@PROFILES
def test_the_next_frame_leaves_behind_what_waits_of_the_one_before(profile: Profile) -> None:
    paced = Paced(profile)
    paced.viewer.send(*[b"x" * 1000] * 40, ticks=1)
    paced.viewer.send(b"next", ticks=2)
    assert paced.numbers() == list(range(100, 141))
    assert paced.later() == 0, "the pacer finds nothing any more"
    paced.viewer.send(*[b"x" * 1000] * 40, ticks=3)
    paced.viewer.send(b"not urgent", ticks=4, behind=True)
    assert len(paced.viewer.wire.datagrams) == SLICE
    paced.later(), paced.later()
    assert paced.numbers() == list(range(141, 182))
    assert paced.pacer.due_s() is None


def test_live_frames_wait_for_the_rest_of_a_burst_but_not_long(monkeypatch: pytest.MonkeyPatch) -> None:
    paced = Paced(AES_256_GCM)
    monkeypatch.setattr("webinar.delivery.whep.stream.monotonic", lambda: paced.now_s)
    paced.viewer.send(*[b"x" * 1000] * 40, ticks=1)
    for n in range(60):
        paced.viewer.send(*[b"x" * 1000] * 8, ticks=2 + n, behind=True)
    for _ in range(8):
        paced.later()
    paced.viewer.send(b"live", ticks=70)
    assert len(paced.viewer.wire.datagrams) < 200, "the burst goes on in its own time"
    while paced.later():
        pass
    received = paced.viewer.received()
    assert [sequence for _, _, sequence, *_ in received] == list(range(100, 621))
    assert received[-1][-1] == b"live"
    for n in range(2):
        paced.viewer.send(*[b"x" * 1000] * 40, ticks=100 + n, behind=n > 0)
    paced.now_s += PATIENCE_S
    paced.viewer.send(b"live", ticks=110)
    assert paced.numbers() == list(range(621, 702)), "whoever is that late catches up at once"


@pytest.mark.parametrize("rtx", [True, False])
def test_what_has_not_left_yet_is_not_sent_again_and_its_number_is_free_when_it_never_leaves(rtx: bool) -> None:
    paced = Paced(AES_256_GCM, rtx=rtx)
    stream = paced.viewer.stream
    paced.viewer.send(*[b"x" * 1000] * 40)
    assert stream.packets == SLICE
    assert stream.resend((100 + SLICE - 1,)) == 1
    assert stream.resend((100 + SLICE, 130)) == 0
    stream.forget()
    assert paced.later() == 0
    paced.viewer.wire.datagrams.clear()
    paced.viewer.send(b"later")
    assert paced.numbers() == [100 + SLICE], "the receiver misses nothing"


def lost_in_a_short_queue(paced: Paced, size: int) -> float:
    """Packets of a keyframe that a line of 30 Mbit/s with room for 32 does not take, in 20 ms."""
    lost = queue = 0.0
    paced.viewer.send(*[b"x" * 1100] * size)
    for _ in range(20):
        queue += len(paced.viewer.received())
        lost += max(queue - 32, 0)
        queue = max(min(queue, 32) - 30e6 / 8 / 1148 / 1000, 0)
        paced.later(0.001)
    return lost


def test_a_short_queue_on_a_quick_line_takes_a_keyframe_in_slices() -> None:
    assert lost_in_a_short_queue(Paced(AES_256_GCM), 64) == 0
