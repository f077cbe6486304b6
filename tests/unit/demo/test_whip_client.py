from __future__ import annotations

import pytest

from webinar.demo.publisher import Backoff
from webinar.demo.whip_client import WhipClient, WhipRefused, WhipUnavailable


@pytest.mark.parametrize("url", ["", "whip/event", "ftp://host/whip", "http://"])
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(WhipRefused, match="http://host:8000"):
        WhipClient(url, "key")


async def test_a_server_that_is_not_there_may_come_later() -> None:
    with pytest.raises(WhipUnavailable, match=r"no answer from 127\.0\.0\.1:9"):
        await WhipClient("http://127.0.0.1:9/whip/event", "key").offer("v=0\r\n")


def test_waits_double_up_to_the_cap() -> None:
    backoff = Backoff(first_s=0.5, cap_s=8)
    assert [backoff.delay(n, 1.0) for n in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert backoff.delay(10_000, 1.0) == 8


def test_jitter_keeps_a_wait_in_the_upper_half() -> None:
    backoff = Backoff(first_s=1, cap_s=8)
    assert backoff.delay(2, 0.0) == 2
    assert backoff.delay(2, 1.0) == 4
