"""A real S3 server (SeaweedFS) on loopback, which keeps what it took when it is killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from tests.running import free_ports

ACCESS, SECRET = "tests", "a secret of the tests"
_START_WITHIN_S = 60.0


def storage_url(port: int) -> str:
    """Of the tests' bucket at a port."""
    return f"s3://webinar/some/prefix?endpoint=http://127.0.0.1:{port}&region=us-east-1"


class S3Server:
    """`weed mini` in a folder. Credentials are `ACCESS` and `SECRET`, the bucket is `webinar`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = free_ports(10)
        self._process: subprocess.Popen[bytes] | None = None
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identity = {"name": "tests", "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}], "actions": actions}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))

    @property
    def port(self) -> int:
        return self._ports[0]

    @property
    def storage_url(self) -> str:
        """As in `WEBINAR_STORAGE_URL`."""
        return storage_url(self.port)

    @property
    def environment(self) -> dict[str, str]:
        """What a process that uses it needs beside the URL."""
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}

    def start(self) -> None:
        """Returns when it serves the bucket."""
        names = ("s3", "s3.grpc", "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc")
        command = [str(Path(sys.executable).with_name("weed")), "-logdir", str(self._folder), "mini"]
        command += ["-dir", str(self._folder), "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1", "-bucket", "webinar"]
        command += ["-s3.config", str(self._folder / "s3.json"), "-s3.port.iceberg", "0"]
        command += ["-webdav=false", "-admin.ui=false", "-master.telemetry=false"]
        for name, port in zip(names, self._ports, strict=False):
            service, _, kind = name.partition(".")
            command += [f"-{service}.port{'.' + kind if kind else ''}", str(port)]
        command += ["-admin.port", str(self._ports[8]), "-admin.port.grpc", str(self._ports[9])]
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=self._folder)
        deadline = time.monotonic() + _START_WITHIN_S
        while not self._serves():
            assert self._process.poll() is None, (self._folder / "output").read_text()[-2000:]
            assert time.monotonic() < deadline, (self._folder / "output").read_text()[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut would; also the end of a test."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _serves(self) -> bool:
        """Whether a stranger is refused at the bucket: then names, rights and the bucket are known."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/webinar/", timeout=2).close()
        except urllib.error.HTTPError as error:
            return error.code == 403
        except OSError:
            return False
        return True


class Valve:
    """`async with Valve(port, most) as valve`: a way to a server that is shut once `most` bytes went there."""

    def __init__(self, port: int, most: int) -> None:
        self.port = 0
        self.shut = asyncio.Event()
        self._to = port
        self._left = most
        self._open = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def open(self) -> None:
        """For good."""
        self._open.set()

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError), contextlib.closing(answer):
            server, question = await asyncio.open_connection("127.0.0.1", self._to)
            with contextlib.closing(question):
                ways = {asyncio.create_task(self._there(client, question)), asyncio.create_task(_copy(server, answer))}
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)

    async def _there(self, client: asyncio.StreamReader, question: asyncio.StreamWriter) -> None:
        while data := await client.read(65536):
            self._left -= len(data)
            if self._left < 0 and not self._open.is_set():
                self.shut.set()
                await self._open.wait()
            question.write(data)
            await question.drain()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()
