"""An event that nobody ends is ended by the worker, and is from then on like any other that is over."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.fake_ingest import FakeIngest
from tests.mail_office import body, idle, letters_to
from tests.security.pages_client import Person
from tests.waiting import until
from webinar.base import times
from webinar.jobs.ender import PATIENCE_S, Ender

if TYPE_CHECKING:
    from tests.mail_stage import Inbox
    from tests.web_stage import Web

pytest_plugins = ["tests.mail_office"]

HOUR = timedelta(hours=1)


async def test_an_event_that_nobody_ends_ends_by_itself_says_so_before_and_after_and_can_be_destroyed(
    office: Web, inbox: Inbox
) -> None:
    web = office
    async with FakeIngest(web.ingest_bus, web.platform.storage):
        event = await web.live_event()
        path, event_id = f"/api/v1/events/{event['id']}", uuid.UUID(event["id"])
        end = datetime.now(UTC) - timedelta(minutes=5)
        await web.platform.pool.execute(
            "update event set starts_at = $2::timestamptz - interval '1 hour', ends_at = $2,"
            " started_at = $2::timestamptz - interval '1 hour' where id = $1",
            event_id,
            end,
        )
        now, steady = end, 0.0
        warned: list[tuple[timedelta, bool]] = []

        async def warn(which: uuid.UUID, at: datetime, whoever_sends: bool) -> None:
            warned.append((at - end, whoever_sends))
            await web.platform.mail.ends_itself(which, at, whoever_sends)

        ender = Ender(
            web.platform.events,
            web.platform.course,
            web.platform.stage.heartbeats,
            3 * HOUR,
            12 * HOUR,
            warn=warn,
            tell=web.platform.mail.ended_themselves,
            clock=lambda: now,
            steady=lambda: steady,
        )
        async with Person(web) as host:
            await host.become_owner()
            assert "it ends by itself at" in (await host.http.get(f"/events/{event['id']}")).text
            now = end + 14 * HOUR
            assert await ender.look() == 0  # due for the first time: the date may be wrong
            now = end + HOUR / 2
            steady += PATIENCE_S
            assert await ender.look() == 0
            assert warned == []  # it was, and has used up no letter
            now = end + HOUR
            assert await ender.look() == 0
            steady += PATIENCE_S
            assert await ender.look() == 0
            (letter,) = await letters_to(inbox, "owner@example.org", 1)
            assert "아직 방송 중이에요" in letter["Subject"]
            assert f"/events/{event['id']}" in body(letter)
            assert "누군가 다시 송출하거나" in body(letter)
            await web.platform.events.sent([event_id], end + HOUR * 0.75)
            now = end + 2 * HOUR
            assert await ender.look() == 0  # somebody did for a moment: it ends hardly later
            await web.platform.events.sent([event_id], now)
            now = end + 4 * HOUR
            assert await ender.look() == 0
            assert len(await letters_to(inbox, "owner@example.org", 2)) == 2
            await web.platform.events.sent([event_id], end + 10 * HOUR)
            now = end + HOUR * 10.5
            assert await ender.look() == 0
            _, _, last = await letters_to(inbox, "owner@example.org", 3)
            assert "송출 중이어도" in body(last)
            now = end + 12 * HOUR
            assert await ender.look() == 0
            steady += PATIENCE_S
            assert await ender.look() == 1
            assert sorted(set(warned)) == [(n * HOUR, n == 12) for n in (3, 3.75, 5, 12)]
            reply = (await web.host.get(path)).json()
            assert (reply["state"], reply["ended_itself"]) == ("ended", True)
            assert "Nobody ended this event" in (await host.http.get(f"/events/{event['id']}")).text
        # Also who heard nothing before, as the worker was away: another one comes later, and writes once.
        another = Ender(
            web.platform.events,
            web.platform.course,
            web.platform.stage.heartbeats,
            3 * HOUR,
            12 * HOUR,
            tell=web.platform.mail.ended_themselves,
        )
        assert await another.look() == 0
        await until(lambda: idle(web))
        *before, after = await letters_to(inbox, "owner@example.org", 4)
        assert len(before) == 3
        assert "자동으로 끝났어요" in after["Subject"]
        assert f"/events/{event['id']}/recording" in body(after)
        assert times.at(end, "Asia/Seoul", "ko") in body(after)
        assert await ender.look() == 0
        assert await web.platform.destruction.due(datetime.now(UTC) + timedelta(days=91), 9) == [event_id]
