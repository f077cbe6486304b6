from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from webinar.attendance.evidence import Evidence

PERSON = uuid.uuid4()
START = datetime(2026, 11, 24, 5, tzinfo=UTC)


def s(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_who_is_heard_every_half_minute_is_one_span_and_silence_ends_it() -> None:
    evidence = Evidence()
    for moment in (0, 20, 45, 200, 220):
        evidence.saw(PERSON, s(moment))
    assert evidence.take() == {PERSON: ((s(0), s(45)), (s(200), s(220)))}
    assert not evidence
    evidence.saw(PERSON, s(240))
    assert evidence.take() == {PERSON: ((s(200), s(240)),)}


def test_what_could_not_be_written_is_there_the_next_time() -> None:
    evidence = Evidence()
    for moment in (0, 30, 100, 130):
        evidence.saw(PERSON, s(moment))
    taken = evidence.take()
    evidence.saw(PERSON, s(160))
    evidence.give_back(taken)
    assert evidence.take() == {PERSON: ((s(0), s(30)), (s(100), s(160)))}
