"""The room in Chromium: a picture for everybody with a seat, and a chat that takes what people write as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import on_air, walk, watching
from tests.running import RunningPlatform

GUESTS = ("Mina Kim", "João Silva", "Lee Walker", "박서준")


@pytest.fixture(scope="module")
def event(platform: RunningPlatform, chromium: Browser) -> Iterator[on_air.Event]:
    """Live for all tests of this file; the presenter's browser stays open."""
    made = on_air.make(platform, "Room tests", *GUESTS)
    with closing(walk.profile_of(chromium)) as context:
        walk.go_live(context.new_page(), made.studio)
        yield made


def test_a_viewer_whom_whep_refuses_gets_ll_hls(event: on_air.Event, guest: Page) -> None:
    def full(route: Route) -> None:
        problem = {"title": "Service Unavailable", "status": 503, "detail": "No seat.", "code": "no_seat"}
        route.fulfill(status=503, headers={"Retry-After": "30"}, body=json.dumps(problem))

    guest.route("**/whep/*", full)
    on_air.enter(guest, event.guests[0], "hls")
    walk.until(guest, watching.LIVE_EDGE)
    # It stays there: WHEP is not tried again while HLS plays well.
    guest.locator(".stage__video").hover()  # brings the controls back
    guest.locator(".stage__menu summary").click()
    expect(guest.get_by_role("button", name="Automatic")).to_be_visible()
    expect(guest.get_by_role("button", name="240p", exact=True)).to_be_visible()


def test_sound_and_pause_obey_buttons_and_keys(event: on_air.Event, guest: Page) -> None:
    on_air.enter(guest, event.guests[0], "whep")
    assert guest.evaluate(on_air.STATE)["muted"]
    guest.get_by_role("button", name="Turn sound on").click()
    assert not guest.evaluate(on_air.STATE)["muted"]
    guest.locator("main").focus()
    guest.keyboard.press("m")
    assert guest.evaluate(on_air.STATE)["muted"]
    guest.keyboard.press("Space")
    assert guest.evaluate(on_air.STATE)["paused"]
    expect(guest.locator("[data-control=behind]")).to_have_text("Paused")
    guest.keyboard.press("Space")
    assert not guest.evaluate(on_air.STATE)["paused"]
    # In the chat's field the keys are letters.
    guest.get_by_label("Write a message").press_sequentially("m f ")
    assert not guest.evaluate(on_air.STATE)["paused"]
    expect(guest.get_by_label("Write a message")).to_have_value("m f ")


def test_an_enter_that_ends_a_korean_syllable_sends_nothing(event: on_air.Event, guest: Page) -> None:
    guest.goto(event.guests[1])
    expect(guest.locator("[data-chat=root]")).to_have_attribute("data-state", "open")
    field = guest.get_by_label("Write a message")
    field.fill("안녕하세")
    field.evaluate(
        """field => {
            field.dispatchEvent(new CompositionEvent('compositionstart'));
            const enter = { key: 'Enter', isComposing: true, keyCode: 229, bubbles: true, cancelable: true };
            field.dispatchEvent(new KeyboardEvent('keydown', enter));
            field.dispatchEvent(new CompositionEvent('compositionend'));
        }"""
    )
    expect(field).to_have_value("안녕하세")
    # What is typed survives a reload, too.
    guest.reload()
    field = guest.get_by_label("Write a message")
    expect(field).to_have_value("안녕하세")
    field.fill("안녕하세요")
    field.press("Enter")
    expect(guest.locator("[data-chat=list] .msg__body", has_text="안녕하세요")).to_have_count(1)
    expect(field).to_have_value("")


def test_a_reader_further_up_is_told_of_what_is_new_and_brought_there(event: on_air.Event, chromium: Browser) -> None:
    with closing(walk.profile_of(chromium, width=390, height=560)) as one, closing(walk.profile_of(chromium)) as two:
        reader, writer = one.new_page(), two.new_page()
        reader.goto(event.guests[2])
        writer.goto(event.guests[3])
        long = "\n".join(f"line {n}" for n in range(40))
        walk.say(writer, long)
        expect(reader.locator("[data-chat=list] .msg__body", has_text="line 39")).to_be_in_viewport()
        reader.locator("[data-chat=scroll]").evaluate("scroll => { scroll.scrollTop = 0; }")
        walk.say(writer, "the newest word")
        button = reader.get_by_role("button", name="New messages (1)")
        expect(button).to_be_visible()
        button.click()
        expect(reader.locator("[data-chat=list] .msg__body", has_text="the newest word")).to_be_in_viewport()
        expect(button).to_be_hidden()


def test_a_person_without_a_seat_waits_and_is_let_in(
    event: on_air.Event, guest: Page, platform: RunningPlatform
) -> None:
    people = platform.call("GET", f"/api/v1/events/{event.id}/attendees").json()["items"]
    path = f"/api/v1/events/{event.id}/attendees/{people[1]['id']}"
    assert platform.call("PATCH", path, {"status": "pending"}).status == 200
    guest.goto(event.guests[1])
    expect(guest.get_by_role("heading", name="Waiting for approval")).to_be_visible()
    assert guest.locator("video").count() == 0
    assert guest.locator("[data-again]").get_attribute("data-again") == "15"
    assert platform.call("PATCH", path, {"status": "approved"}).status == 200
    on_air.enter(guest, event.guests[1], "whep")
