"""Debian's Janus beside our fan-out: `python -m tests.bench.whep_janus --viewers 60`.

The same clip to the same clients (`whep_raw_viewers`); the figure is the CPU of each server's own process a packet that
its viewers received. Janus streams what it is sent over RTP (its streaming plugin), so packetizing is not in its figure
and is in ours. Needs `apt-get install janus`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import struct
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import uvloop

from ingest.contract import Unit
from tests.bench.whep_fanout import LADDER, Result, measure, settled
from tests.media.whep_source import Clip, Source, encode
from webinar.base import log
from webinar.delivery.whep.packetizer import H264Packetizer

VIDEO_TYPE, AUDIO_TYPE = 96, 111
MAIN = """
general: {{ plugins_folder = "{plugins}/plugins" transports_folder = "{plugins}/transports" debug_level = 3
  configs_folder = "{folder}" disable_colors = true }}
media: {{ ipv6 = false }}
plugins: {{ disable = "{others}" }}
"""
HTTP = 'general: {{ json = "compact" http = true port = {http} ip = "127.0.0.1" https = false }}\n'
STREAM = """
clip: {{ type = "rtp" id = 1 audio = true video = true
  audioport = {audio} audiopt = 111 audiocodec = "opus" audioiface = "127.0.0.1"
  videoport = {video} videopt = 96 videocodec = "h264" videoiface = "127.0.0.1"
  videofmtp = "profile-level-id=42e01f;packetization-mode=1" }}
"""


class RtpFeed:
    """Units as plain RTP to the two ports of a mountpoint."""

    def __init__(self, video_port: int, audio_port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._video, self._audio = ("127.0.0.1", video_port), ("127.0.0.1", audio_port)
        self._packetizer = H264Packetizer()
        self._sequences = {VIDEO_TYPE: 0, AUDIO_TYPE: 0}

    def push(self, unit: Unit) -> None:
        if unit.rendition == "opus":
            self._send(AUDIO_TYPE, [unit.payload], unit.pts, self._audio)
        else:
            self._send(VIDEO_TYPE, self._packetizer.payloads(unit.payload), unit.pts, self._video)

    def _send(self, kind: int, payloads: list[bytes], pts: int, to: tuple[str, int]) -> None:
        for n, payload in enumerate(payloads):
            marker = 0x80 if kind == VIDEO_TYPE and n == len(payloads) - 1 else 0
            header = struct.pack("!BBHII", 0x80, kind | marker, self._sequences[kind] & 0xFFFF, pts & 0xFFFFFFFF, kind)
            self._sequences[kind] += 1
            self._socket.sendto(header + payload, to)

    def close(self) -> None:
        self._socket.close()


class Janus:
    """One API session whose handles are the viewers."""

    def __init__(self, http: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._http = http
        self._session = ""
        self._offers: dict[int, asyncio.Future[str]] = {}

    async def begin(self) -> None:
        ends_s = time.monotonic() + 10
        while True:
            with contextlib.suppress(httpx.TransportError):
                self._session = f"/janus/{(await self._ask('/janus', janus='create'))['data']['id']}"
                return
            assert time.monotonic() < ends_s, "Janus does not answer"
            await asyncio.sleep(0.1)

    async def listen(self) -> None:
        """Take events until cancelled."""
        while True:
            for event in (await self._http.get(self._session, params={"maxev": 20}, timeout=60)).json():
                waiting = self._offers.get(event.get("sender", 0))
                if "jsep" in event and waiting is not None and not waiting.done():
                    waiting.set_result(event["jsep"]["sdp"])

    async def connect(self, viewer_sdp: str, port: int) -> str:
        """What Janus offers to a viewer, after it was answered in the viewer's name."""
        attached = await self._ask(self._session, janus="attach", plugin="janus.plugin.streaming")
        handle = attached["data"]["id"]
        self._offers[handle] = asyncio.get_running_loop().create_future()
        path = f"{self._session}/{handle}"
        await self._ask(path, janus="message", body={"request": "watch", "id": 1})
        async with asyncio.timeout(10):
            offer = await self._offers[handle]
        jsep = {"type": "answer", "sdp": answer(offer, viewer_sdp, port)}
        await self._ask(path, janus="message", body={"request": "start"}, jsep=jsep)
        return offer

    async def _ask(self, path: str, **body: Any) -> dict[str, Any]:
        reply: dict[str, Any] = (await self._http.post(path, json={"transaction": "t", **body}, timeout=10)).json()
        assert reply["janus"] in ("success", "ack"), reply
        return reply

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answer(offer: str, viewer: str, port: int) -> str:
    """An answer to Janus' offer with the transport of a viewer's own offer, on this machine."""
    transport = [f"a={name}:{_value(viewer, name)}" for name in ("ice-ufrag", "ice-pwd", "fingerprint")]
    kept = ("m=", "a=mid:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:")
    here = _value(offer, "candidate").split()[4]
    candidate = f"a=candidate:1 1 udp 2015363327 {here} {port} typ host"
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [line for line in offer.splitlines() if line.startswith("a=group:")]
    for line in offer.splitlines():
        if line.startswith(kept):
            lines.append(line)
        if line.startswith("m="):
            lines += ["c=IN IP4 127.0.0.1", *transport, "a=setup:active", "a=recvonly", "a=rtcp-mux", candidate]
    return "\r\n".join(lines) + "\r\n"


