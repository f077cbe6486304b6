"""nginx with nchan beside our chat: `python -m tests.bench.chat_nchan --people 1000 --rate 20`.

The same crowd of sockets, one server after the other. nchan is given each message by POST, as the frame that our
service makes of one, and sends it to everyone; it keeps the last ones in memory. Ours also checks who writes, commits
to PostgreSQL before anybody is told, and puts messages that come together into one frame: a delivery is a message that
a person has read. The figures of nginx are of all its processes. Needs Debian's libnginx-mod-nchan; no test does.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.bench.chat_crowd import Crowd, Person, Tally
from tests.bench.chat_fanout import Figures, measure_crowd, run
from tests.running import free_ports
from tests.waiting import until
from webinar.base import log

PACKAGE = "libnginx-mod-nchan"
MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
# 500 messages for those who come back, as many as ours keeps.
CONFIGURATION = """
load_module {module}; daemon off; pid {folder}/pid; error_log stderr warn;
worker_processes {workers}; worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
    access_log off; keepalive_requests 1000000; keepalive_timeout 1h;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /chat {{ nchan_subscriber websocket; nchan_channel_id room; nchan_subscriber_first_message newest; }}
        location = /publish {{ nchan_publisher http; nchan_channel_id room; nchan_message_buffer_length 500; }}
    }}
}}
"""
_SUBPROTOCOL = b"Sec-WebSocket-Protocol: webinar.chat.v1\r\n"


class Subscriber(Person):
    """Is in the room once its socket is one: nchan has no welcome."""

    handshake = Person.handshake.replace(_SUBPROTOCOL, b"")

    def opened(self) -> None:
        self.ready.set_result(None)


class Publisher(asyncio.Protocol):
    """One connection, requests in a row: in order, and cheap enough not to be what is measured."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._unanswered: collections.deque[float] = collections.deque()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def post(self, body: bytes) -> None:
        self._unanswered.append(time.perf_counter())
        head = f"POST /publish HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            # The body of an answer has no line break after it: the next answer may begin in its last line.
            _, found, status = line.rpartition(b"HTTP/1.1 ")
            if not found:
                continue
            began = self._unanswered.popleft()
            if status.startswith((b"201", b"202")):
                self._tally.acks.append(time.perf_counter() - began)
            else:
                self._tally.refusals[status.decode()] += 1


class NchanCrowd(Crowd):
    """Everyone of one channel."""

    def __init__(self, port: int, count: int) -> None:
        super().__init__(lambda _: "", port, count)
        self._url, self._seq = f"http://127.0.0.1:{port}/publish", 0

    async def join(self, at_once: int = 100) -> float:
        started = time.perf_counter()
        await super().join(at_once)
        async with httpx.AsyncClient(headers={"Accept": "text/json"}) as http:

            async def all_here() -> bool:
                answer = await http.get(self._url)
                return answer.status_code == 200 and answer.json()["subscribers"] == self.count

            await until(all_here, what="nchan does not count everyone as subscribed")
        took_s = time.perf_counter() - started
        loop = asyncio.get_running_loop()
        _, self._publisher = await loop.create_connection(lambda: Publisher(self.tally), "127.0.0.1", self._port)
        return took_s

    def new_person(self, name: str, old: Person | None) -> Person:
        return Subscriber(self.tally, "", None, None)

    def say(self, cid: str, body: str) -> None:
        person = f"p{next(self._turn) % self.count}"
        self._seq += 1
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        writer = {"id": person, "name": person, "role": "attendee"}
        event = {"seq": self._seq, "type": "message", "at": at, "cid": cid, "from": writer, "body": body}
        frame = {"type": "events", "events": [event]}
        self._publisher.post(json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode())

    def leave(self) -> None:
        super().leave()
        self._publisher.transport.abort()


@contextlib.asynccontextmanager
async def running(workers: int) -> AsyncIterator[tuple[int, list[int]]]:
    """The port of an nginx with one channel, and its processes."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="webinar-nchan-") as name:
        settings = Path(name) / "nginx.conf"
        settings.write_text(CONFIGURATION.format(module=MODULE, folder=name, workers=workers, port=port))
        process = await asyncio.create_subprocess_exec(_nginx(), "-p", name, "-c", str(settings))

        def children() -> list[int]:
            assert process.returncode is None, "nginx has ended"
            return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]

        try:
            await until(lambda: len(children()) >= workers, what="nginx has not started its workers")
            yield port, [process.pid, *children()]
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _nginx() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


async def beside(people: int, rate: float, seconds: float, workers: int) -> Figures:
    """nchan's figures, measured as ours are."""
    async with running(workers) as (port, pids):
        return await measure_crowd(NchanCrowd(port, people), pids, rate=rate, seconds=seconds)


async def _main(people: int, rate: float, seconds: float, workers: int) -> None:
    theirs = await beside(people, rate, seconds, workers)
    print(f"nchan  {theirs.line()}", flush=True)
    ours = await run(people=people, rate=rate, seconds=seconds)
    print(f"ours   {ours.line()}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second, from all people together")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=1, help="of nginx; our room is served by one process")
    arguments = parser.parse_args()
    if not MODULE.exists() or not Path(_nginx()).exists():
        sys.exit(f"nginx with nchan is not installed: apt-get install --no-install-recommends nginx-light {PACKAGE}")
    log.configure("bench", "warning")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_main(**vars(arguments)))


if __name__ == "__main__":
    main()
