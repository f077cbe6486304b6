"""Where the replay of an event is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from obstore.store import LocalStore

from ingest.contract import Key
from webinar.base.errors import Unavailable
from webinar.base.storage import Storage
from webinar.delivery import replays as module
from webinar.delivery.replays import Replays


class Counted(Storage):
    """A store in a folder that counts how often it is listed, and can be away."""

    def __init__(self, folder: Path) -> None:
        super().__init__(LocalStore(folder), folder)
        self.listed = 0
        self.away = False

    async def list_keys(self, prefix: str) -> list[str]:
        self.listed += 1
        if self.away:
            raise Unavailable("away")
        await asyncio.sleep(0)
        return await super().list_keys(prefix)


@pytest.fixture
def store(tmp_path: Path) -> Counted:
    return Counted(tmp_path)


async def test_it_is_the_last_session_and_all_who_ask_at_once_cost_one_look(store: Counted) -> None:
    for session in ("0001-a", "0003-c", "0002-b"):
        await store.put_bytes(Key.pointer("e1", session), session[-1:].encode() * 22)
    replays = Replays(store)
    assert set(await asyncio.gather(*(replays.prefix("e1") for _ in range(50)))) == {"c" * 22}
    assert store.listed == 1


async def test_an_event_without_one_is_looked_at_again_after_a_while(
    store: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    replays = Replays(store)
    assert await replays.prefix("e1") is None
    await store.put_bytes(Key.pointer("e1", "0001-a"), b"a" * 22)
    assert await replays.prefix("e1") is None
    monkeypatch.setattr(module, "_LOOK_AGAIN_S", -1.0)
    assert await replays.prefix("e1") == "a" * 22


async def test_what_was_removed_is_forgotten_but_not_because_the_store_is_away(
    store: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    replays = Replays(store)
    await store.put_bytes(Key.pointer("e1", "0001-a"), b"a" * 22)
    assert [await replays.prefix("e1") for _ in range(3)] == ["a" * 22] * 3
    assert store.listed == 1
    monkeypatch.setattr(module, "_CHECK_AGAIN_S", -1.0)
    store.away = True
    assert await replays.prefix("e1") == "a" * 22
    store.away = False
    await store.delete(Key.pointer("e1", "0001-a"))
    assert await replays.prefix("e1") is None


async def test_an_event_of_which_the_store_is_slow_to_tell_keeps_no_other_waiting(
    store: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put_bytes(Key.pointer("e2", "0001-a"), b"a" * 22)
    get, let = store.list_keys, asyncio.Event()

    async def slow(prefix: str) -> list[str]:
        if prefix == Key.of_event("e1"):
            await let.wait()
        return await get(prefix)

    monkeypatch.setattr(store, "list_keys", slow)
    replays = Replays(store)
    first = asyncio.create_task(replays.prefix("e1"))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await replays.prefix("e2") == "a" * 22
    let.set()
    assert await first is None


async def test_a_store_that_is_away_is_no_error(store: Counted) -> None:
    store.away = True
    assert await Replays(store).prefix("e1") is None
    assert await Replays(None).prefix("e1") is None
