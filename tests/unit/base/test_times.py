from __future__ import annotations

from datetime import UTC, datetime

import pytest

from webinar.base import times
from webinar.pages import zones

START = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
HALF_PAST = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def test_a_span_says_date_day_and_zone_as_people_do() -> None:
    assert times.span(START, HALF_PAST, "Asia/Seoul", "ko") == "2026년 11월 24일 (화) 오후 2:00 – 3:30 KST"
    assert times.span(START, HALF_PAST, "Asia/Seoul", "en") == "Tue, Nov 24, 2026 2:00 – 3:30 PM KST"


def test_a_zone_is_ahead_of_utc_by_the_minutes_of_that_day() -> None:
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert [times.ahead(START, zone) for zone in ("Asia/Seoul", "Asia/Kolkata", "America/New_York")] == [540, 330, -300]
    assert times.ahead(summer, "America/New_York") == -240


def test_a_span_over_noon_says_both_halves_of_the_day() -> None:
    morning = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    assert times.span(morning, START, "Asia/Seoul", "ko") == "2026년 11월 24일 (화) 오전 11:30 – 오후 2:00 KST"


def test_a_span_over_midnight_says_both_dates() -> None:
    end = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert times.span(START, end, "Asia/Seoul", "en") == "Tue, Nov 24, 2026 2:00 PM – Wed, Nov 25, 2026 1:00 AM KST"


def test_a_zone_without_letters_is_named_by_its_offset() -> None:
    assert times.at(START, "Asia/Kathmandu", "en").endswith("GMT+5:45")
    assert times.at(START, "America/Sao_Paulo", "en").endswith("GMT-3")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (423, "7:03"), (3723, "1:02:03"), (-1, "0:00")]
)
def test_running_times(seconds: float, text: str) -> None:
    assert times.length(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (418_000, "418 KB"), (12_400_000, "12.4 MB"), (1_300_000_000, "1.3 GB")],
)
def test_sizes(count: int, text: str) -> None:
    assert times.size(count) == text


def test_lengths_to_choose() -> None:
    assert [times.minutes(n, "ko") for n in (45, 60, 90)] == ["45분", "1시간", "1시간 30분"]
    assert times.minutes(90, "en") == "1 h 30 min"


def test_a_day_in_the_list_of_events_is_that_of_the_events_zone() -> None:
    late = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    assert times.day_block(late, "Asia/Seoul", "ko") == "<span>12월</span><b>1</b>"


def test_a_clock_of_a_zone_becomes_utc() -> None:
    assert zones.moment("2026-11-24", "14:00", "Asia/Seoul") == START
    assert zones.moment("2026-07-01", "09:00", "America/New_York") == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "zone"),
    [
        ("2026-02-30", "14:00", "Asia/Seoul"),
        ("2026-11-24", "25:00", "Asia/Seoul"),
        ("", "", "Asia/Seoul"),
        ("2026-11-24", "14:00", "Mars/Olympus"),
        ("2026-11-24", "14:00", "../../etc/passwd"),
        ("0001-01-01", "00:00", "Asia/Seoul"),
    ],
)
def test_what_is_no_moment_is_none(day: str, clock: str, zone: str) -> None:
    assert zones.moment(day, clock, zone) is None


def test_zones_are_offered_once_with_their_offset_of_that_day() -> None:
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    common, rest = zones.choices(summer, "Europe/Madrid")
    names = [z.name for z in (*common, *rest)]
    assert len(names) == len(set(names))
    assert {"Europe/Madrid", "Asia/Seoul"} <= {z.name for z in common}
    assert {z.name: z.offset for z in common}["Europe/Berlin"] == "GMT+2"
