"""The host's letters in Chromium: what is typed is seen as people will get it, then kept."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser import walk
from tests.running import RunningPlatform


def test_a_host_sees_what_is_typed_in_the_preview_then_saves_it(platform: RunningPlatform, chromium: Browser) -> None:
    context = walk.profile_of(chromium)
    complaints: list[str] = []
    context.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    try:
        page = context.new_page()
        walk.sign_in(platform, page)
        event = walk.new_event(platform, page, "Letters")
        page.goto(event.host)
        page.get_by_role("navigation", name="Parts of the event").get_by_role("link", name="Mails").click()
        expect(page.get_by_text("No mail server is set, so no mail goes out.")).to_be_visible()
        page.get_by_role("link", name="See and edit Registration confirmed").click()
        letter = page.frame_locator("iframe[name=preview]")
        button = letter.get_by_role("link", name="Enter the event")
        expect(button).to_be_visible()
        # The policy lets the letter's own styles through.
        assert button.evaluate("link => getComputedStyle(link).fontWeight") == "700"
        words = page.locator('[name="en.text"]')
        words.fill("Dear {name},\n\nwelcome to {title}.\n\n{link}")
        page.get_by_role("button", name="Show in the preview").first.click()
        expect(letter.get_by_text("welcome to Letters.")).to_be_visible()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("This letter is saved as you want it.")).to_be_visible()
        expect(page.locator('[name="en.text"]')).to_have_value("Dear {name},\n\nwelcome to {title}.\n\n{link}")
        assert complaints == []
    finally:
        context.close()
