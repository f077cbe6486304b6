from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.an_event import an_event
from webinar.base.errors import Invalid
from webinar.pages import event_form
from webinar.pages.forms import Sent

EVENT = an_event(
    datetime(2026, 11, 24, 5, 0, tzinfo=UTC),
    datetime(2026, 11, 24, 6, 10, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    description="Line 1\nLine 2",
)


def sent(**changes: str) -> Sent:
    return Sent({**event_form.of_event(EVENT).values, **changes})


def test_an_event_shown_and_sent_back_unchanged_changes_nothing() -> None:
    assert event_form.change(sent(), EVENT).model_fields_set == set()


def test_a_browsers_line_ends_are_no_change() -> None:
    assert event_form.change(sent(description="Line 1\r\nLine 2\r\n"), EVENT).model_fields_set == set()


def test_only_what_was_changed_is_asked_for() -> None:
    change = event_form.change(sent(title=" New  title ", capacity="50"), EVENT)
    assert change.model_dump(exclude_unset=True) == {"title": "New title", "capacity": 50}


def test_another_zone_moves_the_moment_and_keeps_the_clock() -> None:
    change = event_form.change(sent(timezone="Europe/Berlin"), EVENT)
    assert change.starts_at == datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    assert change.ends_at == datetime(2026, 11, 24, 14, 10, tzinfo=UTC)


def test_an_odd_length_stays_a_choice() -> None:
    assert 70 in event_form.context(event_form.of_event(EVENT))["lengths"]  # type: ignore[operator]


def test_a_new_event_starts_in_its_zone_and_lasts_its_length() -> None:
    new = event_form.new_event(sent(length="90"))
    assert new.starts_at == EVENT.starts_at
    assert new.ends_at == EVENT.starts_at + timedelta(minutes=90)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"date": "soon"}, "starts_at"),
        ({"length": "-5"}, "ends_at"),
        ({"length": "9" * 30}, "ends_at"),
        ({"timezone": "Mars/Olympus"}, "starts_at"),
        ({"capacity": "0"}, "capacity"),
        ({"capacity": "many"}, "capacity"),
        ({"registration": "maybe"}, "registration"),
        ({"language": "xx"}, "language"),
        ({"description": "x" * 10_001}, "description"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(changes: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as error:
        event_form.new_event(sent(**changes))
    assert field in {problem.field for problem in error.value.fields}


def test_a_blank_form_is_tomorrow_afternoon_in_seoul() -> None:
    evening = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # the 24th in Seoul
    view = event_form.blank("en", evening)
    assert (view.value("date"), view.value("start"), view.value("language")) == ("2026-11-25", "14:00", "en")


def test_every_field_of_the_form_is_shown_for_an_event() -> None:
    assert set(event_form.of_event(replace(EVENT, description="")).values) == set(event_form.FIELDS)
