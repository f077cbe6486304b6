from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base import cursor
from webinar.base.errors import BadRequest

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(TIMES, st.uuids())
def test_a_cursor_gives_back_its_row_to_the_microsecond(at: datetime, row: uuid.UUID) -> None:
    text = cursor.write(at, row)
    assert re.fullmatch(cursor.PATTERN, text)
    assert cursor.read(text) == (at, row)


@given(st.from_regex(cursor.PATTERN, fullmatch=True))
def test_every_string_of_the_form_is_a_cursor(text: str) -> None:
    at, _ = cursor.read(text.rstrip("\n"))
    assert at.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "a", "a" * 31, "ä" * 32, "a" * 36])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        cursor.read(text)
