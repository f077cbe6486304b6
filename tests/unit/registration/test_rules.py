from __future__ import annotations

from typing import Any

import pytest

from webinar.base.errors import Conflict, Invalid
from webinar.registration.rules import may_keep, parse_change


def test_domains_are_taken_as_people_write_them() -> None:
    change = parse_change({"domains": " @Example.org, cs.snu.ac.kr\nexample.org;hospital.co.kr "})
    assert change.domains == ["example.org", "cs.snu.ac.kr", "hospital.co.kr"]
    assert parse_change({"domains": " "}).domains == []


@pytest.mark.parametrize(
    "fields",
    [
        {"domains": "kim@example.org"},
        {"domains": "example"},
        {"domains": "exa mple..org"},
        {"domains": " ".join(f"d{n}.org" for n in range(51))},
        {"others": "perhaps"},
        {"passcode": "abc"},
        {"passcode": "a" * 65},
        {"passcode": "ab\ncd"},
        {"closes_at": "tomorrow"},
        {"closes_at": "2026-12-01T10:00:00"},
        {"keeper": "K" * 101},
        {"retention_days": "0"},
        {"retention_days": "3651"},
    ],
)
def test_a_rule_that_cannot_be_is_named(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        parse_change(fields)
    assert {f.field for f in refused.value.fields} == set(fields)


def test_what_is_absent_stays_and_what_is_null_goes() -> None:
    change = parse_change({"passcode": None, "closes_at": None})
    assert change.model_fields_set == {"passcode", "closes_at"}


def test_nothing_is_kept_longer_than_people_were_promised() -> None:
    may_keep(90, 90, agreed=5)
    may_keep(30, 90, agreed=5)
    may_keep(365, 90, agreed=0)
    with pytest.raises(Conflict):
        may_keep(91, 90, agreed=1)
