"""Handing over to a real mail server on loopback, which answers as it is told to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Session
from aiosmtpd.smtp import Envelope as Handed

from tests.mail_stage import Inbox, certificate, mail_server
from webinar.mail.compose import Composed
from webinar.mail.message import Envelope, message
from webinar.mail.postman import NotNow, NotYet, Postman, Refused
from webinar.mail.server import MailServer, parse


class Slow(Inbox):
    """Takes the first letter only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Handed) -> str:
        self.asked.set()
        await self.go.wait()
        return await super().handle_DATA(server, session, envelope)


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def letter(to: str = "kim@example.org") -> EmailMessage:
    envelope = Envelope(
        key="1", host="w.example.org", sender_name="", sender="webinar@example.org", to_name="김하나", to_email=to,
        written_at=datetime(2026, 12, 1, tzinfo=UTC), language="ko",
    )  # fmt: skip
    return message(envelope, Composed("제목", "글\n", "<p>글</p>\n"))


def postman(server: MailServer, **options: Any) -> Postman:
    return Postman(server, hello="w.example.org", per_minute=60_000, **options)


async def send(to: Postman, address: str = "kim@example.org") -> str:
    return await to.send(letter(address), "webinar@example.org", address)


async def test_a_burst_goes_over_one_connection() -> None:
    async with mail_server(Inbox()) as inbox:
        man = postman(parse(inbox.url))
        for number in range(5):
            assert "taken" in await send(man, f"guest{number}@example.org")
        await man.close()
    assert len(inbox.letters) == 5
    assert len(inbox.sessions) == 1
    assert inbox.letters[0]["Subject"] == "제목"


async def test_a_refused_address_stops_no_other_and_its_answer_is_kept() -> None:
    async with mail_server(Inbox(answers={"no@example.org": ["550 5.1.1 no such user"]})) as inbox:
        man = postman(parse(inbox.url))
        with pytest.raises(Refused, match=r"550 5\.1\.1 no such user"):
            await send(man, "no@example.org")
        await send(man)
        await man.close()
    assert len(inbox.letters) == 1


async def test_an_address_that_is_put_off_may_be_tried_again() -> None:
    async with mail_server(Inbox(answers={"later@example.org": ["451 4.7.1 greylisted"]})) as inbox:
        man = postman(parse(inbox.url))
        with pytest.raises(NotNow, match="greylisted"):
            await send(man, "later@example.org")
        await send(man, "later@example.org")
        await man.close()
    assert len(inbox.letters) == 1


async def test_a_server_that_hung_up_meanwhile_is_called_again_at_once() -> None:
    inbox = Inbox()
    async with mail_server(inbox):
        man = postman(parse(inbox.url))
        await send(man)
    async with mail_server(inbox, port=inbox.port):
        await send(man)
        await man.close()
    assert len(inbox.letters) == 2


async def test_a_server_that_is_away_is_asked_again_only_after_a_while() -> None:
    inbox, clock = Inbox(), Clock()
    async with mail_server(inbox):
        pass
    man = postman(parse(inbox.url), clock=clock)
    with pytest.raises(NotNow, match=r"127\.0\.0\.1"):
        await send(man)
    async with mail_server(inbox, port=inbox.port):
        with pytest.raises(NotNow):
            await send(man)
        assert inbox.letters == []
        clock.now += 11
        await send(man)
        await man.close()
    assert len(inbox.letters) == 1


async def test_a_letter_that_is_cut_off_leaves_the_next_one_a_connection_of_its_own() -> None:
    inbox = Slow()
    async with mail_server(inbox):
        man = postman(parse(inbox.url))
        first = asyncio.create_task(send(man, "first@example.org"))
        await inbox.asked.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        inbox.go.set()
        assert await send(man, "second@example.org") == "2.0.0 taken"
        await man.close()
    assert len(inbox.to("second@example.org")) == 1


async def test_who_would_wait_long_for_the_rate_comes_again_instead() -> None:
    async with mail_server(Inbox()) as inbox:
        man = Postman(parse(inbox.url), hello="w.example.org", per_minute=1)
        await send(man)
        with pytest.raises(NotYet) as later:
            await send(man)
        await man.close()
    assert 50 < later.value.after <= 60
    assert len(inbox.letters) == 1


def test_what_servers_answer_can_be_kept_by_a_database() -> None:
    assert str(Refused("550 no such user \udcb0\udca1\0")) == "550 no such user ??"


async def test_nothing_is_said_to_a_server_without_the_encryption_that_is_insisted_on() -> None:
    async with mail_server(Inbox()) as inbox:
        man = postman(replace(parse(inbox.url), tls="starttls"))
        with pytest.raises(NotNow, match="STARTTLS"):
            await send(man)
    assert inbox.letters == []


async def test_encryption_is_taken_where_it_is_offered_and_a_strange_certificate_is_refused(
    tmp_path: Path,
) -> None:
    theirs, ours = certificate(tmp_path)
    async with mail_server(Inbox(), tls_context=theirs, require_starttls=True) as inbox:
        stranger = postman(parse(inbox.url))
        with pytest.raises(NotNow, match=r"(?i)certificate"):
            await send(stranger)
        man = postman(parse(inbox.url), context=ours)
        assert "not encrypted" not in await man.check()
        await send(man)
        await man.close()
    assert len(inbox.letters) == 1


async def test_a_wrong_password_is_a_matter_of_ours_and_of_no_letter(tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path)

    async with mail_server(Inbox(), tls_context=theirs, authenticator=_nobody) as inbox:
        server = replace(parse(inbox.url), user="me", password="sesame")
        man = postman(server, context=ours)
        with pytest.raises(NotNow, match="user and password") as refused:
            await man.check()
    assert "sesame" not in str(refused.value)


def _nobody(server: object, session: object, envelope: object, mechanism: str, data: object) -> object:
    return AuthResult(success=False, handled=False)
