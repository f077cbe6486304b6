"""What is exported of a room is its present state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chat.entry import Entry
from chat.transcript import Row, read

AT = datetime(2026, 12, 1, 5, 0, tzinfo=UTC)


class Log:
    """Rows as the chat service writes them."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, type_: str, by: str = "kim", role: str = "attendee", /, **content: Any) -> int:
        seq = len(self.rows) + 1
        at = AT + timedelta(seconds=seq)
        self.rows.append(Row(seq, type_, at, by, {"name": by.title(), "role": role, **content}))
        return seq

    def order(self, type_: str, **content: Any) -> int:
        return self.add(type_, "host", "host", **content)

    def about(self, type_: str, target: int) -> int:
        row = self.rows[target - 1]
        copy = Entry(row.seq, row.type, row.at, None, row.person, row.content).copy()
        return self.order(type_, target=target, message=copy)


def test_messages_carry_what_moderators_made_of_them() -> None:
    log = Log()
    shown, gone, back = (log.add("message", body=body) for body in ("a", "b", "c"))
    held, passed, refused = (log.add("message", body=body, held=True, why="review") for body in ("d", "e", "f"))
    log.order("delete", target=gone)
    log.order("delete", target=back)
    log.about("restore", back)
    log.about("approve", passed)
    log.order("reject", target=refused)
    said = {message.seq: message.state for message in read(log.rows).messages}
    assert said == {shown: "shown", gone: "deleted", back: "shown", held: "held", passed: "shown", refused: "rejected"}


def test_a_refusal_that_is_taken_back_leaves_the_message_waiting() -> None:
    log = Log()
    held = log.add("message", body="d", held=True, why="review")
    log.order("reject", target=held)
    log.about("restore", held)
    assert read(log.rows).messages[0].state == "held"
    log.about("approve", held)
    assert read(log.rows).messages[0].state == "shown"


def test_everything_of_a_person_that_was_removed_is_marked() -> None:
    log = Log()
    log.add("message", "spam", body="x")
    log.add("message", "kim", body="y")
    log.order("delete_person", person="spam")
    assert [(m.name, m.state) for m in read(log.rows).messages] == [("Spam", "deleted"), ("Kim", "shown")]


def test_an_anonymous_question_names_nobody_and_keeps_votes_and_answer() -> None:
    log = Log()
    seq = log.add("question", "anon:0815", body="Why?", anonymous=True)
    log.order("tally", votes={str(seq): 12})
    log.order("question_state", question=seq, state="answered", answer="Because.")
    (question,) = read(log.rows).questions
    assert (question.person, question.name, question.role) == (None, None, None)
    assert (question.votes, question.state, question.answer) == (12, "answered", "Because.")
    assert "anon:" not in repr(question)


def test_a_merged_question_says_into_which() -> None:
    log = Log()
    one, other = log.add("question", body="a", anonymous=False), log.add("question", body="b", anonymous=False)
    log.order("question_state", question=other, state="dismissed", into=one)
    assert [(q.state, q.into) for q in read(log.rows).questions] == [("new", None), ("dismissed", one)]


def test_of_more_questions_than_a_room_keeps_none_is_missing() -> None:
    log = Log()
    for n in range(1100):
        seq = log.add("question", f"p{n}", body=str(n), anonymous=False)
        log.order("question_state", question=seq, state="answered")
    questions = read(log.rows).questions
    assert [q.body for q in questions] == [str(n) for n in range(1100)]
    assert {q.state for q in questions} == {"answered"}


def test_a_poll_has_the_results_of_its_last_closing_and_a_removed_one_is_gone() -> None:
    log = Log()
    asks: dict[str, Any] = {
        "question": "Which?", "kind": "single", "options": ["a", "b"], "correct": [1], "anonymous": True, "live": False
    }  # fmt: skip
    kept = log.order("poll", **asks, state="draft")
    gone = log.order("poll", **asks, state="draft")
    log.order("poll", poll=kept, **asks, state="open")
    log.order("poll", poll=kept, **asks, state="closed", counts=[3, 4], answers=7)
    log.order("poll", poll=gone, **asks, state="removed")
    (poll,) = read(log.rows).polls
    assert (poll.poll, poll.state, poll.counts, poll.answers, poll.correct) == (kept, "closed", (3, 4), 7, (1,))
    assert poll.at == log.rows[kept - 1].at


def test_an_empty_log_is_an_empty_transcript() -> None:
    made = read([])
    assert (made.messages, made.questions, made.polls) == ([], [], [])
