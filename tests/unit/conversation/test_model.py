"""Tables of what was said: pages, spreadsheets that run no formula, data."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from webinar.conversation.model import (
    MESSAGES,
    POLLS,
    QUESTIONS,
    TABLES,
    Asked,
    Polled,
    Said,
    Transcript,
    part,
    to_csv,
    to_json,
    utc,
)

AT = datetime(2026, 12, 1, 5, 0, 0, 123_000, UTC)


def said(seq: int, body: str, name: str = "김하나") -> Said:
    return Said(seq, AT, "message", "a", name, "attendee", body, None, "shown")


def cells(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_page_continues_where_the_one_before_ended() -> None:
    transcript = Transcript([said(n, str(n)) for n in (2, 3, 5, 8)], [], [])
    first = part(MESSAGES, transcript, after=None, limit=3)
    assert ([item.seq for item in first.items], first.next) == ([2, 3, 5], 5)
    last = part(MESSAGES, transcript, after=first.next, limit=3)
    assert ([item.seq for item in last.items], last.next) == ([8], None)
    assert part(MESSAGES, transcript, after=8, limit=3).items == ()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_table_is_a_formula(start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    question = Asked(2, AT, None, None, None, evil, "answered", 3, evil, utc(AT), None)
    poll = Polled(3, AT, evil, "single", (evil, "b"), (0,), False, "closed", (1, 0), 1)
    transcript = Transcript([said(1, evil, evil)], [question], [poll])
    for table in TABLES.values():
        for row in cells(to_csv(table, transcript, time=utc))[1:]:
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_table_opens_in_excel_with_korean_and_lines_kept() -> None:
    data = to_csv(MESSAGES, Transcript([said(1, '첫 줄\n"둘째", 줄')], [], []), time=utc)
    assert data.startswith(b"\xef\xbb\xbf")
    heading, row = cells(data)
    assert heading[:3] == ["number", "time", "name"]
    assert row[:5] == ["1", "2026-12-01T05:00:00.123Z", "김하나", "attendee", '첫 줄\n"둘째", 줄']


def test_a_rating_has_one_row_a_mark_and_a_poll_nobody_counted_empty_cells() -> None:
    rating = Polled(1, AT, "How?", "rating", (), (), True, "shared", (0, 1, 2, 3, 4), 10)
    draft = Polled(2, AT, "Which?", "single", ("a", "b"), (1,), True, "draft", None, None)
    rows = cells(to_csv(POLLS, Transcript([], [], [rating, draft]), time=utc))[1:]
    assert [(row[5], row[7]) for row in rows] == [*((str(n), str(n - 1)) for n in range(1, 6)), ("a", ""), ("b", "")]
    assert [row[6] for row in rows[5:]] == ["", "x"]


def test_data_is_what_the_api_gives() -> None:
    question = Asked(7, AT, None, None, None, "Why?", "new", 2, None, None, None)
    (item,) = json.loads(to_json(QUESTIONS, Transcript([], [question], [])))
    assert (item["seq"], item["at"], item["person"], item["votes"]) == (7, "2026-12-01T05:00:00.123Z", None, 2)
