"""The publisher of the bench beside nchan; neither nginx nor nchan is needed."""

from __future__ import annotations

import asyncio

from tests.bench.chat_crowd import Tally
from tests.bench.chat_nchan import Publisher, Subscriber


class _Wire(asyncio.Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass


def test_every_answer_counts_once_however_the_bytes_are_cut() -> None:
    created = b"HTTP/1.1 201 Created\r\nContent-Length: 19\r\n\r\nqueued messages: 1\n"
    refused = b"HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\n\r\n"
    answers = created + created.replace(b"201 Created", b"202 Accepted") + refused + created
    for size in (1, 7, len(answers)):
        tally = Tally()
        publisher = Publisher(tally)
        publisher.connection_made(_Wire())
        for _ in range(4):
            publisher.post(b"{}")
        for start in range(0, len(answers), size):
            publisher.data_received(answers[start : start + size])
        assert (len(tally.acks), dict(tally.refusals)) == (3, {"413 Request Entity Too Large": 1})


def test_a_subscriber_asks_for_no_protocol_of_ours() -> None:
    assert b"Sec-WebSocket-Protocol" not in Subscriber.handshake
    assert Subscriber.handshake.endswith(b"\r\n\r\n")
