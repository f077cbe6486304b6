from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.policy import SMTP

import pytest

from webinar.mail.compose import Composed, Logo
from webinar.mail.message import Envelope, message, sender_address

ENVELOPE = Envelope(
    key="00000000-0000-0000-0000-000000000007",
    host="webinar.example.org",
    sender_name="대한학회",
    sender="webinar@example.org",
    to_name="김하나, 교수",
    to_email="kim@example.org",
    written_at=datetime(2026, 12, 1, tzinfo=UTC),
    language="ko",
)
COMPOSED = Composed(
    "신청이 완료됐어요: 연례 학술대회 2026, 서울에서 열리는 아주 긴 제목", "안녕하세요.\n", "<p>안녕하세요.</p>\n"
)


def test_names_and_subject_of_any_script_arrive_as_they_were() -> None:
    raw = message(ENVELOPE, COMPOSED).as_bytes()
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    back = message_from_bytes(raw, policy=policy.default)
    assert back["Subject"] == COMPOSED.subject
    assert back["To"].addresses[0].display_name == "김하나, 교수"
    assert back["From"].addresses[0].display_name == "대한학회"
    assert back["Message-ID"] == "<00000000-0000-0000-0000-000000000007@webinar.example.org>"
    assert back["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in back


@pytest.mark.parametrize("before", range(0, 40, 3))
def test_words_of_a_long_name_and_subject_keep_the_spaces_between_them_wherever_a_line_ends(before: int) -> None:
    title = "가" * before + " 제27차 대한디지털헬스학회 추계학술대회 온라인 심포지엄 — 임상 현장의 AI, part 2"
    raw = message(replace(ENVELOPE, sender_name=title), replace(COMPOSED, subject=title)).as_bytes()
    back = message_from_bytes(raw)  # its newer parser loses spaces of a name by itself
    assert str(make_header(decode_header(back["Subject"]))) == title.strip()
    assert str(make_header(decode_header(back["From"]))) == f"{title.strip()} <webinar@example.org>"
    words = [word for line in raw.split(b"\r\n") for word in line.split() if word.startswith(b"=?")]
    assert max(map(len, words)) <= 75  # RFC 2047 section 2


def test_text_comes_first_then_html_then_the_calendar_and_again_as_a_file() -> None:
    made = message(ENVELOPE, COMPOSED, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "REQUEST")
    back = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert [part.get_content_type() for part in back.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar = next(part for part in back.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert back.get_body(("plain",)).get_content().replace("\r\n", "\n") == COMPOSED.text  # type: ignore[union-attr]


def test_a_logo_travels_beside_the_html_that_shows_it_and_the_text_stays_the_same() -> None:
    with_logo = replace(COMPOSED, html=f'<img src="cid:{Logo.CID}" alt="대한학회">', logo=Logo(b"PNG", 20, 10))
    back = message_from_bytes(message(ENVELOPE, with_logo, b"BEGIN:VCALENDAR\r\n", "REQUEST").as_bytes(), policy=SMTP)
    assert [part.get_content_type() for part in back.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/calendar",
        "application/ics",
    ]
    logo = next(part for part in back.walk() if part.get_content_type() == "image/png")
    assert (logo["Content-ID"], logo.get_content_disposition(), logo.get_content()) == (
        f"<{Logo.CID}>",
        "inline",
        b"PNG",
    )
    assert back.get_body(("plain",)).get_content().replace("\r\n", "\n") == COMPOSED.text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: all@example.org", "x\nSubject: y", "x\u2028Bcc: all@example.org", "x\x00y"]
)
def test_a_name_or_subject_never_becomes_a_header(evil: str) -> None:
    made = message(replace(ENVELOPE, to_name=evil, sender_name=evil), replace(COMPOSED, subject=evil))
    back = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert back["Bcc"] is None
    assert len(back.get_all("Subject") or []) == 1


def test_an_address_with_a_line_end_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the standard library says about it
        message(replace(ENVELOPE, to_email="kim@example.org\r\nBcc: all@example.org"), COMPOSED)


def test_letters_that_can_be_refused_say_how_in_one_click() -> None:
    way_out = f"https://webinar.example.org/mail/stop/{'x' * 60}"
    raw = message(replace(ENVELOPE, unsubscribe=way_out), COMPOSED).as_bytes()
    # As it is: in this header nobody decodes words, nor looks for an address over several lines.
    assert f"\r\nList-Unsubscribe: <{way_out}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_the_sender_may_have_a_name() -> None:
    assert sender_address("Our Society <webinar@example.org>") == ("Our Society", "webinar@example.org")
    assert sender_address("webinar@example.org") == ("", "webinar@example.org")
