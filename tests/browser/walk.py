"""What a person does on the pages, in words the tests read like."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.running import RunningPlatform

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Links:
    """What the host's page of an event shows."""

    event: str
    studio: str
    host: str


def profile_of(browser: Browser, *, width: int = 1280, height: int = 800, locale: str = "en-GB") -> BrowserContext:
    context = browser.new_context(locale=locale, viewport={"width": width, "height": height})
    context.set_default_timeout(20_000)
    return context


def set_up_owner(platform: RunningPlatform, page: Page) -> None:
    """The first visit by the link on the terminal."""
    link = re.search(r"(http://localhost:\d+/setup/\S+)", platform.output)
    assert link is not None, platform.output
    page.goto(link[1])
    page.get_by_label("Your name").fill("Hana Kim")
    page.get_by_label("E-mail").fill("hana@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_role("link", name="New event").first).to_be_visible()


def sign_in(platform: RunningPlatform, page: Page) -> None:
    page.goto(f"{platform.base_url}/sign-in")
    page.get_by_label("E-mail").fill("hana@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="New event").first).to_be_visible()


def new_event(platform: RunningPlatform, page: Page, title: str, registration: str = "Open") -> Links:
    page.goto(f"{platform.base_url}/events/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Description").fill("Two speakers, one hour.\nQuestions at the end.")
    page.get_by_role("radio", name=registration).check()
    page.get_by_role("button", name="Create the event").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    values = page.locator("input[readonly]").evaluate_all("inputs => inputs.map(input => input.value)")
    return Links(
        event=next(v for v in values if "/e/" in v), studio=next(v for v in values if "/s/" in v), host=page.url
    )


def register(page: Page, event_url: str, name: str) -> str:
    """Registers on the event page; returns the personal link."""
    page.goto(event_url)
    page.get_by_role("link", name="Register").first.click()
    page.get_by_label("Name").fill(name)
    address = "".join(c for c in name.lower() if c.isascii() and c.isalpha())
    page.get_by_label("E-mail").fill(f"{address}@example.org")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Register").click()
    return page.get_by_label("Your personal link").input_value()


def go_live(page: Page, studio_url: str) -> None:
    """Opens camera and microphone in the studio and goes on air."""
    page.goto(studio_url)
    page.get_by_role("button", name="Turn on camera and microphone").click()
    until(page, "() => document.querySelector('[data-studio=preview]').videoWidth > 0")
    page.get_by_role("button", name="Go live").click()
    expect(page.locator("[data-bar=live]")).to_be_visible(timeout=30_000)


def until(page: Page, function: str, argument: object = None, seconds: float = 30) -> None:
    """Polls a function on the page; Playwright's own `wait_for_function` needs an eval that our pages forbid."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(function, argument):
        assert time.monotonic() < deadline, f"not within {seconds} s: {function} {argument}\n{page.url}\n{state(page)}"
        page.wait_for_timeout(100)


def state(page: Page) -> object:
    """What the room's picture is doing, for a failure's message."""
    return page.evaluate(
        """() => {
            const video = document.querySelector('.stage__video');
            const stage = document.querySelector('[data-stage=root]');
            const quality = video?.getVideoPlaybackQuality();
            return {stage: {...stage?.dataset}, paused: video?.paused, width: video?.videoWidth, at: video?.currentTime,
                ready: video?.readyState, frames: quality?.totalVideoFrames, dropped: quality?.droppedVideoFrames,
                notice: document.querySelector('[data-stage=notice-text]')?.textContent};
        }"""
    )


def playing(page: Page, transport: str, seconds: float = 90) -> None:
    """Until the room's picture moves over the transport."""
    until(
        page,
        """transport => {
            const video = document.querySelector('.stage__video');
            const stage = document.querySelector('[data-stage=root]');
            return stage?.dataset.transport === transport && !video.paused && video.videoWidth > 0
                && video.getVideoPlaybackQuality().totalVideoFrames > 20;
        }""",
        transport,
        seconds,
    )


def loudness(page: Page, seconds: float = 40) -> float:
    """The loudest sample heard of the room's video within a while, 0..1; the sound must have been turned on."""
    peak: float = page.evaluate(
        """async limit => {
            const video = document.querySelector('.stage__video');
            const context = new AudioContext();
            const analyser = context.createAnalyser();
            const source = video.srcObject ? context.createMediaStreamSource(video.srcObject)
                : context.createMediaStreamSource(video.captureStream());
            source.connect(analyser);
            const samples = new Float32Array(analyser.fftSize);
            const until = performance.now() + limit;
            let peak = 0;
            while (performance.now() < until && peak < 0.05) {
                await new Promise(done => setTimeout(done, 50));
                analyser.getFloatTimeDomainData(samples);
                for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
            }
            await context.close();
            return peak;
        }""",
        seconds * 1000,
    )
    return peak


def turn_sound_on(page: Page) -> None:
    """By the large button; it is not there for who had clicked on this page before, and hears from the first moment."""
    button = page.get_by_role("button", name="Turn sound on")
    if page.evaluate("() => document.querySelector('.stage__video').muted"):
        button.click()
    expect(button).to_be_hidden()
    assert not page.evaluate("() => document.querySelector('.stage__video').muted")


def say(page: Page, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.get_by_label("Write a message").press("Enter")


def messages(page: Page) -> list[str]:
    """The bodies shown in the chat, in order."""
    found: list[Any] = page.locator("[data-chat=list] .msg__body").all_inner_texts()
    return [str(text) for text in found]
