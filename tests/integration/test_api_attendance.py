"""What players tell over the API, what is made of it, and who may read and correct it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.fake_ingest import FakeIngest
from tests.waiting import until
from webinar.attendance.service import AttendanceService
from webinar.base import chain, db
from webinar.jobs.sealer import Sealer

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


def span(kind: str, start: datetime, end: datetime) -> dict[str, str]:
    return {"kind": kind, "started_at": start.isoformat(), "ended_at": end.isoformat()}


async def tell(web: Web, person: dict[str, Any], *beats: dict[str, str], **more: Any) -> dict[str, Any]:
    body = {"device": "browser1", "beats": list(beats), **more}
    reply = await web.call("POST", "/api/v1/attendance", person["viewer_token"], json=body)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def since(web: Web, event: dict[str, Any], person: dict[str, Any], ago: timedelta) -> None:
    """As if the event had been live, and the person in it, for so long."""
    await web.platform.pool.execute(
        "update event set started_at = now() - $2::interval, starts_at = now() - $2::interval where id = $1",
        uuid.UUID(event["id"]),
        ago,
    )
    await web.platform.pool.execute(
        "update attendee set first_joined_at = now() - $2::interval where id = $1", uuid.UUID(person["id"]), ago
    )
    web.platform.attendance.forget(uuid.UUID(event["id"]))


async def rules(web: Web, event: dict[str, Any], **plan: Any) -> dict[str, Any]:
    reply = await web.host.put(f"/api/v1/events/{event['id']}/attendance/rules", json=plan)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def rows(web: Web, event: dict[str, Any]) -> list[dict[str, Any]]:
    reply = await web.host.get(f"/api/v1/events/{event['id']}/attendance")
    assert reply.status_code == 200, reply.text
    return list(reply.json()["items"])


async def test_what_is_told_twice_or_on_two_devices_counts_once(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    await since(web, event, person, HOUR)
    begun = now() - timedelta(minutes=40)
    watched = span("live", begun, begun + timedelta(minutes=10))
    await tell(web, person, watched)
    again = await tell(web, person, watched, span("replay", begun, begun + timedelta(minutes=2)))
    assert (again["live_s"], again["replay_s"]) == (600, 120)
    both = await tell(web, person, span("live", begun, begun + timedelta(minutes=12)), device="phone22")
    assert both["live_s"] == 720
    # A page that was kept from telling says it all at once, the last first: no second is missing between its pieces.
    late = [begun + timedelta(minutes=12, seconds=7 * n) for n in range(31)]
    pieces = [span("live", one, other) for one, other in itertools.pairwise(late)]
    assert (await tell(web, person, *reversed(pieces[10:])))["live_s"] == 720 + 140
    assert (await tell(web, person, *pieces, device="phone22"))["live_s"] == 720 + 210
    (row,) = await rows(web, event)
    assert (row["attendee_id"], row["name"], row["live_s"]) == (person["id"], "김하나", 930)
    assert len(row["spans"]) == 1


async def test_nobody_claims_time_they_were_not_let_in_nor_the_future(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    await since(web, event, person, timedelta(minutes=30))
    await web.platform.pool.execute(
        "update attendee set first_joined_at = now() - interval '20 minutes' where id = $1", uuid.UUID(person["id"])
    )
    claimed = await tell(web, person, span("live", now() - 5 * HOUR, now() + 5 * HOUR))
    assert 1200 <= claimed["live_s"] <= 1202
    other = await web.attendee(event, "lee@example.org")
    waiting = await web.event(registration="approval")
    assert (await tell(web, other))["live_s"] == 0
    reply = await web.call(
        "POST", f"/api/v1/events/{waiting['id']}/attendance/rules", person["viewer_token"], json={"windows": False}
    )
    assert reply.status_code == 405
    refused = await web.call("GET", f"/api/v1/events/{event['id']}/attendance", person["viewer_token"])
    assert refused.status_code == 403
    bad = {"device": "browser1", "beats": [span("live", now(), now())] * 201}
    assert (await web.call("POST", "/api/v1/attendance", person["viewer_token"], json=bad)).status_code == 422


async def test_times_of_other_centuries_and_offsets_of_nowhere_are_no_trouble(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    await since(web, event, person, HOUR)
    west, east = (now() + timedelta(hours=h) for h in (-23, 23))
    odd = {"kind": "live", "started_at": f"{west:%FT%T}-23:00", "ended_at": f"{east:%FT%T}+23:00"}
    assert (await tell(web, person, odd))["live_s"] == 0
    for year in ("0001", "9999"):
        edge = {
            "kind": "live",
            "started_at": f"{year}-01-01T00:00:00+14:00",
            "ended_at": f"{year}-12-31T23:59:59-12:00",
        }
        report = {"device": "browser1", "beats": [edge]}
        assert (await web.call("POST", "/api/v1/attendance", person["viewer_token"], json=report)).status_code == 422
        change = {"kind": "remove", "reason": "x", **{name: edge[name] for name in ("started_at", "ended_at")}}
        refused = await web.host.patch(f"/api/v1/events/{event['id']}/attendance/{person['id']}", json=change)
        assert refused.status_code == 422


async def test_before_the_start_nothing_is_live(web: Web) -> None:
    event = await web.event()
    person = await web.attendee(event)
    await web.platform.registration.joined(uuid.UUID(person["id"]))
    assert (await tell(web, person, span("live", now() - HOUR, now())))["live_s"] == 0


async def test_what_the_servers_saw_stands_beside_what_browsers_tell(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    await web.playback(person["viewer_token"], transport="whep")
    begun = now()
    await asyncio.sleep(0.3)
    await web.playback(person["viewer_token"], transport="whep")
    await tell(web, person, span("live", begun, now()))
    (row,) = await rows(web, event)
    assert row["seen_percent"] >= 60


async def test_doors_and_prompts_take_presses_of_their_time_only(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    await since(web, event, person, timedelta(minutes=20))  # longer than a prompt waits at most
    plan = await rules(
        web, event, windows=True, enter_after_min=60, prompts_per_hour=6, rules=[{"enter": True}, {"confirmed": 100}]
    )
    assert [rule["enter"] for rule in plan["rules"]] == [True, False]
    standing = await tell(web, person, span("live", now() - timedelta(minutes=5), now()))
    assert standing["entered_at"] is None
    assert standing["rules"][0]["outcome"] == "open"
    mark = {"kind": "enter", "at": now().isoformat()}
    entered = await tell(web, person, marks=[mark, {"kind": "leave", "at": now().isoformat()}])
    assert entered["entered_at"] is not None
    assert entered["refused"] == [{"place": 1, "code": "closed"}]
    assert entered["rules"][0]["outcome"] == "passed"
    (prompt,) = entered["prompts"]
    assert timedelta(0) < datetime.fromisoformat(prompt["at"]) - now() <= timedelta(seconds=60)
    early = await tell(web, person, marks=[{"kind": "confirm", "at": now().isoformat(), "prompt": prompt["number"]}])
    assert early["refused"] == [{"place": 0, "code": "too_late"}]
    await web.platform.pool.execute("update attendance_prompt set at = now() - interval '1 minute'")
    web.platform.attendance.forget(uuid.UUID(event["id"]))
    answer = {"kind": "confirm", "at": now().isoformat(), "prompt": prompt["number"]}
    answered = await tell(web, person, marks=[answer])
    assert (answered["asked"], answered["confirmed"], answered["prompts"][0]["answered"]) == (1, 1, True)


async def test_what_was_pressed_before_the_end_is_taken_after_it_and_nothing_of_later(
    web: Web, ingest: FakeIngest
) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    await since(web, event, person, timedelta(minutes=20))
    await rules(web, event, windows=True, enter_after_min=60, prompts_per_hour=6, rules=[{"enter": True}])
    assert (await tell(web, person))["prompts"] != []
    before = now()
    assert (await web.host.post(f"/api/v1/events/{event['id']}/end")).status_code == 200
    await web.platform.pool.execute("update event set ended_at = ended_at - interval '5 seconds'")
    web.platform.attendance.forget(uuid.UUID(event["id"]))
    late = await tell(web, person, span("replay", now(), now()), marks=[{"kind": "enter", "at": now().isoformat()}])
    assert (late["refused"], late["entered_at"]) == ([{"place": 0, "code": "closed"}], None)
    assert (late["prompts"], late["outcome"]) == ([], "failed")
    kept = {"kind": "enter", "at": (before - timedelta(seconds=10)).isoformat()}
    told = await tell(web, person, marks=[kept])
    assert (told["refused"], told["outcome"]) == ([], "passed")


async def test_a_correction_has_a_reason_and_stands_in_the_log_which_is_sealed_at_the_end(
    web: Web, ingest: FakeIngest
) -> None:
    event = await web.live_event()
    event_id = uuid.UUID(event["id"])
    person = await web.attendee(event)
    await since(web, event, person, HOUR)
    await rules(web, event, rules=[{"share": 80}])
    await tell(web, person, span("live", now() - timedelta(minutes=30), now()))
    assert (await web.host.post(f"/api/v1/events/{event['id']}/end")).status_code == 200
    (row,) = await rows(web, event)
    assert row["outcome"] == "failed"
    path = f"/api/v1/events/{event['id']}/attendance/{person['id']}"
    change = {
        "kind": "add",
        "started_at": (now() - HOUR).isoformat(),
        "ended_at": (now() - timedelta(minutes=30)).isoformat(),
        "reason": "강의실에서 참석",
    }
    corrected = await web.host.patch(path, json=change)
    assert corrected.status_code == 200, corrected.text
    assert corrected.json()["outcome"] == "passed"
    assert corrected.json()["corrections"][0]["by"] == "tests"
    for broken in (
        {**change, "reason": " "},
        {**change, "ended_at": change["started_at"]},
        {"kind": "add", "reason": "x"},
    ):
        assert (await web.host.patch(path, json=broken)).status_code == 422
    log = await web.platform.attendance.log(event_id)
    assert [e.type for e in log] == ["opened", "rules", "person", "sealed", "correction", "person", "sealed"]
    head = chain.GENESIS
    for entry in log:
        assert entry.prev == head
        head = chain.link(head, seq=entry.seq, at=entry.at, type_=entry.type, body=entry.body)
        assert entry.hash == head
    assert await web.platform.attendance.seal(event_id) == log[-1].seq
    # The log holds a digest of the words, which go with the person's data.
    (stored,) = await web.platform.pool.fetch("select reason, by_whom, salt from attendance_correction")
    words = chain.canonical({"by": stored["by_whom"], "reason": stored["reason"]})
    assert log[4].body["words"] == hashlib.sha256(stored["salt"] + words).hexdigest()
    assert "강의실" not in str(log[4].body)
    await web.platform.forgetting.elsewhere(event_id, uuid.UUID(person["id"]))
    (stored,) = await web.platform.pool.fetch("select reason, by_whom, salt from attendance_correction")
    assert tuple(stored) == ("", "", None)
    assert await web.platform.attendance.seal(event_id) == log[-1].seq


async def test_a_seal_takes_one_connection(web: Web, database: str) -> None:
    event = await web.event()
    await web.attendee(event)
    await web.platform.pool.execute("update event set state = 'ended', ended_at = now()")
    pool = await db.connect(database, service="one", max_size=1)
    try:
        async with asyncio.timeout(20):
            assert await AttendanceService(pool).seal(uuid.UUID(event["id"])) > 0
    finally:
        await pool.close()


async def test_what_a_browser_kept_offline_is_sealed_once_more(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    await since(web, event, person, HOUR)
    await web.host.post(f"/api/v1/events/{event['id']}/end")
    sealer = Sealer(web.platform.attendance)
    assert await sealer.look() == 0
    await tell(web, person, span("live", now() - timedelta(minutes=30), now() - timedelta(minutes=10)))
    assert await sealer.look() == 1
    log = await web.platform.attendance.log(uuid.UUID(event["id"]))
    assert log[-2].body["live_s"] == 1200
    assert await sealer.look() == 0


async def test_the_audience_is_counted_over_time(web: Web, ingest: FakeIngest) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    await since(web, event, person, timedelta(minutes=30))
    await tell(web, person, span("live", now() - timedelta(minutes=22), now() - timedelta(minutes=12)))
    reply = await web.host.get(f"/api/v1/events/{event['id']}/attendance/audience", params={"step_s": 300})
    assert reply.json()["step_s"] == 300
    assert [step["people"] for step in reply.json()["items"]] == [0, 0, 1, 1, 0, 0, 0]


async def test_the_newest_page_of_a_person_takes_the_place_of_the_one_before_at_once(
    web: Web, ingest: FakeIngest
) -> None:
    event = await web.live_event()
    person = await web.attendee(event)
    attendee = await web.platform.registration.get(uuid.UUID(event["id"]), uuid.UUID(person["id"]))
    first = web.platform.access.viewer_token(attendee, "0000000000001a")
    second = web.platform.access.viewer_token(attendee, "0000000000002a")
    before = (await web.playback(first)).json()
    waiting = asyncio.create_task(web.playback(first, after=before["version"], wait=20))
    await until(lambda: web.platform.stage.waiting == 1)
    assert (await web.playback(second)).status_code == 200
    lost = await asyncio.wait_for(waiting, 5)
    assert (lost.status_code, lost.json()["code"]) == (409, "elsewhere")
    offer = await web.call(
        "POST", f"/whep/{event['id']}", first, content="v=0", headers={"Content-Type": "application/sdp"}
    )
    assert (offer.status_code, offer.json()["code"]) == (409, "elsewhere")
    assert (await web.playback(person["viewer_token"])).status_code == 200  # a program's token has no place to lose
    told = await web.call("POST", "/api/v1/attendance", first, json={"device": "browser1"})
    assert told.status_code == 200  # what it watched before still counts
