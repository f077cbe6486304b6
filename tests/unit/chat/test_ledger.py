"""chat/electorate.py and chat/ledger.py: one person, one vote, whatever comes in whatever order."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chat.electorate import Answers, Electorate, Votes
from chat.ledger import Changes, Ledger

PEOPLE = st.sampled_from(["ann", "bob", "cho", "dan"])
CASTS = st.lists(st.tuples(st.integers(1, 4), PEOPLE, st.booleans()), max_size=40)
GIVEN = st.lists(st.tuples(st.integers(1, 3), PEOPLE, st.sets(st.integers(0, 3), max_size=3)), max_size=40)


@given(CASTS, st.sets(st.integers(1, 4)))
def test_a_person_counts_once_over_merged_questions(casts: list[tuple[int, str, bool]], family: set[int]) -> None:
    votes, expected = Votes(Electorate()), dict[tuple[int, str], bool]()
    for question, person, up in casts:
        votes.put(question, person, up)
        expected[question, person] = up
    assert votes.count(family) == len({who for (question, who), up in expected.items() if up and question in family})
    for person in ("ann", "bob", "nobody"):
        assert votes.of(person) == sorted(question for (question, who), up in expected.items() if up and who == person)


@given(GIVEN)
def test_the_last_answer_of_a_person_holds(given_: list[tuple[int, str, set[int]]]) -> None:
    answers, expected = Answers(Electorate()), dict[tuple[int, str], list[int]]()
    for poll, person, choices in given_:
        answers.put(poll, person, sorted(choices))
        expected[poll, person] = sorted(choices)
    for poll in (1, 2, 3):
        of_poll = [choices for (number, _), choices in expected.items() if number == poll]
        assert answers.people(poll) == len(of_poll)
        assert answers.counts(poll, range(4)) == [sum(c in choices for choices in of_poll) for c in range(4)]
    assert answers.of("ann") == {poll: choices for (poll, who), choices in expected.items() if who == "ann"}


BATCHES = [
    Changes(1, [(1, "ann", True), (1, "bob", True)], []),
    Changes(2, [(1, "ann", False)], [(9, "ann", [1])]),
    Changes(3, [(1, "ann", True), (2, "cho", True)], [(9, "ann", [2])]),
    Changes(4, [(2, "cho", False)], [(9, "bob", ())]),
]
EMPTY = Changes(0, [], [])


def state(ledger: Ledger) -> object:
    return [
        (ledger.votes.of(person), ledger.answers.of(person), ledger.version) for person in ("ann", "bob", "cho", "dan")
    ]


@given(st.permutations(BATCHES * 2))
def test_batches_in_any_order_and_number_leave_the_same(batches: list[Changes]) -> None:
    ledger, ordered = Ledger(EMPTY), Ledger(EMPTY)
    for batch in BATCHES:
        ordered.offer(batch)
    for batch in batches:
        ledger.offer(Changes.of_json(json.loads(json.dumps(batch.to_json()))))
    assert state(ledger) == state(ordered)
    assert not ledger.behind


def test_a_lost_batch_is_noticed_and_read() -> None:
    ledger = Ledger(EMPTY)
    ledger.offer(BATCHES[0])
    assert ledger.offer(BATCHES[2]) == []
    assert ledger.behind
    ledger.offer(BATCHES[3])
    read = Changes(3, [(1, "ann", True), (2, "cho", True)], [(9, "ann", [2])])
    assert ledger.catch_up(read) == [read, BATCHES[3]]
    assert not ledger.behind
    assert ledger.votes.of("cho") == []


def test_a_version_that_others_tell_of_is_behind_until_it_is_read() -> None:
    ledger = Ledger(EMPTY)
    ledger.heard_of(4)
    assert ledger.behind
    ledger.catch_up(Changes(4, [(1, "bob", True)], []))
    assert not ledger.behind
