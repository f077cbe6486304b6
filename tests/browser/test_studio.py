"""The studio in Chromium: from the check of the devices to the download, through takeovers and restarts."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fpdf import FPDF
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.browser import on_air, walk
from tests.media.chromium import QUIET
from tests.media.udp_gate import UdpGate
from tests.running import RunningPlatform


@pytest.fixture
def studio(chromium: Browser) -> Iterator[Page]:
    with closing(walk.profile_of(chromium)) as context:
        yield context.new_page()


def test_a_blocked_camera_is_explained_with_what_to_do(
    platform: RunningPlatform, playwright: Playwright, chromium_path: str
) -> None:
    event = on_air.make(platform, "Blocked")
    deny = [*QUIET, "--use-fake-device-for-media-stream", "--deny-permission-prompts"]
    browser = playwright.chromium.launch(executable_path=chromium_path, args=deny)
    with closing(browser):
        page = browser.new_page(locale="en-GB")
        page.goto(event.studio)
        page.get_by_role("button", name="Turn on camera and microphone").click()
        expect(page.get_by_role("alert")).to_contain_text("Allow it with the icon beside the address")
        # Without a picture, going live is asked about; the answer "no" starts nothing.
        page.get_by_role("button", name="Go live").click()
        dialog = page.get_by_role("dialog", name="No picture is arriving yet")
        dialog.get_by_role("button", name="Not now").click()
        expect(dialog).to_be_hidden()
        assert platform.call("GET", f"/api/v1/events/{event.id}").json()["state"] == "scheduled"


def test_a_countdown_can_be_called_off(platform: RunningPlatform, studio: Page) -> None:
    event = on_air.make(platform, "Not yet")
    studio.goto(event.studio)
    studio.get_by_role("button", name="Turn on camera and microphone").click()
    on_air.sending(studio)
    expect(studio.get_by_text("Rehearsal: nobody sees you yet")).to_be_visible()
    studio.get_by_role("button", name="Go live").click()
    expect(studio.get_by_text("Live in")).to_be_visible()
    studio.get_by_role("button", name="Cancel").click()
    expect(studio.get_by_text("Live in")).to_be_hidden()
    expect(studio.get_by_role("button", name="Go live")).to_be_visible()
    assert platform.call("GET", f"/api/v1/events/{event.id}").json()["state"] == "scheduled"


@pytest.mark.timeout(240)
def test_one_live_event_through_sources_a_second_device_and_a_killed_ingest(
    platform: RunningPlatform, chromium: Browser, studio: Page, tmp_path: Path
) -> None:
    event = on_air.make(platform, "Through it all")
    offers: list[str] = []
    deck = tmp_path / "deck.pdf"
    deck.write_bytes(slides("Heart failure", "Results"))
    studio.on("request", lambda r: offers.append(r.url) if r.method == "POST" and "/whip/" in r.url else None)
    walk.go_live(studio, event.studio)
    expect(studio.locator("[data-bar=saved]")).to_contain_text("Saved up to 0:0")

    # Sources and layouts change within the one connection, without a picture that stands still or is black.
    studio.get_by_role("button", name="Share a screen", exact=True).click()
    expect(layout(studio, "Screen or slides")).to_be_checked()
    studio.keyboard.press("3")
    expect(layout(studio, "Side by side")).to_be_checked()
    moving(studio)
    # pdf.js is a large program: a busy machine takes its time to read it.
    studio.get_by_label("Slides as a PDF file").set_input_files(deck)
    expect(studio.get_by_text("1 of 2")).to_be_visible(timeout=90_000)
    with studio.expect_response(lambda r: "/marks" in r.url and "Results" in (r.request.post_data or "")) as told:
        studio.keyboard.press("PageDown")
        expect(studio.get_by_text("2 of 2")).to_be_visible()
    assert told.value.status == 201
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(slides("Secret", password="open sesame"))
    studio.get_by_label("Slides as a PDF file").set_input_files(locked)
    expect(studio.get_by_text("locked.pdf: This PDF has a password. Save a copy without one")).to_be_visible()
    expect(studio.get_by_text("2 of 2")).to_be_visible()  # what was open stays open
    studio.locator("[data-slides=dismiss]").click()
    expect(studio.locator("[data-slides=status]")).to_be_hidden()
    moving(studio)
    studio.get_by_role("button", name="Stop sharing").click()
    expect(layout(studio, "Side by side")).to_be_checked()
    studio.keyboard.press("1")
    expect(layout(studio, "Camera")).to_be_checked()
    moving(studio)
    studio.get_by_role("button", name="Microphone on").click()
    expect(studio.get_by_role("button", name="Microphone off")).to_be_visible()
    on_air.sending(studio)
    assert len(offers) == 1

    a_second_device_is_asked_first(chromium, event, studio)

    # Ingest dies: the studio sends again by itself, and the event is still live.
    before = len(offers)
    os.kill(platform.children()["ingest"], signal.SIGKILL)
    with studio.expect_response(lambda r: r.request.method == "POST" and "/whip/" in r.url and r.ok, timeout=60_000):
        pass
    assert len(offers) > before
    on_air.sending(studio)
    expect(studio.locator("[data-bar=signal]")).to_contain_text("connection")
    expect(studio.locator("[data-bar=live]")).to_be_visible()

    # The end, and the recording at once.
    studio.get_by_role("button", name="End for everyone").click()
    studio.get_by_role("dialog").get_by_role("button", name="End for everyone").click()
    expect(studio.get_by_role("heading", name="The event has ended")).to_be_visible()
    link = studio.get_by_role("link", name="Download the recording")
    expect(link).to_be_visible()
    reply = platform.call("GET", str(link.get_attribute("href")), token="")
    assert reply.status == 200
    assert reply.body[4:8] == b"ftyp"


# Sends the studio's media to another port of the server's address.
DETOUR = """(port => {
    window.made = [];
    const Connection = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Connection {
        constructor(...given) { super(...given); window.made.push(this); }
        setRemoteDescription({ type, sdp }) {
            return super.setRemoteDescription({
                type, sdp: sdp.replace(/(a=candidate:.* 127\\.0\\.0\\.1 )\\d+/g, `$1${port}`),
            });
        }
    };
})(PORT)"""


def test_on_another_network_the_same_session_goes_on_or_where_the_server_cannot_a_new_one_begins(
    platform: RunningPlatform, studio: Page
) -> None:
    event = on_air.make(platform, "On the way")
    gate = UdpGate(int(platform.env["WEBINAR_INGEST_UDP_PORT"]))
    asked: list[tuple[str, int]] = []
    studio.on("response", lambda r: asked.append((r.request.method, r.status)) if "/whip/" in r.url else None)
    studio.add_init_script(DETOUR.replace("PORT", str(gate.port)))
    studio.goto(event.studio)
    studio.get_by_role("button", name="Turn on camera and microphone").click()
    on_air.sending(studio)
    assert asked == [("POST", 201)]

    # A server that knows nothing of ICE restarts: a new session.
    studio.route("**/whip/**", lambda r: r.fulfill(status=405) if r.request.method == "PATCH" else r.continue_())
    gate.change_network()
    with studio.expect_response(lambda r: r.request.method == "POST" and "/whip/" in r.url, timeout=30_000):
        pass
    on_air.sending(studio)
    _arrives(platform, event)
    assert studio.evaluate("window.made.length") == 2
    assert ("PATCH", 405) in asked

    studio.unroute_all()
    asked.clear()
    gate.change_network()
    with studio.expect_response(lambda r: r.request.method == "PATCH", timeout=30_000) as moved:
        pass
    assert moved.value.status == 200
    on_air.sending(studio)
    _arrives(platform, event)
    assert asked == [("PATCH", 200)]
    assert studio.evaluate("window.made.length") == 2
    gate.stop()


def _arrives(platform: RunningPlatform, event: on_air.Event) -> None:
    def fps() -> float:
        figures = platform.call("GET", f"/api/v1/events/{event.id}/live").json()["publisher"]
        return float(figures["fps"]) if figures and figures["connected"] else 0.0

    platform.wait_for(lambda: fps() > 5, 20)


def slides(*titles: str, password: str | None = None) -> bytes:
    """A PDF with a page for each title."""
    pdf = FPDF(orientation="landscape", unit="pt", format=(540, 960))
    if password is not None:
        pdf.set_encryption(owner_password="another", user_password=password)
    pdf.set_font("helvetica", size=60)
    for title in titles:
        pdf.add_page()
        pdf.text(60, 120, title)
    return bytes(pdf.output())


def layout(studio: Page, name: str) -> Locator:
    return studio.get_by_role("radio", name=name)


def moving(studio: Page) -> None:
    """The program that goes out is no dark one, and gets new frames."""
    walk.until(
        studio,
        """async () => {
            const video = document.querySelector('[data-studio=preview]');
            const canvas = new OffscreenCanvas(16, 9);
            const before = video.getVideoPlaybackQuality().totalVideoFrames;
            await new Promise(done => setTimeout(done, 300));
            const on = canvas.getContext('2d');
            on.drawImage(video, 0, 0, 16, 9);
            const bright = Math.max(...on.getImageData(0, 0, 16, 9).data.filter((_, n) => n % 4 < 3));
            return bright > 60 && video.getVideoPlaybackQuality().totalVideoFrames > before;
        }""",
    )


def a_second_device_is_asked_first(chromium: Browser, event: on_air.Event, first: Page) -> None:
    """It sees that somebody is on air, takes over when told to, and gives back the same way."""
    with closing(walk.profile_of(chromium, width=768, height=900)) as context:
        second = context.new_page()
        second.goto(event.studio)
        expect(second.get_by_text("A picture is arriving from another device")).to_be_visible()
        second.get_by_role("button", name="Present from here instead").click()
        on_air.sending(second, "taken")
        on_air.sending(first)
        second.get_by_role("button", name="Take over").click()
        on_air.sending(second)
        on_air.sending(first, "taken", 30)
        expect(first.get_by_text("Somebody else is presenting")).to_be_visible()
        first.get_by_role("button", name="Take over").click()
        on_air.sending(first)
        on_air.sending(second, "taken", 30)
