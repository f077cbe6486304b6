"""An agenda is written in Chromium as a host would: by keyboard, without a reload, and never left unsaved unasked."""

from __future__ import annotations

import datetime as dt
from contextlib import closing

from playwright.sync_api import Browser, Dialog, expect

from tests.browser import on_air, walk
from tests.running import RunningPlatform

TITLES = "() => [...document.querySelectorAll('input[name$=\"-title\"]')].map(field => field.value)"
STARTS = "() => [...document.querySelectorAll('input[name$=\"-start\"]')].map(field => field.value)"


def test_an_agenda_is_written_by_keyboard_and_is_not_left_unsaved(platform: RunningPlatform, chromium: Browser) -> None:
    event = on_air.make(platform, "Two talks")
    # In the afternoon, where it is held: whatever the time is now, it does not go past midnight.
    afternoon = dt.datetime.now(dt.UTC).replace(hour=5, minute=0) + dt.timedelta(days=1)
    times = {"starts_at": afternoon.isoformat(), "ends_at": (afternoon + dt.timedelta(hours=1)).isoformat()}
    assert platform.call("PATCH", f"/api/v1/events/{event.id}", times).status == 200
    with closing(walk.profile_of(chromium)) as context:
        page = context.new_page()
        walk.sign_in(platform, page)
        page.goto(f"{platform.base_url}/events/{event.id}/settings/agenda")
        page.get_by_label("What").first.fill("Opening")
        expect(page.get_by_text("Not saved yet")).to_be_visible()
        page.get_by_role("button", name="Add an item").click()
        second = page.locator("[data-row='1'] input[name$='-title']")
        expect(second).to_be_focused()
        second.fill("Keynote")
        second.press("Alt+ArrowUp")
        expect(page.get_by_role("button", name="Move Keynote down")).to_be_focused()
        assert page.evaluate(TITLES) == ["Keynote", "Opening"]
        first, other = page.evaluate(STARTS)
        assert first < other

        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.once("dialog", stay)
        page.get_by_role("link", name="Overview").click(no_wait_after=True)
        walk.until(page, "() => document.querySelector('[data-part=unsaved]')?.hidden === false")
        while not asked:
            page.wait_for_timeout(50)
        assert asked == ["beforeunload"]
        page.get_by_role("button", name="Save the agenda").click()
        expect(page.get_by_text("Your changes are saved.")).to_be_visible()
        expect(page.get_by_text("Not saved yet")).to_be_hidden()
        page.goto(event.fields["event_url"])
        expect(page.get_by_role("heading", name="Keynote")).to_be_visible()
