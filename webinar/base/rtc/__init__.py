"""WebRTC plumbing: one UDP port for every session, DTLS, SRTP, SDP, RTCP.

`Endpoint` owns the socket and the table of peers; `Peer` is one remote browser or encoder: ICE-lite,
DTLS server and SRTP behind three callbacks (`PeerHandler`). Nothing here knows what the media mean.

Changed from the first design: DTLS is driven straight through pyOpenSSL, without I/O (`dtls.py`), and not by aiortc's
`RTCDtlsTransport`. That one needs a task and a queue a session, makes an OpenSSL context a session, and cuts flights
at 1,500 bytes wherever that falls; here a datagram goes in, datagrams come out, and one context serves everybody.
"""

from webinar.base.rtc.addresses import ice_addresses
from webinar.base.rtc.dtls import Certificate
from webinar.base.rtc.endpoint import Endpoint, EndpointStats
from webinar.base.rtc.errors import EndpointFull, RtcError, SdpError, SrtpError
from webinar.base.rtc.peer import CloseReason, Peer, PeerHandler, PeerState, Remote

__all__ = [
    "Certificate",
    "CloseReason",
    "Endpoint",
    "EndpointFull",
    "EndpointStats",
    "Peer",
    "PeerHandler",
    "PeerState",
    "Remote",
    "RtcError",
    "SdpError",
    "SrtpError",
    "ice_addresses",
]
