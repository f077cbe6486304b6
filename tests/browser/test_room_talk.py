"""Questions, polls and moderation between real pages: what one does the others see, in the room and in the studio."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import on_air, walk
from tests.running import RunningPlatform

# In the studio's page: orders over a connection of its own, as the moderators' console gives them. Gives the seqs.
ORDER = """async (orders) => {
    const boot = JSON.parse(document.getElementById('boot').textContent);
    const answer = await fetch(`${boot.api_base}/events/${boot.event.id}/studio/ticket`,
        { headers: { Authorization: `Bearer ${boot.studio_token}` } });
    const { url, ticket } = await answer.json();
    const socket = new WebSocket(url, 'webinar.chat.v1');
    const seqs = [];
    try {
        await new Promise((resolve, reject) => {
            const next = () => {
                const order = orders[seqs.length];
                if (!order) return resolve();
                const last = (value) => (value === 'last' ? seqs.at(-1) : value);
                const known = Object.fromEntries(Object.entries(order).map(([k, v]) => [k, last(v)]));
                socket.send(JSON.stringify({ type: 'mod', cid: crypto.randomUUID(), ...known }));
            };
            socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', ticket, since: null, epoch: null }));
            socket.onclose = () => reject(new Error('closed'));
            socket.onmessage = ({ data }) => {
                const frame = JSON.parse(data);
                if (frame.type === 'welcome') next();
                if (frame.type === 'nak') reject(new Error(frame.code));
                if (frame.type === 'ack') { seqs.push(frame.seq); next(); }
            };
        });
    } finally {
        socket.onclose = null;
        socket.close();
    }
    return seqs;
}"""


@pytest.fixture(scope="module")
def event(platform: RunningPlatform, chromium: Browser) -> Iterator[tuple[on_air.Event, Page]]:
    """An event before its start, and its studio as the host has it open."""
    made = on_air.make(platform, "Talking together", "Mina Kim", "João Silva")
    with closing(walk.profile_of(chromium)) as context:
        page = context.new_page()
        walk.sign_in(platform, page)
        page.goto(f"{platform.base_url}/events/{made.id}/studio")
        expect(page.locator("[data-chat=root]")).to_have_attribute("data-state", "open")
        yield made, page


def opened(page: Page, link: str) -> Page:
    page.goto(link)
    expect(page.locator("[data-chat=root]")).to_have_attribute("data-state", "open")
    return page


def test_a_question_is_asked_voted_for_and_put_on_everybodys_screen(
    event: tuple[on_air.Event, Page], chromium: Browser
) -> None:
    made, studio = event
    with closing(walk.profile_of(chromium)) as one, closing(walk.profile_of(chromium, width=390, height=844)) as two:
        mina, joao = opened(one.new_page(), made.guests[0]), opened(two.new_page(), made.guests[1])
        mina.get_by_role("tab", name="Q&A").click()
        mina.get_by_label("Ask a question", exact=True).fill("Why is <b>it</b> so?")
        mina.get_by_label("Ask a question", exact=True).press("Enter")
        expect(mina.get_by_text("Your question")).to_be_visible()
        expect(mina.locator("#ask-hint")).to_have_text("Others see you as Guest 1.")
        # Elsewhere the tab is marked; who opens it sees the words as they were written, and votes.
        expect(joao.get_by_role("tab", name="Q&A 1")).to_be_visible()
        joao.get_by_role("tab", name="Q&A").click()
        expect(joao.locator(".ask__body")).to_have_text("Why is <b>it</b> so?")
        expect(joao.locator(".ask__name")).to_have_text("Guest 1")
        expect(joao.get_by_text("Mina Kim")).to_have_count(0)
        joao.get_by_role("button", name="Vote for this question, 0 so far").click()
        expect(mina.get_by_role("button", name="Vote for this question, 1 so far")).to_be_visible()
        studio.get_by_role("tab", name="Q&A").click()
        expect(studio.locator(".ask .fullname")).to_have_text("Mina Kim")
        studio.get_by_role("button", name="Put on screen").click()
        for page in (mina, joao):
            expect(page.locator("[data-onscreen=body]")).to_have_text("Why is <b>it</b> so?")
            expect(page.locator("[data-onscreen=root]")).to_be_visible()
        studio.get_by_role("button", name="On screen").first.click()
        studio.get_by_role("button", name="Answered", exact=True).last.click()
        expect(mina.locator("[data-onscreen=root]")).to_be_hidden()
        expect(mina.locator(".ask .badge", has_text="Answered")).to_be_visible()
        # The vote is still the voter's after a reload.
        opened(joao, made.guests[1]).get_by_role("tab", name="Q&A").click()
        expect(joao.get_by_role("button", name="Vote for this question, 1 so far")).to_have_attribute(
            "aria-pressed", "true"
        )


def test_polls_are_answered_and_what_moderators_decide_is_said_to_whom_it_concerns(
    event: tuple[on_air.Event, Page], chromium: Browser
) -> None:
    made, studio = event
    with closing(walk.profile_of(chromium)) as one, closing(walk.profile_of(chromium)) as two:
        mina, joao = opened(one.new_page(), made.guests[0]), opened(two.new_page(), made.guests[1])
        expect(mina.get_by_role("tab", name="Polls")).to_be_hidden()
        poll = {"question": "Do you hear us?", "kind": "single", "options": ["Yes", "No"]}
        save = {"op": "poll_save", **poll, "anonymous": False, "live": True}
        studio.evaluate(ORDER, [save, {"op": "poll", "poll": "last", "state": "open"}])
        mina.get_by_role("tab", name="Polls 1").click()
        mina.get_by_role("radio", name="Yes").check()
        mina.get_by_role("button", name="Send my answer").click()
        expect(mina.locator(".bar-line.mine")).to_contain_text("100% · 1")
        mina.get_by_role("button", name="Change my answer").click()
        mina.get_by_role("radio", name="No").check()
        mina.get_by_role("button", name="Send my answer").click()
        expect(mina.locator(".bar-line.mine")).to_contain_text("No")

        # Held for review: its writer sees it wait, and its place when it is let through; the others only then.
        [settings] = studio.evaluate(ORDER, [{"op": "settings", "mode": "review"}])
        expect(joao.get_by_text("A moderator reads each message")).to_be_visible()
        walk.say(joao, "May I say this?")
        expect(joao.get_by_text("Waiting for a moderator")).to_be_visible()
        studio.get_by_role("tab", name="Chat").click()
        held = studio.locator(".msg.held", has_text="May I say this?")
        expect(held).to_be_visible()
        target = int(held.get_attribute("data-id") or 0)
        assert target > settings
        studio.evaluate(ORDER, [{"op": "approve", "target": target}, {"op": "pin", "target": target}])
        expect(joao.get_by_text("Waiting for a moderator")).to_have_count(0)
        mina.get_by_role("tab", name="Chat").click()
        expect(mina.locator("[data-chat=list] .msg__body", has_text="May I say this?")).to_be_visible()
        expect(mina.locator("[data-chat=pin-text]")).to_have_text("May I say this?")
        studio.evaluate(ORDER, [{"op": "delete", "target": target}, {"op": "settings", "mode": "hosts"}])
        for page in (mina, joao):
            expect(page.get_by_text("Removed by a moderator")).to_be_visible()
            expect(page.get_by_text("May I say this?")).to_have_count(0)
            expect(page.get_by_text("Only the hosts are writing here just now.")).to_be_visible()
        expect(mina.get_by_label("Write a message")).to_be_hidden()
