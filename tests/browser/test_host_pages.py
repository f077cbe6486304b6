"""The pages of host and guest in Chromium, on the real platform: with scripts and without, on a phone, in Korean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.browser import walk
from tests.running import RunningPlatform


class Watched:
    """A profile whose every request and every complaint of the browser is noted."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        context.on("request", self._requested)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _requested(self, request: Request) -> None:
        if urlsplit(request.url).scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(urlsplit(request.url).hostname or "")

    def _said(self, message: ConsoleMessage) -> None:
        # Chromium also notes the status of a page that was asked for and is meant to be a 404 or a 422.
        if message.type in ("error", "warning") and not re.search(r"status of (404|422)", message.text):
            self.complaints.append(message.text)


@pytest.fixture(scope="module")
def owner(platform: RunningPlatform, chromium: Browser) -> Iterator[Watched]:
    """The owner, signed in for all tests of this file."""
    context = walk.profile_of(chromium)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=platform.base_url)
    watched = Watched(context)
    page = context.new_page()
    walk.sign_in(platform, page)
    page.close()
    yield watched
    context.close()


@pytest.fixture
def host(owner: Watched) -> Iterator[Page]:
    page = owner.context.new_page()
    yield page
    page.close()


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A guest's phone in Seoul."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="ko-KR", timezone_id="Asia/Seoul", has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


