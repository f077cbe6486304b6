"""Pages in Chromium, as the pictures of the hosting guide have them."""

from __future__ import annotations

import io
import sys
import time
from typing import Final

from PIL import Image
from playwright.async_api import Browser, FloatRect, Page

from scripts.picture_words import Words
from tests.running import ROOT

PICTURES: Final = ROOT / "docs" / "pictures"
MAX_BYTES: Final = 150 * 1024
WIDTH: Final = 1280
PATIENCE_S: Final = 90.0
# Addresses as they look where the platform is hosted for real.
HOUSE_ADDRESS: Final = """() => {
    for (const field of document.querySelectorAll('input[readonly]'))
        field.value = field.value.replace(location.origin, 'https://webinar.example.org');
}"""


class Camera:
    """Pages of one language, and the files that are made of them."""

    def __init__(self, browser: Browser, language: str, words: Words) -> None:
        self._browser, self._language, self._words = browser, language, words

    async def page(self, height: int = 800) -> Page:
        """In a profile of its own."""
        context = await self._browser.new_context(
            locale=self._words.locale,
            timezone_id="Asia/Seoul",
            viewport={"width": WIDTH, "height": height},
            reduced_motion="reduce",
            color_scheme="light",
        )
        context.set_default_timeout(PATIENCE_S * 1000)
        return await context.new_page()

    async def take(self, name: str, page: Page, height: int | None = None, top: int = 0) -> None:
        """`height` px of the page from `top` on; what the window shows when it is not given."""
        await page.evaluate(HOUSE_ADDRESS)
        # Korean letters come with their fonts a moment after the rest.
        await page.evaluate("() => document.fonts.ready.then(() => true)")
        clip = None if height is None else FloatRect(x=0, y=top, width=WIDTH, height=height)
        taken = await page.screenshot(clip=clip, full_page=height is not None, animations="disabled")
        file = PICTURES / f"{name}-{self._language}.png"
        file.write_bytes(small(taken))
        sys.stdout.write(f"{file.name}\n")
        sys.stdout.flush()


def small(png: bytes) -> bytes:
    """The same picture of as many colours as fit."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MAX_BYTES:
            return out.getvalue()
    raise SystemExit(f"a picture does not fit into {MAX_BYTES} bytes")


async def until(page: Page, function: str, argument: object = None) -> None:
    """Polls a function on the page; Playwright's own `wait_for_function` needs an eval that our pages forbid."""
    deadline = time.monotonic() + PATIENCE_S
    while not await page.evaluate(function, argument):
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {PATIENCE_S:.0f} s on {page.url}: {function}")
        await page.wait_for_timeout(150)
