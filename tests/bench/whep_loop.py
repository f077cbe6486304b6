"""What the fan-out's own loop costs, without clients: `python -m tests.bench.whep_loop [--instructions]`.

The real parts from the bus to the socket, which sends to one port on loopback that nobody reads. CPU is the process's
own. With `--instructions` valgrind counts what is executed, which does not depend on what else the machine does. It
does not see the kernel, and makes OpenSSL take its code for AVX2.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pickle
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final
from unittest.mock import patch

import uvloop

from ingest.contract import AUDIO_CLOCK, Unit
from tests.bench.whep_fanout import LADDER
from tests.media.whep_source import FPS, OPUS_SAMPLES, Clip, Source, encode
from webinar.base import log
from webinar.base.rtc import Endpoint, PeerState, Remote
from webinar.base.rtc.srtp import AES_128_GCM, KeyPair
from webinar.delivery.whep import fanout
from webinar.delivery.whep.fanout import Fanout
from webinar.delivery.whep.negotiate import Negotiated
from webinar.delivery.whep.packetizer import SendBuffer
from webinar.delivery.whep.session import Viewer

COUNTED: Final = 20  # frames under valgrind, where a packet takes some 50 times as long


class Loop:
    """A fan-out, viewers who have keys and an address as after a handshake, and a source that is stepped."""

    def __init__(self, clip: Clip, viewers: int, endpoint: Endpoint, sink: tuple[str, int]) -> None:
        buffer = SendBuffer()
        self.fanout = Fanout("event", buffer, lambda event, rendition: None)
        self.fanout.describe((*clip.video, "audio"))
        self._clip = clip
        self._source = Source(clip, self._push)
        self._pushed = self._sounds = 0
        for n in range(1, viewers + 1):
            negotiated = Negotiated(4 * n, 102, (4 * n + 1, 103), 4 * n + 2, 111, "bench", (), send_time=2)
            viewer = Viewer(str(n), self.fanout, negotiated, buffer, asyncio.get_running_loop().time)
            peer = endpoint.register(Remote(str(n), ()), viewer)
            viewer.attach(peer)
            peer.sender = KeyPair.split(AES_128_GCM, n.to_bytes(4, "big") * 14, server=True).sender()
            peer.address, peer.state = sink, PeerState.CONNECTED
            self.fanout.viewers[viewer.resource] = viewer
            viewer.on_state(PeerState.CONNECTED, "")

    async def play(self, frames: int) -> int:
        """So many frames of each rendition with their sound, one as soon as the last has left. Gives the packets."""
        before = self.fanout.totals().packets
        for _ in range(frames):
            self._source.step()
            while self._sounds * OPUS_SAMPLES * FPS < self._source.frames * AUDIO_CLOCK:
                packet = self._clip.audio[self._sounds % len(self._clip.audio)]
                self._push(Unit("session", "event", "opus", self._sounds * OPUS_SAMPLES, True, packet))
                self._sounds += 1
            while self.fanout.stats.units < self._pushed:  # noqa: ASYNC110 - nothing is to be added to what is counted
                await asyncio.sleep(0)
            while (due_s := self.fanout.pacer.due_s()) is not None:  # noqa: ASYNC110
                await asyncio.sleep(due_s + 0.001)
        return self.fanout.totals().packets - before

    def _push(self, unit: Unit) -> None:
        self._pushed += 1
        self.fanout.push(unit)


async def rounds(clip: Clip, viewers: int, frames: int, count: int, *, on_request: bool) -> list[tuple[int, float]]:
    """(packets, µs of CPU a packet) of each round, after some frames that do not count.

    With `on_request` a line on standard input begins each, and its packets are printed.
    """
    endpoint = Endpoint(max_peers=viewers, connect_timeout_s=3600, consent_timeout_s=3600)
    await endpoint.start("127.0.0.1", 0)
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        loop = Loop(clip, viewers, endpoint, sink.getsockname())
        sending = asyncio.create_task(loop.fanout.run(), name="fanout")
        await loop.play(5)
        for _ in range(count):
            if on_request:
                print("ready", flush=True)
                sys.stdin.readline()
            began_s = time.process_time()
            packets = await loop.play(frames)
            found.append((packets, (time.process_time() - began_s) / packets * 1e6))
            if on_request:
                print(packets, flush=True)
                sys.stdin.readline()
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
    await endpoint.close()
    return found


def instructions(clip: Path, viewers: int, profile: Path) -> tuple[int, float]:
    """(packets, instructions a packet); what callgrind wrote of them is left in `profile`."""
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={profile}"]
    command += [sys.executable, "-m", "tests.bench.whep_loop", "--on-request", "--clip", str(clip)]
    command += ["--viewers", str(viewers), "--frames", str(COUNTED), "--rounds", "1"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": "0"},
    ) as ran:
        assert ran.stdin is not None
        assert ran.stdout is not None
        assert ran.stdout.readline() == "ready\n"
        _count(ran.pid, "on")
        print(file=ran.stdin, flush=True)
        packets = int(ran.stdout.readline())
        _count(ran.pid, "off")
        _, said = ran.communicate("\n")
    total = re.search(r"Collected : (\d+)", said)
    assert total is not None, said
    return packets, int(total[1]) / packets


def _count(pid: int, state: str) -> None:
    subprocess.run(["callgrind_control", "-i", state, str(pid)], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=300)
    parser.add_argument("--frames", type=int, default=60, help="a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--instructions", action="store_true", help="with callgrind, of Debian's package valgrind")
    parser.add_argument("--profile", type=Path, help="where callgrind's figures go, for callgrind_annotate")
    parser.add_argument("--clip", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--on-request", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    log.configure("bench", "error")
    if options.instructions:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "clip")
            path.write_bytes(pickle.dumps(encode(LADDER, seconds=2)))
            packets, each = instructions(path, options.viewers, options.profile or Path(folder, "callgrind"))
            print(packets, "packets,", round(each), "instructions each")
        return
    clip: Clip = pickle.loads(options.clip.read_bytes()) if options.clip else encode(LADDER, seconds=2)  # noqa: S301
    # Ticks come by time, and that runs differently under valgrind.
    tick = patch.object(fanout, "TICK_S", 3600) if options.on_request else contextlib.nullcontext()
    with tick, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        playing = rounds(clip, options.viewers, options.frames, options.rounds, on_request=options.on_request)
        costs = runner.run(playing)
    if not options.on_request:
        rounded = [round(cost_us, 2) for _, cost_us in costs]
        print(*rounded, "µs a packet; median", statistics.median(rounded))


if __name__ == "__main__":
    main()
