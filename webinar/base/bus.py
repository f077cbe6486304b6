"""The bus: core NATS behind five verbs. Nothing is stored in it; what must last stands in PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, Self, cast

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import (
    ConnectionClosedError,
    ConnectionDrainingError,
    NoRespondersError,
    NoServersError,
    OutboundBufferLimitError,
)
from nats.errors import TimeoutError as NatsTimeout
from prometheus_client import Counter

from webinar.base import log
from webinar.base.errors import CannotStart, Unavailable, WebinarError

Json = dict[str, Any]
Handler = Callable[[bytes], Awaitable[None]]
Server = Callable[[Json], Awaitable[Json]]

DROPPED: Final = Counter(
    "webinar_bus_dropped_total", "Messages of the bus that this process could not keep", ["subject"]
)

# A part is at most a few hundred KB; this much may wait for a handler before the oldest reader is told so.
_PENDING_MESSAGES: Final = 8192
_PENDING_BYTES: Final = 64 * 1024 * 1024

_log = log.get(__name__)


class NoOwner(Unavailable):
    """Nobody serves this subject: the event has no ingest, or the service is down."""

    code = "no_owner"


class BusDown(Unavailable):
    """The bus cannot be reached, or nobody answered in time."""

    code = "bus_down"


class Refused(WebinarError):
    """The other side understood and said no; `code` and message are its own."""

    status = 409


class Bus:
    """One connection of one process. Reconnects for ever by itself, within bounds on what it buffers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._subscriptions: list[Subscription] = []

    @classmethod
    async def connect(cls, url: str, name: str, *, timeout_s: float = 10.0) -> Self:
        """Raises `CannotStart` when no server answers within `timeout_s`."""

        async def on_error(error: Exception) -> None:
            _log.warning("bus error", error=repr(error))

        async def on_disconnect() -> None:
            if not (client.is_closed or client.is_draining):
                _log.warning("bus disconnected")

        async def on_reconnect() -> None:
            _log.info("bus reconnected")

        client = Client()
        try:
            async with asyncio.timeout(timeout_s):
                await client.connect(
                    url,
                    name=name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=cast("int", 0.2),
                    connect_timeout=2,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    pending_size=_PENDING_BYTES,
                    error_cb=on_error,
                    disconnected_cb=on_disconnect,
                    reconnected_cb=on_reconnect,
                )
        except (TimeoutError, NoServersError, OSError, nats.errors.Error) as error:
            raise CannotStart(
                "The message bus (NATS) cannot be reached. Check WEBINAR_NATS_URL and that the server runs."
            ) from error
        return cls(client)

    @property
    def connected(self) -> bool:
        return self._client.is_connected

    async def publish(self, subject: str, payload: bytes) -> None:
        """At most once. While the bus is away messages beyond the buffer are dropped and counted, never waited for."""
        try:
            await self._client.publish(subject, payload)
        except (OutboundBufferLimitError, ConnectionClosedError, ConnectionDrainingError):
            DROPPED.labels(subject.split(".")[-1]).inc()

    async def publish_json(self, subject: str, body: Json) -> None:
        await self.publish(subject, json.dumps(body, separators=(",", ":")).encode())

    async def subscribe(self, subject: str, handler: Handler, *, queue: str = "") -> Subscription:
        """Calls `handler(payload)` for each message, in order. An error in it is logged, the next message follows."""

        async def on_message(message: Msg) -> None:
            try:
                await handler(message.data)
            except asyncio.CancelledError:
                raise
            except Exception:  # noqa: BLE001 - the subscription must outlive one bad message
                _log.exception("bus handler failed", subject=message.subject)

        return await self._listen(subject, queue, on_message)

    async def _listen(self, subject: str, queue: str, on_message: Callable[[Msg], Awaitable[None]]) -> Subscription:
        subscription = await self._client.subscribe(
            subject,
            queue=queue,
            cb=on_message,
            pending_msgs_limit=_PENDING_MESSAGES,
            pending_bytes_limit=_PENDING_BYTES,
        )
        self._subscriptions.append(subscription)
        return subscription

    async def unsubscribe(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            try:
                await subscription.unsubscribe()
            except (ConnectionClosedError, nats.errors.BadSubscriptionError):
                _log.debug("subscription was gone already", subject=subscription.subject)

    async def serve(self, subject: str, server: Server, *, queue: str = "", concurrency: int = 64) -> Subscription:
        """Answers requests with what `server(body)` returns; a `WebinarError` becomes `{"ok": false, …}`.

        Requests run concurrently, at most `concurrency` at once; more are refused with `busy`.
        """
        running: set[asyncio.Task[None]] = set()

        async def answer(message: Msg) -> None:
            reply = await _reply(server, message)
            if message.reply:
                await self.publish(message.reply, json.dumps(reply).encode())

        async def on_message(message: Msg) -> None:
            if len(running) >= concurrency:
                busy = {
                    "ok": False,
                    "code": "busy",
                    "status": 503,
                    "message": "Too many requests at once.",
                    "retry_after": 1,
                }
                if message.reply:
                    await self.publish(message.reply, json.dumps(busy).encode())
                return
            task = asyncio.create_task(answer(message), name=f"bus {message.subject}")
            running.add(task)
            task.add_done_callback(running.discard)

        return await self._listen(subject, queue, on_message)

    async def request(self, subject: str, body: Json, *, timeout_s: float = 5.0) -> Json:
        """The answer's fields. Raises `NoOwner`, `BusDown`, or `Refused` with the other side's code and status."""
        try:
            with _heeding_cancellation():
                message = await self._client.request(subject, json.dumps(body).encode(), timeout=timeout_s)
        except NoRespondersError as error:
            raise NoOwner("Nothing answers for this just now. Try again in a few seconds.", retry_after_s=2) from error
        except (NatsTimeout, ConnectionClosedError, OutboundBufferLimitError) as error:
            raise BusDown("No answer in time. Try again in a few seconds.", retry_after_s=2) from error
        reply: Json = json.loads(message.data)
        if not reply.pop("ok", False):
            refused = Refused(
                str(reply.get("message", "Refused.")),
                code=str(reply.get("code", "refused")),
                retry_after_s=reply.get("retry_after"),
            )
            refused.status = int(reply.get("status", 409))
            raise refused
        return reply

    def new_inbox(self) -> str:
        """A subject nobody else uses."""
        return self._client.new_inbox()

    async def flush(self) -> None:
        """Waits until the server has what was published."""
        try:
            with _heeding_cancellation():
                await self._client.flush(timeout=5)
        except (NatsTimeout, ConnectionClosedError) as error:
            raise BusDown("The bus did not take the messages in time.") from error

    async def close(self) -> None:
        """Drains what is on its way, within two seconds, and closes."""
        try:
            async with asyncio.timeout(2):
                await self._client.drain()
        except (TimeoutError, nats.errors.Error):
            await self._client.close()


@contextlib.contextmanager
def _heeding_cancellation() -> Iterator[None]:
    """Raises a cancellation that came together with the answer.

    nats-py waits with `asyncio.wait_for`, which before Python 3.12 returns the answer then and forgets the
    cancellation: a service that is asked to end would go on for ever.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    yield
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError


async def _reply(server: Server, message: Msg) -> Json:
    """What `server` answers, or its error as a refusal."""
    try:
        return {"ok": True, **await server(json.loads(message.data or b"{}"))}
    except WebinarError as error:
        reply: Json = {"ok": False, "code": error.code, "status": error.status, "message": error.message}
        if error.retry_after_s is not None:
            reply["retry_after"] = error.retry_after_s
        return reply
    except ValueError as error:
        return {"ok": False, "code": "bad_request", "status": 400, "message": f"Not a request we understand: {error}"}
    except Exception:  # noqa: BLE001 - the requester must get an answer and the subscription must live on
        _log.exception("bus request failed", subject=message.subject)
        return {"ok": False, "code": "internal", "status": 500, "message": "Something went wrong on our side."}
