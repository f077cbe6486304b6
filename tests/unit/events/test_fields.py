from __future__ import annotations

from datetime import UTC, datetime

import pytest

from webinar.base.errors import Invalid
from webinar.events.fields import NewEvent, parse_change, parse_new

START = datetime(2026, 12, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("title", ["", " ", "\u3000", "two\nlines", "null\x00", "a" * 201, "bell\x07"])
def test_a_title_without_anything_to_see_or_with_control_characters_is_refused(title: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_new({"title": title, "starts_at": START.isoformat()})
    assert [f.field for f in refused.value.fields] == ["title"]


def test_a_form_names_all_fields_that_are_missing_or_wrong() -> None:
    with pytest.raises(Invalid) as refused:
        parse_new({"capacity": "none", "language": "fr", "timezone": 3})
    assert {f.field for f in refused.value.fields} == {"title", "starts_at", "capacity", "language", "timezone"}
    assert all(f.message.endswith((".", "?")) for f in refused.value.fields)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(Invalid):
        parse_new({"title": "A", "starts_at": "2026-12-01T05:00:00"})


def test_forms_bring_strings_and_the_api_does_not() -> None:
    assert parse_new({"title": "A", "starts_at": START.isoformat(), "capacity": "40"}).capacity == 40
    with pytest.raises(ValueError, match="capacity"):
        NewEvent.model_validate_json('{"title": "A", "starts_at": "2026-12-01T05:00:00Z", "capacity": "40"}')


def test_a_change_knows_what_was_given() -> None:
    change = parse_change({"title": "B"})
    assert change.model_fields_set == {"title"}
