"""What holds of every page, looked at in Chromium: nobody else is asked, nothing is refused, everybody can use it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from tests.running import ROOT, RunningPlatform

_AXE: Final = ROOT / ".venv" / "share" / "axe" / "axe.min.js"
# Rules of WCAG 2.2 AA and those that axe calls good practice; of what is found, what hinders people.
_HINDERS: Final = ("serious", "critical")

# Gives the visible text nodes, without what people typed and what is shown as it is: addresses, code, names.
_TEXTS: Final = """() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        if (!parent || parent.closest('script, style, code, pre, textarea, time, option')) continue;
        if (parent.closest('[data-own-words], [translate=no]')) continue;
        if (parent.closest('[hidden]') || !parent.checkVisibility({opacityProperty: true, visibilityProperty: true}))
            continue;
        found.push(walker.currentNode.data.trim());
    }
    for (const element of document.querySelectorAll('[aria-label], [placeholder], [title], img[alt]'))
        if (!element.closest('[data-own-words], [translate=no], [hidden]'))
            for (const name of ['aria-label', 'placeholder', 'title', 'alt'])
                found.push(element.getAttribute(name) ?? '');
    return found.filter(text => text);
}"""
# Words of English in a text of which no letter is Korean; products and formats are called the same everywhere.
_ENGLISH: Final = re.compile(r"\b[A-Za-z][a-z]{2,}\b(?:\s+\b[A-Za-z][a-z]+\b)+")
_HANGUL: Final = re.compile(r"[가-힣]")


class Watch:
    """Over one context: every request and every socket, every refusal of the policy, every error of a script."""

    def __init__(self, context: BrowserContext, platform: RunningPlatform) -> None:
        self.own = {platform.base_url, f"ws://localhost:{platform.env['WEBINAR_CHAT_PORT']}"}
        self.asked: set[str] = set()
        self.strangers: list[str] = []
        self.errors: list[str] = []
        context.on("request", lambda request: self._ask(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self._ask(socket.url)))
        context.on("console", self._said)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _ask(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("data", "blob", "about"):
            return
        origin = f"{parts.scheme}://{parts.netloc}"
        self.asked.add(origin)
        if origin not in self.own:
            self.strangers.append(address)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "") if message.location else ""
            self.errors.append(f"{message.text} ({where})")

    def taken(self) -> tuple[list[str], list[str]]:
        """(strangers, errors) since the last call."""
        found = self.strangers, self.errors
        self.strangers, self.errors = [], []
        return found


def hindrances(page: Page) -> list[str]:
    """What axe-core finds serious or worse: rule, element, and what to do."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(Path(_AXE).read_text())
    result: dict[str, Any] = page.evaluate(
        """() => axe.run(document, {resultTypes: ['violations'],
               runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"""
    )
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} – {node['failureSummary'][:300]}"
        for violation in result["violations"]
        if violation["impact"] in _HINDERS
        for node in violation["nodes"][:3]
    ]


def untranslated(page: Page, own: tuple[str, ...]) -> list[str]:
    """English sentences on a page that is in Korean, without `own` (what the test itself typed)."""
    texts: list[str] = page.evaluate(_TEXTS)
    left = []
    for text in texts:
        for words in own:
            text = text.replace(words, "")
        if _ENGLISH.search(text) and not _HANGUL.search(text):
            left.append(text[:120])
    return left


def too_wide(page: Page) -> str:
    """The element that makes the page scroll sideways; empty when none does."""
    found: str = page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return '';
            const outside = [...document.body.querySelectorAll('*')].filter(
                element => element.getBoundingClientRect().right > width + 1);
            return (outside.at(-1) ?? document.body).outerHTML.slice(0, 160);
        }"""
    )
    return found


def weight(page: Page) -> int:
    """Bytes of the page, its scripts and its styles as they are sent, that came before it was there.

    Without pictures, media and what plays those; and without what it asks for afterwards.
    """
    found: int = page.evaluate(
        """() => {
            const [visit] = performance.getEntriesByType('navigation');
            return [visit, ...performance.getEntriesByType('resource')]
                .filter(entry => ['navigation', 'script', 'link', 'css', 'other'].includes(entry.initiatorType))
                .filter(entry => entry.startTime <= visit.loadEventStart)
                .filter(entry => !/\\.(png|webp|jpg|svg|mp4|m4s|m3u8)(\\?|$)|\\/hls\\.min\\.js$/.test(entry.name))
                .reduce((sum, entry) => sum + entry.encodedBodySize, 0);
        }"""
    )
    return found
