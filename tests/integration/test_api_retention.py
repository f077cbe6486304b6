"""What an event knows of people is destroyed on its date, all of it, and a receipt says so."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.test_api_conversation import write
from tests.integration.test_api_records import certificates, get, held, post, shown
from tests.security.pages_client import Person
from webinar.base import times
from webinar.base.errors import Unavailable
from webinar.jobs.retention import Retention

if TYPE_CHECKING:
    from tests.web_stage import Web

pytest_plugins = ["tests.web_stage"]

HOUR_S = 3600.0


class Clocks:
    """The date of the machine, and a clock that does not jump."""

    def __init__(self) -> None:
        self.ahead, self.steady = timedelta(), 0.0

    def retention(self, web: Web) -> Retention:
        return Retention(
            web.platform.destruction, clock=lambda: datetime.now(UTC) + self.ahead, steady=lambda: self.steady
        )

    def pass_days(self, days: float) -> None:
        self.ahead += timedelta(days=days)
        self.steady += days * 24 * HOUR_S


async def leftovers(web: Web, event_id: uuid.UUID, texts: tuple[str, ...]) -> list[str]:
    """Tables with a row that names the event or one of these texts."""
    pool = web.platform.pool
    tables = await pool.fetch("select tablename from pg_tables where schemaname = 'public'")
    found = []
    for row in tables:
        name = row["tablename"]
        for text in (str(event_id), *texts):
            if await pool.fetchval(f"select exists (select from {name} t where t::text like $1)", f"%{text}%"):  # noqa: S608
                found.append(f"{name}: {text}")
    return found


async def full(web: Web) -> tuple[dict[str, Any], dict[str, Any]]:
    """An event of which everything there is is known."""
    event, made = await held(web, **{"김하나": 90, "이두리": 50})
    await write(web, event, ("message", made["김하나"]["id"], {"body": "비밀 이야기"}))
    await web.platform.storage.put_bytes(f"recordings/{event['id']}/a.mp4", b"film")
    await web.platform.storage.put_bytes(f"images/{event['id']}/logo.png", b"logo")
    await web.platform.handouts.add(uuid.UUID(event["id"]), "slides.pdf", b"slides")
    await post(web, event, "certificates", {})
    await web.platform.pool.execute("delete from job")  # done by the worker, within seconds
    return event, (await certificates(web, event))["김하나"]


async def test_on_its_date_nothing_of_an_event_is_left_but_a_receipt(web: Web) -> None:
    event, certificate = await full(web)
    await get(web, event, "attendance.bundle")  # seals the log
    event_id, clocks = uuid.UUID(event["id"]), Clocks()
    retention = clocks.retention(web)
    clocks.pass_days(89)
    assert await retention.look() == 0
    clocks.pass_days(2)
    assert await retention.look() == 0  # due now, and seen so for the first time
    clocks.pass_days(1)
    assert await retention.look() == 1
    left = await leftovers(web, event_id, ("김하나", "0@example.org", "비밀 이야기"))
    assert sorted(left) == [f"certificate: {event_id}", f"destroyed_event: {event_id}"]
    assert await web.platform.storage.list_keys(f"recordings/{event['id']}") == []
    assert await web.platform.storage.list_keys(f"images/{event['id']}") == []
    assert await web.platform.storage.list_keys(f"handouts/{event['id']}") == []
    (receipt,) = (await web.host.get("/api/v1/receipts")).json()["items"]
    assert (receipt["event_id"], receipt["why"]) == (event["id"], "date")
    assert receipt["counts"]["people"] == 2
    assert (receipt["counts"]["messages"], receipt["counts"]["files"]) == (1, 1)
    assert len(receipt["log_head"]) == 64
    assert "This certificate is valid" in await shown(web, certificate)
    told = await web.guest.get(f"/e/{event['slug']}", params={"lang": "en"})
    assert (told.status_code, "deleted on" in told.text, "as its guests had been told" in told.text) == (
        410,
        True,
        True,
    )
    assert await retention.look() == 0


async def test_a_clock_that_jumps_ahead_and_back_destroys_nothing(web: Web) -> None:
    event, _ = await full(web)
    clocks = Clocks()
    retention = clocks.retention(web)
    clocks.ahead = timedelta(days=3650)
    assert await retention.look() == 0
    clocks.steady += HOUR_S / 2
    assert await retention.look() == 0
    clocks.ahead = timedelta()
    clocks.steady += HOUR_S
    assert await retention.look() == 0
    clocks.ahead = timedelta(days=3650)
    assert await retention.look() == 0
    assert (await web.host.get(f"/api/v1/events/{event['id']}")).status_code == 200


async def test_what_was_cut_off_is_done_again_and_has_no_receipt_before(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, _ = await full(web)
    clocks, storage = Clocks(), web.platform.storage
    retention = clocks.retention(web)
    clocks.pass_days(91)
    await retention.look()
    clocks.pass_days(1)

    async def away(key: str, data: bytes) -> None:
        raise Unavailable("The object store is away.")

    with monkeypatch.context() as patch:
        patch.setattr(type(storage), "put_bytes", lambda self, key, data: away(key, data))
        assert await retention.look() == 0
    assert (await web.host.get("/api/v1/receipts")).json()["items"] == []
    assert (await web.host.get(f"/api/v1/events/{event['id']}")).status_code == 200
    assert await retention.look() == 1
    assert len((await web.host.get("/api/v1/receipts")).json()["items"]) == 1


async def test_the_words_that_people_agreed_to_go_with_the_last_of_them(web: Web) -> None:
    events = [await web.event(title=title) for title in ("하나", "둘")]
    for event in events:
        last = await web.attendee(event, consent="비밀 약속")
    await web.attendee(events[0], "lee@example.org", consent="다른 약속")

    async def kept() -> list[str]:
        return [row["text"] for row in await web.platform.pool.fetch("select text from consent_text order by text")]

    retention = Clocks().retention(web)
    await web.platform.destruction.destroy(uuid.UUID(events[0]["id"]), "date")
    await retention.look()
    assert await kept() == ["비밀 약속"]
    attendee = await web.platform.registration.get(uuid.UUID(events[1]["id"]), uuid.UUID(last["id"]))
    await web.platform.forgetting.forget(attendee)
    await retention.look()
    assert await kept() == []


async def test_events_that_know_nobody_are_left_alone(web: Web) -> None:
    await web.event(title="견본", starts_at="2020-01-01T05:00:00Z")
    clocks = Clocks()
    retention = clocks.retention(web)
    await retention.look()
    clocks.pass_days(1)
    assert await retention.look() == 0


async def test_an_event_that_knew_somebody_leaves_a_receipt_though_it_was_never_held(web: Web) -> None:
    nobodys, somebodys = await web.event(title="견본"), await web.event(title="취소된 학회")
    await web.attendee(somebodys)
    for event in (nobodys, somebodys):
        assert (await web.host.delete(f"/api/v1/events/{event['id']}")).status_code == 204
    (receipt,) = (await web.host.get("/api/v1/receipts")).json()["items"]
    assert (receipt["title"], receipt["counts"]["people"], receipt["ended_at"]) == ("취소된 학회", 1, None)


async def test_the_host_is_warned_deletes_earlier_and_has_a_receipt(web: Web) -> None:
    event, _ = await full(web)
    await web.platform.pool.execute("update event set retention_days = 5")
    async with Person(web) as host:
        await host.become_owner()
        assert "This event is deleted on" in (await host.http.get(f"/events/{event['id']}")).text
        assert "Nothing was deleted yet" in (await host.http.get("/receipts")).text
        assert (await host.send(f"/events/{event['id']}/delete")).status_code == 303
        text = (await host.http.get("/receipts")).text
        assert "추계 학술대회 2026" in text
        assert "deleted by the host" in text
        assert "People: 2, messages: 1," in text
        assert ", files for guests: 1" in text
        (receipt,) = (await web.host.get("/api/v1/receipts")).json()["items"]
        destroyed = datetime.fromisoformat(receipt["destroyed_at"])
        assert (receipt["timezone"], receipt["destroyed_at"][-1]) == ("Asia/Seoul", "Z")
        assert f'datetime="{destroyed:%Y-%m-%dT%H:%M:%S}Z">{times.at(destroyed, "Asia/Seoul", "en")}</time>' in text
        assert "김하나" not in text


async def test_a_later_date_of_an_event_does_not_put_off_what_people_were_promised(web: Web) -> None:
    soon = datetime.now(UTC) + timedelta(days=10)
    event = await web.event(starts_at=soon.isoformat())
    path, form = f"/api/v1/events/{event['id']}", f"/api/v1/events/{event['id']}/registration"

    async def date() -> datetime:
        return datetime.fromisoformat((await web.host.get(form)).json()["destroyed_at"])

    async def moved_by(days: float) -> int:
        times = {name: (at + timedelta(days=days)).isoformat() for name, at in (("starts_at", soon), ("ends_at", end))}
        return (await web.host.patch(path, json=times)).status_code

    end = datetime.fromisoformat(event["ends_at"])
    assert await moved_by(0.5) == 200  # nobody knows of it yet
    assert await date() == end + timedelta(days=90.5)
    assert await moved_by(0) == 200
    added = await web.attendee(event, "lee@example.org")  # was asked for nothing, and told nothing
    assert await moved_by(1) == 200
    assert await date() == end + timedelta(days=91)
    told = await web.attendee(event, consent="I agree that my data is collected and used like this.")
    assert await moved_by(60) == 200
    assert await date() == end + timedelta(days=91)
    async with Person(web) as host:
        await host.become_owner()
        assert (
            "A later date of the event does not put that off."
            in (await host.http.get(f"/events/{event['id']}/settings")).text
        )
        assert "Until " in (await host.http.get(f"/e/{event['slug']}/register")).text
    later = await web.attendee(event, "park@example.org", consent="The same.")
    assert await moved_by(92) == 409  # destroyed before it is over
    assert await moved_by(5) == 200
    assert await web.platform.destruction.due(end + timedelta(days=91, seconds=1), 9) == [uuid.UUID(event["id"])]
    for person in (told, later):
        attendee = await web.platform.registration.get(uuid.UUID(event["id"]), uuid.UUID(person["id"]))
        await web.platform.registration.forget(attendee)
    assert await moved_by(92) == 200  # nobody is left who was promised anything
    assert await date() == end + timedelta(days=182)
    assert added["status"] == "approved"
