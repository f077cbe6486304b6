"""statistics, estimate, receiver: what goes back to the publisher, and when."""

from __future__ import annotations

import heapq
import random

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from ingest.accept.estimate import FLOOR, DelayEstimate
from ingest.accept.receiver import Negotiated, Receiver
from ingest.accept.sink import EncodedFrame, PublisherState
from ingest.accept.statistics import ReceptionStatistics, SecondRate
from ingest.accept.track import PLI_AFTER_S, PLI_EVERY_S
from tests.unit.ingest.accept.packets import AUDIO, RTX, VIDEO, VP8, Sender, opus, rtx
from webinar.base.rtc import rtcp

AGREED = Negotiated({VIDEO: "h264", VP8: "vp8"}, frozenset({AUDIO}), {RTX: VIDEO}, audio_nack=True, abs_send_time=3)


class Bench:
    """A receiver with what left it, and a clock."""

    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []
        self.feedback: list[rtcp.Feedback] = []
        self.receiver = Receiver(AGREED, self.frames.append, lambda p: self.feedback.append(rtcp.parse(p)))
        self.now = 100.0

    def put(self, *packets: RtpPacket) -> None:
        for packet in packets:
            self.receiver.rtp(packet.serialize(), self.now)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self.receiver.tick(self.now)

    @property
    def asked(self) -> list[int]:
        return [seq for f in self.feedback for _, lost in f.nacks for seq in lost]

    @property
    def plis(self) -> int:
        return sum(len(f.keyframe_requests) for f in self.feedback)


def started() -> tuple[Bench, Sender]:
    bench, sender = Bench(), Sender()
    bench.put(*sender.frame(keyframe=True))
    assert len(bench.frames) == 1
    return bench, sender


def test_a_lost_packet_is_asked_for_and_its_rtx_completes_the_frame() -> None:
    bench, sender = started()
    first, lost, last = sender.frame()
    bench.put(first, last)
    bench.run(0.02)
    assert bench.asked == [lost.sequence_number]
    bench.put(rtx(lost, 7))
    assert [f.keyframe for f in bench.frames] == [True, False]
    health = bench.receiver.health(PublisherState.CONNECTED, bench.now)
    assert (health.packets_recovered, health.packets_lost, health.nacks_sent) == (1, 0, 1)


def test_when_nothing_comes_again_a_keyframe_is_asked_for_at_300_ms_and_every_500_ms() -> None:
    bench, sender = started()
    first, lost, last = sender.frame()
    bench.put(first, last)
    bench.run(PLI_AFTER_S - 0.04)
    assert bench.plis == 0
    assert bench.asked.count(lost.sequence_number) == 3
    bench.run(0.08)
    assert bench.plis == 1
    bench.run(PLI_EVERY_S + 0.04)
    assert bench.plis == 2
    bench.put(*sender.frame(keyframe=True))
    assert bench.frames[-1].gap
    bench.run(2.0)
    assert bench.plis == 2, "it has come"


def test_who_has_stopped_sending_is_not_asked_on_and_on() -> None:
    bench, sender = started()
    first, _, last = sender.frame()
    bench.put(first, last)
    bench.run(10.0)
    assert 3 <= bench.plis <= 5
    bench.receiver.request_keyframe()
    bench.run(0.1)
    assert bench.plis <= 6


def test_a_stream_that_begins_without_a_keyframe_is_asked_for_one_at_once() -> None:
    bench, sender = Bench(), Sender()
    bench.put(*sender.frame())
    assert bench.plis == 1


def test_a_keyframe_that_is_arriving_is_not_asked_for() -> None:
    bench, sender = Bench(), Sender()
    *packets, last = sender.frame(40, keyframe=True)
    bench.put(*packets)
    bench.run(0.1)
    assert bench.plis == 0
    bench.put(last)
    assert bench.frames[0].keyframe


def test_requests_for_keyframes_are_coalesced() -> None:
    bench, _ = started()
    for _ in range(10):
        bench.receiver.request_keyframe()
        bench.run(0.04)
    assert bench.plis == 1
    bench.run(PLI_EVERY_S)
    assert bench.plis == 2, "one for those that came in between"


def test_sound_is_asked_for_again_when_that_was_agreed() -> None:
    bench = Bench()
    bench.put(opus(0), opus(2))
    bench.run(0.02)
    assert bench.asked == [opus(1).sequence_number]
    bench.put(opus(1))
    assert [int.from_bytes(f.data, "big") for f in bench.frames] == [0, 1, 2]
    assert not any(f.gap for f in bench.frames)


