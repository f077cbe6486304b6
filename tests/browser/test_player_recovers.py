"""Whatever happens, the player says "reconnecting" and comes back by itself: live, with sound, without a reload.

One platform, one browser; each test does the thing itself. The program runs without a presenter: it always has a
picture and sound.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import on_air, walk, watching
from tests.media.udp_gate import UdpGate
from tests.running import RunningPlatform

VIDEO_TYPES = frozenset(range(96, 128)) - {111}  # 111 is Opus in Chromium's offers
BACK_S = 5.0  # guests, after the web service was killed
GUESTS = tuple(f"Guest {n}" for n in range(9))


@pytest.fixture(scope="module")
def event(platform: RunningPlatform) -> on_air.Event:
    made = on_air.make(platform, "Recovers", *GUESTS)
    assert platform.call("POST", f"/api/v1/events/{made.id}/start").status == 200
    return made


@pytest.fixture
def gate(platform: RunningPlatform) -> Iterator[UdpGate]:
    gate = UdpGate(int(platform.env["WEBINAR_WHEP_UDP_PORT"]))
    yield gate
    gate.stop()


def test_a_network_that_changed_is_left_for_the_new_one(event: on_air.Event, guest: Page, gate: UdpGate) -> None:
    watching.watch(guest, event.guests[0], gate_port=gate.port)
    watching.forget_what_was_said(guest)
    gate.change_network()
    watching.says_reconnecting(guest)
    watching.well_again(guest)
    assert watching.now(guest)["begun"] > 1


def test_a_frozen_picture_is_noticed_though_sound_goes_on(event: on_air.Event, guest: Page, gate: UdpGate) -> None:
    watching.watch(guest, event.guests[1], gate_port=gate.port)
    watching.forget_what_was_said(guest)
    gate.lost_types = VIDEO_TYPES
    watching.says_reconnecting(guest)
    walk.until(guest, "() => window.made.pcs.length > 1", seconds=20)
    gate.lost_types = frozenset()
    watching.well_again(guest)


def a_presenter_comes_and_goes_twice(event: on_air.Event, chromium: Browser) -> None:
    """It costs viewers nothing: the program has a picture and sound all the time."""
    with closing(walk.profile_of(chromium)) as context:
        witness = context.new_page()
        watching.watch(witness, event.guests[5])
        for _ in range(2):
            with closing(walk.profile_of(chromium)) as studio:
                presenter = studio.new_page()
                presenter.goto(event.studio)
                presenter.get_by_role("button", name="Turn on camera and microphone").click()
                on_air.sending(presenter)
                watching.well_again(witness)
        watching.well_again(witness)


def test_a_while_without_a_network_and_a_while_asleep_end_at_the_live_edge(
    event: on_air.Event, chromium: Browser, gate: UdpGate, long: bool
) -> None:
    """For longer than the live window lasts; half a minute in `make faults`."""
    away_s = 30 if long else 20
    with (
        closing(walk.profile_of(chromium)) as away_context,
        closing(walk.profile_of(chromium)) as steady_context,
        closing(walk.profile_of(chromium)) as asleep_context,
    ):
        away, steady, asleep = (c.new_page() for c in (away_context, steady_context, asleep_context))
        watching.watch(away, event.guests[2], gate_port=gate.port)
        watching.watch(steady, f"{event.guests[3]}?transport=hls", "hls")
        watching.watch(asleep, event.guests[4])
        lifecycle = asleep_context.new_cdp_session(asleep)
        lifecycle.send("Page.setWebLifecycleState", {"state": "frozen"})
        for page in (away, steady):
            watching.forget_what_was_said(page)
        away_context.set_offline(True)
        steady_context.set_offline(True)
        gate.closed = True
        watching.says_reconnecting(away)
        watching.says_reconnecting(steady)
        gone = time.monotonic()
        a_presenter_comes_and_goes_twice(event, chromium)
        away.wait_for_timeout(max(0.0, away_s - (time.monotonic() - gone)) * 1000)
        lifecycle.send("Page.setWebLifecycleState", {"state": "active"})
        gate.closed = False
        away_context.set_offline(False)
        steady_context.set_offline(False)
        watching.well_again(away)
        watching.well_again(asleep)
        watching.well_again(steady, "hls")


# The bar let go at a place, s of the program; keeps where the past begins to play.
SEEK = """at => {
    const bar = document.querySelector('[data-control=seek]');
    const video = document.querySelector('.stage__video');
    const { dataset } = document.querySelector('[data-stage=root]');
    window.began = Infinity;
    video.addEventListener('timeupdate', () => {
        if (dataset.transport === 'hls') window.began = Math.min(window.began, video.currentTime);
    });
    bar.value = at;
    bar.dispatchEvent(new Event('change'));
}"""


def what_was_before_the_kill_and_after_it_is_watched_in_one_go(page: Page, killed_at_s: float) -> None:
    with page.expect_response(re.compile(r"/\d+p/full\.m3u8")) as playlist:
        page.evaluate(SEEK, killed_at_s - 6)
    assert "#EXT-X-DISCONTINUITY\n" in playlist.value.text()
    walk.playing(page, "hls")
    assert page.evaluate("window.began") < killed_at_s - 2
    walk.until(page, "at => document.querySelector('.stage__video').currentTime > at", killed_at_s + 3, 60)
    watching.shows(page, 30)
    assert watching.now(page)["sources"] == 1
    page.evaluate("() => document.querySelector('[data-control=live]').click()")


def test_a_killed_ingest_and_a_killed_web_service_are_said_at_once_and_waited_for(
    event: on_air.Event, chromium: Browser, platform: RunningPlatform, long: bool
) -> None:
    """How soon guests are back is measured in `make faults`, on a machine that does nothing else."""
    with closing(walk.profile_of(chromium)) as one, closing(walk.profile_of(chromium)) as two:
        fast, steady = one.new_page(), two.new_page()
        watching.watch(fast, event.guests[6])
        watching.watch(steady, f"{event.guests[7]}?transport=hls", "hls")
        walk.until(fast, "() => Number(document.querySelector('[data-control=seek]').max) > 14", seconds=30)
        watching.forget_what_was_said(fast)
        killed_at_s = float(fast.locator("[data-control=seek]").input_value())
        os.kill(platform.children()["ingest"], signal.SIGKILL)
        watching.says_reconnecting(fast)
        # More than what was underway or in a buffer: the next ingest is there.
        watching.shows(fast, 150)
        watching.shows(steady, 150)
        watching.well_again(fast)
        watching.well_again(steady, "hls")

        what_was_before_the_kill_and_after_it_is_watched_in_one_go(fast, killed_at_s)
        watching.well_again(fast)

        begun = watching.now(fast)["begun"]
        for page in (fast, steady):
            watching.forget_what_was_said(page)
        os.kill(platform.children()["web"], signal.SIGKILL)
        walk.until(fast, "begun => window.made.pcs.length > begun", begun, 60)
        watching.shows(steady, 150)
        watching.well_again(fast)
        watching.well_again(steady, "hls")
        assert watching.now(fast)["holds"] > 0  # the last picture stayed in sight meanwhile
        without_s = [watching.now(page)["longest"] for page in (fast, steady)]
        print(f"without a picture over WHEP, LL-HLS: {without_s} s")  # noqa: T201 - a figure
        assert not long or max(without_s) < BACK_S


def test_a_seat_that_was_taken_back_ends_the_picture_with_words(
    event: on_air.Event, guest: Page, platform: RunningPlatform
) -> None:
    watching.watch(guest, event.guests[8])
    people = platform.call("GET", f"/api/v1/events/{event.id}/attendees").json()["items"]
    (person,) = [p for p in people if p["name"] == GUESTS[8]]
    path = f"/api/v1/events/{event.id}/attendees/{person['id']}"
    assert platform.call("PATCH", path, {"status": "declined"}).status == 200
    expect(guest.get_by_role("heading", name="Your seat was taken back")).to_be_visible(timeout=20_000)
    assert guest.locator("video").count() == 0
