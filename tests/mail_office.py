"""A web service with a mail server, the worker that sends its letters, and what came. Fixtures: `office`, `inbox`."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
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
from webinar.base.embedded import EmbeddedNats
from webinar.base.queue import JobStore
from webinar.jobs.handlers import handlers
from webinar.jobs.mailing import Mailing
from webinar.jobs.queue import Runner

MANY: int = 60_000  # letters a minute: no test waits for its turn


@pytest_asyncio.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with mail_server(Inbox()) as made:
        yield made


@pytest_asyncio.fixture
async def office(database: str, nats: EmbeddedNats, inbox: Inbox) -> AsyncIterator[Web]:
    folder = Path(tempfile.mkdtemp(prefix="webinar-mail-"))
    settings = {"smtp_url": inbox.url, "mail_from": "대한학회 <webinar@example.org>", "mail_per_minute": MANY}
    try:
        async with web_service(database, nats.url, folder, **settings) as web, sending(web):
            yield web
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def sending(web: Web) -> AsyncIterator[None]:
    """A worker's jobs, without its reminders: their clock is the test's."""
    mailing = Mailing(web.platform) if web.platform.letters.on else None
    known = handlers(web.platform) | ({} if mailing is None else mailing.handlers())
    runner = asyncio.create_task(Runner(JobStore(web.platform.pool), known, look_every_s=0.05).keep(), name="jobs")
    try:
        yield
    finally:
        runner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await runner
        if mailing is not None:
            await mailing.close()


async def idle(web: Web) -> bool:
    """Whether no job waits."""
    return bool(await web.platform.pool.fetchval("select count(*) = 0 from job"))


async def future_event(web: Web, **fields: Any) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    return await web.event(starts_at=start.isoformat(), **fields)


def body(letter: EmailMessage) -> str:
    """Its text."""
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
    """At least so many, once they are there."""
    await until(lambda: len(inbox.to(address)) >= count)
    return inbox.to(address)
