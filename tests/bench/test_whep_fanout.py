"""The load bench in its short form: real DTLS, no loss, and a cost that an accident would multiply."""

from __future__ import annotations

import pytest
import uvloop

from tests.bench.whep_fanout import LADDER, measure
from tests.media.whep_source import encode


def test_forty_viewers_lose_nothing_and_a_packet_costs_little() -> None:
    clip = encode({"720p": LADDER["720p"]}, seconds=2)
    result = uvloop.run(measure(40, 2.0, clip))
    assert result.lost == result.bad == result.send_failures == 0
    assert result.decrypted > 50
    assert result.packets_a_second > 40 * 150
    # 5-6 µs on two cores of 2021 with nothing else running; the bound leaves room for a busy machine.
    assert result.cpu_us_a_packet < 25
    if result.gso:
        assert result.packets_a_call == pytest.approx(3.7, abs=0.7), "a frame is one send"
