"""What composing costs a presenter's computer: `python -m tests.bench.studio`.

One Chromium (fake camera, 720p at 30 fps; encoder in software and no graphics card, so the worst there is) rehearses
against a whole platform on the same machine. For each layout: processor time of all processes of the browser, frames
that it sends, and how many of them while the page's own thread is blocked.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import on_air, walk
from tests.browser.test_studio import slides
from tests.media.chromium import QUIET, path
from tests.running import RunningPlatform

DEVICES = ("--use-fake-device-for-media-stream=fps=30", "--use-fake-ui-for-media-stream")
SCREEN = "--auto-select-desktop-capture-source=Entire screen"
SECONDS = 12.0
SETTLE_MS = 5000
TICK = os.sysconf("SC_CLK_TCK")


def browser_s(root: int) -> float:
    """Processor seconds of a process and everything below it."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        parents[int(entry.name)] = int(fields[1])
        used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICK
    family = {root}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(used.get(pid, 0.0) for pid in family)


def browser_pid() -> int:
    """Of the Chromium below Playwright's driver, which is below us."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and b"--use-fake-device" in (entry / "cmdline").read_bytes():
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            if not any(argument.startswith(b"--type=") for argument in arguments):
                return int(entry.name)
    raise RuntimeError("no Chromium is running")


def frames(page: Page) -> int:
    """That the browser has sent of the program."""
    sent: int = page.evaluate(
        """async () => {
            for (const pc of window.made) {
                if (pc.connectionState !== 'connected') continue;
                for (const report of (await pc.getStats()).values())
                    if (report.type === 'outbound-rtp' && report.kind === 'video') return report.framesSent;
            }
            return 0;
        }"""
    )
    return sent


def measure(page: Page, root: int, name: str) -> None:
    page.wait_for_timeout(SETTLE_MS)
    used, sent, began = browser_s(root), frames(page), time.monotonic()
    page.wait_for_timeout(SECONDS * 1000)
    took = time.monotonic() - began
    cpu, fps = (browser_s(root) - used) / took, (frames(page) - sent) / took
    before = frames(page)
    page.evaluate("() => { const end = performance.now() + 3000; while (performance.now() < end); }")
    busy = (frames(page) - before) / 3
    print(f"{name:<34} {cpu:5.2f} cores {fps:5.1f} fps sent {busy:5.1f} fps while the page is blocked", flush=True)


def main() -> None:
    platform = RunningPlatform()
    with tempfile.TemporaryDirectory() as folder:
        deck = Path(folder) / "deck.pdf"
        deck.write_bytes(slides("Heart failure", "Results"))
        try:
            platform.start()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=path(), args=[*QUIET, *DEVICES, SCREEN])
                with closing(browser):
                    walk_through(platform, walk.profile_of(browser).new_page(), deck)
        finally:
            platform.close()


def walk_through(platform: RunningPlatform, page: Page, deck: Path) -> None:
    event = on_air.make(platform, "Measured")
    page.add_init_script(
        """window.made = [];
        const Connection = window.RTCPeerConnection;
        window.RTCPeerConnection = class extends Connection {
            constructor(...given) { super(...given); window.made.push(this); }
        };
        """
    )
    page.goto(event.studio)
    page.get_by_role("button", name="Turn on camera and microphone").click()
    on_air.sending(page)
    root = browser_pid()
    measure(page, root, "camera, as it comes")
    page.get_by_label("Slides as a PDF file").set_input_files(deck)
    measure(page, root, "slides, composed")
    page.keyboard.press("3")
    measure(page, root, "slides and camera side by side")
    page.keyboard.press("4")
    measure(page, root, "slides, camera in the corner")
    page.get_by_role("button", name="Share a screen", exact=True).click()
    page.keyboard.press("4")
    measure(page, root, "screen, camera in the corner")
    page.keyboard.press("2")
    measure(page, root, "screen, as it comes, 1080p")


if __name__ == "__main__":
    main()
