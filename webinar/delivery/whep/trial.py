"""A path that is tried and not used: whether a browser's network lets media through to this server."""

from __future__ import annotations

import asyncio
from typing import Final

from webinar.base.rtc.peer import Peer, PeerState

# ICE finds a path within a second, or after its own patience of about five none at all.
TRIAL_S: Final = 6.0


class Trial:
    """A peer that nothing is sent to: it hears of the connection and hangs up, at the latest after `TRIAL_S`.

    `over` is called once, when it has ended.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._peer: Peer | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.over = False

    def attach(self, peer: Peer) -> None:
        self._peer = peer
        self._timer = self._loop.call_later(TRIAL_S, self.close)

    def close(self) -> None:
        if self._peer is not None and not self.over:
            self._peer.close("trial over")

    def on_rtp(self, packet: bytes, arrival_s: float) -> None:
        """Nobody was asked to send any."""

    def on_rtcp(self, packet: bytes, arrival_s: float) -> None:
        """Of no interest."""

    def on_state(self, state: PeerState, reason: str) -> None:
        if state is PeerState.CLOSED:
            self.over = True
            if self._timer is not None:
                self._timer.cancel()
