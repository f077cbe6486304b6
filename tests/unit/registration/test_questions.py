from __future__ import annotations

import uuid
from typing import Any

import pytest

from webinar.base.errors import Invalid
from webinar.registration.questions import (
    Kind,
    Question,
    answered,
    check_known,
    move,
    parse_question,
)


def question(kind: Kind, *options: str, required: bool = False, text: str = "Q") -> Question:
    return Question(uuid.uuid4(), text, kind, options, required)


def answer(asked: Question, *given: str) -> dict[str, str]:
    return answered([asked], lambda name: list(given) if name == asked.field else [])


def problem(asked: Question, *given: str) -> str:
    with pytest.raises(Invalid) as refused:
        answer(asked, *given)
    (found,) = refused.value.fields
    assert found.field == asked.field
    return found.message


def test_an_answer_is_stored_under_the_words_of_its_question() -> None:
    assert answer(question(Kind.TEXT, text="소속"), "  서울병원 ") == {"소속": "서울병원"}
    assert answer(question(Kind.LONG), "one\r\ntwo") == {"Q": "one\ntwo"}
    assert answer(question(Kind.SINGLE, "A", "B"), "B") == {"Q": "B"}
    assert answer(question(Kind.SEVERAL, "A", "B", "C"), "C", "A") == {"Q": "A\nC"}
    assert answer(question(Kind.CHECKBOX), "yes") == {"Q": "yes"}


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_is_stored_of_what_was_not_answered_and_nothing_missing_where_it_is_needed(kind: Kind) -> None:
    assert answer(question(kind, "A", "B")) == {}
    assert answer(question(kind, "A", "B"), " ") == {}
    assert problem(question(kind, "A", "B", required=True))


def test_only_what_was_offered_can_be_chosen() -> None:
    assert problem(question(Kind.SINGLE, "A", "B"), "C")
    assert problem(question(Kind.SINGLE, "A", "B"), "A", "B")
    assert problem(question(Kind.SEVERAL, "A", "B"), "A", "C")
    assert problem(question(Kind.CHECKBOX), "no")


def test_a_line_is_a_line_and_a_text_is_no_book() -> None:
    assert problem(question(Kind.TEXT), "a\nb")
    assert problem(question(Kind.TEXT), "a" * 201)
    assert problem(question(Kind.LONG), "a" * 2001)


def test_all_problems_of_a_form_are_told_at_once() -> None:
    asked = [question(Kind.TEXT, required=True), question(Kind.TEXT), question(Kind.SINGLE, "A", "B", required=True)]
    with pytest.raises(Invalid) as refused:
        answered(asked, lambda _: [])
    assert [f.field for f in refused.value.fields] == [asked[0].field, asked[2].field]


def test_a_program_answers_in_its_own_words_but_not_beside_the_options() -> None:
    asked = [question(Kind.SINGLE, "A", "B", required=True, text="One"), question(Kind.SEVERAL, "A", "B", text="Many")]
    check_known(asked, {})
    check_known(asked, {"One": "A", "Many": "A\nB", "Another question": "anything"})
    for wrong in ({"One": "C"}, {"Many": "A\nC"}):
        with pytest.raises(Invalid) as refused:
            check_known(asked, wrong)
        assert [f.field for f in refused.value.fields] == ["answers"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"text": "  Which   one? ", "kind": "single", "options": "A\r\n B \n\n", "required": True}, None),
        ({"text": "Where from?", "kind": "text", "options": "left over\nfrom before"}, None),
        ({"text": " ", "kind": "text"}, "text"),
        ({"text": "Q" * 201, "kind": "text"}, "text"),
        ({"text": "Q", "kind": "riddle"}, "kind"),
        ({"text": "Q", "kind": "single", "options": "only one"}, "options"),
        ({"text": "Q", "kind": "several", "options": "A\nA\nB"}, "options"),
        ({"text": "Q", "kind": "several", "options": "\n".join(map(str, range(21)))}, "options"),
        ({"text": "Q", "kind": "single", "options": "A\n" + "B" * 101}, "options"),
    ],
)
def test_a_question_says_what_is_wrong_with_it(fields: dict[str, Any], wrong: str | None) -> None:
    if wrong is None:
        made = parse_question(fields)
        assert (made.text, made.options) in (("Which one?", ["A", "B"]), ("Where from?", []))
        return
    with pytest.raises(Invalid) as refused:
        parse_question(fields)
    assert [f.field for f in refused.value.fields] == [wrong]


def test_a_question_moves_until_the_end_of_the_form() -> None:
    a, b, c = (uuid.uuid4() for _ in range(3))
    assert move([a, b, c], a, 1) == [b, a, c]
    assert move([a, b, c], c, -2) == [c, a, b]
    assert move([a, b, c], c, 5) == [a, b, c]
    assert move([a, b, c], uuid.uuid4(), 1) == [a, b, c]
