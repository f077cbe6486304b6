"""timeline: audio and video of one sender come out on one clock."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.accept.timeline import ANCHORED_BURST_S, SLEW, STEP_S, SenderClock, TrackTimeline, ntp_seconds

NTP_EPOCH_S = 3_900_000_000.0


class Source:
    """One track of a sender whose clock runs `ppm` fast, seen over a network that delays by `delay_s`."""

    def __init__(self, rate: int, clock: SenderClock, *, zero: int, delay_s: float, ppm: float = 0.0) -> None:
        self.timeline = TrackTimeline(rate, clock)
        self.rate = rate
        self.zero = zero  # RTP timestamp at sender time 0
        self.delay_s = delay_s
        self.ppm = ppm
        self.clock_step_s = 0.0

    def timestamp(self, t: float) -> int:
        return self.zero + round(t * (1 + self.ppm / 1e6) * self.rate)

    def frame(self, t: float, extra_s: float = 0.0) -> float:
        """Capture time given to what was captured at real time `t`."""
        return self.timeline.capture(self.timestamp(t), 1000 + t + self.delay_s + extra_s)

    def report(self, t: float) -> None:
        ntp = NTP_EPOCH_S + t * (1 + self.ppm / 1e6) + self.clock_step_s
        self.timeline.report(ntp, self.timestamp(t), 1000 + t)


def pair(ppm: float = 0.0) -> tuple[Source, Source]:
    clock = SenderClock()
    video = Source(90_000, clock, zero=123_456, delay_s=0.09, ppm=ppm)
    return video, Source(48_000, clock, zero=999, delay_s=0.02, ppm=ppm)


def run(video: Source, audio: Source, start: float, end: float, reports: dict[float, Source]) -> float:
    """30 frames and 50 packets a second; the skew at the end: capture times of the same moment, audio minus video."""
    due = sorted(reports.items())
    v, a = video.frame(start), audio.frame(start)
    for step in range(1, round((end - start) * 100) + 1):
        t = start + step / 100
        if step % 3 == 0:
            v = video.frame(t)
        if step % 2 == 0:
            a = audio.frame(t)
        while due and due[0][0] <= t:
            due.pop(0)[1].report(t)
    # In 6 steps both have a frame at the same time.
    t = end + 0.06
    v, a = video.frame(t), audio.frame(t)
    return a - v


def test_the_first_frame_is_captured_when_it_arrives() -> None:
    video, _ = pair()
    assert video.frame(0.0) == pytest.approx(1000.09)


def test_before_the_reports_the_least_delayed_packet_counts() -> None:
    video, _ = pair()
    video.frame(0.0, extra_s=0.2)
    times = [video.frame(n / 30) for n in range(1, 300)]
    assert times[-1] == pytest.approx(1000 + 299 / 30 + 0.09, abs=0.001)


def test_after_the_reports_audio_and_video_are_in_step_though_their_ways_take_unequal_time() -> None:
    video, audio = pair()
    before = run(video, audio, 0.0, 1.0, {})
    assert before == pytest.approx(-0.07, abs=0.001)
    after = run(video, audio, 1.1, 5.0, {1.5: video, 2.0: audio})
    assert abs(after) < 0.001
    assert video.timeline.synchronized
    assert audio.timeline.synchronized


def test_the_correction_is_spread_and_no_time_goes_backwards() -> None:
    video, audio = pair()
    run(video, audio, 0.0, 1.0, {0.5: audio, 0.6: video})
    times = [video.frame(1.1 + n / 30) for n in range(60)]
    steps = [b - a for a, b in itertools.pairwise(times)]
    assert min(steps) >= (1 - SLEW) / 30 - 1e-6
    assert max(steps) <= (1 + SLEW) / 30 + 1e-6


@pytest.mark.parametrize("ppm", [-200.0, 0.0, 200.0])
def test_two_hours_with_a_drifting_sender_clock_stay_in_step(ppm: float) -> None:
    video, audio = pair(ppm)
    skew = 0.0
    for minute in range(0, 120, 10):
        t = minute * 60.0
        skew = run(video, audio, t, t + 4, {t + 1: video, t + 1.5: audio})
    assert abs(skew) < 0.002


def test_jittery_reports_move_the_picture_by_no_more_than_their_jitter() -> None:
    video, audio = pair()
    run(video, audio, 0.0, 3.0, {1.0: video, 2.0: audio})
    noise = random.Random(7)
    for second in range(4, 60):
        video.timeline.report(
            NTP_EPOCH_S + second + noise.uniform(-0.004, 0.004), video.timestamp(second), 1000 + second
        )
        skew = run(video, audio, float(second), second + 0.8, {second + 0.2: audio})
        assert abs(skew) < 0.006


@given(step=st.sampled_from([-3600.0, -2.0, 0.7, 5.0, 86_400.0]))
def test_a_sender_whose_wall_clock_is_set_stays_in_step(step: float) -> None:
    video, audio = pair()
    run(video, audio, 0.0, 5.0, {1.0: video, 2.0: audio})
    before = video.frame(5.1)
    video.clock_step_s = audio.clock_step_s = step
    skew = run(video, audio, 5.2, 9.0, {6.0: audio, 7.0: video})
    assert abs(skew) < 0.001
    assert video.frame(9.1) - before == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize("held_up_s", [0.3, 0.7, 3.0])
def test_sound_whose_capture_was_held_up_is_in_step_again_after_its_reports(held_up_s: float) -> None:
    """Its timestamps count samples: they go on from where they stopped, later than the picture's."""
    video, audio = pair()
    run(video, audio, 0.0, 5.0, {1.0: video, 2.0: audio})
    before = video.frame(5.08)
    audio.zero -= round(held_up_s * audio.rate)
    run(video, audio, 5.1 + held_up_s, 10.0 + held_up_s, {6.0 + held_up_s: audio, 7.0 + held_up_s: video})
    skew = run(video, audio, 10.1 + held_up_s, 20.0, {11.0 + held_up_s: audio, 12.0 + held_up_s: video})
    assert abs(skew) < 0.001
    assert video.frame(20.08) - before == pytest.approx(15.0, abs=0.01), "the picture's clock was right all along"


