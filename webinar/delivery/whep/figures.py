"""What the fan-out of one event counts."""

from __future__ import annotations

from dataclasses import dataclass

from webinar.delivery.whep.session import Viewer


@dataclass(slots=True)
class FanoutStats:
    """Counters of one event's fan-out.

    `lateness` is seconds from `push` to the last viewer's packet, without what of a large frame waits on purpose.
    """

    packets: int = 0
    bytes: int = 0
    units: int = 0
    units_dropped: int = 0
    resent: int = 0
    nacked: int = 0
    send_failures: int = 0
    lateness_s: float = 0.0  # smoothed
    lateness_max_s: float = 0.0  # the worst, fading by half in 7 s
    keyframes_requested: int = 0
    switches: int = 0  # changes of rendition that viewers made
    probes: int = 0  # tries whether more gets through to a viewer
    reliefs: int = 0  # times half of the viewers of a rung, or all, were moved down because sending was late

    def add(self, other: FanoutStats) -> None:
        """Add another's counters; the lateness stays."""
        for name in FanoutStats.__slots__:
            if not name.startswith("lateness"):
                setattr(self, name, getattr(self, name) + getattr(other, name))

    def count(self, viewer: Viewer) -> None:
        """Add what one viewer was sent and what it did."""
        sent = viewer.peer.stats
        self.packets += sent.packets_sent
        self.bytes += sent.bytes_sent
        self.send_failures += sent.send_failures
        self.nacked += viewer.stats.nacked
        self.resent += viewer.stats.resent
        self.switches += viewer.stats.switches
        self.probes += viewer.network.reception.probes
