"""Series and duplicates are made whole or not at all, and change whole or not at all, whatever fails meanwhile."""

from __future__ import annotations

import asyncio
import io
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from asyncpg import RaiseError
from PIL import Image

from tests.waiting import until
from webinar.base.errors import Unavailable
from webinar.events.fields import EventChange

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

REFUSE = """
create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
create trigger refuse before {moment} on {table} for each row when ({row}) execute function refuse();
"""
TWO_WAIT = """
select count(*) = 2 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""


async def _guarded(web: Web) -> dict[str, Any]:
    """An event with a passcode, a replay for nobody, and a picture."""
    event = await web.event()
    path = f"/api/v1/events/{event['id']}"
    picture = io.BytesIO()
    Image.new("RGB", (800, 450), "navy").save(picture, "PNG")
    png = {"Content-Type": "image/png"}
    assert (await web.host.put(f"{path}/images/cover", content=picture.getvalue(), headers=png)).is_success
    assert (await web.host.patch(f"{path}/registration", json={"passcode": "open sesame"})).is_success
    assert (await web.host.patch(f"{path}/replay", json={"who": "nobody"})).is_success
    return event


async def test_dates_come_with_what_guards_them_or_not_at_all(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    event = await _guarded(web)
    path, weekly = f"/api/v1/events/{event['id']}/series", {"rhythm": "weekly", "count": 3}
    storage, pool = web.platform.storage, web.platform.pool
    copied: list[str] = []

    async def fails(key: str, target: str) -> None:
        assert len(await storage.list_keys("copying")) == 1, "who is killed now leaves word of it"
        if copied:
            raise Unavailable("The object store does not answer.")
        copied.append(target)
        await storage.put_bytes(target, await storage.get_bytes(key))

    async def made_nothing() -> bool:
        events = (await web.host.get("/api/v1/events")).json()["items"]
        files = [*await storage.list_keys("images"), *await storage.list_keys("copying")]
        return [one["id"] for one in events] == [event["id"]] and len(files) == 1

    with monkeypatch.context() as patched:
        patched.setattr(storage, "copy", fails)
        assert (await web.host.post(path, json=weekly)).status_code == 503
    assert copied
    assert await made_nothing()
    await pool.execute(REFUSE.format(moment="insert", table="replay_gate", row="true"))
    assert (await web.host.post(path, json=weekly)).status_code == 500
    assert await made_nothing()
    await pool.execute("drop function refuse cascade")
    made = await web.host.post(path, json=weekly)
    assert made.status_code == 201, made.text
    assert await storage.list_keys("copying") == []
    for one in made.json()["items"]:
        mine = f"/api/v1/events/{one['id']}"
        assert (await web.host.get(f"{mine}/registration")).json()["has_passcode"]
        assert (await web.host.get(f"{mine}/replay")).json()["who"] == "nobody"
        assert [image["kind"] for image in (await web.host.get(f"{mine}/images")).json()["items"]] == ["cover"]


async def test_of_two_who_add_dates_to_a_series_at_once_one_is_asked_to_look_first(web: Web) -> None:
    event = await web.event()
    series = f"/api/v1/events/{event['id']}/series"
    made = (await web.host.post(series, json={"rhythm": "weekly", "count": 50})).json()["items"]
    pool = web.platform.pool
    async with pool.acquire() as other, other.transaction():
        await other.execute("select from event where series_id = $1 for update", uuid.UUID(made[0]["series_id"]))
        asked = [
            asyncio.create_task(
                web.host.post(f"/api/v1/events/{one['id']}/series/dates", json={"rhythm": "weekly", "count": 2})
            )
            for one in made[:2]
        ]
        await until(lambda: pool.fetchval(TWO_WAIT))
    replies = sorted(await asyncio.gather(*asked), key=lambda reply: reply.status_code)
    assert [reply.status_code for reply in replies] == [201, 409]
    assert replies[1].json()["code"] == "series_changed"
    assert len((await web.host.get(series)).json()["items"]) == 52


async def test_the_closing_time_moves_with_the_event_or_neither_does(web: Web) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}"
    assert (await web.host.patch(f"{path}/registration", json={"closes_at": "2037-11-30T05:00:00Z"})).is_success
    move = {"starts_at": "2037-12-03T05:00:00Z", "ends_at": "2037-12-03T06:00:00Z"}

    async def times() -> tuple[str, str]:
        closes = (await web.host.get(f"{path}/registration")).json()["closes_at"]
        return (await web.host.get(path)).json()["starts_at"], closes

    await web.platform.pool.execute(REFUSE.format(moment="update", table="registration_rules", row="true"))
    assert (await web.host.patch(path, json=move)).status_code == 500
    assert await times() == ("2037-12-01T05:00:00Z", "2037-11-30T05:00:00Z")
    await web.platform.pool.execute("drop function refuse cascade")
    async with web.platform.pool.acquire() as other, other.transaction():
        await other.execute("select from event where id = $1 for update", uuid.UUID(event["id"]))
        asked = [asyncio.create_task(web.host.patch(path, json=move)) for _ in range(2)]
        await until(lambda: web.platform.pool.fetchval(TWO_WAIT))
    assert all(reply.is_success for reply in await asyncio.gather(*asked))
    assert await times() == ("2037-12-03T05:00:00Z", "2037-12-02T05:00:00Z")


async def test_a_series_changes_as_a_whole_or_not_at_all(web: Web) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}"
    assert (await web.host.patch(f"{path}/registration", json={"closes_at": "2037-11-30T05:00:00Z"})).is_success
    (first, _, last) = (await web.host.post(f"{path}/series", json={"rhythm": "weekly", "count": 3})).json()["items"]
    change = EventChange.model_validate(
        {"title": "New title", "starts_at": "2037-12-02T05:00:00Z", "ends_at": "2037-12-02T06:00:00Z"}, strict=False
    )

    async def stand() -> list[tuple[str, str, str]]:
        shown = (await web.host.get(f"{path}/series")).json()["items"]
        forms = [(await web.host.get(f"/api/v1/events/{one['id']}/registration")).json() for one in shown]
        return [(one["title"], one["starts_at"], form["closes_at"]) for one, form in zip(shown, forms, strict=True)]

    before = await stand()
    pool = web.platform.pool
    await pool.execute(REFUSE.format(moment="update", table="event", row=f"new.id = '{last['id']}'"))
    with pytest.raises(RaiseError):
        await web.platform.course.change_following(uuid.UUID(first["id"]), change)
    assert await stand() == before
    await pool.execute("drop function refuse cascade")
    await web.platform.course.change_following(uuid.UUID(first["id"]), change)
    assert await stand() == [
        ("New title", f"2037-12-{day:02}T05:00:00Z", f"2037-12-{day - 1:02}T05:00:00Z") for day in (2, 9, 16)
    ]
