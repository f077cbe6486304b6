"""The host's holding picture stands in for the drawn one, and never the other way round by accident."""

from __future__ import annotations

import asyncio
import io

import av
import numpy as np
import pytest
from PIL import Image

from ingest.holding import Holding
from webinar.base.errors import NotFound, Unavailable

EVENT = "5f0c6f1e-6c0e-4d7b-9a52-0f3a2c1b9d10"
KEY = f"images/{EVENT}/holding-{'0a' * 32}.jpg"
OTHER = f"images/{EVENT}/holding-{'0b' * 32}.jpg"


def _jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (640, 360)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=95)
    return out.getvalue()


class Store:
    """Objects by key; `asked` counts."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {KEY: _jpeg((230, 230, 230)), OTHER: _jpeg((0, 0, 0))} | objects
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def get(self, key: str, most: int) -> bytes:
        self.asked.append(key)
        await self.open.wait()
        if key not in self.objects:
            raise NotFound("There is no such object.")
        if len(self.objects[key]) > most:
            raise Unavailable("too large")
        return self.objects[key]


def _brightness(frame: av.VideoFrame) -> float:
    assert (frame.width, frame.height, frame.format.name) == (640, 360, "yuv420p")
    return float(frame.to_ndarray()[:360].mean())


def _holding(store: Store, key: str = KEY) -> Holding:
    return Holding(EVENT, 640, 360, "A title", key, store.get)


async def test_the_picture_of_the_host_is_shown_whole_on_the_canvas() -> None:
    holding = _holding(Store())
    await holding.prepare()
    assert _brightness(await holding.frame()) > 190


async def test_a_picture_of_another_shape_is_not_stretched() -> None:
    store = Store()
    store.objects[KEY] = _jpeg((230, 230, 230), (360, 360))
    holding = _holding(store)
    await holding.prepare()
    luma = np.asarray((await holding.frame()).to_ndarray()[:360])
    assert luma[180, 20] < 30
    assert luma[180, 320] > 190
    assert luma[180, 620] < 30


async def test_another_picture_takes_its_place_and_none_gives_the_drawn_one_back() -> None:
    store = Store()
    holding = _holding(store)
    await holding.prepare()
    assert _brightness(await holding.change(OTHER)) < 25
    drawn = await holding.change("")
    assert 20 < _brightness(drawn) < 80
    assert await holding.frame() is drawn
    assert store.asked == [KEY, OTHER]


@pytest.mark.parametrize("bytes_", [b"", b"\xff\xd8\xff not a picture", _jpeg((9, 9, 9), (4000, 3000))])
async def test_what_cannot_be_shown_leaves_the_drawn_picture(bytes_: bytes) -> None:
    store = Store()
    store.objects[KEY] = bytes_
    holding = _holding(store)
    await holding.prepare()
    assert 20 < _brightness(await holding.frame()) < 80


@pytest.mark.parametrize(
    "key",
    [
        "recordings/other/film.mp4",
        KEY.replace(EVENT, "another-event"),
        f"images/{EVENT}/../{EVENT}/holding-{'0a' * 32}.jpg",
        KEY + "/x",
    ],
)
async def test_nothing_but_a_holding_picture_of_this_event_is_asked_for(key: str) -> None:
    store = Store()
    holding = _holding(store, key)
    await holding.prepare()
    assert store.asked == []
    assert 20 < _brightness(await holding.frame()) < 80


async def test_a_store_that_does_not_answer_holds_nobody_up() -> None:
    store = Store()
    store.open.clear()
    holding = _holding(store)
    preparing = asyncio.create_task(holding.prepare())
    assert 20 < _brightness(await holding.frame()) < 80
    store.open.set()
    await preparing
    assert _brightness(await holding.frame()) > 190
