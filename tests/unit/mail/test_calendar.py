from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from webinar.mail.calendar import Entry, Method, ics

START = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
ENTRY = Entry(
    event_id=uuid.UUID(int=7),
    host="webinar.example.org",
    title="연례 학술대회, 첫째 날; 오전",
    starts_at=START,
    ends_at=START + timedelta(hours=2),
    zone="America/New_York",
    url="https://webinar.example.org/j/token",
    text="https://webinar.example.org/j/token",
    sequence=3,
    stamp=START,
    organizer="대한학회",
    organizer_email="webinar@example.org",
    guest="김하나",
    guest_email="kim@example.org",
)


def parsed(method: Method) -> tuple[Any, Any]:
    calendar = Calendar.from_ical(ics(ENTRY, method))
    (event,) = calendar.walk("VEVENT")
    return calendar, event


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Asia/Kolkata", "Africa/Casablanca", "Australia/Lord_Howe"])
def test_times_are_those_of_the_zone_whether_its_clock_changes_or_not(zone: str) -> None:
    calendar = Calendar.from_ical(ics(replace(ENTRY, zone=zone), "PUBLISH"))
    found: list[Any] = [*calendar.walk("VEVENT"), *calendar.walk("VTIMEZONE")]
    event, rules = found
    assert event.start == START
    assert (
        rules.to_tz().utcoffset(START.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
        == START.astimezone(ZoneInfo(zone)).utcoffset()
    )


def test_an_entry_comes_back_as_it_was_with_its_zone() -> None:
    calendar, event = parsed("REQUEST")
    assert str(calendar["METHOD"]) == "REQUEST"
    assert str(event["UID"]) == f"{uuid.UUID(int=7)}@webinar.example.org"
    assert str(event["SUMMARY"]) == ENTRY.title
    assert event.start == START
    assert event.end == ENTRY.ends_at
    assert int(event["SEQUENCE"]) == 3
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["America/New_York"]
    assert event["DTSTART"].params["TZID"] == "America/New_York"


def test_an_update_finds_the_entry_and_asks_for_no_answer() -> None:
    _, event = parsed("REQUEST")
    assert str(event["ORGANIZER"]) == "mailto:webinar@example.org"
    assert str(event["ATTENDEE"]) == "mailto:kim@example.org"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert event["ATTENDEE"].params["CN"] == "김하나"


def test_a_cancellation_takes_the_entry_away_and_rings_no_bell() -> None:
    calendar, event = parsed("CANCEL")
    assert str(calendar["METHOD"]) == "CANCEL"
    assert str(event["STATUS"]) == "CANCELLED"
    assert event.walk("VALARM") == []


def test_what_anybody_may_download_names_nobody() -> None:
    _, event = parsed("PUBLISH")
    assert "ATTENDEE" not in event
    assert len(event.walk("VALARM")) == 1


@pytest.mark.parametrize("method", ["REQUEST", "PUBLISH", "CANCEL"])
def test_lines_are_folded_and_end_as_the_format_wants(method: Method) -> None:
    lines = ics(ENTRY, method).split(b"\r\n")
    assert lines[-1] == b""
    assert max(len(line) for line in lines) <= 75
    assert b"\n" not in b"".join(lines)
