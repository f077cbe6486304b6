"""An event that is live, made for tests of what happens in its room and studio."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import walk
from tests.running import RunningPlatform

# In the room: how it plays right now. The count of frames begins anew with every session.
STATE = """() => {
    const { play, transport } = document.querySelector('[data-stage=root]').dataset;
    const video = document.querySelector('.stage__video');
    return { play, transport, frames: video.getVideoPlaybackQuality().totalVideoFrames, muted: video.muted,
             paused: video.paused };
}"""


@dataclass(frozen=True, slots=True)
class Event:
    """As the API made it, with the personal links of its guests."""

    id: str
    studio: str
    guests: tuple[str, ...]
    fields: dict[str, Any]


def make(platform: RunningPlatform, title: str, *guests: str, language: str = "en", names_shown: bool = False) -> Event:
    """Scheduled for in an hour, open, with these people approved."""
    starts = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    fields: dict[str, Any] = {
        "title": title,
        "starts_at": starts.isoformat(),
        "timezone": "Asia/Seoul",
        "language": language,
    }
    fields["names_shown"] = names_shown
    event = platform.call("POST", "/api/v1/events", fields).json()
    links = []
    for index, name in enumerate(guests):
        person = {"name": name, "email": f"guest{index}@example.org"}
        links.append(platform.call("POST", f"/api/v1/events/{event['id']}/attendees", person).json()["join_url"])
    return Event(event["id"], event["studio_url"], tuple(links), event)


def enter(page: Page, link: str, transport: str) -> None:
    """Opens a personal link and waits for the picture."""
    page.goto(link)
    walk.playing(page, transport)


def sending(page: Page, state: str = "sending", seconds: float = 40) -> None:
    """Until the studio is in a state of sending."""
    expect(page.locator("[data-studio=root]")).to_have_attribute("data-sending", state, timeout=seconds * 1000)
