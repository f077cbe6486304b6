"""Every page that can be reached by links, from the host's home and from the links people are given; and those that
say no: a registration that was cancelled or declined, an address that is none.

With `--long` each is looked at narrow and wide, in both languages and both themes; else once, narrow, Korean and dark,
which is where most goes wrong. What becomes of a person on the way to a seat is looked at by the walk through a
conference (tests/browser/conference).
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urldefrag, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import on_air, page_checks, walk
from tests.running import RunningPlatform

pytestmark = pytest.mark.timeout(600)

_ID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# What a link leads to that is no page.
_NO_PAGE: Final = re.compile(
    r"\.(csv|json|xlsx|zip|ics|svg|png|webp|pdf|mp4|m4a|vtt|bundle)$|^/(api|static|recordings)/"
)
_HEAVIEST: Final = 100 * 1024
_LOOKS: Final = (
    (390, "ko-KR", "dark"),
    (1280, "en-GB", "light"),
    (390, "en-GB", "light"),
    (1280, "ko-KR", "dark"),
    (1920, "ko-KR", "light"),
)
_TITLES: Final = ("가을 학술대회", "지금 하는 세미나", "지난 워크숍")
_NAMES: Final = ("Hana Kim", "hana@example.org", "guest0@example.org", "이서연")


@dataclass(slots=True)
class Found:
    """What was wrong, by page."""

    pages: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def _kind(path: str) -> str:
    """Pages of one kind have the same form of address."""
    kind = re.sub(_ID, "{id}", path)
    kind = re.sub(r"^/e/[^/]+", "/e/{slug}", kind)
    kind = re.sub(r"/(registered|cancel)/[^/]+$", r"/\1/{token}", kind)
    kind = re.sub(r"/mails/[a-z_-]+", "/mails/{kind}", kind)
    return re.sub(r"^/(j|s|m|h|verify)/[^/]+", r"/\1/{token}", kind)


def _links(page: Page, base: str) -> list[str]:
    addresses: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('a[href]:not([download])')]
            .filter(link => !link.closest('[hidden]')).map(link => link.href)"""
    )
    found = []
    for address in addresses:
        plain = urldefrag(address)[0]
        parts = urlsplit(plain)
        if plain.startswith(base) and not _NO_PAGE.search(parts.path):
            found.append(plain)
    return found


def _look(
    page: Page, watch: page_checks.Watch, name: str, own: tuple[str, ...] | None, found: Found, status: int
) -> None:
    """`own`: words that tests have typed, on a page in Korean. `status`: what the page was meant to answer."""
    strangers, errors = watch.taken()
    if status >= 400:
        errors = [error for error in errors if f"status of {status}" not in error]
    wide = page_checks.too_wide(page)
    found.wrong += [f"{name}: asks {address}" for address in strangers]
    found.wrong += [f"{name}: {error}" for error in errors]
    weight = page_checks.weight(page)
    found.wrong += [f"{name}: {weight} bytes before any picture"] if weight > _HEAVIEST else []
    found.wrong += [f"{name}: scrolls sideways by {wide}"] if wide else []
    found.wrong += [f"{name}: {text}" for text in page_checks.hindrances(page)]
    if own is not None:
        found.wrong += [f"{name}: not in Korean: {text}" for text in page_checks.untranslated(page, own)]


def _crawl(
    context: BrowserContext,
    platform: RunningPlatform,
    starts: dict[str, int],
    look: tuple[int, str, str],
    own: tuple[str, ...],
    found: Found,
) -> None:
    """`starts`: addresses, and what each answers."""
    watch = page_checks.Watch(context, platform)
    page = context.new_page()
    queue, seen = deque(starts), set[str]()
    while queue:
        address = queue.popleft()
        kind = _kind(urlsplit(address).path)
        state = "" if address not in starts else f" ({list(starts).index(address)})"
        if kind + state in seen or (not state and kind in seen):
            continue
        seen |= {kind, kind + state}
        answer = page.goto(address)
        name = f"{kind}{state} at {look[0]} {look[1]} {look[2]}"
        found.pages.append(kind)
        status = starts.get(address, 200)
        if answer is None or answer.status != status:
            found.wrong.append(f"{name}: {None if answer is None else answer.status}")
            continue
        _look(page, watch, name, own if look[1].startswith("ko") else None, found, status)
        queue.extend(_links(page, platform.base_url))
    page.close()


def _events(platform: RunningPlatform) -> list[dict[str, Any]]:
    """One to come, one on air (nobody sends), one that is over; each with one guest."""
    made = [on_air.make(platform, title, "이서연", language="ko") for title in _TITLES]
    over = f"/api/v1/events/{made[2].id}"
    for event in made[1:]:
        platform.call("POST", f"/api/v1/events/{event.id}/start")
    platform.wait_for(lambda: platform.call("GET", f"{over}/live").json()["recorded_until_s"] > 1, 40)
    platform.call("POST", f"{over}/end")
    platform.wait_for(lambda: platform.call("GET", f"{over}/recordings").json()["items"][0]["state"] == "ready", 40)
    return [event.fields | {"guest": event.guests[0]} for event in made]


def _refused(platform: RunningPlatform, event: dict[str, Any]) -> dict[str, int]:
    """Addresses that open nothing, or nothing any more."""
    people = f"/api/v1/events/{event['id']}/attendees"
    made = [
        platform.call("POST", people, {"name": "이서연", "email": f"{state}@example.org"}).json()
        for state in ("cancelled", "declined")
    ]
    platform.call("DELETE", f"{people}/{made[0]['id']}")
    platform.call("PATCH", f"{people}/{made[1]['id']}", {"status": "declined"})
    return {
        made[0]["join_url"]: 410,
        made[1]["join_url"]: 200,
        f"{platform.base_url}/j/{'a' * 51}": 401,
        f"{platform.base_url}/nowhere": 404,
    }


def test_every_page_asks_nobody_else_is_translated_fits_and_can_be_used_by_everybody(
    platform: RunningPlatform, chromium: Browser, long: bool
) -> None:
    events = _events(platform)
    # Other tests' events stand on the host's home, too.
    titles = [event["title"] for event in platform.call("GET", "/api/v1/events?limit=100").json()["items"]]
    own = (*sorted(titles, key=len, reverse=True), *_NAMES)
    refused = _refused(platform, events[0])
    found = Found()
    for look in _LOOKS if long else _LOOKS[:1]:
        width, locale, theme = look
        host = walk.profile_of(chromium, width=width, locale="en-GB")
        page = host.new_page()
        walk.sign_in(platform, page)
        page.close()
        state = host.storage_state()
        host.close()
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            locale=locale,
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            storage_state=state,
        )
        starts = [f"{platform.base_url}/", f"{platform.base_url}/events/{events[2]['id']}"]
        starts += [event["event_url"] for event in events]
        starts += [event["studio_url"] for event in events[:1]]
        starts += [event["guest"] for event in events]
        starts += [event["moderate_url"] for event in events[1:2]]
        _crawl(context, platform, {**dict.fromkeys(starts, 200), **refused}, look, own, found)
        context.close()
    for event in events[1:2]:
        platform.call("POST", f"/api/v1/events/{event['id']}/end")
    assert not found.wrong, "\n" + "\n".join(sorted(set(found.wrong))[:200])
    assert len(set(found.pages)) > 15
