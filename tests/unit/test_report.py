"""What a report is made of: order and search of its people, its drawings, the times that are typed on its pages."""

from __future__ import annotations

import datetime as dt
import re
import uuid
import xml.dom.minidom

import pytest

from webinar.attendance.model import Attended, Judged, Outcome
from webinar.base.errors import Invalid
from webinar.pages import audience_chart
from webinar.pages.audience_chart import Axis
from webinar.pages.event_recording import as_lines, clock, of_lines
from webinar.programme import Happening, Kind
from webinar.recordings.cuts import Chapter
from webinar.registration.model import Attendee, Status
from webinar.report import Person, found, ordered, per_day

START = dt.datetime(2026, 12, 1, 5, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def person(name: str, minutes: int, first: int | None = None, outcome: Outcome | None = None) -> Person:
    who = uuid.uuid4()
    attendee = Attendee(
        id=who, event_id=uuid.UUID(int=1), name=name, email=f"{name.lower()}@example.org", answers={},
        status=Status.APPROVED, link_version=1, language="ko", registered_at=START, decided_at=None,
        first_joined_at=None,
    )  # fmt: skip
    judged = () if outcome is None else (Judged(uuid.UUID(int=2), None, outcome, 60.0 * minutes, 3600.0),)
    at = None if first is None else START + first * MINUTE
    attended = Attended(
        attendee_id=who, spans=(), replay=(), live_s=60.0 * minutes, replay_s=0.0, first_at=at, last_at=at, asked=0,
        confirmed=0, entered_at=None, left_at=None, seen_share=0.0, outcomes=judged, corrections=(),
    )  # fmt: skip
    return Person(attendee, attended)


PEOPLE = [
    person("Bea", 10, 5, Outcome.FAILED),
    person("adam", 50, 1, Outcome.PASSED),
    person("Cho", 0),
    person("Dan", 30, 3, Outcome.OPEN),
]


@pytest.mark.parametrize(
    ("order", "down", "names"),
    [
        ("name", False, "adam Bea Cho Dan"),
        ("minutes", True, "adam Dan Bea Cho"),
        ("first", False, "adam Dan Bea Cho"),
        ("first", True, "Bea Dan adam Cho"),
        ("result", False, "adam Dan Bea Cho"),
    ],
)
def test_people_are_ordered_and_who_did_not_come_is_not_first(order: str, down: bool, names: str) -> None:
    assert " ".join(one.attendee.name for one in ordered(PEOPLE, order, down=down)) == names


def test_people_are_found_by_name_and_address_whatever_the_case() -> None:
    assert [one.attendee.name for one in found(PEOPLE, " ADAM@ ")] == ["adam"]
    assert len(found(PEOPLE, "")) == len(PEOPLE)


def test_days_without_a_registration_are_shown_too_and_by_the_events_own_midnight() -> None:
    late = person("Eve", 0).attendee
    people = [PEOPLE[0].attendee, late]
    assert per_day(people, "UTC") == [(dt.date(2026, 12, 1), 2)]
    assert per_day([], "UTC") == []
    assert per_day(people, "Pacific/Kiritimati")[0][0] == dt.date(2026, 12, 1)
    assert per_day(people, "America/Los_Angeles")[0][0] == dt.date(2026, 11, 30)


def test_the_drawing_is_one_svg_that_says_what_it_shows_and_has_no_style_of_its_own() -> None:
    axis = Axis(START, START + 60 * MINUTE)
    audience = [(START + n * MINUTE, n % 7 * 20) for n in range(60)]
    happenings = [
        Happening(START + 5 * MINUTE, Kind.QUESTION, "<b>Why & how?</b>"),
        Happening(START + 5.2 * MINUTE, Kind.POLL, "Which?"),
        Happening(START + 9 * MINUTE, Kind.SLIDE, "", number=1),
        Happening(START + 20 * MINUTE, Kind.PAUSE, "", START + 25 * MINUTE),
        Happening(START, Kind.AGENDA, "A <talk> with a title", START + 30 * MINUTE),
        Happening(START + 10 * MINUTE, Kind.AGENDA, "beside it", START + 70 * MINUTE),
    ]
    svg = str(audience_chart.chart(audience, happenings, axis, lambda at: f"{at:%H:%M}", 'said "so"'))
    drawn = xml.dom.minidom.parseString(svg)  # noqa: S318 - our own
    (root,) = drawn.getElementsByTagName("svg")
    assert root.getAttribute("aria-label") == 'said "so"'
    assert "style=" not in svg
    texts = re.findall(r"<text [^>]*>([^<]*)</text>", svg)
    assert {"0", "200", "05:10", "2"} <= set(texts)  # the question and the poll are one mark
    numbers = [float(x) for x in re.findall(r'\bx="(-?[\d.]+)"', svg)]
    assert max(numbers) <= audience_chart.WIDTH


@pytest.mark.parametrize("audience", [[], [(START, 0)], [(START, 5000)]])
def test_an_empty_a_short_and_a_large_audience_can_be_drawn(audience: list[tuple[dt.datetime, int]]) -> None:
    svg = str(audience_chart.chart(audience, [], Axis(START, START), lambda at: f"{at:%H:%M}", "x"))
    xml.dom.minidom.parseString(svg)  # noqa: S318
    assert "nan" not in svg


def test_a_bar_shows_what_lies_on_the_axis() -> None:
    axis = Axis(START, START + 10 * MINUTE)
    spans = [(START - 5 * MINUTE, START + MINUTE), (START + 9 * MINUTE, START + 20 * MINUTE), (START - MINUTE, START)]
    svg = str(audience_chart.bar(spans, axis, "x"))
    places = [(float(x), float(w)) for x, w in re.findall(r'<rect x="([\d.]+)" y="0" width="([\d.]+)"', svg)]
    assert len(places) == 2
    assert all(0 <= x <= 200 and x + w <= 200.01 for x, w in places)


def test_chapters_are_typed_a_line_each_and_come_back_as_they_were() -> None:
    made = [Chapter(0.0, "시작"), Chapter(62.5, "둘"), Chapter(3723.0, "Q & A: why?")]
    assert as_lines(made) == "0:00 시작\n1:02.5 둘\n1:02:03 Q & A: why?"
    assert of_lines("\n" + as_lines(made) + "\n  \n") == made
    for line in ("no time", "1:02", "1:99 x", "1:2:3:4 x"):
        with pytest.raises(Invalid):
            of_lines(line)
    assert clock(59.9999) in ("0:59", "1:00", "0:59.999")
