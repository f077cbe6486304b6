"""Registration over real PostgreSQL: seats, the waiting list, many at once, what is kept of people and forgotten."""

from __future__ import annotations

import asyncio
import random
import uuid
from typing import Any

import pytest

from tests.registration_desk import CONSENT, Desk
from tests.waiting import until
from webinar.base.errors import Conflict, NotFound, Unauthenticated, Unavailable
from webinar.registration.consent_store import ConsentStore
from webinar.registration.model import By, Consent, NewAttendee, Status
from webinar.registration.rules import RulesChange
from webinar.registration.seating import FORGET

pytest_plugins = ["tests.registration_desk"]


async def test_no_seat_is_given_twice_however_many_come_and_go_at_once(desk: Desk) -> None:
    first = [await desk.come(f"a{n}") for n in range(10)]
    rng = random.Random(5)
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, (await desk.people.seats(desk.event)).approved)
            await asyncio.sleep(0)

    acts: list[Any] = [desk.people.cancel(desk.event, a.id) for a in first[:5]]
    acts += [desk.come(f"b{n}") for n in range(40)]
    acts += [desk.people.fill_seats(desk.event) for _ in range(5)]
    rng.shuffle(acts)
    watching = asyncio.create_task(watch(), name="watch")
    await asyncio.gather(*acts)
    watching.cancel()
    seats = await desk.people.seats(desk.event)
    assert (seats.approved, seats.waitlisted) == (3, 42)
    assert most == 3
    # Who holds a seat came before everybody who waits.
    everyone = [a.status for a in await desk.people.everyone(desk.event) if a.status is not Status.CANCELLED]
    assert everyone == [Status.APPROVED] * 3 + [Status.WAITLISTED] * 42


async def test_those_who_wait_for_their_turn_leave_the_database_to_others(desk: Desk) -> None:
    waiting = """
        select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%for no key update%'
    """

    async def one_waits() -> bool:
        return int(await desk.pool.fetchval(waiting)) == 1

    async with desk.pool.acquire() as slow, slow.transaction():
        await slow.execute("select from event where id = $1 for update", desk.event)
        coming = [asyncio.create_task(desk.come(f"p{n}")) for n in range(2 * desk.pool.get_max_size())]
        await until(one_waits)
        assert await one_waits()
    await asyncio.gather(*coming)
    stand = list((await desk.stand()).values())
    assert (stand.count("approved"), stand.count("waitlisted")) == (3, len(coming) - 3)


async def test_who_has_left_when_their_turn_comes_is_not_registered(desk: Desk) -> None:
    async def gone() -> bool:
        return True

    with pytest.raises(Unavailable):
        await desk.people.register(desk.event, NewAttendee(name="a", email="a@example.org"), gone=gone)
    assert await desk.stand() == {}


async def test_words_that_somebody_is_just_agreeing_to_are_not_dropped(desk: Desk) -> None:
    store, consent = ConsentStore(desk.pool), Consent("이름과 이메일을 모아요.")
    async with desk.pool.acquire() as connection:
        await store.keep(connection, consent)
        async with connection.transaction():
            await store.keep(connection, consent)
            assert await desk.people.drop_consent_texts() == 0
    assert await desk.people.drop_consent_texts() == 1


async def test_each_who_moves_up_is_told_of_once(desk: Desk) -> None:
    a, *_ = [await desk.come(name) for name in "abcde"]
    await desk.moved()
    await desk.people.set_status(desk.event, a.id, Status.DECLINED)
    assert [(s.attendee.name, s.before, s.by_host) for s in await desk.moved()] == [
        ("a", Status.APPROVED, True),
        ("d", Status.WAITLISTED, False),
    ]
    await desk.moved()
    await desk.set_event(capacity=5)
    assert await desk.people.fill_seats(desk.event) == 1
    assert await desk.people.fill_seats(desk.event) == 0
    assert [(s.attendee.name, s.attendee.status) for s in await desk.moved()] == [("e", Status.APPROVED)]


async def test_who_comes_later_does_not_overtake_the_waiting_list(desk: Desk) -> None:
    for name in "abcd":
        await desk.come(name)
    await desk.set_event(capacity=5)  # nobody has moved up yet
    await desk.come("e")
    await desk.come("f")
    assert await desk.stand() == dict.fromkeys("abcde", "approved") | {"f": "waitlisted"}


async def test_the_number_on_the_waiting_list_goes_down_as_others_leave(desk: Desk) -> None:
    people = [await desk.come(name) for name in "abcdefg"]
    assert [await desk.people.waiting_place(p) for p in people[3:]] == [1, 2, 3, 4]
    await desk.people.cancel(desk.event, people[4].id)
    await desk.people.cancel(desk.event, people[0].id)
    assert [await desk.people.waiting_place(p) for p in people[5:]] == [1, 2]


