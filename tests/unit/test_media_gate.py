"""Media of past sessions under the replay's gate: what HLS answers, and what is believed while PostgreSQL is away."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from ingest.contract import Key
from webinar import media_gate
from webinar.base.errors import Unavailable, WebinarError
from webinar.base.settings import Settings
from webinar.base.storage import Storage
from webinar.delivery.hls import HlsApp
from webinar.delivery.part import Part
from webinar.delivery.past import Opening
from webinar.delivery.session import LiveSession
from webinar.media_gate import MediaGate
from webinar.recordings.gate import Gate, SessionGate, Who

NOW = dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)
PREFIX = "p" * 22
EVENT = uuid.UUID(int=7)
OPEN = Gate(Who.REGISTERED)


def past(gate: Gate, part: tuple[float, float] | None = None, *, over: bool = True) -> SessionGate:
    return SessionGate(EVENT, over, gate, part)


class Rows:
    """What PostgreSQL says of sessions, and how often it was asked."""

    def __init__(self, found: SessionGate | None) -> None:
        self.found = found
        self.away = False
        self.asked = 0

    async def __call__(self, prefix: str) -> SessionGate | None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionRefusedError("away")
        return self.found


def gate(rows: Rows) -> MediaGate:
    return MediaGate(rows, lambda: NOW)


async def status(asked: MediaGate) -> int:
    refused = (await asked.look(PREFIX)).refused
    return 200 if refused is None else refused.status


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, 404),
        (past(Gate(Who.NOBODY), over=False), 200),  # the event is not over: an earlier part of it
        (past(OPEN), 200),
        (past(Gate(Who.NOBODY)), 410),
        (past(Gate(Who.LINK, NOW)), 410),
        (past(Gate(Who.LINK, NOW + dt.timedelta(seconds=1))), 200),
    ],
)
async def test_media_are_given_out_while_anybody_may_watch(found: SessionGate | None, expected: int) -> None:
    assert await status(gate(Rows(found))) == expected


async def test_one_look_does_for_all_who_ask_and_is_not_believed_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows(past(OPEN))
    asked = gate(rows)
    assert await asyncio.gather(*(status(asked) for _ in range(50))) == [200] * 50
    assert rows.asked == 1
    assert media_gate._FRESH_S <= 10  # noqa: SLF001 - the promise to hosts
    monkeypatch.setattr(media_gate, "_FRESH_S", -1.0)
    rows.found = past(Gate(Who.NOBODY))
    fresh = gate(rows)
    assert await status(fresh) == 410
    rows.found = past(OPEN)
    assert await status(fresh) == 200


async def test_while_postgresql_is_away_the_last_word_holds_and_nothing_is_guessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_gate, "_FRESH_S", -1.0)
    monkeypatch.setattr(media_gate, "_AGAIN_S", -1.0)
    rows = Rows(past(OPEN))
    asked = gate(rows)
    rows.away = True
    assert await status(asked) == 503
    rows.away = False
    assert await status(asked) == 200
    rows.away = True
    assert await status(asked) == 200


async def test_what_changed_is_asked_for_again_at_once_also_when_it_did_while_it_was_asked_for() -> None:
    rows = Rows(past(OPEN))
    asked = gate(rows)
    assert (await asked.look(PREFIX)).part is None
    rows.found = past(OPEN, (4.0, 8.0))
    asked.doubt(uuid.UUID(int=8))
    assert (await asked.look(PREFIX)).part is None
    asked.doubt(EVENT)
    assert (await asked.look(PREFIX)).part == Part(4.0, 8.0)
    asked.doubt(EVENT)
    looking = asyncio.create_task(asked.look(PREFIX))
    await asyncio.sleep(0)
    asked.doubt(EVENT)
    await looking
    rows.found = past(OPEN, (5.0, 8.0))
    assert (await asked.look(PREFIX)).part == Part(5.0, 8.0)


async def test_a_postgresql_that_hangs_is_not_waited_for_by_one_after_the_other() -> None:
    rows = Rows(None)
    rows.away = True
    asked = gate(rows)
    assert await asyncio.gather(*(status(asked) for _ in range(50))) == [503] * 50
    assert rows.asked == 1


class Shut:
    """A gate that lets nobody in."""

    def __init__(self, why: WebinarError) -> None:
        self.why = why
        self.asked = 0

    async def look(self, prefix: str) -> Opening:
        self.asked += 1
        return Opening(self.why)

    def knows(self, prefix: str) -> bool:
        return False


class Nothing:
    """No session is live here."""

    def by_prefix(self, prefix: str) -> LiveSession | None:
        return None


async def test_a_kept_address_of_a_segment_opens_nothing_once_the_gate_is_shut(tmp_path: Path) -> None:
    storage = Storage.open(Settings.read(data_dir=tmp_path))
    await storage.put_bytes(Key.segment(PREFIX, "720p", 3), b"segment")
    await storage.put_bytes(Key.init(PREFIX, "720p"), b"init")
    app = HlsApp(Nothing(), storage)
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/hls", app=app)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://hls") as client:
        rows = Rows(past(OPEN))
        app.guard(gate(rows))
        given = await client.get(f"/hls/{PREFIX}/720p/3.m4s")
        assert (given.status_code, given.content) == (200, b"segment")
        assert "s-maxage=10" in given.headers["cache-control"]
        app.guard(gate(Rows(past(Gate(Who.NOBODY)))))
        for name in ("3.m4s", "init.mp4"):
            reply = await client.get(f"/hls/{PREFIX}/720p/{name}")
            assert (reply.status_code, reply.headers["cache-control"]) == (410, "no-store")
            assert "does not show the recording" in reply.text
        shut = Shut(Unavailable("Not now.", retry_after_s=2))
        app.guard(shut)
        later = await client.get(f"/hls/{PREFIX}/720p/3.m4s")
        assert (later.status_code, later.headers["retry-after"]) == (503, "2")
        assert (await client.get(f"/hls/{'x' * 22}/720p/3.m4s")).status_code == 404
        assert shut.asked == 1  # a prefix that does not exist costs no query


async def test_who_watches_an_event_that_is_deleted_is_told_so_by_the_next_request(tmp_path: Path) -> None:
    storage = Storage.open(Settings.read(data_dir=tmp_path))
    await storage.put_bytes(Key.segment(PREFIX, "720p", 3), b"segment")
    app, rows = HlsApp(Nothing(), storage), Rows(past(OPEN))
    asked = gate(rows)
    app.guard(asked)
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/hls", app=app)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://hls") as client:
        assert (await client.get(f"/hls/{PREFIX}/720p/3.m4s")).status_code == 200
        assert (await client.get(f"/hls/{PREFIX}/720p/4.m4s")).status_code == 404
        rows.found = None
        asked.doubt(EVENT)
        for files_are_there in (True, False):
            for path in ("720p/3.m4s", "720p/4.m4s", "720p/init.mp4", "full.m3u8", "720p/full.m3u8"):
                reply = await client.get(f"/hls/{PREFIX}/{path}")
                assert (reply.status_code, "deleted" in reply.text) == (410, True), path
            if files_are_there:
                await storage.remove_all(f"live/{PREFIX}")
        assert (await client.get(f"/hls/{'x' * 22}/720p/3.m4s")).status_code == 404
