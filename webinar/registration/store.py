"""SQL of attendees."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from webinar.base.db import Connection, Pool
from webinar.registration.consent_store import ConsentStore
from webinar.registration.model import Attendee, Consent, Door, NewAttendee, Status
from webinar.registration.seat_store import SeatStore

_COLUMNS: Final = (
    "id, event_id, name, email, answers, status, link_version, language, registered_at, decided_at, first_joined_at,"
    " consent_at, consent_version, marketing_at, forgotten_at, number"
)


def _attendee(row: Any) -> Attendee:
    fields = dict(row)
    fields["status"] = Status(fields["status"])
    return Attendee(**fields)


def _maybe(row: Any) -> Attendee | None:
    return None if row is None else _attendee(row)


class RegistrationStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service. So are `seats` and
    `consents`.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.seats = SeatStore(pool)
        self.consents = ConsentStore(pool)

    async def by_email(self, connection: Connection, event_id: uuid.UUID, email: str) -> Attendee | None:
        return _maybe(
            await connection.fetchrow(
                f"select {_COLUMNS} from attendee where event_id = $1 and email = $2",  # noqa: S608
                event_id,
                email,
            )
        )

    async def by_emails(
        self, connection: Connection, event_id: uuid.UUID, emails: Sequence[str]
    ) -> dict[str, Attendee]:
        rows = await connection.fetch(
            f"select {_COLUMNS} from attendee where event_id = $1 and email = any($2)",  # noqa: S608
            event_id,
            emails,
        )
        return {row["email"]: _attendee(row) for row in rows}

    async def add(
        self, connection: Connection, door: Door, new: NewAttendee, status: Status, consent: Consent | None
    ) -> Attendee:
        """With the time of this moment, not of the transaction's start: in the order in which seats are given. The door
        is locked: nobody else is given a number meanwhile.
        """
        row = await connection.fetchrow(
            f"""
            insert into attendee (event_id, name, email, answers, status, language, registered_at, decided_at,
                consent_version, consent_at, marketing_at, destroy_by, number)
            values ($1, $2, $3, $4, $5, $6, clock_timestamp(), case when $5 = 'approved' then now() end,
                $7, case when $7::text is not null then now() end, case when $8 then now() end,
                (select destroyed_at(e) from event e where e.id = $1 and $7::text is not null),
                (select coalesce(max(number), 0) + 1 from attendee where event_id = $1)) returning {_COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            door.event_id,
            " ".join(new.name.split()),
            new.email.lower(),
            new.answers,
            status,
            new.language or door.language,
            consent.version if consent else None,
            bool(consent and consent.marketing),
        )
        return _attendee(row)

    async def come_back(
        self,
        connection: Connection,
        attendee: uuid.UUID,
        new: NewAttendee,
        status: Status,
        consent: Consent | None,
    ) -> Attendee:
        """A cancelled person registers again: at the end of the queue, with a new link."""
        row = await connection.fetchrow(
            f"""
            update attendee set name = $2, answers = $3, status = $4, registered_at = clock_timestamp(),
                link_version = link_version + 1, decided_at = case when $4 = 'approved' then now() end,
                language = coalesce($5, language),
                consent_version = $6, consent_at = case when $6::text is not null then now() end,
                marketing_at = case when $7 then now() end,
                destroy_by = (select destroyed_at(e) from event e where e.id = event_id and $6::text is not null)
            where id = $1 returning {_COLUMNS}
            """,  # noqa: S608 - a constant list of columns
            attendee,
            " ".join(new.name.split()),
            new.answers,
            status,
            new.language,
            consent.version if consent else None,
            bool(consent and consent.marketing),
        )
        return _attendee(row)

    async def correct(
        self, attendee: uuid.UUID, name: str, answers: dict[str, str], language: str, marketing: bool
    ) -> Attendee | None:
        """What a person may change of their own; when they agreed to mails stays as long as they do."""
        return _maybe(
            await self.pool.fetchrow(
                f"""
                update attendee set name = $2, answers = $3, language = $4,
                    marketing_at = case when $5 then coalesce(marketing_at, now()) end
                where id = $1 and forgotten_at is null returning {_COLUMNS}
                """,  # noqa: S608 - a constant list of columns
                attendee,
                name,
                answers,
                language,
                marketing,
            )
        )

    async def forget(self, connection: Connection, attendee: uuid.UUID) -> Attendee | None:
        """Nothing stays that leads to the person: the row only counts them, and their link opens nothing."""
        return _maybe(
            await connection.fetchrow(
                f"""
                update attendee set email = id::text || '@deleted.invalid', answers = '{{}}', status = 'cancelled',
                    name = case language when 'ko' then '삭제된 참가자' else 'Deleted person' end,
                    link_version = link_version + 1, consent_version = null, consent_at = null, marketing_at = null,
                    destroy_by = null, forgotten_at = now()
                where id = $1 and forgotten_at is null returning {_COLUMNS}
                """,  # noqa: S608 - a constant list of columns
                attendee,
            )
        )

    async def keep_declined(self, connection: Connection, event_id: uuid.UUID, trace: bytes) -> None:
        await connection.execute(
            "insert into declined_address (event_id, trace) values ($1, $2) on conflict do nothing", event_id, trace
        )

    async def was_declined(self, connection: Connection, event_id: uuid.UUID, trace: bytes) -> bool:
        found = await connection.fetchval(
            "select 1 from declined_address where event_id = $1 and trace = $2", event_id, trace
        )
        return found is not None

    async def get(
        self, event_id: uuid.UUID, attendee: uuid.UUID, connection: Connection | None = None
    ) -> Attendee | None:
        return _maybe(
            await (connection or self.pool).fetchrow(
                f"select {_COLUMNS} from attendee where id = $2 and event_id = $1",  # noqa: S608
                event_id,
                attendee,
            )
        )

    async def by_id(self, attendee: uuid.UUID) -> Attendee | None:
        return _maybe(await self.pool.fetchrow(f"select {_COLUMNS} from attendee where id = $1", attendee))  # noqa: S608

    async def set_status(
        self, connection: Connection, attendees: Sequence[uuid.UUID], status: Status
    ) -> list[Attendee]:
        """As they are now, in the order that was given."""
        rows = await connection.fetch(
            f"update attendee set status = $2, decided_at = now() where id = any($1) returning {_COLUMNS}",  # noqa: S608
            attendees,
            status,
        )
        moved = {row["id"]: _attendee(row) for row in rows}
        return [moved[attendee] for attendee in attendees if attendee in moved]

    async def page(
        self,
        event_id: uuid.UUID,
        after: tuple[datetime, uuid.UUID] | None,
        limit: int | None,
        status: Status | None,
        search: str = "",
    ) -> list[Attendee]:
        """In the order of registration, from behind `after` = (registered_at, id); all of them without a `limit`.

        `search`: in the name, the address and the answers, in any case of letters. Who was forgotten is not listed.
        """
        rows = await self.pool.fetch(
            f"""
            select {_COLUMNS} from attendee
            where event_id = $1 and forgotten_at is null
                and ($2::timestamptz is null or (registered_at, id) > ($2, $3::uuid))
                and ($5::text is null or status = $5)
                and ($6 = '' or position(lower($6) in lower(name)) > 0 or position(lower($6) in email) > 0
                    or exists (select from jsonb_each_text(answers) where position(lower($6) in lower(value)) > 0))
            order by registered_at, id limit $4
            """,  # noqa: S608 - a constant list of columns
            event_id,
            None if after is None else after[0],
            None if after is None else after[1],
            limit,
            status,
            search,
        )
        return [_attendee(row) for row in rows]

    async def names(
        self, event_id: uuid.UUID, *, ids: Sequence[uuid.UUID] | None, search: str, limit: int
    ) -> list[Attendee]:
        """Those of the ids (None: all) whose name contains `search`, in the order of registration. Who was forgotten
        has no name.
        """
        rows = await self.pool.fetch(
            f"""
            select {_COLUMNS} from attendee
            where event_id = $1 and forgotten_at is null and ($2::uuid[] is null or id = any($2))
                and ($3 = '' or position(lower($3) in lower(name)) > 0)
            order by registered_at, id limit $4
            """,  # noqa: S608 - a constant list of columns
            event_id,
            ids,
            search,
            limit,
        )
        return [_attendee(row) for row in rows]

    async def of_ids(
        self, connection: Connection, event_id: uuid.UUID, attendees: Sequence[uuid.UUID]
    ) -> list[Attendee]:
        """Those of the ids that are of this event, in the order of registration."""
        rows = await connection.fetch(
            f"""
            select {_COLUMNS} from attendee
            where event_id = $1 and id = any($2) and forgotten_at is null order by registered_at, id
            """,  # noqa: S608 - a constant list of columns
            event_id,
            attendees,
        )
        return [_attendee(row) for row in rows]

    async def of_statuses(
        self, connection: Connection, event_id: uuid.UUID, statuses: Sequence[Status]
    ) -> list[Attendee]:
        """In the order of registration; who was forgotten is not among them."""
        rows = await connection.fetch(
            f"""
            select {_COLUMNS} from attendee
            where event_id = $1 and status = any($2) and forgotten_at is null order by registered_at, id
            """,  # noqa: S608 - a constant list of columns
            event_id,
            statuses,
        )
        return [_attendee(row) for row in rows]

    async def ids(self, connection: Connection, event_id: uuid.UUID, status: Status) -> list[uuid.UUID]:
        rows = await connection.fetch(
            "select id from attendee where event_id = $1 and status = $2 order by registered_at, id", event_id, status
        )
        return [row["id"] for row in rows]

    async def renew_link(self, event_id: uuid.UUID, attendee: uuid.UUID) -> Attendee | None:
        return _maybe(
            await self.pool.fetchrow(
                f"""
                update attendee set link_version = link_version + 1
                where id = $2 and event_id = $1 and forgotten_at is null returning {_COLUMNS}
                """,  # noqa: S608 - a constant list of columns
                event_id,
                attendee,
            )
        )

    async def joined(self, attendee: uuid.UUID) -> None:
        await self.pool.execute(
            "update attendee set first_joined_at = now() where id = $1 and first_joined_at is null", attendee
        )
