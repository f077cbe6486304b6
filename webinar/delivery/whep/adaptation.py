"""One viewer's receiver reports turned into advice: what `layers` rules and `probe` tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from webinar.base import log
from webinar.base.rtc.rtcp import ReportBlock
from webinar.delivery.whep.layers import Advice, LayerChooser, Report
from webinar.delivery.whep.losses import LossCounter
from webinar.delivery.whep.probe import Probe

_log = log.get(__name__)

ESTIMATE_VALID_S: Final = 5.0


class Ladder(Protocol):
    """What is needed of the fan-out."""

    def rungs(self) -> tuple[Sequence[str], Sequence[int]]: ...
    def claim_probe(self, resource: str) -> bool: ...
    def release_probe(self, resource: str) -> None: ...


@dataclass(slots=True)
class Reception:
    """What the viewer's reports said last."""

    loss: float = 0.0  # 0..1
    round_trip_s: float | None = None
    estimate: int | None = None  # bit/s, of REMB
    estimate_s: float = 0.0  # when it came
    probes: int = 0  # tries whether the rung above would get through


class Adaptation:
    """`can_probe`: the viewer takes RTX, on which packets are sent again to find out what gets through."""

    def __init__(self, resource: str, ladder: Ladder, *, can_probe: bool) -> None:
        self.layers: Final = LayerChooser()
        self.reception: Final = Reception()
        self.probe: Probe | None = None
        self._resource = resource
        self._ladder = ladder
        self._can_probe = can_probe
        self._losses = LossCounter()
        self._sender_report = (0, 0.0)  # middle bits of the last one's NTP time, and when it was sent

    def reported(self, ntp: int, now_s: float) -> None:
        """A sender report left; the receiver's next reports refer to it."""
        self._sender_report = (ntp >> 16 & 0xFFFFFFFF, now_s)

    def estimated(self, bitrate: int, now_s: float) -> None:
        """A REMB came."""
        self.reception.estimate, self.reception.estimate_s = bitrate, now_s

    def report(self, block: ReportBlock, again: ReportBlock | None, now_s: float, *, judge: bool) -> Advice:
        """A report on the picture, and on its RTX stream when there is one. Without `judge` it is only noted."""
        reception = self.reception
        reception.loss = block.fraction_lost
        stamp, sent_s = self._sender_report
        round_trip_s = None
        if stamp and block.last_sr == stamp:
            round_trip_s = reception.round_trip_s = max(now_s - sent_s - block.delay / 65536, 0.0)
        if now_s - reception.estimate_s > ESTIMATE_VALID_S:
            reception.estimate = None
        loss, packets = self._losses.take(block, now_s)
        if not judge:
            return Advice.STAY
        if self.probe is not None:
            if again is not None:
                self.probe.again(again)
            return self._settled(self.probe.report(loss, packets, round_trip_s, now_s), now_s)
        names, rates = self._ladder.rungs()
        report = Report(loss, reception.estimate, round_trip_s, packets)
        advice = self.layers.report(report, names, rates, now_s)
        return self._try(names, rates, now_s) if advice is Advice.PROBE else advice

    def tick(self, now_s: float) -> Advice:
        """Once a second: a probe of which nothing is heard is over."""
        expired = self.probe is not None and self.probe.expired(now_s)
        return self._settled(False, now_s) if expired else Advice.STAY

    def stop(self) -> None:
        """The rendition changes, or the viewer leaves: no probe goes on."""
        if self.probe is not None:
            self.probe = None
            self._ladder.release_probe(self._resource)

    def _try(self, names: Sequence[str], rates: Sequence[int], now_s: float) -> Advice:
        """Who cannot be probed takes the rung above, and leaves it when it does not get through."""
        if not self._can_probe:
            return self.layers.probed(True, names, now_s)
        if self._ladder.claim_probe(self._resource):
            rung = names.index(self.layers.target)
            self.probe = Probe(rates[rung], rates[rung - 1], self.layers.loss, self.layers.round_trip_s, now_s)
            self.reception.probes += 1
        return Advice.STAY

    def _settled(self, good: bool | None, now_s: float) -> Advice:
        if good is None:
            return Advice.STAY
        self.stop()
        _log.info("probe", viewer=self._resource[:8], rung=self.layers.target, good=good)
        return self.layers.probed(good, self._ladder.rungs()[0], now_s)
