"""The agenda as a host writes it: a day, a clock, a length. Pure.

Times follow the rows: an item that is moved changes places with its neighbour and keeps its length, and a pause
between two of them stays one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from webinar.events.model import Event
from webinar.events.plan.model import MOST_ITEMS, AgendaItem, NewAgendaItem, Slot, in_a_row, swapped
from webinar.pages import rows, zones
from webinar.pages.forms import Sent
from webinar.pages.rows import Done, Row

NAME: Final = "item"
FIELDS: Final = ("id", "title", "speakers", "note", "day", "start", "length")

# 60 rows of these, and the form's own.
MOST_FIELDS: Final = MOST_ITEMS * len(FIELDS) + 10
LENGTH: Final = 30  # minutes, of an item that nobody has thought about yet
SHOWN_AT: Final = {"starts_at": "start", "ends_at": "length"}
_WORDS: Final = {
    "title": "Write a title of at most 200 characters, in one line.",
    "speakers": "Write the names in one line of at most 300 characters.",
    "note": "Write at most 2,000 characters.",
    "starts_at": "Choose a day and a time.",
    "ends_at": "Choose a length in minutes, 1440 at most.",
}


def days(event: Event) -> list[date]:
    """The days of the event on its own clock, at most two weeks."""
    zone = ZoneInfo(event.timezone)
    first, last = event.starts_at.astimezone(zone).date(), event.ends_at.astimezone(zone).date()
    return [first + timedelta(days=n) for n in range(min((last - first).days, 14) + 1)]


def of_items(items: Sequence[AgendaItem], event: Event) -> list[Row]:
    return [
        {
            "id": str(item.id),
            "title": item.title,
            "speakers": item.speakers,
            "note": item.note,
            **_when(item.starts_at, item.ends_at, event),
        }
        for item in items
    ]


def of_sent(sent: Sent) -> list[Row]:
    return rows.read(sent, NAME, FIELDS, MOST_ITEMS)


def new_items(typed: Sequence[Row], event: Event) -> list[NewAgendaItem]:
    """Raises `Invalid`, its fields named `items.<n>.<field>` with n of the rows that were given."""
    return rows.made(NewAgendaItem, [_fields(row, event) for row in typed], _WORDS)


def arranged(typed: Sequence[Row], done: Done, event: Event) -> list[Row]:
    """The rows after a button was pressed."""
    if done.verb == rows.ADD:
        return [*typed, blank(typed, event)][:MOST_ITEMS]
    if done.verb == "row":
        return _timed(typed, in_a_row(slots), event) if (slots := _slots(typed, event)) else list(typed)
    found = rows.moved(typed, done)
    if done.verb in ("up", "down") and found != list(typed):
        first = min(done.row, done.row + (-1 if done.verb == "up" else 1))
        slots = _slots(typed[first : first + 2], event)
        if slots is not None and slots[0].start <= slots[1].start:
            found[first : first + 2] = _timed(found[first : first + 2], swapped(*slots), event)
    return found


def blank(typed: Sequence[Row], event: Event) -> Row:
    """One more row, behind the last."""
    slots = _slots(typed[-1:], event) if typed else None
    slot = Slot(slots[0].end if slots else 0, LENGTH)
    return {"id": "", "title": "", "speakers": "", "note": "", **_at(slot, event)}


_TIME: Final = r"(\d{1,2})\s*(?:[:.시])\s*(\d{2})?\s*분?"
_CLOCKS: Final = rf"{_TIME}\s*(?:[-–—~]\s*{_TIME})?"
_LINE: Final = re.compile(rf"^\W{{0,3}}({_CLOCKS})\s*[|\t:,)]?\s+(.+)$")
_BULLET: Final = re.compile(r"^[-–—•·*>]\s*(?!\d{1,2}\s*[:.시])(.+)$")
_NAMES: Final = re.compile(r"^(.+?)(?:\s+[-–—|]\s+|\s+/\s+|\t+)(.+)$")


@dataclass(frozen=True, slots=True)
class Missed:
    """A line of which no item was made: its number from 1, what it says, and why."""

    n: int
    line: str
    why: Literal["untimed", "no_time", "no_room"]
    time: str = ""


@dataclass(frozen=True, slots=True)
class Pasted:
    rows: list[Row]
    missed: list[Missed]


@dataclass(slots=True)
class _Item:
    """Minutes since midnight of the event's first day."""

    start: int
    end: int | None
    words: str
    notes: list[str] = field(default_factory=list)


