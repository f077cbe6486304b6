"""The form of an event, for a new one and for its settings: fields as people think of them, turned into the model's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from webinar.base.errors import Invalid
from webinar.base.i18n import Language
from webinar.events.fields import EventChange, NewEvent, parse_change, parse_new
from webinar.events.model import Event
from webinar.pages import zones
from webinar.pages.forms import FormView, Sent
from webinar.pages.visit import Visit

FIELDS: Final = (
    *("title", "organizer", "date", "start", "length", "timezone", "description", "language", "capacity"),
    *("registration", "names_shown"),
)
# Minutes. An event made elsewhere keeps its own length as one more choice.
LENGTHS: Final = (30, 45, 60, 90, 120, 150, 180, 240, 300, 360, 480, 600, 720, 1440)
DEFAULT_ZONE: Final = "Asia/Seoul"
# What the model calls its fields, and where their problems are shown here.
_SHOWN_AT: Final = {"starts_at": "date", "ends_at": "length"}


def blank(language: Language, now: datetime) -> FormView:
    """Tomorrow at two in the afternoon, an hour, 300 seats: most hosts change the title and the date."""
    day = (now.astimezone(ZoneInfo(DEFAULT_ZONE)) + timedelta(days=1)).date()
    return FormView(
        {
            "date": day.isoformat(),
            "start": "14:00",
            "length": "60",
            "timezone": DEFAULT_ZONE,
            "language": language,
            "capacity": "300",
            "registration": "open",
        }
    )


def of_event(event: Event) -> FormView:
    start = event.starts_at.astimezone(ZoneInfo(event.timezone))
    return FormView(
        {
            "title": event.title,
            "organizer": event.organizer,
            "date": start.date().isoformat(),
            "start": f"{start:%H:%M}",
            "length": str(round((event.ends_at - event.starts_at).total_seconds() / 60)),
            "timezone": event.timezone,
            "description": event.description,
            "language": event.language,
            "capacity": str(event.capacity),
            "registration": event.registration.value,
            "names_shown": "yes" if event.names_shown else "",
        }
    )


def as_typed(sent: Sent) -> FormView:
    return FormView({name: sent.text(name) for name in FIELDS})


def new_event(sent: Sent) -> NewEvent:
    """Raises `Invalid`, its problems named by the model's fields."""
    return parse_new(_fields(sent))


def change(sent: Sent, event: Event) -> EventChange:
    """What the form says differently from the event. Raises `Invalid`.

    Only that: while an event is live or over the model refuses some fields even when they stay the same.
    """
    wanted = parse_change(_fields(sent))
    changed = {name for name in wanted.model_fields_set if getattr(wanted, name) != getattr(event, name)}
    return EventChange.model_validate({name: getattr(wanted, name) for name in changed})


def show_problems(view: FormView, error: Invalid, made: Visit) -> None:
    view.refuse(error, made)
    for name, place in _SHOWN_AT.items():
        if name in view.problems:
            view.problems.setdefault(place, view.problems.pop(name))


def _fields(sent: Sent) -> dict[str, object]:
    starts_at = zones.moment(sent.text("date"), sent.text("start"), sent.text("timezone"))
    minutes = sent.text("length")
    ends_at = starts_at + timedelta(minutes=int(minutes)) if starts_at and _whole(minutes) else None
    return {
        "title": " ".join(sent.text("title").split()),
        "organizer": " ".join(sent.text("organizer").split()),
        "starts_at": starts_at.isoformat() if starts_at else "",
        "ends_at": ends_at.isoformat() if ends_at else "",
        "timezone": sent.text("timezone"),
        "description": sent.text("description"),
        "language": sent.text("language"),
        "capacity": sent.text("capacity"),
        "registration": sent.text("registration"),
        "names_shown": sent.text("names_shown") == "yes",
    }


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:6]) and len(text) <= 6


def context(view: FormView) -> dict[str, object]:
    """What the template needs to draw the choices."""
    now = datetime.now(UTC)
    when = zones.moment(view.value("date"), view.value("start") or "12:00", view.value("timezone")) or now
    common, rest = zones.choices(when, view.value("timezone"))
    own = view.value("length")
    lengths = sorted({*LENGTHS, *([int(own)] if _whole(own) else [])})
    return {"form": view, "zones": common, "more_zones": rest, "lengths": lengths}