async def test_many_are_approved_in_their_order_as_far_as_seats_are_left(desk: Desk) -> None:
    await desk.set_event(registration="approval")
    people = [await desk.come(name) for name in "abcde"]
    await desk.people.cancel(desk.event, people[1].id)
    done = await desk.people.decide_many(desk.event, Status.APPROVED, [p.id for p in reversed(people)])
    assert ([a.name for a in done.changed], done.left, done.waiting) == (["a", "c", "d"], 2, 1)
    stands = {"a": "approved", "b": "cancelled", "c": "approved", "d": "approved", "e": "waitlisted"}
    assert await desk.stand() == stands
    # Again: nothing changes for who is approved. Without names: all who wait.
    assert (await desk.people.decide_many(desk.event, Status.APPROVED, [people[0].id])).left == 0
    await desk.come("f")
    done = await desk.people.decide_many(desk.event, Status.DECLINED)
    assert ([a.name for a in done.changed], done.left) == (["f"], 0)
    # People of another event are none of ours.
    other = await desk.people.decide_many(desk.event, Status.APPROVED, [uuid.uuid4()])
    assert (other.changed, other.left) == ((), 0)


async def test_who_is_approved_without_a_seat_left_waits_before_who_came_later(desk: Desk) -> None:
    for name in "abc":
        await desk.come(name)
    await desk.set_event(registration="approval")
    early = await desk.come("early")
    await desk.set_event(registration="open")
    late = await desk.come("late")
    waits = await desk.people.set_status(desk.event, early.id, Status.APPROVED)
    assert waits.status is Status.WAITLISTED
    assert [await desk.people.waiting_place(p) for p in (waits, late)] == [1, 2]
    with pytest.raises(Conflict, match="No seat is left"):
        await desk.people.set_status(desk.event, early.id, Status.APPROVED)


async def test_nobody_gets_a_seat_in_an_event_that_is_over(desk: Desk) -> None:
    await desk.set_event(registration="approval")
    asked = await desk.come("asked")
    await desk.set_event(state="ended")
    for seat in (
        desk.people.set_status(desk.event, asked.id, Status.APPROVED),
        desk.people.decide_many(desk.event, Status.APPROVED),
    ):
        with pytest.raises(Conflict, match="nobody gets a seat"):
            await seat
    assert (await desk.people.set_status(desk.event, asked.id, Status.DECLINED)).status is Status.DECLINED


async def test_a_list_is_invited_as_a_whole_and_doubles_do_no_harm(desk: Desk) -> None:
    await desk.come("a")
    await desk.set_event(registration="approval")
    await desk.come("b")
    await desk.moved()
    names = ["a", "b", "c", "C", "d"]
    wanted = [NewAttendee(name=name, email=f"{name}@Example.org") for name in names]
    done = await desk.people.invite(desk.event, wanted)
    assert [(a.name, a.status.value) for a in done.added] == [("b", "approved"), ("c", "approved"), ("d", "waitlisted")]
    assert [a.name for a in done.known] == ["a"]
    assert [(s.attendee.name, s.before, s.by_host) for s in await desk.moved()] == [
        ("b", Status.PENDING, True),
        ("c", None, True),
        ("d", None, True),
    ]
    again = await desk.people.invite(desk.event, wanted)
    assert (again.added, len(again.known)) == ((), 4)
    await desk.set_event(state="ended")
    with pytest.raises(Conflict):
        await desk.people.invite(desk.event, [NewAttendee(name="z", email="z@example.org")])
    assert "z" not in await desk.stand()


async def test_people_are_found_by_parts_of_names_addresses_and_answers(desk: Desk) -> None:
    await desk.come("mina", answers={"소속": "서울병원"})
    await desk.come("duri", answers={"소속": "부산 100%"})

    async def found(search: str, status: Status | None = None) -> list[str]:
        page = await desk.people.page(desk.event, search=search, status=status)
        return [a.name for a in page.items]

    assert await found("MIN") == ["mina"]
    assert await found("duri@EX") == ["duri"]
    assert await found("병원") == ["mina"]
    assert await found("%") == ["duri"]
    assert await found("example") == ["mina", "duri"]
    assert await found("example", Status.PENDING) == []


async def test_what_a_person_agreed_to_is_kept_in_their_words_and_each_wording_once(desk: Desk) -> None:
    a = await desk.come("a")
    b = await desk.come("b")
    assert a.consent_at is not None
    assert a.marketing_at is not None
    assert a.consent_version == b.consent_version == CONSENT.version
    assert await desk.people.consent_text(a) == CONSENT.text
    assert await desk.pool.fetchval("select count(*) from consent_text") == 1
    changed = await desk.people.correct(a, name=" Anna  B ", answers={"Q": "A"}, language="en", marketing=False)
    assert (changed.name, changed.answers, changed.language, changed.marketing_at) == ("Anna B", {"Q": "A"}, "en", None)
    assert changed.consent_at == a.consent_at
    invited = (await desk.people.invite(desk.event, [NewAttendee(name="c", email="c@example.org")])).added[0]
    assert (invited.consent_at, invited.marketing_at, await desk.people.consent_text(invited)) == (None, None, None)


