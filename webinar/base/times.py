"""Times as people say them, in the event's zone. The browser adds the visitor's own (`js/common/time.js`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from markupsafe import Markup

from webinar.base.i18n import Language

_DATE: Final[dict[Language, str]] = {"ko": "y년 M월 d일 (E)", "en": "EEE, MMM d, y"}
_TIME: Final[dict[Language, str]] = {"ko": "aaaa h:mm", "en": "h:mm a"}

Translate = Callable[[str], str]


def zone_label(moment: datetime) -> str:
    """`KST`, or `GMT+5:30` where the zone has no letters of its own."""
    name = moment.tzname() or ""
    if name.isalpha():
        return name
    minutes = _ahead(moment)
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def local(moment: datetime, zone: str) -> datetime:
    """The same moment on the clock of a zone."""
    return moment.astimezone(ZoneInfo(zone))


def day(on: date, language: Language) -> str:
    """Of a date, or of a moment on its own clock."""
    return format_date(on, format=_DATE[language], locale=language)


def short_day(on: date, language: Language) -> str:
    """`11월 24일`, `Nov 24`."""
    return format_date(on, format="M월 d일" if language == "ko" else "MMM d", locale=language)


def clock(moment: datetime, language: Language) -> str:
    return format_time(moment.time(), format=_TIME[language], locale=language)


def clocks(starts_at: datetime, ends_at: datetime, zone: str, language: Language) -> str:
    """Of something within a day: `오후 2:00 – 3:30`."""
    return _clocks(local(starts_at, zone), local(ends_at, zone), language)


def _clocks(start: datetime, end: datetime, language: Language) -> str:
    """`오후 2:00 – 3:30`, `2:00 – 3:30 PM`: the half of the day is said once where both are in it."""
    first, last = clock(start, language), clock(end, language)
    if (start.hour < 12) == (end.hour < 12):
        plain = "h:mm"
        if language == "ko":
            last = format_time(end.time(), format=plain, locale=language)
        else:
            first = format_time(start.time(), format=plain, locale=language)
    return f"{first} – {last}"


def span(starts_at: datetime, ends_at: datetime, zone: str, language: Language) -> str:
    """`2026년 11월 24일 (화) 오후 2:00 – 3:30 KST`; the second date only when it is another day."""
    start, end = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    if end.date() == start.date():
        return f"{day(start, language)} {_clocks(start, end, language)} {zone_label(start)}"
    first, last = (f"{day(moment, language)} {clock(moment, language)}" for moment in (start, end))
    return f"{first} – {last} {zone_label(start)}"


def at(moment: datetime, zone: str, language: Language) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    return f"{day(local, language)} {clock(local, language)} {zone_label(local)}"


def iso(moment: datetime) -> str:
    """For `<time datetime>`: RFC 3339 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ahead(moment: datetime, zone: str) -> int:
    """Minutes that a zone's clock is ahead of UTC at a moment."""
    return _ahead(local(moment, zone))


def _ahead(moment: datetime) -> int:
    return int((moment.utcoffset() or timedelta()).total_seconds() // 60)


def day_block(moment: datetime, zone: str, language: Language) -> Markup:
    """A leaf of a calendar: month over day."""
    local = moment.astimezone(ZoneInfo(zone))
    month = format_date(local.date(), format="MMM", locale=language)
    return Markup("<span>{}</span><b>{}</b>").format(month, local.day)


def minutes(count: int, language: Language) -> str:
    """A length to choose: `1시간 30분`, `1 h 30 min`."""
    hours, rest = divmod(count, 60)
    hour, minute = ("시간", "분") if language == "ko" else (" h", " min")
    return " ".join(part for part in (f"{hours}{hour}" if hours else "", f"{rest}{minute}" if rest else "") if part)


def length(seconds: float) -> str:
    """A running time: `7:03`, `1:02:03`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: int) -> str:
    """Bytes as file managers show them: `418 KB`, `12.4 MB`, `1.3 GB` (powers of 1000)."""
    value = float(count)
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit != "MB" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
