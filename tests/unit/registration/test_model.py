from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from webinar.base.errors import Conflict, Invalid, WebinarError
from webinar.registration.model import Attendee, Door, Status, Taken, decide, may_join, may_move, of_domains, parse_new

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def door(**fields: Any) -> Door:
    values = {"event_id": uuid.uuid4(), "state": "scheduled", "registration": "open", "capacity": 2, "language": "ko"}
    return Door(**{**values, **fields})


def stand(door: Door, approved: int, *, by_host: bool = False, waiting: int = 0, email: str = "a@b.example") -> Status:
    return decide(door, Taken(approved, waiting), email, NOW, by_host=by_host)


def attendee(status: Status) -> Attendee:
    now = datetime.now(UTC)
    return Attendee(uuid.uuid4(), uuid.uuid4(), "A", "a@example.org", {}, status, 1, "ko", now, None, None)


@pytest.mark.parametrize(
    ("fields", "approved", "by_host", "expected"),
    [
        ({}, 1, False, Status.APPROVED),
        ({}, 2, False, Status.WAITLISTED),
        ({}, 5, False, Status.WAITLISTED),
        ({"registration": "approval"}, 0, False, Status.PENDING),
        ({"registration": "approval"}, 0, True, Status.APPROVED),
        ({"registration": "closed"}, 0, True, Status.APPROVED),
        ({"registration": "closed"}, 2, True, Status.WAITLISTED),
        ({"state": "live"}, 0, False, Status.APPROVED),
        ({"state": "draft"}, 0, True, Status.APPROVED),
        ({"closes_at": NOW}, 0, True, Status.APPROVED),
        ({"ends_at": NOW}, 0, True, Status.APPROVED),
        ({"state": "live", "ends_at": NOW}, 0, False, Status.APPROVED),
        ({"closes_at": NOW + timedelta(seconds=1)}, 0, False, Status.APPROVED),
    ],
)
def test_where_a_new_person_stands(fields: dict[str, Any], approved: int, by_host: bool, expected: Status) -> None:
    assert stand(door(**fields), approved, by_host=by_host) is expected


@pytest.mark.parametrize(
    ("fields", "by_host", "code"),
    [
        ({"registration": "closed"}, False, "registration_closed"),
        ({"state": "draft"}, False, "registration_closed"),
        ({"state": "ended"}, False, "event_ended"),
        ({"state": "ended"}, True, "event_ended"),
        ({"closes_at": NOW}, False, "registration_closed"),
        ({"ends_at": NOW}, False, "registration_closed"),
    ],
)
def test_a_closed_door_says_why(fields: dict[str, Any], by_host: bool, code: str) -> None:
    with pytest.raises(Conflict) as refused:
        stand(door(**fields), 0, by_host=by_host)
    assert refused.value.code == code


def test_nobody_overtakes_those_who_wait() -> None:
    assert stand(door(capacity=10), 3, waiting=1) is Status.WAITLISTED


@pytest.mark.parametrize(
    ("fields", "email", "expected"),
    [
        ({"domains": ("example.org",)}, "kim@example.org", Status.APPROVED),
        ({"domains": ("example.org",)}, "kim@cs.Example.org", Status.APPROVED),
        ({"domains": ("example.org",)}, "kim@notexample.org", Status.PENDING),
        ({"domains": ("example.org",), "registration": "approval"}, "kim@example.org", Status.APPROVED),
        ({"domains": ("example.org",), "registration": "approval"}, "kim@other.org", Status.PENDING),
        ({"domains": ("a.kr", "b.kr"), "capacity": 0}, "kim@b.kr", Status.WAITLISTED),
    ],
)
def test_addresses_of_the_hosts_domains_are_let_in_at_once(
    fields: dict[str, Any], email: str, expected: Status
) -> None:
    assert stand(door(**fields), 0, email=email) is expected


def test_other_addresses_are_refused_where_the_host_wants_that_but_not_if_the_host_adds_them() -> None:
    strict = door(domains=("example.org",), others="refused")
    with pytest.raises(Conflict) as refused:
        stand(strict, 0, email="kim@other.org")
    assert refused.value.code == "domain_refused"
    assert stand(strict, 0, email="kim@other.org", by_host=True) is Status.APPROVED
    assert not of_domains("kim@other.org", ())


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.APPROVED, None),
        (Status.PENDING, "pending"),
        (Status.WAITLISTED, "waitlisted"),
        (Status.DECLINED, "declined"),
        (Status.CANCELLED, "cancelled"),
    ],
)
def test_only_the_approved_may_join(status: Status, code: str | None) -> None:
    try:
        may_join(attendee(status))
        said = None
    except WebinarError as error:
        said = error.code
    assert said == code


def test_an_address_that_anybody_may_have_typed_gives_no_seat_by_its_domain() -> None:
    for made in (door(domains=("example.org",)), door(domains=("example.org",), others="refused")):
        seat = decide(made, Taken(0, 0), "kim@example.org", NOW, by_host=False, proven=False)
        assert seat is Status.PENDING
    assert decide(door(), Taken(0, 0), "kim@example.org", NOW, by_host=False, proven=False) is Status.APPROVED


@pytest.mark.parametrize("name", ["http://x.example win", "go to WWW.x.example", "a://b"])
def test_a_name_holds_no_web_address(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_new({"name": name, "email": "kim@example.org"})
    assert [problem.field for problem in refused.value.fields] == ["name"]


def test_a_cancelled_person_is_not_brought_back_by_a_decision() -> None:
    for status in Status:
        if status is not Status.CANCELLED:
            with pytest.raises(Conflict):
                may_move(Status.CANCELLED, status)
    may_move(Status.PENDING, Status.CANCELLED)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "kim",
        "kim@",
        "@example.org",
        "kim@example",
        "kim kim@example.org",
        "kim@-example.org",
        "kim@example..org",
        "kim@[127.0.0.1]",
        '"kim"@example.org',
        "kim@example.org\nBcc: all@example.org",
        "a" * 250 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_new({"name": "Kim", "email": email})
    assert [f.field for f in refused.value.fields] == ["email"]


@pytest.mark.parametrize(
    "email", ["kim@example.org", "a.b+c@sub.example.co.kr", "O'Neil@example.org", "x@xn--3e0b707e.kr"]
)
def test_addresses_as_people_have_them_are_taken(email: str) -> None:
    assert parse_new({"name": "김 하나", "email": f" {email} "}).email == email


def test_more_than_ten_answers_or_a_book_for_one_are_refused() -> None:
    for answers in ({f"Q{n}": "A" for n in range(11)}, {"Q": "A" * 2001}, {"": "A"}):
        with pytest.raises(Invalid) as refused:
            parse_new({"name": "Kim", "email": "kim@example.org", "answers": answers})
        assert [f.field for f in refused.value.fields] == ["answers"]
