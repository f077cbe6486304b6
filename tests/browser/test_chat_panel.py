"""The chat panel against a scripted room: what a real one does only in long or unlucky events."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import Any

from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser import on_air, walk
from tests.running import RunningPlatform

YOU = {"id": "me", "name": "Mina", "role": "attendee"}


class ScriptedRoom:
    """Plays the server of `webinar.chat.v1`: a log of `last` messages, and every frame of the client for the test."""

    def __init__(self, page: Page, last: int) -> None:
        self.last = last
        self.said: list[dict[str, Any]] = []
        self.sockets: list[WebSocketRoute] = []
        page.route_web_socket("**/chat", self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self._heard(socket, json.loads(text)))

    def _heard(self, socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        self.said.append(frame)
        if frame["type"] == "hello":
            self.tell({"type": "welcome", "epoch": "e", "last": self.last, "you": YOU, "settings": {}, "count": 3})
            self.tell_events((frame["since"] or max(0, self.last - 100)) + 1, self.last)
        elif frame["type"] == "history":
            first = max(1, frame["before"] - frame["limit"])
            self.tell_events(first, frame["before"] - 1, before=frame["before"])

    def heard(self, page: Page, kind: str, count: int) -> dict[str, Any]:
        """The `count`th frame of this kind, waited for."""
        deadline = time.monotonic() + 20
        while len(found := [frame for frame in self.said if frame["type"] == kind]) < count:
            assert time.monotonic() < deadline, f"{count} × {kind} in {self.said}"
            page.wait_for_timeout(20)
        return found[count - 1]

    def tell(self, frame: dict[str, Any]) -> None:
        self.sockets[-1].send(json.dumps(frame))

    def tell_events(self, first: int, last: int, **extra: int) -> None:
        self.last = max(self.last, last)
        events = [
            {
                "seq": seq,
                "type": "message",
                "at": "2026-11-21T12:00:00.000Z",
                "cid": None,
                "from": {"id": f"p{seq % 7}", "name": f"Person {seq % 7}", "role": "attendee"},
                "body": f"message {seq}",
            }
            for seq in range(first, last + 1)
        ]
        self.tell({"type": "events", "events": events, **extra})


def shown(page: Page) -> tuple[int, int, int]:
    """(how many messages stand in the list, the first's number, the last's)."""
    items = page.locator("[data-chat=list] .msg")
    numbers: list[int] = items.evaluate_all("items => items.map(item => Number(item.dataset.seq))")
    assert numbers == sorted(set(numbers))
    return len(numbers), numbers[0], numbers[-1]


def test_a_long_chat_is_paged_kept_short_and_without_gaps(platform: RunningPlatform, chromium: Browser) -> None:
    event = on_air.make(platform, "A long chat", "Mina")
    with closing(walk.profile_of(chromium)) as context:
        page = context.new_page()
        room = ScriptedRoom(page, last=700)
        page.goto(event.guests[0])
        expect(page.get_by_text("message 700")).to_be_in_viewport()
        assert shown(page) == (100, 601, 700)
        assert room.heard(page, "hello", 1)["since"] is None

        # Older ones come a page at a time, and the reader stays where they were.
        page.get_by_role("button", name="Show earlier messages").click()
        expect(page.locator("[data-seq='501']")).to_be_attached()
        assert shown(page) == (200, 501, 700)

        # A flood leaves the newest 500 in the page.
        page.locator("[data-chat=scroll]").evaluate("scroll => { scroll.scrollTop = scroll.scrollHeight; }")
        room.tell_events(701, 1300)
        expect(page.get_by_text("message 1300")).to_be_in_viewport()
        assert shown(page) == (500, 801, 1300)

        # What was skipped is asked for before anything later is shown.
        room.tell_events(1306, 1306)
        expect(page.get_by_text("message 1306")).to_be_in_viewport()
        assert room.heard(page, "history", 2) == {"type": "history", "before": 1306, "limit": 5}
        assert shown(page)[1:] == (807, 1306)

        # A lost connection is resumed after the last one seen; a reset begins anew.
        room.sockets[-1].close()
        expect(page.locator("[data-chat=root]")).to_have_attribute("data-state", "down")
        expect(page.locator("[data-chat=root]")).to_have_attribute("data-state", "open")
        assert room.heard(page, "hello", 2)["since"] == 1306
        room.tell({"type": "reset"})
        room.tell_events(2001, 2010)
        expect(page.get_by_text("message 2010")).to_be_in_viewport()
        # So few (the page was all votes and hands, say) that an older page is read unasked.
        expect(page.locator("[data-seq='1901']")).to_be_attached()
        expect(page.get_by_text("message 2010")).to_be_in_viewport()
        assert shown(page) == (110, 1901, 2010)


def test_a_message_that_is_refused_says_why_and_can_be_discarded(platform: RunningPlatform, chromium: Browser) -> None:
    event = on_air.make(platform, "Refused", "Mina")
    with closing(walk.profile_of(chromium)) as context:
        page = context.new_page()
        room = ScriptedRoom(page, last=0)
        page.goto(event.guests[0])
        expect(page.locator("[data-chat=root]")).to_have_attribute("data-state", "open")
        walk.say(page, "Too much of it")
        expect(page.locator(".msg.draft")).to_have_count(1)
        cid = room.heard(page, "send", 1)["cid"]
        room.tell({"type": "nak", "of": "send", "cid": cid, "code": "too_long"})
        expect(page.get_by_text("This message is too long.")).to_be_visible()
        # Sent again, it keeps its id: a server that had stored it after all would not store it twice.
        page.get_by_role("button", name="Send again").click()
        assert room.heard(page, "send", 2)["cid"] == cid
        room.tell({"type": "nak", "of": "send", "cid": cid, "code": "blocked"})
        page.get_by_role("button", name="Discard").click()
        expect(page.locator(".msg.draft")).to_have_count(0)
        # The server closes the chat for good: the page says so and stops asking.
        room.tell({"type": "bye", "code": "gone", "reconnect": False, "after_ms": 0})
        expect(page.get_by_text("The chat of this event is closed.")).to_be_visible()
        expect(page.get_by_label("Write a message")).to_be_disabled()


def test_a_reply_leads_to_what_it_answers_and_quotes_nothing_that_was_removed(
    platform: RunningPlatform, chromium: Browser
) -> None:
    event = on_air.make(platform, "Quotes", "Mina")
    with closing(walk.profile_of(chromium)) as context:
        page = context.new_page()
        room = ScriptedRoom(page, last=1)
        page.goto(event.guests[0])
        expect(page.get_by_text("message 1", exact=True)).to_be_visible()
        base = {"at": "2026-11-21T12:00:00.000Z", "cid": None, "from": {"id": "p", "name": "Jo", "role": "attendee"}}
        room.tell({"type": "events", "events": [{"seq": 2, "type": "message", **base, "body": "why?", "reply_to": 1}]})
        reply = page.locator("[data-seq='2']")
        expect(reply.locator(".msg__cut")).to_have_text("message 1")
        reply.press("ArrowLeft")
        expect(page.locator("[data-seq='1']")).to_be_focused()
        page.locator("[data-seq='1']").press("Enter")
        strip = page.locator("[data-chat=reply]")
        expect(strip).to_contain_text("message 1")
        room.tell({"type": "events", "events": [{"seq": 3, "type": "delete", "at": base["at"], "target": 1}]})
        expect(reply.locator(".msg__cut")).to_have_text("Removed by a moderator")
        expect(strip).to_be_hidden()
        expect(page.get_by_text("message 1")).to_have_count(0)
