"""What a storm of votes and reactions does to the talk of a full room.

    python -m tests.bench.chat_storm --people 1000 --rate 20

Everybody votes for one question within one second and reacts five times meanwhile, while messages go on: how late these
are in the seconds before and during the storm, when the votes are acknowledged and counted, and in how many
transactions they were written.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import shutil
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.chat_crowd import Crowd, quantile_ms
from webinar.base import log

if TYPE_CHECKING:
    from tests.chat_stage import ChatProcess, Stage

_CALM_S = 4.0
_STORM_S = 4.0  # the storm and what follows it
_KINDS = ("like", "love", "clap", "laugh", "wow")


@dataclass
class Figures:
    """Of one run. Delays in milliseconds, of messages."""

    people: int
    calm_p50_ms: float
    calm_p99_ms: float
    storm_p50_ms: float
    storm_p99_ms: float
    missing: int
    vote_ack_p50_ms: float
    vote_ack_p99_ms: float
    counted_s: float  # from the first vote until the tally has all of them
    counted: int
    transactions: int
    refusals: dict[str, int]

    def line(self) -> str:
        return "  ".join(
            f"{name}={value:.2f}" if isinstance(value, float) else f"{name}={value}"
            for name, value in vars(self).items()
        )


async def measure(stage: Stage, chat: ChatProcess, *, people: int, rate: float) -> Figures:
    """One run against a running process."""
    event = await stage.new_event()
    crowd = Crowd(lambda person: stage.ticket(event, person), chat.port, people)
    await crowd.join()
    tally = crowd.tally
    crowd.people[0].put(type="ask", cid=_noted(crowd), body="Why?")
    await crowd.settle(1, 15)
    sent = await crowd.talk(rate, _CALM_S)
    await crowd.settle(sent + 1, 15)
    calm, before = list(tally.delays), len(tally.delays)
    started = time.perf_counter()
    storm = asyncio.create_task(_storm(crowd, started), name="storm")
    sent += await crowd.talk(rate, _STORM_S)
    counted_s = await storm
    await crowd.settle(sent + 1, 15)
    delays = tally.delays[before:]
    (row,) = await stage.sql("select version from chat_ballot where event_id = $1", event)
    crowd.leave()
    return Figures(
        people=people,
        calm_p50_ms=quantile_ms(calm, 0.5),
        calm_p99_ms=quantile_ms(calm, 0.99),
        storm_p50_ms=quantile_ms(delays, 0.5),
        storm_p99_ms=quantile_ms(delays, 0.99),
        missing=(sent + 1) * people - len(tally.delays),
        vote_ack_p50_ms=quantile_ms(tally.vote_acks, 0.5),
        vote_ack_p99_ms=quantile_ms(tally.vote_acks, 0.99),
        counted_s=counted_s,
        counted=tally.votes.get("1", 0),
        transactions=row["version"],
        refusals=dict(tally.refusals),
    )


async def _storm(crowd: Crowd, started: float) -> float:
    """Everybody votes and reacts within one second; the seconds until all votes are counted."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for number, person in enumerate(crowd.people):
        await asyncio.sleep(max(0.0, begin + number / len(crowd.people) - loop.time()))
        person.put(type="vote", cid=_noted(crowd), question=1)
        for kind in _KINDS:
            person.put(type="react", kind=kind)
    async with asyncio.timeout(20):
        while crowd.tally.votes.get("1") != len(crowd.people):  # noqa: ASYNC110 - of a crowd
            await asyncio.sleep(0.01)
    return time.perf_counter() - started


def _noted(crowd: Crowd) -> str:
    cid = str(uuid.uuid4())
    crowd.tally.sent_at[cid] = time.perf_counter()
    return cid


async def _main(people: int, rate: float) -> None:
    from tests.chat_stage import Stage, reachable_folder  # here, so that pytest is the first to import its plugin

    folder = reachable_folder()
    stage = Stage(folder)
    try:
        await stage.start()
        print((await measure(stage, await stage.new_chat(), people=people, rate=rate)).line())
        await stage.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    log.configure("bench", "warning")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second, from all people together")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_main(arguments.people, arguments.rate))


if __name__ == "__main__":
    main()
