"""Loss by the counters of receiver reports, and what only looks like it."""

from __future__ import annotations

import random

from webinar.base.rtc.rtcp import ReportBlock
from webinar.delivery.whep.losses import LATE_S, LossCounter

# What Chromium sent in one second and a half on a line with 3 % loss and 50 ms of jitter:
# (s, fraction, highest number, lost).
CHROMIUM = (
    (0.34, 0.598, 539, 126),
    (0.35, 0.0, 534, 123),
    (0.39, 0.0, 540, 122),
    (0.42, 0.0, 546, 125),
    (0.43, 0.797, 545, 126),
    (0.45, 0.0, 553, 123),
    (0.51, 0.0, 557, 123),
    (0.6, 0.426, 564, 126),
    (0.64, 0.0, 567, 123),
    (0.64, 0.746, 575, 129),
    (0.69, 0.0, 577, 123),
    (0.7, 0.496, 587, 126),
    (0.7, 0.664, 583, 126),
    (0.71, 0.0, 590, 123),
    (0.71, 0.332, 580, 124),
    (0.72, 0.246, 594, 124),
    (0.72, 0.0, 585, 125),
    (0.72, 0.598, 599, 127),
    (0.78, 0.246, 614, 126),
    (0.81, 0.398, 607, 126),
    (0.81, 0.0, 602, 124),
    (0.81, 0.0, 610, 125),
    (0.87, 0.0, 615, 123),
    (0.91, 0.496, 617, 124),
    (0.95, 0.0, 622, 123),
    (0.99, 0.0, 632, 124),
    (0.99, 0.746, 630, 129),
    (1.01, 0.332, 638, 126),
    (1.03, 0.332, 647, 130),
    (1.07, 0.0, 648, 124),
    (1.08, 0.664, 658, 126),
    (1.11, 0.0, 655, 124),
    (1.11, 0.0, 666, 125),
    (1.14, 0.0, 660, 126),
    (1.18, 0.246, 670, 126),
    (1.24, 0.0, 677, 124),
    (1.24, 0.0, 677, 124),
    (1.27, 0.332, 683, 126),
    (1.33, 0.496, 691, 126),
    (1.35, 0.0, 689, 125),
    (1.35, 0.664, 698, 131),
    (1.37, 0.746, 695, 129),
    (1.37, 0.0, 698, 131),
    (1.37, 0.219, 707, 133),
    (1.4, 0.664, 714, 130),
    (1.4, 0.0, 711, 128),
    (1.43, 0.0, 716, 128),
    (1.46, 0.0, 717, 125),
    (1.5, 0.398, 722, 127),
    (1.55, 0.0, 728, 126),
    (1.56, 0.0, 734, 126),
    (1.63, 0.0, 737, 126),
    (1.63, 0.828, 749, 136),
    (1.77, 0.0, 751, 136),
    (1.77, 0.0, 751, 126),
    (1.84, 0.355, 769, 133),
    (1.84, 0.0, 752, 126),
    (1.86, 0.664, 755, 128),
    (1.88, 0.0, 771, 127),
    (1.91, 0.879, 804, 157),
    (1.91, 0.0, 771, 127),
    (1.91, 0.934, 787, 142),
)


def report(highest: int, lost: int, fraction: float = 0.0) -> ReportBlock:
    return ReportBlock(1, fraction, lost, highest, 0, 0, 0)


def test_half_of_a_keyframe_that_is_still_on_its_way_is_not_lost() -> None:
    counter = LossCounter()
    began_s, _, first, lost = CHROMIUM[0]
    counter.take(report(first, lost), began_s)
    given = [counter.take(report(n, lost, fraction), now_s) for now_s, fraction, n, lost in CHROMIUM[1:]]
    packets, missing = sum(of for _, of in given), sum(share * of for share, of in given)
    assert packets > 150
    assert missing / packets < 0.06
    assert max(share * of for share, of in given) < 10, "the last report but for late packets says 30"


def test_a_receiver_that_reports_once_a_second_is_believed_at_once() -> None:
    counter = LossCounter()
    counter.take(report(1000, 0), 0.0)
    assert counter.take(report(1200, 20), 1.0) == (0.1, 200)
    assert counter.take(report(1400, 20), 2.0) == (0.0, 200)


def test_loss_that_stays_is_told_after_what_may_come_late_and_once() -> None:
    counter = LossCounter()
    counter.take(report(1000, 0), 0.0)
    given = [counter.take(report(1000 + 2 * n, n), n / 50) for n in range(1, 51)]
    told = sum(of for _, of in given)
    assert told >= 100 - 2 * (LATE_S * 50 + 1)
    assert sum(share * of for share, of in given) == told / 2


def test_who_tells_only_the_fraction_is_believed_and_so_is_who_begins_anew() -> None:
    counter = LossCounter()
    counter.take(report(1000, 0), 0.0)
    assert counter.take(report(1100, 0, 0.3), 1.0) == (0.3, 100)
    assert counter.take(report(10, 0, 0.2), 2.0) == (0.2, 1)
    assert counter.take(report(60, 0, 0.1), 3.0) == (0.1, 50)


def test_reports_in_any_order_never_say_more_lost_than_there_was() -> None:
    chance = random.Random(1)
    for _ in range(50):
        counter = LossCounter()
        true = [(n, n // 20) for n in range(100, 2000, 5)]
        arrived = sorted((n / 200 + chance.random() * 0.1, n, lost) for n, lost in true)
        given = [counter.take(report(n, lost), now_s) for now_s, n, lost in arrived]
        packets = sum(of for _, of in given[1:])
        assert sum(share * of for share, of in given[1:]) <= packets * 0.05 + 1
