"""One platform as `webinar serve` gives it, and one real Chromium, for all browser tests of a process.

Each test makes its own event, people and browser profiles. A service that a test kills comes back within the same
test; one that needs other settings starts a platform of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser import walk
from tests.media import fake_devices
from tests.media.chromium import FAKE_DEVICES, QUIET, path
from tests.running import RunningPlatform

# How long a condition is waited for; Playwright's own 5 s are short on a machine that is busy.
expect.set_options(timeout=20_000)

# What a firewall that lets no UDP through leaves of WebRTC.
NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return path()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def devices(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Switches that give Chromium a camera, a microphone and a screen without asking anybody."""
    folder: Path = tmp_path_factory.mktemp("devices")
    return [
        *FAKE_DEVICES,
        "--auto-select-desktop-capture-source=Entire screen",
        f"--use-file-for-fake-video-capture={fake_devices.camera(folder / 'camera.mjpeg')}",
        f"--use-file-for-fake-audio-capture={fake_devices.microphone(folder / 'microphone.wav')}",
    ]


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium_path: str, devices: list[str]) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path, args=[*QUIET, *devices])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def chromium(browser: Browser) -> Iterator[Browser]:
    """For one file, which leaves no page behind."""
    assert browser.is_connected(), "Chromium is gone"
    yield browser
    for context in browser.contexts:
        context.close()


@pytest.fixture(scope="module")
def chromium_without_udp(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path, args=[*QUIET, NO_UDP])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def installation(browser: Browser) -> Iterator[RunningPlatform]:
    """Started, and visited for the first time by its owner."""
    running = RunningPlatform()
    try:
        running.start()
        with closing(walk.profile_of(browser)) as context:
            walk.set_up_owner(running, context.new_page())
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def platform(installation: RunningPlatform) -> Iterator[RunningPlatform]:
    """As a file finds it: all of it serves, and nothing that an earlier file left is on air."""
    installation.wait_for(installation.ready, 60, "all services ready")
    yield installation
    for event in installation.call("GET", "/api/v1/events?limit=100").json()["items"]:
        if event["state"] == "live":
            installation.call("POST", f"/api/v1/events/{event['id']}/end")


@pytest.fixture(autouse=True)
def said(installation: RunningPlatform) -> Iterator[None]:
    """What the platform said during a test is shown with its failure."""
    before = len(installation.output)
    yield
    sys.stderr.write(installation.output[before:])


@pytest.fixture
def profile(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own: no cookie of anybody else."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def guest(chromium: Browser) -> Iterator[Page]:
    """A page of somebody new, of the size of a laptop."""
    with closing(walk.profile_of(chromium)) as context:
        yield context.new_page()
