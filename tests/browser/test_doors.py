"""The doors of an event on air, from the studio: a newcomer waits, is let in, hears the host, is sent out."""

from __future__ import annotations

from contextlib import closing

from playwright.sync_api import Browser, expect

from tests.browser import on_air, walk
from tests.running import RunningPlatform


def test_a_newcomer_waits_before_locked_doors_is_let_in_told_and_sent_out(
    platform: RunningPlatform, chromium: Browser
) -> None:
    event = on_air.make(platform, "Behind doors", "Mina Kim")
    assert platform.call("POST", f"/api/v1/events/{event.id}/start").status == 200
    with closing(walk.profile_of(chromium)) as desk, closing(walk.profile_of(chromium)) as home:
        studio, mina = desk.new_page(), home.new_page()
        walk.sign_in(platform, studio)
        studio.goto(f"{platform.base_url}/events/{event.id}/studio")
        menu = studio.locator("[data-audience=root]")
        menu.locator("summary").click()
        menu.get_by_role("button", name="Lock the doors").click()
        expect(menu.get_by_text("The doors are locked: newcomers wait.")).to_be_visible()
        mina.goto(event.guests[0])
        expect(mina.get_by_role("heading", name="The doors are closed")).to_be_visible()
        # The studio sees who waits; the page of who waits goes on by itself.
        expect(menu.locator("[data-audience=waiting]")).to_have_text("1")
        menu.get_by_role("button", name="Let Mina Kim in").click()
        expect(mina.locator("[data-chat=root]")).to_have_attribute("data-state", "open", timeout=30_000)
        expect(menu.get_by_role("button", name="Let Mina Kim in")).to_have_count(0)
        menu.get_by_label("Announce to everybody").fill("We go on at <b>three</b>.")
        menu.get_by_role("button", name="Announce").click()
        expect(mina.locator("[data-announced=body]")).to_have_text("We go on at <b>three</b>.")
        expect(mina.locator("[data-announced=root]")).to_be_visible()
        expect(studio.get_by_text("Announced to everybody.")).to_be_visible()
        expect(menu).not_to_have_attribute("open", "")
        [person] = platform.call("GET", f"/api/v1/events/{event.id}/attendees").json()["items"]
        out = f"/api/v1/events/{event.id}/attendees/{person['id']}/send-out"
        assert platform.call("POST", out).status == 204
        expect(mina.locator("[data-chat=root]")).to_have_count(0)
