"""Letters from the act that brings them about to the inbox, over a real mail server."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest_asyncio
from icalendar import Calendar

from tests.mail_stage import Inbox, mail_server
from tests.waiting import until
from tests.web_stage import Web, web_service
from webinar.attendance.model import NewCorrection
from webinar.base.embedded import EmbeddedNats
from webinar.base.queue import JobStore
from webinar.jobs.mailing import Mailing
from webinar.jobs.queue import Runner
from webinar.jobs.reminders import Reminders
from webinar.mail.model import Choice, Kind, LetterState, Words
from webinar.pages.event_mails import framed


@pytest_asyncio.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with mail_server(Inbox()) as made:
        yield made


@pytest_asyncio.fixture
async def office(database: str, nats: EmbeddedNats, inbox: Inbox) -> AsyncIterator[Web]:
    """A web service with a mail server, and the worker that sends its letters."""
    folder = Path(tempfile.mkdtemp(prefix="webinar-mail-"))
    settings = {"smtp_url": inbox.url, "mail_from": "대한학회 <webinar@example.org>", "mail_per_minute": 60_000}
    try:
        async with web_service(database, nats.url, folder, **settings) as web, sending(web):
            yield web
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def sending(web: Web) -> AsyncIterator[None]:
    """The worker's mail, without its reminders: their clock is the test's."""
    mailing = Mailing(web.platform)
    runner = asyncio.create_task(
        Runner(JobStore(web.platform.pool), mailing.handlers(), look_every_s=0.05).keep(), name="jobs"
    )
    try:
        yield
    finally:
        runner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await runner
        await mailing.close()


async def future_event(web: Web, **fields: Any) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    return await web.event(starts_at=start.isoformat(), **fields)


def body(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def entry(letter: EmailMessage) -> tuple[str, Any]:
    """(method, event) of the calendar entry inside."""
    (part,) = (part for part in letter.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_content())
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


async def letters_to(inbox: Inbox, address: str, count: int) -> list[EmailMessage]:
    await until(lambda: len(inbox.to(address)) >= count)
    return inbox.to(address)


async def test_who_gets_a_seat_gets_their_link_and_a_calendar_entry_in_their_language(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office)
    guest = await office.attendee(event, language="ko")
    (letter,) = await letters_to(inbox, "kim@example.org", 1)
    assert guest["join_url"] in body(letter)
    assert event["title"] in letter["Subject"]
    assert letter["To"].addresses[0].display_name == "김하나"
    assert letter["From"].addresses[0].display_name == "대한학회"
    method, calendar = entry(letter)
    assert (method, str(calendar["SUMMARY"]), int(calendar["SEQUENCE"])) == ("REQUEST", event["title"], 0)
    assert str(calendar["URL"]) == guest["join_url"]


async def test_who_answers_a_letter_writes_to_the_host(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    await office.attendee(event)
    (letter,) = await letters_to(inbox, "kim@example.org", 1)
    assert letter["Reply-To"] is None  # nobody has set up an account
    await office.platform.people.ensure_owner("박주최", "host@example.org")
    await office.attendee(event, "lee@example.org")
    (letter,) = await letters_to(inbox, "lee@example.org", 1)
    assert letter["Reply-To"] == "host@example.org"
    assert (await office.host.delete(f"/api/v1/events/{event['id']}")).is_success
    *_, goodbye = await letters_to(inbox, "lee@example.org", 2)
    assert goodbye["Reply-To"] == "host@example.org"


async def test_whom_the_host_lets_in_without_a_seat_left_is_told_their_place_on_the_waiting_list(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office, capacity=1, registration="approval")
    registration, event_id = office.platform.registration, uuid.UUID(event["id"])
    await registration.register(event_id, office.new_attendee("first@example.org"), by_host=True)
    await registration.register(event_id, office.new_attendee("asked@example.org"))
    people = [office.new_attendee(f"{name}@example.org") for name in ("asked", "other")]
    await registration.invite(event_id, people)
    await letters_to(inbox, "other@example.org", 1)
    rows = await office.platform.pool.fetch(
        "select a.email, l.facts from letter l join attendee a on a.id = l.attendee_id where l.kind = 'waiting'"
    )
    assert {row["email"]: row["facts"] for row in rows} == {
        "asked@example.org": {"place": 1},
        "other@example.org": {"place": 2},
    }


async def test_a_new_time_is_told_once_and_updates_the_same_entry(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    await office.attendee(event, language="en")
    (first,) = await letters_to(inbox, "kim@example.org", 1)
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5)
    for title in ("A new title", "The newest title"):
        body_ = {"title": title, "starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=2)).isoformat()}
        assert (await office.host.patch(f"/api/v1/events/{event['id']}", json=body_)).status_code == 200
    await office.platform.pool.execute("update job set run_at = now() where key is not null")
    letters = await letters_to(inbox, "kim@example.org", 2)
    assert "The newest title" in letters[1]["Subject"]
    method, calendar = entry(letters[1])
    assert (method, int(calendar["SEQUENCE"]), calendar.start) == ("REQUEST", 1, later)
    assert str(calendar["UID"]) == str(entry(first)[1]["UID"])
    await until(lambda: _idle(office))
    assert len(inbox.letters) == 2


async def _idle(web: Web) -> bool:
    return bool(await web.platform.pool.fetchval("select count(*) = 0 from job"))


async def test_whoever_was_to_come_is_told_that_the_event_was_deleted(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    await office.attendee(event)
    await letters_to(inbox, "kim@example.org", 1)
    assert (await office.host.delete(f"/api/v1/events/{event['id']}")).status_code == 204
    _, letter = await letters_to(inbox, "kim@example.org", 2)
    method, calendar = entry(letter)
    assert (method, str(calendar["STATUS"]), int(calendar["SEQUENCE"])) == ("CANCEL", "CANCELLED", 1)
    assert "/e/" not in body(letter)


async def test_a_refused_address_is_shown_to_the_host_and_a_busy_server_is_asked_again(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office)
    inbox.answers = {"no@example.org": ["550 5.1.1 no such user"], "later@example.org": ["451 4.7.1 greylisted"]}
    for address in ("no@example.org", "later@example.org", "a..b@example.org", "kim@example.org"):
        await office.attendee(event, address)
    await letters_to(inbox, "kim@example.org", 1)
    await until(lambda: _tried(office, "greylisted"))
    await office.platform.pool.execute("update job set run_at = now()")
    await letters_to(inbox, "later@example.org", 1)
    await until(lambda: _idle(office))
    page = await office.platform.mail.page(uuid.UUID(event["id"]))
    found = {item.email: (item.letter.state, item.letter.answer) for item in page.items}
    assert found["no@example.org"] == (LetterState.FAILED, "550 5.1.1 no such user")
    assert found["later@example.org"][0] is LetterState.SENT
    assert found["a..b@example.org"][0] is LetterState.FAILED
    assert found["kim@example.org"][0] is LetterState.SENT


async def _tried(web: Web, answer: str) -> bool:
    return bool(await web.platform.pool.fetchval("select exists (select from job where error like $1)", f"%{answer}%"))


async def test_letters_wait_for_a_server_that_is_away_and_none_is_lost(
    database: str, nats: EmbeddedNats, tmp_path: Path
) -> None:
    inbox = Inbox()
    async with mail_server(inbox):
        pass  # only its port is wanted
    async with web_service(database, nats.url, tmp_path, smtp_url=inbox.url, mail_per_minute=60_000) as web:
        event = await future_event(web)
        for number in range(3):
            await web.attendee(event, f"guest{number}@example.org")
        async with sending(web):
            await until(lambda: _tried(web, "127.0.0.1"))
        async with mail_server(inbox, port=inbox.port), sending(web):
            await web.platform.pool.execute("update job set run_at = now()")
            await until(lambda: len(inbox.letters) == 3)
    assert len({letter["Message-ID"] for letter in inbox.letters}) == 3


async def test_reminders_go_out_once_each_and_follow_an_event_that_is_moved(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    await office.attendee(event)
    start = datetime.fromisoformat(event["starts_at"])
    now = start - timedelta(hours=25)
    reminders = Reminders(office.platform.mail, office.platform.letters, clock=lambda: now)
    await office.platform.pool.execute("update attendee set registered_at = $1, decided_at = $1", now)
    assert await reminders.look() == 0
    counts = []
    for before in (timedelta(hours=24), timedelta(hours=23), timedelta(hours=1), timedelta(minutes=5), timedelta(0)):
        now = start - before
        counts.append(await reminders.look())
    assert counts == [1, 0, 1, 1, 0]
    moved = start + timedelta(days=2)
    body_ = {"starts_at": moved.isoformat(), "ends_at": (moved + timedelta(hours=1)).isoformat()}
    await office.host.patch(f"/api/v1/events/{event['id']}", json=body_)
    now = moved - timedelta(hours=24)
    assert await reminders.look() == 1


async def test_nobody_is_reminded_who_came_later_cancelled_or_wants_no_more(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    start = datetime.fromisoformat(event["starts_at"])
    people = [await office.attendee(event, f"guest{number}@example.org") for number in range(4)]
    early = start - timedelta(days=2)
    await office.platform.pool.execute("update attendee set registered_at = $1, decided_at = $1", early)
    await office.platform.pool.execute(
        "update attendee set decided_at = $1 where id = $2", start - timedelta(hours=23), uuid.UUID(people[0]["id"])
    )
    await office.platform.registration.cancel(uuid.UUID(event["id"]), uuid.UUID(people[1]["id"]))
    assert await office.platform.mail.refuse(uuid.UUID(people[2]["id"]))
    reminders = Reminders(office.platform.mail, office.platform.letters, clock=lambda: start - timedelta(hours=22))
    assert await reminders.look() == 1
    page = await office.platform.mail.page(uuid.UUID(event["id"]), kind=Kind.DAY)
    assert [item.email for item in page.items] == ["guest3@example.org"]


async def test_a_letter_whose_reason_is_gone_when_its_turn_comes_is_dropped(
    database: str, nats: EmbeddedNats, tmp_path: Path, inbox: Inbox
) -> None:
    async with web_service(database, nats.url, tmp_path, smtp_url=inbox.url, mail_per_minute=60_000) as web:
        event = await future_event(web)
        guest = await web.attendee(event)
        await web.platform.registration.cancel(uuid.UUID(event["id"]), uuid.UUID(guest["id"]))
        async with sending(web):
            await until(lambda: _idle(web))
        states = {
            item.letter.kind: item.letter.state for item in (await web.platform.mail.page(uuid.UUID(event["id"]))).items
        }
    assert states == {Kind.CONFIRMED: LetterState.DROPPED, Kind.CANCELLED: LetterState.SENT}
    assert entry(inbox.letters[0])[0] == "CANCEL"


async def test_followups_go_to_those_who_came_and_those_who_did_not_once_and_with_the_hosts_words(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office)
    event_id = uuid.UUID(event["id"])
    came = await office.attendee(event, "came@example.org", language="en")
    await office.attendee(event, "missed@example.org", language="en")
    now = datetime.now(UTC)
    there = NewCorrection(
        kind="add", started_at=now - timedelta(minutes=50), ended_at=now - timedelta(minutes=40), reason="seen"
    )
    words = Words(subject="The slides of {title}", text="Dear {name},\n\n{link}")
    await office.platform.mail.choose(event_id, Kind.THANKS, Choice(enabled=True, minutes=30, en=words))
    await office.platform.pool.execute(
        "update event set state = 'ended', started_at = now() - interval '1 hour', ended_at = now() where id = $1",
        event_id,
    )
    await office.platform.attendance.correct(event_id, uuid.UUID(came["id"]), there, "host")
    reminders = Reminders(
        office.platform.mail, office.platform.letters, clock=lambda: datetime.now(UTC) + timedelta(minutes=29)
    )
    assert await reminders.look() == 0
    reminders = Reminders(
        office.platform.mail, office.platform.letters, clock=lambda: datetime.now(UTC) + timedelta(minutes=31)
    )
    assert [await reminders.look(), await reminders.look()] == [1, 0]
    _, thanks = await letters_to(inbox, "came@example.org", 2)
    assert thanks["Subject"] == f"The slides of {event['title']}"
    assert thanks["List-Unsubscribe"] is not None
    assert await office.platform.letters.followup(await office.platform.events.get(event_id)) == 1
    assert await office.platform.letters.followup(await office.platform.events.get(event_id)) == 0


async def test_without_a_mail_server_nothing_is_written_and_everything_works(
    database: str, nats: EmbeddedNats, tmp_path: Path
) -> None:
    async with web_service(database, nats.url, tmp_path) as web:
        await web.attendee(await future_event(web))
        assert await web.platform.pool.fetchval("select count(*) from letter") == 0
        assert not web.platform.letters.on


async def test_my_link_again_answers_alike_for_who_is_registered_and_who_is_not(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    guest = await office.attendee(event)
    await letters_to(inbox, "kim@example.org", 1)
    path = f"/e/{event['slug']}/link"
    answers = []
    for email in ("kim@example.org", "lee@example.org"):
        token = csrf((await office.guest.get(path)).text)
        reply = await office.guest.post(path, data={"csrf": token, "email": email})
        answers.append((reply.status_code, reply.text.replace(email, "…")))
    assert answers[0] == answers[1]
    _, letter = await letters_to(inbox, "kim@example.org", 2)
    assert guest["join_url"] in body(letter)
    for _ in range(5):
        token = csrf((await office.guest.get(path)).text)
        assert (await office.guest.post(path, data={"csrf": token, "email": "kim@example.org"})).status_code == 200
    await until(lambda: _idle(office))
    assert len(inbox.to("kim@example.org")) <= 4
    assert inbox.to("lee@example.org") == []


def csrf(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def test_one_click_of_a_mail_program_ends_reminders_of_that_person(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    guest = await office.attendee(event)
    token = guest["join_url"].rsplit("/", 1)[1]
    reply = await office.guest.post(f"/mail/stop/{token}", data={"List-Unsubscribe": "One-Click"})
    assert reply.status_code == 200
    assert await office.platform.mail.refused(uuid.UUID(guest["id"]))
    assert (await office.guest.post(f"/mail/stop/{token}")).status_code != 200  # a page's form has its token


async def test_the_event_can_be_taken_into_a_calendar_by_anybody_and_with_ones_own_link(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office)
    guest = await office.attendee(event)
    for path, url in (
        (f"/e/{event['slug']}/event.ics", event["event_url"]),
        (guest["join_url"].removeprefix(office.url) + "/event.ics", guest["join_url"]),
    ):
        reply = await office.guest.get(path)
        assert reply.headers["content-type"].startswith("text/calendar")
        (calendar,) = Calendar.from_ical(reply.content).walk("VEVENT")
        assert str(calendar["URL"]) == url
        assert "ATTENDEE" not in calendar


async def test_a_host_reads_and_changes_letters_by_the_api(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    path = f"/api/v1/events/{event['id']}/mails"
    kinds = {item["kind"]: item for item in (await office.host.get(path)).json()["items"]}
    assert kinds["reminder_hour"]["minutes"] == 60
    assert kinds["confirmed"]["ko"]["own"] is False
    refused = await office.host.patch(f"{path}/confirmed", json={"ko": {"text": "{nmae}"}})
    assert refused.status_code == 422
    assert "{nmae}" in refused.json()["errors"][0]["message"]
    changed = await office.host.patch(
        f"{path}/confirmed", json={"ko": {"text": "반가워요, {name} 님"}, "enabled": True}
    )
    assert changed.json()["ko"] == {
        "subject": kinds["confirmed"]["ko"]["subject"],
        "text": "반가워요, {name} 님",
        "own": True,
    }
    await office.attendee(event, language="ko")
    (letter,) = await letters_to(inbox, "kim@example.org", 1)
    assert "반가워요, 김하나 님" in body(letter)
    assert "/j/" in body(letter)  # the link is added where the words lack it
    made = await office.host.post(f"{path}/thanks/test", json={"email": "me@example.org", "language": "en"})
    assert made.status_code == 202
    (example,) = await letters_to(inbox, "me@example.org", 1)
    assert "Hana Kim" in body(example)
    await until(lambda: _idle(office))
    letters = (await office.host.get(f"/api/v1/events/{event['id']}/letters")).json()["items"]
    assert {(one["email"], one["state"]) for one in letters} == {
        ("me@example.org", "sent"),
        ("kim@example.org", "sent"),
    }
    again = await office.host.post(f"/api/v1/events/{event['id']}/letters/{letters[-1]['id']}/again")
    assert again.status_code == 202
    await letters_to(inbox, "kim@example.org", 2)


async def test_a_preview_can_do_nothing_and_names_each_style_that_it_allows(office: Web) -> None:
    event = await future_event(office)
    found = await office.platform.events.get(uuid.UUID(event["id"]))
    plan = await office.platform.mail.plan(found.id, Kind.CONFIRMED)
    answer = framed(office.platform.writer.example(found, plan, "ko"))
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "sandbox" in policy.split("; ")
    assert "frame-ancestors 'self'" in policy
    styles = set(re.findall(r'style="([^"]*)"', bytes(answer.body).decode()))
    assert policy.count("sha256-") == len(styles)
