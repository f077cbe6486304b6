"""Calendar entries (RFC 5545) and what is done with them (RFC 5546). Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard, vCalAddress, vText

Method = Literal["PUBLISH", "REQUEST", "CANCEL"]

_REMIND: Final = timedelta(minutes=-10)
_AROUND: Final = timedelta(days=400)
_STEP: Final = timedelta(days=10)  # no country turns its clocks to and fro within it


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event in somebody's calendar. Times are aware; `zone` is the event's own."""

    event_id: uuid.UUID
    host: str  # of the public address, the right side of the entry's id
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    url: str
    text: str
    sequence: int
    stamp: datetime
    organizer: str = ""
    organizer_email: str = ""
    guest: str = ""
    guest_email: str = ""
    off: bool = False  # it does not take place for this person (RFC 5545, 3.8.1.11)


def uid(event_id: uuid.UUID, host: str) -> str:
    """The same for everybody and for ever: an update finds the entry it is for."""
    return f"{event_id}@{host}"


def ics(entry: Entry, method: Method) -> bytes:
    """A file. REQUEST and CANCEL name organizer and guest, as they must; the guest's answer is not asked for."""
    calendar = Calendar()
    calendar.add("prodid", "-//Webinar//Webinar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", uid(entry.event_id, entry.host))
    event.add("dtstamp", entry.stamp)
    event.add("sequence", entry.sequence)
    zone = ZoneInfo(entry.zone)
    event.add("dtstart", entry.starts_at.astimezone(zone))
    event.add("dtend", entry.ends_at.astimezone(zone))
    event.add("summary", entry.title)
    off = entry.off or method == "CANCEL"
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("url", entry.url)
    event.add("location", entry.url)
    event.add("description", entry.text)
    if entry.organizer_email:
        event.add("organizer", _address(entry.organizer_email, entry.organizer), encode=False)
    if method != "PUBLISH" and entry.guest_email:
        guest = _address(entry.guest_email, entry.guest)
        guest.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
        event.add("attendee", guest, encode=False)
    if not off:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", entry.title)
        alarm.add("trigger", _REMIND)
        event.add_component(alarm)
    calendar.add_component(event)
    _add_zone(calendar, zone, entry.starts_at - _AROUND, entry.ends_at + _AROUND)
    return bytes(calendar.to_ical())


def _add_zone(calendar: Calendar, zone: ZoneInfo, first: datetime, last: datetime) -> None:
    """The zone's rules around the event: all of its history makes each letter slower and several KB larger.

    Where the clock is never changed, as in Korea, the library takes 14 ms to find that out.
    """
    moments = [first + step * _STEP for step in range((last - first) // _STEP + 1)]
    offsets = {moment.astimezone(zone).utcoffset() for moment in moments}
    if zone.key == "UTC" or len(offsets) > 1:
        calendar.add_missing_timezones(first.date(), last.date())
        return
    here = first.astimezone(zone)
    rule = TimezoneStandard()
    rule.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - local by definition (RFC 5545, 3.6.5)
    rule.add("tzoffsetfrom", here.utcoffset())
    rule.add("tzoffsetto", here.utcoffset())
    rule.add("tzname", here.tzname())
    made = Timezone()
    made.add("tzid", zone.key)
    made.add_component(rule)
    calendar.subcomponents.insert(0, made)


def _address(email: str, name: str) -> vCalAddress:
    made = vCalAddress(f"mailto:{email}")
    if name:
        made.params["CN"] = vText(name)
    return made
