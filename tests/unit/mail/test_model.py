from __future__ import annotations

import pytest

from webinar.base.errors import Invalid
from webinar.mail import words
from webinar.mail.model import SORTS, Choice, Group, Kind, Plan, Words, check, fill, parse, unknown_places


def refused(kind: Kind, choice: Choice) -> dict[str, str]:
    with pytest.raises(Invalid) as error:
        check(kind, choice)
    return {problem.field: problem.message for problem in error.value.fields}


def test_every_kind_has_words_of_ours_a_name_and_only_places_it_fills() -> None:
    assert set(SORTS) == set(words.OWN) == set(words.NAMES) == set(Kind)
    for kind, own in words.OWN.items():
        assert unknown_places(own.subject, kind) == unknown_places(own.text, kind) == []


def test_a_name_in_braces_that_nothing_stands_for_is_refused_by_name() -> None:
    choice = Choice(ko=Words(subject="{title}", text="{nmae} 님, {link} {nmae}"), en=Words(text="{place}"))
    found = refused(Kind.CONFIRMED, choice)
    assert set(found) == {"ko.text", "en.text"}
    assert "{nmae}" in found["ko.text"]
    assert "{name}, {title}, {when}, {link}" in found["ko.text"]
    check(Kind.WAITING, Choice(en=Words(text="{place}")))


def test_braces_that_hold_no_name_are_left_alone() -> None:
    assert fill("{name}: { } {title", {"name": "Kim"}) == "Kim: { } {title"
    assert fill("{name}", {"name": "{link}", "link": "secret"}) == "{link}"


def test_what_people_ask_for_cannot_be_switched_off_and_what_has_no_time_takes_none() -> None:
    assert set(refused(Kind.LINK, Choice(enabled=False))) == {"enabled"}
    assert set(refused(Kind.CONFIRMED, Choice(minutes=5))) == {"minutes"}
    assert set(refused(Kind.DAY, Choice(minutes=8 * 24 * 60))) == {"minutes"}
    check(Kind.THANKS, Choice(minutes=8 * 24 * 60))


def test_a_choice_of_a_body_is_checked_field_by_field() -> None:
    with pytest.raises(Invalid) as error:
        parse({"minutes": "5", "ko": {"subject": "two\nlines"}, "colour": "red"})
    assert {problem.field for problem in error.value.fields} == {"minutes", "ko.subject", "colour"}


def test_a_plan_is_ours_until_the_host_says_otherwise() -> None:
    assert Plan(Kind.THANKS, Choice()).enabled is False
    assert Plan(Kind.THANKS, Choice(enabled=True)).enabled is True
    assert Plan(Kind.HOUR, Choice(minutes=30)).minutes == 30
    assert Plan(Kind.HOUR, Choice(en=Words(text="x"))).own
    assert [SORTS[kind].group for kind in SORTS] == sorted((SORTS[kind].group for kind in SORTS), key=list(Group).index)
