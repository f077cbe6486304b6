"""Letters that the clock brings about: reminders before the start, follow-ups after the end."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.mail_office import body, future_event, idle, letters_to
from tests.mail_stage import Inbox
from tests.waiting import until
from tests.web_stage import Web
from webinar.attendance.model import NewCorrection
from webinar.base import times
from webinar.events.receipts import WARNING
from webinar.jobs.reminders import Reminders
from webinar.jobs.retention import Retention
from webinar.mail.model import Choice, Kind, Words

pytest_plugins = ["tests.mail_office"]


async def test_reminders_go_out_once_each_and_follow_an_event_that_is_moved(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    await office.attendee(event)
    start = datetime.fromisoformat(event["starts_at"])
    now = start - timedelta(hours=30)
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


async def test_who_was_told_of_their_seat_shortly_before_a_reminder_gets_none_of_that_kind(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office)
    start, pool = datetime.fromisoformat(event["starts_at"]), office.platform.pool
    last = {"long": 48 * 60, "day": 25 * 60, "hour": 74, "soon": 19, "up": 48 * 60}
    for name, minutes in last.items():
        guest = await office.attendee(event, f"{name}@example.org")
        told = start - timedelta(minutes=minutes)
        moved_up = start - timedelta(minutes=10) if name == "up" else told
        await pool.execute(
            "update attendee set registered_at = $2, decided_at = $3 where id = $1",
            uuid.UUID(guest["id"]),
            told,
            moved_up,
        )
    found = {}
    for kind, before in ((Kind.DAY, 24 * 60), (Kind.HOUR, 60), (Kind.SOON, 5)):
        now = start - timedelta(minutes=before)
        await Reminders(office.platform.mail, office.platform.letters, clock=lambda now=now: now).look()  # type: ignore[misc]
        page = await office.platform.mail.page(uuid.UUID(event["id"]), kind=kind)
        found[kind] = {item.email.partition("@")[0] for item in page.items}
    assert found == {Kind.DAY: {"long"}, Kind.HOUR: {"long", "day"}, Kind.SOON: {"long", "day", "hour"}}


async def test_one_click_of_a_mail_program_ends_reminders_of_that_person(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    guest = await office.attendee(event)
    token = guest["join_url"].rsplit("/", 1)[1]
    reply = await office.guest.post(f"/mail/stop/{token}", data={"List-Unsubscribe": "One-Click"})
    assert reply.status_code == 200
    assert await office.platform.mail.refused(uuid.UUID(guest["id"]))
    assert (await office.guest.post(f"/mail/stop/{token}")).status_code != 200  # a page's form has its token


async def test_followups_go_to_those_who_came_and_those_who_did_not_once_and_with_the_hosts_words(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office)
    event_id = uuid.UUID(event["id"])
    came = await office.attendee(event, "came@example.org", language="en")
    await office.attendee(event, "missed@example.org", language="en")
    await until(lambda: idle(office))
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


async def test_a_host_is_told_once_a_week_before_an_event_is_destroyed_in_its_time_zone(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office, timezone="America/New_York", language="en")
    event_id, pool = uuid.UUID(event["id"]), office.platform.pool
    await office.platform.people.ensure_owner("박주최", "host@example.org")
    await office.attendee(event)
    await until(lambda: idle(office))
    now = datetime.now(UTC)
    ended = "update event set state = 'ended', ended_at = $2, retention_days = 30 where id = $1"
    await office.platform.handouts.add(event_id, "slides.pdf", b"slides")
    await pool.execute(ended, event_id, now - timedelta(days=23))
    steady = 0.0

    def worker(ahead: timedelta) -> Retention:
        return Retention(
            office.platform.destruction, office.platform.mail, clock=lambda: now + ahead, steady=lambda: steady
        )

    await worker(-timedelta(minutes=1)).look()
    assert await idle(office)
    await asyncio.gather(*(worker(timedelta()).look() for _ in range(2)))
    (letter,) = await letters_to(inbox, "host@example.org", 1)
    text, at = body(letter), (now + timedelta(days=7)).astimezone(ZoneInfo("America/New_York"))
    assert times.at(at, "America/New_York", "en") in text
    assert f"{at:%b} {at.day}" in letter["Subject"]
    assert "with their registrations and answers: 1" in text
    assert "Files for guests: 1" in text
    assert f"{office.url}/events/{event['id']}/report#take" in text
    for days in (1, 6):
        await worker(timedelta(days=days)).look()
    await until(lambda: idle(office))
    assert len(inbox.to("host@example.org")) == 1
    # Put off by a month, it is told of the new date in its time.
    await pool.execute("update event set retention_days = 60, ended_at = $2 where id = $1", event_id, now)
    assert await office.platform.mail.destroyed_soon(now + timedelta(days=52), WARNING) == 0
    assert await office.platform.mail.destroyed_soon(now + timedelta(days=54), WARNING) == 1
