"""A real PostgreSQL, a real NATS and real chat processes for tests. A pytest plugin: the fixture is `stage`."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest_asyncio

from tests.chat_client import ChatClient
from tests.running import free_ports
from webinar.base import db
from webinar.base.embedded import EmbeddedNats, EmbeddedPostgres
from webinar.base.process import Command, Process
from webinar.base.tokens import Purpose, Tokens

SECRET = "a secret of at least thirty-two characters"
ORIGIN = "http://localhost:8000"
TOKENS = Tokens(SECRET)


def ticket(
    event: object,
    person: str,
    *,
    role: str = "attendee",
    name: str | None = None,
    names: bool | None = None,
    ttl_s: float = 120,
) -> str:
    claims: dict[str, object] = {"event": str(event), "person": person, "role": role, "name": name or person}
    claims |= {} if names is None else {"names": names}
    return TOKENS.sign(Purpose.CHAT, claims, ttl_s)


class ChatProcess:
    """`webinar chat` as the supervisor runs it, on a port that stays the same over restarts."""

    def __init__(self, env: dict[str, str]) -> None:
        (self.port,) = free_ports(1)
        self._env = {**os.environ, **env, "WEBINAR_CHAT_PORT": str(self.port)}
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/chat"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> ChatProcess:
        """Returns when it says that it serves."""
        read_end, write_end = os.pipe()
        command = Command(
            name="chat",
            argv=[sys.executable, "-c", "from webinar.cli import main; main()", "chat"],
            env={**self._env, "WEBINAR_READY_FD": str(write_end)},
        )
        self._process = await Process.start(command, pass_fds=(write_end,))
        os.close(write_end)
        try:
            said = await asyncio.wait_for(asyncio.to_thread(os.read, read_end, 16), 60)
        finally:
            os.close(read_end)
        assert said == b"ready\n", "the chat process did not start"
        return self

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    async def kill(self) -> None:
        """kill -9, and gone."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        assert self._process is not None
        return await self._process.stop()

    def client(self, event: uuid.UUID, person: str, **claims: Any) -> ChatClient:
        def fresh() -> str:
            return ticket(event, person, **claims)

        return ChatClient(self.url, fresh, origin=ORIGIN)


class Server:
    """PostgreSQL or NATS: killed, frozen and started again by a test, always at the same address."""

    def __init__(self, embedded: EmbeddedPostgres | EmbeddedNats) -> None:
        self.embedded = embedded
        self._process: Process | None = None

    async def start(self) -> None:
        await self.embedded.prepare()
        self._process = await Process.start(self.embedded.command())
        await self.embedded.wait_ready()

    async def stop(self, *, at_once: bool = False) -> None:
        assert self._process is not None
        if at_once:
            self._process.kill()
            await self._process.wait()
        else:
            await self._process.stop()

    def freeze(self) -> None:
        """Every process of it stands still; its connections stay open."""
        assert self._process is not None
        for pid in _family(self._process.pid):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        for pid in _family(self._process.pid):
            os.kill(pid, signal.SIGCONT)


def _family(pid: int) -> list[int]:
    children = [int(p) for t in Path(f"/proc/{pid}/task").iterdir() for p in (t / "children").read_text().split()]
    return [pid, *(member for child in children for member in _family(child))]


class Stage:
    """One installation's database and bus, and as many chat processes as a test wants."""

    def __init__(self, folder: Path) -> None:
        self.postgres = Server(EmbeddedPostgres(folder))
        self.nats = Server(EmbeddedNats(folder))
        self._processes: list[ChatProcess] = []
        self._shared: dict[int, ChatProcess] = {}

    @property
    def database_url(self) -> str:
        return self.postgres.embedded.url

    secret = SECRET

    @staticmethod
    def ticket(event: object, person: str, **claims: Any) -> str:
        return ticket(event, person, **claims)

    @staticmethod
    def viewer_token(event: uuid.UUID) -> str:
        """Of the right event, for another purpose."""
        claims = {"event": str(event), "attendee": "a", "person": "a", "role": "attendee", "name": "a"}
        return TOKENS.sign(Purpose.VIEWER, claims, 120)

    async def start(self) -> None:
        await asyncio.gather(self.postgres.start(), self.nats.start())
        await db.upgrade(self.database_url)

    async def stop(self) -> None:
        for process in self._processes:
            await process.stop()
        await self.postgres.stop()
        await self.nats.stop()

    async def new_chat(self) -> ChatProcess:
        """A process of this test's own, which it may kill."""
        process = ChatProcess(
            {
                "WEBINAR_DATABASE_URL": self.database_url,
                "WEBINAR_NATS_URL": self.nats.embedded.url,
                "WEBINAR_SECRET_KEY": SECRET,
                "WEBINAR_PUBLIC_URL": ORIGIN,
                "WEBINAR_HOST": "127.0.0.1",
                "WEBINAR_LOG_LEVEL": "warning",
            }
        )
        self._processes.append(process)
        return await process.start()

    async def chat(self, number: int = 0) -> ChatProcess:
        """The process that well-behaved tests share; another number is another process on the same rooms."""
        if number not in self._shared:
            self._shared[number] = await self.new_chat()
        return self._shared[number]

    async def new_event(self) -> uuid.UUID:
        (row,) = await self.sql(
            "insert into event (slug, title, language, starts_at, ends_at, timezone, capacity, registration)"
            " values ($1, 'Test', 'ko', now(), now() + interval '1 hour', 'Asia/Seoul', 100, 'open')"
            " returning id::text",
            uuid.uuid4().hex,
        )
        return uuid.UUID(row["id"])

    async def stored(self, event: uuid.UUID) -> list[tuple[int, str, str]]:
        """(seq, person, body) of every message in the database."""
        rows = await self.sql(
            "select seq, person, body->>'body' as body from chat_log where event_id = $1 order by seq", event
        )
        return [(row["seq"], row["person"], row["body"]) for row in rows]

    async def fill(self, event: uuid.UUID, count: int, *, start: int = 1, pad: int = 0) -> None:
        """Messages straight into the log, as another process would put them there; no wake-up tells of them."""
        await self.sql("insert into chat_room (event_id) values ($1) on conflict do nothing", event)
        await self.sql(
            "with m as (insert into chat_log (event_id, seq, type, cid, person, body)"
            " select $1, n, 'message', gen_random_uuid(), 'x',"
            " jsonb_build_object('name', 'X', 'role', 'attendee', 'body', n::text || repeat('가', $4::int))"
            " from generate_series($2::int, $2::int + $3::int - 1) n returning seq)"
            " update chat_room set last_seq = (select max(seq) from m) where event_id = $1",
            event,
            start,
            count,
            pad,
        )

    async def sql(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.database_url)
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()


def reachable_folder() -> Path:
    """Not pytest's own: as root, PostgreSQL runs as a user who could not reach that."""
    folder = Path(tempfile.mkdtemp(prefix="webinar-chat-"))
    folder.chmod(0o711)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    folder = reachable_folder()
    stage = Stage(folder)
    try:
        await stage.start()
        try:
            yield stage
        finally:
            await stage.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
