"""The rule engine: what somebody did, seen through what the event asks for. Pure.

It judges the record, not attention.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from webinar.attendance.intervals import Span, Spans, common, seconds, union, without
from webinar.attendance.model import Attended, Correction, Judged, Mark, Outcome, Programme, Prompt, Record, Window
from webinar.attendance.plan import Plan, Rule

# The clocks of a browser and of two servers agree no better than this.
_CLOCKS: Final = timedelta(seconds=2)
# Somebody was asked who watched for this share of the time to answer; who answered was asked in any case.
_ASKED: Final = 0.5
# While an event is live nobody knows its end: checking out stays open at least for so long.
_GOES_ON: Final = timedelta(hours=1)
# Where an event was over before people could check out, who was there so shortly before its end stayed to it.
_STAYED: Final = timedelta(minutes=1)
# A new prompt comes no sooner than this after it was drawn: browsers hear of it before its time.
NOTICE: Final = timedelta(seconds=45)


def enter_window(plan: Plan, programme: Programme) -> Window | None:
    """When people can check in: around the planned start, or the real one when that is later; not after the end."""
    if not plan.windows:
        return None
    start = max(programme.starts_at, programme.started_at or programme.starts_at)
    opens = programme.starts_at - timedelta(minutes=plan.enter_before_min)
    closes = start + timedelta(minutes=plan.enter_after_min)
    if programme.ended_at is not None:
        closes = min(closes, programme.ended_at)
    return Window(min(opens, closes), closes)


def leave_window(plan: Plan, programme: Programme, now: datetime) -> Window | None:
    """When people can check out: from before the planned end until the real one, whenever that is.

    None also where the event was over before it opened.
    """
    if not plan.windows or programme.started_at is None:
        return None
    opens = programme.ends_at - timedelta(minutes=plan.leave_before_min)
    closes = programme.ended_at or max(programme.ends_at, now) + _GOES_ON
    return Window(opens, closes) if opens < closes else None


def next_prompt(
    plan: Plan, programme: Programme, last: Prompt | None, now: datetime, draw: random.Random
) -> Prompt | None:
    """The one after `last`, at a moment nobody can foresee, never near another; None where there is none to come."""
    gaps = plan.prompt_gaps
    if gaps is None or programme.started_at is None or programme.over:
        return None
    least, most = gaps
    after = programme.started_at if last is None else last.at
    at = max(after + least + (most - least) * draw.random(), now + NOTICE)
    at = at.replace(microsecond=0)
    number = 1 if last is None else last.number + 1
    return Prompt(number, at, at + timedelta(minutes=plan.answer_min))


def counted(plan: Plan, programme: Programme, span: Span | None, now: datetime) -> Spans:
    """The programme so far within `span` (None: all of it), without breaks where they do not count."""
    so_far = programme.so_far(now)
    within = so_far if span is None else common(so_far, (span,))
    return within if plan.pauses_count else without(within, programme.pauses)


def present(record: Record) -> Spans:
    """When somebody was there live: on any device, as corrected by the host in the order of the corrections."""
    spans = union(*record.live.values())
    for change in record.corrections:
        if change.started_at is None or change.ended_at is None:
            continue
        changed = ((change.started_at, change.ended_at),)
        spans = union(spans, changed) if change.kind == "add" else without(spans, changed)
    return spans


def valid_mark(marks: Sequence[Mark], kind: str, window: Window | None) -> datetime | None:
    """The first mark of a kind within its window."""
    found = [mark.at for mark in marks if mark.kind == kind and window is not None and window.open(mark.at)]
    return min(found, default=None)


def asked_and_confirmed(
    spans: Spans, marks: Sequence[Mark], prompts: Sequence[Prompt], now: datetime
) -> tuple[int, int]:
    """How many prompts somebody was there for whose time is over, or that they answered, and how many they answered."""
    answers = {mark.prompt: mark.at for mark in marks if mark.kind == "confirm"}
    asked = confirmed = 0
    for prompt in prompts:
        answer = answers.get(prompt.number)
        if answer is not None and prompt.at - _CLOCKS <= answer <= prompt.until + _CLOCKS:
            asked, confirmed = asked + 1, confirmed + 1
        elif prompt.until < now:
            there = seconds(common(spans, ((prompt.at, prompt.until),)))
            asked += there >= _ASKED * (prompt.until - prompt.at).total_seconds()
    return asked, confirmed


def judge(plan: Plan, programme: Programme, prompts: Sequence[Prompt], record: Record, now: datetime) -> Attended:
    """How one person stands now."""
    live, replay = present(record), union(*record.replay.values())
    # A prompt whose time to answer the end cut short is nobody's fault.
    heard = [p for p in prompts if programme.ended_at is None or p.until <= programme.ended_at]
    entered = valid_mark(record.marks, "enter", enter_window(plan, programme))
    left = valid_mark(record.marks, "leave", leave_window(plan, programme, now))
    parts = {part.id: (part.starts_at, part.ends_at) for part in programme.parts}
    outcomes = []
    for rule in plan.rules:
        if rule.id is None or (rule.agenda_item_id is not None and rule.agenda_item_id not in parts):
            continue  # the item was deleted
        span = None if rule.agenda_item_id is None else parts[rule.agenda_item_id]
        judged = _by_rule(rule, rule.id, plan, programme, heard, record.marks, live, span, (entered, left), now)
        outcomes.append(_corrected(judged, record.corrections))
    asked, confirmed = asked_and_confirmed(live, record.marks, heard, now)
    live_s = seconds(live)
    return Attended(
        attendee_id=record.attendee_id,
        spans=live,
        replay=replay,
        live_s=live_s,
        replay_s=seconds(replay),
        first_at=live[0][0] if live else None,
        last_at=live[-1][1] if live else None,
        asked=asked,
        confirmed=confirmed,
        entered_at=entered,
        left_at=left,
        seen_share=seconds(common(live, record.seen)) / live_s if live_s else 0.0,
        outcomes=tuple(outcomes),
        corrections=record.corrections,
        devices=len({*record.live, *record.replay}),
    )


def _by_rule(
    rule: Rule,
    rule_id: uuid.UUID,
    plan: Plan,
    programme: Programme,
    prompts: Sequence[Prompt],
    marks: Sequence[Mark],
    live: Spans,
    span: Span | None,
    pressed: tuple[datetime | None, datetime | None],
    now: datetime,
) -> Judged:
    base = counted(plan, programme, span, now)
    watched_s, programme_s = seconds(common(live, base)), seconds(base)
    over = programme.over or (span is not None and programme.started_at is not None and now >= span[1])
    enter = enter_window(plan, programme)
    steps = []
    if rule.minutes is not None:
        steps.append(_step(watched_s >= 60 * rule.minutes, over))
    if rule.share is not None:
        enough = programme_s > 0 and 100 * watched_s >= rule.share * programme_s
        steps.append(_step(enough and over, over))
    if rule.enter:
        steps.append(_step(pressed[0] is not None, programme.over or (enter is not None and now > enter.closes_at)))
    if rule.leave:
        steps.append(_step(pressed[1] is not None or _stayed(plan, programme, live, now), programme.over))
    if rule.confirmed is not None:
        within = prompts if span is None else [p for p in prompts if span[0] <= p.at < span[1]]
        asked, confirmed = asked_and_confirmed(live, marks, within, now)
        # Nobody was asked: nothing was missed.
        steps.append(_step(over and 100 * confirmed >= rule.confirmed * asked, over))
    return Judged(rule_id, rule.agenda_item_id, _together(steps), watched_s, programme_s)


def _stayed(plan: Plan, programme: Programme, live: Spans, now: datetime) -> bool:
    """Whether somebody was there at the end of an event that was over before anybody could check out."""
    if not plan.windows or programme.ended_at is None or leave_window(plan, programme, now) is not None:
        return False
    return bool(live) and live[-1][1] >= programme.ended_at - _STAYED


def _step(done: bool, over: bool) -> Outcome:
    return Outcome.PASSED if done else Outcome.FAILED if over else Outcome.OPEN


def _together(steps: Sequence[Outcome]) -> Outcome:
    for outcome in (Outcome.FAILED, Outcome.OPEN):
        if outcome in steps:
            return outcome
    return Outcome.PASSED


def _corrected(judged: Judged, corrections: Sequence[Correction]) -> Judged:
    """The host's last word on this rule, or on all."""
    for change in reversed(corrections):
        if change.kind in ("pass", "fail") and change.rule_id in (None, judged.rule_id):
            outcome = Outcome.PASSED if change.kind == "pass" else Outcome.FAILED
            return Judged(
                judged.rule_id, judged.agenda_item_id, outcome, judged.watched_s, judged.programme_s, corrected=True
            )
    return judged


def audience(
    live: Mapping[uuid.UUID, Spans], programme: Programme, step: timedelta, now: datetime
) -> list[tuple[datetime, int]]:
    """How many people were there at each step of the programme, from its start on."""
    so_far = programme.so_far(now)
    if not so_far:
        return []
    start, end = so_far[0]
    count = int((end - start) / step) + 1
    change = [0] * (count + 1)
    for spans in live.values():
        for first, last in spans:
            # The steps k with first <= start + k * step < last.
            low, high = max(-((start - first) // step), 0), min(-((start - last) // step), count)
            if low < high:
                change[low] += 1
                change[high] -= 1
    found, there = [], 0
    for k in range(count):
        there += change[k]
        found.append((start + k * step, there))
    return found
