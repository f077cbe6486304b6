"""Rules of attendance: what players tell is taken, judged by the host's plan, corrected with a reason, and sealed."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from webinar.attendance import ledger, rules
from webinar.attendance.evidence import Evidence
from webinar.attendance.intake import Entry, Intake
from webinar.attendance.intervals import Spans, union
from webinar.attendance.ledger import Ledger
from webinar.attendance.log_store import LogStore
from webinar.attendance.model import (
    Attended,
    Beat,
    Correction,
    LogEntry,
    Mark,
    NewCorrection,
    Prompt,
    Window,
)
from webinar.attendance.outline import Outline, Outlines
from webinar.attendance.plan import Plan
from webinar.attendance.plan_store import PlanStore
from webinar.attendance.store import AttendanceStore, Pressed, Told
from webinar.base import log
from webinar.base.db import AWAY, Connection, Pool
from webinar.base.errors import FieldProblem, Invalid, NotFound

_log = log.get(__name__)
_NOTE_EVERY_S: Final = 10.0
# Browsers hear of a prompt so long before its time, and of one that is over for as long.
_AHEAD: Final = timedelta(seconds=60)
# A clock that runs ahead by less is a clock; by more it tells of the future.
_FUTURE: Final = timedelta(seconds=2)
# What a browser kept while it was offline is taken for so long after the end.
LATEST: Final = timedelta(days=3)
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person stands, for their own page. `refused`: places in what they told, with a code each."""

    now: datetime
    outline: Outline
    attended: Attended
    marks: tuple[Mark, ...]
    enter: Window | None
    leave: Window | None
    prompts: tuple[Prompt, ...]  # that their browser should know of now
    refused: tuple[tuple[int, str], ...]  # of the marks


