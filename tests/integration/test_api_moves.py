"""Who moved is told of it once, however processes end: over real PostgreSQL and a real mail server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import asyncpg
import pytest
import pytest_asyncio

from tests.integration.test_api_records import held, post
from tests.mail_office import MANY, body, entry, future_event, idle, sending
from tests.mail_stage import Inbox
from tests.waiting import until
from tests.web_stage import Web, web_service
from webinar.base.embedded import EmbeddedNats
from webinar.events.model import Event
from webinar.jobs.handlers import handlers
from webinar.mail.model import Kind
from webinar.registration.model import Status
from webinar.registration.moves import MOVED

pytest_plugins = ["tests.mail_office", "tests.web_stage"]


class Killed(BaseException):
    """As if the process were gone: nobody catches it."""


def die(event_id: uuid.UUID, event: Event | None = None) -> NoReturn:
    raise Killed


@pytest_asyncio.fixture
async def asleep(database: str, nats: EmbeddedNats, folder: Path, inbox: Inbox) -> AsyncIterator[Web]:
    """A web service with a mail server whose worker does not run: `sending` starts it."""
    async with web_service(database, nats.url, folder, smtp_url=inbox.url, mail_per_minute=MANY) as made:
        yield made


async def kinds(web: Web, event_id: uuid.UUID) -> list[Kind]:
    """Of the letters there are, the oldest first."""
    return [item.letter.kind for item in reversed((await web.platform.mail.page(event_id)).items)]


async def test_a_letter_is_written_once_wherever_a_process_is_killed(asleep: Web, inbox: Inbox) -> None:
    web, registration = asleep, asleep.platform.registration
    event_id = uuid.UUID((await future_event(web, capacity=1))["id"])
    registration.on_change = die  # right behind the commit
    for name in ("first", "second"):
        with pytest.raises(Killed):
            await registration.register(event_id, web.new_attendee(f"{name}@example.org"))
    first, second = await registration.everyone(event_id)
    with pytest.raises(Killed):
        await registration.cancel(event_id, first.id)
    assert await kinds(web, event_id) == []
    # Workers that are killed before they can say that it is done, and two that do it at the same moment.
    for row in await web.platform.pool.fetch("select payload from job where name = $1 order by id", MOVED):
        await asyncio.gather(*(web.platform.guests.moved(row["payload"]) for _ in range(3)))
    async with sending(web):
        await until(lambda: idle(web))
    wanted = [Kind.CONFIRMED, Kind.WAITING, Kind.CANCELLED, Kind.APPROVED]
    assert sorted(await kinds(web, event_id)) == sorted(wanted)
    # What was true no more when its turn came stayed behind.
    assert len(inbox.to("first@example.org")) == 1
    assert len(inbox.to("second@example.org")) == 1
    assert (await registration.get(event_id, second.id)).status is Status.APPROVED


async def test_who_was_to_come_is_told_that_an_event_was_deleted_wherever_the_process_is_killed(
    asleep: Web, inbox: Inbox
) -> None:
    web, pool = asleep, asleep.platform.pool
    event_id = uuid.UUID((await future_event(web))["id"])
    await web.platform.registration.register(event_id, web.new_attendee("kim@example.org"))
    await pool.execute("delete from job")  # of the registration
    await pool.execute(
        """
        create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
        create constraint trigger at_commit after delete on event deferrable initially deferred
            for each row execute function refuse()
        """
    )
    try:
        with pytest.raises(asyncpg.RaiseError):
            await web.platform.course.delete(event_id)
    finally:
        await pool.execute("drop function refuse cascade")
    assert await idle(web)  # the event is still there
    web.platform.events.on_change = die  # right behind the commit
    with pytest.raises(Killed):
        await web.platform.course.delete(event_id)
    await pool.execute("update job set payload = payload - 'lost_seat'")  # as one that an older version put down
    async with sending(web):
        await until(lambda: idle(web))
    (letter,) = inbox.to("kim@example.org")
    assert entry(letter)[0] == "CANCEL"


async def test_who_has_a_certificate_is_written_to_once_wherever_a_process_is_killed(asleep: Web, inbox: Inbox) -> None:
    web, pool = asleep, asleep.platform.pool
    event, made = await held(web, 김하나=90, 이두리=90, 박세찬=10)
    event_id = uuid.UUID(event["id"])
    await pool.execute("delete from job")  # of the registrations
    await post(web, event, "certificates", {})
    assert await kinds(web, event_id) == []  # the request writes to nobody: it may be cut off
    (row,) = await pool.fetch("select name, payload from job")
    tell = handlers(web.platform)[row["name"]].run
    await asyncio.gather(*(tell(row["payload"]) for _ in range(3)))
    assert await kinds(web, event_id) == [Kind.CERTIFICATE, Kind.CERTIFICATE]
    # A personal link that is renewed before the letter goes out is the one in it.
    renewed = await web.platform.registration.renew_link(event_id, uuid.UUID(made["김하나"]["id"]))
    async with sending(web):
        await until(lambda: idle(web))
    texts = [body(inbox.to(f"{n}@example.org")[0]) for n in range(2)]
    assert web.platform.links.certificate(renewed) in texts[0]
    assert made["이두리"]["join_url"] + "/certificate.pdf" in texts[1]
    assert len(inbox.letters) == 2


async def test_about_whose_seat_the_host_decides_again_hears_of_it_and_the_entry_leaves_their_calendar(
    asleep: Web, inbox: Inbox
) -> None:
    web, registration = asleep, asleep.platform.registration
    event_id = uuid.UUID((await future_event(web, registration="approval"))["id"])
    attendee = (await registration.register(event_id, web.new_attendee("kim@example.org"))).attendee
    async with sending(web):
        for status in (Status.APPROVED, Status.PENDING):
            await until(lambda: idle(web))
            await registration.set_status(event_id, attendee.id, status)
        await until(lambda: idle(web))
    assert await kinds(web, event_id) == [Kind.PENDING, Kind.APPROVED, Kind.PENDING]
    first, approved, again = inbox.to("kim@example.org")
    assert [part for part in first.walk() if part.get_content_type() == "text/calendar"] == []
    assert (entry(approved)[0], entry(again)[0]) == ("REQUEST", "CANCEL")


async def test_nothing_is_told_of_what_was_rolled_back(asleep: Web, inbox: Inbox) -> None:
    web, pool = asleep, asleep.platform.pool
    event_id = uuid.UUID((await future_event(web))["id"])
    await pool.execute(
        """
        create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
        create constraint trigger at_commit after insert on attendee deferrable initially deferred
            for each row execute function refuse()
        """
    )
    new = web.new_attendee("kim@example.org")
    try:
        with pytest.raises(asyncpg.RaiseError):
            await web.platform.registration.register(event_id, new)
    finally:
        await pool.execute("drop function refuse cascade")
    assert await pool.fetchval("select count(*) from job") == 0
    await web.platform.registration.register(event_id, new)
    await web.platform.registration.register(event_id, new)  # the same again is nothing new
    async with sending(web):
        await until(lambda: idle(web))
    assert await kinds(web, event_id) == [Kind.CONFIRMED]
    assert len(inbox.letters) == 1


async def test_who_is_forgotten_before_they_are_written_to_gets_nothing(asleep: Web, inbox: Inbox) -> None:
    web, registration = asleep, asleep.platform.registration
    event_id = uuid.UUID((await future_event(web))["id"])
    done = await registration.register(event_id, web.new_attendee("kim@example.org"))
    await web.platform.forgetting.forget(done.attendee)
    assert "kim@example.org" not in str(await web.platform.pool.fetch("select * from job"))
    async with sending(web):
        await until(lambda: idle(web))
    assert (await kinds(web, event_id), inbox.letters) == ([], [])
