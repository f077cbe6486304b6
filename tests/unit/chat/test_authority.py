"""chat/authority.py: role by order."""

from __future__ import annotations

import pytest

from chat import handlers, wire
from chat.authority import ORDERS, may
from chat.entry import ROLES

STAGE = {"question", "poll_save", "poll", "hand", "note", "lock", "unlock", "people"}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_each_role_may_what_the_table_says_and_nothing_else(role: str) -> None:
    allowed = {order for order in ORDERS if may(role, order)}
    expected = {"attendee": set(), "presenter": STAGE, "moderator": set(ORDERS), "host": set(ORDERS)}[role]
    assert allowed == expected


def test_an_order_nobody_knows_is_nobodys() -> None:
    assert not any(may(role, "dance") for role in ROLES)


def test_every_message_but_the_first_has_somebody_who_answers_it() -> None:
    def kinds(of: type[wire.ClientMessage]) -> set[str]:
        # By name: a class with slots stands there twice, as it was written and as it became.
        return {of.__name__}.union(*map(kinds, of.__subclasses__()))

    answered = {kind.__name__ for kind in handlers.HANDLERS}
    assert kinds(wire.ClientMessage) - {"ClientMessage", "Hello", "Mod"} == answered
