"""How guests see a guest whose name they are not to see."""

from __future__ import annotations

import pytest

from webinar.registration.short_form import seen_as, short_form


@pytest.mark.parametrize(
    ("name", "language", "short"),
    [
        ("김하나", "ko", "김○○ 12"),
        ("김하나", "en", "김○○ 12"),
        ("이준", "ko", "이○○ 12"),  # as long as any other
        ("남궁민수", "ko", "남○○ 12"),
        ("박 서준", "ko", "박○○ 12"),
        ("김하나 (한국병원)", "ko", "김○○ 12"),
        ("대한의사협회 김하나", "ko", "참가자 12"),
        ("Mina Kim", "ko", "참가자 12"),
        ("Mina Kim", "en", "Guest 12"),
        ("João da Silva", "en", "Guest 12"),
        ("山田太郎", "ko", "참가자 12"),
        ("김Hana", "ko", "참가자 12"),
        ("", "ko", "참가자 12"),
    ],
)
def test_a_short_form_is_no_name_and_has_the_number(name: str, language: str, short: str) -> None:
    assert short_form(name, 12, language) == short


def test_two_of_one_name_are_told_apart() -> None:
    assert short_form("김하나", 3, "ko") != short_form("김하나", 4, "ko")


def test_who_has_no_number_yet_is_a_guest_without_one() -> None:
    assert (short_form("김하나", 0, "ko"), short_form("Mina", 0, "en")) == ("김○○", "Guest")


def test_an_event_that_shows_names_shows_the_name() -> None:
    assert seen_as("김하나", 12, "ko", names_shown=True) == "김하나"
    assert seen_as("김하나", 12, "ko", names_shown=False) == "김○○ 12"
