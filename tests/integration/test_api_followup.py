"""Follow-up letters: who gets which and what it says is seen, on the page and by the API, before any is written."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.mail_office import body, future_event, letters_to
from tests.security.pages_client import Person
from webinar.attendance.model import NewCorrection
from webinar.mail.model import Choice, Kind, Words
from webinar.recordings.gate import Gate, Who

if TYPE_CHECKING:
    from tests.mail_stage import Inbox
    from tests.web_stage import Web

pytest_plugins = ["tests.mail_office"]


async def test_the_host_sees_who_would_get_which_letter_and_what_it_says_before_any_is_written(office: Web) -> None:
    event = await future_event(office)
    event_id, path = uuid.UUID(event["id"]), f"/api/v1/events/{event['id']}/followup"
    came = await office.attendee(event, "came@example.org", name="온사람")
    stopped = await office.attendee(event, "stopped@example.org", name="그만둔이")
    await office.attendee(event, "missed@example.org", name="못온사람", language="en")
    await office.attendee(event, "away@example.org", name="바쁜이")
    gone = await office.attendee(event, "gone@example.org", name="취소한이")
    await office.platform.registration.cancel(event_id, uuid.UUID(gone["id"]))
    assert await office.platform.mail.refuse(uuid.UUID(stopped["id"]))
    assert (await office.host.post(path)).json()["code"] == "not_ended"
    words = Words(subject="{title} 자료", text="{name} 님, 고마워요.")
    await office.platform.mail.choose(event_id, Kind.THANKS, Choice(ko=words))
    await office.platform.pool.execute(
        "update event set state = 'ended', started_at = now() - interval '1 hour', ended_at = now() where id = $1",
        event_id,
    )
    now = datetime.now(UTC)
    there = NewCorrection(
        kind="add", started_at=now - timedelta(minutes=50), ended_at=now - timedelta(minutes=40), reason="seen"
    )
    await office.platform.attendance.correct(event_id, uuid.UUID(came["id"]), there, "host")
    thanks, missed = (await office.host.get(path, params={"people": "true"})).json()["items"]
    assert (thanks["kind"], thanks["gets"], thanks["has"], thanks["stopped"]) == ("thanks", 1, 0, 0)
    assert (thanks["language"], thanks["subject"]) == ("ko", f"{event['title']} 자료")
    assert "고마워요." in thanks["text"]
    assert "고마워요." in thanks["html"]
    assert (missed["kind"], missed["gets"], missed["has"], missed["stopped"]) == ("missed", 2, 0, 1)
    listed = [(one["email"], one["language"], one["standing"]) for one in missed["people"]]
    assert listed == [
        ("stopped@example.org", "ko", "stopped"),
        ("missed@example.org", "en", "gets"),
        ("away@example.org", "ko", "gets"),
    ]
    assert (await office.host.get(path)).json()["items"][1]["people"] is None
    async with Person(office) as host:
        await host.become_owner()
        page = f"/events/{event['id']}/report/followup"
        shown = (await host.http.get(page)).text
        assert [address in shown for address in ("came@", "missed@", "stopped@", "gone@")] == [True, True, True, False]
        # Each letter as it reaches somebody: of those who did not come one reads Korean, one English.
        letters = [f"{kind}/preview?language={code}" for kind in ("thanks", "missed") for code in ("ko", "en")]
        assert [f"/events/{event['id']}/mails/{letter}" in shown for letter in letters] == [True, False, True, True]
        assert shown.count("1 get it in this language") == 2
        assert not (await office.platform.mail.page(event_id, kind=Kind.MISSED)).items  # looking wrote none
        assert "Send the mails" in shown
        assert (await host.send(page)).status_code == 303
        assert "Send the mails" not in (await host.http.get(page)).text
    items = (await office.host.get(path)).json()["items"]
    assert [(one["gets"], one["has"]) for one in items] == [(0, 1), (0, 2)]
    assert (await office.host.post(path)).json() == {"letters": 0}


async def test_a_follow_up_says_of_the_recording_what_holds_for_whom_it_goes_to(office: Web, inbox: Inbox) -> None:
    event = await future_event(office, language="en")
    event_id, platform = uuid.UUID(event["id"]), office.platform
    guest = await office.attendee(event, "missed@example.org", language="en")
    await letters_to(inbox, "missed@example.org", 1)
    await platform.pool.execute(
        "update event set state = 'ended', started_at = now() - interval '1 hour', ended_at = now() where id = $1",
        event_id,
    )

    async def said() -> list[str]:
        """What their button says, and before a colon what is said of the recording; of who came, and who did not."""
        items = (await office.host.get(f"/api/v1/events/{event_id}/followup")).json()["items"]
        parts = [item["text"].split("\n\n")[2:-1] for item in items]
        return [" | ".join(one.split("\n")[0] for one in part) for part in parts]

    hello = ["Hello Hana Kim,", "thank you for being there.", "you were registered but could not be there."]
    without = [f"{word} | Open my link:" for word in hello[1:]]
    soon = "The recording is being made ready. In a while you can watch it by this link: | Open my link:"
    now = "You can watch the recording by this link: | Watch the recording:"
    assert await said() == without  # there is none
    await platform.recordings.open(event_id)
    assert await said() == [f"{word} | {soon}" for word in hello[1:]]
    ready = "update recording set state = 'ready', key = 'k', bytes = 1, sha256 = 'f', duration_s = 9, complete = true"
    await platform.pool.execute(f"{ready}, ready_at = now() where event_id = $1", event_id)
    assert await said() == [f"{word} | {now}" for word in hello[1:]]
    await platform.editing.set_gate(event_id, Gate(Who.ATTENDED))
    assert await said() == [f"{hello[1]} | {now}", without[1]]
    await platform.editing.set_gate(event_id, Gate(Who.NOBODY))
    assert await said() == without
    await platform.editing.set_gate(event_id, Gate(Who.REGISTERED))
    assert (await office.host.post(f"/api/v1/events/{event_id}/followup")).json() == {"letters": 1}
    letter = (await letters_to(inbox, "missed@example.org", 2))[-1]
    said_at_last = ["You can watch the recording by this link:", "", "Watch the recording:", guest["join_url"]]
    assert "\n".join(said_at_last) in body(letter).replace("\r\n", "\n")