def fits(page: Page) -> bool:
    """Nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_refused_form_keeps_what_was_typed_and_shows_where_to_look(platform: RunningPlatform, host: Page) -> None:
    host.goto(f"{platform.base_url}/events/new")
    host.get_by_label("Description").fill("Kept <b>as it is</b>")
    host.get_by_label("Seats").fill("0")
    host.get_by_role("radio", name="With approval").check()
    host.get_by_role("button", name="Create the event").click()
    expect(host.get_by_role("alert")).to_contain_text("Title")
    expect(host.get_by_label("Title")).to_be_focused()
    expect(host.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    expect(host.get_by_label("Description")).to_have_value("Kept <b>as it is</b>")
    expect(host.get_by_role("radio", name="With approval")).to_be_checked()


def test_a_new_event_starts_in_the_hosts_own_time_zone(
    platform: RunningPlatform, chromium: Browser, owner: Watched
) -> None:
    context = chromium.new_context(timezone_id="Europe/Madrid", storage_state=owner.context.storage_state())
    page = context.new_page()
    page.goto(f"{platform.base_url}/events/new")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Madrid")
    context.close()


def test_approval_by_hand_from_the_guests_phone_to_the_open_door(
    platform: RunningPlatform, host: Page, phone: Page
) -> None:
    links = walk.new_event(platform, host, "Approval 승인", "With approval")
    phone.goto(links.event)
    assert fits(phone)
    button = phone.get_by_role("link", name="신청하기")
    expect(button).to_be_in_viewport()
    button.click()
    phone.get_by_label("이름").fill("박민준")
    phone.get_by_label("이메일").fill("not an address")
    phone.get_by_role("button", name="신청하기").click()
    expect(phone.get_by_label("이메일")).to_be_focused()
    expect(phone.get_by_label("이름")).to_have_value("박민준")
    phone.get_by_label("이메일").fill("minjun@example.org")
    phone.get_by_label("수집하고 이용하는 데 동의해요").check()
    phone.get_by_role("button", name="신청하기").click()
    expect(phone.get_by_text("주최자의 승인을 기다리고 있어요")).to_be_visible()
    assert fits(phone)

    host.goto(f"{links.host}/people")
    host.get_by_role("row", name="박민준").get_by_role("button", name="Approve").click()
    expect(host.get_by_text("Approved. Their personal link works now.")).to_be_visible()
    phone.reload()
    expect(phone.get_by_role("link", name="입장하기")).to_be_visible()

    host.get_by_role("row", name="박민준").get_by_role("button", name="Copy link").click()
    expect(host.get_by_role("row", name="박민준").get_by_role("button", name="Copied")).to_be_visible()
    assert host.evaluate("navigator.clipboard.readText()") == phone.get_by_label("내 개인 링크").input_value()


def test_a_renewed_link_shuts_the_old_one(platform: RunningPlatform, host: Page, phone: Page) -> None:
    links = walk.new_event(platform, host, "Renewal")
    host.goto(f"{links.host}/people")
    host.get_by_label("Name").fill("Anna Schmidt")
    host.get_by_label("E-mail").fill("anna@example.org")
    host.get_by_role("button", name="Add and get the link").click()
    old = host.get_by_label("Personal link").input_value()
    host.get_by_label("More for Anna Schmidt").click()
    host.get_by_role("link", name="Make a new link").click()
    dialog = host.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("The old link stops working")
    dialog.get_by_role("button", name="Make a new link").click()
    expect(host.get_by_text("A new personal link was made")).to_be_visible()
    assert host.get_by_label("Personal link").input_value() != old
    phone.goto(old)
    expect(phone.get_by_role("heading", name="새 링크로 바뀌었어요")).to_be_visible()


def test_secrets_are_hidden_until_asked_for(platform: RunningPlatform, host: Page) -> None:
    walk.new_event(platform, host, "Secrets")
    host.get_by_text("Send from OBS or another program").click()
    key = host.get_by_label("Bearer token (stream key)")
    expect(key).to_have_attribute("type", "password")
    host.get_by_role("button", name="Show or hide").last.click()
    expect(key).to_have_attribute("type", "text")


def test_language_and_colours_follow_the_reader(platform: RunningPlatform, host: Page) -> None:
    host.goto(f"{platform.base_url}/?lang=en")
    host.locator("[data-theme-menu]").click()
    host.get_by_role("link", name="Dark").click()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert host.evaluate(ground) == "rgb(13, 19, 17)"
    host.reload()
    assert host.evaluate("document.documentElement.dataset.theme") == "dark"
    assert host.evaluate(ground) == "rgb(13, 19, 17)"
    host.get_by_text("English").first.click()
    host.get_by_role("link", name="한국어").click()
    expect(host.get_by_role("heading", name="내 행사")).to_be_visible()
    host.goto(f"{platform.base_url}/?lang=en&theme=auto")
    expect(host.get_by_role("heading", name="My events")).to_be_visible()


def test_the_visitors_own_time_stands_beside_the_events(
    platform: RunningPlatform, host: Page, chromium: Browser, phone: Page
) -> None:
    event = platform.call(
        "POST", "/api/v1/events", {"title": "Zones", "starts_at": "2026-12-01T05:00:00Z", "timezone": "Asia/Seoul"}
    ).json()
    context = chromium.new_context(locale="en-US", timezone_id="America/New_York")
    page = context.new_page()
    page.goto(event["event_url"])
    expect(page.get_by_text("Tue, Dec 1, 2026 2:00 – 3:00 PM KST")).to_be_visible()
    expect(page.get_by_text("Your time:")).to_contain_text("Tue, Dec 1, 2026 12:00 AM EST")
    context.close()
    phone.goto(event["event_url"])
    expect(phone.get_by_text("2026년 12월 1일 (화) 오후 2:00 – 3:00 KST")).to_be_visible()
    expect(phone.get_by_text("내 시간:")).to_be_hidden()


def test_everything_but_the_room_works_without_scripts(platform: RunningPlatform, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    walk.sign_in(platform, page)
    links = walk.new_event(platform, page, "No scripts", "With approval")
    page.goto(f"{links.host}/people")
    page.get_by_label("Name").fill("Guest One")
    page.get_by_label("E-mail").fill("one@example.org")
    page.get_by_role("button", name="Add and get the link").click()
    expect(page.get_by_label("Personal link")).to_have_value(re.compile(r"/j/"))
    page.get_by_label("More for Guest One").click()
    page.get_by_role("link", name="Cancel the seat").click()
    page.get_by_role("button", name="Cancel the seat").click()
    expect(page.get_by_role("row", name="Guest One")).to_contain_text("Cancelled")
    link = walk.register(page, links.event, "Guest Two")
    assert "/j/" in link
    page.get_by_role("link", name="Cancel my registration").click()
    page.get_by_role("button", name="Cancel my registration").click()
    expect(page.get_by_role("heading", name="Your registration is cancelled")).to_be_visible()
    page.goto(f"{links.host}/delete")
    page.get_by_role("button", name="Delete the event").click()
    expect(page.get_by_text("The event was deleted.")).to_be_visible()
    page.goto(links.event)
    expect(page.get_by_role("heading", name="This event was deleted")).to_be_visible()
    context.close()


def test_every_page_fits_its_window_and_names_what_it_shows(platform: RunningPlatform, host: Page) -> None:
    links = walk.new_event(platform, host, "A very long title " * 8 + "아주긴제목" * 8)
    for n in range(3):
        body = {"name": f"{'긴이름' * 20} {n}", "email": f"{'long.' * 10}{n}@department.university.example.org"}
        platform.call("POST", f"/api/v1/events/{links.host.rsplit('/', 1)[1]}/attendees", body)
    pages = ["/", "/events/new", "/sign-in?next=/events/new", "/nowhere"]
    for path in (*pages, links.host, f"{links.host}/people", f"{links.host}/settings", links.event):
        host.goto(path if path.startswith("http") else platform.base_url + path)
        for width in (390, 768, 1280, 1920):
            host.set_viewport_size({"width": width, "height": 900})
            assert fits(host), (width, path)
            assert host.locator("h1").count() == 1, (width, path)
            unnamed = host.evaluate(
                """() => [...document.querySelectorAll(
                        'a[href],button,input:not([type=hidden]),select,textarea,summary')]
                    .filter(e => e.checkVisibility() && !(e.labels?.length) && !e.innerText?.trim()
                        && !e.getAttribute('aria-label') && !e.querySelector('[aria-label]'))
                    .map(e => e.outerHTML.slice(0, 120))"""
            )
            assert unnamed == [], (width, path)


def test_the_keyboard_reaches_the_content_first_and_closes_what_is_open(platform: RunningPlatform, host: Page) -> None:
    host.goto(f"{platform.base_url}/")
    host.keyboard.press("Tab")
    expect(host.get_by_role("link", name="Skip to content")).to_be_focused()
    host.keyboard.press("Enter")
    assert host.evaluate("document.activeElement.id") == "main"
    who = host.locator("summary.bar__who")
    who.focus()
    host.keyboard.press("Enter")
    expect(host.get_by_role("button", name="Sign out")).to_be_visible()
    host.keyboard.press("Escape")
    expect(host.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(who).to_be_focused()


def test_no_page_asked_anybody_else_and_the_browser_complained_of_nothing(owner: Watched) -> None:
    # Last of this file: it judges all that the owner's browser did in it.
    assert owner.hosts == {"localhost"}
    assert owner.complaints == []
