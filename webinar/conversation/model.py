"""The conversation of an event as tables and pages. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from chat.transcript import Asked, Floor, Polled, Raised, Said, Shut, Transcript
from webinar.base.table import Cell, csv_file

__all__ = [
    "TABLES",
    "Asked",
    "Floor",
    "Page",
    "Polled",
    "Raised",
    "Said",
    "Shut",
    "Transcript",
    "part",
    "to_csv",
    "to_json",
]

T = TypeVar("T", Said, Asked, Polled)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list; `next` continues it, None at its end."""

    items: tuple[T, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """One of the three as a table: which items, the number of each, its columns, its cells."""

    name: str
    items: Callable[[Transcript], Sequence[T]]
    number: Callable[[T], int]
    columns: tuple[str, ...]
    rows: Callable[[T, Callable[[datetime], str]], Iterable[tuple[Cell, ...]]]


def choices(poll: Polled) -> range:
    """What could be chosen: places in the options, or marks."""
    return range(1, 6) if poll.kind == "rating" else range(len(poll.options))


def part(table: Table[T], transcript: Transcript, *, after: int | None, limit: int) -> Page[T]:
    """The first `limit` items behind the one with the number `after`."""
    left = [item for item in table.items(transcript) if after is None or table.number(item) > after]
    items = tuple(left[:limit])
    return Page(items, table.number(items[-1]) if len(left) > limit else None)


def to_csv(
    table: Table[T], transcript: Transcript, *, headings: Sequence[str] | None = None, time: Callable[[datetime], str]
) -> bytes:
    """As `csv_file` makes it; `time` writes a moment."""
    rows = (row for item in table.items(transcript) for row in table.rows(item, time))
    return csv_file(headings or table.columns, rows)


def to_json(table: Table[T], transcript: Transcript) -> bytes:
    """All of it in one array, fields as in the API."""
    items = [asdict(item) for item in table.items(transcript)]
    return json.dumps(items, ensure_ascii=False, indent=1, default=_moment).encode()


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return utc(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _said(item: Said, time: Callable[[datetime], str]) -> Iterable[tuple[Cell, ...]]:
    reply = "" if item.reply_to is None else item.reply_to
    yield (
        item.seq,
        time(item.at),
        item.name,
        item.role,
        item.body,
        item.type,
        reply,
        item.state,
        item.person,
        item.full_name or "",
    )


def _asked(item: Asked, time: Callable[[datetime], str]) -> Iterable[tuple[Cell, ...]]:
    answered = "" if item.answered_at is None else time(datetime.fromisoformat(item.answered_at))
    into = "" if item.into is None else item.into
    shown = item.seq, time(item.at), item.name or "", item.body, item.votes, item.state, item.answer or "", answered
    yield *shown, into, item.person or "", item.full_name or ""


def _polled(item: Polled, time: Callable[[datetime], str]) -> Iterable[tuple[Cell, ...]]:
    """One row an option."""
    names = item.options or tuple(str(mark) for mark in choices(item))
    for index, name in enumerate(names):
        count = item.counts[index] if item.counts is not None and index < len(item.counts) else ""
        right = "x" if index in item.correct else ""
        whole = "" if item.answers is None else item.answers
        yield item.poll, time(item.at), item.question, item.kind, item.state, name, right, count, whole


MESSAGES: Final[Table[Said]] = Table(
    "chat",
    lambda transcript: transcript.messages,
    lambda item: item.seq,
    ("number", "time", "name", "role", "text", "type", "reply_to", "state", "person", "full_name"),
    _said,
)
QUESTIONS: Final[Table[Asked]] = Table(
    "questions",
    lambda transcript: transcript.questions,
    lambda item: item.seq,
    (
        *("number", "time", "name", "question", "votes", "state", "answer", "answered_at", "merged_into", "person"),
        "full_name",
    ),
    _asked,
)
POLLS: Final[Table[Polled]] = Table(
    "polls",
    lambda transcript: transcript.polls,
    lambda item: item.poll,
    ("number", "time", "question", "kind", "state", "option", "correct", "votes", "people"),
    _polled,
)
TABLES: Final[dict[str, Table[Any]]] = {table.name: table for table in (MESSAGES, QUESTIONS, POLLS)}
