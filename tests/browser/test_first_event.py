"""One event from "New event" to the downloaded recording, as host, presenter and three guests live it in Chromium."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import walk
from tests.media.mp4_probe import probe
from tests.running import RunningPlatform

MESSAGES = ["안녕하세요! 잘 보입니다.", "Hello from Lisbon", "<b>not bold</b> & 'quoted'"]


@pytest.fixture
def pages(chromium: Browser, chromium_without_udp: Browser) -> Iterator[dict[str, Page]]:
    """A browser profile for each person."""
    people = {
        "host": chromium,
        "presenter": chromium,
        "Mina": chromium,
        "João": chromium,
        "Firewalled": chromium_without_udp,
    }
    with ExitStack() as stack:
        opened = {}
        for name, browser in people.items():
            width, height = (390, 844) if name == "João" else (1280, 800)
            context = walk.profile_of(browser, width=width, height=height)
            stack.callback(context.close)
            opened[name] = context.new_page()
        yield opened


@pytest.mark.timeout(300)
def test_one_event_from_new_event_to_the_downloaded_recording(
    platform: RunningPlatform, pages: dict[str, Page], tmp_path: Path
) -> None:
    host, presenter = pages["host"], pages["presenter"]
    guests = {name: pages[name] for name in ("Mina", "João", "Firewalled")}

    # The owner signs in, makes an event and gets its links.
    walk.sign_in(platform, host)
    links = walk.new_event(platform, host, "Spring meeting 봄 학술대회")

    # Guests register on the event page and wait in the lobby by their personal links.
    for name, page in guests.items():
        page.goto(walk.register(page, links.event, f"{name} Guest"))
        expect(page.locator("[data-scene=lobby]")).to_be_visible()
        expect(page.get_by_text("it starts by itself")).to_be_visible()

    # The presenter sees camera and microphone, goes live, and sees that it is.
    walk.go_live(presenter, links.studio)
    expect(presenter.locator("[data-bar=time]")).not_to_have_text("0:00")
    expect(presenter.locator("[data-bar=sent]")).to_contain_text("Mbit/s")
    expect(presenter.locator("[data-bar=saved]")).to_be_visible()

    # The lobby turns into the room by itself; who has no UDP gets LL-HLS.
    walk.playing(guests["Mina"], "whep")
    walk.playing(guests["João"], "whep")
    walk.playing(guests["Firewalled"], "hls")
    for page in guests.values():
        walk.turn_sound_on(page)
        assert walk.loudness(page) >= 0.05

    # Sharing a screen does not interrupt.
    presenter.get_by_role("button", name="Share a screen", exact=True).click()
    expect(presenter.get_by_role("radio", name="Screen or slides")).to_be_checked()

    chat_lives_through_its_service(platform, guests)

    # The end: everyone's page says so, the recording is there by itself, whole, as long as the event was. How soon is
    # measured by `tests.bench.event`.
    call = f"/api/v1/events/{links.host.rsplit('/', 1)[1]}"
    host.goto(links.host)
    host.locator("#on-air").get_by_role("link", name="End for everyone").click()
    on_air_s = platform.call("GET", f"{call}/live").json()["program_time_s"]
    clicked = time.monotonic()
    host.get_by_role("dialog").get_by_role("button", name="End for everyone").click()
    expect(host.get_by_role("link", name="Download")).to_be_visible()
    waited = time.monotonic() - clicked
    for page in guests.values():
        expect(page.get_by_text("The event has ended. Thank you")).to_be_visible()
    expect(presenter.get_by_role("heading", name="The event has ended")).to_be_visible()

    path = downloaded(host, tmp_path)
    report = probe(path)
    assert report.errors == []
    assert (report.video_codec, report.audio_codec) == ("h264", "aac")
    assert on_air_s - 0.5 <= report.duration_s <= on_air_s + waited + 1.5  # the figure is up to a second old
    (item,) = platform.call("GET", f"{call}/recordings").json()["items"]
    assert item["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def chat_lives_through_its_service(platform: RunningPlatform, guests: dict[str, Page]) -> None:
    """Three people write; everyone sees the same, also after a reload, and after the service was killed."""
    for page, text in zip(guests.values(), MESSAGES, strict=True):
        walk.say(page, text)
        for other in guests.values():
            expect(other.locator("[data-chat=list] .msg__body", has_text=text)).to_have_count(1)
    os.kill(platform.children()["chat"], signal.SIGKILL)
    mina, joao = guests["Mina"], guests["João"]
    walk.say(mina, "Written while chat was down")
    expect(joao.locator("[data-chat=list] .msg__body", has_text="while chat was down")).to_have_count(1, timeout=40_000)
    joao.reload()
    expect(joao.locator("[data-chat=list] .msg__body", has_text="while chat was down")).to_have_count(1)
    wanted = [*MESSAGES, "Written while chat was down"]
    for page in guests.values():
        expect(page.locator("[data-chat=list] .msg__body")).to_have_count(len(wanted), timeout=40_000)
        assert walk.messages(page) == wanted
    # The picture did not mind.
    walk.playing(guests["Mina"], "whep")


def downloaded(host: Page, folder: Path) -> Path:
    """The file behind the link on the host's page."""
    with host.expect_download() as download:
        host.get_by_role("link", name="Download").click()
    path = folder / "recording.mp4"
    download.value.save_as(path)
    assert "봄 학술대회" in download.value.suggested_filename
    return path
