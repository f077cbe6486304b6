"""SQL of webhooks and what was sent to them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from webinar.base.db import Connection, Pool
from webinar.hooks.model import Delivery, Webhook

_HOOK: Final = "id, event_id, url, types, created_at, failing_since, disabled_at"
_DELIVERY: Final = (
    "id, webhook_id, type, body, created_at, attempts, tried_at, delivered_at, given_up_at, status, error"
)


def _hook(row: Any) -> Webhook:
    return Webhook(**{**{name: row[name] for name in _HOOK.split(", ")}, "types": tuple(row["types"])})


class HookStore:
    """Queries over one pool; those that take a connection belong to a transaction of the service."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def add(
        self, event_id: uuid.UUID | None, url: str, types: Sequence[str], secret: str, most: int
    ) -> Webhook | None:
        """None when there are `most` of them already."""
        row = await self.pool.fetchrow(
            f"""
            insert into webhook (event_id, url, types, secret)
            select $1, $2, $3, $4
            where (select count(*) from webhook where event_id is not distinct from $1::uuid) < $5
            returning {_HOOK}
            """,  # noqa: S608 - a constant list of columns
            event_id,
            url,
            list(types),
            secret,
            most,
        )
        return None if row is None else _hook(row)

    async def get(self, hook_id: uuid.UUID) -> tuple[Webhook, str] | None:
        """With its secret."""
        row = await self.pool.fetchrow(f"select {_HOOK}, secret from webhook where id = $1", hook_id)  # noqa: S608
        return None if row is None else (_hook(row), row["secret"])

    async def of(self, event_id: uuid.UUID | None) -> list[Webhook]:
        """Of one event, or (None) those of all events."""
        rows = await self.pool.fetch(
            f"select {_HOOK} from webhook where event_id is not distinct from $1::uuid order by created_at, id",  # noqa: S608
            event_id,
        )
        return [_hook(row) for row in rows]

    async def listening(self, connection: Connection, event_id: uuid.UUID, type_: str) -> list[uuid.UUID]:
        """Who wants to be told of this."""
        rows = await connection.fetch(
            """
            select id from webhook
            where (event_id is null or event_id = $1) and $2 = any(types) and disabled_at is null
            """,
            event_id,
            type_,
        )
        return [row["id"] for row in rows]

    async def delete(self, hook_id: uuid.UUID) -> bool:
        return bool(await self.pool.fetchval("delete from webhook where id = $1 returning true", hook_id))

    async def disable(self, event_id: uuid.UUID) -> None:
        await self.pool.execute(
            "update webhook set disabled_at = now() where event_id = $1 and disabled_at is null", event_id
        )

    async def enable(self, hook_id: uuid.UUID) -> bool:
        done = await self.pool.fetchval(
            "update webhook set disabled_at = null, failing_since = null where id = $1 returning true", hook_id
        )
        return bool(done)

    # -- deliveries ----------------------------------------------------------------------------------------------

    async def write(
        self, connection: Connection, event_id: uuid.UUID, messages: Sequence[tuple[uuid.UUID, str, str, str]]
    ) -> list[uuid.UUID]:
        """Messages (webhook, type, what, body) to be sent, which go with their event, if it is still there.

        Those that a webhook has not been told of yet.
        """
        rows = await connection.fetch(
            """
            insert into webhook_delivery (webhook_id, event_id, type, what, body)
            select m.hook, e.id, m.type, m.what, m.body
            from event e, unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as m (hook, type, what, body)
            where e.id = $1
            on conflict (webhook_id, what) do nothing returning id
            """,
            event_id,
            *([message[n] for message in messages] for n in range(4)),
        )
        return [row["id"] for row in rows]

    async def delivery(self, delivery_id: uuid.UUID) -> Delivery | None:
        row = await self.pool.fetchrow(f"select {_DELIVERY} from webhook_delivery where id = $1", delivery_id)  # noqa: S608
        return None if row is None else Delivery(**dict(row))

    async def deliveries(self, hook_id: uuid.UUID, limit: int) -> list[Delivery]:
        """Newest first."""
        rows = await self.pool.fetch(
            f"""
            select {_DELIVERY} from webhook_delivery where webhook_id = $1 order by created_at desc, id limit $2
            """,  # noqa: S608 - a constant list of columns
            hook_id,
            limit,
        )
        return [Delivery(**dict(row)) for row in rows]

    async def answered(self, delivery: Delivery, status: int) -> None:
        """It was taken: the webhook works."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """
                update webhook_delivery set attempts = attempts + 1, tried_at = now(), delivered_at = now(),
                    given_up_at = null, status = $2, error = null where id = $1
                """,
                delivery.id,
                status,
            )
            await connection.execute("update webhook set failing_since = null where id = $1", delivery.webhook_id)

    async def refused(self, delivery: Delivery, status: int | None, error: str, patience: timedelta) -> bool:
        """It was not taken; True when the webhook has failed for so long that it is disabled now."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """
                update webhook_delivery set attempts = attempts + 1, tried_at = now(), status = $2, error = $3
                where id = $1
                """,
                delivery.id,
                status,
                error,
            )
            disabled = await connection.fetchval(
                """
                update webhook set failing_since = coalesce(failing_since, now()),
                    disabled_at = case when failing_since < now() - $2::interval then coalesce(disabled_at, now())
                        else disabled_at end
                where id = $1 returning disabled_at is not null
                """,
                delivery.webhook_id,
                patience,
            )
        return bool(disabled)

    async def give_up(self, delivery_id: uuid.UUID) -> None:
        await self.pool.execute(
            "update webhook_delivery set given_up_at = now() where id = $1 and delivered_at is null", delivery_id
        )

    async def remove_old(self, kept: timedelta) -> int:
        """How many messages were older than that."""
        done: str = await self.pool.execute(
            "delete from webhook_delivery where created_at < now() - $1::interval", kept
        )
        return int(done.rpartition(" ")[2])

    async def forget(self, person: str) -> None:
        await self.pool.execute("delete from webhook_delivery where strpos(what, $1) > 0", person)
