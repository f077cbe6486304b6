"""Slides that were shown, noted over the API, on a real socket with real PostgreSQL and NATS."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from tests.fake_ingest import FakeIngest

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]


async def test_slides_are_noted_while_live_with_the_time_they_came_and_never_before_the_start(
    web: Web, ingest: FakeIngest
) -> None:
    event = await web.event()
    path = f"/api/v1/events/{event['id']}/marks"
    early = await web.host.post(path, json={"kind": "slide", "n": 1})
    assert (early.status_code, early.json()["code"]) == (409, "not_live")
    started = (await web.host.post(f"/api/v1/events/{event['id']}/start")).json()["started_at"]
    first = await web.host.post(path, json={"kind": "slide", "n": 1, "title": " 심부전 ", "ago_s": 50})
    assert first.status_code == 201
    assert first.json() == {"kind": "slide", "n": 1, "title": "심부전", "at": started}
    second = (await web.host.post(path, json={"kind": "slide", "n": 2})).json()
    assert dt.datetime.fromisoformat(second["at"]) > dt.datetime.fromisoformat(started)
    kept = await web.platform.editing.marks(uuid.UUID(event["id"]))
    assert [(mark.kind, dict(mark.body)) for mark in kept] == [
        ("slide", {"title": "심부전", "number": 1}),
        ("slide", {"title": "", "number": 2}),
    ]


async def test_what_is_no_mark_of_a_presenter_is_refused(web: Web, ingest: FakeIngest) -> None:
    event = await web.event()
    await web.host.post(f"/api/v1/events/{event['id']}/start")
    for body in (
        {"kind": "pause"},
        {"kind": "slide", "n": 0},
        {"kind": "slide", "ago_s": 61},
        {"kind": "slide", "x": 1},
    ):
        reply = await web.host.post(f"/api/v1/events/{event['id']}/marks", json=body)
        assert reply.status_code == 422, body
