"""Attendance in the room, in Chromium: told while all is well, kept while it is not; one picture a person."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import on_air, walk
from tests.running import RunningPlatform


def test_what_is_pressed_while_the_server_is_away_is_kept_and_a_second_device_takes_the_place(
    platform: RunningPlatform, chromium: Browser, guest: Page
) -> None:
    event = on_air.make(platform, "Attendance tests", "Mina Kim")
    path = f"/api/v1/events/{event.id}/attendance"
    plan = {"windows": True, "enter_before_min": 120, "rules": [{"share": 80, "enter": True}]}
    assert platform.call("PUT", f"{path}/rules", plan).status == 200
    assert platform.call("POST", f"/api/v1/events/{event.id}/start", {}).status == 200
    on_air.enter(guest, event.guests[0], "whep")
    chip = guest.locator("[data-attendance=root]")
    expect(chip).to_contain_text("Present 0 min · 80% needed")

    def away(route: Route) -> None:
        route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}")

    guest.route("**/api/v1/attendance", away)
    chip.get_by_role("button", name="Check in").click()
    expect(chip).to_contain_text("Checked in at")
    expect(chip).to_contain_text("Kept on this device until the server answers")
    assert guest.evaluate(on_air.STATE)["play"] == "playing"
    assert platform.call("GET", path).json()["items"][0]["entered_at"] is None
    guest.unroute("**/api/v1/attendance")
    expect(chip).not_to_contain_text("Kept on this device")

    other = walk.profile_of(chromium, width=390, height=844).new_page()
    on_air.enter(other, event.guests[0], "whep")
    expect(guest.get_by_text("You are watching on another device")).to_be_visible()
    assert guest.evaluate(on_air.STATE)["play"] == "idle"
    guest.get_by_role("button", name="Watch here").click()
    walk.playing(guest, "whep")
    expect(other.get_by_text("You are watching on another device")).to_be_visible()
    other.context.close()

    (row,) = platform.call("GET", path).json()["items"]
    assert row["entered_at"] is not None
    assert row["live_s"] >= 1