def test_a_new_ssrc_takes_the_place_of_the_old_one_and_its_time_goes_on() -> None:
    bench, _ = started()
    bench.now += 0.1
    successor = Sender(ssrc=77, seq=9, timestamp=5)
    bench.put(*successor.frame(keyframe=True), *successor.frame())
    assert [f.keyframe for f in bench.frames] == [True, True, False]
    times = [f.capture_time_s for f in bench.frames]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(bench.now, abs=0.05)


def test_late_packets_of_a_replaced_ssrc_do_not_bring_it_back() -> None:
    bench, old = started()
    successor = Sender(ssrc=77, seq=9, timestamp=5)
    bench.put(*successor.frame(keyframe=True))
    bench.put(*old.frame())
    bench.put(*successor.frame())
    assert [f.keyframe for f in bench.frames] == [True, True, False]
    assert bench.plis == 0


def test_a_change_of_codec_begins_at_its_keyframe() -> None:
    bench, sender = started()
    vp8 = RtpPacket(VP8, 1, sender.seq, sender.timestamp, sender.ssrc, b"\x10\x00key")
    bench.put(vp8)
    assert [f.codec for f in bench.frames] == ["h264", "vp8"]
    assert bench.frames[-1].keyframe


def test_reports_go_out_every_second_with_loss_and_the_estimate() -> None:
    bench, sender = started()
    bench.receiver.tick(bench.now)
    bench.feedback.clear()
    sender.frame(parts=1)  # one of four packets lost
    bench.put(*sender.frame())
    bench.run(1.02)
    reports = [f for f in bench.feedback if f.reports]
    (report,) = reports[0].reports
    assert report.ssrc == sender.ssrc
    assert report.fraction_lost == pytest.approx(0.25, abs=0.01)
    assert report.total_lost == 1
    assert reports[0].bitrate == pytest.approx(AGREED.start_bitrate, rel=0.01)


def test_a_sender_report_is_answered_with_its_time() -> None:
    bench, sender = started()
    bench.receiver.tick(bench.now)
    ntp = rtcp.ntp_time(1_700_000_000.25)
    report = rtcp.SenderReport(sender.ssrc, ntp, sender.timestamp, 4, 400)
    bench.receiver.rtcp(rtcp.sender_report(report), bench.now)
    bench.run(1.02)
    (block,) = next(f for f in reversed(bench.feedback) if f.reports).reports
    assert block.last_sr == ntp >> 16 & 0xFFFFFFFF
    assert block.delay / 65536 == pytest.approx(1.0, abs=0.05)
    assert bench.receiver.health(PublisherState.CONNECTED, bench.now).synchronized


def test_bye_counts_when_it_is_said_for_all_that_is_sent_and_until_more_is_sent() -> None:
    bench, sender = started()
    bench.put(opus(0))
    bench.receiver.rtcp(rtcp.goodbye([sender.ssrc]), bench.now)
    assert not bench.receiver.said_bye
    bench.receiver.rtcp(rtcp.goodbye([2]), bench.now)
    assert bench.receiver.said_bye
    bench.put(*sender.frame())
    assert not bench.receiver.said_bye


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_no_bytes_upset_the_receiver(packets: list[bytes]) -> None:
    bench, _ = started()
    for data in packets:
        bench.receiver.rtp(data, bench.now)
        bench.receiver.rtcp(data, bench.now)
        bench.receiver.rtp(b"\x80" + bytes([VIDEO]) + data.ljust(12, b"\0"), bench.now)
        bench.receiver.rtp(b"\x90" + bytes([RTX]) + data.ljust(12, b"\0"), bench.now)
        bench.run(0.02)


def test_statistics_follow_the_rfc_across_the_wrap() -> None:
    statistics = ReceptionStatistics(90_000)
    for seq in (65_534, 65_535, 65_537, 65_538):
        statistics.add(seq, seq * 3000, seq / 30)
    block = statistics.report(5, 0.0)
    assert (block.highest_sequence, block.total_lost) == (65_538, 1)
    assert block.fraction_lost == pytest.approx(0.2)
    assert block.jitter == 0
    assert statistics.report(5, 0.0).fraction_lost == 0


def test_a_rate_is_of_the_last_second() -> None:
    rate = SecondRate()
    for n in range(300):
        rate.add(1, n / 30)
    assert rate.value(10.0) == pytest.approx(30, abs=1)
    assert rate.value(10.5) == pytest.approx(15, abs=3)
    assert rate.value(12.0) == 0


