"""`webinar serve` and the commands that work on its data folder while it runs or not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import typer

from webinar.api.events import event_reply
from webinar.base.embedded.files import write_private
from webinar.base.errors import NotFound
from webinar.base.service import stop_on_signals
from webinar.base.settings import Settings
from webinar.events.fields import parse_new
from webinar.office import office
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
    async with office(settings) as desk:
        kept = settings.data_dir / "setup-token"
        token = await desk.people.setup_link(kept.read_text().strip() if kept.exists() else None)
        if token is None:
            kept.unlink(missing_ok=True)
            return None
        write_private(kept, token)
        return f"{settings.public_url}/setup/{token}"


async def create_api_token(settings: Settings, name: str) -> str:
    async with office(settings) as desk:
        return await desk.people.create_api_token(name)


async def owner_link(settings: Settings) -> str:
    """An address that signs the owner in once. Raises `NotFound` before there is an owner."""
    async with office(settings) as desk:
        owner = await desk.people.owner()
        if owner is None:
            raise NotFound("There is no owner yet: `webinar serve` prints the link of the first visit.")
        return desk.links.absolute(f"/in/{await desk.people.sign_in_link(owner.id)}")


async def password_link(settings: Settings, email: str) -> str:
    """An address by which that host or the owner chooses a password, once. Raises `NotFound`."""
    async with office(settings) as desk:
        purpose, secret = await desk.people.hosts.link_for(email)
        return desk.links.absolute(f"/{purpose}/{secret}")


async def create_event(settings: Settings, body: dict[str, Any]) -> dict[str, Any]:
    """A new event as the API shows it. Raises `Invalid`."""
    async with office(settings) as desk:
        event = await desk.events.create(parse_new(body))
        return event_reply(event, desk.links, desk.events.stream_key(event), for_host=True).model_dump(mode="json")
