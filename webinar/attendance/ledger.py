"""The log of an event's attendance: a chain of hashes, so that nothing can be changed or left out unseen.

It names no attendee: people are ids, which lead nowhere once their data is gone, and what a host wrote about one is a
digest. (Who changed the rules is named.) Ids, times (RFC 3339 in UTC, to the millisecond) and whole numbers only, so
that everybody hashes the same.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from webinar.attendance.intervals import Spans
from webinar.attendance.log_store import LogStore
from webinar.attendance.model import Attended, Correction, LogEntry, Mark, Prompt
from webinar.attendance.plan import Plan
from webinar.attendance.plan_store import PlanStore
from webinar.base import chain
from webinar.base.db import Connection

# An entry to be: its type and its body.
New = tuple[str, dict[str, Any]]


class Ledger:
    """Adds entries within the caller's transaction; whoever adds to the same event waits for it to end."""

    def __init__(self, store: LogStore, plans: PlanStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._plans = plans
        self._clock = clock

    async def append(self, connection: Connection, event_id: uuid.UUID, new: Sequence[New]) -> int:
        """Adds entries to the event's log; it opens with what was asked for then. The number of the last one."""
        last = await self._store.lock_chain(connection, event_id)
        seq, head = last.last_seq, last.head
        if seq == 0:
            opening = {"event": str(event_id), "plan": plan_body(await self._plans.plan(event_id, connection))}
            new = [("opened", opening), *new]
        at = stamp(self._clock())
        entries = []
        for type_, body in new:
            seq += 1
            hashed = chain.link(head, seq=seq, at=at, type_=type_, body=body)
            entries.append(LogEntry(seq, at, type_, body, head, hashed))
            head = hashed
        await self._store.add_entries(connection, event_id, entries)
        return seq


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span_body(spans: Spans) -> list[list[str]]:
    return [[stamp(start), stamp(end)] for start, end in spans]


def plan_body(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    return plan.model_dump(mode="json")


def correction_body(made: Correction) -> dict[str, Any]:
    return {
        "id": str(made.id),
        "attendee": str(made.attendee_id),
        "kind": made.kind,
        "from": None if made.started_at is None else stamp(made.started_at),
        "to": None if made.ended_at is None else stamp(made.ended_at),
        "rule": None if made.rule_id is None else str(made.rule_id),
        "words": words_digest(made),
    }


def words_digest(made: Correction) -> str:
    """SHA-256 over the salt and the canonical JSON of `{by, reason}`; without the salt nobody can try words on it."""
    return hashlib.sha256((made.salt or b"") + chain.canonical({"by": made.by, "reason": made.reason})).hexdigest()


def person_body(one: Attended) -> dict[str, Any]:
    return {
        "attendee": str(one.attendee_id),
        "live": span_body(one.spans),
        "replay": span_body(one.replay),
        "live_s": int(one.live_s),
        "replay_s": int(one.replay_s),
        "seen_percent": int(100 * one.seen_share),
        "entered_at": None if one.entered_at is None else stamp(one.entered_at),
        "left_at": None if one.left_at is None else stamp(one.left_at),
        "asked": one.asked,
        "confirmed": one.confirmed,
        "outcomes": [
            {
                "rule": str(judged.rule_id),
                "outcome": judged.outcome.value,
                "watched_s": int(judged.watched_s),
                "programme_s": int(judged.programme_s),
                "corrected": judged.corrected,
            }
            for judged in one.outcomes
        ],
        "corrections": [str(change.id) for change in one.corrections],
    }


def mark_body(attendee: uuid.UUID, mark: Mark) -> dict[str, Any]:
    body: dict[str, Any] = {"attendee": str(attendee), "pressed_at": stamp(mark.at)}
    return {**body, "prompt": mark.prompt} if mark.kind == "confirm" else body


def prompt_body(prompt: Prompt) -> dict[str, Any]:
    return {"number": prompt.number, "asked_at": stamp(prompt.at), "until": stamp(prompt.until)}
