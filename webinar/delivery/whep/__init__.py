"""WHEP fan-out: one live event to hundreds of viewers over one UDP port.

`WhepServer` is all that others call. A unit is cut into RTP payloads once (`packetizer`), sound is joined to packets of
40 ms (`opus`); a viewer costs a header, an AEAD call and its share of one GSO send a frame (`stream`; of a large frame
one a slice, `pacer`), and its own choice of rendition (`losses`, `layers`, `probe`, `adaptation`). `fanout` is the
event's side of it (what waits: `backlog`; which renditions there are: `ladder`), `session` the viewer's (`burst`,
`streams`).

A viewer's network is judged by its receiver reports, REMB with abs-send-time, and round trips. Transport-wide feedback
(TWCC) is not asked for: browsers send it 20 times a second, and in Python reading that much from 300 viewers takes a
good part of what sending to them takes (docs/performance.md). What TWCC is better at, leading upwards, `probe` does.
"""

from webinar.delivery.whep.errors import NoSeat, NotLive, UnknownRendition, UnknownResource, WhepError
from webinar.delivery.whep.metrics import WhepCollector
from webinar.delivery.whep.server import Answer, WhepServer, WhepStats

__all__ = [
    "Answer",
    "NoSeat",
    "NotLive",
    "UnknownRendition",
    "UnknownResource",
    "WhepCollector",
    "WhepError",
    "WhepServer",
    "WhepStats",
]
