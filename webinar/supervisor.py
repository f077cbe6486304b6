"""The whole platform on one machine: starts every service in order, keeps each running, stops them in reverse.

A service tells that it serves by writing a line to the file descriptor in `WEBINAR_READY_FD`. One that dies is started
again after a pause that doubles up to `_MAX_PAUSE_S`; the others are left alone. The kernel ends the children when
the supervisor is killed (`webinar.base.process`).
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import errno
import fcntl
import os
import random
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from webinar.base import db, log
from webinar.base.embedded import EmbeddedNats, EmbeddedPostgres, make_data_dir, secret_key
from webinar.base.errors import CannotStart, WebinarError
from webinar.base.process import Command, Process
from webinar.base.service import port_error
from webinar.base.settings import Settings

_log = log.get(__name__)

_FIRST_PAUSE_S: Final = 0.25
_MAX_PAUSE_S: Final = 10.0
_HEALTHY_S: Final = 20.0  # after so long a run the next pause is the first again
_READY_WITHIN_S: Final = 60.0

# Ingest first and last: a presenter's stream is received before and after anyone can ask for it.
SERVICES: Final = ("ingest", "chat", "web", "worker")


class State(enum.StrEnum):
    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"  # it ended by itself and waits to be started again
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Spec:
    """One child: what to run, and how it is known to be ready."""

    name: str
    command: Callable[[], Command]
    wait_ready: Callable[[], Awaitable[None]] | None  # None: it writes to its ready descriptor


class Child:
    """Keeps one command running until told to stop."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.state = State.STOPPED
        self.restarts = 0
        self.first_ready = asyncio.Event()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Returns once it serves. Raises `CannotStart` when its first run ends or is not ready in time."""
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")
        first = asyncio.create_task(self.first_ready.wait(), name=f"first ready of {self.spec.name}")
        try:
            await asyncio.wait({self._task, first}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            first.cancel()
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        self._stopping = True
        if self._process is not None:
            await self._process.stop()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, CannotStart):
                await self._task
        self._set(State.STOPPED)

    def _set(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            _log.debug("state", child=self.spec.name, state=str(state))

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_S
        while not self._stopping:
            started = loop.time()
            code = await self._run_once()
            if self._stopping:
                return
            if not self.first_ready.is_set():
                raise CannotStart(f"{self.spec.name} did not start (exit status {code}); its line above says why.")
            if loop.time() - started > _HEALTHY_S:
                pause = _FIRST_PAUSE_S
            self.restarts += 1
            self._set(State.PAUSING)
            _log.warning(
                "ended by itself, starting it again", child=self.spec.name, status=code, pause_s=round(pause, 2)
            )
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads restarts, guards nothing
            pause = min(pause * 2, _MAX_PAUSE_S)

    async def _run_once(self) -> int:
        self._set(State.STARTING)
        read_end, write_end = os.pipe()
        try:
            command = self.spec.command()
            if self.spec.wait_ready is None:
                command = _with_env(command, WEBINAR_READY_FD=str(write_end))
            self._process = process = await Process.start(command, pass_fds=(write_end,))
        finally:
            os.close(write_end)
        exited = asyncio.create_task(process.wait(), name=f"exit of {self.spec.name}")
        ready = asyncio.create_task(self._ready(read_end), name=f"ready {self.spec.name}")
        try:
            await asyncio.wait({exited, ready}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done() and not exited.done():
                if await ready:
                    self._set(State.READY)
                    self.first_ready.set()
                elif not self._stopping:
                    _log.error("not ready in time, ending it", child=self.spec.name)
                    process.kill()
            return await asyncio.shield(exited)
        finally:
            ready.cancel()
            with contextlib.suppress(asyncio.CancelledError, CannotStart):
                await ready
            os.close(read_end)

    async def _ready(self, read_end: int) -> bool:
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                if self.spec.wait_ready is not None:
                    await self.spec.wait_ready()
                    return True
                return await _line_arrives(read_end)
        except TimeoutError:
            return False


async def _line_arrives(read_end: int) -> bool:
    """True when something is written to the pipe, False when its last writer closes it without a word."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    os.set_blocking(read_end, False)
    loop.add_reader(read_end, readable.set)
    try:
        await readable.wait()
        return bool(os.read(read_end, 64))
    finally:
        loop.remove_reader(read_end)


