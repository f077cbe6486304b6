"""The people of an event as a table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from webinar.base.table import Cell, csv_file
from webinar.registration.model import Attendee
from webinar.registration.questions import Kind, Question

COLUMNS: Final = (
    "name",
    "email",
    "status",
    "registered_at",
    "decided_at",
    "first_joined_at",
    "language",
    "consent_at",
    "marketing_at",
)


def asked_of(people: Sequence[Attendee], questions: Sequence[Question]) -> list[str]:
    """Columns of answers: the questions of today, then what was asked before."""
    texts = dict.fromkeys(question.text for question in questions)
    for attendee in people:
        texts.update(dict.fromkeys(attendee.answers))
    return list(texts)


def people_csv(
    people: Sequence[Attendee],
    questions: Sequence[Question],
    *,
    headings: Sequence[str] = COLUMNS,
    words: Mapping[str, str] | None = None,
    time: Callable[[datetime], str],
) -> bytes:
    """One row a person. `words` are shown in place of states and ticks; `time` writes a moment."""
    words = words or {}
    texts = asked_of(people, questions)
    boxes = {question.text for question in questions if question.kind is Kind.CHECKBOX}

    def moment(at: datetime | None) -> str:
        return "" if at is None else time(at)

    def answer(attendee: Attendee, text: str) -> str:
        given = attendee.answers.get(text, "")
        return words.get(given, given) if text in boxes else "; ".join(given.split("\n")) if given else ""

    def row(attendee: Attendee) -> list[Cell]:
        return [
            attendee.name,
            attendee.email,
            words.get(attendee.status.value, attendee.status.value),
            moment(attendee.registered_at),
            moment(attendee.decided_at),
            moment(attendee.first_joined_at),
            attendee.language,
            moment(attendee.consent_at),
            moment(attendee.marketing_at),
            *(answer(attendee, text) for text in texts),
        ]

    return csv_file([*headings, *texts], (row(attendee) for attendee in people))
