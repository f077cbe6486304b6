"""All that is kept of one person, in one document they can take with them (GDPR, articles 15 and 20)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webinar.attendance.model import Attended
from webinar.registration.model import Attendee

if TYPE_CHECKING:
    from webinar.platform import Platform

Document = dict[str, Any]


async def own_data(platform: Platform, attendee: Attendee) -> Document:
    """Plain values for JSON. Nothing of others is in it, not even whom a message answers.

    What was asked anonymously is not: nothing here leads from it to a person.
    """
    event = await platform.events.get(attendee.event_id)
    rules = await platform.registration_form.rules(event.id)
    transcript = await platform.conversation.of(event.id)
    me = str(attendee.id)
    (there, *_) = await platform.attendance.people(event.id, only=[attendee.id]) or (None,)
    return {
        "event": {"title": event.title, "starts_at": _utc(event.starts_at), "ends_at": _utc(event.ends_at)},
        "kept_for_days_after_the_event": rules.retention_days,
        "registration": {
            "id": me,
            "name": attendee.name,
            "email": attendee.email,
            "answers": attendee.answers,
            "status": attendee.status.value,
            "language": attendee.language,
            "registered_at": _utc(attendee.registered_at),
            "decided_at": _utc(attendee.decided_at),
            "first_joined_at": _utc(attendee.first_joined_at),
        },
        "consent": {
            "at": _utc(attendee.consent_at),
            "text": await platform.registration.consent_text(attendee),
            "mails_about_other_events_since": _utc(attendee.marketing_at),
        },
        "attendance": None if there is None else _attendance(there),
        "messages": [
            {"at": _utc(said.at), "text": said.body, "state": said.state}
            for said in transcript.messages
            if said.person == me
        ],
        "questions": [
            {"at": _utc(asked.at), "text": asked.body, "state": asked.state, "answer": asked.answer}
            for asked in transcript.questions
            if asked.person == me
        ],
    }


def _attendance(there: Attended) -> Document:
    return {
        "live": [{"from": _utc(start), "until": _utc(end)} for start, end in there.spans],
        "replay": [{"from": _utc(start), "until": _utc(end)} for start, end in there.replay],
        "live_seconds": there.live_s,
        "replay_seconds": there.replay_s,
        "checked_in": _utc(there.entered_at),
        "checked_out": _utc(there.left_at),
        "prompts": {"asked": there.asked, "answered": there.confirmed},
    }


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
