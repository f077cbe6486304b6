"""What people and hosts ask for about letters: a link again, calendar files, other words, a preview."""

from __future__ import annotations

import re
import uuid

from icalendar import Calendar

from tests.mail_office import body, future_event, idle, letters_to
from tests.mail_stage import Inbox
from tests.waiting import until
from tests.web_stage import Web
from webinar.mail.model import Kind
from webinar.pages.event_mails import framed

pytest_plugins = ["tests.mail_office"]


async def test_my_link_again_answers_alike_for_who_is_registered_and_who_is_not(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    guest = await office.attendee(event)
    await letters_to(inbox, "kim@example.org", 1)
    path = f"/e/{event['slug']}/link"
    answers = []
    for email in ("kim@example.org", "lee@example.org"):
        token = csrf((await office.guest.get(path)).text)
        reply = await office.guest.post(path, data={"csrf": token, "email": email})
        answers.append((reply.status_code, reply.text.replace(email, "…")))
    assert answers[0] == answers[1]
    _, letter = await letters_to(inbox, "kim@example.org", 2)
    assert guest["join_url"] in body(letter)
    for _ in range(5):
        token = csrf((await office.guest.get(path)).text)
        assert (await office.guest.post(path, data={"csrf": token, "email": "kim@example.org"})).status_code == 200
    await until(lambda: idle(office))
    assert len(inbox.to("kim@example.org")) <= 4
    assert inbox.to("lee@example.org") == []


def csrf(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def test_the_event_can_be_taken_into_a_calendar_by_anybody_and_with_ones_own_link(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office)
    guest = await office.attendee(event)
    for path, url in (
        (f"/e/{event['slug']}/event.ics", event["event_url"]),
        (guest["join_url"].removeprefix(office.url) + "/event.ics", guest["join_url"]),
    ):
        reply = await office.guest.get(path)
        assert reply.headers["content-type"].startswith("text/calendar")
        (calendar,) = Calendar.from_ical(reply.content).walk("VEVENT")
        assert str(calendar["URL"]) == url
        assert "ATTENDEE" not in calendar


async def test_a_host_reads_and_changes_letters_by_the_api(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    path = f"/api/v1/events/{event['id']}/mails"
    kinds = {item["kind"]: item for item in (await office.host.get(path)).json()["items"]}
    assert kinds["reminder_hour"]["minutes"] == 60
    assert kinds["confirmed"]["ko"]["own"] is False
    refused = await office.host.patch(f"{path}/confirmed", json={"ko": {"text": "{nmae}"}})
    assert refused.status_code == 422
    assert "{nmae}" in refused.json()["errors"][0]["message"]
    changed = await office.host.patch(
        f"{path}/confirmed", json={"ko": {"text": "반가워요, {name} 님"}, "enabled": True}
    )
    assert changed.json()["ko"] == {
        "subject": kinds["confirmed"]["ko"]["subject"],
        "text": "반가워요, {name} 님",
        "own": True,
    }
    await office.attendee(event, language="ko")
    (letter,) = await letters_to(inbox, "kim@example.org", 1)
    assert "반가워요, 김하나 님" in body(letter)
    assert "/j/" in body(letter)  # the link is added where the words lack it
    made = await office.host.post(f"{path}/thanks/test", json={"email": "me@example.org", "language": "en"})
    assert made.status_code == 202
    (example,) = await letters_to(inbox, "me@example.org", 1)
    assert "Hana Kim" in body(example)
    await until(lambda: idle(office))
    letters = (await office.host.get(f"/api/v1/events/{event['id']}/letters")).json()["items"]
    assert {(one["email"], one["state"]) for one in letters} == {
        ("me@example.org", "sent"),
        ("kim@example.org", "sent"),
    }
    again = await office.host.post(f"/api/v1/events/{event['id']}/letters/{letters[-1]['id']}/again")
    assert again.status_code == 202
    await letters_to(inbox, "kim@example.org", 2)


async def test_a_preview_can_do_nothing_and_names_each_style_that_it_allows(office: Web) -> None:
    event = await future_event(office)
    found = await office.platform.events.get(uuid.UUID(event["id"]))
    plan = await office.platform.mail.plan(found.id, Kind.CONFIRMED)
    answer = framed(office.platform.writer.example(found, plan, "ko"))
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "sandbox" in policy.split("; ")
    assert "frame-ancestors 'self'" in policy
    styles = set(re.findall(r'style="([^"]*)"', bytes(answer.body).decode()))
    assert policy.count("sha256-") == len(styles)
