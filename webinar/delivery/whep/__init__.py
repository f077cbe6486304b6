"""WHEP fan-out: one live event to hundreds of viewers over one UDP port.

`WhepServer` is all that others call. A unit is cut into RTP payloads once (`packetizer`); a viewer costs a header, an
AEAD call and its share of one GSO send a frame (`stream`), and its own choice of rendition (`layers`, `session`).
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
