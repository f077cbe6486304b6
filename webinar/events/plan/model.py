"""Items of an agenda and speakers: what they are, what may be written, and how an agenda is rearranged. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from webinar.base.errors import Conflict, FieldProblem, Invalid, NotFound
from webinar.base.patterns import LINES, ONE_LINE

MOST_ITEMS: Final = 60
MOST_SPEAKERS: Final = 60
# An agenda may begin before its event (the doors) and end after it (a reception), but belongs to it.
AROUND: Final = timedelta(days=1)
LONGEST_ITEM: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One row. Times are aware, in UTC; `speakers` is a line of names as the host wrote it."""

    id: uuid.UUID
    event_id: uuid.UUID
    position: int
    title: str
    note: str
    speakers: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Speaker:
    """One row: a name, what they are, and some lines about them."""

    id: uuid.UUID
    event_id: uuid.UUID
    position: int
    name: str
    role: str
    about: str


_LINE: Final = f"^$|{ONE_LINE}"


class NewAgendaItem(BaseModel):
    """An item as it is written. With the `id` of one that is there, that one is changed: what hangs on it stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[uuid.UUID | None, Field(strict=False)] = None
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE)]
    note: Annotated[str, Field(max_length=2_000, pattern=LINES)] = ""
    speakers: Annotated[str, Field(max_length=300, pattern=_LINE)] = ""
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class NewSpeaker(BaseModel):
    """A speaker as they are written; with the `id` of one who is there, that one is changed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[uuid.UUID | None, Field(strict=False)] = None
    name: Annotated[str, Field(min_length=1, max_length=120, pattern=ONE_LINE)]
    role: Annotated[str, Field(max_length=200, pattern=_LINE)] = ""
    about: Annotated[str, Field(max_length=2_000, pattern=LINES)] = ""


def check_agenda(items: Sequence[NewAgendaItem], starts_at: datetime, ends_at: datetime) -> None:
    """Raises `Invalid` for an item that ends before it starts, is too long or far from the event, by `items.<n>.…`."""
    problems = [*_too_many("items", len(items), MOST_ITEMS), *_twice("items", [item.id for item in items])]
    for n, item in enumerate(items):
        if item.ends_at <= item.starts_at:
            problems.append(FieldProblem(f"items.{n}.ends_at", "The end must be later than the start."))
        elif item.ends_at - item.starts_at > LONGEST_ITEM:
            problems.append(FieldProblem(f"items.{n}.ends_at", "An item lasts a day at most."))
        if not starts_at - AROUND <= item.starts_at <= ends_at + AROUND:
            problems.append(FieldProblem(f"items.{n}.starts_at", "Choose a time on a day of the event."))
    _refuse(problems)


def check_speakers(speakers: Sequence[NewSpeaker]) -> None:
    """Raises `Invalid`."""
    _refuse([*_too_many("items", len(speakers), MOST_SPEAKERS), *_twice("items", [one.id for one in speakers])])


def _too_many(field: str, count: int, most: int) -> list[FieldProblem]:
    return [FieldProblem(field, "This list is too long. Shorten it to 60.")] if count > most else []


def _twice(field: str, ids: Sequence[uuid.UUID | None]) -> list[FieldProblem]:
    known = [one for one in ids if one is not None]
    return [] if len(known) == len(set(known)) else [FieldProblem(field, "The same entry is named twice.")]


def _refuse(problems: list[FieldProblem]) -> None:
    if problems:
        raise Invalid("Some fields need another look.", fields=problems)


class AgendaShift(BaseModel):
    """The programme runs late, or (below zero) early: an item and all after it that have not begun are moved alike. Of
    the one that runs only the end moves.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    item: uuid.UUID = Field(strict=False, description="The first that is moved.")
    minutes: Annotated[int, Field(ge=-240, le=240, description="Later; below zero earlier.")]
    ends_at: AwareDatetime | None = Field(
        default=None, description="When this item ends as you know it. So what is sent twice moves it once."
    )


# By so many minutes a host is offered to move the rest.
STEPS: Final = (5, 10, 15, 20, 30, 45, 60, -5, -10, -15, -30)


def offered(agenda: Sequence[AgendaItem], now: datetime) -> dict[uuid.UUID, tuple[int, ...]]:
    """The items that may be the first to move, in their order, and by which of `STEPS`: what `delayed` would take."""
    found = {}
    for item in agenda:
        steps = tuple(n for n in STEPS if _can(agenda, AgendaShift(item=item.id, minutes=n), now))
        if steps:
            found[item.id] = steps
    return found


def _can(agenda: Sequence[AgendaItem], delay: AgendaShift, now: datetime) -> bool:
    try:
        delayed(agenda, delay, now)
    except (Conflict, Invalid):
        return False
    return True


def delayed(agenda: Sequence[AgendaItem], delay: AgendaShift, now: datetime) -> list[AgendaItem]:
    """The items that move, where they are then.

    Raises `NotFound`; `Conflict` for an item that is over, or ends at another time than was known; `Invalid` where one
    would begin before what it follows, or anything in the past.
    """
    first = next((item for item in agenda if item.id == delay.item), None)
    if first is None:
        raise NotFound("There is no such item of the agenda.", code="item_not_found")
    if delay.ends_at is not None and delay.ends_at != first.ends_at:
        raise Conflict("The agenda was moved meanwhile. Look at it first.", code="agenda_changed")
    if first.ends_at <= now:
        raise Conflict("This item of the agenda is over.", code="item_over")
    by = timedelta(minutes=delay.minutes)
    to_come = [item for item in agenda if item.starts_at > now and item.starts_at >= first.starts_at]
    if first.starts_at <= now:
        ending = [replace(first, ends_at=first.ends_at + by)]
        past = ending[0].ends_at <= now
    else:
        ending = []
        past = first.starts_at + by < now
        kept = [item for item in agenda if item.starts_at < first.starts_at]
        if kept and first.starts_at + by < max(item.starts_at for item in kept):
            _refuse([FieldProblem("minutes", "Then it would begin before the item in front of it.")])
    if past or any(item.starts_at + by < now for item in to_come):
        _refuse([FieldProblem("minutes", "Then it would be in the past.")])
    return ending + [replace(item, starts_at=item.starts_at + by, ends_at=item.ends_at + by) for item in to_come]


# -- rearranging ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an item lies: minutes from the start of the event, and how long it takes."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length


def swapped(first: Slot, second: Slot) -> tuple[Slot, Slot]:
    """Two neighbours after the second went before the first: (new first, new second) in their new order.

    Together they take the time they took before; the pause between them stays a pause between them.
    """
    pause = second.start - first.end
    moved = replace(second, start=first.start)
    return moved, replace(first, start=moved.end + pause)


def in_a_row(slots: Sequence[Slot]) -> list[Slot]:
    """One after the other without a pause, from where the first begins."""
    at, found = (slots[0].start if slots else 0), []
    for slot in slots:
        found.append(replace(slot, start=at))
        at += slot.length
    return found
