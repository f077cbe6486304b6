"""What people and hosts ask for about letters: a link again, calendar files, other words, a preview."""

from __future__ import annotations

import io
import re
import uuid
from email.message import EmailMessage

from icalendar import Calendar
from PIL import Image

from tests.mail_office import body, future_event, idle, letters_to
from tests.mail_stage import Inbox
from tests.waiting import until
from tests.web_stage import Web
from webinar.events.pictures import Kind as PictureKind
from webinar.mail.model import Kind
from webinar.pages.event_mails import framed
from webinar.registration.model import Status

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


async def test_only_who_has_a_seat_has_a_calendar_entry_and_who_loses_it_loses_the_entry(
    office: Web, inbox: Inbox
) -> None:
    event = await future_event(office, registration="approval", capacity=2)
    registration, event_id = office.platform.registration, uuid.UUID(event["id"])
    people = [(await office.attendee(event, f"{who}@example.org", language="en"))["id"] for who in ("in", "out", "ask")]
    one, out, asks = [uuid.UUID(person) for person in people]
    found = await office.platform.events.get(event_id)
    own = {}
    for person in (one, out, asks):
        attendee = await registration.get(event_id, person)
        await office.platform.letters.link(found, attendee)
        own[person] = f"/j/{registration.join_link(attendee)}/event.ics"
    (_, letter) = await letters_to(inbox, "ask@example.org", 2)
    assert calendars(letter) == []  # the link once more, for who has no seat yet
    assert (await office.guest.get(own[asks])).status_code == 403
    await registration.decide_many(event_id, Status.APPROVED, [one, out])
    await letters_to(inbox, "in@example.org", 3)
    await letters_to(inbox, "out@example.org", 3)
    await registration.set_status(event_id, one, Status.DECLINED)
    await registration.set_status(event_id, asks, Status.DECLINED)
    *_, taken = await letters_to(inbox, "in@example.org", 4)
    assert calendars(taken) == ["CANCEL"]
    *_, never = await letters_to(inbox, "ask@example.org", 3)
    assert calendars(never) == []
    # Who is sent out reads it in the room; no letter says that there was no seat.
    sent = await office.host.post(f"/api/v1/events/{event['id']}/attendees/{out}/send-out")
    assert sent.status_code == 204
    await until(lambda: idle(office))
    assert len(inbox.to("out@example.org")) == 3
    (gone,) = Calendar.from_ical((await office.guest.get(own[out])).content).walk("VEVENT")
    assert str(gone["STATUS"]) == "CANCELLED"


def calendars(letter: EmailMessage) -> list[str]:
    """What a letter does to a calendar."""
    parts = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    return [str(Calendar.from_ical(part.get_content())["METHOD"]) for part in parts]


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


async def test_a_preview_can_do_nothing_and_shows_the_logo_that_a_letter_carries(office: Web, inbox: Inbox) -> None:
    event = await future_event(office)
    found = await office.platform.events.get(uuid.UUID(event["id"]))
    picture = io.BytesIO()
    Image.new("RGBA", (1200, 240), (180, 35, 107, 255)).save(picture, "PNG")
    await office.platform.images.put(found.id, PictureKind.LOGO, picture.getvalue())
    logo = await office.platform.logos.of(found)
    assert logo is not None
    assert (logo.width, logo.height) == (200, 40)
    plan = await office.platform.mail.plan(found.id, Kind.CONFIRMED)
    answer = framed(office.platform.writer.example(found, plan, "ko", logo))
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "sandbox" in policy.split("; ")
    assert "frame-ancestors 'self'" in policy
    html = bytes(answer.body).decode()
    assert policy.count("sha256-") == len(set(re.findall(r'style="([^"]*)"', html)))
    assert 'src="data:image/png;base64,' in html
    assert "cid:" not in html
    await office.attendee(event)
    (letter,) = await letters_to(inbox, "kim@example.org", 1)
    (part,) = (part for part in letter.walk() if part.get_content_type() == "image/png")
    assert Image.open(io.BytesIO(part.get_content())).size == (400, 80)
    shown = next(part for part in letter.walk() if part.get_content_type() == "text/html").get_content()
    assert f'src="cid:{part["Content-ID"].strip("<>")}" alt=' in shown
