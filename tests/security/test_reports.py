"""What viewers say about their own reception, authentic and still not to be believed: it costs nobody else anything."""

from __future__ import annotations

import struct
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.delivery.whep.test_session import BUFFER, Recorded, Room, frame
from webinar.delivery.whep.negotiate import Negotiated
from webinar.delivery.whep.session import Viewer
from webinar.delivery.whep.stream import OutStream
from webinar.delivery.whep.streams import RESEND_MIN

VIDEO = struct.pack("!I", 1)  # the SSRC of the picture


class Again(Recorded):
    """Also counts what is sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.packets = 100
        self.resent = 0

    def resend(self, sequences: tuple[int, ...]) -> int:
        self.resent += len(sequences)
        return len(sequences)


def packet(count: int, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def reports(blocks: list[bytes]) -> bytes:
    return packet(len(blocks), 201, bytes(4) + b"".join(VIDEO + block for block in blocks))


SAID = st.one_of(
    st.lists(st.binary(min_size=20, max_size=20), max_size=3).map(reports),
    st.binary(max_size=240).map(lambda lost: packet(1, 205, bytes(4) + VIDEO + lost)),
    st.binary(min_size=4, max_size=20).map(lambda rate: packet(15, 206, bytes(8) + b"REMB" + rate)),
    st.sampled_from((packet(1, 206, bytes(4) + VIDEO), packet(4, 206, bytes(8) + VIDEO + bytes(4)))),
    st.tuples(st.integers(0, 31), st.integers(192, 223), st.binary(max_size=60)).map(lambda made: packet(*made)),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(SAID, st.floats(0, 3)), min_size=1, max_size=12))
def test_whatever_a_viewer_reports_it_is_sent_a_picture_and_nobody_else_is_asked_for_more(
    said: list[tuple[bytes, float]],
) -> None:
    room, now = Room(), 5.0
    viewer = Viewer("resource", room, Negotiated(1, 102, (3, 103), 2, 111, "c", ()), BUFFER, lambda: now)
    stream = Again()
    viewer.video = cast(OutStream, stream)
    viewer.start("hi", [frame("hi", 1, key=True)])
    for compound, after_s in said:
        now += after_s
        viewer.on_rtcp(compound, now)
        assert set(room.requests) <= {"hi", "lo"}, "rungs of the ladder, and those are asked for once a second"
    assert stream.resent <= RESEND_MIN, "the budget of a second: it is renewed by the clock alone"
    assert viewer.stats.resent <= viewer.stats.nacked