class AttendanceService:
    """One a process."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = AttendanceStore(pool)
        self._plans = PlanStore(pool)
        self._log = LogStore(pool)
        self._clock = clock
        self._ledger = Ledger(self._log, self._plans, clock)
        self._evidence = Evidence()
        self._intake = Intake(self._store, self._log, self._evidence, self._log_marks, clock)
        self._outlines = Outlines(pool, self._plans, self._ledger, clock)

    # -- what players tell ---------------------------------------------------------------------------------------

    def saw(self, attendee_id: uuid.UUID) -> None:
        """This process heard of the person's player just now. Kept, and written with what comes next."""
        self._evidence.saw(attendee_id, self._clock())

    async def copy(self, connection: Connection, source: uuid.UUID, target: uuid.UUID) -> None:
        """Plan and rules for an event that is made like another. Within the transaction that makes it."""
        await self._plans.copy(connection, source, target)

    async def note_seen(self) -> None:
        """Writes what was seen. Raises what a query raises while PostgreSQL is away: then it is kept."""
        if self._evidence:
            await self._intake.note_seen()

    async def keep_noting(self) -> None:
        """Runs for the life of a process that players ask."""
        while True:
            await asyncio.sleep(_NOTE_EVERY_S)
            try:
                await self.note_seen()
            except AWAY as error:
                _log.warning("what was seen of people waits, the database is away", error=type(error).__name__)

    async def tell(
        self, event_id: uuid.UUID, attendee_id: uuid.UUID, device: str, beats: Sequence[Beat], marks: Sequence[Mark]
    ) -> Standing:
        """Takes what a person's player tells, which may be nothing; what was told before changes nothing.

        Spans are cut to what can be: nothing of the future, of before they were let in, or live while the event was
        not. Raises `NotFound`, and what a query raises while PostgreSQL is away: nothing is stored then.
        """
        now = self._clock()
        outline = await self.outline(event_id)
        programme = outline.programme
        late = programme.ended_at is not None and now > programme.ended_at + LATEST
        spans: dict[str, Spans] = {}
        for beat in beats:
            if beat.kind == "live" and late:
                continue
            span = (beat.started_at, min(beat.ended_at, now + _FUTURE))
            spans[beat.kind] = union(spans.get(beat.kind, ()), (span,))
        told = [Told(attendee_id, kind, device, found) for kind in ("live", "replay") if (found := spans.get(kind))]
        pressed, refused = [], []
        for place, mark in enumerate(marks):
            code = self._refusal(outline, mark, now)
            if code is None:
                pressed.append(Pressed(event_id, attendee_id, mark, now))
            else:
                refused.append((place, code))
        record = await self._intake.take(Entry(attendee_id, told, pressed))
        return Standing(
            now=now,
            outline=outline,
            attended=rules.judge(outline.plan, programme, outline.prompts, record, now),
            marks=record.marks,
            enter=rules.enter_window(outline.plan, programme),
            leave=rules.leave_window(outline.plan, programme, now),
            prompts=tuple(
                p for p in outline.prompts if p.at <= now + _AHEAD and p.until >= now - _AHEAD and not programme.over
            ),
            refused=tuple(refused),
        )

    def _refusal(self, outline: Outline, mark: Mark, now: datetime) -> str | None:
        """Why a mark cannot be taken; None: it can."""
        if mark.at > now + _FUTURE:
            return "future"
        ended_at = outline.programme.ended_at
        if ended_at is not None and mark.at > ended_at + _FUTURE:
            return "closed"
        if mark.kind == "confirm":
            prompt = next((p for p in outline.prompts if p.number == mark.prompt), None)
            if prompt is None:
                return "unknown_prompt"
            return None if prompt.at - _FUTURE <= mark.at <= prompt.until + _FUTURE else "too_late"
        enter = mark.kind == "enter"
        plan, programme = outline.plan, outline.programme
        window = rules.enter_window(plan, programme) if enter else rules.leave_window(plan, programme, now)
        return None if window is not None and window.open(mark.at) else "closed"

    async def _log_marks(self, connection: Connection, pressed: list[Pressed]) -> None:
        for event_id in sorted({one.event_id for one in pressed}):
            mine = [one for one in pressed if one.event_id == event_id]
            entries = [(one.mark.kind, ledger.mark_body(one.attendee_id, one.mark)) for one in mine]
            await self._ledger.append(connection, event_id, entries)

    # -- the event's outline -------------------------------------------------------------------------------------

    def forget(self, event_id: uuid.UUID) -> None:
        """The event's row or plan is another now."""
        self._outlines.forget(event_id)

    async def outline(self, event_id: uuid.UUID, *, fresh: bool = False) -> Outline:
        """As `Outlines.get`."""
        return await self._outlines.get(event_id, fresh=fresh)

    # -- the plan ------------------------------------------------------------------------------------------------

    async def plan(self, event_id: uuid.UUID) -> Plan:
        return (await self.outline(event_id, fresh=True)).plan

    async def change_plan(self, event_id: uuid.UUID, plan: Plan, by: str) -> Plan:
        """Logged. Raises `NotFound`, `Invalid` for a rule of an item that the agenda does not have.

        What people did so far is judged by it from now on; prompts nobody was told of are drawn anew.
        """
        before = await self.plan(event_id)
        async with self._store.pool.acquire() as connection, connection.transaction():
            parts = await self._plans.parts_of(connection, event_id)
            for place, rule in enumerate(plan.rules):
                if rule.agenda_item_id is not None and rule.agenda_item_id not in parts:
                    problem = FieldProblem(f"rules.{place}.agenda_item_id", "The agenda has no such item.")
                    raise Invalid("Some fields need another look.", fields=[problem])
            await self._plans.save_plan(connection, event_id, plan)
            saved = await self._plans.plan(event_id, connection)
            if saved == before:
                return saved
            drawn = (before.prompts_per_hour, before.answer_min) != (saved.prompts_per_hour, saved.answer_min)
            gone = await self._plans.forget_prompts(connection, event_id, self._clock() + _AHEAD) if drawn else []
            body = {"by": by, "plan": ledger.plan_body(saved), "prompts_withdrawn": gone}
            await self._ledger.append(connection, event_id, [("rules", body)])
        self.forget(event_id)
        _log.info("rules of attendance changed", event_id=str(event_id), rules=len(saved.rules))
        await self._seal_again(event_id)
        return saved

    # -- who was there -------------------------------------------------------------------------------------------

    async def people(self, event_id: uuid.UUID, only: Collection[uuid.UUID] | None = None) -> list[Attended]:
        """Everybody who holds a seat or was there, in the order of registration; or those of `only`, in its order."""
        outline = await self.outline(event_id, fresh=True)
        ids = list(await self._store.people(event_id) if only is None else only)
        records = await self._store.records(ids)
        now = self._clock()
        return [rules.judge(outline.plan, outline.programme, outline.prompts, records[i], now) for i in ids]

    async def audience(self, event_id: uuid.UUID, step_s: float = 60.0) -> list[tuple[datetime, int]]:
        """How many were there live at each step from the start on; as corrected."""
        outline = await self.outline(event_id, fresh=True)
        records = await self._store.records(await self._store.people(event_id))
        spans = {person: rules.present(record) for person, record in records.items()}
        return rules.audience(spans, outline.programme, timedelta(seconds=step_s), self._clock())

    async def correct(self, event_id: uuid.UUID, attendee_id: uuid.UUID, new: NewCorrection, by: str) -> Correction:
        """Stands beside what was recorded, logged with who and why. Raises `NotFound`, `Invalid`."""
        outline = await self.outline(event_id, fresh=True)
        if new.rule_id is not None and new.rule_id not in {rule.id for rule in outline.plan.rules}:
            raise Invalid("Some fields need another look.", fields=[FieldProblem("rule_id", "There is no such rule.")])
        async with self._store.pool.acquire() as connection, connection.transaction():
            salt = secrets.token_bytes(_SALT_BYTES)
            made = await self._store.add_correction(connection, event_id, attendee_id, new, by, salt)
            if made is None:
                raise NotFound("There is no such person in this event.", code="attendee_not_found")
            await self._log.mark_changed(connection, [attendee_id])
            await self._ledger.append(connection, event_id, [("correction", ledger.correction_body(made))])
        _log.info("attendance corrected", event_id=str(event_id), attendee=str(attendee_id), kind=made.kind)
        await self._seal_again(event_id)
        return made

    async def forget_person(self, attendee_id: uuid.UUID) -> None:
        """The words of their corrections go; that there were some, and the log, stay. May be repeated."""
        await self._store.forget_words(attendee_id)

    # -- the log -------------------------------------------------------------------------------------------------

    async def log(self, event_id: uuid.UUID) -> list[LogEntry]:
        """All entries, the first one first."""
        return await self._log.log(event_id)

    async def to_seal(self) -> list[uuid.UUID]:
        """Events that are over, of which something is newer than their seal."""
        return await self._log.to_seal()

    async def _seal_again(self, event_id: uuid.UUID) -> None:
        if (await self.outline(event_id)).programme.over:
            await self.seal(event_id)

    async def seal(self, event_id: uuid.UUID) -> int:
        """Writes into the log how everybody stands, once the event is over; the number of the last entry.

        Who stands as the log says already is not written again: sealing twice changes nothing. While the event is not
        over, nothing is sealed.
        """
        outline = await self.outline(event_id, fresh=True)
        async with self._store.pool.acquire() as connection, connection.transaction():
            before = await self._log.lock_chain(connection, event_id)
            last = before.last_seq
            if not outline.programme.over:
                return last
            ids = await self._store.people(event_id, connection)
            records = await self._store.records(ids, connection)
            now = self._clock()
            known = await self._log.last_words(connection, event_id)
            people = [rules.judge(outline.plan, outline.programme, outline.prompts, records[i], now) for i in ids]
            bodies = [ledger.person_body(one) for one in people]
            news = [("person", body) for body in bodies if known.get(body["attendee"]) != body]
            if news or before.unsealed:
                outcomes = [one.outcome for one in people]
                body = {
                    "people": len(people),
                    "came": sum(one.live_s > 0 for one in people),
                    "passed": sum(outcome is not None and outcome.value == "passed" for outcome in outcomes),
                    "programme": ledger.span_body(outline.programme.so_far(now)),
                    "plan": ledger.plan_body(outline.plan),
                }
                last = await self._ledger.append(connection, event_id, [*news, ("sealed", body)])
            await self._log.sealed(connection, event_id)
        return last
