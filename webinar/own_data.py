"""All that is kept of one person, in one document they can take with them (GDPR, articles 15 and 20)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from webinar.attendance.model import Attended
from webinar.conversation.model import Polled
from webinar.credits.certificate import Certificate
from webinar.mail.model import Letter
from webinar.registration.model import Attendee

if TYPE_CHECKING:
    from webinar.platform import Platform

Document = dict[str, Any]
# Of what others asked, what everybody may read.
_IN_THE_ROOM: Final = frozenset({"new", "queue", "screen", "answered"})


async def own_data(platform: Platform, attendee: Attendee) -> Document:
    """Plain values for JSON. Nothing of others is in it, not even whom a message answers, but what was voted for.

    What was asked anonymously is not: nothing here leads from it to a person. Of an anonymous poll it is known that the
    person answered, not what. Raises `TooManyRequests` for who asks again and again.
    """
    platform.readings.take(str(attendee.id), time.monotonic())
    event = await platform.events.get(attendee.event_id)
    rules = await platform.registration_form.rules(event.id)
    transcript = await platform.conversation.of(event.id)
    me = str(attendee.id)
    chosen = await platform.conversation.chosen_by(event.id, me)
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
        "votes": [
            {"question": asked.body}
            for asked in transcript.questions
            if asked.seq in chosen.votes and asked.state in _IN_THE_ROOM
        ],
        "polls": [
            _answered(poll, chosen.answers[poll.poll]) for poll in transcript.polls if poll.poll in chosen.answers
        ],
        "raised_hands": [_utc(at) for at in chosen.hands],
        "letters": [_letter(letter) for letter in await platform.mail.of_attendee(attendee.id)],
        "certificates": [_certificate(one) for one in await platform.credits.all_of_attendee(attendee.id)],
    }


def _answered(poll: Polled, choices: Sequence[int] | None) -> Document:
    """By its options; of a rating the mark."""
    said = None if choices is None else [poll.options[n] if n < len(poll.options) else str(n) for n in choices]
    return {"question": poll.question, "anonymous": poll.anonymous, "answer": said}


def _letter(letter: Letter) -> Document:
    return {
        "kind": letter.kind.value,
        "state": letter.state.value,
        "subject": letter.subject,
        "written_at": _utc(letter.created_at),
        "done_at": _utc(letter.done_at),
        "servers_answer": letter.answer,
    }


def _certificate(one: Certificate) -> Document:
    return {
        "number": one.number,
        "name": one.name,
        "issued_at": _utc(one.issued_at),
        "revoked_at": _utc(one.revoked_at),
        "revoked_reason": one.revoked_reason,
        "statement": one.said,
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
        "corrections": [
            {
                "at": _utc(made.at),
                "by": made.by,
                "kind": made.kind,
                "from": _utc(made.started_at),
                "until": _utc(made.ended_at),
                "reason": made.reason,
            }
            for made in there.corrections
        ],
    }


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
