"""Whose sessions give way when all seats are taken."""

from __future__ import annotations

import json

from webinar.api.watchers import Watchers


class House:
    """Watchers over sessions that end when they are told to, as a process tells it of its own."""

    def __init__(self) -> None:
        self.closed: list[str] = []
        self.watchers = Watchers(self._close)

    def _close(self, resource: str) -> None:
        self.closed.append(resource)
        self.watchers.left(resource)


def test_who_holds_the_most_gives_up_the_oldest_and_never_becomes_poorer_than_who_comes() -> None:
    house = House()
    for resource, person in (("a1", "a"), ("b1", "b"), ("a2", "a"), ("a3", "a")):
        house.watchers.began(resource, person)
    assert house.watchers.make_room("c")
    assert not house.watchers.make_room("b")
    assert house.watchers.make_room("c")
    assert house.closed == ["a1", "a2"]
    assert not house.watchers.make_room("c")


def test_sessions_that_ended_count_for_nobody_and_are_closed_by_nobody() -> None:
    house = House()
    for n in range(3):
        house.watchers.began(f"a{n}", "a", visit=f"{n}")
    for resource in ("a0", "a1", "a1", "unknown"):
        house.watchers.left(resource)
    assert not house.watchers.make_room("b")
    house.watchers.give_way("a", "9")
    assert not house.watchers.make_room("a")
    assert house.closed == ["a2"]


async def test_who_is_put_out_loses_all_sessions_and_a_newer_visit_only_those_before_it() -> None:
    house = House()
    for resource, person, visit in (("a1", "a", "1"), ("a2", "a", "2"), ("a0", "a", ""), ("b1", "b", "1")):
        house.watchers.began(resource, person, visit)
    house.watchers.give_way("a", "2")
    assert house.closed == ["a1"]
    await house.watchers._on_out(json.dumps({"person": "a", "at": 0}).encode())  # noqa: SLF001
    assert house.closed == ["a1", "a2", "a0"]
