"""What a certificate says, who may see how much of a name, and the page it becomes."""

from __future__ import annotations

import io
import string
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from webinar.base import i18n
from webinar.credits import paper
from webinar.credits.certificate import (
    Certificate,
    Facts,
    Terms,
    differs,
    holder,
    long,
    masked,
    number,
    short,
    statement,
)
from webinar.credits.fonts import undrawable
from webinar.credits.model import Need, Result, RuleResult
from webinar.credits.order import Look, Order

ID = uuid.UUID("12345678-1234-4234-8234-1234567890ab")
ISSUED = datetime(2026, 12, 1, 9, tzinfo=UTC)
TERMS = Terms(issuer="대한의학회", signer="회장 김대한", credits="평점 3점", prefix="KSA-2026-")
RULE = RuleResult(Need(id=ID, share=80, leave=True), Result.PASSED, 9420, 0.93)


def facts(**fields: Any) -> Facts:
    known: dict[str, Any] = {
        "name": "홍길동",
        "event_id": ID,
        "title": "2026 추계 학술대회",
        "starts_at": datetime(2026, 12, 1, 5, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 1, 8, tzinfo=UTC),
        "timezone": "Asia/Seoul",
        "language": "ko",
        "live_s": 9420,
        "replay_s": 0,
        "rules": (RULE,),
    }
    return Facts(**{**known, **fields})


def certificate(terms: Terms = TERMS, **fields: Any) -> Certificate:
    said = facts(**fields)
    text = statement(ID, number(terms.prefix, 7, 1), said, terms, salt=b"s" * 16, issued_at=ISSUED, key_id="0" * 16)
    return Certificate(
        id=ID,
        event_id=ID,
        attendee_id=ID,
        serial=7,
        edition=1,
        number=number(terms.prefix, 7, 1),
        name=said.name,
        salt=b"s" * 16,
        statement=text,
        signature=b"",
        key_id="0" * 16,
        issued_at=ISSUED,
    )


def page(made: Certificate, language: i18n.Language = "ko", look: Look | None = None, **options: Any) -> str:
    order = Order(certificate=made, name=made.name or "", check_url="https://x.example/verify/abc", **options)
    data = paper.draw(order, look or Look(), i18n.load(language).gettext)
    reader = PdfReader(io.BytesIO(data))
    assert len(reader.pages) == 1
    assert [round(float(x)) for x in reader.pages[0].mediabox[2:]] == [842, 595]  # A4 across, points
    return reader.pages[0].extract_text()


def flat(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("홍길동", "홍*동"),
        ("김하", "김*"),
        ("남궁선민", "남**민"),
        ("이", "*"),
        ("Minji Kim", "M*** K***"),
        ("O", "O***"),
        ("金大中", "金***"),
        ("  ", "*"),
        ("(host) 김하나", "*** 김*나"),
    ],
)
def test_of_a_name_only_so_much_is_shown_to_anybody(name: str, shown: str) -> None:
    assert masked(name) == shown


@given(st.text(min_size=2, max_size=40))
def test_no_name_is_ever_shown_whole(name: str) -> None:
    assert masked(name) != name or set(name) <= {"*", " "}


def test_numbers_count_and_name_the_edition() -> None:
    assert [number("KSA-", 7, 1), number("", 12, 2), number("A", 12345, 1)] == ["KSA-0007", "0012-2", "A12345"]


def test_an_id_is_told_in_an_address_and_read_back_and_nothing_else_is() -> None:
    assert long(short(ID)) == ID
    assert long(str(ID)) == ID
    for text in ("", "x", short(ID)[:-1], short(ID)[:-1] + "!", short(ID) + "A", "가" * 22, "../" * 8, "-" * 36):
        assert long(text) is None
    # The last character has spare bits: only one way to write an id is taken.
    assert [c for c in string.ascii_letters + string.digits if long(short(ID)[:-1] + c) == ID] == [short(ID)[-1]]


def test_what_is_signed_names_nobody() -> None:
    text = certificate().statement
    assert "홍길동" not in text
    assert holder("홍길동", b"s" * 16) in text
    assert holder("홍길동", b"t" * 16) not in text


def test_full_minutes_and_percents_only() -> None:
    said = certificate(live_s=3599.9, rules=(RuleResult(RULE.need, Result.PASSED, 3599.9, 0.7999),)).said
    assert said["minutes"] == {"live": 59, "replay": 0}
    assert said["rules"][0]["percent"] == 79


def test_another_name_minutes_or_terms_make_another_certificate_and_nothing_else_does() -> None:
    made = certificate()
    assert not differs(made, facts(), TERMS)
    assert not differs(made, facts(live_s=9421), TERMS)  # the same full minute
    assert differs(made, facts(name="홍길순"), TERMS)
    assert differs(made, facts(live_s=9480), TERMS)
    assert differs(
        made, facts(), Terms(issuer="다른 학회", signer=TERMS.signer, credits=TERMS.credits, prefix="KSA-2026-")
    )


def test_the_page_says_all_of_it_in_text_that_can_be_copied() -> None:
    text = flat(page(certificate()))
    for part in (
        "수료증",
        "홍길동",
        "2026추계학술대회",
        "2026년12월1일",
        "157분",
        "80%",
        "평점3점",
        "대한의학회",
        "회장김대한",
        "KSA-2026-0007",
        "https://x.example/verify/abc",
    ):
        assert part in text, part


def test_the_page_of_an_english_event_is_in_english() -> None:
    terms = Terms(heading="Certificate of Merit", issuer="Society")
    text = page(certificate(terms, language="en", title="Annual Meeting", name="Jane Doe"), "en")
    for part in (
        "Certificate of Merit",
        "Jane Doe",
        "Annual Meeting",
        "December 1, 2026",
        "157 minutes live",
        "Society",
    ):
        assert part in text, part


def test_every_name_stands_on_the_page_whole() -> None:
    names = ["Nguyễn Thị Ánh", "金大中 김대중", "Ğülşen Çiğdem Şık", "Пётр Ильич", "さくら 田中"]
    names += ["홍" * 40, "W" * 100, "a b " * 24, "O'Brien-Smith, Jr."]
    made = [certificate(name=name, title="가" * 100) for name in names]
    orders = [Order(certificate=one, name=str(one.name), check_url="https://x.example/verify/abc") for one in made]
    assert undrawable(names) == [""] * len(names)
    pages = list(paper.draw_all(orders, Look(), i18n.load("ko").gettext))
    for name, data in zip(names, pages, strict=True):
        text = PdfReader(io.BytesIO(data)).pages[0].extract_text()
        assert flat(name) in flat(text)
        assert len(data) < 60_000  # only the letters that are used


def test_letters_that_no_font_has_are_boxes_and_named_beforehand() -> None:
    assert undrawable(["홍길동", "홍길동 😀 ناصر"]) == ["", "😀ناصر"]
    assert "홍길동□" in flat(page(certificate(name="홍길동😀")))


def test_a_sample_and_a_void_one_say_so() -> None:
    assert "견본" in page(certificate(), sample=True)
    assert "견본" not in page(certificate())


def test_a_logo_and_a_colour_are_the_events_own() -> None:
    logo = io.BytesIO()
    Image.new("RGBA", (300, 100), (200, 30, 30, 128)).save(logo, "PNG")
    assert "홍길동" in page(certificate(), look=Look(logo=logo.getvalue(), accent=(120, 0, 90)))
