from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webinar.base.errors import TooManyRequests
from webinar.people.throttle import Throttle, network_of


def test_a_burst_passes_then_one_each_refill() -> None:
    throttle = Throttle(burst=3, refill_s=10)
    for _ in range(3):
        throttle.take("a", 0.0)
    with pytest.raises(TooManyRequests) as refused:
        throttle.take("a", 1.0)
    assert refused.value.retry_after_s == 9
    throttle.take("a", 10.0)
    with pytest.raises(TooManyRequests):
        throttle.take("a", 10.5)


def test_keys_do_not_share_and_a_success_forgets() -> None:
    throttle = Throttle(burst=1, refill_s=60)
    throttle.take("a", 0.0)
    throttle.take("b", 0.0)
    throttle.forget("a")
    throttle.take("a", 0.0)


def test_a_flood_of_keys_is_bounded() -> None:
    throttle = Throttle(burst=1, refill_s=60, keys=100)
    for n in range(10_000):
        throttle.take(str(n), float(n))
    assert len(throttle) == 100


@given(st.lists(st.floats(0, 5), max_size=60))
def test_no_more_than_burst_and_refills_ever_pass(gaps: list[float]) -> None:
    throttle, now, passed = Throttle(burst=4, refill_s=2), 0.0, 0
    waits: list[int] = []
    for gap in gaps:
        now += gap
        try:
            throttle.take("a", now)
            passed += 1
        except TooManyRequests as refused:
            waits.append(refused.retry_after_s or 0)
    assert all(wait >= 1 for wait in waits)
    assert passed <= 4 + now / 2 + 1e-6


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_one_guesser_is_an_ipv4_address_or_an_ipv6_network(address: str, network: str) -> None:
    assert network_of(address) == network
