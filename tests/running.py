"""The whole platform as its users run it: `webinar serve` in a process of its own, on free ports and its own folder."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
START_WITHIN_S = 90.0
# The ports on which the services say how they are.
HEALTH = ("WEBINAR_HTTP_PORT", "WEBINAR_CHAT_PORT", "WEBINAR_INGEST_HTTP_PORT", "WEBINAR_WORKER_HTTP_PORT")

# Linux gives ports from 32768 on to those who do not care which. Of the others, one block a process of the run.
_BLOCK = 1_500
_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw7").removeprefix("gw")) % 8
_PORTS = range(20_000 + _NUMBER * _BLOCK, 20_000 + (_NUMBER + 1) * _BLOCK)
_TURN = itertools.count(os.getpid() * 37)


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Ports of loopback that nobody has just now, all different.

    Below those that the kernel gives away by itself, and each process of a run takes its own turn: what is picked here
    is still free when it is bound some seconds later.
    """
    found: list[int] = []
    for turn in itertools.islice(_TURN, len(_PORTS)):
        if len(found) == count:
            break
        port = _PORTS.start + turn % len(_PORTS)
        with socket.socket(socket.AF_INET, kind) as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    assert len(found) == count, f"no {count} free ports in {_PORTS}"
    return found


def data_dir() -> Path:
    """A folder that the database's own user can reach, unlike pytest's; the caller removes it."""
    folder = Path(tempfile.mkdtemp(prefix="webinar-test-"))
    folder.chmod(0o711)
    return folder


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Settings for one platform on loopback: nothing of the caller's own `WEBINAR_…`."""
    http, chat, ingest, worker = free_ports(4)
    whep_udp, ingest_udp = free_ports(2, socket.SOCK_DGRAM)
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBINAR_")}
    return env | {
        "WEBINAR_DATA_DIR": str(folder),
        "WEBINAR_HOST": "127.0.0.1",
        "WEBINAR_HTTP_PORT": str(http),
        "WEBINAR_CHAT_PORT": str(chat),
        "WEBINAR_INGEST_HTTP_PORT": str(ingest),
        "WEBINAR_WORKER_HTTP_PORT": str(worker),
        "WEBINAR_WHEP_UDP_PORT": str(whep_udp),
        "WEBINAR_INGEST_UDP_PORT": str(ingest_udp),
        "WEBINAR_PUBLIC_URL": f"http://localhost:{http}",
        "WEBINAR_ICE_ADDRESSES": "127.0.0.1",
        # What a machine shared with a browser and other tests encodes in real time.
        "WEBINAR_LADDER": "480p,240p",
        **settings,
    }


class Reply:
    """One answer of the HTTP API."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    def json(self) -> Any:
        return json.loads(self.body)


class RunningPlatform:
    """`webinar serve` (or another command that runs until told to stop)."""

    def __init__(self, folder: Path | None = None, *, command: tuple[str, ...] = ("serve",), **settings: str) -> None:
        self.folder = folder or data_dir()
        self.env = environment(self.folder, **settings)
        self.base_url = f"http://localhost:{self.env['WEBINAR_HTTP_PORT']}"
        self._command = command
        self._output: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._token = ""

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    @property
    def output(self) -> str:
        """All it has printed so far, both streams."""
        return "".join(self._output)

    def start(self, until: str = "Stop  ") -> RunningPlatform:
        """Returns when it has printed `until`, which ends its welcome."""
        self._output.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "webinar.cli", *self._command],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, name="output", daemon=True)
        self._reader.start()
        self.wait_for(lambda: until in self.output or self.process.poll() is not None, START_WITHIN_S)
        assert until in self.output, f"it did not start:\n{self.output}"
        return self

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        for line in stream:
            self._output.append(line)

    def wait_for(self, condition: Callable[[], object], seconds: float = 40.0, what: str = "") -> None:
        """Until the condition holds; else fails with all that was printed."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.output}"
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGINT, seconds: float = 40.0) -> int:
        """Sends the signal, waits, returns the exit status."""
        if self._process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if self._reader is not None:
            self._reader.join(5)
        return status

    def close(self) -> None:
        """Stops it and removes its folder; what it said is shown with a test that failed."""
        try:
            if self._process is not None and self.process.poll() is None:
                self.stop()
        finally:
            sys.stderr.write(self.output)
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *arguments: str, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Another `webinar` command with the same settings."""
        return subprocess.run(
            [sys.executable, "-m", "webinar.cli", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @property
    def token(self) -> str:
        """An API token, made once."""
        if not self._token:
            made = self.run("token", "create", "--name", "tests", "--json")
            assert made.returncode == 0, made.stderr
            self._token = json.loads(made.stdout)["token"]
        return self._token

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """One request; `path` below the public URL, or whole. JSON out; a bearer token of the owner unless another."""
        url = path if path.startswith("http") else self.base_url + path
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        bearer = self.token if token is None else token
        if bearer:
            request.add_header("Authorization", f"Bearer {bearer}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Reply(answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()})
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.read(), {k.lower(): v for k, v in error.headers.items()})

    def ready(self) -> bool:
        """Whether every service says that it can serve."""
        try:
            asked = [self.call("GET", f"http://127.0.0.1:{self.env[name]}/readyz", token="") for name in HEALTH]
        except OSError:
            return False
        return all(answer.status == 200 for answer in asked)

    def children(self) -> dict[str, int]:
        """Process ids of the services by name, from the kernel's own table."""
        found: dict[str, int] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                words = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if int(fields[1]) == self.process.pid and fields[0] != "Z":
                name = next((w for w in ("ingest", "chat", "web", "worker") if w in words[-2:]), Path(words[0]).name)
                found[name] = int(entry.name)
        return found
