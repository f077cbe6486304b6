"""Do the minutes of a report match what people did? 300 of them, with PostgreSQL away for half a minute.

    python -m tests.bench.attending --people 300 --seconds 120 --away 30

A real platform, real HTTP, no browsers: everybody registers within a minute, opens their personal link within half a
minute, tells every 15 s what they watched as the room's script does, leaves and comes back by a plan drawn from a seed.
What is not answered is kept and told again. Then each one's minutes are held against what they did.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import random
import re
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

_BOOT = re.compile(r'<script type="application/json" id="boot">(.*?)</script>', re.DOTALL)
_LAST_TRY_S = 60.0
_CLIENT_S = 12.0

Stay = tuple[float, float]  # seconds from the start of the plan


@dataclass(slots=True)
class Totals:
    """Of all guests."""

    answers: Counter[int] = field(default_factory=Counter)
    told_s: list[float] = field(default_factory=list)
    joined_s: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Guest:
    """One person, with one browser. `did` is when they really watched: wall clock, s."""

    number: int
    client: httpx.AsyncClient
    totals: Totals
    every_s: float
    link: str = ""
    attendee: str = ""
    did: list[tuple[float, float]] = field(default_factory=list)
    kept: list[dict[str, str]] = field(default_factory=list)
    token: str = ""

    async def live_through(self, plan: list[Stay], begins: float) -> None:
        for start, end in plan:
            await _until(begins + start)
            if await self._open(begins + end):
                await self._watch(begins + end)
        await self._tell_all()

    async def _open(self, until: float) -> bool:
        """The personal link, tried again while the platform cannot answer; False when there is no time left."""
        while time.time() < until:
            began = time.monotonic()
            page = await self._ask("GET", self.link)
            found = _BOOT.search(page.text) if page is not None and page.status_code == 200 else None
            if found is not None:
                self.token = str(json.loads(html.unescape(found[1]))["viewer_token"])
                self.totals.joined_s.append(time.monotonic() - began)
                return True
            await asyncio.sleep(0.5 + random.random())
        return False

    async def _watch(self, until: float) -> None:
        since = came = time.time()
        while since < until:
            await self._ask("GET", "/api/v1/playback", params={"transport": "hls"})
            await _until(min(until, since + self.every_s * random.uniform(0.9, 1.1)))
            now = min(time.time(), until)
            self.kept.append({"kind": "live", "started_at": _stamp(since), "ended_at": _stamp(now)})
            since = now
            await self._tell()
        self.did.append((came, since))

    async def _tell(self) -> bool:
        began = time.monotonic()
        body = {"device": f"guest{self.number:04d}", "beats": self.kept[:100]}
        reply = await self._ask("POST", "/api/v1/attendance", json=body)
        if reply is None or reply.status_code != 200:
            return False
        self.totals.told_s.append(time.monotonic() - began)
        self.kept = self.kept[100:]
        return True

    async def _tell_all(self) -> None:
        deadline = time.monotonic() + _LAST_TRY_S
        while self.kept and time.monotonic() < deadline:
            if not await self._tell():
                await asyncio.sleep(0.5 + random.random())

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {self.token}"} if path.startswith("/api/") else {}
        try:
            reply = await self.client.request(method, path, headers=headers, **options)
        except httpx.TransportError:
            self.totals.answers[0] += 1
            return None
        self.totals.answers[reply.status_code] += 1
        return reply


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.time()))


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def plans(people: int, seconds: float, join_within: float, seed: int) -> list[list[Stay]]:
    """Each comes within `join_within`; half of them leave and come back, some twice; a few go early."""
    draw = random.Random(seed)
    found = []
    for _ in range(people):
        start, stays = draw.uniform(0, join_within), []
        for _ in range(draw.choice((1, 1, 2, 3))):
            end = draw.uniform(start + seconds * 0.1, seconds)
            stays.append((start, end))
            start = end + draw.uniform(seconds * 0.02, seconds * 0.1)
            if start > seconds * 0.85:
                break
        if draw.random() < 0.7:
            stays[-1] = (stays[-1][0], seconds)
        found.append(stays)
    return found


async def register(host: httpx.AsyncClient, event_id: str, guests: list[Guest], within: float) -> float:
    """Everybody within `within` s; how long it took."""
    began = time.monotonic()

    async def one(guest: Guest) -> None:
        await asyncio.sleep(random.uniform(0, within))
        body = {"name": f"참가자 {guest.number}", "email": f"guest{guest.number}@example.org"}
        reply = await host.post(f"/api/v1/events/{event_id}/attendees", json=body)
        reply.raise_for_status()
        guest.link = "/j/" + reply.json()["join_url"].rpartition("/")[2]
        guest.attendee = reply.json()["id"]

    await asyncio.gather(*(one(guest) for guest in guests))
    return time.monotonic() - began


async def compare(host: httpx.AsyncClient, event_id: str, guests: list[Guest]) -> dict[str, Any]:
    """The service's seconds beside those that each guest really watched while the event was live."""
    event = (await host.get(f"/api/v1/events/{event_id}")).json()
    first, last = (datetime.fromisoformat(event[name]).timestamp() for name in ("started_at", "ended_at"))
    rows: dict[str, dict[str, Any]] = {}
    cursor: str | None = None
    while True:
        query: dict[str, str | int] = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = (await host.get(f"/api/v1/events/{event_id}/attendance", params=query)).json()
        rows |= {row["attendee_id"]: row for row in page["items"]}
        cursor = page["next"]
        if cursor is None:
            break
    off, watched = [], 0.0
    for guest in guests:
        did = sum(max(0.0, min(b, last) - max(a, first)) for a, b in guest.did)
        spans = rows[guest.attendee]["spans"]
        counted = sum(
            (datetime.fromisoformat(s["ended_at"]) - datetime.fromisoformat(s["started_at"])).total_seconds()
            for s in spans
        )
        watched += did
        off.append(counted - did)
    return {
        "people": len(guests),
        "rows": len(rows),
        "watched_min": round(watched / 60, 1),
        "counted_min": round((watched + sum(off)) / 60, 1),
        "worst_s": round(max(abs(one) for one in off), 3),
        "still_kept": sum(len(guest.kept) for guest in guests),
        "seen_percent": round(sum(row["seen_percent"] for row in rows.values()) / len(rows)),
    }


