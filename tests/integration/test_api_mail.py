"""Letters from the act that brings them about to the inbox, over a real mail server."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from icalendar import Calendar

from tests.mail_office import MANY, body, entry, future_event, idle, letters_to, sending
from tests.mail_stage import Inbox, mail_server
from tests.waiting import until
from tests.web_stage import Web, web_service
from webinar.base.embedded import EmbeddedNats
from webinar.mail.model import Kind, LetterState

pytest_plugins = ["tests.mail_office"]


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
    # A draft says nothing of it until it is published again.
    assert (await office.host.patch(f"/api/v1/events/{event['id']}", json={"state": "draft"})).status_code == 200
    for title in ("A new title", "The newest title"):
        body_ = {"title": title, "starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=2)).isoformat()}
        assert (await office.host.patch(f"/api/v1/events/{event['id']}", json=body_)).status_code == 200
    assert await idle(office)
    assert (await office.host.patch(f"/api/v1/events/{event['id']}", json={"state": "scheduled"})).status_code == 200
    await office.platform.pool.execute("update job set run_at = now() where key is not null")
    letters = await letters_to(inbox, "kim@example.org", 2)
    assert "The newest title" in letters[1]["Subject"]
    method, calendar = entry(letters[1])
    assert (method, int(calendar["SEQUENCE"]), calendar.start) == ("REQUEST", 1, later)
    assert str(calendar["UID"]) == str(entry(first)[1]["UID"])
    await until(lambda: idle(office))
    assert len(inbox.letters) == 2


async def test_whoever_was_to_come_is_told_that_the_event_was_deleted(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    await office.attendee(event)
    await letters_to(inbox, "kim@example.org", 1)
    assert (await office.host.patch(f"/api/v1/events/{event['id']}", json={"state": "draft"})).status_code == 200
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
    await until(lambda: idle(office))
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
    async with web_service(database, nats.url, tmp_path, smtp_url=inbox.url, mail_per_minute=MANY) as web:
        event = await future_event(web)
        for number in range(3):
            await web.attendee(event, f"guest{number}@example.org")
        async with sending(web):
            await until(lambda: _tried(web, "127.0.0.1"))
        # Also what the first worker had begun when it was stopped: its lease is over.
        await web.platform.pool.execute("update job set state = 'waiting', leased_until = null, run_at = now()")
        async with mail_server(inbox, port=inbox.port), sending(web):
            await until(lambda: len(inbox.letters) == 3)
    assert len({letter["Message-ID"] for letter in inbox.letters}) == 3


async def test_a_letter_whose_reason_is_gone_when_its_turn_comes_is_dropped(
    database: str, nats: EmbeddedNats, tmp_path: Path, inbox: Inbox
) -> None:
    async with web_service(database, nats.url, tmp_path, smtp_url=inbox.url, mail_per_minute=MANY) as web:
        event = await future_event(web)
        guest = await web.attendee(event)
        await web.platform.registration.cancel(uuid.UUID(event["id"]), uuid.UUID(guest["id"]))
        async with sending(web):
            await until(lambda: idle(web))
        states = {
            item.letter.kind: item.letter.state for item in (await web.platform.mail.page(uuid.UUID(event["id"]))).items
        }
    assert states == {Kind.CONFIRMED: LetterState.DROPPED, Kind.CANCELLED: LetterState.SENT}
    assert entry(inbox.letters[0])[0] == "CANCEL"


async def test_without_a_mail_server_nothing_is_written_and_everything_works(
    database: str, nats: EmbeddedNats, tmp_path: Path
) -> None:
    async with web_service(database, nats.url, tmp_path) as web, sending(web):
        event = await future_event(web)
        await web.attendee(event)
        await until(lambda: idle(web))
        sequences = []
        for title in ("Another title", "Another title", "A third one"):
            assert (await web.host.patch(f"/api/v1/events/{event['id']}", json={"title": title})).is_success
            file = await web.guest.get(f"/e/{event['slug']}/event.ics")
            sequences += [int(str(entry["SEQUENCE"])) for entry in Calendar.from_ical(file.content).walk("VEVENT")]
        assert sequences == [1, 1, 2]  # a calendar takes the newer file
        assert await web.platform.pool.fetchval("select count(*) from letter") == 0
        assert not web.platform.letters.on
