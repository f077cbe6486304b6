"""Many LL-HLS viewers in one process: blocking reloads of two playlists and every part of them.

`python -m tests.bench.hls_viewers COUNT URL` prints one line of figures a second until standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass
from urllib.parse import urljoin, urlsplit

import uvloop

_PART = re.compile(r'#EXT-X-PART:DURATION=([\d.]+),URI="(\d+)\.(\d+)\.m4s"')


@dataclass(slots=True)
class Figures:
    """Of all viewers together, since the start."""

    playing: int = 0
    playlists: int = 0
    parts: int = 0
    bytes: int = 0
    errors: int = 0
    skipped: int = 0  # parts that had left before they could be fetched


class Connection:
    """One keep-alive HTTP/1.1 connection."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=2**20)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1])) if length else b""
        return int(head.split(b" ", 2)[1]), body

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


def _shift(playlist: str) -> int:
    """From the numbers in the addresses to Media Sequence Numbers."""
    first = re.search(r"\b(\d+)(?:\.\d+)?\.m4s", playlist)
    sequence = re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", playlist)
    assert first is not None, playlist
    assert sequence is not None, playlist
    return int(sequence[1]) - int(first[1])


async def follow(playlist: str, figures: Figures, host: str, port: int) -> None:
    """Plays one rendition for ever: the newest part, then the next, each as soon as it is there."""
    connection = Connection(host, port)
    position: tuple[int, int] | None = None  # by the numbers in the addresses
    shift = 0
    try:
        while True:
            query = "" if position is None else f"?_HLS_msn={position[0] + shift}&_HLS_part={position[1]}"
            status, body = await connection.get(playlist + query)
            if status != 200:
                figures.errors += 1
                position = None
                await asyncio.sleep(0.5)
                continue
            figures.playlists += 1
            text = body.decode()
            shift = _shift(text)
            parts = [(int(m[2]), int(m[3])) for m in _PART.finditer(text)]
            new = [p for p in parts if position is None or p >= position]
            if position is None:
                figures.playing += 1
                new = new[-1:]
            for msn, part in new:
                status, body = await connection.get(urljoin(playlist, f"{msn}.{part}.m4s"))
                figures.parts += status == 200
                figures.skipped += status != 200
                figures.bytes += len(body)
                position = (msn, part + 1)
    finally:
        connection.close()


async def main(count: int, url: str) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    status, body = await Connection(host, port).get(parts.path)
    assert status == 200, body
    lines = body.decode().splitlines()
    video = next(line for line in lines if line and not line.startswith("#"))
    figures = Figures()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    closed = asyncio.create_task(reader.read())
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(follow(urljoin(parts.path, rendition), figures, host, port))
            for _ in range(count)
            for rendition in (video, "audio/index.m3u8")
        ]
        while not closed.done():
            await asyncio.wait({closed}, timeout=1)
            print(json.dumps({"at": time.monotonic(), "figures": asdict(figures)}), flush=True)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2]))
