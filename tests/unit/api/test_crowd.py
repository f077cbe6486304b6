"""What several web processes make of what they hear of the same people, without a bus."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import pytest

from webinar.api.admission import PRESENT_S, Admission, Heard, Transport
from webinar.api.crowd import COUNT_EVERY_S, SILENT_S, Crowd, Sent

EVENT, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


class Here:
    """In the place of an `Admission`: what one process has heard."""

    def __init__(self) -> None:
        self.people: dict[uuid.UUID, Heard] = {}

    def hear(self, person: int, transport: Transport, *, ago_s: float = 0.0, **own: float) -> None:
        name = uuid.UUID(int=person)
        said = (own.get("behind_s"), own.get("first_s"))
        self.people[name] = Heard(name, EVENT, transport, time.monotonic() - ago_s, *said)

    def heard_of(self, event_id: uuid.UUID) -> Iterable[Heard]:
        return [h for h in self.heard_since(time.monotonic() - PRESENT_S) if h.event_id == event_id]

    def heard_since(self, moment: float) -> Iterator[Heard]:
        return (heard for heard in self.people.values() if heard.at >= moment)


class Process:
    """One web process of several."""

    def __init__(self) -> None:
        self.here = Here()
        self.sent: dict[str, Sent] = {}
        self.asked: list[str | None] = []  # of which event it was asked what is sent
        self.crowd = Crowd(cast(Admission, self.here), self._sent)

    def _sent(self, event_id: str | None) -> Mapping[str, Sent]:
        self.asked.append(event_id)
        return self.sent

    def tell(self, *others: Process, ago_s: float = 0.0) -> list[dict[str, Any]]:
        messages = self.crowd.news(time.monotonic())
        for message in messages:
            for other in (self, *others):
                other.crowd.take(message, time.monotonic() - ago_s)
        return messages


@pytest.fixture
def one() -> Process:
    return Process()


@pytest.fixture
def two() -> Process:
    return Process()


def test_people_of_all_processes_add_up_and_nobody_counts_twice(one: Process, two: Process) -> None:
    one.here.hear(1, "whep", behind_s=0.3)
    one.here.hear(2, "lobby", ago_s=5)
    two.here.hear(2, "hls", behind_s=1.5)  # another connection of theirs came to another process
    two.here.hear(3, "hls", behind_s=1.1)
    one.tell(two)
    two.tell(one)
    for process in (one, two):
        assert process.crowd.present(EVENT) == {"whep": 1, "hls": 2, "lobby": 0}
        assert process.crowd.behind(EVENT, "hls") == [1.1, 1.5]
        assert process.crowd.behind(EVENT, "whep") == [0.3]
        assert process.crowd.present(OTHER) == {"whep": 0, "hls": 0, "lobby": 0}


def test_how_long_people_waited_for_a_picture_is_known_in_every_process(one: Process, two: Process) -> None:
    one.here.hear(1, "whep", behind_s=0.3, first_s=0.9)
    one.here.hear(2, "lobby")
    two.here.hear(3, "hls", first_s=0.6)
    one.tell(two)
    two.tell(one)
    for process in (one, two):
        assert process.crowd.first_pictures(EVENT) == [0.6, 0.9]
        assert process.crowd.first_pictures(OTHER) == []


def test_what_a_process_of_before_tells_is_taken(one: Process) -> None:
    told = [str(uuid.UUID(int=1)), str(EVENT), "whep", 0.5, 0.3]
    one.crowd.take({"process": "older", "heard": [told]}, time.monotonic())
    assert (one.crowd.behind(EVENT, "whep"), one.crowd.first_pictures(EVENT)) == ([0.3], [])


def test_watching_are_guests_whose_player_plays_and_players_of_other_programs(one: Process) -> None:
    one.here.hear(1, "whep")
    one.here.hear(2, "hls")
    one.here.hear(3, "lobby")
    assert one.crowd.watching(EVENT) == 2
    one.sent[str(EVENT)] = Sent(4)  # three players report nothing
    assert one.crowd.viewers(EVENT) == {"whep": 4, "hls": 1, "lobby": 1}
    assert one.crowd.watching(EVENT) == 5


def test_a_house_that_is_told_at_once_how_many_watch_is_counted_once(one: Process) -> None:
    now = time.monotonic()
    for person in range(300):
        one.here.hear(person, "whep")
    assert {one.crowd.lately_watching(EVENT, now + COUNT_EVERY_S * part / 300) for part in range(300)} == {300}
    assert one.asked == [str(EVENT)]
    assert one.crowd.lately_watching(OTHER, now) == 0, "each event has its own"
    one.here.hear(300, "hls")
    assert one.crowd.lately_watching(EVENT, now + COUNT_EVERY_S) == 301


def test_who_is_not_heard_of_any_more_anywhere_has_left(one: Process, two: Process) -> None:
    one.here.hear(1, "whep", ago_s=PRESENT_S - 1)
    one.tell(two)
    assert two.crowd.present(EVENT)["whep"] == 1
    one.here.hear(2, "whep", ago_s=PRESENT_S + 1)
    one.tell(two)
    assert two.crowd.present(EVENT)["whep"] == 1


def test_who_was_told_of_long_ago_is_not_kept_in_memory(one: Process, two: Process) -> None:
    for person in range(3):
        one.here.hear(person, "whep")
    one.tell(two)
    word = {"process": "third", "heard": [[str(uuid.UUID(int=9)), str(EVENT), "hls", 0, None]]}
    two.crowd.take(word, time.monotonic() + PRESENT_S - 1)
    assert len(two.crowd._elsewhere) == 4  # noqa: SLF001 - nothing else tells what is kept
    two.crowd.take(word, time.monotonic() + PRESENT_S + 1)
    assert list(two.crowd._elsewhere) == [uuid.UUID(int=9)]  # noqa: SLF001 - as above


def test_only_what_is_new_is_told_and_an_older_word_changes_nothing(one: Process, two: Process) -> None:
    one.here.hear(1, "whep")
    two.here.hear(1, "hls", ago_s=3)
    first = one.tell(two)
    assert [len(message.get("heard", ())) for message in first] == [0, 1]
    two.tell(one)
    assert one.crowd.present(EVENT) == two.crowd.present(EVENT) == {"whep": 1, "hls": 0, "lobby": 0}
    time_of_all = one.tell(two)
    assert [len(message.get("heard", ())) for message in time_of_all] == [0]


def test_what_is_sent_adds_up_until_a_process_is_silent(one: Process, two: Process) -> None:
    one.sent = {str(EVENT): Sent(3, {"720p": 2, "240p": 1}, 0.01)}
    two.sent = {str(EVENT): Sent(2, {"720p": 2}, 0.05), str(OTHER): Sent(1, {"720p": 1})}
    two.tell(one)
    assert one.crowd.sent(EVENT) == Sent(5, {"720p": 4, "240p": 1}, 0.05)
    assert one.crowd.sent(OTHER) == Sent(1, {"720p": 1})
    assert one.asked == [str(EVENT), str(OTHER)], "nothing is counted that was not asked for"
    two.tell(one, ago_s=SILENT_S + 1)
    assert one.crowd.sent(EVENT) == Sent(3, {"720p": 2, "240p": 1}, 0.01)
    assert one.crowd.sent(OTHER) == Sent()


def test_a_full_house_is_told_in_messages_that_a_bus_takes(one: Process, two: Process) -> None:
    for person in range(5000):
        one.here.hear(person, "whep", behind_s=0.25)
    messages = one.tell(two)
    assert [len(message.get("heard", ())) for message in messages] == [0, 2000, 2000, 1000]
    assert max(len(str(message)) for message in messages) < 1_000_000
    assert two.crowd.present(EVENT)["whep"] == 5000
