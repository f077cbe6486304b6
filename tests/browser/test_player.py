"""The player in Chromium: back in time and to live again, quality, sound only, speed, the replay in the same room."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import on_air, walk, watching
from tests.running import RunningPlatform

GUESTS = ("Mina Kim", "João Silva", "박서준", "Lee Walker")
# A browser without Media Source Extensions: an iPhone before iOS 17.1.
NO_MSE = "for (const name of ['MediaSource', 'ManagedMediaSource', 'WebKitMediaSource']) delete window[name];"

# Whether frames are decoded, looked at for a while.
DECODES = """async wanted => {
    const decoded = async () => {
        const reports = [...(await window.made.pcs.at(-1).getStats()).values()];
        return reports.find(report => report.type === 'inbound-rtp' && report.kind === 'video')?.framesDecoded ?? 0;
    };
    const before = await decoded();
    await new Promise(done => setTimeout(done, 1500));
    return (await decoded() > before) === wanted;
}"""


@pytest.fixture(scope="module")
def event(platform: RunningPlatform) -> on_air.Event:
    """Live for all tests of this file but the last, with holding picture and silence."""
    made = on_air.make(platform, "Player tests", *GUESTS)
    assert platform.call("POST", f"/api/v1/events/{made.id}/start").status == 200
    return made


def menu(page: Page) -> None:
    page.locator(".stage__video").hover()  # brings the controls back
    page.locator(".stage__menu summary").click()


def until_now(page: Page, **wanted: Any) -> None:
    """Until the player is like that."""
    same = "wanted => {{ const now = ({})(); return Object.keys(wanted).every(key => now[key] === wanted[key]); }}"
    walk.until(page, same.format(watching.NOW), wanted)


def seek_bar(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        """() => {
            const bar = document.querySelector('[data-control=seek]');
            return { at: +bar.value, length: +bar.max, said: bar.getAttribute('aria-valuetext') };
        }"""
    )
    return found


def test_a_viewer_pins_a_rung_or_the_sound_alone_over_webrtc(event: on_air.Event, guest: Page) -> None:
    watching.watch(guest, event.guests[0])
    menu(guest)
    guest.get_by_role("button", name="240p", exact=True).click()
    until_now(guest, height=240, transport="whep")
    expect(guest.locator(".stage__menu summary")).to_be_focused()
    menu(guest)
    guest.get_by_role("button", name="Sound only").click()
    expect(guest.get_by_text("You hear the sound only")).to_be_visible()
    # The server sends no picture any more, and nobody takes that for a fault.
    walk.until(guest, DECODES, False)
    until_now(guest, notice=False)
    guest.get_by_role("button", name="Show the picture").click()
    expect(guest.get_by_text("You hear the sound only")).to_be_hidden()
    walk.until(guest, DECODES, True)


def test_back_in_time_by_key_and_bar_faster_and_live_again(event: on_air.Event, guest: Page) -> None:
    watching.watch(guest, event.guests[1])
    walk.until(guest, "() => Number(document.querySelector('[data-control=seek]').max) > 14", seconds=30)
    guest.locator("main").focus()
    guest.keyboard.press("ArrowLeft")
    until_now(guest, time="past", transport="hls", play="playing")
    walk.playing(guest, "hls")
    expect(guest.locator("[data-control=behind]")).to_contain_text("−0:")
    here = watching.now(guest)
    assert (here["connections"], here["sources"], here["muted"]) == (0, 1, False)
    # To the start, by the bar, as a screen reader's user does it.
    bar = guest.get_by_role("slider", name="Place in the event")
    bar.focus()
    guest.keyboard.press("Home")
    walk.until(guest, "() => document.querySelector('.stage__video').currentTime < 4")
    assert seek_bar(guest)["said"].startswith("0:0")
    menu(guest)
    guest.get_by_role("button", name="2×", exact=True).click()
    until_now(guest, rate=2)
    guest.get_by_role("button", name="Back to live").click()
    watching.well_again(guest)
    assert watching.now(guest)["rate"] == 1
    assert watching.now(guest)["time"] == "live"


def test_whoever_catches_up_at_double_speed_is_live_again_by_itself(event: on_air.Event, guest: Page) -> None:
    watching.watch(guest, event.guests[1])
    walk.until(guest, "() => Number(document.querySelector('[data-control=seek]').max) > 14", seconds=30)
    guest.locator("main").focus()
    guest.keyboard.press("ArrowLeft")
    until_now(guest, time="past", play="playing")
    menu(guest)
    guest.get_by_role("button", name="2×", exact=True).click()
    watching.well_again(guest)
    assert watching.now(guest)["time"] == "live"


def test_who_comes_late_chooses_live_now_or_from_the_start_faster(event: on_air.Event, guest: Page) -> None:
    guest.add_init_script(watching.TOLD.replace("BEFORE", "120"))
    watching.watch(guest, event.guests[1])
    guest.get_by_role("button", name="Live now").click()
    expect(guest.get_by_role("group", name="You missed the beginning")).to_be_hidden()
    expect(guest.get_by_role("button", name="Speed 1×")).to_be_hidden()
    guest.reload()
    walk.playing(guest, "whep")
    guest.evaluate("window.neverReloaded = true")  # from here on
    guest.get_by_role("button", name="From the start, 1.5×").click()
    until_now(guest, time="past", transport="hls", play="playing", rate=1.5, muted=False)
    assert watching.now(guest)["at"] < 30
    expect(guest.get_by_role("group", name="You missed the beginning")).to_be_hidden()
    guest.locator(".stage__video").hover()
    guest.get_by_role("button", name="Speed 1.5×").click()
    until_now(guest, rate=2)
    guest.get_by_role("button", name="Back to live").click()
    watching.well_again(guest)
    assert (watching.now(guest)["time"], watching.now(guest)["rate"]) == ("live", 1)


def test_over_hls_a_rung_is_pinned_and_the_sound_alone_is_another_stream(event: on_air.Event, guest: Page) -> None:
    asked: list[str] = []
    watching.watch(guest, f"{event.guests[2]}?transport=hls", "hls")
    menu(guest)
    guest.get_by_role("button", name="240p", exact=True).click()
    until_now(guest, height=240)
    menu(guest)
    guest.get_by_role("button", name="Sound only").click()
    until_now(guest, play="playing", width=0)
    guest.on("request", lambda request: asked.append(request.url))
    for _ in range(4):
        with guest.expect_request(lambda request: "/audio/" in request.url):
            pass
    expect(guest.get_by_text("You hear the sound only")).to_be_visible()
    until_now(guest, notice=False)
    assert not [url for url in asked if "/240p/" in url or "/480p/" in url]


def test_over_hls_a_rung_that_rests_is_left_for_a_lower_one_and_taken_again_when_it_works(
    event: on_air.Event, guest: Page
) -> None:
    guest.add_init_script(watching.TOLD.replace("BEFORE", "0"))
    watching.watch(guest, f"{event.guests[2]}?transport=hls", "hls")
    until_now(guest, height=480)
    guest.evaluate("() => { window.resting = ['480p']; }")
    until_now(guest, height=240)
    watching.well_again(guest, "hls")
    guest.evaluate("() => { window.resting = []; }")
    until_now(guest, height=480)
    watching.well_again(guest, "hls")


def test_a_browser_without_media_source_plays_hls_by_itself(event: on_air.Event, guest: Page) -> None:
    asked: list[str] = []
    guest.on("request", lambda request: asked.append(request.url))
    guest.add_init_script(NO_MSE)
    guest.goto(f"{event.guests[3]}?transport=hls")
    walk.playing(guest, "hls")
    assert not [url for url in asked if url.endswith("hls.min.js")]


def test_after_the_end_the_whole_event_is_watched_again(
    event: on_air.Event, guest: Page, platform: RunningPlatform, chromium: Browser
) -> None:
    mark = {"kind": "chapter", "title": "Part two"}
    assert platform.call("POST", f"/api/v1/events/{event.id}/marks", mark).status == 201
    with closing(walk.profile_of(chromium)) as context:
        behind = context.new_page()
        watching.watch(behind, event.guests[1])
        walk.until(behind, "() => Number(document.querySelector('[data-control=seek]').max) > 14", seconds=30)
        behind.locator("main").focus()
        behind.keyboard.press("ArrowLeft")
        until_now(behind, time="past", play="playing")
        watching.watch(guest, event.guests[0])
        assert platform.call("POST", f"/api/v1/events/{event.id}/end").status == 200
        # Who is live sees the end, who is behind watches on to it.
        expect(guest.get_by_text("The event has ended. Thank you")).to_be_visible()
        until_now(behind, time="replay", play="playing")
        expect(behind.get_by_text("The event has ended. Thank you")).to_be_visible(timeout=60_000)
    guest.get_by_role("link", name="Watch again").click()
    until_now(guest, time="replay", play="playing")
    walk.playing(guest, "hls")
    expect(guest.locator("[data-control=behind]")).to_contain_text(" / ")
    expect(guest.locator("[data-control=live]")).to_be_hidden()
    expect(guest.get_by_text("The event has ended. Thank you")).to_be_hidden()
    before = watching.now(guest)["at"]
    guest.locator("main").focus()
    guest.keyboard.press("ArrowRight")
    walk.until(guest, "before => document.querySelector('.stage__video').currentTime > before + 8", before)
    chapter = guest.locator("[data-replay=chapters]").get_by_role("button", name="Part two")
    chapter.click()
    until_now(guest, time="replay", play="playing")
    expect(chapter).to_have_attribute("aria-current", "true")
    bar = guest.get_by_role("slider", name="Place in the event")
    bar.focus()
    guest.keyboard.press("End")
    expect(guest.get_by_role("button", name="Watch again")).to_be_visible()
    guest.goto(f"{event.guests[2]}?lang=ko")  # the personal link itself leads there
    walk.playing(guest, "hls")
    assert guest.url.endswith("/replay")
