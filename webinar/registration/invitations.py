"""A list of people as spreadsheets save it: which column is what, what can be taken, what is wrong on which line. Pure.

Excel saves CSV in the machine's own encoding (CP949 on a Korean one) and with the list separator of its region, or as
UTF-8 with a byte order mark; addresses pasted from a table have tabs between them. All of that is read here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from webinar.base.errors import Invalid
from webinar.base.text_file import text_of
from webinar.registration.model import Language, NewAttendee, parse_new

MOST_LINES: Final = 2000
MOST_BYTES: Final = 1_000_000
_SEPARATORS: Final = ("\t", ",", ";")
_ADDRESS: Final = re.compile(r"[^\s<>@,;]+@[^\s<>@,;]+")
# Headings by what they mean, without spaces, dots and dashes, in small letters.
_NAMES: Final = ("name", "fullname", "이름", "성명", "성함", "참가자", "참가자명", "참석자", "attendee", "guest")
_FAMILY: Final = ("lastname", "familyname", "surname", "성")
_GIVEN: Final = ("firstname", "givenname")
_EMAILS: Final = ("email", "emailaddress", "mail", "이메일", "이메일주소", "메일", "메일주소", "전자우편", "전자메일")
_LANGUAGES: Final = ("language", "lang", "언어")
_KOREAN: Final = ("ko", "kor", "korean", "한국어", "국문")
_ENGLISH: Final = ("en", "eng", "english", "영어", "영문")
_FORMULA: Final = ("'=", "'+", "'-", "'@")  # as our own files write what would be a formula


@dataclass(frozen=True, slots=True)
class Line:
    """One line that names a person; `problem` says why it cannot be taken, in English as the catalogues have it."""

    number: int  # as a spreadsheet counts, from 1
    name: str
    email: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """What a file holds: people to invite, and lines with a problem. `columns` are answers' questions."""

    good: tuple[NewAttendee, ...]
    lines: tuple[Line, ...]
    columns: tuple[str, ...] = ()
    bad: tuple[Line, ...] = field(default=())


def read(data: bytes, questions: Sequence[str] = ()) -> People:
    """People of a CSV file. Other columns are answers where they are headed by one of the `questions`.

    Raises `Invalid` for what is no such file: unreadable, empty, too long, or without a column of addresses.
    """
    return read_text(_decoded(data), questions)


def read_text(text: str, questions: Sequence[str] = ()) -> People:
    """The same of pasted text: also just `Name <address>` or addresses, one a line."""
    rows = _rows(text)
    if not rows:
        raise Invalid("There is nobody in this list.")
    head = _columns(rows[0][1], questions)
    body = rows if head is None else rows[1:]
    if len(body) > MOST_LINES:
        raise Invalid("Invite at most 2,000 people at once: split the list.")
    if head is None and not any(_ADDRESS.search(cell) for _, cells in rows for cell in cells):
        raise Invalid("There is no column with e-mail addresses. Head one with 이메일 or Email.")
    good: list[NewAttendee] = []
    lines: list[Line] = []
    seen: dict[str, int] = {}
    for number, cells in body:
        made = _person(cells, head) if head is not None else _loose(cells)
        line, person = _checked(number, made, seen)
        lines.append(line)
        if person is not None:
            good.append(person)
    columns = tuple(question for question in questions if head is not None and question in head.answers)
    return People(tuple(good), tuple(lines), columns, tuple(line for line in lines if line.problem))


def _decoded(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise Invalid("This file is too large. A list of people has at most 1 MB: split it.")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Invalid("This is a spreadsheet, not CSV. Save it as “CSV UTF-8” there, then choose that file.")
    text = text_of(data)
    if text is None:
        raise Invalid("This file cannot be read. Save it as “CSV UTF-8”, then choose it again.")
    return text


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of those that are not empty."""
    text = text.replace("\x00", "").lstrip("\ufeff")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            cleaned = [_cleaned(cell) for cell in cells]
            if any(cleaned):
                rows.append((reader.line_num, cleaned))
    except csv.Error as error:
        raise Invalid("This file cannot be read. Save it as “CSV UTF-8”, then choose it again.") from error
    return rows


def _separator(text: str) -> str:
    """Which one the first line has most of, and then the first lines: people's cells have commas of their own."""
    lines = text.strip("\r\n ").splitlines()[:5] or [""]
    start = "\n".join(lines)
    return max(_SEPARATORS, key=lambda mark: (lines[0].count(mark), start.count(mark)))


def _cleaned(cell: str) -> str:
    cell = " ".join(cell.split())
    return cell[1:] if cell.startswith(_FORMULA) else cell


@dataclass(frozen=True, slots=True)
class _Head:
    """Places of columns."""

    email: int
    name: int | None
    family: int | None
    given: int | None
    language: int | None
    answers: dict[str, int]


def _columns(cells: Sequence[str], questions: Sequence[str]) -> _Head | None:
    """The first row as headings; None when it is a person already."""
    if any(_ADDRESS.fullmatch(cell) for cell in cells):
        return None
    plain = [re.sub(r"[\s._\-*()]+", "", cell).lower() for cell in cells]

    def place(words: Sequence[str]) -> int | None:
        return next((n for n, heading in enumerate(plain) if heading in words), None)

    email = place(_EMAILS)
    if email is None:
        return None
    asked = {" ".join(question.split()): question for question in questions}
    answers = {asked[cell]: n for n, cell in enumerate(cells) if cell in asked}
    return _Head(email, place(_NAMES), place(_FAMILY), place(_GIVEN), place(_LANGUAGES), answers)


_Fields = tuple[str, str, Language | None, dict[str, str]]  # name, email, language, answers


def _person(cells: Sequence[str], head: _Head) -> _Fields:
    def cell(place: int | None) -> str:
        return cells[place] if place is not None and place < len(cells) else ""

    name = cell(head.name)
    if not name and (head.family is not None or head.given is not None):
        family, given = cell(head.family), cell(head.given)
        name = f"{family}{given}" if _hangul(family + given) else f"{given} {family}".strip()
    answers = {question: cell(place) for question, place in head.answers.items() if cell(place)}
    email = cell(head.email).removeprefix("mailto:")
    return name, email, _language(cell(head.language)), answers


def _loose(cells: Sequence[str]) -> _Fields:
    """A line without headings: the address wherever it stands, and a name before or beside it."""
    whole = ", ".join(cell for cell in cells if cell)
    found = _ADDRESS.search(whole)
    email = found.group() if found else ""
    rest = [re.sub(r"[<>\"]", "", cell.replace(email, "")).strip() for cell in cells] if email else list(cells)
    name = next((cell for cell in rest if cell and not cell.isdigit()), "")
    return name, email, None, {}


def _hangul(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def _language(cell: str) -> Language | None:
    word = cell.lower()
    return "ko" if word in _KOREAN else "en" if word in _ENGLISH else None


def _checked(number: int, made: _Fields, seen: dict[str, int]) -> tuple[Line, NewAttendee | None]:
    name, email, language, answers = made
    # Without a name the address speaks for itself, until the person writes one.
    name = name or email.partition("@")[0]
    try:
        person = parse_new({"name": name, "email": email, "language": language, "answers": answers})
    except Invalid as error:
        return Line(number, name, email, error.fields[0].message), None
    if person.email.lower() in seen:
        return Line(number, name, email, "This address stands further up already."), None
    seen[person.email.lower()] = number
    return Line(number, person.name, person.email), person