def _value(sdp: str, name: str) -> str:
    match = re.search(rf"^a={name}:(.*?)\r?$", sdp, re.MULTILINE)
    assert match is not None, name
    return match[1]


@contextlib.asynccontextmanager
async def running(folder: Path, clip: Clip) -> AsyncIterator[Janus]:
    """Janus with one mountpoint that is fed with `clip`."""
    ports = _configure(folder)
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec("janus", "-F", str(folder), stdout=quiet, stderr=quiet)
    feed = RtpFeed(ports["video"], ports["audio"])
    tasks: list[asyncio.Task[None]] = []
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports['http']}") as http:
            janus = Janus(http, process)
            await janus.begin()
            tasks += [asyncio.create_task(Source(clip, feed.push).run(), name="feed")]
            tasks += [asyncio.create_task(janus.listen(), name="janus-events")]
            yield janus
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, httpx.TransportError):
                await task
        feed.close()
        process.kill()  # it takes its time over a friendly goodbye
        await process.wait()


def _configure(folder: Path) -> dict[str, int]:
    """Write the settings; gives the ports."""
    plugins = next(Path("/usr/lib").glob("*/janus"))
    others = ",".join(p.name for p in (plugins / "plugins").glob("*.so") if "streaming" not in p.name)
    ports = dict(zip(("http", "audio", "video"), _free_ports(3), strict=True))
    (folder / "janus.jcfg").write_text(MAIN.format(plugins=plugins, folder=folder, others=others))
    (folder / "janus.transport.http.jcfg").write_text(HTTP.format(**ports))
    (folder / "janus.plugin.streaming.jcfg").write_text(STREAM.format(**ports))
    return ports


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


async def beside(viewers: int, seconds: float, clip: Clip) -> dict[str, float]:
    """Janus' figures, measured as ours are."""
    with tempfile.TemporaryDirectory() as name:
        async with running(Path(name), clip) as janus:
            module = (sys.executable, "-m", "tests.bench.whep_raw_viewers", str(viewers))
            pipe = asyncio.subprocess.PIPE
            child = await asyncio.create_subprocess_exec(*module, stdin=pipe, stdout=pipe)
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                for _ in range(viewers):
                    viewer = json.loads(await child.stdout.readline())
                    offer = await janus.connect(viewer["offer"], viewer["port"])
                    child.stdin.write(json.dumps({"answer": offer}).encode() + b"\n")
                after = before = await settled(child.stdout, viewers)
                cpu_s, began_s = janus.cpu_s(), time.monotonic()
                while time.monotonic() - began_s < seconds:
                    after = json.loads(await child.stdout.readline())["figures"]
                took_s, cpu_s = time.monotonic() - began_s, janus.cpu_s() - cpu_s
            finally:
                child.stdin.close()
                await child.wait()
    packets = after["packets"] - before["packets"]
    return {
        "viewers": viewers,
        "packets_a_second": round(packets / took_s),
        "cpu_us_a_packet": round(cpu_s / packets * 1e6, 2),
        "cpu_of_a_core": round(cpu_s / took_s, 3),
        "cpu_us_a_viewer_second": round(cpu_s / took_s / viewers * 1e6),
        "lost": after["lost"] - before["lost"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if shutil.which("janus") is None:
        sys.exit("Janus is not installed: apt-get install --no-install-recommends janus")
    log.configure("bench", "warning")
    clip = encode({"720p": LADDER["720p"]})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps({"janus": runner.run(beside(options.viewers, options.seconds, clip))}), flush=True)
        ours: Result = runner.run(measure(options.viewers, options.seconds, clip))
        print(json.dumps({"ours": asdict(ours)}), flush=True)


if __name__ == "__main__":
    main()
