"""The two places where aiortc 1.16 has no public way to what a sender needs. Everything private is touched here only;
tests/integration/test_demo_publisher.py fails when a newer aiortc has moved it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from functools import partial

from aioice import Candidate
from aiortc import RTCPeerConnection, RTCRtpSender

_Gather = Callable[..., Awaitable[list[Candidate]]]


def on_keyframe_request(sender: RTCRtpSender, callback: Callable[[], None]) -> None:
    """Calls back on PLI and FIR. aiortc keeps them to itself, for encoders of its own; we hand it finished packets."""
    sender._send_keyframe = callback  # type: ignore[method-assign] # noqa: SLF001


def gather_loopback_too(connection: RTCPeerConnection) -> None:
    """Makes the connection offer 127.0.0.1 as well. aioice leaves loopback out, so on a machine without a network it
    would have no candidate at all. Call it after adding the tracks and before `setLocalDescription`.
    """
    for transceiver in connection.getTransceivers():
        ice = transceiver.sender.transport.transport.iceGatherer._connection  # noqa: SLF001
        ice.get_component_candidates = partial(_gather, ice.get_component_candidates)  # type: ignore[method-assign]


async def _gather(inner: _Gather, component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
    loopback = [] if any(ipaddress.ip_address(a).is_loopback for a in addresses) else ["127.0.0.1"]
    return await inner(component=component, addresses=[*addresses, *loopback], timeout=timeout)