def _with_env(command: Command, **more: str) -> Command:
    return Command(
        name=command.name,
        argv=command.argv,
        env={**command.env, **more},
        cwd=command.cwd,
        stop_signal=command.stop_signal,
        stop_grace_s=command.stop_grace_s,
        on_line=command.on_line,
    )


class Supervisor:
    """`async with Supervisor(settings) as platform:` has the whole platform running; leaving stops it."""

    def __init__(self, settings: Settings) -> None:
        self.given = settings
        self.settings = settings  # with the URLs of what is embedded, once started
        self.children: list[Child] = []
        self._lock: int | None = None

    async def __aenter__(self) -> Supervisor:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _start(self) -> None:
        data_dir = make_data_dir(self.given.data_dir)
        self._lock = _lock_folder(data_dir)
        check_ports(self.given)
        urls: dict[str, object] = {"data_dir": data_dir}
        key = self.given.secret_key
        urls["secret_key"] = key.get_secret_value() if key is not None else secret_key(data_dir)
        if self.given.database_url is None:
            postgres = EmbeddedPostgres(data_dir)
            await postgres.prepare()
            await self._add(Spec("postgres", postgres.command, postgres.wait_ready))
            urls["database_url"] = postgres.url
        else:
            urls["database_url"] = self.given.database_url.get_secret_value()
        if self.given.nats_url is None:
            nats = EmbeddedNats(data_dir)
            await nats.prepare()
            await self._add(Spec("nats", nats.command, nats.wait_ready))
            urls["nats_url"] = nats.url
        else:
            urls["nats_url"] = self.given.nats_url.get_secret_value()
        self.settings = Settings.read(**urls)
        before, after = await db.upgrade(str(urls["database_url"]))
        if before is not None and before != after:
            _log.info("database upgraded", before=before, after=after)
        env = {**os.environ, **{f"WEBINAR_{name.upper()}": str(value) for name, value in urls.items()}}
        for name in SERVICES:
            await self._add(Spec(name, _service_command(name, env), None))

    async def _add(self, spec: Spec) -> None:
        child = Child(spec)
        self.children.append(child)
        await child.start()

    async def stop(self) -> None:
        """In reverse order, each with its own grace."""
        while self.children:
            await self.children.pop().stop()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _service_command(name: str, env: dict[str, str]) -> Callable[[], Command]:
    # Ingest closes a recording, web lets downloads finish.
    grace = {"ingest": 20.0, "web": 10.0}.get(name, 8.0)
    argv = [sys.executable, "-m", "webinar.cli", name]
    return lambda: Command(name=name, argv=argv, env=env, stop_grace_s=grace)


def _lock_folder(data_dir: Path) -> int:
    """One supervisor a data folder. The lock goes with the process, however it ends."""
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise CannotStart(
            f"The platform already runs on {data_dir}. Stop it first, or choose another folder with WEBINAR_DATA_DIR.",
            code="already_running",
        ) from error
    return descriptor


def check_ports(settings: Settings) -> None:
    """All ports at once, before anything starts. Raises `CannotStart` naming each that is taken and its setting."""
    problems: list[WebinarError] = []
    for setting, transport, host, port in ports(settings):
        kind = socket.SOCK_STREAM if transport == "TCP" else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as sock:
            if transport == "TCP":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((host, port))
            except OSError as error:
                problem = port_error(error, transport, port, setting)
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise problem from error
                problems.append(problem)
    if problems:
        raise CannotStart(" ".join(p.message for p in problems), code=problems[0].code)


def ports(settings: Settings) -> list[tuple[str, str, str, int]]:
    """(setting, transport, host, port) of everything the platform listens on."""
    return [
        ("WEBINAR_HTTP_PORT", "TCP", settings.host, settings.http_port),
        ("WEBINAR_CHAT_PORT", "TCP", settings.host, settings.chat_port),
        ("WEBINAR_INGEST_HTTP_PORT", "TCP", "127.0.0.1", settings.ingest_http_port),
        ("WEBINAR_WORKER_HTTP_PORT", "TCP", "127.0.0.1", settings.worker_http_port),
        ("WEBINAR_WHEP_UDP_PORT", "UDP", settings.host, settings.whep_udp_port),
        ("WEBINAR_INGEST_UDP_PORT", "UDP", settings.host, settings.ingest_udp_port),
    ]
