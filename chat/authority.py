"""Who may order what: the one place where a role is looked at before something is done for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MODERATORS: Final = frozenset({"moderator", "host"})
_STAGE: Final = _MODERATORS | {"presenter"}

ORDERS: Final[Mapping[str, frozenset[str]]] = {
    "approve": _MODERATORS,
    "reject": _MODERATORS,
    "delete": _MODERATORS,
    "restore": _MODERATORS,
    "delete_person": _MODERATORS,
    "mute": _MODERATORS,
    "mute_asker": _MODERATORS,
    "unmute": _MODERATORS,
    "ban": _MODERATORS,
    "unban": _MODERATORS,
    "pin": _MODERATORS,
    "unpin": _MODERATORS,
    "announce": _MODERATORS,
    "settings": _MODERATORS,
    "question": _STAGE,
    "poll_save": _STAGE,
    "poll": _STAGE,
    "hand": _STAGE,
    "note": _STAGE,
    "lock": _STAGE,
    "unlock": _STAGE,
    "people": _STAGE,  # the list of who is here
}


def may(role: str, order: str) -> bool:
    """An order that is not in the table is nobody's."""
    return role in ORDERS.get(order, frozenset())
