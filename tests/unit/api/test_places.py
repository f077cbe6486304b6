from __future__ import annotations

import asyncio
import json
import uuid

import pytest

from webinar.api.access import Caller, Principal
from webinar.api.places import Elsewhere, Places, new_visit

PERSON = str(uuid.uuid4())


def page(visit: str, person: str = PERSON) -> Principal:
    return Principal(Caller.VIEWER, person=person, visit=visit)


def places() -> tuple[Places, list[tuple[str, str]]]:
    given: list[tuple[str, str]] = []
    return Places(lambda person, visit: given.append((person, visit))), given


async def told(to: Places, person: str, visit: str) -> None:
    """As another process tells it on the bus."""
    await to._on_told(json.dumps({"places": [[person, visit]]}).encode())  # noqa: SLF001


async def test_the_page_made_last_has_the_place_in_whatever_order_they_ask() -> None:
    here, given = places()
    first, second = new_visit(), f"{int(new_visit()[:13]) + 1}aa"
    await here.take(page(first))
    await here.take(page(second))
    assert given == [(PERSON, second)]
    for late in (first, first):
        with pytest.raises(Elsewhere):
            await here.take(page(late))
    await here.take(page(second))
    await here.take(page(first, str(uuid.uuid4())))  # another person
    await here.take(page(""))  # a program
    assert len(given) == 1


async def test_a_page_in_another_process_takes_it_too_and_who_waits_hears_of_it_at_once() -> None:
    here, given = places()
    await here.take(page("1"))
    never = asyncio.Event()
    waiting = asyncio.create_task(here.while_held(page("1"), never.wait()))
    unconcerned = asyncio.create_task(here.while_held(page(""), asyncio.sleep(0.05, "done")))
    await asyncio.sleep(0)
    await told(here, PERSON, "0")
    await told(here, str(uuid.uuid4()), "9")
    assert not waiting.done()
    await told(here, PERSON, "2")
    with pytest.raises(Elsewhere):
        await asyncio.wait_for(waiting, 5)
    assert given == [(PERSON, "2")]
    assert await unconcerned == "done"


async def test_work_for_who_keeps_the_place_is_answered_and_its_errors_are_its_own() -> None:
    here, _ = places()
    assert await here.while_held(page("1"), asyncio.sleep(0, 7)) == 7

    async def fails() -> None:
        raise ValueError("own")

    with pytest.raises(ValueError, match="own"):
        await here.while_held(page("1"), fails())
