"""Time zones to choose from, and what a date, a clock and a length in one of them mean."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final

# Where most of the people of this product live, first; the whole list follows.
COMMON: Final = (
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Kolkata",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Sydney",
    "UTC",
)
_ALIASES: Final = ("Etc/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/", "posix/", "right/")


@dataclass(frozen=True, slots=True)
class Zone:
    name: str  # IANA
    offset: str  # "GMT+9" on the given day


@cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(n for n in zoneinfo.available_timezones() if "/" in n and not n.startswith(_ALIASES)))


def offset(name: str, moment: datetime) -> str:
    """`GMT+9`, `GMT-3:30`, at `moment`."""
    delta = moment.astimezone(zoneinfo.ZoneInfo(name)).utcoffset() or timedelta()
    minutes = int(delta.total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"GMT{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def choices(moment: datetime, chosen: str) -> tuple[list[Zone], list[Zone]]:
    """(common, all others) with their offsets at `moment`; a chosen alias is among the common ones."""
    common = [*COMMON, *([chosen] if chosen in zoneinfo.available_timezones() and chosen not in COMMON else [])]
    rest = [name for name in _names() if name not in common]
    return [Zone(n, offset(n, moment)) for n in common], [Zone(n, offset(n, moment)) for n in rest]


def moment(day: str, clock: str, zone: str) -> datetime | None:
    """UTC of `2026-11-24`, `14:00` in an IANA zone; None when one of them cannot be read.

    A time that the change to summer time skips is taken as an hour later; of a doubled one the first is meant.
    """
    if zone not in zoneinfo.available_timezones():
        return None
    try:
        local = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), zoneinfo.ZoneInfo(zone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
