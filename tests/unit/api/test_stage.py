"""What viewers are told is never older than what this process wrote itself, whatever its database does meanwhile."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import cast

from webinar.api.stage import Stage
from webinar.events.model import Event, EventState, Registration
from webinar.events.service import EventService

NOW = datetime(2026, 12, 1, 5, tzinfo=UTC)
LIVE = Event(
    id=uuid.uuid4(),
    slug="talk-1",
    title="Talk",
    description="",
    language="en",
    starts_at=NOW,
    ends_at=NOW,
    timezone="Asia/Seoul",
    capacity=300,
    registration=Registration.OPEN,
    state=EventState.LIVE,
    stream_key_version=1,
    presenter_link_version=1,
    created_at=NOW,
    updated_at=NOW,
    started_at=NOW,
    ended_at=None,
)
ENDED = dataclasses.replace(LIVE, state=EventState.ENDED, ended_at=NOW)


class Rows:
    """Stands for the event service, with a table of one row that can be slow or away."""

    def __init__(self) -> None:
        self.row = LIVE
        self.away = False
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.answer.set()

    async def get(self, event_id: uuid.UUID) -> Event:
        if self.away:
            raise ConnectionRefusedError
        row = self.row
        self.asked.set()
        await self.answer.wait()
        return row


def _stage(rows: Rows) -> Stage:
    return Stage(cast(EventService, rows))


async def test_the_end_is_told_by_the_process_that_made_it_though_the_database_went_away() -> None:
    rows = Rows()
    stage = _stage(rows)
    assert (await stage.scene(LIVE.id)).state == "live"
    rows.away = True
    stage.changed(LIVE.id, ENDED)
    assert (await stage.scene(LIVE.id)).state == "ended"
    stage.changed(LIVE.id)
    assert (await stage.scene(LIVE.id)).state == "ended"


async def test_an_answer_to_an_older_question_does_not_take_the_end_back() -> None:
    rows = Rows()
    stage = _stage(rows)
    await stage.scene(LIVE.id)
    stage.changed(LIVE.id)
    rows.asked.clear()
    rows.answer.clear()
    slow = asyncio.create_task(stage.scene(LIVE.id))
    await rows.asked.wait()
    rows.row = ENDED
    stage.changed(LIVE.id, ENDED)
    rows.answer.set()
    assert (await slow).state == "ended"
    rows.away = True
    assert (await stage.scene(LIVE.id)).state == "ended"


async def test_a_change_told_on_the_bus_is_read_again() -> None:
    rows = Rows()
    stage = _stage(rows)
    await stage.scene(LIVE.id)
    rows.row = ENDED
    assert (await stage.scene(LIVE.id)).state == "live"
    stage.news(str(LIVE.id), stale=True)
    assert (await stage.scene(LIVE.id)).state == "ended"


async def test_a_start_that_tells_of_itself_late_does_not_take_the_end_back() -> None:
    rows = Rows()
    stage = _stage(rows)
    await stage.scene(LIVE.id)
    stage.changed(LIVE.id, dataclasses.replace(ENDED, updated_at=NOW + timedelta(seconds=1)))
    rows.away = True
    stage.changed(LIVE.id, LIVE)
    assert (await stage.scene(LIVE.id)).state == "ended"
