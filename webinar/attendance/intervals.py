"""Sets of moments, as sorted half-open spans that neither touch nor overlap. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

Span = tuple[datetime, datetime]
Spans = tuple[Span, ...]

NEVER: Final[Spans] = ()


def union(*sets: Iterable[Span]) -> Spans:
    """All moments that are in any of them. Spans may come in any order; empty and reversed ones are nothing."""
    merged: list[Span] = []
    for start, end in sorted(span for spans in sets for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def common(one: Sequence[Span], other: Sequence[Span]) -> Spans:
    """Moments that are in both."""
    found: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def without(one: Sequence[Span], other: Sequence[Span]) -> Spans:
    """Moments of `one` that are not in `other`."""
    if not one or not other:
        return tuple(one)
    first, last = min(one[0][0], other[0][0]), max(one[-1][1], other[-1][1])
    starts, ends = (first, *(end for _, end in other)), (*(start for start, _ in other), last)
    return common(one, tuple((start, end) for start, end in zip(starts, ends, strict=True) if start < end))


def seconds(spans: Iterable[Span]) -> float:
    """How long they are together, s."""
    return sum((end - start).total_seconds() for start, end in spans)


def at(spans: Sequence[Span], moment: datetime) -> bool:
    return any(start <= moment < end for start, end in spans)
