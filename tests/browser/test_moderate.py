"""The moderators' console by keyboard alone, while a full room talks: what it decides, guests see."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing

from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.browser import on_air, walk
from tests.running import RunningPlatform

MARKUP = "<img src=x onerror=\"document.body.dataset.hurt='1'\"><b>bold</b>"
TALKERS = 12
# The row that has the focus: its number, and where on the screen it stands.
AT_HAND = """() => {
    const row = document.activeElement.closest('[data-seq]');
    return row && { seq: Number(row.dataset.seq), top: row.getBoundingClientRect().top };
}"""
NEWEST = (
    "() => Math.max(0, ...[...document.querySelectorAll('[data-list=messages] [data-seq]')].map(r => +r.dataset.seq))"
)
WAITING = "() => Number(document.querySelector('[data-do=newest]').textContent.match(/\\d+/)?.[0] ?? 0)"


@contextlib.contextmanager
def talker(platform: RunningPlatform, link: str) -> Iterator[ClientConnection]:
    """A guest without a page."""
    token = platform.call("GET", link.removeprefix(platform.base_url)).body.decode()
    boot = json.loads(token.split('id="boot">', 1)[1].split("</script>", 1)[0])
    headers = {"Authorization": f"Bearer {boot['viewer_token']}"}
    chat = platform.call("GET", "/api/v1/playback", headers=headers).json()["chat"]
    protocols = [Subprotocol("webinar.chat.v1")]
    with connect(chat["url"], subprotocols=protocols, origin=Origin(platform.base_url), compression=None) as socket:
        socket.send(json.dumps({"type": "hello", "ticket": chat["ticket"], "since": None, "epoch": None}))
        yield socket


@contextlib.contextmanager
def talking(platform: RunningPlatform, links: tuple[str, ...]) -> Iterator[None]:
    """Twenty messages a second, from all of them in turn."""
    over = threading.Event()

    def talk(sockets: list[ClientConnection]) -> None:
        for number, socket in zip(itertools.count(1), itertools.cycle(sockets), strict=False):
            if over.wait(0.05):
                return
            socket.send(json.dumps({"type": "send", "cid": str(uuid.uuid4()), "body": f"message number {number}"}))

    def listen(socket: ClientConnection) -> None:
        for _ in socket:
            pass

    threads: list[threading.Thread] = []
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(talker(platform, link)) for link in links]
        threads.append(threading.Thread(target=talk, args=(sockets,), name="talk"))
        threads += [threading.Thread(target=listen, args=(socket,), name="listen") for socket in sockets]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            threads[0].join(10)
    for thread in threads:
        thread.join(10)


def console(page: Page, event: on_air.Event) -> None:
    """By the moderators' link; from here on only keys are pressed."""
    page.goto(event.fields["moderate_url"])
    page.get_by_label("Your name").fill("<i>Kim</i>")
    page.keyboard.press("Enter")
    expect(page.locator("[data-desk=root]")).to_have_attribute("data-state", "open")


def stays(page: Page, before: dict[str, float]) -> None:
    """The row at hand is the same one, where it was on the screen."""
    now = page.evaluate(AT_HAND)
    assert now["seq"] == before["seq"]
    assert abs(now["top"] - before["top"]) <= 1, (before, now)


def say(page: Page, text: str) -> None:
    field = page.get_by_label("Write a message")
    field.fill(text)
    field.press("Enter")


def test_a_room_that_talks_fast_is_moderated_by_keys_and_nothing_moves_under_the_hand(
    platform: RunningPlatform, chromium: Browser
) -> None:
    names = [f"Guest {n}" for n in range(TALKERS)]
    event = on_air.make(platform, "Moderated", "Mina", *names)
    with closing(walk.profile_of(chromium)) as desk, closing(walk.profile_of(chromium)) as home:
        page, guest = desk.new_page(), home.new_page()
        guest.goto(event.guests[0])
        console(page, event)
        with talking(platform, event.guests[1:]):
            walk.until(page, f"() => ({NEWEST})() > 60")
            for _ in range(6):
                page.keyboard.press("k")
            walk.until(page, f"() => ({AT_HAND})() !== null")
            before = page.evaluate(AT_HAND)
            walk.until(page, f"() => ({WAITING})() > 60")
            stays(page, before)
            page.keyboard.press("j")
            page.keyboard.press("k")
            stays(page, before)
            text = page.evaluate("() => document.activeElement.querySelector('.entry__body').textContent")
            page.keyboard.press("d")
            expect(page.locator("[data-list=removed]").get_by_text(text, exact=True)).to_be_visible()
            stays(page, before)
            page.keyboard.press("End")
            walk.until(page, f"seq => ({NEWEST})() > seq + 60", before["seq"])
        expect(guest.get_by_text(text, exact=True)).to_have_count(0)
        page.keyboard.press("u")
        expect(page.locator("[data-list=removed]").get_by_text(text, exact=True)).to_have_count(0)


