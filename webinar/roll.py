"""Who was there, as tables and certificates know people: registration and attendance of each in one."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Final

from webinar.attendance.model import Attended
from webinar.attendance.model import Correction as Corrected
from webinar.attendance.plan import Rule
from webinar.attendance.service import AttendanceService
from webinar.credits.model import Correction, Need, Person, Presence, Result, RuleResult
from webinar.events.model import Event
from webinar.registration.model import Attendee
from webinar.registration.service import RegistrationService

_CHUNK: Final = 200  # people in memory at once


class Roll:
    """One a process. The event of every call is there already."""

    def __init__(self, registration: RegistrationService, attendance: AttendanceService) -> None:
        self._registration = registration
        self._attendance = attendance

    async def chunks(self, event: Event) -> AsyncIterator[list[Person]]:
        """Everybody who registered, in the order of registration, some at a time."""
        needs = await self.needs(event)
        cursor: str | None = None
        while True:
            page = await self._registration.page(event.id, cursor=cursor, limit=_CHUNK)
            ids = [attendee.id for attendee in page.items]
            attended = await self._attendance.people(event.id, ids)
            yield [_person(a, one, needs) for a, one in zip(page.items, attended, strict=True)]
            cursor = page.next
            if cursor is None:
                return

    async def needs(self, event: Event) -> dict[uuid.UUID, Need]:
        """The event's rules, by id, in their order."""
        outline = await self._attendance.outline(event.id)
        parts = {part.id: part.title for part in outline.programme.parts}
        return {rule.id: _need(rule.id, rule, parts) for rule in outline.plan.rules if rule.id is not None}


def _need(rule_id: uuid.UUID, rule: Rule, parts: dict[uuid.UUID, str]) -> Need:
    return Need(
        id=rule_id,
        part=None if rule.agenda_item_id is None else parts.get(rule.agenda_item_id),
        share=rule.share,
        minutes=rule.minutes,
        enter=rule.enter,
        leave=rule.leave,
        confirmed=rule.confirmed,
    )


def _person(attendee: Attendee, attended: Attended, needs: dict[uuid.UUID, Need]) -> Person:
    spans = sorted(
        [Presence("live", *span) for span in attended.spans] + [Presence("replay", *span) for span in attended.replay],
        key=lambda span: (span.started_at, span.kind),
    )
    return Person(
        attendee_id=attendee.id,
        name=attendee.name,
        email=attendee.email,
        status=attendee.status.value,
        answers=attendee.answers,
        language=attendee.language,
        registered_at=attendee.registered_at,
        first_at=attended.first_at,
        last_at=attended.last_at,
        entered_at=attended.entered_at,
        left_at=attended.left_at,
        live_s=attended.live_s,
        replay_s=attended.replay_s,
        spans=tuple(spans),
        asked=attended.asked,
        confirmed=attended.confirmed,
        results=tuple(
            RuleResult(needs[one.rule_id], Result(one.outcome.value), one.watched_s, one.share, one.corrected)
            for one in attended.outcomes
            if one.rule_id in needs
        ),
        corrections=tuple(_correction(change) for change in attended.corrections),
    )


def _correction(made: Corrected) -> Correction:
    return Correction(made.id, made.at, made.by, made.kind, made.started_at, made.ended_at, made.reason, made.salt)
