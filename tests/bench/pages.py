"""What a page weighs and when it answers on a slow machine: `python -m tests.bench.pages [--slow 4]`.

Chromium with an empty cache and its CPU slowed down by a factor, on loopback, as a phone in Korea. `interactive` is
when the last script of the page has run (the end of DOMContentLoaded, which waits for modules) or the last long task
begun before that has ended, whatever is later. The tab has shown `/healthz` before: starting a renderer is the
browser's, which keeps one ready; "nothing" is `/healthz` again, what the browser itself takes. `script_ms` and
`layout_ms` (styles too) are the page's own work until half a second after it was loaded, slowed down; `requests`
those before it was interactive. The pages take turns. Prints one JSON object, by page, medians.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
from typing import Any, Final
from urllib.parse import urljoin

from playwright.sync_api import Browser, sync_playwright

from tests.browser import on_air, page_checks, walk
from tests.media.chromium import QUIET
from tests.running import RunningPlatform

_LONG: Final = """window.longTasks = [];
new PerformanceObserver(list => longTasks.push(...list.getEntries().map(task => task.startTime + task.duration)))
    .observe({type: 'longtask', buffered: true});"""
_READY: Final = """() => {
    const ended = performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd;
    return Math.max(ended, ...window.longTasks.filter(end => end < ended + 200));
}"""


_REQUESTS: Final = """() => {
    const ended = performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd;
    return performance.getEntriesByType('resource').filter(entry => entry.startTime < ended).length + 1;
}"""


def visited(browser: Browser, address: str, state: Any, slow: float) -> dict[str, float]:
    """One visit with nothing in the cache."""
    context = browser.new_context(
        locale="ko-KR", timezone_id="Asia/Seoul", viewport={"width": 390, "height": 800}, storage_state=state
    )
    page = context.new_page()
    page.add_init_script(_LONG)
    page.goto(urljoin(address, "/healthz"))
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": slow})
    page.goto(address, wait_until="load")
    page.wait_for_timeout(500)
    spent = {entry["name"]: 1000 * entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    found = {
        "bytes": page_checks.weight(page),
        "requests": page.evaluate(_REQUESTS),
        "interactive_ms": float(page.evaluate(_READY)),
        "script_ms": spent["ScriptDuration"],
        "layout_ms": spent["LayoutDuration"] + spent["RecalcStyleDuration"],
    }
    context.close()
    return found


def addresses(platform: RunningPlatform) -> dict[str, str]:
    coming = on_air.make(platform, "가을 학술대회", "이서연", language="ko")
    live = on_air.make(platform, "지금 하는 세미나", "이서연", language="ko")
    over = on_air.make(platform, "지난 워크숍", "이서연", language="ko")
    for event in (live, over):
        platform.call("POST", f"/api/v1/events/{event.id}/start")
    platform.call("POST", f"/api/v1/events/{over.id}/end")
    host = f"{platform.base_url}/events"
    return {
        "nothing": f"{platform.base_url}/healthz",
        "home": f"{platform.base_url}/",
        "event page": coming.fields["event_url"],
        "registration": f"{coming.fields['event_url']}/register",
        "lobby": coming.guests[0],
        "room": live.guests[0],
        "replay": over.guests[0],
        "studio": coming.studio,
        "console": f"{host}/{live.id}/moderate",
        "overview": f"{host}/{coming.id}",
        "people": f"{host}/{coming.id}/people",
        "settings": f"{host}/{coming.id}/settings",
        "report": f"{host}/{over.id}/report",
    }


def measure(slow: float, rounds: int) -> dict[str, dict[str, float]]:
    platform = RunningPlatform()
    try:
        platform.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or "chromium", args=QUIET)
            host = browser.new_context(locale="en-GB")
            walk.set_up_owner(platform, host.new_page())
            state = host.storage_state()
            pages = addresses(platform)
            visits: dict[str, list[dict[str, float]]] = {name: [] for name in pages}
            for _ in range(rounds):
                for name, address in pages.items():
                    visits[name].append(visited(browser, address, state, slow))
            browser.close()
        return {
            name: {key: round(statistics.median(visit[key] for visit in made)) for key in made[0]}
            for name, made in visits.items()
        }
    finally:
        platform.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(measure(options.slow, options.rounds), indent=1))
