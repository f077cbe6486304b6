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
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
from PIL import Image, ImageDraw
from playwright.async_api import Browser, FloatRect, Page, async_playwright

from scripts.picture_words import WORDS, Words
from tests.chat_client import ChatClient
from tests.media import fake_devices
from tests.media.chromium import FAKE_DEVICES, QUIET, path
from tests.running import ROOT, RunningPlatform
from webinar.base.embedded import EmbeddedPostgres
from webinar.demo.slides import SLIDES as SLIDE_COUNT
from webinar.demo.slides import STRIP_TOP
from webinar.demo.talk import SLIDE_SECONDS

PICTURES: Final = ROOT / "docs" / "pictures"
SLIDES: Final = ROOT / "webinar" / "demo" / "assets"
MAX_BYTES: Final = 150 * 1024
WIDTH: Final = 1280
HOUR: Final = dt.timedelta(minutes=62)  # for how long the event says to have been on air
PATIENCE_S: Final = 90.0
DEVICE_NAMES: Final = """names => {
    for (const [n, source] of ['camera', 'microphone'].entries())
        document.querySelector(`select[data-source=${source}]`).selectedOptions[0].textContent = names[n];
}"""
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


def a_face(file: Path, frames: int = 24) -> Path:
    """Motion JPEG for the fake camera, 1280x720: somebody drawn, who moves a little."""
    with file.open("wb") as out:
        for n in range(frames):
            image = Image.new("RGB", (640, 360), "#d8dfdb")
            draw = ImageDraw.Draw(image)
            draw.rectangle((0, 290, 640, 360), fill="#c2ccc6")
            draw.rounded_rectangle((40, 40, 200, 200), 6, fill="#eef2ef", outline="#b4c0b9", width=4)
            draw.line((40, 120, 200, 120), fill="#b4c0b9", width=4)
            sway = abs(n - frames // 2) // 6
            draw.rounded_rectangle((190 + sway, 250, 450 + sway, 420), 90, fill="#1d5d57")
            draw.rectangle((296 + sway, 220, 344 + sway, 270), fill="#d9a987")
            draw.ellipse((250 + sway, 80, 390 + sway, 245), fill="#e3b594")
            draw.pieslice((240 + sway, 62, 400 + sway, 230), 180, 360, fill="#33302d")
            image.resize((1280, 720), Image.Resampling.BILINEAR).save(out, "JPEG", quality=80)
    return file


def a_deck(file: Path) -> Path:
    """The demo's slides as a PDF, without the strip for its clocks."""
    pages = []
    for n in range(1, SLIDE_COUNT + 1):
        page = Image.open(SLIDES / f"slide-{n}.png").convert("RGB")
        page.paste(page.crop((0, STRIP_TOP - 8, 1280, STRIP_TOP - 2)).resize((1280, 720 - STRIP_TOP)), (0, STRIP_TOP))
        pages.append(page)
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    return file


@dataclass
class Guest:
    id: str
    token: str
    link: str


class Event:
    """One of the platform's events, by its API, as its host."""

    def __init__(self, platform: RunningPlatform, words: Words, language: str, starts_at: dt.datetime) -> None:
        self._platform, self.words, self._language = platform, words, language
        made = platform.run("token", "create", "--name", words.host, "--json")
        self._token = made.stdout.split('"token": "')[1].split('"')[0]
        self.starts_at = starts_at
        self.fields: dict[str, Any] = {}

    def call(self, method: str, path: str, body: object = None, token: str | None = None) -> Any:
        reply = self._platform.call(method, f"/api/v1{path}", body, token=token or self._token)
        if reply.status >= 400:
            raise SystemExit(f"{method} {path}: {reply.status} {reply.body.decode()}")
        return reply.json() if reply.body else None

    @property
    def path(self) -> str:
        return f"/events/{self.fields['id']}"

    @property
    def url(self) -> str:
        return f"{self._platform.base_url}{self.path}"

    def make(self, registration: str, seats: int) -> None:
        words = self.words
        lasts = sum(minutes for _, _, minutes in words.agenda)
        self.fields = self.call(
            "POST",
            "/events",
            {
                "title": words.title,
                "organizer": words.organizer,
                "description": words.description,
                "language": self._language,
                "timezone": "Asia/Seoul",
                "registration": registration,
                "capacity": seats,
                "starts_at": self.starts_at.isoformat(),
                "ends_at": (self.starts_at + dt.timedelta(minutes=lasts)).isoformat(),
            },
        )
        ends = list(itertools.accumulate(minutes for _, _, minutes in words.agenda))
        items = [
            {
                "title": title,
                "speakers": speakers,
                "starts_at": (self.starts_at + dt.timedelta(minutes=end - minutes)).isoformat(),
                "ends_at": (self.starts_at + dt.timedelta(minutes=end)).isoformat(),
            }
            for (title, speakers, minutes), end in zip(words.agenda, ends, strict=True)
        ]
        self.call("PUT", f"{self.path}/agenda", {"items": items})
        self.call("PUT", f"{self.path}/speakers", {"items": [{"name": n, "role": r} for n, r in words.speakers]})
        question = {"text": words.question, "kind": "text"}
        self.call("PUT", f"{self.path}/registration/questions", {"items": [question]})

    def register(self, count: int) -> list[Guest]:
        guests = []
        for n, name in enumerate(self.words.people[:count]):
            person = {
                "name": name,
                "email": f"guest{n + 1}@example.org",
                "language": self._language,
                "answers": {self.words.question: self.words.works[n % len(self.words.works)]},
            }
            made = self.call("POST", f"{self.path}/attendees", person)
            guests.append(Guest(made["id"], made.get("viewer_token") or "", made.get("join_url") or ""))
        return guests


async def until(page: Page, function: str, argument: object = None) -> None:
    """Polls a function on the page; Playwright's own `wait_for_function` needs an eval that our pages forbid."""
    deadline = time.monotonic() + PATIENCE_S
    while not await page.evaluate(function, argument):
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {PATIENCE_S:.0f} s on {page.url}: {function}")
        await page.wait_for_timeout(150)


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


@contextlib.asynccontextmanager
async def presenter(event: Event) -> AsyncIterator[float]:
    """The demo's talk, on air; since when, by the clock of this process."""
    argv = [sys.executable, "-m", "webinar.demo.publish", "--whip-url", event.fields["whip_url"]]
    env = {**os.environ, "WEBINAR_STREAM_KEY": event.fields["stream_key"]}
    process = await asyncio.create_subprocess_exec(*argv, env=env, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while (event.call("GET", f"{event.path}/live").get("publisher") or {}).get("fps", 0) <= 0:
            if time.monotonic() > deadline:
                raise SystemExit("the presenter's stream did not arrive")
            await asyncio.sleep(0.3)
        began = time.monotonic() - 1.5  # its first picture has been on its way for a while
        event.call("POST", f"{event.path}/start", {})
        yield began
    finally:
        process.terminate()
        await process.wait()


async def an_hour_ago(platform: RunningPlatform, event: Event) -> None:
    """Lets the event have begun an hour ago, and its people have come then."""
    url = EmbeddedPostgres.running_url(platform.folder)
    if url is None:
        raise SystemExit("the database does not run")
    database = await asyncpg.connect(url)
    try:
        await database.execute(
            "update event set started_at = now() - $2::interval where id = $1", event.fields["id"], HOUR
        )
        await database.execute(
            "update attendee set first_joined_at = now() - $2::interval,"
            " registered_at = now() - random() * interval '9 days' where event_id = $1",
            event.fields["id"],
            HOUR,
        )
    finally:
        await database.close()


def attend(event: Event, guests: list[Guest]) -> None:
    """Each was there in a way of their own: the whole time, late, with a gap, or for a while."""
    now = dt.datetime.now(dt.UTC)
    began = now - HOUR + dt.timedelta(seconds=2)
    for n, guest in enumerate(guests[:-2]):
        came = dt.timedelta(minutes=(n * 7) % 5 if n % 6 else 14)
        left = dt.timedelta(minutes=(n * 5) % 9 if n % 5 else 0)
        spans = [(began + came, now - left)]
        if n % 4 == 3:
            cut = began + dt.timedelta(minutes=20 + n)
            spans = [(began + came, cut), (cut + dt.timedelta(minutes=6 + n % 7), now - left)]
        beats = [{"kind": "live", "started_at": a.isoformat(), "ended_at": b.isoformat()} for a, b in spans]
        marks = [{"kind": "enter", "at": (began + came).isoformat()}]
        event.call("POST", "/attendance", {"device": f"device{n}", "beats": beats, "marks": marks}, guest.token)


async def talk(
    event: Event, guests: list[Guest], words: Words, close: contextlib.AsyncExitStack
) -> tuple[ChatClient, list[int]]:
    """People write and ask; the host opens a poll. Returns the host's line, and the questions by number."""

    def line(ask: str, token: str | None) -> ChatClient:
        def given() -> dict[str, str]:
            answer = event.call("GET", ask, token=token)
            return dict(answer.get("chat") or answer)

        return ChatClient(given()["url"], lambda: given()["ticket"], origin=event.fields["event_url"].split("/e/")[0])

    host = line(f"{event.path}/studio/ticket", None)
    people = [line("/playback", guest.token) for guest in guests[1:8]]
    for one in (host, *people):
        await one.open()
        close.push_async_callback(one.close)
    # A machine without a font for emoji shows boxes.
    await host.order("settings", reactions=False, words=[words.blocked])
    said = [await one.say(text) for one, text in zip(people, words.said, strict=False)]
    await host.order("pin", target=said[0])
    await people[6].send(words.held)
    asked = []
    for n, (text, votes) in enumerate(words.asked):
        asked.append((await people[n].surely("ask", body=text))["seq"])
        for one in people[:votes]:
            await one.surely("vote", question=asked[-1], up=True)
    question, options = words.poll
    made = await host.order(
        "poll_save", question=question, kind="single", options=list(options), anonymous=False, live=True
    )
    await host.order("poll", poll=made["seq"], state="open")
    for n, one in enumerate(people[:6]):
        await one.surely("answer_poll", poll=made["seq"], choices=[(0, 2, 2, 1, 2, 0)[n]])
    await host.order("note", body=words.note)
    await host.order("question", target=asked[1], state="queue")
    await people[4].surely("hand", up=True)
    return host, asked


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
