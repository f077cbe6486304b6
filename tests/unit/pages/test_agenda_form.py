"""An agenda is rearranged as a host expects: times follow rows, pauses stay, nothing typed is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.an_event import an_event
from webinar.base.errors import Invalid
from webinar.pages import agenda_form, rows
from webinar.pages.forms import Sent
from webinar.pages.rows import Done, Row

EVENT = an_event(
    datetime(2026, 12, 1, 5, tzinfo=UTC),  # 14:00 in Seoul
    datetime(2026, 12, 1, 8, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
)


def _row(title: str, start: str, length: str, **more: str) -> Row:
    return {
        "id": "",
        "speakers": "",
        "note": "",
        "day": "2026-12-01",
        "title": title,
        "start": start,
        "length": length,
    } | more


def _short(found: list[Row]) -> list[tuple[str, str, str]]:
    return [(row["title"], row["start"], row["length"]) for row in found]


def test_a_new_item_begins_where_the_last_one_ends() -> None:
    assert _short(agenda_form.arranged([], Done("add"), EVENT)) == [("", "14:00", "30")]
    found = agenda_form.arranged([_row("A", "14:00", "45")], Done("add"), EVENT)
    assert _short(found)[1] == ("", "14:45", "30")


def test_an_item_that_moves_up_changes_times_with_its_neighbour_and_the_pause_stays() -> None:
    typed = [_row("A", "14:00", "10"), _row("B", "14:30", "50"), _row("C", "15:30", "20")]
    assert _short(agenda_form.arranged(typed, Done("up", 1), EVENT)) == [
        ("B", "14:00", "50"),
        ("A", "15:10", "10"),
        ("C", "15:30", "20"),
    ]
    assert agenda_form.arranged(agenda_form.arranged(typed, Done("up", 1), EVENT), Done("down", 0), EVENT) == typed


@pytest.mark.parametrize("done", [Done("up", 0), Done("down", 1), Done("up", 7), Done("remove", -1), Done("nonsense")])
def test_what_cannot_be_done_changes_nothing(done: Done) -> None:
    typed = [_row("A", "14:00", "10"), _row("B", "14:30", "50")]
    assert agenda_form.arranged(typed, done, EVENT) == typed


def test_rows_whose_times_cannot_be_read_move_as_they_are() -> None:
    typed = [_row("A", "", "10"), _row("B", "14:30", "abc", note="kept")]
    assert agenda_form.arranged(typed, Done("down", 0), EVENT) == [typed[1], typed[0]]


def test_one_after_the_other_closes_every_gap() -> None:
    typed = [_row("A", "14:10", "10"), _row("B", "14:00", "50"), _row("C", "17:30", "20")]
    assert [row["start"] for row in agenda_form.arranged(typed, Done("row"), EVENT)] == ["14:10", "14:20", "15:10"]


def test_an_agenda_of_two_days_keeps_its_days() -> None:
    typed = [_row("A", "23:30", "60"), _row("B", "09:00", "30", day="2026-12-02")]
    (row,) = [r for r in agenda_form.arranged(typed[:1], Done("add"), EVENT) if not r["title"]]
    assert (row["day"], row["start"]) == ("2026-12-02", "00:30")
    items = agenda_form.new_items(typed, EVENT)
    assert [item.starts_at for item in items] == [
        datetime(2026, 12, 1, 14, 30, tzinfo=UTC),
        datetime(2026, 12, 2, 0, 0, tzinfo=UTC),
    ]


def test_what_is_wrong_is_said_of_the_row_it_is_in() -> None:
    with pytest.raises(Invalid) as refused:
        agenda_form.new_items([_row("A", "14:00", "10"), _row(" ", "25:00", "0"), _row("C", "14:00", "9999")], EVENT)
    assert {p.field for p in refused.value.fields} == {"items.1.title", "items.1.starts_at", "items.2.ends_at"}


def test_lines_that_were_pasted_become_items() -> None:
    text = """
    제1부
    10:00 Opening - Kim Hana
    - Welcome and house rules
    10:10-10:50 심근경색의 최신 치료 / 이두리
    11시 30분 점심
    13.00 ~ 13.45\tPanel – All speakers
    """
    found = agenda_form.pasted(text, EVENT).rows
    assert [(r["start"], r["length"], r["title"], r["speakers"], r["note"]) for r in found] == [
        ("10:00", "10", "Opening", "Kim Hana", "Welcome and house rules"),
        ("10:10", "40", "심근경색의 최신 치료", "이두리", ""),
        ("11:30", "90", "점심", "", ""),
        ("13:00", "45", "Panel", "All speakers", ""),
    ]
    assert {r["day"] for r in found} == {"2026-12-01"}


@pytest.mark.parametrize(
    "text", ["", "\n\n", "No time at all", "99:99 Nothing", "10:00", "-" * 5000, "10:00 " + "x" * 9000]
)
def test_nothing_that_is_pasted_breaks_it(text: str) -> None:
    for row in agenda_form.pasted(text, EVENT).rows:
        agenda_form.new_items([row], EVENT)


def test_a_clock_that_begins_anew_is_the_next_day() -> None:
    found = agenda_form.pasted("22:00 Evening\n00:30 Night", EVENT).rows
    assert [(r["day"], r["length"]) for r in found] == [("2026-12-01", "150"), ("2026-12-02", "30")]


def test_a_line_of_which_no_item_is_made_is_named_and_becomes_nobodys_note() -> None:
    text = "Part 1\n10:00 Opening\n25:99 Talk\nWelcome\n11:00-11:77 Panel\n\n12:00 Lunch\n13:00 Late"
    found = agenda_form.pasted(text, EVENT, room=2)
    assert [(r["title"], r["note"]) for r in found.rows] == [("Opening", ""), ("Lunch", "")]
    assert [(one.n, one.line, one.why, one.time) for one in found.missed] == [
        (1, "Part 1", "untimed", ""),
        (3, "25:99 Talk", "no_time", "25:99"),
        (4, "Welcome", "untimed", ""),
        (5, "11:00-11:77 Panel", "no_time", "11:00-11:77"),
        (8, "13:00 Late", "no_room", ""),
    ]


def test_a_row_that_ends_after_the_event_is_known() -> None:
    row = agenda_form.pasted("00:00 Early", EVENT).rows[0]
    minutes = int((EVENT.ends_at - EVENT.starts_at).total_seconds() / 60)
    typed = [agenda_form.blank([], EVENT) | {"title": "x", "length": str(length)} for length in (minutes, minutes + 1)]
    assert agenda_form.beyond([*typed, typed[1] | {"title": ""}, row | {"start": "?"}], EVENT) == [
        False,
        True,
        False,
        False,
    ]


def test_an_agenda_that_reaches_beyond_its_event_is_known_by_how_much() -> None:
    inside = _row("A", "14:00", "180")
    assert agenda_form.overhang([inside], EVENT) == agenda_form.Overhang(0, 0)
    typed = [inside, _row("Doors", "13:30", "30"), _row("Talk", "16:45", "30"), _row("", "17:30", "30")]
    assert agenda_form.overhang([*typed, _row("B", "?", "30")], EVENT) == agenda_form.Overhang(30, 15)


def test_rows_are_read_as_typed_and_no_more_than_there_may_be() -> None:
    sent = Sent({f"item-{n}-title": f"T{n}" for n in range(100)} | {"item-x-title": "no", "item-3-start": " 10:00 "})
    found = agenda_form.of_sent(sent)
    assert len(found) == 60
    assert (found[3]["title"], found[3]["start"], found[3]["note"]) == ("T3", "10:00", "")
    assert rows.asked(Sent({"do": "up:3"})) == Done("up", 3)
    assert rows.asked(Sent({"do": "up:²"})) == Done("up", -1)
    assert rows.asked(Sent({})).verb == "save"
