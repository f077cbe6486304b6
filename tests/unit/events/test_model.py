from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.errors import Conflict, Invalid
from webinar.events.model import (
    Event,
    EventState,
    check_times,
    check_zone,
    default_end,
    ends_itself_at,
    keeps_promise,
    may_end,
    may_start,
    new_slug,
)

START = datetime(2026, 12, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@given(st.text(max_size=200))
def test_a_slug_of_any_title_is_readable_in_a_path_and_has_a_random_end(title: str) -> None:
    slug = new_slug(title)
    assert re.fullmatch(r"[\w-]+", slug), slug
    assert re.search(r"-[bcdfghjkmnpqrstvwxz2-9]{5}$", slug)
    assert len(slug) <= 46
    assert len(quote(slug)) <= 66


def test_two_slugs_of_one_title_differ() -> None:
    assert len({new_slug("같은 제목") for _ in range(50)}) == 50
    assert new_slug("같은 제목, 2026!").startswith("같은-제목-2026-")


def test_an_address_is_short_also_where_each_syllable_is_written_in_nine_characters() -> None:
    assert new_slug("제27차 대한디지털헬스학회 추계학술대회").startswith("제27차-")
    assert new_slug("대한디지털헬스학회").startswith("대한디지털헬-")
    assert len(quote(new_slug("가을 학술대회: 임상 현장의 인공지능"))) <= 66


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "field"),
    [
        (START, START, "ends_at"),
        (START, START - timedelta(seconds=1), "ends_at"),
        (START, START + timedelta(days=15), "ends_at"),
        (datetime(1999, 1, 1, tzinfo=UTC), START, "starts_at"),
        (datetime(2200, 1, 1, tzinfo=UTC), datetime(2200, 1, 2, tzinfo=UTC), "starts_at"),
    ],
)
def test_times_that_cannot_be_are_refused(starts_at: datetime, ends_at: datetime, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_times(starts_at, ends_at)
    assert [f.field for f in refused.value.fields] == [field]


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_start_has_a_default_end_or_is_refused(starts_at: datetime) -> None:
    try:
        ends_at = default_end(starts_at)
        check_times(starts_at, ends_at)
    except Invalid:
        return
    assert ends_at - starts_at == timedelta(hours=1)


@pytest.mark.parametrize("zone", ["", "../etc/passwd", "asia/seoul", "KST", "Mars/Olympus"])
def test_a_zone_that_is_not_in_the_iana_list_is_refused(zone: str) -> None:
    with pytest.raises(Invalid):
        check_zone(zone)


@pytest.mark.parametrize(
    ("state", "start", "end"),
    [
        (EventState.DRAFT, "event_draft", "not_live"),
        (EventState.SCHEDULED, None, "not_live"),
        (EventState.LIVE, None, None),
        (EventState.ENDED, "event_ended", None),
    ],
)
def test_which_state_follows_which(state: EventState, start: str | None, end: str | None) -> None:
    assert _code(may_start, state) == start
    assert _code(may_end, state) == end


def _code(rule: Any, state: EventState) -> str | None:
    try:
        rule(state)
    except Conflict as error:
        return error.code
    return None


def live(**fields: Any) -> Event:
    made: dict[str, Any] = {f.name: None for f in dataclasses.fields(Event)}
    made |= {"state": EventState.LIVE, "starts_at": START, "ends_at": START + HOUR, "started_at": START, **fields}
    return Event(**made)


def test_an_event_that_nobody_ends_is_over_when_nobody_has_sent_for_so_long_or_after_its_longest_time() -> None:
    def ends(**fields: Any) -> datetime | None:
        return ends_itself_at(live(**fields), 3 * HOUR, 12 * HOUR)

    assert ends() == START + 4 * HOUR
    assert ends(sent_at=START + 3 * HOUR) == START + 6 * HOUR
    assert ends(sent_at=START + 12 * HOUR) == START + 13 * HOUR
    assert ends(ends_at=START + 30 * HOUR) == START + 33 * HOUR
    assert ends(started_at=START + 50 * HOUR) == START + 53 * HOUR  # started long after its planned end
    assert ends(state=EventState.ENDED) is None


def test_an_event_does_not_move_past_the_date_on_which_its_people_were_told_all_is_destroyed() -> None:
    keeps_promise(START, None)
    keeps_promise(START, START + HOUR)
    with pytest.raises(Conflict) as refused:
        keeps_promise(START, START)
    assert refused.value.code == "retention_promised"
