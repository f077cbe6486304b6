"""How much of a list goes into one frame. Pure.

A client that leaves 256 KiB unread is cut, and the `state` of a full room is the largest frame there is: each of its
lists has a share of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from chat.wire import encode_event

# Of the `state` frame; the others of its lists are short.
QUESTIONS: Final = 80 * 1024
HELD: Final = 32 * 1024
POLLS: Final = 32 * 1024
NOTES: Final = 24 * 1024

T = TypeVar("T", bound=Mapping[str, object])


def size(item: Mapping[str, object]) -> int:
    """Bytes in a frame."""
    return len(encode_event(item)) + 1


def fitting(items: Iterable[T], most: int) -> list[T]:
    """The first of them that are at most so many bytes together."""
    taken: list[T] = []
    for item in items:
        most -= size(item)
        if most < 0:
            break
        taken.append(item)
    return taken
