"""CPU of an LL-HLS part: the web service against nginx serving the same bytes from its cache.

`python -m tests.bench.hls_cost` prints one JSON object. One part of a live demo is fetched over and over on connections
that stay open; CPU is what the kernel booked on the server's process, less what the web service takes without viewers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any
from urllib.parse import urljoin, urlsplit

from tests.bench.event import Bench, cpu_s, demo
from tests.bench.hls_viewers import Connection
from tests.media import hls_playlist
from tests.media.nginx import nginx


async def load(url: str, pid: int, viewers: int, seconds: float) -> dict[str, float]:
    """That part by so many viewers for a while; µs of the server's CPU a request."""
    parts = urlsplit(url)
    connections = [Connection(parts.hostname or "", parts.port or 80) for _ in range(viewers)]
    requests = size = 0
    until = time.monotonic() + seconds

    async def view(connection: Connection) -> None:
        nonlocal requests, size
        while time.monotonic() < until:
            status, body = await connection.get(parts.path)
            assert status == 200, (status, body)
            requests += 1
            size = len(body)

    before = cpu_s(pid)
    await asyncio.gather(*map(view, connections))
    spent = cpu_s(pid) - before
    for connection in connections:
        connection.close()
    return {"requests": requests, "bytes": size, "us": round(1e6 * spent / requests, 1)}


async def newest_part(hls_url: str) -> str:
    """The first part of the newest segment: the heaviest."""
    parts = urlsplit(hls_url)
    connection = Connection(parts.hostname or "", parts.port or 80)
    try:
        top = hls_playlist.multivariant((await connection.get(parts.path))[1].decode()).variants[0].uri
        base = urljoin(hls_url, top)
        now = hls_playlist.media((await connection.get(urlsplit(base).path))[1].decode())
        return urljoin(base, now.segments[-1].parts[0].uri)
    finally:
        connection.close()


async def measure(bench: Bench, viewers: int, seconds: float) -> dict[str, Any]:
    _, playback = await asyncio.to_thread(bench.playback)
    web = bench.platform.children()["web"]
    before, began = cpu_s(web), time.monotonic()
    await asyncio.sleep(seconds)
    idle = (cpu_s(web) - before) / (time.monotonic() - began)  # cores
    result: dict[str, Any] = {"web_idle_cores": round(idle, 3)}
    part = await newest_part(playback["hls_url"])
    ours = await load(part, web, viewers, seconds)
    ours["us"] = round(ours["us"] - 1e6 * idle * seconds / ours["requests"], 1)
    async with nginx(urlsplit(playback["hls_url"]).port or 80) as (url, pid):
        theirs = await load(url + urlsplit(part).path, pid, viewers, seconds)
    return result | {"web": ours, "nginx": theirs, "ratio": round(ours["us"] / theirs["us"], 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    with demo() as (platform, _):
        time.sleep(3)  # the first window
        bench = Bench(platform, options.seconds)
        print(json.dumps(asyncio.run(measure(bench, options.viewers, options.seconds)), indent=1))


if __name__ == "__main__":
    main()
