"""Long lists by parts: whatever the address says, a part that is there."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from webinar.pages.paging import paged


def asked(query: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": []})


@pytest.mark.parametrize(
    ("query", "at", "items"),
    [("", 1, [0, 1]), ("page=2", 2, [2, 3]), ("page=3", 3, [4]), ("page=99", 3, [4])]
    + [(f"page={odd}", 1, [0, 1]) for odd in ("0", "-1", "x", "99999", "²", "")],
)
def test_a_list_is_shown_by_parts_and_no_address_leads_beside_it(query: str, at: int, items: list[int]) -> None:
    found = paged(asked(query), range(5), 2)
    assert (found.at, found.pages, list(found.items)) == (at, 3, items)


def test_an_empty_list_is_one_empty_part() -> None:
    nothing: list[int] = []
    found = paged(asked("page=2"), nothing, 2)
    assert (found.at, found.pages, list(found.items)) == (1, 1, [])
