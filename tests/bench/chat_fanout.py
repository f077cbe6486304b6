"""How fast one chat process reaches a full room.

    python -m tests.bench.chat_fanout --people 1000 --rate 20 --seconds 10
    python -m tests.bench.chat_fanout --people 5000 --rate 0       memory of idle people
    python -m tests.bench.chat_fanout --people 1000 --reconnect    everyone drops at once and comes back

The clients are one process of bare sockets on the same clock, so a delivery is measured from the moment its sender
wrote it to the moment a receiver's bytes are read: commit, wait for the flush, and the queue of the client included.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.chat_crowd import Crowd, quantile_ms
from webinar.base import log

if TYPE_CHECKING:
    from tests.chat_stage import ChatProcess, Stage


@dataclass
class Figures:
    """Of one run. Delays in milliseconds."""

    people: int
    sent: int
    deliveries: int
    missing: int
    out_of_order: int
    doubled: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    ack_p99_ms: float
    server_cpu: float  # cores, while messages flow
    server_us_per_delivery: float
    server_kb_per_person: float
    join_s: float  # all of them, from the first connect to the last welcome
    reconnect_s: float = 0.0
    refusals: dict[str, int] = field(default_factory=dict)

    def line(self) -> str:
        return "  ".join(
            f"{name}={value:.3f}" if isinstance(value, float) else f"{name}={value}"
            for name, value in vars(self).items()
        )


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def measure(
    stage: Stage, chat: ChatProcess, *, people: int, rate: float, seconds: float, reconnect: bool = False
) -> Figures:
    """One run against a running process."""
    event = await stage.new_event()
    crowd = Crowd(lambda person: stage.ticket(event, person), chat.port, people)
    return await measure_crowd(crowd, [chat.pid], rate=rate, seconds=seconds, reconnect=reconnect)


async def measure_crowd(
    crowd: Crowd, pids: list[int], *, rate: float, seconds: float, reconnect: bool = False
) -> Figures:
    """One run of a crowd against whatever server it knows; `pids` are all processes of that server."""
    people, tally = crowd.count, crowd.tally
    empty_kb = sum(map(_rss_kb, pids))
    join_s = await crowd.join()
    memory = (sum(map(_rss_kb, pids)) - empty_kb) / people
    cpu, started = sum(map(_cpu_s, pids)), time.perf_counter()
    sent = await crowd.talk(rate, seconds) if rate else 0
    await crowd.settle(sent, 15)
    cpu, elapsed = sum(map(_cpu_s, pids)) - cpu, time.perf_counter() - started
    delays = list(tally.delays)
    again_s = 0.0
    if reconnect:
        for person in crowd.people:
            person.transport.abort()
        again_s = await crowd.join(at_once=people)
    crowd.leave()
    return Figures(
        people=people,
        sent=sent,
        deliveries=len(delays),
        missing=sent * people - len(delays),
        out_of_order=tally.wrong_order,
        doubled=tally.doubled,
        p50_ms=quantile_ms(delays, 0.5),
        p99_ms=quantile_ms(delays, 0.99),
        max_ms=quantile_ms(delays, 1.0),
        ack_p99_ms=quantile_ms(tally.acks, 0.99),
        server_cpu=cpu / elapsed if sent else 0.0,
        server_us_per_delivery=1e6 * cpu / len(delays) if delays else 0.0,
        server_kb_per_person=memory,
        join_s=join_s,
        reconnect_s=again_s,
        refusals=dict(tally.refusals),
    )


async def run(*, people: int, rate: float, seconds: float, reconnect: bool = False) -> Figures:
    """One run against a process of its own, with its own database and bus."""
    from tests.chat_stage import Stage, reachable_folder  # here, so that pytest is the first to import its plugin

    folder = reachable_folder()
    stage = Stage(folder)
    try:
        await stage.start()
        chat = await stage.new_chat()
        figures = await measure(stage, chat, people=people, rate=rate, seconds=seconds, reconnect=reconnect)
        await stage.stop()
        return figures
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    log.configure("bench", "warning")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second, from all people together")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--reconnect", action="store_true")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(asyncio.run(run(**vars(arguments))).line())


if __name__ == "__main__":
    main()
