"""The rule engine: what passes, what fails, what is still open, and that nobody gains by telling more."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.attendance import rules
from webinar.attendance.intervals import Spans, union
from webinar.attendance.model import Attended, Correction, Mark, Outcome, Part, Programme, Prompt, Record
from webinar.attendance.plan import Plan, Rule, parse_plan
from webinar.base.errors import Invalid

START = datetime(2026, 11, 24, 5, tzinfo=UTC)
PERSON, EVENT, RULE, OTHER_RULE, ITEM = (uuid.UUID(int=n) for n in range(1, 6))
PASSED, FAILED, OPEN = Outcome.PASSED, Outcome.FAILED, Outcome.OPEN


def m(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def spans(*pairs: tuple[float, float]) -> Spans:
    return union((m(a), m(b)) for a, b in pairs)


def programme(ended: float | None = 100, **more: Any) -> Programme:
    state = "live" if ended is None else "ended"
    return Programme(EVENT, state, START, m(100), START, None if ended is None else m(ended), **more)


def rule(**asked: Any) -> Rule:
    return Rule(id=RULE, **asked)


def judge(plan: Plan, of: Programme, *there: tuple[float, float], at: float = 101, **more: Any) -> Attended:
    prompts = more.pop("prompts", ())
    return rules.judge(plan, of, prompts, Record(PERSON, live={"a": spans(*there)}, **more), m(at))


def outcome(plan: Plan, of: Programme, *there: tuple[float, float], at: float = 101, **more: Any) -> Outcome | None:
    return judge(plan, of, *there, at=at, **more).outcome


def test_a_share_is_of_the_whole_programme_and_is_decided_at_its_end() -> None:
    plan = Plan(rules=(rule(share=80),))
    assert outcome(plan, programme(), (0, 80)) is PASSED
    assert outcome(plan, programme(), (0, 79.99)) is FAILED
    assert outcome(plan, programme(None), (0, 50), at=50) is OPEN
    # What was watched before the start or after the end is of no use.
    assert outcome(plan, programme(), (-50, 70), (100, 200)) is FAILED


def test_minutes_are_passed_as_soon_as_they_are_reached() -> None:
    plan = Plan(rules=(rule(minutes=30),))
    assert outcome(plan, programme(None), (10, 40), at=41) is PASSED
    assert outcome(plan, programme(None), (10, 39), at=41) is OPEN
    assert outcome(plan, programme(), (10, 39)) is FAILED


def test_breaks_count_or_neither_are_needed_nor_watched() -> None:
    breaks = programme(pauses=spans((40, 60)))
    watched = (0, 64)
    assert outcome(Plan(rules=(rule(share=80),)), breaks, watched) is FAILED  # 64 of 100
    judged = judge(Plan(pauses_count=False, rules=(rule(share=55),)), breaks, watched).outcomes[0]
    assert (judged.watched_s, judged.programme_s, judged.outcome) == (44 * 60, 80 * 60, PASSED)


def test_an_item_of_the_agenda_is_judged_by_itself_as_soon_as_it_is_over() -> None:
    item = Part(ITEM, "기조 강연", m(20), m(40))
    plan = Plan(rules=(rule(share=50, agenda_item_id=ITEM),))
    assert outcome(plan, programme(None, parts=(item,)), (30, 40), at=45) is PASSED
    assert outcome(plan, programme(None, parts=(item,)), (31, 60), at=60) is FAILED
    assert outcome(plan, programme(None, parts=(item,)), (0, 25), at=30) is OPEN
    assert judge(plan, programme()).outcomes == ()  # the item was deleted


def test_enter_and_leave_count_within_their_windows() -> None:
    plan = Plan(windows=True, rules=(rule(enter=True, leave=True),))
    in_time = (Mark("enter", m(-5)), Mark("leave", m(99)))
    assert outcome(plan, programme(), marks=in_time) is PASSED
    assert outcome(plan, programme(None), at=10) is OPEN
    assert outcome(plan, programme(None), at=16) is FAILED  # Enter closed at 15
    assert outcome(plan, programme(None), at=120, marks=in_time[:1]) is OPEN  # who runs late may check out
    assert outcome(plan, programme(), at=101, marks=in_time[:1]) is FAILED  # the end closes it
    assert outcome(plan, programme(), at=131, marks=(in_time[0], Mark("leave", m(101)))) is FAILED
    assert outcome(plan, programme(), at=131, marks=(Mark("enter", m(-40)), in_time[1])) is FAILED
    assert outcome(plan, programme(5), at=10) is FAILED  # check-in, too


def test_who_stayed_to_an_end_before_the_time_to_check_out_has_not_missed_it() -> None:
    plan = Plan(windows=True, rules=(rule(leave=True),))
    assert outcome(plan, programme(50), (10, 49.5)) is PASSED
    assert outcome(plan, programme(50), (10, 40)) is FAILED
    assert outcome(plan, programme(50)) is FAILED


def test_the_first_and_the_last_moment_are_of_who_was_there_live() -> None:
    seen = judge(Plan(), programme(), (10, 40), replay={"a": spans((200, 230))})
    assert (seen.first_at, seen.last_at, seen.replay_s) == (m(10), m(40), 30 * 60)


def test_who_was_there_was_asked_and_must_have_answered() -> None:
    plan = Plan(prompts_per_hour=2, answer_min=3, rules=(rule(confirmed=100),))
    prompts = (Prompt(1, m(20), m(23)), Prompt(2, m(60), m(63)), Prompt(3, m(98), m(101)))
    answered = (Mark("confirm", m(21), 1),)
    first_half = judge(plan, programme(), (0, 50), marks=answered, prompts=prompts)
    assert (first_half.asked, first_half.confirmed, first_half.outcome) == (1, 1, PASSED)
    whole = judge(plan, programme(), (0, 100), marks=answered, prompts=prompts)
    assert (whole.asked, whole.confirmed, whole.outcome) == (2, 1, FAILED)  # the third was cut short by the end
    late = judge(plan, programme(), (0, 50), marks=(Mark("confirm", m(24), 1),), prompts=prompts)
    assert (late.asked, late.confirmed) == (1, 0)


def correction(kind: Any, *times: float, rule_id: uuid.UUID | None = None) -> Correction:
    start, end = (m(times[0]), m(times[1])) if times else (None, None)
    return Correction(uuid.uuid4(), PERSON, kind, start, end, rule_id, "reason", "host", b"salt", m(0))


def test_the_host_has_the_last_word_and_the_record_stays_beside_it() -> None:
    plan = Plan(rules=(rule(share=80), Rule(id=OTHER_RULE, minutes=90)))
    added = (correction("add", 50, 100),)
    assert outcome(plan, programme(), (0, 50), corrections=added) is PASSED
    assert outcome(plan, programme(), (0, 50), corrections=(*added, correction("remove", 0, 50))) is FAILED
    one = judge(plan, programme(), corrections=(correction("pass", rule_id=RULE),))
    assert [(o.outcome, o.corrected) for o in one.outcomes] == [(PASSED, True), (FAILED, False)]
    both = (correction("pass"), correction("fail", rule_id=OTHER_RULE))
    assert [o.outcome for o in judge(plan, programme(), corrections=both).outcomes] == [PASSED, FAILED]


def test_without_rules_there_is_no_outcome_and_minutes_are_there() -> None:
    one = judge(Plan(), programme(), (0, 10), seen=spans((0, 5)), replay={"b": spans((200, 230))})
    assert (one.outcome, one.live_s, one.replay_s, one.seen_share, one.devices) == (None, 600, 1800, 0.5, 2)


PAIRS = st.lists(st.tuples(st.integers(-30, 130), st.integers(-30, 130)), max_size=6)


@given(PAIRS, PAIRS, st.integers(1, 100), st.booleans())
def test_two_devices_count_once_and_never_more_than_the_programme(
    one: list[tuple[float, float]], other: list[tuple[float, float]], share: int, pauses_count: bool
) -> None:
    plan = Plan(pauses_count=pauses_count, rules=(rule(share=share),))
    of = programme(pauses=spans((30, 40), (70, 75)))
    apart = rules.judge(plan, of, (), Record(PERSON, live={"a": spans(*one), "b": spans(*other)}), m(101))
    together = rules.judge(plan, of, (), Record(PERSON, live={"a": union(spans(*one), spans(*other))}), m(101))
    assert apart.spans == together.spans
    assert apart.outcomes == together.outcomes
    judged = apart.outcomes[0]
    assert 0 <= judged.watched_s <= judged.programme_s <= 100 * 60
    assert (judged.outcome is PASSED) == (100 * judged.watched_s >= share * judged.programme_s)


@given(PAIRS, PAIRS, st.integers(1, 100))
def test_who_watches_more_never_loses_by_it(
    one: list[tuple[float, float]], more: list[tuple[float, float]], share: int
) -> None:
    plan = Plan(rules=(rule(share=share),))
    less = judge(plan, programme(), *one).outcome
    assert not (less is PASSED and judge(plan, programme(), *one, *more).outcome is FAILED)


@given(st.integers(1, 6), st.integers(0, 2**32))
def test_prompts_come_about_as_often_as_asked_and_never_two_near_each_other(per_hour: int, seed: int) -> None:
    plan = Plan(prompts_per_hour=per_hour, answer_min=min(3, 30 // per_hour))
    of, drawn, draw = programme(None), [], random.Random(seed)
    last: Prompt | None = None
    while last is None or last.at < m(600):
        now = START if last is None else last.at + timedelta(seconds=1)
        last = rules.next_prompt(plan, of, last, now, draw)
        assert last is not None
        drawn.append(last)
    least = timedelta(minutes=30 / per_hour) - timedelta(seconds=1)
    assert drawn[0].at - START >= least
    for before, after in pairwise(drawn):
        assert after.at - before.at >= least
        assert after.at >= before.until
    assert 6 * per_hour <= len(drawn) <= 20 * per_hour + 2
    assert rules.next_prompt(plan, programme(), last, m(700), draw) is None  # over
    assert rules.next_prompt(Plan(), of, None, START, draw) is None


def test_the_audience_is_who_was_there_at_each_step() -> None:
    people = {uuid.uuid4(): spans((0, 30)), uuid.uuid4(): spans((10, 20), (40, 99)), uuid.uuid4(): spans((30, 31))}
    found = rules.audience(people, programme(50), timedelta(minutes=10), m(60))
    assert found == [(m(0), 1), (m(10), 2), (m(20), 1), (m(30), 1), (m(40), 1), (m(50), 1)]
    assert rules.audience(people, Programme(EVENT, "scheduled", START, m(9), None, None), timedelta(1), m(0)) == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"rules": [{}]}, "rules.0"),
        ({"prompts_per_hour": "6", "answer_min": "6"}, "answer_min"),
        ({"enter_after_min": "-1"}, "enter_after_min"),
        ({"rules": [{"share": "101"}]}, "rules.0.share"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused_by_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_plan(fields)
    assert [problem.field for problem in refused.value.fields] == [named]
