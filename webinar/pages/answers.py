"""The host's questions on a form: what was typed, kept while something else needs another look."""

from __future__ import annotations

from collections.abc import Sequence

from webinar.base.errors import FieldProblem, Invalid
from webinar.pages.forms import FormView, Sent
from webinar.registration.questions import Question, answered


def as_typed(view: FormView, questions: Sequence[Question], sent: Sent) -> None:
    """Of several choices a line each, as answers are stored."""
    for question in questions:
        view.values[question.field] = "\n".join(text.strip() for text in sent.many(question.field))


def as_stored(view: FormView, questions: Sequence[Question], answers: dict[str, str]) -> None:
    for question in questions:
        view.values[question.field] = answers.get(question.text, "")


def read(questions: Sequence[Question], sent: Sent) -> tuple[dict[str, str], list[FieldProblem]]:
    """(answers, what is wrong with them): the problems of a form's other fields are told with these."""
    try:
        return answered(questions, sent.many), []
    except Invalid as error:
        return {}, list(error.fields)


def labels(questions: Sequence[Question]) -> dict[str, str]:
    """For the summary of problems."""
    return {question.field: question.text for question in questions}