def test_the_live_picture_comes_with_the_beginning_and_takes_no_seat(
    platform: RunningPlatform, chromium: Browser
) -> None:
    event = on_air.make(platform, "Watched")
    with closing(walk.profile_of(chromium)) as desk:
        page = desk.new_page()
        console(page, event)
        badge, picture = page.locator("[data-desk=live]"), page.locator("[data-desk=picture]")
        expect(badge).to_be_hidden()
        expect(picture).to_be_hidden()
        assert platform.call("POST", f"/api/v1/events/{event.id}/start").status == 200
        expect(badge).to_be_visible(timeout=20_000)
        walk.until(page, "() => document.querySelector('.picture__video').currentTime > 1", seconds=40)
        viewers = platform.call("GET", f"/api/v1/events/{event.id}/live").json()["viewers"]
        assert viewers["total"] == 0, viewers
        picture.locator("summary").click()
        page.reload()
        expect(badge).to_be_visible()
        expect(picture).not_to_have_attribute("open", "")
        assert platform.call("POST", f"/api/v1/events/{event.id}/end").status == 200
        expect(badge).to_be_hidden()
        expect(picture).to_be_hidden()


def keeps_nothing_when_its_link_is_renewed(platform: RunningPlatform, event: on_air.Event, page: Page) -> None:
    """Messages, notes and people stand in the console, and none of them afterwards."""
    page.locator("[data-show=people]").first.click()
    expect(page.locator("[data-list=people]")).to_contain_text("Mina")
    page.locator("[data-show=notes]").first.click()
    page.get_by_label("Write backstage").fill("be quick")
    page.keyboard.press("Enter")
    expect(page.locator("[data-notes=list] li")).to_have_count(1)
    platform.call("POST", f"/api/v1/events/{event.id}/links/renew", {"link": "moderator"})
    expect(page.locator("[data-desk=link]")).to_have_text("This link is not valid any more.")
    expect(page.locator("[data-desk=root] [data-seq], [data-notes=list] li")).to_have_count(0)
    expect(page.locator("[data-desk=root]")).not_to_contain_text("Mina")


def test_held_messages_are_approved_and_people_banned_and_markup_stays_text(
    platform: RunningPlatform, chromium: Browser
) -> None:
    event = on_air.make(platform, "Reviewed", "Mina", MARKUP, names_shown=True)
    with (
        closing(walk.profile_of(chromium)) as desk,
        closing(walk.profile_of(chromium)) as home,
        closing(walk.profile_of(chromium)) as other,
    ):
        page, mina, writer = desk.new_page(), home.new_page(), other.new_page()
        mina.goto(event.guests[0])
        writer.goto(event.guests[1])
        console(page, event)
        page.keyboard.press("6")
        page.keyboard.press("ArrowDown")  # the next way of who may write: after review
        expect(page.locator("[data-desk=mode]")).to_have_text("Held for review")
        say(writer, MARKUP)
        held = page.locator("[data-list=held] article")
        expect(held).to_have_count(1)
        expect(mina.get_by_text(MARKUP)).to_have_count(0)
        page.keyboard.press("2")
        page.keyboard.press("a")
        expect(held).to_have_count(0)
        expect(mina.locator(".msg__body", has_text=MARKUP)).to_be_visible()
        say(writer, "and again")
        expect(held).to_have_count(1)
        page.keyboard.press("2")
        page.keyboard.press("b")
        page.keyboard.press("Enter")
        expect(held).to_have_count(0)
        expect(writer.get_by_label("Write a message")).to_be_disabled()
        expect(mina.locator(".msg__body", has_text=MARKUP)).to_have_count(0)
        for shown in (page, mina, writer):
            assert shown.evaluate("() => document.body.dataset.hurt ?? ''") == ""
            assert shown.locator(".entry b, .entry img, .msg b, .msg img").count() == 0
        keeps_nothing_when_its_link_is_renewed(platform, event, page)
