"""`webinar …`: every command.

Prints for people, `--json` for programs; exit status 0, 1 (failed, one line why), 2 (usage).
"""

from __future__ import annotations

import asyncio
import importlib
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from webinar.base import log
from webinar.base.errors import WebinarError
from webinar.base.settings import Settings

app = typer.Typer(
    name="webinar",
    help="A webinar platform you run yourself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="The database.", no_args_is_help=True)
token_app = typer.Typer(help="API tokens.", no_args_is_help=True)
account_app = typer.Typer(help="Accounts of hosts.", no_args_is_help=True)
event_app = typer.Typer(help="Events, for scripts.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(token_app, name="token")
app.add_typer(account_app, name="account")
app.add_typer(event_app, name="event")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def say(text: str = "") -> None:
    """A line for the person at the terminal."""
    typer.echo(text)


def _run(
    service: str, work: Callable[[Settings], Awaitable[int | None]], runner: Callable[..., int | None] = asyncio.run
) -> None:
    """Reads the settings, runs `work`, turns an error into one line and status 1."""
    try:
        settings = Settings.read()
        log.configure(service, settings.log_level, settings.log_format)
        status = runner(_awaited(work, settings))
    except WebinarError as error:
        details = "; ".join(f"{problem.field}: {problem.message}" for problem in error.fields)
        typer.echo(f"{error.message} {details}".rstrip(), err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(130) from error
    raise typer.Exit(status or 0)


async def _awaited(work: Callable[[Settings], Awaitable[int | None]], settings: Settings) -> int | None:
    return await work(settings)


def _service(name: str, module: str) -> None:
    """Services are imported only in the process that runs them."""

    async def work(settings: Settings) -> None:
        run: Callable[[Settings], Awaitable[None]] = importlib.import_module(module).run
        await run(settings)

    # Services run on uvloop; commands that start children do not, it cannot start them as another user.
    _run(name, work, uvloop.run)


@app.command()
def web() -> None:
    """Pages, API, WHIP and WHEP signalling, LL-HLS, WHEP media, downloads."""
    _service("web", "webinar.app")


@app.command()
def ingest() -> None:
    """Receives the presenter, encodes the ladder, records."""
    _service("ingest", "ingest.service")


@app.command()
def chat() -> None:
    """Chat over WebSocket."""
    _service("chat", "chat.service")


@app.command()
def worker() -> None:
    """Finishes recordings, keeps live events on an ingest."""
    _service("worker", "webinar.jobs.worker")


@app.command()
def serve() -> None:
    """The whole platform on this machine, with PostgreSQL and NATS unless their URLs are set."""
    from webinar.serve import serve as work

    _run("serve", work)


@app.command()
def demo(
    clip: Annotated[
        Path | None, typer.Option(help="Send this video file instead of the generated talk.", show_default=False)
    ] = None,
) -> None:
    """The platform plus one live event; Ctrl-C ends it and prints the recording."""
    from webinar.demo.run import demo as work

    _run("demo", lambda settings: work(settings, clip))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Checks this machine and its settings, and says what to do about each problem."""
    from webinar.doctor import examine

    async def work(settings: Settings) -> int:
        findings = await examine(settings)
        if as_json:
            say(json.dumps([f.as_dict() for f in findings], ensure_ascii=False, indent=2))
        else:
            for finding in findings:
                say(finding.line())
        return 1 if any(f.level == "problem" for f in findings) else 0

    _run("doctor", work)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A signed bundle of attendance (.zip).", exists=True, dir_okay=False)],
    key: Annotated[
        list[str] | None, typer.Option(help="Id or public key that must have signed it; may be repeated.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="File saved from /.well-known/webinar-keys.json: one of these keys must have signed it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Checks a signed bundle offline: status 0 valid, 1 something does not fit, 2 no bundle."""
    from webinar.credits import told
    from webinar.credits.check import check

    known = frozenset(key or ())
    try:
        if keys is not None:
            known |= told.known_keys(keys.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{keys} is no file of keys ({error})") from error
    try:
        with file.open("rb") as bundle:
            report = check(bundle, known or None)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read ({error.strerror})") from error
    if as_json:
        say(json.dumps(told.document(report), ensure_ascii=False, indent=2))
    for line in () if as_json else told.lines(report):
        say(line)
    raise typer.Exit(told.STATUS[report.verdict])


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Brings the database to this program's version, under a lock."""
    from webinar.base import db
    from webinar.office import database

    async def work(settings: Settings) -> None:
        async with database(settings) as url:
            before, after = await db.upgrade(url)
        say(
            f"The database is at revision {after}."
            if before == after
            else f"The database went from {before} to {after}."
        )

    _run("db", work)


@token_app.command("create")
def token_create(
    name: Annotated[str, typer.Option(help="What the token is for; shown in lists.")],
    as_json: AsJson = False,
) -> None:
    """An API token with the owner's rights, printed once."""
    from webinar.serve import create_api_token

    async def work(settings: Settings) -> None:
        token = await create_api_token(settings, name)
        say(json.dumps({"token": token}) if as_json else token)

    _run("token", work)


@token_app.command("list")
def token_list(as_json: AsJson = False) -> None:
    """The API tokens there are, without their secrets."""
    from webinar.office import office

    async def work(settings: Settings) -> None:
        async with office(settings) as desk:
            tokens = await desk.people.api_tokens()
        rows = [
            {"id": str(t.id), "name": t.name, "created_at": t.created_at.isoformat(timespec="seconds")} for t in tokens
        ]
        if as_json:
            say(json.dumps(rows, ensure_ascii=False))
        for row in rows if not as_json else ():
            say(f"{row['id']}  {row['created_at']}  {row['name']}")

    _run("token", work)


@token_app.command("revoke")
def token_revoke(token_id: Annotated[uuid.UUID, typer.Argument(help="As `webinar token list` shows it.")]) -> None:
    """Makes an API token void at once."""
    from webinar.office import office

    async def work(settings: Settings) -> None:
        async with office(settings) as desk:
            await desk.people.revoke_api_token(token_id)
        say("The token is void.")

    _run("token", work)


@app.command("sign-in-link")
def sign_in_link() -> None:
    """A link that signs the owner in once: for a forgotten password."""
    from webinar.serve import owner_link

    async def work(settings: Settings) -> None:
        say(await owner_link(settings))

    _run("account", work)


@account_app.command("reset")
def account_reset(email: Annotated[str, typer.Argument(help="The address the person signs in with.")]) -> None:
    """A link by which the owner or a host chooses a new password, once; printed, not sent."""
    from webinar.serve import password_link

    async def work(settings: Settings) -> None:
        say(await password_link(settings, email))

    _run("account", work)


@event_app.command("create")
def event_create(
    title: Annotated[str, typer.Option(help="Title of the event.")],
    starts: Annotated[str, typer.Option(help="Start, ISO 8601; now when left out.")] = "",
    open_: Annotated[bool, typer.Option("--open", help="Anyone may register; else each is approved by hand.")] = False,
    timezone: Annotated[str, typer.Option(help="IANA time zone of the event.")] = "Asia/Seoul",
    as_json: AsJson = False,
) -> None:
    """An event; prints the same object as the API."""
    from webinar.serve import create_event

    starts_at = _moment(starts)
    body: dict[str, Any] = {
        "title": title,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
        "timezone": timezone,
        "registration": "open" if open_ else "approval",
    }

    async def work(settings: Settings) -> None:
        event = await create_event(settings, body)
        if as_json:
            say(json.dumps(event, ensure_ascii=False))
        else:
            for key in ("title", "event_url", "studio_url", "whip_url", "stream_key"):
                say(f"{key:<12} {event[key]}")

    _run("event", work)


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now().astimezone()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a time; write it like 2026-12-01T14:00+09:00") from error
    return moment if moment.tzinfo else moment.astimezone()


def main() -> None:
    """Entry of the `webinar` command."""
    app()


if __name__ == "__main__":
    main()
