"""What a delivered WHEP packet costs: `python -m tests.bench.whep_fanout --viewers 200 --seconds 10`.

The server and its source run here, the viewers in another process (`whep_raw_viewers`). CPU is this process's own,
everything included: packetizing, sealing, the kernel's send path and on loopback its receive path too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from tests.media.whep_source import Clip, Source, encode
from webinar.base import log
from webinar.delivery.whep import WhepServer

LADDER = {"720p": (1280, 720, 1_500_000), "480p": (854, 480, 800_000), "240p": (426, 240, 300_000)}


@dataclass(frozen=True, slots=True)
class Result:
    """Of one measurement."""

    viewers: int
    seconds: float
    packets_a_second: float
    cpu_us_a_packet: float
    cpu_of_a_core: float  # 0..1
    cpu_us_a_viewer_second: int
    of_it_kernel: float  # 0..1: sends, and on loopback their reception as well
    lost: int
    bad: int
    decrypted: int
    packets_a_call: float  # as the kernel handed them over
    lateness_ms: float  # push of a unit to the last viewer's packet, smoothed
    lateness_max_ms: float
    send_failures: int
    gso: bool
    offer_ms: float  # mean time of the server for an offer
    joining_cpu_ms: float  # a viewer, while they joined: everything, media included
    joining_lateness_ms: float  # worst of the units while they joined
    connected_p50_ms: int  # from the answer to the keys
    connected_p95_ms: int
    first_packet_p50_ms: int  # from the answer to the first packet of picture
    first_packet_p95_ms: int
    resident_kb_a_viewer: int


async def measure(
    viewers: int, seconds: float, clip: Clip, *, gso: bool = True, reports: float = 1.0, join_over_s: float = 0.0
) -> Result:
    """Connect `viewers`, evenly over `join_over_s` or as quick as they can, let them settle, measure for `seconds`.

    Each sends `reports` a second.
    """
    source: Source
    server = WhepServer(seats=viewers, request_keyframe=lambda event, name: source.request_keyframe(event, name))
    source = Source(clip, server.push)
    await server.start("127.0.0.1", 0)
    server.endpoint.gso = server.endpoint.gso and gso
    server.push(source.init_segment())
    playing = asyncio.create_task(source.run(), name="source")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.whep_raw_viewers",
        str(viewers),
        str(reports),
        str(join_over_s),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        offering_s, memory, joining_s = 0.0, _resident_kb(), time.process_time()
        for _ in range(viewers):
            offer = json.loads(await child.stdout.readline())["offer"]
            offered_s = time.monotonic()
            answer = server.offer("event", offer)
            offering_s += time.monotonic() - offered_s
            child.stdin.write(json.dumps({"answer": answer.sdp}).encode() + b"\n")
        before = await settled(child.stdout, viewers)
        joining_s, late_s = time.process_time() - joining_s, server.stats("event").totals.lateness_max_s
        used, began_s = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        after = before
        while time.monotonic() - began_s < seconds:
            after = json.loads(await child.stdout.readline())["figures"]
        took_s, now_used = time.monotonic() - began_s, resource.getrusage(resource.RUSAGE_SELF)
        kernel_s = now_used.ru_stime - used.ru_stime
        cpu_s = now_used.ru_utime - used.ru_utime + kernel_s
        totals = server.stats("event").totals
        packets = after["packets"] - before["packets"]
        return Result(
            viewers=viewers,
            seconds=round(took_s, 2),
            packets_a_second=round(packets / took_s),
            cpu_us_a_packet=round(cpu_s / packets * 1e6, 2),
            cpu_of_a_core=round(cpu_s / took_s, 3),
            cpu_us_a_viewer_second=round(cpu_s / took_s / viewers * 1e6),
            of_it_kernel=round(kernel_s / cpu_s, 2),
            lost=after["lost"] - before["lost"],
            bad=after["bad"],
            decrypted=after["decrypted"],
            packets_a_call=round(packets / (after["calls"] - before["calls"]), 2),
            lateness_ms=round(totals.lateness_s * 1000, 2),
            lateness_max_ms=round(totals.lateness_max_s * 1000, 1),
            send_failures=totals.send_failures,
            gso=server.endpoint.gso,
            offer_ms=round(offering_s / viewers * 1000, 2),
            joining_cpu_ms=round(joining_s / viewers * 1000, 1),
            joining_lateness_ms=round(late_s * 1000, 1),
            connected_p50_ms=after["connected_p50_ms"],
            connected_p95_ms=after["connected_p95_ms"],
            first_packet_p50_ms=after["first_packet_p50_ms"],
            first_packet_p95_ms=after["first_packet_p95_ms"],
            resident_kb_a_viewer=(_resident_kb() - memory) // viewers,
        )
    finally:
        child.stdin.close()
        await child.wait()
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing
        await server.close()


async def settled(lines: asyncio.StreamReader, viewers: int) -> dict[str, int]:
    """The first figures with everybody connected and a second of media."""
    while True:
        figures: dict[str, int] = json.loads(await lines.readline())["figures"]
        if figures["connected"] == viewers and figures["packets"] > viewers * 50:
            return figures


def _resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--no-gso", action="store_true")
    parser.add_argument("--reports", type=float, default=1.0, help="RTCP reports a second of each viewer")
    parser.add_argument("--join-over", type=float, default=0.0, help="seconds over which the viewers join")
    options = parser.parse_args()
    log.configure("bench", "warning")  # on standard error: the figures are all that is printed
    clip = encode(LADDER)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(
            measure(
                options.viewers,
                options.seconds,
                clip,
                gso=not options.no_gso,
                reports=options.reports,
                join_over_s=options.join_over,
            )
        )
    print(json.dumps(asdict(result), indent=1))


if __name__ == "__main__":
    main()
