from __future__ import annotations

import datetime as dt

import pytest

from webinar.base.errors import Invalid
from webinar.recordings.cuts import Chapter, RecordingClock, check_chapters, check_cut, vtt_time, webvtt
from webinar.recordings.gate import Gate, Refused, Who, refusal

NOW = dt.datetime(2026, 12, 1, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def test_a_cut_lies_inside_the_recording_and_an_end_at_its_end_is_none() -> None:
    assert check_cut(3.0, 60.0, 60.0) == (3.0, None)
    assert check_cut(3.0, 59.0, 60.0) == (3.0, 59.0)
    for from_s, to_s in ((60.0, None), (-1.0, None), (3.0, 3.9), (float("nan"), None)):
        with pytest.raises(Invalid):
            check_cut(from_s, to_s, 60.0)


def test_chapters_are_put_in_order_and_their_titles_on_one_line() -> None:
    made = check_chapters([Chapter(9, "둘\n번째"), Chapter(1, " \u202e하나 "), Chapter(9.0002, "again")], 60.0)
    assert made == [Chapter(1, "하나"), Chapter(9, "again")]
    assert check_chapters([Chapter(0, "x" * 300)], 60)[0].title == "x" * 119 + "…"
    for bad in (Chapter(60, "late"), Chapter(-1, "early"), Chapter(1, "\u200b"), Chapter(float("nan"), "x")):
        with pytest.raises(Invalid):
            check_chapters([bad], 60.0)
    with pytest.raises(Invalid):
        check_chapters([Chapter(n, "x") for n in range(201)], 1000.0)


def test_a_chapter_file_has_a_cue_each_and_no_tag_of_peoples() -> None:
    made = webvtt([Chapter(0, "a --> b <i>"), Chapter(61.5, "Q & A")], 3661.0)
    assert made == (
        "WEBVTT\n\n00:00:00.000 --> 00:01:01.500\na --&gt; b &lt;i&gt;\n\n00:01:01.500 --> 01:01:01.000\nQ &amp; A\n"
    )
    assert vtt_time(-1) == "00:00:00.000"


def test_the_clock_of_a_recording_has_its_sessions_one_behind_the_other() -> None:
    clock = RecordingClock([(NOW + HOUR, 60.0), (NOW, 100.0)])
    minute = dt.timedelta(minutes=1)
    assert clock.at(NOW - minute) == 0.0
    assert clock.at(NOW + minute) == 60.0
    assert clock.at(NOW + 10 * minute) == 100.0  # while nobody was on air
    assert clock.at(NOW + HOUR + minute / 2) == 130.0
    assert clock.at(NOW + 2 * HOUR) == 160.0
    assert clock.moment(130.0) == NOW + HOUR + minute / 2
    assert RecordingClock([]).moment(1.0) is None


@pytest.mark.parametrize(
    ("gate", "seated", "attended", "why"),
    [
        (Gate(Who.NOBODY), True, True, Refused.NOBODY),
        (Gate(Who.REGISTERED), True, False, None),
        (Gate(Who.REGISTERED), False, False, Refused.NOT_PUBLIC),
        (Gate(Who.ATTENDED), True, True, None),
        (Gate(Who.ATTENDED), True, False, Refused.NOT_ATTENDED),
        (Gate(Who.ATTENDED), False, False, Refused.NOT_PUBLIC),
        (Gate(Who.LINK), False, False, None),
        (Gate(Who.LINK, NOW), False, False, Refused.EXPIRED),
        (Gate(Who.LINK, NOW + HOUR), False, False, None),
        (Gate(Who.NOBODY, NOW), True, True, Refused.NOBODY),
    ],
)
def test_the_gate_lets_in_whom_the_host_chose_until_its_hour(
    gate: Gate, seated: bool, attended: bool, why: Refused | None
) -> None:
    assert refusal(gate, NOW, seated=seated, attended=attended) is why
