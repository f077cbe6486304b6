"""`webinar serve` and the commands that work on its data folder while it runs or not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import typer

from webinar.base import db
from webinar.base.bus import Bus
from webinar.base.embedded import EmbeddedNats, EmbeddedPostgres, make_data_dir, secret_key
from webinar.base.embedded.files import write_private
from webinar.base.service import stop_on_signals
from webinar.base.settings import Settings
from webinar.base.tokens import Tokens
from webinar.people.service import PeopleService
from webinar.supervisor import Supervisor

_LABEL_WIDTH: Final = 14


async def serve(settings: Settings) -> int:
    """The whole platform until Ctrl-C or SIGTERM."""

    async def work(platform: Supervisor, stop: asyncio.Event) -> None:
        await show_welcome(platform.settings)
        await stop.wait()
        typer.echo("\nStopping: viewers are told, recordings are closed …")

    await supervised(settings, work)
    return 0


async def supervised(settings: Settings, work: Callable[[Supervisor, asyncio.Event], Awaitable[None]]) -> None:
    """Runs `work` on a started platform. A signal while it is still starting stops what has started."""
    async with stop_on_signals() as stop:
        supervisor = Supervisor(settings)
        starting = asyncio.create_task(supervisor.__aenter__(), name="start")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await starting
                return
            await starting
            await work(supervisor, stop)
        finally:
            stopping.cancel()
            await supervisor.stop()


async def show_welcome(settings: Settings) -> None:
    """Where to go, and on the first start the one-time link that makes the owner."""
    rows = [("Open", settings.public_url)]
    link = await setup_link(settings)
    if link is not None:
        rows.append(("First visit", f"{link}\n{'':{_LABEL_WIDTH + 2}}creates the owner's account; works once"))
    rows += [("Data", str(settings.data_dir)), ("Stop", "Ctrl-C")]
    show("Webinar is running.", rows)


def show(title: str, rows: list[tuple[str, str]]) -> None:
    """A small table for the person at the terminal."""
    typer.echo(f"\n  {title}\n")
    for label, value in rows:
        typer.echo(f"  {label:<{_LABEL_WIDTH}}{value}")
    typer.echo()


async def setup_link(settings: Settings) -> str | None:
    """The first-visit address while there is no owner; the same one after a restart."""
    async with people(settings) as service:
        kept = settings.data_dir / "setup-token"
        token = await service.setup_link(kept.read_text().strip() if kept.exists() else None)
        if token is None:
            kept.unlink(missing_ok=True)
            return None
        write_private(kept, token)
        return f"{settings.public_url}/setup/{token}"


@contextlib.asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The database's URL: the one set, the one a running platform has on the data folder, or one started for now."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    data_dir = make_data_dir(settings.data_dir)
    running = EmbeddedPostgres.running_url(data_dir)
    if running is not None:
        yield running
        return
    postgres = EmbeddedPostgres(data_dir)
    try:
        await postgres.start()
        yield postgres.url
    finally:
        await postgres.stop()


@contextlib.asynccontextmanager
async def people(settings: Settings) -> AsyncIterator[PeopleService]:
    """The rules of accounts over an upgraded database."""
    async with database(settings) as url:
        await db.upgrade(url)
        pool = await db.connect(url, service="command", max_size=2)
        try:
            yield PeopleService(pool)
        finally:
            await pool.close()


async def create_api_token(settings: Settings, name: str) -> str:
    async with people(settings) as service:
        return await service.create_api_token(name)


@contextlib.asynccontextmanager
async def bus(settings: Settings) -> AsyncIterator[Bus]:
    """The bus that is set, or an empty one for a command that has nobody to tell."""
    nats: EmbeddedNats | None = None
    if settings.nats_url is None:
        nats = await EmbeddedNats(make_data_dir(settings.data_dir) / "command").start()
        url = nats.url
    else:
        url = settings.nats_url.get_secret_value()
    try:
        connection = await Bus.connect(url, "webinar command")
        try:
            yield connection
        finally:
            await connection.close()
    finally:
        if nats is not None:
            await nats.stop()


async def create_event(settings: Settings, body: dict[str, Any]) -> dict[str, Any]:
    """A new event as the API shows it. Raises `Invalid`."""
    from webinar.api.shapes import event_body
    from webinar.events.model import parse_new
    from webinar.events.service import EventService

    async with database(settings) as url, bus(settings) as connection:
        await db.upgrade(url)
        pool = await db.connect(url, service="command", max_size=2)
        try:
            events = EventService(pool, connection, Tokens(signing_key(settings)))
            event = await events.create(parse_new(body))
            return event_body(event, events, settings)
        finally:
            await pool.close()


def signing_key(settings: Settings) -> str:
    """The key that signs links: the one set, or the one in the data folder."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return secret_key(make_data_dir(Path(settings.data_dir)))