def pasted(text: str, event: Event, room: int = MOST_ITEMS) -> Pasted:
    """Rows of lines like `10:00 Opening - Kim` or `10:00-10:30 개회 / 김하나`.

    A line with a bullet and no time is a note of the item above. An item without an end lasts until the next begins.
    Whatever else is written is missed.
    """
    found: list[_Item] = []
    missed: list[Missed] = []
    day = 0
    for n, line in enumerate(map(str.strip, text.splitlines()), start=1):
        match, bullet = _LINE.match(line), _BULLET.match(line)
        if match is None:
            if bullet and found:
                found[-1].notes.append(bullet[1])
            elif line:
                missed.append(Missed(n, line, "untimed"))
            continue
        start, end = _minutes(match[2], match[3]), _minutes(match[4], match[5]) if match[4] else None
        if start is None or (match[4] and end is None):
            missed.append(Missed(n, line, "no_time", match[1].strip()))
            continue
        if len(found) >= room:
            missed.append(Missed(n, line, "no_room"))
            continue
        if found and start + day < found[-1].start:
            day += 24 * 60  # the clock begins anew
        found.append(_Item(start + day, None if end is None else end + day, match[6].strip()))
    following = [*(item.start for item in found[1:]), None]
    return Pasted([_pasted(item, after, event) for item, after in zip(found, following, strict=False)], missed)


def _minutes(hours: str, minutes: str | None) -> int | None:
    """None for what no clock shows."""
    found = int(hours) * 60 + int(minutes or 0)
    return found if int(minutes or 0) < 60 and found <= 24 * 60 else None


def _pasted(item: _Item, after: int | None, event: Event) -> Row:
    end = item.end
    if end is None:
        end = item.start + LENGTH if after is None else after
    if end < item.start:
        end += 24 * 60
    names = _NAMES.match(item.words)
    title, speakers = (names[1], names[2]) if names else (item.words, "")
    local = event.starts_at.astimezone(ZoneInfo(event.timezone))
    # The clock of a line is that of the event's first day.
    slot = Slot(item.start - (local.hour * 60 + local.minute), end - item.start or LENGTH)
    return {
        "id": "",
        "title": title.strip()[:200],
        "speakers": speakers.strip()[:300],
        "note": "\n".join(item.notes)[:2000],
        **_at(slot, event),
    }


def beyond(typed: Sequence[Row], event: Event) -> list[bool]:
    """Which of the rows end after the event does; a row without a title says nothing yet."""
    last = round((event.ends_at - event.starts_at).total_seconds() / 60)
    slots = (_slots([row], event) if row["title"] else None for row in typed)
    return [slot is not None and slot[0].end > last for slot in slots]


@dataclass(frozen=True, slots=True)
class Overhang:
    """Minutes that an agenda begins before its event, and ends after it; 0 where it does not."""

    before: int
    after: int


def overhang(typed: Sequence[Row], event: Event) -> Overhang:
    """Of the rows that have a title and times that can be read."""
    last = round((event.ends_at - event.starts_at).total_seconds() / 60)
    slots = [slot for row in typed if row["title"] for slot in _slots([row], event) or ()]
    return Overhang(
        max((-slot.start for slot in slots if slot.start < 0), default=0),
        max((slot.end - last for slot in slots if slot.end > last), default=0),
    )


def _fields(row: Row, event: Event) -> dict[str, Any]:
    start = zones.moment(row["day"], row["start"], event.timezone)
    length = row["length"]
    minutes = int(length) if length.isascii() and length.isdigit() and len(length) < 5 and int(length) <= 1440 else 0
    return {
        "id": known_id(row["id"]),
        "title": " ".join(row["title"].split()),
        "speakers": " ".join(row["speakers"].split()),
        "note": row["note"],
        "starts_at": start.isoformat() if start else "",
        "ends_at": (start + timedelta(minutes=minutes)).isoformat() if start and minutes else "" if start else _LATER,
    }


# Where the start cannot be read, nothing is said of the end.
_LATER: Final = datetime(2099, 1, 1, tzinfo=UTC).isoformat()


def known_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _slots(typed: Sequence[Row], event: Event) -> list[Slot] | None:
    """None while one of the times cannot be read."""
    found = []
    for row in typed:
        start = zones.moment(row["day"], row["start"], event.timezone)
        length = row["length"]
        if start is None or not (length.isascii() and length.isdigit() and 0 < len(length) < 5):
            return None
        found.append(Slot(round((start - event.starts_at).total_seconds() / 60), int(length)))
    return found


def _timed(typed: Sequence[Row], slots: Sequence[Slot], event: Event) -> list[Row]:
    return [{**row, **_at(slot, event)} for row, slot in zip(typed, slots, strict=True)]


def _at(slot: Slot, event: Event) -> Row:
    start = event.starts_at + timedelta(minutes=slot.start)
    return _when(start, start + timedelta(minutes=slot.length), event)


def _when(starts_at: datetime, ends_at: datetime, event: Event) -> Row:
    local = starts_at.astimezone(ZoneInfo(event.timezone))
    return {
        "day": local.date().isoformat(),
        "start": f"{local:%H:%M}",
        "length": str(round((ends_at - starts_at).total_seconds() / 60)),
    }
