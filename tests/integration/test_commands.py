"""Commands beside a running platform, and without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from tests.running import RunningPlatform
from webinar.base import db
from webinar.base.embedded import EmbeddedPostgres


@pytest.fixture
def platform() -> Iterator[RunningPlatform]:
    running = RunningPlatform()
    yield running
    running.close()


@dataclass
class Prepared:
    """A platform that was given a token and an event before its first start, and runs since."""

    platform: RunningPlatform
    token: str
    event: dict[str, Any]


@pytest.fixture(scope="module")
def prepared() -> Iterator[Prepared]:
    running = RunningPlatform()
    try:
        token = running.token
        made = running.run(
            "event", "create", "--title", "한국 학회", "--starts", "2026-12-01T14:00+09:00", "--open", "--json"
        )
        assert made.returncode == 0, made.stderr
        running.start()
        yield Prepared(running, token, json.loads(made.stdout))
    finally:
        running.close()


def test_a_token_and_an_event_made_before_the_first_start_are_there_afterwards(prepared: Prepared) -> None:
    platform, event = prepared.platform, prepared.event
    assert event["registration"] == "open"
    assert event["starts_at"].startswith("2026-12-01T05:00")
    assert platform.call("GET", f"/api/v1/events/{event['id']}", token=prepared.token).json() == event

    # The same commands beside the running platform.
    beside = platform.run("event", "create", "--title", "Another", "--json")
    assert beside.returncode == 0, beside.stderr
    assert len(platform.call("GET", "/api/v1/events").json()["items"]) == 2
    assert "revision" in platform.run("db", "upgrade").stdout


def test_a_token_can_be_listed_and_revoked(prepared: Prepared) -> None:
    platform = prepared.platform
    made = json.loads(platform.run("token", "create", "--name", "lent", "--json").stdout)
    assert platform.call("GET", "/api/v1/events", token=made["token"]).status == 200
    listed = platform.run("token", "list", "--json").stdout
    rows = {row["name"]: row["id"] for row in json.loads(listed)}
    assert set(rows) == {"tests", "lent"}
    assert made["token"] not in listed + platform.run("token", "list").stdout
    assert platform.run("token", "revoke", rows["lent"]).returncode == 0
    assert platform.call("GET", "/api/v1/events", token=made["token"]).status == 401
    assert platform.call("GET", "/api/v1/events").status == 200
    (left,) = json.loads(platform.run("token", "list", "--json").stdout)
    assert left["name"] == "tests"


@pytest.fixture(scope="module")
def unchanged() -> Iterator[RunningPlatform]:
    """Its database is made by the first command that needs one."""
    running = RunningPlatform()
    yield running
    running.close()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("event", "create", "--title", "x", "--starts", "tomorrow"), 2, "2026-12-01T14:00"),
        (("event", "create", "--title", " "), 1, "title"),
        (("demo", "--clip", "/nowhere/talk.mp4"), 1, "There is no file"),
        (("web",), 1, "WEBINAR_DATABASE_URL"),
        (("sign-in-link",), 1, "first visit"),
        (("account", "reset", "nobody@example.org"), 1, "no account"),
        (("token", "revoke", "not-an-id"), 2, "UUID"),
        (("fly",), 2, "No such command"),
    ],
)
def test_a_command_that_cannot_be_met_says_why(
    unchanged: RunningPlatform, arguments: tuple[str, ...], status: int, says: str
) -> None:
    failed = unchanged.run(*arguments)
    assert failed.returncode == status
    assert says in failed.stderr


def test_the_doctor_looks_at_everything_and_gives_json_to_programs(platform: RunningPlatform) -> None:
    examined = platform.run("doctor", "--json", seconds=120)
    findings = {f["check"]: f for f in json.loads(examined.stdout)}
    assert set(findings) >= {
        "Python",
        "Data folder",
        "Ports",
        "UDP",
        "Encoder",
        "Clock",
        "Mail",
        "Signing key",
        "Storage",
        "Database",
        "Bus",
    }
    assert findings["Storage"]["level"] == "ok"
    assert "480p,240p" in findings["Encoder"]["found"]
    assert "WEBINAR_SMTP_URL" in findings["Mail"]["advice"]
    assert (examined.returncode == 1) == any(f["level"] == "problem" for f in findings.values())


def test_the_doctor_says_what_to_do_about_a_bad_setup(platform: RunningPlatform) -> None:
    platform.env["WEBINAR_PUBLIC_URL"] = "http://webinar.example.org"
    platform.env["WEBINAR_DATABASE_URL"] = "postgresql://webinar:sesame@127.0.0.1:1/webinar"
    platform.env["WEBINAR_SMTP_URL"] = "smtp://127.0.0.1:1"
    examined = platform.run("doctor", seconds=120)
    assert examined.returncode == 1
    assert "https" in examined.stdout
    assert "PostgreSQL cannot be reached" in examined.stdout
    assert "Check WEBINAR_SMTP_URL" in examined.stdout
    assert "sesame" not in examined.stdout + examined.stderr


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(platform: RunningPlatform) -> None:
    assert asyncio.run(revision_after(platform, "update alembic_version set version_num = '9999'")) == "9999"
    failed = platform.run("serve")
    assert failed.returncode == 1
    assert "newer version" in failed.stderr
    assert "Nothing was changed" in failed.stderr
    assert asyncio.run(revision_after(platform, "select 1")) == "9999"


async def revision_after(platform: RunningPlatform, statement: str) -> str:
    """The revision that the embedded database is left with by a statement."""
    server = await EmbeddedPostgres(platform.folder).start()
    try:
        if await db.current(server.url) is None:
            await db.upgrade(server.url)
        connection = await asyncpg.connect(server.url)
        try:
            await connection.execute(statement)
            return str(await connection.fetchval("select version_num from alembic_version"))
        finally:
            await connection.close()
    finally:
        await server.stop()


async def test_many_starts_at_once_migrate_once(platform: RunningPlatform) -> None:
    server = await EmbeddedPostgres(platform.folder).start()
    try:
        outcomes = await asyncio.gather(*(db.upgrade(server.url) for _ in range(5)))
    finally:
        await server.stop()
    assert {after for _, after in outcomes} == {db.head()}
