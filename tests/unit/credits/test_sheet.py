"""The table of attendance: one row a person, for spreadsheets that run no formula, and for programs."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

from webinar.base import i18n
from webinar.credits.model import Correction, Need, Person, Presence, Result, RuleResult
from webinar.credits.sheet import COLUMNS, Sheet, to_json
from webinar.credits.workbook import Book

AT = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)
RULE = Need(id=uuid.UUID(int=7), share=80, enter=True)
EVIL = '=HYPERLINK("https://evil.example","x")'
KOREAN = i18n.load("ko").gettext


def person(**fields: Any) -> Person:
    known: dict[str, Any] = {
        "attendee_id": uuid.UUID(int=1),
        "name": "김하나",
        "email": "kim@example.org",
        "status": "approved",
        "answers": {"소속": "대한의학회"},
        "language": "ko",
        "registered_at": AT - timedelta(days=3),
        "first_at": AT,
        "last_at": AT + timedelta(minutes=50),
        "live_s": 2999.0,
        "spans": (Presence("live", AT, AT + timedelta(seconds=2999)),),
        "asked": 3,
        "confirmed": 2,
        "results": (RuleResult(RULE, Result.PASSED, 2999.0, 0.8299),),
        "corrections": (
            Correction(
                uuid.UUID(int=9), AT, "host@example.org", "add", AT, AT + timedelta(minutes=5), "전화로 참석", b"salt"
            ),
        ),
    }
    return Person(**{**known, **fields})


def sheet(**fields: Any) -> Sheet:
    return Sheet(**{"rules": (RULE,), "questions": ("소속",), **fields})


def table(made: Sheet, *people: Person) -> list[list[str]]:
    data = made.csv_head() + b"".join(made.csv_row(one) for one in people)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == len(people) + 1
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_programs_get_stable_names_and_utc() -> None:
    head, row = table(sheet(), person())
    cells = dict(zip(head, row, strict=True))
    assert set(COLUMNS) <= set(head)
    assert cells["first_in"] == "2026-12-01T05:00:00Z"
    assert cells["minutes_live"] == "50.0"
    assert cells["Whole event: 80% watched, Check-in: result"] == "passed"
    assert cells["Whole event: 80% watched, Check-in: %"] == "82"
    assert cells["corrections"] == (
        "2026-12-01T05:00:00Z host@example.org: add 2026-12-01T05:00:00Z – 2026-12-01T05:05:00Z (전화로 참석)"
    )
    assert cells["소속"] == "대한의학회"


def test_people_get_their_language_and_the_time_of_the_event() -> None:
    head, row = table(sheet(words=KOREAN, zone=ZoneInfo("Asia/Seoul")), person())
    cells = dict(zip(head, row, strict=True))
    assert cells["처음 입장"] == "2026-12-01 14:00:00"
    assert all(KOREAN(text) in head for text in COLUMNS.values())
    assert "Whole event" not in " ".join(head)


def test_who_never_came_has_empty_times_and_no_minutes() -> None:
    head, row = table(sheet(), person(first_at=None, last_at=None, live_s=0.0, spans=(), results=(), corrections=()))
    cells = dict(zip(head, row, strict=True))
    assert (cells["first_in"], cells["minutes_live"], cells["corrections"]) == ("", "0.0", "")


def test_no_cell_of_a_csv_is_a_formula() -> None:
    _, row = table(sheet(questions=(EVIL,)), person(name=EVIL, answers={EVIL: "@SUM(1)"}))
    assert [cell for cell in row if cell.startswith(("=", "@", "+", "-"))] == []
    assert f"'{EVIL}" in row


def book(*people: Person, **fields: Any) -> Any:
    made, out = Book(sheet(zone=ZoneInfo("Asia/Seoul"), **fields)), io.BytesIO()
    for one in people:
        made.add([one])
    made.save(out)
    return load_workbook(io.BytesIO(out.getvalue()))


def test_a_workbook_has_real_dates_and_numbers_and_a_sheet_of_intervals() -> None:
    attendance, intervals = book(person(), person(name="이두리")).worksheets
    head = [cell.value for cell in attendance[1]]
    row = dict(zip(head, attendance[2], strict=True))
    assert attendance.freeze_panes == "B2"
    assert row["first_in"].value == datetime(2026, 12, 1, 14, 0)  # noqa: DTZ001 - cells know no zones
    assert row["first_in"].is_date
    assert row["minutes_live"].value == 50.0
    assert [cell.value for cell in intervals[2]][:2] == ["김하나", "Live"]
    assert intervals.max_row == 3


def test_a_workbook_in_korean_has_korean_names() -> None:
    made = book(person(), words=KOREAN)
    assert made.sheetnames == ["출석", "시청 구간"]
    assert made.worksheets[0]["A1"].value == "이름"


def test_no_cell_of_a_workbook_is_a_formula_or_breaks_it() -> None:
    made = book(person(name=EVIL, answers={"소속": "a\x0bb" + "x" * 40_000}))
    cells = [cell for page in made.worksheets for row in page.iter_rows() for cell in row]
    assert [cell for cell in cells if cell.data_type == "f"] == []
    assert EVIL in [cell.value for cell in cells]


def test_json_has_seconds_shares_and_everything_else() -> None:
    told = to_json(person())
    assert told["live_s"] == 2999.0
    assert told["rules"][0]["result"] == "passed"
    assert told["rules"][0]["need"]["share"] == 80
    assert told["spans"] == [{"kind": "live", "started_at": "2026-12-01T05:00:00Z", "ended_at": "2026-12-01T05:49:59Z"}]
    assert told["passed"] is True
    assert (told["corrections"][0]["reason"], told["corrections"][0]["salt"]) == ("전화로 참석", b"salt".hex())