def drive(estimate: DelayEstimate, seconds: float, bitrate: float, capacity: float, start: float = 0.0) -> None:
    """Packets of 1,200 bytes at `bitrate` through a link of `capacity` bit/s with an unbounded queue."""
    interval, service = 9600 / bitrate, 9600 / capacity
    free, sent = start, start
    while sent < start + seconds:
        free = max(free, sent) + service
        estimate.add(int(sent * (1 << 18)) & 0xFFFFFF, 1200, free + 0.02)
        sent += interval


def test_a_free_way_lets_the_estimate_grow_to_its_cap() -> None:
    estimate = DelayEstimate(start=1_000_000, cap=4_000_000)
    drive(estimate, 20, 900_000, 50_000_000)
    assert estimate.bitrate == 4_000_000
    assert estimate.cuts == 0


def test_after_a_long_silence_the_estimate_goes_on() -> None:
    estimate = DelayEstimate(start=1_000_000, cap=4_000_000)
    drive(estimate, 2, 900_000, 50_000_000)
    drive(estimate, 20, 900_000, 50_000_000, start=45.0)
    assert estimate.bitrate == 4_000_000
    drive(estimate, 3, 3_900_000, 1_000_000, start=70.0)
    assert estimate.bitrate < 1_500_000


def test_a_growing_queue_cuts_the_estimate_to_what_the_way_carries() -> None:
    estimate = DelayEstimate(start=2_500_000, cap=4_000_000)
    drive(estimate, 3, 2_400_000, 1_000_000)
    assert FLOOR <= estimate.bitrate <= 1_050_000


def test_a_way_that_becomes_narrow_is_found_within_two_seconds() -> None:
    estimate = DelayEstimate(start=4_000_000, cap=4_000_000)
    drive(estimate, 5, 3_900_000, 50_000_000)
    drive(estimate, 1.0, 2_000_000, 600_000, start=5.0)
    assert FLOOR <= estimate.bitrate <= 700_000


def drive_unevenly(estimate: DelayEstimate, seconds: float, capacity: float | None, queue_s: float = 0.3) -> list[int]:
    """A publisher that sends what it may, 30 frames a second, over a way with 50 ms of jitter and 5 % loss.

    The estimate after each second.
    """
    chance, free, arrivals = random.Random(1), 0.0, list[tuple[float, float]]()
    estimates: list[int] = []
    for frame in range(round(seconds * 30)):
        now = frame / 30
        for number in range(max(1, estimate.bitrate // 30 // 9600)):
            sent = leaves = now + number * 0.001
            if capacity is not None:
                leaves = max(sent, free)
                if leaves - sent > queue_s:
                    continue
                leaves = free = leaves + 9600 / capacity
            if chance.random() > 0.05:
                heapq.heappush(arrivals, (leaves + 0.03 + chance.random() * 0.05, sent))
        while arrivals and arrivals[0][0] <= now:
            arrived, sent = heapq.heappop(arrivals)
            estimate.add(int(sent * (1 << 18)) & 0xFFFFFF, 1200, arrived)
        if frame % 30 == 29:
            estimates.append(estimate.bitrate)
    return estimates


def test_jitter_and_loss_alone_cut_nothing() -> None:
    estimate = DelayEstimate(start=2_500_000, cap=4_000_000)
    drive_unevenly(estimate, 30, None)
    assert estimate.bitrate == 4_000_000
    assert estimate.cuts == 0


@pytest.mark.parametrize("queue_s", [0.3, 2.0])
def test_a_narrow_way_with_jitter_is_filled_and_not_overfilled(queue_s: float) -> None:
    estimate = DelayEstimate(start=2_500_000, cap=4_000_000)
    settled = drive_unevenly(estimate, 30, 600_000, queue_s)[5:]
    assert 350_000 < sum(settled) / len(settled) < 720_000


def test_after_a_cut_more_than_half_as_much_again_as_comes_is_not_promised_for_a_while() -> None:
    estimate = DelayEstimate(start=2_500_000, cap=4_000_000)
    drive(estimate, 3, 2_400_000, 600_000)
    assert estimate.cuts > 0
    began = 20.0  # the queue of those three seconds is gone
    drive(estimate, 20, 400_000, 600_000, start=began)
    assert estimate.bitrate <= 1.55 * 400_000
    drive(estimate, 30, 400_000, 600_000, start=began + 20)
    assert estimate.bitrate > 1_000_000, "a still picture needs little: that says nothing about the way"


def test_a_way_that_is_wide_again_is_used_within_seconds() -> None:
    estimate = DelayEstimate(start=2_500_000, cap=4_000_000)
    drive(estimate, 3, 2_400_000, 600_000)
    for second in range(20, 45):
        drive(estimate, 1, estimate.bitrate, 50_000_000, start=float(second))
    assert estimate.bitrate == 4_000_000