async def test_nothing_that_leads_to_a_forgotten_person_stays_and_their_seat_is_free(desk: Desk) -> None:
    a, *_, d = [await desk.come(name, answers={"Q": "A secret"}) for name in "abcd"]
    link = desk.people.join_link(a)
    await desk.people.forget(a)
    row = dict(await desk.pool.fetchrow("select * from attendee where id = $1", a.id) or {})
    assert row["name"] == "삭제된 참가자"
    assert "a@example.org" not in str(row)
    assert "secret" not in str(row)
    assert (row["answers"], row["consent_version"], row["marketing_at"]) == ({}, None, None)
    assert (await desk.people.get(desk.event, d.id)).status is Status.APPROVED
    assert set(await desk.stand()) == {"b", "c", "d"}
    for gone in (desk.people.get(desk.event, a.id), desk.people.renew_link(desk.event, a.id), desk.people.forget(a)):
        with pytest.raises(NotFound):
            await gone
    for token in (link, desk.people.join_link(await desk.people.find(a.id) or a)):
        with pytest.raises(Unauthenticated):
            await desk.people.by_own_link(token)
    jobs = await desk.pool.fetch("select name, payload from job")
    assert [j["payload"]["attendee"] for j in jobs if j["name"] == FORGET] == [str(a.id)]
    assert "a@example.org" not in str(jobs)
    assert a.id not in {step.attendee.id for step in await desk.moved()}
    # The address is unknown: it can register anew, as somebody else.
    assert (await desk.come("a")).id != a.id


async def test_who_cancelled_can_still_see_and_delete_their_data(desk: Desk) -> None:
    a = await desk.come("a")
    await desk.people.cancel(desk.event, a.id, by_host=False)
    link = desk.people.join_link(a)
    assert (await desk.people.by_own_link(link)).status is Status.CANCELLED
    await desk.people.forget(a)
    assert await desk.stand() == {}


async def test_who_was_declined_gets_no_seat_by_cancelling_or_by_being_forgotten(desk: Desk) -> None:
    a = await desk.come("a")
    await desk.people.set_status(desk.event, a.id, Status.DECLINED)
    assert (await desk.people.cancel(desk.event, a.id, by_host=False)).status is Status.DECLINED
    await desk.people.forget(a)
    assert "a@example.org" not in str(await desk.pool.fetch("select * from declined_address"))
    again = await desk.come("a")
    assert (again.id != a.id, again.status) == (True, Status.PENDING)
    await desk.people.forget(again)
    assert (await desk.come("a")).status is Status.PENDING
    new = NewAttendee(name="a", email="a@example.org")
    assert (await desk.people.invite(desk.event, [new])).added[0].status is Status.APPROVED
    assert (await desk.come("b")).status is Status.APPROVED


async def test_a_stranger_gets_nothing_of_who_had_cancelled(desk: Desk) -> None:
    a = await desk.come("a")
    await desk.people.cancel(desk.event, a.id)
    new = NewAttendee(name="Somebody", email="a@example.org")
    mailed = await desk.people.register(desk.event, new, by=By.MAIL)
    assert (mailed.attendee.id, mailed.created, mailed.shown) == (a.id, False, False)
    await desk.people.cancel(desk.event, a.id)
    on_page = await desk.people.register(desk.event, new, by=By.PAGE)
    assert (on_page.attendee.id != a.id, on_page.created, on_page.shown) == (True, True, True)
    assert (await desk.people.find(a.id) or a).forgotten_at is not None


async def test_a_seat_by_its_domain_is_for_whoever_reads_mail_at_the_address(desk: Desk) -> None:
    await desk.form.change(desk.event, RulesChange(domains=["example.org"]))
    mailed = await desk.people.register(desk.event, NewAttendee(name="a", email="a@example.org"), by=By.MAIL)
    assert (mailed.attendee.status, mailed.created, mailed.shown) == (Status.APPROVED, True, False)
    on_page = await desk.people.register(desk.event, NewAttendee(name="b", email="b@example.org"), by=By.PAGE)
    assert (on_page.attendee.status, on_page.shown) == (Status.PENDING, True)
    other = await desk.people.register(desk.event, NewAttendee(name="c", email="c@other.org"), by=By.MAIL)
    assert (other.attendee.status, other.shown) == (Status.PENDING, True)
