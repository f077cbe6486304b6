"""Rules of webhooks: who is told of what, once each, until it was taken or there is no hope."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from webinar.base import log
from webinar.base.db import Pool
from webinar.base.errors import Conflict, NotFound
from webinar.base.queue import Again, Hopeless, Payload, enqueue, enqueue_many
from webinar.hooks.model import Delivery, HookType, Webhook, clean_types, clean_url, new_secret, signature
from webinar.hooks.sender import NotSent, Sender
from webinar.hooks.store import HookStore

_log = log.get(__name__)
JOB: Final = "webhook"
_MOST: Final = 20  # of one event, of the installation
_KEPT: Final = timedelta(days=30)
# A receiver that has taken nothing for so long is not told any more until somebody enables it.
_PATIENCE: Final = timedelta(days=3)
# What will not be taken later either (RFC 9110, section 15.5.11).
_GONE: Final = 410


class Hooks:
    """One a process. `inside`: plain http and private networks are allowed."""

    def __init__(self, pool: Pool, *, inside: bool, sender: Sender | None = None) -> None:
        self._store = HookStore(pool)
        self._inside = inside
        self._sender = sender  # made with the first message: only workers send

    async def make(self, event_id: uuid.UUID | None, url: str, types: Collection[str]) -> tuple[Webhook, str]:
        """(the webhook, its secret, which is never shown again). Raises `Invalid`, `Conflict` code `limit`."""
        secret = new_secret()
        made = await self._store.add(event_id, clean_url(url, inside=self._inside), clean_types(types), secret, _MOST)
        if made is None:
            raise Conflict("There are too many webhooks already.", code="limit")
        _log.info("webhook made", webhook=str(made.id), event_id=str(event_id or ""))
        return made, secret

    async def of(self, event_id: uuid.UUID | None) -> list[Webhook]:
        """Of one event, or (None) those that are told of all events."""
        return await self._store.of(event_id)

    async def get(self, hook_id: uuid.UUID) -> Webhook:
        found = await self._store.get(hook_id)
        if found is None:
            raise NotFound("There is no such webhook.", code="webhook_not_found")
        return found[0]

    async def delete(self, hook_id: uuid.UUID) -> None:
        if not await self._store.delete(hook_id):
            raise NotFound("There is no such webhook.", code="webhook_not_found")

    async def disable(self, event_id: uuid.UUID) -> None:
        """Those of one event are told nothing until somebody enables them again."""
        await self._store.disable(event_id)

    async def enable(self, hook_id: uuid.UUID) -> None:
        """Told again from now on."""
        if not await self._store.enable(hook_id):
            raise NotFound("There is no such webhook.", code="webhook_not_found")

    async def deliveries(self, hook_id: uuid.UUID, limit: int = 50) -> list[Delivery]:
        """Newest first."""
        return await self._store.deliveries(hook_id, limit)

    async def resend(self, hook_id: uuid.UUID, delivery_id: uuid.UUID) -> None:
        """The same message, with the same id, once more. Raises `NotFound`."""
        found = await self._store.delivery(delivery_id)
        if found is None or found.webhook_id != hook_id:
            raise NotFound("There is no such delivery.", code="delivery_not_found")
        await enqueue(self._store.pool, JOB, {"delivery": str(delivery_id)}, key=str(delivery_id))

    async def tell(self, event_id: uuid.UUID, things: Sequence[tuple[HookType, str, Mapping[str, Any]]]) -> None:
        """Writes down messages of things (type, what, data) of one event, in their order, for all who want them.

        `what` names the thing: of the same one is told once.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        async with self._store.pool.acquire() as connection, connection.transaction():
            types = {
                type_: await self._store.listening(connection, event_id, type_.value)
                for type_ in dict.fromkeys(type_ for type_, _, _ in things)
            }
            messages = [
                (hook, type_.value, f"{type_.value} {what}", _body(type_, now, data))
                for type_, what, data in things
                for hook in types[type_]
            ]
            if messages:
                made = [str(delivery) for delivery in await self._store.write(connection, event_id, messages)]
                await enqueue_many(connection, JOB, [{"delivery": delivery} for delivery in made], made)

    # -- by the worker -------------------------------------------------------------------------------------------

    async def deliver(self, payload: Payload) -> None:
        """One attempt. Raises `Again` or `Hopeless`."""
        delivery = await self._store.delivery(uuid.UUID(payload["delivery"]))
        found = None if delivery is None else await self._store.get(delivery.webhook_id)
        if delivery is None or found is None:
            return  # deleted meanwhile
        hook, secret = found
        if hook.disabled_at is not None:
            raise Hopeless("the webhook is disabled")
        status: int | None = None
        self._sender = self._sender or Sender(inside=self._inside)
        try:
            status = await self._sender.post(hook.url, _headers(delivery, secret), delivery.body.encode())
            error = "" if 200 <= status < 300 else f"answered with {status}"
        except NotSent as reason:
            error = str(reason)
        if not error and status is not None:
            await self._store.answered(delivery, status)
            return
        disabled = await self._store.refused(delivery, status, error, _PATIENCE)
        if disabled or status == _GONE:
            _log.warning("webhook disabled" if disabled else "webhook is gone", webhook=str(hook.id), error=error)
            raise Hopeless(error)
        raise Again(error)

    async def forget(self, person: uuid.UUID) -> None:
        """What was sent about somebody who had their data deleted."""
        await self._store.forget(str(person))

    async def tidy(self) -> int:
        """Removes messages, sent or not, that are older than the host is shown; how many."""
        return await self._store.remove_old(_KEPT)

    async def failed(self, payload: Payload, why: str) -> None:
        """It will not be tried again."""
        await self._store.give_up(uuid.UUID(payload["delivery"]))


def _body(type_: HookType, now: str, data: Mapping[str, Any]) -> str:
    message = {"type": type_.value, "timestamp": now, "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _headers(delivery: Delivery, secret: str) -> dict[str, str]:
    now = int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": "Webinar",
        "webhook-id": str(delivery.id),
        "webhook-timestamp": str(now),
        "webhook-signature": signature(secret, str(delivery.id), now, delivery.body),
    }
