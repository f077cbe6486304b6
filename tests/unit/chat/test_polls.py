"""chat/polls.py: from draft to shared, and who sees what of it when."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import fitting, wire
from chat.polls import MOST, Definition, Kind, Polls, Stage
from tests.unit.chat.entries import Log

SINGLE = Definition("Lunch?", Kind.SINGLE, ("soup", "rice", "none"), (), anonymous=False, live=False)
QUIZ = Definition("2 + 2?", Kind.MULTIPLE, ("3", "4", "four"), (1, 2), anonymous=True, live=True)
RATING = Definition("How was it?", Kind.RATING, (), (), anonymous=True, live=False)


class Room(Log):
    def __init__(self) -> None:
        super().__init__()
        self.polls = Polls()

    def put(self, state: str, definition: Definition = SINGLE, **more: Any) -> int:
        entry = self.add("poll", "mia", "moderator", state=state, **definition.content(), **more)
        self.polls.apply(entry)
        return entry.seq

    def seen(self, *, staff: bool = False) -> Any:
        return self.polls.snapshot(staff)["polls"]

    def shown(self, staff: bool = False) -> Any:
        """The newest event."""
        return self.polls.show(self.entries[-1], staff)


def test_a_draft_is_for_staff_alone() -> None:
    room = Room()
    poll = room.put("draft")
    assert room.seen() == []
    assert room.shown() is None
    assert room.seen(staff=True)[0]["poll"] == poll


def test_a_draft_may_be_saved_again_and_an_opened_poll_not() -> None:
    room = Room()
    poll = room.put("draft")
    room.put("draft", QUIZ, poll=poll)
    found = room.polls.get(poll)
    assert found is not None
    assert found.definition == QUIZ
    room.put("open", QUIZ, poll=poll)
    room.put("draft", SINGLE, poll=poll)
    found = room.polls.get(poll)
    assert found is not None
    assert (found.definition, found.stage) == (QUIZ, Stage.OPEN)


def test_results_are_for_staff_until_they_are_shared() -> None:
    room = Room()
    poll = room.put("draft")
    room.put("open", poll=poll)
    room.put("closed", poll=poll, counts=[1, 2, 0], answers=3)
    assert "counts" not in room.seen()[0]
    assert "counts" not in room.shown()
    assert room.seen(staff=True)[0]["counts"] == [1, 2, 0]
    room.put("shared", poll=poll, counts=[1, 2, 0], answers=3)
    assert room.shown()["counts"] == [1, 2, 0]
    assert room.seen()[0]["answers"] == 3


def test_the_right_answers_of_a_quiz_are_secret_until_they_are_shared() -> None:
    room = Room()
    poll = room.put("draft", QUIZ)
    for state in ("open", "closed"):
        room.put(state, QUIZ, poll=poll, counts=[0, 1, 1], answers=1)
        assert "correct" not in room.shown()
        assert "correct" not in room.seen()[0]
        assert room.shown(staff=True)["correct"] == [1, 2]
    room.put("shared", QUIZ, poll=poll, counts=[0, 1, 1], answers=1)
    assert room.shown()["correct"] == [1, 2]


def test_a_removed_poll_is_gone_and_says_nothing_more() -> None:
    room = Room()
    poll = room.put("draft", QUIZ)
    room.put("open", QUIZ, poll=poll)
    room.put("removed", QUIZ, poll=poll)
    assert room.shown() == {"poll": poll, "state": "removed"}
    room.put("open", QUIZ, poll=poll)
    room.put("draft", QUIZ, poll=poll)
    assert room.polls.get(poll) is None


def test_a_poll_removed_as_a_draft_was_never_there_for_the_public() -> None:
    room = Room()
    poll = room.put("draft")
    room.put("removed", poll=poll, unseen=True)
    assert room.shown() is None


@given(st.lists(st.sampled_from(["draft", "open", "closed", "shared", "removed"]), max_size=12))
def test_an_answered_poll_is_never_a_draft_again(states: list[str]) -> None:
    room = Room()
    poll = room.put("draft")
    opened = False
    for state in states:
        room.put(state, poll=poll)
        found = room.polls.get(poll)
        opened = opened or (found is not None and found.stage is Stage.OPEN)
        assert not (opened and found is not None and found.stage is Stage.DRAFT)


@pytest.mark.parametrize(
    ("definition", "choices", "accepted"),
    [
        (SINGLE, (0,), True),
        (SINGLE, (0, 1), False),
        (SINGLE, (3,), False),
        (SINGLE, (), False),
        (QUIZ, (0, 1, 2), True),
        (QUIZ, (0, 3), False),
        (RATING, (5,), True),
        (RATING, (0,), False),
        (RATING, (6,), False),
        (RATING, (1, 2), False),
    ],
)
def test_an_answer_names_what_can_be_chosen(definition: Definition, choices: tuple[int, ...], accepted: bool) -> None:
    assert definition.accepts(choices) is accepted


def test_of_a_poll_that_was_removed_the_public_reads_nothing_more_in_its_earlier_events() -> None:
    room = Room()
    poll = room.put("draft")
    room.put("open", poll=poll)
    room.put("shared", poll=poll, counts=[1, 2, 0], answers=3)
    room.put("removed", poll=poll)
    assert [room.polls.show(entry, False) for entry in room.entries] == [
        None,
        *[{"poll": poll, "state": "removed"}] * 3,
    ]
    staff = room.polls.show(room.entries[2], True)
    assert staff is not None
    assert staff["counts"] == [1, 2, 0]


def test_a_result_that_was_taken_back_is_in_no_earlier_event_and_one_shared_again_is() -> None:
    room = Room()
    poll = room.put("draft", QUIZ)
    room.put("open", QUIZ, poll=poll)
    shared = room.put("shared", QUIZ, poll=poll, counts=[0, 1, 1], answers=1)
    room.put("closed", QUIZ, poll=poll, counts=[0, 1, 1], answers=1)
    before = room.polls.show(room.entries[shared - 1], False)
    assert before is not None
    assert before["state"] == "shared"
    assert not {"counts", "answers", "correct"} & before.keys()
    room.put("shared", QUIZ, poll=poll, counts=[0, 1, 1], answers=1)
    before = room.polls.show(room.entries[shared - 1], False)
    assert before is not None
    assert before["correct"] == [1, 2]
    assert before["counts"] == [0, 1, 1]


def test_of_more_than_fit_the_open_and_the_prepared_ones_are_told() -> None:
    room = Room()
    long = Definition("질" * 300, Kind.SINGLE, ("답" * 200,) * 10, (), anonymous=False, live=False)
    opened = room.put("draft", long)
    room.put("open", long, poll=opened)
    draft = room.put("draft", long)
    others = [room.put("draft", long) for _ in range(20)]
    for poll in others:
        room.put("open", long, poll=poll)
        room.put("closed", long, poll=poll)
    told = [poll["poll"] for poll in room.seen(staff=True)]
    assert told == sorted({opened, draft, *others[-len(told) + 2 :]})
    assert len(wire.encode("state", polls=room.seen(staff=True))) < fitting.POLLS + 100


def test_there_are_only_so_many() -> None:
    room = Room()
    for _ in range(MOST):
        room.put("draft")
    assert room.polls.full
    room.put("removed", poll=1)
    assert not room.polls.full
