from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from webinar.attendance.intervals import Span, Spans, at, common, seconds, union, without

ZERO = datetime(2026, 11, 24, 5, tzinfo=UTC)
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def made(pairs: list[tuple[int, int]]) -> list[Span]:
    return [(ZERO + timedelta(seconds=a), ZERO + timedelta(seconds=b)) for a, b in pairs]


def moments(spans: list[Span] | Spans) -> set[int]:
    """Whole seconds that are in any of them."""
    return {n for n in range(61) for a, b in spans if a <= ZERO + timedelta(seconds=n) < b}


@given(SPANS)
def test_a_union_has_every_moment_once_in_order_and_with_gaps_between(pairs: list[tuple[int, int]]) -> None:
    spans = union(made(pairs))
    assert moments(spans) == moments(made(pairs))
    assert seconds(spans) == len(moments(spans))
    assert all(a < b for a, b in spans)
    assert all(first[1] < second[0] for first, second in pairwise(spans))
    assert union(spans, spans) == spans


@given(SPANS, SPANS)
def test_common_and_without_share_a_set_out(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    a, b = union(made(one)), union(made(other))
    assert moments(common(a, b)) == moments(a) & moments(b)
    assert moments(without(a, b)) == moments(a) - moments(b)
    assert union(common(a, b), without(a, b)) == a


def test_a_span_begins_with_its_start_and_ends_before_its_end() -> None:
    spans = union(made([(1, 3)]))
    assert [at(spans, ZERO + timedelta(seconds=n)) for n in range(4)] == [False, True, True, False]