async def attend(
    host: httpx.AsyncClient,
    client: httpx.AsyncClient,
    event_id: str,
    away: Any,
    *,
    people: int,
    seconds: float,
    register_within: float,
    join_within: float,
    every_s: float,
    seed: int = 7,
) -> dict[str, Any]:
    """The whole of it on a live event. `away()` takes the database away and brings it back, in the middle."""
    totals = Totals()
    guests = [Guest(n, client, totals, every_s) for n in range(people)]
    registered_s = await register(host, event_id, guests, register_within)
    begins = time.time()

    async def fault() -> None:
        await _until(begins + seconds * 0.4)
        await away()

    stays = plans(people, seconds, join_within, seed)
    running = [guest.live_through(plan, begins) for guest, plan in zip(guests, stays, strict=True)]
    await asyncio.gather(fault(), *running)
    reply = await host.post(f"/api/v1/events/{event_id}/end")
    reply.raise_for_status()
    return {
        "registered_s": round(registered_s, 1),
        **await compare(host, event_id, guests),
        "joins": len(totals.joined_s),
        "join_p95_ms": _quantile_ms(totals.joined_s, 0.95),
        "reports": len(totals.told_s),
        "report_p50_ms": _quantile_ms(totals.told_s, 0.5),
        "report_p99_ms": _quantile_ms(totals.told_s, 0.99),
        "answers": {str(status): count for status, count in sorted(totals.answers.items())},
    }


def _quantile_ms(values: list[float], share: float) -> float | None:
    ordered = sorted(values)
    return round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) if ordered else None


async def main(people: int, seconds: float, away_s: float) -> None:
    from tests.faults.test_api_database_away import OwnPostgres
    from tests.running import RunningPlatform, data_dir

    folder = await asyncio.to_thread(data_dir)
    postgres = OwnPostgres(folder)
    await postgres.start()
    platform = RunningPlatform(WEBINAR_DATABASE_URL=postgres.server.url, WEBINAR_LADDER="240p")
    try:
        await asyncio.to_thread(platform.start)
        token = await asyncio.to_thread(lambda: platform.token)
        limits = httpx.Limits(max_connections=100)
        async with (
            httpx.AsyncClient(
                base_url=platform.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60, limits=limits
            ) as host,
            httpx.AsyncClient(base_url=platform.base_url, timeout=_CLIENT_S, limits=limits) as client,
        ):
            starts = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
            body = {"title": "출석 측정", "starts_at": starts, "capacity": people}
            event = (await host.post("/api/v1/events", json=body)).json()
            (await host.post(f"/api/v1/events/{event['id']}/start")).raise_for_status()

            async def away() -> None:
                await postgres.stop(kill=True)
                await asyncio.sleep(away_s)
                await postgres.start()

            result = await attend(
                host,
                client,
                event["id"],
                away,
                people=people,
                seconds=seconds,
                register_within=min(60.0, people / 5),
                join_within=min(30.0, seconds / 3),
                every_s=15.0,
            )
        print(json.dumps(result, ensure_ascii=False, indent=1))
    finally:
        platform.close()
        await postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--away", type=float, default=30.0)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.people, chosen.seconds, chosen.away))
