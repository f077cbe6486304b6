"""Chromium as tests run it: where it is, and what it is told not to do."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Page, async_playwright

QUIET = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A camera and a microphone of its own, without asking anybody.
FAKE_DEVICES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
AUTOPLAY = "--autoplay-policy=no-user-gesture-required"


def path() -> str:
    """The program."""
    found = shutil.which("chromium")
    assert found is not None, "Chromium is missing: `make test` installs it (scripts/system-packages.sh)"
    return found


@contextlib.asynccontextmanager
async def chromium(url: str, *arguments: str) -> AsyncIterator[Page]:
    """A page at `url` that plays without a click."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path(), args=[*QUIET, AUTOPLAY, *arguments])
        try:
            page = await browser.new_page()
            await page.goto(url)
            yield page
        finally:
            await browser.close()
