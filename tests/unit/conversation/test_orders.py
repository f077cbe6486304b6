"""Which order leads from where a message stands to where a moderator wants it."""

from __future__ import annotations

import pytest

from webinar.base.errors import Conflict
from webinar.conversation.orders import moderation, step

# What an order makes of what stands there, by the chat's own rules (tests/unit/chat/test_transcript.py).
DONE = {"approve": "shown", "reject": "rejected", "delete": "deleted"}


def after(state: str, order: str, held: bool) -> str:
    if order == "restore":
        return "held" if held or state == "rejected" else "shown"
    return DONE[order]


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("wanted", ["shown", "deleted"])
@pytest.mark.parametrize("state", ["held", "shown", "deleted", "rejected"])
def test_from_everywhere_few_orders_lead_to_shown_and_deleted(state: str, wanted: str, held: bool) -> None:
    orders = []
    while state != wanted:
        orders.append(step(state, wanted))
        state = after(state, orders[-1], held)
    assert len(orders) <= 2


@pytest.mark.parametrize("state", ["shown", "deleted"])
def test_what_does_not_wait_cannot_be_refused(state: str) -> None:
    with pytest.raises(Conflict) as refused:
        step(state, "rejected")
    assert refused.value.code == "not_held"


def test_where_a_question_stands_is_nothing_that_moderators_made_of_it() -> None:
    states = ("new", "queue", "screen", "answered", "dismissed", "shown", "held", "deleted", "rejected")
    assert [moderation(state) for state in states] == ["shown"] * 6 + ["held", "deleted", "rejected"]
