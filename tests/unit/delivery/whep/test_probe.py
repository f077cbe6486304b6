"""What a probe sends, and what it makes of the answers."""

from __future__ import annotations

import pytest

from webinar.base.rtc.rtcp import ReportBlock
from webinar.delivery.whep.probe import GIVE_UP_S, MARGIN, PROBE_S, Probe

CURRENT, GOAL = 300_000, 900_000


def again(highest: int, lost: int) -> ReportBlock:
    return ReportBlock(9, 0.0, lost, highest, 0, 0, 0)


def answers(probe: Probe, *, loss: float = 0.0, round_trip_s: float = 0.05, every_s: float = 0.2) -> tuple[bool, float]:
    """The verdict and when it came, with the same report again and again."""
    now_s = 0.0
    while (good := probe.report(loss, 30, round_trip_s, now_s)) is None:
        now_s += every_s
        assert now_s < 20, "no verdict"
    return good, now_s


def test_the_rate_rises_to_what_the_next_rung_needs() -> None:
    probe, sent = Probe(CURRENT, GOAL, 0.0, 0.05, 0.0), []
    for n in range(1, 91):
        budget = probe.budget(n / 30)
        size = -(-budget // 1100) * 1100  # whole packets
        sent.append(size)
        probe.spent(size)
    assert sum(sent[:15]) * 8 / 0.5 < (GOAL * MARGIN - CURRENT) * 0.4
    assert sum(sent[60:]) * 8 == pytest.approx(GOAL * MARGIN - CURRENT, rel=0.1)


def test_what_could_not_be_sent_is_not_made_up_for_at_once() -> None:
    probe = Probe(CURRENT, GOAL, 0.0, 0.05, 0.0)
    for n in range(1, 61):
        probe.budget(n / 30)
        probe.spent(0)
    assert probe.budget(2.0) * 8 <= (GOAL * MARGIN - CURRENT) * 0.1


def test_a_way_that_carries_it_is_good_after_the_whole_time() -> None:
    good, took_s = answers(Probe(CURRENT, GOAL, 0.0, 0.05, 0.0))
    assert good
    assert took_s >= PROBE_S


def test_a_queue_that_builds_up_ends_it_at_once() -> None:
    good, took_s = answers(Probe(CURRENT, GOAL, 0.0, 0.05, 0.0), round_trip_s=0.2)
    assert not good
    assert took_s < 1


def test_jitter_that_comes_and_goes_does_not() -> None:
    probe = Probe(CURRENT, GOAL, 0.0, 0.05, 0.0)
    verdicts = [probe.report(0.0, 30, (0.05, 0.2, 0.25)[n % 3], n * 0.2) for n in range(19)]
    assert verdicts == [None] * 18 + [True]


def test_forty_reports_of_one_bad_moment_end_nothing() -> None:
    probe = Probe(CURRENT, GOAL, 0.0, 0.05, 0.0)
    for n in range(120):
        bad = n % 20 < 8  # 0.2 s of every half
        loss, packets = (0.7, 2) if n % 20 == 0 else (0.0, 5)
        assert probe.report(loss, packets, 0.25 if bad else 0.06, n / 40) is None
    assert probe.report(0.0, 5, 0.06, PROBE_S) is True


def test_loss_by_chance_as_before_is_no_reason_and_more_of_it_is() -> None:
    assert answers(Probe(CURRENT, GOAL, 0.03, 0.05, 0.0), loss=0.04)[0]
    assert not answers(Probe(CURRENT, GOAL, 0.0, 0.05, 0.0), loss=0.08)[0]
    good, took_s = answers(Probe(CURRENT, GOAL, 0.03, 0.05, 0.0), loss=0.3)
    assert not good
    assert took_s < 1


def test_loss_of_what_was_sent_again_counts() -> None:
    probe = Probe(CURRENT, GOAL, 0.0, 0.05, 0.0)
    probe.again(again(1000, 3))
    assert probe.report(0.0, 30, 0.05, 0.2) is None
    probe.again(again(1050, 20))
    assert probe.report(0.0, 30, 0.05, 0.4) is False


def test_without_answers_it_is_over_and_not_believed() -> None:
    probe = Probe(CURRENT, GOAL, 0.0, None, 0.0)
    assert not probe.expired(GIVE_UP_S - 0.1)
    assert probe.expired(GIVE_UP_S)
    assert probe.report(0.0, 30, None, PROBE_S + 0.5) is None, "one report is not enough"
