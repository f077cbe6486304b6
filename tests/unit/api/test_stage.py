"""What viewers are told is never older than what this process wrote itself, whatever its database does meanwhile."""

from __future__ import annotations

import asyncio
import dataclasses
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from ingest.contract import LiveStatus, PublisherHealth, RenditionHealth, SessionState
from tests.an_event import an_event
from webinar.api.stage import Scene, Stage
from webinar.base.bus import Bus
from webinar.events.model import Event, EventState
from webinar.events.service import EventService

NOW = datetime(2026, 12, 1, 5, tzinfo=UTC)
LIVE = an_event(NOW, NOW, NOW, state=EventState.LIVE, started_at=NOW, language="en")
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


class Ingest:
    """In the place of the bus: the ingest on it, which rests renditions for want of CPU."""

    async def subscribe(self, subject: str, take: Callable[[bytes], Awaitable[None]]) -> None:
        if subject.startswith("live."):
            self._take = take

    async def rests(self, *names: str) -> None:
        renditions = tuple(RenditionHealth(name, 30, 1, resting=name in names) for name in ("720p", "480p"))
        status = LiveStatus(
            session_id="session",
            event_id=str(LIVE.id),
            state=SessionState.LIVE,
            hls_prefix="prefix",
            publisher=PublisherHealth(connected=True),
            renditions=renditions,
            started_at=None,
            program_time_s=1.0,
            recorded_until_s=1.0,
        )
        await self._take(status.to_json())


@dataclasses.dataclass
class Room:
    rows: Rows
    stage: Stage
    ingest: Ingest
    polls: list[asyncio.Task[Scene]]


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Players that wait; what rests reaches them after 0.5 to 1 s."""
    monkeypatch.setattr("webinar.api.stage._RESTS_S", (0.5, 1.0))
    rows, ingest = Rows(), Ingest()
    stage = _stage(rows)
    await stage.listen(cast(Bus, ingest))
    await ingest.rests()
    version = (await stage.scene(LIVE.id)).version
    polls = [asyncio.create_task(stage.wait(LIVE.id, version, 10)) for _ in range(20)]
    await asyncio.sleep(0.02)
    return Room(rows, stage, ingest, polls)


async def test_players_hear_one_after_the_other_what_rests(room: Room) -> None:
    ingest, polls = room.ingest, room.polls
    began, answered = time.monotonic(), []
    for poll in polls:
        poll.add_done_callback(lambda _: answered.append(time.monotonic() - began))
    await ingest.rests("720p")
    await ingest.rests("720p", "480p")
    scenes = await asyncio.gather(*polls)
    assert {scene.resting for scene in scenes} == {("720p", "480p")}
    assert answered[0] >= 0.49
    assert answered[-1] - answered[0] > 0.1


async def test_a_rendition_that_rests_for_a_moment_only_disturbs_nobody_and_an_end_is_told_at_once(room: Room) -> None:
    ingest, polls = room.ingest, room.polls
    await ingest.rests("720p")
    await asyncio.sleep(0.05)
    await ingest.rests()
    await asyncio.sleep(1.1)
    assert not any(poll.done() for poll in polls)
    await ingest.rests("720p")
    room.rows.row = ENDED
    room.stage.changed(LIVE.id, ENDED)
    done, _ = await asyncio.wait(polls, timeout=0.4)
    assert len(done) == len(polls)
