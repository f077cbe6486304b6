"""The whole platform on one machine: starts every service, keeps each running, stops them in order.

What stores and carries comes first and goes last. The services start together (most of it is reading code, which two
cores do twice as fast); whoever asks one that is not there yet is told to try again, as whenever it is restarted.

A service tells that it serves by writing a line to the file descriptor in `WEBINAR_READY_FD`. One that dies is started
again after a pause that doubles up to ten seconds; the others are left alone. The kernel ends the children when
the supervisor is killed (`webinar.base.process`).
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from webinar.base import db, log
from webinar.base.embedded import EmbeddedNats, EmbeddedPostgres, make_data_dir, secret_key
from webinar.base.errors import CannotStart, WebinarError
from webinar.base.process import Command
from webinar.base.service import port_error
from webinar.base.settings import Settings
from webinar.child import Child, Spec

_log = log.get(__name__)

# Longer than any service's grace: what a killed supervisor left behind has ended by then.
_LEFT_BEHIND_S: Final = 25.0

SERVICES: Final = ("ingest", "chat", "web", "worker")
# Ended before ingest: a presenter's stream is received for as long as anyone can ask for it.
_BEFORE_INGEST: Final = frozenset(SERVICES) - {"ingest"}


class Supervisor:
    """`async with Supervisor(settings) as platform:` has the whole platform running; leaving stops it."""

    def __init__(self, settings: Settings) -> None:
        self.given = settings
        self.settings = settings  # with the URLs of what is embedded, once started
        self.children: list[Child] = []
        self._lock: int | None = None
        self._mark: Path | None = None  # there while the platform runs: left behind when it was killed
        self._held: int | None = None  # it, locked by us and the services: by whoever of them is left

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
        mark = data_dir / "running"
        left_behind = await asyncio.to_thread(mark.exists)
        if left_behind:
            await _outlast(mark)
        await self._check_ports(left_behind=left_behind)
        self._mark, self._held = mark, _hold(mark)
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
        await self._add(*(Spec(name, _service_command(name, env, self._held), None) for name in SERVICES))

    async def _check_ports(self, *, left_behind: bool) -> None:
        """The services of a supervisor that was killed end by themselves: their ports are waited for."""
        deadline = asyncio.get_running_loop().time() + _LEFT_BEHIND_S
        told = False
        while True:
            try:
                return check_ports(self.given)
            except CannotStart:
                if not left_behind or asyncio.get_running_loop().time() > deadline:
                    raise
            if not told:
                _log.info("the last run was not stopped in order: waiting for its services to end")
                told = True
            await asyncio.sleep(0.2)

    async def _add(self, *specs: Spec) -> None:
        """Started together; returns when all serve. Raises the first `CannotStart`."""
        children = [Child(spec) for spec in specs]
        self.children += children
        try:
            async with asyncio.TaskGroup() as tasks:
                for child in children:
                    tasks.create_task(child.start(), name=f"start {child.spec.name}")
        except* CannotStart as failed:
            raise failed.exceptions[0] from None

    async def stop(self) -> None:
        """In reverse order, each with its own grace."""
        together = [child for child in self.children if child.spec.name in _BEFORE_INGEST]
        self.children = [child for child in self.children if child not in together]
        await asyncio.gather(*(child.stop() for child in together))
        while self.children:
            await self.children.pop().stop()
        if self._mark is not None:
            self._mark.unlink(missing_ok=True)
        for descriptor in (self._held, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._held = self._lock = None


def _service_command(name: str, env: dict[str, str], held: int) -> Callable[[], Command]:
    # Ingest closes a recording, web lets downloads finish.
    grace = {"ingest": 20.0, "web": 10.0}.get(name, 8.0)
    argv = [sys.executable, "-m", "webinar.cli", name]
    return lambda: Command(name=name, argv=argv, env=env, stop_grace_s=grace, pass_fds=(held,))


def _hold(mark: Path) -> int:
    """Makes the mark and locks it. The lock is also of every process that is given the descriptor."""
    descriptor = os.open(mark, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


async def _outlast(mark: Path) -> None:
    """Until the services of a supervisor that was killed have ended, or have had their time.

    Their ports do not tell: one that was killed while it started has bound its own and may yet listen on it.
    """
    deadline = asyncio.get_running_loop().time() + _LEFT_BEHIND_S
    descriptor = os.open(mark, os.O_RDWR)
    try:
        while asyncio.get_running_loop().time() < deadline:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                await asyncio.sleep(0.1)
    finally:
        os.close(descriptor)


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
            elif sock.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # as it will be bound
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
