"""Long lists of a page, a part at a time: `?page=2`. Shown by `templates/parts/pager.html`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.requests import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """The `items` of part `at` of so many `pages`, both from 1."""

    items: Sequence[T]
    at: int
    pages: int


def paged(request: Request, everything: Sequence[T], most: int) -> Paged[T]:
    """What the address asks for: the first part where it names none, the last where it names a later one."""
    asked = request.query_params.get("page", "1")
    at = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
    pages = max(1, -(-len(everything) // most))
    at = min(max(at, 1), pages)
    return Paged(everything[(at - 1) * most : at * most], at, pages)
