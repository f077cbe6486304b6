"""The event in the pictures: made, presented, attended and talked in by its API and its chat, without a browser."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from scripts.picture_camera import PATIENCE_S
from scripts.picture_words import Words
from tests.chat_client import ChatClient
from tests.running import ROOT, RunningPlatform
from webinar.base.embedded import EmbeddedPostgres

HOUR: Final = dt.timedelta(minutes=62)  # for how long the event says to have been on air


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
