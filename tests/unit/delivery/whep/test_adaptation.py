"""Viewers behind lines of all kinds, simulated in steps of a frame: which rung they end on, and how fast."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from webinar.base.rtc.rtcp import ReportBlock
from webinar.delivery.whep.adaptation import Adaptation
from webinar.delivery.whep.layers import Advice

LADDER = ("720p", "480p", "240p")
RATES = (1_800_000, 900_000, 300_000)
STEP_S = 1 / 30
REPORT_EVERY = 6  # frames: Chromium reports five times a second
PACKET = 1100


@dataclass(frozen=True)
class Line:
    """A way to a viewer: what fits in `queue_s` waits, the rest is lost; besides, `loss` by chance."""

    rate: int
    queue_s: float = 0.15
    loss: float = 0.0
    jitter_s: float = 0.0
    delay_s: float = 0.03


class Browser:
    """Chromium's receiver as far as we see it: RTCP reports, and an estimate that falls on overuse and rises slowly."""

    def __init__(self, chance: random.Random) -> None:
        self.estimate = 0.0
        self._chance = chance
        self._arrived: deque[int] = deque(maxlen=15)  # bit a frame time, over half a second
        self._queue_s = 0.0

    def step(self, bits: int, queue_s: float, jitter_s: float, report: bool) -> int | None:
        """Jitter is taken for overuse now and then, as Chromium does."""
        self._arrived.append(bits)
        if not report:
            return None
        throughput = sum(self._arrived) / (len(self._arrived) * STEP_S)
        if (queue_s > 0.03 and queue_s >= self._queue_s) or self._chance.random() < 5 * jitter_s:
            fallen = 0.85 * throughput
            self.estimate = min(self.estimate, fallen) if self.estimate else fallen
        elif self.estimate:
            self.estimate = min(self.estimate * 1.08 ** (REPORT_EVERY * STEP_S), 1.5 * throughput + 10_000)
        elif len(self._arrived) == self._arrived.maxlen:
            self.estimate = throughput
        self._queue_s = queue_s
        return round(self.estimate) or None


