"""One event over real PostgreSQL and who may come to it, without a web service. Fixture: `desk`."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from argon2 import PasswordHasher

from webinar.base.bus import Bus
from webinar.base.db import Pool
from webinar.base.embedded import EmbeddedNats
from webinar.base.tokens import Tokens
from webinar.registration.form import RegistrationForm
from webinar.registration.model import Attendee, Consent, NewAttendee, Step
from webinar.registration.moves import MOVED, Move
from webinar.registration.service import RegistrationService

CONSENT = Consent("What is collected: all of it", marketing=True)


@dataclass
class Desk:
    """One event with three seats."""

    event: uuid.UUID
    people: RegistrationService
    form: RegistrationForm
    pool: Pool

    async def come(self, name: str, *, by_host: bool = False, **fields: Any) -> Attendee:
        new = NewAttendee(name=name, email=f"{name}@example.org", **fields)
        return (await self.people.register(self.event, new, by_host=by_host, consent=CONSENT)).attendee

    async def stand(self) -> dict[str, str]:
        return {a.name: a.status.value for a in await self.people.everyone(self.event)}

    async def moved(self) -> list[Step]:
        """What was put down since this was asked last."""
        rows = await self.pool.fetch(
            "with gone as (delete from job where name = $1 returning id, payload) select payload from gone order by id",
            MOVED,
        )
        moves = [Move.read(row["payload"]) for row in rows]
        assert {move.event_id for move in moves} <= {self.event}
        return [step for move in moves for step in await self.people.steps(move)]

    async def set_event(self, **values: Any) -> None:
        for name, value in values.items():
            await self.pool.execute(f"update event set {name} = $2 where id = $1", self.event, value)  # noqa: S608


@pytest_asyncio.fixture
async def desk(pool: Pool, nats: EmbeddedNats) -> AsyncIterator[Desk]:
    bus = await Bus.connect(nats.url, "tests")
    event = await pool.fetchval(
        """
        insert into event (slug, title, language, starts_at, ends_at, timezone, capacity, registration)
        values ('e', 'E', 'ko', now(), now() + interval '1 hour', 'Asia/Seoul', 3, 'open') returning id
        """
    )
    people = RegistrationService(pool, bus, Tokens("a secret of at least thirty-two characters"))
    form = RegistrationForm(pool, hasher=PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1))
    yield Desk(event, people, form, pool)
    await bus.close()
