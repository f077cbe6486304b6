"""Takes the pictures of the hosting guide: docs/pictures/*-en.png and *-ko.png.

Run by hand when pages changed: `python -m scripts.take_pictures`. It starts the platform on free ports with a folder of
its own, makes an event with people in it, lets the demo's presenter send its talk, and photographs real pages in
Chromium. Needs what `make test` installs. The times of the audience are an hour's, told afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import io
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright

from scripts.picture_camera import WIDTH, Camera, until
from scripts.picture_event import HOUR, Event, Guest, an_hour_ago, attend, presenter, talk
from scripts.picture_props import a_deck, a_face
from scripts.picture_words import WORDS, Words
from tests.media import fake_devices
from tests.media.chromium import FAKE_DEVICES, QUIET, path
from tests.running import RunningPlatform
from webinar.demo.slides import SLIDES as SLIDE_COUNT
from webinar.demo.talk import SLIDE_SECONDS

DEVICE_NAMES: Final = """names => {
    for (const [n, source] of ['camera', 'microphone'].entries())
        document.querySelector(`select[data-source=${source}]`).selectedOptions[0].textContent = names[n];
}"""


async def before(platform: RunningPlatform, camera: Camera, host: Page, words: Words, language: str) -> None:
    """Some days ahead: what the host and the guests look at."""
    day = dt.datetime.now(dt.timezone(dt.timedelta(hours=9))) + dt.timedelta(days=6)
    event = Event(platform, words, language, day.replace(hour=14, minute=0, second=0, microsecond=0))
    event.make("approval", 16)
    guests = event.register(18)
    decided = {"status": "approved", "ids": [guest.id for guest in guests[4:]]}
    event.call("POST", f"{event.path}/attendees/decisions", decided)
    await host.goto(event.url)
    await camera.take("overview", host, 900)
    await host.goto(f"{event.url}/people")
    await camera.take("people", host, 860, top=310)
    visitor = await camera.page()
    await visitor.goto(event.fields["event_url"])
    await camera.take("event", visitor, 900)
    await visitor.context.close()


def today(platform: RunningPlatform, words: Words, language: str) -> Event:
    """Began an hour ago by its plan."""
    now = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)
    event = Event(platform, words, language, now - HOUR)
    event.make("open", 300)
    rule = {"share": 80, "enter": True}
    event.call("PUT", f"{event.path}/attendance/rules", {"windows": True, "rules": [rule]})
    return event


async def rehearse(camera: Camera, host: Page, event: Event, deck: Path) -> None:
    """The studio with slides and a camera, before it is on air."""
    await host.set_viewport_size({"width": WIDTH, "height": 860})
    await host.goto(f"{event.url}/studio")
    await host.locator("[data-scene=check] [data-do=open]").click()
    await until(host, "() => document.querySelector('[data-studio=preview]').videoWidth > 0")
    await host.locator("[data-slides=file]").set_input_files(deck)
    await until(host, "() => !document.querySelector('input[name=layout][value=side]').disabled")
    await host.locator(".scene-choice", has=host.locator("input[value=side]")).click()
    for _ in range(event.words.page - 1):
        await host.locator("[data-slides=forth]").click()
    await until(host, "() => document.querySelector('[data-check=voice]').dataset.grade === 'good'")
    await host.wait_for_timeout(3000)
    # The fake devices are named after files.
    names = [event.words.camera, event.words.microphone]
    await host.evaluate(DEVICE_NAMES, names)
    await camera.take("studio", host)
    await host.set_viewport_size({"width": WIDTH, "height": 800})


async def during(platform: RunningPlatform, camera: Camera, host: Page, event: Event, guests: list[Guest]) -> None:
    words = event.words
    async with presenter(event) as began, contextlib.AsyncExitStack() as close:
        await an_hour_ago(platform, event)
        attend(event, guests)
        line, asked = await talk(event, guests, words, close)
        room = await camera.page()
        await room.goto(guests[0].link)
        await until(
            room, "() => document.querySelector('.stage__video')?.getVideoPlaybackQuality().totalVideoFrames > 5"
        )
        for button in ("sound", "now"):
            if await room.locator(f"[data-stage={button}]").is_visible():
                await room.locator(f"[data-stage={button}]").click()
        await line.order("question", target=asked[0], state="screen")
        await room.mouse.move(1000, 760)
        await room.wait_for_timeout(4000)
        # The next slide in this language, in its middle.
        whole = SLIDE_COUNT * SLIDE_SECONDS
        waits = [(began + (n - 0.5) * SLIDE_SECONDS - time.monotonic()) % whole for n in words.slides]
        await room.wait_for_timeout(1000 * min(waits))
        await camera.take("room", room)
        await host.goto(f"{event.url}/moderate")
        await host.get_by_text(words.said[1]).first.wait_for()
        await host.wait_for_timeout(6000)
        await camera.take("console", host)
        await host.goto(f"{event.url}/attendance")
        await camera.take("attendance", host, 900)
        event.call("POST", f"{event.path}/end", {})
        await room.context.close()
    await host.goto(f"{event.url}/report")
    await camera.take("report", host, 1150)


async def run(language: str, only: str) -> None:
    words = WORDS[language]
    platform = RunningPlatform(WEBINAR_LADDER="480p", WEBINAR_SMTP_URL="smtp://127.0.0.1:9")
    try:
        platform.start()
        with tempfile.TemporaryDirectory() as folder:
            devices = [*QUIET, *FAKE_DEVICES]
            if only != "during":
                face, voice = a_face(Path(folder) / "face.mjpeg"), fake_devices.microphone(Path(folder) / "voice.wav")
                devices += [f"--use-file-for-fake-video-capture={face}", f"--use-file-for-fake-audio-capture={voice}"]
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=path(), args=devices)
                camera = Camera(browser, language, words)
                host = await camera.page()
                await host.goto(next(word for word in platform.output.split() if "/setup/" in word))
                for field, value in (
                    ("name", words.host),
                    ("email", "host@example.org"),
                    ("password", "correct horse battery"),
                ):
                    await host.locator(f"input[name={field}]").fill(value)
                await host.locator("main form button[type=submit]").click()
                await host.wait_for_url(lambda url: "/setup/" not in url)
                if only in ("", "before"):
                    await before(platform, camera, host, words, language)
                if only in ("", "studio"):
                    event = today(platform, words, language)
                    await rehearse(camera, host, event, a_deck(Path(folder) / words.deck))
                if only in ("", "during"):
                    event = today(platform, words, language)
                    await during(platform, camera, host, event, event.register(len(words.people)))
                await browser.close()
    finally:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            platform.close()
        if sys.exc_info()[0] is not None:
            sys.stderr.write(said.getvalue()[-6000:])


def chosen() -> Iterator[tuple[str, str]]:
    parser = argparse.ArgumentParser(prog="python -m scripts.take_pictures", description="Takes docs/pictures.")
    parser.add_argument("--language", choices=sorted(WORDS), help="one language only")
    parser.add_argument(
        "--only", choices=("before", "studio", "during"), default="", help="a part of the pictures only"
    )
    arguments = parser.parse_args()
    for language in [arguments.language] if arguments.language else sorted(WORDS):
        yield language, arguments.only


if __name__ == "__main__":
    for language, only in chosen():
        asyncio.run(run(language, only))
