"""Agendas, series and run sheets, by rule."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.errors import Conflict, Invalid, NotFound
from webinar.events.copies import Rhythm, further, later
from webinar.events.plan.model import (
    AgendaItem,
    AgendaShift,
    NewAgendaItem,
    Slot,
    check_agenda,
    delayed,
    in_a_row,
    offered,
    swapped,
)

START = datetime(2026, 12, 1, 5, tzinfo=UTC)
HALF = timedelta(minutes=30)
slots = st.builds(Slot, st.integers(-600, 600), st.integers(1, 300))


@given(slots, slots)
def test_two_items_that_change_places_take_the_time_they_took(first: Slot, second: Slot) -> None:
    new_first, new_second = swapped(first, second)
    assert new_first.start == first.start
    assert (new_first.length, new_second.length) == (second.length, first.length)
    assert new_second.start - new_first.end == second.start - first.end
    assert new_second.end - new_first.start == second.end - first.start
    assert swapped(new_first, new_second) == (first, second)


@given(st.lists(slots, min_size=1, max_size=20))
def test_in_a_row_there_is_no_gap(given_: list[Slot]) -> None:
    found = in_a_row(given_)
    assert found[0].start == given_[0].start
    assert [slot.length for slot in found] == [slot.length for slot in given_]
    assert all(one.end == other.start for one, other in itertools.pairwise(found))


@pytest.mark.parametrize("rhythm", list(Rhythm))
def test_every_date_of_a_series_has_the_same_time_of_day_and_no_two_are_one(rhythm: Rhythm) -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 1, 31, 18, tzinfo=zone)
    found = [later(start.astimezone(UTC), "Europe/Berlin", rhythm, n).astimezone(zone) for n in range(14)]
    assert {(one.hour, one.minute) for one in found} == {(18, 0)}
    assert found[0] == start
    assert sorted(set(found)) == found


def test_a_month_without_the_day_has_its_last() -> None:
    start = datetime(2026, 1, 31, 5, tzinfo=UTC)
    found = [later(start, "UTC", Rhythm.MONTHLY, n) for n in range(4)]
    assert [(one.month, one.day) for one in found] == [(1, 31), (2, 28), (3, 31), (4, 30)]


@pytest.mark.parametrize(
    ("dates", "more"),
    [
        (["01-31", "02-28"], ["03-31", "04-30"]),
        (["01-30", "02-28"], ["03-30", "04-30"]),
        (["01-31", "02-28", "03-31", "04-30"], ["05-31", "06-30"]),
        (["01-31", "02-15"], ["03-15", "04-15"]),  # moved
        (["01-31", "03-30", "04-30"], ["05-30", "06-30"]),  # moved from March on
        (["02-28"], ["03-28", "04-28"]),
    ],
)
def test_months_added_to_a_series_keep_the_day_that_a_short_month_did_not_have(
    dates: list[str], more: list[str]
) -> None:
    zone = ZoneInfo("Asia/Seoul")
    starts = [datetime.fromisoformat(f"2027-{one}T08:00").replace(tzinfo=zone).astimezone(UTC) for one in dates]
    found = further(starts, zone.key, Rhythm.MONTHLY, 2, START)
    assert [f"{one.astimezone(zone):%m-%d %H}" for one in found] == [f"{one} 08" for one in more]


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        (START, START, "items.0.ends_at"),
        (START, START + timedelta(days=2), "items.0.ends_at"),
        (START - timedelta(days=3), START - timedelta(days=2, hours=12), "items.0.starts_at"),
    ],
)
def test_an_item_that_cannot_be_is_refused(starts: datetime, ends: datetime, field: str) -> None:
    item = NewAgendaItem(title="A", starts_at=starts, ends_at=ends)
    with pytest.raises(Invalid) as refused:
        check_agenda([item], START, START + timedelta(hours=1))
    assert [problem.field for problem in refused.value.fields] == [field]


AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
AGENDA = [
    AgendaItem(uuid.uuid4(), uuid.uuid4(), n, f"{n}", "", "", AT + n * HALF, AT + (n + 1) * HALF) for n in range(3)
]


def test_an_item_and_all_after_it_begin_later_and_none_before_what_it_follows() -> None:
    moved = delayed(AGENDA, AgendaShift(item=AGENDA[1].id, minutes=20), AT)
    assert [item.title for item in moved] == ["1", "2"]
    assert [item.starts_at - AT for item in moved] == [timedelta(minutes=50), timedelta(minutes=80)]
    assert all(item.ends_at - item.starts_at == HALF for item in moved)
    assert delayed(AGENDA, AgendaShift(item=AGENDA[2].id, minutes=-30), AT)[0].starts_at == AT + HALF
    with pytest.raises(Invalid):
        delayed(AGENDA, AgendaShift(item=AGENDA[2].id, minutes=-31), AT)
    with pytest.raises(NotFound):
        delayed(AGENDA, AgendaShift(item=uuid.uuid4(), minutes=5), AT)


def test_an_item_that_runs_only_ends_later_and_nothing_moves_into_the_past() -> None:
    now = AT + timedelta(minutes=40)
    moved = delayed(AGENDA, AgendaShift(item=AGENDA[1].id, minutes=20), now)
    assert [(item.starts_at - AT, item.ends_at - AT) for item in moved] == [
        (HALF, timedelta(minutes=80)),
        (timedelta(minutes=80), timedelta(minutes=110)),
    ]
    assert delayed(AGENDA, AgendaShift(item=AGENDA[1].id, minutes=-19), now)[0].ends_at == now + timedelta(minutes=1)
    for item, minutes in ((AGENDA[1], -20), (AGENDA[2], -21)):
        with pytest.raises(Invalid) as refused:
            delayed(AGENDA, AgendaShift(item=item.id, minutes=minutes), now)
        assert [problem.field for problem in refused.value.fields] == ["minutes"]
    with pytest.raises(Conflict) as over:
        delayed(AGENDA, AgendaShift(item=AGENDA[0].id, minutes=20), now)
    assert over.value.code == "item_over"


def test_a_delay_that_is_sent_twice_moves_once() -> None:
    delay = AgendaShift(item=AGENDA[2].id, minutes=20, ends_at=AGENDA[2].ends_at)
    (moved,) = delayed(AGENDA, delay, AT)
    with pytest.raises(Conflict) as again:
        delayed([*AGENDA[:2], moved], delay, AT)
    assert again.value.code == "agenda_changed"


def test_what_is_offered_is_what_can_be_done_now_and_nothing_that_can_be_is_left_out() -> None:
    event, now = uuid.uuid4(), START + timedelta(minutes=65)

    def item(n: int, start: int, length: int) -> AgendaItem:
        begins = START + timedelta(minutes=start)
        return AgendaItem(uuid.UUID(int=n), event, n, str(n), "", "", begins, begins + timedelta(minutes=length))

    over, running, soon, last = item(1, 0, 60), item(2, 60, 12), item(3, 72, 30), item(4, 120, 30)
    later = (5, 10, 15, 20, 30, 45, 60)
    assert offered([over, running, soon, last], now) == {
        running.id: (*later, -5),
        soon.id: (*later, -5),
        last.id: (*later, -5, -10, -15, -30),
    }
    assert offered([over], now) == {}
