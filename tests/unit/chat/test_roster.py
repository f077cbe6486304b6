"""chat/roster.py: every process ends with the same list of people."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from chat.roster import SILENT_S, Person, Roster

KIM, LEE, HOST = Person("k", "Kim", "attendee"), Person("l", "Lee", "attendee"), Person("h", "Han", "host")


def carried(said: dict[str, Any]) -> dict[str, Any]:
    """Over the bus."""
    back: dict[str, Any] = json.loads(json.dumps(said))
    return back


def test_a_person_in_two_processes_counts_once() -> None:
    here, there = Roster("a"), Roster("b")
    here.enter(KIM)
    there.enter(KIM)
    there.enter(LEE)
    assert not here.take(carried(there.news()), 0.0)  # from the middle: it must be asked
    assert here.online == 3  # until then, as many as it says
    assert not here.complete
    for said in there.whole():
        assert here.take(carried(said), 0.0)
    assert here.online == 2
    assert here.complete
    assert here.find("l") == LEE
    there.leave("l")
    assert here.take(carried(there.news()), 0.0)
    assert here.online == 1


def test_a_process_that_is_silent_has_nobody() -> None:
    here, there = Roster("a"), Roster("b")
    there.enter(LEE)
    for said in there.whole():
        here.take(carried(said), 0.0)
    here.forget_silent(SILENT_S)
    assert here.online == 1
    here.forget_silent(SILENT_S + 0.1)
    assert here.online == 0


def test_staff_stays_known_when_it_has_left_and_in_every_process() -> None:
    here, there = Roster("a"), Roster("b")
    there.enter(HOST)
    for said in there.whole():
        here.take(carried(said), 0.0)
    there.leave("h")
    here.take(carried(there.news()), 0.0)
    assert (here.staff, here.staff_version, here.online) == ({"h": HOST}, 1, 0)


def test_one_with_a_new_name_who_leaves_at_once_is_no_ghost_elsewhere() -> None:
    here, there = Roster("a"), Roster("b")
    there.enter(LEE)
    for said in there.whole():
        here.take(carried(said), 0.0)
    there.enter(LEE._replace(name="Lee II"))
    there.leave("l")
    assert here.take(carried(there.news()), 0.0)
    assert (here.online, here.people()) == (0, {})


def test_a_list_that_is_not_as_long_as_told_is_asked_for_again() -> None:
    here, there = Roster("a"), Roster("b")
    there.enter(LEE)
    for said in there.whole():
        here.take(carried(said), 0.0)
    assert not here.take({**carried(there.news()), "online": 2}, 0.0)
    assert here.online == 2  # until then, as many as it says
    for said in there.whole():
        assert here.take(carried(said), 0.0)
    assert here.online == 1


def test_a_list_of_many_messages_is_whole_with_the_last() -> None:
    here, there = Roster("a"), Roster("b")
    for number in range(9000):
        there.enter(Person(f"p{number}", "P", "attendee"))
    parts = there.whole()
    assert len(parts) == 3
    assert all(here.take(carried(part), 0.0) for part in parts)
    assert (here.online, len(here.people())) == (9000, 9000)


class Rosters(RuleBasedStateMachine):
    """Three processes on a bus that loses messages."""

    @initialize()
    def start(self) -> None:
        self.rosters = [Roster(name) for name in "abc"]
        self.here: list[set[str]] = [set(), set(), set()]

    @rule(n=st.integers(0, 2), person=st.integers(0, 5))
    def enter(self, n: int, person: int) -> None:
        self.rosters[n].enter(Person(f"p{person}", f"P {person}", "attendee"))
        self.here[n].add(f"p{person}")

    @rule(n=st.integers(0, 2), person=st.integers(0, 5))
    def leave(self, n: int, person: int) -> None:
        self.rosters[n].leave(f"p{person}")
        self.here[n].discard(f"p{person}")

    @rule(n=st.integers(0, 2), heard=st.sets(st.integers(0, 2)))
    def speak(self, n: int, heard: set[int]) -> None:
        self._say(n, self.rosters[n].news(), heard)

    def _say(self, n: int, said: dict[str, Any], heard: set[int]) -> None:
        for other in heard - {n}:
            if not self.rosters[other].take(carried(said), 0.0):
                for part in self.rosters[n].whole():
                    for who in {0, 1, 2} - {n}:
                        self.rosters[who].take(carried(part), 0.0)

    def teardown(self) -> None:
        if hasattr(self, "rosters"):
            for _ in range(2):
                for n in range(3):
                    self._say(n, self.rosters[n].news(), {0, 1, 2})
            for roster in self.rosters:
                assert set(roster.people()) == set().union(*self.here)
                assert roster.online == len(set().union(*self.here))


Rosters.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestEveryProcessEndsWithTheSameList = Rosters.TestCase