class Simulation:
    """One viewer of the ladder. `seen` has the rung of every frame, `broken` the frames with a packet lost for good."""

    def __init__(self, *, can_probe: bool = True, seed: int = 1) -> None:
        self.now_s = 0.0
        self.seen: list[str] = []
        self.probes = 0
        self.network = Adaptation("viewer", self, can_probe=can_probe)
        self.rung = self.network.layers.start(LADDER)
        self._random = random.Random(seed)
        self._browser = Browser(self._random)
        self._queued = 0.0  # bits
        self._frames = 0
        self._counts = Counter[str]()
        self._reported = (0, 0)

    def rungs(self) -> tuple[Sequence[str], Sequence[int]]:
        return LADDER, RATES

    def claim_probe(self, resource: str) -> bool:
        self.probes += 1
        return True

    def release_probe(self, resource: str) -> None: ...

    def run(self, line: Line, seconds: float, until: Callable[[], bool] | None = None) -> float:
        """Gives how long it took."""
        began_s = self.now_s
        while self.now_s - began_s < seconds and not (until is not None and until()):
            self._step(line)
        return self.now_s - began_s

    def _step(self, line: Line) -> None:
        self.now_s += STEP_S
        self._frames += 1
        self._queued = max(self._queued - line.rate * STEP_S, 0.0)
        keyframe = self._frames % 60 == 0
        if keyframe and self.rung != self.network.layers.target:
            self.rung = self.network.layers.target
        size = RATES[LADDER.index(self.rung)] * STEP_S / 8 * (6 if keyframe else 55 / 60)
        arrived = self._send("video", int(size), line)
        probe = self.network.probe
        if probe is not None:
            budget = probe.budget(self.now_s)
            packets = -(-budget // PACKET)
            probe.spent(packets * PACKET)
            arrived += self._send("again", packets * PACKET, line)
        self.seen.append(self.rung)
        report = self._frames % REPORT_EVERY == 0
        estimate = self._browser.step(arrived, self._queued / line.rate, line.jitter_s, report)
        if report:
            self._report(line, estimate)

    def _send(self, stream: str, size: int, line: Line) -> int:
        """Bits that get through."""
        arrived = 0
        for _ in range(-(-size // PACKET)):
            self._counts[stream] += 1
            if self._random.random() < line.loss or self._queued / line.rate > line.queue_s:
                self._counts[f"{stream} lost"] += 1
            else:
                self._queued += PACKET * 8
                arrived += PACKET * 8
        return arrived

    def _report(self, line: Line, estimate: int | None) -> None:
        if estimate is not None:
            self.network.estimated(estimate, self.now_s)
        round_trip_s = line.delay_s + self._queued / line.rate + self._random.random() * line.jitter_s
        self.network.reported(1 << 16, self.now_s - round_trip_s)
        late = round(self._random.random() * line.jitter_s * 100)  # lost to this report, and there at the next
        sent, lost = self._counts["video"], self._counts["video lost"] + late
        fraction = max((lost - self._reported[1]) / max(sent - self._reported[0], 1), 0.0)
        self._reported = (sent, lost)
        block = ReportBlock(1, fraction, lost, sent, 0, 1, 0)
        again = ReportBlock(2, 0.0, self._counts["again lost"], self._counts["again"], 0, 0, 0)
        advice = self.network.report(block, again, self.now_s, judge=True)
        assert advice is not Advice.GOODBYE
        if advice is Advice.DROP:
            self.rung = self.network.layers.target


GOOD = Line(4_000_000)
NARROW = Line(700_000)


def test_on_a_good_line_the_top_rung_is_kept() -> None:
    viewer = Simulation()
    viewer.run(GOOD, 120)
    assert set(viewer.seen) == {"720p"}


@pytest.mark.parametrize("queue_s", [0.05, 0.15, 0.5, 2.0], ids="queue {} s".format)
def test_when_the_line_narrows_the_viewer_goes_down_within_seconds_and_up_when_it_widens(queue_s: float) -> None:
    viewer = Simulation()
    viewer.run(GOOD, 20)
    took_s = viewer.run(Line(700_000, queue_s), 30, until=lambda: viewer.rung == "240p")
    assert took_s < 4.5
    viewer.run(Line(700_000, queue_s), 30)
    assert set(viewer.seen[-800:]) == {"240p"}, "it stays: what would not get through is not tried with the picture"
    assert viewer.run(GOOD, 120, until=lambda: viewer.rung == "720p") < 100


def test_a_line_for_the_middle_rung_gets_the_middle_rung() -> None:
    viewer = Simulation()
    viewer.run(Line(1_300_000), 120)
    assert Counter(viewer.seen[600:]).most_common(1)[0][0] == "480p"
    changes = sum(a != b for a, b in zip(viewer.seen, viewer.seen[1:], strict=False))
    assert changes < 8


@pytest.mark.parametrize("seed", range(5))
def test_loss_by_chance_and_jitter_leave_the_top_rung_alone_or_it_comes_back(seed: int) -> None:
    viewer = Simulation(seed=seed)
    viewer.run(Line(4_000_000, loss=0.03, jitter_s=0.05), 300)
    assert Counter(viewer.seen)["720p"] > 0.85 * len(viewer.seen)


def test_packets_that_come_late_are_not_taken_for_lost() -> None:
    """A report in the middle of a frame counts what is still on its way; the one right after it takes that back."""
    network = Adaptation("viewer", Simulation(), can_probe=True)
    network.layers.start(LADDER)
    network.report(ReportBlock(1, 0.0, 0, 1000, 0, 0, 0), None, 0.0, judge=True)
    for n in range(1, 200):
        middle, behind = ReportBlock(1, 0.4, 4, 1000 + 10 * n, 0, 0, 0), ReportBlock(1, 0.0, 0, 1000 + 10 * n, 0, 0, 0)
        overtaken = ReportBlock(1, 0.5, 2, 996 + 10 * n, 0, 0, 0)
        for block in (middle, behind, overtaken):
            assert network.report(block, None, n * 0.1, judge=True) is Advice.STAY
    assert network.layers.target == "720p"


def test_after_loss_that_was_there_for_a_moment_it_comes_back_soon() -> None:
    viewer = Simulation()
    viewer.run(GOOD, 10)
    viewer.run(Line(4_000_000, loss=0.4), 2)
    assert viewer.rung != "720p"
    assert viewer.run(Line(4_000_000, loss=0.03), 60, until=lambda: viewer.rung == "720p") < 45


def test_a_narrow_line_is_tried_more_and_more_rarely() -> None:
    viewer = Simulation()
    viewer.run(NARROW, 60)
    first = viewer.probes
    viewer.run(NARROW, 600)
    assert viewer.probes - first <= 14


def test_who_takes_no_rtx_still_comes_up_by_trying() -> None:
    viewer = Simulation(can_probe=False)
    viewer.run(NARROW, 10)
    assert viewer.run(GOOD, 120, until=lambda: viewer.rung == "720p") < 110
    assert viewer.probes == 0
