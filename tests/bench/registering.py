"""300 people fill in the registration form of one event: within a minute, or all at once. Prints JSON.

Each is a browser without scripts of its own: it reads the event page and the form, sends the form with the host's
questions, the passcode and the consent, and reads the page it is led to. `late` is from sending to that page. CPU is
what the kernel counted for the service `web` while they came, in % of a core. At the end seats and places are counted.

    python -m tests.bench.registering --people 300 --over 60
    python -m tests.bench.registering --people 300 --over 0
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import time
from typing import Any

import httpx

from tests.bench.event import cpu_s
from tests.running import RunningPlatform

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
_FIELD = re.compile(r'name="(q-[0-9a-f-]{36})"')
_SEATS = 250  # the last fifty wait
PASSCODE = "conference"


async def person(base: str, page: str, number: int, at: float) -> float:
    """Comes at a moment of the monotonic clock; seconds from sending the form to the page that confirms it."""
    await asyncio.sleep(max(0.0, at - time.monotonic()))
    async with httpx.AsyncClient(base_url=base, timeout=60, follow_redirects=True) as browser:
        (await browser.get(page)).raise_for_status()
        form = (await browser.get(f"{page}/register")).text
        token, field = _TOKEN.search(form), _FIELD.search(form)
        assert token is not None
        assert field is not None
        fields = {
            "csrf": token[1],
            "name": f"Guest {number}",
            "email": f"guest{number}@example.org",
            "passcode": PASSCODE,
            "language": "en",
            field[1]: "A hospital",
            "agree": "yes",
        }
        began = time.monotonic()
        done = await browser.post(f"{page}/register", data=fields)
        late = time.monotonic() - began
        assert done.status_code == 200, (done.status_code, done.text[:300])
        assert "/registered/" in str(done.url), done.url
        return late


async def come(base: str, page: str, people: int, over_s: float) -> list[float]:
    """All of them, evenly spread."""
    start = time.monotonic() + 0.5
    return await asyncio.gather(*(person(base, page, n, start + over_s * n / people) for n in range(people)))


def _event(platform: RunningPlatform) -> dict[str, Any]:
    body = {"title": "Registering", "starts_at": "2031-12-01T05:00:00Z", "capacity": _SEATS}
    event: dict[str, Any] = platform.call("POST", "/api/v1/events", body).json()
    path = f"/api/v1/events/{event['id']}/registration"
    assert platform.call("PATCH", path, {"passcode": PASSCODE}).status == 200
    asked = {"items": [{"text": "Where from?", "required": True}]}
    assert platform.call("PUT", f"{path}/questions", asked).status == 200
    return event


def measure(people: int, over_s: float) -> dict[str, object]:
    """Figures of one run on a platform of its own."""
    platform = RunningPlatform()
    try:
        platform.start()
        event = _event(platform)
        web = platform.children()["web"]
        cpu, began = cpu_s(web), time.monotonic()
        late = asyncio.run(come(platform.base_url, event["event_url"].removeprefix(platform.base_url), people, over_s))
        took = time.monotonic() - began
        cpu = cpu_s(web) - cpu
        stand: dict[str, int] = {}
        query = f"/api/v1/events/{event['id']}/attendees?limit=200"
        cursor: str | None = ""
        while cursor is not None:
            listed = platform.call("GET", query + (f"&cursor={cursor}" if cursor else "")).json()
            for one in listed["items"]:
                stand[one["status"]] = stand.get(one["status"], 0) + 1
            cursor = listed["next"]
        assert stand == {
            "approved": min(people, _SEATS),
            **({"waitlisted": people - _SEATS} if people > _SEATS else {}),
        }
        late.sort()
        return {
            "people": people,
            "over_s": over_s,
            "took_s": round(took, 1),
            "late_median_ms": round(1000 * statistics.median(late)),
            "late_p95_ms": round(1000 * late[int(0.95 * len(late))]),
            "late_most_ms": round(1000 * late[-1]),
            "web_cpu_percent": round(100 * cpu / took, 1),
            "web_cpu_ms_a_person": round(1000 * cpu / people, 1),
            "stand": stand,
        }
    finally:
        platform.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--over", type=float, default=60.0)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.people, asked.over)))
