"""chat/questions.py: where each question stands, what a merge counts, who sees what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import fitting, wire
from chat.entry import Entry
from chat.questions import MOST, SHOWN, Questions, Stand
from tests.unit.chat.entries import Log


class Moderation:
    """What `chat.messages` knows, said by the test."""

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.held: set[int] = set()

    def removed(self, entry: Entry) -> bool:
        return entry.seq in self.gone

    def hidden(self, entry: Entry) -> bool:
        return entry.seq in self.held

    def decision(self, entry: Entry) -> dict[str, object]:
        return {"held": True} if entry.seq in self.held else {}


class Room(Log):
    def __init__(self) -> None:
        super().__init__()
        self.moderation = Moderation()
        self.questions = Questions(self.moderation)

    def ask(self, body: str = "why?", **content: Any) -> int:
        return self.put("question", body=body, **content)

    def move(self, question: int, state: str, **more: Any) -> int:
        return self.put("question_state", "mia", "moderator", question=question, state=state, **more)

    def put(self, type_: str, *args: Any, **content: Any) -> int:
        entry = self.add(type_, *args, **content)
        self.questions.apply(entry)
        return entry.seq

    def listed(self, *, staff: bool = False) -> list[dict[str, Any]]:
        snapshot: Any = self.questions.snapshot(staff)["questions"]
        return list(snapshot)

    def state(self, seq: int) -> Stand:
        question = self.questions.get(seq)
        assert question is not None
        return question.stand


def test_a_question_is_new_and_without_votes() -> None:
    room = Room()
    seq = room.ask("why?")
    assert room.listed() == [
        {
            "seq": seq,
            "at": "2026-05-01T09:00:01.000Z",
            "from": {"id": "guest", "name": "Guest", "role": "attendee"},
            "body": "why?",
            "state": "new",
            "votes": 0,
        }
    ]


def test_only_one_question_is_on_screen_and_the_one_before_goes_back_to_the_queue() -> None:
    room = Room()
    first, second = room.ask(), room.ask()
    room.move(first, "screen")
    room.move(second, "screen")
    assert (room.state(first), room.state(second)) == (Stand.QUEUE, Stand.SCREEN)
    assert room.questions.snapshot(False)["screen"] == second
    room.move(second, "answered")
    assert room.questions.snapshot(False)["screen"] is None


def test_an_answer_in_writing_stays_until_the_question_is_open_again() -> None:
    room = Room()
    seq = room.ask()
    room.move(seq, "answered", answer="because")
    room.move(seq, "answered")
    assert room.listed()[0]["answer"] == "because"
    assert room.listed()[0]["answered_at"] == "2026-05-01T09:00:03.000Z"
    room.move(seq, "queue")
    assert "answer" not in room.listed()[0]


def test_the_public_does_not_see_what_is_held_dismissed_or_deleted() -> None:
    room = Room()
    held, dismissed, deleted, seen = room.ask(), room.ask(), room.ask(), room.ask()
    room.moderation.held.add(held)
    room.moderation.gone.add(deleted)
    room.move(dismissed, "dismissed")
    assert [question["seq"] for question in room.listed()] == [seen]
    assert [question["seq"] for question in room.listed(staff=True)] == [held, dismissed, deleted, seen]


def test_what_was_deleted_from_the_screen_is_not_on_it() -> None:
    room = Room()
    seq = room.ask()
    room.move(seq, "screen")
    room.moderation.gone.add(seq)
    assert room.questions.snapshot(False)["screen"] is None


def test_a_merged_question_is_dismissed_and_counts_for_the_other_through_any_number_of_merges() -> None:
    room = Room()
    first, second, third = room.ask(), room.ask(), room.ask()
    room.move(first, "dismissed", into=second)
    room.move(second, "dismissed", into=third)
    assert room.state(first) is Stand.DISMISSED
    assert room.questions.families() == {third: [first, second, third]}
    room.move(first, "new")
    assert room.questions.families() == {first: [first], third: [second, third]}


def test_a_merge_never_goes_in_a_circle() -> None:
    room = Room()
    first, second = room.ask(), room.ask()
    room.move(first, "dismissed", into=second)
    room.move(second, "dismissed", into=first)
    room.move(second, "dismissed", into=second)
    assert room.questions.root(first) == second
    assert room.questions.families() == {second: [first, second]}


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=40))
def test_every_question_counts_for_exactly_one(merges: list[tuple[int, int]]) -> None:
    room = Room()
    for _ in range(6):
        room.ask()
    for target, into in merges:
        room.move(target, "dismissed", into=into)
    families = room.questions.families()
    assert sorted(seq for members in families.values() for seq in members) == list(range(1, 7))


def test_a_tally_sets_the_votes_of_those_it_names() -> None:
    room = Room()
    first, second = room.ask(), room.ask()
    room.put("tally", "", votes={str(first): 3, "99": 1})
    assert [question["votes"] for question in room.listed()] == [3, 0]
    assert second


@pytest.mark.parametrize("staff", [False, True])
def test_an_anonymous_question_shows_nobody_who_asked(staff: bool) -> None:
    room = Room()
    entry = Entry(1, "question", room.add("x").at, None, "anon:1234", {"body": "who?", "anonymous": True})
    room.questions.apply(entry)
    assert room.listed(staff=staff)[0]["from"] is None
    shown = room.questions.show(entry, staff)
    assert shown is not None
    assert shown["from"] is None
    assert "anon:" not in str(shown) + str(room.listed(staff=staff))


def test_a_held_question_is_a_stub_for_the_public_and_a_deleted_one_has_no_text() -> None:
    room = Room()
    entry = room.add("question", body="bad word")
    room.questions.apply(entry)
    room.moderation.held.add(entry.seq)
    assert room.questions.show(entry, False) is None
    staff = room.questions.show(entry, True)
    assert staff is not None
    assert staff["held"] is True
    room.moderation.held.clear()
    room.moderation.gone.add(entry.seq)
    public = room.questions.show(entry, False)
    assert public is not None
    assert "body" not in public
    assert public["deleted"] is True


def test_who_moved_a_question_is_for_staff_alone() -> None:
    room = Room()
    entry = room.add("question_state", "mia", "moderator", question=room.ask(), state="queue")
    public, staff = room.questions.show(entry, False), room.questions.show(entry, True)
    assert public == {"question": entry.content["question"], "state": "queue"}
    assert staff is not None
    assert staff["from"] == {"id": "mia", "name": "Mia", "role": "moderator"}


def test_the_newest_are_shown_and_what_is_done_makes_room() -> None:
    room = Room()
    for _ in range(MOST):
        room.ask()
    assert room.questions.full
    room.move(5, "answered")
    assert not room.questions.full
    newest = room.ask()
    assert room.questions.get(5) is None
    assert len(list(room.questions)) == MOST
    assert [question["seq"] for question in room.listed()][-1] == newest
    assert len(room.listed()) == SHOWN


def test_of_more_than_fit_those_that_wait_are_told_and_many_votes_and_the_newest() -> None:
    room = Room()
    room.move(queued := room.ask("질" * 1000), "queue")
    room.move(shown := room.ask("질" * 1000), "screen")
    voted = [room.ask("질" * 1000) for _ in range(2)]
    room.put("tally", "", votes={str(voted[0]): 3, str(voted[1]): 7})
    last = [room.ask("질" * 1000) for _ in range(400)]
    for staff in (False, True):
        told = [question["seq"] for question in room.listed(staff=staff)]
        assert told[:4] == [queued, shown, *voted]
        assert told[4:] == last[-len(told) + 4 :]
        assert 20 <= len(told) <= 30
        assert len(wire.encode("state", questions=room.listed(staff=staff))) < fitting.QUESTIONS + 100


def test_what_waits_for_its_answer_is_never_left_out() -> None:
    room = Room()
    waiting = [room.ask("질" * 1000) for _ in range(60)]
    for seq in waiting:
        room.move(seq, "queue")
    room.ask()
    assert [question["seq"] for question in room.listed()] == waiting


def test_a_merged_question_stays_as_long_as_the_one_it_counts_for() -> None:
    room = Room()
    root, merged, answered = room.ask(), room.ask(), room.ask()
    room.move(merged, "dismissed", into=root)
    room.move(answered, "answered")
    for _ in range(MOST - 2):
        room.ask()
    assert room.questions.get(answered) is None
    assert room.questions.families()[root] == [root, merged]
    room.move(root, "answered")
    room.ask()
    assert room.questions.get(root) is None


def test_the_answer_to_a_deleted_question_goes_with_it() -> None:
    room = Room()
    seq = room.ask()
    moved = room.entries[room.move(seq, "answered", answer="because") - 1]
    assert (room.questions.show(moved, False) or {})["answer"] == "because"
    room.moderation.gone.add(seq)
    assert "answer" not in (room.questions.show(moved, False) or {})
    assert (room.questions.show(moved, True) or {})["answer"] == "because"


def test_a_dismissed_question_that_is_open_again_comes_whole() -> None:
    room = Room()
    seq = room.ask("why?")
    room.move(seq, "queue")
    dismissed = room.entries[room.move(seq, "dismissed") - 1]
    back = room.entries[room.move(seq, "new") - 1]
    assert "whole" not in (room.questions.show(dismissed, False) or {})
    for staff in (False, True):
        assert (room.questions.show(back, staff) or {})["whole"] == room.listed(staff=staff)[0]
    room.moderation.gone.add(seq)
    assert "whole" not in (room.questions.show(back, False) or {})
