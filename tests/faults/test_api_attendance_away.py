"""The short form of `tests.bench.attending`: PostgreSQL is killed while people watch, and not a second is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.bench.attending import attend
from tests.fake_ingest import FakeIngest
from tests.faults.test_api_database_away import OwnPostgres, own_folder, own_postgres, web_on_it

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]
__all__ = ["own_folder", "own_postgres", "web_on_it"]  # fixtures


async def test_minutes_match_what_people_did_although_the_database_was_away(
    own_postgres: OwnPostgres,
    web_on_it: Web,
) -> None:
    web = web_on_it
    async with FakeIngest(web.ingest_bus, web.platform.storage):
        event = await web.live_event()

        async def away() -> None:
            await own_postgres.stop(kill=True)
            await asyncio.sleep(1.0)  # so long it is away: people go on meanwhile
            await own_postgres.start()

        result = await attend(
            web.host,
            web.guest,
            event["id"],
            away,
            people=20,
            seconds=4.0,
            register_within=0.2,
            join_within=1.0,
            every_s=0.7,
        )
    assert (result["rows"], result["still_kept"]) == (20, 0), result
    assert result["worst_s"] < 0.1, result
    assert result["answers"].get("503", 0) > 0, result
