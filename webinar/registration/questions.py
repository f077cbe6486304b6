"""What a host asks on the registration form, and which answers can be taken. Pure.

An answer is a text, stored under the question's own text: of several choices a line each, of a box that was ticked
`yes`. What was not answered is not stored.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from webinar.base.errors import FieldProblem, Invalid
from webinar.base.patterns import LINES, ONE_LINE

MOST_QUESTIONS: Final = 10
MOST_OPTIONS: Final = 20
TICKED: Final = "yes"
_ONE_LINE_ANSWER: Final = 200
_LONG_ANSWER: Final = 2000


class Kind(enum.StrEnum):
    TEXT = "text"  # a line
    LONG = "long"  # some lines
    SINGLE = "single"  # one of the options
    SEVERAL = "several"  # any number of them
    CHECKBOX = "checkbox"  # ticked or not


CHOICES: Final = (Kind.SINGLE, Kind.SEVERAL)

QuestionText = Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE)]
Answer = Annotated[str, Field(max_length=_LONG_ANSWER, pattern=LINES)]
_Option = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_LINE)]


class NewQuestion(BaseModel):
    """A question as a host writes it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: QuestionText = Field(description="One line. Answers are stored under it.")
    kind: Kind = Kind.TEXT
    options: list[_Option] = Field(
        default=[], max_length=MOST_OPTIONS, description="Of `single` and `several`: two or more."
    )
    required: bool = False

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.kind in CHOICES and len(set(self.options)) < 2:
            raise ValueError("options")
        if len(set(self.options)) < len(self.options):
            raise ValueError("options")
        if self.kind not in CHOICES:
            self.options = []
        return self


@dataclass(frozen=True, slots=True)
class Question:
    """One row, in its place of the form."""

    id: uuid.UUID
    text: str
    kind: Kind
    options: tuple[str, ...]
    required: bool

    @property
    def field(self) -> str:
        """Its name on a form."""
        return f"q-{self.id}"


WORDS: Final = {
    "text": "Write the question in one line of at most 200 characters.",
    "kind": "Choose what kind of answer you want.",
    "options": "Write two to twenty different options, each on a line of its own, of at most 100 characters.",
}


def parse_question(fields: Mapping[str, Any]) -> NewQuestion:
    """Of form fields; `options` a line each. Raises `Invalid`."""
    given = dict(fields)
    lines = str(given.get("options", "")).split("\n") if given.get("kind") in CHOICES else []
    given["options"] = [" ".join(line.split()) for line in lines if line.strip()]
    given["text"] = " ".join(str(given.get("text", "")).split())
    try:
        return NewQuestion.model_validate(given, strict=False)
    except ValidationError as error:
        problems: dict[str, FieldProblem] = {}
        for found in error.errors(include_url=False, include_context=False):
            name = str(found["loc"][0]) if found["loc"] else "options"
            problems.setdefault(name, FieldProblem(name, WORDS.get(name, found["msg"])))
        raise Invalid("Some fields need another look.", fields=list(problems.values())) from error


def answered(questions: Sequence[Question], read: Callable[[str], list[str]]) -> dict[str, str]:
    """What a person answered, by question. `read` gives what a form has under a name, nothing or more.

    Raises `Invalid`, its problems named by `Question.field`.
    """
    answers: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for question in questions:
        given = [text.replace("\r\n", "\n").strip() for text in read(question.field)]
        try:
            answer = _answer(question, [text for text in given if text])
        except _Refused as refused:
            problems.append(FieldProblem(question.field, refused.args[0]))
            continue
        if answer:
            answers[question.text] = answer
    if problems:
        raise Invalid("Some fields need another look.", fields=problems)
    return answers


def check_known(questions: Sequence[Question], answers: Mapping[str, str]) -> None:
    """Answers that a program gives: of a question with options they must be among them. Raises `Invalid`.

    Nothing is required of programs, and they may bring answers to questions of their own.
    """
    for question in questions:
        given = answers.get(question.text)
        if not given:
            continue
        try:
            _answer(question, given.split("\n") if question.kind is Kind.SEVERAL else [given])
        except _Refused as refused:
            problem = FieldProblem("answers", refused.args[0])
            raise Invalid("Some fields need another look.", fields=[problem]) from refused


class _Refused(ValueError):
    """The message is for the person who answered."""


_NEEDED: Final = "This field is needed."


def _answer(question: Question, given: list[str]) -> str:
    """The answer as it is stored; "" for none. Raises `_Refused`."""
    if not given:
        if question.required:
            raise _Refused("Tick this box to go on." if question.kind is Kind.CHECKBOX else _NEEDED)
        return ""
    if question.kind in CHOICES:
        if set(given) - set(question.options) or (question.kind is Kind.SINGLE and len(given) > 1):
            raise _Refused("Choose from the list.")
        return "\n".join(option for option in question.options if option in given)
    if question.kind is Kind.CHECKBOX:
        if given != [TICKED]:
            raise _Refused("Tick this box, or leave it as it is.")
    elif question.kind is Kind.TEXT:
        if len(given[0]) > _ONE_LINE_ANSWER or "\n" in given[0]:
            raise _Refused("Write one line of at most 200 characters.")
    elif len(given[0]) > _LONG_ANSWER:
        raise _Refused("Write at most 2,000 characters.")
    return given[0]


def move(order: Sequence[uuid.UUID], question: uuid.UUID, by: int) -> list[uuid.UUID]:
    """The order with one question `by` places further down (negative: up); what cannot move stays."""
    moved = list(order)
    if question in moved:
        at = moved.index(question)
        to = min(max(0, at + by), len(moved) - 1)
        moved.insert(to, moved.pop(at))
    return moved