def burst(video: Source, audio: Source, old_s: float, took_s: float, report_at: float | None = None) -> None:
    """What was captured in the `old_s` before now, all of it within `took_s`; its clock goes on from there."""
    for step in range(round(old_s * 100)):
        at = took_s * step / 100 / old_s
        for source, every in ((video, 3), (audio, 2)):
            if step % every == 0:
                source.timeline.capture(source.timestamp(step / 100 - old_s), 1000 + at + source.delay_s)
        if report_at is not None and step == round(report_at * old_s * 100):
            video.report(at)
            audio.report(at)


@pytest.mark.parametrize("report_at", [None, 0.1, 0.5, 0.95])
def test_what_a_sender_made_while_it_connected_is_old_and_what_follows_is_captured_now(
    report_at: float | None,
) -> None:
    video, audio = pair()
    video.delay_s = audio.delay_s
    burst(video, audio, old_s=3.4, took_s=0.1, report_at=report_at)
    run(video, audio, 0.12, 1.0, {})
    for source in (video, audio):
        assert -0.1 < source.frame(1.1) - (1001.1 + source.delay_s) <= ANCHORED_BURST_S
    assert abs(run(video, audio, 1.2, 5.0, {2.0: video, 2.5: audio})) < 0.001, "lip sync"


@pytest.mark.parametrize("old_s", [0.6, 1.4])
def test_reports_that_run_away_from_the_packets_move_nothing(old_s: float) -> None:
    """GStreamer's: the last timestamp sent and the running time of its pipeline, which is as old as the burst."""
    video, audio = pair()
    video.delay_s = audio.delay_s
    burst(video, audio, old_s, took_s=0.15)
    for second in (0.2, 1.1, 6.3, 11.0, 40.0, 45.0):
        for source in (video, audio):
            source.timeline.report(NTP_EPOCH_S + second, source.timestamp(2 * second + old_s), 1000 + second)
        skew = run(video, audio, second + 0.01, second + 0.8, {})
        assert abs(skew) < 0.05
        assert -0.1 < audio.frame(second + 0.88) - (1000.9 + second) <= ANCHORED_BURST_S
    assert not video.timeline.synchronized
    assert not audio.timeline.synchronized


def test_a_sender_that_is_late_and_catches_up_is_followed_by_its_reports() -> None:
    """aiortc reports when it sent the last packet: while it is late, so are its reports."""
    video, audio = pair()
    video.delay_s = audio.delay_s
    run(video, audio, 0.0, 6.5, {1.0: video, 2.0: audio})
    for source in (video, audio):
        source.timeline.capture(source.timestamp(7.0), 1007.02 + 2.0)
        source.timeline.report(NTP_EPOCH_S + 9.0, source.timestamp(7.0), 1009.0)
    skew = run(video, audio, 9.1, 15.0, {10.0: video, 10.2: audio})
    assert abs(skew) < 0.001
    for source in (video, audio):
        assert source.timeline.synchronized
        assert source.frame(15.2) == pytest.approx(1015.2 + source.delay_s, abs=0.1)


def test_a_media_clock_that_went_ahead_in_its_packets_too_is_believed() -> None:
    video, audio = pair()
    run(video, audio, 0.0, 10.0, {1.0: video, 2.0: audio, 8.0: video})
    video.zero += 3 * video.rate
    skew = run(video, audio, 10.1, 14.0, {11.0: video, 12.0: audio})
    assert abs(skew) < 0.001
    assert video.timeline.synchronized


def test_timestamps_that_were_restarted_are_taken_up_again() -> None:
    video, audio = pair()
    run(video, audio, 0.0, 5.0, {1.0: video, 2.0: audio})
    video.zero += 90_000 * 1000
    assert video.frame(5.1) == pytest.approx(1005.1, abs=STEP_S)
    assert not video.timeline.synchronized
    skew = run(video, audio, 5.2, 9.0, {6.0: video, 6.5: audio})
    assert abs(skew) < 0.001


def test_a_report_far_from_the_media_is_not_believed() -> None:
    video, _ = pair()
    video.frame(0.0)
    video.timeline.report(NTP_EPOCH_S, video.timestamp(500.0), 1000)
    assert not video.timeline.synchronized


@given(
    moves=st.lists(
        st.tuples(st.integers(-(1 << 31), 1 << 31), st.floats(0, 1e6), st.booleans()), min_size=1, max_size=40
    )
)
def test_capture_times_grow_whatever_a_sender_says(moves: list[tuple[int, float, bool]]) -> None:
    timeline = TrackTimeline(90_000, SenderClock())
    last = None
    for timestamp, at, is_report in moves:
        if is_report:
            timeline.report(at, timestamp, at)
            continue
        now = timeline.capture(timestamp, at)
        assert last is None or now > last
        last = now


def test_ntp_is_read_to_the_microsecond() -> None:
    assert ntp_seconds((3_900_000_000 << 32) + (1 << 31)) == 3_900_000_000.5
