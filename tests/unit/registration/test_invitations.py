from __future__ import annotations

import pytest

from webinar.base.errors import Invalid
from webinar.registration.invitations import MOST_LINES, read, read_text

KOREAN = "번호,성명,소속,이메일\r\n1,김하나,서울병원,hana@example.org\r\n2,이두리,,DURI@example.org\r\n"


def people(data: bytes | str) -> list[tuple[str, str]]:
    found = read(data) if isinstance(data, bytes) else read_text(data)
    assert found.bad == ()
    return [(person.name, person.email) for person in found.good]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_list_is_read_as_spreadsheets_of_here_and_elsewhere_save_it(encoding: str, separator: str) -> None:
    data = KOREAN.replace(",", separator).encode(encoding)
    assert people(data) == [("김하나", "hana@example.org"), ("이두리", "DURI@example.org")]


@pytest.mark.parametrize(
    "heading",
    ["Name,Email", "NAME ,E-mail", "Full name,E-Mail Address", "이름,이메일 주소", "성명,메일", "참가자명,전자 우편"],
)
def test_columns_are_known_by_their_headings_in_both_languages(heading: str) -> None:
    assert people(f"{heading}\nMina Kim,mina@example.org") == [("Mina Kim", "mina@example.org")]


def test_first_and_last_names_are_put_together_as_their_language_does() -> None:
    assert people("First name,Last name,Email\nAda,Lovelace,ada@example.org") == [("Ada Lovelace", "ada@example.org")]
    assert people("성,First name,이메일\n김,하나,hana@example.org") == [("김하나", "hana@example.org")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hana@example.org", ("hana", "hana@example.org")),
        ("김하나 <hana@example.org>", ("김하나", "hana@example.org")),
        ('"Kim, Hana" <hana@example.org>', ("Kim, Hana", "hana@example.org")),
        ("김하나\thana@example.org", ("김하나", "hana@example.org")),
        ("1, hana@example.org, 김하나", ("김하나", "hana@example.org")),
    ],
)
def test_addresses_are_found_in_what_people_paste(text: str, expected: tuple[str, str]) -> None:
    assert people(f"\n{text}\n\n") == [expected]


def test_each_line_that_cannot_be_taken_is_named_with_its_number_and_the_others_are_taken() -> None:
    found = read_text(
        'Name,Email\nA,a@example.org\n\nB,nobody\nC,A@EXAMPLE.org\n"D\nE",d@example.org\n'
        + "N" * 101
        + ",n@example.org\n"
    )
    assert [person.email for person in found.good] == ["a@example.org", "d@example.org"]
    assert [(line.number, line.email) for line in found.bad] == [
        (4, "nobody"),
        (5, "A@EXAMPLE.org"),
        (8, "n@example.org"),
    ]
    assert len({line.problem for line in found.bad}) == 3
    assert [line.number for line in found.lines] == [2, 4, 5, 7, 8]


def test_columns_that_are_questions_of_the_host_become_answers() -> None:
    found = read_text("이메일,이름,소속,비고\nhana@example.org,김하나,서울병원,x", ["소속", "직책"])
    assert found.columns == ("소속",)
    assert found.good[0].answers == {"소속": "서울병원"}


def test_the_language_of_a_person_may_stand_in_the_list() -> None:
    found = read_text("Email,Language\na@example.org,English\nb@example.org,한국어\nc@example.org,?")
    assert [person.language for person in found.good] == ["en", "ko", None]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n ,, \n",
        b"Name,Phone\nKim,010-0000-0000\n",
        b"PK\x03\x04 an .xlsx file",
        b"\xd0\xcf\x11\xe0 an .xls file",
        b"name,email\n\xff\xff\xff,a@example.org",
        b"x" * 1_000_001,
        b"a@example.org\n" * (MOST_LINES + 1),
    ],
    ids=["nothing", "empty cells", "no addresses", "xlsx", "xls", "no encoding", "too large", "too long"],
)
def test_what_is_no_list_of_people_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read(data)
    assert refused.value.message


def test_commas_within_cells_do_not_hide_the_tabs_of_the_headings() -> None:
    found = read("Name\tE-mail\tWork\nKim, Hana\thana@example.org\tA, B, C\n".encode("utf-16"))
    assert [(p.name, p.email) for p in found.good] == [("Kim, Hana", "hana@example.org")]
    assert found.bad == ()


def test_a_cell_that_our_own_files_made_harmless_is_read_as_it_was() -> None:
    assert people("Name,Email\n'=Kim,kim@example.org") == [("=Kim", "kim@example.org")]
